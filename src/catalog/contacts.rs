//! Addresses of people, and which notices they want.

use super::row::{Row, params};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{NoticeWish, Timestamp, UserId};

/// How a person is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactRow {
    /// The person.
    pub user: UserId,
    /// Address for mails; empty for none.
    pub mail: String,
    /// Tag of the language.
    pub language: String,
    /// The notices wanted.
    pub notices: NoticeWish,
    /// The person who gets them in this one's place, and the time from which that ends.
    pub substitute: Option<(UserId, Timestamp)>,
}

impl ContactRow {
    /// A person of whom nothing is known.
    pub fn unknown(user: UserId) -> Self {
        Self {
            user,
            mail: String::new(),
            language: "de".to_owned(),
            notices: NoticeWish::On,
            substitute: None,
        }
    }
}

const COLUMNS: &str = "user_id, mail, language, notices, substitute_id, substitute_until";

fn contact_row(row: &Row<'_>) -> Result<ContactRow, DatabaseError> {
    let wish: String = row.get(3)?;
    let substitute = row.get::<Option<i64>>(4)?.map(UserId);
    let until = row.get::<Option<i64>>(5)?.map(Timestamp);
    Ok(ContactRow {
        user: UserId(row.get(0)?),
        mail: row.get(1)?,
        language: row.get(2)?,
        // A newer program's wish: better none than too many.
        notices: NoticeWish::from_word(&wish).unwrap_or(NoticeWish::Off),
        substitute: substitute.zip(until),
    })
}

impl ReadTx<'_> {
    /// All known contact data.
    pub fn contacts(&self) -> Result<Vec<ContactRow>, CatalogError> {
        self.all(&format!("SELECT {COLUMNS} FROM contacts ORDER BY user_id"), [], contact_row)
    }

    /// How a person is reached.
    pub fn contact(&self, user: UserId) -> Result<Option<ContactRow>, CatalogError> {
        self.one(&format!("SELECT {COLUMNS} FROM contacts WHERE user_id = ?1"), [user.0], contact_row)
    }
}

impl WriteTx<'_> {
    /// Stores or replaces a person's contact data.
    pub fn put_contact(&self, contact: &ContactRow) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO contacts (user_id, mail, language, notices, substitute_id, substitute_until)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (user_id) DO UPDATE SET mail = excluded.mail, language = excluded.language,
                 notices = excluded.notices, substitute_id = excluded.substitute_id,
                 substitute_until = excluded.substitute_until",
            params![
                contact.user.0,
                contact.mail,
                contact.language,
                contact.notices.as_str(),
                contact.substitute.map(|(user, _)| user.0),
                contact.substitute.map(|(_, until)| until.0)
            ],
        )
        .map(drop)
    }
}
