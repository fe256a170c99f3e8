//! Decisions of people about held contents. Each is recorded with its reason.

use super::decide::{Clock, Scanned};
use super::examine::turn;
use super::second::{is_seconded, needs_two, note_first};
use super::shown::{Hold, Standing, hold_of};
use super::tell::tell;
use super::trust::Failure;
use super::{Intake, IntakeError};
use crate::catalog::{HandedOutRow, HoldRow, HoldUpdate, ReadTx, WriteTx};
use crate::library::version::hand_out;
use crate::model::{
    Access, HoldDecision, HoldEvent, HoldId, HoldOrder, HoldReason, HoldState, Obstacle, SpaceId, Stamp,
    Timestamp, UserId, VerdictKind,
};

/// The result of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    /// It was carried out; the new state.
    Done(HoldState),
    /// It was handed out to one person, and stays held for all others.
    HandedOut,
    /// It is the first of two; another person can carry it out until then.
    Waits(Timestamp),
}

impl Hold {
    /// Whether the person to whom it is shown decides about it.
    pub fn decides(&self) -> bool {
        self.standing == Standing::Decides
    }

    /// The decisions that are possible in its present state, for the person to whom it is shown.
    pub fn decisions(&self) -> impl Iterator<Item = HoldDecision> {
        let (state, standing) = (self.state, self.standing);
        let may = move |decision| match standing {
            Standing::Decides => true,
            Standing::Sent => decision == HoldDecision::Withdraw,
            Standing::Reads => false,
        };
        // Whether it was ever found clean changes where a decision leads, not whether it is possible.
        let decisions = HoldDecision::ALL.iter().copied().filter(move |decision| may(*decision));
        decisions.filter(move |decision| target(state, true, *decision).is_ok())
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
    /// The author of a content may withdraw it, without a reason; all else needs the right to decide about the space's held
    /// contents.
    ///
    /// Errors: `NoSuchHold`, also without that right; `NoReason`; `WrongState`; `NotForOne`; `NotAReader`; `NotClean`;
    /// `SamePerson`; `Changed` if something else happened during the scan.
    pub async fn decide(
        &self,
        accesses: Vec<Access>,
        id: HoldId,
        order: HoldOrder,
        by: Stamp,
    ) -> Result<Decided, IntakeError> {
        let (hold, standing) = self.catalog().read(move |tx| hold_of(tx, &accesses, id)).await?;
        let is_own = standing == Standing::Sent && order.decision == HoldDecision::Withdraw;
        if standing != Standing::Decides && !is_own {
            return Err(IntakeError::NoSuchHold);
        }
        let order = HoldOrder { reason: words(order.reason), ..order };
        let HoldOrder { decision, to, .. } = order;
        if order.reason.is_none() && decision != HoldDecision::Retry && !is_own {
            return Err(IntakeError::NoReason);
        }
        if to.is_some() && !releases(decision) {
            return Err(IntakeError::NotForOne);
        }
        let state = target(hold.state, hold.first_signatures.is_none(), decision)?;
        if needs_two(&hold, decision)
            && let Some(lapses) = self.approve(&hold, order.clone(), by).await?
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
        match to {
            None => Ok(Decided::Done(self.enact(hold, state, order, scanned, by).await?)),
            Some(person) => {
                self.hand_out(hold, order, person, scanned, by).await?;
                Ok(Decided::HandedOut)
            }
        }
    }

    /// Notes the first of two decisions, and returns when it lapses; `None` if another person decided the same before.
    async fn approve(
        &self,
        hold: &HoldRow,
        order: HoldOrder,
        by: Stamp,
    ) -> Result<Option<Timestamp>, IntakeError> {
        let seen = hold.clone();
        let approve = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            if tx.hold(seen.id)?.as_ref() != Some(&seen) {
                return Err(IntakeError::Changed);
            }
            if is_seconded(tx, &seen, &order, &by)? {
                return Ok(None);
            }
            let whom = order.to.map(|person| reader(tx, person, seen.space)).transpose()?;
            let lapses = note_first(tx, &seen, &order, &by)?;
            tell(tx, &by, &seen, HoldEvent::Approved, order.reason, whom)?;
            Ok(Some(lapses))
        };
        self.library.storing().await?.write(approve).await
    }

    /// The clean result of a scan now, of a content that can be looked at whole.
    ///
    /// Errors: `NotClean`.
    async fn clean_now(&self, hold: &HoldRow, by: Stamp) -> Result<Scanned, IntakeError> {
        let ready = self.ready(by.at).await.map_err(Failure::refusal)?;
        let finding = self.scan(hold, &ready).await?;
        let objection = match &finding {
            Err(failure) => return Err(failure.clone().refusal()),
            Ok(scanned) => match scanned.result {
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
                VerdictKind::NoAnswer => HoldReason::ScannerFailed,
            },
        };
        // Its finding counts at once, not only at the next scan.
        self.settle(hold, &finding, Clock { now: by.at, certain: by.at, up_since: by.at }).await?;
        Err(Failure::from(objection).refusal())
    }

    async fn enact(
        &self,
        hold: HoldRow,
        to: HoldState,
        order: HoldOrder,
        scanned: Option<Scanned>,
        by: Stamp,
    ) -> Result<HoldState, IntakeError> {
        let id = hold.id;
        let enacted = move |tx: &WriteTx<'_>| {
            let decision = order.decision;
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
            use_up(tx, &hold, &order, &by)?;
            record(tx, &by, &hold, decision, order.reason.clone())?;
            match turn(tx, &by, &hold, scanned.as_ref(), &update, order.reason)? {
                true => Ok(to),
                false => Err(IntakeError::Changed),
            }
        };
        let state = self.library.storing().await?.write(enacted).await?;
        self.passwords.settled(id, state);
        Ok(state)
    }

    /// Lets one person read the content, which stays held for all others.
    async fn hand_out(
        &self,
        hold: HoldRow,
        order: HoldOrder,
        person: UserId,
        scanned: Option<Scanned>,
        by: Stamp,
    ) -> Result<(), IntakeError> {
        let handed_out = move |tx: &WriteTx<'_>| {
            let whom = reader(tx, person, hold.space)?;
            let overridden = order.decision == HoldDecision::Override;
            let unchanged = HoldUpdate {
                state: hold.state,
                next: hold.next,
                reason: hold.reason,
                overridden: hold.overridden,
                first_signatures: hold.first_signatures.as_deref(),
            };
            use_up(tx, &hold, &order, &by)?;
            if !turn(tx, &by, &hold, scanned.as_ref(), &unchanged, None)? {
                return Err(IntakeError::Changed);
            }
            let version = tx.version(hold.version)?.ok_or(IntakeError::NoSuchHold)?;
            hand_out(tx, &by, &version, HandedOutRow { user: person, at: by.at, overridden })?;
            tx.delete_hold_request(hold.id, person)?;
            let kind = if overridden { HoldEvent::HandedOutUnchecked } else { HoldEvent::HandedOut };
            tell(tx, &by, &hold, kind, order.reason, Some(whom))
        };
        self.library.storing().await?.write(handed_out).await
    }
}

/// A person's words; `None` if there are none.
pub(super) fn words(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The person with the present name, if that is one who may read the space.
///
/// Errors: `NotAReader`.
fn reader(tx: &ReadTx<'_>, person: UserId, space: SpaceId) -> Result<(UserId, String), IntakeError> {
    let account = tx.user(person)?.filter(|account| account.disabled.is_none());
    let is_granted = tx.is_granted(person, space)?;
    account.filter(|_| is_granted).map(|account| (person, account.name)).ok_or(IntakeError::NotAReader)
}

/// Whether a decision lets others read the content.
fn releases(decision: HoldDecision) -> bool {
    matches!(decision, HoldDecision::Release | HoldDecision::Override)
}

/// Checks that a second person decided, where one is needed, and removes the first decision.
fn use_up(tx: &WriteTx<'_>, hold: &HoldRow, order: &HoldOrder, by: &Stamp) -> Result<(), IntakeError> {
    if needs_two(hold, order.decision) && !is_seconded(tx, hold, order, by)? {
        return Err(IntakeError::Changed);
    }
    Ok(tx.delete_approval(hold.id)?)
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
    tell(tx, by, hold, kind, reason, None)
}

/// The state to which a decision leads, about a content in this state that was never found clean or was.
fn target(state: HoldState, was_never_clean: bool, decision: HoldDecision) -> Result<HoldState, IntakeError> {
    let wrong = Err(IntakeError::WrongState { state });
    match (decision, state) {
        // A released content may be taken back only by quarantine.
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
