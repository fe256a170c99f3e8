//! One job: a shell script over one input, its bounds, and how it is followed to its end.
//!
//! A job reads its input from a sealed file in memory and answers through a pipe. Where it runs is up to `bubblewrap.rs`
//! or a unit of systemd (`unit.rs`, `served.rs`).

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use rustix::process::{Resource, getrlimit};

use super::error::ConvertError;
use super::memory;
use crate::model::ByteSize;

/// The bounds of one job.
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
pub(super) const MAX_JOB: Duration = Duration::from_mins(3);

/// Longest time that each process of a job may compute.
const MAX_CPU: Duration = Duration::from_mins(2);

/// Most bytes of address space of each process of a job. LibreOffice needs about 1 GiB for a small document.
const MAX_MEMORY: u64 = 4 << 30;

/// Most bytes in the folder of a job, which is memory: the document, LibreOffice's profile, the PDF.
const MAX_DISK: u64 = 512 << 20;

/// Most bytes of a PDF.
pub(super) const MAX_PDF: u64 = 128 << 20;

/// Most processes and threads of a job. LibreOffice uses about ten.
const MAX_PROCESSES: u64 = 128;

/// Most bytes of a job's messages that are kept; the others are dropped.
const MAX_MESSAGES: u64 = 64 << 10;

/// Most bytes of the input of a job: a document, and a password.
pub(super) const MAX_INPUT: u64 = 129 << 20;

/// Exit code of a job that computed longer than it may: SIGXCPU.
pub(super) const CPU_SPENT: i32 = 128 + 24;

/// A job that came to its own end.
#[derive(Debug)]
pub(super) struct Ended {
    /// Exit code; 128 and more is a signal.
    pub(super) exit: i32,
    /// Its output, sealed.
    pub(super) output: File,
}

/// The program that limits each process of a job, with its options.
pub(super) fn limits(bounds: &Bounds) -> Vec<String> {
    let mut limits: Vec<String> = vec!["prlimit".to_owned()];
    limits.extend([
        limit("core", Resource::Core, 0),
        limit("as", Resource::As, bounds.memory),
        limit("fsize", Resource::Fsize, bounds.disk),
        limit("nproc", Resource::Nproc, bounds.processes),
    ]);
    // The soft limit names itself by its signal, the hard one kills.
    limits.push(format!("--cpu={}:{}", bounds.cpu.as_secs(), bounds.cpu.as_secs() + 1));
    limits
}

/// The environment of a job whose folder is `folder`. LibreOffice has a pipe of its own, in `/tmp` if nothing else is said.
pub(super) fn environment(folder: &str) -> [(&str, &str); 6] {
    [
        ("PATH", "/usr/bin:/bin"),
        ("HOME", folder),
        ("TMPDIR", folder),
        ("OSL_SOCKET_PATH", folder),
        ("LC_ALL", "C.UTF-8"),
        ("TZ", "Europe/Berlin"),
    ]
}

/// An option of `prlimit`; a limit that the server itself is under cannot be raised.
fn limit(name: &str, resource: Resource, wanted: u64) -> String {
    let most = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    format!("--{name}={}", wanted.min(most))
}

/// A running job; dropped, it is killed.
pub(super) struct Job(Child);

impl Job {
    /// Starts `command` with the bytes of `input` as its standard input.
    pub(super) fn begin(command: &mut Command, input: &File) -> Result<Self, ConvertError> {
        command.stdin(Stdio::from(memory::read_only(input)?)).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(Self(command.spawn()?))
    }

    /// Waits for its end, and `dying` for the processes of one that was killed. Returns also the beginning of its
    /// standard error.
    pub(super) fn follow(
        mut self,
        bounds: &Bounds,
        dying: Duration,
    ) -> Result<(Ended, String), ConvertError> {
        let (mut output, mut messages) = (memory::empty()?, Vec::new());
        let mut streams = Vec::new();
        let pipes = (self.0.stdout.take().map(OwnedFd::from), self.0.stderr.take().map(OwnedFd::from));
        streams.extend(pipes.0.map(|pipe| Stream::new(pipe, &mut output, bounds.output, Excess::Refused)));
        streams.extend(pipes.1.map(|pipe| Stream::new(pipe, &mut messages, MAX_MESSAGES, Excess::Dropped)));
        if let Err(error) = drain(&mut streams, bounds.wall) {
            self.0.kill()?;
            // The ends of the pipes say that nothing of the job is left.
            for stream in &mut streams {
                stream.excess = Excess::Dropped;
            }
            let _ = drain(&mut streams, dying);
            return Err(error);
        }
        drop(streams);
        let ended = Ended { exit: exit_code(self.0.wait()?), output: memory::sealed(output)? };
        Ok((ended, String::from_utf8_lossy(&messages).into_owned()))
    }
}

/// The code as a shell has it: 128 and more is a signal.
fn exit_code(status: ExitStatus) -> i32 {
    status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}

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

/// The treatment of bytes beyond the room.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Excess {
    Refused,
    Dropped,
}

impl<'a> Stream<'a> {
    fn new(pipe: OwnedFd, kept: &'a mut dyn Write, room: u64, excess: Excess) -> Self {
        Self { pipe: pipe.into(), kept, room, excess }
    }

    /// Takes the bytes that have arrived; false at the end.
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
