//! A few connections that only read.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::connection::Place;
use super::{CatalogError, ReadTx};

/// Reads that run at the same time; more wait their turn.
const READERS: usize = 8;

/// A connection, or none where the last one broke: then the next who needs it opens a new one.
type Slot = Option<Connection>;

pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Slot>>>,
    place: Arc<Place>,
    turns: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn open(place: Arc<Place>) -> Result<Self, CatalogError> {
        let idle: Vec<_> = (0..READERS).map(|_| place.open_reader().map(Some)).collect::<Result<_, _>>()?;
        Ok(Self { idle: Arc::new(Mutex::new(idle)), place, turns: Arc::new(Semaphore::new(READERS)) })
    }

    pub(super) async fn run<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&ReadTx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<CatalogError> + Send + 'static,
    {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| CatalogError::Closed)?;
        let (idle, place) = (Arc::clone(&self.idle), Arc::clone(&self.place));
        let task = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let mut lent = Lent::take(&idle)?;
            let connection = lent.connection(&place)?;
            let (result, is_broken) = {
                let transaction = connection.unchecked_transaction().map_err(CatalogError::from)?;
                let tx = ReadTx::new(&transaction);
                let result = job(&tx);
                (result, tx.trouble().is_some_and(|error| error.breaks_connection()))
            };
            if is_broken {
                lent.slot = None;
            }
            result
        });
        task.await.map_err(|_| E::from(CatalogError::Closed))?
    }
}

/// A slot that goes back to the pool even when the job panics.
struct Lent<'a> {
    slot: Slot,
    idle: &'a Mutex<Vec<Slot>>,
}

impl<'a> Lent<'a> {
    fn take(idle: &'a Mutex<Vec<Slot>>) -> Result<Self, CatalogError> {
        let slot = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Ok(Self { slot: slot.ok_or(CatalogError::Closed)?, idle })
    }

    fn connection(&mut self, place: &Place) -> Result<&Connection, CatalogError> {
        match &mut self.slot {
            Some(connection) => Ok(connection),
            empty => Ok(empty.insert(place.open_reader()?)),
        }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(self.slot.take());
    }
}
