//! The words of tus 1.0.0 (<https://tus.io/protocols/resumable-upload>).

use std::collections::BTreeMap;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::RequestError;

/// The version that a request or an answer speaks.
pub const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
/// Bytes of an upload that are durable.
pub const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
/// Bytes of a whole upload.
pub const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
/// The version that this server speaks.
pub const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
/// The type of the bytes of an upload.
const CONTENT: &[u8] = b"application/offset+octet-stream";

/// Whether a request names the version that this server speaks, as all but OPTIONS must.
pub fn is_spoken(headers: &HeaderMap) -> bool {
    headers.get(TUS_RESUMABLE).is_some_and(|version| version == VERSION)
}

/// Whether the body is said to be bytes of an upload.
pub fn is_content(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    kind.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii().eq_ignore_ascii_case(CONTENT)
}

/// The pairs of `Upload-Metadata`, each a key and a value in Base64, which the client made up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UploadMetadata(BTreeMap<String, Vec<u8>>);

impl UploadMetadata {
    /// Parses a header, whose length the caller has bounded. Errors: 400 if it breaks the protocol in any detail.
    pub fn parse(text: &str) -> Result<Self, RequestError> {
        let mut pairs = BTreeMap::new();
        for pair in text.split(',').map(str::trim).filter(|_| !text.is_empty()) {
            let (key, encoded) = pair.split_once(' ').unwrap_or((pair, ""));
            if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(malformed("has a key that is empty or not ASCII"));
            }
            let value = data_encoding::BASE64.decode(encoded.as_bytes());
            let value = value.map_err(|_| malformed("has a value that is not Base64"))?;
            if pairs.insert(key.to_owned(), value).is_some() {
                return Err(malformed("says something twice"));
            }
        }
        Ok(Self(pairs))
    }

    /// The value of a key.
    pub fn text(&self, key: &str) -> Result<Option<&str>, RequestError> {
        let text = self.0.get(key).map(|value| std::str::from_utf8(value)).transpose();
        text.map_err(|_| malformed("has a value that is not UTF-8"))
    }
}

/// The header is malformed for this reason.
pub fn malformed(reason: &'static str) -> RequestError {
    RequestError::Header { name: "Upload-Metadata", reason }
}
