//! What happened, as it is recorded in the transaction that made it happen.
//!
//! Events are facts in the past tense about one subject. They name paths and people as they were then, so that
//! they stay readable when the subject is gone.

use super::{
    Actor, AppPasswordId, EntryId, EntryPath, LinkId, LinkRight, Right, Role, SpaceId, Timestamp, UserId,
    VersionId,
};

/// One recorded event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its place in the order of commits; grows, and is never used twice.
    pub id: EventId,
    /// When it happened, by the server's clock.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What happened.
    pub event: Event,
}

/// The place of an event in the order of commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub i64);

/// A file or folder as it was when something happened to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The space it lay in.
    pub space: SpaceId,
    /// The entry.
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

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Something happened to a file or folder.
    Entry {
        /// What.
        kind: EntryEvent,
        /// To what.
        spot: Spot,
        /// The content it is about, of a file.
        version: Option<VersionId>,
        /// Bytes of that content, or of everything in a folder.
        size: Option<u64>,
        /// Where it came from, if it was moved or copied here, or where it went.
        other: Option<Spot>,
    },
    /// Several things of a space were removed for good.
    Removed {
        /// The space.
        space: SpaceId,
        /// What kind of things.
        what: RemovedKind,
        /// How many.
        count: u64,
    },
    /// Something happened to the instance as a whole.
    Instance(InstanceEvent),
    /// Something happened to a space.
    Space {
        /// What.
        kind: SpaceEvent,
        /// To which.
        space: SpaceId,
        /// Its name then; the new one after a renaming.
        name: String,
    },
    /// Something happened to an account.
    Account {
        /// What.
        kind: AccountEvent,
        /// To whose.
        user: UserId,
        /// The name of the account then.
        name: String,
    },
    /// Somebody got or lost a right to a space.
    Grant {
        /// The account.
        user: UserId,
        /// Its name then.
        name: String,
        /// The space.
        space: SpaceId,
        /// The right; `None` if it was taken away.
        right: Option<Right>,
    },
    /// Something happened to a link.
    Link {
        /// What.
        kind: LinkEvent,
        /// The link.
        link: LinkId,
        /// Where it leads.
        spot: Spot,
        /// What its holder may do.
        right: LinkRight,
    },
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$each])* $variant),+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its word in the catalogue and in JSON; never changed.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The value of a word of [`Self::as_str`].
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words! {
    /// What happens to a file or folder.
    EntryEvent {
        /// A new file was stored.
        Stored = "stored",
        /// A file got a new content.
        Replaced = "replaced",
        /// A folder was made.
        FolderMade = "folder-made",
        /// It was moved or renamed, and is here now.
        Moved = "moved",
        /// It was moved into another space.
        MovedAway = "moved-away",
        /// It was made as a copy.
        Copied = "copied",
        /// It was moved to the trash.
        Deleted = "deleted",
        /// It was brought back from the trash.
        Restored = "restored",
        /// It was removed from the trash for good.
        Purged = "purged",
        /// An earlier content became the present one.
        VersionRestored = "version-restored",
        /// Its properties were changed.
        PropertiesChanged = "properties-changed",
        /// Somebody else ended a lock on it.
        LockEnded = "lock-ended",
        /// Its content was read.
        Read = "read",
    }
}

words! {
    /// What is removed for good.
    RemovedKind {
        /// Earlier contents of files.
        Versions = "versions",
        /// Uploads that were never finished.
        Uploads = "uploads",
    }
}

words! {
    /// What happens to the instance.
    InstanceEvent {
        /// The recovery key was replaced.
        RecoveryKeyChanged = "recovery-key-changed",
    }
}

words! {
    /// What happens to a space.
    SpaceEvent {
        /// It was made.
        Made = "space-made",
        /// Its quota or the days that things are kept were changed.
        SettingsChanged = "space-settings-changed",
        /// It was renamed.
        Renamed = "space-renamed",
        /// The catalogue was made anew from its containers.
        Rebuilt = "space-rebuilt",
    }
}

words! {
    /// What happens to a link.
    LinkEvent {
        /// It was made.
        Made = "link-made",
        /// What it gives, its password or its end was changed.
        Changed = "link-changed",
        /// It was ended.
        Ended = "link-ended",
    }
}

/// What happens to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountEvent {
    /// It was made.
    Made(Role),
    /// Its role was changed.
    RoleChanged(Role),
    /// Its password was changed.
    PasswordChanged,
    /// It was shut out.
    Disabled,
    /// It was let in again.
    Enabled,
    /// It was removed.
    Removed,
    /// A second factor is asked for from now on.
    SecondFactorAdded,
    /// The password alone is enough again.
    SecondFactorRemoved,
    /// Its recovery codes were renewed.
    RecoveryCodesRenewed,
    /// A device got a password of its own.
    DeviceAdded(AppPasswordId, String),
    /// A device's password was ended.
    DeviceRemoved(AppPasswordId),
}

impl AccountEvent {
    /// Its word in the catalogue and in JSON; never changed.
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
            Self::DeviceAdded(..) => "device-added",
            Self::DeviceRemoved(_) => "device-removed",
        }
    }

    /// The value of a word of [`Self::word`] with what belongs to it.
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
            "device-added" => Self::DeviceAdded(device?, label?),
            "device-removed" => Self::DeviceRemoved(device?),
            _ => return None,
        })
    }
}

impl Event {
    /// The word of [`Event::Removed`] begins with it, before that of its kind.
    pub const REMOVED: &'static str = "removed-";
    /// The word of a grant.
    pub const GRANTED: &'static str = "granted";
    /// The word of a right that was taken away.
    pub const REVOKED: &'static str = "revoked";

    /// What happened, as one word in the catalogue and in JSON; never changed.
    pub fn word(&self) -> String {
        match self {
            Self::Entry { kind, .. } => kind.as_str().to_owned(),
            Self::Removed { what, .. } => format!("{}{}", Self::REMOVED, what.as_str()),
            Self::Instance(kind) => kind.as_str().to_owned(),
            Self::Space { kind, .. } => kind.as_str().to_owned(),
            Self::Account { kind, .. } => kind.word().to_owned(),
            Self::Grant { right: Some(_), .. } => Self::GRANTED.to_owned(),
            Self::Grant { right: None, .. } => Self::REVOKED.to_owned(),
            Self::Link { kind, .. } => kind.as_str().to_owned(),
        }
    }

    /// The file or folder that it is about.
    pub fn spot(&self) -> Option<&Spot> {
        match self {
            Self::Entry { spot, .. } | Self::Link { spot, .. } => Some(spot),
            _ => None,
        }
    }

    /// The space that it is about.
    pub fn space(&self) -> Option<SpaceId> {
        match self {
            Self::Entry { spot, .. } | Self::Link { spot, .. } => Some(spot.space),
            Self::Removed { space, .. } | Self::Space { space, .. } | Self::Grant { space, .. } => {
                Some(*space)
            }
            Self::Account { .. } | Self::Instance(_) => None,
        }
    }
}
