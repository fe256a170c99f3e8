//! Who acts: noted with every change, in the transaction that makes it.

use super::{AppPasswordId, LinkId, Timestamp, UserId};

/// Who does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A person with an account.
    User {
        /// The account.
        id: UserId,
        /// How they signed in.
        via: Via,
    },
    /// Somebody without an account who holds a link.
    Guest {
        /// The link.
        link: LinkId,
        /// The person who made the link.
        creator: UserId,
    },
    /// The owner of the data directory, through a command. Not a person with an account.
    Owner,
    /// The server itself.
    Worker(Worker),
}

/// How a person signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Via {
    /// With the password of the account.
    Password,
    /// With the password of one device.
    Device(AppPasswordId),
}

/// A job that the server does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Worker {
    /// Ends what has expired.
    Upkeep,
    /// Keeps the earlier contents of a space within their bound.
    History,
    /// Makes the catalogue anew from the containers.
    Rebuild,
}

impl Worker {
    /// Every worker.
    pub const ALL: [Self; 3] = [Self::Upkeep, Self::History, Self::Rebuild];

    /// Its word in the catalogue and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Upkeep => "upkeep",
            Self::History => "history",
            Self::Rebuild => "rebuild",
        }
    }

    /// The worker of a word of [`Self::as_str`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|worker| worker.as_str() == word)
    }
}

impl Actor {
    /// A person who signed in with the password of the account.
    pub fn user(id: UserId) -> Self {
        Self::User { id, via: Via::Password }
    }

    /// The person who acts, if one with an account does.
    pub fn person(&self) -> Option<UserId> {
        match self {
            Self::User { id, .. } => Some(*id),
            Self::Guest { .. } | Self::Owner | Self::Worker(_) => None,
        }
    }

    /// The account whose budgets bound what is done: the person's own, or that of a guest's host.
    pub fn account(&self) -> Option<UserId> {
        match self {
            Self::User { id, .. } | Self::Guest { creator: id, .. } => Some(*id),
            Self::Owner | Self::Worker(_) => None,
        }
    }
}

/// Who acts, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Who.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
}

impl Stamp {
    /// The owner, now.
    pub fn owner(at: Timestamp) -> Self {
        Self { actor: Actor::Owner, at }
    }

    /// A worker, now.
    pub fn worker(worker: Worker, at: Timestamp) -> Self {
        Self { actor: Actor::Worker(worker), at }
    }
}
