//! systemd integration: socket activation, readiness, the watchdog. Everything here does nothing if systemd did not
//! start the server.

use std::io;

use listenfd::ListenFd;
use sd_notify::NotifyState;
use tokio::net::TcpListener;
use tokio::time::{MissedTickBehavior, interval};

use super::watch::Shutdown;

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

/// Pings the watchdog at half its interval while `is_alive` returns true; returns at shutdown, or at once if no
/// watchdog is configured. A server that hangs stops pinging and is restarted.
pub async fn keep_watchdog(is_alive: impl Fn() -> bool + Send, mut shutdown: Shutdown) {
    let Some(period) = sd_notify::watchdog_enabled() else {
        return;
    };
    let mut tick = interval((period / 2).max(std::time::Duration::from_millis(1)));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = shutdown.requested() => return,
        }
        if is_alive() {
            notify(NotifyState::Watchdog);
        }
    }
}

fn notify(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::debug!(%error, "systemd did not take the message");
    }
}
