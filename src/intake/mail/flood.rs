//! A bound on the mails for one space: a mail program that answers itself would otherwise fill the office.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::model::SpaceId;

/// Time within which mails count together.
const WINDOW: Duration = Duration::from_hours(1);

/// The mails of this hour, by space.
#[derive(Debug, Default)]
pub(in crate::intake) struct Flood(Mutex<HashMap<SpaceId, Hour>>);

#[derive(Debug)]
struct Hour {
    begun: Instant,
    mails: u32,
}

impl Flood {
    /// Whether one more mail for the space is too many.
    pub(super) fn is_over(&self, space: SpaceId, most: u32, now: Instant) -> bool {
        let spaces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        spaces.get(&space).is_some_and(|hour| hour.mails >= most && now < hour.begun + WINDOW)
    }

    /// Counts a mail that was stored.
    pub(super) fn count(&self, space: SpaceId, now: Instant) {
        let mut spaces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let hour = spaces.entry(space).or_insert(Hour { begun: now, mails: 0 });
        if now >= hour.begun + WINDOW {
            *hour = Hour { begun: now, mails: 0 };
        }
        hour.mails += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_space_takes_so_many_mails_in_an_hour() {
        let (flood, space, begin) = (Flood::default(), SpaceId::random(), Instant::now());
        for _ in 0..3 {
            assert!(!flood.is_over(space, 3, begin));
            flood.count(space, begin);
        }
        assert!(flood.is_over(space, 3, begin));
        assert!(!flood.is_over(SpaceId::random(), 3, begin));
        assert!(!flood.is_over(space, 3, begin + WINDOW));
        flood.count(space, begin + WINDOW);
        assert!(!flood.is_over(space, 3, begin + WINDOW));
        assert!(flood.is_over(space, 1, begin + WINDOW));
    }
}
