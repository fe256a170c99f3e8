//! systemd integration: socket activation, readiness, the watchdog. Everything here does nothing if systemd did not
//! start the server.

use std::io;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use listenfd::ListenFd;
use sd_notify::NotifyState;

/// The names of the sockets, one each with `:` between two, as `FileDescriptorName=` of their units gives them.
const NAMES: &str = "LISTEN_FDNAMES";

/// The sockets that systemd opened and passed to the server (`sd_listen_fds(3)`). Each is taken once.
pub struct Inherited {
    sockets: ListenFd,
    /// The names of those that are left; `None` for those that were taken.
    names: Vec<Option<String>>,
}

/// A socket that systemd opened. It does not block.
#[derive(Debug)]
pub enum InheritedSocket {
    /// In the file system.
    Unix(UnixListener),
    /// A port.
    Tcp(std::net::TcpListener),
}

impl Inherited {
    /// Takes over all of them. Must be called once: the process forgets who passed them.
    pub fn take_over() -> Self {
        let names = std::env::var(NAMES).unwrap_or_default();
        let sockets = ListenFd::from_env();
        let mut names = names.split(':').map(str::to_owned);
        let names = (0..sockets.len()).map(|_| Some(names.next().unwrap_or_default())).collect();
        Self { sockets, names }
    }

    /// The first socket whose unit gives it a name for which `is_it`, if there is one. Without a name of its own, a socket has
    /// that of its unit.
    ///
    /// Errors: it is neither a socket in the file system nor a port.
    pub fn take(&mut self, is_it: impl Fn(&str) -> bool) -> io::Result<Option<InheritedSocket>> {
        let is_it = |name: &Option<String>| name.as_deref().is_some_and(&is_it);
        let Some(number) = self.names.iter().position(is_it) else { return Ok(None) };
        let socket = if let Ok(Some(socket)) = self.sockets.take_unix_listener(number) {
            socket.set_nonblocking(true)?;
            InheritedSocket::Unix(socket)
        } else {
            let port = self.sockets.take_tcp_listener(number)?.ok_or(io::ErrorKind::NotFound)?;
            port.set_nonblocking(true)?;
            InheritedSocket::Tcp(port)
        };
        if let Some(name) = self.names.get_mut(number) {
            *name = None;
        }
        Ok(Some(socket))
    }

    /// The name of one that is left. Its clients would wait for ever.
    pub fn left(&self) -> Option<&str> {
        self.names.iter().flatten().next().map(String::as_str)
    }
}

/// Reports to systemd that the server answers requests from now on.
pub fn notify_ready() {
    notify(NotifyState::Ready);
}

/// Reports to systemd that the server is shutting down.
pub fn notify_stopping() {
    notify(NotifyState::Stopping);
}

/// Shows one line in `systemctl status`, such as that the server waits for its passphrase.
pub fn notify_status(text: &str) {
    notify(NotifyState::Status(text));
}

/// Time between two pings of the watchdog: half its interval. `None` if no watchdog is configured.
pub fn watchdog_period() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|interval| (interval / 2).max(Duration::from_millis(1)))
}

/// Pings the watchdog, which restarts a server that stops doing so.
pub fn notify_alive() {
    notify(NotifyState::Watchdog);
}

fn notify(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::debug!(%error, "systemd did not take the message");
    }
}
