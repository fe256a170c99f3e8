//! The drafts of this protocol, which clients distinguish by a number.
//!
//! | number | draft | differences |
//! |---|---|---|
//! | 3 | -01 | `Upload-Incomplete`, the negation of `Upload-Complete`; Apple's iOS 17 |
//! | 4, 5 | -02, -03 | `Upload-Complete` |
//! | 6, 7 | -04 to -08 | `Upload-Length`, `Upload-Limit`; a PATCH is `application/partial-upload` |
//! | 8 | from -09 on | |

use http::{HeaderMap, HeaderName, HeaderValue};

use super::super::insert;
use super::fields;
use crate::http::protocol::RequestError;

pub(super) const INTEROP_VERSION: HeaderName = HeaderName::from_static("upload-draft-interop-version");
const NAME: &str = "Upload-Draft-Interop-Version";
const COMPLETE: &str = "Upload-Complete";
const INCOMPLETE: &str = "Upload-Incomplete";

const OLDEST: u64 = 3;
const NEWEST: u64 = 8;

/// The version that a client uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// The number, 3 to 8.
    pub version: u64,
    /// Whether the client sent this number itself; only then does it get 104.
    pub(super) is_named: bool,
}

impl Dialect {
    pub(super) const DEFAULT: Self = Self { version: NEWEST, is_named: false };

    /// The dialect of a request; `None` without any sign of one. A newer version is answered in the newest known
    /// one.
    pub fn of(headers: &HeaderMap) -> Result<Option<Self>, RequestError> {
        Ok(match fields::integer(headers, NAME)? {
            Some(version @ OLDEST..=NEWEST) => Some(Self { version, is_named: true }),
            Some(0..OLDEST) => {
                return Err(RequestError::Header {
                    name: NAME,
                    reason: "is too old; this server speaks 3 to 8",
                });
            }
            Some(_) => Some(Self::DEFAULT),
            None if headers.contains_key(COMPLETE) => Some(Self::DEFAULT),
            None if headers.contains_key(INCOMPLETE) => Some(Self { version: OLDEST, is_named: false }),
            None => None,
        })
    }

    /// Whether the request completes the content, by this dialect's header.
    pub fn completes(self, headers: &HeaderMap) -> Result<Option<bool>, RequestError> {
        let (complete, incomplete) =
            (fields::boolean(headers, COMPLETE)?, fields::boolean(headers, INCOMPLETE)?);
        match (complete, incomplete.map(|incomplete| !incomplete)) {
            (Some(one), Some(other)) if one != other => {
                Err(RequestError::Header { name: INCOMPLETE, reason: "contradicts Upload-Complete" })
            }
            (Some(_), None) if self.is_first() => {
                Err(RequestError::Header { name: COMPLETE, reason: "is unknown to interop version 3" })
            }
            (None, Some(_)) if !self.is_first() => {
                Err(RequestError::Header { name: INCOMPLETE, reason: "is unknown from interop version 4 on" })
            }
            (complete, incomplete) => Ok(complete.or(incomplete)),
        }
    }

    /// Writes the header that says whether the upload is complete.
    pub fn say(self, headers: &mut HeaderMap, is_complete: bool) {
        let name = match self.is_first() {
            true => HeaderName::from_static("upload-incomplete"),
            false => HeaderName::from_static("upload-complete"),
        };
        let value = if is_complete == self.is_first() { "?0" } else { "?1" };
        headers.insert(name, HeaderValue::from_static(value));
        if self.is_named {
            insert(headers, INTEROP_VERSION, &self.version.to_string());
        }
    }

    /// Whether it has `Upload-Length` and `Upload-Limit`, and a media type for parts.
    pub(super) fn has_limits(self) -> bool {
        self.version >= 6
    }

    fn is_first(self) -> bool {
        self.version == OLDEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn each_version_has_its_own_word_for_the_end() {
        let read = |lines: &[(&'static str, &str)]| {
            let headers = headers(lines);
            let dialect = Dialect::of(&headers).ok()??;
            Some((dialect.version, dialect.is_named, dialect.completes(&headers).ok()?))
        };
        let version = "upload-draft-interop-version";
        let (complete, incomplete) = ("upload-complete", "upload-incomplete");
        assert_eq!(read(&[(version, "3"), (incomplete, "?1")]), Some((3, true, Some(false))));
        assert_eq!(read(&[(version, "3"), (incomplete, "?0")]), Some((3, true, Some(true))));
        for known in ["4", "5", "6", "7", "8"] {
            let number = known.parse().unwrap();
            assert_eq!(read(&[(version, known), (complete, "?1")]), Some((number, true, Some(true))));
        }
        assert_eq!(read(&[(version, "9"), (complete, "?0")]), Some((8, false, Some(false))));
        assert_eq!(read(&[(complete, "?0")]), Some((8, false, Some(false))));
        assert_eq!(read(&[(incomplete, "?1")]), Some((3, false, Some(false))));
        assert_eq!(
            read(&[(version, "6"), (complete, "?1"), (incomplete, "?0")]),
            Some((6, true, Some(true)))
        );
        assert_eq!(read(&[]), None);
        // A header with another meaning in another version is refused rather than ignored.
        for wrong in [
            &[(version, "3"), (complete, "?1")][..],
            &[(version, "4"), (incomplete, "?1")],
            &[(version, "8"), (complete, "?1"), (incomplete, "?1")],
            &[(version, "2"), (complete, "?1")],
            &[(version, "x"), (complete, "?1")],
            &[(complete, "1")],
        ] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
