//! Origins of web pages (RFC 6454), as written in the configuration.

use serde::{Deserialize, Serialize};

/// Where a web page came from: `https://app.example`, with a port if that is not the usual one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebOrigin(String);

/// A text that is not an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an origin is https://name or http://name, perhaps with :port, in small letters and without a path")]
pub struct ParseOriginError;

impl TryFrom<String> for WebOrigin {
    type Error = ParseOriginError;

    fn try_from(text: String) -> Result<Self, ParseOriginError> {
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let is_sound = |byte: u8| {
            byte.is_ascii_lowercase()
                || byte.is_ascii_digit()
                || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']')
        };
        match host.is_some_and(|host| !host.is_empty() && host.bytes().all(is_sound)) {
            true => Ok(Self(text)),
            false => Err(ParseOriginError),
        }
    }
}

impl WebOrigin {
    /// The origin as it appears in an `Origin` header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<WebOrigin> for String {
    fn from(origin: WebOrigin) -> Self {
        origin.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_and_a_name() {
        for good in ["https://app.example", "http://localhost:5173", "https://[::1]:8443"] {
            assert_eq!(String::from(WebOrigin::try_from(good.to_owned()).unwrap()), good);
        }
        for bad in [
            "",
            "*",
            "null",
            "app.example",
            "https://",
            "https://a/",
            "https://A",
            "https://*.a",
            "ftp://a",
            "https://a b",
        ] {
            assert!(WebOrigin::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
