//! The name of a space, saved in a note next to its key: containers do not have it, and the catalogue may be lost.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::MutexGuard;

use super::{Library, LibraryError};
use crate::catalog::SpaceRow;
use crate::model::{
    ByteSize, EntryName, HoldScope, Holding, MailName, PdfAfter, PdfPages, PdfRule, ReleaseBy, SpaceId,
    SpaceKind, Timestamp,
};
use crate::vault::VaultError;
use crate::vault::disk::SmallFile;
use crate::vault::keys::{KeyFileFault, KeyRing};

/// A space as described by its note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SpaceNote {
    pub(crate) name: EntryName,
    pub(crate) kind: SpaceKind,
    pub(crate) quota: Option<ByteSize>,
    pub(crate) history: Option<ByteSize>,
    pub(crate) version_days: u32,
    pub(crate) trash_days: u32,
    pub(crate) hold: Option<Holding>,
    pub(crate) release_by: ReleaseBy,
    pub(crate) pdf: PdfRule,
    pub(crate) mail: Option<MailName>,
    pub(crate) created: Timestamp,
}

/// JSON inside the sealed file.
#[derive(Serialize, Deserialize)]
struct Record {
    /// Id of the space: a restore may swap two notes. Older notes do not have it.
    #[serde(default)]
    space: Option<String>,
    name: String,
    kind: String,
    quota: Option<u64>,
    /// Older notes do not have it.
    #[serde(default)]
    history: Option<u64>,
    version_days: u32,
    trash_days: u32,
    /// In milliseconds. Older notes do not have it.
    #[serde(default)]
    hold: Option<u64>,
    /// Older notes do not have it.
    #[serde(default)]
    holds: Option<String>,
    /// Older notes do not have it.
    #[serde(default)]
    release_by: Option<String>,
    /// Older notes do not have it.
    #[serde(default)]
    pdf_after: Option<String>,
    /// Older notes do not have it.
    #[serde(default)]
    pdf_pages: Option<String>,
    /// Older notes do not have it.
    #[serde(default)]
    mail: Option<String>,
    created: i64,
}

impl SpaceNote {
    fn of(row: &SpaceRow) -> Option<Self> {
        Some(Self {
            name: EntryName::parse(&row.name).ok()?,
            kind: row.kind,
            quota: row.quota,
            history: row.history_limit,
            version_days: row.version_days,
            trash_days: row.trash_days,
            hold: row.hold,
            release_by: row.release_by,
            pdf: row.pdf,
            mail: row.mail.clone(),
            created: row.created,
        })
    }

    /// `None` without a note. Errors: `KeyFileDamaged`, also for a note that cannot be parsed or belongs to another
    /// space. Blocks.
    pub(crate) fn read(keys: &KeyRing, space: SpaceId) -> Result<Option<Self>, VaultError> {
        match Self::look(keys, space)? {
            Ok(note) => Ok(Some(note)),
            Err(KeyFileFault::Missing) => Ok(None),
            Err(KeyFileFault::Damaged | KeyFileFault::Exchanged) => {
                Err(VaultError::KeyFileDamaged { file: SmallFile::space_note(space).as_str().to_owned() })
            }
        }
    }

    /// The note, or its fault. Errors: `Io`. Blocks.
    pub(crate) fn look(keys: &KeyRing, space: SpaceId) -> Result<Result<Self, KeyFileFault>, VaultError> {
        let text = match keys.space_note(space) {
            Ok(Some(text)) => text,
            Ok(None) => return Ok(Err(KeyFileFault::Missing)),
            Err(error @ VaultError::Io { .. }) => return Err(error),
            Err(_) => return Ok(Err(KeyFileFault::Damaged)),
        };
        let Ok(record) = serde_json::from_str::<Record>(&text) else {
            return Ok(Err(KeyFileFault::Damaged));
        };
        if record.space.as_ref().is_some_and(|whose| *whose != space.to_string()) {
            return Ok(Err(KeyFileFault::Exchanged));
        }
        Ok(record.note().ok_or(KeyFileFault::Damaged))
    }

    /// Whether the note agrees with the catalogue.
    pub(crate) fn is_of(&self, row: &SpaceRow) -> bool {
        Self::of(row).as_ref() == Some(self)
    }

    fn text(&self, space: SpaceId) -> String {
        let record = Record {
            space: Some(space.to_string()),
            name: self.name.as_str().to_owned(),
            kind: self.kind.as_str().to_owned(),
            quota: self.quota.map(|size| size.0),
            history: self.history.map(|size| size.0),
            version_days: self.version_days,
            trash_days: self.trash_days,
            hold: self.hold.map(|hold| u64::try_from(hold.time.as_millis()).unwrap_or(u64::MAX)),
            holds: self.hold.map(|hold| hold.scope.as_str().to_owned()),
            release_by: Some(self.release_by.as_str().to_owned()),
            pdf_after: Some(self.pdf.after.as_str().to_owned()),
            pdf_pages: Some(self.pdf.pages.as_str().to_owned()),
            mail: self.mail.as_ref().map(ToString::to_string),
            created: self.created.0,
        };
        serde_json::to_string(&record).unwrap_or_default()
    }
}

impl Record {
    fn note(self) -> Option<SpaceNote> {
        let scope = match &self.holds {
            None => HoldScope::Risky,
            Some(word) => HoldScope::from_word(word)?,
        };
        Some(SpaceNote {
            name: EntryName::parse(&self.name).ok()?,
            kind: SpaceKind::from_word(&self.kind)?,
            quota: self.quota.map(ByteSize),
            history: self.history.map(ByteSize),
            version_days: self.version_days,
            trash_days: self.trash_days,
            hold: self.hold.map(|millis| Holding { time: Duration::from_millis(millis), scope }),
            release_by: match self.release_by {
                None => ReleaseBy::One,
                Some(word) => ReleaseBy::from_word(&word)?,
            },
            pdf: PdfRule {
                after: match self.pdf_after {
                    None => PdfAfter::default(),
                    Some(word) => PdfAfter::from_word(&word)?,
                },
                pages: match self.pdf_pages {
                    None => PdfPages::default(),
                    Some(word) => PdfPages::from_word(&word)?,
                },
            },
            mail: match self.mail {
                None => None,
                Some(name) => Some(MailName::parse(&name).ok()?),
            },
            created: Timestamp(self.created),
        })
    }
}

impl Library {
    /// Writes the note of a new space, before it has a row.
    pub(super) async fn note_new_space(&self, space: SpaceId, note: SpaceNote) -> Result<(), LibraryError> {
        let keys = Arc::clone(&self.shared.keys);
        let written = tokio::task::spawn_blocking(move || keys.note_space(space, &note.text(space))).await?;
        written.map_err(|error| self.noted(error))
    }

    /// Updates a space's note after a change. The change stands even if the note cannot be written; the next
    /// snapshot tries again. `_held` prevents a comparison of the two in between.
    pub(super) async fn renew_space_note(&self, space: SpaceId, _held: MutexGuard<'_, ()>) {
        let row = self.catalog().read(move |tx| Ok::<_, LibraryError>(tx.space(space)?)).await;
        let outcome = match row {
            Ok(Some(row)) => self.refresh_notes_of(vec![row]).await,
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the note of a space's name was not updated");
        }
    }

    /// While this is held, no row differs from its note because of a change in progress.
    pub(crate) async fn hold_space_notes(&self) -> MutexGuard<'_, ()> {
        self.shared.spaces.notes.lock().await
    }

    /// Updates the notes of all spaces.
    pub(crate) async fn refresh_space_notes(&self) -> Result<(), LibraryError> {
        let _held = self.shared.spaces.notes.lock().await;
        let rows = self.catalog().read(|tx| Ok::<_, LibraryError>(tx.spaces()?)).await?;
        self.refresh_notes_of(rows).await
    }

    async fn refresh_notes_of(&self, rows: Vec<SpaceRow>) -> Result<(), LibraryError> {
        let keys = Arc::clone(&self.shared.keys);
        let written = tokio::task::spawn_blocking(move || {
            for row in rows {
                let Some(note) = SpaceNote::of(&row) else { continue };
                let text = note.text(row.id);
                // A note that is damaged or belongs to another space is replaced like an old one.
                if keys.space_note(row.id).ok().flatten().as_ref() != Some(&text) {
                    keys.note_space(row.id, &text)?;
                }
            }
            Ok(())
        })
        .await?;
        written.map_err(|error: VaultError| self.noted(error))
    }
}
