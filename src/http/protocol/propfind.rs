//! The body of a PROPFIND request (RFC 4918 9.1).

use super::{RequestError, xml};
use crate::model::PropertyName;

/// Most properties that one PROPFIND may name.
pub const MAX_PROPERTIES: usize = 512;

/// A parsed PROPFIND request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PropfindRequest {
    /// The properties of RFC 4918, all dead ones, and those named here.
    AllProp {
        /// Names from `include`.
        include: Vec<PropertyName>,
    },
    /// The names of all existing properties, without values.
    PropName,
    /// Only these properties, each once.
    Prop(Vec<PropertyName>),
}

/// Parses the body; an empty one asks for everything, as Windows does. Errors: 400, 413.
pub fn parse(body: &[u8]) -> Result<PropfindRequest, RequestError> {
    if body.trim_ascii().is_empty() {
        return Ok(PropfindRequest::AllProp { include: Vec::new() });
    }
    let root = xml::parse(body)?;
    if !root.is_dav("propfind") {
        return Err(RequestError::Body("is no DAV: propfind"));
    }
    // Unknown elements are skipped (RFC 4918 17); the three known ones exclude each other.
    let lists = |name: &'static str| root.elements().filter(move |element| element.is_dav(name));
    let prop = lists("prop").next();
    let allprop = root.dav_child("allprop");
    let propname = root.dav_child("propname");
    match (prop, allprop, propname) {
        (Some(_), None, None) => Ok(PropfindRequest::Prop(names_in(lists("prop"))?)),
        (None, Some(_), None) => Ok(PropfindRequest::AllProp { include: names_in(lists("include"))? }),
        (None, None, Some(_)) => Ok(PropfindRequest::PropName),
        _ => Err(RequestError::Body("must ask for exactly one of prop, allprop and propname")),
    }
}

/// All names in several lists: some clients send one `prop` for each property.
pub(super) fn names_in<'a>(
    lists: impl Iterator<Item = &'a xml::Element>,
) -> Result<Vec<PropertyName>, RequestError> {
    let mut names = Vec::new();
    for name in lists.flat_map(xml::Element::elements).map(xml::Element::name) {
        if names.len() >= MAX_PROPERTIES {
            return Err(RequestError::Body("names more than 512 properties"));
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn prop(names: &[(&str, &str)]) -> PropfindRequest {
        PropfindRequest::Prop(
            names.iter().map(|(namespace, local)| PropertyName::new(*namespace, *local)).collect(),
        )
    }

    #[test]
    fn the_bodies_that_clients_send() {
        const OC: &str = "http://owncloud.org/ns";
        let everything = PropfindRequest::AllProp { include: Vec::new() };
        for (body, expected) in [
            ("", everything.clone()),
            ("\r\n", everything.clone()),
            (
                r#"<?xml version="1.0" encoding="utf-8" ?><D:propfind xmlns:D="DAV:"><D:allprop/></D:propfind>"#,
                everything.clone(),
            ),
            (r#"<propfind xmlns="DAV:"><propname/></propfind>"#, PropfindRequest::PropName),
            (
                r#"<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><d:resourcetype/><d:getetag/><oc:size/></d:prop></d:propfind>"#,
                prop(&[("DAV:", "resourcetype"), ("DAV:", "getetag"), (OC, "size")]),
            ),
            // iOS declares namespaces where it uses them.
            (
                r#"<d:propfind xmlns:d="DAV:"><d:prop><id xmlns="http://owncloud.org/ns"/><d:getetag></d:getetag><d:getetag/></d:prop></d:propfind>"#,
                prop(&[(OC, "id"), ("DAV:", "getetag")]),
            ),
            (
                r#"<propfind xmlns="DAV:"><prop><nonamespace xmlns=""/></prop></propfind>"#,
                prop(&[("", "nonamespace")]),
            ),
            (r#"<propfind xmlns="DAV:"><prop/></propfind>"#, prop(&[])),
            (
                r#"<D:propfind xmlns:D="DAV:"><D:allprop/><D:include><D:quota-used-bytes/></D:include></D:propfind>"#,
                PropfindRequest::AllProp { include: vec![PropertyName::dav("quota-used-bytes")] },
            ),
            // Extensions are skipped.
            (r#"<D:propfind xmlns:D="DAV:"><D:foobar/><x/><D:allprop/></D:propfind>"#, everything),
        ] {
            assert_eq!(parse(body.as_bytes()), Ok(expected), "{body}");
        }
    }

    #[test]
    fn other_bodies_are_refused() {
        for body in [
            "<propfind><allprop/></propfind>",
            r#"<propfind xmlns="DAV:"/>"#,
            r#"<propfind xmlns="DAV:"><foo/></propfind>"#,
            r#"<propfind xmlns="DAV:"><allprop/><propname/></propfind>"#,
            r#"<propfind xmlns="DAV:"><prop/><allprop/></propfind>"#,
            r#"<propertyupdate xmlns="DAV:"/>"#,
            r#"<propfind xmlns="DAV:"><allprop>"#,
            // litmus propfind_invalid2: a prefix cannot be undeclared.
            r#"<D:propfind xmlns:D="DAV:"><D:prop><bar:foo xmlns:bar=""/></D:prop></D:propfind>"#,
            "null",
        ] {
            let error = parse(body.as_bytes()).expect_err(body);
            assert_eq!(error.status().as_u16(), 400, "{body}");
        }
    }

    #[test]
    fn the_number_of_properties_is_bounded() {
        let body = |n: usize| {
            let names: Vec<String> = (0..n).map(|i| format!("<p{i}/>")).collect();
            let names = names.concat();
            format!(r#"<propfind xmlns="DAV:"><prop>{names}</prop></propfind>"#)
        };
        assert!(parse(body(MAX_PROPERTIES).as_bytes()).is_ok());
        assert!(parse(body(MAX_PROPERTIES + 1).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn no_body_panics(body in "(<|</|/>|>|d:|propfind|prop|allprop| xmlns:d='DAV:'| ){0,40}") {
            let _ = parse(body.as_bytes());
        }
    }
}
