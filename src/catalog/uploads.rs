//! Uploads that arrive in parts, their chunks, and the containers of what has arrived.

use super::row::{Row, params};
use super::versions::{ContainerRow, place};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{
    Checksum, ChunkName, ContainerId, EntryId, EntryName, EntryPath, SpaceId, Timestamp, UploadId,
    UploadShape, UserId,
};

/// An upload that has not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadRow {
    /// Random, and never used again; only its user may use it.
    pub id: UploadId,
    /// Where its content shall lie.
    pub space: SpaceId,
    /// Whose it is; `None` once that account is gone.
    pub user: Option<UserId>,
    /// By which protocol it comes.
    pub protocol: String,
    /// The client's name for it, unique among its user's of that protocol; free again once the upload has ended.
    pub name: Option<String>,
    /// How it arrives.
    pub shape: UploadShape,
    /// Its path, where that is known before the end.
    pub path: Option<EntryPath>,
    /// All of its bytes, where they were announced.
    pub length: Option<u64>,
    /// Bytes that have arrived: of a linear upload the offset. See [`Self::set_received`].
    pub received: u64,
    /// Bytes that its space keeps for what is missing to the length: all of them, or fewer since the reservation
    /// has lapsed.
    pub reserved: u64,
    /// Containers that hold them.
    pub pieces: u64,
    /// Chunks that arrived whole.
    pub chunks: u64,
    /// Grows with every change of the pieces.
    pub changes: i64,
    /// As the client says.
    pub modified: Option<Timestamp>,
    /// What the whole content must hash to.
    pub checksum: Option<Checksum>,
    /// The client's own words, verbatim.
    pub metadata: String,
    /// The entry id that was drawn for it, under which its containers were written.
    pub number: EntryId,
    /// What is known of its digests.
    pub digest: DigestState,
    /// When it was begun.
    pub created: Timestamp,
    /// When it is given up.
    pub expires: Timestamp,
}

impl UploadRow {
    /// Bytes that were announced and have not arrived.
    pub fn missing(&self) -> u64 {
        self.length.unwrap_or(0).saturating_sub(self.received)
    }

    /// Notes how much has arrived. What comes is taken from what was reserved, what goes returns to it.
    pub fn set_received(&mut self, received: u64) {
        let both = self.reserved.saturating_add(self.received);
        self.received = received;
        self.reserved = both.saturating_sub(received).min(self.missing());
    }
}

/// Digests of the first bytes of an upload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DigestState {
    /// In the form of who computes them; `None` if none can be gone on with.
    pub state: Option<Vec<u8>>,
    /// How many bytes they are of.
    pub bytes: u64,
    /// The last chunk among these bytes.
    pub chunk: Option<ChunkName>,
    /// How many chunks they are.
    pub chunks: u64,
}

/// A chunk that arrived whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkRow {
    /// Its name.
    pub name: ChunkName,
    /// Bytes.
    pub size: u64,
}

const COLUMNS: &str = "id, space_id, user_id, protocol, shape, path, length, received, pieces, changes, modified_at, \
     checksum, metadata, entry_id, digest, digest_bytes, digest_chunk, created_at, expires_at, chunks, digest_chunks, name, reserved";

fn upload_row(row: &Row<'_>) -> Result<UploadRow, DatabaseError> {
    Ok(UploadRow {
        id: UploadId(row.get(0)?),
        space: SpaceId(row.get(1)?),
        user: row.get::<Option<i64>>(2)?.map(UserId),
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

    /// The upload to which this user's client has given a name, and its space.
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

    /// The uploads into a space, a user's or everybody's, the oldest first.
    pub fn uploads(&self, space: SpaceId, user: Option<UserId>) -> Result<Vec<UploadRow>, CatalogError> {
        self.all(
            &format!(
                "SELECT {COLUMNS} FROM uploads WHERE space_id = ?1 AND (?2 IS NULL OR user_id = ?2)
                 ORDER BY created_at, id"
            ),
            params![space.0, user.map(|id| id.0)],
            upload_row,
        )
    }

    /// All uploads.
    pub fn all_uploads(&self) -> Result<Vec<UploadRow>, CatalogError> {
        self.all(&format!("SELECT {COLUMNS} FROM uploads"), [], upload_row)
    }

    /// How many uploads a user has begun and not ended.
    pub fn count_uploads(&self, user: UserId) -> Result<u64, CatalogError> {
        let count =
            self.one("SELECT count(*) FROM uploads WHERE user_id = ?1", [user.0], |row| row.get(0))?;
        Ok(count.unwrap_or(0))
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

    /// Bytes that an upload has announced, that have not arrived yet, and that its space keeps for it.
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

    /// Uploads that hold room for what they have announced and whose time is over at `until`, by id behind `after`.
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

    /// Uploads whose time is over at `now`, or whose user is gone.
    pub fn expired_uploads(&self, now: Timestamp, limit: usize) -> Result<Vec<UploadId>, CatalogError> {
        self.all(
            "SELECT id FROM uploads WHERE expires_at <= ?1 UNION SELECT id FROM uploads WHERE user_id IS NULL
             LIMIT ?2",
            params![now.0, limit],
            |row| row.get(0).map(UploadId),
        )
    }
}

impl WriteTx<'_> {
    /// Adds an upload of which nothing has arrived yet.
    pub fn insert_upload(&self, row: &UploadRow) -> Result<(), CatalogError> {
        let path = row.path.as_ref().map(plain_path);
        self.execute(
            "INSERT INTO uploads (id, space_id, user_id, protocol, shape, path, modified_at, checksum, metadata,
                 entry_id, created_at, received, reserved, pieces, chunks, changes, digest_bytes, digest_chunks, expires_at, name)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, 0, 0, 0, 0, 0, 0, ?12, ?13)",
            params![
                row.id.0,
                row.space.0,
                row.user.map(|id| id.0),
                row.protocol,
                row.shape.as_str(),
                path,
                row.modified.map(|time| time.0),
                row.checksum.as_ref().map(ToString::to_string),
                row.metadata,
                row.number.0,
                row.created.0,
                row.expires.0,
                row.name
            ],
        )?;
        self.save_upload(row)
    }

    /// Keeps what changes while an upload arrives, and what its space keeps for it.
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

    /// Gives back `bytes` of what an upload's space keeps for it.
    pub fn lapse_reservation(&self, id: UploadId, bytes: u64) -> Result<(), CatalogError> {
        self.reserve_for(id, self.upload_reserved(id)?.saturating_sub(bytes))
    }

    /// Sets what an upload holds of its space's quota beside the bytes that have arrived.
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

    /// Notes that a chunk has arrived whole.
    pub fn insert_chunk(&self, upload: UploadId, name: &ChunkName, size: u64) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO upload_chunks (upload_id, name, size) VALUES (?1, ?2, ?3)",
            params![upload.0, name.as_str(), size],
        )
        .map(drop)
    }

    /// Removes a chunk; its containers become garbage. Their number, and the bytes in them; `None` without
    /// such a chunk.
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

    /// Hangs the pieces of a linear upload behind the first `behind` of another one.
    pub fn move_pieces(&self, from: UploadId, to: UploadId, behind: u64) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE upload_pieces SET upload_id = ?2, position = position + ?3 WHERE upload_id = ?1",
            params![from.0, to.0, behind],
        )
        .map(drop)
    }

    /// Makes an upload one into another space, where each of its containers has a copy; the old ones become
    /// garbage.
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
        // Where it was to go when it was begun lies in the other space.
        self.execute(
            "UPDATE uploads SET space_id = ?2, path = NULL WHERE id = ?1",
            params![row.id.0, space.0],
        )?;
        self.save_upload(row)
    }

    /// Removes an upload, with what it reserved. Its containers become garbage, unless a version has taken
    /// them.
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

    /// Forgets an upload with the rows of its containers, which nothing removes from the disk.
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

/// A path as it is read back.
fn plain_path(path: &EntryPath) -> String {
    path.names().iter().map(EntryName::as_str).collect::<Vec<_>>().join("/")
}
