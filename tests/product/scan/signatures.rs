//! Which signatures clamd uses, how old they are, and whether it can be trusted with them.

use std::fs::File;
use std::time::Duration;

use tresor::model::Timestamp;
use tresor::scan::{
    Clamd, Distrust, Engine, Newest, Report, Sample, ScanError, SignatureIdentity, Signatures, Trust,
    Verdict, canary,
};

use super::scan;
use crate::support::clamd::{IDLE, TestClamd};

/// Seconds since 1970 at which the databases of these tests were built.
const BUILT: i64 = 1_795_000_000;

fn built(seconds: i64) -> Newest {
    Newest::Built(Timestamp::from_secs(seconds))
}

#[test]
fn databases_without_a_number_are_as_old_as_their_files() {
    let clamd = TestClamd::start();
    let engine = clamd.engine();
    for (name, seconds) in [("eicar.ndb", BUILT), ("testfiles.hdb", BUILT - 60)] {
        let file = File::options().append(true).open(clamd.databases().join(name)).unwrap();
        file.set_modified(Timestamp::from_secs(seconds).to_system()).unwrap();
    }
    let first = engine.signatures().unwrap();
    assert_eq!((first.version.split('/').count(), first.newest), (1, built(BUILT)), "{first:?}");
    assert_eq!(scan(&engine, b"content").unwrap().signatures, first);

    // freshclam's notes change without new signatures.
    clamd.write_database("freshclam.dat", "note");
    assert_eq!(engine.signatures().unwrap(), first);

    let now = Timestamp::from_secs(BUILT + 100_000);
    let arrived = Timestamp::from_secs(BUILT + 1_000);
    assert!(!first.are_newer_than_arrival(&first.identity, arrived, now));
    let added = clamd.write_database("new.hdb", IDLE);
    let file = File::options().append(true).open(added).unwrap();
    file.set_modified(Timestamp::from_secs(BUILT + 2_000).to_system()).unwrap();
    clamd.reload();
    let second = scan(&engine, b"content").unwrap().signatures;
    assert_ne!(second.identity, first.identity);
    assert!(second.are_newer_than_arrival(&first.identity, arrived, now), "{second:?}");
    assert!(!second.are_newer_than_arrival(&second.identity, arrived, now));
    assert!(second.are_younger_than(Duration::from_secs(98_000), now));
    assert!(!second.are_younger_than(Duration::from_secs(97_999), now));
}

/// freshclam had written a database that clamd had not loaded yet: by the folder alone, the old signatures would
/// have been the new ones.
#[test]
fn an_official_database_counts_from_when_clamd_has_loaded_it() {
    let clamd = TestClamd::start();
    let engine = clamd.engine();
    clamd.write_daily(27_001, BUILT);
    assert_eq!(engine.signatures().unwrap().newest, Newest::NotLoaded);
    clamd.reload();
    let first = engine.signatures().unwrap();
    // clamd runs in Tokyo's time, which its clock text does not say.
    assert_eq!((first.version.rsplit('/').next(), first.newest), (Some("27001"), built(BUILT)), "{first:?}");

    clamd.write_daily(27_002, BUILT + 86_400);
    let waiting = scan(&engine, b"content").unwrap().signatures;
    assert_eq!(waiting.newest, Newest::NotLoaded);
    let (arrived, now) = (Timestamp::from_secs(BUILT + 60), Timestamp::from_secs(BUILT + 100_000));
    assert!(!waiting.are_newer_than_arrival(&first.identity, arrived, now));
    clamd.reload();
    let second = scan(&engine, b"content").unwrap().signatures;
    assert_eq!(second.newest, built(BUILT + 86_400));
    assert!(second.are_newer_than_arrival(&first.identity, arrived, now));
    // The identity is kept as text.
    let kept = SignatureIdentity::kept(second.identity.to_string());
    assert!(!second.are_newer_than_arrival(&kept, arrived, now));
}

#[test]
fn without_its_folder_the_age_is_not_known() {
    let clamd = TestClamd::start();
    for folder in [None, Some(clamd.path("none")), Some(clamd.path("temporary"))] {
        let engine = Clamd::new(clamd.address(), folder);
        let report = scan(&engine, b"content").unwrap();
        assert_eq!((report.verdict, report.signatures.newest), (Verdict::Clean, Newest::Unknown));
    }
}

#[test]
fn an_engine_is_trusted_if_it_knows_a_virus_from_a_harmless_text() {
    let mut clamd = TestClamd::start();
    assert!(matches!(canary(&clamd.engine()), Trust::Trusted));
    let empty = TestClamd::without_signatures();
    assert!(matches!(canary(&empty.engine()), Trust::NotTrusted(Distrust::MissesTestVirus)));
    clamd.kill();
    let Trust::NotTrusted(Distrust::NoVerdict(error)) = canary(&clamd.engine()) else { panic!() };
    assert_eq!(error.code(), "scanner-unreachable");
    for (verdict, why) in [
        (Verdict::Infected { name: "Sticky".into() }, "the scanner reports a harmless text"),
        (Verdict::Clean, "the scanner does not find a test virus"),
        (Verdict::Encrypted, "the scanner does not find a test virus"),
        (Verdict::NotFullyScannable { reason: String::new() }, "the scanner does not find a test virus"),
    ] {
        let Trust::NotTrusted(distrust) = canary(&Same(verdict)) else { panic!() };
        assert_eq!(distrust.to_string(), why);
    }
}

/// Says the same about everything.
struct Same(Verdict);

impl Engine for Same {
    fn name(&self) -> &'static str {
        "same"
    }

    fn scan(&self, _: &Sample) -> Result<Report, ScanError> {
        Ok(Report { verdict: self.0.clone(), signatures: self.signatures()? })
    }

    fn signatures(&self) -> Result<Signatures, ScanError> {
        let identity = SignatureIdentity::kept(String::new());
        Ok(Signatures { version: String::new(), identity, newest: Newest::Unknown })
    }

    fn reads_rar(&self) -> Option<bool> {
        None
    }
}
