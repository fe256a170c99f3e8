//! Actions of people in the holding area, for the history.

use super::IntakeError;
use crate::catalog::{HoldRow, WriteTx};
use crate::model::{Event, HoldEvent, Stamp, UserId};

/// Records an event about a held content, and another person whom it concerns.
pub(super) fn tell(
    tx: &WriteTx<'_>,
    by: &Stamp,
    hold: &HoldRow,
    kind: HoldEvent,
    reason: Option<String>,
    whom: Option<(UserId, String)>,
) -> Result<(), IntakeError> {
    let version = tx.version(hold.version)?.ok_or(IntakeError::NoSuchHold)?;
    let spot = tx.spot(version.entry)?.ok_or(IntakeError::NoSuchHold)?;
    Ok(tx.record(by, &Event::Hold { kind, spot, version: version.id, reason, whom })?)
}
