//! The one table of the events that are news, and for whom.

use super::NoticesError;
use crate::accounts::People;
use crate::catalog::ReadTx;
use crate::model::{
    AccountEvent, Actor, EntryEvent, Event, HoldEvent, Recorded, RequestEvent, RequestId, SecurityChange,
    SpaceId, Topic, UserId, VersionId, VersionState,
};

/// The recipients of news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// All users with the right to read the space.
    Readers,
    /// The deciders about held contents of the space.
    Deciders,
    /// One person.
    Person(UserId),
    /// Those whose request for the content is open.
    Askers,
    /// The person of an account, also after a change by another person.
    Owner(UserId),
    /// The recipients of a request: people without accounts.
    Asked(RequestId),
}

/// News of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Story {
    pub(super) topic: Topic,
    pub(super) audience: Audience,
    /// The space concerned; `None` for news about an account.
    pub(super) space: Option<SpaceId>,
    /// The content that it is about, if it is one.
    pub(super) version: Option<VersionId>,
}

/// The news in an event; `None` if it has none. One line for each topic.
pub(super) fn story(tx: &ReadTx<'_>, recorded: &Recorded) -> Result<Option<Story>, NoticesError> {
    use Audience::{Askers, Deciders, Person, Readers};
    if let Event::HandIn { hand_in, spot, .. } = &recorded.event {
        let link = tx.hand_in(*hand_in)?.and_then(|row| row.link);
        let creator = link.map(|link| tx.link(link)).transpose()?.flatten().map(|link| link.creator);
        let told = |user| Story {
            topic: Topic::HandedIn,
            audience: Person(user),
            space: Some(spot.space),
            version: None,
        };
        return Ok(creator.map(told));
    }
    if let Event::Request { kind: RequestEvent::Rejected, request, spot, .. } = &recorded.event {
        let (topic, audience) = (Topic::NeededAgain, Audience::Asked(*request));
        return Ok(Some(Story { topic, audience, space: Some(spot.space), version: None }));
    }
    if let Event::Account { user, .. } = &recorded.event {
        let (topic, audience) = (Topic::Security, Audience::Owner(*user));
        return Ok(change(recorded).map(|_| Story { topic, audience, space: None, version: None }));
    }
    let told = match &recorded.event {
        Event::Entry { kind: EntryEvent::Stored | EntryEvent::Replaced, version: Some(version), .. }
            if tx.hold_on(*version)?.is_some() =>
        {
            (Topic::Arrived, Readers, *version)
        }
        Event::Hold { kind: HoldEvent::Asked, version, .. } => (Topic::Asked, Deciders, *version),
        Event::Hold {
            kind: HoldEvent::HandedOut | HoldEvent::HandedOutUnchecked,
            version,
            whom: Some((person, _)),
            ..
        } => (Topic::HandedOut, Person(*person), *version),
        Event::Hold { kind: HoldEvent::Declined, version, whom: Some((person, _)), .. } => {
            (Topic::Declined, Person(*person), *version)
        }
        Event::Hold { kind: HoldEvent::Approved, version, .. } => (Topic::SecondNeeded, Deciders, *version),
        Event::StateChanged { version, to: VersionState::Quarantined, .. } => {
            (Topic::Quarantined, Deciders, *version)
        }
        Event::StateChanged { version, to: VersionState::Visible, .. } => (Topic::Released, Askers, *version),
        _ => return Ok(None),
    };
    let (topic, audience, version) = told;
    let space = recorded.event.space();
    Ok(space.map(|_| Story { topic, audience, space, version: Some(version) }))
}

/// The change of how a person signs in that an event is; `None` if it is none of which the person is told.
pub(super) fn change(recorded: &Recorded) -> Option<SecurityChange> {
    let Event::Account { kind, user, .. } = &recorded.event else { return None };
    match kind {
        AccountEvent::PasskeyAdded(_) => Some(SecurityChange::PasskeyAdded),
        AccountEvent::PasskeyRemoved(_) if recorded.actor.person() != Some(*user) => {
            Some(SecurityChange::PasskeyRemoved)
        }
        AccountEvent::SecondFactorRemoved => Some(SecurityChange::SecondFactorRemoved),
        AccountEvent::PasswordChanged => Some(SecurityChange::PasswordChanged),
        AccountEvent::DeviceAdded(..) => Some(SecurityChange::DeviceAdded),
        _ => None,
    }
}

/// The users of an audience, without the actor.
pub(super) fn audience(
    tx: &ReadTx<'_>,
    people: &People,
    story: &Story,
    actor: &Actor,
) -> Result<Vec<UserId>, NoticesError> {
    /// Most requests for a content that are looked at.
    const MOST_ASKERS: usize = 200;
    let mut users = match story.audience {
        Audience::Readers => story.space.map(|space| people.readers(space)).unwrap_or_default(),
        Audience::Deciders => story.space.map(|space| people.deciders(space)).unwrap_or_default(),
        Audience::Person(user) => vec![user],
        Audience::Owner(_) | Audience::Asked(_) => Vec::new(),
        Audience::Askers => match story.version.map(|version| tx.hold_on(version)).transpose()?.flatten() {
            Some(hold) => {
                let requests = tx.hold_requests(hold.id, MOST_ASKERS)?.into_iter();
                requests.filter(|request| request.declined.is_none()).map(|request| request.user).collect()
            }
            None => Vec::new(),
        },
    };
    users.retain(|user| actor.person() != Some(*user));
    Ok(users)
}
