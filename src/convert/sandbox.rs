//! Runs one job, a shell script over one input, where it can reach nothing else, and ends it as a whole.
//!
//! A job reads its input from a sealed file in memory and answers through a pipe. It sees programs, libraries and
//! fonts, a `/tmp` of its own in memory, and no network, no `/proc`, no other process, no environment, nothing else of
//! `/etc` and nothing of the data directory. bubblewrap makes this of Linux namespaces; it ends with this process,
//! and every process of the job with it, for the job is a process namespace.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use rustix::process::{Resource, geteuid, getrlimit};

use super::error::ConvertError;
use super::memory;
use crate::model::ByteSize;

/// What one job may use.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Time until the job is killed.
    pub wall: Duration,
    /// Time that each process may compute.
    pub cpu: Duration,
    /// Bytes of address space of each process.
    pub memory: u64,
    /// Bytes in its `/tmp`.
    pub disk: u64,
    /// Bytes that it may answer.
    pub output: u64,
    /// Processes and threads.
    pub processes: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            wall: MAX_JOB,
            cpu: MAX_CPU,
            memory: MAX_MEMORY,
            disk: MAX_DISK,
            output: MAX_PDF,
            processes: MAX_PROCESSES,
        }
    }
}

/// Longest time of a job until it is killed. Some documents of 2 MB take more than a minute, and others never end.
const MAX_JOB: Duration = Duration::from_mins(3);

/// Longest time that each process of a job may compute.
const MAX_CPU: Duration = Duration::from_mins(2);

/// Most bytes of address space of each process of a job. LibreOffice needs about 1 GiB for a small document.
const MAX_MEMORY: u64 = 4 << 30;

/// Most bytes in the `/tmp` of a job, which is memory: the document, LibreOffice's profile, the PDF.
const MAX_DISK: u64 = 512 << 20;

/// Most bytes of a PDF.
pub(super) const MAX_PDF: u64 = 128 << 20;

/// Most processes and threads of a job. LibreOffice uses about ten.
const MAX_PROCESSES: u64 = 128;

/// Most bytes of a job's messages that are kept; the others are dropped.
const MAX_MESSAGES: u64 = 64 << 10;

/// Longest wait for the processes of a killed job to disappear.
const MAX_DYING: Duration = Duration::from_secs(10);

/// The user who runs jobs if the server itself is root: nobody.
const NOBODY: u32 = 65_534;

/// Folders of the machine that a job may read. All but the first two may be missing.
const READABLE: [&str; 11] = [
    "/usr/bin",
    "/usr/lib",
    "/usr/lib64",
    "/usr/share",
    "/usr/local/share/fonts",
    "/bin",
    "/lib",
    "/lib64",
    "/etc/fonts",
    "/etc/libreoffice",
    "/var/cache/fontconfig",
];

/// What each script writes first, so that its failure is not taken for the sandbox's.
const READY: &str = "ready";

/// Exit code of a job that computed longer than it may: SIGXCPU.
pub(super) const CPU_SPENT: i32 = 128 + 24;

/// Makes sandboxes.
#[derive(Debug)]
pub(super) struct Sandbox {
    bubblewrap: PathBuf,
    /// A further folder to read, for programs that lie outside of [`READABLE`].
    also: Option<PathBuf>,
    bounds: Bounds,
}

/// A job that came to its own end.
#[derive(Debug)]
pub(super) struct Ended {
    /// Exit code; 128 and more is a signal.
    pub(super) exit: i32,
    /// What it wrote, sealed.
    pub(super) output: File,
}

impl Sandbox {
    pub(super) fn new(bubblewrap: PathBuf, also: Option<PathBuf>, bounds: Bounds) -> Self {
        Self { bubblewrap, also, bounds }
    }

    /// Runs `script` with `args` as `$1` and so on, `input` as its standard input and its `/tmp` as its folder.
    pub(super) fn run(&self, script: &str, args: &[&str], input: &File) -> Result<Ended, ConvertError> {
        let mut command = self.command();
        command.args(["sh", "-c", &format!("echo {READY} >&2\n{script}"), "sh"]).args(args);
        let mut job = Job(command.stdin(Stdio::from(memory::read_only(input)?)).spawn()?);
        let (mut output, mut messages) = (memory::empty()?, Vec::new());
        let mut streams = Vec::new();
        let pipes = (job.0.stdout.take().map(OwnedFd::from), job.0.stderr.take().map(OwnedFd::from));
        streams
            .extend(pipes.0.map(|pipe| Stream::new(pipe, &mut output, self.bounds.output, Excess::Refused)));
        streams.extend(pipes.1.map(|pipe| Stream::new(pipe, &mut messages, MAX_MESSAGES, Excess::Dropped)));
        if let Err(error) = drain(&mut streams, self.bounds.wall) {
            job.0.kill()?;
            // The ends of the pipes say that nothing of the job is left.
            for stream in &mut streams {
                stream.excess = Excess::Dropped;
            }
            let _ = drain(&mut streams, MAX_DYING);
            return Err(error);
        }
        drop(streams);
        // bubblewrap passes on the code of the script and makes 128 and more of a signal.
        let exit = job.0.wait()?.code().unwrap_or(-1);
        let messages = String::from_utf8_lossy(&messages);
        if exit != 0 && !messages.contains(READY) {
            let reason = messages.lines().next().unwrap_or("it says nothing").chars().take(200).collect();
            return Err(ConvertError::SandboxRefused { reason });
        }
        Ok(Ended { exit, output: memory::sealed(output)? })
    }

    /// bubblewrap with all that precedes the program to run.
    fn command(&self) -> Command {
        let bounds = &self.bounds;
        // Where memory becomes scarce, the kernel ends a job and not the server.
        let mut command = Command::new("choom");
        command.args(["-n", "1000", "--"]).arg(&self.bubblewrap).env_clear().env("PATH", "/usr/bin:/bin");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        if geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.args(["--unshare-all", "--unshare-user", "--disable-userns", "--hostname", "converter"]);
        command.args(["--die-with-parent", "--new-session", "--clearenv", "--dev", "/dev"]);
        command.args(["--size", &bounds.disk.to_string(), "--tmpfs", "/tmp", "--chdir", "/tmp"]);
        for folder in READABLE.map(Path::new).into_iter().chain(self.also.as_deref()) {
            command.arg("--ro-bind-try").args([folder, folder]);
        }
        command.args(["--remount-ro", "/", "--remount-ro", "/dev"]);
        let environment =
            [("PATH", "/usr/bin:/bin"), ("HOME", "/tmp"), ("LC_ALL", "C.UTF-8"), ("TZ", "Europe/Berlin")];
        for (name, value) in environment {
            command.args(["--setenv", name, value]);
        }
        command.arg("prlimit").args([
            limit("core", Resource::Core, 0),
            limit("as", Resource::As, bounds.memory),
            limit("fsize", Resource::Fsize, bounds.disk),
            limit("nproc", Resource::Nproc, bounds.processes),
        ]);
        // The soft limit names itself by its signal, the hard one kills.
        command.arg(format!("--cpu={}:{}", bounds.cpu.as_secs(), bounds.cpu.as_secs() + 1));
        // Requests come first.
        command.args(["nice", "-n", "5"]);
        command
    }
}

/// An option of `prlimit`; a limit that the server itself is under cannot be raised.
fn limit(name: &str, resource: Resource, wanted: u64) -> String {
    let most = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    format!("--{name}={}", wanted.min(most))
}

/// A running job; dropped, it is killed.
struct Job(Child);

impl Drop for Job {
    fn drop(&mut self) {
        // Both fail only if it is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One of the two pipes that a job writes to.
struct Stream<'a> {
    pipe: File,
    kept: &'a mut dyn Write,
    /// Bytes that may still be kept.
    room: u64,
    excess: Excess,
}

/// What happens to bytes beyond the room.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Excess {
    Refused,
    Dropped,
}

impl<'a> Stream<'a> {
    fn new(pipe: OwnedFd, kept: &'a mut dyn Write, room: u64, excess: Excess) -> Self {
        Self { pipe: pipe.into(), kept, room, excess }
    }

    /// Takes what has arrived; false at the end.
    fn advance(&mut self) -> Result<bool, ConvertError> {
        let mut piece = vec![0; PIECE];
        let length = self.pipe.read(&mut piece)?;
        match self.room.checked_sub(length as u64) {
            Some(left) => {
                self.room = left;
                self.kept.write_all(piece.get(..length).unwrap_or_default())?;
            }
            None if self.excess == Excess::Dropped => self.room = 0,
            None => return Err(ConvertError::PdfTooLarge { limit: ByteSize(MAX_PDF) }),
        }
        Ok(length > 0)
    }
}

/// Bytes read from a pipe at once.
const PIECE: usize = 64 << 10;

/// Reads the pipes to their ends, which come when every process of the job is gone.
fn drain(streams: &mut Vec<Stream<'_>>, longest: Duration) -> Result<(), ConvertError> {
    let until = Instant::now() + longest;
    while !streams.is_empty() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ConvertError::TimedOut);
        }
        let mut polled: Vec<_> =
            streams.iter().map(|stream| PollFd::new(&stream.pipe, PollFlags::IN)).collect();
        let timeout = Timespec::try_from(left).expect("three minutes fit");
        retry_on_intr(|| poll(&mut polled, Some(&timeout)))?;
        let is_ready: Vec<bool> = polled.iter().map(|pipe| !pipe.revents().is_empty()).collect();
        for at in (0..streams.len()).rev() {
            let stream = streams.get_mut(at).filter(|_| is_ready.get(at) == Some(&true));
            if let Some(stream) = stream
                && !stream.advance()?
            {
                streams.remove(at);
            }
        }
    }
    Ok(())
}
