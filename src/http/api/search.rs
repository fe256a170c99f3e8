//! Searches by name.

use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::entries::Entry;
use super::error::ApiError;
use super::{Call, Reply, reply};
use crate::library::{self, MOST_HITS};
use crate::model::{EntryId, SearchText};

/// Hits in an answer whose request does not say how many.
const HITS: usize = 50;

/// What a search found.
#[derive(Serialize, ToSchema)]
pub(super) struct Found {
    /// Files and folders, those that came last first.
    hits: Vec<Hit>,
    /// The value of `before` for the rest of the search; absent at its end. The rest may have no hit.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<i64>,
}

/// A file or folder that was found.
#[derive(Serialize, ToSchema)]
pub(super) struct Hit {
    /// Name of its space.
    space: String,
    /// The file or folder.
    entry: Entry,
}

pub(super) async fn search(call: &Call<'_>, caller: &Caller) -> Reply {
    let services = call.context.services;
    let text = SearchText::parse(&call.query("q").unwrap_or_default())?;
    let limit = call.query("limit").map_or(Ok(HITS), |limit| limit.parse());
    let limit = limit.ok().filter(|limit| (1..=MOST_HITS).contains(limit)).ok_or(ApiError::BadPage)?;
    let before = call.query("before").map(|before| before.parse().map(EntryId)).transpose();
    let before = before.map_err(|_| ApiError::BadPage)?;
    let rights = match call.query("space") {
        Some(space) => vec![call.space_named(caller, &space).await?.1],
        None => services.accounts.spaces_of(&caller.principal).await?,
    };
    let found = services.library.search(&rights, library::Search { text, before, limit }).await?;
    let hits = found.hits.into_iter();
    let hits = hits.map(|hit| Hit { entry: Entry::at(&hit.path, &hit.entry), space: hit.space });
    reply(StatusCode::OK, &Found { hits: hits.collect(), next: found.next.map(|id| id.0) })
}
