//! Headers of resumable uploads: tus, and the drafts of the IETF.

use http::HeaderMap;
use tresor::http::protocol::headers::single;
use tresor::parsers::resumable::{Dialect, Kind, Metadata, Origin, checksum, indicated_length, integer};

pub(super) fn tus(headers: &HeaderMap) {
    let _ = checksum(headers);
    if let Ok(text) = single(headers, "Upload-Concat")
        && let Ok(Kind::Final(parts)) = Kind::parse(text)
    {
        assert!(!parts.is_empty());
    }
    if let Ok(Some(text)) = single(headers, "Upload-Metadata")
        && let Ok(metadata) = Metadata::parse(text)
    {
        if let Ok(Some((_, path))) = metadata.place() {
            assert!(!path.is_root(), "an upload becomes a file, never a space");
        }
        let _ = (metadata.space(), metadata.filename(), metadata.modified(), metadata.checksum());
    }
}

pub(super) fn draft(headers: &HeaderMap) {
    if let Ok(Some(dialect)) = Dialect::of(headers) {
        assert!((3..=8).contains(&dialect.version));
        if let Ok(Some(is_complete)) = dialect.completes(headers) {
            let mut written = HeaderMap::new();
            dialect.say(&mut written, is_complete);
            assert_eq!(dialect.completes(&written), Ok(Some(is_complete)), "it reads back as it is written");
        }
        if let Ok(origin) = Origin::read(dialect, headers) {
            assert_eq!(Origin::parse(&origin.to_string()), origin, "the headers of the creation are kept");
        }
    }
    for name in ["Upload-Offset", "Upload-Length"] {
        if let Ok(Some(number)) = integer(headers, name) {
            assert!(number < 1_000_000_000_000_000);
        }
    }
    let _ = indicated_length(headers, true, 0);
}
