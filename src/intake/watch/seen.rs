//! What earlier listings of a space's folder saw: which files have settled, and when those that failed are tried again.
//!
//! Nothing of it must survive: after a restart every file is seen for the first time.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::tree::Stamp;
use super::waits::Reason;
use crate::model::EntryPath;

/// Time for which an empty file must not change: scanners and Finder create it first and fill it when they are done.
const EMPTY_SETTLES: Duration = Duration::from_hours(1);
/// Time after which a file that could not be stored is tried again for the first time; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// Longest time between two attempts to store a file.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// Time between two attempts while nothing can be stored at all.
const GENERAL_PAUSE: Duration = Duration::from_secs(5);

/// The files of a space's folder that are remembered.
#[derive(Default)]
pub(super) struct Seen {
    files: HashMap<EntryPath, Sight>,
    /// Counts the listings of the whole folder.
    pass: u64,
    /// Whether this listing has made room already.
    has_made_room: bool,
}

/// A file as it was last seen.
struct Sight {
    stamp: Stamp,
    /// Since when it is like this.
    since: Instant,
    /// The listing that saw it last.
    pass: u64,
    /// Attempts that failed.
    failures: u32,
    /// Next attempt and reason of the last failure.
    waits: Option<(Instant, Reason)>,
    /// Whether it is stored, and only its removal failed.
    is_stored: bool,
}

/// The next step for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgment {
    /// It has settled.
    Take {
        /// Whether only its removal is missing.
        is_stored: bool,
    },
    /// It waits, and until then if the time is known.
    Wait(Reason, Option<Instant>),
}

impl Seen {
    /// Notes that a listing sees the file like this, and judges it. At most `room` files are remembered.
    pub(super) fn judge(
        &mut self,
        path: &EntryPath,
        stamp: Stamp,
        now: Instant,
        settle: Duration,
        room: usize,
    ) -> Judgment {
        let needed = if stamp.size == 0 { settle.max(EMPTY_SETTLES) } else { settle };
        let pass = self.pass;
        if let Some(sight) = self.files.get_mut(path).filter(|sight| sight.stamp == stamp) {
            sight.pass = pass;
            let settled = sight.since + needed;
            return match sight.waits {
                Some((until, reason)) if until > now => Judgment::Wait(reason, Some(until)),
                _ if settled > now => Judgment::Wait(Reason::Settling, Some(settled)),
                _ => Judgment::Take { is_stored: sight.is_stored },
            };
        }
        if !self.has_room(path, room) {
            return Judgment::Wait(Reason::Turn, None);
        }
        let sight = Sight { stamp, since: now, pass, failures: 0, waits: None, is_stored: false };
        self.files.insert(path.clone(), sight);
        Judgment::Wait(Reason::Settling, Some(now + needed))
    }

    /// Whether one more file can be remembered. Files that failed give way to new ones, once in each listing, so that
    /// however many of them there are, the files behind them get their turn.
    fn has_room(&mut self, path: &EntryPath, room: usize) -> bool {
        if self.files.len() >= room && !self.has_made_room {
            self.has_made_room = true;
            self.files.retain(|_, sight| sight.waits.is_none() || sight.is_stored);
        }
        self.files.len() < room || self.files.contains_key(path)
    }

    /// A listing has seen the whole folder: forgets the files that it did not see.
    pub(super) fn end_pass(&mut self) {
        let pass = self.pass;
        self.files.retain(|_, sight| sight.pass == pass);
        self.pass += 1;
        self.has_made_room = false;
    }

    /// The file was taken, or is another one now.
    pub(super) fn forget(&mut self, path: &EntryPath) {
        self.files.remove(path);
    }

    /// The attempt failed. It is tried again after a pause that grows.
    pub(super) fn failed(
        &mut self,
        path: &EntryPath,
        reason: Reason,
        is_stored: bool,
        now: Instant,
    ) -> Instant {
        let Some(sight) = self.files.get_mut(path) else { return now };
        let growing = FIRST_PAUSE.saturating_mul(1 << sight.failures.min(16)).min(LONGEST_PAUSE);
        let until = now + if reason.is_general() { GENERAL_PAUSE } else { growing };
        sight.failures += u32::from(!reason.is_general());
        sight.waits = Some((until, reason));
        sight.is_stored |= is_stored;
        until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTLE: Duration = Duration::from_secs(10);
    const SECOND: Duration = Duration::from_secs(1);

    fn path(name: &str) -> EntryPath {
        EntryPath::parse(name).unwrap()
    }

    fn judge(seen: &mut Seen, name: &str, stamp: Stamp, at: Instant, room: usize) -> Judgment {
        let judgment = seen.judge(&path(name), stamp, at, SETTLE, room);
        seen.end_pass();
        judgment
    }

    #[test]
    fn only_what_two_listings_saw_alike_for_the_whole_time_is_taken() {
        let (mut seen, start) = (Seen::default(), Instant::now());
        let settling = |from: u64| {
            Judgment::Wait(
                Reason::Settling,
                Some(start + SECOND * 10 + SECOND * u32::try_from(from).unwrap()),
            )
        };
        let (one, other) = (Stamp::sized(1), Stamp::sized(2));
        assert_eq!(judge(&mut seen, "a", one, start, 9), settling(0));
        assert_eq!(judge(&mut seen, "a", one, start + SECOND * 9, 9), settling(0));
        assert_eq!(judge(&mut seen, "a", other, start + SECOND * 10, 9), settling(10), "it grew");
        assert_eq!(judge(&mut seen, "a", other, start + SECOND * 19, 9), settling(10));
        let take = Judgment::Take { is_stored: false };
        assert_eq!(judge(&mut seen, "a", other, start + SECOND * 20, 9), take);
        // A file that was away for one listing is a new one.
        seen.end_pass();
        assert_eq!(judge(&mut seen, "a", other, start + SECOND * 30, 9), settling(30));
    }

    #[test]
    fn an_empty_file_waits_for_its_content() {
        let (mut seen, start) = (Seen::default(), Instant::now());
        judge(&mut seen, "a", Stamp::sized(0), start, 9);
        let later = judge(&mut seen, "a", Stamp::sized(0), start + SECOND * 3_599, 9);
        assert_eq!(later, Judgment::Wait(Reason::Settling, Some(start + EMPTY_SETTLES)));
        let taken = judge(&mut seen, "a", Stamp::sized(0), start + EMPTY_SETTLES, 9);
        assert_eq!(taken, Judgment::Take { is_stored: false });
    }

    #[test]
    fn the_pause_grows_to_an_hour_unless_nothing_can_be_stored_at_all() {
        let (mut seen, start, a) = (Seen::default(), Instant::now(), path("a"));
        judge(&mut seen, "a", Stamp::sized(1), start, 9);
        let mut pauses = Vec::new();
        for _ in 0..20 {
            pauses.push((seen.failed(&a, Reason::Quota, false, start) - start).as_secs());
        }
        assert_eq!((&pauses[..3], pauses[19]), (&[2, 4, 8][..], 3_600));
        for _ in 0..3 {
            assert_eq!(seen.failed(&a, Reason::DiskFull, false, start) - start, GENERAL_PAUSE);
        }
        // A change of the file ends the pause.
        assert!(matches!(
            judge(&mut seen, "a", Stamp::sized(2), start, 9),
            Judgment::Wait(Reason::Settling, _)
        ));
    }

    #[test]
    fn files_that_fail_for_ever_keep_none_behind_them_from_their_turn() {
        let (mut seen, mut now) = (Seen::default(), Instant::now());
        let mut taken = false;
        for _ in 0..6 {
            now += SETTLE;
            for stuck in 0..4 {
                let stuck = path(&format!("stuck{stuck}"));
                if let Judgment::Take { .. } = seen.judge(&stuck, Stamp::sized(1), now, SETTLE, 4) {
                    seen.failed(&stuck, Reason::Quota, false, now);
                }
            }
            let last = seen.judge(&path("last"), Stamp::sized(1), now, SETTLE, 4);
            taken |= matches!(last, Judgment::Take { .. });
            assert!(seen.files.len() <= 4, "{}", seen.files.len());
            seen.end_pass();
        }
        assert!(taken);
    }
}
