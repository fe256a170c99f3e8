//! Writes the answer to a PROPFIND, in the one form that all clients accept.
//!
//! Each response starts with its href and one 200 propstat, even an empty one, because clients read the first or
//! the last propstat that they find.

use std::collections::HashMap;
use std::fmt::Write;

use bytes::Bytes;

use super::multistatus::{ALWAYS_DECLARED, END, LITERAL_PREFIXES, OK_STATUS, push_empty_element, root};
use super::properties::{LiveProperty, ResourceView};
use super::propfind::PropfindRequest;
use super::xml::{push_attribute_value, push_text};
use crate::model::PropertyName;

/// Writes the answer to a PROPFIND resource by resource. The caller drains it with [`Self::take`] whenever enough
/// has accumulated, so that a folder of any size needs little memory.
#[derive(Debug)]
pub struct PropfindAnswer {
    out: String,
    plan: Plan,
    /// Indexes in the plan of properties that the current resource lacks; reused.
    missing: Vec<usize>,
}

#[derive(Debug)]
enum Plan {
    /// The properties of `allprop`, then these.
    All(Vec<Wanted>),
    Names,
    These(Vec<Wanted>),
}

/// A property that the client named.
#[derive(Debug)]
enum Wanted {
    Live(LiveProperty),
    Dead {
        name: PropertyName,
        /// The empty element, for 404; the root declares its prefix, so that a long namespace is not repeated for
        /// every resource.
        tag: String,
    },
}

impl PropfindAnswer {
    /// Starts the answer. Add the requested collection as the first resource.
    pub fn new(request: &PropfindRequest) -> Self {
        let mut prefixes = Prefixes::default();
        let plan = match request {
            PropfindRequest::PropName => Plan::Names,
            PropfindRequest::Prop(names) => Plan::These(prefixes.plan(names)),
            PropfindRequest::AllProp { include } => Plan::All(
                prefixes
                    .plan(include)
                    .into_iter()
                    .filter(|wanted| match wanted {
                        Wanted::Live(live) => !live.is_in_allprop(),
                        Wanted::Dead { .. } => true,
                    })
                    .collect(),
            ),
        };
        Self { out: prefixes.root(), plan, missing: Vec::new() }
    }

    /// Adds one resource.
    pub fn push(&mut self, view: &ResourceView<'_>) {
        let Self { out, plan, missing } = self;
        missing.clear();
        out.push_str("<d:response><d:href>");
        push_text(out, view.href);
        out.push_str("</d:href><d:propstat><d:prop>");
        let wanted: &[Wanted] = match plan {
            Plan::These(wanted) => {
                push_wanted(out, view, wanted, missing);
                wanted
            }
            Plan::All(included) => {
                for live in LiveProperty::ALL {
                    if live.is_in_allprop() && live.is_defined(view) {
                        live.push(out, view);
                    }
                }
                for (_, xml) in view.dead {
                    out.push_str(xml);
                }
                push_included(out, view, included, missing);
                included
            }
            Plan::Names => {
                push_names(out, view);
                &[]
            }
        };
        out.push_str("</d:prop>");
        out.push_str(OK_STATUS);
        if !missing.is_empty() {
            out.push_str("<d:propstat><d:prop>");
            for place in missing.iter() {
                match wanted.get(*place) {
                    Some(Wanted::Live(live)) => out.push_str(live.empty_tag()),
                    Some(Wanted::Dead { tag, .. }) => out.push_str(tag),
                    None => {}
                }
            }
            out.push_str("</d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat>");
        }
        out.push_str("</d:response>\n");
    }

    /// Notes that the listing of the tree at `href` is incomplete (RFC 5323 2.3.1, with the error of RFC 3744).
    pub fn push_cut_short(&mut self, href: &str) {
        self.out.push_str("<d:response><d:href>");
        push_text(&mut self.out, href);
        self.out.push_str(
            "</d:href><d:status>HTTP/1.1 507 Insufficient Storage</d:status>\
             <d:error><d:number-of-matches-within-limits/></d:error>\
             <d:responsedescription>The tree is too large for one answer; list one folder at a time.\
             </d:responsedescription></d:response>\n",
        );
    }

    /// Bytes that have accumulated.
    pub fn pending(&self) -> usize {
        self.out.len()
    }

    /// Takes the accumulated bytes.
    pub fn take(&mut self) -> Bytes {
        let capacity = self.out.capacity();
        Bytes::from(std::mem::replace(&mut self.out, String::with_capacity(capacity)))
    }

    /// Ends the answer and takes the remaining bytes.
    pub fn finish(mut self) -> Bytes {
        self.out.push_str(END);
        Bytes::from(self.out)
    }
}

fn push_wanted(out: &mut String, view: &ResourceView<'_>, wanted: &[Wanted], missing: &mut Vec<usize>) {
    for (place, property) in wanted.iter().enumerate() {
        match property {
            Wanted::Live(live) if live.is_defined(view) => live.push(out, view),
            Wanted::Dead { name, .. } => match find_dead(view, name) {
                Some(xml) => out.push_str(xml),
                None => missing.push(place),
            },
            Wanted::Live(_) => missing.push(place),
        }
    }
}

/// Like [`push_wanted`], for resources whose dead properties are already written.
fn push_included(out: &mut String, view: &ResourceView<'_>, included: &[Wanted], missing: &mut Vec<usize>) {
    for (place, property) in included.iter().enumerate() {
        match property {
            Wanted::Live(live) if live.is_defined(view) => live.push(out, view),
            Wanted::Dead { name, .. } if find_dead(view, name).is_some() => {}
            _ => missing.push(place),
        }
    }
}

fn push_names(out: &mut String, view: &ResourceView<'_>) {
    for live in LiveProperty::ALL {
        if live.is_dav() && live.is_defined(view) {
            out.push_str(live.empty_tag());
        }
    }
    for (name, _) in view.dead {
        push_empty_element(out, name);
    }
}

fn find_dead<'a>(view: &ResourceView<'a>, name: &PropertyName) -> Option<&'a str> {
    view.dead.iter().find(|(dead, _)| dead == name).map(|(_, xml)| xml.as_str())
}

/// The namespace prefixes of one answer.
#[derive(Default)]
struct Prefixes {
    /// Namespaces from the request, with their prefixes.
    own: HashMap<String, String>,
    declarations: String,
}

impl Prefixes {
    fn plan(&mut self, names: &[PropertyName]) -> Vec<Wanted> {
        let wanted = |name: &PropertyName| match LiveProperty::find(name) {
            Some(live) => {
                // Declares a prefix if not every root declares it.
                self.tag(name);
                Wanted::Live(live)
            }
            None => Wanted::Dead { tag: self.tag(name), name: name.clone() },
        };
        names.iter().map(wanted).collect()
    }

    fn tag(&mut self, name: &PropertyName) -> String {
        let PropertyName { namespace, local } = name;
        if namespace.is_empty() {
            return format!("<{local}/>");
        }
        let literal = LITERAL_PREFIXES.iter().position(|(known, _)| known == namespace);
        if let Some((_, prefix)) =
            literal.filter(|place| *place < ALWAYS_DECLARED).and_then(|place| LITERAL_PREFIXES.get(place))
        {
            return format!("<{prefix}:{local}/>");
        }
        if let Some(prefix) = self.own.get(namespace) {
            return format!("<{prefix}:{local}/>");
        }
        let prefix = match literal.and_then(|place| LITERAL_PREFIXES.get(place)) {
            Some((_, prefix)) => (*prefix).to_owned(),
            // Clients expect x1 and x2 to have their usual meaning.
            None => format!("x{}", self.own.len() + 3),
        };
        let _ = write!(self.declarations, " xmlns:{prefix}=\"");
        push_attribute_value(&mut self.declarations, namespace);
        self.declarations.push('"');
        let tag = format!("<{prefix}:{local}/>");
        self.own.insert(namespace.clone(), prefix);
        tag
    }

    fn root(&self) -> String {
        let mut out = root();
        // Remove the closing bracket.
        out.pop();
        out.push_str(&self.declarations);
        out.push('>');
        out
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::http::protocol::properties::{ActiveLock, CloudView, Permissions};
    use crate::http::protocol::{propfind, xml};
    use crate::model::{Depth, Etag, LockScope, LockToken, Right, Timestamp};

    fn folder(etag: &Etag) -> ResourceView<'_> {
        ResourceView {
            href: "/dav/a/",
            is_folder: true,
            display_name: "a",
            size: 77,
            content_type: "",
            etag,
            created: Timestamp::from_secs(1_600_000_000),
            modified: Timestamp::from_secs(1_600_000_000),
            quota_available: Some(1_000),
            quota_used: Some(24),
            lockable: true,
            locks: "",
            dead: &[],
            cloud: CloudView {
                number: 1,
                instance: "abcdefghij",
                permissions: Permissions::Inside(Right::Write),
                checksums: &[],
                fingerprint: None,
                owner: "anna",
                is_linked: false,
            },
        }
    }

    fn file(etag: &Etag) -> ResourceView<'_> {
        ResourceView {
            href: "/dav/a/%C3%BC%20b.txt",
            is_folder: false,
            display_name: "ü b.txt",
            size: 5,
            content_type: "text/plain",
            ..folder(etag)
        }
    }

    fn answer(body: &str, views: &[ResourceView<'_>]) -> String {
        let mut answer = PropfindAnswer::new(&propfind::parse(body.as_bytes()).unwrap());
        for view in views {
            answer.push(view);
        }
        let text = String::from_utf8(answer.finish().to_vec()).unwrap();
        xml::parse(text.as_bytes()).expect("the answer is well-formed");
        text
    }

    fn prop(names: &str) -> String {
        format!(
            r#"<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:w="urn:w"><d:prop>{names}</d:prop></d:propfind>"#
        )
    }

    #[test]
    fn nextclouds_question_gets_the_model_answer() {
        let etag = Etag("5f5e0f".to_owned());
        let body = prop(
            "<d:resourcetype/><d:getlastmodified/><d:getcontentlength/><d:getetag/><oc:id/><oc:downloadURL/>",
        );
        assert_eq!(
            answer(&body, &[folder(&etag), file(&etag)]),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
             <d:multistatus xmlns:d=\"DAV:\" xmlns:oc=\"http://owncloud.org/ns\" xmlns:nc=\"http://nextcloud.org/ns\">\
             <d:response><d:href>/dav/a/</d:href><d:propstat><d:prop>\
             <d:resourcetype><d:collection/></d:resourcetype>\
             <d:getlastmodified>Sun, 13 Sep 2020 12:26:40 GMT</d:getlastmodified>\
             <d:getetag>\"5f5e0f\"</d:getetag><oc:id>00000001ocabcdefghij</oc:id></d:prop>\
             <d:status>HTTP/1.1 200 OK</d:status></d:propstat>\
             <d:propstat><d:prop><d:getcontentlength/><oc:downloadURL/></d:prop>\
             <d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>\n\
             <d:response><d:href>/dav/a/%C3%BC%20b.txt</d:href><d:propstat><d:prop>\
             <d:resourcetype/>\
             <d:getlastmodified>Sun, 13 Sep 2020 12:26:40 GMT</d:getlastmodified>\
             <d:getcontentlength>5</d:getcontentlength>\
             <d:getetag>\"5f5e0f\"</d:getetag><oc:id>00000001ocabcdefghij</oc:id></d:prop>\
             <d:status>HTTP/1.1 200 OK</d:status></d:propstat>\
             <d:propstat><d:prop><oc:downloadURL/></d:prop>\
             <d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>\n\
             </d:multistatus>\n"
        );
    }

    #[test]
    fn explorers_question_gets_all_that_it_needs_and_no_quota() {
        let etag = Etag("1".to_owned());
        let dead =
            [(PropertyName::new("urn:w", "attr"), "<Z:attr xmlns:Z=\"urn:w\">00000020</Z:attr>".to_owned())];
        let view = ResourceView { dead: &dead, ..file(&etag) };
        let text = answer("", &[view]);
        for needed in [
            "<d:creationdate>2020-09-13T12:26:40Z<",
            "<d:displayname>ü b.txt<",
            "<d:getcontentlength>5<",
            "<d:getcontenttype>text/plain<",
            "<d:getetag>\"1\"<",
            "<d:getlastmodified>Sun",
            "<d:resourcetype/>",
            "<d:supportedlock><d:lockentry>",
            "<d:lockdiscovery/>",
            "<Z:attr xmlns:Z=\"urn:w\">00000020</Z:attr>",
        ] {
            assert!(text.contains(needed), "{needed} in {text}");
        }
        assert!(!text.contains("quota") && !text.contains("404"));
        let folder = answer("", &[folder(&etag)]);
        assert!(!folder.contains("quota") && !folder.contains("getcontent"));
    }

    #[test]
    fn quota_is_told_of_folders_to_those_who_ask() {
        let etag = Etag("1".to_owned());
        let body = prop("<d:quota-available-bytes/><d:quota-used-bytes/>");
        let text = answer(&body, &[folder(&etag)]);
        assert!(text.contains(
            "<d:quota-available-bytes>1000</d:quota-available-bytes><d:quota-used-bytes>24</d:quota-used-bytes></d:prop><d:status>HTTP/1.1 200"
        ));
        assert!(!text.contains("404"));
        assert!(
            answer(&body, &[file(&etag)]).contains("<d:quota-used-bytes/></d:prop><d:status>HTTP/1.1 404")
        );
        let included = answer(
            r#"<d:propfind xmlns:d="DAV:"><d:allprop/><d:include><d:quota-used-bytes/><d:getetag/><x/></d:include></d:propfind>"#,
            &[folder(&etag)],
        );
        assert!(included.contains("<d:quota-used-bytes>24<"));
        assert_eq!(included.matches("<d:getetag>").count(), 1);
        assert!(included.contains("<d:propstat><d:prop><x/></d:prop><d:status>HTTP/1.1 404"));
    }

    #[test]
    fn the_first_propstat_is_200_even_if_nothing_was_found() {
        let etag = Etag("1".to_owned());
        for names in ["<w:a/>", ""] {
            let text = answer(&prop(names), &[file(&etag)]);
            assert!(
                text.contains(
                    "</d:href><d:propstat><d:prop></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>"
                ),
                "{text}"
            );
        }
    }

    #[test]
    fn dead_properties_are_told_as_stored_and_unknown_ones_not_found() {
        let etag = Etag("1".to_owned());
        let dead = [
            (PropertyName::new("urn:w", "a"), "<q:a xmlns:q=\"urn:w\"/>".to_owned()),
            (PropertyName::new("", "bare"), "<bare>1</bare>".to_owned()),
        ];
        let view = ResourceView { dead: &dead, ..file(&etag) };
        let long = "u".repeat(900);
        let names = format!("<w:a/><w:b/><bare/><bare2/><x:c xmlns:x='{long}'/><x:d xmlns:x='{long}'/>");
        let text = answer(&prop(&names), &[view, view]);
        assert_eq!(text.matches("<q:a xmlns:q=\"urn:w\"/><bare>1</bare></d:prop>").count(), 2);
        assert_eq!(text.matches("<d:prop><x3:b/><bare2/><x4:c/><x4:d/></d:prop>").count(), 2);
        // A long namespace appears once in the answer, however many resources it has.
        assert_eq!(text.matches(&long).count(), 1);

        let names = answer(r#"<d:propfind xmlns:d="DAV:"><d:propname/></d:propfind>"#, &[view]);
        assert!(names.contains("<d:getetag/>") && names.contains("<a xmlns=\"urn:w\"/><bare xmlns=\"\"/>"));
    }

    #[test]
    fn nextclouds_share_namespaces_have_the_prefixes_of_habit() {
        let etag = Etag("1".to_owned());
        let text = answer(
            &prop(
                "<w:z/><a xmlns='http://open-cloud-mesh.org/ns'/><b xmlns='http://open-collaboration-services.org/ns'/><c xmlns='urn:c'/>",
            ),
            &[file(&etag)],
        );
        assert!(text.contains("<x3:z/><x2:a/><x1:b/><x6:c/>"), "{text}");
    }

    #[test]
    fn hostile_names_cannot_break_a_listing() {
        let etag = Etag("a\"<&".to_owned());
        let view = ResourceView { display_name: "a<b>&\u{1}\u{ffff}\r\n", ..file(&etag) };
        let text = answer(&prop("<d:displayname/><d:getetag/>"), &[view]);
        assert!(text.contains("<d:displayname>a&lt;b&gt;&amp;\u{fffd}\u{fffd}&#13;\n</d:displayname>"));
    }

    #[test]
    fn locks_show_in_lockdiscovery() {
        let etag = Etag("1".to_owned());
        let token = LockToken("urn:uuid:1".to_owned());
        let mut locks = String::new();
        let lock = ActiveLock {
            scope: LockScope::Exclusive,
            depth: Depth::Zero,
            owner: Some("me"),
            timeout: Duration::from_mins(10),
            token: &token,
            root_href: "/dav/a/b",
        };
        lock.push(&mut locks);
        let view = ResourceView { locks: &locks, ..file(&etag) };
        assert!(answer("", &[view]).contains("<d:lockdiscovery><d:activelock>"));
    }

    #[test]
    fn what_cannot_be_locked_supports_no_lock() {
        let etag = Etag("1".to_owned());
        let text = answer("", &[ResourceView { lockable: false, ..file(&etag) }]);
        assert!(text.contains("<d:supportedlock/>"), "{text}");
    }

    #[test]
    fn an_answer_that_was_cut_short_says_so() {
        let etag = Etag("1".to_owned());
        let mut answer = PropfindAnswer::new(&propfind::parse(b"").unwrap());
        answer.push(&folder(&etag));
        answer.push_cut_short("/dav/a&b/");
        let text = String::from_utf8(answer.finish().to_vec()).unwrap();
        xml::parse(text.as_bytes()).expect("the answer is well-formed");
        let end = text.rsplit("<d:response>").next().unwrap();
        assert!(end.starts_with("<d:href>/dav/a&amp;b/</d:href><d:status>HTTP/1.1 507"), "{end}");
    }

    #[test]
    fn draining_in_pieces_gives_the_same_text() {
        let etag = Etag("1".to_owned());
        let whole = answer("", &[file(&etag), file(&etag)]);
        let mut answer = PropfindAnswer::new(&propfind::parse(b"").unwrap());
        let mut pieces = Vec::new();
        for _ in 0..2 {
            answer.push(&file(&etag));
            assert!(answer.pending() > 0);
            pieces.extend_from_slice(&answer.take());
            assert_eq!(answer.pending(), 0);
        }
        pieces.extend_from_slice(&answer.finish());
        assert_eq!(pieces, whole.as_bytes());
    }
}
