//! Sockets for mail.

use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::model::MailAddress;
use crate::net::Shutdown;
use crate::net::systemd::InheritedSocket;

/// Longest time that a connection may need to end at shutdown.
const GRACE: Duration = Duration::from_secs(10);
/// Pause after a connection could not be accepted, for lack of descriptors.
const PAUSE: Duration = Duration::from_millis(100);
/// Longest time for the answer that there are too many connections.
const TURN_AWAY: Duration = Duration::from_secs(1);

/// The sockets for mail.
pub struct MailSockets {
    pub(super) deliveries: Listener,
    pub(super) questions: Option<Listener>,
}

impl MailSockets {
    /// Opens the sockets for mails and, if there is one, for the mail server's questions; one that systemd passed is
    /// used instead of the address. A socket that an earlier server left in the file system is replaced. Must be
    /// called inside the async runtime.
    ///
    /// Errors: also a port that systemd passed and that other machines reach.
    pub fn open(
        lmtp: (&MailAddress, Option<InheritedSocket>),
        policy: Option<(&MailAddress, Option<InheritedSocket>)>,
    ) -> io::Result<Self> {
        let open = |(address, inherited)| match inherited {
            Some(socket) => Listener::inherit(socket),
            None => Listener::open(address),
        };
        let questions = policy.map(open).transpose()?;
        Ok(Self { deliveries: open(lmtp)?, questions })
    }
}

/// One socket.
pub(super) enum Listener {
    Socket(UnixListener),
    Port(TcpListener),
}

impl Listener {
    fn open(address: &MailAddress) -> io::Result<Self> {
        match address {
            MailAddress::Port(address) => {
                let listener = std::net::TcpListener::bind(address)?;
                listener.set_nonblocking(true)?;
                TcpListener::from_std(listener).map(Self::Port)
            }
            MailAddress::Socket(path) => {
                remove_dead(path)?;
                let listener = UnixListener::bind(path)?;
                // The mail server runs as another user. The folder decides who may connect.
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))?;
                Ok(Self::Socket(listener))
            }
        }
    }

    /// One that systemd opened. Its unit says who reaches it in the file system.
    fn inherit(socket: InheritedSocket) -> io::Result<Self> {
        match socket {
            InheritedSocket::Unix(socket) => UnixListener::from_std(socket).map(Self::Socket),
            InheritedSocket::Tcp(port) if port.local_addr()?.ip().is_loopback() => {
                TcpListener::from_std(port).map(Self::Port)
            }
            InheritedSocket::Tcp(_) => Err(io::Error::new(
                io::ErrorKind::AddrNotAvailable,
                "systemd passes a port that other machines reach, and whoever reaches it can deliver without a login: its unit \
                 must have a loopback address such as 127.0.0.1",
            )),
        }
    }

    async fn accept(&self) -> io::Result<BoxedStream> {
        Ok(match self {
            Self::Socket(listener) => Box::new(listener.accept().await?.0),
            Self::Port(listener) => Box::new(listener.accept().await?.0),
        })
    }
}

/// Removes a socket on which no server listens.
fn remove_dead(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => match UnixStream::connect(path) {
            Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
            Err(_) => std::fs::remove_file(path),
        },
        // Binding says that there is a file.
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// A connection of either kind.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A connection, whatever it came through.
pub(super) type BoxedStream = Box<dyn Stream>;

/// Answers each connection with a session of its own until shutdown; those beyond `most` get the text `busy`.
pub(super) async fn serve<F: Future<Output = io::Result<()>> + Send + 'static>(
    listener: Listener,
    mut shutdown: Shutdown,
    most: usize,
    busy: &'static [u8],
    session: impl Fn(BoxedStream) -> F,
) {
    let turns = Arc::new(Semaphore::new(most));
    let mut sessions = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = shutdown.requested() => break,
            accepted = listener.accept() => accepted,
        };
        while sessions.try_join_next().is_some() {}
        match (accepted, Arc::clone(&turns).try_acquire_owned()) {
            (Ok(stream), Ok(turn)) => {
                let session = session(stream);
                sessions.spawn(async move {
                    // A connection that breaks is the mail server's matter: it has its mail still.
                    let _ = session.await;
                    drop(turn);
                });
            }
            (Ok(mut stream), Err(_)) => {
                let _ = timeout(TURN_AWAY, stream.write_all(busy)).await;
            }
            (Err(error), _) => {
                tracing::warn!(%error, "a connection for mail was not accepted");
                sleep(PAUSE).await;
            }
        }
    }
    let _ = timeout(GRACE, async { while sessions.join_next().await.is_some() {} }).await;
}
