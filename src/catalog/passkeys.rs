//! Passkeys.

use super::row::{Row, params};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{PasskeyId, Timestamp, UserId};

/// A passkey. It holds no secret: the private key stays with its person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyRow {
    /// Never reused after it was removed.
    pub id: PasskeyId,
    /// The person who signs in with it.
    pub user: UserId,
    /// Number by which an authenticator finds it (WebAuthn 4, "Credential ID"); 1 to 1,023 bytes.
    pub credential_id: Vec<u8>,
    /// Public key as a COSE key (RFC 9052, section 7) in JSON.
    pub public_key: String,
    /// Signature counter of its last use (WebAuthn 6.1.1); 0 if it does not count.
    pub sign_count: u32,
    /// Whether it may be on several devices.
    pub is_backup_eligible: bool,
    /// The person's name for it.
    pub label: String,
    /// When it was added.
    pub created: Timestamp,
    /// When it was used last.
    pub last_used: Option<Timestamp>,
}

/// A passkey to insert.
#[derive(Clone, Debug)]
pub struct NewPasskey {
    /// The person who signs in with it.
    pub user: UserId,
    /// Number by which an authenticator finds it.
    pub credential_id: Vec<u8>,
    /// Public key as a COSE key in JSON.
    pub public_key: String,
    /// Signature counter.
    pub sign_count: u32,
    /// Whether it may be on several devices.
    pub is_backup_eligible: bool,
    /// The person's name for it.
    pub label: String,
    /// Time of the insertion.
    pub created: Timestamp,
}

const COLUMNS: &str = "id, user_id, credential_id, public_key, sign_count, is_backup_eligible, label, \
                       created_at, last_used_at";

fn passkey(row: &Row<'_>) -> Result<PasskeyRow, DatabaseError> {
    Ok(PasskeyRow {
        id: PasskeyId(row.get(0)?),
        user: UserId(row.get(1)?),
        credential_id: row.get(2)?,
        public_key: row.get(3)?,
        sign_count: row.get(4)?,
        is_backup_eligible: row.get(5)?,
        label: row.get(6)?,
        created: Timestamp(row.get(7)?),
        last_used: row.get::<Option<i64>>(8)?.map(Timestamp),
    })
}

impl ReadTx<'_> {
    /// The passkeys of a person, oldest first.
    pub fn passkeys_of(&self, user: UserId) -> Result<Vec<PasskeyRow>, CatalogError> {
        let sql = format!("SELECT {COLUMNS} FROM passkeys WHERE user_id = ?1 ORDER BY id");
        self.all(&sql, [user.0], passkey)
    }

    /// The passkey with this number of its authenticator.
    pub fn passkey_by_credential(&self, credential_id: &[u8]) -> Result<Option<PasskeyRow>, CatalogError> {
        let sql = format!("SELECT {COLUMNS} FROM passkeys WHERE credential_id = ?1");
        self.one(&sql, [credential_id], passkey)
    }
}

impl WriteTx<'_> {
    /// Adds a passkey; no other has its number. Returns its id.
    pub fn insert_passkey(&self, new: &NewPasskey) -> Result<PasskeyId, CatalogError> {
        self.execute(
            "INSERT INTO passkeys (user_id, credential_id, public_key, sign_count, is_backup_eligible, label,
                 created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                new.user.0,
                new.credential_id,
                new.public_key,
                new.sign_count,
                new.is_backup_eligible,
                new.label,
                new.created.0
            ],
        )?;
        Ok(PasskeyId(self.last_insert_id()))
    }

    /// Notes that a passkey was used, and its counter then.
    pub fn touch_passkey(&self, id: PasskeyId, sign_count: u32, used: Timestamp) -> Result<(), CatalogError> {
        let sql = "UPDATE passkeys SET sign_count = ?2, last_used_at = ?3 WHERE id = ?1";
        self.execute(sql, params![id.0, sign_count, used.0]).map(drop)
    }

    /// Gives a passkey another name.
    pub fn rename_passkey(&self, id: PasskeyId, label: &str) -> Result<(), CatalogError> {
        self.execute("UPDATE passkeys SET label = ?2 WHERE id = ?1", params![id.0, label]).map(drop)
    }

    /// Removes a passkey of this person; `false` if there is none.
    pub fn delete_passkey(&self, user: UserId, id: PasskeyId) -> Result<bool, CatalogError> {
        Ok(self.execute("DELETE FROM passkeys WHERE id = ?1 AND user_id = ?2", params![id.0, user.0])? > 0)
    }
}
