//! Detects headers that a reverse proxy fails to pass on. A proxy with default settings hides the client's address,
//! the host and the scheme: links then lead to the proxy's inner address, and one client's wrong passwords lock out
//! everyone.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use http::header::{FORWARDED, HOST, VIA};
use http::{HeaderMap, HeaderName, Request, Version};

use super::peer::{ClientScheme, ProxyTrust};

const SIGNS: [HeaderName; 5] = [
    FORWARDED,
    VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
];

/// A header that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ProxyFault {
    HostHidden,
    SchemeUnsaid,
    Untrusted,
}

impl ProxyFault {
    const ALL: [Self; 3] = [Self::HostHidden, Self::SchemeUnsaid, Self::Untrusted];

    const fn advice(self) -> &'static str {
        match self {
            Self::HostHidden => {
                "a reverse proxy does not pass on the host that clients ask for, so links and moves fail: have it send \
                 the client's Host (docs/proxies.md)"
            }
            Self::SchemeUnsaid => {
                "a reverse proxy does not say that clients come over https: have it set X-Forwarded-Proto (docs/proxies.md)"
            }
            Self::Untrusted => {
                "requests come through a reverse proxy that is not named in trusted_proxies, so all clients count as \
                 one: name its address there (docs/proxies.md)"
            }
        }
    }
}

/// Faults found since the start; each kind is logged once. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct ProxyFaults(Arc<AtomicU8>);

impl ProxyFaults {
    /// Advice for the proxy's configuration, one sentence for each fault found.
    pub fn advice(&self) -> Vec<&'static str> {
        let seen = self.0.load(Ordering::Relaxed);
        ProxyFault::ALL.iter().filter(|fault| seen & bit(**fault) != 0).map(|fault| fault.advice()).collect()
    }

    /// Examines the headers of a request from `peer` as received.
    pub(super) fn look<B>(&self, request: &Request<B>, peer: IpAddr, tls: bool, trust: &ProxyTrust) {
        // Monitoring asks for it directly, without the proxy.
        if request.uri().path() == "/health" {
            return;
        }
        for fault in faults(request, peer, tls, trust).into_iter().flatten() {
            if self.0.fetch_or(bit(fault), Ordering::Relaxed) & bit(fault) == 0 {
                tracing::warn!("{}", fault.advice());
            }
        }
    }
}

const fn bit(fault: ProxyFault) -> u8 {
    1 << fault as u8
}

fn faults<B>(request: &Request<B>, peer: IpAddr, tls: bool, trust: &ProxyTrust) -> [Option<ProxyFault>; 3] {
    let headers = request.headers();
    let is_trusted = trust.trusts(peer.to_canonical());
    // Only proxies and this machine use plain HTTP. nginx speaks HTTP/1.0 to the server by default, clients do not.
    let is_signed = SIGNS.iter().any(|sign| headers.contains_key(sign));
    let is_proxy = is_trusted || (!tls && (is_signed || request.version() == Version::HTTP_10));
    let (_, scheme) = trust.client(peer, headers);
    let seen = |fault, is_seen: bool| is_seen.then_some(fault);
    [
        seen(ProxyFault::HostHidden, is_proxy && asks_for_this_machine(headers)),
        seen(ProxyFault::SchemeUnsaid, is_trusted && !tls && scheme == ClientScheme::Unsaid),
        seen(ProxyFault::Untrusted, is_proxy && !is_trusted),
    ]
}

/// Whether no client on another machine could use this host.
fn asks_for_this_machine(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let authority = host.and_then(|host| host.parse::<http::uri::Authority>().ok());
    authority.is_some_and(|authority| {
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    })
}

#[cfg(test)]
mod tests {
    use super::ProxyFault::{HostHidden, SchemeUnsaid, Untrusted};
    use super::*;

    /// An office put nginx in front with `proxy_pass` alone. Mounting worked, but moving a file answered 502, links
    /// led to 127.0.0.1, one wrong password throttled every client, and no message named the cause.
    #[test]
    fn a_proxy_with_its_defaults_is_noticed_once() {
        let trust = |networks: &[&str]| ProxyTrust {
            trusted_proxies: networks.iter().map(|network| network.parse().unwrap()).collect(),
            ..ProxyTrust::default()
        };
        let request = |version, host: &str, extra: &[(&str, &str)]| {
            let request = Request::get("/dav/").version(version).header(HOST, host);
            extra
                .iter()
                .fold(request, |request, (name, value)| request.header(*name, *value))
                .body(())
                .unwrap()
        };
        let (here, there): (IpAddr, IpAddr) = ("127.0.0.1".parse().unwrap(), "192.0.2.9".parse().unwrap());
        let naive = request(Version::HTTP_10, "127.0.0.1:8080", &[]);
        let full = [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-proto", "https")];
        let good = request(Version::HTTP_11, "files.example.org", &full);
        let direct = request(Version::HTTP_11, "127.0.0.1:8080", &[]);
        for (request, peer, tls, trusted, expected) in [
            (&naive, here, false, &[][..], &[HostHidden, Untrusted][..]),
            (&naive, here, false, &["127.0.0.1"], &[HostHidden, SchemeUnsaid]),
            (&good, here, false, &[], &[Untrusted]),
            (&good, here, false, &["127.0.0.1"], &[]),
            (&good, there, true, &[], &[]),
            (&direct, here, false, &[], &[]),
            (&direct, here, true, &[], &[]),
            (&naive, there, true, &["192.0.2.9"], &[HostHidden]),
        ] {
            let found = faults(request, peer, tls, &trust(trusted));
            assert_eq!(found.into_iter().flatten().collect::<Vec<_>>(), expected, "{request:?} {trusted:?}");
        }
        let seen = ProxyFaults::default();
        assert!(seen.advice().is_empty());
        seen.look(&naive, here, false, &trust(&[]));
        seen.look(&naive, here, false, &trust(&[]));
        assert_eq!(seen.clone().advice(), [HostHidden.advice(), Untrusted.advice()]);
    }
}
