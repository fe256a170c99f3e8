//! Writes elements back as self-contained text.
//!
//! Values are serialised anew rather than copied from the request: a value that one client stored must be
//! well-formed inside the answer to another, in any context.

use super::reader::declared_prefix;
use super::{Attribute, Element, Node, push_attribute_value, push_text};

impl Element {
    /// The element as a self-contained fragment: it declares the namespaces in scope if anything inside may use
    /// them, and keeps the `xml:lang` in scope (RFC 4918 4.3). Prefixes, attributes, text and white space stay;
    /// comments and processing instructions are dropped.
    pub fn to_fragment(&self) -> String {
        let mut inside = String::new();
        write_children(&mut inside, self);
        let mut out = String::new();
        self.start_tag(&mut out);
        self.declare_inherited(&mut out, &inside);
        if inside.is_empty() {
            out.push_str("/>");
        } else {
            out.push('>');
            out.push_str(&inside);
            self.end_tag(&mut out);
        }
        out
    }

    /// The content of the element, each child element self-contained.
    pub fn inner_fragment(&self) -> String {
        let mut out = String::new();
        for node in &self.children {
            match node {
                Node::Text(text) => push_text(&mut out, text),
                Node::Element(element) => out.push_str(&element.to_fragment()),
            }
        }
        out
    }

    /// `<name attributes`, still open for more attributes.
    fn start_tag(&self, out: &mut String) {
        out.push('<');
        self.push_qualified_name(out);
        for Attribute { name, value } in &self.attributes {
            push_attribute(out, name, value);
        }
    }

    fn end_tag(&self, out: &mut String) {
        out.push_str("</");
        self.push_qualified_name(out);
        out.push('>');
    }

    fn push_qualified_name(&self, out: &mut String) {
        if let Some(prefix) = &self.prefix {
            out.push_str(prefix);
            out.push(':');
        }
        out.push_str(&self.local);
    }

    fn declare_inherited(&self, tag: &mut String, inside: &str) {
        let mut settled: Vec<&str> =
            self.attributes.iter().filter_map(|attribute| declared_prefix(&attribute.name)).collect();
        for (prefix, namespace) in self.scope.bindings() {
            if settled.contains(&prefix) {
                continue;
            }
            settled.push(prefix);
            // Attribute values count too: one such as xsi:type="xs:date" refers to a prefix.
            let used = if prefix.is_empty() {
                !namespace.is_empty()
            } else {
                let mention = format!("{prefix}:");
                tag.contains(&mention) || inside.contains(&mention)
            };
            if used && prefix.is_empty() {
                push_attribute(tag, "xmlns", namespace);
            } else if used {
                push_attribute(tag, &format!("xmlns:{prefix}"), namespace);
            }
        }
        let own_language = self.attributes.iter().any(|a| a.name == "xml:lang");
        if let Some(language) = self.scope.language.as_deref().filter(|_| !own_language) {
            push_attribute(tag, "xml:lang", language);
        }
    }
}

fn push_attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    push_attribute_value(out, value);
    out.push('"');
}

/// Recursion is bounded by [`super::MAX_DEPTH`].
fn write_children(out: &mut String, element: &Element) {
    for node in &element.children {
        match node {
            Node::Text(text) => push_text(out, text),
            Node::Element(child) => {
                child.start_tag(out);
                if child.children.is_empty() {
                    out.push_str("/>");
                } else {
                    out.push('>');
                    write_children(out, child);
                    child.end_tag(out);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::parse;

    fn first(body: &str) -> String {
        let root = parse(body.as_bytes()).unwrap();
        root.elements().next().unwrap().to_fragment()
    }

    #[test]
    fn fragments_stand_alone() {
        for (body, fragment) in [
            // Windows: declared far outside, used only in the property.
            (
                r#"<D:p xmlns:D="DAV:" xmlns:Z="urn:schemas-microsoft-com:"><Z:Win32FileAttributes>00000020</Z:Win32FileAttributes></D:p>"#,
                r#"<Z:Win32FileAttributes xmlns:Z="urn:schemas-microsoft-com:">00000020</Z:Win32FileAttributes>"#,
            ),
            (r#"<p xmlns="DAV:"><a xmlns="urn:x"><b/></a></p>"#, r#"<a xmlns="urn:x"><b/></a>"#),
            (r#"<p xmlns="DAV:"><a><b xmlns=""/></a></p>"#, r#"<a xmlns="DAV:"><b xmlns=""/></a>"#),
            (r#"<D:p xmlns:D="DAV:"><a>x</a></D:p>"#, "<a>x</a>"),
            (r#"<D:p xmlns:D="DAV:" xml:lang="de"><a>x</a></D:p>"#, r#"<a xml:lang="de">x</a>"#),
            (r#"<p xml:lang="de"><a xml:lang="en">x</a></p>"#, r#"<a xml:lang="en">x</a>"#),
            // A prefix that only an attribute value mentions.
            (
                r#"<p xmlns:i="urn:i" xmlns:s="urn:s" xmlns:u="urn:u"><a i:type="s:date">1</a></p>"#,
                r#"<a i:type="s:date" xmlns:i="urn:i" xmlns:s="urn:s">1</a>"#,
            ),
            (
                "<p><a> m <b c='\"&lt;'>i</b>\n<![CDATA[<x>]]><!-- no --><?no?> &#13;</a></p>",
                "<a> m <b c=\"&quot;&lt;\">i</b>\n&lt;x&gt; &#13;</a>",
            ),
            // The inner declaration wins.
            (r#"<p xmlns:x="urn:1"><q xmlns:x="urn:2"><x:r/></q></p>"#, r#"<q xmlns:x="urn:2"><x:r/></q>"#),
        ] {
            assert_eq!(first(body), fragment, "{body}");
            // Parsing the fragment alone gives the same fragment again.
            assert_eq!(parse(fragment.as_bytes()).unwrap().to_fragment(), fragment);
        }
    }

    #[test]
    fn inside_of_an_owner_keeps_its_namespaces() {
        let root = parse(
            br#"<D:owner xmlns:D="DAV:">me <D:href>http://www.apple.com/webdav_fs/</D:href></D:owner>"#,
        )
        .unwrap();
        assert_eq!(
            root.inner_fragment(),
            r#"me <D:href xmlns:D="DAV:">http://www.apple.com/webdav_fs/</D:href>"#
        );
    }

    proptest! {
        #[test]
        fn every_fragment_is_read_back_as_the_same(
            inside in "(<x:a>|</x:a>|<b>|</b>|<y:c/>| xmlns='urn:d'|<b xmlns=''>|<x:a i='&#10;x:&lt;'>|&amp;|&#13;|]]>| t |ü){0,12}"
        ) {
            let body = format!("<r xmlns='urn:r' xmlns:x='urn:x'><s xmlns:y='urn:y&amp;' xml:lang='de'>{inside}</s></r>");
            if let Ok(root) = parse(body.as_bytes()) {
                let element = root.elements().next().unwrap();
                let fragment = element.to_fragment();
                let again = parse(fragment.as_bytes()).unwrap();
                prop_assert_eq!(again.name(), element.name());
                prop_assert_eq!(again.text(), element.text());
                prop_assert_eq!(again.to_fragment(), fragment);
                let names = |element: &super::Element| -> Vec<_> {
                    element.elements().map(super::Element::name).collect()
                };
                prop_assert_eq!(names(&again), names(element));
            }
        }
    }
}
