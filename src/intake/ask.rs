//! Requests for a held content: a person who may read the space asks for it with one click, and those who decide see that.
//! They hand it out (`people.rs`) or decline.

use super::people::words;
use super::shown::{Standing, handled, hold_of};
use super::tell::tell;
use super::{Intake, IntakeError};
use crate::catalog::WriteTx;
use crate::model::{Access, HoldEvent, HoldId, Stamp, UserId};

impl Intake {
    /// Notes that a person asks for the content of an item. Asking again changes nothing until the request was declined.
    ///
    /// Errors: `NoSuchHold`, also if the person does not merely wait for it: a person who decides about it need not
    /// ask, and its author has it.
    pub async fn ask(
        &self,
        accesses: Vec<Access>,
        id: HoldId,
        reason: Option<String>,
        by: Stamp,
    ) -> Result<(), IntakeError> {
        let ask = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            let (hold, standing) = hold_of(tx, &accesses, id)?;
            let person = by.actor.person().filter(|_| standing == Standing::Reads);
            let person = person.ok_or(IntakeError::NoSuchHold)?;
            let is_pending = tx.hold_request(id, person)?.is_some_and(|request| request.declined.is_none());
            if is_pending || tx.handed_out(hold.version)?.iter().any(|row| row.user == person) {
                tx.silent("nothing changes");
                return Ok(());
            }
            let reason = words(reason);
            tx.put_hold_request(id, person, by.at, reason.as_deref())?;
            tell(tx, &by, &hold, HoldEvent::Asked, reason, None)
        };
        self.library.storing().await?.write(ask).await
    }

    /// Declines a person's request for an item.
    ///
    /// Errors: `NoSuchHold`, also without the right to decide about it; `NoReason`; `NotAsked`.
    pub async fn decline(
        &self,
        accesses: Vec<Access>,
        id: HoldId,
        person: UserId,
        reason: Option<String>,
        by: Stamp,
    ) -> Result<(), IntakeError> {
        let decline = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            let hold = handled(tx, &accesses, id)?;
            let reason = Some(words(reason).ok_or(IntakeError::NoReason)?);
            if !tx.decline_hold_request(id, person, by.at, reason.as_deref())? {
                return Err(IntakeError::NotAsked);
            }
            // A person without the right any more is declined as well.
            let name = tx.user(person)?.map(|account| account.name).unwrap_or_default();
            tell(tx, &by, &hold, HoldEvent::Declined, reason, Some((person, name)))
        };
        self.library.storing().await?.write(decline).await
    }
}
