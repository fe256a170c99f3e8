//! The headers of the request that began an upload, stored with it: the end is judged as that request would have
//! been.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::dialect::Dialect;
use crate::http::protocol::RequestError;
use crate::uploads::Upload;

/// Conditions on the file.
const CONDITIONS: [&str; 3] = ["if-match", "if-none-match", "if-unmodified-since"];
/// The conditions, and the header with tokens of locks.
const KEPT: [&str; 4] = ["if-match", "if-none-match", "if-unmodified-since", "if"];

/// The dialect, and the lines of conditions: as text `8`, then `if-none-match: *` and the like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    version: u64,
    lines: Vec<(&'static str, String)>,
}

impl Origin {
    /// Reads a request. Errors: 400 for conditions that are not text.
    pub fn read(dialect: Dialect, headers: &HeaderMap) -> Result<Self, RequestError> {
        let mut lines = Vec::new();
        for name in KEPT {
            for value in headers.get_all(name) {
                let text =
                    value.to_str().map_err(|_| RequestError::Header { name, reason: "is not text" })?;
                lines.push((name, text.trim().to_owned()));
            }
        }
        Ok(Self { version: dialect.version, lines })
    }

    /// The origin stored with an upload.
    pub(super) fn of(upload: &Upload) -> Self {
        Self::parse(&upload.metadata)
    }

    /// Parses the text that [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Self {
        let mut lines = text.split('\n');
        let version = lines.next().and_then(|line| line.parse().ok()).unwrap_or(Dialect::DEFAULT.version);
        let known = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            Some((*KEPT.iter().find(|known| **known == name)?, value.to_owned()))
        };
        Self { version, lines: lines.filter_map(known).collect() }
    }

    /// The dialect of the first request, for a later one without a version; marked as not named.
    pub(super) fn dialect(&self) -> Dialect {
        Dialect { version: self.version, is_named: false }
    }

    /// The conditions of a later request; if it has none, or no lock tokens, those of the first one.
    pub(super) fn completed_by(&self, later: &HeaderMap) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for name in KEPT {
            let name = HeaderName::from_static(name);
            for value in later.get_all(&name) {
                headers.append(name.clone(), value.clone());
            }
        }
        let names_conditions = CONDITIONS.iter().any(|name| headers.contains_key(*name));
        let names_locks = headers.contains_key("if");
        for (name, text) in &self.lines {
            let is_replaced = if *name == "if" { names_locks } else { names_conditions };
            if let (false, Ok(value)) = (is_replaced, HeaderValue::from_str(text)) {
                headers.append(HeaderName::from_static(name), value);
            }
        }
        headers
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.version)?;
        self.lines.iter().try_for_each(|(name, value)| write!(f, "\n{name}: {value}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_of_the_beginning_hold_until_a_later_request_names_others() {
        let mut first = HeaderMap::new();
        first.insert("if-none-match", HeaderValue::from_static("*"));
        first.append("if", HeaderValue::from_static("(<urn:uuid:1>)"));
        first.append("if", HeaderValue::from_static("(<urn:uuid:2>)"));
        first.insert("authorization", HeaderValue::from_static("Basic eA=="));
        let origin = Origin::read(Dialect { version: 6, is_named: true }, &first).unwrap();
        let kept = origin.to_string();
        assert_eq!(kept, "6\nif-none-match: *\nif: (<urn:uuid:1>)\nif: (<urn:uuid:2>)");
        let origin = Origin::parse(&kept);
        assert_eq!(origin.dialect(), Dialect { version: 6, is_named: false });
        first.remove("authorization");
        assert_eq!(origin.completed_by(&HeaderMap::new()), first);
        let mut later = HeaderMap::new();
        later.insert("if", HeaderValue::from_static("(<urn:uuid:3>)"));
        let merged = origin.completed_by(&later);
        assert_eq!(merged.get_all("if").iter().count(), 1);
        assert_eq!(merged.get("if-none-match").unwrap(), "*");
        later.insert("if-match", HeaderValue::from_static("\"a\""));
        assert!(!origin.completed_by(&later).contains_key("if-none-match"));
        assert_eq!(Origin::parse("").dialect(), Dialect::DEFAULT);
    }
}
