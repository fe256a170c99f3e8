//! Parses bytes into an [`Element`].

use std::borrow::Cow;
use std::rc::Rc;

use quick_xml::events::attributes::AttrError;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::scope::Scope;
use super::text::{is_ncname, is_xml_char};
use super::{
    Attribute, Element, MAX_ATTRIBUTES, MAX_BINDINGS, MAX_BODY_BYTES, MAX_DEPTH, MAX_ELEMENTS,
    MAX_NAMESPACE_BYTES, Node, XmlError,
};

/// Parses a body and returns its root element.
pub fn parse(body: &[u8]) -> Result<Element, XmlError> {
    if body.len() > MAX_BODY_BYTES {
        return Err(XmlError::TooLarge);
    }
    let text = decode(body)?;
    read_document(&text)
}

/// The body as text; UTF-16 needs its byte order mark.
fn decode(body: &[u8]) -> Result<Cow<'_, str>, XmlError> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
        String::from_utf16(&units).ok().filter(|_| rest.is_empty()).map(Cow::Owned).ok_or(XmlError::Encoding)
    };
    match body {
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => {
            std::str::from_utf8(rest).map(Cow::Borrowed).map_err(|_| XmlError::Encoding)
        }
    }
}

fn read_document(text: &str) -> Result<Element, XmlError> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    let mut tree = Tree::default();
    loop {
        match reader.read_event().map_err(|_| XmlError::NotWellFormed)? {
            Event::Start(tag) => tree.open(&tag)?,
            Event::Empty(tag) => {
                tree.open(&tag)?;
                tree.close()?;
            }
            Event::End(_) => tree.close()?,
            Event::Text(text) => tree.text(&text.xml10_content())?,
            Event::CData(text) => tree.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => {
                tree.text(resolve(&reference)?.encode_utf8(&mut [0; 4]))?;
            }
            Event::Decl(declaration) => check_encoding(&declaration)?,
            Event::DocType(_) => return Err(XmlError::DocumentType),
            Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    tree.finish()
}

fn resolve(reference: &BytesRef<'_>) -> Result<char, XmlError> {
    if reference.is_char_ref() {
        return reference
            .resolve_char_ref()
            .ok()
            .flatten()
            .filter(|c| is_xml_char(*c))
            .ok_or(XmlError::NotWellFormed);
    }
    match &**reference {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "apos" => Ok('\''),
        "quot" => Ok('"'),
        _ => Err(XmlError::UnknownEntity),
    }
}

/// The text is already decoded, so another encoding in the declaration would mean that it was misread.
fn check_encoding(declaration: &BytesDecl<'_>) -> Result<(), XmlError> {
    let Some(encoding) = declaration.encoding() else {
        return Ok(());
    };
    let encoding = encoding.map_err(|_| XmlError::NotWellFormed)?;
    ["utf-8", "utf8", "us-ascii", "utf-16"]
        .iter()
        .any(|known| encoding.eq_ignore_ascii_case(known))
        .then_some(())
        .ok_or(XmlError::Encoding)
}

/// The tree so far: the open elements, and the root once it is closed.
#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
}

impl Tree {
    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), XmlError> {
        if self.root.is_some() {
            return Err(XmlError::NotWellFormed);
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(XmlError::TooDeep);
        }
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(XmlError::TooManyElements);
        }
        let outer = self.open.last().map_or_else(Rc::default, |parent| Rc::clone(&parent.scope));
        self.open.push(open_element(tag, outer)?);
        Ok(())
    }

    fn close(&mut self) -> Result<(), XmlError> {
        let done = self.open.pop().ok_or(XmlError::NotWellFormed)?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(Node::Element(done)),
            None => self.root = Some(done),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), XmlError> {
        if !text.chars().all(is_xml_char) {
            return Err(XmlError::NotWellFormed);
        }
        let Some(parent) = self.open.last_mut() else {
            return text.trim_ascii().is_empty().then_some(()).ok_or(XmlError::NotWellFormed);
        };
        match parent.children.last_mut() {
            Some(Node::Text(before)) => before.push_str(text),
            _ => parent.children.push(Node::Text(text.to_owned())),
        }
        Ok(())
    }

    fn finish(self) -> Result<Element, XmlError> {
        if self.open.is_empty() {
            self.root.ok_or(XmlError::NotWellFormed)
        } else {
            Err(XmlError::NotWellFormed)
        }
    }
}

fn open_element(tag: &BytesStart<'_>, outer: Rc<Scope>) -> Result<Element, XmlError> {
    let attributes = read_attributes(tag)?;
    let scope = enter_scope(&attributes, outer)?;
    check_attribute_names(&attributes, &scope)?;
    let (prefix, local) = split_name(tag.name().0)?;
    let namespace = scope.resolve(prefix.unwrap_or_default()).ok_or(XmlError::NotWellFormed)?;
    Ok(Element {
        namespace,
        local: local.to_owned(),
        prefix: prefix.map(str::to_owned),
        attributes,
        children: Vec::new(),
        scope,
    })
}

fn read_attributes(tag: &BytesStart<'_>) -> Result<Vec<Attribute>, XmlError> {
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        if attributes.len() >= MAX_ATTRIBUTES {
            return Err(XmlError::TooManyAttributes);
        }
        let attribute = attribute.map_err(|_: AttrError| XmlError::NotWellFormed)?;
        let value =
            attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| XmlError::UnknownEntity)?;
        // A bare `<` or `&` is written back escaped; characters that XML cannot represent are refused.
        if !value.chars().all(is_xml_char) {
            return Err(XmlError::NotWellFormed);
        }
        attributes.push(Attribute { name: attribute.key.0.to_owned(), value: value.into_owned() });
    }
    Ok(attributes)
}

fn enter_scope(attributes: &[Attribute], outer: Rc<Scope>) -> Result<Rc<Scope>, XmlError> {
    let mut bindings = Vec::new();
    let mut language = outer.language.clone();
    for Attribute { name, value } in attributes {
        if name == "xml:lang" {
            if value.len() > MAX_NAMESPACE_BYTES {
                return Err(XmlError::TooManyNamespaces);
            }
            language = Some(Rc::from(value.as_str()));
        }
        let Some(prefix) = declared_prefix(name) else {
            continue;
        };
        // Only the default namespace may be undeclared, and the two built-in ones must not be bound.
        let reserved = ["http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/"];
        if (value.is_empty() && !prefix.is_empty())
            || matches!(prefix, "xml" | "xmlns")
            || reserved.contains(&value.as_str())
        {
            return Err(XmlError::NotWellFormed);
        }
        if value.len() > MAX_NAMESPACE_BYTES {
            return Err(XmlError::TooManyNamespaces);
        }
        bindings.push((prefix.to_owned(), Rc::from(value.as_str())));
    }
    if bindings.is_empty() && language == outer.language {
        return Ok(outer);
    }
    let depth = outer.depth + bindings.len();
    if depth > MAX_BINDINGS {
        return Err(XmlError::TooManyNamespaces);
    }
    Ok(Rc::new(Scope { parent: Some(outer), bindings, language, depth }))
}

/// Checks that names are well-formed, prefixes are bound, and no two attributes have the same expanded name.
fn check_attribute_names(attributes: &[Attribute], scope: &Scope) -> Result<(), XmlError> {
    let mut seen = Vec::new();
    for attribute in attributes {
        let (prefix, local) = split_name(&attribute.name)?;
        let Some(prefix) = prefix.filter(|prefix| *prefix != "xmlns") else {
            continue;
        };
        let name = (scope.resolve(prefix).ok_or(XmlError::NotWellFormed)?, local);
        if seen.contains(&name) {
            return Err(XmlError::NotWellFormed);
        }
        seen.push(name);
    }
    Ok(())
}

/// The prefix that an attribute declares; empty for `xmlns` itself.
pub(super) fn declared_prefix(attribute: &str) -> Option<&str> {
    if attribute == "xmlns" { Some("") } else { attribute.strip_prefix("xmlns:") }
}

fn split_name(name: &str) -> Result<(Option<&str>, &str), XmlError> {
    let (prefix, local) = match name.split_once(':') {
        Some((prefix, local)) => (Some(prefix), local),
        None => (None, name),
    };
    if is_ncname(local) && prefix.is_none_or(is_ncname) {
        Ok((prefix, local))
    } else {
        Err(XmlError::NotWellFormed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn error(body: impl AsRef<[u8]>) -> XmlError {
        parse(body.as_ref()).expect_err("must be refused")
    }

    #[test]
    fn names_are_resolved_through_any_prefix() {
        for body in [
            r#"<propfind xmlns="DAV:"/>"#,
            r#"<?xml version="1.0" encoding="UTF-8"?><D:propfind xmlns:D="DAV:"></D:propfind>"#,
            "\u{feff}<a:propfind\n xmlns:a='DAV&#58;'/>\n<!-- end -->",
            r#"<propfind xmlns="DAV:"><x xmlns="">t</x></propfind>"#,
        ] {
            assert!(parse(body.as_bytes()).unwrap().is_dav("propfind"), "{body}");
        }
        let root = parse(br#"<a xmlns="DAV:"><b xmlns="urn:x"><c xmlns=""/></b></a>"#).unwrap();
        let b = root.elements().next().unwrap();
        assert_eq!(b.name(), PropertyName::new("urn:x", "b"));
        assert_eq!(b.elements().next().unwrap().name(), PropertyName::new("", "c"));
    }

    use crate::model::PropertyName;

    #[test]
    fn references_and_cdata_become_text() {
        let root = parse(b"<a>1 &lt;&#x32;&#51;<![CDATA[<&]]>&amp;\r\n4</a>").unwrap();
        assert_eq!(root.text(), "1 <23<&&\n4");
    }

    #[test]
    fn utf16_with_a_mark_is_read() {
        let body = "<?xml version='1.0' encoding='utf-16'?><a>ü</a>";
        let little: Vec<u8> =
            std::iter::once(0xfeff).chain(body.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(parse(&little).unwrap().text(), "ü");
        let big: Vec<u8> =
            std::iter::once(0xfeff).chain(body.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        assert_eq!(parse(&big).unwrap().text(), "ü");
        assert_eq!(error(&big[..big.len() - 1]), XmlError::Encoding);
    }

    #[test]
    fn ill_formed_bodies_are_refused() {
        for body in [
            "",
            " ",
            "text",
            "<a",
            "<a>",
            "<a></b>",
            "</a>",
            "<a/><b/>",
            "<a/>text",
            "<a><b></a></b>",
            "<a b='1' b='2'/>",
            "<a b/>",
            "<a b=1/>",
            "<x:a/>",
            "<a x:b='1'/>",
            "<a xmlns:x=''/>",
            "<a xmlns:xml='urn:x'/>",
            "<a xmlns:x='urn:x' xmlns:y='urn:x' x:b='1' y:b='2'/>",
            "<a:b:c xmlns:a='DAV:'/>",
            "<1a/>",
            "<a>&#0;</a>",
            "<a>&#x1F;</a>",
            "<a>&#xD800;</a>",
            "<a>&</a>",
            "<a>\u{1}</a>",
            "<a b='\u{1}'/>",
            "<!-- a -- b --><a/>",
            "<a><![CDATA[</a>",
        ] {
            assert_eq!(error(body), XmlError::NotWellFormed, "{body:?}");
        }
        assert_eq!(error(b"<a>\xff</a>"), XmlError::Encoding);
        assert_eq!(error("<?xml version='1.0' encoding='iso-8859-1'?><a/>"), XmlError::Encoding);
    }

    #[test]
    fn document_types_and_entities_are_refused() {
        let laughs = r#"<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]><lolz>&lol2;</lolz>"#;
        assert_eq!(error(laughs), XmlError::DocumentType);
        let external = r#"<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>"#;
        assert_eq!(error(external), XmlError::DocumentType);
        assert_eq!(error("<a>&nbsp;</a>"), XmlError::UnknownEntity);
        assert_eq!(error("<a b='&x;'/>"), XmlError::UnknownEntity);
    }

    #[test]
    fn every_limit_holds_at_its_boundary() {
        let nested = |n: usize| "<a>".repeat(n) + &"</a>".repeat(n);
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(error(nested(MAX_DEPTH + 1)), XmlError::TooDeep);
        assert_eq!(error("<a>".repeat(MAX_BODY_BYTES / 3)), XmlError::TooDeep);

        let attributes = |n: usize| {
            let list: Vec<String> = (0..n).map(|i| format!(" b{i}=''")).collect();
            format!("<a{}/>", list.concat())
        };
        assert!(parse(attributes(MAX_ATTRIBUTES).as_bytes()).is_ok());
        for count in [MAX_ATTRIBUTES + 1, 6_000] {
            assert_eq!(error(attributes(count)), XmlError::TooManyAttributes);
        }
        assert_eq!(error(attributes(100_000)), XmlError::TooLarge);

        let siblings = |n: usize| format!("<a>{}</a>", "<b/>".repeat(n));
        assert!(parse(siblings(MAX_ELEMENTS - 1).as_bytes()).is_ok());
        assert_eq!(error(siblings(MAX_ELEMENTS)), XmlError::TooManyElements);

        let namespace = |n: usize| format!("<a xmlns:x='{}'/>", "u".repeat(n));
        assert!(parse(namespace(MAX_NAMESPACE_BYTES).as_bytes()).is_ok());
        assert_eq!(error(namespace(MAX_NAMESPACE_BYTES + 1)), XmlError::TooManyNamespaces);
        let level: Vec<String> = (0..30).map(|i| format!(" xmlns:n{i}='u'")).collect();
        let level = level.concat();
        assert_eq!(error(format!("<a{level}><a{level}><a{level}/></a></a>")), XmlError::TooManyNamespaces);
    }

    #[test]
    fn every_truncation_is_refused() {
        let body = r#"<?xml version="1.0"?><d:a xmlns:d="DAV:" x='1'>t&amp;<b><![CDATA[c]]></b></d:a>"#;
        assert!(parse(body.as_bytes()).is_ok());
        for end in 0..body.len() {
            assert!(parse(&body.as_bytes()[..end]).is_err(), "{end}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&body);
        }

        #[test]
        fn no_markup_panics(body in "[<>/a:x='\"&;#!\\-\\[\\]?CDAT0-9 \u{e9}]{0,120}") {
            let _ = parse(body.as_bytes());
        }
    }
}
