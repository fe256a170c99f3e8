//! Converts paths from clients into places in the tree, and places into the hrefs that clients accept.

use http::StatusCode;

use crate::model::{EntryName, EntryPath, IfTarget, NameError};

/// Why a path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HrefError {
    /// `%` without two hexadecimal digits after it.
    #[error("the path has a '%' that is not a valid escape")]
    Escape,
    /// `//` in the path.
    #[error("the path has an empty segment")]
    EmptySegment,
    /// `#` or `?`; they must be escaped inside a name.
    #[error("the path has a fragment or query; '#' and '?' in names must be escaped")]
    FragmentOrQuery,
    /// Neither an absolute path nor an absolute `http` or `https` URI.
    #[error("this is neither an absolute path nor an http URI")]
    NotAUri,
    /// A segment that is not a valid name, including `..` and separators.
    #[error(transparent)]
    Name(#[from] NameError),
}

impl HrefError {
    /// 409 for valid names that merely cannot be stored, 400 for everything else.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Name(NameError::TooLong | NameError::PathTooLong | NameError::NotPortable) => {
                StatusCode::CONFLICT
            }
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// The target of a path below a mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The mount itself: the list of spaces.
    Root,
    /// A space or an entry in it.
    Entry {
        /// Name of the space, which is the top folder.
        space: EntryName,
        /// Path inside the space; the root path is the space itself.
        path: EntryPath,
    },
}

/// A parsed path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// The target.
    pub place: Place,
    /// Whether it ended with `/`. Affects only the form of the answer.
    pub trailing_slash: bool,
}

/// A URL under which the tree is mounted, such as `/dav` or `/remote.php/dav/files/alice`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    segments: Vec<String>,
    /// For a linked entry: its space. Paths then begin at the entry, and no address names the space.
    lent_in: Option<EntryName>,
}

impl Mount {
    /// The mount with these decoded segments: `["remote.php", "dav", "files", user]`.
    pub fn new<'a>(segments: impl IntoIterator<Item = &'a str>) -> Self {
        Self { segments: segments.into_iter().map(str::to_owned).collect(), lent_in: None }
    }

    /// The mount of a linked entry, from its decoded segments and the entry's space.
    pub fn shared<'a>(segments: impl IntoIterator<Item = &'a str>, space: EntryName) -> Self {
        Self { lent_in: Some(space), ..Self::new(segments) }
    }

    /// Parses an absolute path from the request line, percent-decoding once. `None` if it is outside this mount.
    pub fn locate(&self, path: &str) -> Result<Option<Located>, HrefError> {
        if path.contains(['#', '?']) {
            return Err(HrefError::FragmentOrQuery);
        }
        let Some(path) = path.strip_prefix('/') else {
            return Err(HrefError::NotAUri);
        };
        let (path, trailing_slash) = match path.strip_suffix('/') {
            Some(shorter) => (shorter, true),
            None => (path, false),
        };
        let mut segments = path.split('/');
        for expected in &self.segments {
            // A malformed escape outside the mount becomes the 404 of another endpoint.
            if segments.next().and_then(|raw| decode(raw).ok()).as_ref() != Some(expected) {
                return Ok(None);
            }
        }
        let mut names = Vec::new();
        for segment in segments {
            if segment.is_empty() {
                return Err(HrefError::EmptySegment);
            }
            names.push(EntryName::parse(&decode(segment)?)?);
        }
        if let Some(space) = &self.lent_in {
            let place = Place::Entry { space: space.clone(), path: EntryPath::new(names)? };
            return Ok(Some(Located { place, trailing_slash }));
        }
        if names.is_empty() {
            return Ok(Some(Located { place: Place::Root, trailing_slash }));
        }
        let space = names.remove(0);
        let path = EntryPath::new(names)?;
        Ok(Some(Located { place: Place::Entry { space, path }, trailing_slash }))
    }

    /// Whether a path is in this mount, even if the rest of it is malformed.
    pub fn holds(&self, path: &str) -> bool {
        let mut segments = path.strip_prefix('/').unwrap_or(path).split('/');
        self.segments
            .iter()
            .all(|expected| segments.next().and_then(|raw| decode(raw).ok()).as_ref() == Some(expected))
    }

    /// The href of a place: an absolute path, with a trailing `/` for folders.
    pub fn href(&self, place: &Place, is_folder: bool) -> String {
        let mut out = String::new();
        let mut push = |segment: &str| {
            out.push('/');
            push_encoded(&mut out, segment);
        };
        self.segments.iter().for_each(|segment| push(segment));
        if let Place::Entry { space, path } = place {
            if self.lent_in.is_none() {
                push(space.as_str());
            }
            path.names().iter().for_each(|name| push(name.as_str()));
        }
        if is_folder || *place == Place::Root {
            out.push('/');
        }
        out
    }
}

/// Turns `href`, whose first `folder_len` bytes are the href of a folder, into the href of a member, so that a
/// listing can reuse one buffer.
pub fn set_member(href: &mut String, folder_len: usize, name: &EntryName, is_folder: bool) {
    href.truncate(folder_len);
    push_encoded(href, name.as_str());
    if is_folder {
        href.push('/');
    }
}

/// Appends a name, percent-encoding everything but RFC 3986's unreserved characters. The result needs no escaping
/// in XML.
pub fn push_encoded(out: &mut String, name: &str) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    if name.bytes().all(is_unreserved) {
        out.push_str(name);
        return;
    }
    for byte in name.bytes() {
        if is_unreserved(byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend([byte >> 4, byte & 15].iter().filter_map(|nibble| HEX.get(usize::from(*nibble))));
        }
    }
}

/// Percent-decodes one segment, once.
pub(in crate::http) fn decode(segment: &str) -> Result<String, HrefError> {
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        let mut is_hex = || rest.next().is_some_and(|digit| digit.is_ascii_hexdigit());
        if byte == b'%' && !(is_hex() && is_hex()) {
            return Err(HrefError::Escape);
        }
    }
    percent_encoding::percent_decode_str(segment)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| HrefError::Name(NameError::NotUtf8))
}

/// The addresses of this server, for URIs in `Destination` and `If`.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// The host names of this request (with port where one is given): `Host` and, from a trusted proxy,
    /// `X-Forwarded-Host`.
    pub hosts: &'a [&'a str],
    /// Every mount of the tree that the user has, including the one of the request.
    pub mounts: &'a [Mount],
}

/// Target of an absolute path or URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A place in the tree.
    Here(Located),
    /// This server, but outside the tree.
    OutsideTree,
    /// Another server.
    Foreign,
}

impl Site<'_> {
    /// Resolves an absolute path (Nextcloud's desktop client) or absolute URI (all other clients).
    pub fn locate(&self, uri: &str) -> Result<Target, HrefError> {
        let path = if uri.starts_with('/') {
            uri
        } else {
            let (scheme, rest) = uri.split_once("://").ok_or(HrefError::NotAUri)?;
            // Behind a proxy that terminates TLS, the server does not know the client's scheme.
            if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
                return Err(HrefError::NotAUri);
            }
            let slash = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at_checked(slash).ok_or(HrefError::NotAUri)?;
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            if !self.hosts.iter().any(|ours| is_same_host(ours, host)) {
                return Ok(Target::Foreign);
            }
            if path.is_empty() { "/" } else { path }
        };
        for mount in self.mounts {
            if let Some(located) = mount.locate(path)? {
                return Ok(Target::Here(located));
            }
        }
        Ok(Target::OutsideTree)
    }

    /// The resource that a tag in an `If` header names; a tag that cannot be resolved has no state.
    pub fn if_target(&self, uri: &str) -> IfTarget {
        match self.locate(uri) {
            Ok(Target::Here(Located { place: Place::Entry { space, path }, .. })) => {
                IfTarget::Entry { space, path }
            }
            _ => IfTarget::Elsewhere,
        }
    }
}

/// Names must be equal. Ports must be equal only if both sides give one that is not the default: proxies often
/// forward `Host` without the public port.
fn is_same_host(ours: &str, theirs: &str) -> bool {
    let (our_name, our_port) = split_port(ours);
    let (their_name, their_port) = split_port(theirs);
    !their_name.is_empty()
        && our_name.eq_ignore_ascii_case(their_name)
        && (our_port == their_port || our_port.is_none() || their_port.is_none())
}

fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        // `[::1]` contains colons of its own.
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => {
            (name, Some(port).filter(|port| !matches!(*port, "" | "80" | "443")))
        }
        _ => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dav() -> Mount {
        Mount::new(["dav"])
    }

    fn entry(space: &str, path: &str) -> Place {
        Place::Entry { space: EntryName::parse(space).unwrap(), path: EntryPath::parse(path).unwrap() }
    }

    #[test]
    fn paths_below_the_mount_are_decoded_once() {
        for (path, place, trailing_slash) in [
            ("/dav", Place::Root, false),
            ("/dav/", Place::Root, true),
            ("/dav/a", entry("a", ""), false),
            ("/dav/a/", entry("a", ""), true),
            ("/dav/a/b.txt", entry("a", "b.txt"), false),
            ("/d%61v/a/%c3%bc%20new.txt", entry("a", "ü new.txt"), false),
            ("/dav/a/[b]:*+&;='~()", entry("a", "[b]:*+&;='~()"), false),
            ("/dav/a/100%25%2e", entry("a", "100%."), false),
            ("/dav/a/%2525", entry("a", "%25"), false),
            ("/dav/a/%23%3f/", entry("a", "#?"), true),
            ("/dav/a/u%CC%88", entry("a", "u\u{308}"), false),
            ("/dav/a/x%0ay", entry("a", "x\ny"), false),
            ("/dav/a/...", entry("a", "..."), false),
        ] {
            let located = Located { place, trailing_slash };
            assert_eq!(dav().locate(path), Ok(Some(located)), "{path}");
        }
    }

    #[test]
    fn traversal_and_ambiguity_are_refused() {
        for path in [
            "/dav/..",
            "/dav/../etc/passwd",
            "/dav/a/./b",
            "/dav/a/%2e%2e%2f",
            "/dav/a/%2e%2e/b",
            "/dav/a/.%2E",
            "/dav/a%2fb",
            "/dav/a/b%00",
            "/dav/a/b\\c",
            "/dav/a/b%5cc",
            "/dav//a",
            "/dav/a//",
            "/dav//",
            "/dav/a//b",
            "/dav/a#b",
            "/dav/a?b",
            "/dav/a/%",
            "/dav/a/%4",
            "/dav/a/%zz",
            "/dav/a/%+1",
            "/dav/a/%ff",
            "/dav/a/%c3",
            "/dav/a/%ed%a0%80",
            "dav/a",
            "",
        ] {
            let error = dav().locate(path).expect_err(path);
            assert_eq!(error.status(), StatusCode::BAD_REQUEST, "{path}");
        }
        let long = format!("/dav/a/{}", "x".repeat(256));
        let error = dav().locate(&long).unwrap_err();
        assert_eq!(error.status(), StatusCode::CONFLICT);
        let deep = format!("/dav/a/{}", "x/".repeat(101));
        assert_eq!(dav().locate(&deep), Err(HrefError::Name(NameError::PathTooLong)));
    }

    #[test]
    fn other_paths_are_somebody_elses() {
        for path in ["/", "/da", "/davx/a", "/DAV/a", "//dav/a", "/%zz", "/other/dav"] {
            assert_eq!(dav().locate(path), Ok(None), "{path}");
        }
    }

    #[test]
    fn hrefs_are_absolute_paths_that_lead_back() {
        let mount = Mount::new(["remote.php", "dav", "files", "a b@c"]);
        let place = entry("Müller & Söhne", "x/<ü>#%?.txt");
        let href = mount.href(&place, false);
        assert_eq!(
            href,
            "/remote.php/dav/files/a%20b%40c/M%C3%BCller%20%26%20S%C3%B6hne/x/%3C%C3%BC%3E%23%25%3F.txt"
        );
        assert_eq!(mount.locate(&href).unwrap().unwrap().place, place);
        assert_eq!(dav().href(&Place::Root, true), "/dav/");
        assert_eq!(dav().href(&entry("a", ""), true), "/dav/a/");

        let mut member = dav().href(&entry("a", ""), true);
        let folder_len = member.len();
        for (name, is_folder, expected) in [("b c", true, "/dav/a/b%20c/"), ("d", false, "/dav/a/d")] {
            set_member(&mut member, folder_len, &EntryName::parse(name).unwrap(), is_folder);
            assert_eq!(member, expected);
        }
    }

    #[test]
    fn addresses_of_what_was_lent_begin_at_the_token_and_name_no_space() {
        let space = EntryName::parse("Mandant").unwrap();
        let mount = Mount::shared(["public.php", "dav", "files", "t0k"], space.clone());
        for (href, path, is_folder) in [
            ("/public.php/dav/files/t0k/", "", true),
            ("/public.php/dav/files/t0k", "", false),
            ("/public.php/dav/files/t0k/a/b%20c", "a/b c", false),
            ("/public.php/dav/files/t0k/Mandant/", "Mandant", true),
        ] {
            let place = Place::Entry { space: space.clone(), path: EntryPath::parse(path).unwrap() };
            assert_eq!(mount.locate(href).unwrap().unwrap().place, place, "{href}");
            assert_eq!(mount.href(&place, is_folder), href);
        }
        for outside in ["/public.php/dav/files/other/a", "/public.php/dav/files", "/dav/Mandant/a"] {
            assert_eq!(mount.locate(outside), Ok(None), "{outside}");
        }
        for bad in ["/public.php/dav/files/t0k/..", "/public.php/dav/files/t0k/%2e%2e/x"] {
            assert!(mount.locate(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn uris_are_followed_by_any_of_our_names() {
        let mounts = [dav(), Mount::new(["remote.php", "webdav"])];
        let hosts = ["files.example.org:8443", "public.example.org", "[::1]:80"];
        let site = Site { hosts: &hosts, mounts: &mounts };
        for uri in [
            "/dav/a/b",
            "/remote.php/webdav/a/b",
            "https://files.example.org:8443/dav/a/b",
            "HTTPS://Files.Example.Org/dav/a/b",
            "http://public.example.org:443/dav/a/b",
            "https://public.example.org:8443/dav/a/b",
            "https://user:p%40ss@public.example.org/dav/a/b",
            "http://[::1]/dav/a/b",
            "http://[::1]:80/dav/a/b",
        ] {
            let Ok(Target::Here(located)) = site.locate(uri) else {
                panic!("{uri}: {:?}", site.locate(uri));
            };
            assert_eq!(located.place, entry("a", "b"), "{uri}");
        }
        for uri in [
            "https://evil.example/dav/a/b",
            "https://files.example.org:9999/dav/a/b",
            "https://files.example.org.evil.example/dav/a",
            "https://public.example.org@evil.example/dav/a",
            "https:///dav/a",
            "http://:80/dav/a",
            "http://[::2]/dav/a",
        ] {
            assert_eq!(site.locate(uri), Ok(Target::Foreign), "{uri}");
            assert_eq!(site.if_target(uri), IfTarget::Elsewhere);
        }
        for uri in ["a/b", "ftp://public.example.org/dav/a", "", "urn:uuid:1", "/dav/a#b"] {
            assert!(site.locate(uri).is_err(), "{uri}");
            assert_eq!(site.if_target(uri), IfTarget::Elsewhere);
        }
        assert_eq!(site.locate("https://public.example.org"), Ok(Target::OutsideTree));
        assert_eq!(site.if_target("/dav/"), IfTarget::Elsewhere);
    }

    proptest! {
        #[test]
        fn every_name_comes_back(name in "\\PC{1,60}") {
            prop_assume!(EntryName::parse(&name).is_ok());
            let place = entry(&name, &name);
            let located = dav().locate(&dav().href(&place, true)).unwrap().unwrap();
            prop_assert_eq!(located.place, place);
        }

        #[test]
        fn no_text_panics(path in "\\PC{0,60}", escapes in "[/%0-9a-f.#:@\\[\\]]{0,60}") {
            let mounts = [dav()];
            let site = Site { hosts: &["h"], mounts: &mounts };
            for text in [&path, &escapes] {
                let _ = site.locate(text);
                let _ = dav().locate(&format!("/dav/{text}"));
                let _ = site.locate(&format!("http://{text}"));
            }
        }
    }
}
