//! A password that a person gives for a held content: what it opens is examined as if it had come open. The content itself stays
//! as it came.

use std::sync::Arc;

use secrecy::SecretString;

use super::decide::Clock;
use super::opening::Closed;
use super::passwords::wants_password;
use super::shown::hold_of;
use super::verdict::Asked;
use super::{Intake, IntakeError};
use crate::model::{Access, HoldId, HoldReason, HoldState, Stamp};

impl Intake {
    /// Opens a held content with its password, scans and looks into what is in it, and treats it by what was found; returns
    /// the new state. The password is kept in memory for the second scan. One that is wrong changes nothing.
    ///
    /// Whoever decides about it, has sent it or waits for it may give the password.
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
    ) -> Result<HoldState, IntakeError> {
        let (hold, _) = self.catalog().read(move |tx| hold_of(tx, &accesses, id)).await?;
        if !wants_password(&hold, &self.passwords) {
            return Err(IntakeError::NoPasswordNeeded);
        }
        let refused = |reason| IntakeError::NotClean { reason };
        let engine = self.engine.as_ref().ok_or_else(|| refused(HoldReason::NoScanner))?;
        let signatures = self.trusted_signatures(engine, by.at).await.map_err(refused)?;
        if !self.passwords.attempt(id, by.actor.person(), by.at) {
            return Err(IntakeError::TooManyPasswords);
        }
        let password = Arc::new(password);
        let asked = Asked {
            space: hold.space,
            version: hold.version,
            looks: true,
            password: Some(Arc::clone(&password)),
        };
        let scanned = self.examine(asked, engine).await?.map_err(|closed| match closed {
            Closed::WrongPassword => IntakeError::WrongPassword,
            Closed::NotOpened => IntakeError::NotOpened,
            Closed::Because(reason) => refused(reason),
        })?;
        // The scanner loaded others since it was tested.
        if scanned.signatures.identity != signatures.identity {
            self.trusted_signatures(engine, by.at).await.map_err(refused)?;
        }
        // Before its state changes: the next scan may begin at once.
        self.passwords.keep(id, password);
        let certain =
            self.catalog().read(move |tx| Ok::<_, IntakeError>(tx.not_after_certain(by.at)?)).await?;
        let clock = Clock { now: by.at, certain, up_since: *self.up_since.get_or_init(|| certain) };
        let settled = self.settle_opened(&hold, &Ok(scanned), clock, Some(by)).await;
        if !matches!(settled, Ok(Some(_))) {
            self.passwords.forget(id);
        }
        settled?.ok_or(IntakeError::Changed)
    }
}
