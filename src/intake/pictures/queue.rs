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
/// Most pages of all guests together that are painted or wait: a person may hold many links, and the office finds places.
const MOST_OF_GUESTS: usize = 6;

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
        let is_guest = |viewer: &Viewer| matches!(viewer, Viewer::Guest(_));
        let guests =
            taken.iter().filter(|(viewer, _)| is_guest(viewer)).map(|(_, count)| count).sum::<usize>();
        let is_full = is_guest(&viewer) && guests >= MOST_OF_GUESTS;
        if all >= MOST_IN_QUEUE || own >= MOST_OF_ONE || is_full {
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
    use crate::model::{LinkId, UserId};

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

    #[test]
    fn guests_leave_places_to_the_office_by_whatever_number_of_links() {
        let places = Arc::default();
        let guest = |number| Viewer::Guest(LinkId(number));
        let taken: Vec<_> = (1..=100).map_while(|number| Place::take(&places, guest(number))).collect();
        assert_eq!(taken.len(), MOST_OF_GUESTS);
        assert!(Place::take(&places, Viewer::User(UserId(1))).is_some());
        drop(taken);
        assert!(Place::take(&places, guest(1)).is_some());
    }
}
