//! Events: what happened, recorded in the same transaction as the change itself.
//!
//! Events are facts in the past tense about one subject. They contain paths and names as of then, so that they stay
//! readable when the subject is gone.

use super::words::words;
use super::{
    Actor, AppPasswordId, EntryId, EntryPath, HandInId, LinkId, LinkRight, RequestId, Role, SpaceGrant,
    SpaceId, Timestamp, UserId, VersionId, VersionState,
};

/// One recorded event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its position in the order of commits; increasing, never reused.
    pub id: EventId,
    /// Time by the server's clock.
    pub at: Timestamp,
    /// The person or part of the server that caused it.
    pub actor: Actor,
    /// The event itself.
    pub event: Event,
}

/// Some of the recorded events, latest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPage {
    /// Its events.
    pub events: Vec<Recorded>,
    /// The event before which the next page begins; `None` if this is the last one.
    pub next: Option<EventId>,
}

/// The position of an event in the order of commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub i64);

/// A file or folder at the time of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The space that contained it.
    pub space: SpaceId,
    /// Id of the entry.
    pub entry: EntryId,
    /// Its path in the space, as `/a/b.txt`.
    pub path: String,
}

impl Spot {
    /// The entry at a path.
    pub fn new(space: SpaceId, entry: EntryId, path: &EntryPath) -> Self {
        Self { space, entry, path: path.to_string() }
    }
}

/// One kind of event with its subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// An event about a file or folder.
    Entry {
        /// Kind of the event.
        kind: EntryEvent,
        /// The file or folder.
        spot: Spot,
        /// The version concerned, for a file.
        version: Option<VersionId>,
        /// Bytes of that version, or of everything in a folder.
        size: Option<u64>,
        /// The source of a move or copy to here, or the destination of a move away.
        other: Option<Spot>,
    },
    /// The state of a version changed, and with it the users who may see it.
    StateChanged {
        /// The file.
        spot: Spot,
        /// The version, current or earlier.
        version: VersionId,
        /// The state before.
        from: VersionState,
        /// The state since.
        to: VersionState,
        /// The reason in a person's words, or the scanner's finding.
        reason: Option<String>,
    },
    /// A person decided about a held content, or asked for it.
    Hold {
        /// The decision.
        kind: HoldEvent,
        /// The file.
        spot: Spot,
        /// The content.
        version: VersionId,
        /// The reason in the person's words.
        reason: Option<String>,
        /// Another person concerned, with the name of the account then.
        whom: Option<(UserId, String)>,
    },
    /// Several items of a space were removed permanently.
    Removed {
        /// The space that held them.
        space: SpaceId,
        /// Kind of the items.
        what: RemovedKind,
        /// Number of items.
        count: u64,
    },
    /// An event about the instance as a whole.
    Instance(InstanceEvent),
    /// An event about a space.
    Space {
        /// Kind of the event.
        kind: SpaceEvent,
        /// The space concerned.
        space: SpaceId,
        /// Its name then; for a renaming, the new one.
        name: String,
    },
    /// An event about an account.
    Account {
        /// Kind of the event.
        kind: AccountEvent,
        /// The user concerned.
        user: UserId,
        /// Name of the account then.
        name: String,
    },
    /// A right to a space was granted or revoked.
    Grant {
        /// The user concerned.
        user: UserId,
        /// Name of the user then.
        name: String,
        /// The space concerned.
        space: SpaceId,
        /// The granted rights; `None` if the right was revoked.
        grant: Option<SpaceGrant>,
    },
    /// An event about a link.
    Link {
        /// Kind of the event.
        kind: LinkEvent,
        /// The link concerned.
        link: LinkId,
        /// The linked entry.
        spot: Spot,
        /// Right of the link's guests.
        right: LinkRight,
    },
    /// An event about a hand-in through a link.
    HandIn {
        /// Kind of the event.
        kind: HandInEvent,
        /// The hand-in.
        hand_in: HandInId,
        /// The folder in which it lies.
        spot: Spot,
        /// Number of its files.
        count: u64,
        /// Their bytes.
        size: u64,
    },
    /// An event about a request.
    Request {
        /// Kind of the event.
        kind: RequestEvent,
        /// The request.
        request: RequestId,
        /// Title of the item concerned; `None` for the request as a whole.
        item: Option<String>,
        /// The folder to which its files go.
        spot: Spot,
        /// The reason, or the comment, in a person's words.
        reason: Option<String>,
    },
}

words! {
    /// Events about a file or folder.
    EntryEvent {
        /// A new file was stored.
        Stored = "stored",
        /// A file got new content.
        Replaced = "replaced",
        /// A folder was created.
        FolderMade = "folder-made",
        /// It was moved or renamed to this path.
        Moved = "moved",
        /// It was moved into another space.
        MovedAway = "moved-away",
        /// It was created as a copy.
        Copied = "copied",
        /// It was moved to the trash.
        Deleted = "deleted",
        /// It was restored from the trash.
        Restored = "restored",
        /// It was removed from the trash permanently.
        Purged = "purged",
        /// An earlier version became the current one.
        VersionRestored = "version-restored",
        /// Its properties were changed.
        PropertiesChanged = "properties-changed",
        /// Another user ended a lock on it.
        LockEnded = "lock-ended",
        /// Its content was read.
        Read = "read",
    }
}

words! {
    /// Decisions about a held content, besides those that change its state ([`Event::StateChanged`]).
    HoldEvent {
        /// It is kept until a person decides otherwise.
        Kept = "hold-kept",
        /// It is examined again.
        Retried = "hold-retried",
        /// It was taken back.
        Withdrawn = "hold-withdrawn",
        /// It was released although a scanner objected.
        Overridden = "hold-overridden",
        /// The first of two persons decided to release it, or to hand it out.
        Approved = "hold-approved",
        /// A person who may read the space asked for it.
        Asked = "hold-asked",
        /// It is not handed out to a person who asked.
        Declined = "hold-declined",
        /// It was handed out to one person before its release.
        HandedOut = "hold-handed-out",
        /// The same, although a scanner objected.
        HandedOutUnchecked = "hold-handed-out-unchecked",
        /// Its content is let into the space from now on, whatever scanners say.
        Allowed = "hold-allowed",
        /// Its content is not let in any more.
        Disallowed = "hold-disallowed",
        /// It was opened with a password.
        PasswordGiven = "hold-password-given",
    }
}

words! {
    /// Kinds of items that are removed permanently.
    RemovedKind {
        /// Earlier versions of files.
        Versions = "versions",
        /// Uploads that were never finished.
        Uploads = "uploads",
    }
}

words! {
    /// Events about the instance.
    InstanceEvent {
        /// The recovery key was replaced.
        RecoveryKeyChanged = "recovery-key-changed",
        /// The office's identity was changed.
        OfficeChanged = "office-changed",
        /// A template of requests was imported.
        TemplateImported = "template-imported",
        /// A template of the office's own was removed.
        TemplateRemoved = "template-removed",
        /// A template in the program is used again in place of the office's version.
        TemplateReset = "template-reset",
    }
}

words! {
    /// Events about a space.
    SpaceEvent {
        /// The space was created.
        Made = "space-made",
        /// Its quota or retention times were changed.
        SettingsChanged = "space-settings-changed",
        /// The space was renamed.
        Renamed = "space-renamed",
        /// The catalogue was rebuilt from its containers.
        Rebuilt = "space-rebuilt",
    }
}

words! {
    /// Events about a link.
    LinkEvent {
        /// The link was created.
        Made = "link-made",
        /// Its right, password or expiry was changed.
        Changed = "link-changed",
        /// The link was ended.
        Ended = "link-ended",
        /// Its first guest chose its password.
        PasswordChosen = "link-password-chosen",
        /// Everything that it leads to was sent to a guest.
        Downloaded = "link-downloaded",
    }
}

words! {
    /// Events about a hand-in.
    HandInEvent {
        /// The person who hands in said that it is complete.
        Finished = "hand-in-finished",
        /// The same, after the deadline.
        FinishedLate = "hand-in-finished-late",
        /// Its link ended before.
        Closed = "hand-in-closed",
    }
}

words! {
    /// Events about a request.
    RequestEvent {
        /// It was made.
        Made = "request-made",
        /// Its deadline, or whether reminders are sent, was changed.
        Changed = "request-changed",
        /// It takes no more files.
        Closed = "request-closed",
        /// It takes files again.
        Reopened = "request-reopened",
        /// A reminder was asked for.
        Reminded = "request-reminded",
        /// Invitations to its recipients were asked for.
        Invited = "request-invited",
        /// The link of a recipient got another address.
        LinkRenewed = "request-link-renewed",
        /// The first file was handed in for an item, or the first one since it was rejected.
        HandedIn = "item-handed-in",
        /// The last file that was handed in for an item was taken back.
        TakenBack = "item-taken-back",
        /// A person said that an item does not apply.
        DoesNotApply = "item-does-not-apply",
        /// A person took that back.
        Applies = "item-applies",
        /// A person commented on an item, or asked about it.
        Commented = "item-commented",
        /// The office answered a comment, or settled it without words.
        Answered = "item-answered",
        /// The office has what it needs for an item.
        Accepted = "item-accepted",
        /// The office needs an item again.
        Rejected = "item-rejected",
        /// The office's decision about an item was taken back.
        Undone = "item-undone",
    }
}

/// Events about an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountEvent {
    /// Created with this role.
    Made(Role),
    /// Its role was changed to this one.
    RoleChanged(Role),
    /// Its password was changed.
    PasswordChanged,
    /// It was disabled.
    Disabled,
    /// It was enabled again.
    Enabled,
    /// It was removed permanently.
    Removed,
    /// A second factor is required from now on.
    SecondFactorAdded,
    /// The password alone is enough again.
    SecondFactorRemoved,
    /// Its recovery codes were renewed.
    RecoveryCodesRenewed,
    /// Address, language or notices of its person were changed.
    ContactChanged,
    /// A device password was created; its id and label.
    DeviceAdded(AppPasswordId, String),
    /// A device password was revoked.
    DeviceRemoved(AppPasswordId),
    /// A passkey was added; its label.
    PasskeyAdded(String),
    /// A passkey got another name, this one.
    PasskeyRenamed(String),
    /// A passkey was removed; its label.
    PasskeyRemoved(String),
}

impl AccountEvent {
    /// The word in the catalogue and in JSON; never changed.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Made(_) => "account-made",
            Self::RoleChanged(_) => "role-changed",
            Self::PasswordChanged => "password-changed",
            Self::Disabled => "account-disabled",
            Self::Enabled => "account-enabled",
            Self::Removed => "account-removed",
            Self::SecondFactorAdded => "second-factor-added",
            Self::SecondFactorRemoved => "second-factor-removed",
            Self::RecoveryCodesRenewed => "recovery-codes-renewed",
            Self::ContactChanged => "contact-changed",
            Self::DeviceAdded(..) => "device-added",
            Self::DeviceRemoved(_) => "device-removed",
            Self::PasskeyAdded(_) => "passkey-added",
            Self::PasskeyRenamed(_) => "passkey-renamed",
            Self::PasskeyRemoved(_) => "passkey-removed",
        }
    }

    /// The value for a word of [`Self::word`] and its data.
    pub fn from_word(
        word: &str,
        role: Option<Role>,
        device: Option<AppPasswordId>,
        label: Option<String>,
    ) -> Option<Self> {
        Some(match word {
            "account-made" => Self::Made(role?),
            "role-changed" => Self::RoleChanged(role?),
            "password-changed" => Self::PasswordChanged,
            "account-disabled" => Self::Disabled,
            "account-enabled" => Self::Enabled,
            "account-removed" => Self::Removed,
            "second-factor-added" => Self::SecondFactorAdded,
            "second-factor-removed" => Self::SecondFactorRemoved,
            "recovery-codes-renewed" => Self::RecoveryCodesRenewed,
            "contact-changed" => Self::ContactChanged,
            "device-added" => Self::DeviceAdded(device?, label?),
            "device-removed" => Self::DeviceRemoved(device?),
            "passkey-added" => Self::PasskeyAdded(label?),
            "passkey-renamed" => Self::PasskeyRenamed(label?),
            "passkey-removed" => Self::PasskeyRemoved(label?),
            _ => return None,
        })
    }
}

impl Event {
    /// Prefix of the word of [`Event::Removed`]; the word of its kind follows.
    pub const REMOVED: &'static str = "removed-";
    /// The word of [`Event::StateChanged`].
    pub const STATE_CHANGED: &'static str = "state-changed";
    /// The word for a granted right.
    pub const GRANTED: &'static str = "granted";
    /// The word for a revoked right.
    pub const REVOKED: &'static str = "revoked";

    /// The event as one word, in the catalogue and in JSON; never changed.
    pub fn word(&self) -> String {
        match self {
            Self::Entry { kind, .. } => kind.as_str().to_owned(),
            Self::StateChanged { .. } => Self::STATE_CHANGED.to_owned(),
            Self::Hold { kind, .. } => kind.as_str().to_owned(),
            Self::Removed { what, .. } => format!("{}{}", Self::REMOVED, what.as_str()),
            Self::Instance(kind) => kind.as_str().to_owned(),
            Self::Space { kind, .. } => kind.as_str().to_owned(),
            Self::Account { kind, .. } => kind.word().to_owned(),
            Self::Grant { grant: Some(_), .. } => Self::GRANTED.to_owned(),
            Self::Grant { grant: None, .. } => Self::REVOKED.to_owned(),
            Self::Link { kind, .. } => kind.as_str().to_owned(),
            Self::HandIn { kind, .. } => kind.as_str().to_owned(),
            Self::Request { kind, .. } => kind.as_str().to_owned(),
        }
    }

    /// The file or folder concerned.
    pub fn spot(&self) -> Option<&Spot> {
        match self {
            Self::Entry { spot, .. }
            | Self::StateChanged { spot, .. }
            | Self::Hold { spot, .. }
            | Self::Link { spot, .. }
            | Self::HandIn { spot, .. }
            | Self::Request { spot, .. } => Some(spot),
            _ => None,
        }
    }

    /// The space concerned.
    pub fn space(&self) -> Option<SpaceId> {
        match self {
            Self::Entry { spot, .. }
            | Self::StateChanged { spot, .. }
            | Self::Hold { spot, .. }
            | Self::Link { spot, .. }
            | Self::HandIn { spot, .. }
            | Self::Request { spot, .. } => Some(spot.space),
            Self::Removed { space, .. } | Self::Space { space, .. } | Self::Grant { space, .. } => {
                Some(*space)
            }
            Self::Account { .. } | Self::Instance(_) => None,
        }
    }
}
