//! The office's identity.

use std::time::Duration;

use super::row::params;
use super::{CatalogError, ReadTx, WriteTx};
use crate::model::{Logo, Office, Zone};

impl ReadTx<'_> {
    /// The office's identity. A zone that this machine does not know is the system's.
    pub fn office(&self) -> Result<Office, CatalogError> {
        let sql =
            "SELECT name, contact, phone, mail, web, imprint, privacy, privacy_version, accessibility, zone,
                 lock_seconds, logo
             FROM office WHERE id = 1";
        let found = self.one(sql, [], |row| {
            let own_zone = row.get::<Option<String>>(9)?.and_then(|name| Zone::parse(&name).ok());
            Ok(Office {
                name: row.get(0)?,
                contact: row.get(1)?,
                phone: row.get(2)?,
                mail: row.get(3)?,
                web: row.get(4)?,
                imprint: row.get(5)?,
                privacy: row.get(6)?,
                privacy_version: row.get(7)?,
                accessibility: row.get(8)?,
                zone: own_zone.clone().unwrap_or_else(Zone::of_system),
                own_zone,
                lock_after: Some(Duration::from_secs(row.get(10)?)).filter(|time| !time.is_zero()),
                logo: row.get::<Option<Vec<u8>>>(11)?.and_then(|bytes| Logo::parse(&bytes).ok()),
            })
        })?;
        Ok(found.unwrap_or_else(|| Office::unknown(Zone::of_system())))
    }
}

impl WriteTx<'_> {
    /// Stores the office's identity, replacing an earlier one.
    pub fn put_office(&self, office: &Office) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO office (id, name, contact, phone, mail, web, imprint, privacy, privacy_version, accessibility,
                 zone, lock_seconds, logo)
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT (id) DO UPDATE SET name = ?1, contact = ?2, phone = ?3, mail = ?4, web = ?5, imprint = ?6,
                 privacy = ?7, privacy_version = ?8, accessibility = ?9, zone = ?10, lock_seconds = ?11, logo = ?12",
            params![
                office.name,
                office.contact,
                office.phone,
                office.mail,
                office.web,
                office.imprint,
                office.privacy,
                office.privacy_version,
                office.accessibility,
                office.own_zone.as_ref().map(Zone::name),
                office.lock_after.unwrap_or_default().as_secs(),
                office.logo.as_ref().map(Logo::bytes)
            ],
        )
        .map(drop)
    }
}
