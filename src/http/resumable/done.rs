//! The memory of an upload that became a file.

use crate::library::PutOutcome;
use crate::model::{Etag, SpaceId, UserId, VersionId};
use crate::uploads::Upload;

/// An upload that became a file.
#[derive(Clone)]
pub(super) struct Done {
    /// Its user; for all others it does not exist.
    pub(super) user: UserId,
    /// Space of the file.
    pub(super) space: SpaceId,
    pub(super) protocol: String,
    pub(super) length: u64,
    pub(super) metadata: String,
    pub(super) etag: Etag,
    /// Whether the file is new.
    pub(super) created: bool,
    /// Number of the file.
    pub(super) number: u64,
    /// The version that it became.
    pub(super) version: Option<VersionId>,
}

impl Done {
    pub(super) fn new(user: UserId, upload: Upload, outcome: &PutOutcome) -> Self {
        Self {
            user,
            space: upload.space,
            protocol: upload.protocol,
            length: upload.received,
            metadata: upload.metadata,
            etag: outcome.entry.etag.clone(),
            created: outcome.created,
            number: outcome.entry.id.0.unsigned_abs(),
            version: outcome.entry.version(),
        }
    }
}
