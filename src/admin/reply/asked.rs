//! Requests for documents, and their templates.

use serde::{Deserialize, Serialize};

use super::when::When;

/// A request in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedRow {
    /// Id of the request.
    pub id: i64,
    /// Name of the space.
    pub space: String,
    /// Its title.
    pub title: String,
    /// Name of the template that it was made from; `None` for none.
    pub template: Option<String>,
    /// When it was made.
    pub created: When,
    /// The time until which it asks.
    pub deadline: Option<When>,
    /// The earliest time at which a missing item is due.
    pub next_due: Option<When>,
    /// When it was closed.
    pub closed: Option<When>,
    /// Number of items that are open or rejected.
    pub missing: u32,
    /// Number of items that the office has to look at.
    pub to_check: u32,
    /// Number of items that are rejected.
    pub rejected: u32,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedShown {
    /// Id of the request.
    pub id: i64,
    /// Name of the space.
    pub space: String,
    /// Path of its folder, while that exists.
    pub path: Option<String>,
    /// Its title.
    pub title: String,
    /// Note for the recipients.
    pub note: String,
    /// Name of the template that it was made from; `None` for none.
    pub template: Option<String>,
    /// When it was made.
    pub created: When,
    /// The time until which it asks.
    pub deadline: Option<When>,
    /// The earliest time at which a missing item is due.
    pub next_due: Option<When>,
    /// When it was closed.
    pub closed: Option<When>,
    /// The days before the deadline on which it reminds, as `7d,1d`, or `off`.
    pub remind: String,
    /// Whether its reminders are paused.
    pub paused: bool,
    /// Whether each link opens by a code that is sent to the address of its recipient.
    #[serde(default)]
    pub code_by_mail: bool,
    /// Address for the first recipient, when it is made. It opens the request to its bearer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url: Option<String>,
    /// Its items in their order.
    pub items: Vec<ItemShown>,
    /// The recipients.
    pub recipients: Vec<RecipientShown>,
    /// Number of the latest files that belong to no item.
    pub other_files: usize,
}

/// An item of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemShown {
    /// Id for judging it.
    pub id: i64,
    /// Title of the item.
    pub title: String,
    /// The person whose document it is; may be empty.
    pub person: String,
    /// `open`, `handed-in`, `does-not-apply`, `accepted` or `rejected`.
    pub state: String,
    /// The end of its own last day, if it has one.
    pub until: Option<When>,
    /// Why it was rejected, or the person's comment that it does not apply.
    pub reason: Option<String>,
    /// Its latest files.
    pub files: Vec<ItemFileShown>,
    /// The latest comments of the recipients.
    pub comments: Vec<CommentShown>,
    /// The files that the recipients may fetch for it.
    #[serde(default)]
    pub handouts: Vec<HandoutShown>,
}

/// A recipient's question or comment on an item of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentShown {
    /// Id of the comment.
    pub id: i64,
    /// When it was written.
    pub at: When,
    /// Id of the recipient, while the request has that one.
    pub recipient: Option<i64>,
    /// The recipient's words.
    pub text: String,
    /// When the office answered it, or settled it without words.
    pub answered: Option<When>,
    /// The office's answer.
    pub answer: Option<String>,
}

/// A file that the recipients of a request may fetch for an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoutShown {
    /// `form` or `example`.
    pub what: String,
    /// Name of the file; `None` if it is not there at present.
    pub file: Option<String>,
    /// Size in bytes.
    pub bytes: Option<u64>,
}

/// A file of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemFileShown {
    /// The path as it was sent.
    pub sent: String,
    /// Its path in the space, while it is there.
    pub path: Option<String>,
    /// Size in bytes.
    pub bytes: u64,
    /// When it arrived.
    pub arrived: When,
}

/// A person of whom a request asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientShown {
    /// Id for correcting the address.
    pub id: i64,
    /// The person's mail address; may be empty.
    pub to: String,
    /// The person's name; may be empty.
    pub name: String,
    /// Tag of the person's language.
    pub language: String,
    /// Login name of the person's account, if the person is asked by it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub account: Option<String>,
    /// When the person's link was last opened, to the minute.
    pub opened: Option<When>,
    /// When the invitation with the present address was sent.
    #[serde(default)]
    pub invited: Option<When>,
    /// Number of reminders that were sent.
    pub reminders: u32,
    /// When the last one was sent.
    pub reminded: Option<When>,
    /// When the next one is due; `None` if none is planned, or this server sends no mails.
    pub next: Option<When>,
    /// Why the person gets no mail now: `closed`, `link-ended`, `no-address`, `refused` or `nothing-missing`.
    pub no_mail: Option<String>,
    /// When the last mail was sent, if a mail server reports that it has not arrived yet.
    #[serde(default)]
    pub delayed: Option<When>,
    /// When a mail server refused the address.
    pub refused: Option<When>,
    /// The mail server's answer then.
    pub refusal: Option<String>,
    /// The person's address, when the request is made or the address is renewed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url: Option<String>,
}

/// A mail by which a person would be reminded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedMailShown {
    /// Id of the recipient.
    pub id: i64,
    /// The person's mail address; may be empty.
    pub to: String,
    /// The person's name; may be empty.
    pub name: String,
    /// Its subject.
    pub subject: String,
    /// Its text, with the person's address, which opens the request to its bearer.
    pub text: String,
    /// Why it is not sent, as in the request.
    pub no_mail: Option<String>,
}

/// A template of requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateShown {
    /// Its name.
    pub name: String,
    /// Title of the requests made from it.
    pub title: String,
    /// Number of its items.
    pub items: usize,
    /// Whether the office imported it.
    pub own: bool,
    /// Whether the program has one of this name, to which it can be set back.
    #[serde(default)]
    pub shipped: bool,
}
