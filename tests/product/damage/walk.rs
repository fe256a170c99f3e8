//! A verification that is interrupted, slowed down, taken over or overtaken by changes, and what becomes
//! of damage afterwards.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tresor::model::{Access, ByteSize, Right, Stamp, Timestamp, UserId, VerifyMode, VerifyStarter};
use tresor::recovery::{RecoveryError, VerifyOrder, VerifyStage, VerifyStep};

use crate::damage::archive::{Archive, Opened, verify};
use crate::library::hooked::Moment;
use crate::library::store::{DAY, NOW, days, path};
use crate::support::content::bytes;

const OWNER: VerifyStarter = VerifyStarter::Owner;

fn order(rate: Option<u64>, restart: bool) -> VerifyOrder {
    VerifyOrder { starter: OWNER, mode: VerifyMode::Full, rate: rate.map(ByteSize), restart }
}

async fn step(opened: &Opened, last: &VerifyStep) -> Result<VerifyStep, RecoveryError> {
    opened.recovery.verify_step(OWNER, last.run, NOW).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_verification_goes_on_where_it_stopped_and_knows_what_it_found() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    let containers = archive.containers();
    let (first, last) = (containers.values().next().unwrap(), containers.values().last().unwrap());
    fs::remove_file(first).unwrap();
    fs::remove_file(last).unwrap();
    // As much as the first few containers hold: then a step is over.
    let begun = opened.recovery.begin_verify(order(Some(400_000), false), NOW).await.unwrap();
    assert!(!begun.is_resumed);
    assert_eq!(begun.total_containers, containers.len() as u64);
    let (mut stopped, mut found) = (begun, 0);
    // Not by the number of containers: a part of a content is reported with the whole of it.
    while found == 0 {
        stopped = step(&opened, &stopped).await.unwrap();
        found += stopped.findings.len();
    }
    // Both, if they happen to be parts of one content.
    assert!(stopped.stage == VerifyStage::Containers && (1..=2).contains(&found), "{stopped:?}");
    assert!(stopped.containers < stopped.total_containers && stopped.bytes < stopped.total_bytes);

    let again = opened.recovery.begin_verify(order(None, false), Timestamp(NOW.0 + DAY)).await.unwrap();
    assert!(again.is_resumed);
    assert_eq!((again.started, again.containers), (NOW, stopped.containers));
    let mut kinds = Vec::new();
    let mut at = again;
    while at.stage != VerifyStage::Done {
        at = step(&opened, &at).await.unwrap();
        kinds.extend(at.findings.iter().map(|finding| finding.kind.as_str()));
    }
    assert_eq!(kinds, ["missing", "missing"]);
    assert_eq!(at.containers, containers.len() as u64);

    // It is over now; the next one begins anew, and so does one that was asked to or is too old.
    let next = opened.recovery.begin_verify(order(None, false), NOW).await.unwrap();
    assert!(!next.is_resumed);
    assert!(opened.recovery.begin_verify(order(None, false), NOW).await.unwrap().is_resumed);
    assert!(!opened.recovery.begin_verify(order(None, true), NOW).await.unwrap().is_resumed);
    assert!(!opened.recovery.begin_verify(order(None, false), days(30)).await.unwrap().is_resumed);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_a_verification_over_ends_the_other_ones_steps() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    let one = opened.recovery.begin_verify(order(None, false), NOW).await.unwrap();
    let two = opened.recovery.begin_verify(order(None, false), NOW).await.unwrap();
    assert!(matches!(step(&opened, &one).await, Err(RecoveryError::NoSuchRun)));
    let mut last = two;
    while last.stage != VerifyStage::Done {
        last = step(&opened, &last).await.unwrap();
    }
    // The schedule's is another one.
    let scheduled = VerifyOrder { starter: VerifyStarter::Schedule, ..order(None, false) };
    assert!(!opened.recovery.begin_verify(scheduled, NOW).await.unwrap().is_resumed);
    let state = opened.library.integrity().await.unwrap();
    assert_eq!((state.last_full, state.is_scrubbing), (Some(NOW), true));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_replaced_or_deleted_meanwhile_is_not_reported() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    let (library, runtime) = (opened.library.clone(), tokio::runtime::Handle::current());
    let (change, access) = (archive.change(NOW), archive.change(NOW).access);
    let is_first = Arc::new(AtomicBool::new(true));
    // When the first container is opened, all rows were read; then everything goes but one folder.
    archive.store.disk.set(move |moment| {
        if moment == Moment::Open && is_first.swap(false, Ordering::SeqCst) {
            runtime.block_on(async {
                for name in ["a", "b", "copy of b", "f", "parts", "last"] {
                    library.delete(change.clone(), &path(name)).await.unwrap();
                }
                for item in library.trash(&access).await.unwrap() {
                    library.purge(&access, Stamp::owner(NOW), item.entry).await.unwrap();
                }
            });
        }
        Ok(())
    });
    let report = verify(&opened.recovery, VerifyMode::Full, NOW).await.unwrap();
    archive.store.disk.clear();
    assert_eq!((report.kinds(), report.unknown.count), (Vec::new(), 0));
    assert!(archive.containers().len() < 10, "much is gone");
    assert_eq!(opened.library.integrity().await.unwrap().damaged, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_meets_damage_lets_the_owner_know() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    let (id, file) = opened.container_of(&archive, "f").await;
    let pristine = fs::read(&file).unwrap();
    let mut sealed = pristine.clone();
    let middle = sealed.len() / 2;
    sealed[middle] ^= 1;
    fs::write(&file, sealed).unwrap();
    for _ in 0..3 {
        assert_eq!(archive.read_all(&opened.library).await.len(), 1);
    }
    assert_eq!(opened.library.integrity().await.unwrap().damaged, 1);
    let noted = opened.catalog.read(move |tx| tx.damage_of(id)).await.unwrap().unwrap();
    assert_eq!(
        (noted.kind.as_str(), noted.chunk, noted.first_seen),
        ("damaged-chunk", None, noted.last_seen)
    );
    // A verification tells which chunk, and keeps since when it has been known.
    let report = verify(&opened.recovery, VerifyMode::Full, NOW).await.unwrap();
    let finding = report.about(id).unwrap();
    assert_eq!((finding.chunk, finding.first_seen), (Some(8), Some(noted.first_seen)));

    // Brought back from a backup: good at once, and forgotten with the next look, which reads all of it.
    fs::write(&file, pristine).unwrap();
    assert_eq!(archive.read_all(&opened.library).await, []);
    let later = Timestamp(NOW.0 + 1);
    assert!(verify(&opened.recovery, VerifyMode::Quick, later).await.unwrap().findings.is_empty());
    assert_eq!(opened.library.integrity().await.unwrap().damaged, 0);
    // And noted again if it is damaged again.
    fs::write(&file, b"cut").unwrap();
    assert_eq!(archive.read_all(&opened.library).await.len(), 1);
    assert_eq!(opened.library.integrity().await.unwrap().damaged, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_damaged_outlives_its_time_until_it_is_whole_or_removed_by_hand() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    let before = archive.containers();
    let access = archive.change(NOW).access;
    // An earlier version, and a file in the trash.
    let versions = opened.library.versions(&access, &path("a")).await.unwrap();
    let trashed = opened.library.trash(&access).await.unwrap()[0].clone();
    assert_eq!(trashed.path, "gone");
    let mut damaged = Vec::new();
    for (id, file) in &before {
        let places = archive.places_of(&opened, *id).await;
        if places.iter().any(|(path, version)| path.is_empty() || *version == versions[1].id) {
            damaged.push((file.clone(), fs::read(file).unwrap()));
            fs::write(file, b"not what it was").unwrap();
        }
    }
    assert_eq!(damaged.len(), 2);
    let report = verify(&opened.recovery, VerifyMode::Quick, NOW).await.unwrap();
    let mut told: Vec<_> = report
        .findings
        .iter()
        .map(|finding| (finding.uses[0].path.as_str(), finding.uses[0].state.as_str()))
        .collect();
    told.sort_unstable();
    assert_eq!(told, [("/a", "earlier"), ("/gone", "trash")]);

    // Everything of their age goes, but not they.
    let upkept = opened.library.upkeep(days(100)).await.unwrap();
    assert_eq!((upkept.versions, upkept.trash, upkept.containers), (1, 0, 1));
    assert!(damaged.iter().all(|(file, _)| file.exists()));
    assert_eq!(opened.library.versions(&access, &path("a")).await.unwrap().len(), 2);

    // One is brought back and goes its way, the other is removed by hand.
    fs::write(&damaged[0].0, &damaged[0].1).unwrap();
    verify(&opened.recovery, VerifyMode::Quick, days(101)).await.unwrap();
    assert_eq!(opened.library.integrity().await.unwrap().damaged, 1);
    opened.library.upkeep(days(101)).await.unwrap();
    assert!(!damaged[0].0.exists());
    let left = opened.library.trash(&access).await.unwrap();
    if let Some(item) = left.first() {
        opened.library.purge(&access, Stamp::owner(NOW), item.entry).await.unwrap();
    } else {
        opened.library.delete(archive.change(days(101)), &path("a")).await.unwrap();
        let item = opened.library.trash(&access).await.unwrap()[0].entry;
        opened.library.purge(&access, Stamp::owner(NOW), item).await.unwrap();
    }
    assert!(!damaged[1].0.exists());
    assert_eq!(opened.library.integrity().await.unwrap().damaged, 0);
}

/// A missing file leaves nothing to inspect, so its row goes when its time is over.
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_container_does_not_keep_its_row() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    for file in archive.containers().values() {
        fs::remove_file(file).unwrap();
    }
    verify(&opened.recovery, VerifyMode::Quick, NOW).await.unwrap();
    let upkept = opened.library.upkeep(days(100)).await.unwrap();
    assert_eq!((upkept.versions, upkept.trash), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_something_is_damaged_no_unknown_file_is_swept() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    let (_, file) = opened.container_of(&archive, "f").await;
    let pristine = fs::read(&file).unwrap();
    // The owner has restored a file under a wrong name.
    let stray = file.ancestors().nth(2).unwrap().join("00");
    fs::create_dir_all(&stray).unwrap();
    let stray = stray.join(format!("{}.age", "0".repeat(32)));
    fs::copy(&file, &stray).unwrap();
    fs::remove_file(&file).unwrap();
    let report = verify(&opened.recovery, VerifyMode::Quick, NOW).await.unwrap();
    assert_eq!((report.kinds(), report.unknown.count), (vec!["missing"], 1));
    let unknown = report.unknown.shown[0];
    assert_eq!((unknown.length, unknown.container.to_string()), (pristine.len() as u64, "0".repeat(32)));
    assert_eq!(opened.library.sweep(days(900)).await.unwrap().removed, 0);
    fs::write(&file, pristine).unwrap();
    verify(&opened.recovery, VerifyMode::Quick, days(1)).await.unwrap();
    assert_eq!(opened.library.sweep(days(900)).await.unwrap().removed, 1);
    assert!(!stray.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_findings_come_in_steps_and_names_are_bounded() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    for number in 0..130 {
        let (from, to) = (path("last"), path(&format!("copy {number}")));
        let access = Access::granted(archive.store.space.id, Right::Manage, UserId(1));
        let depth = tresor::model::Depth::Infinity;
        let overwrite = tresor::library::Overwrite::Forbid;
        opened.library.copy_entry(archive.change(NOW), &from, &access, &to, overwrite, depth).await.unwrap();
    }
    let (id, file) = opened.container_of(&archive, "last").await;
    fs::remove_file(file).unwrap();
    let report = verify(&opened.recovery, VerifyMode::Full, NOW).await.unwrap();
    assert_eq!(report.findings.len(), 1);
    assert_eq!(report.about(id).unwrap().uses.len(), 100);
    for number in 0..250 {
        opened.put(&archive, &format!("small {number}"), &bytes(number, 10)).await;
    }
    // All of a space is lost.
    fs::remove_dir_all(archive.store.dir.path().join("spaces").join(archive.store.space.id.to_string()))
        .unwrap();
    let begun = opened.recovery.begin_verify(order(None, true), NOW).await.unwrap();
    let (mut at, mut steps, mut found) = (begun, 0, 0);
    while at.stage != VerifyStage::Done {
        at = step(&opened, &at).await.unwrap();
        assert!(at.findings.len() <= 300, "one page more at most");
        (steps, found) = (steps + 1, found + at.findings.len());
    }
    assert!(steps >= 2 && found >= 260, "{steps} {found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_in_another_spaces_folder_are_unknown_there() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    let (id, file) = opened.container_of(&archive, "f").await;
    let elsewhere =
        archive.containers().into_values().find(|other| other.ancestors().nth(2) != file.ancestors().nth(2));
    let folder = elsewhere.unwrap().ancestors().nth(2).unwrap().join(&id.to_string()[..2]);
    fs::create_dir_all(&folder).unwrap();
    fs::rename(&file, folder.join(file.file_name().unwrap())).unwrap();
    let report = verify(&opened.recovery, VerifyMode::Quick, NOW).await.unwrap();
    assert_eq!((report.kinds(), report.unknown.count), (vec!["missing"], 1));
}
