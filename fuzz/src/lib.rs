//! Every parser of bytes that others chose, as functions of bytes alone.
//!
//! Each target checks a promise, not only that nothing panics: what is read can be written and read
//! again, bounds hold, damaged bytes never pass. Two runners call them: libFuzzer (`make fuzz`), for hours,
//! and `tests/fuzz_seeds.rs`, with the committed seeds and some changes to them, the same ones in each run.

#![allow(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a target ends at the first broken promise, as a test does"
)]

mod bodies;
mod containers;
mod heads;
mod messages;
mod packs;
mod resumable;
mod shares;

use std::path::PathBuf;

use secrecy::SecretString;

use tresor::accounts::{AppToken, UserName, device_label, login_name};
use tresor::admin::Request;
use tresor::config::RawConfig;
use tresor::model::{ByteSize, Checksum, ContainerId, ContentKind, SpaceId};
use tresor::parsers::contents::{
    Cms, Opening, look_into, open, read_cms, read_report, take_uuencoded, unpack,
};

/// A parser and what must be true of it: returns for any input, panics where a promise is broken.
pub type Target = fn(&[u8]);

/// All targets with the names of their seed folders in `fuzz/seeds/`.
pub fn targets() -> impl Iterator<Item = (&'static str, Target)> {
    TARGETS.iter().copied()
}

const TARGETS: &[(&str, Target)] = &[
    ("age-header", containers::age_header),
    ("config", config),
    ("container", containers::container),
    ("etags", heads::etags),
    ("form", bodies::form),
    ("framing", messages::framing),
    ("header-blocks", messages::header_blocks),
    ("headers", heads::headers),
    ("if-header", heads::if_header),
    ("inspect", inspect),
    ("key-file", containers::key_file),
    ("lockinfo", bodies::lockinfo),
    ("login", heads::login),
    ("mail", mail),
    ("meta", containers::meta),
    ("multipart", bodies::multipart),
    ("open", open_with_password),
    ("owner-line", owner_line),
    ("pack", packs::pack),
    ("path", heads::path),
    ("payload", containers::payload),
    ("peer", heads::peer),
    ("propfind", bodies::propfind),
    ("proppatch", bodies::proppatch),
    ("range", heads::range),
    ("report", report),
    ("root-key", containers::root_key),
    ("signed", signed),
    ("snapshot-name", packs::snapshot_name),
    ("uuencode", uuencode),
    ("words", words),
    ("xml", bodies::xml),
];

/// A configuration file.
fn config(data: &[u8]) {
    let Ok(raw) = std::str::from_utf8(data).map_err(drop).and_then(|text| toml::from_str(text).map_err(drop))
    else {
        return;
    };
    let raw: RawConfig = raw;
    let Ok(config) = raw.check(PathBuf::from("data")) else { return };
    config.limits.check().unwrap();
    assert!(config.metrics_listen.is_none_or(|listen| listen.ip().to_canonical().is_loopback()));
}

/// A content of any format: the look ends, says the same again, and keeps its bound.
fn inspect(data: &[u8]) {
    let found = look_into(data);
    assert_eq!(look_into(data), found);
    assert!(found.members <= 10_001, "{found:?}");
}

/// A content with a password: it opens or not, and what comes out keeps its bound.
fn open_with_password(data: &[u8]) {
    // Of these, the content says how often its password is hashed; the child has a time for that.
    let is_slow = data.starts_with(b"7z") || data.windows(8).any(|found| found == b"E\0n\0c\0r\0");
    if is_slow {
        return;
    }
    let (opening, opened) = open(data, Some("geheim"));
    assert!(opening == Opening::Opened || opened.is_empty());
    assert!(opened.len() <= 128 << 20);
}

/// A report about a mail: what is read is a code and a line, the same each time.
fn report(data: &[u8]) {
    let found = read_report(data);
    assert_eq!(read_report(data), found);
    if let Some(found) = found {
        let is_code = |c: u8| c.is_ascii_digit() || c == b'.';
        assert!(found.status.len() <= 9 && found.status.bytes().all(is_code), "{found:?}");
        assert!(found.diagnostic.len() <= 3 * data.len() && !found.diagnostic.contains('\n'), "{found:?}");
    }
}

/// A mail whose files are handed out: that ends, does the same again, and whatever comes out was looked at before.
fn mail(data: &[u8]) {
    use ContentKind::{DiskImage, Office, OneNote, Program, Script, Web};
    let unpacked = || {
        let mut output = Vec::new();
        unpack(data, &mut output).expect("memory takes all");
        output
    };
    let output = unpacked();
    assert_eq!(unpacked(), output);
    let found = look_into(data);
    let mut rest = output.as_slice();
    let mut take = |length: usize| rest.split_off(..length).expect("whole frames");
    let mut files = 0;
    while take(1) == [1] {
        for _ in 0..take(1)[0] {
            let length = u16::from_be_bytes(take(2).try_into().unwrap());
            let name = std::str::from_utf8(take(length.into())).unwrap();
            assert!(!name.is_empty() && name.len() <= 1_024 && !name.contains(char::is_control), "{name:?}");
        }
        let length = u32::from_be_bytes(take(4).try_into().unwrap());
        let file = look_into(take(usize::try_from(length).unwrap()));
        files += 1;
        // Whatever is not a mail to the look is nothing that it lets pass.
        if found.obstacle.is_none() && found.kind == ContentKind::Mail {
            // Its name may have made its kind stricter.
            let kinds = [Office, Web, OneNote, DiskImage, Script, Program].into_iter();
            let mut labels = kinds.filter(|kind| *kind >= file.kind).filter_map(ContentKind::as_member);
            let is_known =
                file.kind.as_member().is_none() || labels.any(|label| found.labels.contains(&label));
            assert!(
                is_known && file.labels.is_subset(&found.labels) && file.obstacle.is_none(),
                "{file:?}, {found:?}"
            );
        }
    }
    assert_eq!(u32::from_be_bytes(take(4).try_into().unwrap()), files);
    let length = take(1)[0];
    take(length.into());
    assert!(rest.is_empty() && files <= 1_000);
}

/// A signed or encrypted content: the signed bytes are a part of it, and nothing is added.
fn signed(data: &[u8]) {
    let Some(Cms::Signed(Some(octets))) = read_cms(data) else { return };
    let Some(bytes) = octets.bytes() else { return };
    assert!(bytes.len() < data.len());
    let mut rest = data.iter();
    assert!(bytes.iter().all(|byte| rest.any(|found| found == byte)), "in the same order");
}

/// A text with files in it: they take less room than their lines, which are gone, and the other lines stay.
fn uuencode(data: &[u8]) {
    let (left, files) = take_uuencoded(data);
    let taken = data.len() - left.len();
    assert!(files.iter().map(|file| file.content.len()).sum::<usize>() <= taken.saturating_mul(64));
    assert_eq!(files.is_empty(), taken == 0);
    let mut lines = data.split_inclusive(|byte| *byte == b'\n');
    assert!(left.split_inclusive(|byte| *byte == b'\n').all(|line| lines.any(|found| found == line)));
}

/// A line on the owner's socket.
fn owner_line(data: &[u8]) {
    let Ok(request) = serde_json::from_slice::<Request>(data) else { return };
    let line = serde_json::to_vec(&request).unwrap();
    let again: Request = serde_json::from_slice(&line).unwrap();
    assert_eq!(serde_json::to_vec(&again).unwrap(), line);
    if let Request::Unlock { .. } = request {
        assert_eq!(
            format!("{request:?}"),
            "Unlock { passphrase: Secret([redacted]) }",
            "secrets do not print"
        );
    }
}

/// Sizes, checksums, ids, names of accounts and device passwords as people and clients write them.
fn words(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(size) = text.parse::<ByteSize>() {
        assert!(i64::try_from(size.0).is_ok(), "the catalogue can hold every size");
        let _ = size.to_string();
    }
    if let Ok(checksum) = text.parse::<Checksum>() {
        assert_eq!(checksum.to_string().parse(), Ok(checksum));
    }
    if let Ok(id) = text.parse::<ContainerId>() {
        assert_eq!(id.to_string(), text, "one id has one spelling");
    }
    let _ = text.parse::<SpaceId>();
    if let Ok(name) = UserName::parse(text) {
        assert_eq!(UserName::parse(name.as_str()), Ok(name.clone()));
        if let Ok(key) = UserName::parse(&name.key()) {
            assert_eq!(
                key.key(),
                name.key(),
                "names that are one account when written small are one account"
            );
        }
    }
    let _ = login_name(text);
    let label = device_label(text);
    assert_eq!(device_label(&label), label, "what is fit to show stays as it is");
    assert!(!label.is_empty() && label.chars().count() <= 100 && !label.chars().any(char::is_control));
    if let Some(token) = AppToken::parse(&SecretString::from(text)) {
        assert!(AppToken::parse(&token.reveal()).is_some(), "a device password reads back as it is shown");
    }
}
