//! Files of pages that a browser may keep for good: the address has a hash of the content in it, so another content has another
//! address.

use bytes::Bytes;
use data_encoding::HEXLOWER;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Response};

use crate::net::ResponseBody;

/// The path of a content with this SHA-256; `name` is its beginning, `ending` its end.
pub(super) fn address(name: &str, digest: &[u8], ending: &str) -> String {
    let hash = HEXLOWER.encode(digest);
    format!("/static/{name}-{}{ending}", hash.get(..16).unwrap_or_default())
}

/// The answer with this content.
pub(super) fn answer(media_type: &'static str, content: impl Into<Bytes>) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::full(content));
    for (name, value) in [
        (CONTENT_TYPE, media_type),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
