//! How full spaces are.

use crate::catalog::SpaceRow;
use crate::model::ByteSize;

/// How full a space is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpaceUsage {
    /// Bytes of what is present, of what has arrived of uploads, and of properties.
    pub used: ByteSize,
    /// Bytes of earlier versions and the trash.
    pub history: ByteSize,
    /// Most bytes that these may have, if that is bounded.
    pub history_bound: Option<ByteSize>,
    /// Bytes that still fit: what the quota and announced uploads leave, at most what the disk has free.
    pub available: ByteSize,
}

/// How full the spaces of one person are, taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JointUsage {
    /// Bytes of what is present in them.
    pub used: ByteSize,
    /// Bytes that still fit; what the disk has free counts once.
    pub available: ByteSize,
    /// The sum of their quotas; `None` if one of them has none.
    pub quota: Option<ByteSize>,
}

impl SpaceUsage {
    /// Of a space on a disk that has `free` bytes for contents.
    pub(super) fn new(row: &SpaceRow, free: u64) -> Self {
        Self {
            used: ByteSize(row.counted()),
            history: row.history,
            history_bound: row.history_bound(),
            available: ByteSize(row.left().min(free)),
        }
    }
}

impl JointUsage {
    /// Of all of some spaces, on a disk that has `free` bytes for contents.
    pub(super) fn new(rows: &[SpaceRow], free: u64) -> Self {
        let used = rows.iter().fold(0, |sum: u64, row| sum.saturating_add(row.counted()));
        let left = rows.iter().fold(0, |sum: u64, row| sum.saturating_add(row.left()));
        let quota = rows.iter().try_fold(0, |sum: u64, row| Some(sum.saturating_add(row.quota?.0)));
        Self { used: ByteSize(used), available: ByteSize(left.min(free)), quota: quota.map(ByteSize) }
    }
}
