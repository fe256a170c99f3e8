//! A file on a page: its pages as pictures one at a time, a picture, or a text. Pages of several endpoints show files
//! in this way.
//!
//! Everything comes from three addresses of the file: `?view`, the page around it; `?page=N`, the picture of a page;
//! `?picture`, a picture as it is stored. Each opens the content anew with the right of the person, before it looks
//! at anything in memory.

mod answer;
mod figure;
mod keys;
mod text;

pub(super) use answer::{as_image, page_picture};
pub(super) use figure::Frame;
pub(super) use keys::keys;

use super::context::RequestContext;
use super::protocol::href::{Mount, Place};
use crate::intake::{PagePicture, Unshowable, ViewError, ViewKind};
use crate::library::{Content, LibraryError};
use crate::model::{Access, EntryName, EntryPath, Stamp, VersionId};
use crate::net::RequestId;
use crate::text::ViewTexts;

use std::sync::Arc;

/// The view of a file on a page.
pub(super) enum Looked {
    /// A page of it.
    Page { number: u32, picture: Arc<PagePicture> },
    /// The file itself is a picture.
    Image,
    /// Text, and whether more of it follows.
    Text(String, bool),
    /// The number is not that of a page.
    NoSuchPage,
    /// It is not shown, and why.
    Nothing(Why),
}

/// Why a file is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    NoView,
    NoConverter,
    Busy,
    Encrypted,
    TooLarge,
    Damaged,
}

impl Why {
    pub(super) fn sentence(self, texts: ViewTexts) -> &'static str {
        match self {
            Self::NoView => texts.no_view(),
            Self::NoConverter => texts.no_converter(),
            Self::Busy => texts.busy(),
            Self::Encrypted => texts.encrypted(),
            Self::TooLarge => texts.too_large(),
            Self::Damaged => texts.damaged(),
        }
    }
}

/// What a person looks at: a file, or an earlier version of it.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) access: &'a Access,
    pub(super) path: &'a EntryPath,
    /// The present one if `None`.
    pub(super) version: Option<VersionId>,
}

/// Opens a file to be looked at, at a page if it has some, and records that it was read.
///
/// Errors: those of opening a content. Every other obstacle is a sentence.
pub(super) async fn look(
    context: RequestContext<'_>,
    subject: Subject<'_>,
    number: u32,
    by: Stamp,
) -> Result<(Looked, Content), LibraryError> {
    let intake = &context.services.intake;
    let mut view = intake.look(subject.access, subject.path, subject.version).await?;
    let looked = match view.kind {
        ViewKind::Image(_) => Looked::Image,
        ViewKind::Nothing => Looked::Nothing(Why::NoView),
        ViewKind::Text => {
            let (bytes, is_cut) = intake.text(&mut view).await?;
            Looked::Text(text::text_of(&bytes, is_cut), is_cut)
        }
        ViewKind::Pages(_) => match intake.page_picture(&mut view, number).await {
            Ok(picture) => Looked::Page { number, picture },
            Err(ViewError::Library(error)) => return Err(error),
            Err(ViewError::NoSuchPage { .. }) => Looked::NoSuchPage,
            Err(error) => Looked::Nothing(why(&error, context.info.request_id)),
        },
    };
    if matches!(looked, Looked::Page { .. } | Looked::Text(..)) {
        context.services.library.note_read(by, &view.content).await;
    }
    Ok((looked, view.content))
}

/// Why there is no picture of a page; logged if the office must know.
fn why(error: &ViewError, request_id: RequestId) -> Why {
    match error {
        ViewError::Busy => Why::Busy,
        ViewError::Unshowable(Unshowable::Encrypted) => Why::Encrypted,
        ViewError::Unshowable(Unshowable::TooLarge) => Why::TooLarge,
        ViewError::Unshowable(Unshowable::Damaged) | ViewError::NoSuchPage { .. } => Why::Damaged,
        ViewError::NoConverter(None) => Why::NoConverter,
        ViewError::NoConverter(Some(_)) | ViewError::Library(_) => {
            let error: &dyn std::error::Error = error;
            tracing::warn!(%request_id, error, "page not painted");
            Why::NoConverter
        }
    }
}

/// The address of a file below the pages of files.
pub(super) fn address_of(space: &EntryName, path: &EntryPath) -> String {
    page_address(space, path, false)
}

/// The address of the page of a file or folder; that of a folder ends with a slash.
pub(super) fn page_address(space: &EntryName, path: &EntryPath, is_folder: bool) -> String {
    let place = Place::Entry { space: space.clone(), path: path.clone() };
    Mount::new(["files"]).href(&place, is_folder)
}
