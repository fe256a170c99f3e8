//! The state of an open instance.

use super::error::AdminError;
use super::service::Admin;
use super::{Reply, StatusShown, Trouble, When};
use crate::accounts::UserRow;
use crate::library::ReadOnlyCause;
use crate::model::{Timestamp, layout};

impl Admin {
    /// Collects the state. Values that a damaged catalogue cannot provide stay unknown; all others are
    /// reported anyway.
    pub(super) async fn status(&self, now: Timestamp) -> Result<Reply, AdminError> {
        let library = &self.library;
        let (spaces, integrity) = (library.spaces().await, library.integrity().await);
        let users = self.accounts.users().await;
        let (is_rolled_back, without_key) =
            (library.is_rolled_back().await, library.spaces_without_key().await);
        let lost_space = library.lost_space().await;
        library.look_into_suspicion().await;
        let (spaces, integrity) = (self.known(spaces)?, self.known(integrity)?);
        let users = self.known(users)?;
        let (is_rolled_back, without_key) = (self.known(is_rolled_back)?, self.known(without_key)?);
        let read_only = library.read_only();
        let mut troubles: Vec<_> = read_only.map(Trouble::read_only).into_iter().collect();
        if is_rolled_back == Some(true) {
            troubles.push(Trouble::RolledBack);
        }
        if library.is_catalogue_damaged() {
            troubles.push(Trouble::CatalogueDamaged);
        }
        if self.known(lost_space)?.flatten().is_some() {
            troubles.push(Trouble::StorageMissing);
        }
        troubles.extend(without_key.iter().flatten().map(|space| Trouble::KeyMissing {
            space: space.name.clone(),
            file: layout::space_key(space.id),
        }));
        troubles.extend(library.clock_doubt().map(|doubt| Trouble::ClockDoubted {
            hours: doubt.distance.as_secs() / 3_600,
            ahead: doubt.is_ahead,
            left: doubt.left.as_secs() / 3_600,
        }));
        let holds = spaces.iter().flatten().any(|space| space.settings.hold.is_some());
        if holds && !self.intake.has_scanner() {
            troubles.push(Trouble::NoScanner);
        }
        if holds {
            let silent = self.intake.silent_scanners(Timestamp::now()).await;
            troubles.extend(silent.iter().map(Trouble::silent));
        }
        let undelivered = self.known(self.notices.undelivered(now).await)?.unwrap_or_default();
        let without_address = match (self.sharing.sends_mails(), &users) {
            (Some(true), Some(users)) => self.known(self.without_address(users).await)?.unwrap_or_default(),
            _ => 0,
        };
        let (undecided, in_doubt) = self.known(self.intake.undecided().await)?.unwrap_or_default();
        let damaged = integrity.as_ref().map_or(0, |integrity| integrity.damaged);
        let counted = [
            Trouble::Damaged { count: damaged },
            Trouble::MailsUndelivered { count: undelivered },
            Trouble::NoAddress { count: without_address },
            Trouble::Undecided { count: undecided },
            Trouble::MassHit { count: in_doubt },
        ];
        troubles.extend(counted.into_iter().filter(|trouble| trouble.count() != Some(0)));
        Ok(Reply::Status(StatusShown {
            warnings: troubles.iter().filter_map(Trouble::warning).collect(),
            troubles,
            workers: self.jobs.get().map(|jobs| jobs()).unwrap_or_default(),
            state: if read_only.is_some() { "read-only" } else { "serving" }.into(),
            advice: read_only.map(ReadOnlyCause::advice),
            version: env!("CARGO_PKG_VERSION").into(),
            users: users.map(|users| users.len()),
            used_bytes: spaces.as_ref().map(|spaces| spaces.iter().map(|space| space.used.0).sum()),
            spaces: spaces.map(|spaces| spaces.len()),
            damaged_containers: integrity.map(|integrity| integrity.damaged),
            spaces_without_key: without_key.map(|spaces| spaces.len()),
            last_full_verify: integrity.and_then(|integrity| integrity.last_full).map(When),
        }))
    }

    /// Number of these users who can log in and have no address for mails.
    async fn without_address(&self, users: &[UserRow]) -> Result<u64, AdminError> {
        let people = self.accounts.people().await?;
        let is_missed = |user: &&UserRow| user.disabled.is_none() && people.contact(user.id).is_none();
        Ok(users.iter().filter(is_missed).map(|_| 1).sum())
    }

    /// `None` if a damaged catalogue cannot answer.
    fn known<T, E: Into<AdminError>>(&self, outcome: Result<T, E>) -> Result<Option<T>, AdminError> {
        match outcome {
            Ok(known) => Ok(Some(known)),
            Err(_) if self.library.is_catalogue_damaged() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
