//! The answer 207 (RFC 4918 13): the parts that its forms share, and the short forms.
//!
//! Prefixes are literal, because the iOS app compares strings.

use std::fmt::Write;

use super::xml::{push_attribute_value, push_text};
use crate::model::PropertyName;

/// `Content-Type` of every XML answer; the Nextcloud desktop client accepts exactly this value.
pub const CONTENT_TYPE: &str = "application/xml; charset=utf-8";

pub(super) const XML_DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

/// Namespaces whose prefixes clients compare literally.
pub(super) const LITERAL_PREFIXES: [(&str, &str); 5] = [
    ("DAV:", "d"),
    ("http://owncloud.org/ns", "oc"),
    ("http://nextcloud.org/ns", "nc"),
    ("http://open-collaboration-services.org/ns", "x1"),
    ("http://open-cloud-mesh.org/ns", "x2"),
];
/// Number of these, from the first on, that the root always declares.
pub(super) const ALWAYS_DECLARED: usize = 3;

pub(super) const OK_STATUS: &str = "<d:status>HTTP/1.1 200 OK</d:status></d:propstat>";
pub(super) const END: &str = "</d:multistatus>\n";

/// `<p:local/>`; declares the prefix unless every root declares it.
pub(super) fn push_empty_element(out: &mut String, name: &PropertyName) {
    let literal =
        LITERAL_PREFIXES.iter().take(ALWAYS_DECLARED).find(|(namespace, _)| *namespace == name.namespace);
    if let Some((_, prefix)) = literal {
        let _ = write!(out, "<{prefix}:{}/>", name.local);
    } else {
        let _ = write!(out, "<{} xmlns=\"", name.local);
        push_attribute_value(out, &name.namespace);
        out.push_str("\"/>");
    }
}

/// The opening of every multistatus.
pub(super) fn root() -> String {
    let mut out = String::from(XML_DECLARATION);
    out.push_str("<d:multistatus");
    for (namespace, prefix) in LITERAL_PREFIXES.iter().take(ALWAYS_DECLARED) {
        let _ = write!(out, " xmlns:{prefix}=\"{namespace}\"");
    }
    out.push('>');
    out
}

/// The answer to a PROPPATCH that made all of its changes.
pub fn proppatch_done(href: &str, names: &[PropertyName]) -> String {
    let mut out = root();
    open_response(&mut out, href);
    out.push_str("<d:propstat><d:prop>");
    for name in names {
        push_empty_element(&mut out, name);
    }
    out.push_str("</d:prop>");
    out.push_str(OK_STATUS);
    out.push_str("</d:response>");
    out.push_str(END);
    out
}

/// Outcome of a change, if not all could be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeStatus {
    /// 403 with `cannot-modify-protected-property`.
    Protected,
    /// 409: the value makes no sense for this property.
    BadValue,
    /// 424: not made because another change failed.
    FailedDependency,
}

/// The answer to a PROPPATCH that changed nothing, with the outcome of each property.
pub fn proppatch_refused(href: &str, outcome: &[(PropertyName, ChangeStatus)]) -> String {
    let groups = [
        (
            ChangeStatus::Protected,
            "<d:status>HTTP/1.1 403 Forbidden</d:status>\
             <d:error><d:cannot-modify-protected-property/></d:error>",
        ),
        (ChangeStatus::BadValue, "<d:status>HTTP/1.1 409 Conflict</d:status>"),
        (ChangeStatus::FailedDependency, "<d:status>HTTP/1.1 424 Failed Dependency</d:status>"),
    ];
    let mut out = root();
    open_response(&mut out, href);
    for (status, text) in groups {
        let mut names = outcome.iter().filter(|(_, found)| *found == status).map(|(name, _)| name).peekable();
        if names.peek().is_none() {
            continue;
        }
        out.push_str("<d:propstat><d:prop>");
        names.for_each(|name| push_empty_element(&mut out, name));
        let _ = write!(out, "</d:prop>{text}</d:propstat>");
    }
    out.push_str("</d:response>");
    out.push_str(END);
    out
}

fn open_response(out: &mut String, href: &str) {
    out.push_str("<d:response><d:href>");
    push_text(out, href);
    out.push_str("</d:href>");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::protocol::xml;

    #[test]
    fn proppatch_tells_every_property_once() {
        let names = [
            PropertyName::new("urn:schemas-microsoft-com:", "Win32FileAttributes"),
            PropertyName::dav("lastmodified"),
        ];
        let done = proppatch_done("/dav/a", &names);
        assert!(done.contains(
            "<d:response><d:href>/dav/a</d:href><d:propstat><d:prop>\
             <Win32FileAttributes xmlns=\"urn:schemas-microsoft-com:\"/><d:lastmodified/></d:prop>\
             <d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>"
        ));
        let refused = proppatch_refused(
            "/dav/a",
            &[
                (PropertyName::new("", "a"), ChangeStatus::FailedDependency),
                (PropertyName::dav("getetag"), ChangeStatus::Protected),
            ],
        );
        assert!(refused.contains(
            "<d:propstat><d:prop><d:getetag/></d:prop><d:status>HTTP/1.1 403 Forbidden</d:status>\
             <d:error><d:cannot-modify-protected-property/></d:error></d:propstat>\
             <d:propstat><d:prop><a xmlns=\"\"/></d:prop>\
             <d:status>HTTP/1.1 424 Failed Dependency</d:status></d:propstat>"
        ));
        assert!(!refused.contains("409"));
        for text in [done, refused] {
            xml::parse(text.as_bytes()).unwrap();
        }
    }
}
