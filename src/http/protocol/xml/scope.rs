//! The namespaces and the language in scope at an element.

use std::rc::Rc;

/// The declarations of one element, chained to those of its parents.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) parent: Option<Rc<Scope>>,
    /// Prefix (empty: the default namespace) and namespace (empty: undeclared).
    pub(super) bindings: Vec<(String, Rc<str>)>,
    /// The nearest `xml:lang`, including this element's own.
    pub(super) language: Option<Rc<str>>,
    /// Number of bindings here and in all parents.
    pub(super) depth: usize,
}

impl Scope {
    /// All declarations from the inside out; a prefix may occur more than once, and the first one counts.
    pub(super) fn bindings(&self) -> impl Iterator<Item = (&str, &Rc<str>)> {
        std::iter::successors(Some(self), |scope| scope.parent.as_deref())
            .flat_map(|scope| &scope.bindings)
            .map(|(prefix, namespace)| (prefix.as_str(), namespace))
    }

    /// The namespace bound to `prefix`; `None` for an unknown prefix.
    pub(super) fn resolve(&self, prefix: &str) -> Option<Rc<str>> {
        if prefix == "xml" {
            return Some(Rc::from("http://www.w3.org/XML/1998/namespace"));
        }
        match self.bindings().find(|(bound, _)| *bound == prefix) {
            Some((_, namespace)) => Some(Rc::clone(namespace)),
            None if prefix.is_empty() => Some(Rc::from("")),
            None => None,
        }
    }
}
