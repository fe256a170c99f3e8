//! What systemd hands us and wants to hear: sockets, readiness, the watchdog. All of it does
//! nothing when the server was not started by systemd.

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

/// Tells systemd that requests are answered from now on.
pub fn notify_ready() {
    notify(NotifyState::Ready);
}

/// Tells systemd that the server winds down.
pub fn notify_stopping() {
    notify(NotifyState::Stopping);
}

/// Shows one line in `systemctl status`, such as that the server waits for its passphrase.
pub fn notify_status(text: &str) {
    notify(NotifyState::Status(text));
}

/// Pings the watchdog at half its interval while `is_alive` says so; returns at shutdown, or at once
/// if no watchdog was asked for. A server that hangs stops pinging and is restarted.
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
