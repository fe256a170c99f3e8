//! The turns to have a page painted. One person cannot take all places: further pages of theirs are refused.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::model::Viewer;

/// Pages painted at the same time; each takes a processor, and the document lies in memory.
const MOST_PAINTED_AT_ONCE: usize = 2;
/// Most pages that are painted or wait; further ones are refused.
const MOST_IN_QUEUE: usize = 16;
/// Most pages of one person that are painted or wait.
const MOST_OF_ONE: usize = 6;

/// The places of all viewers, and the turns.
pub(super) struct Queue {
    places: Arc<Places>,
    turns: Arc<Semaphore>,
}

/// The number of places that each has.
type Places = Mutex<HashMap<Viewer, usize>>;

/// A turn to paint; dropped, it is another's.
pub(super) struct Turn {
    _place: Place,
    _turn: OwnedSemaphorePermit,
}

struct Place {
    viewer: Viewer,
    places: Arc<Places>,
}

impl Default for Queue {
    fn default() -> Self {
        Self { places: Arc::default(), turns: Arc::new(Semaphore::new(MOST_PAINTED_AT_ONCE)) }
    }
}

impl Queue {
    /// Waits for a turn; `None` at once if all places are taken, or as many as this viewer may have.
    pub(super) async fn turn(&self, viewer: Viewer) -> Option<Turn> {
        let place = Place::take(&self.places, viewer)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.ok()?;
        Some(Turn { _place: place, _turn: turn })
    }
}

impl Place {
    fn take(places: &Arc<Places>, viewer: Viewer) -> Option<Self> {
        let mut taken = places.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, own) = (taken.values().sum::<usize>(), taken.get(&viewer).copied().unwrap_or_default());
        if all >= MOST_IN_QUEUE || own >= MOST_OF_ONE {
            return None;
        }
        taken.insert(viewer, own + 1);
        Some(Self { viewer, places: Arc::clone(places) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.viewer) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.viewer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::UserId;

    #[test]
    fn nobody_takes_all_places_and_a_place_that_is_left_is_free() {
        let places = Arc::default();
        let viewer = |number| Viewer::User(UserId(number));
        let mut taken: Vec<_> = (0..MOST_OF_ONE).map(|_| Place::take(&places, viewer(1)).unwrap()).collect();
        assert!(Place::take(&places, viewer(1)).is_none());
        taken.pop();
        taken.push(Place::take(&places, viewer(1)).unwrap());
        for number in 2.. {
            match Place::take(&places, viewer(number)) {
                Some(place) => taken.push(place),
                None => break,
            }
        }
        assert_eq!(taken.len(), MOST_IN_QUEUE);
        drop(taken);
        assert!(places.lock().unwrap().is_empty());
        assert!(Place::take(&places, viewer(1)).is_some());
    }
}
