//! An office with a space, some files and people, without a server.

use std::ops::Deref;
use std::sync::Arc;

use secrecy::SecretString;
use tresor::accounts::{Accounts, AppPasswordKey, Principal, SessionKey, UserName};
use tresor::library::{Change, LibraryError};
use tresor::model::{Access, Actor, LinkRight, LinkTerms, Right, Role, Stamp, Timestamp};
use tresor::proof::Signer;
use tresor::sharing::{
    Expiry, GuestKey, LinkError, LinkKeys, NewLink, SentBy, Shared, Sharing, Visit, VisitError,
};
use zeroize::Zeroizing;

use crate::library::store::Store;
pub use crate::library::store::{DAY, NOW, path};

pub const HOUR: i64 = 3_600_000;
pub const PEER: &str = "192.0.2.7";

pub struct Office {
    store: Store,
    pub accounts: Accounts,
    pub sharing: Sharing,
    /// May manage the space.
    pub anna: Principal,
    /// May write.
    pub bert: Principal,
    /// May read.
    pub carla: Principal,
}

impl Deref for Office {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

pub fn at(millis: i64) -> Timestamp {
    Timestamp(NOW.0 + millis)
}

pub fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

fn join(store: &Store) -> (Accounts, Sharing) {
    let (catalog, keys) = (&store.catalog, &store.keys);
    let app_passwords = AppPasswordKey::new(Zeroizing::new(*keys.token_key().expose()));
    let sessions = SessionKey::new(Zeroizing::new(*keys.session_key().expose()));
    let accounts = Accounts::new(catalog.clone(), app_passwords, sessions);
    let links = LinkKeys::new(
        Zeroizing::new(*keys.link_token_key().expose()),
        Zeroizing::new(*keys.link_lookup_key().expose()),
        Zeroizing::new(*keys.link_pass_key().expose()),
    );
    let signer = Arc::new(Signer::new("tresor-test".to_owned(), &Zeroizing::new([4; 32])));
    let sharing = Sharing::new(catalog.clone(), store.library.clone(), accounts.clone(), links, signer);
    (accounts, sharing)
}

impl Office {
    /// `folder/` with `a.txt`, `sub/b.txt`; `outside.txt` and `other/` beside it.
    pub async fn open() -> Self {
        let store = Store::new().await;
        let (accounts, sharing) = join(&store);
        let add = async |text: &str, right| {
            let name = UserName::parse(text).unwrap();
            let user = accounts.add_user(&name, Role::Staff, None, Stamp::owner(NOW)).await.unwrap();
            accounts.grant(user, store.space.id, right, Stamp::owner(NOW)).await.unwrap();
            Principal { user, name, role: Role::Staff, via_app_password: None }
        };
        let anna = add("anna", Right::Manage).await;
        let bert = add("bert", Right::Write).await;
        let carla = add("carla", Right::Read).await;
        let office = Self { store, accounts, sharing, anna, bert, carla };
        for folder in ["folder", "folder/sub", "other"] {
            office.library.make_folder(office.change(), &path(folder)).await.unwrap();
        }
        for file in ["folder/a.txt", "folder/sub/b.txt", "other/c.txt", "outside.txt"] {
            office.put_by(office.change(), file, file.as_bytes()).await.unwrap();
        }
        office
    }

    /// The same directory in another run of the program.
    pub async fn reopen(self) -> Self {
        let store = self.store.reopen().await;
        let (accounts, sharing) = join(&store);
        Self { store, accounts, sharing, ..self }
    }

    pub async fn access_of(&self, who: &Principal) -> Access {
        self.accounts.access(who, self.space.id).await.unwrap().unwrap()
    }

    /// A change by anna.
    pub fn change(&self) -> Change {
        Change { actor: Actor::user(self.anna.user), ..self.store.change() }
    }

    pub fn guest_change(&self, visit: &Visit) -> Change {
        Change { access: visit.access, actor: visit.actor(), ..self.change() }
    }

    pub async fn read(&self, access: &Access, at: &str) -> Result<String, LibraryError> {
        Ok(String::from_utf8(self.read_from(access, at, None).await?).unwrap())
    }

    pub async fn wanted(&self, who: &Principal, at: &str, right: LinkRight) -> NewLink {
        NewLink {
            access: self.access_of(who).await,
            path: path(at),
            right,
            expires: Expiry::Usual,
            password: None,
            label: String::new(),
            note: String::new(),
            hide_download: false,
            terms: LinkTerms::default(),
        }
    }

    /// A link of bert's.
    pub async fn link(&self, at: &str, right: LinkRight) -> Shared {
        let new = self.wanted(&self.bert, at, right).await;
        self.sharing.create(&self.bert, new, NOW).await.unwrap()
    }

    pub async fn link_with_password(&self, at: &str, password: &str) -> Result<Shared, LinkError> {
        let new = self.wanted(&self.bert, at, LinkRight::Read).await;
        self.sharing.create(&self.bert, NewLink { password: Some(secret(password)), ..new }, NOW).await
    }

    pub async fn visit(&self, link: &Shared) -> Result<Visit, VisitError> {
        self.visit_at(link, GuestKey::None, NOW).await
    }

    pub async fn visit_at(
        &self,
        link: &Shared,
        key: GuestKey<'_>,
        now: Timestamp,
    ) -> Result<Visit, VisitError> {
        self.sharing.open(link.link.token(), key, PEER.parse().unwrap(), now).await
    }
}

/// A person without an account at this browser.
pub fn by<'a>(browser: &'a str, name: &'a str) -> SentBy<'a> {
    SentBy { browser, name, peer: PEER.parse().unwrap() }
}
