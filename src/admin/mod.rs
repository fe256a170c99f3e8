//! What the owner of the data directory can ask of an instance: one request, one reply, as data.
//!
//! The command line speaks it to a running server over the socket in the data directory, or carries it
//! out itself on an instance that it opened. Both ways end in [`Admin::answer`].

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
    When,
};
pub use request::{Request, Secret};
