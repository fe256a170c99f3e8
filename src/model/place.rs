//! Where a container lies.

use super::PackId;

/// A container's place in its space's directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// In a file of its own, named by its id.
    OwnFile,
    /// Inside a pack, beside other small ones.
    Packed(PackedPlace),
}

/// A stretch of a pack that is one container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PackedPlace {
    /// Which pack.
    pub pack: PackId,
    /// Where the container's first byte lies in it.
    pub offset: u64,
    /// Bytes of the container.
    pub length: u64,
}
