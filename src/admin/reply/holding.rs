//! Replies about the holding area.

use serde::{Deserialize, Serialize};

use super::when::When;

/// A content in the holding area.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldShown {
    /// Number of the item.
    pub id: i64,
    /// Name of its space.
    pub space: String,
    /// Path in the space.
    pub path: String,
    /// State: `arrived`, `held`, `waiting_for_signatures`, `needs_decision`, `released`, `quarantined`, `withdrawn`.
    pub state: String,
    /// Time of arrival.
    pub since: When,
    /// When it may be released at the earliest.
    pub due: When,
    /// Why it is not released yet, as one word.
    pub reason: Option<String>,
    /// Its kind, as one word; `None` before the first look into it.
    #[serde(default)]
    pub kind: Option<String>,
    /// Facts about the content and its members; `overridden` if a person released it although a scanner objected.
    pub labels: Vec<String>,
    /// Why not all of it could be looked at, as one word.
    #[serde(default)]
    pub obstacle: Option<String>,
    /// The results of its scans, in order.
    pub verdicts: Vec<VerdictShown>,
    /// Path of the PDF that was made of it, or of the folder with those of the documents in an archive.
    pub pdf: Option<String>,
    /// Code of the error because of which there is none, or not one of each document; see docs/errors.md. Or why an
    /// archive was not looked at whole, as one word.
    #[serde(default)]
    pub pdf_fault: Option<String>,
    /// Address of the sender of the mail that it is or came with, by the envelope and not verified; empty for a mail without
    /// one.
    #[serde(default)]
    pub mail_from: Option<String>,
    /// Why attachments of that mail are missing, as one word.
    #[serde(default)]
    pub mail_fault: Option<String>,
    /// The first of two decisions to release it, while it counts.
    #[serde(default)]
    pub approval: Option<Box<ApprovalShown>>,
    /// Users who ask for it while it is held.
    #[serde(default)]
    pub requests: Vec<HoldRequestShown>,
    /// Users to whom it was handed out before its release.
    #[serde(default)]
    pub handed_out: Vec<HandedOutShown>,
    /// Downloads of the content, latest first, by person and quarter of an hour. Only where one item is shown.
    #[serde(default)]
    pub fetched: Vec<FetchShown>,
}

/// A user's request for a held content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldRequestShown {
    /// Login name of the user.
    pub user: Option<String>,
    /// When the user asked.
    pub at: When,
    /// Why, in the user's words.
    pub reason: Option<String>,
    /// When it was declined.
    pub declined: Option<When>,
}

/// A user to whom a held content was handed out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedOutShown {
    /// Login name of the user.
    pub user: Option<String>,
    /// When.
    pub at: When,
    /// Whether that was in spite of a scanner.
    pub overridden: bool,
}

/// A content that a space lets in whatever scanners say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowedShown {
    /// Name of the space.
    pub space: String,
    /// SHA-256 of the content, in hexadecimal digits.
    pub sha256: String,
    /// Path of the file by which it was allowed, then.
    pub path: String,
    /// Why.
    pub reason: String,
    /// Login name of the user who allowed it; `None` for the owner at the command line.
    pub user: Option<String>,
    /// When.
    pub at: When,
    /// When it counts no more.
    pub until: When,
}

/// The first of two decisions to release a content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalShown {
    /// `release` or `override`.
    pub decision: String,
    /// Login name of the user to whom alone it hands the content out; `None` for everyone.
    #[serde(default)]
    pub to: Option<String>,
    /// The person, in words.
    pub who: String,
    /// Login name of the user; `None` for the owner at the command line.
    pub user: Option<String>,
    /// When it was decided.
    pub at: When,
    /// When it counts no more.
    pub until: When,
}

/// A download of a content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchShown {
    /// When it was downloaded.
    pub at: When,
    /// The person, in words.
    pub who: String,
    /// Login name of the user; for a guest, of the link's creator.
    pub user: Option<String>,
    /// Number of the link of a guest.
    pub link: Option<i64>,
}

/// The scan of everything stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RescanShown {
    /// `scheduled`, `urgent` or `paused`.
    pub mode: String,
    /// Identity of the signatures at its beginning.
    pub signatures: String,
    /// When it began.
    pub begun: When,
    /// When it ended; `None` while it is under way.
    pub ended: Option<When>,
    /// When it will end if it goes on as before.
    pub expected_end: Option<When>,
    /// Versions at its beginning.
    pub total: u64,
    /// Of these, done.
    pub seen: u64,
    /// Contents scanned for that; equal ones once.
    pub scanned: u64,
    /// Contents that could not be scanned, or not fully.
    pub unscanned: u64,
    /// Versions in which something was found.
    pub found: u64,
}

/// The result of one scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictShown {
    /// The scanner.
    pub engine: String,
    /// Whether nothing is clean that this scanner did not call clean.
    pub required: bool,
    /// Identity of its signatures.
    pub signatures: String,
    /// When the newest of them were built, if known.
    pub signatures_built: Option<When>,
    /// `clean`, `infected`, `not-fully-scannable`, `encrypted` or `no-answer`.
    pub result: String,
    /// Name of the virus, or why it could not be scanned.
    pub detail: Option<String>,
    /// When the scan ended.
    pub at: When,
}
