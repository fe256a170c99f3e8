//! `Upload-Metadata` of tus 1.0.0: pairs of a key and a value in Base64.

use std::collections::BTreeMap;

use super::RequestError;

/// The pairs of the header, which the client made up.
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
