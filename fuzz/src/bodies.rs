//! XML bodies: whatever is stored from one request must be well-formed inside the answer to another.

use tresor::http::protocol::multipart::{Files, FormError};
use tresor::http::protocol::xml::{self, Element, XmlError, push_attribute_value, push_text};
use tresor::http::protocol::{lockinfo, propfind, proppatch};
use tresor::model::PropertyName;
use tresor::net::RequestBody;
use tresor::parsers::requests::field;

use super::shares;

pub(super) fn xml(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        any_text_can_be_sent(text);
    }
    let Ok(element) = xml::parse(data) else { return };
    let fragment = element.to_fragment();
    if let Some(again) = read_inside_an_answer(&fragment) {
        let again = again.elements().next().expect("the fragment is an element");
        assert_eq!(again.name(), element.name());
        assert_eq!(again.text(), element.text());
    }
    if let Ok(again) = xml::parse(fragment.as_bytes()) {
        assert_eq!(again.to_fragment(), fragment, "a fragment is written back as it was read");
    }
    read_inside_an_answer(&element.inner_fragment());
}

pub(super) fn propfind(data: &[u8]) {
    let names = match propfind::parse(data) {
        Ok(propfind::PropfindRequest::Prop(names)) => names,
        Ok(propfind::PropfindRequest::AllProp { include }) => include,
        _ => return,
    };
    assert!(names.len() <= propfind::MAX_PROPERTIES);
    names.iter().for_each(is_a_name);
}

pub(super) fn proppatch(data: &[u8]) {
    let Ok(changes) = proppatch::parse(data) else { return };
    assert!((1..=proppatch::MAX_CHANGES).contains(&changes.len()));
    let mut bytes = 0;
    for change in &changes {
        is_a_name(&change.name);
        let proppatch::ChangeAction::Set { xml, .. } = &change.action else { continue };
        bytes += xml.len();
        if let Some(answer) = read_inside_an_answer(xml) {
            let names: Vec<_> = answer.elements().map(Element::name).collect();
            assert_eq!(names, std::slice::from_ref(&change.name), "one property stays one property");
        }
    }
    assert!(bytes <= proppatch::MAX_VALUE_BYTES);
    let names: Vec<_> = changes.iter().map(|change| change.name.clone()).collect();
    match proppatch::plan(changes) {
        Ok(plan) => {
            assert!(names.iter().all(|name| plan.names.contains(name)));
            assert!(plan.dead.iter().all(|(name, _)| names.contains(name)));
        }
        Err(outcomes) => {
            let told: Vec<_> = outcomes.into_iter().map(|(name, _)| name).collect();
            assert_eq!(told, names);
        }
    }
}

pub(super) fn lockinfo(data: &[u8]) {
    if let Ok(lockinfo::LockRequest::New { owner: Some(owner), .. }) = lockinfo::parse(data) {
        assert!(owner.len() <= lockinfo::MAX_OWNER_BYTES);
        read_inside_an_answer(&format!("<d:owner>{owner}</d:owner>"));
    }
}

/// Reads a stored fragment where a listing would put it. `None` if only a bound stops it: a fragment
/// carries declarations that its request had further out.
fn read_inside_an_answer(fragment: &str) -> Option<Element> {
    let answer = format!("<d:prop xmlns:d=\"DAV:\">{fragment}</d:prop>");
    match xml::parse(answer.as_bytes()) {
        Ok(answer) => Some(answer),
        Err(
            XmlError::TooLarge
            | XmlError::TooDeep
            | XmlError::TooManyAttributes
            | XmlError::TooManyElements
            | XmlError::TooManyNamespaces,
        ) => None,
        Err(error) => panic!("{error}: {fragment}"),
    }
}

fn any_text_can_be_sent(text: &str) {
    let shown: String = text.chars().map(|c| if is_xml(c) { c } else { '\u{fffd}' }).collect();
    let mut answer = String::from("<a b=\"");
    push_attribute_value(&mut answer, text);
    answer.push_str("\">");
    push_text(&mut answer, text);
    answer.push_str("</a>");
    match xml::parse(answer.as_bytes()) {
        Ok(read) => assert_eq!(read.text(), shown.trim()),
        Err(XmlError::TooLarge) => {}
        Err(error) => panic!("{error}: {text:?}"),
    }
}

/// XML 1.0, production 2.
fn is_xml(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// A name that can be written between angle brackets.
fn is_a_name(name: &PropertyName) {
    let answer = format!("<{}/>", name.local);
    assert!(xml::parse(answer.as_bytes()).is_ok(), "{name:?}");
}

/// A form with files: what is read of it and written as a form is read again as the same.
pub(super) fn multipart(data: &[u8]) {
    let Ok(files) = read_files(data) else { return };
    assert!(files.iter().map(|(name, content)| name.len() + content.len()).sum::<usize>() <= 3 * data.len());
    let mut form = Vec::new();
    for (name, content) in &files {
        if name.contains(['"', '\\', '\r', '\n', '%']) || content.windows(3).any(|bytes| bytes == b"--x") {
            return;
        }
        let head =
            format!("--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n");
        form.extend_from_slice(head.as_bytes());
        form.extend_from_slice(content);
        form.extend_from_slice(b"\r\n");
    }
    form.extend_from_slice(b"--x--\r\n");
    assert_eq!(read_files(&form).expect("our own form"), files);
}

fn read_files(form: &[u8]) -> Result<Vec<(String, Vec<u8>)>, FormError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let mut body = RequestBody::full(form.to_vec());
        let mut files = Files::new(&mut body, "multipart/form-data; boundary=x")?;
        let mut read = Vec::new();
        while let Some(mut file) = files.next().await? {
            let mut content = Vec::new();
            while let Some(piece) = file.piece().await? {
                content.extend_from_slice(&piece);
            }
            read.push((file.name, content));
        }
        Ok(read)
    })
}

/// A form, or the value of one of its fields.
pub(super) fn form(data: &[u8]) {
    shares::parameters(data);
    for name in ["user", "password", "token"] {
        if let Some(value) = field(data, name) {
            assert!(value.len() <= data.len());
        }
    }
    let encoded = percent_encoding::percent_encode(data, percent_encoding::NON_ALPHANUMERIC);
    let form = format!("a=b&user={encoded}&user=c");
    let read = field(form.as_bytes(), "user");
    assert_eq!(
        read.as_ref().map(|value| value.as_bytes()),
        std::str::from_utf8(data).ok().map(str::as_bytes)
    );
}
