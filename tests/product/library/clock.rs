//! A wrong clock: data go for good by the certain time.

use std::time::Duration;

use tresor::model::{CONFIRMED_AFTER, Reading, Timestamp};
use tresor::uploads::{Finish, PartInfo};

use crate::library::store::{DAY, NOW, Store, days, path};
use crate::library::uploads::linear;

/// Both clocks, and upkeep by them.
struct Clocks {
    wall: Timestamp,
    running: Duration,
}

impl Clocks {
    const ROUND: Duration = Duration::from_hours(12);

    fn new() -> Self {
        Self { wall: NOW, running: Duration::from_hours(100) }
    }

    /// A round of upkeep and the sweep, as a server does it; whether anything was ended or removed.
    async fn round(&self, store: &Store) -> bool {
        let now = store.library.keep_time(Reading { wall: self.wall, running: self.running }).await.unwrap();
        let (uploads, report) = store.upkeep(now).await.unwrap();
        let swept = store.library.sweep(now).await.unwrap();
        report.versions + report.trash + uploads + report.containers > 0 || swept.removed > 0
    }

    /// Days on which both clocks go on, with a round every twelve hours; whether anything was ended.
    async fn live(&mut self, store: &Store, days: u32) -> bool {
        let mut has_ended = false;
        for _ in 0..days * 2 {
            self.wall = self.wall.after(Self::ROUND);
            self.running += Self::ROUND;
            has_ended |= self.round(store).await;
        }
        has_ended
    }
}

/// An earlier version, something in the trash and an upload that has begun, all of `now`.
async fn office(now: Timestamp) -> Store {
    let store = Store::new().await;
    store.put_by(store.change_at(now), "file", b"earlier").await.unwrap();
    store.put_by(store.change_at(now), "file", b"now").await.unwrap();
    store.put_by(store.change_at(now), "deleted", b"1").await.unwrap();
    store.library.delete(store.change_at(now), &path("deleted")).await.unwrap();
    begin_upload(&store, now).await;
    store
}

async fn begin_upload(store: &Store, now: Timestamp) {
    let new = linear("upload", Some(9));
    let id = new.id;
    store.uploads.create(store.change_at(now), new).await.unwrap();
    let (access, part) = (store.access(), PartInfo::default());
    let mut append = store.uploads.begin_append(&access, store.user, id, 0, part, now).await.unwrap();
    append.write(b"begin"[..].into()).await.unwrap();
    append.finish(now).await.unwrap();
}

/// How many versions of `file`, items in the trash and uploads there are.
async fn kept(store: &Store) -> (usize, usize, usize) {
    let versions = store.library.versions(&store.access(), &path("file")).await.unwrap().len();
    let trash = store.library.trash(&store.access()).await.unwrap().len();
    (versions, trash, store.all_uploads().await.len())
}

/// A slip of `date -s`, or the hardware's clock before the network's time came, was right again after ten minutes.
/// The upkeep in between had emptied the trash and removed all earlier versions and uploads.
#[tokio::test(flavor = "multi_thread")]
async fn ten_minutes_of_a_wrong_clock_end_nothing() {
    for wrong in [NOW.after(Duration::from_hours(24 * 4_000)), Timestamp(0)] {
        let store = office(NOW).await;
        let mut clocks = Clocks::new();
        assert!(!clocks.round(&store).await);
        let right = clocks.wall;
        clocks.wall = wrong;
        assert!(!clocks.round(&store).await);
        assert!(store.library.clock_doubt().is_some());
        clocks.wall = right;
        assert!(!clocks.round(&store).await);
        assert_eq!((store.library.clock_doubt(), kept(&store).await), (None, (2, 1, 1)));
        // In its time everything goes.
        assert!(clocks.live(&store, 100).await);
        assert_eq!(kept(&store).await, (1, 0, 0));
        store.check();
    }
}

/// A server that was off for three months does not know that from a clock that is wrong. It keeps data that
/// were over meanwhile until both clocks have agreed for days, over a restart too, and no longer.
#[tokio::test(flavor = "multi_thread")]
async fn after_months_off_what_is_over_goes_once_the_time_is_confirmed() {
    let store = office(NOW).await;
    let mut clocks = Clocks::new();
    clocks.round(&store).await;
    let store = store.reopen().await;
    clocks.wall = days(100);
    clocks.running = Duration::from_mins(1);
    assert!(!clocks.round(&store).await);
    let confirmed_in = u32::try_from(CONFIRMED_AFTER.as_secs() / 86_400).unwrap();
    assert!(!clocks.live(&store, confirmed_in - 1).await);
    let store = store.reopen().await;
    assert!(!clocks.round(&store).await);
    assert!(store.library.clock_doubt().is_some());
    assert_eq!(kept(&store).await, (2, 1, 1));
    assert!(clocks.live(&store, 1).await);
    assert_eq!((store.library.clock_doubt(), kept(&store).await), (None, (1, 0, 0)));
    store.check();
}

/// A file deleted or replaced, or an upload begun, while the clock was far behind was over at once when it was put
/// right.
#[tokio::test(flavor = "multi_thread")]
async fn what_begins_under_a_clock_that_is_behind_is_kept_as_long() {
    let store = office(NOW).await;
    let mut clocks = Clocks::new();
    clocks.round(&store).await;
    clocks.wall = Timestamp(DAY);
    clocks.round(&store).await;
    store.put_by(store.change_at(clocks.wall), "file", b"newer").await.unwrap();
    store.put_by(store.change_at(clocks.wall), "behind", b"2").await.unwrap();
    store.library.delete(store.change_at(clocks.wall), &path("behind")).await.unwrap();
    begin_upload(&store, clocks.wall).await;
    clocks.wall = NOW;
    assert!(!clocks.round(&store).await);
    assert!(!clocks.live(&store, 6).await);
    assert_eq!(kept(&store).await, (3, 2, 2));
    for upload in store.all_uploads().await {
        let finished = store.uploads.finish(store.change(), upload.id, Finish::default()).await;
        assert!(finished.is_err(), "it still lacks four bytes: {finished:?}");
    }
    store.check();
}
