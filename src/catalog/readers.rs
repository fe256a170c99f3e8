//! A few connections that only read.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::{CatalogError, CatalogKey, ReadTx, connection};

/// Reads that run at the same time; more wait their turn.
const READERS: usize = 8;

pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    turns: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn open(path: &Path, key: &CatalogKey) -> Result<Self, CatalogError> {
        let idle: Vec<_> =
            (0..READERS).map(|_| connection::open_reader(path, key)).collect::<Result<_, _>>()?;
        Ok(Self { idle: Arc::new(Mutex::new(idle)), turns: Arc::new(Semaphore::new(READERS)) })
    }

    pub(super) async fn run<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&ReadTx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<CatalogError> + Send + 'static,
    {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| CatalogError::Closed)?;
        let idle = Arc::clone(&self.idle);
        let task = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let lent = Lent::take(&idle)?;
            let transaction = lent.connection().unchecked_transaction().map_err(CatalogError::from)?;
            job(&ReadTx::new(&transaction))
        });
        task.await.map_err(|_| E::from(CatalogError::Closed))?
    }
}

/// A connection that goes back to the pool even when the job panics.
struct Lent<'a> {
    connection: Option<Connection>,
    idle: &'a Mutex<Vec<Connection>>,
}

impl<'a> Lent<'a> {
    fn take(idle: &'a Mutex<Vec<Connection>>) -> Result<Self, CatalogError> {
        let connection = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = Some(connection.ok_or(CatalogError::Closed)?);
        Ok(Self { connection, idle })
    }

    fn connection(&self) -> &Connection {
        self.connection.as_ref().expect("taken back only in drop")
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}
