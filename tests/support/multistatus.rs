//! Parses a 207 answer as strictly as the strictest client does.

use percent_encoding::percent_decode_str;
use quick_xml::NsReader;
use quick_xml::events::Event;
use quick_xml::name::{Namespace, ResolveResult};

use super::http::Response;

/// The responses of a multistatus in the order sent.
#[derive(Debug)]
pub struct Multistatus(pub Vec<Item>);

/// One `response`.
#[derive(Debug, Default)]
pub struct Item {
    /// As sent, percent-encoded.
    pub href: String,
    /// The status of the whole resource, if the server gave one.
    pub status: Option<u16>,
    pub properties: Vec<Property>,
}

/// One property inside a `propstat`.
#[derive(Clone, Debug, Default)]
pub struct Property {
    /// Namespace and local name, `{DAV:}getetag`.
    pub name: String,
    /// All text inside.
    pub text: String,
    /// The names of all elements inside.
    pub elements: Vec<String>,
    pub status: u16,
}

impl Multistatus {
    /// Parses an answer; panics unless it is a well-formed 207 with the media type that clients expect.
    #[track_caller]
    pub fn of(response: &Response) -> Self {
        assert_eq!(response.status, 207, "{response}");
        let media_type = response.header("content-type").unwrap_or_default();
        assert!(
            ["application/xml; charset=utf-8", "text/xml; charset=utf-8"]
                .contains(&media_type.replace('"', "").to_lowercase().as_str()),
            "{media_type}"
        );
        assert!(!response.is_cut, "the answer was cut");
        Self::parse(std::str::from_utf8(&response.body).expect("UTF-8"))
    }

    fn parse(xml: &str) -> Self {
        let mut reader = NsReader::from_str(xml);
        let mut items = Vec::new();
        let mut path: Vec<String> = Vec::new();
        // Properties of the propstat that is open; their status comes after them.
        let mut open: Vec<Property> = Vec::new();
        loop {
            match reader.read_event().expect("well-formed XML") {
                Event::Start(tag) => {
                    let (namespace, local) = reader.resolver().resolve_element(tag.name());
                    let name = full_name(&namespace, local.as_ref());
                    enter(&path, &name, &mut items, &mut open);
                    path.push(name);
                }
                Event::Empty(tag) => {
                    let (namespace, local) = reader.resolver().resolve_element(tag.name());
                    let name = full_name(&namespace, local.as_ref());
                    enter(&path, &name, &mut items, &mut open);
                }
                Event::Text(text) => {
                    take_text(&path, &text, &mut items, &mut open);
                }
                Event::GeneralRef(entity) => {
                    let entity = format!("&{};", &*entity);
                    let text = quick_xml::escape::unescape(&entity).unwrap().into_owned();
                    take_text(&path, &text, &mut items, &mut open);
                }
                Event::CData(text) => {
                    take_text(&path, &text, &mut items, &mut open);
                }
                Event::End(_) if path.pop().as_deref() == Some("{DAV:}propstat") => {
                    items.last_mut().unwrap().properties.append(&mut open);
                }
                Event::Eof => break,
                _ => {}
            }
        }
        Self(items)
    }

    /// The item whose decoded href ends with this path, with or without a final slash.
    pub fn item(&self, end: &str) -> Option<&Item> {
        self.0.iter().find(|item| item.path().trim_end_matches('/').ends_with(end.trim_end_matches('/')))
    }
}

impl Item {
    /// The href decoded.
    pub fn path(&self) -> String {
        percent_decode_str(&self.href).decode_utf8().unwrap().into_owned()
    }

    /// A property that was found (status 200).
    pub fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.name == name && property.status == 200)
    }

    /// Its text, trimmed.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.property(name).map(|property| property.text.trim())
    }

    /// Whether `resourcetype` says so.
    pub fn is_collection(&self) -> bool {
        self.property("{DAV:}resourcetype")
            .is_some_and(|property| property.elements.iter().any(|name| name == "{DAV:}collection"))
    }
}

fn full_name(namespace: &ResolveResult<'_>, local: &str) -> String {
    let namespace = match namespace {
        ResolveResult::Bound(Namespace(uri)) => (*uri).to_owned(),
        ResolveResult::Unbound => String::new(),
        ResolveResult::Unknown(prefix) => {
            panic!("unbound prefix {prefix}")
        }
    };
    format!("{{{namespace}}}{local}")
}

fn enter(path: &[String], name: &str, items: &mut Vec<Item>, open: &mut Vec<Property>) {
    match depth_in_prop(path) {
        Some(0) => open.push(Property { name: name.to_owned(), ..Property::default() }),
        Some(_) => open.last_mut().unwrap().elements.push(name.to_owned()),
        None if path.len() == 1 && name == "{DAV:}response" => items.push(Item::default()),
        None => {}
    }
}

fn take_text(path: &[String], text: &str, items: &mut [Item], open: &mut [Property]) {
    if depth_in_prop(path).is_some_and(|depth| depth > 0) {
        open.last_mut().unwrap().text += text;
        return;
    }
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    match names.as_slice() {
        [_, "{DAV:}response", "{DAV:}href"] => items.last_mut().unwrap().href += text.trim(),
        [_, "{DAV:}response", "{DAV:}status"] => {
            items.last_mut().unwrap().status = Some(status_of(text));
        }
        [_, "{DAV:}response", "{DAV:}propstat", "{DAV:}status"] => {
            for property in open {
                property.status = status_of(text);
            }
        }
        _ => {}
    }
}

/// Depth of the path inside `response/propstat/prop`; `None` outside.
fn depth_in_prop(path: &[String]) -> Option<usize> {
    (path.get(3).map(String::as_str) == Some("{DAV:}prop")).then(|| path.len() - 4)
}

/// Nextcloud's desktop client accepts `HTTP/1.1` only, in answers of every version.
fn status_of(line: &str) -> u16 {
    line.trim()
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3))
        .and_then(|code| code.parse().ok())
        .unwrap_or_else(|| panic!("status line {line:?}"))
}
