//! Where a container is stored.

use super::PackId;

/// A container's place in its space's directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// In a file of its own, named after its id.
    OwnFile,
    /// Inside a pack, with other small containers.
    Packed(PackedPlace),
}

/// A range of a pack that holds one container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PackedPlace {
    /// Id of the pack.
    pub pack: PackId,
    /// Offset of the container's first byte.
    pub offset: u64,
    /// Length of the container in bytes.
    pub length: u64,
}
