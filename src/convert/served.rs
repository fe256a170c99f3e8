//! The process that systemd starts for one job: it reads the request from its standard input, a connection, carries it out,
//! answers and ends. Its unit is the sandbox, and ends every process of the job with it.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use rustix::fs::{FsWord, statfs};
use rustix::process::{DumpableBehavior, geteuid, set_dumpable_behavior};
use rustix::thread::no_new_privs;

use super::error::ConvertError;
use super::job::{Bounds, Job, MAX_INPUT, environment, limits};
use super::memory;
use super::wire::{Answer, READY, Request, line, next_line, value};

/// The first argument of the process.
const ARGUMENT: &str = "convert-standard-input";

/// Kind of a file system in memory: `TMPFS_MAGIC` of linux/magic.h.
const TMPFS: FsWord = 0x0102_1994;

/// Carries out the job if systemd started this process for that, and returns its exit code. It must come first in `main`.
pub fn serve_if_asked() -> Option<ExitCode> {
    if std::env::args_os().nth(1)? != ARGUMENT {
        return None;
    }
    let served = serve();
    if let Err(error) = &served {
        // The job's own words, which may be a document's, are not among these.
        let _ = writeln!(io::stderr(), "the job was not carried out: {error}");
    }
    Some(served.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS))
}

fn serve() -> io::Result<()> {
    // The job runs as the same user and must not look into this process.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    let mut stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let (answer, output) = match Asked::receive(&stream) {
        Ok(asked) => {
            stream.write_all(READY.as_bytes())?;
            asked.carry_out()
        }
        Err(error) => (Answer::Refused { reason: error.to_string() }, None),
    };
    stream.write_all(&line(&answer)?)?;
    if let Some(mut output) = output {
        io::copy(&mut output, &mut stream)?;
    }
    Ok(())
}

/// A job that can be carried out.
struct Asked {
    request: Request,
    bounds: Bounds,
    /// Where it works.
    folder: String,
    input: File,
}

impl Asked {
    /// Reads the request, and makes sure that this is a sandbox.
    fn receive(stream: &UnixStream) -> io::Result<Self> {
        let folder = sandbox_folder()?;
        let mut source = BufReader::new(stream);
        let request: Request = value(&next_line(&mut source)?)?;
        if request.input > MAX_INPUT {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut input = memory::empty()?;
        if io::copy(&mut source.take(request.input), &mut input)? < request.input {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let bounds = request.bounds.within(&Bounds::default());
        let asked = Self { request, bounds, folder, input: memory::sealed(input)? };
        let tried = asked.command("exit 0").stdin(Stdio::null()).output()?;
        if tried.status.success() { Ok(asked) } else { Err(io::Error::other("its unit has no programs")) }
    }

    fn carry_out(&self) -> (Answer, Option<File>) {
        let mut command = self.command(&self.request.script);
        command.args(&self.request.arguments);
        // Processes that it leaves behind end with the unit.
        match Job::begin(&mut command, &self.input).and_then(|job| job.follow(&self.bounds, Duration::ZERO)) {
            Ok((ended, _)) => {
                let length = ended.output.metadata().map_or(0, |output| output.len());
                (Answer::Ended { exit: ended.exit, output: length }, Some(ended.output))
            }
            Err(ConvertError::TimedOut) => (Answer::TimedOut, None),
            Err(ConvertError::PdfTooLarge { .. }) => (Answer::TooLarge, None),
            Err(_) => (Answer::Lost, None),
        }
    }

    /// The shell, within the limits, with a script.
    fn command(&self, script: &str) -> Command {
        let mut programs = limits(&self.bounds).into_iter();
        let mut command = Command::new(programs.next().unwrap_or_default());
        command.args(programs).args(["sh", "-c", script, "sh"]);
        command.env_clear().envs(environment(&self.folder));
        command
    }
}

/// The folder of the job, if this process is as confined as its unit promises: a document must not meet less.
fn sandbox_folder() -> io::Result<String> {
    if geteuid().is_root() || !no_new_privs()? {
        return Err(io::Error::other(
            "its unit has too many rights; it is not that of systemd/tresor-convert@.service",
        ));
    }
    let folder = std::env::current_dir()?;
    if statfs(&folder)?.f_type != TMPFS {
        return Err(io::Error::other("the folder of its unit is not in memory"));
    }
    folder.into_os_string().into_string().map_err(|_| io::ErrorKind::InvalidFilename.into())
}
