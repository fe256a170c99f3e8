//! The names of people and devices in events.

use std::collections::{HashMap, HashSet};

use super::Accounts;
use crate::catalog::CatalogError;
use crate::model::{Actor, AppPasswordId, Recorded, UserId, Via};

/// Names for the actors of some events.
#[derive(Debug)]
pub struct ActorNames {
    users: HashMap<UserId, String>,
    devices: HashMap<AppPasswordId, String>,
}

impl Accounts {
    /// The names for the actors of these events; those of removed accounts too.
    pub async fn names_for(&self, events: &[Recorded]) -> Result<ActorNames, CatalogError> {
        let users = self.names_in_history().await?;
        let with_device = |recorded: &Recorded| match recorded.actor {
            Actor::User { id, via: Via::Device(_) } => Some(id),
            _ => None,
        };
        let mut devices = HashMap::new();
        for user in events.iter().filter_map(with_device).collect::<HashSet<_>>() {
            let rows = self.app_passwords_of(user).await?.into_iter();
            devices.extend(rows.map(|row| (row.id, row.label)));
        }
        Ok(ActorNames { users, devices })
    }
}

impl ActorNames {
    /// Name of the account of an actor: of a user, or of the maker of a guest's link.
    pub fn account(&self, actor: &Actor) -> Option<&str> {
        match actor {
            Actor::User { id, .. } | Actor::Guest { creator: id, .. } => {
                self.users.get(id).map(String::as_str)
            }
            Actor::Owner | Actor::Worker(_) => None,
        }
    }

    /// Label of the device whose password an actor used, unless that was revoked.
    pub fn device(&self, actor: &Actor) -> Option<&str> {
        match actor {
            Actor::User { via: Via::Device(id), .. } => self.devices.get(id).map(String::as_str),
            Actor::User { .. } | Actor::Guest { .. } | Actor::Owner | Actor::Worker(_) => None,
        }
    }
}
