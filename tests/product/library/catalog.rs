//! The catalogue's writer and readers.

use tresor::catalog::{Catalog, CatalogError, CatalogKey};

struct Place {
    _dir: tempfile::TempDir,
    file: std::path::PathBuf,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { file: dir.path().join("catalog.db"), _dir: dir }
    }

    fn key() -> CatalogKey {
        CatalogKey::new([7; 32])
    }

    fn create(&self) -> Catalog {
        Catalog::create(&self.file, &Self::key()).unwrap()
    }
}

async fn set(catalog: &Catalog, name: &'static str, value: String) -> Result<(), CatalogError> {
    catalog.write_silent("a test", move |tx| tx.set_setting(name, &value)).await
}

async fn get(catalog: &Catalog, name: &'static str) -> Option<String> {
    catalog.read(move |tx| tx.setting(name)).await.unwrap()
}

/// Tells the child processes below to open.
const CHILD: &str = "TRESOR_TEST_FIRST_CATALOGUES";

/// SQLite calls itself ready before SQLCipher is: in one process of 50, the second connection found no cipher.
#[test]
fn first_catalogues_of_a_process_open_at_the_same_time() {
    let own = std::env::current_exe().unwrap();
    for _ in 0..50 {
        let child = std::process::Command::new(&own)
            .args(["--exact", "--nocapture", "library::catalog::child_that_opens_its_first_catalogues"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
        assert!(String::from_utf8_lossy(&child.stdout).contains("opened 8"), "it did its work");
    }
}

/// Opens for the test above when that starts it, and does nothing otherwise.
#[test]
fn child_that_opens_its_first_catalogues() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let places: Vec<Place> = (0..8).map(|_| Place::new()).collect();
    let start = std::sync::Barrier::new(places.len());
    std::thread::scope(|scope| {
        for place in &places {
            scope.spawn(|| {
                start.wait();
                place.create();
            });
        }
    });
    println!("opened {}", places.len());
}

/// Jobs of one group, some of which fail after they have written.
#[tokio::test(flavor = "multi_thread")]
async fn a_failing_job_undoes_itself_and_nothing_else() {
    let place = Place::new();
    let catalog = place.create();
    // Holds the writer until all others are queued, so that they share a transaction.
    let (release, held) = std::sync::mpsc::channel::<()>();
    let first = tokio::spawn({
        let catalog = catalog.clone();
        async move {
            catalog
                .write(move |_| {
                    let _ = held.recv();
                    Ok::<_, CatalogError>(())
                })
                .await
        }
    });
    let jobs: Vec<_> = (0..40)
        .map(|number: i64| {
            let catalog = catalog.clone();
            tokio::spawn(async move {
                catalog
                    .write_silent("a test", move |tx| {
                        tx.set_setting(&format!("job {number}"), "done")?;
                        let id = tx.reserve_entry_ids(1)?;
                        if number % 3 == 0 { Err(CatalogError::NotCommitted) } else { Ok(id) }
                    })
                    .await
            })
        })
        .collect();
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    release.send(()).unwrap();
    first.await.unwrap().unwrap();
    let mut ids = Vec::new();
    for (number, job) in (0_i64..).zip(jobs) {
        let outcome = job.await.unwrap();
        assert_eq!(outcome.is_err(), number % 3 == 0);
        ids.extend(outcome);
        let kept = catalog.read(move |tx| tx.setting(&format!("job {number}"))).await;
        assert_eq!(kept.unwrap().is_some(), number % 3 != 0, "job {number}");
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 26, "no id is given twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_see_what_is_committed_and_stay_at_it() {
    let place = Place::new();
    let catalog = place.create();
    set(&catalog, "a", "old".into()).await.unwrap();
    let (written, wait_written) = std::sync::mpsc::channel::<()>();
    let (seen, wait_seen) = std::sync::mpsc::channel::<()>();
    let writer = tokio::spawn({
        let catalog = catalog.clone();
        async move {
            catalog
                .write_silent("a test", move |tx| {
                    tx.set_setting("a", "new")?;
                    written.send(()).unwrap();
                    wait_seen.recv().unwrap();
                    Ok::<_, CatalogError>(())
                })
                .await
        }
    });
    tokio::task::spawn_blocking(move || wait_written.recv().unwrap()).await.unwrap();
    assert_eq!(get(&catalog, "a").await.as_deref(), Some("old"), "not committed yet");
    // A reader that began before the commit keeps its snapshot.
    let (began, wait_began) = std::sync::mpsc::channel::<()>();
    let (finish, wait_finish) = std::sync::mpsc::channel::<()>();
    let reader = tokio::spawn({
        let catalog = catalog.clone();
        async move {
            catalog
                .read(move |tx| {
                    let before = tx.setting("a")?;
                    began.send(()).unwrap();
                    wait_finish.recv().unwrap();
                    Ok::<_, CatalogError>((before, tx.setting("a")?))
                })
                .await
        }
    });
    tokio::task::spawn_blocking(move || wait_began.recv().unwrap()).await.unwrap();
    seen.send(()).unwrap();
    writer.await.unwrap().unwrap();
    assert_eq!(get(&catalog, "a").await.as_deref(), Some("new"));
    finish.send(()).unwrap();
    let (before, after) = reader.await.unwrap().unwrap();
    assert_eq!((before.as_deref(), after.as_deref()), (Some("old"), Some("old")));
}

/// A change without an event is undone and reported as a fault.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_without_an_event_is_undone() {
    let place = Place::new();
    let catalog = place.create();
    let forgetful = |tx: &tresor::catalog::WriteTx<'_>| tx.set_setting("a", "unrecorded");
    for outcome in [catalog.write(forgetful).await, catalog.write_alone(forgetful).await] {
        assert!(matches!(outcome, Err(CatalogError::Unrecorded)), "{outcome:?}");
    }
    assert_eq!(catalog.read(|tx| tx.setting("a")).await.unwrap(), None);
    // A transaction that changes nothing has nothing to record.
    catalog.write(|tx| tx.setting("a")).await.unwrap();
}

/// A job of many statements has a transaction of its own: neither its failure nor those of its neighbours reach the
/// others, and all keep the order in which they came.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_alone_in_its_transaction_fails_alone() {
    let place = Place::new();
    let catalog = place.create();
    let (release, gate) = std::sync::mpsc::channel::<()>();
    let waiting = catalog.write(move |_| {
        let _ = gate.recv();
        Ok::<_, CatalogError>(())
    });
    let append = |what: &'static str, is_alone: bool, fails: bool| {
        let catalog = catalog.clone();
        async move {
            let job = move |tx: &tresor::catalog::WriteTx<'_>| {
                tx.silent("a test");
                let before = tx.setting("order")?.unwrap_or_default();
                tx.set_setting("order", &format!("{before}{what}"))?;
                if fails { Err(CatalogError::NotCommitted) } else { Ok(()) }
            };
            if is_alone { catalog.write_alone(job).await } else { catalog.write(job).await }
        }
    };
    // Polled in this order, they are queued in this order, and taken together.
    let (waited, outcomes, ()) = tokio::join!(
        waiting,
        async {
            tokio::join!(
                append("a", false, false),
                append("b", true, false),
                append("c", true, true),
                append("d", false, true),
                append("e", false, false),
                append("f", true, false),
            )
        },
        async { drop(release) },
    );
    waited.unwrap();
    let outcomes = <[_; 6]>::from(outcomes).map(|outcome| outcome.is_ok());
    assert_eq!(outcomes, [true, true, false, false, true, true]);
    assert_eq!(get(&catalog, "order").await.as_deref(), Some("abef"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_catalogue_takes_no_jobs_and_has_kept_all_before() {
    let place = Place::new();
    let catalog = place.create();
    let queued: Vec<_> = (0..50)
        .map(|number| {
            let catalog = catalog.clone();
            tokio::spawn(async move { set(&catalog, "last", number.to_string()).await })
        })
        .collect();
    let mut outcomes = Vec::new();
    for job in queued {
        outcomes.push(job.await.unwrap());
    }
    let closing = catalog.clone();
    tokio::task::spawn_blocking(move || closing.close()).await.unwrap();
    assert!(outcomes.iter().all(Result::is_ok));
    assert!(matches!(set(&catalog, "late", String::new()).await, Err(CatalogError::Closed)));
    // A second close is harmless.
    catalog.close();
    drop(catalog);
    let catalog = Catalog::open(&place.file, &Place::key()).unwrap();
    assert!(get(&catalog, "last").await.is_some());
    assert!(get(&catalog, "late").await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_writer_left_still_runs() {
    let place = Place::new();
    let catalog = place.create();
    let mut job = Box::pin(set(&catalog, "a", "kept".into()));
    // Queued at the first poll; then its owner goes.
    std::future::poll_fn(|context| {
        let _ = job.as_mut().poll(context);
        std::task::Poll::Ready(())
    })
    .await;
    drop(job);
    set(&catalog, "b", "after".into()).await.unwrap();
    assert_eq!(get(&catalog, "a").await.as_deref(), Some("kept"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_panics_stops_the_writer_loudly() {
    let place = Place::new();
    let catalog = place.create();
    set(&catalog, "a", "kept".into()).await.unwrap();
    let outcome = catalog
        .write(|tx| -> Result<(), CatalogError> {
            tx.set_setting("a", "torn")?;
            panic!("a bug in a use case");
        })
        .await;
    assert!(matches!(outcome, Err(CatalogError::Closed)));
    assert!(matches!(set(&catalog, "b", String::new()).await, Err(CatalogError::Closed)));
    assert_eq!(get(&catalog, "a").await.as_deref(), Some("kept"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_schema_is_refused_and_not_a_byte_changed() {
    let place = Place::new();
    let catalog = place.create();
    set(&catalog, "a", "kept".into()).await.unwrap();
    catalog.close();
    drop(catalog);
    let connection = rusqlite::Connection::open(&place.file).unwrap();
    let key = data_encoding::HEXLOWER.encode(&[7; 32]);
    connection.execute_batch(&format!("PRAGMA key = \"x'{key}'\"; PRAGMA user_version = 99;")).unwrap();
    drop(connection);
    let before = std::fs::read(&place.file).unwrap();
    let refused = Catalog::open(&place.file, &Place::key()).map(drop);
    assert!(matches!(refused, Err(CatalogError::Newer { found: 99, .. })));
    assert_eq!(std::fs::read(&place.file).unwrap(), before);
}
