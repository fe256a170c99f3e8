//! Joins several complete uploads into one.

use super::error::UploadError;
use super::{NewUpload, UNFINISHED, Upload, Uploads, owned, session};
use crate::catalog::{DigestState, UploadRow, WriteTx};
use crate::library::Change;
use crate::library::admit::admit;
use crate::model::{Right, UploadId, UploadShape};

impl Uploads {
    /// Creates a complete upload from the contents of others, in this order; they end with it. Its length is the
    /// sum of theirs.
    ///
    /// Errors: `NoSuchUpload`, also for one that is named twice; `UploadIncomplete`, `WrongShape`, `TooManyPieces`;
    /// those of [`Self::create`].
    pub async fn concatenate(
        &self,
        change: Change,
        parts: Vec<UploadId>,
        new: NewUpload,
    ) -> Result<Upload, UploadError> {
        let scope = change.access.whole_space(Right::Write)?;
        if new.metadata.len() > super::MAX_UPLOAD_METADATA {
            return Err(UploadError::MetadataTooLong);
        }
        let number = self.library.new_entry_id().await?;
        let limits = self.limits();
        let library = self.library.clone();
        let join = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            if let Some(path) = &new.path {
                admit(&library, tx, &change, scope, path, change.now)?;
            }
            let announced = new.length;
            let mut row = UploadRow {
                shape: UploadShape::Linear,
                length: None,
                reserved: 0,
                ..session::fresh(&change, new, number, DigestState::default())
            };
            // The parts, which end, make room for it.
            let open = limits.open.saturating_add(parts.len() as u64);
            session::insert(tx, super::UploadLimits { open, ..limits }, &mut row)?;
            for id in parts {
                let part = owned(tx, &change.access, change.account()?, id)?;
                match part.shape {
                    _ if id == row.id => return Err(UploadError::NoSuchUpload),
                    UploadShape::Chunked => return Err(UploadError::WrongShape),
                    UploadShape::Linear if part.length != Some(part.received) => {
                        return Err(UploadError::Incomplete { received: part.received });
                    }
                    UploadShape::Linear => {}
                }
                tx.move_pieces(id, row.id, row.pieces)?;
                // Digests continue those of the first part; the other parts were hashed from their own beginning.
                if row.received == 0 && part.digest.bytes == part.received {
                    row.digest = part.digest;
                }
                row.received += part.received;
                row.pieces += part.pieces;
                tx.delete_upload(id)?;
            }
            if row.pieces > limits.pieces {
                return Err(UploadError::TooManyPieces);
            }
            if announced.is_some_and(|length| length != row.received) {
                return Err(UploadError::Incomplete { received: row.received });
            }
            row.length = Some(row.received);
            tx.save_upload(&row)?;
            Ok(row)
        };
        Ok(self.library.storing().await?.write_silent(UNFINISHED, join).await?.into())
    }
}
