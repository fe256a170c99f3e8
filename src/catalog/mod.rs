//! The encrypted catalogue: names, tree, versions, accounts, locks. All SQL of the program lives here.
//!
//! One SQLCipher database under a raw 256-bit key. One thread writes; it commits whatever is queued
//! as one transaction and answers each writer only when that transaction is durable
//! (`synchronous=FULL`). A few connections read, each call in its own snapshot.
//!
//! The tables' functions hang on [`ReadTx`] and [`WriteTx`], one file per table group; a use case in
//! another room strings them together in one closure, which is one transaction.

mod accounts;
mod clock;
mod departures;
mod entries;
mod events;
mod history;
mod integrity;
mod links;
mod locks;
mod properties;
mod readers;
mod rebuild;
mod row;
mod second_factor;
mod snapshot;
mod spaces;
mod sqlite;
mod trash;
mod tx;
mod uploads;
mod versions;
mod writer;

use std::path::Path;
use std::sync::Arc;

pub use accounts::{AppPasswordRow, GrantRow, NewAppPassword, NewUser, UserRow};
pub use departures::DepartureRow;
pub use entries::{EntryRow, NewEntry};
pub use events::EventsOf;
pub use history::Past;
pub use integrity::{ContentStart, DamagedRow, Noted, ScrubRow, StoredContainer, UseRow};
pub use links::{LinkRow, NewLink};
pub use locks::{LockCounts, LockRow, NewLock};
pub use properties::{MemberProperties, PropertyRow};
pub use rebuild::{Counters, SetAsideRow};
pub use second_factor::{FACTOR_SECRET_LEN, SecondFactorRow};
pub use spaces::{NewSpace, SpaceRow};
pub use sqlite::{CatalogKey, SqliteVersion};
pub use trash::TrashRow;
pub use tx::{ChangeSet, Effects, ReadTx, WriteTx};
pub use uploads::{ChunkRow, DigestState, UploadRow};
pub use versions::{ContainerRow, GarbageRow, NewVersion, VersionRow, Withheld};
pub use writer::{QueuedWrite, WriterProgress};

use readers::Readers;
use sqlite::{Connection, Database};
use writer::{Sharing, Writer};

/// What can go wrong in the catalogue.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The key does not open this file, or the file is no database.
    #[error(
        "the catalogue does not open with this key, or its first page is damaged; stop the server and run `tresor rebuild`, or bring catalog/ back from a backup"
    )]
    WrongKey,
    /// A page is not what was written, or the file was cut.
    #[error(
        "the catalogue is damaged; stop the server and run `tresor rebuild`, or bring catalog/ back from a backup"
    )]
    Damaged,
    /// There is a file, but nothing was ever written to it, or it was cut to nothing.
    #[error(
        "the catalogue is empty; stop the server and run `tresor rebuild`, or bring catalog/ back from a backup"
    )]
    Empty,
    /// Made by a newer Tresor.
    #[error(
        "the catalogue has format {found}, this program knows up to {known}: use the newer program again"
    )]
    Newer {
        /// Its format.
        found: u32,
        /// The newest format we know.
        known: u32,
    },
    /// The linked SQLite can corrupt WAL databases.
    #[error(
        "the linked SQLite {found} is older than 3.51.3 and can corrupt a database; rebuild with a current one"
    )]
    OldSqlite {
        /// Its version.
        found: SqliteVersion,
    },
    /// The disk is full; nothing was changed.
    #[error("the disk that holds the catalogue is full; free some space on it")]
    Full,
    /// The disk refuses writes; nothing was changed.
    #[error("the disk that holds the catalogue is read-only")]
    ReadOnly,
    /// A write or an fsync failed. Not acknowledged; nobody knows what a power cut would leave of it.
    #[error("the disk that holds the catalogue failed")]
    DiskFailed(#[source] DatabaseError),
    /// [`Catalog::halt`] was called: nothing is changed any more before a restart.
    #[error("nothing is changed before a restart, because the disk failed")]
    Halted,
    /// A transaction changed rows and recorded no event: a fault of the program. Nothing was changed.
    #[error("a change was not recorded; please report this as a bug")]
    Unrecorded,
    /// The shared transaction failed for a reason that the log tells; nothing was changed.
    #[error("the catalogue could not commit")]
    NotCommitted,
    /// The writer thread has ended: the program is stopping, or it failed.
    #[error("the catalogue is closed")]
    Closed,
    /// Creating, copying or removing one of its files failed.
    #[error("{doing}")]
    Io {
        /// The operation.
        doing: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Anything else the database reports.
    #[error("the catalogue failed")]
    Database(#[source] DatabaseError),
}

impl CatalogError {
    /// Whether a connection that met this may be of no use any more: what it read was not what it wanted.
    fn breaks_connection(&self) -> bool {
        match self {
            Self::WrongKey | Self::Damaged => true,
            Self::Database(error) => sqlite::breaks_connection(error),
            _ => false,
        }
    }

    /// Whether what is stored is not what was written.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::WrongKey | Self::Damaged)
    }

    /// The same failure for another writer of the same transaction.
    fn for_neighbour(&self) -> Self {
        match self {
            Self::Full => Self::Full,
            Self::ReadOnly => Self::ReadOnly,
            Self::DiskFailed(_) | Self::Halted => Self::Halted,
            _ => Self::NotCommitted,
        }
    }
}

impl From<DatabaseError> for CatalogError {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

/// A failure in the words of the database, with its code.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct DatabaseError {
    code: Option<i32>,
    text: String,
}

impl DatabaseError {
    fn new(code: Option<i32>, text: String) -> Self {
        Self { code, text }
    }

    /// A column holds a value of another type or range than it should.
    fn misfit(column: usize) -> Self {
        Self::new(None, format!("the value in column {column} of an answer is of another type or range"))
    }

    /// A column holds a word that this program does not know.
    fn unknown_word(word: &str) -> Self {
        Self::new(None, format!("the word {word:?} is not known"))
    }

    /// The extended result code, if the database itself failed.
    pub fn code(&self) -> Option<i32> {
        self.code
    }
}

/// Where a commit is: it begins and then ends in one of two ways, before any writer is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// Nobody reads it yet.
    Begins,
    /// It is durable, and everybody who begins to read now reads it.
    Done,
    /// It failed. What a power cut would leave of it is not known.
    Failed,
}

/// The open catalogue. Cheap to clone; the last clone's [`Catalog::close`] ends the writer.
#[derive(Clone)]
pub struct Catalog {
    writer: Arc<Writer>,
    readers: Arc<Readers>,
}

impl Catalog {
    /// Makes a new catalogue at `path`, which must not exist.
    pub fn create(path: &Path, key: &CatalogKey) -> Result<Self, CatalogError> {
        let database = Database::new(path, key);
        Self::start(database.create()?, database)
    }

    /// Opens an existing catalogue and brings it to the newest format; a copy is kept beside it before
    /// the first change of format.
    ///
    /// Errors: `WrongKey`, `Damaged`, `Empty`, `Newer`, `OldSqlite`, and then nothing was changed; `Io`.
    pub fn open(path: &Path, key: &CatalogKey) -> Result<Self, CatalogError> {
        let database = Database::new(path, key);
        Self::start(database.open()?, database)
    }

    /// Makes a catalogue at `path`, which must not exist, from a snapshot ([`ReadTx::dump_packed`]).
    ///
    /// Errors: `Damaged` for any other text or a part of one, `Newer`, `Io`; what was made until then
    /// stays, for the caller to remove.
    pub fn restore(
        path: &Path,
        key: &CatalogKey,
        from: &mut dyn std::io::BufRead,
    ) -> Result<(), CatalogError> {
        snapshot::restore(&Database::new(path, key), from)
    }

    /// Looks at a catalogue that nobody has open, as a whole and without changing it.
    ///
    /// Errors: what is wrong with it: `Empty`, `WrongKey`, `Damaged`, `Newer`; `Io`.
    pub fn examine(path: &Path, key: &CatalogKey) -> Result<(), CatalogError> {
        Database::new(path, key).examine()
    }

    /// Writes a copy of the sound catalogue at `from`, which nobody has open, to `to`, which must not exist.
    pub fn duplicate(from: &Path, to: &Path, key: &CatalogKey) -> Result<(), CatalogError> {
        Database::new(from, key).copy_to(to)
    }

    fn start(connection: Connection, database: Database) -> Result<Self, CatalogError> {
        let database = Arc::new(database);
        let readers = Readers::open(Arc::clone(&database))?;
        let writer = Writer::start(connection, database)?;
        Ok(Self { writer: Arc::new(writer), readers: Arc::new(readers) })
    }

    /// Runs `job` in the next transaction and returns when that is durable. An `Err` from `job` undoes
    /// what the job did and nothing else. Not cancelled by dropping the future: once queued, it runs.
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&WriteTx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<CatalogError> + Send + 'static,
    {
        self.writer.run(job, Sharing::Shared).await
    }

    /// As [`Self::write`], for a job whose changes are no event; `reason` says why ([`WriteTx::silent`]).
    pub async fn write_silent<T, E, F>(&self, reason: &'static str, job: F) -> Result<T, E>
    where
        F: FnOnce(&WriteTx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<CatalogError> + Send + 'static,
    {
        let job = move |tx: &WriteTx<'_>| {
            tx.silent(reason);
            job(tx)
        };
        self.write(job).await
    }

    /// As [`Self::write`], in a transaction that no other job shares: for a job of hundreds of statements, whose cost
    /// inside a savepoint would grow with the square of the pages that it changes.
    pub async fn write_alone<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&WriteTx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<CatalogError> + Send + 'static,
    {
        self.writer.run(job, Sharing::Alone).await
    }

    /// Queues several jobs that shall share a transaction, from a thread that may block: it waits while the
    /// queue is full. Each one's failure undoes its own work only. `held` is dropped as soon as the transaction
    /// has ended or will never begin, before anybody is answered.
    pub fn submit(&self, writes: Vec<QueuedWrite>, held: impl Send + 'static) {
        self.writer.submit(writes, held);
    }

    /// Runs `job` on a snapshot of what is committed, on a blocking thread.
    pub async fn read<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&ReadTx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<CatalogError> + Send + 'static,
    {
        self.readers.run(job).await
    }

    /// Number of [`Self::read`]s begun since the start: each is a snapshot and a trip to a blocking thread.
    pub fn reads(&self) -> u64 {
        self.readers.begun()
    }

    /// Calls `observer` with the error of every transaction and checkpoint that fails, on the writer's
    /// thread, before anybody who wrote is answered and before the next transaction begins; and with the
    /// damage that a reader meets, before he is answered. Only the first observer counts.
    pub fn on_failure(&self, observer: impl Fn(&CatalogError) + Send + Sync + 'static) {
        let observer = Arc::new(observer);
        self.readers.on_damage(Box::new({
            let observer = Arc::clone(&observer);
            move |error| observer(error)
        }));
        self.writer.on_failure(Box::new(move |error| observer(error)));
    }

    /// Calls `prelude` on the writer's thread before every transaction from now on: it may make room on the disk.
    /// Only the first one counts.
    pub fn before_transactions(&self, prelude: impl Fn() + Send + Sync + 'static) {
        self.writer.before_transactions(Box::new(prelude));
    }

    /// Calls `observer`, beside those of before, on the writer's thread around every commit from now on, with
    /// what it does.
    pub fn on_commit(&self, observer: impl Fn(Commit, &Effects) + Send + Sync + 'static) {
        self.writer.on_commit(Box::new(observer));
    }

    /// Refuses every further change with [`CatalogError::Halted`]; reading goes on. For a disk that
    /// failed: what the system could not write it may have dropped, and a later fsync would not say so.
    pub fn halt(&self) {
        self.writer.halt();
    }

    /// How far the writer has come.
    pub fn writer_progress(&self) -> WriterProgress {
        self.writer.progress()
    }

    /// Ends the writer after what is queued and folds the write-ahead log into the database. Later
    /// writes fail with [`CatalogError::Closed`].
    pub fn close(&self) {
        self.writer.stop();
    }
}
