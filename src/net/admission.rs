//! Checks that every request must pass before a handler sees it.

use std::net::IpAddr;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, UPGRADE};
use http::uri::Authority;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version};
use serde::Deserialize;

use super::limits::Limits;
use super::peer::{ClientScheme, ProxyTrust};
use super::response_body::ResponseBody;

/// Names under which the server may be asked for; any other name gets 421.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct AllowedHosts(Vec<String>);

impl AllowedHosts {
    /// Host names or addresses without port, IPv6 addresses in brackets; an empty list allows all.
    pub fn new(hosts: impl IntoIterator<Item = String>) -> Self {
        Self(hosts.into_iter().collect())
    }

    fn allow(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host);
        self.0.is_empty() || self.0.iter().any(|allowed| allowed.eq_ignore_ascii_case(host))
    }
}

/// Why a request is refused before it reaches a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    BadHost,
    BadLength,
    BadTarget,
    BadValue,
    Connect,
    ContentEncoding,
    ForeignHost,
    InsecureClient,
    TooManyHeaders,
    UriTooLong,
}

/// Where an admitted request comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The client's address, behind trusted proxies.
    pub client: IpAddr,
    /// Whether the client's own connection is encrypted, as far as the proxies report it.
    pub secure: bool,
    /// The host it asks for; `None` only with HTTP/1.0.
    pub host: Option<Authority>,
}

/// Judges a request that came from `peer` over a connection with or without TLS.
pub fn admit<B>(
    request: &Request<B>,
    peer: IpAddr,
    tls: bool,
    (limits, trust, hosts): (&Limits, &ProxyTrust, &AllowedHosts),
) -> Result<Origin, Refused> {
    let headers = request.headers();
    if headers.len() > limits.max_headers {
        return Err(Refused::TooManyHeaders);
    }
    let uri = request.uri();
    if uri.path_and_query().map_or(0, |path| path.as_str().len()) > limits.max_uri_bytes {
        return Err(Refused::UriTooLong);
    }
    if request.method() == Method::CONNECT {
        return Err(Refused::Connect);
    }
    // RFC 9112 3.2, RFC 9113 8.3.1: `*` is for OPTIONS, and there is no path without a slash before it.
    let path = uri.path_and_query().map_or("", http::uri::PathAndQuery::as_str);
    if !(path.starts_with('/') || path == "*" && request.method() == Method::OPTIONS) {
        return Err(Refused::BadTarget);
    }
    // RFC 9110 8.6. In HTTP/1 `framing` is stricter; with HTTP/2 the body has its own end, and a reader that goes by
    // the header would see another one.
    if headers.get_all(CONTENT_LENGTH).iter().nth(1).is_some() {
        return Err(Refused::BadLength);
    }
    // RFC 9113 8.2.1; in HTTP/1 such blanks belong to no value.
    let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    if headers
        .values()
        .map(HeaderValue::as_bytes)
        .any(|value| is_blank(value.first()) || is_blank(value.last()))
    {
        return Err(Refused::BadValue);
    }
    let host = requested_host(request)?;
    if host.as_ref().is_some_and(|host| !hosts.allow(host.host())) {
        return Err(Refused::ForeignHost);
    }
    // A packed body could unfold to any size, and no client of ours sends one.
    let packed = |value: &HeaderValue| !value.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all(CONTENT_ENCODING).iter().any(packed) {
        return Err(Refused::ContentEncoding);
    }
    let (client, scheme) = trust.client(peer, headers);
    if scheme == ClientScheme::Http {
        // A Basic challenge must never go out over an unencrypted connection.
        return Err(Refused::InsecureClient);
    }
    Ok(Origin { client, secure: tls || scheme == ClientScheme::Https, host })
}

/// The requested host. HTTP/1.1 must name one (RFC 9112 3.2), HTTP/1.0 may, HTTP/2 uses `:authority`; a request
/// that gives two different hosts is refused.
fn requested_host<B>(request: &Request<B>) -> Result<Option<Authority>, Refused> {
    let mut lines = request.headers().get_all(HOST).iter();
    let field = lines.next();
    if lines.next().is_some() {
        return Err(Refused::BadHost);
    }
    let named: Option<Authority> = match field {
        Some(value) => Some(Authority::try_from(value.as_bytes()).map_err(|_| Refused::BadHost)?),
        None => None,
    };
    let target = request.uri().authority();
    if target.or(named.as_ref()).is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(Refused::BadHost);
    }
    match (target, named) {
        (Some(target), Some(named)) if *target != named => Err(Refused::BadHost),
        (None, Some(named)) => Ok(Some(named)),
        (None, None) if request.version() >= Version::HTTP_11 => Err(Refused::BadHost),
        // Absolute-form does not excuse a missing Host in HTTP/1.1.
        (Some(_), None) if request.version() == Version::HTTP_11 => Err(Refused::BadHost),
        (Some(target), _) => Ok(Some(target.clone())),
        (None, None) => Ok(None),
    }
}

impl Refused {
    pub(super) fn response(self) -> Response<ResponseBody> {
        match self {
            Self::BadHost => plain_response(StatusCode::BAD_REQUEST, "The request must name one host.\n"),
            Self::BadLength => {
                plain_response(StatusCode::BAD_REQUEST, "The request must have one Content-Length at most.\n")
            }
            Self::BadTarget => plain_response(
                StatusCode::BAD_REQUEST,
                "The request must name a path that begins with a slash.\n",
            ),
            Self::BadValue => plain_response(
                StatusCode::BAD_REQUEST,
                "A header value must not begin or end with a blank.\n",
            ),
            Self::Connect => plain_response(StatusCode::METHOD_NOT_ALLOWED, "This is not a proxy.\n"),
            Self::ContentEncoding => plain_response(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Send the body without Content-Encoding.\n",
            ),
            Self::ForeignHost => plain_response(
                StatusCode::MISDIRECTED_REQUEST,
                "This server does not answer for that host.\n",
            ),
            Self::InsecureClient => {
                let mut response = plain_response(
                    StatusCode::UPGRADE_REQUIRED,
                    "Use https: nothing is served over an open connection.\n",
                );
                let headers = response.headers_mut();
                headers.insert(UPGRADE, HeaderValue::from_static("TLS/1.2, HTTP/1.1"));
                headers.insert(CONNECTION, HeaderValue::from_static("upgrade, close"));
                response
            }
            Self::TooManyHeaders => {
                plain_response(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "Too many header fields.\n")
            }
            Self::UriTooLong => plain_response(StatusCode::URI_TOO_LONG, "The address is too long.\n"),
        }
    }
}

/// An answer of one sentence of plain text.
pub fn plain_response(status: StatusCode, text: &'static str) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::full(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

const SECURITY_HEADERS: [(HeaderName, HeaderValue); 3] = [
    (http::header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (http::header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    // Applies when a browser shows the answer as a page: nothing may run, nothing may frame it.
    (
        http::header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox"),
    ),
];

const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds the headers that every answer carries; headers set by the handler stay.
pub(super) fn add_standard_headers(headers: &mut http::HeaderMap, id: HeaderValue, secure: bool) {
    headers.insert(HeaderName::from_static("x-request-id"), id);
    for (name, value) in SECURITY_HEADERS {
        headers.entry(name).or_insert(value);
    }
    if secure {
        headers.entry(http::header::STRICT_TRANSPORT_SECURITY).or_insert(HSTS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(request: http::request::Builder, hosts: &[&str]) -> Result<Origin, Refused> {
        let trust =
            ProxyTrust { trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()], ..ProxyTrust::default() };
        let hosts = AllowedHosts::new(hosts.iter().map(ToString::to_string));
        let peer = "10.0.0.1".parse().unwrap();
        admit(&request.body(()).unwrap(), peer, false, (&Limits::default(), &trust, &hosts))
    }

    fn get(uri: &str) -> http::request::Builder {
        Request::get(uri)
    }

    #[test]
    fn hosts_are_named_once_and_known() {
        let ok = |request| admitted(request, &["files.example.org", "[::1]"]).map(|_| ());
        assert_eq!(ok(get("/").header(HOST, "files.example.org")), Ok(()));
        assert_eq!(ok(get("/").header(HOST, "FILES.example.org.:8443")), Ok(()));
        assert_eq!(ok(get("/").header(HOST, "[::1]:8443")), Ok(()));
        assert_eq!(ok(get("/").header(HOST, "evil.example")), Err(Refused::ForeignHost));
        assert_eq!(ok(get("/")), Err(Refused::BadHost));
        assert_eq!(ok(get("/").version(Version::HTTP_10)), Ok(()));
        assert_eq!(
            ok(get("/").header(HOST, "files.example.org").header(HOST, "[::1]")),
            Err(Refused::BadHost)
        );
        assert_eq!(ok(get("http://evil.example/").header(HOST, "files.example.org")), Err(Refused::BadHost));
        assert_eq!(ok(get("/").header(HOST, "a@files.example.org")), Err(Refused::BadHost));
        let h2 = get("https://files.example.org/").version(Version::HTTP_2);
        assert_eq!(ok(h2), Ok(()));
        assert_eq!(admitted(get("/").header(HOST, "any"), &[]).map(|_| ()), Ok(()));
    }

    #[test]
    fn the_line_from_client_to_proxy_must_be_safe() {
        let proto = |value| admitted(get("/").header(HOST, "a").header("x-forwarded-proto", value), &[]);
        assert_eq!(proto("http"), Err(Refused::InsecureClient));
        assert_eq!(proto("https, http"), Err(Refused::InsecureClient));
        assert!(proto("https").unwrap().secure);
        assert!(!admitted(get("/").header(HOST, "a"), &[]).unwrap().secure);
    }

    #[test]
    fn packed_bodies_and_long_addresses_are_refused() {
        let packed = get("/").header(HOST, "a").header(CONTENT_ENCODING, "gzip");
        assert_eq!(admitted(packed, &[]), Err(Refused::ContentEncoding));
        let plain = get("/").header(HOST, "a").header(CONTENT_ENCODING, "Identity");
        assert!(admitted(plain, &[]).is_ok());
        for (length, expected) in [(8192, None), (8193, Some(Refused::UriTooLong))] {
            let uri = format!("/{}", "x".repeat(length - 1));
            assert_eq!(admitted(get(&uri).header(HOST, "a"), &[]).err(), expected);
        }
    }
}
