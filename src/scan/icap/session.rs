//! One connection to an ICAP server, for one request.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;

use super::IcapAddress;
use super::answer::{Head, MOST_HEAD};
use crate::scan::{Sample, ScanError};

/// Time for the connection to the server.
const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// Bytes of a content that are sent in one chunk.
const PIECE: usize = 64 << 10;
/// Most bytes that a server may answer in the place of a content, beyond its length: a page that says why.
const MOST_MORE: u64 = 1 << 20;
/// Longest line with the length of a chunk, in bytes.
const LONGEST_LENGTH: usize = 1 << 10;

/// A connection. Each wait ends at its deadline at the latest.
pub(super) struct Session {
    socket: TcpStream,
    deadline: Instant,
    /// Received bytes that were not read yet.
    unread: Vec<u8>,
}

/// Whether all of a content was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    All,
    /// The server answered, or hung up, before.
    Part,
}

impl Session {
    /// Connects to the first address of the server that answers.
    pub(super) fn open(address: &IcapAddress, deadline: Instant) -> Result<Self, ScanError> {
        let connect = || {
            let mut failed = io::Error::from(ErrorKind::NotFound);
            for address in address.authority().to_socket_addrs()? {
                match TcpStream::connect_timeout(&address, CONNECT_WAIT.min(left(deadline)?)) {
                    Ok(socket) => {
                        socket.set_nodelay(true)?;
                        return Ok(socket);
                    }
                    Err(error) => failed = error,
                }
            }
            Err(failed)
        };
        let address = address.to_string();
        let socket = connect().map_err(|source| ScanError::Unreachable { address, source })?;
        Ok(Self { socket, deadline, unread: Vec::new() })
    }

    /// Sends a text.
    pub(super) fn send(&mut self, text: &str) -> Result<(), ScanError> {
        self.write(text.as_bytes()).map_err(broken)
    }

    /// Sends a content in chunks, until the server answers.
    pub(super) fn send_content(&mut self, sample: &Sample) -> Result<Sent, ScanError> {
        let mut piece = vec![0; PIECE];
        let mut offset = 0;
        loop {
            let len = sample.read_at(&mut piece, offset).map_err(ScanError::NoMemory)?;
            if len > 0 && self.is_answering().map_err(broken)? {
                return Ok(Sent::Part);
            }
            let content = piece.get(..len).unwrap_or_default();
            // The last chunk is the empty one.
            let chunk = [format!("{len:x}\r\n").as_bytes(), content, b"\r\n"].concat();
            match self.write(&chunk) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::TimedOut => return Err(ScanError::TimedOut),
                // It may have said why.
                Err(_) => return Ok(Sent::Part),
            }
            if len == 0 {
                return Ok(Sent::All);
            }
            offset += len as u64;
        }
    }

    /// The head of the answer.
    pub(super) fn head(&mut self) -> Result<Head, ScanError> {
        let bytes = self.until(b"\r\n\r\n", MOST_HEAD)?;
        Head::parse(&bytes)
    }

    /// Reads the answer to its end, and says whether it is the content, byte by byte, that was sent.
    pub(super) fn is_content(&mut self, head: &Head, sample: &Sample) -> Result<bool, ScanError> {
        let (skipped, has_body) = head.body()?;
        for _ in 0..skipped {
            self.byte()?;
        }
        if !has_body {
            return Ok(sample.is_empty());
        }
        let (mut read, mut is_same) = (0, true);
        let mut expected = vec![0; PIECE];
        loop {
            let len = self.chunk_length()?;
            if len == 0 {
                // Trailers are not asked for.
                self.until(b"\r\n", LONGEST_LENGTH)?;
                return Ok(is_same && read == sample.len());
            }
            if read.saturating_add(len) > sample.len() + MOST_MORE {
                return Err(ScanError::NotUnderstood("an answer without end".to_owned()));
            }
            let mut left = len;
            while left > 0 {
                let most = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
                let piece = self.some(most)?;
                let expected = expected.get_mut(..piece.len()).expect("no more is read than asked for");
                let known = sample.read_at(expected, read).map_err(ScanError::NoMemory)?;
                is_same &= expected.get(..known) == Some(&piece);
                read += piece.len() as u64;
                left -= piece.len() as u64;
            }
            if self.until(b"\r\n", LONGEST_LENGTH)? != b"" {
                return Err(ScanError::NotUnderstood("a chunk that does not end".to_owned()));
            }
        }
    }

    /// The length in front of a chunk; text after a semicolon does not matter.
    fn chunk_length(&mut self) -> Result<u64, ScanError> {
        let line = self.until(b"\r\n", LONGEST_LENGTH)?;
        let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        let is_number = (1..=15).contains(&digits.len()) && digits.iter().all(u8::is_ascii_hexdigit);
        let text = String::from_utf8_lossy(digits);
        let length = u64::from_str_radix(&text, 16).ok().filter(|_| is_number);
        length.ok_or_else(|| ScanError::NotUnderstood("the length of a chunk".to_owned()))
    }

    /// Everything up to a mark, without it.
    fn until(&mut self, mark: &[u8], most: usize) -> Result<Vec<u8>, ScanError> {
        let mut searched = 0;
        loop {
            let rest = self.unread.get(searched..).unwrap_or_default();
            if let Some(at) = rest.windows(mark.len()).position(|window| window == mark) {
                let mut taken: Vec<u8> = self.unread.drain(..searched + at + mark.len()).collect();
                taken.truncate(searched + at);
                return Ok(taken);
            }
            if self.unread.len() > most {
                return Err(ScanError::NotUnderstood("a head without end".to_owned()));
            }
            searched = self.unread.len().saturating_sub(mark.len() - 1);
            self.receive()?;
        }
    }

    fn byte(&mut self) -> Result<u8, ScanError> {
        Ok(self.some(1)?.first().copied().unwrap_or_default())
    }

    /// Between one and this many bytes.
    fn some(&mut self, most: usize) -> Result<Vec<u8>, ScanError> {
        if self.unread.is_empty() {
            self.receive()?;
        }
        Ok(self.unread.drain(..most.min(self.unread.len())).collect())
    }

    fn receive(&mut self) -> Result<(), ScanError> {
        let mut buffer = [0; 8 << 10];
        let read = |session: &mut Self, buffer: &mut [u8]| {
            session.socket.set_read_timeout(Some(left(session.deadline)?))?;
            session.socket.read(buffer)
        };
        let len = read(self, &mut buffer).map_err(broken)?;
        if len == 0 {
            return Err(ScanError::BrokenOff(ErrorKind::UnexpectedEof.into()));
        }
        self.unread.extend(buffer.iter().take(len));
        Ok(())
    }

    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.socket.set_write_timeout(Some(left(self.deadline)?))?;
            match self.socket.write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(len) => bytes = bytes.get(len..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(ErrorKind::TimedOut.into()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Whether there is something to read, or the server hung up.
    fn is_answering(&self) -> io::Result<bool> {
        let mut polled = [PollFd::new(&self.socket, PollFlags::IN)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        Ok(retry_on_intr(|| poll(&mut polled, Some(&now)))? > 0)
    }
}

/// Time until the deadline.
fn left(deadline: Instant) -> io::Result<Duration> {
    match deadline.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(ErrorKind::TimedOut.into()),
        left => Ok(left),
    }
}

fn broken(error: io::Error) -> ScanError {
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => ScanError::TimedOut,
        _ => ScanError::BrokenOff(error),
    }
}
