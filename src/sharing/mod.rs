//! Links for people without an account: users of the office create, change and end them, guests open them.
//!
//! [`Sharing`] is the room's front. `issue.rs` has the operations of users, `visit.rs` those of guests, `hand_in/` what
//! guests hand in, `place.rs` where the files of those lie who work in a folder, `download/` what they fetch from links that count it, `request/` what the office asks for, `signed.rs`
//! receipts as people hold them, `token.rs` the format of tokens. `accounts` decides what a guest may do, from the present right of the link's creator; the
//! resulting [`Access`](crate::model::Access) begins at the linked entry, and `library` never shows anything above
//! or beside it.

mod code;
mod download;
mod hand_in;
mod issue;
mod link;
mod pace;
mod place;
mod request;
mod signed;
mod token;
mod visit;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::Mutex;

use self::code::Codes;
use self::pace::Pace;
use crate::accounts::{Accounts, Network};
use crate::catalog::Catalog;
use crate::library::Library;
use crate::model::{LinkId, OfficeHours};
use crate::proof::Signer;

pub use crate::catalog::LinkUse;
pub use code::CodeMail;
pub use download::{Download, DownloadError, DownloadReceipt, Fetched, FetchedFile, LEASE, Tally};
pub use hand_in::{
    BegunFile, Finished, HandIn, HandInError, HandInFile, HandInFileState, HandInPlace, Handed,
    MAX_HAND_IN_FILES, PlacedFile, Receipt, ReceiptFile, RefusedFile, SentBy, SentFile, WITHDRAWN_WITHIN,
};
pub use issue::{LinkError, NewLink};
pub use link::{Expiry, LINK_LIFETIME, Link, LinkChange, LinkLimits, Shared};
pub use request::{
    ADDRESS_SHOWN_FOR, Asked, AskedItem, AskedOfAccount, Comment, DEFAULT_NAMING, HandedOut, ItemShown,
    Judgement, MAX_ASKED, MAX_HANDOUT_BYTES, MAX_HELP, MAX_ITEMS, MAX_NAMING, MAX_NOTE, MAX_PAGE, MAX_PERSON,
    MAX_REASON, MAX_RECIPIENT_NAME, MAX_RECIPIENTS, MAX_TEMPLATE_BYTES, MAX_TEMPLATE_NAME, MAX_TITLE,
    MAX_TOGETHER, Naming, NamingError, NewRequest, Recipient, RecipientShown, RequestError, RequestFile,
    RequestHead, RequestItem, RequestLine, RequestLines, RequestPage, RequestShown, RequestsAsked,
    RequestsOf, Template, TemplateError, TemplateItem, TemplatePart, WantedRecipient, invited,
    is_document_to_hand_out, may_be_handed_out, next_year, refused, reminded,
};
pub use signed::{NotProven, Signed};
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
    /// Signs receipts.
    signer: Arc<Signer>,
    /// Scheme and host of the server, for addresses of links.
    origin: OnceLock<Arc<str>>,
    /// When planned reminders are sent; `None` if no mails are.
    office_hours: OnceLock<Option<OfficeHours>>,
    /// Codes that open links.
    codes: Codes,
    /// Hand-ins that networks began through links.
    begun: Pace<(LinkId, Network)>,
    /// Answers to items of requests through links.
    answers: Pace<LinkId>,
    /// Held while a hand-in gets its folder.
    making_folders: Mutex<()>,
    /// Whether users of the role `client` may make and change links.
    clients_may: AtomicBool,
}

impl Sharing {
    /// Opens the room over an open instance.
    pub fn new(
        catalog: Catalog,
        library: Library,
        accounts: Accounts,
        keys: LinkKeys,
        signer: Arc<Signer>,
    ) -> Self {
        let inner = Inner {
            catalog,
            library,
            accounts,
            keys,
            signer,
            origin: OnceLock::new(),
            office_hours: OnceLock::new(),
            codes: Codes::default(),
            begun: Pace::default(),
            answers: Pace::default(),
            making_folders: Mutex::default(),
            clients_may: AtomicBool::new(false),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Sets whether users of the role `client` may make and change links; initially they may not.
    pub fn allow_clients(&self, may: bool) {
        self.inner.clients_may.store(may, Ordering::Relaxed);
    }

    /// Scheme and host of the server for addresses of links; empty if no server runs.
    pub fn origin(&self) -> Arc<str> {
        self.inner.origin.get().cloned().unwrap_or_default()
    }

    /// Sets scheme and host of the server, once.
    pub fn set_origin(&self, origin: &str) {
        let _ = self.inner.origin.set(Arc::from(origin));
    }
}
