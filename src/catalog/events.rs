//! The record of events: who did what and when.

use super::event_columns::Columns;
use super::row::{Row, params};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{
    Actor, AppPasswordId, EntryId, Event, EventId, EventPage, LinkId, Recorded, SpaceId, Spot, Stamp,
    Timestamp, UserId, VersionId, VersionState, Via, Worker,
};

/// Events of a space that are examined for one page of those at a path.
const MAX_EXAMINED: usize = 20_000;

/// Selects events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventsOf<'a> {
    /// The events of a space, including its rights and links.
    Space(SpaceId),
    /// Those about the entry, or that were at `path` or below it then.
    Below {
        /// The space of the path.
        space: SpaceId,
        /// The entry at the path now.
        entry: Option<EntryId>,
        /// The path, as in [`Spot::path`].
        path: &'a str,
    },
    /// All events of the instance.
    Everything,
}

const COLUMNS: &str =
    "id, at, actor, user_id, device_id, link_id, worker, kind, space_id, entry_id, version_id,
     path, size, detail";

impl WriteTx<'_> {
    /// Appends an event, which exists if and only if this transaction is committed.
    pub fn record(&self, stamp: &Stamp, event: &Event) -> Result<(), CatalogError> {
        let (actor, user, device, link, worker) = match stamp.actor {
            Actor::User { id, via: Via::Password } => ("user", Some(id.0), None, None, None),
            Actor::User { id, via: Via::Device(device) } => ("user", Some(id.0), Some(device.0), None, None),
            Actor::Guest { link, creator } => ("guest", Some(creator.0), None, Some(link.0), None),
            Actor::Owner => ("owner", None, None, None, None),
            Actor::Worker(worker) => ("worker", None, None, None, Some(worker.as_str())),
        };
        let columns = Columns::of(event);
        let detail = columns.detail.map(|detail| serde_json::to_string(&detail).unwrap_or_default());
        self.execute(
            "INSERT INTO events (at, actor, user_id, device_id, link_id, worker, kind, space_id, entry_id,
                 version_id, path, size, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            params![
                stamp.at.0,
                actor,
                user,
                device,
                link,
                worker,
                columns.kind,
                columns.space.map(|space| space.0),
                columns.entry.map(|entry| entry.0),
                columns.version.map(|version| version.0),
                columns.path,
                columns.size,
                detail
            ],
        )?;
        self.account_for();
        Ok(())
    }

    /// Removes up to `limit` of the oldest events from before `before`; returns their number.
    pub fn forget_events(&self, before: Timestamp, limit: usize) -> Result<usize, CatalogError> {
        let oldest = self.all("SELECT id, at FROM events ORDER BY id LIMIT ?1", [limit], |row| {
            Ok((row.get::<i64>(0)?, Timestamp(row.get(1)?)))
        })?;
        let Some((last, _)) = oldest.iter().take_while(|(_, at)| *at < before).last() else { return Ok(0) };
        self.execute("DELETE FROM events WHERE id <= ?1", [last])
    }
}

impl ReadTx<'_> {
    /// Space and path of an entry; `None` if it does not exist. A deleted top-level entry counts as a space's top
    /// folder.
    pub fn spot(&self, entry: EntryId) -> Result<Option<Spot>, CatalogError> {
        let lineage = self.lineage(entry)?;
        let Some(row) = lineage.first() else { return Ok(None) };
        let names = lineage.iter().rev().map(|row| row.name.as_str()).filter(|name| !name.is_empty());
        let path = names.fold(String::new(), |path, name| path + "/" + name);
        let path = if path.is_empty() { "/".to_owned() } else { path };
        Ok(Some(Spot { space: row.space, entry, path }))
    }

    /// Id of the latest event, if there is any.
    pub fn latest_event(&self) -> Result<Option<EventId>, CatalogError> {
        self.one("SELECT id FROM events ORDER BY id DESC LIMIT 1", [], |row| Ok(EventId(row.get(0)?)))
    }

    /// Up to `limit` events after `after` in the order of commits, with their ids; `None` in place of one that a newer
    /// program wrote.
    pub fn events_after(
        &self,
        after: EventId,
        limit: usize,
    ) -> Result<Vec<(EventId, Option<Recorded>)>, CatalogError> {
        let sql = format!("SELECT {COLUMNS} FROM events WHERE id > ?1 ORDER BY id LIMIT ?2");
        self.all(&sql, params![after.0, limit], recorded)
    }

    /// Up to `limit` of the latest reads of a version, latest first.
    pub fn reads_of(&self, version: VersionId, limit: usize) -> Result<Vec<Recorded>, CatalogError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM events WHERE kind = 'read' AND version_id = ?1 ORDER BY id DESC LIMIT ?2"
        );
        let rows = self.all(&sql, params![version.0, limit], recorded)?;
        Ok(rows.into_iter().filter_map(|(_, event)| event).collect())
    }

    /// Up to `limit` of the latest events about the requests of a folder, latest first.
    pub fn events_of_requests(&self, folder: EntryId, limit: usize) -> Result<Vec<Recorded>, CatalogError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM events WHERE entry_id = ?1 AND kind IN (
                 'request-made', 'request-changed', 'request-closed', 'request-reopened', 'request-reminded',
                 'request-invited', 'request-link-renewed', 'item-handed-in', 'item-taken-back', 'item-does-not-apply',
                 'item-applies', 'item-commented', 'item-answered', 'item-accepted', 'item-rejected', 'item-undone')
             ORDER BY id DESC LIMIT ?2"
        );
        let rows = self.all(&sql, params![folder.0, limit], recorded)?;
        Ok(rows.into_iter().filter_map(|(_, event)| event).collect())
    }

    /// When, by whom and for what reason a version last came into this state.
    pub fn latest_state_change(
        &self,
        version: VersionId,
        state: VersionState,
    ) -> Result<Option<(Stamp, Option<String>)>, CatalogError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM events WHERE kind = 'state-changed' AND version_id = ?1 ORDER BY id DESC"
        );
        let changes = self.all(&sql, [version.0], recorded)?;
        Ok(changes.into_iter().filter_map(|(_, event)| event).find_map(|change| match change.event {
            Event::StateChanged { to, reason, .. } if to == state => {
                Some((Stamp { actor: change.actor, at: change.at }, reason))
            }
            _ => None,
        }))
    }

    /// Up to `limit` events before `before` in the order of commits, or the latest ones. Skips rows that a newer
    /// program wrote. A page of events at a path may hold fewer, even none, and still have a next one: the work for
    /// it does not grow with the events of the space.
    pub fn events(
        &self,
        of: EventsOf<'_>,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<EventPage, CatalogError> {
        let before = before.map_or(i64::MAX, |id| id.0);
        // The latest event that was not examined.
        let mut rest = None;
        let rows = match of {
            EventsOf::Space(space) => self.all(
                &format!(
                    "SELECT {COLUMNS} FROM events WHERE space_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3"
                ),
                params![space.0, before, limit],
                recorded,
            )?,
            EventsOf::Below { space, entry, path } => {
                rest = self.one(
                    "SELECT id FROM events WHERE space_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT 1 OFFSET ?3",
                    params![space.0, before, MAX_EXAMINED],
                    |row| row.get::<i64>(0),
                )?;
                let below = format!("{path}/");
                self.all(
                    &format!(
                        "SELECT {COLUMNS} FROM events WHERE space_id = ?1 AND id < ?2 AND id > ?3
                             AND (entry_id = ?4 OR substr(path || '/', 1, length(?5)) = ?5)
                         ORDER BY id DESC LIMIT ?6"
                    ),
                    params![space.0, before, rest.unwrap_or(0), entry.map(|entry| entry.0), below, limit],
                    recorded,
                )?
            }
            EventsOf::Everything => self.all(
                &format!("SELECT {COLUMNS} FROM events WHERE id < ?1 ORDER BY id DESC LIMIT ?2"),
                params![before, limit],
                recorded,
            )?,
        };
        let next = match rows.last() {
            Some((last, _)) if rows.len() >= limit => Some(*last),
            _ => rest.map(|rest| EventId(rest + 1)),
        };
        Ok(EventPage { events: rows.into_iter().filter_map(|(_, event)| event).collect(), next })
    }
}

/// The event with its position; `None` for a word that this program does not know.
fn recorded(row: &Row<'_>) -> Result<(EventId, Option<Recorded>), DatabaseError> {
    let id = EventId(row.get(0)?);
    Ok((id, known(id, row)?))
}

fn known(id: EventId, row: &Row<'_>) -> Result<Option<Recorded>, DatabaseError> {
    let number = |column| row.get::<Option<i64>>(column);
    let (actor, worker): (String, Option<String>) = (row.get(2)?, row.get(6)?);
    let (user, device, link) =
        (number(3)?.map(UserId), number(4)?.map(AppPasswordId), number(5)?.map(LinkId));
    let actor = match (actor.as_str(), user, link, worker.as_deref().and_then(Worker::from_word)) {
        ("user", Some(id), _, _) => Actor::User { id, via: device.map_or(Via::Password, Via::Device) },
        ("guest", Some(creator), Some(link), _) => Actor::Guest { link, creator },
        ("owner", ..) => Actor::Owner,
        ("worker", _, _, Some(worker)) => Actor::Worker(worker),
        _ => return Ok(None),
    };
    let columns = Columns {
        kind: row.get(7)?,
        space: row.get::<Option<[u8; 16]>>(8)?.map(SpaceId),
        entry: number(9)?.map(EntryId),
        version: number(10)?.map(VersionId),
        path: row.get(11)?,
        size: row.get(12)?,
        detail: row.get::<Option<String>>(13)?.and_then(|text| serde_json::from_str(&text).ok()),
    };
    let at = Timestamp(row.get(1)?);
    Ok(columns.event().map(|event| Recorded { id, at, actor, event }))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::catalog::sqlite::fixture::fresh;
    use crate::model::{
        AccountEvent, EntryEvent, HandInEvent, HandInId, HoldEvent, InstanceEvent, LinkEvent, LinkRight,
        RemovedKind, RequestEvent, RequestId, Right, Role, SpaceEvent, SpaceGrant,
    };

    fn every_event() -> Vec<Event> {
        let space = SpaceId([7; 16]);
        let spot = Spot { space, entry: EntryId(4), path: "/a/b.txt".into() };
        let other = Spot { space: SpaceId([8; 16]), entry: EntryId(3), path: "/c".into() };
        let mut events = Vec::new();
        for kind in EntryEvent::ALL {
            for other in [None, Some(other.clone())] {
                let (version, size) = (Some(VersionId(9)), Some(1 << 40));
                events.push(Event::Entry { kind: *kind, spot: spot.clone(), version, size, other });
            }
        }
        let removed = RemovedKind::ALL.iter().map(|what| Event::Removed { space, what: *what, count: 12 });
        let spaces =
            SpaceEvent::ALL.iter().map(|kind| Event::Space { kind: *kind, space, name: "Müller".into() });
        let links = LinkEvent::ALL.iter().map(|kind| Event::Link {
            kind: *kind,
            link: LinkId(5),
            spot: spot.clone(),
            right: LinkRight::Add,
        });
        let hand_ins = HandInEvent::ALL.iter().map(|kind| Event::HandIn {
            kind: *kind,
            hand_in: HandInId(3),
            spot: spot.clone(),
            count: 12,
            size: 1 << 40,
        });
        events.extend(RequestEvent::ALL.iter().map(|kind| Event::Request {
            kind: *kind,
            request: RequestId(2),
            item: (*kind != RequestEvent::Made).then(|| "Lohnsteuer".to_owned()),
            spot: spot.clone(),
            reason: (*kind == RequestEvent::Rejected).then(|| "page 2 is missing".to_owned()),
        }));
        events.extend(removed.chain(spaces).chain(links).chain(hand_ins));
        events.extend(VersionState::ALL.iter().map(|to| Event::StateChanged {
            spot: spot.clone(),
            version: VersionId(9),
            from: VersionState::Held,
            to: *to,
            reason: Some("known to be harmless".into()),
        }));
        events.extend(HoldEvent::ALL.iter().map(|kind| Event::Hold {
            kind: *kind,
            spot: spot.clone(),
            version: VersionId(9),
            reason: Some("the client asked for it".into()),
            whom: (*kind == HoldEvent::HandedOut).then(|| (UserId(3), "anna".to_owned())),
        }));
        events.extend(InstanceEvent::ALL.iter().copied().map(Event::Instance));
        let device = AppPasswordId(6);
        let accounts = [
            AccountEvent::Made(Role::Client),
            AccountEvent::RoleChanged(Role::Staff),
            AccountEvent::PasswordChanged,
            AccountEvent::Disabled,
            AccountEvent::Enabled,
            AccountEvent::Removed,
            AccountEvent::SecondFactorAdded,
            AccountEvent::SecondFactorRemoved,
            AccountEvent::RecoveryCodesRenewed,
            AccountEvent::DeviceAdded(device, "Laptop".into()),
            AccountEvent::DeviceRemoved(device),
            AccountEvent::PasskeyAdded("Telefon".into()),
            AccountEvent::PasskeyRenamed("Telefon".into()),
            AccountEvent::PasskeyRemoved("Telefon".into()),
        ];
        let (user, name) = (UserId(2), "anna".to_owned());
        events.extend(accounts.map(|kind| Event::Account { kind, user, name: name.clone() }));
        let grants = [false, true].map(|releases| {
            Some(SpaceGrant {
                right: Right::Read,
                releases,
                hold: releases.then_some(Duration::from_hours(1)),
            })
        });
        let grants = grants.into_iter().chain([None]);
        events.extend(grants.map(|grant| Event::Grant { user, name: name.clone(), space, grant }));
        events
    }

    #[test]
    fn every_event_comes_back_as_it_was_recorded() {
        let (_folder, connection) = fresh();
        let tx = WriteTx::new(&connection);
        let mut actors = vec![
            Actor::user(UserId(1)),
            Actor::User { id: UserId(1), via: Via::Device(AppPasswordId(2)) },
            Actor::Guest { link: LinkId(3), creator: UserId(1) },
            Actor::Owner,
        ];
        actors.extend(Worker::ALL.iter().copied().map(Actor::Worker));
        let events = every_event();
        let stamps =
            actors.iter().cycle().zip(0..).map(|(actor, at)| Stamp { actor: *actor, at: Timestamp(at) });
        let written: Vec<_> = stamps.zip(&events).collect();
        for (stamp, event) in &written {
            tx.record(stamp, event).unwrap();
        }
        let read = tx.events(EventsOf::Everything, None, 1_000).unwrap().events;
        let read: Vec<_> =
            read.iter().rev().map(|one| (Stamp { actor: one.actor, at: one.at }, &one.event)).collect();
        assert_eq!(read, written);
        let of_space = tx.events(EventsOf::Space(SpaceId([7; 16])), None, 5).unwrap().events;
        assert_eq!(of_space.len(), 5);
        assert!(of_space.is_sorted_by(|one, next| one.id > next.id));

        assert_eq!(tx.forget_events(Timestamp(3), 2).unwrap(), 2);
        assert_eq!(tx.forget_events(Timestamp(3), 2).unwrap(), 1);
        assert_eq!(tx.forget_events(Timestamp(3), 2).unwrap(), 0);
        let left = tx.events(EventsOf::Everything, None, 1_000).unwrap();
        assert_eq!((left.events.len(), left.next), (events.len() - 3, None));
    }

    /// The history of one old file in a busy space took seconds, in a single request that looked at every event.
    #[test]
    fn a_page_of_a_paths_events_examines_some_events_of_the_space_only() {
        let (_dir, connection) = fresh();
        let tx = WriteTx::new(&connection);
        let space = SpaceId([7; 16]);
        let store = |path: &str, entry| {
            let spot = Spot { space, entry: EntryId(entry), path: path.into() };
            let event =
                Event::Entry { kind: EntryEvent::Stored, spot, version: None, size: None, other: None };
            tx.record(&Stamp::owner(Timestamp(0)), &event).unwrap();
        };
        for path in ["/a", "/a/b", "/ab", "/A", "/c"] {
            store(path, 4);
        }
        let many = 3 * i64::try_from(MAX_EXAMINED).unwrap();
        connection.run_all(&format!(
            "WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < {many})
             INSERT INTO events (at, actor, kind, space_id, entry_id, path)
             SELECT 0, 'owner', 'stored', x'{}', 5, '/other' FROM n",
            "07".repeat(16)
        ));
        let pages = |entry: Option<i64>, limit| {
            let of = EventsOf::Below { space, entry: entry.map(EntryId), path: "/a" };
            let (mut before, mut pages) = (None, Vec::new());
            loop {
                let EventPage { events, next } = tx.events(of, before, limit).unwrap();
                pages.push(events.iter().map(|one| one.id.0).collect::<Vec<_>>());
                match next {
                    Some(_) => before = next,
                    None => return pages,
                }
            }
        };
        assert_eq!(pages(None, 9), [vec![], vec![], vec![], vec![2, 1]]);
        assert_eq!(pages(Some(4), 3)[3..], [vec![5, 4, 3], vec![2, 1]]);
        assert_eq!(pages(Some(5), MAX_EXAMINED)[..3].concat().len(), 3 * MAX_EXAMINED);
    }
}
