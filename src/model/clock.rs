//! A time that is certain to have been reached, for permanent removal of expired data.
//!
//! A wall clock may be wrong for minutes or for days: a hardware clock before NTP answers, a mistake with `date
//! -s`, an empty battery. A server that trusted it would empty the trash. The kernel also counts how long the
//! machine has been running, which cannot be set. So the certain time advances with that count, and follows the
//! wall clock as long as the two agree:
//!
//! - During a run the wall clock must advance with the running time, within [`CLOCK_TOLERANCE`].
//! - Between two runs it may have advanced by up to [`PLAUSIBLE_GAP`]: a night, a weekend. By more, if the machine
//!   ran that long.
//! - Otherwise the clock is in doubt. The certain time advances from where it was, and data expires by the earlier
//!   of the two. Once both clocks have agreed for [`CONFIRMED_AFTER`] of running time, the wall clock is trusted
//!   again. A plausible gap does not interrupt that, another jump does.
//!
//! So nothing is removed too early by a clock that is corrected within [`CONFIRMED_AFTER`], and a server that was
//! off for three weeks merely removes expired data later.

use std::time::Duration;

use super::Timestamp;

/// Accepted difference between the wall clock and the expected time: more than a hardware clock drifts in months,
/// and too little to matter for expiry in days.
pub const CLOCK_TOLERANCE: Duration = Duration::from_hours(1);
/// Longest time for which a machine is switched off in normal use: a long weekend.
pub const PLAUSIBLE_GAP: Duration = Duration::from_hours(3 * 24);
/// Running time for which both clocks must agree before a new time is trusted: longer than Easter, when the office
/// is empty.
pub const CONFIRMED_AFTER: Duration = Duration::from_hours(5 * 24);

/// Both clocks, read at the same moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The wall clock.
    pub wall: Timestamp,
    /// How long the machine has been running, including suspension.
    pub running: Duration,
}

/// The certain time as of the last reading. Stored across restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertainTime {
    /// Both clocks at the last reading.
    pub last: Reading,
    /// The certain time at that reading, provided that the wall clock was right before it came into doubt.
    pub time: Timestamp,
    /// Running time for which both clocks have agreed since then; zero while there is no doubt.
    pub agreed: Duration,
}

/// Why the wall clock is not trusted at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockDoubt {
    /// Difference from the certain time.
    pub distance: Duration,
    /// Whether it is ahead rather than behind.
    pub is_ahead: bool,
    /// Running time for which both clocks must still agree before it is trusted.
    pub left: Duration,
}

impl CertainTime {
    /// Starts without an earlier reading, so it trusts the wall clock.
    pub fn begin(reading: Reading) -> Self {
        Self { last: reading, time: reading.wall, agreed: Duration::ZERO }
    }

    /// The next reading of the same run.
    #[must_use]
    pub fn go_on(self, reading: Reading) -> Self {
        let passed = reading.running.saturating_sub(self.last.running);
        let agrees = is_near(self.last.wall.after(passed), reading.wall);
        self.step(reading, passed, agrees.then_some(passed))
    }

    /// The first reading of another run, perhaps after the machine was off.
    #[must_use]
    pub fn resume(self, reading: Reading) -> Self {
        // If the machine was restarted meanwhile, more time has passed than this.
        let least = reading.running.checked_sub(self.last.running).unwrap_or(reading.running);
        let by_wall = reading.wall.since(self.last.wall);
        let agrees = is_near(self.last.wall.after(least), reading.wall);
        if agrees || (by_wall >= least && by_wall <= PLAUSIBLE_GAP) {
            self.step(reading, by_wall, Some(Duration::ZERO))
        } else {
            self.step(reading, least, None)
        }
    }

    /// Advances by `passed`; `agreed` is the part of it for which both clocks agreed, or `None` if the wall clock
    /// jumped.
    fn step(self, reading: Reading, passed: Duration, agreed: Option<Duration>) -> Self {
        let time = self.time.after(passed);
        let agreed = agreed.map_or(Duration::ZERO, |more| self.agreed + more);
        match is_near(time, reading.wall) || agreed >= CONFIRMED_AFTER {
            true => Self::begin(reading),
            false => Self { last: reading, time, agreed },
        }
    }

    /// The time to use for permanent removal: never later than the certain time.
    pub fn now(&self) -> Timestamp {
        self.time.min(self.last.wall)
    }

    /// The reason why the wall clock is not trusted; `None` if it is.
    pub fn doubt(&self) -> Option<ClockDoubt> {
        let is_ahead = self.last.wall > self.time;
        let distance =
            if is_ahead { self.last.wall.since(self.time) } else { self.time.since(self.last.wall) };
        let left = CONFIRMED_AFTER.saturating_sub(self.agreed);
        (!distance.is_zero()).then_some(ClockDoubt { distance, is_ahead, left })
    }
}

fn is_near(one: Timestamp, other: Timestamp) -> bool {
    one.since(other).max(other.since(one)) <= CLOCK_TOLERANCE
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);
    const STEP: Duration = Duration::from_mins(10);

    /// The two clocks of a simulated office.
    struct Clocks {
        certain: CertainTime,
        reading: Reading,
        /// The true time.
        truth: Timestamp,
    }

    impl Clocks {
        fn new() -> Self {
            let truth = Timestamp::from_secs(1_800_000_000);
            let reading = Reading { wall: truth, running: DAY };
            Self { certain: CertainTime::begin(reading), reading, truth }
        }

        /// The server runs, and upkeep reads the clocks.
        fn run(&mut self, span: Duration) {
            let mut left = span;
            while !left.is_zero() {
                let step = left.min(STEP);
                self.pass(step);
                self.reading.running += step;
                self.certain = self.certain.go_on(self.reading);
                assert!(self.certain.now() <= self.reading.wall);
                left -= step;
            }
        }

        fn pass(&mut self, span: Duration) {
            self.truth = self.truth.after(span);
            self.reading.wall = self.reading.wall.after(span);
        }

        fn set_wall(&mut self, wall: Timestamp) {
            self.reading.wall = wall;
            self.certain = self.certain.go_on(self.reading);
        }

        /// The machine is switched off.
        fn switch_off(&mut self, span: Duration) {
            self.pass(span);
            self.reading.running = Duration::from_secs(20);
            self.certain = self.certain.resume(self.reading);
        }

        #[track_caller]
        fn assert_right(&self) {
            assert_eq!((self.certain.now(), self.certain.doubt()), (self.truth, None));
        }
    }

    #[test]
    fn a_wrong_reading_for_ten_minutes_ends_nothing_early() {
        for days in [1, 40, 400, 20_000] {
            let mut clocks = Clocks::new();
            clocks.run(DAY);
            clocks.set_wall(clocks.truth.after(DAY * days));
            clocks.run(STEP);
            assert_eq!(clocks.certain.now(), clocks.truth, "{days}");
            assert!(clocks.certain.doubt().unwrap().is_ahead);
            clocks.set_wall(clocks.truth);
            clocks.assert_right();

            // Neither does a clock in the past, such as a hardware clock without a battery.
            clocks.set_wall(clocks.truth.before(DAY * days));
            clocks.run(STEP);
            assert!(!clocks.certain.doubt().unwrap().is_ahead);
            clocks.set_wall(clocks.truth);
            clocks.run(STEP);
            clocks.assert_right();
        }
    }

    #[test]
    fn a_new_time_is_believed_once_both_clocks_have_agreed_for_long() {
        let mut clocks = Clocks::new();
        clocks.set_wall(clocks.truth.after(DAY * 30));
        let jumped = clocks.reading.wall;
        clocks.run(CONFIRMED_AFTER.saturating_sub(STEP));
        assert_eq!(clocks.certain.now(), clocks.truth);
        assert_eq!(clocks.certain.doubt().unwrap().left, STEP);
        clocks.run(STEP);
        assert_eq!((clocks.certain.now(), clocks.certain.doubt()), (jumped.after(CONFIRMED_AFTER), None));

        // After another jump the confirmation starts over.
        let mut clocks = Clocks::new();
        clocks.set_wall(clocks.truth.after(DAY * 30));
        clocks.run(CONFIRMED_AFTER.saturating_sub(STEP));
        clocks.set_wall(clocks.truth.after(DAY * 300));
        clocks.run(CONFIRMED_AFTER.saturating_sub(STEP));
        assert_eq!(clocks.certain.now(), clocks.truth);
    }

    #[test]
    fn nights_weekends_and_restarts_raise_no_doubt() {
        let mut clocks = Clocks::new();
        for off in [14, 14, 62, 14] {
            clocks.run(Duration::from_hours(10));
            clocks.switch_off(Duration::from_hours(off));
            clocks.assert_right();
        }
        // Only the program is restarted, even after ten days.
        for span in [STEP, DAY * 10] {
            clocks.pass(span);
            clocks.reading.running += span;
            clocks.certain = clocks.certain.resume(clocks.reading);
            clocks.assert_right();
        }
    }

    #[test]
    fn three_weeks_off_only_put_off_what_is_over() {
        let mut clocks = Clocks::new();
        clocks.switch_off(DAY * 21);
        assert_eq!(clocks.certain.now(), clocks.truth.before(DAY * 21).after(Duration::from_secs(20)));
        // An office that switches the server off at night confirms the clock within two weeks.
        for _ in 0..12 {
            assert!(clocks.certain.doubt().is_some());
            clocks.run(Duration::from_hours(10));
            clocks.switch_off(Duration::from_hours(14));
        }
        clocks.assert_right();
    }

    #[test]
    fn a_machine_that_starts_with_a_wrong_clock_ends_nothing() {
        for wrong in [Timestamp(0), Timestamp::from_secs(2_500_000_000)] {
            let mut clocks = Clocks::new();
            clocks.pass(DAY);
            let truth = clocks.truth;
            clocks.reading = Reading { wall: wrong, running: Duration::from_secs(20) };
            clocks.certain = clocks.certain.resume(clocks.reading);
            clocks.run(STEP);
            assert!(clocks.certain.now() <= truth.before(DAY).after(STEP * 2));
            // NTP corrects the clock; the day off remains in doubt until the running time confirms it.
            clocks.set_wall(clocks.truth);
            assert!(clocks.certain.now() < clocks.truth);
            clocks.run(CONFIRMED_AFTER);
            clocks.assert_right();
        }
    }
}
