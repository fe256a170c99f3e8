//! One run: where it is, and its next step.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::task::{Advance, Depth, Expected, Eyes, Fault, Task};
use super::{
    Finding, FindingKind, MAX_FINDINGS, RunId, UnknownFiles, VerifyOrder, VerifyStage, VerifyStep, catalogue,
    damage, files, uses,
};
use crate::catalog::{Noted, ReadTx, ScrubRow, StoredContainer};
use crate::library::{Library, LibraryError};
use crate::model::{
    ByteSize, Checksum, ChecksumKind, ContainerId, DamageKind, Timestamp, VerifyMode, VerifyStarter,
};
use crate::vault::reader::MAX_READ_LEN;
use crate::vault::stream::CHUNK_LEN;

/// How long a step works before it tells how far it is.
const SLICE: Duration = Duration::from_secs(1);
/// Containers whose rows are read at once.
const PAGE: usize = 100;
/// Age at which the owner's unfinished run is no longer gone on with. The schedule's always is.
const RESUMABLE: Duration = Duration::from_hours(30 * 24);

pub(super) struct Run {
    id: RunId,
    row: ScrubRow,
    rate: Option<ByteSize>,
    is_resumed: bool,
    stage: Stage,
    total_containers: u64,
    total_bytes: u64,
    /// What was begun and not finished first, then what comes next.
    queue: VecDeque<Task>,
}

enum Stage {
    /// What was found before the interruption, after this container.
    Remembering(Option<ContainerId>),
    /// The next question to the catalogue.
    Catalogue(usize),
    Containers,
    Files,
    Done,
}

/// What a step gathers.
#[derive(Default)]
struct Gathered {
    findings: Vec<Finding>,
    unknown: UnknownFiles,
    /// Bytes read from the disk, for the rate.
    read: u64,
}

/// Until when a step goes on.
#[derive(Clone, Copy)]
struct Slice {
    begun: Instant,
    bytes: u64,
}

impl Slice {
    fn is_over(self, read: u64) -> bool {
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
            // A catalogue that cannot be read is what the run will find.
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
        let mut random = [0; 4];
        getrandom::fill(&mut random).expect("the system's random source answers");
        let run = Self {
            id: RunId(u32::from_le_bytes(random)),
            row,
            rate,
            is_resumed,
            stage: if is_resumed { Stage::Remembering(None) } else { Stage::Catalogue(0) },
            total_containers,
            total_bytes,
            queue: VecDeque::new(),
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
                Stage::Containers => VerifyStage::Containers,
                Stage::Files => VerifyStage::Files,
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
            match self.stage {
                Stage::Remembering(after) => self.remember(library, after, &mut gathered).await?,
                Stage::Catalogue(question) => self.ask(library, question, &mut gathered).await?,
                Stage::Containers => self.walk(library, slice, &mut gathered, now).await?,
                Stage::Files => {
                    match files::look(library).await {
                        Ok((unknown, finding)) => {
                            gathered.unknown = unknown;
                            self.found(&mut gathered, finding);
                        }
                        Err(error) => self.found(&mut gathered, [catalogue::unreadable(error)?]),
                    }
                    self.stage = Stage::Done;
                }
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

    fn found(&mut self, gathered: &mut Gathered, findings: impl IntoIterator<Item = Finding>) {
        let before = gathered.findings.len();
        gathered.findings.extend(findings);
        self.row.findings += (gathered.findings.len() - before) as u64;
    }

    /// Keeps how far the run is. On a disk that takes no writes it goes on all the same.
    async fn keep(&self, library: &Library) {
        let row = self.row.clone();
        let kept = library.catalog().write(move |tx| Ok::<_, LibraryError>(tx.put_scrub(&row)?)).await;
        if let Err(error) = kept {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "how far verification is cannot be kept"
            );
        }
    }

    /// Tells again what this run found before it was interrupted.
    async fn remember(
        &mut self,
        library: &Library,
        after: Option<ContainerId>,
        gathered: &mut Gathered,
    ) -> Result<(), LibraryError> {
        let since = self.row.started;
        let (page, findings) = library
            .catalog()
            .read(move |tx| {
                let page = tx.damaged_after(after, since, PAGE)?;
                let mut findings = Vec::with_capacity(page.len());
                for row in &page {
                    let space = tx.container(row.container)?.map(|stored| stored.space);
                    let uses = uses::of_container(tx, row.container)?;
                    findings.push(Finding {
                        kind: FindingKind::Damage(row.kind),
                        space,
                        container: Some(row.container),
                        chunk: row.chunk,
                        detail: None,
                        first_seen: Some(row.first_seen),
                        uses,
                    });
                }
                Ok::<_, LibraryError>((page, findings))
            })
            .await?;
        gathered.findings.extend(findings);
        self.stage = match page.last() {
            Some(last) if page.len() == PAGE => Stage::Remembering(Some(last.container)),
            _ => Stage::Catalogue(0),
        };
        Ok(())
    }

    async fn ask(
        &mut self,
        library: &Library,
        question: usize,
        gathered: &mut Gathered,
    ) -> Result<(), LibraryError> {
        let findings = catalogue::answer(library.catalog(), question).await?;
        self.found(gathered, findings);
        let next = question + 1;
        self.stage = if next < catalogue::QUESTIONS { Stage::Catalogue(next) } else { Stage::Containers };
        Ok(())
    }

    /// Looks at containers until the slice is over or none is left.
    async fn walk(
        &mut self,
        library: &Library,
        slice: Slice,
        gathered: &mut Gathered,
        now: Timestamp,
    ) -> Result<(), LibraryError> {
        if self.queue.is_empty() {
            let (after, mode) = (self.row.position, self.row.mode);
            match library.catalog().read(move |tx| next_tasks(tx, after, mode)).await {
                Ok(tasks) => self.queue = tasks.into(),
                // There is no next row to be had: say so, and end with what else can be looked at.
                Err(error) => {
                    let finding = catalogue::unreadable(error)?;
                    self.found(gathered, [finding]);
                }
            }
            if self.queue.is_empty() {
                self.stage = Stage::Files;
                return Ok(());
            }
        }
        let eyes = Eyes {
            disk: Arc::clone(library.disk()),
            keys: Arc::clone(&library.shared.keys),
            piece: slice.bytes.clamp(CHUNK_LEN as u64, MAX_READ_LEN),
        };
        let (mut queue, already) = (std::mem::take(&mut self.queue), gathered.read);
        let (queue, done, read, failure) = tokio::task::spawn_blocking(move || {
            let (mut done, mut read) = (Vec::new(), 0);
            while let Some(task) = queue.front_mut()
                && !slice.is_over(already + read)
            {
                match task.advance(&eyes) {
                    Ok(Advance::Read(bytes)) => read += bytes,
                    Ok(Advance::Done) => done.extend(queue.pop_front()),
                    Err(error) => return (queue, done, read, Some(error)),
                }
            }
            (queue, done, read, None)
        })
        .await?;
        self.queue = queue;
        gathered.read += read;
        self.judge(library, done, gathered, now).await?;
        failure.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Draws the conclusions from finished tasks.
    async fn judge(
        &mut self,
        library: &Library,
        done: Vec<Task>,
        gathered: &mut Gathered,
        now: Timestamp,
    ) -> Result<(), LibraryError> {
        let (mut faults, mut sound) = (Vec::new(), Vec::new());
        for task in done {
            self.row.bytes += task.bytes_read();
            if let Some(position) = task.closes {
                self.row.position = Some(position);
                self.row.containers += 1;
            }
            let depth = task.depth();
            sound.extend(task.outcome.sound.into_iter().map(|id| (id, depth)));
            faults.extend(task.outcome.faults);
        }
        self.clear(library, sound).await;
        if faults.is_empty() {
            return Ok(());
        }
        let (certain, again) =
            library.catalog().read(move |tx| Ok::<_, LibraryError>(reconsider(tx, faults))).await?;
        for task in again {
            self.queue.push_front(task);
        }
        let seen: Vec<_> =
            certain.iter().map(|fault| (fault.stored.container.id, fault.kind, fault.chunk)).collect();
        let noted = library
            .catalog()
            .write(move |tx| {
                seen.iter()
                    .map(|(id, kind, chunk)| damage::note(tx, *id, *kind, *chunk, now))
                    .collect::<Result<Vec<_>, LibraryError>>()
            })
            .await
            .unwrap_or_else(|error| {
                tracing::warn!(error = &error as &dyn std::error::Error, "damage is not noted");
                Vec::new()
            });
        let still_there = |at: usize| noted.get(at).is_none_or(|noted| *noted != Noted::Gone);
        let certain: Vec<Fault> = certain
            .into_iter()
            .enumerate()
            .filter(|(at, _)| still_there(*at))
            .map(|(_, fault)| fault)
            .collect();
        for fault in &certain {
            library.shared.shelf.put_away(fault.stored.container.id);
        }
        let findings =
            library.catalog().read(move |tx| Ok::<_, LibraryError>(describe(tx, &certain))).await?;
        self.found(gathered, findings);
        Ok(())
    }

    /// Forgets the damage of containers that are whole now, as far as this look can tell.
    async fn clear(&self, library: &Library, mut sound: Vec<(ContainerId, Depth)>) {
        let since = self.row.started;
        let cleared = async {
            sound = library
                .catalog()
                .read(move |tx| {
                    if tx.damaged_count()? > 0 {
                        let mut noted = Vec::new();
                        for (id, depth) in sound {
                            let is_seen =
                                |kind: DamageKind| depth == Depth::Content || kind.is_seen_quickly();
                            if tx.damage_of(id)?.is_some_and(|row| is_seen(row.kind)) {
                                noted.push((id, depth));
                            }
                        }
                        return Ok::<_, LibraryError>(noted);
                    }
                    Ok(Vec::new())
                })
                .await?;
            if sound.is_empty() {
                return Ok(());
            }
            let clear = move |tx: &crate::catalog::WriteTx<'_>| {
                let mut cleared = Vec::new();
                for (id, _) in sound {
                    if tx.clear_damage(id, since)? {
                        cleared.push(id);
                    }
                }
                Ok::<_, LibraryError>(cleared)
            };
            for id in library.catalog().write(clear).await? {
                library.shared.recent_damage.forget(id);
                tracing::info!(container = %id, "a damaged container is whole again");
            }
            Ok::<_, LibraryError>(())
        };
        if let Err(error) = cleared.await {
            tracing::warn!(error = &error as &dyn std::error::Error, "damage that is gone stays noted");
        }
    }
}

/// What to do with the next containers. Each is looked at where a content begins with it, so that a
/// content of several is hashed in one go; the row of its position goes with its last task.
fn next_tasks(
    tx: &ReadTx<'_>,
    after: Option<ContainerId>,
    mode: VerifyMode,
) -> Result<Vec<Task>, LibraryError> {
    let mut tasks = Vec::new();
    for stored in tx.containers_after(after, PAGE)? {
        let id = stored.container.id;
        let mut of_this = match mode {
            VerifyMode::Quick => vec![Task::new(vec![stored], Depth::Frame, Vec::new())],
            VerifyMode::Full => content_tasks(tx, stored)?,
        };
        if let Some(last) = of_this.last_mut() {
            last.closes = Some(id);
        }
        tasks.append(&mut of_this);
    }
    Ok(tasks)
}

fn content_tasks(tx: &ReadTx<'_>, stored: StoredContainer) -> Result<Vec<Task>, LibraryError> {
    let id = stored.container.id;
    let (alone, chains): (Vec<_>, Vec<_>) =
        tx.contents_beginning_with(id)?.into_iter().partition(|start| start.segments == 1);
    let mut tasks: Vec<Task> = Vec::new();
    // Copies share their containers: one reading serves all that are the same.
    let mut seen: Vec<(Vec<ContainerId>, usize)> = Vec::new();
    for start in chains {
        let segments = tx.segments(start.version)?;
        let ids: Vec<_> = segments.iter().map(|row| row.id).collect();
        let expected = start.sha256.map(|hash| (start.version, hash));
        if let Some((_, at)) = seen.iter().find(|(known, _)| *known == ids) {
            if let Some(task) = tasks.get_mut(*at) {
                task.expect(expected);
            }
            continue;
        }
        let space = stored.space;
        let containers = segments.into_iter().map(|container| StoredContainer { space, container }).collect();
        seen.push((ids, tasks.len()));
        tasks.push(Task::new(containers, Depth::Content, expected.into_iter().collect()));
    }
    let is_read = !tasks.is_empty() || tx.is_continuation(id)?;
    if alone.is_empty() && is_read {
        // It is looked at with the content that it is a part of.
        if tasks.is_empty() {
            tasks.push(Task::new(Vec::new(), Depth::Frame, Vec::new()));
        }
    } else {
        let expected: Vec<Expected> =
            alone.iter().filter_map(|start| Some((start.version, start.sha256?))).collect();
        tasks.push(Task::new(vec![stored], Depth::Content, expected));
    }
    Ok(tasks)
}

/// Reads the rows again. Faults whose row is gone are none; those whose row changed are looked at again;
/// where the catalogue does not give the row any more, the fault stands.
fn reconsider(tx: &ReadTx<'_>, faults: Vec<Fault>) -> (Vec<Fault>, Vec<Task>) {
    let (mut certain, mut again) = (Vec::new(), Vec::new());
    for fault in faults {
        match tx.container(fault.stored.container.id) {
            Ok(None) => {}
            Ok(Some(stored)) if stored != fault.stored => {
                again.push(Task::new(vec![stored], Depth::Content, fault.expected.into_iter().collect()));
            }
            _ if fault.expected.is_some_and(|expected| !is_expected(tx, expected)) => {}
            _ => certain.push(fault),
        }
    }
    (certain, again)
}

fn is_expected(tx: &ReadTx<'_>, (version, hash): Expected) -> bool {
    let is_hash = |sum: &Checksum| sum.kind() == ChecksumKind::Sha256 && sum.digest() == hash.as_slice();
    tx.version(version).map_or(true, |row| row.is_some_and(|row| row.checksums.iter().any(is_hash)))
}

/// Findings with names; without them where the catalogue does not give any.
fn describe(tx: &ReadTx<'_>, faults: &[Fault]) -> Vec<Finding> {
    let describe = |fault: &Fault| {
        let id = fault.stored.container.id;
        let uses = match fault.expected {
            Some((version, _)) => uses::of_version(tx, version),
            None => uses::of_container(tx, id),
        };
        Finding {
            kind: FindingKind::Damage(fault.kind),
            space: Some(fault.stored.space),
            container: Some(id),
            chunk: fault.chunk,
            detail: None,
            first_seen: tx.damage_of(id).ok().flatten().map(|row| row.first_seen),
            uses: uses.unwrap_or_default(),
        }
    };
    faults.iter().map(describe).collect()
}
