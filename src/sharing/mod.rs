//! Links for people without an account: users of the office create, change and end them, guests open them.
//!
//! [`Sharing`] is the room's front. `issue.rs` has the operations of users, `visit.rs` those of guests, `token.rs`
//! the format of tokens. `accounts` decides what a guest may do, from the present right of the link's creator; the
//! resulting [`Access`](crate::model::Access) begins at the linked entry, and `library` never shows anything above
//! or beside it.

mod issue;
mod link;
mod token;
mod visit;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::accounts::Accounts;
use crate::catalog::Catalog;
use crate::library::Library;

pub use issue::{LinkError, NewLink};
pub use link::{Expiry, LINK_LIFETIME, Link, LinkChange, Shared};
pub use token::LinkKeys;
pub use visit::{GuestKey, PASS_LIFETIME, Visit, VisitError};

/// The links of this instance. Cheap to clone.
#[derive(Clone)]
pub struct Sharing {
    inner: Arc<Inner>,
}

struct Inner {
    catalog: Catalog,
    library: Library,
    accounts: Accounts,
    keys: LinkKeys,
    /// Whether users of the role `client` may make and change links.
    clients_may: AtomicBool,
}

impl Sharing {
    /// Opens the room over an open instance.
    pub fn new(catalog: Catalog, library: Library, accounts: Accounts, keys: LinkKeys) -> Self {
        Self {
            inner: Arc::new(Inner { catalog, library, accounts, keys, clients_may: AtomicBool::new(false) }),
        }
    }

    /// Sets whether users of the role `client` may make and change links; initially they may not.
    pub fn allow_clients(&self, may: bool) {
        self.inner.clients_may.store(may, Ordering::Relaxed);
    }
}
