//! Verifies files other than containers: key files, notes of names, snapshots, and foreign files.
//!
//! These are not opened in daily use, so a missing one would otherwise show only on the day it is needed.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::{Finding, FindingKind, MAX_FINDINGS};
use crate::catalog::{SpaceRow, WriteTx};
use crate::library::damage::NOTED;
use crate::library::error::disk_error;
use crate::library::high_water::Mark;
use crate::library::recovery_file;
use crate::library::space_note::SpaceNote;
use crate::library::{Library, LibraryError};
use crate::model::layout::{self, Holder};
use crate::model::{ContainerId, PackedPlace, Place, SpaceId};
use crate::recovery::snapshot;
use crate::vault::disk::{Containers, SmallFile, SnapshotName};
use crate::vault::key_file_remedy;
use crate::vault::keys::{KeyFileFault, KeyRing};

/// Name of the setting that says that the high-water mark existed.
const MARKED: &str = "mark";

/// Key files and notes that are missing or damaged.
pub(super) async fn keys(library: &Library) -> Result<Vec<Finding>, LibraryError> {
    // A note that is briefly behind a change is not a fault.
    let _held = library.hold_space_notes().await;
    let keys = Arc::clone(library.keys());
    library
        .catalog()
        .read(move |tx| {
            let hash = recovery_file::remembered(tx)?;
            let mut findings: Vec<_> = keys.root_faults(hash)?.into_iter().map(root_file).collect();
            for row in tx.spaces()? {
                if let Some(fault) = keys.space_key_fault(row.id)? {
                    findings.push(space_key(row.id, fault));
                }
                findings.extend(note(&keys, &row)?);
            }
            Ok(findings)
        })
        .await
}

fn root_file((file, fault): (SmallFile, KeyFileFault)) -> Finding {
    let detail = format!("{} {}; {}", file.as_str(), said(fault), key_file_remedy(file.as_str()));
    Finding::about(FindingKind::Key, None, detail)
}

fn space_key(space: SpaceId, fault: KeyFileFault) -> Finding {
    let detail = format!(
        "{} {}; without it no file of this space opens: bring it back from a backup",
        SmallFile::space_key(space).as_str(),
        said(fault)
    );
    Finding::about(FindingKind::Key, Some(space), detail)
}

fn note(keys: &KeyRing, row: &SpaceRow) -> Result<Option<Finding>, LibraryError> {
    let wrong = match SpaceNote::look(keys, row.id)? {
        Ok(note) if note.is_of(row) => return Ok(None),
        // An older note was put back, or a change could not be written.
        Ok(_) => "does not say what the catalogue says",
        Err(fault) => said(fault),
    };
    let file = SmallFile::space_note(row.id);
    let detail = format!(
        "{} {wrong}; nothing is lost yet: the next snapshot of the catalogue writes it anew",
        file.as_str(),
    );
    Ok(Some(Finding::about(FindingKind::Note, Some(row.id), detail)))
}

fn said(fault: KeyFileFault) -> &'static str {
    match fault {
        KeyFileFault::Missing => "is missing",
        KeyFileFault::Damaged => "is not what was written",
        KeyFileFault::Exchanged => "is another space's",
    }
}

/// All snapshots, newest first; or a finding that all are gone.
pub(super) async fn snapshots(
    library: &Library,
) -> Result<(Vec<SnapshotName>, Option<Finding>), LibraryError> {
    let names: Vec<_> = snapshot::stored(library).await?.into_iter().map(|stored| stored.name).collect();
    let was_made =
        async { library.catalog().read(|tx| Ok::<_, LibraryError>(snapshot::was_made(tx)?)).await };
    // A catalogue that cannot answer is reported elsewhere.
    let finding = (names.is_empty() && was_made.await.unwrap_or(false)).then(|| {
        let detail = "snapshots/ holds none, though the catalogue remembers one; `tresor snapshot` makes one, and it \
                      is what a lost catalogue is rebuilt from";
        Finding::about(FindingKind::Snapshot, None, detail.into())
    });
    Ok((names, finding))
}

/// A finding if the high-water mark is missing or cannot be opened.
pub(super) async fn mark(library: &Library) -> Result<Option<Finding>, LibraryError> {
    let (key_files, keys) = (Arc::clone(&library.storage().key_files), Arc::clone(library.keys()));
    let (was_there, fault) = library
        .catalog()
        .read(move |tx| {
            let fault = Mark::look(&*key_files, &keys)?.err();
            Ok::<_, LibraryError>((tx.setting(MARKED)?.is_some(), fault))
        })
        .await?;
    let fault = match (fault, was_there) {
        // A new instance has none yet.
        (None, true) | (Some(KeyFileFault::Missing), false) => return Ok(None),
        (None, false) => {
            let remember = |tx: &WriteTx<'_>| {
                tx.touches_only([]);
                tx.set_setting(MARKED, "made")
            };
            // If the disk cannot be written, the next verification does it.
            let _: Result<(), LibraryError> =
                library.catalog().write_silent(NOTED, move |tx| Ok(remember(tx)?)).await;
            return Ok(None);
        }
        (Some(fault), _) => fault,
    };
    let detail = format!(
        "mark.age {}; it tells an older catalogue, so make sure that catalog/ is the newest there is, then start \
         the server anew, which writes it",
        said(fault)
    );
    Ok(Some(Finding::about(FindingKind::Mark, None, detail)))
}

/// Reads a snapshot to its end. Returns the bytes read, for the rate, and the fault, if any.
pub(super) async fn read_snapshot(
    library: &Library,
    name: SnapshotName,
) -> Result<(u64, Option<Finding>), LibraryError> {
    let (snapshots, keys) = (Arc::clone(&library.storage().snapshots), Arc::clone(library.keys()));
    let read = tokio::task::spawn_blocking(move || {
        let sealed = snapshots.open(name)?;
        let mut plain = keys.open_stream(sealed).ok_or(io::ErrorKind::InvalidData)?;
        let (mut buffer, mut total) = (vec![0; 1 << 16], 0);
        loop {
            match plain.read(&mut buffer)? {
                0 => return Ok(total),
                count => total += count as u64,
            }
        }
    })
    .await?;
    let found = match read {
        Ok(bytes) => return Ok((bytes, None)),
        Err(error) if io::Error::kind(&error) == io::ErrorKind::NotFound => {
            let left = snapshot::stored(library).await?;
            match left.first() {
                _ if left.iter().any(|stored| stored.name == name) => "is no file".to_owned(),
                // A newer one replaced it meanwhile.
                Some(newer) if newer.name > name => return Ok((0, None)),
                _ => "has just gone".to_owned(),
            }
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) => {
            "is not what was written".to_owned()
        }
        Err(error) => format!("cannot be read ({error})"),
    };
    let detail = format!("{} {found}; remove it, others take its place", layout::snapshot(name));
    Ok((0, Some(Finding::about(FindingKind::Snapshot, None, detail))))
}

/// Foreign files and folders among the containers, up to a limit.
pub(super) async fn foreign(library: &Library) -> Result<Vec<Finding>, LibraryError> {
    let storage = library.storage().clone();
    let listed = tokio::task::spawn_blocking(move || {
        let mut findings = Vec::new();
        let listed = storage.housekeeping.each_stranger(&mut |path| {
            findings.push(stranger(&*storage.containers, path));
            // Enough to show that something is wrong.
            if findings.len() < MAX_FINDINGS { Ok(()) } else { Err(io::ErrorKind::Interrupted.into()) }
        });
        match listed {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ => Ok(findings),
        }
    })
    .await?;
    listed.map_err(disk_error("look through spaces/"))
}

fn stranger(containers: &dyn Containers, path: &Path) -> Finding {
    let place = path.display();
    let detail = match is_served(containers, path) {
        true => format!(
            "{place} is a link to a file elsewhere, which a backup may pass over: put the file itself there"
        ),
        false => format!("{place} was not put there by Tresor and may be readable; move it away"),
    };
    Finding::about(FindingKind::Stranger, None, detail)
}

/// Whether an object in place of a container or pack, which is not a file, opens like one: then it is a link.
fn is_served(containers: &dyn Containers, path: &Path) -> bool {
    match path.to_str().and_then(layout::parse_holder) {
        Some(Holder::Container(space, id)) => containers.open(space, id, Place::OwnFile).is_ok(),
        Some(Holder::Pack(space, pack)) => {
            let anywhere = Place::Packed(PackedPlace { pack, offset: 0, length: 0 });
            containers.open(space, ContainerId([0; 16]), anywhere).is_ok()
        }
        None => false,
    }
}
