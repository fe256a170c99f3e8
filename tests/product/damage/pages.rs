//! Pages of the catalogue: flipped bits, and old pages put back.

use tresor::model::VerifyMode;

use crate::damage::archive::{Archive, verify};
use crate::damage::chance::{Random, damages, seed};
use crate::library::store::NOW;

/// Bytes of a page.
const PAGE: usize = 4_096;

#[tokio::test(flavor = "multi_thread")]
async fn every_damaged_page_of_the_catalogue_is_found() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    let clean = verify(&opened.recovery, VerifyMode::Full, NOW).await.unwrap();
    assert_eq!((clean.findings, clean.unknown.count), (Vec::new(), 0));
    drop(opened);
    let count = (damages() / 10).max(50);
    eprintln!("{count} flips");
    let mut random = Random(seed());
    for number in 0..count {
        let mut catalogue = archive.catalogue.clone();
        let at = random.below(catalogue.len());
        catalogue[at] ^= 1 << random.below(8);
        // Not opening is finding too.
        let Ok(opened) = archive.open(&catalogue).await else { continue };
        let before = archive.read_all(&opened.library).await;
        let report = verify(&opened.recovery, VerifyMode::Full, NOW).await.unwrap();
        assert!(report.is_about_the_catalogue(), "{number}: byte {at}: {:?}", report.kinds());
        // Files that could be read can be read: looking at the damaged page leaves no connection broken.
        assert_eq!(archive.read_all(&opened.library).await, before, "{number}: byte {at}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_page_put_back_into_the_catalogue_is_found() {
    let archive = Archive::new().await;
    let truth = archive.open_now().await.dump(&archive.store.keys).unwrap();
    let (old, new) = (&archive.older_catalogue, &archive.catalogue);
    let pages = old.len().min(new.len()) / PAGE;
    let mut harmless = 0;
    let mut missed = Vec::new();
    for page in 0..pages {
        let range = page * PAGE..(page + 1) * PAGE;
        if old[range.clone()] == new[range.clone()] {
            continue;
        }
        let mut catalogue = new.clone();
        catalogue[range.clone()].copy_from_slice(&old[range]);
        let Ok(opened) = archive.open(&catalogue).await else { continue };
        let says = opened.dump(&archive.store.keys);
        let Ok(report) = verify(&opened.recovery, VerifyMode::Full, NOW).await else { continue };
        if report.findings.is_empty() {
            // A page with an earlier content, or one that nothing refers to any more.
            if says.as_ref().is_ok_and(|says| *says == truth) {
                harmless += 1;
            } else {
                let says = says.unwrap_or_default();
                let differs: Vec<_> =
                    says.lines().filter(|line| !truth.contains(line)).map(str::to_owned).collect();
                missed.push((page + 1, differs));
            }
        }
        archive.read_all(&opened.library).await;
    }
    eprintln!("{pages} pages, {harmless} harmless");
    assert!(missed.is_empty(), "{missed:#?}");
}

/// A reader of the catalogue that meets damage is not the only one that learns of it.
#[tokio::test(flavor = "multi_thread")]
async fn damage_that_a_reader_of_the_catalogue_meets_is_remembered() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    assert!(!opened.library.is_catalogue_damaged());
    let mut catalogue = archive.catalogue.clone();
    for page in 2..catalogue.len() / PAGE {
        catalogue[page * PAGE + 2_000] ^= 1;
    }
    opened.overwrite_catalogue(&catalogue);
    assert!(opened.recovery.snapshot(NOW).await.is_err());
    assert!(!opened.library.is_catalogue_damaged(), "a disk that fails once looks like that");
    opened.library.look_into_suspicion().await;
    assert!(opened.library.is_catalogue_damaged());
}

/// A tester found it: one page damaged under a running server, and the verification ended with an error instead of
/// naming it, while no one else knew.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_damaged_while_the_catalogue_is_open_is_named_and_remembered() {
    let archive = Archive::new().await;
    let (pages, mut logged) = (archive.catalogue.len() / PAGE, 0);
    for page in 0..pages {
        let opened = archive.open_now().await;
        let mut catalogue = archive.catalogue.clone();
        catalogue[page * PAGE + 2_000] ^= 1;
        opened.overwrite_catalogue(&catalogue);
        // Readers get the newer state from the log, which will be copied over the damage. A verification itself
        // writes how far it is.
        let is_logged = || opened.logged_pages().contains(&(page + 1));
        for mode in [VerifyMode::Quick, VerifyMode::Full] {
            let report =
                verify(&opened.recovery, mode, NOW).await.unwrap_or_else(|error| panic!("{page}: {error:?}"));
            assert!(report.is_about_the_catalogue() || is_logged(), "{page}: {:?}", report.kinds());
        }
        assert!(opened.library.is_catalogue_damaged() || is_logged(), "{page}");
        logged += usize::from(is_logged());
    }
    assert!(logged * 4 < pages, "{logged} of {pages} pages stand in the log: this shows little");
}
