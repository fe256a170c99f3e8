//! Headers of WebDAV and of its clients.

use std::time::Duration;

use http::{HeaderMap, header};

use super::RequestError;
use super::dates::parse_unix_seconds;
use super::href::{Located, Site, Target};
use crate::model::{Checksum, ChecksumError, ChecksumKind, Depth, LockToken, Timestamp};

/// One header as text; `Err` if it is repeated or not ASCII.
pub fn single<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, RequestError> {
    let mut lines = headers.get_all(name).iter();
    let Some(line) = lines.next() else {
        return Ok(None);
    };
    match (std::str::from_utf8(line.as_bytes()), lines.next()) {
        (Ok(text), None) => Ok(Some(text.trim())),
        _ => Err(RequestError::Header { name, reason: "is repeated or not text" }),
    }
}

/// `Depth` (RFC 4918 10.2); `None` if absent, for which each method has its own default.
pub fn depth(headers: &HeaderMap) -> Result<Option<Depth>, RequestError> {
    match single(headers, "Depth")? {
        None => Ok(None),
        Some("0") => Ok(Some(Depth::Zero)),
        Some("1") => Ok(Some(Depth::One)),
        Some(text) if text.eq_ignore_ascii_case("infinity") => Ok(Some(Depth::Infinity)),
        Some(_) => Err(RequestError::Header { name: "Depth", reason: "must be 0, 1 or infinity" }),
    }
}

/// How COPY and MOVE treat an existing destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// Replace it.
    Replace,
    /// 412.
    Forbid,
}

/// `Overwrite` (RFC 4918 10.6); absent means [`Overwrite::Replace`], iOS writes `true` for `T`.
pub fn overwrite(headers: &HeaderMap) -> Result<Overwrite, RequestError> {
    match single(headers, "Overwrite")?.map(str::to_ascii_lowercase).as_deref() {
        None | Some("t" | "true") => Ok(Overwrite::Replace),
        Some("f" | "false") => Ok(Overwrite::Forbid),
        Some(_) => Err(RequestError::Header { name: "Overwrite", reason: "must be T or F" }),
    }
}

/// Duration of a lock: the first value in `Timeout` that is understood, between one second and `longest`; `longest`
/// by default (RFC 4918 10.7).
pub fn lock_timeout(headers: &HeaderMap, longest: Duration) -> Duration {
    let wish = |text: &str| {
        let text = text.trim();
        if text.eq_ignore_ascii_case("infinite") {
            return Some(longest);
        }
        let (unit, digits) = text.split_once('-')?;
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        (unit.eq_ignore_ascii_case("second") && is_number)
            .then(|| Duration::from_secs(digits.parse().unwrap_or(u64::MAX)))
    };
    headers
        .get_all("timeout")
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .find_map(wish)
        .unwrap_or(longest)
        .max(Duration::from_secs(1))
        .min(longest)
}

/// `Lock-Token` of UNLOCK (RFC 4918 10.5), with angle brackets or, as npm's `webdav` package sends it, without; 400
/// if it is missing.
pub fn lock_token(headers: &HeaderMap) -> Result<LockToken, RequestError> {
    single(headers, "Lock-Token")?
        .map(|text| text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or(text))
        .filter(|token| !token.is_empty() && !token.contains(['<', '>']))
        .map(|token| LockToken(token.to_owned()))
        .ok_or(RequestError::Header { name: "Lock-Token", reason: "is missing or not of the form <token>" })
}

/// `Destination` of COPY and MOVE (RFC 4918 10.3). Errors: 400 if it is missing or malformed, 502 if it points to
/// another server or out of the tree.
pub fn destination(headers: &HeaderMap, site: &Site<'_>) -> Result<Located, RequestError> {
    let uri = single(headers, "Destination")?
        .ok_or(RequestError::Header { name: "Destination", reason: "is missing" })?;
    match site.locate(uri)? {
        Target::Here(located) => Ok(located),
        Target::OutsideTree | Target::Foreign => Err(RequestError::ForeignDestination),
    }
}

/// Headers of a PUT about its body and the resulting file.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct UploadHeaders {
    /// Bytes that must arrive: `Content-Length`, Finder's `X-Expected-Entity-Length` or Nextcloud's
    /// `OC-Total-Length`. The quota is checked against it before the body is read, and a body of another length is
    /// not stored.
    pub length: Option<u64>,
    /// `X-OC-Mtime`; when given and stored, the answer says `X-OC-MTime: accepted`.
    pub modified: Option<Timestamp>,
    /// `X-OC-CTime`.
    pub created: Option<Timestamp>,
    /// Expected checksum of the body: `OC-Checksum` of a known algorithm, else `Content-Digest` or `Repr-Digest`
    /// (RFC 9530).
    pub checksum: Option<Checksum>,
}

/// Reads the headers of a PUT. Errors: those of [`refuse_parts`]; 400 for the first part of several, a malformed
/// checksum or lengths that contradict each other. A time that cannot be parsed is ignored.
pub fn upload(headers: &HeaderMap) -> Result<UploadHeaders, RequestError> {
    refuse_parts(headers)?;
    refuse_first_part(headers)?;
    Ok(UploadHeaders {
        length: upload_length(headers)?,
        modified: modified(headers)?,
        created: single(headers, "X-OC-CTime")?.and_then(parse_unix_seconds),
        checksum: checksum(headers)?,
    })
}

/// Refuses the start of an upload in parts (`http::resumable`) where none is supported: 400, because the body is
/// not the whole file.
fn refuse_first_part(headers: &HeaderMap) -> Result<(), RequestError> {
    for (name, whole) in [("Upload-Complete", "?1"), ("Upload-Incomplete", "?0"), ("Upload-Offset", "0")] {
        if single(headers, name)?.is_some_and(|said| said != whole) {
            return Err(RequestError::Header { name, reason: "is not spoken here; send the whole file" });
        }
    }
    Ok(())
}

/// Errors: 400 for `Content-Range` and `OC-Chunked`, where storing a part would truncate the file; 415 for
/// `Content-Encoding`.
pub fn refuse_parts(headers: &HeaderMap) -> Result<(), RequestError> {
    if headers.contains_key("OC-Chunked") {
        return Err(RequestError::Header {
            name: "OC-Chunked",
            reason: "is a way to send parts that this server does not know; the file would be garbage",
        });
    }
    if headers.contains_key(header::CONTENT_RANGE) {
        return Err(RequestError::Header {
            name: "Content-Range",
            reason: "is not supported on PUT; send the whole file, or its parts by tus (/tus)",
        });
    }
    if let Some(encoding) = single(headers, "Content-Encoding")?
        && !encoding.eq_ignore_ascii_case("identity")
    {
        return Err(RequestError::ContentEncoded);
    }
    Ok(())
}

/// `X-OC-Mtime`: a modification time in seconds since 1970, fractions allowed. A time that cannot be parsed is
/// ignored.
pub fn modified(headers: &HeaderMap) -> Result<Option<Timestamp>, RequestError> {
    Ok(single(headers, "X-OC-Mtime")?.and_then(parse_unix_seconds))
}

/// `OC-Total-Length` of a chunked upload: the bytes of all chunks together.
pub fn total_length(headers: &HeaderMap) -> Result<Option<u64>, RequestError> {
    number_of_bytes(headers, "OC-Total-Length")
}

/// `Content-Length`.
pub fn content_length(headers: &HeaderMap) -> Result<Option<u64>, RequestError> {
    number_of_bytes(headers, "Content-Length")
}

/// A header whose value is a number of bytes.
pub(in crate::http) fn number_of_bytes(
    headers: &HeaderMap,
    name: &'static str,
) -> Result<Option<u64>, RequestError> {
    let Some(text) = single(headers, name)? else { return Ok(None) };
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let value = text.parse().ok().filter(|_| is_number);
    value.map(Some).ok_or(RequestError::Header { name, reason: "is not a number of bytes" })
}

/// A chunked body has no Content-Length; then, and only then, Finder's header is used.
fn upload_length(headers: &HeaderMap) -> Result<Option<u64>, RequestError> {
    let mut length: Option<u64> = None;
    for name in ["Content-Length", "X-Expected-Entity-Length", "OC-Total-Length", "Upload-Length"] {
        let Some(value) = number_of_bytes(headers, name)? else { continue };
        if name == "X-Expected-Entity-Length" && length.is_some() {
            if length == Some(0) && value > 0 {
                let reason =
                    "announces a file, and its body is empty: a proxy in front of this server has dropped it";
                return Err(RequestError::Header { name, reason });
            }
            continue;
        }
        if length.is_some_and(|before| before != value) {
            return Err(RequestError::Header { name, reason: "contradicts the length of the body" });
        }
        length = Some(value);
    }
    Ok(length)
}

/// Expected checksum of the whole content: `OC-Checksum`, which may have several values separated by blanks, else a
/// digest of RFC 9530. Unknown algorithms are ignored, as clients expect.
pub fn checksum(headers: &HeaderMap) -> Result<Option<Checksum>, RequestError> {
    match (oc_checksum(headers)?, content_digest(headers)?) {
        (Some(checksum), _) | (None, Some(checksum)) => Ok(Some(checksum)),
        // The content of a PUT is the whole representation.
        (None, None) => digest(headers, "Repr-Digest"),
    }
}

/// Expected checksum of the whole file, of which the message carries a part.
pub fn whole_checksum(headers: &HeaderMap) -> Result<Option<Checksum>, RequestError> {
    match oc_checksum(headers)? {
        Some(checksum) => Ok(Some(checksum)),
        None => digest(headers, "Repr-Digest"),
    }
}

fn oc_checksum(headers: &HeaderMap) -> Result<Option<Checksum>, RequestError> {
    let text = single(headers, "OC-Checksum")?.unwrap_or_default();
    for one in text.split_ascii_whitespace() {
        match one.parse() {
            Ok(checksum) => return Ok(Some(checksum)),
            Err(ChecksumError::UnknownKind) => {}
            Err(ChecksumError::Malformed) => {
                return Err(RequestError::Header {
                    name: "OC-Checksum",
                    reason: "is not of the form SHA1:<hexadecimal digits>",
                });
            }
        }
    }
    Ok(None)
}

/// `Content-Digest`: expected checksum of the body of this message.
pub fn content_digest(headers: &HeaderMap) -> Result<Option<Checksum>, RequestError> {
    digest(headers, "Content-Digest")
}

fn digest(headers: &HeaderMap, name: &'static str) -> Result<Option<Checksum>, RequestError> {
    Ok(single(headers, name)?.map(|text| sha256_of(name, text)).transpose()?.flatten())
}

/// The member `sha-256` of a dictionary of digests (RFC 9530 2); skips other algorithms.
fn sha256_of(name: &'static str, text: &str) -> Result<Option<Checksum>, RequestError> {
    let Some(member) = text.split(',').find_map(|member| member.trim().strip_prefix("sha-256=")) else {
        return Ok(None);
    };
    let encoded = member.strip_prefix(':').and_then(|rest| rest.split_once(':')).map(|(encoded, _)| encoded);
    encoded
        .and_then(|encoded| data_encoding::BASE64.decode(encoded.as_bytes()).ok())
        .and_then(|digest| Checksum::new(ChecksumKind::Sha256, digest))
        .map(Some)
        .ok_or(RequestError::Header { name, reason: "is not of the form sha-256=:<base64>:" })
}

/// Whether to create missing parent folders of a file, too (`X-NC-WebDAV-Auto-Mkcol: 1`).
pub fn makes_parents(headers: &HeaderMap) -> bool {
    headers.get("X-NC-WebDAV-Auto-Mkcol").is_some_and(|value| value == "1")
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue, StatusCode};
    use proptest::prelude::*;

    use super::*;
    use crate::http::protocol::href::Mount;

    const LONGEST: Duration = Duration::from_hours(1);

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn depth_is_one_of_three() {
        for (value, expected) in [
            ("0", Depth::Zero),
            ("1", Depth::One),
            (" infinity", Depth::Infinity),
            ("Infinity", Depth::Infinity),
        ] {
            assert_eq!(depth(&headers(&[("depth", value)])), Ok(Some(expected)));
        }
        assert_eq!(depth(&HeaderMap::new()), Ok(None));
        for value in ["", "2", "-1", "01", "1,noroot", "infinite"] {
            assert!(depth(&headers(&[("depth", value)])).is_err(), "{value}");
        }
        assert!(depth(&headers(&[("depth", "0"), ("depth", "1")])).is_err());
    }

    #[test]
    fn overwrite_is_the_default() {
        for value in ["T", "t", "true", "TRUE"] {
            let headers = headers(&[("overwrite", value)]);
            assert_eq!(overwrite(&headers), Ok(Overwrite::Replace));
        }
        for value in ["F", "f", "false"] {
            let headers = headers(&[("overwrite", value)]);
            assert_eq!(overwrite(&headers), Ok(Overwrite::Forbid));
        }
        assert_eq!(overwrite(&HeaderMap::new()), Ok(Overwrite::Replace));
        assert!(overwrite(&headers(&[("overwrite", "maybe")])).is_err());
    }

    #[test]
    fn lock_timeouts_stay_within_the_hour() {
        for (value, seconds) in [
            ("Second-600", 600),
            ("second-600", 600),
            ("Second-3600", 3_600),
            ("Second-3601", 3_600),
            ("Second-4100000000", 3_600),
            ("Second-99999999999999999999", 3_600),
            ("Second-0", 1),
            ("Infinite", 3_600),
            ("Infinite, Second-600", 3_600),
            ("Extend, Second-600", 600),
            ("Second-x, Second-", 3_600),
            ("", 3_600),
        ] {
            assert_eq!(
                lock_timeout(&headers(&[("timeout", value)]), LONGEST),
                Duration::from_secs(seconds),
                "{value}"
            );
        }
        assert_eq!(lock_timeout(&HeaderMap::new(), LONGEST), LONGEST);
    }

    #[test]
    fn lock_tokens_stand_in_angle_brackets_or_without() {
        for value in [" <urn:uuid:1> ", "urn:uuid:1"] {
            let read = lock_token(&headers(&[("lock-token", value)]));
            assert_eq!(read, Ok(LockToken("urn:uuid:1".to_owned())), "{value}");
        }
        for value in ["", "urn:uuid:1>", "<>", "<urn:uuid:1", "<a><b>"] {
            let error = lock_token(&headers(&[("lock-token", value)])).unwrap_err();
            assert_eq!(error.status(), StatusCode::BAD_REQUEST, "{value}");
        }
        assert!(lock_token(&HeaderMap::new()).is_err());
    }

    #[test]
    fn a_digest_stands_between_colons() {
        let digest = "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=";
        for name in ["content-digest", "repr-digest"] {
            let read = |text: &str| upload(&headers(&[(name, text)])).map(|read| read.checksum);
            for text in [
                format!("sha-256=:{digest}:"),
                format!("sha-512=:AAAA:, sha-256=:{digest}:"),
                format!("sha-256=:{digest}:;q=1,md5=:AA==:"),
            ] {
                let checksum = read(&text).unwrap().unwrap();
                assert_eq!(checksum.kind(), ChecksumKind::Sha256);
                assert_eq!(data_encoding::BASE64.encode(checksum.digest()), digest);
            }
            assert_eq!(read("sha-512=:AAAA:"), Ok(None));
            for text in ["sha-256=", "sha-256=:AAAA:", "sha-256=AAAA", "sha-256=:?:"] {
                assert_eq!(read(text).unwrap_err().status(), StatusCode::BAD_REQUEST, "{text}");
            }
        }
    }

    #[test]
    fn destinations_stay_in_the_tree() {
        let mounts = [Mount::new(["dav"])];
        let site = Site { hosts: &["example.org"], mounts: &mounts };
        let status = |value: &str| {
            destination(&headers(&[("destination", value)]), &site).map_err(|error| error.status().as_u16())
        };
        for value in ["/dav/a/b%20c", "https://example.org/dav/a/b%20c"] {
            let located = status(value).unwrap();
            assert_eq!(mounts[0].href(&located.place, false), "/dav/a/b%20c");
        }
        for (value, expected) in [
            ("https://elsewhere.example/dav/a", 502),
            ("https://example.org/other", 502),
            ("/dav/a#b", 400),
            ("/dav/a?b", 400),
            ("/dav/../etc", 400),
            ("/dav/a/%2e%2e%2fb", 400),
            ("/dav/a/%00", 400),
            ("/dav/a/b\\c", 400),
            ("/dav/a//b", 400),
            ("a", 400),
            ("", 400),
        ] {
            assert_eq!(status(value), Err(expected), "{value}");
        }
        assert!(destination(&HeaderMap::new(), &site).is_err());
    }

    #[test]
    fn uploads_as_clients_send_them() {
        // Headers of Nextcloud's desktop client.
        let desktop = upload(&headers(&[
            ("content-length", "2"),
            ("oc-total-length", "2"),
            ("oc-checksum", "SHA1:5f84000000000000000000000000000000000000"),
            ("x-oc-mtime", "1600000002"),
        ]))
        .unwrap();
        assert_eq!(desktop.length, Some(2));
        assert_eq!(desktop.modified, Some(Timestamp::from_secs(1_600_000_002)));
        assert!(desktop.checksum.is_some());
        // Headers of its iOS app.
        let ios = upload(&headers(&[("x-oc-mtime", "1600000003.123456")])).unwrap();
        assert_eq!(ios.modified, Some(Timestamp(1_600_000_003_123)));
        // Headers of Finder.
        let finder =
            upload(&headers(&[("transfer-encoding", "chunked"), ("x-expected-entity-length", "1000")]))
                .unwrap();
        assert_eq!(finder.length, Some(1_000));
        // Unknown times and algorithms are ignored.
        let odd = upload(&headers(&[("x-oc-mtime", "now"), ("oc-checksum", "CRC9:1 x:2")]));
        assert_eq!(odd, Ok(UploadHeaders::default()));
    }

    #[test]
    fn uploads_that_would_store_something_else_are_refused() {
        for (lines, status) in [
            (&[("content-range", "bytes 5-9/10")][..], 400),
            (&[("upload-complete", "?0")], 400),
            (&[("upload-complete", "1")], 400),
            (&[("upload-incomplete", "?1")], 400),
            (&[("content-encoding", "gzip")], 415),
            (&[("content-length", "5"), ("oc-total-length", "6")], 400),
            (&[("content-length", "0"), ("x-expected-entity-length", "6")], 400),
            (&[("x-expected-entity-length", "-1")], 400),
            (&[("x-expected-entity-length", "+1")], 400),
            (&[("oc-total-length", "99999999999999999999")], 400),
            (&[("oc-checksum", "SHA1:xyz")], 400),
            (&[("oc-checksum", "SHA1")], 400),
        ] {
            let error = upload(&headers(lines)).unwrap_err();
            assert_eq!(error.status().as_u16(), status, "{lines:?}");
        }
        assert!(upload(&headers(&[("content-encoding", "identity")])).is_ok());
    }

    proptest! {
        #[test]
        fn no_value_panics(value in proptest::collection::vec(0x20_u8..=0xff, 0..40)) {
            prop_assume!(!value.contains(&0x7f));
            let mut map = HeaderMap::new();
            for name in [
                "depth", "overwrite", "timeout", "lock-token", "destination", "x-oc-mtime",
                "oc-checksum", "content-length",
            ] {
                map.insert(name, HeaderValue::from_bytes(&value).unwrap());
            }
            let _ = (depth(&map), overwrite(&map), lock_token(&map), upload(&map));
            let _ = lock_timeout(&map, LONGEST);
            let _ = destination(&map, &Site { hosts: &[], mounts: &[] });
        }
    }
}
