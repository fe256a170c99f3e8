//! A script's description of a file.
//!
//! ```text
//! filename a/b.pdf      its path as the person's device has it
//! space, folder         of a user: where it goes
//! beside 1              of a user: it replaces no file of its name, but gets a number
//! mtime 1600000000      of a user: its time of modification, in seconds since 1970
//! item 7, name Erika    of a guest: item of the request, and the sender's name
//! ```

use crate::http::protocol::dates::parse_unix_seconds;
use crate::http::protocol::multipart::{is_system_file, sent_path};
use crate::http::protocol::tus::{UploadMetadata, malformed};
use crate::http::refusal::Refusal;
use crate::library::LibraryError;
use crate::model::{EntryName, EntryPath, ItemId, Timestamp};
use crate::sharing::SentFile;
use crate::uploads::MAX_UPLOAD_METADATA;

use super::refused::Refused;

/// A file that is sent.
pub(super) struct Sent {
    metadata: UploadMetadata,
    /// The header as it was sent.
    pub(super) text: String,
    /// Its path as the person's device has it.
    pub(super) path: EntryPath,
}

impl Sent {
    pub(super) fn parse(text: &str) -> Result<Self, Refused> {
        if text.len() > MAX_UPLOAD_METADATA {
            return Err(malformed("is longer than 4 KiB").into());
        }
        let metadata = UploadMetadata::parse(text)?;
        let path = sent_path(metadata.text("filename")?.unwrap_or_default()).map_err(|_| Refusal::BadName)?;
        if path.names().last().is_some_and(|name| is_system_file(name.as_str())) {
            return Err(Refusal::LeftOut.into());
        }
        Ok(Self { metadata, text: text.to_owned(), path })
    }

    /// Where a user wants it: the space, and the folder above its path.
    pub(super) fn destination(&self) -> Result<(EntryName, EntryPath), Refused> {
        let space = self.metadata.text("space")?.unwrap_or_default();
        let space = EntryName::parse(space).map_err(LibraryError::from)?;
        Ok((space, self.folder()?))
    }

    /// The folder above its path.
    pub(super) fn folder(&self) -> Result<EntryPath, Refused> {
        let folder = self.metadata.text("folder")?.unwrap_or_default();
        Ok(EntryPath::parse(folder).map_err(LibraryError::from)?)
    }

    pub(super) fn is_beside(&self) -> Result<bool, Refused> {
        Ok(self.metadata.text("beside")? == Some("1"))
    }

    pub(super) fn modified(&self) -> Result<Option<Timestamp>, Refused> {
        Ok(self.metadata.text("mtime")?.and_then(parse_unix_seconds))
    }

    /// The sender's name.
    pub(super) fn name(&self) -> Result<&str, Refused> {
        Ok(self.metadata.text("name")?.unwrap_or_default())
    }

    /// The item of a request that it is for.
    pub(super) fn item(&self) -> Result<Option<ItemId>, Refused> {
        let item = self.metadata.text("item")?.filter(|item| !item.is_empty());
        item.map(|item| item.parse().map(ItemId).map_err(|_| Refusal::NoLonger.into())).transpose()
    }

    /// The same as a file of a hand-in.
    pub(super) fn handed_in(&self, size: u64) -> Result<SentFile, Refused> {
        Ok(SentFile { path: self.path.clone(), size: Some(size), item: self.item()? })
    }
}
