//! An event as the columns of its row, and back.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::spaces::millis;
use crate::model::{
    AccountEvent, AppPasswordId, EntryEvent, EntryId, Event, HandInEvent, HandInId, HoldEvent, InstanceEvent,
    LinkEvent, LinkId, LinkRight, RemovedKind, RequestEvent, RequestId, Right, Role, SpaceEvent, SpaceGrant,
    SpaceId, Spot, UserId, VersionId, VersionState,
};

/// The columns of an event besides actor and time.
#[derive(Default)]
pub(super) struct Columns {
    pub(super) kind: String,
    pub(super) space: Option<SpaceId>,
    pub(super) entry: Option<EntryId>,
    pub(super) version: Option<VersionId>,
    pub(super) path: Option<String>,
    pub(super) size: Option<u64>,
    pub(super) detail: Option<Detail>,
}

/// Data without a column of its own, as JSON. Field names are part of the format.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct Detail {
    #[serde(skip_serializing_if = "Option::is_none")]
    other_space: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    other_entry: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    other_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    right: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    releases: Option<bool>,
    /// In milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hand_in: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Columns {
    /// The columns of an event.
    pub(super) fn of(event: &Event) -> Self {
        use AccountEvent::{PasskeyAdded, PasskeyRemoved, PasskeyRenamed};
        match event {
            Event::Entry { spot, version, size, other, .. } => Columns {
                kind: event.word(),
                version: *version,
                size: *size,
                detail: other.as_ref().map(|other| Detail {
                    other_space: Some(other.space.to_string()),
                    other_entry: Some(other.entry.0),
                    other_path: Some(other.path.clone()),
                    ..Detail::default()
                }),
                ..at(spot)
            },
            Event::StateChanged { spot, version, from, to, reason } => Columns {
                kind: event.word(),
                version: Some(*version),
                detail: Some(Detail {
                    from: Some(from.as_str().to_owned()),
                    to: Some(to.as_str().to_owned()),
                    reason: reason.clone(),
                    ..Detail::default()
                }),
                ..at(spot)
            },
            Event::Hold { spot, version, reason, whom, .. } => Columns {
                kind: event.word(),
                version: Some(*version),
                detail: Some(Detail {
                    reason: reason.clone(),
                    user: whom.as_ref().map(|(user, _)| user.0),
                    name: whom.as_ref().map(|(_, name)| name.clone()),
                    ..Detail::default()
                }),
                ..at(spot)
            },
            Event::Removed { space, count, .. } => Columns {
                kind: event.word(),
                space: Some(*space),
                detail: Some(Detail { count: Some(*count), ..Detail::default() }),
                ..Columns::default()
            },
            Event::Instance(_) => Columns { kind: event.word(), ..Columns::default() },
            Event::Space { space, name, .. } => Columns {
                kind: event.word(),
                space: Some(*space),
                detail: Some(Detail { name: Some(name.clone()), ..Detail::default() }),
                ..Columns::default()
            },
            Event::Account { kind, user, name } => {
                let mut detail = Detail { user: Some(user.0), name: Some(name.clone()), ..Detail::default() };
                match kind {
                    AccountEvent::Made(role) | AccountEvent::RoleChanged(role) => {
                        detail.role = Some(role.as_str().to_owned());
                    }
                    AccountEvent::DeviceAdded(device, label) => {
                        (detail.device, detail.label) = (Some(device.0), Some(label.clone()));
                    }
                    AccountEvent::DeviceRemoved(device) => detail.device = Some(device.0),
                    PasskeyAdded(label) | PasskeyRenamed(label) | PasskeyRemoved(label) => {
                        detail.label = Some(label.clone());
                    }
                    _ => {}
                }
                Columns { kind: event.word(), detail: Some(detail), ..Columns::default() }
            }
            Event::Grant { user, name, space, grant } => Columns {
                kind: event.word(),
                space: Some(*space),
                detail: Some(Detail {
                    user: Some(user.0),
                    name: Some(name.clone()),
                    right: grant.map(|grant| grant.right.as_str().to_owned()),
                    releases: grant.map(|grant| grant.releases).filter(|releases| *releases),
                    hold: grant.and_then(|grant| grant.hold).map(millis),
                    ..Detail::default()
                }),
                ..Columns::default()
            },
            Event::Link { link, spot, right, .. } => Columns {
                kind: event.word(),
                detail: Some(Detail {
                    link: Some(link.0),
                    right: Some(right.as_str().to_owned()),
                    ..Detail::default()
                }),
                ..at(spot)
            },
            Event::HandIn { hand_in, spot, count, size, .. } => Columns {
                kind: event.word(),
                size: Some(*size),
                detail: Some(Detail { hand_in: Some(hand_in.0), count: Some(*count), ..Detail::default() }),
                ..at(spot)
            },
            Event::Request { request, item, spot, reason, .. } => Columns {
                kind: event.word(),
                detail: Some(about_request(*request, item.clone(), reason.clone())),
                ..at(spot)
            },
        }
    }

    /// The event; `None` for a word that this program does not know.
    pub(super) fn event(self) -> Option<Event> {
        let Self { kind, space, entry, version, path, size, detail } = self;
        let detail = detail.unwrap_or_default();
        let spot = || Some(Spot { space: space?, entry: entry?, path: path.clone()? });
        if let Some(kind) = EntryEvent::from_word(&kind) {
            let other = match (detail.other_space, detail.other_entry, detail.other_path) {
                (Some(space), Some(entry), Some(path)) => {
                    Some(Spot { space: space.parse().ok()?, entry: EntryId(entry), path })
                }
                _ => None,
            };
            return Some(Event::Entry { kind, spot: spot()?, version, size, other });
        }
        if kind == Event::STATE_CHANGED {
            let state = |word: Option<String>| VersionState::from_word(&word?);
            let (from, to, reason) = (state(detail.from)?, state(detail.to)?, detail.reason);
            return Some(Event::StateChanged { spot: spot()?, version: version?, from, to, reason });
        }
        if let Some(kind) = HoldEvent::from_word(&kind) {
            let (version, reason) = (version?, detail.reason);
            let whom = detail.user.map(UserId).zip(detail.name);
            return Some(Event::Hold { kind, spot: spot()?, version, reason, whom });
        }
        if let Some(what) = kind.strip_prefix(Event::REMOVED).and_then(RemovedKind::from_word) {
            return Some(Event::Removed { space: space?, what, count: detail.count? });
        }
        if let Some(kind) = InstanceEvent::from_word(&kind) {
            return Some(Event::Instance(kind));
        }
        if let Some(kind) = SpaceEvent::from_word(&kind) {
            return Some(Event::Space { kind, space: space?, name: detail.name? });
        }
        if let Some(kind) = LinkEvent::from_word(&kind) {
            let right = LinkRight::from_word(&detail.right?)?;
            return Some(Event::Link { kind, link: LinkId(detail.link?), spot: spot()?, right });
        }
        if let Some(kind) = HandInEvent::from_word(&kind) {
            let (hand_in, count) = (HandInId(detail.hand_in?), detail.count?);
            return Some(Event::HandIn { kind, hand_in, spot: spot()?, count, size: size? });
        }
        if let Some(kind) = RequestEvent::from_word(&kind) {
            let (request, item) = (RequestId(detail.request?), detail.name);
            return Some(Event::Request { kind, request, item, spot: spot()?, reason: detail.reason });
        }
        let (user, name) = (UserId(detail.user?), detail.name?);
        if kind == Event::GRANTED || kind == Event::REVOKED {
            let right = detail.right.as_deref().and_then(Right::from_word);
            let releases = detail.releases.unwrap_or_default();
            let hold = detail.hold.map(Duration::from_millis);
            let grant = right.map(|right| SpaceGrant { right, releases, hold });
            return Some(Event::Grant { user, name, space: space?, grant });
        }
        let role = detail.role.as_deref().and_then(Role::from_word);
        let kind = AccountEvent::from_word(&kind, role, detail.device.map(AppPasswordId), detail.label)?;
        Some(Event::Account { kind, user, name })
    }
}

fn about_request(request: RequestId, item: Option<String>, reason: Option<String>) -> Detail {
    Detail { request: Some(request.0), name: item, reason, ..Detail::default() }
}

fn at(spot: &Spot) -> Columns {
    Columns {
        space: Some(spot.space),
        entry: Some(spot.entry),
        path: Some(spot.path.clone()),
        ..Columns::default()
    }
}
