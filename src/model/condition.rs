//! The conditions of a request, as data: `http` parses them, `library` evaluates them before the body is read and
//! again inside the transaction that commits.

use super::{EntryName, EntryPath, Timestamp};

/// An entity tag without quotes; compared byte by byte (strong comparison, RFC 9110 8.8.3.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Etag(pub String);

/// The value of `If-Match` or `If-None-Match`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EtagMatch {
    /// `*`: any existing representation.
    Any,
    /// One of these strong tags. Weak tags (`W/`) are dropped for `If-Match` by the parser.
    OneOf(Vec<Etag>),
}

/// A lock's token: the whole URI, such as `urn:uuid:…`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LockToken(pub String);

/// One condition of an `If` header list (RFC 4918 10.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfCondition {
    /// Whether `Not` precedes it.
    pub negated: bool,
    /// The state that is tested.
    pub state: IfState,
}

/// A state that an `If` header names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IfState {
    /// `<urn:uuid:…>`: the resource is locked with this token.
    Token(LockToken),
    /// `["…"]`: the resource's entity tag.
    Tag(Etag),
}

/// The resource that a list of an `If` header applies to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum IfTarget {
    /// No tag: the resource of the request itself.
    Request,
    /// A tagged resource inside a space.
    Entry {
        /// Name of the space, as in the mount's top folder.
        space: EntryName,
        /// Path inside the space.
        path: EntryPath,
    },
    /// A URL outside this server's tree (another host, or outside the mount): has no state, so only negated
    /// conditions hold for it.
    Elsewhere,
}

/// One parenthesised list: true if all its conditions hold for `target`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfList {
    /// The resource that is tested.
    pub target: IfTarget,
    /// All must hold.
    pub conditions: Vec<IfCondition>,
}

/// All conditions of a request.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Conditions {
    /// RFC 9110 13.1.1.
    pub if_match: Option<EtagMatch>,
    /// RFC 9110 13.1.2.
    pub if_none_match: Option<EtagMatch>,
    /// RFC 9110 13.1.4, whole seconds.
    pub if_unmodified_since: Option<Timestamp>,
    /// RFC 9110 13.1.3, whole seconds; applies to GET and HEAD only, and not together with `If-None-Match`.
    pub if_modified_since: Option<Timestamp>,
    /// The `If` header: one true list is enough; empty without the header.
    pub if_lists: Vec<IfList>,
}

impl Conditions {
    /// Every lock token that occurs anywhere in the `If` header counts as submitted, whether its
    /// list is true or not, negated or not (RFC 4918 10.4.1).
    pub fn submitted_tokens(&self) -> impl Iterator<Item = &LockToken> {
        self.if_lists.iter().flat_map(|list| &list.conditions).filter_map(|condition| {
            match &condition.state {
                IfState::Token(token) => Some(token),
                IfState::Tag(_) => None,
            }
        })
    }
}
