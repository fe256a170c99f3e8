//! What a space is called, noted beside its key: containers do not say it, and the catalogue may be lost.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Library, LibraryError};
use crate::catalog::SpaceRow;
use crate::model::{ByteSize, EntryName, SpaceId, SpaceKind, Timestamp};
use crate::vault::VaultError;
use crate::vault::keys::KeyRing;

/// A space as its note has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SpaceNote {
    pub(super) name: EntryName,
    pub(super) kind: SpaceKind,
    pub(super) quota: Option<ByteSize>,
    pub(super) version_days: u32,
    pub(super) trash_days: u32,
    pub(super) created: Timestamp,
}

/// The form inside the sealed file.
#[derive(Serialize, Deserialize)]
struct Record {
    name: String,
    kind: String,
    quota: Option<u64>,
    version_days: u32,
    trash_days: u32,
    created: i64,
}

impl SpaceNote {
    fn of(row: &SpaceRow) -> Option<Self> {
        Some(Self {
            name: EntryName::parse(&row.name).ok()?,
            kind: row.kind,
            quota: row.quota,
            version_days: row.version_days,
            trash_days: row.trash_days,
            created: row.created,
        })
    }

    /// `None` without a note. Errors: `KeyFileDamaged`, also for a note that is not understood. Blocks.
    pub(super) fn read(keys: &KeyRing, space: SpaceId) -> Result<Option<Self>, VaultError> {
        let Some(text) = keys.space_note(space)? else { return Ok(None) };
        let damaged = || VaultError::KeyFileDamaged { file: format!("keys/names/{space}.age") };
        let record: Record = serde_json::from_str(&text).map_err(|_| damaged())?;
        Ok(Some(Self {
            name: EntryName::parse(&record.name).map_err(|_| damaged())?,
            kind: SpaceKind::from_word(&record.kind).ok_or_else(damaged)?,
            quota: record.quota.map(ByteSize),
            version_days: record.version_days,
            trash_days: record.trash_days,
            created: Timestamp(record.created),
        }))
    }

    fn write(&self, keys: &KeyRing, space: SpaceId) -> Result<(), VaultError> {
        let record = Record {
            name: self.name.as_str().to_owned(),
            kind: self.kind.as_str().to_owned(),
            quota: self.quota.map(|size| size.0),
            version_days: self.version_days,
            trash_days: self.trash_days,
            created: self.created.0,
        };
        keys.note_space(space, &serde_json::to_string(&record).unwrap_or_default())
    }
}

impl Library {
    /// Notes what a new space is called, before it has a row.
    pub(super) async fn note_new_space(&self, space: SpaceId, note: SpaceNote) -> Result<(), LibraryError> {
        let keys = Arc::clone(&self.shared.keys);
        let written = tokio::task::spawn_blocking(move || note.write(&keys, space)).await?;
        written.map_err(|error| self.noted(error))
    }

    /// Brings a space's note up to date after a change. The change stands whatever becomes of the note;
    /// the next snapshot tries again.
    pub(super) async fn renew_space_note(&self, space: SpaceId) {
        let row = self.catalog().read(move |tx| Ok::<_, LibraryError>(tx.space(space)?)).await;
        let outcome = match row {
            Ok(Some(row)) => self.refresh_notes_of(vec![row]).await,
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the note of a space's name was not brought up to date");
        }
    }

    /// Brings the notes of all spaces up to date.
    pub(super) async fn refresh_space_notes(&self) -> Result<(), LibraryError> {
        let rows = self.catalog().read(|tx| Ok::<_, LibraryError>(tx.spaces()?)).await?;
        self.refresh_notes_of(rows).await
    }

    async fn refresh_notes_of(&self, rows: Vec<SpaceRow>) -> Result<(), LibraryError> {
        let keys = Arc::clone(&self.shared.keys);
        let written = tokio::task::spawn_blocking(move || {
            for row in rows {
                let Some(note) = SpaceNote::of(&row) else { continue };
                // A damaged note is replaced like an old one.
                if SpaceNote::read(&keys, row.id).ok().flatten().as_ref() != Some(&note) {
                    note.write(&keys, row.id)?;
                }
            }
            Ok(())
        })
        .await?;
        written.map_err(|error: VaultError| self.noted(error))
    }
}
