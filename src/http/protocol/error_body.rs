//! The body of an error: `DAV:error` with the failed precondition (RFC 4918 16) and the text that Nextcloud's
//! clients show.

use http::StatusCode;

use super::multistatus::XML_DECLARATION;
use super::xml::push_text;

/// A precondition that was not met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precondition<'a> {
    /// PROPFIND with `Depth: infinity` is refused.
    PropfindFiniteDepth,
    /// A resource is locked and the client did not send the token; hrefs of the locked resources.
    LockTokenSubmitted(&'a [String]),
    /// LOCK conflicts with another lock; hrefs of the roots of those locks.
    NoConflictingLock(&'a [String]),
    /// UNLOCK or refresh with a token of another resource.
    LockTokenMatchesRequestUri,
    /// The quota is used up (RFC 4331 6).
    QuotaNotExceeded,
    /// The disk itself is full (RFC 4331 6).
    SufficientDiskSpace,
}

impl Precondition<'_> {
    fn push(self, out: &mut String) {
        let (name, hrefs): (&str, &[String]) = match self {
            Self::PropfindFiniteDepth => ("propfind-finite-depth", &[]),
            Self::LockTokenSubmitted(hrefs) => ("lock-token-submitted", hrefs),
            Self::NoConflictingLock(hrefs) => ("no-conflicting-lock", hrefs),
            Self::LockTokenMatchesRequestUri => ("lock-token-matches-request-uri", &[]),
            Self::QuotaNotExceeded => ("quota-not-exceeded", &[]),
            Self::SufficientDiskSpace => ("sufficient-disk-space", &[]),
        };
        out.push_str("<d:");
        out.push_str(name);
        if hrefs.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        for href in hrefs {
            out.push_str("<d:href>");
            push_text(out, href);
            out.push_str("</d:href>");
        }
        out.push_str("</d:");
        out.push_str(name);
        out.push('>');
    }
}

/// Writes the body. `message` is shown to people: it contains no paths and no internals.
pub fn error_body(status: StatusCode, precondition: Option<Precondition<'_>>, message: &str) -> String {
    let mut out = String::from(XML_DECLARATION);
    out.push_str(r#"<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns">"#);
    if let Some(precondition) = precondition {
        precondition.push(&mut out);
    }
    out.push_str("<s:exception>");
    out.push_str(exception(status));
    out.push_str("</s:exception><s:message>");
    push_text(&mut out, message);
    out.push_str("</s:message></d:error>\n");
    out
}

/// Exception names that Nextcloud's clients know.
fn exception(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "Sabre\\DAV\\Exception\\BadRequest",
        StatusCode::UNAUTHORIZED => "Sabre\\DAV\\Exception\\NotAuthenticated",
        StatusCode::FORBIDDEN => "Sabre\\DAV\\Exception\\Forbidden",
        StatusCode::NOT_FOUND => "Sabre\\DAV\\Exception\\NotFound",
        StatusCode::METHOD_NOT_ALLOWED => "Sabre\\DAV\\Exception\\MethodNotAllowed",
        StatusCode::CONFLICT => "Sabre\\DAV\\Exception\\Conflict",
        StatusCode::PRECONDITION_FAILED => "Sabre\\DAV\\Exception\\PreconditionFailed",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "Sabre\\DAV\\Exception\\UnsupportedMediaType",
        StatusCode::RANGE_NOT_SATISFIABLE => "Sabre\\DAV\\Exception\\RequestedRangeNotSatisfiable",
        StatusCode::LOCKED => "Sabre\\DAV\\Exception\\Locked",
        StatusCode::NOT_IMPLEMENTED => "Sabre\\DAV\\Exception\\NotImplemented",
        StatusCode::SERVICE_UNAVAILABLE => "Sabre\\DAV\\Exception\\ServiceUnavailable",
        StatusCode::INSUFFICIENT_STORAGE => "Sabre\\DAV\\Exception\\InsufficientStorage",
        _ => "Sabre\\DAV\\Exception",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::protocol::xml;

    #[test]
    fn errors_name_what_failed() {
        assert_eq!(
            error_body(StatusCode::FORBIDDEN, Some(Precondition::PropfindFiniteDepth), "a < b"),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
             <d:error xmlns:d=\"DAV:\" xmlns:s=\"http://sabredav.org/ns\"><d:propfind-finite-depth/>\
             <s:exception>Sabre\\DAV\\Exception\\Forbidden</s:exception>\
             <s:message>a &lt; b</s:message></d:error>\n"
        );
        let hrefs = ["/dav/a".to_owned(), "/dav/b&c".to_owned()];
        let body = error_body(StatusCode::LOCKED, Some(Precondition::LockTokenSubmitted(&hrefs)), "locked");
        assert!(body.contains(
            "<d:lock-token-submitted><d:href>/dav/a</d:href><d:href>/dav/b&amp;c</d:href></d:lock-token-submitted>"
        ));
        for status in 400..=511 {
            let status = StatusCode::from_u16(status).unwrap();
            let body = error_body(status, None, "\u{0}\"x\"");
            assert!(xml::parse(body.as_bytes()).unwrap().is_dav("error"));
        }
    }
}
