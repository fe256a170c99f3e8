//! The owner's socket in the data directory: each request is one JSON line, and so is its reply.
//!
//! Only the owner of the directory can open it (mode 0600 in a 0700 directory, and the peer's user id is
//! checked), so it needs no password.

use std::future::Future;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::sync::Semaphore;

use super::directory::DataDirectory;
use crate::admin::{AdminError, Reply, Request};
use crate::net::Shutdown;

/// Longest request or reply on the owner's socket, in bytes.
const MAX_LINE: u64 = 16 * 1024 * 1024;
/// Requests that are answered at the same time on the owner's socket.
const MAX_PEERS: usize = 16;
/// Pause after a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Time within which a client of the owner's socket must send its line.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest path that the system accepts for a socket, in bytes (`sun_path`).
const MAX_SOCKET_PATH: usize = 100;

/// Why a running server could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// No server listens on the socket.
    #[error("no server runs on this data directory")]
    NoServer,
    /// The connection broke.
    #[error("the running server did not answer; see its log")]
    Broken(#[source] io::Error),
    /// The socket cannot be used.
    #[error("cannot use the server's socket {path}")]
    Socket {
        /// Path of the socket.
        path: String,
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

/// Sends a request to the server that runs on the data directory. Blocks.
pub fn ask(data: &Path, request: &Request) -> Result<Reply, ControlError> {
    let path = DataDirectory::control_socket(data);
    let socket = |source| ControlError::Socket { path: path.display().to_string(), source };
    let mut stream = match short_path(&path).and_then(|short| UnixStream::connect(short.path)) {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Err(ControlError::NoServer);
        }
        Err(error) => return Err(socket(error)),
    };
    let mut line =
        zeroize::Zeroizing::new(serde_json::to_vec(request).map_err(io::Error::from).map_err(socket)?);
    line.push(b'\n');
    stream.write_all(&line).map_err(ControlError::Broken)?;
    let mut answer = String::new();
    BufReader::new(stream).take(MAX_LINE).read_line(&mut answer).map_err(ControlError::Broken)?;
    serde_json::from_str(&answer).map_err(|error| ControlError::Broken(error.into()))
}

/// The open socket; a client that connects before the server answers has to wait.
pub(super) struct OwnerSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl OwnerSocket {
    /// Opens the socket in a data directory whose lock this process holds. Must be called inside the
    /// async runtime.
    pub(super) fn open(data: &Path) -> Result<Self, ControlError> {
        let path = DataDirectory::control_socket(data);
        let socket = |source| ControlError::Socket { path: path.display().to_string(), source };
        // This process holds the directory's lock, so an existing socket belongs to a dead process.
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(socket(error)),
            _ => {}
        }
        let listener = short_path(&path).and_then(|short| UnixListener::bind(short.path)).map_err(socket)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).map_err(socket)?;
        Ok(Self { listener, path })
    }

    /// Answers requests until shutdown, then removes the socket.
    pub(super) async fn answer<F, A>(self, answer: F, mut shutdown: Shutdown)
    where
        F: Fn(Request) -> A + Send + Sync + 'static,
        A: Future<Output = Reply> + Send,
    {
        let (answer, places) = (Arc::new(answer), Arc::new(Semaphore::new(MAX_PEERS)));
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = shutdown.requested() => break,
            };
            let Ok((stream, _)) = accepted else {
                // Probably out of descriptors: retrying at once would burn a core.
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let own = rustix::process::geteuid().as_raw();
            let is_owner = stream.peer_cred().is_ok_and(|peer| peer.uid() == own || peer.uid() == 0);
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
            if is_owner {
                let answer = Arc::clone(&answer);
                tokio::spawn(async move {
                    let _place = place;
                    // The client sees a broken connection; nothing else can be reported.
                    let _ = answer_one(stream, &*answer).await;
                });
            }
        }
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn answer_one<F, A>(mut stream: tokio::net::UnixStream, answer: &F) -> io::Result<()>
where
    F: Fn(Request) -> A,
    A: Future<Output = Reply>,
{
    let mut line = zeroize::Zeroizing::new(Vec::new());
    let (reader, mut writer) = stream.split();
    let mut reader = tokio::io::BufReader::new(reader).take(MAX_LINE);
    tokio::time::timeout(READ_TIMEOUT, reader.read_until(b'\n', &mut line)).await??;
    let reply = match serde_json::from_slice(&line) {
        Ok(request) => answer(request).await,
        Err(error) => {
            // Category and column only, because the text could contain a password.
            let place = format!("{:?} error at column {}", error.classify(), error.column());
            AdminError::NotUnderstood { place }.reply()
        }
    };
    let mut line = serde_json::to_vec(&reply)?;
    line.push(b'\n');
    writer.write_all(&line).await?;
    writer.shutdown().await
}

/// A path short enough for the system: a long one goes through an open descriptor of its folder.
struct ShortPath {
    path: PathBuf,
    _folder: Option<std::fs::File>,
}

fn short_path(path: &Path) -> io::Result<ShortPath> {
    use std::os::fd::AsRawFd;
    if path.as_os_str().len() <= MAX_SOCKET_PATH {
        return Ok(ShortPath { path: path.to_owned(), _folder: None });
    }
    let (folder, name) = (path.parent(), path.file_name());
    let (Some(folder), Some(name)) = (folder, name) else { return Err(io::ErrorKind::InvalidInput.into()) };
    let folder = std::fs::File::open(folder)?;
    let path = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd())).join(name);
    Ok(ShortPath { path, _folder: Some(folder) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::Secret;

    #[test]
    fn secrets_and_replies_cross_the_socket_even_on_long_paths() {
        let temp = tempfile::tempdir().unwrap();
        let data = temp.path().join("d".repeat(120));
        std::fs::create_dir(&data).unwrap();
        assert!(matches!(ask(&data, &Request::Status), Err(ControlError::NoServer)));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (switch, shutdown) = Shutdown::channel();
        let place = data.clone();
        let server = runtime.spawn(async move {
            let answer = |request| async move {
                match request {
                    Request::Unlock { passphrase } => Reply::Done(passphrase.expose().len().to_string()),
                    _ => AdminError::NotAllowed.reply(),
                }
            };
            OwnerSocket::open(&place).unwrap().answer(answer, shutdown).await;
        });
        while !DataDirectory::control_socket(&data).exists() {
            std::thread::yield_now();
        }
        let request = Request::Unlock { passphrase: Secret::new("four".into()) };
        let reply = loop {
            // Between bind and listen the system briefly refuses connections.
            match ask(&data, &request) {
                Err(ControlError::NoServer) => std::thread::yield_now(),
                other => break other.unwrap(),
            }
        };
        assert_eq!(reply, Reply::Done("4".into()));
        assert_eq!(format!("{request:?}"), "Unlock { passphrase: Secret([redacted]) }");
        switch.stop();
        runtime.block_on(server).unwrap();
        assert!(!DataDirectory::control_socket(&data).exists());
    }
}
