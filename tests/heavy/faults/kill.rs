//! A server that is killed before one of its system calls: everything is as before or as asked for, and
//! every acknowledged change is there.

use std::process::Command;

use crate::faults::injection::{Measured, Point, Tracer, chosen, in_parallel, measured};
use crate::faults::inspect::inspect;
use crate::faults::office::{assert_reads, copy};
use crate::faults::operations::{Outcome, REPEATED};
use crate::support::TestServer;
use crate::support::earlier;
use crate::support::process::{Outcome as Ended, require};
use crate::support::recovery::{opens_everything, opens_nothing};
use crate::support::server::{ADMIN, ADMIN_PASSWORD};

/// System calls tried in a normal run.
const FEW: usize = 70;

#[test]
fn a_server_killed_before_any_call_leaves_old_or_new_and_keeps_what_it_acknowledged() {
    let all =
        measured().iter().flat_map(|measured| measured.points.iter().map(move |point| (measured, point)));
    let chosen = chosen(all.collect(), FEW);
    let tried = chosen.len();
    let killed = in_parallel(&chosen, |(measured, point)| kills(measured, point));
    let killed = killed.into_iter().filter(|killed| *killed).count();
    // Threads share the work in another way each time, so that a late call may never come.
    assert!(killed * 2 > tried, "only {killed} of {tried} servers were killed: this proves little");
}

/// Returns whether the server came to the call.
fn kills(measured: &Measured, point: &Point) -> bool {
    let what = format!("{}, killed before {point:?}", measured.operation.name);
    let mut server = copy();
    server.spawn();
    let named = measured.operation.prepare(&server);
    assert_reads(&server);
    let rule = format!("inject={}:signal=KILL:when={}", point.call, point.nth);
    let tracer = Tracer::attach(&server, point.threads, &["-e", &rule]);
    let outcome = measured.operation.run(&server, &named);
    let is_killed = match &outcome {
        // It may have died after its answer.
        Outcome::Done => !server.is_alive(),
        Outcome::Cut => true,
        Outcome::Refused(why) => panic!("{what}: {why}"),
    };
    drop(tracer);
    server.kill();
    let found = inspect(&server.data(), &server.key_file());
    if matches!(outcome, Outcome::Done) {
        assert_eq!(found, measured.after, "{what}: acknowledged");
    } else {
        assert!(found == measured.before || found == measured.after, "{what}: {found:#?}");
    }
    server.spawn();
    assert_reads(&server);
    is_killed
}

/// System calls of uploads tried in a normal run.
const FEW_OF_UPLOADS: usize = 14;

/// The client cannot know whether the change happened, so it asks again.
#[test]
fn an_upload_killed_before_any_call_comes_to_its_end_when_it_is_asked_for_again() {
    let repeated = measured().iter().filter(|measured| REPEATED.contains(&measured.operation.name));
    let all: Vec<(&Measured, &Point)> =
        repeated.flat_map(|measured| measured.points.iter().map(move |point| (measured, point))).collect();
    let chosen = chosen(all, FEW_OF_UPLOADS);
    in_parallel(&chosen, |(measured, point)| {
        let what = format!("{}, killed before {point:?}", measured.operation.name);
        let mut server = copy();
        server.spawn();
        let named = measured.operation.prepare(&server);
        let rule = format!("inject={}:signal=KILL:when={}", point.call, point.nth);
        let tracer = Tracer::attach(&server, point.threads, &["-e", &rule]);
        measured.operation.run(&server, &named);
        drop(tracer);
        server.kill();
        server.spawn();
        // Asked again, the server refuses only a change that has happened already.
        let again = measured.operation.run(&server, &named);
        assert!(!matches!(again, Outcome::Cut), "{what}: {again:?}");
        server.stop();
        assert_eq!(inspect(&server.data(), &server.key_file()), measured.after, "{what}");
    });
}

/// Calls of `tresor init` tried in a normal run.
const FEW_OF_INIT: usize = 24;

#[test]
fn an_init_killed_before_any_call_is_repeated_or_named() {
    let (mut whole, mut named, mut none) = (0, 0, 0);
    let points = {
        let server = prepared();
        let all = calls_of(&server, &init_arguments(&server));
        // The first of each kind, too: some of them come before anything is made.
        let first = all.iter().filter(|(_, nth)| *nth == 1).cloned().collect();
        [first, chosen(all, FEW_OF_INIT)].concat()
    };
    for (call, nth) in points {
        let what = format!("init killed before {call} {nth}");
        let server = prepared();
        let ended = killed(&server, &init_arguments(&server), &call, nth);
        if ended.code == 0 {
            whole += 1;
        } else {
            // A client without an answer tries again. Where that is refused, the reason is clear and nothing
            // of it can be in use.
            let again = Ended::of(Command::new(env!("CARGO_BIN_EXE_tresor")).args(init_arguments(&server)));
            match again.code {
                0 => none += 1,
                _ if again.stderr.contains("setup was interrupted") => {
                    named += 1;
                    continue;
                }
                _ if again.stderr.contains("holds a Tresor instance already") => whole += 1,
                _ => panic!("{what}: {again}"),
            }
        }
        let found = inspect(&server.data(), &server.key_file());
        assert!(found.tree.is_empty(), "{what}");
    }
    assert!(none > 0 && named > 0 && whole + none + named > 5, "{whole} whole, {named} named, {none} none");
}

/// Calls of `tresor change-recovery-key` tried in a normal run.
const FEW_OF_CHANGE: usize = 12;

/// An office must never be left with two recovery keys that open half of the files each.
#[test]
fn a_change_of_the_recovery_key_killed_before_any_call_leaves_a_key_that_opens_everything() {
    let former = std::fs::read_to_string(crate::faults::office::template().recovery_file()).unwrap();
    let mut completed = 0;
    let points = {
        let server = copy();
        chosen(
            calls_of(&server, &change_arguments(&server, &server.scratch("kit").join("new"))),
            FEW_OF_CHANGE,
        )
    };
    let tried = points.len();
    for (call, nth) in points {
        let what = format!("killed before {call} {nth}");
        let server = copy();
        let [next, last] = ["next", "last"].map(|name| server.scratch("kit").join(name));
        let ended = killed(&server, &change_arguments(&server, &next), &call, nth);
        completed += usize::from(ended.code == 0);
        let kept = std::fs::read_to_string(&next).unwrap_or_default();
        let opens = |key: &str| key.contains("AGE-SECRET-KEY-") && opens_everything(key, &server.data());
        assert!(opens(&former) || opens(&kept), "{what}");
        assert!(ended.code != 0 || !opens(&former), "{what}");
        let again =
            Ended::of(Command::new(env!("CARGO_BIN_EXE_tresor")).args(change_arguments(&server, &last)));
        assert_eq!(again.code, 0, "{what}: {again}");
        assert!(opens(&std::fs::read_to_string(&last).unwrap()), "{what}");
        assert!(opens_nothing(&former, &server.data()), "{what}");
        assert!(kept.is_empty() || opens_nothing(&kept, &server.data()), "{what}");
        inspect(&server.data(), &server.key_file());
    }
    assert!(completed * 2 < tried, "only {} of {tried} changes were killed", tried - completed);
}

fn change_arguments(server: &TestServer, out: &std::path::Path) -> Vec<String> {
    let mut arguments = owner_arguments(server, &["change-recovery-key"]);
    arguments.extend(["--recovery-out".to_owned(), out.to_str().unwrap().to_owned()]);
    arguments
}

/// Calls of an update's first command tried in a normal run.
const FEW_OF_UPDATE: usize = 40;

/// An office starts the new program for the first time and the machine fails meanwhile. The next start finishes the
/// update, the catalogue of before stays beside it, and nothing is missing.
#[test]
fn an_update_killed_before_any_call_is_finished_by_the_next_start() {
    let arguments = |server: &TestServer| owner_arguments(server, &["user", "list"]);
    let whole = earlier::unpacked();
    let calls = calls_of(&whole, &arguments(&whole));
    let expected = inspect(&whole.data(), &whole.key_file());
    assert!(!expected.tree.is_empty());
    let points = chosen(calls, FEW_OF_UPDATE);
    let completed = in_parallel(&points, |(call, nth)| {
        let what = format!("killed before {call} {nth}");
        let server = earlier::unpacked();
        let ended = killed(&server, &arguments(&server), call, *nth);
        let again = Ended::of(Command::new(env!("CARGO_BIN_EXE_tresor")).args(arguments(&server)));
        assert_eq!(again.code, 0, "{what}: {again}");
        assert!(server.data().join("catalog").join(earlier::COPY).is_file(), "{what}");
        assert_eq!(inspect(&server.data(), &server.key_file()), expected, "{what}");
        ended.code == 0
    });
    let completed = completed.into_iter().filter(|completed| *completed).count();
    assert!(
        completed * 2 < points.len(),
        "only {} of {} were killed",
        points.len() - completed,
        points.len()
    );
}

/// A command of the data directory's owner, without a running server.
pub fn owner_arguments(server: &TestServer, command: &[&str]) -> Vec<String> {
    let text = |path: std::path::PathBuf| path.to_str().unwrap().to_owned();
    let place = ["--data".to_owned(), text(server.data()), "--key-file".to_owned(), text(server.key_file())];
    command.iter().map(|&word| word.to_owned()).chain(place).collect()
}

/// The program's end with these arguments, if it is killed before a thread of it makes `call` for the `nth` time.
pub fn killed(server: &TestServer, arguments: &[String], call: &str, nth: usize) -> Ended {
    let mut strace = Command::new(require("strace", "strace"));
    strace.arg("-f").arg("-o").arg(server.scratch("strace").join("log"));
    strace.arg("-e").arg(format!("trace={call}"));
    strace.arg("-e").arg(format!("inject={call}:signal=KILL:when={nth}"));
    Ended::of(strace.arg(env!("CARGO_BIN_EXE_tresor")).args(arguments))
}

/// Each call with which the program changes a disk, as often as one thread of it makes it.
pub fn calls_of(server: &TestServer, arguments: &[String]) -> Vec<(String, usize)> {
    let log = server.scratch("strace").join("log");
    let mut strace = Command::new(require("strace", "strace"));
    strace.arg("-f").arg("-o").arg(&log);
    strace.args(["-e", "trace=pwrite64,write,fsync,fdatasync,rename,link,linkat,unlink,ftruncate,mkdir"]);
    let ended = Ended::of(strace.arg(env!("CARGO_BIN_EXE_tresor")).args(arguments));
    assert_eq!(ended.code, 0, "{ended}");
    let points = crate::faults::injection::points_of(&std::fs::read_to_string(log).unwrap(), "");
    points.into_iter().map(|Point { call, nth, threads: _ }: Point| (call, nth)).collect()
}

fn prepared() -> TestServer {
    let server = TestServer::prepare(false);
    std::fs::copy(crate::faults::office::template().key_file(), server.key_file()).unwrap();
    server
}

fn init_arguments(server: &TestServer) -> Vec<String> {
    let password = server.secret_file("admin.password", ADMIN_PASSWORD);
    let text = |path: std::path::PathBuf| path.to_str().unwrap().to_owned();
    // Written before anything is made; a second try needs another place for it.
    let recovery = (1..).map(|nth| server.scratch("kit").join(format!("recovery-{nth}")));
    let recovery = recovery.into_iter().find(|path| !path.exists()).unwrap();
    [
        "init".into(),
        "--data".into(),
        text(server.data()),
        "--key-file".into(),
        text(server.key_file()),
        "--recovery-out".into(),
        text(recovery),
        "--admin".into(),
        ADMIN.into(),
        "--admin-password-file".into(),
        text(password),
    ]
    .into()
}
