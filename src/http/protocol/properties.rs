//! Live properties: the ones that the server computes for a resource, and their XML.

use std::fmt::Write;
use std::time::Duration;

use super::dates::{push_http_date, push_rfc3339};
use super::multistatus::LITERAL_PREFIXES;
use super::xml::push_text;
use crate::model::{Checksum, Depth, Etag, LockScope, LockToken, PropertyName, Right, Timestamp};

/// Everything about a resource that PROPFIND can return.
#[derive(Clone, Copy, Debug)]
pub struct ResourceView<'a> {
    /// Absolute path as [`super::href`] makes it.
    pub href: &'a str,
    /// Whether it is a collection.
    pub is_folder: bool,
    /// Name of the resource, not encoded.
    pub display_name: &'a str,
    /// Bytes of a file; not written for folders.
    pub size: u64,
    /// Media type of a file; not written for folders.
    pub content_type: &'a str,
    /// Entity tag, without quotes.
    pub etag: &'a Etag,
    /// When the entry was created.
    pub created: Timestamp,
    /// When its content last changed.
    pub modified: Timestamp,
    /// Bytes that may still be stored (RFC 4331); folders only, `None` to leave it out.
    pub quota_available: Option<u64>,
    /// Bytes that count towards the quota; folders only.
    pub quota_used: Option<u64>,
    /// Whether LOCK may lock it.
    pub lockable: bool,
    /// The active locks, including those on parent folders, as [`ActiveLock::push`] writes them: the members of a
    /// folder share most of theirs.
    pub locks: &'a str,
    /// Dead properties: name, and the fragment that [`super::proppatch`] parsed.
    pub dead: &'a [(PropertyName, String)],
    /// Properties that only Nextcloud's clients ask for.
    pub cloud: CloudView<'a>,
}

/// Values for Nextcloud's clients beyond WebDAV.
#[derive(Clone, Copy, Debug)]
pub struct CloudView<'a> {
    /// The entry's number; 0 for the mount itself.
    pub number: u64,
    /// Id of the instance.
    pub instance: &'a str,
    /// Actions allowed to the user.
    pub permissions: Permissions,
    /// Digests of a file's content.
    pub checksums: &'a [Checksum],
    /// Fingerprint of the mount itself: see [`LiveProperty::DataFingerprint`].
    pub fingerprint: Option<&'a str>,
    /// Name of the user.
    pub owner: &'a str,
    /// Whether the resource has links that the user may manage.
    pub is_linked: bool,
}

/// Position of a resource; together with the right it decides which actions the client offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permissions {
    /// The list of spaces, which WebDAV cannot change.
    Mount,
    /// A space's top folder, which cannot be moved.
    SpaceTop(Right),
    /// Anything in a space.
    Inside(Right),
    /// A file in a space whose content this user may not read at present.
    Withheld(Right),
    /// The entry of a link, which the guest cannot move or share.
    SharedTop(Right),
    /// Anything below the entry of a link.
    SharedInside(Right),
}

impl Permissions {
    /// The letters: `R` make links to it, `G` read, `D` delete, `N` rename, `V` move, `W` write the file, `C` and
    /// `K` create files and folders in it. Never empty, because clients misread an empty value.
    pub fn letters(self, is_folder: bool) -> &'static str {
        match (self, is_folder) {
            (Self::Withheld(_), _) if self.is_writable() => "DNVW",
            // `S`, shared, is the letter that permits nothing.
            (Self::Withheld(_), _) => "S",
            _ if !self.is_writable() => "G",
            (Self::Mount, _) => "G",
            (Self::SpaceTop(_), _) => "RGCK",
            (Self::SharedTop(_), true) => "GCK",
            (Self::SharedTop(_), false) => "GW",
            (Self::SharedInside(_), true) => "GDNVCK",
            (Self::SharedInside(_), false) => "GDNVW",
            (Self::Inside(_), true) => "RGDNVCK",
            (Self::Inside(_), false) => "RGDNVW",
        }
    }

    fn share_sum(self, is_folder: bool) -> u64 {
        match (self, is_folder) {
            (Self::Withheld(_), _) => 0,
            _ if !self.is_writable() => 1,
            (Self::SharedTop(_) | Self::SharedInside(_), true) => 15,
            (Self::SharedTop(_) | Self::SharedInside(_), false) => 3,
            (_, true) => 31,
            (_, false) => 19,
        }
    }

    fn is_writable(self) -> bool {
        match self {
            Self::Mount => false,
            Self::SpaceTop(right)
            | Self::Inside(right)
            | Self::Withheld(right)
            | Self::SharedTop(right)
            | Self::SharedInside(right) => right >= Right::Write,
        }
    }
}

/// An active lock (RFC 4918 14.1).
#[derive(Clone, Copy, Debug)]
pub struct ActiveLock<'a> {
    /// Exclusive or shared.
    pub scope: LockScope,
    /// [`Depth::Zero`] or [`Depth::Infinity`].
    pub depth: Depth,
    /// The fragment that [`super::lockinfo`] parsed.
    pub owner: Option<&'a str>,
    /// Time left until the lock expires.
    pub timeout: Duration,
    /// Token of the lock.
    pub token: &'a LockToken,
    /// Href of the resource that was locked.
    pub root_href: &'a str,
}

macro_rules! live_properties {
    ($($(#[$doc:meta])* $variant:ident = $prefix:literal $local:literal),+ $(,)?) => {
        /// A property that is computed, not stored.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum LiveProperty { $($(#[$doc])* $variant),+ }

        impl LiveProperty {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The property of this name; `None` if it may be a dead property.
            pub fn find(name: &PropertyName) -> Option<Self> {
                let prefix = prefix_of(&name.namespace)?;
                match (prefix, name.local.as_str()) {
                    $(($prefix, $local) => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The empty element with the literal prefix.
            pub fn empty_tag(self) -> &'static str {
                match self { $(Self::$variant => concat!("<", $prefix, ":", $local, "/>")),+ }
            }

            fn prefix(self) -> &'static str {
                match self { $(Self::$variant => $prefix),+ }
            }

            fn open_tag(self) -> &'static str {
                match self { $(Self::$variant => concat!("<", $prefix, ":", $local, ">")),+ }
            }

            fn close_tag(self) -> &'static str {
                match self { $(Self::$variant => concat!("</", $prefix, ":", $local, ">")),+ }
            }
        }
    };
}

live_properties! {
    /// RFC 4918 15.9.
    ResourceType = "d" "resourcetype",
    /// RFC 4918 15.1.
    CreationDate = "d" "creationdate",
    /// RFC 4918 15.2.
    DisplayName = "d" "displayname",
    /// RFC 4918 15.4.
    ContentLength = "d" "getcontentlength",
    /// RFC 4918 15.5.
    ContentType = "d" "getcontenttype",
    /// RFC 4918 15.6.
    Etag = "d" "getetag",
    /// RFC 4918 15.7.
    LastModified = "d" "getlastmodified",
    /// RFC 4918 15.10.
    SupportedLock = "d" "supportedlock",
    /// RFC 4918 15.8.
    LockDiscovery = "d" "lockdiscovery",
    /// RFC 4331 3.
    QuotaAvailable = "d" "quota-available-bytes",
    /// RFC 4331 4.
    QuotaUsed = "d" "quota-used-bytes",
    /// Number and instance, by which clients recognise renamed entries.
    CloudId = "oc" "id",
    /// The number without the instance.
    FileId = "oc" "fileid",
    /// Actions allowed to the client, one letter each.
    Permissions = "oc" "permissions",
    /// Bytes of a file; for a folder, of all files below it.
    Size = "oc" "size",
    /// Digests of the content.
    Checksums = "oc" "checksums",
    /// Type of the shares: 3 for links; empty if it is not shared.
    ShareTypes = "oc" "share-types",
    /// Changes when the server's state was restored from an earlier one; on the top folder only.
    DataFingerprint = "oc" "data-fingerprint",
    /// The owner of the tree: the user who asks.
    OwnerId = "oc" "owner-id",
    /// The owner's name for display.
    OwnerDisplayName = "oc" "owner-display-name",
    /// Whether the user marked it as a favourite; always 0.
    Favorite = "oc" "favorite",
    /// Whether the client itself encrypted it (Nextcloud's end-to-end encryption); always 0.
    IsEncrypted = "nc" "is-encrypted",
    /// Whether it has a preview picture; always false.
    HasPreview = "nc" "has-preview",
    /// Whether it is a space's top folder.
    IsMountRoot = "nc" "is-mount-root",
    /// Time of creation, in seconds since 1970.
    CreationTime = "nc" "creation_time",
    /// Time of upload, in seconds since 1970.
    UploadTime = "nc" "upload_time",
    /// Permissions that a share of it could have, as a sum of 1 read, 2 update, 4 create, 8 delete, 16 share.
    SharePermissions = "x1" "share-permissions",
}

fn prefix_of(namespace: &str) -> Option<&'static str> {
    LITERAL_PREFIXES.iter().find(|(known, _)| *known == namespace).map(|(_, prefix)| *prefix)
}

impl LiveProperty {
    /// Whether `allprop` includes it: all properties of RFC 4918, but not the quota (RFC 4331 2).
    pub fn is_in_allprop(self) -> bool {
        self.is_dav() && !matches!(self, Self::QuotaAvailable | Self::QuotaUsed)
    }

    /// Whether it belongs to WebDAV rather than to Nextcloud.
    pub fn is_dav(self) -> bool {
        self.prefix() == "d"
    }

    /// Whether this resource has it.
    pub fn is_defined(self, view: &ResourceView<'_>) -> bool {
        match self {
            Self::ContentLength | Self::ContentType => !view.is_folder,
            Self::QuotaAvailable => view.is_folder && view.quota_available.is_some(),
            Self::QuotaUsed => view.is_folder && view.quota_used.is_some(),
            Self::Checksums => !view.cloud.checksums.is_empty(),
            Self::DataFingerprint => view.cloud.fingerprint.is_some(),
            _ => true,
        }
    }

    /// Appends the element with its value. Call it only if [`Self::is_defined`].
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
            // The Nextcloud desktop client rejects times before 1970-01-01 00:00:01.
            Self::LastModified => push_http_date(out, view.modified.as_mtime()),
            // RFC 4918 15.10: a resource that cannot be locked has none.
            Self::SupportedLock if view.lockable => out.push_str(LOCK_ENTRIES),
            Self::LockDiscovery => out.push_str(view.locks),
            Self::QuotaAvailable => push_number(out, view.quota_available.unwrap_or(0)),
            Self::QuotaUsed => push_number(out, view.quota_used.unwrap_or(0)),
            _ => self.push_cloud(out, view),
        }
        if out.len() == value {
            // Explorer accepts listings of a million bytes at most, so write no empty pairs of tags.
            out.truncate(start);
            out.push_str(self.empty_tag());
        } else {
            out.push_str(self.close_tag());
        }
    }
}

impl LiveProperty {
    /// Appends the value of a Nextcloud property.
    fn push_cloud(self, out: &mut String, view: &ResourceView<'_>) {
        let cloud = &view.cloud;
        match self {
            Self::CloudId => push_cloud_id(out, cloud.number, cloud.instance),
            Self::FileId => push_number(out, cloud.number),
            Self::Permissions => out.push_str(cloud.permissions.letters(view.is_folder)),
            Self::Size => push_number(out, view.size),
            Self::Checksums => push_checksums(out, cloud.checksums),
            // Empty if nothing is shared: the desktop client marks the file for any content.
            Self::ShareTypes if cloud.is_linked => out.push_str("<oc:share-type>3</oc:share-type>"),
            Self::DataFingerprint => push_text(out, cloud.fingerprint.unwrap_or_default()),
            Self::OwnerId | Self::OwnerDisplayName => push_text(out, cloud.owner),
            Self::Favorite | Self::IsEncrypted => out.push('0'),
            Self::HasPreview => out.push_str("false"),
            Self::IsMountRoot => {
                let is_top = matches!(cloud.permissions, Permissions::SpaceTop(_));
                out.push_str(if is_top { "true" } else { "false" });
            }
            Self::CreationTime | Self::UploadTime => {
                push_number(out, view.created.as_mtime().0.unsigned_abs() / 1_000);
            }
            Self::SharePermissions => push_number(out, cloud.permissions.share_sum(view.is_folder)),
            _ => {}
        }
    }
}

/// `00001002ocabcdef1234`: number and instance, in the format of Nextcloud's own server.
pub fn push_cloud_id(out: &mut String, number: u64, instance: &str) {
    let _ = write!(out, "{number:08}oc{instance}");
}

fn push_checksums(out: &mut String, checksums: &[Checksum]) {
    out.push_str("<oc:checksum>");
    for (at, checksum) in checksums.iter().enumerate() {
        let _ = write!(out, "{}{checksum}", if at == 0 { "" } else { " " });
    }
    out.push_str("</oc:checksum>");
}

const LOCK_ENTRIES: &str = "<d:lockentry><d:lockscope><d:exclusive/></d:lockscope>\
    <d:locktype><d:write/></d:locktype></d:lockentry>\
    <d:lockentry><d:lockscope><d:shared/></d:lockscope>\
    <d:locktype><d:write/></d:locktype></d:lockentry>";

impl ActiveLock<'_> {
    /// Appends the `activelock` element.
    pub fn push(&self, out: &mut String) {
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

/// The body of a successful LOCK: all locks of the resource, including the new one.
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
    use crate::http::protocol::xml;

    #[test]
    fn names_are_found_in_their_own_namespace_only() {
        for live in LiveProperty::ALL {
            let local = live.empty_tag().split_once(':').unwrap().1.trim_end_matches("/>");
            for (namespace, prefix) in LITERAL_PREFIXES {
                let found = LiveProperty::find(&PropertyName::new(namespace, local));
                assert_eq!(found == Some(*live), prefix == live.prefix(), "{prefix}:{local}");
            }
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
