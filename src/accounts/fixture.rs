//! A small office for this room's tests.

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use argon2::{Argon2, PasswordHasher};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::{Accounts, AppPasswordKey, AuthError, Credentials, Principal, SessionKey, UserName};
use crate::catalog::{Catalog, CatalogError, CatalogKey, NewSpace};
use crate::model::{EntryName, PdfRule, ReleaseBy, Role, SpaceId, SpaceKind, Stamp, Timestamp, UserId};

pub(super) const NOW: Timestamp = Timestamp(1_760_000_000_000);
pub(super) const HOME: &str = "192.0.2.7";
/// Password of every user who has one.
pub(super) const PASSWORD: &str = "wolke tasse brücke";

/// Computed once, because the tests open dozens of offices.
static HASH: LazyLock<String> =
    LazyLock::new(|| Argon2::default().hash_password(PASSWORD.as_bytes()).unwrap().to_string());

/// An office with an administrator, two staff members, one account without a password, and one space without
/// grants.
pub(super) struct Office {
    pub(super) accounts: Accounts,
    pub(super) catalog: Catalog,
    pub(super) root: UserId,
    pub(super) anna: UserId,
    pub(super) bert: UserId,
    pub(super) space: SpaceId,
    dir: tempfile::TempDir,
}

pub(super) fn later(secs: u64) -> Timestamp {
    NOW.after(Duration::from_secs(secs))
}

pub(super) fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

pub(super) fn name(text: &str) -> UserName {
    UserName::parse(text).unwrap()
}

impl Office {
    pub(super) async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Catalog::create(&dir.path().join("catalog.db"), &CatalogKey::new([7; 32])).unwrap();
        let (devices, sessions) = (Zeroizing::new([9; 32]), Zeroizing::new([8; 32]));
        let keys = (AppPasswordKey::new(devices), SessionKey::new(sessions));
        let accounts = Accounts::new(catalog.clone(), keys.0, keys.1);
        let add =
            async |text, role| accounts.add_user(&name(text), role, None, Stamp::owner(NOW)).await.unwrap();
        let root = add("root", Role::Administrator).await;
        let anna = add("Anna", Role::Staff).await;
        let bert = add("bert", Role::Staff).await;
        add("device", Role::Staff).await;
        for user in [root, anna, bert] {
            let set: Result<(), CatalogError> =
                catalog.write_silent("a test", move |tx| tx.set_password_hash(user, Some(&HASH))).await;
            set.unwrap();
        }
        accounts.forget_snapshot();
        let space = add_space(&catalog).await.unwrap();
        Self { accounts, catalog, root, anna, bert, space, dir }
    }

    pub(super) async fn login(
        &self,
        name: &str,
        password: &str,
        now: Timestamp,
    ) -> Result<Principal, AuthError> {
        self.login_from(HOME, name, password, now).await
    }

    pub(super) async fn login_from(
        &self,
        peer: &str,
        name: &str,
        password: &str,
        now: Timestamp,
    ) -> Result<Principal, AuthError> {
        let credentials = Credentials { name: name.to_owned(), password: secret(password) };
        self.accounts.authenticate(&credentials, peer.parse().unwrap(), now).await
    }

    /// Creates a device password for anna.
    pub(super) async fn app_password(&self, expires: Option<Timestamp>) -> String {
        let made = self.accounts.create_app_password(self.anna, "Laptop", expires, Stamp::owner(NOW)).await;
        made.unwrap().1.reveal().expose_secret().to_owned()
    }

    /// The bytes of every file of the catalogue.
    pub(super) fn files(&self) -> Vec<u8> {
        let paths = std::fs::read_dir(self.dir.path()).unwrap().map(|file| file.unwrap().path());
        let files: Vec<PathBuf> = paths.collect();
        files.iter().flat_map(|path| std::fs::read(path).unwrap()).collect()
    }

    /// The bytes of a copy without encryption.
    pub(super) fn plaintext_dump(&self) -> Vec<u8> {
        let source = self.dir.path().join("catalog.db");
        let target = tempfile::tempdir().unwrap();
        let plain = target.path().join("plain.db");
        let db = rusqlite::Connection::open(source).unwrap();
        let key = "07".repeat(32);
        db.execute_batch(&format!(
            "PRAGMA key = \"x'{key}'\";
             ATTACH DATABASE '{}' AS plain KEY '';
             SELECT sqlcipher_export('plain');
             DETACH DATABASE plain;",
            plain.display()
        ))
        .unwrap();
        std::fs::read(plain).unwrap()
    }

    pub(super) fn holds(bytes: &[u8], word: &[u8]) -> bool {
        bytes.windows(word.len()).any(|window| window == word)
    }
}

async fn add_space(catalog: &Catalog) -> Result<SpaceId, CatalogError> {
    let space = SpaceId::random();
    catalog
        .write_silent("a test", move |tx| {
            let root = tx.reserve_entry_ids(1)?;
            tx.insert_space(&NewSpace {
                id: space,
                name: &EntryName::parse("Mandant").expect("a name"),
                kind: SpaceKind::Client,
                root,
                quota: None,
                history_limit: None,
                version_days: 30,
                trash_days: 30,
                hold: None,
                release_by: ReleaseBy::One,
                pdf: PdfRule::default(),
                mail: None,
                created: NOW,
            })?;
            Ok(space)
        })
        .await
}
