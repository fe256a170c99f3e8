//! How long the lease of a counted download opens, by the server's clock.

use std::time::Duration;

use bytes::Bytes;
use tresor::model::{ByteRange, LinkRight, LinkTerms, Timestamp};
use tresor::sharing::{Fetched, LEASE, NewLink, Shared, Visit, VisitError};

use crate::sharing::office::{NOW, Office, PEER};

const SIZE: u64 = 100;

/// A link to a folder that gives it once.
async fn once(office: &Office) -> Shared {
    let wanted = office.wanted(&office.bert, "folder", LinkRight::Read).await;
    let terms = LinkTerms { uses: Some(1), ..LinkTerms::default() };
    office.sharing.create(&office.bert, NewLink { terms, ..wanted }, NOW).await.unwrap()
}

fn after(minutes: u64, seconds: u64) -> Timestamp {
    NOW.after(Duration::from_secs(minutes * 60 + seconds))
}

async fn open(office: &Office, link: &Shared, lease: &str, now: Timestamp) -> Result<Visit, VisitError> {
    office.sharing.open_lease(link.link.token(), lease, PEER.parse().unwrap(), now).await
}

/// Sends a range under a lease; `Err` if it is too late.
async fn send(
    office: &Office,
    visit: &Visit,
    (start, end): (u64, u64),
    now: Timestamp,
) -> Result<(), String> {
    let what = Fetched { etag: "one".into(), size: SIZE, ..Fetched::default() };
    let range = ByteRange::new(start, end).unwrap();
    let mut tally = office.sharing.tally(visit, what, range, now).unwrap();
    let bytes = Bytes::from(vec![0; usize::try_from(end - start).unwrap()]);
    tally.pass(vec![bytes], true, now).await.map_err(|error| error.code().to_owned())?;
    tally.last(now).await.map(drop).map_err(|error| error.code().to_owned())
}

#[tokio::test]
async fn a_lease_ends_a_quarter_of_an_hour_after_its_last_request() {
    let office = Office::open().await;
    assert_eq!(LEASE, Duration::from_mins(15));
    let link = once(&office).await;
    let lease = async |now| {
        let visit = office.visit_at(&link, tresor::sharing::GuestKey::None, now).await.unwrap();
        office.sharing.lease(&visit, None, now).await.unwrap()
    };
    let first = lease(NOW).await.unwrap();
    assert_eq!(lease(after(14, 59)).await, None, "the one download is under way");
    let visit = open(&office, &link, &first, after(14, 59)).await.unwrap();
    // Bytes sent under it keep it open for another quarter of an hour.
    send(&office, &visit, (0, 50), after(14, 59)).await.unwrap();
    assert!(open(&office, &link, &first, after(29, 58)).await.is_ok());
    for late in [after(29, 59), after(30, 0)] {
        assert!(matches!(open(&office, &link, &first, late).await, Err(VisitError::NoSuchLink)), "{late}");
    }
    // An answer that was begun in time and is still sent then does not count.
    assert_eq!(send(&office, &visit, (50, 100), after(29, 59)).await, Err("download-ended".to_owned()));
    assert_eq!(office.sharing.link(&office.bert, link.link.id).await.unwrap().link.uses, 0);
    // Its place is free again, and bytes sent under it do not count for another.
    let second = lease(after(29, 59)).await.unwrap();
    assert_ne!(second, first);
    let visit = open(&office, &link, &second, after(30, 0)).await.unwrap();
    send(&office, &visit, (50, 100), after(30, 0)).await.unwrap();
    assert_eq!(office.sharing.link(&office.bert, link.link.id).await.unwrap().link.uses, 0);
    send(&office, &visit, (0, 50), after(30, 1)).await.unwrap();
    assert_eq!(office.sharing.link(&office.bert, link.link.id).await.unwrap().link.uses, 1);
    assert!(open(&office, &link, &first, after(30, 1)).await.is_err());
}

#[tokio::test]
async fn a_lease_that_is_used_all_the_time_ends_after_a_week() {
    let office = Office::open().await;
    let link = once(&office).await;
    let visit = office.visit(&link).await.unwrap();
    let lease = office.sharing.lease(&visit, None, NOW).await.unwrap().unwrap();
    let (mut now, week) = (NOW, NOW.after(Duration::from_hours(7 * 24)));
    while now.after(LEASE) < week {
        let visit = open(&office, &link, &lease, now).await.unwrap();
        send(&office, &visit, (0, 1), now).await.unwrap();
        now = now.after(Duration::from_mins(14));
    }
    let visit = open(&office, &link, &lease, now).await.unwrap();
    send(&office, &visit, (0, 1), now).await.unwrap();
    assert!(open(&office, &link, &lease, week.before(Duration::from_secs(1))).await.is_ok());
    assert!(open(&office, &link, &lease, week).await.is_err());
}
