//! Converts between the vault's description of a container and the row that binds it.

use crate::catalog::ContainerRow;
use crate::vault::reader::ContainerRef;
use crate::vault::writer::SealedContainer;

/// The row that binds a durable container.
pub(crate) fn container_row(sealed: &SealedContainer) -> ContainerRow {
    ContainerRow {
        id: sealed.id,
        header_hash: sealed.header_hash,
        length: sealed.length,
        plain_len: sealed.plain_len,
        place: sealed.place,
    }
}

/// The vault's reference for a row.
pub(crate) fn bound(row: &ContainerRow) -> ContainerRef {
    ContainerRef { id: row.id, header_hash: row.header_hash, length: row.length, place: row.place }
}
