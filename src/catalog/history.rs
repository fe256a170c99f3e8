//! What a space keeps of the past: replaced contents, and the trash.

use rusqlite::params;

use super::{CatalogError, ReadTx, WriteTx};
use crate::model::{EntryId, SpaceId, Timestamp, VersionId};

/// Something of the past that can be removed for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// An earlier content of a file.
    Content(VersionId),
    /// A deleted entry with all below it.
    Deleted(EntryId),
}

/// Contents with damage are kept for inspection, as long as there is something to inspect.
const WITH_DAMAGE: &str =
    "SELECT versions.id, versions.entry_id FROM damaged JOIN segments USING (container_id)
    JOIN versions ON versions.id = segments.version_id WHERE damaged.kind <> 'missing'";

impl ReadTx<'_> {
    /// The oldest of what a space keeps of the past and what may be removed, at most `limit`, oldest first.
    pub fn oldest_history(&self, space: SpaceId, limit: usize) -> Result<Vec<Past>, CatalogError> {
        let mut oldest = self.all(
            &format!(
                "WITH damage (version, entry) AS ({WITH_DAMAGE})
                 SELECT replaced_at, id FROM versions
                 WHERE history_of = ?1 AND size > 0 AND id NOT IN (SELECT version FROM damage)
                 ORDER BY replaced_at LIMIT ?2"
            ),
            params![space.0, limit],
            |row| Ok((row.get::<_, i64>(0)?, Past::Content(VersionId(row.get(1)?)))),
        )?;
        oldest.extend(self.all(
            &format!(
                "WITH RECURSIVE damage (version, entry) AS ({WITH_DAMAGE}), kept (id) AS (
                     SELECT entry FROM damage
                     UNION SELECT parent_id FROM entries JOIN kept USING (id) WHERE parent_id IS NOT NULL
                 )
                 SELECT deleted_at, entry_id FROM trash JOIN entries ON entries.id = entry_id
                 WHERE trash.space_id = ?1 AND is_purging = 0 AND size > 0 AND entry_id NOT IN (SELECT id FROM kept)
                 ORDER BY deleted_at LIMIT ?2"
            ),
            params![space.0, limit],
            |row| Ok((row.get::<_, i64>(0)?, Past::Deleted(EntryId(row.get(1)?)))),
        )?);
        oldest.sort_by_key(|(since, _)| Timestamp(*since));
        oldest.truncate(limit);
        Ok(oldest.into_iter().map(|(_, past)| past).collect())
    }
}

impl WriteTx<'_> {
    /// Removes something of a space's past for good, if it still is; a deleted entry is only marked for it
    /// ([`WriteTx::delete_some`]).
    pub fn remove_past(&self, space: SpaceId, past: Past) -> Result<(), CatalogError> {
        match past {
            Past::Content(version) => {
                let sql = format!(
                    "WITH damage (version, entry) AS ({WITH_DAMAGE})
                     SELECT 1 FROM versions WHERE id = ?1 AND history_of = ?2 AND id NOT IN (SELECT version FROM damage)"
                );
                match self.one(&sql, params![version.0, space.0], |_| Ok(()))? {
                    Some(()) => self.delete_version(version),
                    None => Ok(()),
                }
            }
            Past::Deleted(entry) => match self.trashed(space, entry)? {
                Some(_) => self.begin_purge(entry),
                None => Ok(()),
            },
        }
    }
}
