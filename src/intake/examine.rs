//! Examines what is due: scan, decide, commit.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Write};
use std::sync::Arc;

use super::decide::{Clock, Finding, decide, is_due, objection};
use super::{Intake, IntakeError, MAX_ROUND, TRUST_FOR, Trusted};
use crate::catalog::{HoldRow, HoldUpdate, VerdictRow, WriteTx};
use crate::library::LibraryError;
use crate::library::version::change_state;
use crate::model::{
    Actor, ByteRange, HoldReason, HoldState, SpaceId, Stamp, Timestamp, VerdictKind, VersionState, Worker,
};
use crate::scan::{
    Distrust, Engine, Newest, Report, Sample, ScanError, Signatures, Trust, Verdict, canary,
    reports_its_limits,
};

/// What one round did.
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
    /// Examines what is due, up to a bounded number, and changes its state. `certain` is the certain time.
    ///
    /// Errors: those of the catalogue; what concerns one content is a reason in its row.
    pub async fn examine_due(&self, now: Timestamp, certain: Timestamp) -> Result<Round, IntakeError> {
        let clock = Clock { now, certain };
        let due =
            self.catalog().read(move |tx| Ok::<_, IntakeError>(tx.holds_due(certain, MAX_ROUND)?)).await?;
        let mut round = Round::default();
        if due.is_empty() {
            return Ok(round);
        }
        let scanner = match &self.engine {
            None => Err(HoldReason::NoScanner),
            Some(engine) => self.trusted_signatures(engine, now).await.map(|signatures| (engine, signatures)),
        };
        for hold in fairly(due) {
            let finding = match &scanner {
                Err(reason) => Finding::None(*reason),
                Ok((engine, signatures)) => self.finding(&hold, engine, signatures, clock).await?,
            };
            let state = self.settle(&hold, &finding, clock).await?;
            round.examined += 1;
            round.released += usize::from(state == Some(HoldState::Released));
            round.quarantined += usize::from(state == Some(HoldState::Quarantined));
            // It may hang: the next round asks first whether it answers.
            if scanner.is_ok() && matches!(finding, Finding::None(HoldReason::ScannerFailed)) {
                break;
            }
        }
        Ok(round)
    }

    /// What a scan says now. One that could release the content waits for signatures that may.
    async fn finding(
        &self,
        hold: &HoldRow,
        engine: &Arc<dyn Engine>,
        signatures: &Signatures,
        clock: Clock,
    ) -> Result<Finding, IntakeError> {
        if hold.first_signatures.is_some()
            && is_due(hold, clock)
            && let Some(reason) = objection(hold, signatures, clock.now, &self.settings)
        {
            return Ok(Finding::None(reason));
        }
        let finding = self.scan(hold, engine).await?;
        // The scanner loaded other signatures since it was tested.
        if let Finding::Verdict(verdict, used) = &finding
            && verdict.result == VerdictKind::Clean
            && used.identity != signatures.identity
            && let Err(reason) = self.trusted_signatures(engine, clock.now).await
        {
            return Ok(Finding::None(reason));
        }
        Ok(finding)
    }

    /// Scans a content, whatever its state.
    pub(super) async fn scan(
        &self,
        hold: &HoldRow,
        engine: &Arc<dyn Engine>,
    ) -> Result<Finding, IntakeError> {
        let _turn = self.scans.acquire().await.map_err(|_| LibraryError::Interrupted)?;
        let sample = match self.sample_of(hold).await? {
            Ok(sample) => sample,
            Err(reason) => return Ok(Finding::None(reason)),
        };
        let scanner = Arc::clone(engine);
        let report = tokio::task::spawn_blocking(move || scanner.scan(&sample)).await;
        let report = report.map_err(LibraryError::from)?;
        Ok(match report {
            Ok(report) => {
                let row = verdict_row(engine.name(), &report, Timestamp::now());
                Finding::Verdict(row, report.signatures)
            }
            Err(ScanError::TooLarge) => Finding::None(HoldReason::TooLarge),
            Err(error) => {
                tracing::warn!(code = error.code(), "a scan failed");
                Finding::None(HoldReason::ScannerFailed)
            }
        })
    }

    /// The content in sealed memory, or why it cannot be brought there.
    ///
    /// Errors: those of the catalogue.
    pub(super) async fn sample_of(&self, hold: &HoldRow) -> Result<Result<Sample, HoldReason>, IntakeError> {
        let access = self.library.as_worker(Worker::Intake, hold.space);
        let read = async {
            let mut content = self.library.open_version(&access, hold.version).await?;
            let Ok(mut writer) = Sample::begin() else { return Ok(Err(HoldReason::ScannerFailed)) };
            let mut at = 0;
            while at < content.size {
                let range = ByteRange::new(at, content.size).ok_or(LibraryError::Incomplete)?;
                for piece in content.read(range).await? {
                    at += piece.len() as u64;
                    match writer.write_all(&piece).map_err(|error| error.kind()) {
                        Ok(()) => {}
                        Err(io::ErrorKind::FileTooLarge) => return Ok(Err(HoldReason::TooLarge)),
                        Err(_) => return Ok(Err(HoldReason::ScannerFailed)),
                    }
                }
            }
            Ok(writer.seal().map_err(|_| HoldReason::ScannerFailed))
        };
        match read.await {
            Ok(sample) => Ok(sample),
            Err(LibraryError::Catalog(error)) => Err(error.into()),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(hold = hold.id.0, error, "cannot read a held content");
                Ok(Err(HoldReason::Unreadable))
            }
        }
    }

    /// The scanner's present signatures, after it has shown with them that it finds a test virus and passes a
    /// harmless text.
    pub(super) async fn trusted_signatures(
        &self,
        engine: &Arc<dyn Engine>,
        now: Timestamp,
    ) -> Result<Signatures, HoldReason> {
        let mut trusted = self.trusted.lock().await;
        let scanner = Arc::clone(engine);
        let asked = tokio::task::spawn_blocking(move || scanner.signatures()).await;
        let signatures = match asked {
            Ok(Ok(signatures)) => signatures,
            Ok(Err(error)) => {
                tracing::warn!(code = error.code(), "the scanner does not answer");
                return Err(HoldReason::ScannerFailed);
            }
            Err(_) => return Err(HoldReason::ScannerFailed),
        };
        let is_fresh = |known: &Trusted| {
            known.signatures == signatures.identity.as_str()
                && known.at <= now
                && now.since(known.at) < TRUST_FOR
        };
        if trusted.as_ref().is_some_and(is_fresh) {
            return Ok(signatures);
        }
        *trusted = None;
        let scanner = Arc::clone(engine);
        let tested = tokio::task::spawn_blocking(move || match canary(&*scanner) {
            Trust::Trusted => reports_its_limits(&*scanner).map_err(Distrust::NoVerdict),
            Trust::NotTrusted(why) => Err(why),
        });
        match tested.await {
            Ok(Ok(false)) => {
                tracing::error!("the scanner hides what it skips because of its limits: nothing is released");
                Err(HoldReason::ScannerHidesLimits)
            }
            Ok(Ok(true)) => {
                *trusted = Some(Trusted { at: now, signatures: signatures.identity.as_str().to_owned() });
                Ok(signatures)
            }
            Ok(Err(Distrust::NoVerdict(error))) => {
                tracing::warn!(code = error.code(), "the scanner's test failed");
                Err(HoldReason::ScannerFailed)
            }
            Ok(Err(why)) => {
                tracing::error!(%why, "the scanner is not trusted: nothing is released");
                Err(HoldReason::ScannerNotTrusted)
            }
            Err(_) => Err(HoldReason::ScannerFailed),
        }
    }

    /// Commits what follows from a finding; `None` if the hold changed while it was examined.
    pub(super) async fn settle(
        &self,
        hold: &HoldRow,
        finding: &Finding,
        clock: Clock,
    ) -> Result<Option<HoldState>, IntakeError> {
        let next = decide(hold, finding, clock, &self.settings);
        let by = Stamp { actor: Actor::Worker(Worker::Intake), at: clock.now };
        let (seen, verdict) = (hold.clone(), verdict_of(finding));
        let settled = move |tx: &WriteTx<'_>| {
            tx.silent("the holding area's own rows tell what was examined");
            let update = HoldUpdate {
                state: next.state,
                next: next.at,
                reason: next.reason,
                overridden: false,
                first_signatures: next.first_signatures.as_deref(),
            };
            let detail = verdict.as_ref().and_then(|verdict| verdict.detail.clone());
            if !turn(tx, &by, &seen, verdict.as_ref(), &update, detail)? {
                return Ok(None);
            }
            if seen.first_signatures.is_none() && next.first_signatures.is_some() {
                tx.queue_rendition(seen.id)?;
            }
            Ok::<_, IntakeError>(Some(next.state))
        };
        self.library.storing().await?.write(settled).await
    }
}

/// Changes a hold and, with it, the state of its content; `reason` is for the history. `false`, without changes, if the
/// hold is no longer as it was `seen`.
pub(super) fn turn(
    tx: &WriteTx<'_>,
    by: &Stamp,
    seen: &HoldRow,
    verdict: Option<&VerdictRow>,
    update: &HoldUpdate<'_>,
    reason: Option<String>,
) -> Result<bool, IntakeError> {
    tx.touches_only([]);
    if tx.hold(seen.id)?.as_ref() != Some(seen) {
        return Ok(false);
    }
    if let Some(verdict) = verdict {
        tx.insert_verdict(seen.id, verdict)?;
    }
    tx.update_hold(seen.id, update)?;
    follow(tx, by, seen, update.state, reason)?;
    Ok(true)
}

/// Gives the content the state that belongs to that of its hold.
fn follow(
    tx: &WriteTx<'_>,
    by: &Stamp,
    hold: &HoldRow,
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
    let version = tx.version(hold.version)?.ok_or(IntakeError::NoSuchHold)?;
    // Restricted by law, whatever scanners say.
    if version.state == VersionState::Restricted {
        return Ok(());
    }
    Ok(change_state(tx, by, &version, to, reason)?)
}

fn verdict_of(finding: &Finding) -> Option<VerdictRow> {
    match finding {
        Finding::Verdict(verdict, _) => Some(verdict.clone()),
        Finding::None(_) => None,
    }
}

fn verdict_row(engine: &str, report: &Report, at: Timestamp) -> VerdictRow {
    let (result, detail) = match &report.verdict {
        Verdict::Clean => (VerdictKind::Clean, None),
        Verdict::Infected { name } => (VerdictKind::Infected, Some(name.clone())),
        Verdict::NotFullyScannable { reason } => (VerdictKind::NotFullyScannable, Some(reason.clone())),
        Verdict::Encrypted => (VerdictKind::Encrypted, None),
    };
    let signatures_built = match report.signatures.newest {
        Newest::Built(built) => Some(built),
        Newest::NotLoaded | Newest::Unknown => None,
    };
    let signatures = report.signatures.identity.as_str().to_owned();
    VerdictRow { at, engine: engine.to_owned(), signatures, signatures_built, result, detail }
}

/// The same holds, one of each space in turn: a space that receives a thousand files does not delay the others.
fn fairly(holds: Vec<HoldRow>) -> Vec<HoldRow> {
    let mut order: VecDeque<SpaceId> = VecDeque::new();
    let mut queues: HashMap<SpaceId, VecDeque<HoldRow>> = HashMap::new();
    let mut turns = Vec::with_capacity(holds.len());
    for hold in holds {
        let queue = queues.entry(hold.space).or_default();
        if queue.is_empty() {
            order.push_back(hold.space);
        }
        queue.push_back(hold);
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
