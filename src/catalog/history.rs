//! Old data of a space: replaced versions, and the trash.

use super::row::params;
use super::versions::PROTECTED;
use super::{CatalogError, ReadTx};
use crate::model::{EntryId, SpaceId, Timestamp, VersionId};

/// An item of a space's old data that can be removed permanently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// An earlier version of a file.
    Content(VersionId),
    /// A deleted entry with everything below it.
    Deleted(EntryId),
}

/// Entries with damaged versions, deleted or not, and all of their parents.
const KEPT: &str = "kept (id) AS (
    SELECT entry FROM protected
    UNION SELECT parent_id FROM entries JOIN kept USING (id) WHERE parent_id IS NOT NULL
)";

/// The earlier versions of a space's files that may be removed.
const CONTENTS: &str =
    "FROM versions WHERE history_of = ?1 AND size > 0 AND id NOT IN (SELECT version FROM protected)";

/// The entries of a space's trash that may be removed.
const DELETED: &str = "FROM trash JOIN entries ON entries.id = entry_id
    WHERE trash.space_id = ?1 AND is_purging = 0 AND size > 0 AND entry_id NOT IN (SELECT id FROM kept)";

impl ReadTx<'_> {
    /// The oldest removable items of a space's old data, at most `limit`, oldest first.
    pub fn oldest_history(&self, space: SpaceId, limit: usize) -> Result<Vec<Past>, CatalogError> {
        let mut oldest = self.all(
            &format!(
                "WITH protected AS ({PROTECTED})
                 SELECT replaced_at, id {CONTENTS} ORDER BY replaced_at LIMIT ?2"
            ),
            params![space.0, limit],
            |row| Ok((row.get::<i64>(0)?, Past::Content(VersionId(row.get(1)?)))),
        )?;
        oldest.extend(self.all(
            &format!(
                "WITH RECURSIVE protected AS ({PROTECTED}), {KEPT}
                 SELECT deleted_at, entry_id {DELETED} ORDER BY deleted_at LIMIT ?2"
            ),
            params![space.0, limit],
            |row| Ok((row.get::<i64>(0)?, Past::Deleted(EntryId(row.get(1)?)))),
        )?);
        oldest.sort_by_key(|(since, _)| Timestamp(*since));
        oldest.truncate(limit);
        Ok(oldest.into_iter().map(|(_, past)| past).collect())
    }

    /// Whether an item is one that [`Self::oldest_history`] returns, whatever the limit.
    pub fn is_removable_history(&self, space: SpaceId, past: Past) -> Result<bool, CatalogError> {
        let found = match past {
            Past::Content(version) => self.one(
                &format!("WITH protected AS ({PROTECTED}) SELECT 1 {CONTENTS} AND id = ?2"),
                params![space.0, version.0],
                |_| Ok(()),
            ),
            Past::Deleted(entry) => self.one(
                &format!(
                    "WITH RECURSIVE protected AS ({PROTECTED}), {KEPT} SELECT 1 {DELETED} AND entry_id = ?2"
                ),
                params![space.0, entry.0],
                |_| Ok(()),
            ),
        };
        Ok(found?.is_some())
    }
}
