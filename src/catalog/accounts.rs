//! Users, their device passwords and their grants.

use std::time::Duration;

use super::row::{Row, params};
use super::spaces::millis;
use super::sqlite::Reference;
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{AppPasswordId, Right, Role, SpaceGrant, SpaceId, Timestamp, UserId};

/// A user's row, without the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    /// Never reused after the user is removed.
    pub id: UserId,
    /// The name as entered.
    pub name: String,
    /// Key by which names are compared; unique.
    pub name_key: String,
    /// Role in this office.
    pub role: Role,
    /// Whether the user has a password besides device passwords.
    pub has_password: bool,
    /// Whether a second factor is required besides the password.
    pub has_second_factor: bool,
    /// Increased by every change that must end earlier logins.
    pub epoch: i64,
    /// Time of creation.
    pub created: Timestamp,
    /// Time since which the user cannot log in; `None` while enabled.
    pub disabled: Option<Timestamp>,
}

/// A device password, without the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppPasswordRow {
    /// Never reused after it is revoked.
    pub id: AppPasswordId,
    /// User of the device.
    pub user: UserId,
    /// The user's name for the device.
    pub label: String,
    /// Time of creation.
    pub created: Timestamp,
    /// Time of its last login, accurate to about an hour.
    pub last_used: Option<Timestamp>,
    /// Time from which it no longer works.
    pub expires: Option<Timestamp>,
}

/// A right granted to a user in a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantRow {
    /// User who has the right.
    pub user: UserId,
    /// Space of the right.
    pub space: SpaceId,
    /// The right as granted; the user's role may limit it.
    pub grant: SpaceGrant,
}

/// A user to insert.
#[derive(Debug)]
pub struct NewUser<'a> {
    /// The name as entered.
    pub name: &'a str,
    /// Key by which names are compared.
    pub name_key: &'a str,
    /// Role in this office.
    pub role: Role,
    /// Password hash in PHC form; `None` for a user who logs in with device passwords only.
    pub password_hash: Option<&'a str>,
    /// Time of the insertion.
    pub created: Timestamp,
}

/// A device password to insert.
#[derive(Debug)]
pub struct NewAppPassword<'a> {
    /// User of the device.
    pub user: UserId,
    /// The user's name for the device.
    pub label: &'a str,
    /// Keyed hash of the secret.
    pub token_hmac: [u8; 32],
    /// Time of the insertion.
    pub created: Timestamp,
    /// Time from which it no longer works.
    pub expires: Option<Timestamp>,
}

const USER: &str = "id, name, name_key, role, password_hash IS NOT NULL, epoch, created_at, disabled_at,
     EXISTS (SELECT 1 FROM second_factors WHERE user_id = users.id AND confirmed_at IS NOT NULL)";
/// References to users that outlive the account.
const HISTORY: [(&str, &str); 2] = [("versions", "author_id"), ("trash", "deleted_by")];
const APP_PASSWORD: &str = "id, user_id, label, created_at, last_used_at, expires_at";
const GRANT: &str = "user_id, space_id, \"right\", releases, hold_ms";

fn user_row(row: &Row<'_>) -> Result<UserRow, DatabaseError> {
    let role: String = row.get(3)?;
    Ok(UserRow {
        id: UserId(row.get(0)?),
        name: row.get(1)?,
        name_key: row.get(2)?,
        role: Role::from_word(&role).ok_or_else(|| DatabaseError::unknown_word(&role))?,
        has_password: row.get(4)?,
        epoch: row.get(5)?,
        created: Timestamp(row.get(6)?),
        disabled: row.get::<Option<i64>>(7)?.map(Timestamp),
        has_second_factor: row.get(8)?,
    })
}

fn app_password_row(row: &Row<'_>) -> Result<AppPasswordRow, DatabaseError> {
    Ok(AppPasswordRow {
        id: AppPasswordId(row.get(0)?),
        user: UserId(row.get(1)?),
        label: row.get(2)?,
        created: Timestamp(row.get(3)?),
        last_used: row.get::<Option<i64>>(4)?.map(Timestamp),
        expires: row.get::<Option<i64>>(5)?.map(Timestamp),
    })
}

fn grant_row(row: &Row<'_>) -> Result<GrantRow, DatabaseError> {
    let right: String = row.get(2)?;
    Ok(GrantRow {
        user: UserId(row.get(0)?),
        space: SpaceId(row.get(1)?),
        grant: SpaceGrant {
            right: Right::from_word(&right).ok_or_else(|| DatabaseError::unknown_word(&right))?,
            releases: row.get(3)?,
            hold: row.get::<Option<u64>>(4)?.map(Duration::from_millis),
        },
    })
}

impl ReadTx<'_> {
    /// All users by name.
    pub fn users(&self) -> Result<Vec<UserRow>, CatalogError> {
        self.all(
            &format!("SELECT {USER} FROM users WHERE removed_at IS NULL ORDER BY name_key"),
            [],
            user_row,
        )
    }

    /// The user of this id.
    pub fn user(&self, id: UserId) -> Result<Option<UserRow>, CatalogError> {
        self.one(&format!("SELECT {USER} FROM users WHERE id = ?1 AND removed_at IS NULL"), [id.0], user_row)
    }

    /// The names of all users, including removed ones that the history of files and trash refers to.
    pub fn names_in_history(&self) -> Result<Vec<(UserId, String)>, CatalogError> {
        self.all("SELECT id, name FROM users", [], |row| Ok((UserId(row.get(0)?), row.get(1)?)))
    }

    /// The user whose name has this key.
    pub fn user_by_name(&self, name_key: &str) -> Result<Option<UserRow>, CatalogError> {
        self.one(&format!("SELECT {USER} FROM users WHERE name_key = ?1"), [name_key], user_row)
    }

    /// The password hash of the user whose name has this key; `None` without user or password.
    pub fn password_hash(&self, name_key: &str) -> Result<Option<String>, CatalogError> {
        let sql = "SELECT password_hash FROM users WHERE name_key = ?1";
        Ok(self.one(sql, [name_key], |row| row.get(0))?.flatten())
    }

    /// Number of administrators who can log in.
    pub fn enabled_administrators(&self) -> Result<u32, CatalogError> {
        let sql = "SELECT count(*) FROM users WHERE role = 'administrator' AND disabled_at IS NULL";
        Ok(self.one(sql, [], |row| row.get(0))?.unwrap_or(0))
    }

    /// The device password whose secret has this keyed hash.
    pub fn app_password_by_hmac(&self, hmac: &[u8; 32]) -> Result<Option<AppPasswordRow>, CatalogError> {
        let sql = format!("SELECT {APP_PASSWORD} FROM app_passwords WHERE token_hmac = ?1");
        self.one(&sql, [hmac], app_password_row)
    }

    /// A user's device passwords, oldest first.
    pub fn app_passwords_of(&self, user: UserId) -> Result<Vec<AppPasswordRow>, CatalogError> {
        let sql = format!("SELECT {APP_PASSWORD} FROM app_passwords WHERE user_id = ?1 ORDER BY id");
        self.all(&sql, [user.0], app_password_row)
    }

    /// The time for which a space holds a user's contents, if a grant gives one.
    pub fn hold_of_grant(&self, user: UserId, space: SpaceId) -> Result<Option<Duration>, CatalogError> {
        let sql = "SELECT hold_ms FROM grants WHERE user_id = ?1 AND space_id = ?2";
        let found = self.one(sql, params![user.0, space.0], |row| row.get::<Option<u64>>(0))?;
        Ok(found.flatten().map(Duration::from_millis))
    }

    /// Whether a user has a right to a space, as granted; the user's role may limit it.
    pub fn is_granted(&self, user: UserId, space: SpaceId) -> Result<bool, CatalogError> {
        let sql = "SELECT 1 FROM grants WHERE user_id = ?1 AND space_id = ?2";
        Ok(self.one(sql, params![user.0, space.0], |_| Ok(()))?.is_some())
    }

    /// All grants.
    pub fn grants(&self) -> Result<Vec<GrantRow>, CatalogError> {
        self.all(&format!("SELECT {GRANT} FROM grants ORDER BY user_id, space_id"), [], grant_row)
    }
}

impl WriteTx<'_> {
    /// Adds a user; the caller has checked that the name is free.
    pub fn insert_user(&self, user: &NewUser<'_>) -> Result<UserId, CatalogError> {
        self.execute(
            "INSERT INTO users (name, name_key, role, password_hash, epoch, created_at)
             VALUES (?1, ?2, ?3, ?4, 0, ?5)",
            params![user.name, user.name_key, user.role.as_str(), user.password_hash, user.created.0],
        )?;
        Ok(UserId(self.last_insert_id()))
    }

    /// Sets or removes a user's password; earlier logins and sessions end.
    pub fn set_password_hash(&self, user: UserId, hash: Option<&str>) -> Result<(), CatalogError> {
        self.delete_sessions_of(user)?;
        self.execute(
            "UPDATE users SET password_hash = ?2, epoch = epoch + 1 WHERE id = ?1",
            params![user.0, hash],
        )
        .map(drop)
    }

    /// Stores the same password with newer parameters, unless it was changed meanwhile.
    pub fn renew_password_hash(&self, user: UserId, old: &str, new: &str) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE users SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2",
            params![user.0, old, new],
        )
        .map(drop)
    }

    /// Changes a user's role.
    pub fn set_role(&self, user: UserId, role: Role) -> Result<(), CatalogError> {
        self.execute("UPDATE users SET role = ?2 WHERE id = ?1", params![user.0, role.as_str()]).map(drop)
    }

    /// Disables a user since a time, or with `None` enables the account; earlier logins and sessions end.
    pub fn set_disabled(&self, user: UserId, since: Option<Timestamp>) -> Result<(), CatalogError> {
        self.delete_sessions_of(user)?;
        self.execute(
            "UPDATE users SET disabled_at = ?2, epoch = epoch + 1 WHERE id = ?1",
            params![user.0, since.map(|at| at.0)],
        )
        .map(drop)
    }

    /// Removes a user with all rows that refer to the account, by the schema's rules: device passwords, sessions,
    /// grants, locks, links and a second factor are removed, uploads lose their owner. Only the name stays, for the
    /// history, at the same cost however long that is; the login name becomes free.
    pub fn remove_user(&self, user: UserId, now: Timestamp) -> Result<(), CatalogError> {
        for Reference { table, column, cascades } in self.connection().references_to("users")? {
            if HISTORY.contains(&(table.as_str(), column.as_str())) {
                continue;
            }
            let sql = match cascades {
                true => format!("DELETE FROM {table} WHERE {column} = ?1"),
                false => format!("UPDATE {table} SET {column} = NULL WHERE {column} = ?1"),
            };
            self.execute(&sql, [user.0])?;
        }
        // Login names contain no slash.
        self.execute(
            "UPDATE users SET removed_at = ?2, disabled_at = coalesce(disabled_at, ?2), password_hash = NULL,
                 epoch = epoch + 1, name_key = '/' || id WHERE id = ?1",
            params![user.0, now.0],
        )
        .map(drop)
    }

    /// Adds a device password.
    pub fn insert_app_password(&self, new: &NewAppPassword<'_>) -> Result<AppPasswordId, CatalogError> {
        self.execute(
            "INSERT INTO app_passwords (user_id, label, token_hmac, created_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![new.user.0, new.label, new.token_hmac, new.created.0, new.expires.map(|at| at.0)],
        )?;
        Ok(AppPasswordId(self.last_insert_id()))
    }

    /// Records a login with a device password.
    pub fn touch_app_password(&self, id: AppPasswordId, used: Timestamp) -> Result<(), CatalogError> {
        self.execute("UPDATE app_passwords SET last_used_at = ?2 WHERE id = ?1", params![id.0, used.0])
            .map(drop)
    }

    /// Removes a user's device password and ends earlier logins; false if there is none with this id.
    pub fn delete_app_password(&self, user: UserId, id: AppPasswordId) -> Result<bool, CatalogError> {
        let sql = "DELETE FROM app_passwords WHERE id = ?1 AND user_id = ?2";
        let deleted = self.execute(sql, [id.0, user.0])? > 0;
        self.execute("UPDATE users SET epoch = epoch + 1 WHERE id = ?1", [user.0])?;
        Ok(deleted)
    }

    /// Grants a right, replacing an earlier one in the same space.
    pub fn put_grant(&self, grant: &GrantRow) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO grants (user_id, space_id, \"right\", releases, hold_ms) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (user_id, space_id)
                 DO UPDATE SET \"right\" = excluded.\"right\", releases = excluded.releases, hold_ms = excluded.hold_ms",
            params![
                grant.user.0,
                grant.space.0,
                grant.grant.right.as_str(),
                grant.grant.releases,
                grant.grant.hold.map(millis)
            ],
        )
        .map(drop)
    }

    /// Removes a user's right to a space; false if there was none.
    pub fn delete_grant(&self, user: UserId, space: SpaceId) -> Result<bool, CatalogError> {
        let sql = "DELETE FROM grants WHERE user_id = ?1 AND space_id = ?2";
        Ok(self.execute(sql, params![user.0, space.0])? > 0)
    }
}
