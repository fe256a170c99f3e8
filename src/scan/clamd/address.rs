//! Where a clamd listens.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A Unix socket or a TCP port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Address {
    /// Absolute path of the socket.
    Socket(PathBuf),
    /// `host:port`; looked up for each session.
    Tcp(String),
}

/// Why a text is no address of a clamd.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no address of clamd: write the absolute path of its socket, or host:port")]
pub struct ParseAddressError(String);

impl Address {
    /// Whether contents stay on this machine.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Socket(_) => true,
            Self::Tcp(text) => {
                let host = text.rsplit_once(':').map_or("", |(host, _)| host);
                let ip = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
                host == "localhost" || ip.is_ok_and(|ip| ip.to_canonical().is_loopback())
            }
        }
    }
}

impl FromStr for Address {
    type Err = ParseAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || Err(ParseAddressError(text.to_owned()));
        if text.starts_with('/') {
            return Ok(Self::Socket(Path::new(text).to_owned()));
        }
        let Some((host, port)) = text.rsplit_once(':') else { return refuse() };
        let is_name = !host.is_empty() && !host.contains([':', '/', '[', ']']);
        let is_ipv6 = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let is_ipv6 = is_ipv6.is_some_and(|ip| ip.parse::<std::net::Ipv6Addr>().is_ok());
        let is_port = port.bytes().all(|digit| digit.is_ascii_digit())
            && port.parse::<u16>().is_ok_and(|port| port > 0);
        if !(is_name || is_ipv6) || !is_port || text.contains(char::is_whitespace) {
            return refuse();
        }
        Ok(Self::Tcp(text.to_owned()))
    }
}

impl TryFrom<String> for Address {
    type Error = ParseAddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => path.display().fmt(f),
            Self::Tcp(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_path_or_a_host_with_its_port() {
        for (text, local) in [
            ("/run/clamav/clamd.ctl", true),
            ("127.0.0.1:3310", true),
            ("[::1]:3310", true),
            ("localhost:3310", true),
            ("scanner.example.org:3310", false),
            ("192.0.2.1:3310", false),
            ("[2001:db8::1]:65535", false),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!((address.to_string().as_str(), address.is_local()), (text, local));
        }
        for text in [
            "",
            "run/clamd.ctl",
            "scanner",
            ":3310",
            "scanner:",
            "scanner:0",
            "scanner:65536",
            "scanner:+1",
            "::1:3310",
            "[::1]",
            "[x]:3310",
            "a b:3310",
            "tcp://scanner:3310",
        ] {
            assert_eq!(text.parse::<Address>(), Err(ParseAddressError(text.to_owned())), "{text}");
        }
    }
}
