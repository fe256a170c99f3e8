//! Structured fields (RFC 9651), limited to this protocol's use: one boolean or one integer.
//!
//! Stricter than the RFC: values have no parameters here, and none are skipped. By the RFC, a malformed field is
//! ignored; a PUT whose `Upload-Complete` is ignored would store a part as the whole.

use http::HeaderMap;

use crate::http::protocol::{RequestError, headers as dav_headers};

/// An item that is a boolean.
pub(super) fn boolean(headers: &HeaderMap, name: &'static str) -> Result<Option<bool>, RequestError> {
    match dav_headers::single(headers, name)? {
        None => Ok(None),
        Some("?1") => Ok(Some(true)),
        Some("?0") => Ok(Some(false)),
        Some(_) => Err(RequestError::Header { name, reason: "is neither ?0 nor ?1" }),
    }
}

/// An item that is a non-negative integer: 15 digits at most.
pub fn integer(headers: &HeaderMap, name: &'static str) -> Result<Option<u64>, RequestError> {
    let Some(text) = dav_headers::single(headers, name)? else { return Ok(None) };
    let is_number = (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let value = text.parse().ok().filter(|_| is_number);
    value.map(Some).ok_or(RequestError::Header { name, reason: "is not a number of at most 15 digits" })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn one(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("upload-x", HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn booleans_and_integers_have_one_spelling() {
        let boolean = |text: &str| super::boolean(&one(text), "Upload-X");
        assert_eq!((boolean("?1"), boolean(" ?0 ")), (Ok(Some(true)), Ok(Some(false))));
        for text in ["", "1", "true", "?2", "?1;a", "?1, ?1", "?", "?01", "\"?1\""] {
            assert!(boolean(text).is_err(), "{text}");
        }
        let integer = |text: &str| super::integer(&one(text), "Upload-X");
        assert_eq!(integer("0"), Ok(Some(0)));
        assert_eq!(integer("999999999999999"), Ok(Some(999_999_999_999_999)));
        for text in
            ["", "-1", "+1", "1.0", "0x1", "1 2", "1;a=b", "1000000000000000", "18446744073709551616", "١"]
        {
            let mut headers = HeaderMap::new();
            headers.insert("upload-x", HeaderValue::from_bytes(text.as_bytes()).unwrap());
            assert!(super::integer(&headers, "Upload-X").is_err(), "{text}");
        }
        let mut twice = one("?1");
        twice.append("upload-x", HeaderValue::from_static("?1"));
        assert!(super::boolean(&twice, "Upload-X").is_err());
        assert_eq!(super::boolean(&HeaderMap::new(), "Upload-X"), Ok(None));
    }
}
