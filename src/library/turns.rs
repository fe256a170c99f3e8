//! Turns for long work: one at a time for each person, a few at the same time for all.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use super::LibraryError;

/// Gives out turns for one kind of work, in the order of requests; `K` identifies people.
pub(crate) struct Turns<K> {
    people: Mutex<HashMap<K, Arc<AsyncMutex<()>>>>,
    together: Arc<Semaphore>,
}

/// One turn, which ends on drop.
pub(crate) struct Turn {
    _own: OwnedMutexGuard<()>,
    _shared: OwnedSemaphorePermit,
}

impl<K: Eq + Hash> Turns<K> {
    /// Allows `together` turns at the same time.
    pub(crate) fn new(together: usize) -> Self {
        Self { people: Mutex::default(), together: Arc::new(Semaphore::new(together)) }
    }

    /// Waits for this person's turn. A caller that stops waiting loses its place.
    pub(crate) async fn take(&self, person: K) -> Result<Turn, LibraryError> {
        let own = {
            let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
            people.retain(|_, own| Arc::strong_count(own) > 1);
            Arc::clone(people.entry(person).or_default())
        };
        // The person's own turn comes first, so that a person who begins many does not hold up others.
        let own = own.lock_owned().await;
        let shared = Arc::clone(&self.together).acquire_owned().await;
        Ok(Turn { _own: own, _shared: shared.map_err(|_| LibraryError::Closed)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::UserId;

    fn is_waiting<T>(task: &tokio::task::JoinHandle<T>) -> bool {
        !task.is_finished()
    }

    #[tokio::test]
    async fn a_person_has_one_turn_and_others_are_not_kept() {
        let turns = Arc::new(Turns::new(2));
        let one = turns.take(UserId(1)).await.unwrap();
        let again = tokio::spawn({
            let turns = Arc::clone(&turns);
            async move { turns.take(UserId(1)).await }
        });
        let two = turns.take(UserId(2)).await.unwrap();
        let three = tokio::spawn({
            let turns = Arc::clone(&turns);
            async move { turns.take(UserId(3)).await }
        });
        tokio::task::yield_now().await;
        assert!(is_waiting(&again) && is_waiting(&three));
        drop(two);
        let three = three.await.unwrap().unwrap();
        assert!(is_waiting(&again));
        drop(one);
        let again = again.await.unwrap().unwrap();
        drop((again, three));
        drop(turns.take(UserId(4)).await.unwrap());
        assert_eq!(turns.people.lock().unwrap().len(), 1);
    }
}
