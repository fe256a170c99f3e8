//! One connection to clamd: numbered commands, and replies that name the number of their command.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketAddrUnix,
    SocketFlags, SocketType,
};

use super::Address;
use crate::scan::{SCAN_WAIT, Sample, ScanError};

/// How long a session waits for clamd.
#[derive(Clone, Copy, Debug)]
pub struct Waits {
    /// For the connection.
    pub connect: Duration,
    /// For clamd to take bytes.
    pub write: Duration,
    /// For an answer that needs no scan.
    pub answer: Duration,
    /// For everything about one content together.
    pub scan: Duration,
}

/// Time for the connection to the scanner.
const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// Time for which the scanner may take no byte.
const WRITE_WAIT: Duration = Duration::from_secs(20);
/// Time for an answer that needs no scan. It waits for a free thread of clamd.
const ANSWER_WAIT: Duration = Duration::from_secs(20);

impl Default for Waits {
    fn default() -> Self {
        Self { connect: CONNECT_WAIT, write: WRITE_WAIT, answer: ANSWER_WAIT, scan: SCAN_WAIT }
    }
}

/// Most bytes of all replies of a session; clamd needs some 100.
const MOST_REPLY_BYTES: usize = 16 << 10;
/// Bytes of a content that are sent to clamd at once.
const PIECE: usize = 256 << 10;

/// A reply and the number of its command.
#[derive(Debug)]
struct Reply {
    to: u32,
    text: String,
}

/// A session. Each wait within it ends at its deadline at the latest.
pub(super) struct Session<'a> {
    socket: OwnedFd,
    passes_descriptors: bool,
    waits: &'a Waits,
    deadline: Instant,
    commands: u32,
    replies: Vec<Reply>,
    /// Received bytes that belong to no reply yet.
    unread: Vec<u8>,
    received: usize,
}

impl<'a> Session<'a> {
    /// Connects and begins.
    pub(super) fn open(address: &Address, waits: &'a Waits, deadline: Instant) -> Result<Self, ScanError> {
        let left = deadline.saturating_duration_since(Instant::now());
        let wait = waits.connect.min(left).max(Duration::from_millis(1));
        let connected = match address {
            Address::Socket(path) => connect_unix(path, wait),
            Address::Tcp(host) => connect_tcp(host, wait),
        };
        let socket =
            connected.map_err(|source| ScanError::Unreachable { address: address.to_string(), source })?;
        let mut session = Self {
            socket,
            passes_descriptors: matches!(address, Address::Socket(_)),
            waits,
            deadline,
            commands: 0,
            replies: Vec::new(),
            unread: Vec::new(),
            received: 0,
        };
        session.write(b"zIDSESSION\0")?;
        Ok(session)
    }

    /// clamd's version and the number of its daily database.
    pub(super) fn version(&mut self) -> Result<String, ScanError> {
        let command = self.command(b"zVERSION\0")?;
        let text = self.reply_to(command, self.waits.answer)?;
        if !text.starts_with("ClamAV ") {
            return Err(ScanError::NotUnderstood(text));
        }
        Ok(text)
    }

    /// Sends a content; returns the number that the verdict will have.
    pub(super) fn send(&mut self, sample: &Sample) -> Result<u32, ScanError> {
        if !self.passes_descriptors {
            let command = self.command(b"zINSTREAM\0")?;
            return match self.stream(sample) {
                // clamd hangs up at its limit, and has said why.
                Err(ScanError::BrokenOff(_)) => Ok(command),
                other => other.map(|()| command),
            };
        }
        let command = self.command(b"zFILDES\0")?;
        let descriptors = [sample.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        ancillary.push(SendAncillaryMessage::ScmRights(&descriptors));
        self.wait_at_most(Timeout::Send, self.waits.write)?;
        // A descriptor travels with at least one byte.
        let sent = rustix::io::retry_on_intr(|| {
            rustix::net::sendmsg(&self.socket, &[IoSlice::new(&[0])], &mut ancillary, SendFlags::NOSIGNAL)
        });
        checked(sent)?;
        Ok(command)
    }

    /// All replies to a command so far, at least one.
    pub(super) fn replies_to(&mut self, command: u32) -> Result<impl Iterator<Item = &str>, ScanError> {
        self.reply_to(command, self.waits.scan)?;
        Ok(self.replies.iter().filter(move |reply| reply.to == command).map(|reply| reply.text.as_str()))
    }

    /// Ends the session and takes in everything that clamd still says.
    pub(super) fn end(&mut self) -> Result<(), ScanError> {
        self.write(b"zEND\0")?;
        while self.receive(self.waits.answer)? > 0 {}
        match self.unread.is_empty() {
            true => Ok(()),
            false => Err(ScanError::BrokenOff(io::ErrorKind::UnexpectedEof.into())),
        }
    }

    /// The content in pieces, each behind its length, and an empty one as the end.
    fn stream(&mut self, sample: &Sample) -> Result<(), ScanError> {
        let mut piece = vec![0; PIECE];
        let mut offset = 0;
        loop {
            let len = sample.read_at(&mut piece, offset).map_err(ScanError::NoMemory)?;
            let prefix = u32::try_from(len).expect("a piece is shorter than 4 GiB").to_be_bytes();
            self.write(&prefix)?;
            if len == 0 {
                return Ok(());
            }
            self.write(piece.get(..len).expect("no more is read than fits"))?;
            offset += len as u64;
        }
    }

    fn command(&mut self, command: &[u8]) -> Result<u32, ScanError> {
        self.write(command)?;
        self.commands += 1;
        Ok(self.commands)
    }

    /// The first reply to a command.
    fn reply_to(&mut self, command: u32, wait: Duration) -> Result<String, ScanError> {
        loop {
            if let Some(reply) = self.replies.iter().find(|reply| reply.to == command) {
                return Ok(reply.text.clone());
            }
            if self.receive(wait)? == 0 {
                return Err(ScanError::BrokenOff(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }

    /// Takes in the next bytes of clamd; returns their number, 0 at the end.
    fn receive(&mut self, wait: Duration) -> Result<usize, ScanError> {
        self.wait_at_most(Timeout::Recv, wait)?;
        let mut buffer = [0; 1024];
        let received =
            rustix::io::retry_on_intr(|| rustix::net::recv(&self.socket, &mut buffer, RecvFlags::empty()));
        let (len, _) = checked(received)?;
        self.received += len;
        self.unread.extend(buffer.iter().take(len));
        while let Some(end) = self.unread.iter().position(|byte| *byte == 0) {
            let reply: Vec<u8> = self.unread.drain(..=end).take(end).collect();
            self.replies.push(self.parse(&reply)?);
        }
        if self.received > MOST_REPLY_BYTES {
            return Err(ScanError::NotUnderstood(shortened(&self.unread)));
        }
        Ok(len)
    }

    /// `2: fd[12]: OK`. A number that was never given is no reply.
    fn parse(&self, reply: &[u8]) -> Result<Reply, ScanError> {
        let text = String::from_utf8_lossy(reply);
        let parsed = text.split_once(": ").and_then(|(number, text)| {
            let is_number = number.bytes().all(|digit| digit.is_ascii_digit());
            let to = number.parse().ok().filter(|to| is_number && (1..=self.commands).contains(to))?;
            Some(Reply { to, text: text.to_owned() })
        });
        parsed.ok_or_else(|| ScanError::NotUnderstood(shortened(reply)))
    }

    fn write(&mut self, mut bytes: &[u8]) -> Result<(), ScanError> {
        while !bytes.is_empty() {
            self.wait_at_most(Timeout::Send, self.waits.write)?;
            let sent =
                rustix::io::retry_on_intr(|| rustix::net::send(&self.socket, bytes, SendFlags::NOSIGNAL));
            let sent = checked(sent)?;
            bytes = bytes.get(sent..).expect("no more is sent than was given");
        }
        Ok(())
    }

    /// Bounds the next call by `wait` and by the deadline.
    fn wait_at_most(&self, which: Timeout, wait: Duration) -> Result<(), ScanError> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ScanError::TimedOut);
        }
        set_socket_timeout(&self.socket, which, Some(wait.min(left).max(Duration::from_millis(1))))
            .map_err(|error| ScanError::BrokenOff(error.into()))
    }
}

fn checked<T>(outcome: Result<T, Errno>) -> Result<T, ScanError> {
    outcome.map_err(|error| match error {
        Errno::AGAIN => ScanError::TimedOut,
        other => ScanError::BrokenOff(other.into()),
    })
}

/// Connects to a socket. If clamd accepts nothing and its queue is full, the kernel waits as for sending.
fn connect_unix(path: &Path, wait: Duration) -> io::Result<OwnedFd> {
    let socket =
        rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    set_socket_timeout(&socket, Timeout::Send, Some(wait))?;
    match rustix::net::connect(&socket, &SocketAddrUnix::new(path)?) {
        Ok(()) => Ok(socket),
        Err(Errno::AGAIN) => Err(io::ErrorKind::TimedOut.into()),
        Err(error) => Err(error.into()),
    }
}

/// Connects to the first address of a host that answers.
fn connect_tcp(host: &str, wait: Duration) -> io::Result<OwnedFd> {
    let mut failed = io::Error::from(io::ErrorKind::NotFound);
    for address in host.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, wait) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream.into());
            }
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// The beginning of clamd's reply, for an error.
fn shortened(reply: &[u8]) -> String {
    String::from_utf8_lossy(reply).chars().take(80).collect()
}
