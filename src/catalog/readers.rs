//! A small pool of read-only connections.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::Semaphore;

use super::sqlite::{Connection, Database};
use super::{CatalogError, ReadTx};

/// Reads of the catalogue at the same time; further ones wait.
const READERS: usize = 8;

/// A connection, or none if the last one broke: then the next reader opens a new one.
type Slot = Option<Connection>;
type Observer = Box<dyn Fn(&CatalogError) + Send + Sync>;

pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Slot>>>,
    database: Arc<Database>,
    turns: Arc<Semaphore>,
    observer: Arc<OnceLock<Observer>>,
    begun: AtomicU64,
}

impl Readers {
    pub(super) fn open(database: Arc<Database>) -> Result<Self, CatalogError> {
        let idle: Vec<_> =
            (0..READERS).map(|_| database.open_reader().map(Some)).collect::<Result<_, _>>()?;
        let (idle, turns) = (Arc::new(Mutex::new(idle)), Arc::new(Semaphore::new(READERS)));
        Ok(Self { idle, database, turns, observer: Arc::default(), begun: AtomicU64::new(0) })
    }

    pub(super) fn on_damage(&self, observer: Observer) {
        let _ = self.observer.set(observer);
    }

    /// Number of reads since the start.
    pub(super) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    pub(super) async fn run<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&ReadTx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<CatalogError> + Send + 'static,
    {
        self.begun.fetch_add(1, Ordering::Relaxed);
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| CatalogError::Closed)?;
        let (idle, database) = (Arc::clone(&self.idle), Arc::clone(&self.database));
        let observer = Arc::clone(&self.observer);
        let task = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let mut lent = Lent::take(&idle)?;
            let tell = |error: &CatalogError| {
                if let Some(observer) = observer.get().filter(|_| error.is_damage()) {
                    observer(error);
                }
            };
            let connection = lent.connection(&database).inspect_err(tell)?;
            let (result, last_error) = {
                let _snapshot = connection.snapshot().inspect_err(tell)?;
                let tx = ReadTx::new(connection);
                let result = job(&tx);
                (result, tx.last_error())
            };
            if let Some(error) = last_error.filter(CatalogError::breaks_connection) {
                tell(&error);
                lent.slot = None;
            }
            result
        });
        task.await.map_err(|_| E::from(CatalogError::Closed))?
    }
}

/// A slot that returns to the pool even if the job panics.
struct Lent<'a> {
    slot: Slot,
    idle: &'a Mutex<Vec<Slot>>,
}

impl<'a> Lent<'a> {
    fn take(idle: &'a Mutex<Vec<Slot>>) -> Result<Self, CatalogError> {
        let slot = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Ok(Self { slot: slot.ok_or(CatalogError::Closed)?, idle })
    }

    fn connection(&mut self, database: &Database) -> Result<&Connection, CatalogError> {
        match &mut self.slot {
            Some(connection) => Ok(connection),
            empty => Ok(empty.insert(database.open_reader()?)),
        }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(self.slot.take());
    }
}
