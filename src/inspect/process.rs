//! A child, seen from the server: started for one task, read until its time is over, ended.

use std::io::{self, ErrorKind, PipeReader, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::child::Task;

/// A child at work. It is gone, with the last of its memory, when this is dropped. Reading gives what it writes; an error of
/// the kind `TimedOut` says that its time is over.
pub(super) struct Process {
    child: Child,
    pipe: ChildStdout,
    until: Instant,
}

impl Process {
    /// Starts this program for a task with a content. It gets this much time. Further data it reads from its standard
    /// error: that appears in no list of processes, and costs no copy of the content.
    pub(super) fn start(
        program: &Path,
        task: Task,
        content: BorrowedFd<'_>,
        secret: Option<PipeReader>,
        longest: Duration,
    ) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.arg(task.argument()).env_clear().current_dir(Path::new("/"));
        command
            .stdin(Stdio::from(content.try_clone_to_owned()?))
            .stdout(Stdio::piped())
            .stderr(secret.map_or_else(Stdio::null, Stdio::from));
        let mut child = command.spawn()?;
        let until = Instant::now() + longest;
        let pipe = child.stdout.take().expect("the pipe was asked for");
        Ok(Self { child, pipe, until })
    }

    /// Gives it more time, because it had to wait for this process.
    pub(super) fn extend(&mut self, time: Duration) {
        self.until += time;
    }

    /// All that it writes, if that is within the bound and it then ends well by itself; `None` if not.
    ///
    /// Errors: those of the system.
    pub(super) fn answer(mut self, most: u64) -> io::Result<Option<Vec<u8>>> {
        let mut text = Vec::new();
        match (&mut self).take(most + 1).read_to_end(&mut text) {
            Ok(length) if length as u64 <= most => Ok(self.ends_well()?.then_some(text)),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == ErrorKind::TimedOut => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether it says nothing more and ends well by itself. Errors: those of the system.
    pub(super) fn ends_well(&mut self) -> io::Result<bool> {
        match self.read(&mut [0]) {
            Ok(0) => {}
            Ok(_) => return Ok(false),
            Err(error) if error.kind() == ErrorKind::TimedOut => return Ok(false),
            Err(error) => return Err(error),
        }
        let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) else { return Ok(false) };
        let process = pidfd_open(pid, PidfdFlags::empty())?;
        Ok(is_ready(process.as_fd(), self.until)? && self.child.wait()?.success())
    }
}

impl Read for Process {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !is_ready(self.pipe.as_fd(), self.until)? {
            return Err(ErrorKind::TimedOut.into());
        }
        self.pipe.read(buffer)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only if it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until there is something to read, or the process is gone; `false` if the time has come.
fn is_ready(descriptor: BorrowedFd<'_>, until: Instant) -> io::Result<bool> {
    let left =
        Timespec::try_from(until.saturating_duration_since(Instant::now())).expect("a time until then fits");
    let mut polled = [PollFd::from_borrowed_fd(descriptor, PollFlags::IN)];
    Ok(retry_on_intr(|| poll(&mut polled, Some(&left)))? > 0)
}
