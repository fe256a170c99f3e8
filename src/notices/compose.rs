//! Writes a mail from the news in it that are still true.

use super::gather::{change_of, event_of, link_of};
use super::post::Letter;
use super::{Notices, NoticesError};
use crate::accounts::People;
use crate::catalog::{ItemRow, NoticeRow, ReadTx};
use crate::model::{
    Event, EventId, HoldState, ItemState, News, NoticeId, Office, Recipient, RecipientId, RequestId, SpaceId,
    Timestamp, Topic, UserId, VersionState, WhyNoMail,
};
use crate::text::{AskedMail, Language, NoticeTexts};

/// Most spaces of which one mail tells; of the others it tells the number.
const MOST_SPACES: usize = 100;

/// News of one topic and space that are still true.
struct Item {
    topic: Topic,
    space: SpaceId,
    count: u64,
    since: Timestamp,
    page: NewsPage,
}

/// The page that shows more of some news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NewsPage {
    Holding,
    Links,
    Request(RequestId),
    Requests,
}

impl NewsPage {
    fn of(tx: &ReadTx<'_>, news: &News) -> Result<Self, NoticesError> {
        Ok(match news.topic {
            Topic::LinkUnfetched => Self::Links,
            Topic::HandedIn => request_of(tx, news)?.map_or(Self::Links, Self::Request),
            _ => Self::Holding,
        })
    }

    fn is_of_requests(self) -> bool {
        matches!(self, Self::Request(_) | Self::Requests)
    }

    /// The page for both of two; `None` if they have none in common.
    fn with(self, other: Self) -> Option<Self> {
        match (self, other) {
            _ if self == other => Some(self),
            _ if self.is_of_requests() && other.is_of_requests() => Some(Self::Requests),
            _ => None,
        }
    }

    /// Its path.
    fn path(self) -> String {
        match self {
            Self::Holding => "/holding".to_owned(),
            Self::Links => "/links".to_owned(),
            Self::Request(id) => format!("/requests/{id}"),
            Self::Requests => "/requests".to_owned(),
        }
    }
}

/// The request for which something was handed in.
fn request_of(tx: &ReadTx<'_>, news: &News) -> Result<Option<RequestId>, NoticesError> {
    let Some(EventId(id)) = event_of(&news.origin) else { return Ok(None) };
    let event = tx.events_after(EventId(id - 1), 1)?.pop().and_then(|(_, event)| event);
    let hand_in = event.filter(|event| event.id.0 == id).and_then(|event| match event.event {
        Event::HandIn { hand_in, .. } => Some(hand_in),
        _ => None,
    });
    let row = hand_in.map(|hand_in| tx.hand_in(hand_in)).transpose()?.flatten();
    let link = row.and_then(|row| row.link).map(|link| tx.link(link)).transpose()?.flatten();
    Ok(link.and_then(|link| link.request))
}

impl Notices {
    /// The mail of a notice; `None` if nothing of it is true any more, or its recipient may not know it.
    pub(super) async fn compose(
        &self,
        row: &NoticeRow,
        url: &str,
        now: Timestamp,
    ) -> Result<Option<Letter>, NoticesError> {
        if let Recipient::Asked(recipient) = row.recipient {
            return self.compose_asked(row, recipient, url, now).await;
        }
        let people = self.accounts.people().await?;
        let (row, url) = (row.clone(), url.to_owned());
        self.catalog.read(move |tx| compose(tx, &people, &row, &url, now)).await
    }

    /// The same for a recipient of a request.
    async fn compose_asked(
        &self,
        row: &NoticeRow,
        recipient: RecipientId,
        url: &str,
        now: Timestamp,
    ) -> Result<Option<Letter>, NoticesError> {
        let asking = self.sharing.asking(recipient, now).await?;
        let asking = asking.filter(|asking| match asking.no_mail {
            None => true,
            // An answer is good to know also when nothing is missing any more.
            Some(reason) => reason == WhyNoMail::NothingMissing && row.topic == Topic::Answered,
        });
        let Some(asking) = asking else { return Ok(None) };
        let office = self.accounts.office().await?;
        let mail = match row.topic {
            Topic::NeededAgain if self.is_still_rejected(row.id, asking.request).await? => {
                AskedMail::again(&asking, &office, url)
            }
            Topic::Answered => AskedMail::answered(&asking, &office, url),
            Topic::Reminder if !asking.is_paused => AskedMail::reminder(&asking, &office, url, now),
            Topic::Invitation => AskedMail::invitation(&asking, &office, url, now),
            _ => return Ok(None),
        };
        let AskedMail { subject, text } = mail;
        Ok(Some(Letter { to: asking.mail, subject, text }))
    }

    /// Whether one of the rejections that a mail tells of still stands.
    async fn is_still_rejected(&self, notice: NoticeId, request: RequestId) -> Result<bool, NoticesError> {
        let read = self.catalog.read(move |tx| {
            let rejections: Vec<_> = tx.news_of(notice)?.iter().map(|news| Some(news.at)).collect();
            let is_told =
                |item: &ItemRow| item.state == ItemState::Rejected && rejections.contains(&item.judged);
            Ok::<_, NoticesError>(tx.items_of(request)?.iter().any(is_told))
        });
        read.await
    }
}

fn compose(
    tx: &ReadTx<'_>,
    people: &People,
    row: &NoticeRow,
    url: &str,
    now: Timestamp,
) -> Result<Option<Letter>, NoticesError> {
    let (to, language) = match &row.recipient {
        Recipient::User(user) => match people.contact(*user) {
            Some(contact) => (contact.mail.clone(), Language::of_tag(&contact.language)),
            None => return Ok(None),
        },
        Recipient::Asked(_) => return Ok(None),
    };
    if row.topic == Topic::Security {
        return security(tx, people, row, (to, language), url);
    }
    let mut items: Vec<Item> = Vec::new();
    let mut absent: Option<UserId> = None;
    for news in tx.news_of(row.id)? {
        let Some(space) = news.space else { continue };
        let Some((count, since)) = still(tx, people, (&news, space), now)? else { continue };
        absent = absent.or(news.instead_of);
        let page = NewsPage::of(tx, &news)?;
        let mut same = items.iter_mut().filter(|item| (item.topic, item.space) == (news.topic, space));
        match same.find_map(|item| Some((item.page.with(page)?, item))) {
            Some((both, item)) => {
                item.count += count;
                item.page = both;
            }
            None => items.push(Item { topic: news.topic, space, count, since, page }),
        }
    }
    if items.is_empty() {
        return Ok(None);
    }
    let texts = NoticeTexts(language);
    let office = people.office();
    let is_digest = row.topic == Topic::Digest;
    let mut parts = vec![texts.greeting().to_owned()];
    parts.extend(is_digest.then(|| texts.digest().to_owned()));
    for item in items.iter().take(MOST_SPACES) {
        let Some(space) = tx.space(item.space)? else { continue };
        let sentence = sentence(language, &office, item, &space.name);
        parts.push(if is_digest { format!("- {sentence}") } else { sentence });
    }
    let left = items.len().saturating_sub(MOST_SPACES);
    parts.extend((left > 0).then(|| texts.more(left)));
    let has_arrivals = items.iter().any(|item| item.topic == Topic::Arrived);
    parts.extend((has_arrivals && !is_digest).then(|| texts.arrived_hint().to_owned()));
    let mut pages: Vec<NewsPage> = Vec::new();
    for item in &items {
        match pages.iter_mut().find_map(|page| Some((page.with(item.page)?, page))) {
            Some((both, page)) => *page = both,
            None => pages.push(item.page),
        }
    }
    let pages: Vec<_> = pages.into_iter().map(|page| format!("{url}{}", page.path())).collect();
    parts.push(format!("{}\n{}", texts.page(), pages.join("\n")));
    parts.extend(absent.and_then(|user| people.name(user)).map(|name| texts.instead_of(&name)));
    let (subject, text) = (language.notice_subject(row.topic), language.letter(&parts, &office));
    Ok(Some(Letter { to, subject: subject.to_owned(), text }))
}

/// The mail about how a person signs in: each change with its time, and what to do about one that the person does not know.
fn security(
    tx: &ReadTx<'_>,
    people: &People,
    row: &NoticeRow,
    (to, language): (String, Language),
    url: &str,
) -> Result<Option<Letter>, NoticesError> {
    let (texts, office) = (NoticeTexts(language), people.office());
    let news = tx.news_of(row.id)?;
    let changes = news.iter().filter_map(|news| Some((change_of(&news.origin)?, news.at)));
    let lines: Vec<String> = changes
        .take(MOST_CHANGES)
        .map(|(change, at)| {
            format!("- {}: {}", language.moment(&office.zone, at), language.security_change(change))
        })
        .collect();
    if lines.is_empty() {
        return Ok(None);
    }
    let parts = [
        texts.greeting().to_owned(),
        texts.security().to_owned(),
        lines.join("\n"),
        texts.security_advice().to_owned(),
        format!("{}\n{url}/account", texts.page()),
    ];
    let (subject, text) = (language.notice_subject(row.topic).to_owned(), language.letter(&parts, &office));
    Ok(Some(Letter { to, subject, text }))
}

/// Most changes of one account that one mail tells of.
const MOST_CHANGES: usize = 100;

/// The news that are still true, as a number and a time: of files and their arrival, of links and their end; `None` if it is not, or if the recipient may not
/// know it.
fn still(
    tx: &ReadTx<'_>,
    people: &People,
    (news, space): (&News, SpaceId),
    now: Timestamp,
) -> Result<Option<(u64, Timestamp)>, NoticesError> {
    if news.topic == Topic::DecisionWaits {
        let waiting = tx.undecided_before(now)?.into_iter().find(|waiting| waiting.space == space);
        let decides = news.recipient.user().is_some_and(|user| people.decides(user, space));
        return Ok(waiting.filter(|_| decides).map(|waiting| (waiting.count, waiting.since)));
    }
    if news.topic == Topic::HandedIn {
        let reads = news.recipient.user().is_some_and(|user| people.reads(user, space));
        return Ok(reads.then_some((1, news.at)));
    }
    if news.topic == Topic::LinkUnfetched {
        let reads = news.recipient.user().is_some_and(|user| people.reads(user, space));
        let link = link_of(&news.origin).map(|link| tx.link(link)).transpose()?.flatten();
        let link = link.filter(|link| reads && link.fetched.is_none() && link.uses == 0);
        return Ok(link.and_then(|link| link.expires).filter(|end| now < *end).map(|end| (1, end)));
    }
    let (Some(version), Some(user)) = (news.version, news.recipient.user()) else { return Ok(None) };
    let (Some(content), Some(hold)) = (tx.version(version)?, tx.hold_on(version)?) else { return Ok(None) };
    let is_open = !hold.state.has_ended();
    let (reads, decides) = (people.reads(user, space), people.decides(user, space));
    let has_it = content.handed_to.contains(&user);
    let is_true = match news.topic {
        Topic::Arrived => reads && is_open && hold.state != HoldState::Quarantined,
        Topic::Asked => {
            let requests = tx.hold_requests(hold.id, MOST_REQUESTS)?;
            decides && is_open && requests.iter().any(|request| request.declined.is_none())
        }
        Topic::HandedOut => reads && has_it,
        Topic::Declined => {
            let request = tx.hold_request(hold.id, user)?;
            reads && is_open && !has_it && request.is_some_and(|request| request.declined.is_some())
        }
        Topic::Released => reads && content.state == VersionState::Visible,
        Topic::Quarantined => decides && content.state == VersionState::Quarantined,
        Topic::SecondNeeded => {
            decides
                && is_open
                && tx.approval(hold.id)?.is_some_and(|first| first.user != Some(user) && now < first.lapses)
        }
        Topic::HandedIn
        | Topic::NeededAgain
        | Topic::Reminder
        | Topic::Answered
        | Topic::Invitation
        | Topic::DecisionWaits
        | Topic::LinkUnfetched
        | Topic::Security
        | Topic::Digest => false,
    };
    Ok(is_true.then_some((1, hold.arrived)))
}

/// Most requests for a content that are looked at.
const MOST_REQUESTS: usize = 200;

fn sentence(language: Language, office: &Office, item: &Item, space: &str) -> String {
    let texts = NoticeTexts(language);
    let since = language.day(office.zone.day(item.since));
    let last = language.day(office.zone.last_day(item.since));
    match (item.topic, item.count) {
        (Topic::Arrived, 1) => texts.arrived_one(space),
        (Topic::Arrived, count) => texts.arrived_many(count, space),
        (Topic::Asked, _) => texts.asked(space),
        (Topic::HandedOut, _) => texts.handed_out(space),
        (Topic::Declined, _) => texts.declined(space),
        (Topic::HandedIn, 1) if item.page.is_of_requests() => texts.handed_in_request(space),
        (Topic::HandedIn, count) if item.page.is_of_requests() => texts.handed_in_requests(count, space),
        (Topic::HandedIn, 1) => texts.handed_in_one(space),
        (Topic::HandedIn, count) => texts.handed_in_many(count, space),
        (Topic::Released, _) => texts.released(space),
        (Topic::Quarantined, _) => texts.quarantined(space),
        (Topic::SecondNeeded, _) => texts.second_needed(space),
        (Topic::DecisionWaits, 1) => texts.waits_one(space, &since),
        (Topic::DecisionWaits, count) => texts.waits_many(count, space, &since),
        (Topic::LinkUnfetched, 1) => texts.unfetched_one(space, &last),
        (Topic::LinkUnfetched, count) => texts.unfetched_many(count, space),
        (
            Topic::NeededAgain
            | Topic::Reminder
            | Topic::Answered
            | Topic::Invitation
            | Topic::Security
            | Topic::Digest,
            _,
        ) => String::new(),
    }
}
