//! Roles, rights and the proof that a right was checked.

use super::SpaceId;

/// What somebody is in this office; fixed per account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Runs the instance: users, spaces, grants. Sees no content without a grant of his own.
    Administrator,
    /// Works here.
    Staff,
    /// A client of the office (Mandant).
    Client,
    /// Reads, never changes.
    Auditor,
}

/// What a user may do in one space; each includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Right {
    /// List and fetch.
    Read,
    /// Create, change, move and delete (into the trash).
    Write,
    /// Empty the trash, change the space's settings.
    Manage,
}

/// What a space is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpaceKind {
    /// One client of the office.
    Client,
    /// A group of colleagues.
    Team,
}

macro_rules! text_form {
    ($name:ident { $($variant:ident = $text:literal),+ }) => {
        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word used on the command line and in the catalogue.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The value for a word of [`Self::as_str`].
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

text_form!(Role { Administrator = "administrator", Staff = "staff", Client = "client", Auditor = "auditor" });
text_form!(Right { Read = "read", Write = "write", Manage = "manage" });
text_form!(SpaceKind { Client = "client", Team = "team" });

/// Proof that a user's right to a space was checked. `library` acts on nothing else, and
/// `tests/architecture.rs` sees to it that only `accounts` makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    space: SpaceId,
    right: Right,
}

/// The checked right is not enough for what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this needs the right to {needed}")]
pub struct AccessDenied {
    /// The right that was missing.
    pub needed: Right,
}

impl Access {
    /// Called by the rights check in `accounts`, and by nobody else.
    pub fn granted(space: SpaceId, right: Right) -> Self {
        Self { space, right }
    }

    /// The space it opens.
    pub fn space(&self) -> SpaceId {
        self.space
    }

    /// The highest right it carries.
    pub fn right(&self) -> Right {
        self.right
    }

    /// The space, if the right reaches `needed`.
    pub fn require(&self, needed: Right) -> Result<SpaceId, AccessDenied> {
        if self.right >= needed { Ok(self.space) } else { Err(AccessDenied { needed }) }
    }
}
