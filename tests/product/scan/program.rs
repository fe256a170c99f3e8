//! An engine that is a program: a real clamscan with the databases of the test.

use tresor::scan::{Command, CommandSettings, Engine, Newest, Trust, Verdict, canary, reports_its_limits};

use super::{failure, infected, scan, verdict};
use crate::support::clamd::{TestClamd, eicar, test_files};
use crate::support::process::require;

/// clamscan with the databases of this clamd.
fn clamscan(clamd: &TestClamd) -> CommandSettings {
    let program = require("clamscan", "clamav").display().to_string();
    let databases = clamd.databases();
    let folder = databases.display().to_string();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    CommandSettings {
        virus: Some((": ".to_owned(), " FOUND".to_owned())),
        signatures: Some(words(&[&program, "--version", "-d", &folder])),
        databases: Some(databases),
        ..CommandSettings::new(
            "clamscan",
            words(&[
                &program,
                "--no-summary",
                "--infected",
                "--max-filesize=100M",
                "--max-scansize=400M",
                "-d",
                &folder,
                "{}",
            ]),
        )
    }
}

#[test]
fn a_real_scanner_program_judges_as_its_daemon_does() {
    let clamd = TestClamd::start();
    let engine = Command::new(clamscan(&clamd));
    assert!(matches!(canary(&engine), Trust::Trusted));
    assert!(reports_its_limits(&engine).unwrap());
    assert_eq!(verdict(&engine, b"harmless"), Verdict::Clean);
    assert_eq!(verdict(&engine, &eicar()), infected("Test.Eicar.UNOFFICIAL"));
    let (_, zipped) = test_files().into_iter().find(|(name, _)| name == "clam.zip").unwrap();
    assert_eq!(verdict(&engine, &zipped), infected("Test.Clam.UNOFFICIAL"));

    // Other signatures are others, and newer.
    let before = scan(&engine, b"harmless").unwrap().signatures;
    assert!(matches!(before.newest, Newest::Built(_)) && before.version.starts_with("ClamAV"), "{before:?}");
    clamd.write_database("more.ndb", "Test.More:0:*:6861726d6c657373\n");
    assert_eq!(verdict(&engine, b"harmless"), infected("Test.More.UNOFFICIAL"));
    assert_ne!(engine.signatures().unwrap().identity, before.identity);

    // Its database is gone: it ends with 2.
    let gone = CommandSettings { databases: None, signatures: None, ..clamscan(&clamd) };
    for entry in std::fs::read_dir(clamd.databases()).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    assert_eq!(failure(&Command::new(gone), b"harmless"), "scanner-refused");
}

#[test]
fn a_program_that_reads_only_the_beginning_is_found_out() {
    let clamd = TestClamd::start();
    let mut settings = CommandSettings { max_size: 20 << 20, ..clamscan(&clamd) };
    settings.command = settings.command.iter().map(|word| word.replace("=100M", "=5M")).collect();
    assert!(!reports_its_limits(&Command::new(settings.clone())).unwrap());
    let settings = CommandSettings { max_size: 4 << 20, ..settings };
    assert!(reports_its_limits(&Command::new(settings)).unwrap());
}
