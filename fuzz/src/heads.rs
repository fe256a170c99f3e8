//! Request targets and headers.

use std::time::Duration;

use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use secrecy::ExposeSecret;

use tresor::http::protocol::href::{Mount, Place, Site, Target, set_member};
use tresor::http::protocol::range::RangeAnswer;
use tresor::http::protocol::{conditional, headers as dav_headers, if_header, range as ranges};
use tresor::model::{EntryName, EntryPath, Etag, EtagMatch, IfTarget, NamePolicy, Shown, Timestamp};
use tresor::net::{AllowedHosts, ForwardedHeader, IpNetwork, Limits, ProxyTrust};
use tresor::parsers::requests::{admit, basic_credentials, client_key};

use super::resumable;

const NOW: Timestamp = Timestamp(1_790_000_000_000);
const LONGEST_LOCK: Duration = Duration::from_hours(1);

/// Lines `name: value`: each header that any method reads.
pub(super) fn headers(data: &[u8]) {
    let headers = header_map(data);
    let _ = dav_headers::depth(&headers);
    let _ = dav_headers::overwrite(&headers);
    resumable::tus(&headers);
    resumable::draft(&headers);
    let granted = dav_headers::lock_timeout(&headers, LONGEST_LOCK);
    assert!((Duration::from_secs(1)..=LONGEST_LOCK).contains(&granted));
    if let Ok(token) = dav_headers::lock_token(&headers) {
        assert!(!token.0.is_empty() && !token.0.contains(['<', '>']));
    }
    with_site(|site| {
        if let Ok(found) = dav_headers::destination(&headers, site) {
            is_found_again(&site.mounts[0], &found.place);
        }
        if let Ok(conditions) = conditional::read(&headers, site) {
            conditional::judge_read(&conditions, &Etag("a".to_owned()), NOW);
            conditions.submitted_tokens().for_each(drop);
        }
    });
    conditional::if_range_holds(&headers, &Etag("a".to_owned()));
    if let Ok(upload) = dav_headers::upload(&headers)
        && let Some(checksum) = upload.checksum
    {
        let again = checksum.to_string().parse();
        assert_eq!(again, Ok(checksum), "a checksum reads back as it is written");
    }
    let request = Request::builder().uri("/dav/a").body(());
    if let Ok(mut request) = request {
        *request.headers_mut() = headers;
        let hosts = AllowedHosts::new(["files.example".to_owned()]);
        let rules = (&Limits::default(), &ProxyTrust::default(), &hosts);
        if admit(&request, [192, 0, 2, 1].into(), true, rules).is_ok() {
            let host = request.headers().get(HOST).unwrap().to_str().unwrap().to_ascii_lowercase();
            assert!(host.starts_with("files.example"), "{host}");
        }
    }
}

/// The lines of an `If` header.
pub(super) fn if_header(data: &[u8]) {
    let headers = repeated("if", data);
    if headers.is_empty() {
        return;
    }
    let Ok(lists) = with_site(|site| if_header::read(&headers, |uri| site.if_target(uri))) else { return };
    assert!(!lists.is_empty());
    assert!(lists.iter().all(|list| !list.conditions.is_empty()));
    assert!(lists.iter().map(|list| list.conditions.len()).sum::<usize>() <= if_header::MAX_CONDITIONS);
    let untagged = lists.iter().filter(|list| list.target == IfTarget::Request).count();
    assert!(untagged == 0 || untagged == lists.len(), "tagged and untagged lists do not mix");
}

/// The lines of `If-Match` and `If-None-Match`.
pub(super) fn etags(data: &[u8]) {
    let read = |name| {
        let headers = repeated(name, data);
        with_site(|site| conditional::read(&headers, site)).ok().filter(|_| !headers.is_empty())
    };
    let (Some(strong), Some(weak)) = (read("if-match"), read("if-none-match")) else { return };
    match (strong.if_match.unwrap(), weak.if_none_match.unwrap()) {
        (EtagMatch::Any, EtagMatch::Any) => {}
        (EtagMatch::OneOf(strong), EtagMatch::OneOf(all)) => {
            assert!(all.len() <= conditional::MAX_TAGS);
            assert!(strong.iter().all(|tag| all.contains(tag)), "weak tags are dropped, none is added");
        }
        (strong, all) => panic!("{strong:?} and {all:?} from one text"),
    }
}

/// First line: size of the content. The others: `Range`.
pub(super) fn range(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (size, header) = text.split_once('\n').unwrap_or(("1000", &text));
    let size = size.parse().unwrap_or(1000_u64).min(1 << 62);
    let parts = match ranges::read(&repeated("range", header.as_bytes()), size) {
        RangeAnswer::Whole | RangeAnswer::Unsatisfiable => return,
        RangeAnswer::Single(part) => vec![part],
        RangeAnswer::Several(parts) => parts,
    };
    assert!((1..=ranges::MAX_PARTS).contains(&parts.len()));
    let mut sorted = parts.clone();
    sorted.sort();
    assert!(sorted.windows(2).all(|pair| pair[0].end() < pair[1].start()), "no two parts touch");
    assert!(parts.iter().all(|part| !part.is_empty() && part.end() <= size));
    let body = ranges::Multipart::new(&parts, size, "text/plain");
    let heads: u64 = body.parts().iter().map(|(head, part)| head.len() as u64 + part.len()).sum();
    assert_eq!(body.content_length(), heads + body.trailer().len() as u64);
}

/// A path or URI as it stands in a request line, in `Destination` or in `If`, and any text as a name.
pub(super) fn path(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    with_site(|site| {
        site.if_target(text);
        if let Ok(Target::Here(found)) = site.locate(text) {
            is_found_again(&site.mounts[0], &found.place);
            is_found_again(&site.mounts[1], &found.place);
        }
    });
    if let Ok(path) = EntryPath::parse(text) {
        let names: Vec<_> = path.names().iter().map(EntryName::as_str).collect();
        assert!(names.len() <= EntryPath::MAX_DEPTH && names.join("/").len() < EntryPath::MAX_BYTES);
        assert_eq!(EntryPath::parse(&names.join("/")), Ok(path.clone()));
        assert!(!path.to_string().contains(char::is_control), "a shown path steers no terminal");
    }
    assert!(!Shown(text).to_string().contains(char::is_control));
    if let Ok(name) = EntryName::parse(text) {
        // Two names that look alike in lower case must look alike as they are.
        if let Ok(key) = EntryName::parse(&name.key()) {
            assert_eq!(key.key(), name.key(), "{text:?}");
        }
        let _ = name.check(NamePolicy::Portable);
        let mut href = String::from("/dav/s/");
        set_member(&mut href, "/dav/s/".len(), &name, true);
        let found = Mount::new(["dav"]).locate(&href).unwrap().unwrap();
        let path = EntryPath::new(vec![name]).unwrap();
        assert_eq!(found.place, Place::Entry { space: EntryName::parse("s").unwrap(), path });
    }
}

/// `Authorization`, which everybody may send.
pub(super) fn login(data: &[u8]) {
    let headers = repeated("authorization", data);
    let Some(credentials) = headers.get(AUTHORIZATION).and_then(basic_credentials) else { return };
    assert!(!credentials.name.contains(':'), "the first colon ends the name");
    assert!(credentials.password.expose_secret().len() <= data.len() * 2);
}

/// First line: who connects. Second: the trusted networks. The others: headers.
pub(super) fn peer(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.splitn(3, '\n');
    let Some(Ok(peer)) = lines.next().map(|line| line.trim().parse::<std::net::IpAddr>()) else { return };
    let networks: Vec<IpNetwork> =
        lines.next().unwrap_or_default().split(',').filter_map(|one| one.trim().parse().ok()).collect();
    for network in &networks {
        assert_eq!(network.to_string().parse::<IpNetwork>().as_ref(), Ok(network));
    }
    let lines = lines.next().unwrap_or_default();
    if lines.lines().count() > 90 {
        return;
    }
    for forwarded_header in [ForwardedHeader::XForwarded, ForwardedHeader::Forwarded] {
        let trust = ProxyTrust { trusted_proxies: networks.clone(), forwarded_header };
        let (client, _) = trust.client(peer, &header_map(lines.as_bytes()));
        client_key(client);
        if !trust.trusts(peer.to_canonical()) {
            assert_eq!(client, peer.to_canonical(), "nobody else is believed");
        }
        // What a client invents lies left of what our proxies saw, and reaches nothing.
        let forged = format!("X-Forwarded-For: 203.0.113.77\nForwarded: for=203.0.113.77\n{lines}");
        let (again, _) = trust.client(peer, &header_map(forged.as_bytes()));
        assert!(again == client || trust.trusts(client), "{client} became {again}");
    }
}

/// The href that is shown for a place leads back to it.
fn is_found_again(mount: &Mount, place: &Place) {
    for is_folder in [true, false] {
        let found = mount.locate(&mount.href(place, is_folder)).unwrap().unwrap();
        assert_eq!(found.place, *place);
    }
}

/// Lines `name: value` as a request brings them; what is no header is passed over.
fn header_map(lines: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines.split(|byte| *byte == b'\n').take(100) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let name = HeaderName::from_bytes(&line[..colon]);
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    headers
}

/// One header, repeated for each line.
fn repeated(name: &'static str, lines: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines.split(|byte| *byte == b'\n').take(100) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
    headers
}

/// What the server answers to in all targets.
fn with_site<T>(judge: impl FnOnce(&Site<'_>) -> T) -> T {
    let mounts = [Mount::new(["dav"]), Mount::new(["remote.php", "dav", "files", "ünal"])];
    judge(&Site { hosts: &["files.example:8443", "[::1]:8443"], mounts: &mounts })
}
