//! The encrypted catalogue: names, tree, versions, accounts, locks. All SQL of the program is here.
//!
//! One SQLCipher database under a raw 256-bit key. One thread writes; it commits all queued jobs as one transaction
//! and answers each writer only when that transaction is durable (`synchronous=FULL`). A few connections read, each
//! call in its own snapshot.
//!
//! The tables' functions are methods of [`ReadTx`] and [`WriteTx`], one file per table group; a use case in another
//! room calls several in one closure, which is one transaction.

mod accounts;
mod allowed;
mod archived;
mod clock;
mod contacts;
mod departures;
mod downloads;
mod entries;
mod event_columns;
mod events;
mod hand_ins;
mod handing;
mod history;
mod holds;
mod integrity;
mod links;
mod locks;
mod mails;
mod notices;
mod office;
mod passkeys;
mod properties;
mod readers;
mod rebuild;
mod request_items;
mod request_recipients;
mod requests;
mod rescan;
mod row;
mod search;
mod second_factor;
mod sessions;
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
pub use allowed::AllowedRow;
pub use archived::{ArchivedContent, ArchivedRow, TreeSize};
pub use contacts::ContactRow;
pub use departures::DepartureRow;
pub use downloads::DownloadRow;
pub use entries::{EntryRow, NewEntry};
pub use events::EventsOf;
pub use hand_ins::{HandInFileRow, HandInRow, NewHandIn, NewHandInFile};
pub use handing::{HandedOutRow, HoldRequestRow};
pub use history::Past;
pub use holds::{ApprovalRow, HoldRow, HoldUpdate, RenditionRow, VerdictRow};
pub use integrity::{ContentStart, DamagedRow, Noted, ScrubRow, StoredContainer, UseRow};
pub use links::{LinkRow, LinkUse, NewLink};
pub use locks::{LockCounts, LockRow, NewLock};
pub use mails::{MailRow, MailUpdate};
pub use notices::{NewsGroup, NoticeRow, NoticeUpdate, Undecided};
pub use passkeys::{NewPasskey, PasskeyRow};
pub use properties::{MemberProperties, PropertyRow};
pub use rebuild::{Counters, SetAsideRow};
pub use request_items::{CommentRow, ItemRow, NewItem, RequestFileRow};
pub use request_recipients::{NewRecipient, RecipientRow};
pub use requests::{NewRequest, RequestRow, RequestsOf};
pub use rescan::{RescanRow, Rescanned, StoredVersion};
pub use search::{NamedRow, PlaceRow};
pub use second_factor::{FACTOR_SECRET_LEN, SecondFactorRow};
pub use sessions::{NewSession, SessionRow};
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

/// Errors of the catalogue.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The key does not open this file, or the file is not a database.
    #[error(
        "the catalogue does not open with this key, or its first page is damaged; stop the server and run `tresor rebuild`, or bring catalog/ back from a backup"
    )]
    WrongKey,
    /// A page differs from what was written, or the file was truncated.
    #[error(
        "the catalogue is damaged; stop the server and run `tresor rebuild`, or bring catalog/ back from a backup"
    )]
    Damaged,
    /// The file exists, but was never written to, or was truncated to nothing.
    #[error(
        "the catalogue is empty; stop the server and run `tresor rebuild`, or bring catalog/ back from a backup"
    )]
    Empty,
    /// A newer Tresor made the catalogue.
    #[error(
        "the catalogue has format {found}, this program knows up to {known}: use the newer program again"
    )]
    Newer {
        /// Format of the catalogue.
        found: u32,
        /// The newest format that this program knows.
        known: u32,
    },
    /// The linked SQLite can corrupt WAL databases.
    #[error(
        "the linked SQLite {found} is older than 3.51.3 and can corrupt a database; rebuild with a current one"
    )]
    OldSqlite {
        /// Version of the library.
        found: SqliteVersion,
    },
    /// The disk is full; nothing was changed.
    #[error("the disk that holds the catalogue is full; free some space on it")]
    Full,
    /// The disk refuses writes; nothing was changed.
    #[error("the disk that holds the catalogue is read-only")]
    ReadOnly,
    /// A write or an fsync failed. The change was not acknowledged; after a power cut it may or may not be there.
    #[error("the disk that holds the catalogue failed")]
    DiskFailed(#[source] DatabaseError),
    /// [`Catalog::halt`] was called: nothing can be changed before a restart.
    #[error("nothing can be changed before a restart, because the disk failed")]
    Halted,
    /// A transaction changed rows and recorded no event: a bug in the program. Nothing was changed.
    #[error("a change was not recorded; please report this as a bug")]
    Unrecorded,
    /// The shared transaction failed for a reason in the log; nothing was changed.
    #[error("the catalogue could not commit")]
    NotCommitted,
    /// The writer thread has ended: the program is stopping, or the thread failed.
    #[error("the catalogue is closed")]
    Closed,
    /// Creating, copying or removing one of its files failed.
    #[error("{doing}")]
    Io {
        /// The operation.
        doing: &'static str,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// Any other error of the database.
    #[error("the catalogue failed")]
    Database(#[source] DatabaseError),
}

impl CatalogError {
    /// Whether a connection may be unusable after this error: it read something other than it expected.
    fn breaks_connection(&self) -> bool {
        match self {
            Self::WrongKey | Self::Damaged => true,
            Self::Database(error) => sqlite::breaks_connection(error),
            _ => false,
        }
    }

    /// Whether stored data differs from the written data.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::WrongKey | Self::Damaged)
    }

    /// The same failure, for another writer of the same transaction.
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

/// The database's own error text, with its code.
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

    /// A column holds a value with an unexpected type or range.
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

/// Progress of a commit: it begins and then ends in one of two ways, before any writer is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// The changes are not visible to readers yet.
    Begins,
    /// It is durable, and every read that begins now sees it.
    Done,
    /// It failed. The state after a power cut is unknown.
    Failed,
}

/// The open catalogue. Cheap to clone; the last clone's [`Catalog::close`] ends the writer.
#[derive(Clone)]
pub struct Catalog {
    writer: Arc<Writer>,
    readers: Arc<Readers>,
}

impl Catalog {
    /// Creates a catalogue at `path`, which must not exist.
    pub fn create(path: &Path, key: &CatalogKey) -> Result<Self, CatalogError> {
        let database = Database::new(path, key);
        Self::start(database.create()?, database)
    }

    /// Opens an existing catalogue and migrates it to the newest format; a copy is kept beside it before the first
    /// change of format.
    ///
    /// Errors: `WrongKey`, `Damaged`, `Empty`, `Newer`, `OldSqlite`, and then nothing was changed; `Io`.
    pub fn open(path: &Path, key: &CatalogKey) -> Result<Self, CatalogError> {
        let database = Database::new(path, key);
        Self::start(database.open()?, database)
    }

    /// Creates a catalogue at `path`, which must not exist, from a snapshot ([`ReadTx::dump_packed`]).
    ///
    /// Errors: `Damaged` for any other text or a part of one, `Newer`, `Io`; the caller must then remove the
    /// unfinished files.
    pub fn restore(
        path: &Path,
        key: &CatalogKey,
        from: &mut dyn std::io::BufRead,
    ) -> Result<(), CatalogError> {
        snapshot::restore(&Database::new(path, key), from)
    }

    /// Examines a whole catalogue that is not open, without changing it.
    ///
    /// Errors: its fault: `Empty`, `WrongKey`, `Damaged`, `Newer`; `Io`.
    pub fn examine(path: &Path, key: &CatalogKey) -> Result<(), CatalogError> {
        Database::new(path, key).examine()
    }

    /// Writes a copy of the sound catalogue at `from`, which must not be open, to `to`, which must not exist.
    pub fn duplicate(from: &Path, to: &Path, key: &CatalogKey) -> Result<(), CatalogError> {
        Database::new(from, key).copy_to(to)
    }

    fn start(connection: Connection, database: Database) -> Result<Self, CatalogError> {
        let database = Arc::new(database);
        let readers = Readers::open(Arc::clone(&database))?;
        let writer = Writer::start(connection, database)?;
        Ok(Self { writer: Arc::new(writer), readers: Arc::new(readers) })
    }

    /// Runs `job` in the next transaction and returns when that is durable. An `Err` from `job` undoes only the
    /// changes of this job. Dropping the future does not cancel it: once queued, it runs.
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&WriteTx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<CatalogError> + Send + 'static,
    {
        self.writer.run(job, Sharing::Shared).await
    }

    /// Like [`Self::write`], for a job whose changes are not an event; `reason` explains why ([`WriteTx::silent`]).
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

    /// Like [`Self::write`], in a transaction that no other job shares: for a job of hundreds of statements, whose
    /// cost inside a savepoint would grow with the square of the pages that it changes.
    pub async fn write_alone<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&WriteTx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<CatalogError> + Send + 'static,
    {
        self.writer.run(job, Sharing::Alone).await
    }

    /// Queues several jobs for the same transaction, from a thread that may block: it waits while the queue is
    /// full. A failing job undoes only its own changes. `held` is dropped as soon as the transaction has ended or
    /// can no longer begin, before any writer is answered.
    pub fn submit(&self, writes: Vec<QueuedWrite>, held: impl Send + 'static) {
        self.writer.submit(writes, held);
    }

    /// Runs `job` on a snapshot of the committed data, on a blocking thread.
    pub async fn read<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&ReadTx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<CatalogError> + Send + 'static,
    {
        self.readers.run(job).await
    }

    /// Number of [`Self::read`] calls since the start: each takes a snapshot and a trip to a blocking thread.
    pub fn reads(&self) -> u64 {
        self.readers.begun()
    }

    /// Calls `observer` on the writer's thread with the error of every failed transaction and checkpoint, before
    /// any writer is answered and before the next transaction begins; and with damage that a reader finds, before
    /// that read is answered. Only the first observer counts.
    pub fn on_failure(&self, observer: impl Fn(&CatalogError) + Send + Sync + 'static) {
        let observer = Arc::new(observer);
        self.readers.on_damage(Box::new({
            let observer = Arc::clone(&observer);
            move |error| observer(error)
        }));
        self.writer.on_failure(Box::new(move |error| observer(error)));
    }

    /// Calls `prelude` on the writer's thread before every transaction from now on: it may free disk space. Only
    /// the first call counts.
    pub fn before_transactions(&self, prelude: impl Fn() + Send + Sync + 'static) {
        self.writer.before_transactions(Box::new(prelude));
    }

    /// Adds an observer that is called on the writer's thread around every commit from now on, with the effects of
    /// the transaction.
    pub fn on_commit(&self, observer: impl Fn(Commit, &Effects) + Send + Sync + 'static) {
        self.writer.on_commit(Box::new(observer));
    }

    /// Refuses every further change with [`CatalogError::Halted`]; reads continue. For a disk that failed: the
    /// system may have dropped data that it could not write, and a later fsync would not report it.
    pub fn halt(&self) {
        self.writer.halt();
    }

    /// Progress of the writer.
    pub fn writer_progress(&self) -> WriterProgress {
        self.writer.progress()
    }

    /// Ends the writer after the queued jobs and copies the write-ahead log into the database. Later writes fail
    /// with [`CatalogError::Closed`].
    pub fn close(&self) {
        self.writer.stop();
    }
}
