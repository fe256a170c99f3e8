//! A sandbox that systemd makes: each job is a unit of its own (`systemd/tresor-convert@.service`), started by a connection
//! to a socket. The hardened unit of the server may make no namespaces, and this way needs none.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::error::ConvertError;
use super::job::{Bounds, Ended};
use super::memory;
use super::wire::{Answer, AskedBounds, READY, Request, line, next_line, value};
use crate::model::ByteSize;

/// Longest time beside that of the job itself: for systemd to start the unit, and for input and output to pass.
const MAX_BESIDE: Duration = Duration::from_secs(30);

/// Exit code of a job whose unit ended before it answered: it was killed at a limit.
const KILLED: i32 = 128 + 9;

/// Runs jobs behind a socket.
#[derive(Debug)]
pub(super) struct Unit {
    socket: PathBuf,
}

impl Unit {
    pub(super) fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    /// Runs `script` with `args` as `$1` and so on.
    pub(super) fn run(
        &self,
        bounds: &Bounds,
        script: &str,
        args: &[&str],
        input: &File,
    ) -> Result<Ended, ConvertError> {
        let refused = |reason: String| ConvertError::SandboxRefused { reason };
        let stream = UnixStream::connect(&self.socket)
            .map_err(|error| refused(format!("the socket of its unit cannot be used: {error}")))?;
        let stream = Timed { stream, until: Instant::now() + bounds.wall + MAX_BESIDE };
        let request = Request {
            script: script.to_owned(),
            arguments: args.iter().map(ToString::to_string).collect(),
            input: input.metadata()?.len(),
            bounds: AskedBounds::of(bounds),
        };
        // A unit that ends early has said why, or says it by ending.
        let _ = ask(&stream, &request, input);
        let mut answers = BufReader::new(&stream);
        match next_line(&mut answers) {
            Ok(begun) if begun == READY => {}
            Ok(line) => {
                return Err(refused(match value(&line) {
                    Ok(Answer::Refused { reason }) => reason.chars().take(200).collect(),
                    _ => "its unit ended at once; the journal says why".to_owned(),
                }));
            }
            Err(error) => return Err(refused(format!("its unit does not answer: {error}"))),
        }
        let mut output = memory::empty()?;
        match received(&mut answers, bounds, &mut output) {
            Ok(Answer::Ended { exit, .. }) => Ok(Ended { exit, output: memory::sealed(output)? }),
            Ok(Answer::TimedOut) => Err(ConvertError::TimedOut),
            Ok(Answer::TooLarge) => Err(ConvertError::PdfTooLarge { limit: ByteSize(bounds.output) }),
            Err(error) if error.kind() == ErrorKind::TimedOut => Err(ConvertError::TimedOut),
            // From now on, any answer may be the document's.
            Ok(Answer::Refused { .. } | Answer::Lost) | Err(_) => Err(ConvertError::Crashed { exit: KILLED }),
        }
    }
}

fn ask(mut stream: &Timed, request: &Request, input: &File) -> io::Result<()> {
    stream.write_all(&line(request)?)?;
    io::copy(&mut memory::read_only(input)?, &mut stream)?;
    Ok(())
}

/// The answer; its output is added to `output`.
fn received(answers: &mut BufReader<&Timed>, bounds: &Bounds, output: &mut File) -> io::Result<Answer> {
    let answer = value(&next_line(answers)?)?;
    if let Answer::Ended { output: length, .. } = answer {
        if length > bounds.output {
            return Ok(Answer::TooLarge);
        }
        if io::copy(&mut answers.take(length), output)? < length {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(answer)
}

/// A connection that ends at a time, however slowly the other side reads and writes.
struct Timed {
    stream: UnixStream,
    until: Instant,
}

impl Timed {
    fn left(&self) -> io::Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

/// The kernel says `EAGAIN` when the time is over.
fn timed(error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::WouldBlock { ErrorKind::TimedOut.into() } else { error }
}

impl Read for &Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        (&self.stream).read(buffer).map_err(timed)
    }
}

impl Write for &Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        (&self.stream).write(bytes).map_err(timed)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
