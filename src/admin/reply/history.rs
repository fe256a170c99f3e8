//! The history.

use serde::{Deserialize, Serialize};

use super::when::When;

/// A page of the history, latest event first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryShown {
    /// The events of this page; those at a path may be fewer than asked for.
    pub events: Vec<EventShown>,
    /// Value of `before` for the next page; `None` at the end.
    pub next: Option<i64>,
}

/// An event with its actor, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventShown {
    /// Its position in the order of commits.
    pub id: i64,
    /// Time of the event.
    pub at: When,
    /// `user`, `guest`, `owner` or `worker`.
    pub actor: String,
    /// The account that acted; for a guest, the one that created the link.
    pub user: Option<String>,
    /// The label of the device whose password was used.
    pub device: Option<String>,
    /// Id of a guest's link.
    pub link: Option<i64>,
    /// The actor in words.
    pub who: String,
    /// The event as one word.
    pub event: String,
    /// The event in words that follow `who`.
    pub what: String,
    /// The present name of the space, or its id if it was removed.
    pub space: Option<String>,
    /// Path in the space at that time.
    pub path: Option<String>,
    /// Number of the file or folder.
    pub entry: Option<i64>,
    /// Number of the version.
    pub version: Option<i64>,
    /// Size in bytes.
    pub bytes: Option<u64>,
    /// For a change of a version's state: the earlier state, as one word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_before: Option<String>,
    /// The new state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}
