//! All at once: sweep, upkeep, snapshots, verification, restarts and rebuilds meet files, uploads and copies that are
//! under way, while days pass and clocks go wrong; in an order that a seed decides, against a model of what was
//! acknowledged.
//!
//! A schedule is a few steps. A long step is held up at the disk's gates, and the next steps happen meanwhile: a
//! sweep between any two containers that it looks at, a writer between its file's being durable and its row. To the
//! sweep every file is older than a day, as it is to one that runs for long or by a clock that jumped.
//! `TRESOR_TEST_SCHEDULES` asks for more schedules, `TRESOR_TEST_SEED` for others.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::ThreadId;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tresor::library::{Change, Entry, EntryKind, LibraryError, Overwrite, Space, Swept};
use tresor::model::{
    Access, Actor, Conditions, Depth, EntryId, Reading, Right, Timestamp, UploadId, UserId, VerifyMode,
    VerifyStarter, VersionId,
};
use tresor::recovery::{VerifyOrder, VerifyStage};
use tresor::uploads::{Append, ChunkSession, Finish, PartInfo, UploadError, UploadLimits};

use crate::library::hooked::Gate;
use crate::library::store::{Store, path};
use crate::library::uploads::{checksum, chunk, chunked, linear, to, with};
use crate::support::content::bytes;

/// Schedules of a normal run.
const SCHEDULES: u64 = 2_000;
const SEED: u64 = 0x5eed_0f0d_d5c4_ed01;
/// Schedules that one store sees; their remains are there for the next.
const ONE_STORE: u64 = 50;
/// Steps of a schedule.
const STEPS: usize = 8;
/// Files that there are at once, and copies that are looked after.
const MAX_FILES: usize = 8;
/// Bytes in a container of an upload: a file of its own.
const SEGMENT: usize = 66_000;
/// How early an entry may go: a clock may be off by so much without a doubt.
const SLACK: Duration = Duration::from_hours(2);
const KEPT: Duration = Duration::from_hours(30 * 24);
const UPLOADS_KEPT: Duration = Duration::from_hours(7 * 24);
/// A wrong clock is put right by then: before it would be believed.
const WRONG_FOR: u64 = 4;

struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    fn index(&mut self, length: usize) -> Option<usize> {
        (length > 0).then(|| usize::try_from(self.below(length as u64)).unwrap())
    }

    fn size(&mut self) -> usize {
        [1, 900, 70_000][self.index(3).unwrap()]
    }
}

/// A thread is at a gate, and goes on when this is dropped.
struct Parked(#[allow(dead_code, reason = "its drop opens the gate")] mpsc::Sender<()>);

/// The threads that the gates stop.
#[derive(Default)]
struct Wanted {
    /// The next thread that begins to walk through the containers; then that thread.
    walker: bool,
    walking: Option<ThreadId>,
    /// The next thread that has made a container durable.
    storer: bool,
}

#[derive(Default)]
struct Gates(Arc<Mutex<Wanted>>);

impl Gates {
    /// A thread that stops at `store`'s gates comes out here: a walker first, a storer second.
    fn keep(&self, store: &Store) -> (UnboundedReceiver<Parked>, UnboundedReceiver<Parked>) {
        let (walks, walking) = unbounded_channel();
        let (stores, storing) = unbounded_channel();
        let wanted = Arc::clone(&self.0);
        store.disk.set_keeper(move |gate| {
            let here = std::thread::current().id();
            let stopped = {
                let mut wanted = wanted.lock().unwrap();
                match gate {
                    Gate::Walk if std::mem::take(&mut wanted.walker) => {
                        wanted.walking = Some(here);
                        Some(&walks)
                    }
                    // Others walk on other threads.
                    Gate::Visit if wanted.walking == Some(here) => Some(&walks),
                    Gate::Stored if std::mem::take(&mut wanted.storer) => Some(&stores),
                    _ => None,
                }
            };
            if let Some(stopped) = stopped {
                let (open, opened) = mpsc::channel();
                if stopped.send(Parked(open)).is_ok() {
                    let _ = opened.recv();
                }
            }
        });
        (walking, storing)
    }

    fn want(&self, change: impl FnOnce(&mut Wanted)) {
        change(&mut self.0.lock().unwrap());
    }
}

/// A sweep that is under way.
struct Sweep {
    task: JoinHandle<Result<Swept, LibraryError>>,
    at: Option<Parked>,
}

/// A content that was acknowledged.
#[derive(Clone)]
struct Kept {
    version: VersionId,
    bytes: Vec<u8>,
    /// When another one took its place.
    replaced: Option<Timestamp>,
}

struct Trashed {
    entry: EntryId,
    name: String,
    contents: Vec<Kept>,
    deleted: Timestamp,
}

enum Part {
    Chunk(Box<ChunkSession>, Vec<u8>),
    Append(Append, Vec<u8>),
}

struct Uploading {
    id: UploadId,
    is_chunked: bool,
    /// Acknowledged changes.
    parts: Vec<Vec<u8>>,
    progress: Timestamp,
    part: Option<Part>,
}

struct World {
    /// `None` only between two runs.
    store: Option<Store>,
    other: Space,
    gates: Gates,
    walking: UnboundedReceiver<Parked>,
    storing: UnboundedReceiver<Parked>,
    dice: Dice,
    count: u64,
    /// The time that it is, and how long the machine has been running.
    truth: Timestamp,
    running: Duration,
    /// How far the wall clock is off, and for how many days it has been.
    off: i64,
    off_for: u64,
    files: BTreeMap<String, Vec<Kept>>,
    copies: BTreeMap<String, Vec<u8>>,
    trash: Vec<Trashed>,
    uploads: Vec<Uploading>,
    sweep: Option<Sweep>,
    seed: u64,
    /// The events of this schedule.
    log: Vec<String>,
}

impl World {
    async fn new(seed: u64) -> Self {
        let store = Store::new().await;
        let other = store.another_space("other").await;
        let gates = Gates::default();
        let (walking, storing) = gates.keep(&store);
        let mut world = Self {
            store: Some(store),
            other,
            gates,
            walking,
            storing,
            dice: Dice(seed),
            count: 0,
            // By this all that is on the disk is older than a day.
            truth: Timestamp::now().after(Duration::from_hours(72)),
            running: Duration::from_hours(1),
            off: 0,
            off_for: 0,
            files: BTreeMap::new(),
            copies: BTreeMap::new(),
            trash: Vec::new(),
            uploads: Vec::new(),
            sweep: None,
            seed,
            log: Vec::new(),
        };
        world.begin_run().await;
        world
    }

    async fn begin_run(&mut self) {
        let limits = UploadLimits { segment: SEGMENT as u64, ..UploadLimits::default() };
        self.store().uploads.set_limits(limits);
        assert!(!self.store().library.look_for_newer_containers().await.unwrap());
        self.read_clocks().await;
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    fn wall(&self) -> Timestamp {
        Timestamp(self.truth.0 + self.off)
    }

    fn change(&self) -> Change {
        let access = Access::granted(self.store().space.id, Right::Manage, UserId(1));
        Change {
            access,
            actor: Actor::user(self.store().user),
            now: self.wall(),
            conditions: Conditions::default(),
        }
    }

    /// As upkeep does before each of its rounds.
    async fn read_clocks(&self) -> Timestamp {
        let reading = Reading { wall: self.wall(), running: self.running };
        self.store().library.keep_time(reading).await.unwrap()
    }

    async fn pass(&mut self, span: Duration) {
        self.truth = self.truth.after(span);
        self.running += span;
        self.read_clocks().await;
    }

    fn content(&mut self) -> Vec<u8> {
        self.count += 1;
        bytes(self.count, self.dice.size())
    }

    fn new_name(&mut self) -> String {
        self.count += 1;
        format!("f{}", self.count)
    }

    fn some_file(&mut self) -> Option<String> {
        let at = self.dice.index(self.files.len())?;
        self.files.keys().nth(at).cloned()
    }

    /// A step, by chance.
    async fn step(&mut self) {
        let kind = self.dice.below(100);
        self.log.push(format!("{kind} at {}, clock off by {}", self.truth.0, self.off));
        match kind {
            0..18 => self.put(false).await,
            18..25 => self.put(true).await,
            25..31 => self.delete().await,
            31..34 => self.restore().await,
            34..38 => self.copy().await,
            38..42 => self.copy_across().await,
            42..47 => self.begin_upload().await,
            47..55 => self.begin_part().await,
            55..62 => self.finish_part().await,
            62..66 => self.finish_upload().await,
            66..86 => self.sweep_on().await,
            86..91 => self.upkeep().await,
            91..93 => self.pass_days().await,
            93..96 => self.set_clock().await,
            96..97 => drop(self.store().recovery.snapshot(self.wall()).await.unwrap()),
            97..99 => self.verify().await,
            _ => self.restart().await,
        }
    }

    /// The steps of others while a writer waits between disk and catalogue.
    async fn meanwhile(&mut self) {
        for _ in 0..=self.dice.below(3) {
            match self.dice.below(6) {
                0 => self.upkeep().await,
                1 => self.pass_days().await,
                _ => self.sweep_on().await,
            }
        }
    }

    /// Waits for `work`; its first thread that has a container on the disk stands there for a while.
    async fn interrupted<T: Send + 'static>(&mut self, work: impl Future<Output = T> + Send + 'static) -> T {
        self.gates.want(|wanted| wanted.storer = true);
        let mut task = tokio::spawn(work);
        let mut is_first = true;
        loop {
            tokio::select! {
                done = &mut task => {
                    self.gates.want(|wanted| wanted.storer = false);
                    return done.unwrap();
                }
                parked = self.storing.recv() => {
                    // An earlier part's last container may come here, too.
                    let parked = parked.unwrap();
                    if std::mem::take(&mut is_first) {
                        self.meanwhile().await;
                    }
                    drop(parked);
                }
            }
        }
    }

    async fn put(&mut self, is_interrupted: bool) {
        let is_known = self.dice.below(2) == 0 || self.files.len() >= MAX_FILES;
        let known = if is_known { self.some_file() } else { None };
        let name = match known {
            Some(name) => name,
            None => self.new_name(),
        };
        let (content, change, begun) = (self.content(), self.change(), self.truth);
        let put = {
            let (library, at, content) = (self.store().library.clone(), path(&name), content.clone());
            async move {
                let file = tresor::library::NewFile { path: at, size: None, modified: None, checksum: None };
                let now = change.now;
                let mut session = library.begin_put(change, file).await?;
                session.write(content.into()).await?;
                session.commit(now).await
            }
        };
        let outcome = match is_interrupted {
            true => self.interrupted(put).await,
            false => put.await,
        };
        // The gate may have held an earlier part's last container instead: then this was committed before the days passed.
        self.acknowledge(name, &outcome.unwrap().entry, content, begun);
    }

    /// `name` holds `content` from now on, or has held it since `since` at the earliest.
    fn acknowledge(&mut self, name: String, entry: &Entry, bytes: Vec<u8>, since: Timestamp) {
        let EntryKind::File { version } = entry.kind else { panic!("a file") };
        let contents = self.files.entry(name).or_default();
        // An empty one is no earlier content.
        contents.retain(|before| before.replaced.is_some() || !before.bytes.is_empty());
        if let Some(before) = contents.last_mut() {
            before.replaced.get_or_insert(since);
        }
        contents.push(Kept { version, bytes, replaced: None });
    }

    async fn delete(&mut self) {
        let Some(name) = self.some_file() else { return };
        let entry = self.store().entry(&name).await.unwrap().id;
        self.store().library.delete(self.change(), &path(&name)).await.unwrap();
        let contents = self.files.remove(&name).unwrap();
        self.trash.push(Trashed { entry, name, contents, deleted: self.truth });
    }

    async fn restore(&mut self) {
        let Some(at) = self.dice.index(self.trash.len()) else { return };
        let item = self.trash.remove(at);
        match self.store().library.restore(self.change(), item.entry).await {
            Ok(place) => {
                assert_eq!(place, path(&item.name));
                self.files.insert(item.name, item.contents);
            }
            Err(LibraryError::NotInTrash) => assert!(self.is_over(item.deleted, KEPT), "trash"),
            Err(error) => panic!("{error}"),
        }
    }

    /// Whether something of that time may be gone for good.
    fn is_over(&self, since: Timestamp, kept: Duration) -> bool {
        self.truth.since(since) + SLACK >= kept
    }

    async fn copy(&mut self) {
        let Some(from) = self.some_file() else { return };
        let (to, access) = (self.new_name(), self.store().access());
        let library = self.store().library.clone();
        let (at, target) = (path(&from), path(&to));
        let copied = library
            .copy_entry(self.change(), &at, &access, &target, Overwrite::Forbid, Depth::Infinity)
            .await
            .unwrap();
        let content = self.files[&from].last().unwrap().bytes.clone();
        self.acknowledge(to, &copied.entry, content, self.truth);
    }

    async fn copy_across(&mut self) {
        let Some(from) = self.some_file() else { return };
        let (to, change) = (self.new_name(), self.change());
        let access = Access::granted(self.other.id, Right::Manage, UserId(1));
        let (library, at, target) = (self.store().library.clone(), path(&from), path(&to));
        let copy = async move {
            library.copy_entry(change, &at, &access, &target, Overwrite::Forbid, Depth::Infinity).await
        };
        self.interrupted(copy).await.unwrap();
        self.copies.insert(to, self.files[&from].last().unwrap().bytes.clone());
        if self.copies.len() > MAX_FILES {
            self.copies.pop_first();
        }
    }

    async fn begin_upload(&mut self) {
        if self.uploads.len() >= 3 {
            return;
        }
        let is_chunked = self.dice.below(2) == 0;
        let new = if is_chunked { chunked(None) } else { linear(&self.new_name(), None) };
        let id = new.id;
        self.store().uploads.create(self.change(), new).await.unwrap();
        let (parts, progress) = (Vec::new(), self.truth);
        self.uploads.push(Uploading { id, is_chunked, parts, progress, part: None });
    }

    /// An upload that has been idle for its time may be gone.
    fn may_be_gone(&self, upload: &Uploading, error: &UploadError) {
        assert!(matches!(error, UploadError::NoSuchUpload), "{error}");
        assert!(self.is_over(upload.progress, UPLOADS_KEPT), "an upload is gone before its time");
    }

    /// Begins a chunk, or a part with a checksum: none of its bytes counts before its end.
    async fn begin_part(&mut self) {
        let Some(at) = self.dice.index(self.uploads.len()) else { return };
        if self.uploads[at].part.is_some() {
            return;
        }
        let mut upload = self.uploads.remove(at);
        self.count += 1;
        let content = bytes(self.count, 2 * SEGMENT + self.dice.size() + 1);
        let (uploads, access, user) =
            (self.store().uploads.clone(), self.store().access(), self.store().user);
        let now = self.wall();
        let part = if upload.is_chunked {
            let (name, info) = (chunk(&(upload.parts.len() + 1).to_string()), PartInfo::default());
            let begun = uploads.begin_chunk(&access, user, upload.id, name, info, now).await;
            begun.map(|session| Part::Chunk(Box::new(session), content.clone()))
        } else {
            let offset = upload.parts.iter().map(Vec::len).sum::<usize>() as u64;
            let info = with(checksum(&content));
            let begun = uploads.begin_append(&access, user, upload.id, offset, info, now).await;
            begun.map(|append| Part::Append(append, content.clone()))
        };
        let mut part = match part {
            Ok(part) => part,
            Err(error) => return self.may_be_gone(&upload, &error),
        };
        // The first containers are durable when this returns.
        match &mut part {
            Part::Chunk(session, _) => session.write(content.into()).await.unwrap(),
            Part::Append(append, _) => drop(append.write(content.into()).await.unwrap()),
        }
        upload.part = Some(part);
        self.uploads.push(upload);
    }

    async fn finish_part(&mut self) {
        let busy: Vec<usize> =
            (0..self.uploads.len()).filter(|at| self.uploads[*at].part.is_some()).collect();
        let Some(at) = self.dice.index(busy.len()) else { return };
        self.finish_part_of(busy[at]).await;
    }

    async fn finish_part_of(&mut self, at: usize) {
        let part = self.uploads[at].part.take().unwrap();
        let now = self.wall();
        let (finished, content) = match part {
            Part::Chunk(session, content) => (self.interrupted(session.finish(now)).await, content),
            Part::Append(append, content) => (self.interrupted(append.finish(now)).await, content),
        };
        finished.unwrap();
        let truth = self.truth;
        let upload = &mut self.uploads[at];
        upload.parts.push(content);
        upload.progress = truth;
    }

    async fn finish_upload(&mut self) {
        let idle: Vec<usize> =
            (0..self.uploads.len()).filter(|at| self.uploads[*at].part.is_none()).collect();
        let Some(at) = self.dice.index(idle.len()) else { return };
        let upload = self.uploads.remove(idle[at]);
        let (uploads, change, name) = (self.store().uploads.clone(), self.change(), self.new_name());
        let (id, finish) = (upload.id, Finish { length: None, ..to(&name) });
        let finish = async move { uploads.finish(change, id, finish).await };
        match self.interrupted(finish).await {
            Ok(outcome) => self.acknowledge(name, &outcome.entry, upload.parts.concat(), self.truth),
            Err(error) => self.may_be_gone(&upload, &error),
        }
    }

    /// Begins a sweep, or lets the one that is under way go on for a while.
    async fn sweep_on(&mut self) {
        if self.sweep.is_none() {
            let (library, now) = (self.store().library.clone(), self.read_clocks().await);
            self.gates.want(|wanted| (wanted.walker, wanted.walking) = (true, None));
            let task = tokio::spawn(async move { library.sweep(now).await });
            self.sweep = Some(Sweep { task, at: None });
            self.until_parked().await;
        }
        for _ in 0..self.dice.below(12) {
            if self.sweep.is_none() {
                return;
            }
            self.until_parked().await;
        }
    }

    /// Lets the sweep go on to the next gate, or to its end.
    async fn until_parked(&mut self) {
        let Some(mut sweep) = self.sweep.take() else { return };
        drop(sweep.at.take());
        tokio::select! {
            done = &mut sweep.task => {
                done.unwrap().unwrap();
                self.gates.want(|wanted| (wanted.walker, wanted.walking) = (false, None));
            }
            parked = self.walking.recv() => {
                sweep.at = parked;
                self.sweep = Some(sweep);
            }
        }
    }

    async fn end_sweep(&mut self) {
        while self.sweep.is_some() {
            self.until_parked().await;
        }
    }

    async fn upkeep(&mut self) {
        let now = self.read_clocks().await;
        self.store().upkeep(now).await.unwrap();
    }

    async fn pass_days(&mut self) {
        let mut days = 1 + self.dice.below(12);
        if self.off != 0 {
            days = days.min(WRONG_FOR.saturating_sub(self.off_for));
            self.off_for += days;
        }
        self.pass(Duration::from_hours(24 * days)).await;
    }

    /// Sets a right clock wrong, or a wrong one right.
    async fn set_clock(&mut self) {
        let day = 86_400_000;
        let wrong = [-4_000, -40, 33, 90, 4_000][self.dice.index(5).unwrap()];
        (self.off, self.off_for) = (if self.off == 0 { wrong * day } else { 0 }, 0);
        self.pass(Duration::from_mins(10)).await;
    }

    async fn verify(&mut self) {
        let (starter, mode) = (VerifyStarter::Owner, VerifyMode::Quick);
        let order = VerifyOrder { starter, mode, rate: None, restart: true };
        let mut step = self.store().recovery.begin_verify(order, self.wall()).await.unwrap();
        loop {
            assert!(step.findings.is_empty(), "{:?}", step.findings);
            if step.stage == VerifyStage::Done {
                break;
            }
            step = self.store().recovery.verify_step(starter, step.run, self.wall()).await.unwrap();
        }
        assert_eq!(step.unknown.count, 0, "{:?}", step.unknown);
    }

    /// Another run of the program, with a look through everything as a rebuild takes it.
    async fn restart(&mut self) {
        self.end_sweep().await;
        while let Some(at) = self.uploads.iter().position(|upload| upload.part.is_some()) {
            self.finish_part_of(at).await;
        }
        self.end_sweep().await;
        let store = self.store.take().unwrap();
        self.store = Some(store.reopen().await);
        (self.walking, self.storing) = self.gates.keep(self.store());
        self.begin_run().await;
        let report = self.store().recovery.bring_in(self.wall(), Arc::new(|_| {})).await.unwrap();
        assert_eq!((report.added, report.set_aside.len(), report.missing.len()), (0, 0, 0), "{report:?}");
    }

    /// Everything that was acknowledged is there, unless its time is over. Of earlier contents only `some` are read.
    async fn compare(&mut self, some: u64) {
        self.end_sweep().await;
        let (truth, library, access) = (self.truth, self.store().library.clone(), self.store().access());
        let mut files = std::mem::take(&mut self.files);
        for (name, contents) in &mut files {
            let kept: Vec<_> =
                library.versions(&access, &path(name)).await.unwrap().iter().map(|row| row.id).collect();
            contents.retain(|content| {
                let is_there = kept.contains(&content.version);
                let is_over = content.replaced.is_some_and(|since| truth.since(since) + SLACK >= KEPT);
                let of = content.replaced.map_or(0, |since| truth.since(since).as_secs() / 3_600);
                assert!(is_there || is_over, "a version of {name}, replaced {of} hours ago, is gone");
                is_there
            });
            for content in contents.iter() {
                if content.replaced.is_some() && self.dice.below(some) > 0 {
                    continue;
                }
                let read = self.store().read_from(&access, name, Some(content.version)).await;
                assert!(read.unwrap() == content.bytes, "{name}");
            }
        }
        self.files = files;
        let other = Access::granted(self.other.id, Right::Manage, UserId(1));
        for (name, content) in &self.copies {
            assert!(self.store().read_from(&other, name, None).await.unwrap() == *content, "{name}");
        }
        let there: Vec<_> = library.trash(&access).await.unwrap().iter().map(|item| item.entry).collect();
        let trash = std::mem::take(&mut self.trash);
        for item in trash {
            if there.contains(&item.entry) {
                self.trash.push(item);
            } else {
                assert!(self.is_over(item.deleted, KEPT), "{} is gone from the trash", item.name);
            }
        }
    }

    /// The rows know all that is left at the end, and all of it is sound.
    async fn end(mut self) {
        self.restart().await;
        self.set_right().await;
        self.compare(1).await;
        self.store().upkeep(self.truth).await.unwrap();
        self.store().settle().await;
        self.store().check_all().await;
    }

    async fn set_right(&mut self) {
        self.off = 0;
        self.pass(Duration::from_mins(10)).await;
    }
}

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}

/// Runs the `part`th of two halves of all schedules.
async fn run(part: u64) {
    let (seed, schedules) = (setting("TRESOR_TEST_SEED", SEED), setting("TRESOR_TEST_SCHEDULES", SCHEDULES));
    let stores = schedules.div_ceil(ONE_STORE);
    for store in (0..stores).filter(|store| store % 2 == part) {
        let seed = seed.wrapping_add(store);
        let mut world = World::new(seed).await;
        for _ in 0..ONE_STORE {
            world.log.clear();
            for _ in 0..STEPS {
                world.step().await;
            }
            world.compare(4).await;
        }
        world.end().await;
    }
}

impl Drop for World {
    #[allow(clippy::print_stderr, reason = "a failed test says how to repeat it")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "{:#?}\nagain: TRESOR_TEST_SEED={} TRESOR_TEST_SCHEDULES={ONE_STORE}",
                self.log, self.seed
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_in_any_order_of_work_and_upkeep() {
    run(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_in_any_order_of_the_other_half() {
    run(1).await;
}
