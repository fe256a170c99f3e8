//! systemd integration: socket activation, readiness, the watchdog. Everything here does nothing if systemd did not
//! start the server.

use std::io;
use std::time::Duration;

use listenfd::ListenFd;
use sd_notify::NotifyState;
use tokio::net::TcpListener;

/// Takes over the first socket of a `tresor@.socket` unit, if there is one. Must be called inside
/// the async runtime, once.
pub fn inherited_listener() -> io::Result<Option<TcpListener>> {
    let Some(listener) = ListenFd::from_env().take_tcp_listener(0)? else {
        return Ok(None);
    };
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener).map(Some)
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
