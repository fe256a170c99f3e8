//! The catalogue's checks of itself: pages, trees, references, and rows that contradict each other.
//!
//! A page is authenticated, but its age is not: a single old page put back is detected if other pages contradict
//! it. A complete older catalogue is detected by its containers.

use super::{Finding, FindingKind, MAX_FINDINGS, uses};
use crate::catalog::{Catalog, CatalogError, ReadTx, SetAsideRow};
use crate::library::LibraryError;
use crate::library::catalogue_pages::damaged_pages;
use crate::library::high_water::removals_suspended;
use crate::model::SetAsideReason;

/// Text about a catalogue that is older than the files.
pub const OLDER_CATALOGUE: &str = "it is older than the containers on the disk, so newer files are in no listing: \
    stop the server and run `tresor rebuild`, or bring a newer one back from a backup";

/// Text about a catalogue that cannot answer everything.
const UNREADABLE: &str = "it cannot be read in part; stop the server and run `tresor rebuild`, or bring catalog/ back \
    from a backup";

/// Number of checks made one after the other; the last concerns contents.
pub(super) const QUESTIONS: usize = 4 + ReadTx::CONTRADICTIONS + 1;

/// Index of the check of all pages.
pub(super) const PAGES: usize = 0;

/// Makes one check. That the catalogue cannot be read is a finding, too.
pub(super) async fn answer(catalog: &Catalog, question: usize) -> Result<Vec<Finding>, LibraryError> {
    let answered = match question {
        PAGES => damaged_pages(catalog).await.map(told),
        1 => catalog.read(|tx| Ok(told(tx.structure_faults()?))).await,
        2 => catalog.read(|tx| Ok(told(tx.dangling_references()?))).await,
        3 => catalog.read(|tx| Ok(told(left_out(tx)?))).await,
        number if number < QUESTIONS - 1 => {
            catalog.read(move |tx| Ok(told(tx.contradiction(number - 4)?))).await
        }
        _ => catalog.read(incomplete).await,
    };
    match answered {
        Ok(findings) => Ok(findings),
        Err(error) => unreadable(error).map(|finding| vec![finding]),
    }
}

/// The finding that the catalogue cannot be read; other errors stay errors.
pub(super) fn unreadable(error: LibraryError) -> Result<Finding, LibraryError> {
    match error {
        LibraryError::Catalog(cause) if cause.is_damage() => Ok(about(UNREADABLE.into())),
        LibraryError::Catalog(CatalogError::Database(cause)) => {
            Ok(about(format!("it cannot be read in part ({cause})")))
        }
        other => Err(other),
    }
}

pub(super) fn about(detail: String) -> Finding {
    Finding::about(FindingKind::Catalogue, None, detail)
}

fn told(messages: impl IntoIterator<Item = String>) -> Vec<Finding> {
    messages.into_iter().map(about).collect()
}

/// Stored contents that no list shows although they are neither garbage nor remains of a lost upload.
fn left_out(tx: &ReadTx<'_>) -> Result<Vec<String>, LibraryError> {
    let mut told = Vec::new();
    if removals_suspended(tx)? {
        told.push(OLDER_CATALOGUE.into());
    }
    for SetAsideRow { container, space, reason, .. } in
        tx.set_aside(SetAsideReason::Unfinished.as_str(), MAX_FINDINGS)?
    {
        told.push(format!(
            "a rebuild left container {container} of space {space} out ({reason}); repair or remove it, then \
             run `tresor rebuild --from catalogue`"
        ));
    }
    Ok(told)
}

fn incomplete(tx: &ReadTx<'_>) -> Result<Vec<Finding>, LibraryError> {
    let mut findings = Vec::new();
    for version in tx.incomplete_versions(MAX_FINDINGS)? {
        let space = tx.use_by(version)?.map(|row| row.space);
        let uses = uses::of_version(tx, version)?;
        findings.push(Finding {
            kind: FindingKind::Incomplete,
            space,
            container: None,
            place: None,
            chunk: None,
            detail: None,
            first_seen: None,
            uses,
        });
    }
    Ok(findings)
}
