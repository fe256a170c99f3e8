//! Authentication and rights: users, passwords, device passwords, throttling and the one rights check.
//!
//! [`Accounts`] is the room's front. `login.rs` turns a name and a password into a [`Principal`], `directory.rs`
//! answers from a snapshot in memory which spaces that principal may use, `admin.rs` changes both,
//! `device_login.rs` creates device passwords through a browser, `session.rs` keeps a browser signed in to the pages,
//! `passkeys/` signs it in without a password.
//! Every change goes through this room, because it renews the snapshot.

mod actors;
mod admin;
mod app_password;
mod contact;
mod details;
mod device_login;
mod directory;
mod error;
mod link_password;
mod login;
mod login_flow;
mod made_up;
mod name;
mod office;
mod passkeys;
mod password;
mod policy;
mod rights;
mod screen_lock;
mod second_factor;
mod session;
mod throttle;
mod totp;
mod verified;

#[cfg(test)]
mod fixture;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::catalog::{Catalog, CatalogError};
use crate::model::{Access, Actor, AppPasswordId, Role, SpaceId, Stamp, Timestamp, UserId, Via};

pub use crate::catalog::{
    AppPasswordRow, CatalogError as LookupError, ContactRow, GrantRow, PasskeyRow, UserRow,
};
pub use actors::ActorNames;
pub use app_password::{AppPasswordKey, AppToken, Spelled, TokenHash};
pub use contact::{ContactChange, People, parse_address};
pub use details::{OfficeChange, OfficeError};
pub use device_login::{ConsentError, DeviceLogin, device_label};
pub use error::{AccountsError, LabelError};
pub use login::{AuthError, Credentials};
pub use login_flow::{DeviceRequest, DeviceTokens, FlowToken, TooManyDevices};
pub use made_up::random_words;
pub use name::{UserName, UserNameError, login_name};
pub use passkeys::{BeginPasskeyError, NoPasskeys, PasskeyError, PasskeySite};
pub use policy::{MIN_LINK_CHARS, WeakPassword, check_password};
pub use rights::{Standing, decide, may_administer, owner_access};
pub use session::{
    SESSION_IDLE, SESSION_LIFETIME, Session, SessionKey, SessionToken, SignInError, SignedInBrowser,
};
pub use totp::FactorSecret;

use directory::Directory;
use login_flow::LoginFlows;
use passkeys::Passkeys;
use password::PasswordPool;
pub use throttle::Network;
use throttle::{LinkThrottle, Throttle};
use verified::CredentialCache;

/// The users of this instance and their rights. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    inner: Arc<Inner>,
}

struct Inner {
    catalog: Catalog,
    directory: Directory,
    app_password_key: AppPasswordKey,
    session_key: SessionKey,
    passwords: PasswordPool,
    remembered: CredentialCache,
    throttle: Mutex<Throttle>,
    /// Passwords of links that were recently right or wrong.
    link_passwords: CredentialCache,
    link_throttle: Mutex<LinkThrottle>,
    flows: Mutex<LoginFlows>,
    passkeys: Passkeys,
}

/// An authenticated user. Carries no rights: ask [`Accounts::access`], which knows the present role and grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Id of the user.
    pub user: UserId,
    /// The name as an administrator entered it.
    pub name: UserName,
    /// The role at the time of login.
    pub role: Role,
    /// The device password that was used; `None` for the user's own password.
    pub via_app_password: Option<AppPasswordId>,
}

impl Principal {
    /// This user as an actor.
    pub fn actor(&self) -> Actor {
        Actor::User { id: self.user, via: self.via_app_password.map_or(Via::Password, Via::Device) }
    }

    /// A stamp for a change by this user at `at`.
    pub fn stamp(&self, at: Timestamp) -> Stamp {
        Stamp { actor: self.actor(), at }
    }
}

impl Accounts {
    /// Opens the room over an open catalogue.
    pub fn new(catalog: Catalog, app_password_key: AppPasswordKey, session_key: SessionKey) -> Self {
        let inner = Inner {
            directory: Directory::new(catalog.clone()),
            catalog,
            app_password_key,
            session_key,
            passwords: PasswordPool::new(),
            remembered: CredentialCache::new(),
            throttle: Mutex::new(Throttle::new()),
            link_passwords: CredentialCache::new(),
            link_throttle: Mutex::new(LinkThrottle::new()),
            flows: Mutex::default(),
            passkeys: Passkeys::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The user as one who signed in; `None` if the account is gone or may not log in. For requests that the user allowed
    /// before: see [`Self::upload_pass`]. Answers from memory.
    pub async fn principal_of(&self, user: UserId) -> Result<Option<Principal>, CatalogError> {
        Ok(self.inner.directory.current().await?.principal(user))
    }

    /// The proof that the user may use a space, or `None`. Answers from memory.
    pub async fn access(
        &self,
        principal: &Principal,
        space: SpaceId,
    ) -> Result<Option<Access>, CatalogError> {
        Ok(self.inner.directory.current().await?.access(principal.user, space))
    }

    /// The proofs for all spaces that the user may use, ordered by id. Answers from memory.
    pub async fn spaces_of(&self, principal: &Principal) -> Result<Vec<Access>, CatalogError> {
        Ok(self.inner.directory.current().await?.spaces_of(principal.user))
    }

    /// The name of a user; `None` once the account is removed. Answers from memory.
    pub async fn name_of(&self, user: UserId) -> Result<Option<UserName>, CatalogError> {
        Ok(self.inner.directory.current().await?.name_of(user))
    }

    /// The users who may read a space now, by name. Answers from memory.
    pub async fn readers_of(&self, space: SpaceId) -> Result<Vec<(UserId, UserName)>, CatalogError> {
        Ok(self.inner.directory.current().await?.readers_of(space))
    }

    /// Whether the user may change users, spaces and grants now. Answers from memory.
    pub async fn may_administer(&self, principal: &Principal) -> Result<bool, CatalogError> {
        Ok(self.inner.directory.current().await?.may_administer(principal.user))
    }

    /// Invalidates the snapshot. Call it after users, grants or spaces were changed without using this type.
    pub fn forget_snapshot(&self) {
        self.inner.directory.invalidate();
    }

    /// Number of argon2 runs since the start, for metrics.
    pub fn password_runs(&self) -> u64 {
        self.inner.passwords.runs()
    }
}

impl Inner {
    /// The counters are independent of each other, so a panic elsewhere cannot make them inconsistent.
    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn link_throttle(&self) -> MutexGuard<'_, LinkThrottle> {
        self.link_throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
