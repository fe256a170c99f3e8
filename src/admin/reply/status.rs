//! The instance and the office.

use serde::{Deserialize, Serialize};

use super::when::When;
use crate::admin::trouble::Trouble;

/// State of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusShown {
    /// `serving`, `read-only`, `locked`, …; `stopped` if no server runs.
    pub state: String,
    /// Advice for the owner, if any.
    #[serde(default)]
    pub advice: Option<String>,
    /// Version of the program.
    pub version: String,
    /// Accounts, including disabled ones. This and the following fields are `None` if unknown: before the instance
    /// is unlocked, or because the catalogue is damaged.
    pub users: Option<usize>,
    /// Number of spaces.
    pub spaces: Option<usize>,
    /// Bytes stored in all spaces.
    pub used_bytes: Option<u64>,
    /// Containers known to be damaged.
    pub damaged_containers: Option<u64>,
    /// Spaces whose files cannot be opened because their key is missing or damaged.
    #[serde(default)]
    pub spaces_without_key: Option<usize>,
    /// Time of the last full verification.
    pub last_full_verify: Option<When>,
    /// Warnings for the owner, as sentences.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// The same for programs, and what `state` and `damaged_containers` say.
    #[serde(default)]
    pub troubles: Vec<Trouble>,
    /// Background jobs; none if no server runs.
    #[serde(default)]
    pub workers: Vec<WorkerShown>,
}

/// A background job of a running server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerShown {
    /// Name of the job.
    pub name: String,
    /// Seconds between the beginnings of two runs.
    pub interval_seconds: u64,
    /// End of the last run.
    pub last_run: Option<When>,
    /// End of the last run that did not fail.
    pub last_success: Option<When>,
    /// The result of the last run, `ok` if there is nothing to report; if it failed, the reason.
    pub result: Option<String>,
    /// Runs that failed since the last one that did not.
    pub failures: u64,
    /// Beginning of the next run; `None` while one is under way.
    pub next_run: Option<When>,
}

/// The office as its clients see it; a text that was not set is empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficeShown {
    /// Its name.
    pub name: String,
    /// The person to ask.
    pub contact: String,
    /// Number to call.
    pub phone: String,
    /// Address for mails.
    pub mail: String,
    /// Address of its web site.
    pub web: String,
    /// Its time zone.
    pub zone: String,
    /// Whether that was set, rather than found on this machine.
    pub zone_is_own: bool,
    /// The imprint.
    pub imprint: String,
    /// The privacy notice.
    pub privacy: String,
    /// Number of that text, from 1.
    pub privacy_version: u32,
    /// How far the pages are accessible.
    pub accessibility: String,
    /// Seconds without a key or a pointer after which the pages of a browser are locked; 0 for never.
    pub lock_seconds: u64,
    /// Size of its logo in bytes; 0 without one.
    #[serde(default)]
    pub logo_bytes: usize,
}
