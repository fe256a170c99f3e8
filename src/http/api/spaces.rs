//! Spaces.

use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::{Call, Reply, reply};
use crate::library;
use crate::model::Access;

/// A space that the caller may use.
#[derive(Serialize, ToSchema)]
pub(super) struct Space {
    /// Name of the space, by which it is addressed.
    name: String,
    /// `client` or `team`.
    kind: &'static str,
    /// What the caller may do: `read`, `write` or `manage`.
    right: &'static str,
    /// Whether files that arrive are held and examined.
    holds: bool,
}

/// A space with its room.
#[derive(Serialize, ToSchema)]
pub(super) struct SpaceDetails {
    #[serde(flatten)]
    space: Space,
    /// Bytes of current files and of uploads under way.
    used: u64,
    /// Bytes that still fit.
    available: u64,
}

pub(super) async fn list(call: &Call<'_>, caller: &Caller) -> Reply {
    let services = call.context.services;
    let rights = services.accounts.spaces_of(&caller.principal).await?;
    let mut spaces: Vec<_> = services
        .library
        .spaces()
        .await?
        .iter()
        .filter_map(|space| Some(Space::of(space, rights.iter().find(|right| right.space() == space.id)?)))
        .collect();
    spaces.sort_by(|one, other| one.name.cmp(&other.name));
    reply(StatusCode::OK, &spaces)
}

pub(super) async fn show(call: &Call<'_>, caller: &Caller) -> Reply {
    let (space, access) = call.space(caller).await?;
    let usage = call.context.services.library.usage(&access).await?;
    let details =
        SpaceDetails { space: Space::of(&space, &access), used: usage.used.0, available: usage.available.0 };
    reply(StatusCode::OK, &details)
}

impl Space {
    fn of(space: &library::Space, access: &Access) -> Self {
        Self {
            name: space.name.clone(),
            kind: space.kind.as_str(),
            right: access.right().as_str(),
            holds: space.settings.hold.is_some(),
        }
    }
}
