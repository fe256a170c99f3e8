//! Addresses under which people and programs reach the server.

use super::error::ConfigError;

/// The address of the pages, without a slash at its end; plain HTTP on this machine only.
pub(super) fn public_url(text: Option<String>) -> Result<Option<String>, ConfigError> {
    let Some(text) = text else { return Ok(None) };
    let text = text.trim_end_matches('/').to_owned();
    let uri: http::Uri = text.parse().map_err(|_| ConfigError::PublicUrl)?;
    let host = uri.host().unwrap_or_default();
    let is_here = matches!(host, "127.0.0.1" | "[::1]" | "localhost");
    let is_safe = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => is_here,
        _ => false,
    };
    let is_bare = uri.path() == "/" && uri.query().is_none() && !text.contains('@');
    if is_safe && is_bare && !host.is_empty() { Ok(Some(text)) } else { Err(ConfigError::PublicUrl) }
}

/// Refuses a host that no request can have.
pub(super) fn check_host(host: &str) -> Result<(), ConfigError> {
    let refuse = |advice| Err(ConfigError::Host { host: host.to_owned(), advice });
    if host.is_empty() || host.contains(char::is_whitespace) {
        return refuse("write one name, such as files.example.org");
    }
    if host.contains('/') {
        return refuse("write the name alone, without https:// and path");
    }
    if host.contains('*') {
        return refuse("write out each name; there are no patterns");
    }
    if !host.is_ascii() {
        return refuse("write the name as it is sent, in Punycode (xn--…)");
    }
    if host.ends_with('.') {
        return refuse("leave the dot at its end away");
    }
    if host.parse::<std::net::Ipv6Addr>().is_ok() {
        return refuse("write an IPv6 address in brackets, such as [::1]");
    }
    match host.parse::<http::uri::Authority>() {
        Ok(authority) if authority.host() == host => Ok(()),
        Ok(_) => refuse("write the name alone, without port and user name"),
        Err(_) => refuse("write a host name or an address"),
    }
}
