//! An office with a space, some files and people, without a server.

use std::fs;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;
use tresor::accounts::{Accounts, AppPasswordKey, Principal, UserName};
use tresor::catalog::{Catalog, CatalogKey};
use tresor::library::{Change, Library, LibraryError, NewFile, PutOutcome, Space, SpaceSettings};
use tresor::model::{
    Access, Actor, ByteRange, Conditions, EntryName, EntryPath, LinkRight, NamePolicy, Right, Role,
    SpaceKind, Stamp, Timestamp, UserId,
};
use tresor::sharing::{Expiry, GuestKey, LinkError, LinkKeys, NewLink, Shared, Sharing, Visit, VisitError};
use tresor::uploads::Uploads;
use tresor::vault::disk::{LocalDisk, Storage};
use tresor::vault::keys::{KeyRing, Unlock, generate_recovery};
use zeroize::Zeroizing;

pub const NOW: Timestamp = Timestamp(1_800_000_000_000);
pub const HOUR: i64 = 3_600_000;
pub const DAY: i64 = 24 * HOUR;
pub const PEER: &str = "192.0.2.7";

pub struct Office {
    pub dir: TempDir,
    pub catalog: Catalog,
    pub keys: Arc<KeyRing>,
    pub library: Library,
    pub uploads: Uploads,
    pub accounts: Accounts,
    pub sharing: Sharing,
    pub space: Space,
    /// May manage the space.
    pub anna: Principal,
    /// May write.
    pub bert: Principal,
    /// May read.
    pub carla: Principal,
}

pub fn path(text: &str) -> EntryPath {
    EntryPath::parse(text).unwrap()
}

pub fn at(millis: i64) -> Timestamp {
    Timestamp(NOW.0 + millis)
}

pub fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

fn join(catalog: &Catalog, keys: &KeyRing, library: &Library) -> (Accounts, Sharing) {
    let app_passwords = AppPasswordKey::new(Zeroizing::new(*keys.token_key().expose()));
    let accounts = Accounts::new(catalog.clone(), app_passwords);
    let links = LinkKeys::new(
        Zeroizing::new(*keys.link_token_key().expose()),
        Zeroizing::new(*keys.link_lookup_key().expose()),
        Zeroizing::new(*keys.link_pass_key().expose()),
    );
    let sharing = Sharing::new(catalog.clone(), library.clone(), accounts.clone(), links);
    (accounts, sharing)
}

impl Office {
    /// `folder/` with `a.txt`, `sub/b.txt`; `outside.txt` and `other/` beside it.
    pub async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("catalog")).unwrap();
        let identity = age::x25519::Identity::generate().to_string();
        let unlock = Unlock::KeyFile(secret(identity.expose_secret()));
        let disk = Arc::new(LocalDisk::new(dir.path()));
        let (_, recovery) = generate_recovery();
        let keys = Arc::new(KeyRing::create(disk.clone(), &unlock, &recovery).unwrap());
        let key = CatalogKey::new(*keys.catalogue_key().expose());
        let catalog = Catalog::create(&dir.path().join("catalog/catalog.db"), &key).unwrap();
        let library = Library::open(catalog.clone(), Storage::of(disk), Arc::clone(&keys), NamePolicy::Any)
            .await
            .unwrap();
        let (accounts, sharing) = join(&catalog, &keys, &library);
        let name = EntryName::parse("Mandant").unwrap();
        let space = library
            .add_space(&name, SpaceKind::Client, SpaceSettings::default(), Stamp::owner(NOW))
            .await
            .unwrap();
        let add = async |text: &str, right| {
            let name = UserName::parse(text).unwrap();
            let user = accounts.add_user(&name, Role::Staff, None, Stamp::owner(NOW)).await.unwrap();
            accounts.grant(user, space.id, right, Stamp::owner(NOW)).await.unwrap();
            Principal { user, name, role: Role::Staff, via_app_password: None }
        };
        let anna = add("anna", Right::Manage).await;
        let bert = add("bert", Right::Write).await;
        let carla = add("carla", Right::Read).await;
        let uploads = Uploads::new(library.clone());
        let office =
            Self { dir, catalog, keys, library, uploads, accounts, sharing, space, anna, bert, carla };
        for folder in ["folder", "folder/sub", "other"] {
            office.library.make_folder(office.change(), &path(folder)).await.unwrap();
        }
        for file in ["folder/a.txt", "folder/sub/b.txt", "other/c.txt", "outside.txt"] {
            office.put(office.change(), file, file.as_bytes()).await.unwrap();
        }
        office
    }

    /// The same directory in another run of the program.
    pub async fn reopen(self) -> Self {
        let Self { dir, catalog, keys, space, anna, bert, carla, .. } = self;
        catalog.close();
        let disk = Arc::new(LocalDisk::new(dir.path()));
        let key = CatalogKey::new(*keys.catalogue_key().expose());
        let catalog = Catalog::open(&dir.path().join("catalog/catalog.db"), &key).unwrap();
        let library = Library::open(catalog.clone(), Storage::of(disk), Arc::clone(&keys), NamePolicy::Any)
            .await
            .unwrap();
        let (accounts, sharing) = join(&catalog, &keys, &library);
        let uploads = Uploads::new(library.clone());
        Self { dir, catalog, keys, library, uploads, accounts, sharing, space, anna, bert, carla }
    }

    pub async fn access_of(&self, who: &Principal) -> Access {
        self.accounts.access(who, self.space.id).await.unwrap().unwrap()
    }

    /// A change by whoever manages the space.
    pub fn change(&self) -> Change {
        let access = Access::granted(self.space.id, Right::Manage, UserId(1));
        Change { access, actor: Actor::user(self.anna.user), now: NOW, conditions: Conditions::default() }
    }

    pub fn guest_change(&self, visit: &Visit) -> Change {
        Change { access: visit.access, actor: visit.actor(), ..self.change() }
    }

    pub async fn put(&self, change: Change, at: &str, bytes: &[u8]) -> Result<PutOutcome, LibraryError> {
        let now = change.now;
        let size = Some(bytes.len() as u64);
        let file = NewFile { path: path(at), size, modified: None, checksum: None };
        let mut session = self.library.begin_put(change, file).await?;
        session.write(bytes.to_vec().into()).await?;
        session.commit(now).await
    }

    pub async fn read(&self, access: &Access, at: &str) -> Result<String, LibraryError> {
        let mut content = self.library.open_content(access, &path(at), None, |_| None).await?;
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < content.size {
            let range = ByteRange::new(bytes.len() as u64, content.size).unwrap();
            for piece in content.read(range).await? {
                bytes.extend_from_slice(&piece);
            }
        }
        Ok(String::from_utf8(bytes).unwrap())
    }

    /// Names in a folder of the whole space.
    pub async fn names(&self, folder: &str) -> Vec<String> {
        let access = Access::granted(self.space.id, Right::Manage, UserId(1));
        let folder = self.library.find(&access, &path(folder)).await.unwrap();
        let listing = self.library.list(&access, folder.id, None, NOW).await.unwrap();
        listing.members.into_iter().map(|member| member.entry.name).collect()
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
