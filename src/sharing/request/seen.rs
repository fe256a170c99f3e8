//! The state of an item that a user saw before deciding about it.

use crate::catalog::ItemRow;
use crate::model::{HandInFileId, Timestamp};

/// A word that changes with everything that matters for a decision about an item.
pub(super) fn seen(item: &ItemRow, latest: Option<HandInFileId>) -> String {
    let at = |time: Option<Timestamp>| time.map_or(0, |time| time.0);
    let file = latest.map_or(0, |file| file.0);
    format!("{}.{}.{}.{file}", item.state, at(item.judged), at(item.declined))
}
