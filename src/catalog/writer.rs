//! The one thread that writes: group commit.
//!
//! Jobs queue in a channel. The thread takes what waits, runs each job inside a savepoint of one
//! transaction, commits once and only then answers. Under load one fsync serves many writers; alone, a
//! writer waits for nobody.

use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{CatalogError, WriteTx};

/// Jobs that may wait; more writers wait for a place.
const QUEUE: usize = 1_024;
/// Jobs that share one commit.
const GROUP: usize = 256;

pub(super) struct Writer {
    queue: Mutex<Option<mpsc::Sender<Box<dyn Job>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Self, CatalogError> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("catalog-writer".into())
            .spawn(move || write_until_closed(&connection, jobs))
            .map_err(|source| CatalogError::Io { doing: "start the catalogue's writer thread", source })?;
        Ok(Self { queue: Mutex::new(Some(queue)), thread: Mutex::new(Some(thread)) })
    }

    pub(super) async fn run<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&WriteTx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<CatalogError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let queue = queue.ok_or(CatalogError::Closed)?;
        let job = QueuedJob { work: Some(job), result: None, reply };
        queue.send(Box::new(job)).await.map_err(|_| CatalogError::Closed)?;
        drop(queue);
        answer.await.map_err(|_| E::from(CatalogError::Closed))?
    }

    /// Lets the queued jobs finish, then ends the thread.
    pub(super) fn stop(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
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

fn write_until_closed(connection: &Connection, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
    let mut group = Vec::with_capacity(GROUP);
    while jobs.blocking_recv_many(&mut group, GROUP) > 0 {
        let committed = commit_together(connection, &mut group);
        if let Err(error) = &committed {
            tracing::error!(error = error as &dyn std::error::Error, "catalogue transaction failed");
        }
        for job in group.drain(..) {
            job.answer(committed.as_ref().err());
        }
    }
    // Best effort: the log is replayed at the next start anyway.
    let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);");
}

/// Runs the jobs in one transaction. On `Err` nothing of any job remains.
fn commit_together(connection: &Connection, group: &mut [Box<dyn Job>]) -> Result<(), CatalogError> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let outcome = group
        .iter_mut()
        .try_for_each(|job| run_alone(connection, job.as_mut()))
        .and_then(|()| Ok(connection.execute_batch("COMMIT")?));
    if outcome.is_err() && !connection.is_autocommit() {
        // A failed rollback leaves the transaction open: the next BEGIN fails, and so does every
        // writer after it, loudly and without an acknowledgement.
        let _ = connection.execute_batch("ROLLBACK");
    }
    outcome
}

/// Runs one job in a savepoint, so that its failure undoes its own work only.
fn run_alone(connection: &Connection, job: &mut dyn Job) -> Result<(), CatalogError> {
    run(connection, "SAVEPOINT job")?;
    let undo = job.run(&WriteTx::new(connection)) == Outcome::Undo;
    // A full disk may already have rolled the whole transaction back.
    if connection.is_autocommit() {
        return Err(CatalogError::Full);
    }
    if undo {
        run(connection, "ROLLBACK TO job")?;
    }
    run(connection, "RELEASE job")
}

/// A statement of the transaction itself, parsed once per connection.
fn run(connection: &Connection, sql: &str) -> Result<(), CatalogError> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

#[derive(PartialEq, Eq)]
enum Outcome {
    Keep,
    Undo,
}

trait Job: Send {
    fn run(&mut self, tx: &WriteTx<'_>) -> Outcome;
    /// Tells the writer who waits; he may have left.
    fn answer(self: Box<Self>, failure: Option<&CatalogError>);
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
        let result = work(tx);
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
