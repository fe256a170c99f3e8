//! `Upload-Metadata`: the client's unchecked description of the file.
//!
//! ```text
//! path space/folder/file.pdf       path for the content, or
//! space, folder, filename          the same in parts; the folder may be left out
//! mtime 1600000000                 modification time, in seconds since 1970
//! sha256 9f86d0…                   expected checksum of the whole content, in hexadecimal digits
//! ```
//! All other keys are stored and returned, but have no meaning.

use crate::http::protocol::dates::parse_unix_seconds;
use crate::http::protocol::tus::{UploadMetadata, malformed};
use crate::library::LibraryError;
use crate::model::{Checksum, ChecksumKind, EntryName, EntryPath, Timestamp};
use crate::uploads::{MAX_UPLOAD_METADATA, UploadError};

use super::Failure;

/// A client's description of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata(UploadMetadata);

impl Metadata {
    /// Parses a header. Errors: `MetadataTooLong`; 400 if it breaks the protocol in any detail.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        if text.len() > MAX_UPLOAD_METADATA {
            return Err(UploadError::MetadataTooLong.into());
        }
        Ok(Self(UploadMetadata::parse(text)?))
    }

    /// Destination of the content; `None` if the metadata do not name it.
    pub fn place(&self) -> Result<Option<(EntryName, EntryPath)>, Failure> {
        if let Some(path) = self.text("path")? {
            let path = path.strip_prefix('/').unwrap_or(path);
            let (space, rest) =
                path.split_once('/').ok_or_else(|| malformed("has a path that names no file"))?;
            if rest.is_empty() || rest.ends_with('/') {
                return Err(malformed("has a path that names no file").into());
            }
            return Ok(Some((name(space)?, EntryPath::parse(rest).map_err(LibraryError::from)?)));
        }
        let (Some(space), Some(file)) = (self.space()?, self.filename()?) else { return Ok(None) };
        let folder = self.text("folder")?.unwrap_or_default();
        let folder =
            EntryPath::parse(folder.strip_prefix('/').unwrap_or(folder)).map_err(LibraryError::from)?;
        Ok(Some((space, folder.join(file).map_err(LibraryError::from)?)))
    }

    /// The space alone, for a part that needs no name.
    pub fn space(&self) -> Result<Option<EntryName>, Failure> {
        match (self.text("space")?, self.text("path")?) {
            (Some(space), _) => name(space).map(Some),
            (None, Some(path)) => {
                let path = path.strip_prefix('/').unwrap_or(path);
                name(path.split('/').next().unwrap_or_default()).map(Some)
            }
            (None, None) => Ok(None),
        }
    }

    /// The last segment of the path.
    pub fn filename(&self) -> Result<Option<EntryName>, Failure> {
        self.text("filename")?.map(name).transpose()
    }

    /// Modification time of the file.
    pub fn modified(&self) -> Result<Option<Timestamp>, Failure> {
        let Some(text) = self.text("mtime")? else { return Ok(None) };
        parse_unix_seconds(text)
            .map(Some)
            .ok_or_else(|| malformed("has an mtime that is no number of seconds").into())
    }

    /// SHA-256 of the whole content.
    pub fn checksum(&self) -> Result<Option<Checksum>, Failure> {
        let Some(text) = self.text("sha256")? else { return Ok(None) };
        let digest = data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok();
        let checksum = digest.and_then(|digest| Checksum::new(ChecksumKind::Sha256, digest));
        checksum.map(Some).ok_or_else(|| malformed("has a sha256 that is not 64 hexadecimal digits").into())
    }

    fn text(&self, key: &str) -> Result<Option<&str>, Failure> {
        Ok(self.0.text(key)?)
    }
}

fn name(text: &str) -> Result<EntryName, Failure> {
    Ok(EntryName::parse(text).map_err(LibraryError::from)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(pairs: &[(&str, &str)]) -> Metadata {
        let pair =
            |(key, value): &(&str, &str)| format!("{key} {}", data_encoding::BASE64.encode(value.as_bytes()));
        Metadata::parse(&pairs.iter().map(pair).collect::<Vec<_>>().join(",")).unwrap()
    }

    #[track_caller]
    fn assert_place(pairs: &[(&str, &str)], expected: Option<(&str, &str)>) {
        let expected =
            expected.map(|(space, path)| (EntryName::parse(space).unwrap(), EntryPath::parse(path).unwrap()));
        assert_eq!(metadata(pairs).place().ok().flatten(), expected, "{pairs:?}");
    }

    #[test]
    fn a_place_is_told_as_a_path_or_in_parts() {
        for path in ["a/b/c.txt", "/a/b/c.txt"] {
            assert_place(&[("path", path), ("filename", "ignored")], Some(("a", "b/c.txt")));
        }
        assert_place(&[("space", "a"), ("filename", "c.txt")], Some(("a", "c.txt")));
        for folder in ["b/d", "/b/d", "b/d/"] {
            assert_place(
                &[("space", "a"), ("folder", folder), ("filename", "ü.txt")],
                Some(("a", "b/d/ü.txt")),
            );
        }
        for path in ["", "/", "a", "a/", "a/b/", "a//b", "a/../b", "//a/b", "a/b\0c", "../a", "a/b\\c"] {
            assert!(metadata(&[("path", path)]).place().is_err(), "{path}");
        }
        for name in ["", ".", "..", "a/b", "a\\b", &"x".repeat(256)] {
            assert!(metadata(&[("space", "a"), ("filename", name)]).place().is_err(), "{name}");
        }
        assert_place(&[("filename", "c.txt"), ("filetype", "text/plain")], None);
        assert_place(&[("space", "a")], None);
        assert_eq!(metadata(&[("path", "a/b")]).space().ok().flatten(), EntryName::parse("a").ok());
    }

    #[test]
    fn what_breaks_the_rules_is_refused() {
        for bad in [
            ",",
            "a Yg==,",
            "a Yg==,a Yg==",
            "a Yg",
            "a !",
            "a Yg== Yg==",
            "ü Yg==",
            "a\u{1} Yg==",
            "a  Yg==",
        ] {
            assert!(Metadata::parse(bad).is_err(), "{bad:?}");
        }
        let longest = format!("ab {}", "A".repeat(MAX_UPLOAD_METADATA - 4));
        assert!(Metadata::parse(&longest).is_ok());
        let longer = Metadata::parse(&format!("{longest},b"));
        assert!(matches!(longer, Err(Failure::Upload(UploadError::MetadataTooLong))));
        for fine in ["", "is_confidential", "filename d29ybGQ=,is_confidential", "a Yg==, b Yw=="] {
            assert!(Metadata::parse(fine).is_ok(), "{fine:?}");
        }
        let no_text = Metadata::parse("path /w==").unwrap();
        assert!(no_text.place().is_err());
    }

    #[test]
    fn times_and_digests_are_read_or_refused() {
        let good = metadata(&[("mtime", "1600000000"), ("sha256", &"Ab".repeat(32))]);
        assert_eq!(good.modified().ok().flatten(), Some(Timestamp::from_secs(1_600_000_000)));
        assert_eq!(good.checksum().ok().flatten().unwrap().digest(), [0xab; 32]);
        let bad = metadata(&[("mtime", "yesterday"), ("sha256", "abcd")]);
        assert!(bad.modified().is_err() && bad.checksum().is_err());
        let none = metadata(&[("checksum", "SHA1 0123")]);
        assert!(none.modified().is_ok_and(|time| time.is_none()));
        assert!(none.checksum().is_ok_and(|sum| sum.is_none()));
    }
}
