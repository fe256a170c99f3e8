//! The contents that clamd finds, and those that it does not.

use std::io::Write;
use std::process::Command;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use tresor::scan::{Sample, Verdict, reports_its_limits};

use super::{failure, infected, scan, verdict};
use crate::support::clamd::{TestClamd, eicar, test_files};
use crate::support::process::{eventually, require, succeed, tool};

const TCP: &str =
    "TCPAddr 127.0.0.1\nAlertExceedsMax yes\nAlertEncrypted yes\nStreamMaxLength 1M\nMaxFileSize 2M\n";

#[test]
fn both_ways_find_the_test_virus_and_pass_the_rest() {
    let clamd = TestClamd::with(TCP);
    for engine in [clamd.engine(), clamd.engine_by_tcp()] {
        for (content, expected) in [
            (eicar(), infected("Test.Eicar.UNOFFICIAL")),
            (Vec::new(), Verdict::Clean),
            (b"Sehr geehrte Damen und Herren".to_vec(), Verdict::Clean),
            // At INSTREAM's pieces, and at its limit.
            (vec![b'a'; 256 << 10], Verdict::Clean),
            (vec![b'b'; (256 << 10) + 1], Verdict::Clean),
            (vec![b'c'; 1 << 20], Verdict::Clean),
            ([vec![b'd'; (1 << 20) - eicar().len()], eicar()].concat(), infected("Test.Eicar.UNOFFICIAL")),
            // A hit does not stick to the next content.
            (b"Mit freundlichen Gruessen".to_vec(), Verdict::Clean),
        ] {
            let report = scan(&engine, &content).unwrap();
            assert_eq!(report.verdict, expected, "{engine:?} {} bytes", content.len());
            assert!(report.signatures.version.starts_with("ClamAV "), "{report:?}");
        }
    }
}

/// All of Debian's test files; the one that a later clamd may miss gets a name here.
#[test]
fn every_wrapping_of_the_test_file_is_opened() {
    const MISSED: [&str; 0] = [];
    let clamd = TestClamd::start();
    let files = test_files();
    assert_eq!(files.len(), 44);
    for (name, content) in files {
        let expected =
            if MISSED.contains(&name.as_str()) { Verdict::Clean } else { infected("Test.Clam.UNOFFICIAL") };
        assert_eq!(verdict(&clamd.engine(), &content), expected, "{name}");
    }
}

#[test]
fn what_was_not_looked_at_is_not_clean() {
    let clamd = TestClamd::with(TCP);
    let office = tempfile::tempdir().unwrap();
    std::fs::write(office.path().join("letter.txt"), eicar()).unwrap();
    let mut zip = Command::new(require("zip", "zip"));
    succeed(zip.current_dir(office.path()).args(["-q", "-P", "geheim", "letter.zip", "letter.txt"]));
    let encrypted = std::fs::read(office.path().join("letter.zip")).unwrap();
    let limit =
        |name: &str| Verdict::NotFullyScannable { reason: format!("Heuristics.Limits.Exceeded.{name}") };
    let engine = clamd.engine();
    assert_eq!(verdict(&engine, &encrypted), Verdict::Encrypted);
    assert_eq!(verdict(&engine, &nested(40)), limit("MaxRecursion"));
    assert_eq!(verdict(&engine, &vec![b'a'; (2 << 20) + 1]), limit("MaxFileSize"));
    assert!(reports_its_limits(&engine).unwrap());
    // clamd reads no stream beyond its limit, says so and hangs up.
    for len in [(1 << 20) + 1, 50 << 20] {
        assert_eq!(failure(&clamd.engine_by_tcp(), &vec![b'a'; len]), "too-large-to-scan");
    }
    assert_eq!(verdict(&clamd.engine_by_tcp(), &eicar()), infected("Test.Eicar.UNOFFICIAL"));
}

/// Debian's own configuration sets neither alert, and clamd then says OK to the virus that it did not look for. That
/// is why limits are tried.
#[test]
fn a_clamd_that_hides_its_limits_is_known_by_its_answer() {
    let clamd = TestClamd::with("MaxFileSize 1M\n");
    let engine = clamd.engine();
    let large = [vec![b'a'; 2 << 20], eicar()].concat();
    assert_eq!((verdict(&engine, &large), verdict(&engine, &nested(40))), (Verdict::Clean, Verdict::Clean));
    for _ in 0..2 {
        assert!(!reports_its_limits(&engine).unwrap());
    }
    for highest in ["MaxRecursion 100\n", ""] {
        let clamd = TestClamd::with(&format!("AlertExceedsMax yes\n{highest}"));
        for _ in 0..2 {
            assert!(reports_its_limits(&clamd.engine()).unwrap(), "{highest}");
        }
    }
}

/// A random content in many layers of gzip.
fn nested(levels: u32) -> Vec<u8> {
    (0..levels).fold(tresor::model::random_bytes::<16>().to_vec(), |content, _| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&content).unwrap();
        encoder.finish().unwrap()
    })
}

#[test]
fn a_content_goes_to_clamd_without_a_file() {
    let clamd = TestClamd::traced("TCPAddr 127.0.0.1\n");
    for len in [1, 4096, 1 << 20, 30 << 20] {
        let content = [vec![b'a'; len], eicar()].concat();
        assert_eq!(verdict(&clamd.engine(), &content), infected("Test.Eicar.UNOFFICIAL"));
        assert_eq!(verdict(&clamd.engine(), &vec![b'a'; len]), Verdict::Clean);
    }
    // A stream lies in a file, so the trace shows one, and by then all before it.
    assert_eq!(verdict(&clamd.engine_by_tcp(), &eicar()), infected("Test.Eicar.UNOFFICIAL"));
    eventually("the stream's file is seen", Duration::from_mins(1), || !clamd.files_made().is_empty());
    assert_eq!(clamd.files_made().len(), 1, "{:?}", clamd.files_made());
}

#[test]
fn a_sample_has_no_name_on_any_disk() {
    let sample = Sample::of(b"content").unwrap();
    let descriptor = std::os::fd::AsRawFd::as_raw_fd(&std::os::fd::AsFd::as_fd(&sample));
    let link = std::fs::read_link(format!("/proc/self/fd/{descriptor}")).unwrap();
    assert_eq!(link.to_str(), Some("/memfd:sample (deleted)"));
}

/// A scanner would remove a program that looks like a virus.
#[test]
fn the_program_does_not_contain_the_test_virus() {
    let mut grep = tool("grep", "grep");
    grep.arg("-cF").arg(String::from_utf8(eicar()).unwrap()).arg(env!("CARGO_BIN_EXE_tresor"));
    assert_eq!(grep.output().unwrap().status.code(), Some(1));
}
