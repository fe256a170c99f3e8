//! Writes a mail from the news in it that are still true.

use super::gather::{change_of, link_of};
use super::post::Letter;
use super::{Notices, NoticesError};
use crate::accounts::People;
use crate::catalog::{ItemRow, NoticeRow, ReadTx};
use crate::model::{
    HoldState, ItemState, News, NoticeId, Office, Recipient, RecipientId, RequestId, SpaceId, Timestamp,
    Topic, UserId, VersionState,
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
        let asking = self.sharing.asking(recipient, now).await?.filter(|asking| asking.no_mail.is_none());
        let Some(asking) = asking else { return Ok(None) };
        let office = self.accounts.office().await?;
        let mail = match row.topic {
            Topic::NeededAgain if self.is_still_rejected(row.id, asking.request).await? => {
                AskedMail::again(&asking, &office, url)
            }
            Topic::Reminder if !asking.is_paused => AskedMail::reminder(&asking, &office, url, now),
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
        match items.iter_mut().find(|item| (item.topic, item.space) == (news.topic, space)) {
            Some(item) => item.count += count,
            None => items.push(Item { topic: news.topic, space, count, since }),
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
    let is_about_links =
        items.iter().all(|item| matches!(item.topic, Topic::HandedIn | Topic::LinkUnfetched));
    let page = if is_about_links { "links" } else { "holding" };
    parts.push(format!("{}\n{url}/{page}", texts.page()));
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
        (Topic::HandedIn, 1) => texts.handed_in_one(space),
        (Topic::HandedIn, count) => texts.handed_in_many(count, space),
        (Topic::Released, _) => texts.released(space),
        (Topic::Quarantined, _) => texts.quarantined(space),
        (Topic::SecondNeeded, _) => texts.second_needed(space),
        (Topic::DecisionWaits, 1) => texts.waits_one(space, &since),
        (Topic::DecisionWaits, count) => texts.waits_many(count, space, &since),
        (Topic::LinkUnfetched, 1) => texts.unfetched_one(space, &last),
        (Topic::LinkUnfetched, count) => texts.unfetched_many(count, space),
        (Topic::NeededAgain | Topic::Reminder | Topic::Security | Topic::Digest, _) => String::new(),
    }
}
