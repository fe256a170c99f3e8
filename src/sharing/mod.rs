//! Links for people without an account: made, changed and ended by people of the office, opened by guests.
//!
//! [`Sharing`] is the room's front. `issue.rs` is what owners of links do, `visit.rs` what guests do, `token.rs`
//! how a link is named. What a guest may do is decided by `accounts`, from the right of whoever made the link at
//! that moment; the [`Access`](crate::model::Access) that comes of it begins at the linked entry, and `library`
//! names nothing above or beside it.

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
    /// The front over an open instance.
    pub fn new(catalog: Catalog, library: Library, accounts: Accounts, keys: LinkKeys) -> Self {
        Self {
            inner: Arc::new(Inner { catalog, library, accounts, keys, clients_may: AtomicBool::new(false) }),
        }
    }

    /// Whether users of the role `client` may make and change links from now on; before the first call they may not.
    pub fn allow_clients(&self, may: bool) {
        self.inner.clients_may.store(may, Ordering::Relaxed);
    }
}
