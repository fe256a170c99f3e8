//! The table of operations. The document is written from it, so that neither can know an operation that the other lacks.

use std::borrow::Cow;

use http::Method;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::entries::{Entry, Folder, NewFolder, Restored, RestoredVersion, Transfer, TrashItem, Version};
use super::links::{ChangedLink, HandIn, Link, NewLink};
use super::requests::{
    Answer, ChangedItem, ChangedRecipient, ItemIds, NewDeadline, NewPlan, NewRequest, RejectedItems,
    ReminderMail, Request, RequestPage,
};
use super::search::Found as FoundEntries;
use super::session::{NewSession, Session};
use super::spaces::{Space, SpaceDetails};
use crate::http::protocol::href;

/// The operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Document,
    OpenSession,
    ShowSession,
    EndSession,
    ListSpaces,
    ShowSpace,
    ListEntries,
    DeleteEntry,
    MakeFolder,
    MoveEntry,
    CopyEntry,
    ReadContent,
    StoreContent,
    Search,
    ListVersions,
    RestoreVersion,
    ListTrash,
    RestoreFromTrash,
    RemoveFromTrash,
    ListLinks,
    MakeLink,
    ShowLink,
    ChangeLink,
    EndLink,
    ListHandIns,
    ShowReceipt,
    ListRequests,
    MakeRequest,
    ShowRequest,
    AcceptItems,
    RejectItems,
    UndoItems,
    CloseRequest,
    ReopenRequest,
    ExtendRequest,
    ChangeItem,
    PreviewReminder,
    Remind,
    PlanReminders,
    PauseReminders,
    ResumeReminders,
    Invite,
    RenewAddress,
    AnswerComment,
    ChangeRecipient,
}

/// A row of the table.
pub(super) struct Row {
    pub(super) operation: Operation,
    pub(super) method: Method,
    /// Names in braces stand for one segment each.
    pub(super) path: &'static str,
    pub(super) about: &'static str,
    /// Parameters in the query.
    pub(super) query: &'static [Query],
    pub(super) body: Content,
    pub(super) status: u16,
    pub(super) answer: Content,
}

/// A parameter in the query.
pub(super) struct Query {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) is_required: bool,
}

/// The body of a request or answer.
#[derive(Clone, Copy)]
pub(super) enum Content {
    None,
    /// A JSON value of this shape.
    One(Shape),
    /// A JSON array of such values.
    Many(Shape),
    /// The bytes of a file.
    Bytes,
    /// A text for people and for `tresor receipt verify`.
    Text,
    /// The document itself.
    Document,
}

/// The shape of a JSON value.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) name: fn() -> Cow<'static, str>,
    pub(super) schema: fn() -> RefOr<Schema>,
    /// Adds the shapes that it refers to.
    pub(super) parts: fn(&mut Vec<(String, RefOr<Schema>)>),
}

const fn shape<T: ToSchema>() -> Shape {
    Shape { name: T::name, schema: T::schema, parts: T::schemas }
}

const fn one<T: ToSchema>() -> Content {
    Content::One(shape::<T>())
}

const fn many<T: ToSchema>() -> Content {
    Content::Many(shape::<T>())
}

const PATH: Query = Query {
    name: "path",
    about: "Path in the space, such as `2026/Belege/Januar.pdf`; its top folder without it.",
    is_required: false,
};
const FILE: Query = Query {
    name: "path",
    about: "Path of the file in the space, such as `2026/Belege/Januar.pdf`.",
    is_required: true,
};
const VERSION: Query = Query {
    name: "version",
    about: "Id of an earlier version, which is read in place of the present one.",
    is_required: false,
};
const AFTER: Query = Query {
    name: "after",
    about: "Where the next part of the listing begins: `next` of the part before it.",
    is_required: false,
};
const ENTRY: Query =
    Query { name: "path", about: "Path of the file or folder in the space.", is_required: true };

const LIST: Query = Query {
    name: "show",
    about: "Which requests: `running` (the default), `missing`, `to-check`, `rejected`, `overdue`, `never-opened` or `closed`.",
    is_required: false,
};
const SPACE: Query =
    Query { name: "space", about: "Only those of the space of this name.", is_required: false };
const BEFORE: Query = Query {
    name: "before",
    about: "Where the next part of the list begins: `next` of the part before it.",
    is_required: false,
};

const TEXT: Query = Query {
    name: "q",
    about: "Words of the search, at most 255 bytes and 16 words. An entry has one in its name, and the others there, in the names of the folders above it or in that of its space. Capitals and accents do not matter; `ä`, `ae` and `a` are the same.",
    is_required: true,
};
const LIMIT: Query = Query {
    name: "limit",
    about: "Most entries in the answer, from 1 to 100; 50 without it.",
    is_required: false,
};
const ONLY_IN: Query = Query { name: "space", about: "Only in the space of this name.", is_required: false };
const LATER: Query = Query {
    name: "before",
    about: "Where the search goes on: `next` of the answer before it.",
    is_required: false,
};

/// A row for a GET.
const fn read(
    operation: Operation,
    path: &'static str,
    about: &'static str,
    query: &'static [Query],
    answer: Content,
) -> Row {
    Row { operation, method: Method::GET, path, about, query, body: Content::None, status: 200, answer }
}

/// A row for a POST.
const fn act(
    operation: Operation,
    path: &'static str,
    about: &'static str,
    body: Content,
    (status, answer): (u16, Content),
) -> Row {
    Row { operation, method: Method::POST, path, about, query: &[], body, status, answer }
}

/// A row for a DELETE.
const fn end(operation: Operation, path: &'static str, about: &'static str, query: &'static [Query]) -> Row {
    let (body, answer) = (Content::None, Content::None);
    Row { operation, method: Method::DELETE, path, about, query, body, status: 204, answer }
}

/// The table.
pub(super) const ROWS: &[Row] = &[
    read(Operation::Document, "/api/openapi.json", "This document.", &[], Content::Document),
    act(
        Operation::OpenSession,
        "/api/v1/session",
        "Signs in with the account's own password. Sets a session cookie, and answers with the token that each changing request must carry in the header `Tresor-Token`.",
        one::<NewSession>(),
        (201, one::<Session>()),
    ),
    read(
        Operation::ShowSession,
        "/api/v1/session",
        "Says on whose behalf requests are made.",
        &[],
        one::<Session>(),
    ),
    end(Operation::EndSession, "/api/v1/session", "Signs out.", &[]),
    read(
        Operation::ListSpaces,
        "/api/v1/spaces",
        "The spaces that the caller may use, by name.",
        &[],
        many::<Space>(),
    ),
    read(
        Operation::ShowSpace,
        "/api/v1/spaces/{space}",
        "A space, with the room that it takes and has.",
        &[],
        one::<SpaceDetails>(),
    ),
    read(
        Operation::ListEntries,
        "/api/v1/spaces/{space}/entries",
        "A file, or a folder with a part of its members in the order of their names.",
        &[PATH, AFTER],
        one::<Folder>(),
    ),
    end(
        Operation::DeleteEntry,
        "/api/v1/spaces/{space}/entries",
        "Moves a file or folder to the trash.",
        &[ENTRY],
    ),
    act(
        Operation::MakeFolder,
        "/api/v1/spaces/{space}/folders",
        "Makes a folder.",
        one::<NewFolder>(),
        (201, one::<Entry>()),
    ),
    act(
        Operation::MoveEntry,
        "/api/v1/spaces/{space}/move",
        "Moves or renames a file or folder, also into another space.",
        one::<Transfer>(),
        (200, one::<Entry>()),
    ),
    act(
        Operation::CopyEntry,
        "/api/v1/spaces/{space}/copy",
        "Copies a file, or a folder with everything below it, also into another space.",
        one::<Transfer>(),
        (200, one::<Entry>()),
    ),
    read(
        Operation::ReadContent,
        "/api/v1/spaces/{space}/content",
        "The content of a file or of an earlier version of it, or ranges of it (RFC 9110 14).",
        &[FILE, VERSION],
        Content::Bytes,
    ),
    Row {
        operation: Operation::StoreContent,
        method: Method::PUT,
        path: "/api/v1/spaces/{space}/content",
        about: "Stores a file in one request. What it replaces becomes an earlier version.",
        query: &[FILE],
        body: Content::Bytes,
        status: 201,
        answer: Content::None,
    },
    read(
        Operation::Search,
        "/api/v1/search",
        "Finds files and folders by their names in all spaces of the caller, those that came last first. Nothing in the trash is found, and nothing hidden from the caller.",
        &[TEXT, ONLY_IN, LIMIT, LATER],
        one::<FoundEntries>(),
    ),
    read(
        Operation::ListVersions,
        "/api/v1/spaces/{space}/versions",
        "The contents of a file that are kept, newest first.",
        &[FILE],
        many::<Version>(),
    ),
    act(
        Operation::RestoreVersion,
        "/api/v1/spaces/{space}/versions",
        "Makes an earlier content the current one.",
        one::<RestoredVersion>(),
        (200, one::<Entry>()),
    ),
    read(
        Operation::ListTrash,
        "/api/v1/spaces/{space}/trash",
        "What was deleted and is still kept, latest first; at most 10,000.",
        &[],
        many::<TrashItem>(),
    ),
    act(
        Operation::RestoreFromTrash,
        "/api/v1/spaces/{space}/trash/{id}/restore",
        "Puts it back; if its name is taken, with a number.",
        Content::None,
        (200, one::<Restored>()),
    ),
    end(Operation::RemoveFromTrash, "/api/v1/spaces/{space}/trash/{id}", "Removes it for good.", &[]),
    read(
        Operation::ListLinks,
        "/api/v1/links",
        "The caller's links for people without an account, oldest first.",
        &[],
        many::<Link>(),
    ),
    act(
        Operation::MakeLink,
        "/api/v1/links",
        "Makes a link. It never gives more than the caller may do.",
        one::<NewLink>(),
        (201, one::<Link>()),
    ),
    read(
        Operation::ShowLink,
        "/api/v1/links/{link}",
        "A link that the caller may manage.",
        &[],
        one::<Link>(),
    ),
    Row {
        operation: Operation::ChangeLink,
        method: Method::PATCH,
        path: "/api/v1/links/{link}",
        about: "Changes a link; its address stays the same.",
        query: &[],
        body: one::<ChangedLink>(),
        status: 200,
        answer: one::<Link>(),
    },
    end(Operation::EndLink, "/api/v1/links/{link}", "Ends a link at once.", &[]),
    read(
        Operation::ListHandIns,
        "/api/v1/links/{link}/hand-ins",
        "What was handed in through a link, oldest first.",
        &[],
        many::<HandIn>(),
    ),
    read(
        Operation::ShowReceipt,
        "/api/v1/links/{link}/hand-ins/{hand_in}/receipt",
        "The signed receipt of a finished hand-in.",
        &[],
        Content::Text,
    ),
    read(
        Operation::ListRequests,
        "/api/v1/requests",
        "Requests for documents in the spaces where the caller may write, latest first.",
        &[SPACE, LIST, BEFORE],
        one::<RequestPage>(),
    ),
    act(
        Operation::MakeRequest,
        "/api/v1/requests",
        "Asks for documents. Each recipient gets a link; its address is only in this answer and in mails.",
        one::<NewRequest>(),
        (201, one::<Request>()),
    ),
    read(
        Operation::ShowRequest,
        "/api/v1/requests/{request}",
        "A request with its items and recipients.",
        &[],
        one::<Request>(),
    ),
    act(
        Operation::AcceptItems,
        "/api/v1/requests/{request}/accept",
        "Accepts items, all or none of them.",
        one::<ItemIds>(),
        (200, one::<Request>()),
    ),
    act(
        Operation::RejectItems,
        "/api/v1/requests/{request}/reject",
        "Rejects items for a reason that the recipients see, all or none of them.",
        one::<RejectedItems>(),
        (200, one::<Request>()),
    ),
    act(
        Operation::UndoItems,
        "/api/v1/requests/{request}/undo",
        "Takes the last decision about items back.",
        one::<ItemIds>(),
        (200, one::<Request>()),
    ),
    act(
        Operation::CloseRequest,
        "/api/v1/requests/{request}/close",
        "Closes a request: its links show how it stands and take nothing.",
        Content::None,
        (200, one::<Request>()),
    ),
    act(
        Operation::ReopenRequest,
        "/api/v1/requests/{request}/reopen",
        "Opens a closed request again.",
        Content::None,
        (200, one::<Request>()),
    ),
    act(
        Operation::ExtendRequest,
        "/api/v1/requests/{request}/extend",
        "Gives a request another deadline; addresses stay the same.",
        one::<NewDeadline>(),
        (200, one::<Request>()),
    ),
    Row {
        operation: Operation::ChangeItem,
        method: Method::PATCH,
        path: "/api/v1/requests/{request}/items/{item}",
        about: "Gives an item a last day of its own, or a file that the recipients may fetch; what is absent stays as it is.",
        query: &[],
        body: one::<ChangedItem>(),
        status: 200,
        answer: one::<Request>(),
    },
    read(
        Operation::PreviewReminder,
        "/api/v1/requests/{request}/reminder",
        "The mails by which the recipients would be reminded now.",
        &[],
        many::<ReminderMail>(),
    ),
    act(
        Operation::Remind,
        "/api/v1/requests/{request}/remind",
        "Reminds the recipients who have something to do now, each at most once a day.",
        Content::None,
        (200, one::<Request>()),
    ),
    act(
        Operation::PlanReminders,
        "/api/v1/requests/{request}/plan",
        "Changes on which days it reminds. What was sent already counts.",
        one::<NewPlan>(),
        (200, one::<Request>()),
    ),
    act(
        Operation::PauseReminders,
        "/api/v1/requests/{request}/pause",
        "Pauses the planned reminders.",
        Content::None,
        (200, one::<Request>()),
    ),
    act(
        Operation::ResumeReminders,
        "/api/v1/requests/{request}/resume",
        "Lets the planned reminders go on.",
        Content::None,
        (200, one::<Request>()),
    ),
    act(
        Operation::Invite,
        "/api/v1/requests/{request}/invite",
        "Sends the recipients with a mail address the invitation, each once.",
        Content::None,
        (200, one::<Request>()),
    ),
    act(
        Operation::RenewAddress,
        "/api/v1/requests/{request}/recipients/{recipient}/address",
        "Gives the link of a recipient another address; the one before opens nothing any more.",
        Content::None,
        (200, one::<Request>()),
    ),
    act(
        Operation::AnswerComment,
        "/api/v1/requests/{request}/comments/{comment}/answer",
        "Answers a recipient's comment, or settles it without words.",
        one::<Answer>(),
        (200, one::<Request>()),
    ),
    Row {
        operation: Operation::ChangeRecipient,
        method: Method::PATCH,
        path: "/api/v1/requests/{request}/recipients/{recipient}",
        about: "Corrects the mail address of a recipient.",
        query: &[],
        body: one::<ChangedRecipient>(),
        status: 200,
        answer: one::<Request>(),
    },
];

/// What a request is about.
pub(super) enum Found {
    Operation(Operation, Parameters),
    /// The address exists for these methods only.
    OtherMethods(String),
    Nothing,
}

/// The segments of a path that stand for the names in braces.
#[derive(Default)]
pub(super) struct Parameters(Vec<(&'static str, String)>);

impl Parameters {
    /// The segment of this name, decoded; empty if the path has none.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }
}

/// The operation of a request.
pub(super) fn find(method: &Method, path: &str) -> Found {
    let mut methods = Vec::new();
    for row in ROWS {
        let Some(parameters) = matched(row.path, path) else { continue };
        let is_head = *method == Method::HEAD && row.method == Method::GET;
        if row.method == *method || is_head {
            return Found::Operation(row.operation, parameters);
        }
        methods.push(row.method.as_str());
        if row.method == Method::GET {
            methods.push("HEAD");
        }
    }
    if methods.is_empty() { Found::Nothing } else { Found::OtherMethods(methods.join(", ") + ", OPTIONS") }
}

/// The parameters of a path of this pattern.
fn matched(pattern: &'static str, path: &str) -> Option<Parameters> {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    let mut parameters = Parameters::default();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(parameters),
            (Some(wanted), Some(given)) => match names(wanted) {
                Some(_) if given.is_empty() => return None,
                Some(name) => parameters.0.push((name, href::decode(given).ok()?)),
                None if wanted == given => {}
                None => return None,
            },
            _ => return None,
        }
    }
}

/// The name of a segment in braces.
pub(super) fn names(segment: &'static str) -> Option<&'static str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: &Method, path: &str) -> String {
        match find(method, path) {
            Found::Operation(operation, parameters) => format!("{operation:?} {}", parameters.get("space")),
            Found::OtherMethods(methods) => methods,
            Found::Nothing => String::new(),
        }
    }

    #[test]
    fn a_request_is_found_by_its_method_and_path() {
        for (method, path, expected) in [
            (Method::GET, "/api/v1/spaces/M%C3%BCller%2FHuber/entries", "ListEntries Müller/Huber"),
            (Method::HEAD, "/api/v1/spaces/a", "ShowSpace a"),
            (Method::PUT, "/api/v1/session", "POST, GET, HEAD, DELETE, OPTIONS"),
            (Method::GET, "/api/v1/spaces/a/", ""),
            (Method::GET, "/api/v1/spaces/%FF", ""),
            (Method::GET, "/api/v2/spaces", ""),
        ] {
            assert_eq!(found(&method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn no_two_rows_are_the_same() {
        for (index, row) in ROWS.iter().enumerate() {
            assert!(row.path.starts_with("/api/"), "{}", row.path);
            for other in &ROWS[index + 1..] {
                assert!((row.path, &row.method) != (other.path, &other.method), "{}", row.path);
                assert_ne!(row.operation, other.operation);
            }
        }
    }
}
