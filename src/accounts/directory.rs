//! Users and grants as a snapshot in memory, so that a request needs no read per check.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::Principal;
use super::name::UserName;
use super::rights::{self, Standing};
use super::verified::AccountState;
use crate::catalog::{Catalog, CatalogError, ContactRow, ReadTx, UserRow};
use crate::model::{Access, LinkGrant, Office, Right, SpaceGrant, SpaceId, UserId};

/// Loads the snapshot on demand, if it was invalidated since the last load.
pub(super) struct Directory {
    catalog: Catalog,
    generation: AtomicU64,
    latest: RwLock<Option<(u64, Arc<Snapshot>)>>,
    loading: tokio::sync::Mutex<()>,
}

/// All users, grants and the office at one moment.
pub(super) struct Snapshot {
    users: HashMap<UserId, UserRow>,
    ids: HashMap<String, UserId>,
    grants: HashMap<UserId, BTreeMap<SpaceId, SpaceGrant>>,
    office: Arc<Office>,
    contacts: HashMap<UserId, ContactRow>,
}

impl Directory {
    pub(super) fn new(catalog: Catalog) -> Self {
        Self {
            catalog,
            generation: AtomicU64::new(0),
            latest: RwLock::new(None),
            loading: tokio::sync::Mutex::new(()),
        }
    }

    /// A snapshot that includes every change made before [`Self::invalidate`] was called.
    pub(super) async fn current(&self) -> Result<Arc<Snapshot>, CatalogError> {
        if let Some(snapshot) = self.fresh() {
            return Ok(snapshot);
        }
        // One load serves all callers that wait for it.
        let _turn = self.loading.lock().await;
        if let Some(snapshot) = self.fresh() {
            return Ok(snapshot);
        }
        // Read the number first: a snapshot may then count as older than it is, never as newer.
        let generation = self.generation.load(Ordering::SeqCst);
        let snapshot = Arc::new(self.catalog.read(Snapshot::load).await?);
        let mut latest = self.latest.write().unwrap_or_else(PoisonError::into_inner);
        *latest = Some((generation, Arc::clone(&snapshot)));
        Ok(snapshot)
    }

    /// Call it after a change is durable and before it is acknowledged.
    pub(super) fn invalidate(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// The last snapshot, which may be older than the last change.
    pub(super) fn latest(&self) -> Option<Arc<Snapshot>> {
        let latest = self.latest.read().unwrap_or_else(PoisonError::into_inner);
        latest.as_ref().map(|(_, snapshot)| Arc::clone(snapshot))
    }

    fn fresh(&self) -> Option<Arc<Snapshot>> {
        let latest = self.latest.read().unwrap_or_else(PoisonError::into_inner);
        let (generation, snapshot) = latest.as_ref()?;
        (*generation == self.generation.load(Ordering::SeqCst)).then(|| Arc::clone(snapshot))
    }
}

impl Snapshot {
    fn load(tx: &ReadTx<'_>) -> Result<Self, CatalogError> {
        let mut grants: HashMap<UserId, BTreeMap<SpaceId, SpaceGrant>> = HashMap::new();
        for grant in tx.grants()? {
            grants.entry(grant.user).or_default().insert(grant.space, grant.grant);
        }
        let users = tx.users()?;
        Ok(Self {
            ids: users.iter().map(|user| (user.name_key.clone(), user.id)).collect(),
            users: users.into_iter().map(|user| (user.id, user)).collect(),
            grants,
            office: Arc::new(tx.office()?),
            contacts: tx.contacts()?.into_iter().map(|contact| (contact.user, contact)).collect(),
        })
    }

    pub(super) fn office(&self) -> Arc<Office> {
        Arc::clone(&self.office)
    }

    /// How a person is reached whose account is enabled.
    pub(super) fn contact(&self, user: UserId) -> Option<&ContactRow> {
        self.users.get(&user).filter(|row| standing(row) == Standing::Enabled)?;
        self.contacts.get(&user)
    }

    /// How a person is reached, also one whose account is disabled.
    pub(super) fn any_contact(&self, user: UserId) -> Option<&ContactRow> {
        self.contacts.get(&user)
    }

    pub(super) fn user_by_name(&self, name_key: &str) -> Option<&UserRow> {
        self.users.get(self.ids.get(name_key)?)
    }

    pub(super) fn access(&self, user: UserId, space: SpaceId) -> Option<Access> {
        let row = self.users.get(&user)?;
        let grant = self.grants.get(&user).and_then(|spaces| spaces.get(&space));
        rights::access((user, row.role, standing(row)), space, grant.copied())
    }

    pub(super) fn guest_access(&self, creator: UserId, space: SpaceId, grant: LinkGrant) -> Option<Access> {
        let right = self.access(creator, space).map(|access| access.right());
        rights::guest_access(space, right, grant)
    }

    pub(super) fn name_of(&self, user: UserId) -> Option<UserName> {
        self.users.get(&user).map(|row| UserName::from_stored(&row.name))
    }

    /// The user as a principal who gave the account's own password, if the account exists and may log in.
    pub(super) fn principal(&self, user: UserId) -> Option<Principal> {
        let row = self.users.get(&user).filter(|row| standing(row) == Standing::Enabled)?;
        Some(Principal {
            user,
            name: UserName::from_stored(&row.name),
            role: row.role,
            via_app_password: None,
        })
    }

    pub(super) fn spaces_of(&self, user: UserId) -> Vec<Access> {
        let granted = self.grants.get(&user).into_iter().flat_map(BTreeMap::keys);
        granted.filter_map(|space| self.access(user, *space)).collect()
    }

    pub(super) fn readers_of(&self, space: SpaceId) -> Vec<(UserId, UserName)> {
        let reads = |user: &UserId| {
            self.access(*user, space).is_some_and(|access| access.require(Right::Read).is_ok())
        };
        let readers = self.users.iter().filter(|(user, _)| reads(user));
        let mut readers: Vec<_> =
            readers.map(|(user, row)| (*user, UserName::from_stored(&row.name))).collect();
        readers.sort_by_key(|(_, name)| name.key());
        readers
    }

    pub(super) fn may_administer(&self, user: UserId) -> bool {
        self.users.get(&user).is_some_and(|row| rights::may_administer(row.role, standing(row)))
    }
}

pub(super) fn standing(user: &UserRow) -> Standing {
    if user.disabled.is_none() { Standing::Enabled } else { Standing::Disabled }
}

pub(super) fn state(user: &UserRow) -> AccountState {
    AccountState { user: user.id, epoch: user.epoch }
}
