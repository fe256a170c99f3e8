//! Requests: a checklist of documents that the office asks of people without an account, each of whom has a link.
//!
//! ```text
//! make      a request, its items, its recipients and a link for each of them, in one transaction
//! account   recipients with an account see and answer requests after signing in
//! arrive    a file belongs to an item; its transaction looks at the item again, which may be done by then
//! answer    a person says that an item does not apply, or comments on it
//! due       items have days of their own
//! handout   files that the recipients may fetch for an item
//! invite    recipients get the address of their page by mail
//! judge     users of the office accept and reject items, close, reopen and extend the request
//! mails     the recipients that a mail reaches, and the news from which mails are made
//! questions users of the office answer comments
//! remind    reminders become mails, as planned or by hand
//! renew     links of recipients get other addresses
//! tell      what a mail to a recipient says when it is sent
//! ```
//! The state of an item is never set: `model::ItemFacts` derives it from the rows, in the transaction that changes one.

mod account;
mod answer;
mod arrive;
mod due;
mod handout;
mod invite;
mod judge;
mod mails;
mod make;
mod naming;
mod questions;
mod read;
mod remind;
mod renew;
mod seen;
mod tell;
mod template;

use crate::accounts::AccountsError;
use crate::catalog::{CatalogError, ReadTx, RequestRow};
use crate::library::LibraryError;
use crate::model::{
    AccessDenied, EntryId, Event, ItemId, ItemState, ParseItemUntilError, ParsePlanError, RequestEvent, Spot,
};
use crate::sharing::issue::LinkError;
use crate::sharing::visit::VisitError;

pub use crate::catalog::{
    CommentRow as Comment, ItemRow as RequestItem, RecipientRow as Recipient, RequestRow as RequestHead,
    RequestsOf,
};
pub use account::{AskedOfAccount, MAX_ASKED};
pub(super) use arrive::{admit, arrived, taken_back};
pub use handout::{
    HandedOut, MAX_HANDOUT_BYTES, is_document as is_document_to_hand_out, is_fit as may_be_handed_out,
};
pub use invite::invited;
pub use judge::{Judgement, MAX_REASON};
pub use make::{MAX_RECIPIENT_NAME, MAX_RECIPIENTS, MAX_TOGETHER, NewRequest, WantedRecipient};
pub use naming::{DEFAULT_NAMING, MAX_NAMING, Naming, NamingError, next_year};
pub use read::{
    Asked, AskedItem, ItemShown, MAX_PAGE, RecipientShown, RequestFile, RequestLine, RequestLines,
    RequestPage, RequestShown, RequestsAsked,
};
pub(super) use remind::ReminderPace;
pub use remind::{refused, reminded};
pub use renew::ADDRESS_SHOWN_FOR;
pub use template::{
    MAX_HELP, MAX_ITEMS, MAX_PERSON, MAX_TEMPLATE_BYTES, MAX_TEMPLATE_NAME, Template, TemplateError,
    TemplateItem, TemplatePart,
};

/// Longest title of a request or an item in characters.
pub const MAX_TITLE: usize = 120;
/// Longest note to the recipients in characters.
pub const MAX_NOTE: usize = 4_000;

/// Why an operation on a request was refused.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// There is none with this id, or the user may not see it.
    #[error("there is no such request")]
    NoSuchRequest,
    /// The request has no such item.
    #[error("the request has no such item")]
    NoSuchItem,
    /// It was closed.
    #[error("this request is closed; reopen it first")]
    Closed,
    /// The item is accepted.
    #[error("this item is accepted already")]
    ItemDone,
    /// Somebody changed these items since the user saw them.
    #[error("somebody changed {} of these items meanwhile; look at them again", .0.len())]
    Changed(Vec<ItemId>),
    /// The user made another request since the form was shown.
    #[error("this was made already, or another request was made meanwhile; look at the list")]
    MadeMeanwhile,
    /// The item takes one file, and has it.
    #[error("this item takes one file, and has it")]
    OneFile,
    /// Asking takes the right to write.
    #[error("only users who may change files here can ask for documents")]
    Denied,
    /// The configuration does not allow clients of the office to make links.
    #[error("clients of this office cannot ask for documents")]
    ClientsMakeNone,
    /// The target is a file.
    #[error("only a folder can take in files")]
    NotAFolder,
    /// It asks for nothing.
    #[error("a request needs 1 to {} items", template::MAX_ITEMS)]
    Items,
    /// It asks too many people at once, or an address occurs twice.
    #[error("a request goes to at most {} people, each named once", make::MAX_RECIPIENTS)]
    Recipients,
    /// A recipient is no account that may add files in the space.
    #[error("'{0}' is no account that may add files in this space")]
    NoSuchAccount(String),
    /// A mail address is none.
    #[error("'{0}' is no mail address")]
    Mail(String),
    /// A text is too long or cannot be displayed.
    #[error(
        "a title must have 1 to {MAX_TITLE} characters and no line breaks, a note at most {MAX_NOTE}, help, reason and \
         comment at most {}",
        judge::MAX_REASON
    )]
    Text,
    /// The deadline is over.
    #[error("this date is in the past; choose a later one")]
    DeadlineInPast,
    /// What recipients shall fetch is no document or picture, or too large.
    #[error(
        "only documents and pictures of at most {} MiB can be handed out: name a file such as a PDF, an office document or a photo",
        MAX_HANDOUT_BYTES >> 20
    )]
    NoHandout,
    /// An item would be due after its request.
    #[error("this day is after the deadline of the request; choose an earlier one, or extend the request")]
    ItemAfterDeadline,
    /// A recipient to whom a code shall be sent has no mail address: the name, or the place in the order.
    #[error("a code needs a mail address, and {0} has none; name one, or ask without codes")]
    NoCodeAddress(String),
    /// Without a mail server no code can be sent.
    #[error("no code can be sent: no running server is set up to send mails ([mail] in the configuration)")]
    NoCodes,
    /// No mail server is set up, or no server runs.
    #[error("this server sends no mails; copy the text that the preview shows")]
    MailOff,
    /// Its reminders are paused.
    #[error("reminders of this request are paused; resume them first")]
    Paused,
    /// It has no item that is open or rejected.
    #[error("nothing is missing in this request")]
    NothingMissing,
    /// Each of its recipients was reminded today.
    #[error("its recipients were reminded today; one reminder a day is enough")]
    RemindedToday,
    /// Each of its recipients has the invitation.
    #[error(
        "its recipients have the invitation already; after a new address of a link or a recipient it can be sent again"
    )]
    Invited,
    /// A recipient had many mails within a day.
    #[error("its recipients had many mails within a day; send the invitation tomorrow")]
    TooManyMails,
    /// None of its recipients can get a mail; the request shows why.
    #[error("none of its recipients can get a mail; look at the request to see why")]
    NoRecipient,
    /// The request has no such recipient.
    #[error("the request has no such recipient")]
    NoSuchRecipient,
    /// The request has no such comment.
    #[error("the request has no such comment")]
    NoSuchComment,
    /// A plan of reminders cannot be read.
    #[error(transparent)]
    Plan(#[from] ParsePlanError),
    /// A time of an item cannot be read.
    #[error(transparent)]
    Until(#[from] ParseItemUntilError),
    /// There are as many as are allowed.
    #[error("there are too many of these already")]
    TooMany,
    /// The office has no template of this name.
    #[error("there is no template '{0}'")]
    NoSuchTemplate(String),
    /// A template that is in the program cannot be removed.
    #[error("'{0}' comes with the program and cannot be removed; an own version of it can be set back")]
    ShippedTemplate(String),
    /// The program has no template of this name to which it could be set back.
    #[error(
        "'{0}' is a template of the office alone, so there is nothing to set it back to; it can be removed"
    )]
    OwnTemplate(String),
    /// A template cannot be read.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The scheme of paths cannot be read.
    #[error(transparent)]
    Naming(#[from] NamingError),
    /// The folder cannot be found, made or read.
    #[error(transparent)]
    Library(LibraryError),
    /// The catalogue failed.
    #[error("the requests could not be read or changed")]
    Catalog(#[from] CatalogError),
}

impl RequestError {
    /// Stable name of the error for programs: see docs/errors.md.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchRequest => "request-unknown",
            Self::NoSuchItem => "item-unknown",
            Self::Closed => "request-closed",
            Self::ItemDone => "item-accepted",
            Self::Changed(_) => "item-changed",
            Self::MadeMeanwhile => "request-made-meanwhile",
            Self::OneFile => "item-takes-one-file",
            Self::Denied => "right-missing",
            Self::ClientsMakeNone => "clients-make-no-links",
            Self::NotAFolder => "not-a-folder",
            Self::Items => "items-missing",
            Self::Recipients => "recipients-invalid",
            Self::NoSuchAccount(_) => "recipient-account-unknown",
            Self::Mail(_) => "mail-address-invalid",
            Self::Text => "request-text-invalid",
            Self::DeadlineInPast => "deadline-in-past",
            Self::NoHandout => "handout-invalid",
            Self::ItemAfterDeadline => "item-after-deadline",
            Self::NoCodeAddress(_) => "code-address-missing",
            Self::NoCodes => "no-mails",
            Self::MailOff => "mail-off",
            Self::Paused => "reminders-paused",
            Self::NothingMissing => "nothing-missing",
            Self::RemindedToday => "reminded-today",
            Self::Invited => "invited-already",
            Self::TooManyMails => "too-many-mails",
            Self::NoRecipient => "no-recipient-reached",
            Self::NoSuchRecipient => "recipient-unknown",
            Self::NoSuchComment => "comment-unknown",
            Self::Plan(_) => "reminder-plan-invalid",
            Self::Until(_) => "item-time-invalid",
            Self::TooMany => "too-many-requests",
            Self::NoSuchTemplate(_) => "template-unknown",
            Self::ShippedTemplate(_) => "template-shipped",
            Self::OwnTemplate(_) => "template-own",
            Self::Template(error) => error.code(),
            Self::Naming(_) => "naming-invalid",
            Self::Library(error) => error.code(),
            Self::Catalog(_) => "catalogue-failed",
        }
    }
}

impl From<LibraryError> for RequestError {
    fn from(error: LibraryError) -> Self {
        match error {
            LibraryError::Denied(_) => Self::Denied,
            other => Self::Library(other),
        }
    }
}

impl From<AccessDenied> for RequestError {
    fn from(_: AccessDenied) -> Self {
        Self::Denied
    }
}

impl From<LinkError> for RequestError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::ClientsMakeNone => Self::ClientsMakeNone,
            LinkError::Library(error) => Self::Library(error),
            LinkError::Catalog(error) => Self::Catalog(error),
            LinkError::TooMany => Self::TooMany,
            LinkError::ExpiryInPast => Self::DeadlineInPast,
            LinkError::Text => Self::Text,
            _ => Self::Denied,
        }
    }
}

impl From<VisitError> for RequestError {
    /// An error of looking at a link without opening it.
    fn from(error: VisitError) -> Self {
        match error {
            VisitError::Library(error) => Self::Library(error),
            VisitError::Catalog(error) => Self::Catalog(error),
            _ => Self::NoSuchRequest,
        }
    }
}

impl From<AccountsError> for RequestError {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::Catalog(error) => Self::Catalog(error),
            _ => Self::Denied,
        }
    }
}

/// The event about a request, or about one of its items.
fn event(
    tx: &ReadTx<'_>,
    request: &RequestRow,
    kind: RequestEvent,
    (item, reason): (Option<&str>, Option<&str>),
) -> Result<Event, CatalogError> {
    let spot = request.folder.map(|folder| tx.spot(folder)).transpose()?.flatten();
    let nowhere = Spot { space: request.space, entry: EntryId(0), path: "/".to_owned() };
    Ok(Event::Request {
        kind,
        request: request.id,
        item: item.map(str::to_owned),
        spot: spot.unwrap_or(nowhere),
        reason: reason.filter(|reason| !reason.is_empty()).map(str::to_owned),
    })
}

/// Whether a text of one line can be shown and is not empty.
fn is_title(text: &str) -> bool {
    is_line(text, MAX_TITLE) && !text.trim().is_empty()
}

fn is_line(text: &str, most: usize) -> bool {
    text.chars().count() <= most && !text.chars().any(char::is_control)
}

/// Whether a text of several lines can be shown.
fn is_text(text: &str, most: usize) -> bool {
    text.chars().count() <= most && !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

/// The event by which an item came into a state without a decision of the office.
fn arrival_event(state: ItemState) -> Option<RequestEvent> {
    match state {
        ItemState::HandedIn => Some(RequestEvent::HandedIn),
        ItemState::DoesNotApply => Some(RequestEvent::DoesNotApply),
        ItemState::Open | ItemState::Rejected => Some(RequestEvent::TakenBack),
        ItemState::Accepted => None,
    }
}
