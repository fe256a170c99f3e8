//! Requests of the data directory's owner, and of users, to an instance, and their replies, as data.
//!
//! The command line sends them to a running server over the socket in the data directory, or executes them
//! itself on an instance that it opened. Both use [`Admin::answer`], which first judges whether the asker may
//! make the request (`judge.rs`).

mod answer;
mod ask;
mod contact;
mod error;
mod history;
mod holding;
mod judge;
mod link;
mod reply;
mod request;
mod service;
mod shown;
mod space;
mod status;
mod trouble;
mod user;
mod verify;

pub use error::AdminError;
pub(crate) use error::sentence;
pub use holding::WAITS_FOR_SECOND;
pub use judge::Asker;
pub use reply::{
    AllowedShown, AppPasswordShown, ApprovalShown, AskedMailShown, AskedRow, AskedShown, CommentShown,
    DownloadShown, EventShown, FetchShown, FindingShown, GrantShown, HandInShown, HandedOutShown,
    HandoutShown, HistoryShown, HoldRequestShown, HoldShown, IssuedAppPassword, ItemFileShown, ItemShown,
    LinkShown, LockShown, NoticeShown, OfficeShown, PasskeyShown, RecipientShown, RecoveryKeyShown,
    RemovalShown, Reply, RescanShown, SecondFactorShown, SessionShown, SnapshotShown, SpaceShown,
    StatusShown, TemplateShown, TrashShown, UnknownFileShown, UploadShown, UseShown, UserShown, VerdictShown,
    VerifyShown, VersionShown, When, WorkerShown,
};
pub use request::{AskedFor, IntakeAsked, LinkAsked, MailAsked, OfficeAsked, Request, Secret};
pub use service::Admin;
pub use trouble::Trouble;
