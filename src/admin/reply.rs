//! The replies, as the command line prints them: tables for people, the same data as JSON for scripts.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::model::{ParseTimestampError, Timestamp};

/// A point in time, in JSON as RFC 3339 to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct When(pub Timestamp);

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<When> for String {
    fn from(when: When) -> Self {
        when.to_string()
    }
}

impl TryFrom<String> for When {
    type Error = ParseTimestampError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

/// One reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each variant is named by what it carries")]
pub enum Reply {
    /// It is done; the sentence says what.
    Done(String),
    /// It was refused; the sentence says why and what helps.
    Refused(String),
    Status(StatusShown),
    Users(Vec<UserShown>),
    Removal(RemovalShown),
    AppPassword(IssuedAppPassword),
    AppPasswords(Vec<AppPasswordShown>),
    SecondFactor(SecondFactorShown),
    RecoveryCodes(Vec<String>),
    Spaces(Vec<SpaceShown>),
    Grants(Vec<GrantShown>),
    Trash(Vec<TrashShown>),
    Versions(Vec<VersionShown>),
    History(HistoryShown),
    Uploads(Vec<UploadShown>),
    /// Links.
    Links(Vec<LinkShown>),
    Locks(Vec<LockShown>),
    Verify(VerifyShown),
    Snapshots(Vec<SnapshotShown>),
    RecoveryKey(RecoveryKeyShown),
}

/// How an instance is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusShown {
    /// `serving`, `read-only`, `locked`, …; `stopped` if no server runs.
    pub state: String,
    /// What the owner should know and do, if anything.
    #[serde(default)]
    pub advice: Option<String>,
    /// Version of the program.
    pub version: String,
    /// Accounts, disabled ones included. This and what follows is `None` where it is not known: before the
    /// instance is unlocked, or because the catalogue is damaged.
    pub users: Option<usize>,
    /// Spaces.
    pub spaces: Option<usize>,
    /// Bytes stored in all spaces.
    pub used_bytes: Option<u64>,
    /// Containers known to be damaged.
    pub damaged_containers: Option<u64>,
    /// Spaces no file of which opens, because their key is missing or damaged.
    #[serde(default)]
    pub spaces_without_key: Option<usize>,
    /// When every byte was last verified.
    pub last_full_verify: Option<When>,
    /// What its owner must see to, as sentences.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserShown {
    /// Login name.
    pub name: String,
    /// Role.
    pub role: String,
    /// Whether it is shut out.
    pub disabled: bool,
    /// Whether it has a password of its own, or device passwords only.
    pub has_password: bool,
    /// Whether a second factor is asked for beside it.
    pub second_factor: bool,
    /// When it was made.
    pub created: When,
}

/// What ends with an account that is removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovalShown {
    /// Login name.
    pub name: String,
    /// Links that open no more.
    pub links: usize,
    /// Devices that can log in no more.
    pub app_passwords: usize,
    /// Spaces that the user has a right to.
    pub grants: usize,
    /// Uploads that have not come to their end.
    pub uploads: usize,
}

/// What a user's authenticator must know. Shown once, to be confirmed with a code of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactorShown {
    /// For a QR code: `otpauth://totp/…`.
    pub uri: String,
    /// To be typed: Base32.
    pub secret: String,
}

/// A fresh device password. Shown once, kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedAppPassword {
    /// Names it for revoking.
    pub id: i64,
    /// Whose it is.
    pub user: String,
    /// The password.
    pub password: String,
}

/// A device password without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppPasswordShown {
    /// Names it for revoking.
    pub id: i64,
    /// The device.
    pub label: String,
    /// When it was made.
    pub created: When,
    /// At most an hour before the very last use.
    pub last_used: Option<When>,
    /// From when on it opens nothing.
    pub expires: Option<When>,
}

/// A space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpaceShown {
    /// Its id: name of its directory and key file.
    pub id: String,
    /// Name.
    pub name: String,
    /// `client` or `team`.
    pub kind: String,
    /// Bytes that count against its quota: of what is present, of uploads and properties.
    pub used_bytes: u64,
    /// Most bytes that these may be.
    pub quota_bytes: Option<u64>,
    /// Bytes of earlier versions and the trash.
    pub history_bytes: u64,
    /// Most bytes that these may be; what is more goes, oldest first.
    pub history_limit_bytes: Option<u64>,
    /// Days that replaced contents are kept.
    pub version_days: u32,
    /// Days that deleted entries are kept.
    pub trash_days: u32,
}

/// An upload that has not come to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadShown {
    /// Names it for cancelling.
    pub id: String,
    /// Whose it is; none once that account is gone.
    pub user: Option<String>,
    /// Where its content will lie.
    pub space: String,
    /// By which protocol it comes.
    pub protocol: String,
    /// Its path, if that is known yet.
    pub path: Option<String>,
    /// Bytes that have arrived.
    pub received_bytes: u64,
    /// All of its bytes, if they were announced.
    pub length_bytes: Option<u64>,
    /// When it ends by itself.
    pub expires: When,
}

/// A lock on a file or folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockShown {
    /// Names it for ending.
    pub token: String,
    /// Who holds it; if a guest does, whose guest.
    pub user: Option<String>,
    /// Whether a guest holds it, by a link of that user.
    pub by_guest: bool,
    /// Where its file or folder lies.
    pub space: String,
    /// Path in it.
    pub path: String,
    /// `exclusive` or `shared`.
    pub scope: String,
    /// Whether it reaches to everything below a folder.
    pub deep: bool,
    /// When it ends by itself.
    pub expires: When,
}

/// A link for people without an account. Its address is for whoever made it to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkShown {
    /// Names it for revoking.
    pub id: i64,
    /// Who made it.
    pub user: String,
    /// Where what it leads to lies.
    pub space: String,
    /// The path of that.
    pub path: String,
    /// `read`, `edit` or `add`.
    pub right: String,
    /// Whether a password is asked for.
    pub has_password: bool,
    /// For who made it.
    pub label: String,
    /// When it was made.
    pub created: When,
    /// From when on it does not open.
    pub expires: Option<When>,
    /// When it was last opened, to the hour.
    pub opened: Option<When>,
}

/// A right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantShown {
    /// Whose.
    pub user: String,
    /// Where.
    pub space: String,
    /// What.
    pub right: String,
}

/// A deleted entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrashShown {
    /// Names it for restoring and purging.
    pub entry: i64,
    /// Where it was.
    pub path: String,
    /// Bytes.
    pub bytes: u64,
    /// Whether it is a folder.
    pub folder: bool,
    /// When it was deleted.
    pub deleted: When,
    /// By whom; none for a guest of a link.
    #[serde(default)]
    pub deleted_by: Option<String>,
}

/// A content of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionShown {
    /// Names it for restoring.
    pub version: i64,
    /// Bytes.
    pub bytes: u64,
    /// When it was committed.
    pub created: When,
    /// Who stored it; none for a guest of a link, and for what a rebuild found in containers alone.
    #[serde(default)]
    pub author: Option<String>,
    /// Whether it is the current one.
    pub current: bool,
    /// SHA-256 of the plaintext in hexadecimal, once known.
    pub sha256: Option<String>,
}

/// How far a verification is, and what its last step found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyShown {
    /// Names the run for the next step.
    pub run: u32,
    /// `quick` or `full`.
    pub mode: String,
    /// When it began.
    pub started: When,
    /// Whether it goes on where an interrupted one stopped.
    pub resumed: bool,
    /// `remembering`, `catalogue`, `containers`, `files` or `done`.
    pub stage: String,
    /// Containers verified.
    pub containers: u64,
    /// Containers there are.
    pub total_containers: u64,
    /// Bytes of content verified.
    pub bytes: u64,
    /// Bytes of content there are.
    pub total_bytes: u64,
    /// What this step found.
    pub findings: Vec<FindingShown>,
    /// Files on the disk that the catalogue does not know, found by this step; the first thousand.
    pub unknown_files: Vec<UnknownFileShown>,
    /// How many of them there are.
    pub unknown_file_count: u64,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingShown {
    /// `missing`, `wrong-length`, `foreign`, `wrong-key`, `unnamed`, `damaged-chunk`, `unreadable`,
    /// `wrong-hash`, `incomplete`, `catalogue`, `key`, `note`, `mark`, `snapshot` or `stranger`.
    pub kind: String,
    /// Id of the space.
    pub space: Option<String>,
    /// Id of the container.
    pub container: Option<String>,
    /// Its file, or the pack that it lies in, below the data directory.
    pub file: Option<String>,
    /// The first damaged chunk of 64 KiB, from 0.
    pub chunk: Option<u64>,
    /// What is wrong, where no container is.
    pub detail: Option<String>,
    /// When it was first found.
    pub first_seen: Option<When>,
    /// Whether that was before this verification began.
    #[serde(default)]
    pub known_before: bool,
    /// The contents that it concerns; the first hundred.
    pub uses: Vec<UseShown>,
}

/// A content that something is wrong with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UseShown {
    /// Name of the space.
    pub space: String,
    /// Path in it.
    pub path: String,
    /// The file's number, as `trash list` shows it.
    pub entry: i64,
    /// The content's number, as `versions list` shows it.
    pub version: i64,
    /// `current`, `earlier` or `trash`.
    pub state: String,
}

/// A file on the disk that the catalogue does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownFileShown {
    /// Id of the space whose directory holds it.
    pub space: String,
    /// Its name without `.age`.
    pub container: String,
    /// The file, or the pack that it lies in, below the data directory.
    pub file: String,
    /// Bytes.
    pub bytes: u64,
    /// Since when it has been there, in seconds.
    pub age_seconds: u64,
}

/// A change of the recovery key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryKeyShown {
    /// The file with the new key, if the command wrote one.
    pub recovery_file: Option<PathBuf>,
    /// Number of the snapshot that was made for it.
    pub snapshot: u32,
    /// Damaged files, which the new key does not open: paths below the data directory.
    pub damaged: Vec<String>,
}

/// A snapshot of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotShown {
    /// Its place in the order, and of its file name.
    pub number: u32,
    /// When it was made.
    pub made: When,
    /// Bytes of its file.
    pub bytes: u64,
}

/// Who did what, the latest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryShown {
    /// The events.
    pub events: Vec<EventShown>,
    /// What to ask for as `before` to read on; `None` at the end.
    pub next: Option<i64>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventShown {
    /// Its place in the order of commits.
    pub id: i64,
    /// When.
    pub at: When,
    /// `user`, `guest`, `owner` or `worker`.
    pub actor: String,
    /// The account that acted; of a guest, the one that made the link.
    pub user: Option<String>,
    /// The label of the device whose password was used.
    pub device: Option<String>,
    /// The link of a guest.
    pub link: Option<i64>,
    /// Who, in words.
    pub who: String,
    /// What happened, as one word.
    pub event: String,
    /// What happened, in words that follow `who`.
    pub what: String,
    /// The space's name now, or its id if it is gone.
    pub space: Option<String>,
    /// The path in the space then.
    pub path: Option<String>,
    /// The number of the file or folder.
    pub entry: Option<i64>,
    /// The number of the content.
    pub version: Option<i64>,
    /// Bytes.
    pub bytes: Option<u64>,
}
