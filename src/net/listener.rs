//! Accepts connections, within bounds, until shutdown.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::connection::serve_connection;
use super::handler::{Handler, ListenError, Server};
use super::limits::Limits;
use super::metrics::{Metrics, Refusal};
use super::peer::client_key;
use super::tls::Tls;
use super::watch::Shutdown;

/// Pause after the system ran out of descriptors or memory: connections that end meanwhile free some, while
/// retrying at once would burn a core.
const EXHAUSTION_PAUSE: Duration = Duration::from_millis(100);

/// Opens a listening socket. Port 0 picks a free one.
pub fn bind(address: SocketAddr, limits: &Limits) -> Result<TcpListener, ListenError> {
    let open = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // A restarted server must not wait for old connections to time out.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(limits.accept_backlog)
    };
    open().map_err(|source| ListenError::Bind { address, source })
}

/// Serves `listener` until `shutdown`, then lets requests in flight finish within the grace time.
///
/// Without `tls` it speaks plain HTTP/1.1, and only on a loopback address. With it, HTTP/2 or HTTP/1.1 as the
/// client asks for by ALPN.
pub async fn serve<H: Handler>(
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    server: Server<H>,
    mut shutdown: Shutdown,
) -> Result<(), ListenError> {
    server.limits.check()?;
    let address = listener.local_addr().map_err(ListenError::Address)?;
    if tls.is_none() && !address.ip().to_canonical().is_loopback() {
        return Err(ListenError::PlainHttp(address));
    }
    let slots = Slots::default();
    let mut connections = JoinSet::new();
    let mut exhausted = false;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(ended) = connections.join_next() => {
                report_panic(ended);
                continue;
            }
            () = shutdown.requested() => break,
        };
        match accepted {
            Ok((tcp, peer)) => {
                exhausted = false;
                let peer = peer.ip().to_canonical();
                server.metrics.accepted.inc();
                let Some(slot) = slots.take(peer, &server) else {
                    continue;
                };
                let (tls, server, shutdown) = (tls.clone(), server.clone(), shutdown.clone());
                connections.spawn(async move {
                    serve_connection(tcp, peer, tls, server, shutdown).await;
                    drop(slot);
                });
            }
            Err(error) if is_exhaustion(&error) => {
                if !exhausted {
                    exhausted = true;
                    tracing::warn!(%error, "cannot accept connections, waiting for free descriptors");
                }
                tokio::select! {
                    () = sleep(EXHAUSTION_PAUSE) => {}
                    () = shutdown.requested() => break,
                }
            }
            // The client closed the connection before it was accepted.
            Err(error) => tracing::debug!(%error, "accept failed"),
        }
    }
    drop(listener);
    let grace = server.limits.shutdown_grace_seconds.0;
    let all_ended = async {
        while let Some(ended) = connections.join_next().await {
            report_panic(ended);
        }
    };
    if timeout(grace, all_ended).await.is_err() {
        tracing::warn!(count = connections.len(), "cutting connections that did not end in time");
        connections.shutdown().await;
    }
    Ok(())
}

fn report_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!("a request handler panicked; its connection was closed");
    }
}

/// Errors that mean "not now" for every further accept, not just for this client.
fn is_exhaustion(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let exhausted = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    error.raw_os_error().is_some_and(|code| exhausted.contains(&Errno::from_raw_os_error(code)))
}

/// Counts open connections, in all and per client.
#[derive(Clone, Debug, Default)]
struct Slots(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    clients: HashMap<IpAddr, usize>,
}

/// A permit for one open connection, returned on drop.
#[derive(Debug)]
struct Slot {
    slots: Slots,
    client: IpAddr,
    metrics: Metrics,
}

impl Slots {
    fn take<H>(&self, peer: IpAddr, server: &Server<H>) -> Option<Slot> {
        let limits = &server.limits;
        let client = client_key(peer);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.total >= limits.max_connections {
            server.metrics.refuse(Refusal::Full);
            return None;
        }
        let mine = counts.clients.get(&client).copied().unwrap_or(0);
        if mine >= limits.max_connections_per_client && !server.trust.trusts(peer) {
            server.metrics.refuse(Refusal::ClientFull);
            return None;
        }
        counts.total += 1;
        counts.clients.insert(client, mine + 1);
        server.metrics.connections.inc();
        Some(Slot { slots: self.clone(), client, metrics: server.metrics.clone() })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.metrics.connections.dec();
        let mut counts = self.slots.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.total = counts.total.saturating_sub(1);
        if let Some(mine) = counts.clients.get_mut(&self.client) {
            *mine -= 1;
            if *mine == 0 {
                // Otherwise every address of an attacker would stay in memory.
                counts.clients.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::ProxyTrust;

    #[test]
    fn slots_are_bounded_per_client_and_come_back() {
        let mut server = Server::new(());
        server.limits =
            Arc::new(Limits { max_connections: 3, max_connections_per_client: 2, ..Limits::default() });
        server.trust = Arc::new(ProxyTrust {
            trusted_proxies: vec!["10.0.0.1".parse().unwrap()],
            ..ProxyTrust::default()
        });
        let slots = Slots::default();
        let take = |peer: &str| slots.take(peer.parse().unwrap(), &server);
        let first = take("2001:db8::1").unwrap();
        let _second = take("2001:db8::2").unwrap();
        assert!(take("2001:db8::3").is_none(), "same /64");
        drop(first);
        let third = take("2001:db8::3").unwrap();
        drop(third);
        let proxy = [take("10.0.0.1"), take("10.0.0.1")];
        assert!(proxy.iter().all(Option::is_some));
        assert!(take("10.0.0.1").is_none(), "full");
        drop(proxy);
        assert_eq!(slots.0.lock().unwrap().clients.len(), 1);
    }

    #[test]
    fn lack_of_descriptors_is_told_from_a_lost_client() {
        assert!(is_exhaustion(&io::Error::from_raw_os_error(24)));
        assert!(!is_exhaustion(&io::ErrorKind::ConnectionAborted.into()));
    }
}
