//! Which web pages of other sites may upload here (Fetch, "CORS protocol"). None, unless the office names them.
//!
//! Only at the endpoints themselves, `/tus` and `/uploads`, where a page can add a file and read nothing back. A page that is
//! named sends a name and password by itself, in `Authorization`; what a browser keeps of its own accord (cookies,
//! passwords typed at a prompt) is never asked for, and so no page acts with them.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method};

use crate::net::WebOrigin;

/// What a page may send.
const METHODS: HeaderValue = HeaderValue::from_static("OPTIONS, GET, HEAD, POST, PATCH, DELETE");
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "Authorization, Content-Type, If-Match, If-None-Match, Tus-Resumable, Upload-Checksum, Upload-Complete, \
     Upload-Concat, Upload-Defer-Length, Upload-Draft-Interop-Version, Upload-Incomplete, Upload-Length, \
     Upload-Metadata, Upload-Offset, X-HTTP-Method-Override, X-Requested-With",
);
/// What it may read of an answer.
const ANSWER_HEADERS: HeaderValue = HeaderValue::from_static(
    "ETag, Location, OC-ETag, OC-FileId, Retry-After, Tus-Checksum-Algorithm, Tus-Extension, Tus-Max-Size, \
     Tus-Resumable, Tus-Version, Upload-Complete, Upload-Concat, Upload-Defer-Length, \
     Upload-Draft-Interop-Version, Upload-Expires, Upload-Incomplete, Upload-Length, Upload-Limit, \
     Upload-Metadata, Upload-Offset, X-Request-Id",
);
/// How long a browser may remember what it was told before a request, in seconds.
const REMEMBERED: HeaderValue = HeaderValue::from_static("3600");

/// The pages that are let in.
#[derive(Clone, Debug, Default)]
pub(super) struct Origins(pub(super) Vec<WebOrigin>);

/// What an answer is to say to the page that asked.
pub(in crate::http) struct CorsDecision {
    origin: Option<HeaderValue>,
    is_preflight: bool,
}

impl Origins {
    /// Reads a request; `None` if no page is let in at all.
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
