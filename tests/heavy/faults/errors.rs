//! A system call that fails: the answer says so or the operation was done, nothing is half, wrong bytes
//! are never sent, and the server goes on reading.

use std::time::Duration;

use crate::faults::injection::{Measured, Point, Threads, Tracer, chosen, in_parallel, measured};
use crate::faults::inspect::inspect;
use crate::faults::office::{STEADY, STEADY_LEN, ask, assert_reads, copy};
use crate::faults::operations::{OPERATIONS, Outcome, forget_stored, try_to_store};
use crate::support::TestServer;
use crate::support::content::bytes;
use crate::support::process::eventually;

/// System calls tried in a normal run.
const FEW: usize = 80;

/// Which error may befall which call. Not `write`: it wakes threads and writes the log as well, so that is
/// left to the real full disk and to the library's tests.
const ERRORS: [(&str, &[&str]); 11] = [
    ("openat", &["ENOSPC", "EIO", "EROFS", "EMFILE"]),
    ("pwrite64", &["ENOSPC", "EIO", "EROFS", "EDQUOT"]),
    ("fsync", &["EIO", "ENOSPC", "EROFS"]),
    ("fdatasync", &["EIO", "ENOSPC", "EROFS"]),
    ("rename", &["ENOSPC", "EIO", "EROFS"]),
    ("linkat", &["ENOSPC", "EIO", "EROFS"]),
    ("unlink", &["EIO", "EROFS"]),
    ("ftruncate", &["ENOSPC", "EIO", "EROFS"]),
    ("fallocate", &["ENOSPC", "EIO", "EROFS"]),
    ("mkdir", &["ENOSPC", "EIO", "EROFS"]),
    ("utimensat", &["EIO", "EROFS"]),
];

#[test]
fn an_error_of_any_call_is_told_or_does_no_harm() {
    let mut all = Vec::new();
    for measured in measured() {
        for point in &measured.points {
            let errors =
                ERRORS.iter().filter(|(call, _)| *call == point.call).flat_map(|(_, errors)| *errors);
            all.extend(errors.map(|error| (measured, point, *error)));
        }
    }
    let chosen = chosen(all, FEW);
    let met = in_parallel(&chosen, |(measured, point, error)| fails(measured, point, error));
    let met = met.into_iter().filter(|met| *met).count();
    assert!(met * 2 > chosen.len(), "only {met} of {} errors were met: this proves little", chosen.len());
}

/// The system may have dropped data that it could not write, and the next fsync says nothing of it
/// (a database learned that in 2018). SQLite's own checkpoint used to keep such errors to itself.
#[test]
fn after_an_fsync_that_failed_nothing_is_acknowledged_before_a_restart() {
    let mut points = Vec::new();
    for measured in measured() {
        let is_put = measured.operation.name == "put a new file";
        let fsyncs = measured.points.iter().filter(|point| {
            ["fsync", "fdatasync"].contains(&point.call.as_str())
                && (is_put || point.threads == Threads::Catalogue)
        });
        points.extend(fsyncs.map(|point| (measured, point)));
    }
    assert!(points.len() > OPERATIONS.len(), "{}", points.len());
    let chosen = chosen(points, 14);
    in_parallel(&chosen, |(measured, point)| fails(measured, point, "EIO"));
}

/// A place of the disk that cannot be read is no reason to stop storing, nor to call a file damaged that
/// another try may read. SQLCipher calls a connection broken for good after a page that it could not read,
/// and the same one used to answer every client from then on: 500 until a restart.
#[test]
fn a_read_that_fails_is_told_and_the_next_one_succeeds() {
    let mut server = copy();
    server.spawn();
    let mut whole = ask(&server, "GET", "a", Vec::new()).expect(200).body;
    let mut told = 0;
    let both = [(Threads::All, "GET"), (Threads::Catalogue, "PUT")];
    // On a busy machine the jobs that start with the server may have read every page before strace is there: once
    // more then.
    for (threads, method) in [both, both, both].concat() {
        if told > 0 && method == "GET" {
            break;
        }
        for nth in 1..=5 {
            // Nothing is remembered of the earlier ones.
            server.stop();
            server.spawn();
            let rule = format!("inject=pread64:error=EIO:when={nth}");
            let tracer = Tracer::attach(&server, threads, &["-e", "trace=pread64", "-e", &rule]);
            let answer = ask(&server, method, "a", Vec::new());
            tracer.detach();
            // Strace counts by thread, so that the call may also have been one of a thread that works for
            // no client, or none: an error that is not reported must have done no harm.
            if answer.status >= 500 || answer.is_cut {
                told += 1;
            } else if method == "GET" {
                assert!(answer.body == whole, "GET, {nth}: {answer}");
            } else {
                whole.clear();
            }
            let again = ask(&server, "GET", "a", Vec::new()).expect(200);
            assert!(again.body == whole && !again.is_cut, "{method}, {nth}: {again}");
            assert_reads(&server);
            assert_eq!(read_only_reason(&server), None);
            let stored = try_to_store(&server);
            assert!([201, 204].contains(&stored.status), "{method}, {nth}: {stored}");
            // As it counts by thread, two looks of a job at the catalogue may both fail, which is what damage does.
            let is_of_file =
                |line: &str| line.contains("data at risk") && !line.contains("the catalogue is damaged");
            assert!(!server.log().lines().any(is_of_file), "{}", server.log());
        }
    }
    assert!(told > 0, "no request met an error");
}

/// Cached bytes are read by another call than those from the disk.
#[test]
fn an_answer_that_meets_an_error_on_its_way_is_broken_off() {
    let mut server = copy();
    server.spawn();
    assert_reads(&server);
    let rule = "inject=preadv2:error=EIO";
    let tracer = Tracer::attach(&server, Threads::All, &["-e", "trace=preadv2", "-e", rule]);
    let answer = ask(&server, "GET", STEADY.0, Vec::new());
    let is_met = tracer.detach().contains("(INJECTED)");
    let is_told = answer.status >= 500 || answer.is_cut;
    assert!(is_told || (!is_met && answer.body == bytes(STEADY.1, STEADY_LEN)), "{answer}");
    assert_reads(&server);
    assert_eq!(read_only_reason(&server), None);
}

/// Returns whether the server met the error.
fn fails(measured: &Measured, point: &Point, error: &str) -> bool {
    let what = format!("{}, {error} of {point:?}", measured.operation.name);
    let mut server = copy();
    server.spawn();
    let named = measured.operation.prepare(&server);
    assert_reads(&server);
    let rule = format!("inject={}:error={error}:when={}", point.call, point.nth);
    let tracer = Tracer::attach(&server, point.threads, &["-e", &rule]);
    let outcome = measured.operation.run(&server, &named);
    let log = tracer.detach();
    // Of each thread the nth call fails, so that an error may be met more than once, or by a thread that works
    // for no client and is not waited for.
    let met = log.matches("(INJECTED)").count();

    assert!(server.is_alive(), "{what}: the server ended\n{}", server.log());
    assert!(!matches!(outcome, Outcome::Cut), "{what}: no answer");
    assert_reads(&server);
    let expected = expected_reasons(point, error);
    if met > 0 && !is_moot(&log) && !expected.is_empty() {
        // In the log, since a full disk ends by itself with the server's next look.
        eventually(&format!("{what}: {expected:?} is told, {outcome:?}"), Duration::from_secs(30), || {
            told(&server).iter().any(|reason| expected.contains(&reason.as_str()))
        });
    }
    let reason = read_only_reason(&server);
    let stored = try_to_store(&server);
    match reason.as_deref() {
        None | Some("disk-full") => {
            // There is space after all, so that state ends with the first request.
            assert!([201, 204].contains(&stored.status), "{what}: {reason:?}: {stored}");
        }
        Some(_) => {
            assert_eq!(stored.status, 503, "{what}: {stored}");
            let deleted = server.request("DELETE", "/dav/space/b").send();
            assert!([404, 503].contains(&deleted.status), "{what}: {deleted}");
        }
    }
    let told = told(&server);
    assert!(told.len() <= met, "{what}: the log says it once, not {told:?}\n{}", server.log());
    assert!(reason.is_none_or(|reason| told.contains(&reason)), "{what}: {told:?}\n{}", server.log());

    assert!(server.stop().success(), "{what}: {}", server.log());
    let mut found = inspect(&server.data(), &server.key_file());
    forget_stored(&mut found);
    match outcome {
        Outcome::Done => assert_eq!(found, measured.after, "{what}: acknowledged"),
        _ => assert!(found == measured.before || found == measured.after, "{what}: {found:#?}"),
    }
    server.spawn();
    assert_eq!(read_only_reason(&server), None, "{what}: a restart ends it");
    met > 0
}

/// Why the server became read-only, each time that it did.
fn told(server: &TestServer) -> Vec<String> {
    let log = server.log();
    let told = log.lines().filter_map(|line| line.split_once("ERROR read-only: "));
    let causes = told.map(|(_, rest)| rest.split_once("cause=\"").unwrap_or_else(|| panic!("{rest}")).1);
    causes.map(|cause| cause.split('"').next().unwrap().to_owned()).collect()
}

/// Whether the call that failed was SQLite's fsync of the catalogue's directory, whose errors it drops. The
/// server has made the names in there durable at its start, so that this one changes nothing.
fn is_moot(log: &str) -> bool {
    log.lines().any(|line| line.contains("(INJECTED)") && line.contains("/data/catalog>"))
}

/// The states of which one must follow, where that is certain. SQLite tells a read-only file system from a
/// failing disk no more than the injected error, which passes, does.
fn expected_reasons(point: &Point, error: &str) -> &'static [&'static str] {
    match (point.call.as_str(), error) {
        ("fsync" | "fdatasync" | "rename" | "utimensat" | "pwrite64", "EIO") => &["disk-failed"],
        // A pack's own write names the quota; a failed write of SQLite is just a failure.
        ("pwrite64", "EDQUOT") => &["disk-failed", "disk-full"],
        ("fsync" | "fdatasync" | "rename" | "utimensat" | "pwrite64", "EROFS") => {
            &["disk-failed", "file-system-read-only"]
        }
        ("pwrite64" | "rename", "ENOSPC") => &["disk-full"],
        _ => &[],
    }
}

/// The reason in `/health` why nothing can be changed; `None` if all is well.
pub fn read_only_reason(server: &TestServer) -> Option<String> {
    let health = server.anonymous("GET", "/health").send().expect(200).text();
    if health.contains("\"status\":\"serving\"") {
        return None;
    }
    assert!(health.contains("\"status\":\"read-only\""), "{health}");
    let (_, reason) = health.split_once("\"reason\":\"").unwrap_or_else(|| panic!("{health}"));
    Some(reason.split('"').next().unwrap().to_owned())
}
