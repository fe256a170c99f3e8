//! The properties that the server itself knows about a resource, and how they are written.

use std::fmt::Write;
use std::time::Duration;

use super::dates::{push_http_date, push_rfc3339};
use super::xml::push_text;
use crate::model::{Depth, Etag, LockScope, LockToken, PropertyName, Timestamp};

/// All that PROPFIND can tell of one resource.
#[derive(Clone, Copy, Debug)]
pub struct ResourceView<'a> {
    /// Absolute path as [`super::href`] makes it.
    pub href: &'a str,
    /// Whether it is a collection.
    pub is_folder: bool,
    /// Its own name, not encoded.
    pub display_name: &'a str,
    /// Bytes of a file; not told of folders.
    pub size: u64,
    /// Media type of a file; not told of folders.
    pub content_type: &'a str,
    /// Its entity tag, without quotes.
    pub etag: &'a Etag,
    /// When it was made.
    pub created: Timestamp,
    /// When its content last changed.
    pub modified: Timestamp,
    /// Bytes that may still be stored (RFC 4331); folders only, `None` to leave it out.
    pub quota_available: Option<u64>,
    /// Bytes that count against the quota; folders only.
    pub quota_used: Option<u64>,
    /// The locks in force, those on folders above included.
    pub locks: &'a [ActiveLock<'a>],
    /// Dead properties: name and fragment as [`super::proppatch`] read it.
    pub dead: &'a [(PropertyName, String)],
}

/// A lock in force (RFC 4918 14.1).
#[derive(Clone, Copy, Debug)]
pub struct ActiveLock<'a> {
    /// Alone or beside others.
    pub scope: LockScope,
    /// [`Depth::Zero`] or [`Depth::Infinity`].
    pub depth: Depth,
    /// The fragment that [`super::lockinfo`] read.
    pub owner: Option<&'a str>,
    /// Time left.
    pub timeout: Duration,
    /// Its token.
    pub token: &'a LockToken,
    /// Href of the resource that was locked.
    pub root_href: &'a str,
}

macro_rules! live_properties {
    ($($(#[$doc:meta])* $variant:ident = $local:literal),+ $(,)?) => {
        /// A property that is computed, not stored; all are in the `DAV:` namespace.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum LiveProperty { $($(#[$doc])* $variant),+ }

        impl LiveProperty {
            /// All of them; the quota comes last because `allprop` leaves it out (RFC 4331 2).
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The property of this name; `None` means that it may be a dead one.
            pub fn find(name: &PropertyName) -> Option<Self> {
                if name.namespace != "DAV:" {
                    return None;
                }
                match name.local.as_str() {
                    $($local => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The empty element with the literal prefix.
            pub fn empty_tag(self) -> &'static str {
                match self { $(Self::$variant => concat!("<d:", $local, "/>")),+ }
            }

            fn open_tag(self) -> &'static str {
                match self { $(Self::$variant => concat!("<d:", $local, ">")),+ }
            }

            fn close_tag(self) -> &'static str {
                match self { $(Self::$variant => concat!("</d:", $local, ">")),+ }
            }
        }
    };
}

live_properties! {
    /// RFC 4918 15.9.
    ResourceType = "resourcetype",
    /// RFC 4918 15.1.
    CreationDate = "creationdate",
    /// RFC 4918 15.2.
    DisplayName = "displayname",
    /// RFC 4918 15.4.
    ContentLength = "getcontentlength",
    /// RFC 4918 15.5.
    ContentType = "getcontenttype",
    /// RFC 4918 15.6.
    Etag = "getetag",
    /// RFC 4918 15.7.
    LastModified = "getlastmodified",
    /// RFC 4918 15.10.
    SupportedLock = "supportedlock",
    /// RFC 4918 15.8.
    LockDiscovery = "lockdiscovery",
    /// RFC 4331 3.
    QuotaAvailable = "quota-available-bytes",
    /// RFC 4331 4.
    QuotaUsed = "quota-used-bytes",
}

impl LiveProperty {
    /// Whether `allprop` tells it.
    pub fn is_in_allprop(self) -> bool {
        !matches!(self, Self::QuotaAvailable | Self::QuotaUsed)
    }

    /// Whether this resource has it.
    pub fn is_defined(self, view: &ResourceView<'_>) -> bool {
        match self {
            Self::ContentLength | Self::ContentType => !view.is_folder,
            Self::QuotaAvailable => view.is_folder && view.quota_available.is_some(),
            Self::QuotaUsed => view.is_folder && view.quota_used.is_some(),
            _ => true,
        }
    }

    /// Appends the element with its value; only if [`Self::is_defined`].
    pub fn push(self, out: &mut String, view: &ResourceView<'_>) {
        let start = out.len();
        out.push_str(self.open_tag());
        let value = out.len();
        match self {
            Self::ResourceType => {
                if view.is_folder {
                    out.push_str("<d:collection/>");
                }
            }
            Self::CreationDate => push_rfc3339(out, view.created),
            Self::DisplayName => push_text(out, view.display_name),
            Self::ContentLength => push_number(out, view.size),
            Self::ContentType => push_text(out, view.content_type),
            Self::Etag => {
                out.push('"');
                push_text(out, &view.etag.0);
                out.push('"');
            }
            // The Nextcloud desktop client refuses anything before 1970-01-01 00:00:01.
            Self::LastModified => push_http_date(out, view.modified.as_mtime()),
            Self::SupportedLock => out.push_str(LOCK_ENTRIES),
            Self::LockDiscovery => view.locks.iter().for_each(|lock| lock.push(out)),
            Self::QuotaAvailable => push_number(out, view.quota_available.unwrap_or(0)),
            Self::QuotaUsed => push_number(out, view.quota_used.unwrap_or(0)),
        }
        if out.len() == value {
            // Explorer takes listings of a million bytes at most: no empty pairs of tags.
            out.truncate(start);
            out.push_str(self.empty_tag());
        } else {
            out.push_str(self.close_tag());
        }
    }
}

const LOCK_ENTRIES: &str = "<d:lockentry><d:lockscope><d:exclusive/></d:lockscope>\
    <d:locktype><d:write/></d:locktype></d:lockentry>\
    <d:lockentry><d:lockscope><d:shared/></d:lockscope>\
    <d:locktype><d:write/></d:locktype></d:lockentry>";

impl ActiveLock<'_> {
    fn push(&self, out: &mut String) {
        let scope = match self.scope {
            LockScope::Exclusive => "<d:exclusive/>",
            LockScope::Shared => "<d:shared/>",
        };
        let depth = match self.depth {
            Depth::Zero => "0",
            Depth::One => "1",
            Depth::Infinity => "infinity",
        };
        let _ = write!(
            out,
            "<d:activelock><d:locktype><d:write/></d:locktype>\
             <d:lockscope>{scope}</d:lockscope><d:depth>{depth}</d:depth>"
        );
        if let Some(owner) = self.owner {
            let _ = write!(out, "<d:owner>{owner}</d:owner>");
        }
        let seconds = self.timeout.as_secs();
        let _ = write!(out, "<d:timeout>Second-{seconds}</d:timeout><d:locktoken><d:href>");
        push_text(out, &self.token.0);
        out.push_str("</d:href></d:locktoken><d:lockroot><d:href>");
        push_text(out, self.root_href);
        out.push_str("</d:href></d:lockroot></d:activelock>");
    }
}

/// The body of a successful LOCK: all locks of the resource, the new one among them.
pub fn lock_answer(locks: &[ActiveLock<'_>]) -> String {
    let mut out = String::from(super::multistatus::XML_DECLARATION);
    out.push_str(r#"<d:prop xmlns:d="DAV:"><d:lockdiscovery>"#);
    for lock in locks {
        lock.push(&mut out);
    }
    out.push_str("</d:lockdiscovery></d:prop>\n");
    out
}

fn push_number(out: &mut String, number: u64) {
    let _ = write!(out, "{number}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::dav::protocol::xml;

    #[test]
    fn names_are_found_in_the_dav_namespace_only() {
        for live in LiveProperty::ALL {
            let local = live.empty_tag().trim_start_matches("<d:").trim_end_matches("/>");
            assert_eq!(LiveProperty::find(&PropertyName::dav(local)), Some(*live));
            assert_eq!(LiveProperty::find(&PropertyName::new("", local)), None);
        }
        assert_eq!(LiveProperty::find(&PropertyName::dav("GetEtag")), None);
    }

    #[test]
    fn a_lock_is_told_with_owner_and_root_as_given() {
        let token = LockToken("urn:uuid:1&2".to_owned());
        let lock = ActiveLock {
            scope: LockScope::Exclusive,
            depth: Depth::Zero,
            owner: Some(r#"<D:href xmlns:D="DAV:">me</D:href>"#),
            timeout: Duration::from_millis(599_900),
            token: &token,
            root_href: "/dav/a/b%20c",
        };
        let body = lock_answer(&[
            lock,
            ActiveLock { owner: None, scope: LockScope::Shared, depth: Depth::Infinity, ..lock },
        ]);
        let root = xml::parse(body.as_bytes()).unwrap();
        let discovery = root.dav_child("lockdiscovery").unwrap();
        assert_eq!(discovery.elements().count(), 2);
        assert!(
            body.contains(
                "<d:activelock><d:locktype><d:write/></d:locktype><d:lockscope><d:exclusive/></d:lockscope>\
             <d:depth>0</d:depth><d:owner><D:href xmlns:D=\"DAV:\">me</D:href></d:owner>\
             <d:timeout>Second-599</d:timeout><d:locktoken><d:href>urn:uuid:1&amp;2</d:href></d:locktoken>\
             <d:lockroot><d:href>/dav/a/b%20c</d:href></d:lockroot></d:activelock>"
            ),
            "{body}"
        );
        assert!(body.contains("<d:depth>infinity</d:depth><d:timeout>"));
    }
}
