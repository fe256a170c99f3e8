//! The address of an ICAP server, and its service.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The port of a server for which none is given (RFC 3507, section 4.2).
const PORT: u16 = 1344;
/// Longest address in bytes.
const LONGEST: usize = 512;

/// `icap://host:port/service`, without encryption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IcapAddress {
    /// `host:port`.
    authority: String,
    /// Path of the service, with its query.
    service: String,
}

/// Why a text is no address of an ICAP service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no address of an ICAP service: write icap://host:port/service")]
pub struct ParseIcapAddressError(String);

impl IcapAddress {
    /// `host:port`.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    /// Whether contents stay on this machine.
    pub fn is_local(&self) -> bool {
        let host = self.authority.rsplit_once(':').map_or("", |(host, _)| host);
        let ip = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        host == "localhost" || ip.is_ok_and(|ip| ip.to_canonical().is_loopback())
    }
}

impl FromStr for IcapAddress {
    type Err = ParseIcapAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'"' | b'\\');
            let rest = text.strip_prefix("icap://").filter(|_| text.len() <= LONGEST)?;
            let (authority, service) = rest.split_once('/').filter(|_| rest.bytes().all(is_plain))?;
            let (host, port) = match authority.rsplit_once(':') {
                // Of an IPv6 address without a port.
                Some(_) if authority.ends_with(']') => (authority, PORT),
                Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => {
                    (host, port.parse().ok().filter(|port| *port > 0)?)
                }
                Some(_) => return None,
                None => (authority, PORT),
            };
            let is_name = !host.is_empty() && !host.contains([':', '[', ']', '@']);
            let is_ipv6 = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            let is_ipv6 = is_ipv6.is_some_and(|ip| ip.parse::<std::net::Ipv6Addr>().is_ok());
            let is_service = !service.is_empty();
            (is_service && (is_name || is_ipv6))
                .then(|| Self { authority: format!("{host}:{port}"), service: service.to_owned() })
        };
        parse().ok_or_else(|| ParseIcapAddressError(text.to_owned()))
    }
}

impl TryFrom<String> for IcapAddress {
    type Error = ParseIcapAddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<IcapAddress> for String {
    fn from(address: IcapAddress) -> Self {
        address.to_string()
    }
}

impl fmt::Display for IcapAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "icap://{}/{}", self.authority, self.service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_host_and_service() {
        for (text, shown, local) in [
            ("icap://127.0.0.1:1344/avscan", "icap://127.0.0.1:1344/avscan", true),
            ("icap://localhost/avscan", "icap://localhost:1344/avscan", true),
            ("icap://[::1]/a", "icap://[::1]:1344/a", true),
            ("icap://[::1]:99/a?b=c&d", "icap://[::1]:99/a?b=c&d", true),
            ("icap://scanner.example.org/a/b", "icap://scanner.example.org:1344/a/b", false),
            ("icap://192.0.2.1:11344/a", "icap://192.0.2.1:11344/a", false),
        ] {
            let address: IcapAddress = text.parse().unwrap();
            assert_eq!((address.to_string().as_str(), address.is_local()), (shown, local), "{text}");
        }
        let long = format!("icap://a/{}", "b".repeat(LONGEST));
        for text in [
            "",
            "127.0.0.1:1344/avscan",
            "http://127.0.0.1/a",
            "icaps://127.0.0.1/a",
            "icap://127.0.0.1",
            "icap://127.0.0.1/",
            "icap:///a",
            "icap://a:0/a",
            "icap://a:65536/a",
            "icap://a:/a",
            "icap://a:+1/a",
            "icap://::1/a",
            "icap://u@a/a",
            "icap://a/b c",
            "icap://a/b\r\nHost: c",
            "icap://a/ä",
            "icap://a/b#c",
            &long,
        ] {
            assert!(text.parse::<IcapAddress>().is_err(), "{text}");
        }
    }
}
