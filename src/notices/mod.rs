//! Notices by mail: which events are news, to whom, and that each mail is sent once.
//!
//! ```text
//! events ──gather──> news (one for each event and recipient) ──bundle──> notices (one mail each) ──send──> mail server
//!                    with the position in the same transaction           state is read here
//! ```
//!
//! Killed anywhere, it goes on from the rows in the catalogue: an event is read again, or a mail sent again with the same
//! Message-ID. What mail servers report about it later comes back to `bounce`. Whether something is still true, and whether the recipient may know it, is decided when the mail is sent.
//! `sharing` knows the recipients of requests and their pages.

mod bounce;
mod bundle;
mod codes;
mod compose;
mod error;
mod gather;
mod pace;
mod post;
mod send;
mod table;

use std::sync::Arc;

use crate::accounts::Accounts;
use crate::catalog::{Catalog, NoticeRow};
use crate::model::{NoticeId, NoticeState, Recipient, Timestamp};
use crate::sharing::Sharing;

use bounce::Reports;

pub use bounce::{BounceKey, Returned};
pub use error::NoticesError;
pub use pace::Pace;
pub use post::{MailSettings, MailTls, PostError, probe};
pub use send::Sent;

/// Pace of news of arrivals, unless it is set otherwise: quiet for 10 minutes, and at most one mail an hour.
pub const DEFAULT_PACE: Pace =
    Pace { quiet: std::time::Duration::from_mins(10), apart: std::time::Duration::from_hours(1) };
/// Time for which mails that ended are kept, to be looked at.
const KEPT_FOR: std::time::Duration = std::time::Duration::from_hours(90 * 24);
/// Time for which a mail that could not be delivered is a warning.
const WARNED_FOR: std::time::Duration = std::time::Duration::from_hours(7 * 24);
/// Most notices of one answer.
const MAX_SHOWN: usize = 1_000;

/// The notices of an instance. Cheap to clone.
#[derive(Clone)]
pub struct Notices {
    catalog: Catalog,
    accounts: Accounts,
    /// Knows the pages of recipients of requests.
    sharing: Sharing,
    /// Part of each Message-ID.
    instance: Arc<str>,
    settings: Option<Arc<MailSettings>>,
    /// Makes the addresses to which reports about mails come back.
    bounce_key: Arc<BounceKey>,
    reports: Arc<Reports>,
}

/// A mail, with the name of its recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The mail.
    pub row: NoticeRow,
    /// Name of the account, or the address of a recipient of a request.
    pub to: String,
}

impl Notices {
    /// The notices of an instance of this id; none are sent before [`Self::with`].
    pub fn new(
        catalog: Catalog,
        accounts: Accounts,
        sharing: Sharing,
        instance: &str,
        bounce_key: BounceKey,
    ) -> Self {
        let (instance, bounce_key) = (instance.into(), Arc::new(bounce_key));
        Self { catalog, accounts, sharing, instance, settings: None, bounce_key, reports: Arc::default() }
    }

    /// Sends them by this mail server.
    #[must_use]
    pub fn with(self, settings: Option<Arc<MailSettings>>) -> Self {
        Self { settings, ..self }
    }

    /// Whether a mail server is set up.
    pub fn are_on(&self) -> bool {
        self.settings.is_some()
    }

    /// The pace of news of arrivals.
    fn pace(&self) -> Pace {
        self.settings.as_ref().map_or(DEFAULT_PACE, |settings| settings.pace)
    }

    /// The latest mails, latest first.
    pub async fn list(&self) -> Result<Vec<Notice>, NoticesError> {
        let rows = self.catalog.read(|tx| Ok::<_, NoticesError>(tx.notices(MAX_SHOWN)?)).await?;
        let mut notices = Vec::with_capacity(rows.len());
        for row in rows {
            notices.push(self.named(row).await?);
        }
        Ok(notices)
    }

    /// A mail.
    ///
    /// Errors: `NoSuchNotice`.
    pub async fn show(&self, id: NoticeId) -> Result<Notice, NoticesError> {
        let row = self.catalog.read(move |tx| Ok::<_, NoticesError>(tx.notice(id)?)).await?;
        self.named(row.ok_or(NoticesError::NoSuchNotice)?).await
    }

    async fn named(&self, row: NoticeRow) -> Result<Notice, NoticesError> {
        let to = match &row.recipient {
            Recipient::User(user) => self.accounts.name_of(*user).await?.map(|name| name.as_str().to_owned()),
            Recipient::Asked(id) => {
                let id = *id;
                let found = self.catalog.read(move |tx| tx.recipient(id)).await?;
                found.map(|recipient| recipient.mail)
            }
        };
        Ok(Notice { row, to: to.unwrap_or_default() })
    }

    /// Number of mails that could lately not be delivered.
    pub async fn undelivered(&self, now: Timestamp) -> Result<u64, NoticesError> {
        let since = now.before(WARNED_FOR);
        let count = self.catalog.read(move |tx| {
            let ended = |state| tx.notices_ended(state, since);
            Ok::<_, NoticesError>(ended(NoticeState::Failed)? + ended(NoticeState::Bounced)?)
        });
        count.await
    }
}
