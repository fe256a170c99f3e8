//! The consequences of a scanner's finding: quarantine, and the brake for a signature that finds too much.

use std::time::Duration;

use super::IntakeError;
use super::allowance::allowance;
use crate::catalog::{HoldUpdate, ReadTx, VerdictRow, VersionRow, WriteTx};
use crate::library::version::{change_state, take_back};
use crate::model::{
    EntryId, Event, HoldReason, HoldState, LinkEvent, Stamp, Timestamp, VerdictKind, VersionState,
};

/// Contents that one signature may find within [`BRAKE_TIME`] and have quarantined. Those after them are withheld as
/// well, but wait for a person: a wrong signature would otherwise end the links to half of an office's files.
const MAX_HITS: u64 = 20;
/// Where one in a hundred stored versions is less than [`MAX_HITS`], the brake acts from there, but not below this.
const MIN_HITS: u64 = 5;
/// Time within which hits of one signature count together.
const BRAKE_TIME: Duration = Duration::from_hours(1);

/// State and reason of a content in which this was found.
pub(super) fn consequence(
    tx: &ReadTx<'_>,
    virus: Option<&str>,
    now: Timestamp,
) -> Result<(HoldState, HoldReason), IntakeError> {
    let earlier = tx.infections(virus.unwrap_or_default(), now.before(BRAKE_TIME))?;
    let stored = tx.rescan()?.map_or(u64::MAX, |pass| pass.total);
    let most = MAX_HITS.min((stored / 100).max(MIN_HITS));
    Ok(match earlier >= most {
        true => (HoldState::NeedsDecision, HoldReason::MassHit),
        false => (HoldState::Quarantined, HoldReason::Infected),
    })
}

/// Takes a stored content in which one of these verdicts found something from its readers, and ends the links to its
/// file. `false` if a person released it although the same was found, or lets its content in.
pub(super) fn withhold(
    tx: &WriteTx<'_>,
    by: &Stamp,
    version: &VersionRow,
    verdicts: &[VerdictRow],
) -> Result<bool, IntakeError> {
    let hold = tx.hold_on(version.id)?;
    let is_found = |verdict: &&VerdictRow| verdict.result == VerdictKind::Infected;
    let found = verdicts.iter().filter(is_found).map(|verdict| verdict.detail.as_deref());
    let is_known = match &hold {
        Some(hold) => {
            let known = tx.verdicts(hold.id)?;
            let known: Vec<_> = known.iter().filter(is_found).map(|known| known.detail.as_deref()).collect();
            found.clone().all(|virus| known.contains(&virus))
        }
        None => false,
    };
    let virus = found.min().flatten();
    if is_known && hold.as_ref().is_some_and(|hold| hold.overridden) {
        return Ok(false);
    }
    let space = tx.entry(version.entry)?.map(|file| file.space);
    if let Some(space) = space
        && allowance(tx, space, version, tx.not_before_certain(by.at)?)?.is_some()
    {
        return Ok(false);
    }
    if !is_known {
        take_back(tx, by, version)?;
    }
    let (state, reason) = consequence(tx, virus, by.at)?;
    let id = match hold {
        None => tx.insert_found(version.id, version.created, state, reason)?,
        Some(hold) => {
            let update = HoldUpdate {
                state,
                next: None,
                reason: Some(reason),
                overridden: hold.overridden,
                first_signatures: hold.first_signatures.as_deref(),
            };
            tx.update_hold(hold.id, &update)?;
            hold.id
        }
    };
    verdicts.iter().try_for_each(|verdict| tx.insert_verdict(id, verdict))?;
    if state == HoldState::Quarantined {
        change_state(tx, by, version, VersionState::Quarantined, virus.map(str::to_owned))?;
        if version.replaced.is_none() {
            end_links(tx, by, version.entry)?;
        }
    } else {
        change_state(tx, by, version, VersionState::Held, virus.map(str::to_owned))?;
    }
    Ok(true)
}

/// Ends the links to a file. Those to a folder above it stay: they do not show it.
fn end_links(tx: &WriteTx<'_>, by: &Stamp, file: EntryId) -> Result<(), IntakeError> {
    for link in tx.links_to(file)? {
        let Some(spot) = tx.spot(file)? else { break };
        tx.delete_link(link.id)?;
        tx.record(by, &Event::Link { kind: LinkEvent::Ended, link: link.id, spot, right: link.right })?;
    }
    Ok(())
}
