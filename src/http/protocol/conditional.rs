//! Conditional requests (RFC 9110 13) and the precedence of their headers.

use http::{HeaderMap, HeaderName, header};

use super::dates::parse_http_date;
use super::href::Site;
use super::{RequestError, if_header};
use crate::model::{Conditions, Etag, EtagMatch, IfCondition, IfList, IfState, IfTarget, Timestamp};

/// Most entity tags in one header.
pub const MAX_TAGS: usize = 1_000;

/// Reads every condition of a request. Ignores invalid dates, as RFC 9110 demands. Errors: 400 for tags or an `If`
/// header that cannot be parsed.
pub fn read(headers: &HeaderMap, site: &Site<'_>) -> Result<Conditions, RequestError> {
    Ok(Conditions {
        if_match: read_tags(headers, &header::IF_MATCH, WeakTags::Dropped)?,
        if_none_match: read_tags(headers, &header::IF_NONE_MATCH, WeakTags::Taken)?,
        if_unmodified_since: read_date(headers, &header::IF_UNMODIFIED_SINCE),
        if_modified_since: read_date(headers, &header::IF_MODIFIED_SINCE),
        if_lists: if_header::read(headers, |uri| site.if_target(uri))?,
    })
}

fn read_date(headers: &HeaderMap, name: &HeaderName) -> Option<Timestamp> {
    let mut lines = headers.get_all(name).iter();
    let date = parse_http_date(lines.next()?.to_str().ok()?);
    date.filter(|_| lines.next().is_none())
}

/// How a header treats `W/"…"`: If-Match compares strongly, so a weak tag equals nothing; If-None-Match compares
/// weakly and ignores the mark.
#[derive(Clone, Copy, PartialEq)]
enum WeakTags {
    Dropped,
    Taken,
}

fn read_tags(
    headers: &HeaderMap,
    name: &HeaderName,
    weak_tags: WeakTags,
) -> Result<Option<EtagMatch>, RequestError> {
    let malformed = || RequestError::Header {
        name: if *name == header::IF_MATCH { "If-Match" } else { "If-None-Match" },
        reason: "is not a list of entity tags",
    };
    let mut tags = Vec::new();
    for line in headers.get_all(name) {
        let line = std::str::from_utf8(line.as_bytes()).map_err(|_| malformed())?;
        if line.trim() == "*" {
            return Ok(Some(EtagMatch::Any));
        }
        let mut rest = line;
        loop {
            rest = rest.trim_start_matches([' ', '\t', ',']);
            if rest.is_empty() {
                break;
            }
            let (tag, is_weak, after) = split_tag(rest).ok_or_else(malformed)?;
            if tags.len() >= MAX_TAGS {
                return Err(malformed());
            }
            if !is_weak || weak_tags == WeakTags::Taken {
                tags.push(Etag(tag.to_owned()));
            }
            rest = after;
        }
    }
    Ok(headers.contains_key(name).then_some(EtagMatch::OneOf(tags)))
}

/// The first tag of a list: its text, whether it is weak, and the text after it. Accepts a tag without quotes, as
/// careless clients send it.
fn split_tag(text: &str) -> Option<(&str, bool, &str)> {
    let (is_weak, quoted) = match text.strip_prefix("W/") {
        Some(quoted) => (true, quoted),
        None => (false, text),
    };
    if let Some(opaque) = quoted.strip_prefix('"') {
        let (tag, after) = opaque.split_once('"')?;
        let ends_here = after.is_empty() || after.starts_with([',', ' ', '\t']);
        return ends_here.then_some((tag, is_weak, after));
    }
    let end = quoted.find([',', ' ', '\t']).unwrap_or(quoted.len());
    let (tag, after) = quoted.split_at_checked(end)?;
    (!tag.is_empty() && !tag.contains('"')).then_some((tag, is_weak, after))
}

/// Result of the conditions for GET or HEAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadVerdict {
    /// Proceed, with `Range` if there is one.
    Proceed,
    /// 304.
    NotModified,
    /// 412.
    PreconditionFailed,
}

/// Evaluates the conditions of GET or HEAD for an existing resource in the order of RFC 9110 13.2.2. `library`
/// evaluates the `If` header, which asks about locks. `changed` is compared with dates; it must not come from the
/// client alone (see [`Content::changed`](crate::library::Content::changed)).
pub fn judge_read(conditions: &Conditions, etag: &Etag, changed: Timestamp) -> ReadVerdict {
    let matches = |wanted: &EtagMatch| match wanted {
        EtagMatch::Any => true,
        EtagMatch::OneOf(tags) => tags.contains(etag),
    };
    let changed_after = |date: Timestamp| changed.as_secs() > date.as_secs();
    let may_go_on = match (&conditions.if_match, conditions.if_unmodified_since) {
        (Some(wanted), _) => matches(wanted),
        (None, Some(date)) => !changed_after(date),
        (None, None) => true,
    };
    if !may_go_on {
        return ReadVerdict::PreconditionFailed;
    }
    let is_known = match (&conditions.if_none_match, conditions.if_modified_since) {
        (Some(known), _) => matches(known),
        (None, Some(date)) => !changed_after(date),
        (None, None) => false,
    };
    if is_known { ReadVerdict::NotModified } else { ReadVerdict::Proceed }
}

/// Whether the lists of an `If` header are satisfied (RFC 4918 10.4) for a resource with this tag that cannot be
/// locked. Nothing is known about other resources.
pub fn holds_unlocked(lists: &[IfList], etag: &Etag) -> bool {
    let holds = |list: &IfList, condition: &IfCondition| {
        let is_so =
            list.target == IfTarget::Request && matches!(&condition.state, IfState::Tag(tag) if tag == etag);
        is_so != condition.negated
    };
    lists.is_empty()
        || lists.iter().any(|list| list.conditions.iter().all(|condition| holds(list, condition)))
}

/// Whether `Range` may be honoured: there is no `If-Range`, or it names exactly this state by a strong tag (RFC
/// 9110 13.1.5). A date never does: it would have to be a strong validator (8.8.2.2), but clients choose a file's
/// time, and a download would mix two contents with the same time.
pub fn if_range_holds(headers: &HeaderMap, etag: &Etag) -> bool {
    let mut lines = headers.get_all(header::IF_RANGE).iter();
    let Some(line) = lines.next() else {
        return true;
    };
    let Ok(text) = line.to_str() else {
        return false;
    };
    if lines.next().is_some() {
        return false;
    }
    matches!(split_tag(text.trim()), Some((tag, false, "")) if tag == etag.0)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const SITE: Site<'static> = Site { hosts: &[], mounts: &[] };

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn conditions(lines: &[(&'static str, &str)]) -> Result<Conditions, RequestError> {
        read(&headers(lines), &SITE)
    }

    fn one_of(tags: &[&str]) -> EtagMatch {
        EtagMatch::OneOf(tags.iter().map(|tag| Etag((*tag).to_owned())).collect())
    }

    #[test]
    fn tags_are_read_as_each_header_compares_them() {
        for (value, strong, weak) in [
            ("\"a\"", one_of(&["a"]), one_of(&["a"])),
            (" \"a\" ,, W/\"b\",\"c,d\"", one_of(&["a", "c,d"]), one_of(&["a", "b", "c,d"])),
            ("W/\"a\"", one_of(&[]), one_of(&["a"])),
            ("*", EtagMatch::Any, EtagMatch::Any),
            ("5f5e0f", one_of(&["5f5e0f"]), one_of(&["5f5e0f"])),
            ("\"\"", one_of(&[""]), one_of(&[""])),
            ("", one_of(&[]), one_of(&[])),
        ] {
            let read = conditions(&[("if-match", value), ("if-none-match", value)]).unwrap();
            assert_eq!(read.if_match, Some(strong), "{value}");
            assert_eq!(read.if_none_match, Some(weak), "{value}");
        }
        let two_lines = conditions(&[("if-match", "\"a\""), ("if-match", "\"b\"")]).unwrap();
        assert_eq!(two_lines.if_match, Some(one_of(&["a", "b"])));
        for value in ["\"a", "a\"", "\"a\"b", "W/", "\"a\"\"b\""] {
            assert!(conditions(&[("if-match", value)]).is_err(), "{value}");
        }
        assert!(conditions(&[("if-match", &"\"a\",".repeat(MAX_TAGS))]).is_ok());
        assert!(conditions(&[("if-match", &"\"a\",".repeat(MAX_TAGS + 1))]).is_err());
        assert_eq!(conditions(&[]), Ok(Conditions::default()));
    }

    #[test]
    fn dates_that_are_none_are_ignored() {
        for value in ["", "yesterday", "1600000000", "Sun, 13 Sep 2020 12:26:40 CET"] {
            let read = conditions(&[("if-modified-since", value), ("if-unmodified-since", value)]);
            assert_eq!(read, Ok(Conditions::default()), "{value}");
        }
    }

    #[test]
    fn reads_are_judged_in_the_order_of_the_rfc() {
        use ReadVerdict::{NotModified, PreconditionFailed, Proceed};
        const BEFORE: &str = "Sun, 13 Sep 2020 12:26:39 GMT";
        const EXACT: &str = "Sun, 13 Sep 2020 12:26:40 GMT";
        let etag = Etag("now".to_owned());
        // HTTP dates have no fractions of a second.
        let modified = Timestamp(1_600_000_000_900);
        for (lines, verdict) in [
            (&[][..], Proceed),
            (&[("if-match", "\"now\"")], Proceed),
            (&[("if-match", "*")], Proceed),
            (&[("if-match", "\"old\"")], PreconditionFailed),
            (&[("if-match", "W/\"now\"")], PreconditionFailed),
            (&[("if-match", "\"now\""), ("if-unmodified-since", BEFORE)], Proceed),
            (&[("if-unmodified-since", BEFORE)], PreconditionFailed),
            (&[("if-unmodified-since", EXACT)], Proceed),
            (&[("if-none-match", "\"now\"")], NotModified),
            (&[("if-none-match", "W/\"now\"")], NotModified),
            (&[("if-none-match", "*")], NotModified),
            (&[("if-none-match", "\"old\"")], Proceed),
            (&[("if-none-match", "\"old\""), ("if-modified-since", EXACT)], Proceed),
            (&[("if-modified-since", EXACT)], NotModified),
            (&[("if-modified-since", BEFORE)], Proceed),
            (&[("if-match", "\"old\""), ("if-none-match", "\"now\"")], PreconditionFailed),
            // davfs2 sends both.
            (&[("if-none-match", "\"now\""), ("if-modified-since", EXACT)], NotModified),
        ] {
            let conditions = conditions(lines).unwrap();
            assert_eq!(judge_read(&conditions, &etag, modified), verdict, "{lines:?}");
        }
    }

    #[test]
    fn a_range_is_honoured_for_the_same_state_only() {
        let etag = Etag("now".to_owned());
        for (value, holds) in [
            ("\"now\"", true),
            ("\"old\"", false),
            ("W/\"now\"", false),
            ("*", false),
            ("\"now\", \"old\"", false),
            ("Sun, 13 Sep 2020 12:26:40 GMT", false),
            ("", false),
        ] {
            let headers = headers(&[("if-range", value)]);
            assert_eq!(if_range_holds(&headers, &etag), holds, "{value}");
        }
        assert!(if_range_holds(&HeaderMap::new(), &etag));
    }

    proptest! {
        #[test]
        fn no_value_panics(value in proptest::collection::vec(0x20_u8..=0xff, 0..60)) {
            prop_assume!(!value.contains(&0x7f));
            let mut headers = HeaderMap::new();
            for name in ["if", "if-match", "if-none-match", "if-modified-since", "if-range"] {
                headers.insert(name, HeaderValue::from_bytes(&value).unwrap());
            }
            let _ = read(&headers, &SITE);
            let _ = if_range_holds(&headers, &Etag(String::new()));
        }
    }
}
