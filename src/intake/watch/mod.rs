//! The watched folder: a scanner or another program puts files into `DIR/<name of a space>/…`, and each finished one is
//! taken into that space at the same path and removed.
//!
//! ```text
//! round   list DIR ──▶ one job for each folder in it that has none, a few at a time
//! job     list the folder, a bounded part ──▶ take what has settled, a bounded number ──▶ report what waits and why
//! ```
//! The listing is the truth, and notifications only wake it ([`hint`]). A regular file that has a finished name and
//! no second one and did not change for a while is taken ([`take`]); any other stays where it is and is tried again.
//! Bytes that a program writes into a file that was just removed are stored, too ([`late`]). Jobs of different spaces
//! do not wait for one another, so that none of them keeps others from theirs.
//!
//! It lies in this room because the folder is a way into the holding area; of its neighbours it imports the scanner
//! and the places for contents from outside.

mod hint;
mod late;
mod seen;
mod take;
mod tree;
mod waits;
mod walk;

use std::collections::HashMap;
use std::future::pending;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::task::{Id, JoinError, JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep_until};

use hint::Hint;
use late::{Late, MAX_REMOVED, Removed};
use seen::{Judgment, Seen};
use take::{Ready, Trouble, keep, take};
use tree::{Fault, Root};
use waits::{Counts, Reason};
use walk::{Met, Walk};

use super::Intake;
use crate::library::{LibraryError, Space};
use crate::model::{EntryName, SpaceId, Timestamp, Worker};

/// Time between two listings of the watched folder.
pub const WATCH_EVERY: Duration = Duration::from_secs(5);
/// Time between two listings when notifications, or files that have settled, want one earlier.
const SOONEST: Duration = Duration::from_millis(200);
/// Most entries listed below the folder of one space in a round.
const MAX_LISTED: usize = 10_000;
/// Most files taken into one space in a round.
const MAX_TAKEN: usize = 128;
/// Most files remembered between rounds, shared among the folders of all spaces.
const MAX_REMEMBERED: usize = 16_384;
/// Files of each space that are remembered at least, however many spaces there are.
const MIN_REMEMBERED: usize = 16;
/// Most spaces whose files are listed and taken at the same time.
const MAX_JOBS: usize = 4;

/// The office's settings for the watched folder.
#[derive(Clone, Debug)]
pub struct WatchSettings {
    /// The folder.
    pub folder: PathBuf,
    /// The data directory, which must lie apart from it.
    pub data: PathBuf,
    /// Time for which a file must not change before it is taken.
    pub settle: Duration,
}

/// Why the watched folder cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// It cannot be opened or read.
    #[error("cannot list the watched folder")]
    Folder(#[source] std::io::Error),
    /// The files of one would be taken for those of the other.
    #[error("the watched folder and the data directory must not contain one another")]
    InsideData,
    /// The spaces are not known.
    #[error(transparent)]
    Library(#[from] LibraryError),
}

/// The watched folder of an open instance.
pub struct WatchedFolder {
    intake: Intake,
    settings: WatchSettings,
    wake: Arc<Notify>,
    turns: Arc<Semaphore>,
    /// Descriptors for removed files.
    removed: Arc<Semaphore>,
    hint: Option<Hint>,
    /// By the name of the folder in the watched folder.
    folders: HashMap<EntryName, Slot>,
    jobs: JoinSet<Folder>,
    working: HashMap<Id, EntryName>,
    /// Files directly in the watched folder.
    beside: Counts,
    taken: u64,
    last: Instant,
}

/// Place of the folder of a space.
#[derive(Default)]
struct Slot {
    /// `None` while a job has it.
    folder: Option<Folder>,
    /// The files that waited when the last job ended.
    shown: Counts,
}

impl WatchedFolder {
    /// A watched folder for the spaces of the holding area's library.
    pub fn new(intake: Intake, settings: WatchSettings) -> Self {
        Self {
            intake,
            settings,
            wake: Arc::default(),
            turns: Arc::new(Semaphore::new(MAX_JOBS)),
            removed: Arc::new(Semaphore::new(MAX_REMOVED)),
            hint: None,
            folders: HashMap::new(),
            jobs: JoinSet::new(),
            working: HashMap::new(),
            beside: Counts::default(),
            taken: 0,
            last: Instant::now(),
        }
    }

    /// Lists the watched folder and begins a job for each folder in it.
    pub async fn round(&mut self) -> Result<(), WatchError> {
        self.last = Instant::now();
        while let Some(ended) = self.jobs.try_join_next_with_id() {
            self.collect(ended);
        }
        let settings = self.settings.clone();
        let listed = spawn_blocking(move || {
            let root = Root::open(&settings.folder, &settings.data)?;
            let tops = root.tops().map_err(WatchError::Folder)?;
            let identity = root.identity().map_err(WatchError::Folder)?;
            Ok::<_, WatchError>((root, tops, identity))
        });
        let (root, tops, identity) = listed.await.map_err(LibraryError::from)??;
        if self.hint.as_ref().is_none_or(|hint| hint.of != identity) {
            let (folder, wake) = (self.settings.folder.clone(), Arc::clone(&self.wake));
            self.hint = spawn_blocking(move || Hint::new(&folder, identity, &wake)).await.ok();
        }
        self.beside = Counts::default();
        tops.others.iter().for_each(|reason| self.beside.add(*reason));
        let spaces = Spaces::new(self.intake.library.spaces().await?);
        self.begin_jobs(&Arc::new(root), tops.folders, &spaces);
        Ok(())
    }

    fn begin_jobs(&mut self, root: &Arc<Root>, tops: Vec<EntryName>, spaces: &Spaces) {
        let mut former = std::mem::take(&mut self.folders);
        let share = (MAX_REMEMBERED / tops.len().max(1)).max(MIN_REMEMBERED);
        for top in tops {
            let is_new = !former.contains_key(&top);
            let mut slot = former.remove(&top).unwrap_or_default();
            let folder = if is_new { Some(Folder::default()) } else { slot.folder.take() };
            self.folders.insert(top.clone(), slot);
            let Some(folder) = folder else { continue };
            let job = Job {
                intake: self.intake.clone(),
                root: Arc::clone(root),
                space: spaces.named(&top),
                top: top.clone(),
                settle: self.settings.settle,
                room: share,
                removed: Arc::clone(&self.removed),
            };
            let turns = Arc::clone(&self.turns);
            let task = self.jobs.spawn(async move {
                let _turn = turns.acquire().await;
                job.run(folder).await
            });
            self.working.insert(task.id(), top);
        }
    }

    /// Takes the result of a job; returns whether its folder has more to do at once, or the words have changed.
    fn collect(&mut self, ended: Result<(Id, Folder), JoinError>) -> bool {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some(top) = self.working.remove(&id) else { return false };
        let Ok((_, mut folder)) = ended else {
            // It panicked, and its memory is lost: its files are seen for the first time.
            self.folders.remove(&top);
            return false;
        };
        let taken = std::mem::take(&mut folder.taken);
        self.taken += taken;
        // Otherwise the folder was renamed or removed meanwhile.
        let Some(slot) = self.folders.get_mut(&top) else { return false };
        let is_news = taken > 0 || (folder.walk.is_none() && slot.shown != folder.shown);
        slot.shown.clone_from(&folder.shown);
        let has_more = folder.has_more;
        slot.folder = Some(folder);
        has_more || is_news
    }

    /// Completes when a listing is worth while before its time. Cancel safe.
    pub async fn woken(&mut self) {
        loop {
            let due = self.folders.values().filter_map(|slot| slot.folder.as_ref()?.next).min();
            let due = async move {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                Some(ended) = self.jobs.join_next_with_id() => {
                    if self.collect(ended) {
                        break;
                    }
                }
                () = self.wake.notified() => break,
                () = due => break,
            }
        }
        sleep_until(self.last + SOONEST).await;
    }

    /// The number of files taken since the start, and of those that wait, by reason; `None` if there are none.
    pub fn words(&self) -> Option<String> {
        let mut counts = self.beside.clone();
        self.folders.values().for_each(|slot| counts.add_all(&slot.shown));
        let taken = (self.taken > 0).then(|| format!("taken: {}", self.taken));
        let words: Vec<_> = taken.into_iter().chain(counts.words()).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// The spaces by name.
struct Spaces(HashMap<String, (EntryName, Target)>);

/// A space into which files go.
#[derive(Clone, Copy)]
struct Target {
    space: SpaceId,
    /// Whether it holds arriving contents.
    holds: bool,
}

impl Spaces {
    fn new(spaces: Vec<Space>) -> Self {
        let target = |space: &Space| Target { space: space.id, holds: space.settings.hold.is_some() };
        let named = |space: Space| Some((EntryName::parse(&space.name).ok()?, target(&space)));
        Self(spaces.into_iter().filter_map(named).map(|found| (found.0.key(), found)).collect())
    }

    /// The space of exactly this name, in any composition of accents.
    fn named(&self, name: &EntryName) -> Option<Target> {
        let (space, target) = self.0.get(&name.key())?;
        space.is_same_text(name).then_some(*target)
    }
}

/// The known facts about the folder of one space.
#[derive(Default)]
struct Folder {
    seen: Seen,
    removed: Removed,
    /// The listing that is not at its end.
    walk: Option<Walk>,
    /// The files that wait, as far as this listing has come.
    counts: Counts,
    /// The files that waited in the last whole listing.
    shown: Counts,
    /// When the next file may be taken.
    next: Option<Instant>,
    /// Whether there is more to do at once.
    has_more: bool,
    /// Files taken by the last job.
    taken: u64,
}

/// The work on one folder in one round.
struct Job {
    intake: Intake,
    root: Arc<Root>,
    top: EntryName,
    space: Option<Target>,
    settle: Duration,
    room: usize,
    removed: Arc<Semaphore>,
}

impl Job {
    async fn run(self, mut folder: Folder) -> Folder {
        let job = Arc::new(self);
        let own = Arc::clone(&job);
        let listed = spawn_blocking(move || {
            let now = Instant::now();
            let late = folder.removed.written(now, own.settle);
            let ready = own.list(&mut folder, now);
            (folder, late, ready)
        });
        let Ok((mut folder, late, ready)) = listed.await else { return Folder::default() };
        match job.space {
            Some(target) => job.keep_late(&mut folder, target, late).await,
            None => late.into_iter().for_each(|late| folder.removed.put_back(late)),
        }
        if let Some(target) = job.space.filter(|_| !ready.is_empty()) {
            job.take_all(&mut folder, target, ready).await;
            // If all of them failed, the next ones can wait: they probably fail, too.
            folder.has_more &= folder.taken > 0;
        }
        folder
    }

    /// Lists a bounded part of the folder, and returns a bounded number of files that have settled.
    fn list(&self, folder: &mut Folder, now: Instant) -> Vec<Ready> {
        let mut ready = Vec::new();
        // A folder without a space may be the beginning of something else.
        let tidy = self.space.map(|_| Timestamp::now());
        (folder.next, folder.has_more) = (None, false);
        let mut walk = match folder.walk.take().map_or_else(|| Walk::begin(&self.root, &self.top), Ok) {
            Ok(walk) => walk,
            Err(fault) => {
                folder.counts = Counts::default();
                if let Fault::Waits(reason) = fault {
                    folder.counts.add(reason);
                }
                folder.end_listing();
                return ready;
            }
        };
        for _ in 0..MAX_LISTED {
            match walk.next(&self.root, &self.top, tidy) {
                None => {
                    folder.end_listing();
                    return ready;
                }
                Some(Met::Nothing) => {}
                Some(Met::Waits(reason)) => folder.counts.add(reason),
                Some(Met::File(path, stamp)) => {
                    if self.space.is_none() {
                        folder.counts.add(Reason::NoSpace);
                        continue;
                    }
                    match folder.seen.judge(&path, stamp, now, self.settle, self.room) {
                        Judgment::Wait(reason, until) => {
                            folder.counts.add(reason);
                            folder.due(until);
                        }
                        Judgment::Take { is_stored } => {
                            ready.push(Ready { top: self.top.clone(), path, stamp, is_stored });
                            // The next round goes on here, so that each round takes its fill.
                            if ready.len() >= MAX_TAKEN {
                                break;
                            }
                        }
                    }
                }
            }
        }
        folder.walk = Some(walk);
        folder.has_more = true;
        ready
    }

    /// Stores the bytes written to files after these were removed.
    async fn keep_late(&self, folder: &mut Folder, target: Target, written: Vec<Late>) {
        let library = &self.intake.library;
        let access = library.as_worker(Worker::Watch, target.space);
        for late in written {
            let (top, path, stamp) = (self.top.clone(), late.path.clone(), late.stamp);
            let ready = Ready { top, path, stamp, is_stored: false };
            match keep(library, access, &ready, &late.file).await {
                Ok(()) => {
                    tracing::warn!(
                        "a file was written after it was taken from the watched folder, and stored once more; a \
                         longer watch_settle prevents that"
                    );
                    folder.taken += 1;
                }
                Err(_) => folder.removed.put_back(late),
            }
        }
    }

    async fn take_all(&self, folder: &mut Folder, target: Target, ready: Vec<Ready>) {
        let library = &self.intake.library;
        let access = library.as_worker(Worker::Watch, target.space);
        // A held content is scanned at once: without a scanner it waits here, where its sender sees it.
        let mut obstacle = match target.holds && !self.intake.scanner_answers().await {
            true => Some(Reason::ScannerDown),
            false => None,
        };
        for file in ready {
            let outcome = match obstacle {
                Some(reason) => Err(Trouble::Waits { reason, is_stored: file.is_stored }),
                None => take(library, &self.root, access, &file).await,
            };
            match outcome {
                Ok(open) => {
                    folder.seen.forget(&file.path);
                    folder.taken += 1;
                    if let Some(open) = open {
                        folder.removed.add(file.path, open, &file.stamp, Instant::now(), &self.removed);
                    }
                }
                Err(Trouble::Other) => folder.seen.forget(&file.path),
                Err(Trouble::Written) => {
                    folder.seen.forget(&file.path);
                    folder.shown.add(Reason::Settling);
                }
                Err(Trouble::Waits { reason, is_stored }) => {
                    obstacle = obstacle.or(Some(reason).filter(|reason| reason.stops_all()));
                    let until = folder.seen.failed(&file.path, reason, is_stored, Instant::now());
                    folder.shown.add(reason);
                    folder.due(Some(until));
                }
            }
        }
    }
}

impl Folder {
    fn due(&mut self, until: Option<Instant>) {
        self.next = [self.next, until].into_iter().flatten().min();
    }

    /// The whole folder was listed.
    fn end_listing(&mut self) {
        self.seen.end_pass();
        self.shown = std::mem::take(&mut self.counts);
    }
}

/// Opens the folder as the server does; for `tresor doctor`.
pub fn check_watched(settings: &WatchSettings) -> Result<(), WatchError> {
    Root::open(&settings.folder, &settings.data)?.tops().map(drop).map_err(WatchError::Folder)
}
