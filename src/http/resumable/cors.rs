//! Which web pages of other sites may upload here (Fetch, "CORS protocol"). None, unless the office configures
//! them.
//!
//! Only the endpoints themselves, `/tus` and `/uploads`, allow it; there a page can add a file and read nothing
//! back. An allowed page sends name and password itself, in `Authorization`. Credentials that a browser stores
//! (cookies, passwords entered at a prompt) are not accepted, so no page can act with them.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method};

use crate::net::WebOrigin;

/// Methods that a page may use.
const METHODS: HeaderValue = HeaderValue::from_static("OPTIONS, GET, HEAD, POST, PATCH, DELETE");
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "Authorization, Content-Type, If-Match, If-None-Match, Tus-Resumable, Upload-Checksum, Upload-Complete, \
     Upload-Concat, Upload-Defer-Length, Upload-Draft-Interop-Version, Upload-Incomplete, Upload-Length, \
     Upload-Metadata, Upload-Offset, X-HTTP-Method-Override, X-Requested-With",
);
/// Headers of an answer that a page may read.
const ANSWER_HEADERS: HeaderValue = HeaderValue::from_static(
    "ETag, Location, OC-ETag, OC-FileId, Retry-After, Tus-Checksum-Algorithm, Tus-Extension, Tus-Max-Size, \
     Tus-Resumable, Tus-Version, Upload-Complete, Upload-Concat, Upload-Defer-Length, \
     Upload-Draft-Interop-Version, Upload-Expires, Upload-Incomplete, Upload-Length, Upload-Limit, \
     Upload-Metadata, Upload-Offset, X-Request-Id",
);
/// Seconds for which a browser may cache the answer to a preflight.
const REMEMBERED: HeaderValue = HeaderValue::from_static("3600");

/// The allowed origins.
#[derive(Clone, Debug, Default)]
pub(super) struct Origins(pub(super) Vec<WebOrigin>);

/// CORS headers of an answer, for the page that asked.
pub(in crate::http) struct CorsDecision {
    origin: Option<HeaderValue>,
    is_preflight: bool,
}

impl Origins {
    /// Decides about a request; `None` if no origin is allowed at all.
    pub(super) fn decide(&self, method: &Method, headers: &HeaderMap) -> Option<CorsDecision> {
        let is_known =
            |origin: &&HeaderValue| self.0.iter().any(|known| known.as_str().as_bytes() == origin.as_bytes());
        (!self.0.is_empty()).then(|| CorsDecision {
            origin: headers.get(ORIGIN).filter(is_known).cloned(),
            is_preflight: method == Method::OPTIONS,
        })
    }
}

impl CorsDecision {
    pub(in crate::http) fn write_headers(self, headers: &mut HeaderMap) {
        headers.append(VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = self.origin else { return };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, ANSWER_HEADERS);
        if self.is_preflight {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
            headers.insert(ACCESS_CONTROL_MAX_AGE, REMEMBERED);
        }
    }
}
