//! A password that a person gives for a held content: the parts that it opens are examined as if they had come open.
//! The content itself stays as it came.

use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::decide::Clock;
use super::opening::Closed;
use super::passwords::wants_password;
use super::shown::hold_of;
use super::trust::{Failure, Ready};
use super::verdict::Asked;
use super::{Intake, IntakeError};
use crate::catalog::HoldRow;
use crate::inspect::MAX_KEYS;
use crate::library::LibraryError;
use crate::model::{Access, HoldId, HoldState, Stamp};
use crate::scan::KeptSignatures;

/// Most other files of a delivery on which a password is tried that was given for one.
const MAX_DELIVERY: usize = 30;

/// Longest time of a request for these attempts; the rest then waits for its password.
const LONGEST_DELIVERY: Duration = Duration::from_secs(20);

/// The result of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    /// The item's new state.
    pub state: HoldState,
    /// Whether another part of it stays closed.
    pub is_partly: bool,
}

impl Intake {
    /// Opens the encrypted parts of a held content, scans and looks into them, and treats it by the result; returns
    /// the new state. The password is kept in memory for the second scan, beside those that opened other parts. One that
    /// opens nothing changes nothing.
    ///
    /// It is tried on the mail with which the content came, and on the other attachments, too: a person gives it once for a
    /// delivery. Contents that it does not open there stay as they are.
    ///
    /// Every person who decides about it, has sent it or waits for it may give the password.
    ///
    /// Errors: `NoSuchHold`, also for an item with which the person has nothing to do; `NoPasswordNeeded`;
    /// `TooManyPasswords`; `WrongPassword`; `NotOpened`; `NotClean` if it could not be scanned now; `Changed` if something
    /// else happened during the scan.
    pub async fn give_password(
        &self,
        accesses: Vec<Access>,
        id: HoldId,
        password: SecretString,
        by: Stamp,
    ) -> Result<Given, IntakeError> {
        let of = accesses.clone();
        let (hold, _) = self.catalog().read(move |tx| hold_of(tx, &of, id)).await?;
        if !wants_password(&hold, &self.passwords) {
            return Err(IntakeError::NoPasswordNeeded);
        }
        let ready = self.ready(by.at).await.map_err(Failure::refusal)?;
        if !self.passwords.attempt(id, by.actor.person(), by.at) {
            return Err(IntakeError::TooManyPasswords);
        }
        let password = Arc::new(password);
        let given = self.open_with(&hold, &password, &ready, by).await?;
        let begun = Instant::now();
        for other in self.others_of_delivery(&hold, accesses).await? {
            if begun.elapsed() > LONGEST_DELIVERY {
                break;
            }
            // A content that it does not open has another password, or is examined later.
            let opened = self.open_with(&other, &password, &ready, by).await;
            if let Err(error @ IntakeError::Library(LibraryError::Catalog(_))) = opened {
                return Err(error);
            }
        }
        Ok(given)
    }

    /// The other items of a delivery that want a password.
    async fn others_of_delivery(
        &self,
        hold: &HoldRow,
        accesses: Vec<Access>,
    ) -> Result<Vec<HoldRow>, IntakeError> {
        let (own, passwords) = (hold.version, Arc::clone(&self.passwords));
        let others = self.catalog().read(move |tx| {
            let mut others = Vec::new();
            for version in tx.delivery_of(own, MAX_DELIVERY)?.into_iter().filter(|other| *other != own) {
                let Some(hold) = tx.hold_on(version)? else { continue };
                match hold_of(tx, &accesses, hold.id) {
                    Ok((hold, _)) if wants_password(&hold, &passwords) => others.push(hold),
                    Ok(_) | Err(IntakeError::NoSuchHold) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok::<_, IntakeError>(others)
        });
        others.await
    }

    async fn open_with(
        &self,
        hold: &HoldRow,
        password: &Arc<SecretString>,
        ready: &Ready,
        by: Stamp,
    ) -> Result<Given, IntakeError> {
        let id = hold.id;
        // Each part may have a password of its own.
        let mut passwords = self.passwords.of(id);
        passwords.drain(..passwords.len().saturating_sub(MAX_KEYS - 1));
        passwords.push(Arc::clone(password));
        let (space, version) = (hold.space, hold.version);
        let asked = Asked { space, version, looks: true, passwords, is_attempt: true };
        let scanned = self.examine(asked, ready).await?.map_err(|closed| match closed {
            Closed::WrongPassword => IntakeError::WrongPassword,
            Closed::NotOpened => IntakeError::NotOpened,
            Closed::Because(failure) => failure.refusal(),
        })?;
        // A scanner loaded others since it was tested.
        if !scanned.signatures.are(&KeptSignatures::parse(&ready.signatures.kept())) {
            self.ready(by.at).await.map_err(Failure::refusal)?;
        }
        // Before its state changes: the next scan may begin at once.
        self.passwords.keep(id, Arc::clone(password));
        let certain =
            self.catalog().read(move |tx| Ok::<_, IntakeError>(tx.not_after_certain(by.at)?)).await?;
        let clock = Clock { now: by.at, certain, up_since: *self.up_since.get_or_init(|| certain) };
        let is_partly = scanned.is_closed;
        let settled = self.settle_opened(hold, &Ok(scanned), clock, Some(by)).await;
        if !matches!(settled, Ok(Some(_))) {
            self.passwords.forget_one(id, password);
        }
        let state = settled?.ok_or(IntakeError::Changed)?;
        Ok(Given { state, is_partly: is_partly && state == HoldState::NeedsDecision })
    }
}
