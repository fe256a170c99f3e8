//! The table of operations. The document is written from it, so that neither can know an operation that the other lacks.

use std::borrow::Cow;

use http::Method;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::entries::{Entry, Folder, NewFolder, Restored, RestoredVersion, Transfer, TrashItem, Version};
use super::links::{ChangedLink, HandIn, Link, NewLink};
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
const AFTER: Query = Query {
    name: "after",
    about: "Where the next part of the listing begins: `next` of the part before it.",
    is_required: false,
};
const ENTRY: Query =
    Query { name: "path", about: "Path of the file or folder in the space.", is_required: true };

/// The table.
pub(super) const ROWS: &[Row] = &[
    Row {
        operation: Operation::Document,
        method: Method::GET,
        path: "/api/openapi.json",
        about: "This document.",
        query: &[],
        body: Content::None,
        status: 200,
        answer: Content::Document,
    },
    Row {
        operation: Operation::OpenSession,
        method: Method::POST,
        path: "/api/v1/session",
        about: "Signs in with the account's own password. Sets a session cookie, and answers with the token that each changing request must carry in the header `Tresor-Token`.",
        query: &[],
        body: one::<NewSession>(),
        status: 201,
        answer: one::<Session>(),
    },
    Row {
        operation: Operation::ShowSession,
        method: Method::GET,
        path: "/api/v1/session",
        about: "Says on whose behalf requests are made.",
        query: &[],
        body: Content::None,
        status: 200,
        answer: one::<Session>(),
    },
    Row {
        operation: Operation::EndSession,
        method: Method::DELETE,
        path: "/api/v1/session",
        about: "Signs out.",
        query: &[],
        body: Content::None,
        status: 204,
        answer: Content::None,
    },
    Row {
        operation: Operation::ListSpaces,
        method: Method::GET,
        path: "/api/v1/spaces",
        about: "The spaces that the caller may use, by name.",
        query: &[],
        body: Content::None,
        status: 200,
        answer: many::<Space>(),
    },
    Row {
        operation: Operation::ShowSpace,
        method: Method::GET,
        path: "/api/v1/spaces/{space}",
        about: "A space, with the room that it takes and has.",
        query: &[],
        body: Content::None,
        status: 200,
        answer: one::<SpaceDetails>(),
    },
    Row {
        operation: Operation::ListEntries,
        method: Method::GET,
        path: "/api/v1/spaces/{space}/entries",
        about: "A file, or a folder with a part of its members in the order of their names.",
        query: &[PATH, AFTER],
        body: Content::None,
        status: 200,
        answer: one::<Folder>(),
    },
    Row {
        operation: Operation::DeleteEntry,
        method: Method::DELETE,
        path: "/api/v1/spaces/{space}/entries",
        about: "Moves a file or folder to the trash.",
        query: &[ENTRY],
        body: Content::None,
        status: 204,
        answer: Content::None,
    },
    Row {
        operation: Operation::MakeFolder,
        method: Method::POST,
        path: "/api/v1/spaces/{space}/folders",
        about: "Makes a folder.",
        query: &[],
        body: one::<NewFolder>(),
        status: 201,
        answer: one::<Entry>(),
    },
    Row {
        operation: Operation::MoveEntry,
        method: Method::POST,
        path: "/api/v1/spaces/{space}/move",
        about: "Moves or renames a file or folder, also into another space.",
        query: &[],
        body: one::<Transfer>(),
        status: 200,
        answer: one::<Entry>(),
    },
    Row {
        operation: Operation::CopyEntry,
        method: Method::POST,
        path: "/api/v1/spaces/{space}/copy",
        about: "Copies a file, or a folder with everything below it, also into another space.",
        query: &[],
        body: one::<Transfer>(),
        status: 200,
        answer: one::<Entry>(),
    },
    Row {
        operation: Operation::ReadContent,
        method: Method::GET,
        path: "/api/v1/spaces/{space}/content",
        about: "The content of a file, or ranges of it (RFC 9110 14).",
        query: &[FILE],
        body: Content::None,
        status: 200,
        answer: Content::Bytes,
    },
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
    Row {
        operation: Operation::ListVersions,
        method: Method::GET,
        path: "/api/v1/spaces/{space}/versions",
        about: "The contents of a file that are kept, newest first.",
        query: &[FILE],
        body: Content::None,
        status: 200,
        answer: many::<Version>(),
    },
    Row {
        operation: Operation::RestoreVersion,
        method: Method::POST,
        path: "/api/v1/spaces/{space}/versions",
        about: "Makes an earlier content the current one.",
        query: &[],
        body: one::<RestoredVersion>(),
        status: 200,
        answer: one::<Entry>(),
    },
    Row {
        operation: Operation::ListTrash,
        method: Method::GET,
        path: "/api/v1/spaces/{space}/trash",
        about: "What was deleted and is still kept, latest first; at most 10,000.",
        query: &[],
        body: Content::None,
        status: 200,
        answer: many::<TrashItem>(),
    },
    Row {
        operation: Operation::RestoreFromTrash,
        method: Method::POST,
        path: "/api/v1/spaces/{space}/trash/{id}/restore",
        about: "Puts it back; if its name is taken, with a number.",
        query: &[],
        body: Content::None,
        status: 200,
        answer: one::<Restored>(),
    },
    Row {
        operation: Operation::RemoveFromTrash,
        method: Method::DELETE,
        path: "/api/v1/spaces/{space}/trash/{id}",
        about: "Removes it for good.",
        query: &[],
        body: Content::None,
        status: 204,
        answer: Content::None,
    },
    Row {
        operation: Operation::ListLinks,
        method: Method::GET,
        path: "/api/v1/links",
        about: "The caller's links for people without an account, oldest first.",
        query: &[],
        body: Content::None,
        status: 200,
        answer: many::<Link>(),
    },
    Row {
        operation: Operation::MakeLink,
        method: Method::POST,
        path: "/api/v1/links",
        about: "Makes a link. It never gives more than the caller may do.",
        query: &[],
        body: one::<NewLink>(),
        status: 201,
        answer: one::<Link>(),
    },
    Row {
        operation: Operation::ShowLink,
        method: Method::GET,
        path: "/api/v1/links/{link}",
        about: "A link that the caller may manage.",
        query: &[],
        body: Content::None,
        status: 200,
        answer: one::<Link>(),
    },
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
    Row {
        operation: Operation::EndLink,
        method: Method::DELETE,
        path: "/api/v1/links/{link}",
        about: "Ends a link at once.",
        query: &[],
        body: Content::None,
        status: 204,
        answer: Content::None,
    },
    Row {
        operation: Operation::ListHandIns,
        method: Method::GET,
        path: "/api/v1/links/{link}/hand-ins",
        about: "What was handed in through a link, oldest first.",
        query: &[],
        body: Content::None,
        status: 200,
        answer: many::<HandIn>(),
    },
    Row {
        operation: Operation::ShowReceipt,
        method: Method::GET,
        path: "/api/v1/links/{link}/hand-ins/{hand_in}/receipt",
        about: "The signed receipt of a finished hand-in.",
        query: &[],
        body: Content::None,
        status: 200,
        answer: Content::Text,
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
