//! A running server with strace at its threads: counting its system calls, killing it before one of
//! them, or having one fail.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::faults::inspect::{Contents, inspect};
use crate::faults::office::{assert_reads, copy, template};
use crate::faults::operations::{OPERATIONS, Operation, Outcome};
use crate::support::TestServer;
use crate::support::process::{eventually, require};

/// The calls that change a disk, and those that answer a client.
const CALLS: &str = "openat,write,writev,pwrite64,pwritev,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,ftruncate,fallocate,mkdir,mkdirat,utimensat";

/// Servers that are tried at the same time.
const WORKERS: usize = 3;

/// Which threads are meant. Strace counts each thread's calls on their own; the catalogue's writer is one
/// thread, and an operation does everything else one step after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Threads {
    Catalogue,
    /// Those that there are at the moment, without the processes that they start.
    Present,
    All,
}

/// One system call of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    pub threads: Threads,
    pub call: String,
    /// Counted from 1.
    pub nth: usize,
}

/// An operation, its effect and its system calls.
pub struct Measured {
    pub operation: &'static Operation,
    pub before: Contents,
    pub after: Contents,
    pub points: Vec<Point>,
}

/// All operations, each carried out once without any fault.
pub fn measured() -> &'static [Measured] {
    static MEASURED: OnceLock<Vec<Measured>> = OnceLock::new();
    MEASURED.get_or_init(|| in_parallel(&OPERATIONS.each_ref(), |operation| measure(operation)))
}

fn measure(operation: &'static Operation) -> Measured {
    let mut server = copy();
    server.spawn();
    let named = operation.prepare(&server);
    let before = contents_now(&mut server);
    server.spawn();
    assert_reads(&server);
    let tracer = Tracer::attach(&server, Threads::All, &[]);
    let catalogue = thread_named(&server, "catalog-writer");
    let outcome = operation.run(&server, &named);
    assert!(matches!(outcome, Outcome::Done), "{}: {outcome:?}", operation.name);
    let points = points_of(&tracer.detach(), &catalogue);
    server.stop();
    let after = inspect(&server.data(), &server.key_file());
    assert_ne!(before, after, "{} changes nothing", operation.name);
    assert!(points.len() > 3, "{} calls nothing", operation.name);
    Measured { operation, before, after, points }
}

/// The present contents, seen in a copy. The server ends.
fn contents_now(server: &mut TestServer) -> Contents {
    server.stop();
    let place = server.scratch("before");
    crate::faults::office::copy_tree(&server.data(), &place.join("data"));
    inspect(&place.join("data"), &template().key_file())
}

/// The calls in a log of strace, per thread and call as many as there were.
pub fn points_of(log: &str, catalogue: &str) -> Vec<Point> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for line in log.lines() {
        let (thread, rest) = line.split_once(' ').unwrap();
        let Some((call, _)) = rest.trim_start().split_once('(') else { continue };
        if !call.is_empty() && call.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            *counts.entry((thread, call)).or_default() += 1;
        }
    }
    // Of several threads that make the same call, the one that makes most of them counts.
    let mut most: BTreeMap<(Threads, &str), usize> = BTreeMap::new();
    for ((thread, call), count) in counts {
        let threads = if thread == catalogue { Threads::Catalogue } else { Threads::All };
        let entry = most.entry((threads, call)).or_default();
        *entry = count.max(*entry);
    }
    let all = most.into_iter().flat_map(|((threads, call), count)| {
        (1..=count).map(move |nth| Point { threads, call: call.to_owned(), nth })
    });
    all.collect()
}

/// Strace at a running server, until dropped or detached.
pub struct Tracer {
    strace: Option<Child>,
    log: PathBuf,
}

impl Tracer {
    /// Traces [`CALLS`] from now on, with `options` such as `-e inject=…`.
    pub fn attach(server: &TestServer, threads: Threads, options: &[&str]) -> Self {
        let place = server.scratch("strace");
        let (log, said) = (place.join("log"), place.join("said"));
        let mut strace = Command::new(require("strace", "strace"));
        strace.arg("-y").arg("-o").arg(&log).arg("-e").arg(format!("trace={CALLS}")).args(options);
        let named = match threads {
            Threads::All => {
                strace.arg("-f");
                vec![server.pid().to_string()]
            }
            Threads::Present => threads_of(server),
            Threads::Catalogue => vec![thread_named(server, "catalog-writer")],
        };
        strace.args(named.iter().flat_map(|thread| ["-p", thread]));
        strace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&said).unwrap());
        let strace = strace.spawn().unwrap();
        let tracer = Self { strace: Some(strace), log };
        eventually("strace is attached", Duration::from_secs(20), || {
            let said = fs::read_to_string(&said).unwrap();
            assert!(!said.contains("Operation not permitted"), "strace may not trace here: {said}");
            // A thread may have ended meanwhile.
            said.matches(" attached").count() + said.matches("No such process").count() >= named.len()
        });
        tracer
    }

    /// Lets the server go on alone and returns the trace.
    pub fn detach(mut self) -> String {
        let mut strace = self.strace.take().unwrap();
        // Fails only if strace ended by itself, because the server did.
        let _ = kill_process(Pid::from_child(&strace), Signal::INT);
        strace.wait().unwrap();
        String::from_utf8_lossy(&fs::read(&self.log).unwrap()).into_owned()
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        if let Some(mut strace) = self.strace.take() {
            let _ = strace.kill();
            let _ = strace.wait();
        }
    }
}

/// The ids of the server's threads.
fn threads_of(server: &TestServer) -> Vec<String> {
    let threads = fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap();
    threads.map(|thread| thread.unwrap().file_name().into_string().unwrap()).collect()
}

/// The id of the server's thread of this name.
pub fn thread_named(server: &TestServer, name: &str) -> String {
    let place = |thread: &str| format!("/proc/{}/task/{thread}/comm", server.pid());
    let has_name = |thread: &String| fs::read_to_string(place(thread)).is_ok_and(|comm| comm.trim() == name);
    threads_of(server).into_iter().find(has_name).unwrap_or_else(|| panic!("no thread {name}"))
}

/// Calls `work` for each item, a few at a time: a server's start is mostly waiting. Panics if one does.
pub fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = work(item);
                    results.lock().unwrap().push(result);
                }
            });
        }
    });
    results.into_inner().unwrap()
}

/// Those of all `items` that this run tries, evenly spread: about `few`, or what `TRESOR_TEST_FAULTS` says,
/// which may be `all`, a number, or a part such as `3/20`, the third of twenty that make up all.
pub fn chosen<T>(items: Vec<T>, few: usize) -> Vec<T> {
    let asked = std::env::var("TRESOR_TEST_FAULTS").unwrap_or_else(|_| few.to_string());
    let number = |text: &str| -> usize {
        text.parse().expect("TRESOR_TEST_FAULTS is `all`, a number or a part such as 3/20")
    };
    let (first, step) = match asked.split_once('/') {
        Some((part, parts)) => (number(part) - 1, number(parts)),
        None if asked == "all" => (0, 1),
        None => (0, (items.len() / number(&asked).max(1)).max(1)),
    };
    let all = items.len();
    let chosen: Vec<T> = items.into_iter().skip(first).step_by(step).collect();
    eprintln!("{} of {all} faults", chosen.len());
    chosen
}
