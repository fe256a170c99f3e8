//! The body of a SEARCH request (RFC 5323), limited to two supported queries: the entry with a given number, and the
//! entries whose names contain a text.

use super::propfind::{PropfindRequest, names_in};
use super::{RequestError, xml};
use crate::model::{EntryId, PropertyName, SearchText};

/// A parsed SEARCH request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchRequest {
    /// The properties to return.
    pub select: PropfindRequest,
    /// The entries to search for.
    pub wanted: Wanted,
}

/// The entries that a SEARCH request searches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The entry with this number.
    Entry(EntryId),
    /// Entries by their names.
    Names {
        /// The words.
        text: SearchText,
        /// Most entries that the client wants, if it says so.
        limit: Option<usize>,
    },
}

/// Parses the body. The scope does not matter: a number identifies one entry in the whole instance, and the apps search
/// for names in everything that the user may see. Errors: 400, 413; 422 for every other condition.
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
    let condition = search.dav_child("where").ok_or(OTHER_CONDITION)?;
    let wanted = match (number(condition), name(condition)) {
        (Some(entry), _) => Wanted::Entry(entry),
        (None, Some(text)) => {
            let limit = search.dav_child("limit").and_then(|limit| limit.dav_child("nresults"));
            Wanted::Names { text, limit: limit.and_then(|number| number.text().trim().parse().ok()) }
        }
        (None, None) => return Err(OTHER_CONDITION),
    };
    Ok(SearchRequest { select, wanted })
}

const OTHER_CONDITION: RequestError = RequestError::Unprocessable(
    "asks for something else than oc:fileid with one value, or a part of d:displayname; nothing else can be searched for",
);

/// The number in `<d:eq><d:prop><oc:fileid/></d:prop><d:literal>12</d:literal></d:eq>`.
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

/// The text in `<d:like><d:prop><d:displayname/></d:prop><d:literal>%text%</d:literal></d:like>`, with the signs for any
/// characters around it.
fn name(condition: &xml::Element) -> Option<SearchText> {
    let mut conditions = condition.elements();
    let like = conditions.next().filter(|like| like.is_dav("like"))?;
    let mut names = like.dav_child("prop")?.elements().map(xml::Element::name);
    let is_name = names.next() == Some(PropertyName::new("DAV:", "displayname"));
    let literal = like.dav_child("literal")?.text();
    let text = SearchText::parse(literal.strip_prefix('%')?.strip_suffix('%')?).ok()?;
    let is_all = conditions.next().is_none() && names.next().is_none();
    (is_name && is_all).then_some(text)
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
            let wanted = Wanted::Entry(EntryId(74));
            assert_eq!(found, SearchRequest { select: PropfindRequest::Prop(vec![id]), wanted });
        }
    }

    fn name_is(literal: &str) -> String {
        format!("<d:like><d:prop><d:displayname/></d:prop><d:literal>{literal}</d:literal></d:like>")
    }

    #[test]
    fn entries_are_asked_for_by_a_part_of_their_names() {
        let prop = "<d:prop><oc:id/></d:prop>";
        let text = SearchText::parse("100% müller").unwrap();
        let whole = body(prop, &name_is("%100% müller%"));
        assert_eq!(
            parse(whole.as_bytes()).unwrap().wanted,
            Wanted::Names { text: text.clone(), limit: None }
        );
        let limit = "</d:where><d:limit><d:nresults>7</d:nresults></d:limit>";
        let limited = whole.replace("</d:where>", limit);
        assert_eq!(parse(limited.as_bytes()).unwrap().wanted, Wanted::Names { text, limit: Some(7) });
    }

    #[test]
    fn nothing_else_is_searched_for() {
        let prop = "<d:prop><oc:id/></d:prop>";
        for (select, condition, status) in [
            (prop, name_is("a%"), 422),
            (prop, name_is("%a"), 422),
            (prop, name_is("%"), 422),
            (prop, name_is("%%"), 422),
            (prop, name_is(&format!("%{}%", "x".repeat(256))), 422),
            (prop, name_is("%a%").replace("displayname", "getetag"), 422),
            (prop, name_is("%a%") + &name_is("%b%"), 422),
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
