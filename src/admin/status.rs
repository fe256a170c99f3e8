//! The state of an open instance.

use super::answer::Admin;
use super::error::AdminError;
use super::{Reply, StatusShown, When};
use crate::intake::SilentScanner;
use crate::library::{DAMAGED_CATALOGUE, ReadOnlyCause};
use crate::model::{Timestamp, layout};
use crate::text::Language;

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
        let mut warnings = Vec::new();
        if is_rolled_back == Some(true) {
            warnings.push(
                "the catalogue is older than the stored files, so nothing is removed for good; stop the server \
                 and run `tresor rebuild`"
                    .to_owned(),
            );
        }
        if library.is_catalogue_damaged() {
            warnings.push(DAMAGED_CATALOGUE.to_owned());
        }
        if self.known(lost_space)?.flatten().is_some() {
            warnings.push(
                "spaces/ holds none of the stored files: is the disk mounted that it lies on? Mount it, or bring \
                 spaces/ back from a backup"
                    .to_owned(),
            );
        }
        for space in without_key.iter().flatten() {
            warnings.push(format!(
                "the key file of space {} is missing, damaged or another space's, and without the right one none of \
                 its files opens; bring {} back from a backup",
                space.name,
                layout::space_key(space.id)
            ));
        }
        if let Some(doubt) = library.clock_doubt() {
            let (hours, left) = (doubt.distance.as_secs() / 3_600, doubt.left.as_secs() / 3_600);
            let place = if doubt.is_ahead { "ahead of" } else { "behind" };
            warnings.push(format!(
                "the clock is {hours} hours {place} the time that it should be by how long the machine has been \
                 running, so nothing goes for good by it; put it right if it is wrong, else it is believed after \
                 {left} more hours of running"
            ));
        }
        let holds = spaces.iter().flatten().any(|space| space.settings.hold.is_some());
        if holds && !self.intake.has_scanner() {
            warnings.push(
                "a space holds what arrives, but no scanner is set up ([intake] clamd), so nothing is released".to_owned(),
            );
        }
        for scanner in self.intake.silent_scanners(Timestamp::now()).await.iter().filter(|_| holds) {
            warnings.push(silent(scanner));
        }
        let undelivered = self.known(self.notices.undelivered(now).await)?.unwrap_or_default();
        if undelivered > 0 {
            warnings.push(format!(
                "{undelivered} mails could not be delivered during the last week; `tresor notices list` shows them, and \
                 `tresor notices retry` sends one again"
            ));
        }
        let undecided = self.intake.undecided().await;
        let (undecided, in_doubt) = self.known(undecided)?.unwrap_or_default();
        if undecided > 0 {
            warnings.push(format!(
                "{undecided} contents in the holding area wait for a decision; `tresor hold list` shows them"
            ));
        }
        if in_doubt > 0 {
            warnings.push(format!(
                "a scanner's signature found something in many contents at once, and {in_doubt} of them are locked until \
                 a person decides: is the signature wrong? `tresor hold list` shows them, and `tresor hold release \
                 --virus NAME` releases those that it no longer finds"
            ));
        }
        let read_only = library.read_only();
        Ok(Reply::Status(StatusShown {
            warnings,
            workers: Vec::new(),
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

    /// `None` if a damaged catalogue cannot answer.
    fn known<T, E: Into<AdminError>>(&self, outcome: Result<T, E>) -> Result<Option<T>, AdminError> {
        match outcome {
            Ok(known) => Ok(Some(known)),
            Err(_) if self.library.is_catalogue_damaged() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// A scanner that gives no verdicts, as a warning.
fn silent(scanner: &SilentScanner) -> String {
    let what = Language::English.hold_reason(scanner.reason);
    match (&scanner.name, scanner.is_required) {
        (None, _) => format!("{what}, so the holding area releases nothing; does clamd run?"),
        (Some(name), true) => format!("{what} ({name}), so the holding area releases nothing"),
        (Some(name), false) => {
            format!("{what} ({name}); contents are released without it, and their certificates say so")
        }
    }
}
