//! The facts that one request and its answer tell about the program that sent it.

use http::header::{CONTENT_LENGTH, CONTENT_RANGE};
use http::request::Parts;
use http::{Response, StatusCode, Version};
use percent_encoding::percent_decode_str;
use unicode_normalization::is_nfc;

use super::program::Program;

/// Finder says the length of a file here, as the bodies that it sends in pieces have none (RFC 9112 7.1).
const EXPECTED_LENGTH: &str = "x-expected-entity-length";

/// The facts that a request tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) struct Sighting {
    pub(in crate::http) program: Program,
    pub(in crate::http) version: Version,
    pub(in crate::http) is_secure: bool,
    pub(in crate::http) step: Option<Step>,
    /// Whether the path has decomposed letters.
    pub(in crate::http) is_decomposed: bool,
    /// Whether it says how long the file is that it sends; `None` if it sends none.
    pub(in crate::http) knows_length: Option<bool>,
    pub(in crate::http) trouble: Option<Trouble>,
}

/// Something that a program of a device should be able to do, in the order in which a person tries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Step {
    List,
    MakeFolder,
    Write,
    Lock,
    Read,
    /// Reads a file from a place in it: it goes on after a cut, or jumps.
    ReadPart,
    Move,
    Delete,
}

/// A request that went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) struct Trouble {
    pub(in crate::http) kind: Kind,
    pub(in crate::http) status: StatusCode,
}

/// The subject of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Kind {
    List,
    Read,
    Write,
    MakeFolder,
    Move,
    Delete,
    Lock,
    Other,
}

impl Step {
    pub(in crate::http) const ALL: [Self; 8] = [
        Self::List,
        Self::MakeFolder,
        Self::Write,
        Self::Lock,
        Self::Read,
        Self::ReadPart,
        Self::Move,
        Self::Delete,
    ];
}

impl Sighting {
    /// Looks at a request and its answer; `is_secure` says whether it came encrypted.
    pub(in crate::http) fn of<B>(parts: &Parts, is_secure: bool, answer: &Response<B>) -> Self {
        let (kind, status) = (Kind::of(parts), answer.status());
        let decoded = percent_decode_str(parts.uri.path()).decode_utf8_lossy();
        Self {
            program: Program::of(&parts.headers),
            version: parts.version,
            is_secure,
            step: kind.step(status),
            is_decomposed: status.is_success() && !is_nfc(&decoded),
            knows_length: (kind == Kind::Write && status.is_success()).then(|| says_length(parts)),
            trouble: is_trouble(kind, status).then_some(Trouble { kind, status }),
        }
    }
}

impl Kind {
    fn of(parts: &Parts) -> Self {
        match parts.method.as_str() {
            "PROPFIND" => Self::List,
            "GET" | "HEAD" => Self::Read,
            // Parts of an upload; the end of one in Nextcloud's way is a MOVE out of the folder of uploads.
            "PUT" | "POST" | "PATCH" => Self::Write,
            "MOVE" if parts.uri.path().starts_with("/remote.php/dav/uploads/") => Self::Write,
            "MKCOL" => Self::MakeFolder,
            "MOVE" | "COPY" => Self::Move,
            "DELETE" => Self::Delete,
            "LOCK" => Self::Lock,
            _ => Self::Other,
        }
    }

    fn step(self, status: StatusCode) -> Option<Step> {
        if !status.is_success() {
            return None;
        }
        match self {
            Self::List => Some(Step::List),
            Self::Read if status == StatusCode::PARTIAL_CONTENT => Some(Step::ReadPart),
            Self::Read => Some(Step::Read),
            Self::Write => Some(Step::Write),
            Self::MakeFolder => Some(Step::MakeFolder),
            Self::Move => Some(Step::Move),
            Self::Delete => Some(Step::Delete),
            Self::Lock => Some(Step::Lock),
            Self::Other => None,
        }
    }
}

/// Whether an answer is one that a person should know about. Programs look for files that need not exist, for folders that exist
/// already, and compare before they write.
fn is_trouble(kind: Kind, status: StatusCode) -> bool {
    let is_usual = match status {
        StatusCode::NOT_FOUND => matches!(kind, Kind::List | Kind::Read | Kind::Delete | Kind::Other),
        StatusCode::METHOD_NOT_ALLOWED => matches!(kind, Kind::MakeFolder | Kind::Other),
        StatusCode::PRECONDITION_FAILED | StatusCode::UNAUTHORIZED => true,
        _ => false,
    };
    (status.is_client_error() || status.is_server_error()) && !is_usual
}

fn says_length(parts: &Parts) -> bool {
    let headers = &parts.headers;
    headers.contains_key(CONTENT_LENGTH)
        || headers.contains_key(EXPECTED_LENGTH)
        || headers.contains_key(CONTENT_RANGE)
}
