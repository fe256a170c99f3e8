//! Terms of WebDAV that both the protocol and the catalogue use.

/// Depth of an operation or lock (RFC 4918 10.2); `Depth: 1` exists for PROPFIND only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Depth {
    /// The resource itself.
    Zero,
    /// The resource and, in a folder, its direct members.
    One,
    /// The resource and everything below it.
    Infinity,
}

/// Whether other locks may exist beside this one (RFC 4918 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LockScope {
    /// No other locks.
    Exclusive,
    /// Other shared locks.
    Shared,
}

/// Selects dead properties, which clients set on entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeadProperties {
    /// None of them.
    None,
    /// The names of all, without values.
    Names,
    /// The properties of these names.
    These(Vec<PropertyName>),
    /// All, with values.
    All,
}

/// Name of a WebDAV property: an XML name in a namespace, which may be empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PropertyName {
    /// Namespace URI; empty for none.
    pub namespace: String,
    /// Local name.
    pub local: String,
}

impl PropertyName {
    /// From its two parts.
    pub fn new(namespace: impl Into<String>, local: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), local: local.into() }
    }

    /// A property in the `DAV:` namespace.
    pub fn dav(local: &str) -> Self {
        Self::new("DAV:", local)
    }
}
