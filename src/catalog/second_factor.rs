//! Second factors and recovery codes.

use super::row::params;
use super::{CatalogError, ReadTx, WriteTx};
use crate::model::{Timestamp, UserId};

/// Bytes of the secret that is shared with an authenticator.
pub const FACTOR_SECRET_LEN: usize = 20;

/// Used codes that are remembered for each user. A code is valid for 90 seconds, so reusing an older one would
/// require a clock that is set back across this many logins.
const MAX_USED_CODES: i64 = 100;

/// A user's second factor.
#[derive(Clone, PartialEq, Eq)]
pub struct SecondFactorRow {
    /// Secret shared with the user's authenticator.
    pub secret: [u8; FACTOR_SECRET_LEN],
    /// Whether a code confirmed it, so that it is required at login.
    pub is_confirmed: bool,
}

impl std::fmt::Debug for SecondFactorRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecondFactorRow([redacted])")
    }
}

impl ReadTx<'_> {
    /// A user's second factor, confirmed or not.
    pub fn second_factor(&self, user: UserId) -> Result<Option<SecondFactorRow>, CatalogError> {
        self.one(
            "SELECT secret, confirmed_at IS NOT NULL FROM second_factors WHERE user_id = ?1",
            [user.0],
            |row| Ok(SecondFactorRow { secret: row.get(0)?, is_confirmed: row.get(1)? }),
        )
    }
}

impl WriteTx<'_> {
    /// Stores an unconfirmed factor, replacing another unconfirmed one.
    pub fn begin_second_factor(
        &self,
        user: UserId,
        secret: &[u8; FACTOR_SECRET_LEN],
        now: Timestamp,
    ) -> Result<(), CatalogError> {
        self.execute("DELETE FROM used_codes WHERE user_id = ?1", [user.0])?;
        self.execute(
            "INSERT INTO second_factors (user_id, secret, created_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at,
                 confirmed_at = NULL",
            params![user.0, secret, now.0],
        )
        .map(drop)
    }

    /// Requires the factor from now on; earlier logins and sessions end.
    pub fn confirm_second_factor(&self, user: UserId, now: Timestamp) -> Result<(), CatalogError> {
        self.delete_sessions_of(user)?;
        self.execute(
            "UPDATE second_factors SET confirmed_at = ?2 WHERE user_id = ?1",
            params![user.0, now.0],
        )?;
        self.execute("UPDATE users SET epoch = epoch + 1 WHERE id = ?1", [user.0]).map(drop)
    }

    /// Uses up the code of a time step; `false` if it was used before.
    pub fn use_factor_step(&self, user: UserId, step: i64) -> Result<bool, CatalogError> {
        let sql =
            "INSERT INTO used_codes (user_id, step) VALUES (?1, ?2) ON CONFLICT (user_id, step) DO NOTHING";
        let is_fresh = self.execute(sql, params![user.0, step])? > 0;
        self.execute(
            "DELETE FROM used_codes WHERE user_id = ?1 AND id <=
                 (SELECT id FROM used_codes WHERE user_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
            params![user.0, MAX_USED_CODES],
        )?;
        Ok(is_fresh)
    }

    /// Removes a user's factor and recovery codes; earlier logins and sessions end.
    pub fn remove_second_factor(&self, user: UserId) -> Result<(), CatalogError> {
        self.delete_sessions_of(user)?;
        self.execute("DELETE FROM second_factors WHERE user_id = ?1", [user.0])?;
        self.execute("DELETE FROM used_codes WHERE user_id = ?1", [user.0])?;
        self.execute("DELETE FROM recovery_codes WHERE user_id = ?1", [user.0])?;
        self.execute("UPDATE users SET epoch = epoch + 1 WHERE id = ?1", [user.0]).map(drop)
    }

    /// Replaces a user's recovery codes.
    pub fn replace_recovery_codes(&self, user: UserId, hmacs: &[[u8; 32]]) -> Result<(), CatalogError> {
        self.execute("DELETE FROM recovery_codes WHERE user_id = ?1", [user.0])?;
        for hmac in hmacs {
            self.execute(
                "INSERT INTO recovery_codes (user_id, code_hmac) VALUES (?1, ?2)",
                params![user.0, hmac],
            )?;
        }
        Ok(())
    }

    /// Uses up a recovery code; `false` if it does not exist.
    pub fn take_recovery_code(&self, user: UserId, hmac: &[u8; 32]) -> Result<bool, CatalogError> {
        let sql = "DELETE FROM recovery_codes WHERE user_id = ?1 AND code_hmac = ?2";
        Ok(self.execute(sql, params![user.0, hmac])? > 0)
    }
}
