//! Two persons: where a space asks for them, the first decision to release a content is only noted, and that of another
//! person carries it out. The owner at the command line counts as one person.

use std::time::Duration;

use super::IntakeError;
use crate::catalog::{ApprovalRow, HoldRow, ReadTx, WriteTx};
use crate::model::{CLOCK_TOLERANCE, HoldDecision, HoldOrder, ReleaseBy, Stamp, Timestamp};

/// Time after which the first of two decisions counts no more.
pub const APPROVAL_LASTS: Duration = Duration::from_hours(24);

/// Whether a decision about this content is one for two persons.
pub(super) fn needs_two(hold: &HoldRow, decision: HoldDecision) -> bool {
    let releases = matches!(decision, HoldDecision::Release | HoldDecision::Override);
    releases && hold.release_by == ReleaseBy::Two
}

/// Whether the first decision still fits the hold, apart from its age.
pub(super) fn fits(first: &ApprovalRow, hold: &HoldRow) -> bool {
    hold.release_by == ReleaseBy::Two && first.state == hold.state && first.objection == hold.reason
}

/// Whether another person decided the same before.
pub(super) fn is_seconded(
    tx: &ReadTx<'_>,
    hold: &HoldRow,
    order: &HoldOrder,
    by: &Stamp,
) -> Result<bool, IntakeError> {
    let first = standing(tx, hold, order, by.at)?;
    Ok(first.is_some_and(|first| first.user != by.actor.person()))
}

/// Notes the first of two decisions; returns when it lapses.
///
/// Errors: `SamePerson` if it is the person's own that still counts.
pub(super) fn note_first(
    tx: &WriteTx<'_>,
    hold: &HoldRow,
    order: &HoldOrder,
    by: &Stamp,
) -> Result<Timestamp, IntakeError> {
    let user = by.actor.person();
    if standing(tx, hold, order, by.at)?.is_some_and(|first| first.user == user) {
        return Err(IntakeError::SamePerson);
    }
    let at = tx.not_before_certain(by.at)?;
    let lapses = at.after(APPROVAL_LASTS);
    let HoldOrder { decision, to, .. } = *order;
    let (state, objection) = (hold.state, hold.reason);
    tx.put_approval(hold.id, &ApprovalRow { user, decision, to, state, objection, at, lapses })?;
    Ok(lapses)
}

/// The first decision of this kind, while it counts. By the later of both clocks, so that a clock that is set back keeps
/// none alive.
fn standing(
    tx: &ReadTx<'_>,
    hold: &HoldRow,
    order: &HoldOrder,
    now: Timestamp,
) -> Result<Option<ApprovalRow>, IntakeError> {
    let now = tx.not_before_certain(now)?;
    let counts = |first: &ApprovalRow| {
        (first.decision, first.to) == (order.decision, order.to)
            && fits(first, hold)
            && now < first.lapses
            && first.at.since(now) <= CLOCK_TOLERANCE
    };
    Ok(tx.approval(hold.id)?.filter(counts))
}
