//! Scans everything stored once more when a scanner has other signatures: malware that no scanner knew when it
//! came may be known today.
//!
//! One pass visits every version that people may read: those read most often lately first, then the latest first.
//! A content stored meanwhile comes before all others, and one stored after the pass comes at once: so a space
//! without a holding time is scanned, too. Equal contents are scanned once. The pass is a row, so that it continues
//! after a restart; a content scanned just before a crash is scanned again. A finding takes the content from its
//! readers at once; that a content is encrypted or too large changes nothing, because people have it already.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::decide::Scanned;
use super::hit::withhold;
use super::trust::{Failure, Ready};
use super::{Intake, IntakeError};
use crate::catalog::{RescanRow, Rescanned, StoredVersion, VerdictRow, WriteTx};
use crate::model::{HoldReason, RescanMode, Stamp, Timestamp, VerdictKind, VersionId, VersionState, Worker};
use crate::scan::{CLAMD, Duty, KeptSignatures, Panel};

/// Versions of one transaction.
const MAX_BATCH: usize = 16;
/// Events examined for the versions that are read often.
const MAX_EVENTS: usize = 20_000;
/// Versions that are scanned first because they are read often.
const MAX_OFTEN: usize = 1_000;
/// Results of earlier passes forgotten in one transaction.
const MAX_FORGOTTEN: usize = 1_000;

/// Time that one call may scan.
#[derive(Clone, Copy, Debug)]
pub struct RescanTime {
    /// In a scheduled pass; `None` outside of the office's hours.
    pub scheduled: Option<Duration>,
    /// In an urgent one.
    pub urgent: Duration,
}

/// The result of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RescanStep {
    /// Everything stored was scanned with the present signatures, or there is no scanner.
    Idle,
    /// A person paused it.
    Paused,
    /// The office's hours begin later.
    OutsideHours,
    /// A scanner whose word is needed cannot be used.
    Waits {
        /// Why.
        reason: HoldReason,
        /// Its name.
        engine: Option<String>,
    },
    /// It scanned.
    Worked {
        /// Versions of the pass done so far.
        seen: u64,
        /// Versions of the pass.
        total: u64,
        /// Versions in which the pass found something so far.
        found: u64,
    },
}

/// Versions to scan first in a pass.
#[derive(Default)]
pub(super) struct Often {
    pass: i64,
    versions: VecDeque<VersionId>,
}

/// The known facts about a version.
enum Known {
    /// A person or a removal was faster, or it was not scanned.
    Nothing,
    /// An equal content was scanned in this pass.
    Before(Rescanned),
    /// It was scanned.
    Now(Box<Scanned>),
}

/// A part of the versions of a pass.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Stored since the pass began.
    Fresh,
    /// Read often.
    Often,
    /// All others.
    Rest,
}

/// A version and the known facts about it.
struct Done {
    stored: StoredVersion,
    known: Known,
}

impl Intake {
    /// The present or latest pass; `None` before the first.
    pub async fn rescan(&self) -> Result<Option<RescanRow>, IntakeError> {
        self.catalog().read(|tx| Ok(tx.rescan()?)).await
    }

    /// Sets when everything stored is scanned again.
    pub async fn set_rescan(&self, mode: RescanMode) -> Result<(), IntakeError> {
        let set = move |tx: &WriteTx<'_>| {
            tx.silent("no content changes");
            tx.touches_only([]);
            let row = match tx.rescan()? {
                Some(row) => RescanRow { mode, ..row },
                // A pass that ended before anything was stored.
                None => RescanRow {
                    mode,
                    pass: 0,
                    signatures: String::new(),
                    begun: Timestamp(0),
                    ended: Some(Timestamp(0)),
                    below: VersionId(0),
                    above: VersionId(i64::MAX),
                    total: 0,
                    seen: 0,
                    scanned: 0,
                    unscanned: 0,
                    found: 0,
                },
            };
            Ok(tx.put_rescan(&row)?)
        };
        self.library.storing().await?.write(set).await
    }

    /// Continues the pass, or begins one if a scanner has other signatures than the latest began with.
    ///
    /// Errors: those of the catalogue.
    pub async fn rescan_for(&self, time: RescanTime, now: Timestamp) -> Result<RescanStep, IntakeError> {
        if !self.has_scanner() {
            return Ok(RescanStep::Idle);
        }
        let latest = self.rescan().await?;
        let time = match latest.as_ref().map_or(RescanMode::Scheduled, |row| row.mode) {
            RescanMode::Paused => return Ok(RescanStep::Paused),
            RescanMode::Urgent => time.urgent,
            RescanMode::Scheduled => match time.scheduled {
                Some(time) => time,
                None => return Ok(RescanStep::OutsideHours),
            },
        };
        if self.has_nothing_to_do(latest.as_ref()).await? {
            return Ok(RescanStep::Idle);
        }
        let ready = match self.ready(now).await {
            Ok(ready) => ready,
            Err(failure) => return Ok(failure.into()),
        };
        let mut pass = self.pass(latest, &ready, now).await?;
        let begun = Instant::now();
        loop {
            let (part, batch) = self.batch(&pass).await?;
            if batch.is_empty() && pass.ended.is_some() {
                return Ok(RescanStep::Idle);
            }
            let is_last = batch.is_empty() && part == Part::Rest;
            let (done, stopped) = self.scan_batch(batch, &pass, &ready).await?;
            pass = self.conclude(pass, done, part, is_last).await?;
            if let Some(failure) = stopped {
                return Ok(failure.into());
            }
            if begun.elapsed() >= time {
                return Ok(RescanStep::Worked { seen: pass.seen, total: pass.total, found: pass.found });
            }
        }
    }

    /// Whether everything was scanned with the present signatures: then the scanners need not show that they work. An
    /// optional scanner that does not answer has no others.
    async fn has_nothing_to_do(&self, latest: Option<&RescanRow>) -> Result<bool, IntakeError> {
        let Some(row) = latest.filter(|row| row.ended.is_some() && row.mode != RescanMode::Urgent) else {
            return Ok(false);
        };
        let above = row.above;
        let fresh = self.catalog().read(move |tx| Ok::<_, IntakeError>(tx.stored_above(above, 1)?)).await?;
        Ok(fresh.is_empty() && self.have(&KeptSignatures::parse(&row.signatures)).await)
    }

    /// The pass to work on: the latest, or a new one.
    async fn pass(
        &self,
        latest: Option<RescanRow>,
        ready: &Ready,
        now: Timestamp,
    ) -> Result<RescanRow, IntakeError> {
        let are_the_same = |row: &RescanRow| ready.signatures.are(&KeptSignatures::parse(&row.signatures));
        let (number, mode) = match latest {
            Some(row) if row.ended.is_none() => return Ok(row),
            Some(row) if are_the_same(&row) && row.mode != RescanMode::Urgent => return Ok(row),
            Some(row) => (row.pass + 1, row.mode),
            None => (1, RescanMode::Scheduled),
        };
        let signatures = ready.signatures.kept();
        let (total, latest) = self.catalog().read(|tx| Ok::<_, IntakeError>(tx.stored_versions()?)).await?;
        let begin = move |tx: &WriteTx<'_>| {
            tx.silent("no content changes");
            tx.touches_only([]);
            let row = RescanRow {
                mode,
                pass: number,
                signatures,
                begun: now,
                ended: None,
                below: VersionId(latest.0.saturating_add(1)),
                above: latest,
                total,
                seen: 0,
                scanned: 0,
                unscanned: 0,
                found: 0,
            };
            tx.put_rescan(&row)?;
            Ok(row)
        };
        self.library.storing().await?.write(begin).await
    }

    /// The next versions to scan; of [`Part::Rest`] and empty at the end of a pass.
    async fn batch(&self, pass: &RescanRow) -> Result<(Part, Vec<StoredVersion>), IntakeError> {
        let mut often = self.often.lock().await;
        if often.pass != pass.pass {
            let latest =
                self.catalog().read(|tx| Ok::<_, IntakeError>(tx.often_read(MAX_EVENTS, MAX_OFTEN)?)).await?;
            *often = Often { pass: pass.pass, versions: latest.into() };
        }
        let (below, above, has_ended) = (pass.below, pass.above, pass.ended.is_some());
        let next: Vec<_> = often.versions.iter().take(MAX_BATCH).copied().collect();
        let (part, batch) = self
            .catalog()
            .read(move |tx| {
                let fresh = tx.stored_above(above, MAX_BATCH)?;
                if !fresh.is_empty() || has_ended {
                    return Ok::<_, IntakeError>((Part::Fresh, fresh));
                }
                if next.is_empty() {
                    return Ok((Part::Rest, tx.stored_below(below, MAX_BATCH)?));
                }
                let found = next.into_iter().map(|id| tx.stored_version(id));
                Ok((Part::Often, found.filter_map(Result::transpose).collect::<Result<_, _>>()?))
            })
            .await?;
        if part == Part::Often {
            let taken = often.versions.len().min(MAX_BATCH);
            often.versions.drain(..taken);
        }
        Ok((part, batch))
    }

    /// Scans versions in order; returns why a scanner can no longer be used, if some were left out for that.
    async fn scan_batch(
        &self,
        batch: Vec<StoredVersion>,
        pass: &RescanRow,
        ready: &Ready,
    ) -> Result<(Vec<Done>, Option<Failure>), IntakeError> {
        let mut done: Vec<Done> = Vec::with_capacity(batch.len());
        for stored in batch {
            if let Some(before) = self.known(&stored, pass.pass, &done).await? {
                done.push(Done { stored, known: Known::Before(before) });
                continue;
            }
            match self.scan_stored(stored.space, stored.id, ready).await? {
                Err(failure) if failure.reason == HoldReason::ScannerFailed => {
                    return Ok((done, Some(failure)));
                }
                Err(_) => done.push(Done { stored, known: Known::Nothing }),
                Ok(scanned) => {
                    let are_tested = scanned.signatures.are(&KeptSignatures::parse(&ready.signatures.kept()));
                    done.push(Done { stored, known: Known::Now(Box::new(scanned)) });
                    if !are_tested {
                        return Ok((done, Some(HoldReason::ScannerFailed.into())));
                    }
                }
            }
        }
        Ok((done, None))
    }

    /// The findings of this pass about an equal content.
    async fn known(
        &self,
        stored: &StoredVersion,
        pass: i64,
        done: &[Done],
    ) -> Result<Option<Rescanned>, IntakeError> {
        let Some(sha256) = stored.sha256.clone() else { return Ok(None) };
        let in_batch = done.iter().filter(|done| done.stored.sha256.as_ref() == Some(&sha256));
        let mut in_batch = in_batch.filter_map(|done| match &done.known {
            Known::Now(scanned) => Some(noted(scanned)),
            Known::Before(before) => Some(before.clone()),
            Known::Nothing => None,
        });
        if let Some(found) = in_batch.next() {
            return Ok(Some(found));
        }
        self.catalog().read(move |tx| Ok(tx.rescanned(&sha256, pass)?)).await
    }

    /// Commits the findings, and how far the pass has come.
    async fn conclude(
        &self,
        pass: RescanRow,
        done: Vec<Done>,
        part: Part,
        is_last: bool,
    ) -> Result<RescanRow, IntakeError> {
        let panel = self.panel.clone();
        let conclude = move |tx: &WriteTx<'_>| {
            tx.silent("what was found is an event, and the pass has a row of its own");
            tx.touches_only([]);
            let by = Stamp::worker(Worker::Intake, Timestamp::now());
            // A person may have paused it meanwhile.
            let mode = tx.rescan()?.map_or(pass.mode, |row| row.mode);
            let mut row = RescanRow { mode, ..pass };
            for Done { stored, known } in done {
                match part {
                    Part::Fresh => row.above = stored.id,
                    Part::Often => {}
                    Part::Rest => (row.seen, row.below) = (row.seen + 1, stored.id),
                }
                let (result, verdicts) = match known {
                    Known::Nothing => {
                        row.unscanned += 1;
                        continue;
                    }
                    Known::Before(before) => {
                        (before.result, vec![as_before(before, panel.as_ref(), &row, by.at)])
                    }
                    Known::Now(scanned) => {
                        row.scanned += 1;
                        row.unscanned += u64::from(is_unscanned(scanned.result));
                        if let Some(sha256) = &stored.sha256 {
                            tx.note_rescanned(sha256, row.pass, &noted(&scanned))?;
                        }
                        (scanned.result, scanned.verdicts)
                    }
                };
                if result == VerdictKind::Infected
                    && let Some(version) = tx.version(stored.id)?
                    && version.state == VersionState::Visible
                {
                    row.found += u64::from(withhold(tx, &by, &version, &verdicts)?);
                }
            }
            if is_last && tx.forget_rescanned(row.pass, MAX_FORGOTTEN)? < MAX_FORGOTTEN {
                row.ended = Some(by.at);
                row.seen = row.total;
                if row.mode == RescanMode::Urgent {
                    row.mode = RescanMode::Scheduled;
                }
            }
            tx.put_rescan(&row)?;
            Ok(row)
        };
        self.library.storing().await?.write(conclude).await
    }
}

/// The facts kept for equal contents.
fn noted(scanned: &Scanned) -> Rescanned {
    let (result, detail) = (scanned.result, scanned.detail.clone());
    let is_it = |verdict: &&VerdictRow| verdict.result == result && verdict.detail == detail;
    let engine = scanned.verdicts.iter().find(is_it).map(|verdict| verdict.engine.clone());
    Rescanned { engine: engine.filter(|_| result != VerdictKind::Clean), result, detail }
}

/// The verdict about a content that is equal to one that was scanned before in this pass.
fn as_before(before: Rescanned, panel: Option<&Panel>, pass: &RescanRow, at: Timestamp) -> VerdictRow {
    let engine = before.engine.unwrap_or_else(|| CLAMD.to_owned());
    let kept = KeptSignatures::parse(&pass.signatures);
    let member = panel.and_then(|panel| panel.members().iter().find(|member| member.engine.name() == engine));
    VerdictRow {
        at,
        is_required: member.is_none_or(|member| member.duty == Duty::Required),
        signatures: kept.of(&engine).map(|identity| identity.as_str().to_owned()).unwrap_or_default(),
        engine,
        signatures_built: None,
        result: before.result,
        detail: before.detail,
        tested: None,
    }
}

impl From<Failure> for RescanStep {
    fn from(Failure { reason, engine }: Failure) -> Self {
        Self::Waits { reason, engine }
    }
}

fn is_unscanned(result: VerdictKind) -> bool {
    match result {
        VerdictKind::Clean | VerdictKind::Infected => false,
        VerdictKind::NotFullyScannable | VerdictKind::Encrypted | VerdictKind::NoAnswer => true,
    }
}
