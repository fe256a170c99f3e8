//! Fuzz targets for everything that clients and proxies send. See `crate::fuzzing` for the rules.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::string_slice,
    reason = "a target ends at the first broken promise, as a test does"
)]

mod bodies;
mod heads;
mod messages;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::protocol::href::{Mount, Site};

/// As in `crate::fuzzing`, which stands above this room.
type Target = fn(&[u8]);

/// Name and function of each target.
pub(crate) const TARGETS: &[(&str, Target)] = &[
    ("xml", bodies::xml),
    ("propfind", bodies::propfind),
    ("proppatch", bodies::proppatch),
    ("lockinfo", bodies::lockinfo),
    ("headers", heads::headers),
    ("if-header", heads::if_header),
    ("etags", heads::etags),
    ("range", heads::range),
    ("path", heads::path),
    ("form", bodies::form),
    ("multipart", bodies::multipart),
    ("login", heads::login),
    ("peer", heads::peer),
    ("framing", messages::framing),
    ("header-blocks", messages::header_blocks),
];

/// Lines `name: value` as a request brings them; what is no header is passed over.
fn header_map(lines: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines.split(|byte| *byte == b'\n').take(100) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let name = HeaderName::from_bytes(&line[..colon]);
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    headers
}

/// One header, repeated for each line.
fn repeated(name: &'static str, lines: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines.split(|byte| *byte == b'\n').take(100) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
    headers
}

/// What the server answers to in all targets.
fn with_site<T>(judge: impl FnOnce(&Site<'_>) -> T) -> T {
    let mounts = [Mount::new(["dav"]), Mount::new(["remote.php", "dav", "files", "ünal"])];
    judge(&Site { hosts: &["files.example:8443", "[::1]:8443"], mounts: &mounts })
}
