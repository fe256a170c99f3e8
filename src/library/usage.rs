//! Usage of spaces.

use crate::catalog::SpaceRow;
use crate::model::ByteSize;

/// Usage of a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpaceUsage {
    /// Bytes of current files, of uploads received so far, and of properties.
    pub used: ByteSize,
    /// Bytes of earlier versions and the trash.
    pub history: ByteSize,
    /// Limit for these, if there is one.
    pub history_bound: Option<ByteSize>,
    /// Bytes that still fit: the rest of the quota without announced uploads, limited by the free space of the
    /// disk.
    pub available: ByteSize,
}

/// Total usage of one person's spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JointUsage {
    /// Bytes of their current data.
    pub used: ByteSize,
    /// Bytes that still fit; the free space of the disk counts once.
    pub available: ByteSize,
    /// The sum of their quotas; `None` if one of them has none.
    pub quota: Option<ByteSize>,
}

impl SpaceUsage {
    /// Usage of a space on a disk with `free` bytes for contents.
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
    /// Total usage of several spaces on a disk with `free` bytes for contents.
    pub(super) fn new(rows: &[SpaceRow], free: u64) -> Self {
        let used = rows.iter().fold(0, |sum: u64, row| sum.saturating_add(row.counted()));
        let left = rows.iter().fold(0, |sum: u64, row| sum.saturating_add(row.left()));
        let quota = rows.iter().try_fold(0, |sum: u64, row| Some(sum.saturating_add(row.quota?.0)));
        Self { used: ByteSize(used), available: ByteSize(left.min(free)), quota: quota.map(ByteSize) }
    }
}
