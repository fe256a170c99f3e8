//! Uploads that arrive in parts, their chunks, and the containers of what has arrived.

use super::row::{Row, params};
use super::versions::{ContainerRow, place};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{
    Checksum, ChunkName, ContainerId, EntryId, EntryPath, HandInId, LinkId, SpaceId, Timestamp, UploadId,
    UploadOwner, UploadShape, UserId,
};

/// An unfinished upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadRow {
    /// Random, never reused; only its user may use it.
    pub id: UploadId,
    /// Space of its destination.
    pub space: SpaceId,
    /// User, hand-in or guest of the upload; `None` once that or the link is removed.
    pub owner: Option<UploadOwner>,
    /// Protocol of the upload.
    pub protocol: String,
    /// The client's name for it, unique among its user's uploads of that protocol; free again once the upload has
    /// ended.
    pub name: Option<String>,
    /// Linear or chunked.
    pub shape: UploadShape,
    /// Path of its destination, if known before the end.
    pub path: Option<EntryPath>,
    /// Total bytes, if announced.
    pub length: Option<u64>,
    /// Bytes that have arrived; for a linear upload the offset. See [`Self::set_received`].
    pub received: u64,
    /// Bytes of the space's quota reserved for the missing part: all of it, or less once the reservation has
    /// lapsed.
    pub reserved: u64,
    /// Number of containers that hold the received bytes.
    pub pieces: u64,
    /// Number of chunks that arrived completely.
    pub chunks: u64,
    /// Increased by every change of the pieces.
    pub changes: i64,
    /// Modification time as sent by the client.
    pub modified: Option<Timestamp>,
    /// Expected checksum of the whole content.
    pub checksum: Option<Checksum>,
    /// The client's metadata, verbatim.
    pub metadata: String,
    /// The entry id reserved for it, under which its containers were written.
    pub number: EntryId,
    /// State of its digests so far.
    pub digest: DigestState,
    /// Time of the start.
    pub created: Timestamp,
    /// Time at which it expires.
    pub expires: Timestamp,
}

impl UploadRow {
    /// Bytes that were announced and have not arrived.
    pub fn missing(&self) -> u64 {
        self.length.unwrap_or(0).saturating_sub(self.received)
    }

    /// Sets the number of received bytes. New bytes are taken from the reservation, removed ones return to it.
    pub fn set_received(&mut self, received: u64) {
        let both = self.reserved.saturating_add(self.received);
        self.received = received;
        self.reserved = both.saturating_sub(received).min(self.missing());
    }
}

/// Digests of the first bytes of an upload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DigestState {
    /// Opaque state of the code that computes them; `None` if none can be continued.
    pub state: Option<Vec<u8>>,
    /// Number of bytes that they cover.
    pub bytes: u64,
    /// The last chunk that they cover.
    pub chunk: Option<ChunkName>,
    /// Number of chunks that they cover.
    pub chunks: u64,
}

/// A chunk that arrived completely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkRow {
    /// Name of the chunk.
    pub name: ChunkName,
    /// Size in bytes.
    pub size: u64,
}

const COLUMNS: &str = "id, space_id, user_id, protocol, shape, path, length, received, pieces, changes, modified_at, \
     checksum, metadata, entry_id, digest, digest_bytes, digest_chunk, created_at, expires_at, chunks, digest_chunks, name, reserved, hand_in_id, link_id,
     browser";

fn upload_row(row: &Row<'_>) -> Result<UploadRow, DatabaseError> {
    Ok(UploadRow {
        id: UploadId(row.get(0)?),
        space: SpaceId(row.get(1)?),
        owner: owner(row)?,
        protocol: row.get(3)?,
        shape: parsed(&row.get::<String>(4)?, UploadShape::from_word)?,
        path: optional(row.get(5)?, |text| EntryPath::parse(text).ok())?,
        length: row.get(6)?,
        received: row.get(7)?,
        pieces: row.get(8)?,
        changes: row.get(9)?,
        modified: row.get::<Option<i64>>(10)?.map(Timestamp),
        checksum: optional(row.get(11)?, |text| text.parse().ok())?,
        metadata: row.get(12)?,
        number: EntryId(row.get(13)?),
        digest: DigestState {
            state: row.get(14)?,
            bytes: row.get(15)?,
            chunk: optional(row.get(16)?, |text| ChunkName::parse(text).ok())?,
            chunks: row.get(20)?,
        },
        created: Timestamp(row.get(17)?),
        expires: Timestamp(row.get(18)?),
        chunks: row.get(19)?,
        name: row.get(21)?,
        reserved: row.get(22)?,
    })
}

fn owner(row: &Row<'_>) -> Result<Option<UploadOwner>, DatabaseError> {
    if let Some(user) = row.get::<Option<i64>>(2)? {
        return Ok(Some(UploadOwner::User(UserId(user))));
    }
    if let Some(hand_in) = row.get::<Option<i64>>(23)? {
        return Ok(Some(UploadOwner::HandIn(HandInId(hand_in))));
    }
    let link = row.get::<Option<i64>>(24)?.map(LinkId);
    Ok(link.zip(row.get(25)?).map(|(link, browser)| UploadOwner::Guest { link, browser }))
}

fn parsed<T>(text: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, DatabaseError> {
    parse(text).ok_or_else(|| DatabaseError::unknown_word(text))
}

fn optional<T>(
    text: Option<String>,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, DatabaseError> {
    text.map(|text| parsed(&text, parse)).transpose()
}

impl ReadTx<'_> {
    /// The upload of this id.
    pub fn upload(&self, id: UploadId) -> Result<Option<UploadRow>, CatalogError> {
        self.one(&format!("SELECT {COLUMNS} FROM uploads WHERE id = ?1"), [id.0], upload_row)
    }

    /// The upload with this name from this user's client, and its space.
    pub fn named_upload(
        &self,
        user: UserId,
        protocol: &str,
        name: &str,
    ) -> Result<Option<(UploadId, SpaceId)>, CatalogError> {
        self.one(
            "SELECT id, space_id FROM uploads WHERE user_id = ?1 AND protocol = ?2 AND name = ?3",
            params![user.0, protocol, name],
            |row| Ok((UploadId(row.get(0)?), SpaceId(row.get(1)?))),
        )
    }

    /// The uploads into a space, of one owner or of all, oldest first.
    pub fn uploads(
        &self,
        space: SpaceId,
        owner: Option<UploadOwner>,
    ) -> Result<Vec<UploadRow>, CatalogError> {
        let user = match owner {
            Some(UploadOwner::HandIn(hand_in)) => {
                let own = self.uploads_of_hand_in(hand_in)?;
                return Ok(own.into_iter().filter(|row| row.space == space).collect());
            }
            Some(UploadOwner::Guest { link, browser }) => {
                return self.all(
                    &format!(
                        "SELECT {COLUMNS} FROM uploads WHERE link_id = ?1 AND browser = ?2 AND space_id = ?3
                         ORDER BY created_at, id"
                    ),
                    params![link.0, browser, space.0],
                    upload_row,
                );
            }
            Some(UploadOwner::User(user)) => Some(user.0),
            None => None,
        };
        self.all(
            &format!(
                "SELECT {COLUMNS} FROM uploads WHERE space_id = ?1 AND (?2 IS NULL OR user_id = ?2)
                 ORDER BY created_at, id"
            ),
            params![space.0, user],
            upload_row,
        )
    }

    /// All uploads.
    pub fn all_uploads(&self) -> Result<Vec<UploadRow>, CatalogError> {
        self.all(&format!("SELECT {COLUMNS} FROM uploads"), [], upload_row)
    }

    /// The uploads of a hand-in, oldest first.
    pub fn uploads_of_hand_in(&self, hand_in: HandInId) -> Result<Vec<UploadRow>, CatalogError> {
        self.all(
            &format!("SELECT {COLUMNS} FROM uploads WHERE hand_in_id = ?1 ORDER BY created_at, id"),
            [hand_in.0],
            upload_row,
        )
    }

    /// Number of the owner's unfinished uploads; of a guest, those of all guests of the link.
    pub fn count_uploads(&self, owner: UploadOwner) -> Result<u64, CatalogError> {
        let (sql, id) = match owner {
            UploadOwner::User(user) => ("SELECT count(*) FROM uploads WHERE user_id = ?1", user.0),
            UploadOwner::HandIn(hand_in) => ("SELECT count(*) FROM uploads WHERE hand_in_id = ?1", hand_in.0),
            UploadOwner::Guest { link, .. } => ("SELECT count(*) FROM uploads WHERE link_id = ?1", link.0),
        };
        Ok(self.one(sql, [id], |row| row.get(0))?.unwrap_or(0))
    }

    /// The chunks of an upload in the order in which they are joined.
    pub fn upload_chunks(&self, id: UploadId) -> Result<Vec<ChunkRow>, CatalogError> {
        let mut chunks =
            self.all("SELECT name, size FROM upload_chunks WHERE upload_id = ?1", [id.0], |row| {
                Ok(ChunkRow {
                    name: parsed(&row.get::<String>(0)?, |text| ChunkName::parse(text).ok())?,
                    size: row.get(1)?,
                })
            })?;
        chunks.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(chunks)
    }

    /// A chunk's size.
    pub fn upload_chunk(&self, id: UploadId, name: &ChunkName) -> Result<Option<u64>, CatalogError> {
        let sql = "SELECT size FROM upload_chunks WHERE upload_id = ?1 AND name = ?2";
        self.one(sql, params![id.0, name.as_str()], |row| row.get(0))
    }

    /// Bytes of the space's quota reserved for an upload: announced, but not received yet.
    pub fn upload_reserved(&self, id: UploadId) -> Result<u64, CatalogError> {
        let reserved = self.one("SELECT reserved FROM uploads WHERE id = ?1", [id.0], |row| row.get(0))?;
        Ok(reserved.unwrap_or(0))
    }

    /// The containers of an upload in the order of their bytes.
    pub fn upload_pieces(&self, id: UploadId) -> Result<Vec<ContainerRow>, CatalogError> {
        let mut pieces = self.all(
            "SELECT containers.id, header_hash, plain_len, pack_id, pack_offset, length, chunk, position
             FROM upload_pieces JOIN containers ON containers.id = container_id WHERE upload_id = ?1",
            [id.0],
            |row| {
                let chunk: String = row.get(6)?;
                let chunk = (!chunk.is_empty()).then(|| parsed(&chunk, |text| ChunkName::parse(text).ok()));
                let piece = ContainerRow {
                    id: ContainerId(row.get(0)?),
                    header_hash: row.get(1)?,
                    plain_len: row.get(2)?,
                    length: row.get(5)?,
                    place: place(row, 3)?,
                };
                Ok((chunk.transpose()?, row.get::<u64>(7)?, piece))
            },
        )?;
        pieces.sort_by(|one, other| (&one.0, one.1).cmp(&(&other.0, other.1)));
        Ok(pieces.into_iter().map(|(.., piece)| piece).collect())
    }

    /// Uploads with a reservation that has expired at `until`, by id after `after`.
    pub fn reserving_uploads(
        &self,
        until: Timestamp,
        after: UploadId,
        limit: usize,
    ) -> Result<Vec<UploadId>, CatalogError> {
        self.all(
            "SELECT id FROM uploads WHERE reserved > 0 AND expires_at <= ?1 AND id > ?2 ORDER BY id LIMIT ?3",
            params![until.0, after.0, limit],
            |row| row.get(0).map(UploadId),
        )
    }

    /// Uploads that have expired at `now`, whose owner was removed, or whose hand-in takes nothing more.
    pub fn expired_uploads(&self, now: Timestamp, limit: usize) -> Result<Vec<UploadId>, CatalogError> {
        self.all(
            "SELECT id FROM uploads WHERE expires_at <= ?1
             UNION SELECT id FROM uploads WHERE user_id IS NULL AND hand_in_id IS NULL AND link_id IS NULL
             UNION SELECT uploads.id FROM uploads JOIN hand_ins ON hand_ins.id = uploads.hand_in_id
                 WHERE uploads.hand_in_id IS NOT NULL AND hand_ins.finished_at IS NOT NULL
             LIMIT ?2",
            params![now.0, limit],
            |row| row.get(0).map(UploadId),
        )
    }
}

impl WriteTx<'_> {
    /// Adds an upload without any bytes yet.
    pub fn insert_upload(&self, row: &UploadRow) -> Result<(), CatalogError> {
        let path = row.path.as_ref().map(EntryPath::text);
        let (user, hand_in, link, browser) = match row.owner {
            Some(UploadOwner::User(user)) => (Some(user.0), None, None, None),
            Some(UploadOwner::HandIn(hand_in)) => (None, Some(hand_in.0), None, None),
            Some(UploadOwner::Guest { link, browser }) => (None, None, Some(link.0), Some(browser)),
            None => (None, None, None, None),
        };
        self.execute(
            "INSERT INTO uploads (id, space_id, user_id, protocol, shape, path, modified_at, checksum, metadata,
                 entry_id, created_at, received, reserved, pieces, chunks, changes, digest_bytes, digest_chunks, expires_at, name,
                 hand_in_id, link_id, browser)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, 0, 0, 0, 0, 0, 0, ?12, ?13, ?14, ?15, ?16)",
            params![
                row.id.0,
                row.space.0,
                user,
                row.protocol,
                row.shape.as_str(),
                path,
                row.modified.map(|time| time.0),
                row.checksum.as_ref().map(ToString::to_string),
                row.metadata,
                row.number.0,
                row.created.0,
                row.expires.0,
                row.name,
                hand_in,
                link,
                browser
            ],
        )?;
        self.save_upload(row)
    }

    /// Saves the fields that change while an upload arrives, and its reservation.
    pub fn save_upload(&self, row: &UploadRow) -> Result<(), CatalogError> {
        self.reserve_for(row.id, row.reserved)?;
        self.execute(
            "UPDATE uploads SET length = ?2, received = ?3, pieces = ?4, changes = changes + 1, digest = ?5,
                 digest_bytes = ?6, digest_chunk = ?7, expires_at = ?8, chunks = ?9, digest_chunks = ?10 WHERE id = ?1",
            params![
                row.id.0,
                row.length,
                row.received,
                row.pieces,
                row.digest.state,
                row.digest.bytes,
                row.digest.chunk.as_ref().map(ChunkName::as_str),
                row.expires.0,
                row.chunks,
                row.digest.chunks
            ],
        )
        .map(drop)
    }

    /// Returns `bytes` of an upload's reservation to the space.
    pub fn lapse_reservation(&self, id: UploadId, bytes: u64) -> Result<(), CatalogError> {
        self.reserve_for(id, self.upload_reserved(id)?.saturating_sub(bytes))
    }

    /// Sets an upload's reservation of the space's quota, besides the bytes received.
    fn reserve_for(&self, id: UploadId, bytes: u64) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE spaces SET reserved_bytes = reserved_bytes + ?2 - uploads.reserved
             FROM uploads WHERE uploads.id = ?1 AND spaces.id = uploads.space_id AND uploads.reserved <> ?2",
            params![id.0, bytes],
        )?;
        self.execute("UPDATE uploads SET reserved = ?2 WHERE id = ?1", params![id.0, bytes]).map(drop)
    }

    /// Makes a container the next piece of an upload or of one of its chunks.
    pub fn insert_piece(
        &self,
        upload: UploadId,
        chunk: Option<&ChunkName>,
        position: u64,
        container: ContainerId,
    ) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO upload_pieces (upload_id, chunk, position, container_id) VALUES (?1, ?2, ?3, ?4)",
            params![upload.0, chunk.map_or("", ChunkName::as_str), position, container.0],
        )
        .map(drop)
    }

    /// Records that a chunk has arrived completely.
    pub fn insert_chunk(&self, upload: UploadId, name: &ChunkName, size: u64) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO upload_chunks (upload_id, name, size) VALUES (?1, ?2, ?3)",
            params![upload.0, name.as_str(), size],
        )
        .map(drop)
    }

    /// Removes a chunk; its containers become garbage. Returns their number and bytes; `None` without such a chunk.
    pub fn remove_chunk(
        &self,
        upload: UploadId,
        name: &ChunkName,
    ) -> Result<Option<(u64, u64)>, CatalogError> {
        let Some(size) = self.upload_chunk(upload, name)? else { return Ok(None) };
        let containers = self.all(
            "SELECT container_id FROM upload_pieces WHERE upload_id = ?1 AND chunk = ?2",
            params![upload.0, name.as_str()],
            |row| row.get(0),
        )?;
        let key = params![upload.0, name.as_str()];
        self.execute("DELETE FROM upload_pieces WHERE upload_id = ?1 AND chunk = ?2", key)?;
        self.execute("DELETE FROM upload_chunks WHERE upload_id = ?1 AND name = ?2", key)?;
        self.discard_unused(&containers)?;
        Ok(Some((containers.len() as u64, size)))
    }

    /// Appends the pieces of a linear upload after the first `behind` pieces of another one.
    pub fn move_pieces(&self, from: UploadId, to: UploadId, behind: u64) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE upload_pieces SET upload_id = ?2, position = position + ?3 WHERE upload_id = ?1",
            params![from.0, to.0, behind],
        )
        .map(drop)
    }

    /// Moves an upload to another space, where each of its containers has a copy; the old ones become garbage.
    pub fn relocate_upload(
        &self,
        row: &UploadRow,
        space: SpaceId,
        copies: &[(ContainerId, ContainerId)],
    ) -> Result<(), CatalogError> {
        for (old, copy) in copies {
            self.execute(
                "UPDATE upload_pieces SET container_id = ?3 WHERE +upload_id = ?1 AND container_id = ?2",
                params![row.id.0, old.0, copy.0],
            )?;
        }
        self.discard_unused(&copies.iter().map(|(old, _)| old.0).collect::<Vec<_>>())?;
        self.reserve_for(row.id, 0)?;
        // Its first destination is in the other space.
        self.execute(
            "UPDATE uploads SET space_id = ?2, path = NULL WHERE id = ?1",
            params![row.id.0, space.0],
        )?;
        self.save_upload(row)
    }

    /// Removes an upload and its reservation. Its containers become garbage, unless a version uses them.
    pub fn delete_upload(&self, id: UploadId) -> Result<(), CatalogError> {
        let containers =
            self.all("SELECT container_id FROM upload_pieces WHERE upload_id = ?1", [id.0], |row| {
                row.get(0)
            })?;
        self.reserve_for(id, 0)?;
        self.execute("DELETE FROM uploads WHERE id = ?1", [id.0])?;
        self.discard_unused(&containers)
    }

    /// Removes an upload whose pieces all belong to a version by now.
    pub fn end_upload(&self, id: UploadId) -> Result<(), CatalogError> {
        self.reserve_for(id, 0)?;
        self.execute("DELETE FROM uploads WHERE id = ?1", [id.0]).map(drop)
    }

    /// Removes an upload with the rows of its containers, which stay on the disk.
    pub fn forget_upload(&self, id: UploadId) -> Result<(), CatalogError> {
        let pieces = self.upload_pieces(id)?;
        self.reserve_for(id, 0)?;
        let bytes: u64 = pieces.iter().map(|piece| piece.plain_len).sum();
        self.execute(
            "UPDATE spaces SET used_bytes = used_bytes - ?2
             WHERE id = (SELECT space_id FROM uploads WHERE id = ?1)",
            params![id.0, bytes],
        )?;
        self.execute("DELETE FROM uploads WHERE id = ?1", [id.0])?;
        for piece in pieces {
            self.execute("DELETE FROM containers WHERE id = ?1", [piece.id.0])?;
        }
        Ok(())
    }
}
