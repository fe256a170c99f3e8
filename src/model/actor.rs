//! The actor of a change, recorded in the transaction that makes it.

use super::words::words;
use super::{AppPasswordId, LinkId, Timestamp, UserId};

/// The person or part of the server that does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A person with an account.
    User {
        /// Id of the account.
        id: UserId,
        /// How the user authenticated.
        via: Via,
    },
    /// A person without an account who uses a link.
    Guest {
        /// The link that was used.
        link: LinkId,
        /// The user who created the link.
        creator: UserId,
    },
    /// The owner of the data directory, through a command. Not an account.
    Owner,
    /// The server itself.
    Worker(Worker),
}

/// How a user authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Via {
    /// With the account's own password.
    Password,
    /// With a device password.
    Device(AppPasswordId),
}

words! {
    /// A background job of the server.
    Worker {
        /// Removes expired data.
        Upkeep = "upkeep",
        /// Keeps the earlier versions of a space within their limit.
        History = "history",
        /// Rebuilds the catalogue from the containers.
        Rebuild = "rebuild",
        /// Examines and releases contents in the holding area.
        Intake = "intake",
        /// Takes files from the watched folder.
        Watch = "watch",
        /// Stores contents that arrive by mail.
        Mail = "mail",
        /// Makes folders for hand-ins of people without an account, and closes those that were left open.
        HandIn = "hand-in",
        /// Reminds people of the requests to them.
        Reminders = "reminders",
    }
}

impl Actor {
    /// A user who authenticated with the account's own password.
    pub fn user(id: UserId) -> Self {
        Self::User { id, via: Via::Password }
    }

    /// The user who acts; `None` for guests, the owner and workers.
    pub fn person(&self) -> Option<UserId> {
        match self {
            Self::User { id, .. } => Some(*id),
            Self::Guest { .. } | Self::Owner | Self::Worker(_) => None,
        }
    }

    /// The account whose limits apply: the user's own, or for a guest that of the link's creator.
    pub fn account(&self) -> Option<UserId> {
        match self {
            Self::User { id, .. } | Self::Guest { creator: id, .. } => Some(*id),
            Self::Owner | Self::Worker(_) => None,
        }
    }
}

/// An actor together with the time of the action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The person or part of the server that acts.
    pub actor: Actor,
    /// Time of the action.
    pub at: Timestamp,
}

impl Stamp {
    /// A stamp for the owner at `at`.
    pub fn owner(at: Timestamp) -> Self {
        Self { actor: Actor::Owner, at }
    }

    /// A stamp for a worker at `at`.
    pub fn worker(worker: Worker, at: Timestamp) -> Self {
        Self { actor: Actor::Worker(worker), at }
    }
}
