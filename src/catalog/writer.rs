//! The one thread that writes, with group commit.
//!
//! Jobs queue in a channel. The thread takes all that wait, runs each job inside a savepoint of one transaction,
//! commits once and only then answers. Under load one fsync serves many writers; a single writer never waits for
//! others.
//!
//! A job of many statements gets a transaction of its own instead. Inside a savepoint SQLite keeps every changed
//! page, and walks all of them again at the end of each statement: the cost of the job would grow with the square
//! of the pages it changes, and no one else could write meanwhile.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use super::sqlite::{Connection, Database};
use super::{CatalogError, Commit, Effects, WriteTx};

/// Writers that wait for the catalogue, each with one job or a group of jobs; further ones wait for a place.
const QUEUE: usize = 1_024;
/// Writers that share one commit.
const GROUP: usize = 256;

type Observer = Box<dyn Fn(&CatalogError) + Send + Sync>;
type CommitObserver = Box<dyn Fn(Commit, &Effects) + Send + Sync>;
type Prelude = Box<dyn Fn() + Send + Sync>;

/// State of the writer's thread that other threads read, and its observers.
#[derive(Default)]
struct Watch {
    is_halted: AtomicBool,
    /// See [`WriterProgress`].
    steps: AtomicU64,
    observer: OnceLock<Observer>,
    prelude: OnceLock<Prelude>,
    commits: RwLock<Vec<CommitObserver>>,
}

/// Progress of the writer: equal to an earlier value if it has done nothing since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriterProgress(u64);

impl WriterProgress {
    /// Whether it is busy with a job, a commit or a wait for the disk.
    pub fn is_busy(self) -> bool {
        // Odd while it works, even while it waits for jobs.
        !self.0.is_multiple_of(2)
    }
}

pub(super) struct Writer {
    watch: Arc<Watch>,
    queue: Mutex<Option<mpsc::Sender<Submission>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(connection: Connection, database: Arc<Database>) -> Result<Self, CatalogError> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let watch = Arc::new(Watch::default());
        let seen = Arc::clone(&watch);
        let thread = std::thread::Builder::new()
            .name("catalog-writer".into())
            .spawn(move || write_until_closed(connection, &database, jobs, &seen))
            .map_err(|source| CatalogError::Io { doing: "start the catalogue's writer thread", source })?;
        Ok(Self { watch, queue: Mutex::new(Some(queue)), thread: Mutex::new(Some(thread)) })
    }

    pub(super) fn on_failure(&self, observer: Observer) {
        let _ = self.watch.observer.set(observer);
    }

    pub(super) fn before_transactions(&self, prelude: Prelude) {
        let _ = self.watch.prelude.set(prelude);
    }

    pub(super) fn on_commit(&self, observer: CommitObserver) {
        self.watch.commits.write().unwrap_or_else(PoisonError::into_inner).push(observer);
    }

    pub(super) fn halt(&self) {
        self.watch.is_halted.store(true, Ordering::Release);
    }

    pub(super) fn progress(&self) -> WriterProgress {
        WriterProgress(self.watch.steps.load(Ordering::Relaxed))
    }

    pub(super) async fn run<T, E, F>(&self, job: F, sharing: Sharing) -> Result<T, E>
    where
        F: FnOnce(&WriteTx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<CatalogError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let queue = self.queue().ok_or(CatalogError::Closed)?;
        let submission = Submission { writes: vec![QueuedWrite::new(job, reply)], held: None, sharing };
        queue.send(submission).await.map_err(|_| CatalogError::Closed)?;
        drop(queue);
        answer.await.map_err(|_| E::from(CatalogError::Closed))?
    }

    /// Queues jobs for one transaction; waits while the queue is full. After the writer's end, they are dropped.
    pub(super) fn submit(&self, writes: Vec<QueuedWrite>, held: impl Send + 'static) {
        if let Some(queue) = self.queue().filter(|_| !writes.is_empty()) {
            let (held, sharing) = (Some(Box::new(held) as Box<dyn Send>), Sharing::Shared);
            let _ = queue.blocking_send(Submission { writes, held, sharing });
        }
    }

    fn queue(&self) -> Option<mpsc::Sender<Submission>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets the queued jobs finish, then ends the thread.
    pub(super) fn stop(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // The last owner of the catalogue may be a job.
        if let Some(thread) = thread.filter(|thread| thread.thread().id() != std::thread::current().id()) {
            // A writer that panicked has already failed every waiting job.
            let _ = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn write_until_closed(
    mut connection: Connection,
    database: &Database,
    mut jobs: mpsc::Receiver<Submission>,
    watch: &Watch,
) {
    let mut taken = Vec::with_capacity(GROUP);
    let mut waiting = VecDeque::with_capacity(GROUP);
    while !waiting.is_empty() || jobs.blocking_recv_many(&mut taken, GROUP) > 0 {
        watch.steps.fetch_add(1, Ordering::Relaxed);
        waiting.extend(taken.drain(..));
        let (writes, held): (Vec<_>, Vec<_>) =
            next_group(&mut waiting).map(|one| (one.writes, one.held)).unzip();
        let mut group: Vec<_> = writes.into_iter().flatten().map(|write| write.0).collect();
        let committed = match watch.is_halted() {
            true => Err(CatalogError::Halted),
            false => commit_together(&connection, &mut group, watch),
        };
        // Before the answers, because a refused writer may ask for the server's state at once.
        watch.note(&committed, "catalogue transaction failed");
        drop(held);
        for job in group {
            job.answer(committed.as_ref().err());
        }
        match committed {
            // After the answers, because the log alone makes the changes durable.
            Ok(()) => watch.note(&connection.copy_long_log(), "catalogue checkpoint failed"),
            Err(error) if error.breaks_connection() => reopen(&mut connection, database),
            Err(_) => {}
        }
        watch.steps.fetch_add(1, Ordering::Relaxed);
    }
    if !watch.is_halted() {
        // Best effort: the log is replayed at the next start anyway.
        let _ = connection.fold_log();
    }
}

/// The next jobs that may share a transaction, in order of arrival; a job that does not share comes alone.
fn next_group(waiting: &mut VecDeque<Submission>) -> std::collections::vec_deque::Drain<'_, Submission> {
    let shared = waiting.iter().take_while(|one| one.sharing == Sharing::Shared).count();
    waiting.drain(..shared.max(waiting.len().min(1)))
}

impl Watch {
    fn is_halted(&self) -> bool {
        self.is_halted.load(Ordering::Acquire)
    }

    fn tell(&self, commit: Commit, effects: &Effects) {
        for observer in &*self.commits.read().unwrap_or_else(PoisonError::into_inner) {
            observer(commit, effects);
        }
    }

    fn note(&self, outcome: &Result<(), CatalogError>, what: &'static str) {
        let Err(error) = outcome else { return };
        match error {
            CatalogError::Halted => return,
            // The observer logs these once; every further writer would repeat it.
            CatalogError::Full | CatalogError::ReadOnly => {}
            _ => tracing::error!(error = error as &dyn std::error::Error, "{what}"),
        }
        if let Some(observer) = self.observer.get() {
            observer(error);
        }
    }
}

/// Replaces a broken connection by a new one. If that fails, so does the next transaction, and then this is tried
/// again.
fn reopen(connection: &mut Connection, database: &Database) {
    match database.open_again() {
        Ok(fresh) => *connection = fresh,
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "the catalogue cannot be opened again");
        }
    }
}

/// Runs the jobs in one transaction. On `Err` nothing of any job remains.
fn commit_together(
    connection: &Connection,
    group: &mut [Box<dyn Job>],
    watch: &Watch,
) -> Result<(), CatalogError> {
    if let Some(prelude) = watch.prelude.get() {
        prelude();
    }
    connection.begin()?;
    let mut effects = Effects::none();
    // A savepoint costs a copy of each changed page; a single job needs none.
    let run = if group.len() == 1 { run_alone } else { run_in_savepoint };
    let outcome = group
        .iter_mut()
        .try_for_each(|job| {
            watch.steps.fetch_add(2, Ordering::Relaxed);
            run(connection, job.as_mut()).map(|more| effects.extend(more))
        })
        .and_then(|()| {
            // A job that was alone has rolled it back.
            if !connection.is_in_transaction() {
                return Ok(());
            }
            watch.tell(Commit::Begins, &effects);
            let committed = connection.commit();
            watch.tell(if committed.is_ok() { Commit::Done } else { Commit::Failed }, &effects);
            committed
        });
    if outcome.is_err() && connection.is_in_transaction() {
        // A failed rollback leaves the transaction open: the next BEGIN fails, and so does every writer after it,
        // visibly and without an acknowledgement.
        let _ = connection.roll_back();
    }
    outcome
}

/// Runs one job in a savepoint, so that its failure undoes only its own changes.
fn run_in_savepoint(connection: &Connection, job: &mut dyn Job) -> Result<Effects, CatalogError> {
    connection.begin_job()?;
    let (undo, effects) = work(connection, job)?;
    if undo {
        connection.roll_back_job()?;
    }
    connection.end_job()?;
    Ok(effects)
}

/// Runs the only job of a transaction; its failure rolls the transaction back.
fn run_alone(connection: &Connection, job: &mut dyn Job) -> Result<Effects, CatalogError> {
    let (undo, effects) = work(connection, job)?;
    if undo {
        connection.roll_back()?;
    }
    Ok(effects)
}

/// Whether the job's changes must be undone, and their effects. `Err` if the transaction is lost.
fn work(connection: &Connection, job: &mut dyn Job) -> Result<(bool, Effects), CatalogError> {
    let tx = WriteTx::new(connection);
    let undo = job.run(&tx) == Outcome::Undo;
    // On a full or failing disk SQLite has already rolled back the whole transaction.
    if !connection.is_in_transaction() {
        return Err(tx.last_error().unwrap_or(CatalogError::NotCommitted));
    }
    if let Some(error) = tx.last_error().filter(CatalogError::breaks_connection) {
        return Err(error);
    }
    Ok((undo, if undo { Effects::none() } else { tx.into_effects() }))
}

#[derive(PartialEq, Eq)]
enum Outcome {
    Keep,
    Undo,
}

trait Job: Send {
    fn run(&mut self, tx: &WriteTx<'_>) -> Outcome;
    /// Answers the waiting writer, who may be gone.
    fn answer(self: Box<Self>, failure: Option<&CatalogError>);
}

/// Whether a job may share its transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sharing {
    /// With other jobs, in a savepoint: for a few statements.
    Shared,
    /// Alone: for many statements.
    Alone,
}

/// The jobs that one writer queues together.
struct Submission {
    writes: Vec<QueuedWrite>,
    /// Dropped when the transaction has ended, or can no longer begin.
    held: Option<Box<dyn Send>>,
    sharing: Sharing,
}

/// A job with the channel for its result.
pub struct QueuedWrite(Box<dyn Job>);

impl QueuedWrite {
    /// Like [`Catalog::write`](super::Catalog::write), for [`Catalog::submit`](super::Catalog::submit). If the
    /// catalogue is closed, `reply` is dropped.
    pub fn new<T, E, F>(job: F, reply: oneshot::Sender<Result<T, E>>) -> Self
    where
        F: FnOnce(&WriteTx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<CatalogError> + Send + 'static,
    {
        Self(Box::new(QueuedJob { work: Some(job), result: None, reply }))
    }
}

struct QueuedJob<T, E, F> {
    work: Option<F>,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Job for QueuedJob<T, E, F>
where
    F: FnOnce(&WriteTx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<CatalogError> + Send,
{
    fn run(&mut self, tx: &WriteTx<'_>) -> Outcome {
        let Some(work) = self.work.take() else { return Outcome::Undo };
        let result = work(tx).and_then(|value| tx.require_account().map(|()| value).map_err(E::from));
        let outcome = if result.is_ok() { Outcome::Keep } else { Outcome::Undo };
        self.result = Some(result);
        outcome
    }

    fn answer(self: Box<Self>, failure: Option<&CatalogError>) {
        let result = match (self.result, failure) {
            (Some(Err(error)), _) => Err(error),
            (Some(Ok(value)), None) => Ok(value),
            (_, failure) => {
                Err(failure.map_or(CatalogError::NotCommitted, CatalogError::for_neighbour).into())
            }
        };
        let _ = self.reply.send(result);
    }
}
