//! One run: its position, and its next step.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use super::task::Task;
use super::{
    Finding, FindingKind, MAX_FINDINGS, RunId, UnknownFiles, VerifyOrder, VerifyStage, VerifyStep, catalogue,
    files, key_files, uses,
};
use crate::catalog::{DamagedRow, ReadTx, ScrubRow};
use crate::library::damage::NOTED;
use crate::library::{Library, LibraryError};
use crate::model::{ByteSize, ContainerId, Timestamp, VerifyMode, VerifyStarter, random_bytes};
use crate::vault::disk::SnapshotName;

/// Time that one step of a verification works before it reports its progress.
const SLICE: Duration = Duration::from_secs(1);
/// Earlier findings that a resumed verification reports at a time.
const PAGE: usize = 100;
/// Age up to which an unfinished run of the owner is resumed. A scheduled one always is.
const RESUMABLE: Duration = Duration::from_hours(30 * 24);

pub(super) struct Run {
    id: RunId,
    pub(super) row: ScrubRow,
    rate: Option<ByteSize>,
    is_resumed: bool,
    is_kept: bool,
    pub(super) stage: Stage,
    total_containers: u64,
    total_bytes: u64,
    /// Work that was begun and not finished, then the next work.
    pub(super) queue: VecDeque<Task>,
    /// Damaged containers that were reported; at most as many as the catalogue records.
    told: HashSet<ContainerId>,
}

pub(super) enum Stage {
    /// Findings from before the interruption, after this container.
    Remembering(Option<ContainerId>),
    /// The next check of the catalogue.
    Catalogue(usize),
    Keys,
    Containers,
    /// Containers recorded as damaged that were not judged again, after this one.
    Known(Option<ContainerId>),
    Files,
    /// Snapshots that are still to be read; the next one is last.
    Snapshots(Vec<SnapshotName>),
    Done,
}

/// Results of a step.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) findings: Vec<Finding>,
    pub(super) unknown: UnknownFiles,
    /// Bytes read from the disk, for the rate.
    pub(super) read: u64,
}

/// Time and bytes available for a step.
#[derive(Clone, Copy)]
pub(super) struct Slice {
    begun: Instant,
    /// The bytes of one second at the given rate.
    pub(super) bytes: u64,
}

impl Slice {
    pub(super) fn is_over(self, read: u64) -> bool {
        self.begun.elapsed() >= SLICE || read >= self.bytes
    }
}

impl Run {
    pub(super) async fn begin(
        library: &Library,
        order: VerifyOrder,
        now: Timestamp,
    ) -> Result<Self, LibraryError> {
        let VerifyOrder { starter, mode, rate, restart } = order;
        let (earlier, (total_containers, total_bytes)) = library
            .catalog()
            .read(move |tx| Ok::<_, LibraryError>((tx.scrub(starter, mode)?, tx.containers_total()?)))
            .await
            // The run itself reports a catalogue that cannot be read.
            .or_else(|error| catalogue::unreadable(error).map(|_| Default::default()))?;
        let is_fresh =
            |row: &ScrubRow| starter == VerifyStarter::Schedule || now.since(row.started) < RESUMABLE;
        let unfinished = earlier.clone().filter(|row| row.is_running && !restart && is_fresh(row));
        let is_resumed = unfinished.is_some();
        let row = unfinished.unwrap_or(ScrubRow {
            starter,
            mode,
            started: now,
            position: None,
            containers: 0,
            bytes: 0,
            findings: 0,
            is_running: true,
            completed: earlier.and_then(|row| row.completed),
        });
        let mut run = Self {
            id: RunId(u32::from_le_bytes(random_bytes())),
            row,
            rate,
            is_resumed,
            is_kept: true,
            stage: if is_resumed { Stage::Remembering(None) } else { Stage::Catalogue(0) },
            total_containers,
            total_bytes,
            queue: VecDeque::new(),
            told: HashSet::new(),
        };
        run.keep(library).await;
        Ok(run)
    }

    pub(super) fn id(&self) -> RunId {
        self.id
    }

    pub(super) fn report(&self, findings: Vec<Finding>, unknown: UnknownFiles) -> VerifyStep {
        let underway: u64 = self.queue.front().map_or(0, Task::bytes_read);
        VerifyStep {
            run: self.id,
            mode: self.row.mode,
            started: self.row.started,
            is_resumed: self.is_resumed,
            stage: match self.stage {
                Stage::Remembering(_) => VerifyStage::Remembering,
                Stage::Catalogue(_) => VerifyStage::Catalogue,
                Stage::Keys => VerifyStage::Keys,
                Stage::Containers | Stage::Known(_) => VerifyStage::Containers,
                Stage::Files => VerifyStage::Files,
                Stage::Snapshots(_) => VerifyStage::Snapshots,
                Stage::Done => VerifyStage::Done,
            },
            containers: self.row.containers,
            total_containers: self.total_containers.max(self.row.containers),
            bytes: self.row.bytes + underway,
            total_bytes: self.total_bytes.max(self.row.bytes + underway),
            findings,
            unknown,
        }
    }

    pub(super) async fn step(
        &mut self,
        library: &Library,
        now: Timestamp,
    ) -> Result<VerifyStep, LibraryError> {
        let slice = Slice { begun: Instant::now(), bytes: self.rate.map_or(u64::MAX, |rate| rate.0.max(1)) };
        let mut gathered = Gathered::default();
        while !slice.is_over(gathered.read) && gathered.findings.len() < MAX_FINDINGS {
            match &mut self.stage {
                Stage::Remembering(after) => {
                    let after = *after;
                    self.remember(library, after, &mut gathered).await?;
                }
                Stage::Catalogue(question) => {
                    let question = *question;
                    self.ask(library, question, &mut gathered).await?;
                }
                Stage::Keys => {
                    let findings = readable(key_files::keys(library).await)?;
                    self.found(&mut gathered, findings);
                    let mark = readable(key_files::mark(library).await.map(Vec::from_iter))?;
                    self.found(&mut gathered, mark);
                    self.stage = Stage::Containers;
                }
                Stage::Containers => self.walk(library, slice, &mut gathered, now).await?,
                Stage::Known(after) => {
                    let after = *after;
                    self.tell_known(library, after, &mut gathered).await?;
                }
                Stage::Files => {
                    match files::look(library).await {
                        Ok((unknown, finding)) => {
                            gathered.unknown = unknown;
                            self.found(&mut gathered, finding);
                        }
                        Err(error) => self.found(&mut gathered, [catalogue::unreadable(error)?]),
                    }
                    self.found(&mut gathered, key_files::foreign(library).await?);
                    let (mut snapshots, finding) = key_files::snapshots(library).await?;
                    self.found(&mut gathered, finding);
                    if self.row.mode == VerifyMode::Quick {
                        // The others are needed only if the newest cannot be used.
                        snapshots.truncate(1);
                    }
                    snapshots.reverse();
                    self.stage = Stage::Snapshots(snapshots);
                }
                Stage::Snapshots(left) => match left.pop() {
                    Some(name) => {
                        let (read, finding) = key_files::read_snapshot(library, name).await?;
                        gathered.read += read;
                        self.found(&mut gathered, finding);
                    }
                    None => self.stage = Stage::Done,
                },
                Stage::Done => break,
            }
        }
        if matches!(self.stage, Stage::Done) {
            self.row.is_running = false;
            self.row.completed = Some(now);
        }
        self.keep(library).await;
        if let Some(rate) = self.rate {
            let due = Duration::from_millis(gathered.read.saturating_mul(1_000) / rate.0.max(1));
            tokio::time::sleep(due.saturating_sub(slice.begun.elapsed())).await;
        }
        Ok(self.report(gathered.findings, gathered.unknown))
    }

    pub(super) fn found(&mut self, gathered: &mut Gathered, findings: impl IntoIterator<Item = Finding>) {
        let before = gathered.findings.len();
        gathered.findings.extend(findings.into_iter().inspect(|finding| self.told.extend(finding.container)));
        self.row.findings += (gathered.findings.len() - before) as u64;
    }

    /// Stores the run's position. If the disk cannot be written it continues anyway, and logs that once.
    async fn keep(&mut self, library: &Library) {
        let row = self.row.clone();
        let kept =
            library.catalog().write_silent(NOTED, move |tx| Ok::<_, LibraryError>(tx.put_scrub(&row)?)).await;
        if let Err(error) = &kept
            && self.is_kept
        {
            tracing::warn!(
                error = error as &dyn std::error::Error,
                "cannot store the position of a verification"
            );
        }
        self.is_kept = kept.is_ok();
    }

    /// Reports again the findings of this run from before it was interrupted.
    async fn remember(
        &mut self,
        library: &Library,
        after: Option<ContainerId>,
        gathered: &mut Gathered,
    ) -> Result<(), LibraryError> {
        let page = known(library, after, self.row.started).await?;
        self.told.extend(page.iter().filter_map(|finding| finding.container));
        self.stage = match page.last().filter(|_| page.len() == PAGE) {
            Some(last) => Stage::Remembering(last.container),
            None => Stage::Catalogue(0),
        };
        gathered.findings.extend(page);
        Ok(())
    }

    /// Reports containers recorded as damaged that were neither cleared nor reported yet: damage that a reader met
    /// after the walk had passed, and containers that the walk could not reach.
    async fn tell_known(
        &mut self,
        library: &Library,
        after: Option<ContainerId>,
        gathered: &mut Gathered,
    ) -> Result<(), LibraryError> {
        let page = match known(library, after, Timestamp(i64::MIN)).await {
            Ok(page) => page,
            Err(error) => {
                self.found(gathered, [catalogue::unreadable(error)?]);
                Vec::new()
            }
        };
        self.stage = match page.last().filter(|_| page.len() == PAGE) {
            Some(last) => Stage::Known(last.container),
            None => Stage::Files,
        };
        let is_news = |finding: &Finding| finding.container.is_none_or(|id| !self.told.contains(&id));
        let news: Vec<_> = page.into_iter().filter(is_news).collect();
        self.found(gathered, news);
        Ok(())
    }

    async fn ask(
        &mut self,
        library: &Library,
        question: usize,
        gathered: &mut Gathered,
    ) -> Result<(), LibraryError> {
        let findings = catalogue::answer(library.catalog(), question).await?;
        if question == catalogue::PAGES && !findings.is_empty() {
            library.note_damaged_catalogue();
        }
        self.found(gathered, findings);
        let next = question + 1;
        self.stage = if next < catalogue::QUESTIONS { Stage::Catalogue(next) } else { Stage::Keys };
        Ok(())
    }
}

/// The next containers recorded as damaged and seen at `since` or later.
async fn known(
    library: &Library,
    after: Option<ContainerId>,
    since: Timestamp,
) -> Result<Vec<Finding>, LibraryError> {
    let describe = |tx: &ReadTx<'_>, row: DamagedRow| {
        let stored = tx.container(row.container)?;
        Ok(Finding {
            kind: FindingKind::Damage(row.kind),
            space: stored.as_ref().map(|stored| stored.space),
            container: Some(row.container),
            place: stored.map(|stored| stored.container.place),
            chunk: row.chunk,
            detail: None,
            first_seen: Some(row.first_seen),
            uses: uses::of_container(tx, row.container)?,
        })
    };
    library
        .catalog()
        .read(move |tx| {
            tx.damaged_after(after, since, PAGE)?.into_iter().map(|row| describe(tx, row)).collect()
        })
        .await
}

/// Turns a catalogue that cannot be read into a finding.
fn readable(looked: Result<Vec<Finding>, LibraryError>) -> Result<Vec<Finding>, LibraryError> {
    looked.or_else(|error| Ok(vec![catalogue::unreadable(error)?]))
}
