//! The client's address, behind the proxies that the configuration trusts.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use http::HeaderMap;
use http::header::{FORWARDED, HeaderName};
use serde::{Deserialize, Serialize};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// A range of addresses, such as `10.0.0.0/8`, `fd00::/8` or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct IpNetwork {
    base: IpAddr,
    prefix: u32,
}

/// A text that is not a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not an address or network: write it like 192.0.2.1 or 10.0.0.0/8")]
pub struct ParseNetworkError(String);

impl IpNetwork {
    /// Whether it contains `address`; IPv4 addresses in IPv6 form count as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                same_prefix(base.to_bits().into(), address.to_bits().into(), self.prefix, 32)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                same_prefix(base.to_bits(), address.to_bits(), self.prefix, 128)
            }
            _ => false,
        }
    }
}

fn same_prefix(a: u128, b: u128, prefix: u32, width: u32) -> bool {
    // A shift by the whole width overflows, and a prefix of 0 fits everything.
    (a ^ b).checked_shr(width - prefix).unwrap_or(0) == 0
}

impl From<IpNetwork> for String {
    fn from(network: IpNetwork) -> Self {
        format!("{}/{}", network.base, network.prefix)
    }
}

impl FromStr for IpNetwork {
    type Err = ParseNetworkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || ParseNetworkError(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let base: IpAddr = address.parse().map_err(|_| refuse())?;
        let width = if base.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix.parse().map_err(|_| refuse())?,
            None => width,
        };
        if prefix > width {
            return Err(refuse());
        }
        Ok(Self { base, prefix })
    }
}

impl TryFrom<String> for IpNetwork {
    type Error = ParseNetworkError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for IpNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix)
    }
}

/// The header that trusted proxies set. Only this one is read: a proxy passes the other one through as the client
/// wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// `X-Forwarded-For` and `X-Forwarded-Proto`, as nginx, Apache, Caddy and Traefik do.
    #[default]
    XForwarded,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// The proxies whose statement about the client's address is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProxyTrust {
    /// Addresses of trusted proxies; if empty, no forwarded header is believed.
    pub trusted_proxies: Vec<IpNetwork>,
    /// The header that they set.
    pub forwarded_header: ForwardedHeader,
}

/// Scheme of the client's own connection, as the trusted proxies report it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientScheme {
    Https,
    Http,
    /// There is no proxy, or it does not report the scheme.
    Unsaid,
}

impl ProxyTrust {
    /// Whether this connection comes from one of our proxies.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(address))
    }

    /// The client's address and scheme for a request that came from `peer`.
    ///
    /// Each proxy appends the address it sees, so the list is read from the right, through hops that are trusted
    /// proxies; the first other address is the client. The client may have invented everything to the left of it.
    /// An entry that is not an address ends the walk at the hop before it.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> (IpAddr, ClientScheme) {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return (peer, ClientScheme::Unsaid);
        }
        let (hops, scheme) = match self.forwarded_header {
            ForwardedHeader::XForwarded => (
                list(headers, &X_FORWARDED_FOR).map(parse_hop).collect(),
                list(headers, &X_FORWARDED_PROTO).last().map_or(ClientScheme::Unsaid, parse_scheme),
            ),
            ForwardedHeader::Forwarded => forwarded(headers),
        };
        let mut client = peer;
        for hop in hops.into_iter().rev() {
            match hop {
                Some(address) => client = address,
                None => break,
            }
            if !self.trusts(client) {
                break;
            }
        }
        (client, scheme)
    }
}

/// The comma-separated elements of all header lines of this name, in order.
fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        // A line with invalid bytes counts as an unreadable hop and is not skipped.
        .flat_map(|value| value.to_str().unwrap_or("?").split(','))
        .map(str::trim)
}

fn parse_scheme(text: &str) -> ClientScheme {
    if text.eq_ignore_ascii_case("https") {
        ClientScheme::Https
    } else {
        // An unknown word does not mean an encrypted connection.
        ClientScheme::Http
    }
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let address: IpAddr = if let Some(rest) = text.strip_prefix('[') {
        rest.split_once(']')?.0.parse::<Ipv6Addr>().ok()?.into()
    } else if let Ok(address) = text.parse() {
        address
    } else {
        text.split_once(':')?.0.parse().ok()?
    };
    Some(address.to_canonical())
}

/// The hops of `Forwarded`, and the scheme that the last proxy noted.
fn forwarded(headers: &HeaderMap) -> (Vec<Option<IpAddr>>, ClientScheme) {
    let mut scheme = ClientScheme::Unsaid;
    // Addresses contain no quoted commas; a value with one reads as an unreadable hop.
    let hops = list(headers, &FORWARDED)
        .map(|element| {
            let mut hop = None;
            scheme = ClientScheme::Unsaid;
            for pair in element.split(';') {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                let value = value.trim().trim_matches('"');
                if name.trim().eq_ignore_ascii_case("for") {
                    hop = parse_hop(value);
                } else if name.trim().eq_ignore_ascii_case("proto") {
                    scheme = parse_scheme(value);
                }
            }
            hop
        })
        .collect();
    (hops, scheme)
}

/// The key for counting connections: an IPv4 address, or the /64 network that one IPv6 customer gets.
pub fn client_key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trust(header: ForwardedHeader) -> ProxyTrust {
        ProxyTrust {
            trusted_proxies: ["10.0.0.0/8", "fd00::/16"].map(|text| text.parse().unwrap()).to_vec(),
            forwarded_header: header,
        }
    }

    fn check(header: ForwardedHeader, peer: &str, lines: &[(&'static str, &str)], client: &str) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        let (address, _) = trust(header).client(peer.parse().unwrap(), &headers);
        assert_eq!(address.to_string(), client, "{peer} {lines:?}");
    }

    #[test]
    fn only_the_rightmost_untrusted_hop_counts() {
        let xff = ForwardedHeader::XForwarded;
        let for_ = "x-forwarded-for";
        check(xff, "192.0.2.9", &[(for_, "198.51.100.1")], "192.0.2.9");
        check(xff, "10.0.0.1", &[(for_, "198.51.100.1")], "198.51.100.1");
        check(xff, "::ffff:10.0.0.1", &[(for_, "198.51.100.1")], "198.51.100.1");
        check(xff, "10.0.0.1", &[(for_, "1.1.1.1, 198.51.100.1, 10.9.9.9")], "198.51.100.1");
        check(xff, "10.0.0.1", &[(for_, "1.1.1.1"), (for_, "198.51.100.1")], "198.51.100.1");
        check(xff, "10.0.0.1", &[(for_, "1.1.1.1, nonsense")], "10.0.0.1");
        check(xff, "10.0.0.1", &[(for_, "1.1.1.1, nonsense, 10.0.0.2")], "10.0.0.2");
        check(xff, "10.0.0.1", &[], "10.0.0.1");
        check(xff, "10.0.0.1", &[("forwarded", "for=1.1.1.1")], "10.0.0.1");
        check(xff, "fd00::1", &[(for_, "[2001:db8::1]:443")], "2001:db8::1");
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_says() {
        let header = ForwardedHeader::Forwarded;
        let value = "for=1.1.1.1, for=\"[2001:db8::7]:4711\";proto=https;by=10.0.0.1";
        check(header, "10.0.0.1", &[("forwarded", value)], "2001:db8::7");
        check(header, "10.0.0.1", &[("forwarded", "for=unknown")], "10.0.0.1");
        check(header, "10.0.0.1", &[("x-forwarded-for", "1.1.1.1")], "10.0.0.1");
    }

    #[test]
    fn networks_are_parsed_strictly() {
        let any: IpNetwork = "0.0.0.0/0".parse().unwrap();
        assert!(any.contains("203.0.113.5".parse().unwrap()));
        assert!(!any.contains("2001:db8::1".parse().unwrap()));
        let single: IpNetwork = "192.0.2.1".parse().unwrap();
        assert!(single.contains("::ffff:192.0.2.1".parse().unwrap()));
        assert!(!single.contains("192.0.2.2".parse().unwrap()));
        // Programs disagree about 010.0.0.0: eight or ten.
        for text in ["", "010.0.0.0/8", "10.0.0.0/33", "10.0.0.0/-1", "example.org", "::/129", "10.0/8"] {
            assert!(text.parse::<IpNetwork>().is_err(), "{text}");
        }
    }

    #[test]
    fn ipv6_clients_are_counted_by_their_64() {
        let key = |text: &str| client_key(text.parse().unwrap());
        assert_eq!(key("2001:db8:1:2:3::4"), key("2001:db8:1:2:ffff::1"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
    }
}
