//! The replies, as the command line prints them: tables for people, the same data as JSON for scripts.

mod asked;
mod holding;

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use asked::{
    AskedMailShown, AskedRow, AskedShown, HandoutShown, ItemFileShown, ItemShown, RecipientShown,
    TemplateShown,
};
pub use holding::{
    AllowedShown, ApprovalShown, FetchShown, HandedOutShown, HoldRequestShown, HoldShown, RescanShown,
    VerdictShown,
};

use super::trouble::Trouble;
use crate::model::{ParseTimestampError, Timestamp};

/// A point in time; in JSON as RFC 3339, to the second.
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

/// State of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusShown {
    /// `serving`, `read-only`, `locked`, …; `stopped` if no server runs.
    pub state: String,
    /// Advice for the owner, if any.
    #[serde(default)]
    pub advice: Option<String>,
    /// Version of the program.
    pub version: String,
    /// Accounts, including disabled ones. This and the following fields are `None` if unknown: before the instance
    /// is unlocked, or because the catalogue is damaged.
    pub users: Option<usize>,
    /// Number of spaces.
    pub spaces: Option<usize>,
    /// Bytes stored in all spaces.
    pub used_bytes: Option<u64>,
    /// Containers known to be damaged.
    pub damaged_containers: Option<u64>,
    /// Spaces whose files cannot be opened because their key is missing or damaged.
    #[serde(default)]
    pub spaces_without_key: Option<usize>,
    /// Time of the last full verification.
    pub last_full_verify: Option<When>,
    /// Warnings for the owner, as sentences.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// The same for programs, and what `state` and `damaged_containers` say.
    #[serde(default)]
    pub troubles: Vec<Trouble>,
    /// Background jobs; none if no server runs.
    #[serde(default)]
    pub workers: Vec<WorkerShown>,
}

/// A background job of a running server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerShown {
    /// Name of the job.
    pub name: String,
    /// Seconds between the beginnings of two runs.
    pub interval_seconds: u64,
    /// End of the last run.
    pub last_run: Option<When>,
    /// End of the last run that did not fail.
    pub last_success: Option<When>,
    /// What the last run did, `ok` if there is nothing to report; if it failed, the reason.
    pub result: Option<String>,
    /// Runs that failed since the last one that did not.
    pub failures: u64,
    /// Beginning of the next run; `None` while one is under way.
    pub next_run: Option<When>,
}

/// The office as its clients see it; a text that was not set is empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficeShown {
    /// Its name.
    pub name: String,
    /// The person to ask.
    pub contact: String,
    /// Number to call.
    pub phone: String,
    /// Address for mails.
    pub mail: String,
    /// Address of its web site.
    pub web: String,
    /// Its time zone.
    pub zone: String,
    /// Whether that was set, rather than found on this machine.
    pub zone_is_own: bool,
    /// The imprint.
    pub imprint: String,
    /// What becomes of personal data.
    pub privacy: String,
    /// Number of that text, from 1.
    pub privacy_version: u32,
    /// How far the pages are accessible.
    pub accessibility: String,
    /// Seconds without a key or a pointer after which the pages of a browser are locked; 0 for never.
    pub lock_seconds: u64,
    /// Size of its logo in bytes; 0 without one.
    #[serde(default)]
    pub logo_bytes: usize,
}

/// A user's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserShown {
    /// Login name.
    pub name: String,
    /// `administrator`, `staff`, `client` or `auditor`.
    pub role: String,
    /// Whether it is disabled.
    pub disabled: bool,
    /// Whether it has a password of its own, or only device passwords.
    pub has_password: bool,
    /// Whether a second factor is required besides the password.
    pub second_factor: bool,
    /// Time of creation.
    pub created: When,
    /// Address for mails; empty for none.
    #[serde(default)]
    pub mail: String,
    /// Tag of the language of mails.
    #[serde(default)]
    pub language: String,
    /// The notices wanted: `on`, `off` or `digest`.
    #[serde(default)]
    pub notices: String,
    /// Login name of the person who gets them instead.
    #[serde(default)]
    pub substitute: Option<String>,
    /// The time from which that ends.
    #[serde(default)]
    pub substitute_until: Option<When>,
}

/// A mail that tells a person what happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeShown {
    /// Number of the notice.
    pub id: i64,
    /// Login name of its recipient, or the address of one without an account.
    pub to: String,
    /// What it is about.
    pub topic: String,
    /// The space concerned; `None` for several.
    pub space: Option<String>,
    /// `waiting`, `sent`, `dropped`, `failed` or `bounced`.
    pub state: String,
    /// When it was made.
    pub created: When,
    /// Number of attempts to send it.
    pub attempts: u32,
    /// When it is tried again.
    pub next: Option<When>,
    /// When it ended.
    pub ended: Option<When>,
    /// What the mail server said last.
    pub fault: Option<String>,
}

/// Items that end when an account is removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovalShown {
    /// Login name.
    pub name: String,
    /// Links that will no longer open.
    pub links: usize,
    /// Devices that can no longer log in.
    pub app_passwords: usize,
    /// Spaces to which the user has a right.
    pub grants: usize,
    /// Unfinished uploads of the user.
    pub uploads: usize,
}

/// Setup data for a user's authenticator. Shown once, to be confirmed with a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactorShown {
    /// For a QR code: `otpauth://totp/…`.
    pub uri: String,
    /// For typing: the secret in Base32.
    pub secret: String,
}

/// A new device password. Shown once and never stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedAppPassword {
    /// Id for revoking it.
    pub id: i64,
    /// Login name of its user.
    pub user: String,
    /// The password itself.
    pub password: String,
}

/// A device password without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppPasswordShown {
    /// Id for revoking it.
    pub id: i64,
    /// Label of the device.
    pub label: String,
    /// Time of creation.
    pub created: When,
    /// Time of the last use, to the hour or better.
    pub last_used: Option<When>,
    /// Time from which it no longer works.
    pub expires: Option<When>,
}

/// A browser in which a user is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionShown {
    /// Id for signing the user out there.
    pub id: i64,
    /// Browser and system, such as `Firefox, Windows`; empty if they are not known.
    pub browser: String,
    /// When the user signed in.
    pub since: When,
    /// When it was used last, to the minute.
    pub last_used: When,
    /// Whether it is locked until the user gives the password.
    pub locked: bool,
}

/// A passkey of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyShown {
    /// Id for removing it.
    pub id: i64,
    /// The user's name for it.
    pub label: String,
    /// Time of creation.
    pub created: When,
    /// Time of the last use.
    pub last_used: Option<When>,
}

/// A space with its settings and usage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpaceShown {
    /// Id of the space: name of its directory and key file.
    pub id: String,
    /// Name of its folder in every mount.
    pub name: String,
    /// `client` or `team`.
    pub kind: String,
    /// Bytes that count towards its quota: current files, uploads and properties.
    pub used_bytes: u64,
    /// The quota in bytes.
    pub quota_bytes: Option<u64>,
    /// Bytes of earlier versions and of the trash.
    pub history_bytes: u64,
    /// Limit for these bytes; when they exceed it, the oldest are removed.
    pub history_limit_bytes: Option<u64>,
    /// Days for which replaced versions are kept.
    pub version_days: u32,
    /// Days for which deleted entries are kept.
    pub trash_days: u32,
    /// Seconds for which arriving contents are held; `None` if nothing is held.
    pub hold_seconds: Option<u64>,
    /// What it holds: `risky` or `all`; `None` if nothing is held.
    #[serde(default)]
    pub holds: Option<String>,
    /// How many persons decide to release what is held: 1 or 2.
    #[serde(default = "one")]
    pub release_by: u8,
    /// What becomes of the PDF of what is held after its release: `keep` or `remove`.
    #[serde(default)]
    pub pdf: String,
    /// How its pages are drawn: `drawn` or `pixels`.
    #[serde(default)]
    pub pdf_pages: String,
    /// Local part of its address for mails; `None` if it takes none.
    #[serde(default)]
    pub mail: Option<String>,
}

fn one() -> u8 {
    1
}

/// An unfinished upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadShown {
    /// Id for cancelling it.
    pub id: String,
    /// Login name of its user; `None` for a guest's upload, and once that account is removed.
    pub user: Option<String>,
    /// Space of its destination.
    pub space: String,
    /// Protocol of the upload.
    pub protocol: String,
    /// Path of its destination, if known yet.
    pub path: Option<String>,
    /// Bytes received so far.
    pub received_bytes: u64,
    /// Total bytes, if declared.
    pub length_bytes: Option<u64>,
    /// Time at which it expires.
    pub expires: When,
}

/// A lock on a file or folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockShown {
    /// Token for ending it.
    pub token: String,
    /// Login name of its holder; for a guest, of the link's creator.
    pub user: Option<String>,
    /// Whether a guest with a link of that user holds it.
    pub by_guest: bool,
    /// Space of its file or folder.
    pub space: String,
    /// Path in the space.
    pub path: String,
    /// `exclusive` or `shared`.
    pub scope: String,
    /// Whether it applies to everything below a folder.
    pub deep: bool,
    /// Time at which it expires.
    pub expires: When,
}

/// A link for people without an account. Does not contain its address, which only its creator can see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkShown {
    /// Id for revoking it.
    pub id: i64,
    /// Login name of its creator.
    pub user: String,
    /// Space of the linked entry.
    pub space: String,
    /// Path of the linked entry.
    pub path: String,
    /// `read`, `edit` or `add`.
    pub right: String,
    /// Whether guests must enter a password.
    pub has_password: bool,
    /// Label for the creator.
    pub label: String,
    /// Time of creation.
    pub created: When,
    /// Time from which it no longer opens.
    pub expires: Option<When>,
    /// When it was last opened, to the hour.
    pub opened: Option<When>,
    /// Its address, when it is made. Anyone who has it can use the link.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url: Option<String>,
    /// When something was last fetched through it, to the hour.
    pub fetched: Option<When>,
    /// Number of finished hand-ins or complete downloads.
    pub uses: u32,
    /// Number of hand-ins or downloads after which it no longer opens.
    pub most_uses: Option<u32>,
    /// A hand-in that is finished later is marked as late.
    pub deadline: Option<When>,
    /// Mail address to which a code is sent that opens it.
    pub code_to: Option<String>,
    /// Whether it is its creator's box.
    #[serde(rename = "box")]
    pub is_box: bool,
}

/// A complete download through a link that allows a limited number of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DownloadShown {
    /// Id of the download.
    pub id: i64,
    /// Name of the space.
    pub space: String,
    /// Path of the file or folder then.
    pub path: String,
    /// Id of the link, while that exists.
    pub link: Option<i64>,
    /// Label of the link then.
    pub label: String,
    /// Bytes that were sent.
    pub bytes: u64,
    /// When it was begun.
    pub begun: When,
    /// When its last byte left.
    pub completed: When,
}

/// What a person without an account handed in through a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandInShown {
    /// Id of the hand-in.
    pub id: i64,
    /// Name of the space.
    pub space: String,
    /// Path of the folder in which it lies, while that exists.
    pub path: Option<String>,
    /// Id of the link, while that exists.
    pub link: Option<i64>,
    /// The person's name in the person's words.
    pub name: String,
    /// When its first file arrived.
    pub begun: When,
    /// When it was finished.
    pub finished: Option<When>,
    /// Whether the person said that it is complete.
    pub complete: bool,
    /// Whether it was finished after the link's deadline.
    pub late: bool,
    /// Number of its files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// A user's right to a space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantShown {
    /// Login name of the user.
    pub user: String,
    /// Name of the space.
    pub space: String,
    /// `read`, `write` or `manage`.
    pub right: String,
    /// Whether the user decides about what is held in the space, by this mark or by managing it.
    pub release: bool,
    /// Seconds for which the user's contents are held instead of the space's time.
    #[serde(default)]
    pub hold_seconds: Option<u64>,
}

/// A deleted file or folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrashShown {
    /// Id for restoring and purging it.
    pub entry: i64,
    /// Original path in the space.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Whether it is a folder.
    pub folder: bool,
    /// Time of deletion.
    pub deleted: When,
    /// Login name of the user who deleted it; `None` for a guest of a link.
    #[serde(default)]
    pub deleted_by: Option<String>,
}

/// A version of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionShown {
    /// Number for restoring it.
    pub version: i64,
    /// Size in bytes.
    pub bytes: u64,
    /// Time of the commit.
    pub created: When,
    /// Login name of the author; `None` for a guest of a link, and for a version that a rebuild found only in
    /// containers.
    #[serde(default)]
    pub author: Option<String>,
    /// Whether it is the current version.
    pub current: bool,
    /// SHA-256 of the plaintext in hexadecimal, once known.
    pub sha256: Option<String>,
}

/// Progress of a verification, and the findings of its last step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyShown {
    /// Number of the run, for the next step.
    pub run: u32,
    /// `quick` or `full`.
    pub mode: String,
    /// Time of the start.
    pub started: When,
    /// Whether it continues an interrupted one.
    pub resumed: bool,
    /// `remembering`, `catalogue`, `containers`, `files` or `done`.
    pub stage: String,
    /// Containers verified so far.
    pub containers: u64,
    /// Containers in total.
    pub total_containers: u64,
    /// Bytes of content verified so far.
    pub bytes: u64,
    /// Bytes of content in total.
    pub total_bytes: u64,
    /// Findings of this step.
    pub findings: Vec<FindingShown>,
    /// Files on the disk that the catalogue does not know, found by this step; the first thousand.
    pub unknown_files: Vec<UnknownFileShown>,
    /// Number of all such files.
    pub unknown_file_count: u64,
}

/// A fault that a verification found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingShown {
    /// `missing`, `wrong-length`, `foreign`, `wrong-key`, `unnamed`, `damaged-chunk`, `unreadable`,
    /// `wrong-hash`, `incomplete`, `catalogue`, `key`, `note`, `mark`, `snapshot` or `stranger`.
    pub kind: String,
    /// Id of the space.
    pub space: Option<String>,
    /// Id of the container.
    pub container: Option<String>,
    /// Path of its file, or of the pack that contains it, below the data directory.
    pub file: Option<String>,
    /// The first damaged chunk of 64 KiB, from 0.
    pub chunk: Option<u64>,
    /// Description of a fault that is not about a container.
    pub detail: Option<String>,
    /// Time at which it was first found.
    pub first_seen: Option<When>,
    /// Whether that was before this verification began.
    #[serde(default)]
    pub known_before: bool,
    /// The versions affected; the first hundred.
    pub uses: Vec<UseShown>,
}

/// A version that a fault affects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UseShown {
    /// Name of the space.
    pub space: String,
    /// Path in the space.
    pub path: String,
    /// The file's number, as in `trash list`.
    pub entry: i64,
    /// The version's number, as in `versions list`.
    pub version: i64,
    /// `current`, `earlier` or `trash`.
    pub state: String,
}

/// A file on the disk that the catalogue does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownFileShown {
    /// Id of the space whose directory holds it.
    pub space: String,
    /// Name of the container without `.age`.
    pub container: String,
    /// Path of the file, or of the pack that contains it, below the data directory.
    pub file: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Age of the file in seconds.
    pub age_seconds: u64,
}

/// Result of changing the recovery key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryKeyShown {
    /// The file with the new key, if the command wrote one.
    pub recovery_file: Option<PathBuf>,
    /// Number of the snapshot that was made for it.
    pub snapshot: u32,
    /// Damaged files that the new key does not open: paths below the data directory.
    pub damaged: Vec<String>,
}

/// A snapshot of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotShown {
    /// Its number, which is also in its file name.
    pub number: u32,
    /// Time of the snapshot.
    pub made: When,
    /// Size of its file in bytes.
    pub bytes: u64,
}

/// A page of the history, latest event first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryShown {
    /// The events of this page; those at a path may be fewer than asked for.
    pub events: Vec<EventShown>,
    /// Value of `before` for the next page; `None` at the end.
    pub next: Option<i64>,
}

/// An event with its actor, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventShown {
    /// Its position in the order of commits.
    pub id: i64,
    /// Time of the event.
    pub at: When,
    /// `user`, `guest`, `owner` or `worker`.
    pub actor: String,
    /// The account that acted; for a guest, the one that created the link.
    pub user: Option<String>,
    /// The label of the device whose password was used.
    pub device: Option<String>,
    /// Id of a guest's link.
    pub link: Option<i64>,
    /// The actor in words.
    pub who: String,
    /// The event as one word.
    pub event: String,
    /// The event in words that follow `who`.
    pub what: String,
    /// The present name of the space, or its id if it was removed.
    pub space: Option<String>,
    /// Path in the space at that time.
    pub path: Option<String>,
    /// Number of the file or folder.
    pub entry: Option<i64>,
    /// Number of the version.
    pub version: Option<i64>,
    /// Size in bytes.
    pub bytes: Option<u64>,
    /// For a change of a version's state: the earlier state, as one word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_before: Option<String>,
    /// The new state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}
