//! The body of a SEARCH request (RFC 5323), limited to one supported query: the entry with a given number.

use super::propfind::{PropfindRequest, names_in};
use super::{RequestError, xml};
use crate::model::{EntryId, PropertyName};

/// A parsed SEARCH request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchRequest {
    /// The properties to return.
    pub select: PropfindRequest,
    /// Number of the entry.
    pub entry: EntryId,
}

/// Parses the body. The scope does not matter, because a number identifies one entry in the whole instance. Errors:
/// 400, 413; 422 for every other condition.
pub fn parse(body: &[u8]) -> Result<SearchRequest, RequestError> {
    let root = xml::parse(body)?;
    let search = root.dav_child("basicsearch").filter(|_| root.is_dav("searchrequest"));
    let search = search.ok_or(RequestError::Body("is no DAV: searchrequest with a basicsearch"))?;
    let select = search.dav_child("select").ok_or(RequestError::Body("does not say what to select"))?;
    let select = match (select.dav_child("prop"), select.dav_child("allprop")) {
        (Some(prop), None) => PropfindRequest::Prop(names_in(std::iter::once(prop))?),
        (None, Some(_)) => PropfindRequest::AllProp { include: Vec::new() },
        _ => return Err(RequestError::Body("must select one of prop and allprop")),
    };
    let entry = search.dav_child("where").and_then(number).ok_or(RequestError::Unprocessable(
        "asks for something else than oc:fileid with one value; nothing else can be searched for",
    ))?;
    Ok(SearchRequest { select, entry })
}

/// The number in `<d:eq><d:prop><oc:fileid/></d:prop><d:literal>12</d:literal></d:eq>`, the only supported
/// condition.
fn number(condition: &xml::Element) -> Option<EntryId> {
    let mut conditions = condition.elements();
    let equal = conditions.next().filter(|equal| equal.is_dav("eq"))?;
    let mut names = equal.dav_child("prop")?.elements().map(xml::Element::name);
    let is_number = names.next() == Some(PropertyName::new("http://owncloud.org/ns", "fileid"));
    let text = equal.dav_child("literal")?.text();
    // Clients also send the whole `oc:id`, number and instance.
    let digits = text.split_once("oc").map_or(text.as_str(), |(digits, _)| digits);
    let is_all = conditions.next().is_none() && names.next().is_none();
    let number = digits.parse().ok().filter(|number: &i64| *number > 0)?;
    (is_number && is_all).then_some(EntryId(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(select: &str, condition: &str) -> String {
        format!(
            "<d:searchrequest xmlns:d=\"DAV:\" xmlns:oc=\"http://owncloud.org/ns\"><d:basicsearch>\
             <d:select>{select}</d:select><d:from><d:scope><d:href>/files/anna/</d:href><d:depth>infinity</d:depth>\
             </d:scope></d:from><d:where>{condition}</d:where></d:basicsearch></d:searchrequest>"
        )
    }

    fn number_is(literal: &str) -> String {
        format!("<d:eq><d:prop><oc:fileid/></d:prop><d:literal>{literal}</d:literal></d:eq>")
    }

    #[test]
    fn an_entry_is_asked_for_by_its_number() {
        for literal in ["74", "00000074", "00000074oc5f3e"] {
            let found = parse(body("<d:prop><oc:id/></d:prop>", &number_is(literal)).as_bytes()).unwrap();
            let id = PropertyName::new("http://owncloud.org/ns", "id");
            assert_eq!(found, SearchRequest { select: PropfindRequest::Prop(vec![id]), entry: EntryId(74) });
        }
    }

    #[test]
    fn nothing_else_is_searched_for() {
        let prop = "<d:prop><oc:id/></d:prop>";
        let name = "<d:like><d:prop><d:displayname/></d:prop><d:literal>%a%</d:literal></d:like>";
        for (select, condition, status) in [
            (prop, name.to_owned(), 422),
            (prop, String::new(), 422),
            (prop, number_is("1") + &number_is("2"), 422),
            (prop, format!("<d:or>{}</d:or>", number_is("1")), 422),
            (prop, number_is("0"), 422),
            (prop, number_is("-1"), 422),
            (prop, number_is("99999999999999999999"), 422),
            (prop, number_is("eins"), 422),
            ("", number_is("1"), 400),
        ] {
            let error = parse(body(select, &condition).as_bytes()).expect_err(&condition);
            assert_eq!(error.status().as_u16(), status, "{condition}");
        }
        for body in ["", "<d:propfind xmlns:d=\"DAV:\"/>", "<d:searchrequest xmlns:d=\"DAV:\"/>"] {
            assert_eq!(parse(body.as_bytes()).expect_err(body).status().as_u16(), 400, "{body}");
        }
    }
}
