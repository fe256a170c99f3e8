//! Examines contents that are due: scan, decide, commit.

use std::collections::{HashMap, VecDeque};

use super::allowance::allowance;
use super::clear;
use super::decide::{Clock, Finding, Scanned, decide, is_due, objection};
use super::hit::consequence;
use super::passwords::was_opened;
use super::tell::tell;
use super::trust::{Failure, Ready};
use super::verdict::no_answer;
use super::{Intake, IntakeError, MAX_ROUND, MAX_TURN, RETRY_AFTER};
use crate::catalog::{HoldRow, HoldUpdate, VersionRow, WriteTx};
use crate::library::version::{change_state, take_back};
use crate::model::{
    Actor, HoldEvent, HoldReason, HoldState, Label, SpaceId, Stamp, Timestamp, VerdictKind, VersionState,
    Worker,
};
use crate::scan::KeptSignatures;

/// The result of one round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Contents examined.
    pub examined: usize,
    /// Of these, released.
    pub released: usize,
    /// Of these, quarantined.
    pub quarantined: usize,
}

impl Intake {
    /// Examines contents that are due, up to a bounded number, and changes their state. `certain` is the certain
    /// time.
    ///
    /// Errors: those of the catalogue; an error of one content is a reason in its row.
    pub async fn examine_due(&self, now: Timestamp, certain: Timestamp) -> Result<Round, IntakeError> {
        let clock = Clock { now, certain, up_since: *self.up_since.get_or_init(|| certain) };
        let mut round = Round::default();
        let mut due = self.due(certain).await?;
        if due.is_empty() {
            return Ok(round);
        }
        let ready = self.ready(now).await;
        while round.examined < MAX_ROUND && !due.is_empty() {
            for hold in due {
                let finding = match &ready {
                    Err(failure) => Err(failure.clone()),
                    Ok(ready) => self.finding(&hold, ready, clock).await?,
                };
                let state = self.settle(&hold, &finding, clock).await?;
                round.examined += 1;
                round.released += usize::from(state == Some(HoldState::Released));
                round.quarantined += usize::from(state == Some(HoldState::Quarantined));
                // It may hang: the next round asks first whether it answers.
                let failed = finding.is_err_and(|failure| failure.reason == HoldReason::ScannerFailed);
                if ready.is_ok() && failed {
                    return Ok(round);
                }
            }
            due = self.due(certain).await?;
        }
        Ok(round)
    }

    /// The next turn.
    async fn due(&self, certain: Timestamp) -> Result<Vec<HoldRow>, IntakeError> {
        self.catalog().read(move |tx| Ok(tx.holds_due(certain, MAX_TURN)?)).await
    }

    /// The result of a scan now. One that could release the content waits for signatures that may.
    async fn finding(&self, hold: &HoldRow, ready: &Ready, clock: Clock) -> Result<Finding, IntakeError> {
        if hold.first_signatures.is_some()
            && is_due(hold, clock)
            && let Some(reason) = objection(hold, &ready.signatures, clock.now, &self.settings)
        {
            return Ok(Err(reason.into()));
        }
        let finding = self.scan(hold, ready).await?;
        // A scanner loaded other signatures since it was tested.
        if let Ok(scanned) = &finding
            && scanned.result == VerdictKind::Clean
            && !scanned.signatures.are(&KeptSignatures::parse(&ready.signatures.kept()))
            && let Err(failure) = self.ready(clock.now).await
        {
            return Ok(Err(failure));
        }
        Ok(finding)
    }

    /// Commits the consequences of a finding; `None` if the hold changed while it was examined.
    pub(super) async fn settle(
        &self,
        hold: &HoldRow,
        finding: &Finding,
        clock: Clock,
    ) -> Result<Option<HoldState>, IntakeError> {
        self.settle_opened(hold, finding, clock, None).await
    }

    /// The same; `given` is the person whose password opened the content, if it was not known before.
    pub(super) async fn settle_opened(
        &self,
        hold: &HoldRow,
        finding: &Finding,
        clock: Clock,
        given: Option<Stamp>,
    ) -> Result<Option<HoldState>, IntakeError> {
        // A scan of an encrypted content was no scan of its parts.
        let was_closed = hold.look.as_ref().is_some_and(|look| look.labels.contains(&Label::Encrypted));
        let is_first = given.is_some() && (was_closed || !was_opened(hold));
        let first_signatures = hold.first_signatures.clone().filter(|_| !is_first);
        let next = decide(&HoldRow { first_signatures, ..hold.clone() }, finding, clock, &self.settings);
        let by = Stamp { actor: Actor::Worker(Worker::Intake), at: clock.now };
        let (seen, scanned) = (hold.clone(), finding.as_ref().ok().cloned());
        let failure = finding.as_ref().err().cloned();
        let settled = move |tx: &WriteTx<'_>| {
            tx.silent("the holding area's own rows tell what was examined");
            let found = scanned.as_ref().filter(|scanned| scanned.result != VerdictKind::Clean);
            let detail = found.and_then(|scanned| scanned.detail.clone());
            let (state, reason) = match next.state {
                HoldState::Quarantined => {
                    let (state, reason) = consequence(tx, detail.as_deref(), clock.now)?;
                    (state, Some(reason))
                }
                HoldState::Released => match tx.hold_of_mail(seen.version)? {
                    Some(mail)
                        if mail.state == HoldState::Quarantined
                            || mail.reason == Some(HoldReason::MassHit) =>
                    {
                        (HoldState::NeedsDecision, Some(HoldReason::MailQuarantined))
                    }
                    // The mail is scanned first: as a whole it may be what its parts are not.
                    Some(mail) if mail.state == HoldState::Arrived => match given {
                        None => return put_off(tx, &seen, clock),
                        // That it was opened is kept.
                        Some(_) => (HoldState::Held, None),
                    },
                    _ => (HoldState::Released, next.reason),
                },
                state => (state, next.reason),
            };
            let version = tx.version(seen.version)?.ok_or(IntakeError::NoSuchHold)?;
            let let_in = match scanned {
                Some(_) if state != HoldState::Released => {
                    allowance(tx, seen.space, &version, clock.certain)?
                }
                _ => None,
            };
            let (state, at, detail) = match &let_in {
                // The objection stays visible.
                Some(row) => (HoldState::Released, None, Some(row.reason.clone())),
                None if state == HoldState::Held => {
                    (state, next.at.or(Some(clock.certain.after(RETRY_AFTER))), detail)
                }
                None => (state, next.at, detail),
            };
            let update = HoldUpdate {
                state,
                next: at,
                reason,
                overridden: seen.overridden || let_in.is_some(),
                first_signatures: next.first_signatures.as_deref(),
            };
            if !turn(tx, &by, &seen, scanned.as_ref(), &update, detail)? {
                return Ok(None);
            }
            if let Some(failure) = &failure {
                note_silence(tx, &seen, failure, clock.now)?;
            }
            if let Some(given) = &given {
                tell(tx, given, &seen, HoldEvent::PasswordGiven, None, None)?;
                tx.queue_rendition_again(seen.id)?;
            } else if seen.first_signatures.is_none() && next.first_signatures.is_some() {
                tx.queue_rendition(seen.id)?;
            }
            Ok::<_, IntakeError>(Some(state))
        };
        let state = self.library.storing().await?.write(settled).await?;
        if let Some(state) = state {
            self.passwords.settled(hold.id, state);
        }
        Ok(state)
    }
}

/// Leaves a hold as it is for a while.
fn put_off(tx: &WriteTx<'_>, seen: &HoldRow, clock: Clock) -> Result<Option<HoldState>, IntakeError> {
    tx.touches_only([]);
    if tx.hold(seen.id)?.as_ref() != Some(seen) {
        return Ok(None);
    }
    let update = HoldUpdate {
        state: seen.state,
        next: Some(clock.certain.after(RETRY_AFTER)),
        reason: seen.reason,
        overridden: seen.overridden,
        first_signatures: seen.first_signatures.as_deref(),
    };
    tx.update_hold(seen.id, &update)?;
    Ok(Some(seen.state))
}

/// Changes a hold and, with it, the state of its content; `reason` is for the history. A content to which a scanner
/// objects is taken back from the persons to whom it was handed out. `false`, without changes, if the hold is no
/// longer as it was `seen`.
pub(super) fn turn(
    tx: &WriteTx<'_>,
    by: &Stamp,
    seen: &HoldRow,
    scanned: Option<&Scanned>,
    update: &HoldUpdate<'_>,
    reason: Option<String>,
) -> Result<bool, IntakeError> {
    tx.touches_only([]);
    if tx.hold(seen.id)?.as_ref() != Some(seen) {
        return Ok(false);
    }
    if let Some(Scanned { verdicts, look, .. }) = scanned {
        verdicts.iter().try_for_each(|verdict| tx.insert_verdict(seen.id, verdict))?;
        look.iter().try_for_each(|look| tx.set_look(seen.id, look))?;
    }
    tx.update_hold(seen.id, update)?;
    let version = tx.version(seen.version)?.ok_or(IntakeError::NoSuchHold)?;
    let objects = scanned.is_some_and(|scanned| scanned.result != VerdictKind::Clean);
    if objects || (update.state != seen.state && !is_open(update.state)) {
        take_back(tx, by, &version)?;
    }
    if update.state == HoldState::Released && seen.state != HoldState::Released {
        clear::queue(tx, seen)?;
    }
    follow(tx, by, &version, update.state, reason)?;
    Ok(true)
}

/// Gives the content the state that belongs to that of its hold.
fn follow(
    tx: &WriteTx<'_>,
    by: &Stamp,
    version: &VersionRow,
    state: HoldState,
    reason: Option<String>,
) -> Result<(), IntakeError> {
    let to = match state {
        HoldState::Released => VersionState::Visible,
        HoldState::Quarantined => VersionState::Quarantined,
        HoldState::Arrived
        | HoldState::Held
        | HoldState::WaitingForSignatures
        | HoldState::NeedsDecision
        | HoldState::Withdrawn => VersionState::Held,
    };
    // Restricted by law, whatever scanners say.
    if version.state == VersionState::Restricted {
        return Ok(());
    }
    Ok(change_state(tx, by, version, to, reason)?)
}

/// Whether the persons to whom it was handed out keep it in this state.
fn is_open(state: HoldState) -> bool {
    !state.has_ended() && state != HoldState::Quarantined
}

/// Records for which scanner a content waits, once until something else happens.
fn note_silence(
    tx: &WriteTx<'_>,
    seen: &HoldRow,
    failure: &Failure,
    now: Timestamp,
) -> Result<(), IntakeError> {
    let Some(engine) = &failure.engine else { return Ok(()) };
    let row = no_answer(engine, true, failure.reason, now);
    let last = tx.verdicts(seen.id)?.pop();
    let is_known = last.is_some_and(|last| {
        (last.result, &last.engine, &last.detail) == (row.result, &row.engine, &row.detail)
    });
    if !is_known {
        tx.insert_verdict(seen.id, &row)?;
    }
    Ok(())
}

/// The same items, one of each space in turn: a space that receives a thousand files does not delay the others.
pub(super) fn fairly<T>(items: Vec<T>, space: impl Fn(&T) -> SpaceId) -> Vec<T> {
    let mut order: VecDeque<SpaceId> = VecDeque::new();
    let mut queues: HashMap<SpaceId, VecDeque<T>> = HashMap::new();
    let mut turns = Vec::with_capacity(items.len());
    for item in items {
        let space = space(&item);
        let queue = queues.entry(space).or_default();
        if queue.is_empty() {
            order.push_back(space);
        }
        queue.push_back(item);
    }
    while let Some(space) = order.pop_front() {
        let Some(queue) = queues.get_mut(&space) else { continue };
        turns.extend(queue.pop_front());
        if !queue.is_empty() {
            order.push_back(space);
        }
    }
    turns
}
