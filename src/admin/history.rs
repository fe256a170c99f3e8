//! Answers requests for the history of events.

use std::collections::HashMap;

use super::error::AdminError;
use super::service::Admin;
use super::{EventShown, FetchShown, HistoryShown, When};
use crate::accounts::ActorNames;
use crate::intake::Hold;
use crate::model::{Access, Actor, EntryPath, Event, EventId, EventPage, Recorded, SpaceId};
use crate::text::Language;

/// Most events in one reply.
const MAX_EVENTS: usize = 10_000;

impl Admin {
    /// The latest events of the instance, a space, or a path in it and below.
    pub(super) async fn history(
        &self,
        access: Option<&Access>,
        path: &EntryPath,
        before: Option<EventId>,
        limit: usize,
        language: Language,
    ) -> Result<HistoryShown, AdminError> {
        let limit = limit.clamp(1, MAX_EVENTS);
        let EventPage { events, next } = match access {
            Some(access) => self.library.events(access, path, before, limit).await?,
            None => self.library.events_of_all(before, limit).await?,
        };
        let words = self.words(&events, language).await?;
        let events = events.iter().map(|event| words.shown(event)).collect();
        Ok(HistoryShown { events, next: next.map(|next| next.0) })
    }

    /// The downloads of a held content.
    pub(super) async fn fetched(&self, hold: &Hold) -> Result<Vec<FetchShown>, AdminError> {
        let words = self.words(&hold.fetched, Language::English).await?;
        let shown = hold.fetched.iter().map(|read| words.shown(read));
        Ok(shown.map(|EventShown { at, who, user, link, .. }| FetchShown { at, who, user, link }).collect())
    }

    /// The words for events.
    async fn words(&self, events: &[Recorded], language: Language) -> Result<Words, AdminError> {
        let names = self.accounts.names_for(events).await?;
        let spaces = self.library.spaces().await?.into_iter().map(|space| (space.id, space.name)).collect();
        Ok(Words { language, names, spaces })
    }
}

struct Words {
    language: Language,
    names: ActorNames,
    spaces: HashMap<SpaceId, String>,
}

impl Words {
    fn shown(&self, recorded: &Recorded) -> EventShown {
        let Recorded { id, at, actor, event } = recorded;
        let (kind, link) = match actor {
            Actor::User { .. } => ("user", None),
            Actor::Guest { link, .. } => ("guest", Some(link.0)),
            Actor::Owner => ("owner", None),
            Actor::Worker(_) => ("worker", None),
        };
        let (user, device) = (self.names.account(actor), self.names.device(actor));
        let spot = event.spot();
        let name = |space: SpaceId| self.spaces.get(&space).cloned().unwrap_or_else(|| space.to_string());
        let (version, bytes) = match event {
            Event::Entry { version, size, .. } => (version.map(|version| version.0), *size),
            Event::StateChanged { version, .. } | Event::Hold { version, .. } => (Some(version.0), None),
            _ => (None, None),
        };
        let states = match event {
            Event::StateChanged { from, to, .. } => Some((from.as_str().to_owned(), to.as_str().to_owned())),
            _ => None,
        };
        let (state_before, state) = states.unzip();
        EventShown {
            id: id.0,
            at: When(*at),
            actor: kind.to_owned(),
            who: self.language.actor(actor, user, device),
            user: user.map(str::to_owned),
            device: device.map(str::to_owned),
            link,
            event: event.word(),
            what: self.language.event(event),
            space: event.space().map(name),
            path: spot.map(|spot| spot.path.clone()),
            entry: spot.map(|spot| spot.entry.0),
            version,
            bytes,
            state_before,
            state,
        }
    }
}
