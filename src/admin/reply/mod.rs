//! The replies, as the command line prints them: tables for people, the same data as JSON for scripts.

mod asked;
mod history;
mod holding;
mod link;
mod people;
mod space;
mod status;
mod verify;
mod when;

use serde::{Deserialize, Serialize};

pub use asked::{
    AskedMailShown, AskedRow, AskedShown, CommentShown, HandoutShown, ItemFileShown, ItemShown,
    RecipientShown, TemplateShown,
};
pub use history::{EventShown, HistoryShown};
pub use holding::{
    AllowedShown, ApprovalShown, FetchShown, HandedOutShown, HoldRequestShown, HoldShown, RescanShown,
    VerdictShown,
};
pub use link::{DownloadShown, HandInShown, LinkShown};
pub use people::{
    AppPasswordShown, GrantShown, IssuedAppPassword, NoticeShown, PasskeyShown, RemovalShown,
    SecondFactorShown, SessionShown, UserShown,
};
pub use space::{LockShown, SpaceShown, TrashShown, UploadShown, VersionShown};
pub use status::{OfficeShown, StatusShown, WorkerShown};
pub use verify::{FindingShown, RecoveryKeyShown, SnapshotShown, UnknownFileShown, UseShown, VerifyShown};
pub use when::When;

/// The reply to one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each variant is named by what it carries")]
pub enum Reply {
    /// The request succeeded; the sentence says what was done.
    Done(String),
    /// The request was refused.
    Refused {
        /// The error, for programs: see docs/errors.md.
        code: String,
        /// The reason and advice, as a sentence.
        text: String,
    },
    Status(StatusShown),
    Office(OfficeShown),
    Users(Vec<UserShown>),
    Removal(RemovalShown),
    AppPassword(IssuedAppPassword),
    AppPasswords(Vec<AppPasswordShown>),
    Sessions(Vec<SessionShown>),
    /// Passkeys of a user.
    Passkeys(Vec<PasskeyShown>),
    SecondFactor(SecondFactorShown),
    RecoveryCodes(Vec<String>),
    Spaces(Vec<SpaceShown>),
    Grants(Vec<GrantShown>),
    Trash(Vec<TrashShown>),
    Versions(Vec<VersionShown>),
    History(HistoryShown),
    Uploads(Vec<UploadShown>),
    Notices(Vec<NoticeShown>),
    Notice(NoticeShown),
    /// Links for guests.
    Links(Vec<LinkShown>),
    Link(Box<LinkShown>),
    HandIns(Vec<HandInShown>),
    /// Downloads through links.
    Downloads(Vec<DownloadShown>),
    /// Requests for documents.
    AskedList(Vec<AskedRow>),
    Asked(Box<AskedShown>),
    Mails(Vec<AskedMailShown>),
    Templates(Vec<TemplateShown>),
    Locks(Vec<LockShown>),
    Holds(Vec<HoldShown>),
    Hold(HoldShown),
    Allowed(Vec<AllowedShown>),
    /// A text for a file.
    Text(String),
    /// `None` before the first scan of everything stored.
    Rescan(Option<RescanShown>),
    Verify(VerifyShown),
    Snapshots(Vec<SnapshotShown>),
    RecoveryKey(RecoveryKeyShown),
}
