//! Checks that the pages of the catalogue are as written.

use super::{Library, LibraryError};
use crate::catalog::{Catalog, CatalogError};

/// Pages that fail twice: one that is just being written fails once. The log is copied into the database on the
/// writer's thread, which on a busy disk takes longer than a check: the second one waits for its end.
pub(crate) async fn damaged_pages(catalog: &Catalog) -> Result<Vec<String>, LibraryError> {
    let mut failing = catalog.read(|tx| Ok::<_, LibraryError>(tx.damaged_pages()?)).await?;
    if !failing.is_empty() {
        // A writer that refuses jobs copies nothing either.
        let _ = catalog.write(|_| Ok::<_, LibraryError>(())).await;
        let again = catalog.read(|tx| Ok::<_, LibraryError>(tx.damaged_pages()?)).await?;
        failing.retain(|message| again.contains(message));
    }
    Ok(failing)
}

impl Library {
    /// Reads the whole catalogue and fails if a page of it differs from the written one. A read that failed looks the
    /// same and succeeds the next time, so only the second look counts.
    pub async fn check_catalogue(&self) -> Result<(), LibraryError> {
        let look = || self.catalog().read(|tx| Ok(tx.check()?));
        let is_damage = |outcome: &_| matches!(outcome, Err(LibraryError::Catalog(CatalogError::Damaged)));
        let mut outcome = look().await;
        if is_damage(&outcome) {
            outcome = look().await;
        }
        if is_damage(&outcome) {
            self.note_damaged_catalogue();
        }
        outcome
    }
}
