//! Downloads through links that give their content a limited number of times.
//!
//! ```text
//! lease     the button begins one; its secret stands in the address to which the browser is sent
//! note      which bytes have left: every ten seconds, before the last byte of an answer, and when an answer breaks off
//! complete  all bytes of one content have left: counts a use and signs the receipt, in one transaction
//! end       a lease gives its place back 15 minutes after its last request
//! ```
//! At no time do open leases and uses together exceed the link's number. Notes survive a restart; bytes that left
//! after the last note before a crash count as not sent.

mod lease;
mod receipt;
mod sent;
mod tally;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::accounts::Principal;
use crate::catalog::{CatalogError, DownloadRow};
use crate::model::{Access, DownloadId, LinkId, Right, SpaceId, Timestamp};
use crate::sharing::{LinkError, Sharing};

pub use receipt::DownloadReceipt;
pub use tally::Tally;

/// Time after its last request for which a lease opens, so that an aborted download can be finished.
pub const LEASE: Duration = Duration::from_mins(15);
/// Longest time for which a lease opens, however often it is used.
const LONGEST_LEASE: Duration = Duration::from_hours(7 * 24);
/// Most downloads of a link or a space that a list shows.
const MOST_LISTED: usize = 1_000;

/// The content that a guest fetches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// Its entity tag: another content is another download.
    pub etag: String,
    /// Its bytes.
    pub size: u64,
    /// SHA-256 of a file's content, in hexadecimal digits.
    pub sha256: Option<String>,
    /// Of an archive: number of its files, and the files, unless they are too many to be named.
    pub files: Option<(usize, Vec<FetchedFile>)>,
}

/// A file in an archive that a guest fetches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchedFile {
    /// Path in the archive.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of its content, in hexadecimal digits.
    pub sha256: Option<String>,
}

/// A complete download, for users of the office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// Id of the download.
    pub id: DownloadId,
    /// The link, while that exists.
    pub link: Option<LinkId>,
    /// Space of the link.
    pub space: SpaceId,
    /// Path of the file or folder then.
    pub path: String,
    /// Label of the link then.
    pub label: String,
    /// Bytes that were sent.
    pub size: u64,
    /// When it was begun.
    pub begun: Timestamp,
    /// When its last byte left.
    pub completed: Timestamp,
}

/// Why a download was not noted or not found.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// There is none, or it is not for this user.
    #[error("there is no such download")]
    NoSuchDownload,
    /// Its lease or its link has ended.
    #[error("the time for this download is over")]
    Ended,
    /// The catalogue failed.
    #[error("the download could not be read or noted")]
    Catalog(#[from] CatalogError),
}

impl DownloadError {
    /// Stable name of the error for programs: see docs/errors.md.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchDownload => "download-unknown",
            Self::Ended => "download-ended",
            Self::Catalog(_) => "catalogue-failed",
        }
    }
}

impl Download {
    fn new(row: DownloadRow) -> Option<Self> {
        Some(Self {
            id: row.id,
            link: row.link,
            space: row.space,
            path: row.path,
            label: row.label,
            size: row.size,
            begun: row.begun,
            completed: row.completed?,
        })
    }
}

impl Sharing {
    /// The latest complete downloads through a link that the user may manage, latest first.
    ///
    /// Errors: `NoSuchDownload` for any other link.
    pub async fn downloads_of(
        &self,
        principal: &Principal,
        link: LinkId,
    ) -> Result<Vec<Download>, DownloadError> {
        self.require_own(principal, link).await?;
        let rows = self.inner.catalog.read(move |tx| tx.downloads_of(link, MOST_LISTED)).await?;
        Ok(rows.into_iter().filter_map(Download::new).collect())
    }

    /// The receipt of a download through a link that the user may manage.
    ///
    /// Errors: `NoSuchDownload`.
    pub async fn download_receipt_of(
        &self,
        principal: &Principal,
        link: LinkId,
        id: DownloadId,
    ) -> Result<String, DownloadError> {
        self.require_own(principal, link).await?;
        let found = self.inner.catalog.read(move |tx| {
            let is_its = tx.download(id)?.is_some_and(|row| row.link == Some(link));
            if is_its { tx.download_receipt(id) } else { Ok(None) }
        });
        found.await?.ok_or(DownloadError::NoSuchDownload)
    }

    /// The latest complete downloads from the spaces of these rights, latest first.
    pub async fn downloads(&self, rights: Vec<Access>) -> Result<Vec<Download>, DownloadError> {
        let spaces: Vec<_> = rights.iter().filter_map(|access| access.require(Right::Read).ok()).collect();
        let list = self.inner.catalog.read(move |tx| {
            let mut downloads = Vec::new();
            for space in spaces {
                let rows = tx.downloads_in(space, MOST_LISTED)?;
                downloads.extend(rows.into_iter().filter_map(Download::new));
            }
            downloads.sort_unstable_by_key(|download| std::cmp::Reverse(download.id));
            downloads.truncate(MOST_LISTED);
            Ok::<_, DownloadError>(downloads)
        });
        list.await
    }

    /// The receipt of a download from a space of these rights.
    ///
    /// Errors: `NoSuchDownload`.
    pub async fn download_receipt(
        &self,
        rights: Vec<Access>,
        id: DownloadId,
    ) -> Result<String, DownloadError> {
        let found = self.inner.catalog.read(move |tx| {
            let row = tx.download(id)?.ok_or(DownloadError::NoSuchDownload)?;
            if !rights.iter().any(|access| access.require(Right::Read) == Ok(row.space)) {
                return Err(DownloadError::NoSuchDownload);
            }
            tx.download_receipt(id)?.ok_or(DownloadError::NoSuchDownload)
        });
        found.await
    }

    /// Forgets downloads that were not complete when their leases ended. Returns their number.
    pub async fn forget_ended_downloads(&self, now: Timestamp) -> Result<usize, DownloadError> {
        let forget =
            self.inner.catalog.write_silent("a download is an event when it is complete", move |tx| {
                tx.touches_only([]);
                tx.delete_ended_downloads(now)
            });
        Ok(forget.await?)
    }

    async fn require_own(&self, principal: &Principal, link: LinkId) -> Result<(), DownloadError> {
        match self.link(principal, link).await {
            Ok(_) => Ok(()),
            Err(LinkError::Catalog(error)) => Err(error.into()),
            Err(_) => Err(DownloadError::NoSuchDownload),
        }
    }
}
