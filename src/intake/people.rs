//! Decisions of people about held contents. Each is recorded with its reason.

use super::decide::{Clock, Scanned};
use super::examine::turn;
use super::second::{is_seconded, needs_two, note_first};
use super::shown::{Hold, may_handle};
use super::{Intake, IntakeError};
use crate::catalog::{HoldRow, HoldUpdate, WriteTx};
use crate::model::{
    Access, Event, HoldDecision, HoldEvent, HoldId, HoldReason, HoldState, Obstacle, Stamp, Timestamp,
    VerdictKind,
};

/// What a decision led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    /// It was carried out; the new state.
    Done(HoldState),
    /// It is the first of two; another person can carry it out until then.
    Waits(Timestamp),
}

impl Hold {
    /// The decisions that are possible in its present state.
    pub fn decisions(&self) -> impl Iterator<Item = HoldDecision> {
        let state = self.state;
        // Whether it was ever found clean changes where a decision leads, not whether it is possible.
        HoldDecision::ALL.iter().copied().filter(move |decision| target(state, true, *decision).is_ok())
    }

    /// Whether it is in the state to which a decision leads. After a new examination, that may be any.
    pub fn shows(&self, decision: HoldDecision) -> bool {
        match decision {
            HoldDecision::Release => self.state == HoldState::Released && !self.overridden,
            HoldDecision::Override => self.state == HoldState::Released && self.overridden,
            HoldDecision::Keep => self.reason == Some(HoldReason::Kept),
            HoldDecision::Quarantine => self.reason == Some(HoldReason::QuarantinedByHand),
            HoldDecision::Retry => !self.state.has_ended(),
            HoldDecision::Withdraw => self.state == HoldState::Withdrawn,
        }
    }
}

impl Intake {
    /// Carries out a decision. Where two persons release, the first decision to do so is noted only.
    ///
    /// Errors: `NoSuchHold`, also without the right to decide about the space's held contents; `NoReason`; `WrongState`; `NotClean`;
    /// `SamePerson`; `Changed` if something else happened during the scan.
    pub async fn decide(
        &self,
        accesses: Vec<Access>,
        id: HoldId,
        decision: HoldDecision,
        reason: Option<String>,
        by: Stamp,
    ) -> Result<Decided, IntakeError> {
        let hold = self.catalog().read(move |tx| Ok::<_, IntakeError>(tx.hold(id)?)).await?;
        let hold = hold.ok_or(IntakeError::NoSuchHold)?;
        if !may_handle(&accesses, &hold) {
            return Err(IntakeError::NoSuchHold);
        }
        let reason = reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
        if reason.is_none() && decision != HoldDecision::Retry {
            return Err(IntakeError::NoReason);
        }
        let to = target(hold.state, hold.first_signatures.is_none(), decision)?;
        if needs_two(&hold, decision)
            && let Some(lapses) = self.approve(&hold, decision, reason.clone(), by).await?
        {
            return Ok(Decided::Waits(lapses));
        }
        let scanned = match decision {
            HoldDecision::Release => Some(self.clean_now(&hold, by).await?),
            HoldDecision::Override
            | HoldDecision::Keep
            | HoldDecision::Quarantine
            | HoldDecision::Retry
            | HoldDecision::Withdraw => None,
        };
        Ok(Decided::Done(self.enact(hold, to, decision, reason, scanned, by).await?))
    }

    /// Notes the first of two decisions, and returns when it lapses; `None` if another person decided the same before.
    async fn approve(
        &self,
        hold: &HoldRow,
        decision: HoldDecision,
        reason: Option<String>,
        by: Stamp,
    ) -> Result<Option<Timestamp>, IntakeError> {
        let seen = hold.clone();
        let approve = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            if tx.hold(seen.id)?.as_ref() != Some(&seen) {
                return Err(IntakeError::Changed);
            }
            if is_seconded(tx, &seen, decision, &by)? {
                return Ok(None);
            }
            let lapses = note_first(tx, &seen, decision, &by)?;
            tell(tx, &by, &seen, HoldEvent::Approved, reason)?;
            Ok(Some(lapses))
        };
        self.library.storing().await?.write(approve).await
    }

    /// The clean result of a scan now, of a content that can be looked at whole.
    ///
    /// Errors: `NotClean`.
    async fn clean_now(&self, hold: &HoldRow, by: Stamp) -> Result<Scanned, IntakeError> {
        let refused = |reason| IntakeError::NotClean { reason };
        let engine = self.engine.as_ref().ok_or_else(|| refused(HoldReason::NoScanner))?;
        self.trusted_signatures(engine, by.at).await.map_err(refused)?;
        let finding = self.scan(hold.space, hold.version, engine, hold.look.is_none()).await?;
        let objection = match &finding {
            Err(reason) => return Err(refused(*reason)),
            Ok(scanned) => match scanned.verdict.result {
                VerdictKind::Clean => {
                    let look = scanned.look.as_ref().or(hold.look.as_ref());
                    match look.and_then(|look| look.obstacle) {
                        None => return Ok(scanned.clone()),
                        Some(Obstacle::Encrypted) => HoldReason::Encrypted,
                        Some(_) => HoldReason::NotFullyScannable,
                    }
                }
                VerdictKind::Infected => HoldReason::Infected,
                VerdictKind::NotFullyScannable => HoldReason::NotFullyScannable,
                VerdictKind::Encrypted => HoldReason::Encrypted,
            },
        };
        // What it found counts at once, not only at the next scan.
        self.settle(hold, &finding, Clock { now: by.at, certain: by.at }).await?;
        Err(refused(objection))
    }

    async fn enact(
        &self,
        hold: HoldRow,
        to: HoldState,
        decision: HoldDecision,
        reason: Option<String>,
        scanned: Option<Scanned>,
        by: Stamp,
    ) -> Result<HoldState, IntakeError> {
        let enacted = move |tx: &WriteTx<'_>| {
            let why = match decision {
                HoldDecision::Keep => Some(HoldReason::Kept),
                HoldDecision::Quarantine => Some(HoldReason::QuarantinedByHand),
                // The objection that was overridden stays visible.
                HoldDecision::Override => hold.reason,
                HoldDecision::Release | HoldDecision::Retry | HoldDecision::Withdraw => None,
            };
            let update = HoldUpdate {
                state: to,
                next: if decision == HoldDecision::Retry { Some(tx.not_after_certain(by.at)?) } else { None },
                reason: why,
                // The mark stays.
                overridden: hold.overridden || decision == HoldDecision::Override,
                first_signatures: hold.first_signatures.as_deref(),
            };
            if needs_two(&hold, decision) && !is_seconded(tx, &hold, decision, &by)? {
                return Err(IntakeError::Changed);
            }
            tx.delete_approval(hold.id)?;
            record(tx, &by, &hold, decision, reason.clone())?;
            match turn(tx, &by, &hold, scanned.as_ref(), &update, reason)? {
                true => Ok(to),
                false => Err(IntakeError::Changed),
            }
        };
        self.library.storing().await?.write(enacted).await
    }
}

/// Records a decision that does not show in the state of the content.
fn record(
    tx: &WriteTx<'_>,
    by: &Stamp,
    hold: &HoldRow,
    decision: HoldDecision,
    reason: Option<String>,
) -> Result<(), IntakeError> {
    let kind = match decision {
        HoldDecision::Keep => HoldEvent::Kept,
        HoldDecision::Retry => HoldEvent::Retried,
        HoldDecision::Withdraw => HoldEvent::Withdrawn,
        HoldDecision::Override => HoldEvent::Overridden,
        HoldDecision::Release | HoldDecision::Quarantine => {
            tx.silent("the content's new state is the event");
            return Ok(());
        }
    };
    tell(tx, by, hold, kind, reason)
}

/// Records an event about a held content.
fn tell(
    tx: &WriteTx<'_>,
    by: &Stamp,
    hold: &HoldRow,
    kind: HoldEvent,
    reason: Option<String>,
) -> Result<(), IntakeError> {
    let version = tx.version(hold.version)?.ok_or(IntakeError::NoSuchHold)?;
    let spot = tx.spot(version.entry)?.ok_or(IntakeError::NoSuchHold)?;
    Ok(tx.record(by, &Event::Hold { kind, spot, version: version.id, reason })?)
}

/// The state to which a decision leads, about a content in this state that was never found clean or was.
fn target(state: HoldState, was_never_clean: bool, decision: HoldDecision) -> Result<HoldState, IntakeError> {
    let wrong = Err(IntakeError::WrongState { state });
    match (decision, state) {
        // What was released may be taken back only by quarantine.
        (HoldDecision::Quarantine, HoldState::Released) => Ok(HoldState::Quarantined),
        (_, HoldState::Released) => wrong,
        (HoldDecision::Retry, _) if was_never_clean => Ok(HoldState::Arrived),
        (HoldDecision::Retry, _) => Ok(HoldState::Held),
        (_, HoldState::Withdrawn) => wrong,
        (HoldDecision::Release | HoldDecision::Override, _) => Ok(HoldState::Released),
        (HoldDecision::Keep, _) => Ok(HoldState::NeedsDecision),
        (HoldDecision::Quarantine, _) => Ok(HoldState::Quarantined),
        (HoldDecision::Withdraw, _) => Ok(HoldState::Withdrawn),
    }
}
