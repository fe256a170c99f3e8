//! Power cuts: whatever was not yet synced may be there, be torn or be gone.
//!
//! strace records the calls of a working server to its file system, and the clients record the answers that they
//! got. A [`filesystem::FileSystem`] plays the calls back up to some moment and makes directories as a
//! disk might show them after a power cut at that moment; each is opened and compared with the clients'
//! records. This is stricter than ext4 or XFS are: directories and files lose what they were not synced
//! for on their own, pages come in any order, a file may have grown without its bytes.

mod filesystem;
mod trace;
mod workload;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tresor::app::{DataDirectory, DirectoryError};

use self::filesystem::{FileSystem, Luck};
use self::trace::{Call, Trace};
use self::workload::{Journal, work};
use crate::faults::injection::in_parallel;
use crate::faults::inspect::{Contents, forget_lock, inspect};
use crate::faults::office::copy;
use crate::support::TestServer;
use crate::support::process::{Outcome, eventually, require};
use crate::support::server::{ADMIN, ADMIN_PASSWORD};

/// Moments of a power cut in a normal run. `TRESOR_TEST_STATES=2000` tries more.
const STATES: usize = 200;
/// The same for `tresor init`.
const INIT_STATES: usize = 60;

/// The recorded calls: all that change names or bytes, or make them durable.
const CALLS: &str = "openat,creat,write,writev,pwrite64,pwritev,pwritev2,lseek,fsync,fdatasync,sync_file_range,rename,renameat,renameat2,link,linkat,unlink,unlinkat,rmdir,ftruncate,truncate,fallocate,mkdir,mkdirat,copy_file_range,sendfile";

/// A server at work, as recorded.
struct Recording {
    server: TestServer,
    base: FileSystem,
    trace: Trace,
    journals: Vec<Journal>,
}

fn recording() -> &'static Recording {
    static RECORDING: OnceLock<Recording> = OnceLock::new();
    RECORDING.get_or_init(|| {
        let mut server = copy();
        let base = FileSystem::load(&server.data());
        let log = server.scratch("strace").join("log");
        let strace = require("strace", "strace");
        // With -D the server stays the child, and strace becomes a stranger to it.
        let mut wrapper = vec![strace.to_str().unwrap().to_owned(), "-D".to_owned()];
        wrapper.extend(options(log.to_str().unwrap()));
        server.spawn_through(&wrapper.iter().map(String::as_str).collect::<Vec<_>>());
        let journals = work(&server);
        server.stop();
        let trace = finished_trace(&log, &server.data());
        assert!(trace.calls.len() > 2_000, "only {} calls were recorded", trace.calls.len());
        Recording { server, base, trace, journals }
    })
}

impl Recording {
    /// Cuts the power before a line, opens the rest and returns how many changes had been acknowledged.
    /// Panics when one of them is not there. `syncs` says whether an fsync of a path is believed.
    fn cut(&self, moment: usize, seed: u64, syncs: &dyn Fn(&Path) -> bool) -> usize {
        let state = self.base.after(&self.trace, moment, syncs);
        let place = ram_directory();
        let data = place.path().join("data");
        state.cut(&mut Luck::new(seed)).write_to(&data);
        let what = format!("power cut before line {moment}, luck {seed}");
        let found = inspected(&data, &self.server.key_file(), &what);
        let time = self.trace.time_of(moment);
        for journal in &self.journals {
            journal.assert_kept(&found, time, &what);
        }
        self.journals.iter().map(|journal| journal.acknowledged_before(time)).sum()
    }
}

#[test]
fn what_was_acknowledged_survives_a_power_cut_at_any_moment() {
    let recording = recording();
    let count = std::env::var("TRESOR_TEST_STATES").map_or(STATES, |count| count.parse().unwrap());
    let moments = moments(&recording.trace, count);
    let found = in_parallel(&moments, |(moment, seed)| recording.cut(*moment, *seed, &|_| true));
    let most = found.iter().max().unwrap();
    assert!(*most > 60, "at most {most} changes were acknowledged before a cut: this proves little");
}

/// The simulation would notice a server that leaves one of its fsyncs out.
#[test]
fn without_any_one_kind_of_fsync_something_is_lost() {
    type Kind = (&'static str, fn(&Path) -> bool);
    let kinds: [Kind; 5] = [
        ("of packs", |path| path.extension().is_some_and(|end| end == "tar")),
        ("of containers", |path| path.starts_with("tmp") || path.extension().is_some_and(|end| end == "age")),
        ("of containers' directories", |path| path.starts_with("spaces") && path.extension().is_none()),
        ("of the catalogue's log", |path| path.ends_with("catalog.db-wal")),
        ("of the catalogue", |path| path.ends_with("catalog.db")),
    ];
    let recording = recording();
    let moments = moments(&recording.trace, STATES);
    let noticed = in_parallel(&kinds, |(kind, is_meant)| {
        let is_noticed = moments.iter().any(|(moment, seed)| {
            let cut = || recording.cut(*moment, *seed, &|path| !is_meant(path));
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(cut)).is_err()
        });
        (*kind, is_noticed)
    });
    for (kind, is_noticed) in noticed {
        assert!(is_noticed, "nobody would notice that fsyncs {kind} are missing");
    }
}

#[test]
fn a_power_cut_during_init_leaves_an_instance_or_none() {
    let server = TestServer::prepare(false);
    std::fs::copy(crate::faults::office::template().key_file(), server.key_file()).unwrap();
    let work = server.scratch("instance");
    let base = FileSystem::load(&work);
    let log = server.scratch("strace").join("log");
    let password = server.secret_file("admin.password", ADMIN_PASSWORD);
    let mut init = std::process::Command::new(require("strace", "strace"));
    init.args(options(log.to_str().unwrap())).arg(env!("CARGO_BIN_EXE_tresor")).arg("init");
    init.arg("--data").arg(work.join("data")).arg("--key-file").arg(server.key_file());
    init.arg("--recovery-out").arg(server.recovery_file());
    init.args(["--admin", ADMIN]).arg("--admin-password-file").arg(password);
    let ended = Outcome::of(&mut init);
    assert_eq!(ended.code, 0, "{ended}");
    let trace = finished_trace(&log, &work);

    let mut moments = moments(&trace, INIT_STATES);
    // After its end it is acknowledged.
    moments.extend((0..10).map(|seed| (trace.lines(), seed)));
    let opened = in_parallel(&moments, |(moment, seed)| {
        let what = format!("power cut before line {moment} of init, luck {seed}");
        let place = ram_directory();
        base.after(&trace, *moment, &|_| true).cut(&mut Luck::new(*seed)).write_to(place.path());
        let data = place.path().join("data");
        match DataDirectory::open(&data).map(drop) {
            Ok(()) => {
                forget_lock(&data);
                let found = inspected(&data, &server.key_file(), &what);
                assert_eq!(found, Contents::default(), "{what}");
                true
            }
            Err(DirectoryError::NotInitialised { .. } | DirectoryError::Unfinished { .. }) => {
                assert!(*moment < trace.lines(), "{what}: acknowledged and gone");
                false
            }
            Err(error) => panic!("{what}: {error}"),
        }
    });
    assert!(opened.iter().any(|opened| !opened));
}

fn options(log: &str) -> Vec<String> {
    let trace = format!("trace={CALLS}");
    [
        "-f",
        "--seccomp-bpf",
        "-ttt",
        "-y",
        "-xx",
        "-s",
        "100000000",
        "-e",
        "signal=none",
        "-e",
        &trace,
        "-o",
        log,
    ]
    .map(str::to_owned)
    .into()
}

/// Reads the log once strace has written the last of it.
fn finished_trace(log: &Path, root: &Path) -> Trace {
    let mut text = String::new();
    eventually("strace has written everything", std::time::Duration::from_secs(20), || {
        text = std::fs::read_to_string(log).unwrap();
        text.lines().last().is_some_and(|line| line.contains("+++ exited with"))
    });
    Trace::parse(&text, root)
}

/// Moments spread over the trace, each with a seed of its own.
fn moments(trace: &Trace, count: usize) -> Vec<(usize, u64)> {
    let lines: Vec<usize> = trace.calls.iter().flat_map(|call: &Call| [call.begun, call.ended]).collect();
    let mut luck = Luck::new(4_711);
    (0..count).map(|seed| (lines[luck.below(lines.len())] + 1, seed as u64)).collect()
}

/// The message of a state that does not open names the state.
fn inspected(data: &Path, key_file: &Path, what: &str) -> Contents {
    match std::panic::catch_unwind(|| inspect(data, key_file)) {
        Ok(contents) => contents,
        Err(reason) => {
            eprintln!("-- {what}");
            std::panic::resume_unwind(reason)
        }
    }
}

/// A folder in memory where there is one: thousands of fsyncs would be wasted on files that are thrown away.
fn ram_directory() -> tempfile::TempDir {
    let memory = PathBuf::from("/dev/shm");
    let parent = if memory.is_dir() { memory } else { std::env::temp_dir() };
    tempfile::Builder::new().prefix("tresor-test-power-").tempdir_in(parent).unwrap()
}
