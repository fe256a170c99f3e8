//! Finding what no row refers to. A file without a row is garbage; a row without a file is an
//! alarm, and not found here.

use std::io;
use std::time::Duration;

use super::disk::{Containers, StoredFile};
use super::error::VaultError;
use crate::model::{ContainerId, Timestamp};

/// Age at which an unknown container may be garbage: long enough for a restored catalogue to be noticed as such. It
/// proves nothing: clocks jump, and requests that are about to name theirs may take longer.
pub const ORPHAN_AGE: Duration = Duration::from_hours(24);

/// Calls `found` for every container that `is_known` does not know and whose last change lies [`ORPHAN_AGE`] or
/// more before `now`; how many there are in all. What is found is a suspect only: its row may have been written
/// since `is_known` began to answer. `is_known` says yes when in doubt, such as when the catalogue does not answer.
///
/// Errors: `Io`, also what `found` fails with.
pub fn find_orphans(
    disk: &dyn Containers,
    now: Timestamp,
    mut is_known: impl FnMut(ContainerId) -> bool,
    mut found: impl FnMut(StoredFile) -> io::Result<()>,
) -> Result<u64, VaultError> {
    let mut seen = 0;
    disk.list(&mut |file| {
        seen += 1;
        // A change time in the future (clock set back) counts as young.
        match now.since(file.changed) >= ORPHAN_AGE && !is_known(file.id) {
            true => found(file),
            false => Ok(()),
        }
    })
    .map_err(VaultError::io("look for containers without a row"))?;
    Ok(seen)
}
