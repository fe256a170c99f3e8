//! Closing containers of an upload: they hold no bytes and name the others in order.

use std::sync::Arc;

use crate::catalog::{ContainerRow, UploadRow};
use crate::library::{Change, Library, LibraryError};
use crate::model::{ContainerId, EntryId, EntryPath, Timestamp, WriteSerial};
use crate::vault::container::{ContainerMeta, MAX_NAMED, Part};
use crate::vault::small::SmallContainer;
use crate::vault::writer::SealedContainer;

/// Writes durable containers from which a rebuild can join `pieces` as the file at this path of its space; at least one.
pub(super) async fn write(
    library: &Library,
    change: &Change,
    (path, modified): (&EntryPath, Option<Timestamp>),
    entry: EntryId,
    serial: EntryId,
    row: &UploadRow,
    pieces: &[ContainerRow],
) -> Result<Vec<SealedContainer>, LibraryError> {
    let (keys, space) = (Arc::clone(library.keys()), row.space);
    let names: Vec<ContainerId> = pieces.iter().map(|piece| piece.id).collect();
    let meta = ContainerMeta {
        entry,
        path: path.clone(),
        modified: modified.unwrap_or(change.now),
        serial: WriteSerial(serial.0),
        written: change.now,
        segment: 0,
        size: Some(row.received),
        part: Part::default(),
    };
    let worker = library.clone();
    let sealed = tokio::task::spawn_blocking(move || {
        let key = keys.space_key(space)?;
        let of = names.len() as u64;
        // An empty upload has a closing container as well.
        let runs = if names.is_empty() { vec![names.as_slice()] } else { names.chunks(MAX_NAMED).collect() };
        let seal = |(segment, names): (u32, &[ContainerId])| {
            let part = Part::Closing { names: names.to_vec(), of };
            let meta = ContainerMeta { segment, part, ..meta.clone() };
            SmallContainer::seal(worker.next_small_id(), &key, &meta, &[])
        };
        (0..).zip(runs).map(seal).collect::<Result<Vec<_>, _>>()
    });
    // All are queued before waiting for the first, so that they share a flush.
    let mut waiting = Vec::new();
    for small in sealed.await?? {
        waiting.push(library.queue_small(space, small).await?);
    }
    let (mut written, mut failure) = (Vec::with_capacity(waiting.len()), None);
    for answer in waiting {
        match answer.await.unwrap_or(Err(LibraryError::Closed)) {
            Ok(sealed) => written.push(sealed),
            Err(error) => failure = Some(error),
        }
    }
    let Some(error) = failure else { return Ok(written) };
    for sealed in written {
        library.remove_uncommitted(space, sealed.id, sealed.place).await;
    }
    Err(error)
}
