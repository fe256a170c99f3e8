//! Places in spaces, and the addresses of their pages.

use crate::http::page::folder::shown_name;
use crate::http::protocol::href::{Mount, push_encoded};
use crate::http::version;
use crate::http::viewer;
use crate::library::LibraryError;
use crate::model::{Access, EntryName, EntryPath, Right, VersionId};

/// The first segment of the addresses.
pub(super) const FILES: &str = "files";
/// The address of the list of spaces.
pub(super) const LIST: &str = "/files/";

/// A place in a space that the person may see.
#[derive(Clone)]
pub(super) struct Spot {
    pub(super) space: EntryName,
    pub(super) path: EntryPath,
    pub(super) access: Access,
}

impl Spot {
    /// The spot of its folder; `None` for a space's top folder.
    pub(super) fn above(&self) -> Option<Self> {
        let (path, _) = self.path.split_last()?;
        Some(Self { space: self.space.clone(), path, access: self.access })
    }

    pub(super) fn child(&self, name: EntryName) -> Result<Self, LibraryError> {
        Ok(Self { space: self.space.clone(), path: self.path.join(name)?, access: self.access })
    }

    /// The name of the entry as it is shown; of a top folder, that of the space.
    pub(super) fn name(&self) -> String {
        shown_name(self.path.names().last().unwrap_or(&self.space).as_str())
    }

    pub(super) fn may_write(&self) -> bool {
        self.access.require(Right::Write).is_ok()
    }

    /// Its address; that of a folder ends with a slash.
    pub(super) fn address(&self, is_folder: bool) -> String {
        viewer::page_address(&self.space, &self.path, is_folder)
    }

    /// The address of the page about it.
    pub(super) fn about(&self, is_folder: bool) -> String {
        format!("{}?about", self.address(is_folder))
    }

    /// The address of the page on which a file is looked at, at this page of it.
    pub(super) fn view(&self, number: u32) -> String {
        match number {
            1 => format!("{}?view", self.address(false)),
            number => format!("{}?view={number}", self.address(false)),
        }
    }

    /// The address of the events about it.
    pub(super) fn history(&self, is_folder: bool) -> String {
        format!("{}?history", self.address(is_folder))
    }

    /// The address of an earlier version of a file.
    pub(super) fn version(&self, version: VersionId) -> String {
        format!("{}{}", self.address(false), version::part('?', Some(version)))
    }

    /// The address of the trash of its space.
    pub(super) fn trash(&self) -> String {
        format!("{}?trash", space_address(self.space.as_str()))
    }
}

/// The mount of the pages.
pub(super) fn mount() -> Mount {
    Mount::new([FILES])
}

/// The address of a space's top folder.
pub(super) fn space_address(name: &str) -> String {
    let mut address = LIST.to_owned();
    push_encoded(&mut address, name);
    address.push('/');
    address
}
