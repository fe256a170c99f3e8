//! Wrong clocks and long absences: a holding time is as long as it was set, and signatures are newer than the arrival.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tresor::inspect::Inspector;
use tresor::intake::{Intake, IntakeSettings};
use tresor::library::SpaceSettings;
use tresor::model::{HoldId, HoldScope, HoldState, Holding, PLAUSIBLE_GAP, Reading, Stamp, Timestamp};
use tresor::proof::Signer;
use tresor::scan::{
    Engine, Newest, Panel, Report, Sample, ScanError, SignatureIdentity, Signatures, Verdict,
};
use zeroize::Zeroizing;

use crate::library::store::{NOW, Store};

const HOLD: Duration = Duration::from_hours(12);
const DAY: Duration = Duration::from_hours(24);
/// Between two rounds of the simulated server.
const STEP: Duration = Duration::from_mins(30);

/// A scanner whose signatures are as new as a test wants.
struct Scanner(Mutex<(u32, Timestamp)>);

impl Engine for Scanner {
    fn name(&self) -> &'static str {
        "test"
    }

    fn scan(&self, sample: &Sample) -> Result<Report, ScanError> {
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut sample.reader(), &mut content).unwrap();
        let verdict = match content.as_slice() {
            [b'X', b'5', b'O', ..] => Verdict::Infected { name: "Test".into() },
            [0x1f, 0x8b, ..] => Verdict::NotFullyScannable { reason: "too deep".into() },
            _ => Verdict::Clean,
        };
        Ok(Report { verdict, signatures: self.signatures()? })
    }

    fn signatures(&self) -> Result<Signatures, ScanError> {
        let (number, built) = *self.0.lock().unwrap();
        let identity = SignatureIdentity::kept(format!("test {number}"));
        Ok(Signatures { version: "test".into(), identity, newest: Newest::Built(built) })
    }

    fn reads_rar(&self) -> Option<bool> {
        None
    }
}

/// An office that holds everything for twelve hours, with both clocks.
struct Office {
    store: Store,
    scanner: Arc<Scanner>,
    intake: Intake,
    /// The right time and the time for which the machine has been running.
    truth: Timestamp,
    running: Duration,
    /// The error of the wall clock, in milliseconds.
    error: i64,
}

impl Office {
    async fn new() -> Self {
        let store = Store::new().await;
        let hold = Some(Holding { time: HOLD, scope: HoldScope::All });
        let settings = SpaceSettings { hold, ..SpaceSettings::default() };
        store.library.set_space_settings(store.space.id, settings, Stamp::owner(NOW)).await.unwrap();
        let scanner = Arc::new(Scanner(Mutex::new((1, NOW.before(DAY)))));
        let intake = intake(&store, &scanner);
        let mut office = Self { store, scanner, intake, truth: NOW, running: DAY, error: 0 };
        office.round().await;
        office
    }

    fn wall(&self) -> Timestamp {
        Timestamp(self.truth.0 + self.error)
    }

    /// A round as the server makes it: the clocks are read, then contents that are due are examined.
    async fn round(&mut self) {
        let reading = Reading { wall: self.wall(), running: self.running };
        self.store.library.keep_time(reading).await.unwrap();
        let certain = self.store.library.certain_time(reading).await.unwrap();
        self.intake.examine_due(self.wall(), certain).await.unwrap();
    }

    /// The server runs for this time.
    async fn live(&mut self, span: Duration) {
        for _ in 0..span.as_secs() / STEP.as_secs() {
            self.truth = self.truth.after(STEP);
            self.running += STEP;
            self.round().await;
        }
    }

    /// The machine is switched off for this time.
    async fn be_off(mut self, span: Duration) -> Self {
        self.store = self.store.reopen().await;
        self.intake = intake(&self.store, &self.scanner);
        self.truth = self.truth.after(span);
        self.running = Duration::from_mins(1);
        self.round().await;
        self
    }

    /// The maker publishes signatures, and the scanner loads them at once.
    async fn publish(&mut self) {
        self.load(self.truth).await;
    }

    async fn load(&mut self, built: Timestamp) {
        {
            let mut present = self.scanner.0.lock().unwrap();
            *present = (present.0 + 1, built);
        }
        self.live(STEP).await;
    }

    async fn arrive(&mut self) {
        self.store.put_by(self.store.change_at(self.wall()), "brief.rtf", br"{\rtf1 text}").await.unwrap();
        self.live(STEP).await;
        self.check(HoldState::Held).await;
    }

    #[track_caller]
    fn check(&self, state: HoldState) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        let catalog = self.store.catalog.clone();
        async move {
            let found = catalog.read(|tx| tx.hold(HoldId(1))).await.unwrap().unwrap();
            assert_eq!((found.state, found.reason), (state, found.reason), "{place}");
        }
    }
}

fn intake(store: &Store, scanner: &Arc<Scanner>) -> Intake {
    let panel = Panel::of(Arc::clone(scanner) as _);
    let signer = Arc::new(Signer::new("test".into(), &Zeroizing::new([1; 32])));
    let inspector = Inspector::new(env!("CARGO_BIN_EXE_tresor"));
    Intake::new(store.library.clone(), signer).with(Some(panel), None, inspector, IntakeSettings::default())
}

#[tokio::test]
async fn a_clock_that_jumps_two_days_ahead_releases_nothing_early() {
    let mut office = Office::new().await;
    office.arrive().await;
    office.error = 2 * 86_400_000;
    office.live(HOLD / 2).await;
    office.load(office.wall()).await;
    office.check(HoldState::Held).await;
    office.error = 0;
    office.publish().await;
    office.check(HoldState::Held).await;
    office.live(HOLD / 2).await;
    office.check(HoldState::Released).await;
}

#[tokio::test]
async fn a_clock_that_jumps_a_year_back_releases_nothing_early_and_keeps_nothing_for_a_year() {
    let mut office = Office::new().await;
    office.arrive().await;
    office.error = -365 * 86_400_000;
    office.live(HOLD / 2).await;
    office.publish().await;
    office.check(HoldState::Held).await;
    // By this clock the signatures are of the future, and nothing is known about them.
    office.live(HOLD).await;
    office.check(HoldState::WaitingForSignatures).await;
    office.error = 0;
    office.live(STEP).await;
    office.check(HoldState::Released).await;
}

/// The row had the time of the wall clock, and signatures of the day before were newer than that.
#[tokio::test]
async fn what_arrives_while_the_clock_is_a_year_behind_waits_for_signatures_of_after_its_arrival() {
    let mut office = Office::new().await;
    office.error = -365 * 86_400_000;
    office.live(STEP).await;
    office.arrive().await;
    let arrived = office.truth.before(STEP);
    office.error = 0;
    office.live(HOLD / 2).await;
    office.check(HoldState::Held).await;
    // Others than those of the first scan, but of the evening before.
    office.load(arrived.before(Duration::from_hours(8))).await;
    office.live(HOLD).await;
    office.check(HoldState::WaitingForSignatures).await;
    office.publish().await;
    office.check(HoldState::Released).await;
}

/// After a weekend a person was asked about everything at once, before the scanner could fetch its signatures.
#[tokio::test]
async fn after_three_days_off_what_is_over_is_released_by_the_first_new_signatures() {
    let mut office = Office::new().await;
    office.arrive().await;
    let mut office = office.be_off(PLAUSIBLE_GAP).await;
    office.check(HoldState::WaitingForSignatures).await;
    office.live(Duration::from_hours(5)).await;
    office.publish().await;
    office.check(HoldState::Released).await;
}

#[tokio::test]
async fn after_three_days_off_a_person_is_asked_if_no_new_signatures_come() {
    let mut office = Office::new().await;
    office.arrive().await;
    let mut office = office.be_off(PLAUSIBLE_GAP).await;
    office.live(Duration::from_hours(5)).await;
    office.check(HoldState::WaitingForSignatures).await;
    office.live(Duration::from_hours(1)).await;
    office.check(HoldState::NeedsDecision).await;
}

/// A longer absence looks like a wrong clock.
#[tokio::test]
async fn after_a_longer_absence_the_rest_of_its_time_runs_first() {
    let mut office = Office::new().await;
    office.arrive().await;
    let mut office = office.be_off(PLAUSIBLE_GAP + DAY).await;
    office.publish().await;
    office.check(HoldState::Held).await;
    office.live(HOLD).await;
    office.check(HoldState::Released).await;
}
