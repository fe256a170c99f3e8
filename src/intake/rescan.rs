//! Scans everything stored once more when the scanner has other signatures: what no scanner knew when it came may be
//! known today.
//!
//! One pass visits every version that people may read: those read most often lately first, then the latest first.
//! What is stored meanwhile comes before all others, and after the pass as it is stored: so a space without a
//! holding time is scanned, too. Equal contents are scanned once. The pass is a row, so that it continues after a
//! restart; a content scanned just before a crash is scanned again. A finding takes the content from its readers at
//! once; that a content is encrypted or too large changes nothing, for people have it already.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::hit::withhold;
use super::verdict::signatures;
use super::{Intake, IntakeError};
use crate::catalog::{RescanRow, Rescanned, StoredVersion, VerdictRow, WriteTx};
use crate::model::{HoldReason, RescanMode, Stamp, Timestamp, VerdictKind, VersionId, VersionState, Worker};
use crate::scan::{Engine, Signatures};

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

/// What one call did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RescanStep {
    /// Everything stored was scanned with the present signatures, or there is no scanner.
    Idle,
    /// A person paused it.
    Paused,
    /// The office's hours begin later.
    OutsideHours,
    /// The scanner cannot be used.
    Waits(HoldReason),
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

/// What is known about a version.
enum Known {
    /// A person or a removal was faster, or it was not scanned.
    Nothing,
    /// An equal content was scanned in this pass.
    Before(Rescanned),
    /// It was scanned.
    Now(VerdictRow),
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

/// A version and what is known about it.
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

    /// Continues the pass, or begins one if the scanner has other signatures than the latest began with.
    ///
    /// Errors: those of the catalogue.
    pub async fn rescan_for(&self, time: RescanTime, now: Timestamp) -> Result<RescanStep, IntakeError> {
        let Some(engine) = &self.engine else { return Ok(RescanStep::Idle) };
        let latest = self.rescan().await?;
        let time = match latest.as_ref().map_or(RescanMode::Scheduled, |row| row.mode) {
            RescanMode::Paused => return Ok(RescanStep::Paused),
            RescanMode::Urgent => time.urgent,
            RescanMode::Scheduled => match time.scheduled {
                Some(time) => time,
                None => return Ok(RescanStep::OutsideHours),
            },
        };
        if self.has_nothing_to_do(latest.as_ref(), engine).await? {
            return Ok(RescanStep::Idle);
        }
        let signatures = match self.trusted_signatures(engine, now).await {
            Ok(signatures) => signatures,
            Err(reason) => return Ok(RescanStep::Waits(reason)),
        };
        let mut pass = self.pass(latest, &signatures, now).await?;
        let begun = Instant::now();
        loop {
            let (part, batch) = self.batch(&pass).await?;
            if batch.is_empty() && pass.ended.is_some() {
                return Ok(RescanStep::Idle);
            }
            let is_last = batch.is_empty() && part == Part::Rest;
            let (done, is_stopped) = self.scan_batch(batch, &pass, engine, &signatures).await?;
            pass = self.conclude(pass, done, part, is_last).await?;
            if is_stopped {
                return Ok(RescanStep::Waits(HoldReason::ScannerFailed));
            }
            if begun.elapsed() >= time {
                return Ok(RescanStep::Worked { seen: pass.seen, total: pass.total, found: pass.found });
            }
        }
    }

    /// Whether everything was scanned with the present signatures: then the scanner need not show that it works.
    async fn has_nothing_to_do(
        &self,
        latest: Option<&RescanRow>,
        engine: &Arc<dyn Engine>,
    ) -> Result<bool, IntakeError> {
        let Some(row) = latest.filter(|row| row.ended.is_some() && row.mode != RescanMode::Urgent) else {
            return Ok(false);
        };
        let above = row.above;
        let fresh = self.catalog().read(move |tx| Ok::<_, IntakeError>(tx.stored_above(above, 1)?)).await?;
        let present = signatures(engine).await;
        Ok(fresh.is_empty() && present.is_ok_and(|present| present.identity.as_str() == row.signatures))
    }

    /// The pass to work on: the latest, or a new one.
    async fn pass(
        &self,
        latest: Option<RescanRow>,
        signatures: &Signatures,
        now: Timestamp,
    ) -> Result<RescanRow, IntakeError> {
        let identity = signatures.identity.as_str();
        let (number, mode) = match latest {
            Some(row) if row.ended.is_none() => return Ok(row),
            Some(row) if row.signatures == identity && row.mode != RescanMode::Urgent => return Ok(row),
            Some(row) => (row.pass + 1, row.mode),
            None => (1, RescanMode::Scheduled),
        };
        let signatures = identity.to_owned();
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

    /// Scans versions in order; `true` if the scanner can no longer be used and some were left out.
    async fn scan_batch(
        &self,
        batch: Vec<StoredVersion>,
        pass: &RescanRow,
        engine: &Arc<dyn Engine>,
        signatures: &Signatures,
    ) -> Result<(Vec<Done>, bool), IntakeError> {
        let mut done: Vec<Done> = Vec::with_capacity(batch.len());
        for stored in batch {
            if let Some(before) = self.known(&stored, pass.pass, &done).await? {
                done.push(Done { stored, known: Known::Before(before) });
                continue;
            }
            match self.scan_stored(stored.space, stored.id, engine).await? {
                Err(HoldReason::ScannerFailed) => return Ok((done, true)),
                Err(_) => done.push(Done { stored, known: Known::Nothing }),
                Ok(scanned) => {
                    done.push(Done { stored, known: Known::Now(scanned.verdict) });
                    // Others, which were not tested yet.
                    if scanned.signatures.identity != signatures.identity {
                        return Ok((done, true));
                    }
                }
            }
        }
        Ok((done, false))
    }

    /// What this pass found out about an equal content.
    async fn known(
        &self,
        stored: &StoredVersion,
        pass: i64,
        done: &[Done],
    ) -> Result<Option<Rescanned>, IntakeError> {
        let Some(sha256) = stored.sha256.clone() else { return Ok(None) };
        let in_batch = done.iter().filter(|done| done.stored.sha256.as_ref() == Some(&sha256));
        let mut in_batch = in_batch.filter_map(|done| match &done.known {
            Known::Now(verdict) => Some(Rescanned { result: verdict.result, detail: verdict.detail.clone() }),
            Known::Before(before) => Some(before.clone()),
            Known::Nothing => None,
        });
        if let Some(found) = in_batch.next() {
            return Ok(Some(found));
        }
        self.catalog().read(move |tx| Ok(tx.rescanned(&sha256, pass)?)).await
    }

    /// Commits what was found out, and how far the pass has come.
    async fn conclude(
        &self,
        pass: RescanRow,
        done: Vec<Done>,
        part: Part,
        is_last: bool,
    ) -> Result<RescanRow, IntakeError> {
        let engine = self.engine.as_ref().map_or("", |engine| engine.name());
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
                let verdict = match known {
                    Known::Nothing => {
                        row.unscanned += 1;
                        continue;
                    }
                    Known::Before(before) => VerdictRow {
                        at: by.at,
                        engine: engine.to_owned(),
                        signatures: row.signatures.clone(),
                        signatures_built: None,
                        result: before.result,
                        detail: before.detail,
                        tested: None,
                    },
                    Known::Now(verdict) => {
                        row.scanned += 1;
                        row.unscanned += u64::from(is_unscanned(verdict.result));
                        if let Some(sha256) = &stored.sha256 {
                            let found = Rescanned { result: verdict.result, detail: verdict.detail.clone() };
                            tx.note_rescanned(sha256, row.pass, &found)?;
                        }
                        verdict
                    }
                };
                if verdict.result == VerdictKind::Infected
                    && let Some(version) = tx.version(stored.id)?
                    && version.state == VersionState::Visible
                {
                    row.found += u64::from(withhold(tx, &by, &version, &verdict)?);
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

fn is_unscanned(result: VerdictKind) -> bool {
    match result {
        VerdictKind::Clean | VerdictKind::Infected => false,
        VerdictKind::NotFullyScannable | VerdictKind::Encrypted => true,
    }
}
