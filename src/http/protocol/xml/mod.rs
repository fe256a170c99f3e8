//! Request bodies as small trees, parsed within fixed limits.
//!
//! quick-xml delivers events and never recurses; depth is checked before an element is opened, so nothing here or
//! in its callers can recurse deeper than [`MAX_DEPTH`]. Document types are refused, so only the five predefined
//! entities exist.

mod fragment;
mod reader;
mod scope;
mod text;

pub use reader::parse;
pub use text::{push_attribute_value, push_text};

use std::rc::Rc;

use crate::model::PropertyName;
use scope::Scope;

/// Largest XML body in bytes; callers stop reading at this size and answer 413.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// Deepest nesting of XML elements.
pub const MAX_DEPTH: usize = 32;
/// Most attributes of one XML element, namespace declarations included.
pub const MAX_ATTRIBUTES: usize = 32;
/// Most elements of one XML body.
pub const MAX_ELEMENTS: usize = 4096;
/// Most namespace declarations in scope at one place of an XML body.
pub const MAX_BINDINGS: usize = 64;
/// Longest namespace name or language tag in bytes; each may be repeated in every stored value.
pub const MAX_NAMESPACE_BYTES: usize = 1024;

/// Why a body cannot be parsed. The texts continue "the XML body".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// More than [`MAX_BODY_BYTES`] bytes.
    #[error("is larger than 64 KiB")]
    TooLarge,
    /// Breaks the grammar of XML 1.0 or of its namespaces.
    #[error("is not well-formed")]
    NotWellFormed,
    /// More than [`MAX_DEPTH`] levels.
    #[error("nests more than 32 levels")]
    TooDeep,
    /// More than [`MAX_ATTRIBUTES`] attributes on one element.
    #[error("has an element with more than 32 attributes")]
    TooManyAttributes,
    /// More than [`MAX_ELEMENTS`] elements.
    #[error("has more than 4096 elements")]
    TooManyElements,
    /// Too many or too long namespace declarations.
    #[error("declares too many or too long namespaces")]
    TooManyNamespaces,
    /// A document type declaration.
    #[error("has a document type declaration, which is not accepted")]
    DocumentType,
    /// A reference to an entity that XML does not predefine.
    #[error("refers to an unknown entity")]
    UnknownEntity,
    /// Neither UTF-8 nor UTF-16 with a byte order mark.
    #[error("is not UTF-8 text")]
    Encoding,
}

/// An element with everything below it.
#[derive(Debug)]
pub struct Element {
    namespace: Rc<str>,
    local: String,
    prefix: Option<String>,
    attributes: Vec<Attribute>,
    children: Vec<Node>,
    scope: Rc<Scope>,
}

/// An attribute as written, or a namespace declaration.
#[derive(Debug)]
struct Attribute {
    name: String,
    value: String,
}

/// Content of an element.
#[derive(Debug)]
enum Node {
    Element(Element),
    Text(String),
}

impl Element {
    /// Namespace and local name.
    pub fn name(&self) -> PropertyName {
        PropertyName::new(&*self.namespace, &*self.local)
    }

    /// Whether this is the element `local` of the `DAV:` namespace.
    pub fn is_dav(&self, local: &str) -> bool {
        &*self.namespace == "DAV:" && self.local == local
    }

    /// The child elements in order.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The first child named `local` in the `DAV:` namespace.
    pub fn dav_child(&self, local: &str) -> Option<&Element> {
        self.elements().find(|child| child.is_dav(local))
    }

    /// The text directly inside, trimmed.
    pub fn text(&self) -> String {
        let text: String = self
            .children
            .iter()
            .filter_map(|node| match node {
                Node::Text(text) => Some(text.as_str()),
                Node::Element(_) => None,
            })
            .collect();
        text.trim().to_owned()
    }
}
