//! Looks into one content: what kind is it, which labels does it earn, and can all of it be looked at?
//!
//! ```text
//! Inspector    starts the process, waits, reads its answer                    (in the server)
//! child        confine > look > answer                                        (in a process of its own)
//! confine      limits, Landlock, seccomp: memory and one pipe are all it has
//! look         kind of a content, then its format, then each member again
//! format/      one file per format: the labels it earns and the members it has
//! notes        what was found, and what may still be spent
//! ```
//!
//! Foreign bytes are parsed in the child only. It has no name of the content, no environment, no key, no file, no
//! network; whatever happens to it costs this one content one obstacle. **An obstacle means that something is unseen:
//! it never counts as harmless.** A content that takes over the child can lie about itself, and about nothing else: this
//! look adds reasons to hold a content and never replaces a scan.

mod answer;
mod child;
mod confine;
pub(crate) mod format;
mod kind;
pub(crate) mod look;
mod name;
mod notes;

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::model::{ContentKind, Label, Obstacle};

pub use child::run_if_asked;

/// Longest time of a look until it is ended.
const LONGEST_LOOK: Duration = Duration::from_secs(20);

/// Most bytes of an answer; all labels together are shorter.
const MAX_ANSWER: u64 = 4 << 10;

/// What a look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The kind by content and name, the stricter of both.
    pub kind: ContentKind,
    /// Facts about it and its members.
    pub labels: BTreeSet<Label>,
    /// Why not all of it could be looked at.
    pub obstacle: Option<Obstacle>,
    /// Number of members that were looked at, at all depths.
    pub members: u32,
}

/// Why a look could not begin. It says nothing about the content.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// The process cannot be started.
    #[error("cannot start a process that looks into contents")]
    NotStarted(#[source] io::Error),
}

impl InspectError {
    /// The error's name for programs; it keeps its meaning when the sentence changes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotStarted(_) => "inspection-not-started",
        }
    }
}

/// Looks into contents, one per call and process; calls may run beside each other, at 512 MiB each at most.
#[derive(Clone, Debug)]
pub struct Inspector {
    program: PathBuf,
    longest: Duration,
}

impl Inspector {
    /// `program` is this program: its `main` calls [`run_if_asked`] first.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), longest: LONGEST_LOOK }
    }

    /// This program, even after its file was replaced by a newer one.
    pub fn of_this_program() -> Self {
        Self::new("/proc/self/exe")
    }

    /// Ends each look after another time than the usual 20 seconds.
    pub fn within(self, longest: Duration) -> Self {
        Self { longest, ..self }
    }

    /// Looks into a content: a sealed file in memory, whose position does not matter and does not change. Its name can
    /// make the kind stricter only, and stays in this process. Waits for some 20 seconds at most.
    ///
    /// Errors: only those of the system. Whatever happens to the process afterwards is an obstacle.
    pub fn inspect(&self, content: BorrowedFd<'_>, name: &str) -> Result<Inspection, InspectError> {
        let nothing = |kind, obstacle| Inspection { kind, labels: BTreeSet::new(), obstacle, members: 0 };
        let length =
            rustix::fs::fstat(content).map_err(|error| InspectError::NotStarted(error.into()))?.st_size;
        if length == 0 {
            // Programs make an empty file first; it is what its name says.
            return Ok(nothing(name::claimed(name).unwrap_or(ContentKind::Text), None));
        }
        let answer = self.ask(content).map_err(InspectError::NotStarted)?;
        let mut found = answer.unwrap_or_else(|| nothing(ContentKind::Unknown, Some(Obstacle::NotFinished)));
        name::make_stricter(&mut found, name);
        Ok(found)
    }

    /// The child's answer; `None` if it gives none that can be understood. Errors: it cannot be started.
    fn ask(&self, content: BorrowedFd<'_>) -> io::Result<Option<Inspection>> {
        let mut command = Command::new(&self.program);
        command.arg(child::ARGUMENT).env_clear().current_dir(Path::new("/"));
        command
            .stdin(Stdio::from(content.try_clone_to_owned()?))
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = Ended(command.spawn()?);
        let until = Instant::now() + self.longest;
        let Some(pipe) = child.0.stdout.take() else { return Ok(None) };
        let Some(text) = read_answer(pipe, until)? else { return Ok(None) };
        // It has said everything. Now it must end by itself, and well.
        let Some(pid) = i32::try_from(child.0.id()).ok().and_then(Pid::from_raw) else { return Ok(None) };
        let process = pidfd_open(pid, PidfdFlags::empty())?;
        if !is_ready(process.as_fd(), until)? || !child.0.wait()?.success() {
            return Ok(None);
        }
        Ok(answer::read(&text))
    }
}

/// All that a child writes; `None` if it is too much or takes too long.
fn read_answer(mut pipe: ChildStdout, until: Instant) -> io::Result<Option<Vec<u8>>> {
    let mut text = Vec::new();
    loop {
        if !is_ready(pipe.as_fd(), until)? {
            return Ok(None);
        }
        let mut piece = [0; 1 << 10];
        let length = pipe.read(&mut piece)?;
        if length == 0 {
            return Ok(Some(text));
        }
        text.extend_from_slice(piece.get(..length).unwrap_or_default());
        if text.len() as u64 > MAX_ANSWER {
            return Ok(None);
        }
    }
}

/// Waits until there is something to read, or the process is gone; `false` if the time has come.
fn is_ready(descriptor: BorrowedFd<'_>, until: Instant) -> io::Result<bool> {
    let left =
        Timespec::try_from(until.saturating_duration_since(Instant::now())).expect("a time until then fits");
    let mut polled = [PollFd::from_borrowed_fd(descriptor, PollFlags::IN)];
    Ok(retry_on_intr(|| poll(&mut polled, Some(&left)))? > 0)
}

/// A child that is gone, with the last of its memory, when this is dropped.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // Both fail only if it is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
