//! Walks through the containers: chooses what to check next, and draws conclusions from the results.

use std::sync::Arc;

use super::run::{Gathered, Run, Slice, Stage};
use super::task::{Advance, Depth, Expected, Eyes, Fault, Task};
use super::{Finding, FindingKind, catalogue, uses};
use crate::catalog::{Noted, ReadTx, StoredContainer, WriteTx};
use crate::library::damage::{self, NOTED};
use crate::library::{Library, LibraryError};
use crate::model::{Checksum, ChecksumKind, ContainerId, DamageKind, Timestamp, VerifyMode};
use crate::vault::reader::MAX_READ_LEN;
use crate::vault::stream::CHUNK_LEN;

/// Containers whose rows a verification reads at a time.
const PAGE: usize = 100;

impl Run {
    /// Verifies containers until the slice is used up or none is left.
    pub(super) async fn walk(
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
                // The next row cannot be read: report that, and continue with the checks that are still possible.
                Err(error) => {
                    let finding = catalogue::unreadable(error)?;
                    self.found(gathered, [finding]);
                }
            }
            if self.queue.is_empty() {
                self.stage = Stage::Known(None);
                return Ok(());
            }
        }
        let eyes = Eyes {
            storage: library.storage().clone(),
            keys: Arc::clone(library.keys()),
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

    /// Draws conclusions from finished tasks.
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
            .write_silent(NOTED, move |tx| {
                seen.iter()
                    .map(|(id, kind, chunk)| damage::note(tx, *id, *kind, *chunk, now))
                    .collect::<Result<Vec<_>, LibraryError>>()
            })
            .await
            .unwrap_or_else(|error| {
                tracing::warn!(error = &error as &dyn std::error::Error, "cannot record damage");
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
            library.reopen_container(fault.stored.container.id);
        }
        let findings =
            library.catalog().read(move |tx| Ok::<_, LibraryError>(describe(tx, &certain))).await?;
        self.found(gathered, findings);
        Ok(())
    }

    /// Clears the damage of containers that are whole now, as far as this check can tell.
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
            let clear = move |tx: &WriteTx<'_>| {
                let mut cleared = Vec::new();
                for (id, _) in sound {
                    if tx.clear_damage(id, since)? {
                        cleared.push(id);
                    }
                }
                Ok::<_, LibraryError>(cleared)
            };
            for id in library.catalog().write_silent(NOTED, clear).await? {
                library.forget_damage(id);
                tracing::info!(container = %id, "a damaged container is whole again");
            }
            Ok::<_, LibraryError>(())
        };
        if let Err(error) = cleared.await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "cannot clear the record of damage that is gone"
            );
        }
    }
}

/// The tasks for the next containers. Each container is verified with the content that begins with it, so that a
/// content of several is hashed in one pass; the position moves on with a container's last task.
fn next_tasks(
    tx: &ReadTx<'_>,
    after: Option<ContainerId>,
    mode: VerifyMode,
) -> Result<Vec<Task>, LibraryError> {
    let mut tasks = Vec::new();
    for stored in tx.containers_after(after, PAGE)? {
        let id = stored.container.id;
        let mut of_this = match mode {
            VerifyMode::Quick => quick_tasks(tx, stored)?,
            VerifyMode::Full => content_tasks(tx, stored)?,
        };
        if let Some(last) = of_this.last_mut() {
            last.closes = Some(id);
        }
        tasks.append(&mut of_this);
    }
    Ok(tasks)
}

/// A check of the frame; for recorded damage that it could not detect, as much as is needed to judge it again.
fn quick_tasks(tx: &ReadTx<'_>, stored: StoredContainer) -> Result<Vec<Task>, LibraryError> {
    let hidden = tx.damage_of(stored.container.id)?.filter(|row| !row.kind.is_seen_quickly());
    let depth = match hidden.map(|row| row.kind) {
        Some(DamageKind::WrongHash) => return content_tasks(tx, stored),
        Some(_) => Depth::Content,
        None => Depth::Frame,
    };
    Ok(vec![Task::new(vec![stored], depth, Vec::new())])
}

fn content_tasks(tx: &ReadTx<'_>, stored: StoredContainer) -> Result<Vec<Task>, LibraryError> {
    let id = stored.container.id;
    let (alone, chains): (Vec<_>, Vec<_>) =
        tx.contents_beginning_with(id)?.into_iter().partition(|start| start.segments == 1);
    let mut tasks: Vec<Task> = Vec::new();
    // Copies share containers: one pass serves all equal ones.
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
        // It is verified with the content that contains it.
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

/// Re-reads each row: drops the fault if the row is gone, checks again if it changed, keeps the fault if the row
/// cannot be read.
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

/// Findings with names; without them if the catalogue cannot provide any.
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
            place: Some(fault.stored.container.place),
            chunk: fault.chunk,
            detail: None,
            first_seen: tx.damage_of(id).ok().flatten().map(|row| row.first_seen),
            uses: uses.unwrap_or_default(),
        }
    };
    faults.iter().map(describe).collect()
}
