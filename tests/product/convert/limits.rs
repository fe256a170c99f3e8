//! A converter that never ends, or takes all it can, is ended as a whole, and the next document is converted.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tresor::convert::{Bounds, ConvertError, Settings};

use super::{Impostor, WORD, convert, converter, document, impostor_converts};
use crate::support::canary::{search, temporary_entries};
use crate::support::process::eventually;

/// Longest time for a job with a limit of three seconds, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

#[track_caller]
fn check(script: &str, bounds: impl Fn(&mut Bounds), code: &str) {
    let impostor = Impostor::new(script);
    let mut settings = impostor.settings();
    bounds(&mut settings.bounds);
    let begun = Instant::now();
    let error = impostor_converts(&settings).unwrap_err();
    assert_eq!(error.code(), code, "{script}: {error}");
    assert!(begun.elapsed() < PATIENCE, "{script}: {:?}", begun.elapsed());
    // The kernel takes the killed ones off its list in its own time.
    eventually(&format!("nothing of it is left: {script}"), PATIENCE, || impostor.processes() == 0);
}

#[test]
fn whatever_does_not_end_is_ended() {
    for script in [
        "sleep 1000",
        "exec </dev/null >&- 2>&-; sleep 1000",
        "trap '' TERM INT HUP; while :; do sleep 1; done",
        "setsid sleep 1000 & setsid sleep 1000 & wait",
        "yes >&2",
        "kill -STOP $$",
    ] {
        check(script, |_| {}, "conversion-timed-out");
    }
}

#[test]
fn computing_forever_is_ended_by_the_limit_of_time_to_compute() {
    let short = |bounds: &mut Bounds| {
        bounds.cpu = Duration::from_secs(1);
        bounds.wall = Duration::from_mins(10);
    };
    check("while :; do :; done", short, "conversion-timed-out");
}

/// Processes left in the background end with the job.
#[test]
fn nothing_outlives_its_job() {
    check("setsid sh -c 'exec >/dev/null 2>&1; sleep 1000' & exit 0", |_| {}, "document-unreadable");
}

#[test]
fn forking_ends_at_the_limit_of_processes() {
    let few = |bounds: &mut Bounds| bounds.processes = 20;
    check("for at in $(seq 1000); do sleep 1000 & done; exit 0", few, "converter-crashed");
}

#[test]
fn memory_ends_at_its_limit() {
    let little = |bounds: &mut Bounds| bounds.memory = 64 << 20;
    check("tail /dev/zero", little, "converter-crashed");
}

#[test]
fn files_end_at_the_limit_of_space() {
    let little = |bounds: &mut Bounds| bounds.disk = 4 << 20;
    check(
        "for at in 1 2 3 4; do head -c 2000000 /dev/zero >$at || exit 3; done",
        little,
        "converter-crashed",
    );
}

#[test]
fn a_pdf_ends_at_its_limit() {
    let write = |length| format!("head -c {length} /dev/zero >out/document.pdf");
    let little = |bounds: &mut Bounds| bounds.output = 1 << 20;
    check(&write((1 << 20) + 1), little, "pdf-too-large");
    check(&write(1 << 20), little, "pdf-refused");
}

#[test]
fn a_fault_is_the_converters_and_not_the_sandboxs() {
    check("exit 7", |_| {}, "converter-crashed");
    check("kill -SEGV $$", |_| {}, "converter-crashed");
}

/// LibreOffice may end with this code at its first start, and wants to be started again.
#[test]
fn code_81_is_followed_by_one_more_start() {
    let exit = |script| match Impostor::new(script).convert() {
        Err(ConvertError::Crashed { exit }) => exit,
        other => panic!("{other:?}"),
    };
    assert_eq!(exit("[ -d again ] && exit 82; mkdir again; exit 81"), 82);
    assert_eq!(exit("exit 81"), 81);
}

/// The text has its word in the clear, so a copy of it would be found.
#[test]
fn a_document_is_converted_after_all_that_and_leaves_no_trace() {
    let before = temporary_entries();
    check(&format!("echo {WORD} >left; sleep 1000"), |_| {}, "conversion-timed-out");
    assert_eq!(convert(&converter(), &document("text.fodt")).unwrap().pages, 1);
    let new: Vec<_> = temporary_entries().difference(&before).cloned().collect();
    let hits = search(&[WORD], &new);
    assert!(hits.is_empty(), "{hits:#?}");
}

/// Tells the child process below which LibreOffice to use.
const CHILD: &str = "TRESOR_TEST_IMPOSTOR";

#[test]
fn a_killed_server_takes_its_jobs_along() {
    let impostor = Impostor::new("setsid sleep 1000 & sleep 1000");
    let mut server = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "convert::limits::child_that_converts"])
        .env(CHILD, impostor.settings().libreoffice)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    eventually("the job runs", PATIENCE, || impostor.processes() > 3);
    server.kill().unwrap();
    server.wait().unwrap();
    eventually("the job is gone", PATIENCE, || impostor.processes() == 0);
}

/// Converts for the test above when that starts it, and does nothing otherwise.
#[test]
fn child_that_converts() {
    let Some(libreoffice) = std::env::var_os(CHILD) else { return };
    let settings = Settings { libreoffice: libreoffice.into(), ..Settings::default() };
    let converted = impostor_converts(&settings);
    panic!("it should be killed: {converted:?}");
}
