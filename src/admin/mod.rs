//! Requests of the data directory's owner to an instance, and their replies, as data.
//!
//! The command line sends them to a running server over the socket in the data directory, or executes them
//! itself on an instance that it opened. Both use [`Admin::answer`].

mod answer;
mod history;
mod reply;
mod request;
mod shown;
mod status;
mod verify;

pub(crate) use answer::sentence;
pub use answer::{Admin, AdminError};
pub use reply::{
    AppPasswordShown, EventShown, FindingShown, GrantShown, HistoryShown, IssuedAppPassword, LinkShown,
    LockShown, RecoveryKeyShown, RemovalShown, Reply, SecondFactorShown, SnapshotShown, SpaceShown,
    StatusShown, TrashShown, UnknownFileShown, UploadShown, UseShown, UserShown, VerifyShown, VersionShown,
    When, WorkerShown,
};
pub use request::{Request, Secret};
