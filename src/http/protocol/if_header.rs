//! The `If` header (RFC 4918 10.4).

use http::{HeaderMap, HeaderName};

use super::RequestError;
use crate::model::{Etag, IfCondition, IfList, IfState, IfTarget, LockToken};

/// Longest `If` header in bytes, all its lines together.
pub const MAX_BYTES: usize = 8 * 1024;
/// Most conditions in one `If` header.
pub const MAX_CONDITIONS: usize = 1_000;
/// Most tagged resources in one `If` header.
pub const MAX_RESOURCES: usize = 100;

/// Parses the header; without it there are no lists. `target` resolves the resource of a tag
/// ([`super::href::Site::if_target`]). Errors: 400 for bad grammar or an exceeded limit.
pub fn read(headers: &HeaderMap, target: impl Fn(&str) -> IfTarget) -> Result<Vec<IfList>, RequestError> {
    const IF: HeaderName = HeaderName::from_static("if");
    let mut text = String::new();
    for line in headers.get_all(IF) {
        let line = line.to_str().or_else(|_| std::str::from_utf8(line.as_bytes()).map_err(|_| GRAMMAR))?;
        if text.len() + line.len() > MAX_BYTES {
            return Err(too_large());
        }
        text.push_str(line);
        text.push(' ');
    }
    if headers.contains_key(IF) { parse(&text, target) } else { Ok(Vec::new()) }
}

const GRAMMAR: RequestError =
    RequestError::Header { name: "If", reason: "is not of the form of RFC 4918, section 10.4" };

fn too_large() -> RequestError {
    RequestError::Header {
        name: "If",
        reason: "is longer than 8 KiB, or has more than 1000 conditions or 100 resources",
    }
}

/// Lists before the first tag apply to the request's resource, all others to the tag before them.
fn parse(text: &str, target: impl Fn(&str) -> IfTarget) -> Result<Vec<IfList>, RequestError> {
    let mut rest = text.trim_ascii();
    let mut lists: Vec<IfList> = Vec::new();
    let mut current = IfTarget::Request;
    let mut conditions_left = MAX_CONDITIONS;
    let mut resources_left = MAX_RESOURCES;
    // A tag without a list is bad grammar.
    let mut tag_is_bare = true;
    while !rest.is_empty() {
        if let Some(list) = rest.strip_prefix('(') {
            let (conditions, after) = parse_list(list, &mut conditions_left)?;
            lists.push(IfList { target: current.clone(), conditions });
            tag_is_bare = false;
            rest = after;
        } else {
            // Untagged and tagged lists must not be mixed, and a tag must not follow another.
            let follows_untagged = current == IfTarget::Request && !lists.is_empty();
            let follows_tag = current != IfTarget::Request && tag_is_bare;
            let (uri, after) = angle_brackets(rest)?;
            if follows_untagged || follows_tag {
                return Err(GRAMMAR);
            }
            resources_left = resources_left.checked_sub(1).ok_or_else(too_large)?;
            current = target(uri);
            tag_is_bare = true;
            rest = after;
        }
        rest = rest.trim_ascii_start();
    }
    if tag_is_bare { Err(GRAMMAR) } else { Ok(lists) }
}

/// The conditions up to `)`, and the text after it.
fn parse_list<'a>(
    text: &'a str,
    conditions_left: &mut usize,
) -> Result<(Vec<IfCondition>, &'a str), RequestError> {
    let mut rest = text.trim_ascii_start();
    let mut conditions = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix(')') {
            return if conditions.is_empty() { Err(GRAMMAR) } else { Ok((conditions, after)) };
        }
        *conditions_left = conditions_left.checked_sub(1).ok_or_else(too_large)?;
        let (negated, after) = match rest.split_at_checked(3) {
            Some((word, after)) if word.eq_ignore_ascii_case("not") => (true, after.trim_ascii_start()),
            _ => (false, rest),
        };
        let (state, after) = parse_state(after)?;
        conditions.push(IfCondition { negated, state });
        rest = after.trim_ascii_start();
    }
}

fn parse_state(text: &str) -> Result<(IfState, &str), RequestError> {
    let Some(tag) = text.strip_prefix('[') else {
        let (token, after) = angle_brackets(text)?;
        return Ok((IfState::Token(LockToken(token.to_owned())), after));
    };
    let tag = tag.trim_ascii_start();
    let (is_weak, quoted) = match tag.strip_prefix("W/") {
        Some(quoted) => (true, quoted),
        None => (false, tag),
    };
    let (opaque, after) = quoted.strip_prefix('"').and_then(|text| text.split_once('"')).ok_or(GRAMMAR)?;
    let after = after.trim_ascii_start().strip_prefix(']').ok_or(GRAMMAR)?;
    // Strong comparison: a weak tag equals nothing. Tags of this server contain no quotes.
    let etag = if is_weak { Etag(format!("W/\"{opaque}\"")) } else { Etag(opaque.to_owned()) };
    Ok((IfState::Tag(etag), after))
}

/// `<uri>` and the text after it.
fn angle_brackets(text: &str) -> Result<(&str, &str), RequestError> {
    text.strip_prefix('<')
        .and_then(|text| text.split_once('>'))
        .filter(|(uri, _)| !uri.is_empty() && !uri.contains(['<', ' ', '\t']))
        .ok_or(GRAMMAR)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;
    use crate::http::protocol::href::{Mount, Site};
    use crate::model::{EntryName, EntryPath};

    fn headers(value: &[u8]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("if", HeaderValue::from_bytes(value).unwrap());
        headers
    }

    fn lists(value: &str) -> Result<Vec<IfList>, RequestError> {
        let mounts = [Mount::new(["dav"])];
        let site = Site { hosts: &["host:8080"], mounts: &mounts };
        read(&headers(value.as_bytes()), |uri| site.if_target(uri))
    }

    fn token(text: &str) -> IfState {
        IfState::Token(LockToken(text.to_owned()))
    }

    fn tag(text: &str) -> IfState {
        IfState::Tag(Etag(text.to_owned()))
    }

    fn list(target: IfTarget, conditions: &[(bool, IfState)]) -> IfList {
        IfList {
            target,
            conditions: conditions
                .iter()
                .map(|(negated, state)| IfCondition { negated: *negated, state: state.clone() })
                .collect(),
        }
    }

    fn entry(space: &str, path: &str) -> IfTarget {
        IfTarget::Entry { space: EntryName::parse(space).unwrap(), path: EntryPath::parse(path).unwrap() }
    }

    #[test]
    fn untagged_lists_speak_of_the_request() {
        let request = IfTarget::Request;
        for (header, expected) in [
            ("(<urn:uuid:1>)", vec![list(request.clone(), &[(false, token("urn:uuid:1"))])]),
            (
                r#"(<urn:uuid:1> ["a b"]) (Not <DAV:no-lock>["x)>"])"#,
                vec![
                    list(request.clone(), &[(false, token("urn:uuid:1")), (false, tag("a b"))]),
                    list(request.clone(), &[(true, token("DAV:no-lock")), (false, tag("x)>"))]),
                ],
            ),
            (
                r#"( not[W/"w"]Not  [ "" ] )"#,
                vec![list(request.clone(), &[(true, tag("W/\"w\"")), (true, tag(""))])],
            ),
        ] {
            assert_eq!(lists(header), Ok(expected), "{header}");
        }
        assert_eq!(read(&HeaderMap::new(), |_| IfTarget::Elsewhere), Ok(Vec::new()));
    }

    #[test]
    fn tagged_lists_speak_of_their_tag() {
        // davfs2 escapes in lower case and sends the absolute URI; Nextcloud sends a path.
        let header = "<http://host:8080/dav/a/%c3%bc%20new.txt> (<opaquelocktoken:1>) (<t:2>) \
                      </dav/a/b> ([\"50fd\"]) <http://other/dav/a/b> (Not <t:3>)";
        assert_eq!(
            lists(header),
            Ok(vec![
                list(entry("a", "ü new.txt"), &[(false, token("opaquelocktoken:1"))]),
                list(entry("a", "ü new.txt"), &[(false, token("t:2"))]),
                list(entry("a", "b"), &[(false, tag("50fd"))]),
                list(IfTarget::Elsewhere, &[(true, token("t:3"))]),
            ])
        );
    }

    #[test]
    fn bad_grammar_is_refused() {
        for header in [
            "",
            " ",
            "()",
            "(",
            "(<a:b>",
            "(<a:b)",
            "(<>)",
            "(a:b)",
            "<a:b>",
            "<a:b> <c:d> (<e:f>)",
            "(<a:b>) </dav/a>",
            "(<a:b>) </dav/a> (<c:d>)",
            "(Not)",
            "(Not Not <a:b>)",
            "([a])",
            "([\"a])",
            "([\"a\")",
            "(<a:b>) x",
            "(<a b>)",
            "(<a:b>))",
            "((<a:b>))",
        ] {
            assert_eq!(lists(header), Err(GRAMMAR), "{header:?}");
        }
        let bad_utf8 = headers(b"(<a:\xff>)");
        assert_eq!(read(&bad_utf8, |_| IfTarget::Elsewhere), Err(GRAMMAR));
    }

    #[test]
    fn limits_hold_at_their_boundary() {
        let many = |n: usize| format!("({})", "<a>".repeat(n));
        assert_eq!(lists(&many(1_000)).unwrap()[0].conditions.len(), 1_000);
        assert_eq!(lists(&many(1_001)), Err(too_large()));
        let tagged = |n: usize| "</dav/a>(<b>)".repeat(n);
        assert_eq!(lists(&tagged(100)).unwrap().len(), 100);
        assert_eq!(lists(&tagged(101)), Err(too_large()));
        let long = |n: usize| format!("(<{}>)", "a".repeat(n));
        assert!(lists(&long(MAX_BYTES - 4)).is_ok());
        assert_eq!(lists(&long(MAX_BYTES - 3)), Err(too_large()));
    }

    proptest! {
        #[test]
        fn no_text_panics(header in "[<>()\\[\\]\"NotW/a:. \u{e9}]{0,80}") {
            let _ = lists(&header);
        }
    }
}
