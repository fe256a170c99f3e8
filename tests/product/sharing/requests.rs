//! Requests while both sides act at once: the state of the item and of the request counts when a file is stored.

use tresor::model::{Day, ItemId, ItemState, ItemUntil, LinkRight, Stamp, Timestamp};
use tresor::sharing::{
    BegunFile, DEFAULT_NAMING, HandInError, Judgement, LinkChange, NewRequest, RequestError, RequestShown,
    RequestsOf, SentFile, TemplateItem, Visit, WantedRecipient,
};

use crate::sharing::office::{NOW, Office, PEER, by, path};

/// A request by bert with an item for several files and one for a single file.
async fn ask(office: &Office) -> (RequestShown, Visit) {
    let item = |title: &str, several| TemplateItem { several, ..TemplateItem::titled(title) };
    let new = new(office, vec![item("many", true), item("one", false)], None).await;
    open(office, new).await
}

async fn new(office: &Office, items: Vec<TemplateItem>, deadline: Option<&str>) -> NewRequest {
    NewRequest {
        access: office.access_of(&office.bert).await,
        path: path("folder"),
        title: "Steuer 2025".to_owned(),
        note: String::new(),
        template: String::new(),
        naming: DEFAULT_NAMING.to_owned(),
        items,
        recipients: vec![WantedRecipient::default()],
        deadline: deadline.map(day),
        plan: tresor::model::ReminderPlan::default(),
        code_by_mail: false,
        invites: false,
    }
}

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// Makes a request, and opens its link.
async fn open(office: &Office, new: NewRequest) -> (RequestShown, Visit) {
    let id = office.sharing.ask(&office.bert, vec![new], NOW).await.unwrap()[0];
    let shown = shown(office, id).await;
    let token = shown.recipients[0].link.as_ref().unwrap().token().to_owned();
    let key = tresor::sharing::GuestKey::None;
    let visit = office.sharing.open(&token, key, PEER.parse().unwrap(), NOW).await.unwrap();
    (shown, visit)
}

async fn shown(office: &Office, id: tresor::model::RequestId) -> RequestShown {
    let rights = office.sharing.request_rights(&office.bert).await.unwrap();
    office.sharing.request(&rights, id).await.unwrap()
}

async fn begin(
    office: &Office,
    visit: &Visit,
    browser: &str,
    item: ItemId,
) -> Result<BegunFile, HandInError> {
    let sent = SentFile { path: path("a.pdf"), size: None, item: Some(item) };
    office.sharing.begin_file(visit, by(browser, ""), &sent, NOW).await
}

async fn judge(office: &Office, shown: &RequestShown, item: ItemId, judgement: Judgement) {
    let rights = office.sharing.request_rights(&office.bert).await.unwrap();
    let by = Stamp::owner(NOW);
    office.sharing.judge(&rights, shown.row.id, vec![(item, judgement)], by).await.unwrap();
}

/// The states of the items, which must be those that follow from their rows, and the counts of the request.
async fn states(office: &Office, before: &RequestShown) -> Vec<ItemState> {
    let now = shown(office, before.row.id).await;
    for item in &now.items {
        let id = item.row.id;
        let facts = office.catalog.read(move |tx| tx.item_facts(id)).await.unwrap().unwrap();
        assert_eq!(facts.state(), item.row.state);
    }
    let count = |is: fn(ItemState) -> bool| {
        u32::try_from(now.items.iter().filter(|item| is(item.row.state)).count()).unwrap()
    };
    assert_eq!(now.row.missing, count(ItemState::is_missing));
    assert_eq!(now.row.to_check, count(ItemState::is_to_check));
    now.items.iter().map(|item| item.row.state).collect()
}

#[tokio::test]
async fn a_file_that_was_on_its_way_meets_the_judgement_made_meanwhile() {
    let office = Office::open().await;
    let (asked, visit) = ask(&office).await;
    let many = asked.items[0].row.id;
    // Accepted: nothing more is taken.
    let begun = begin(&office, &visit, "a", many).await.unwrap();
    judge(&office, &asked, many, Judgement::Accept).await;
    assert_eq!(begun.put.commit(NOW).await.unwrap_err().code(), "accepted-meanwhile");
    assert!(matches!(begin(&office, &visit, "a", many).await, Err(HandInError::ItemDone)));
    assert_eq!(states(&office, &asked).await, [ItemState::Accepted, ItemState::Open]);
    // Rejected: the file is the answer to that.
    judge(&office, &asked, many, Judgement::Undo).await;
    let begun = begin(&office, &visit, "a", many).await.unwrap();
    judge(&office, &asked, many, Judgement::Reject("page 2".to_owned())).await;
    assert_eq!(states(&office, &asked).await, [ItemState::Rejected, ItemState::Open]);
    begun.put.commit(NOW).await.unwrap();
    assert_eq!(states(&office, &asked).await, [ItemState::HandedIn, ItemState::Open]);
    // Closed: it is not stored.
    let begun = begin(&office, &visit, "a", many).await.unwrap();
    let rights = office.sharing.request_rights(&office.bert).await.unwrap();
    office.sharing.close_request(&rights, asked.row.id, true, Stamp::owner(NOW)).await.unwrap();
    assert_eq!(begun.put.commit(NOW).await.unwrap_err().code(), "ended-meanwhile");
    assert_eq!(shown(&office, asked.row.id).await.items[0].files.len(), 1);
    // The files get their receipt, though the person never said that they are complete.
    assert_eq!(office.sharing.close_left_open(NOW).await.unwrap(), 1);
}

#[tokio::test]
async fn of_two_devices_one_hands_in_the_only_file_of_an_item() {
    let office = Office::open().await;
    let (asked, visit) = ask(&office).await;
    let one = asked.items[1].row.id;
    let first = begin(&office, &visit, "a", one).await.unwrap();
    let second = begin(&office, &visit, "b", one).await.unwrap();
    second.put.commit(NOW).await.unwrap();
    assert_eq!(first.put.commit(NOW).await.unwrap_err().code(), "full-meanwhile");
    assert_eq!(states(&office, &asked).await, [ItemState::Open, ItemState::HandedIn]);
    // Once it is accepted, the person takes nothing back.
    judge(&office, &asked, one, Judgement::Accept).await;
    let file = office.sharing.hand_in(&visit, "b").await.unwrap().unwrap().files[0].id;
    let token = asked.recipients[0].link.as_ref().unwrap().token();
    let refused = office.sharing.withdraw(token, "b", file, NOW).await.unwrap_err();
    assert_eq!(refused.code(), "too-late-to-withdraw");
    judge(&office, &asked, one, Judgement::Undo).await;
    office.sharing.withdraw(token, "b", file, NOW).await.unwrap();
    assert_eq!(states(&office, &asked).await, [ItemState::Open, ItemState::Open]);
}

#[tokio::test]
async fn requests_are_seen_and_judged_by_those_who_may_write_in_the_space() {
    let office = Office::open().await;
    let (asked, _) = ask(&office).await;
    let item = asked.items[0].row.id;
    let reader = office.sharing.request_rights(&office.carla).await.unwrap();
    assert!(reader.is_empty());
    let carlas = [office.access_of(&office.carla).await];
    let none = office.sharing.request(&carlas, asked.row.id).await;
    assert!(matches!(none, Err(RequestError::NoSuchRequest)));
    let judged = office
        .sharing
        .judge(&carlas, asked.row.id, vec![(item, Judgement::Accept)], office.carla.stamp(NOW))
        .await;
    assert!(matches!(judged, Err(RequestError::NoSuchRequest)));
    // A batch is judged whole or not at all.
    let annas = office.sharing.request_rights(&office.anna).await.unwrap();
    let batch = vec![(item, Judgement::Accept), (ItemId(999), Judgement::Accept)];
    let judged = office.sharing.judge(&annas, asked.row.id, batch, office.anna.stamp(NOW)).await;
    assert!(matches!(judged, Err(RequestError::NoSuchItem)));
    assert_eq!(states(&office, &asked).await, [ItemState::Open, ItemState::Open]);
}

/// The requests that are overdue at noon of a day.
async fn overdue(office: &Office, at: &str) -> usize {
    let rights = office.sharing.request_rights(&office.bert).await.unwrap();
    let now: Timestamp = format!("{at}T12:00:00Z").parse().unwrap();
    office.sharing.requests(&rights, RequestsOf::Overdue, None, now).await.unwrap().requests.len()
}

async fn date(office: &Office, asked: &RequestShown, days: &[(usize, &str)]) -> Result<(), RequestError> {
    let rights = office.sharing.request_rights(&office.bert).await.unwrap();
    let parsed = |text: &str| Some(text).filter(|text| !text.is_empty()).map(day);
    let days = days.iter().map(|(at, text)| (asked.items[*at].row.id, parsed(text))).collect();
    office.sharing.date_items(&rights, asked.row.id, days, Stamp::owner(NOW)).await
}

#[tokio::test]
async fn a_request_is_overdue_with_the_first_of_its_items_that_is_missing() {
    let office = Office::open().await;
    let item = |title: &str, until: Option<&str>| TemplateItem {
        until: until.map(|until| until.parse().unwrap()),
        ..TemplateItem::titled(title)
    };
    let items = vec![item("early", Some("2027-01-20")), item("late", Some("7d")), item("last", None)];
    let wanted = new(&office, items, Some("2027-02-28")).await;
    let (asked, visit) = open(&office, wanted).await;
    let until: Vec<_> = asked.items.iter().map(|item| item.row.until.map(|at| at.to_string())).collect();
    let ends = |day: &str| Some(format!("{day}T23:00:00Z"));
    assert_eq!(until, [ends("2027-01-20"), ends("2027-02-21"), None]);
    assert_eq!([overdue(&office, "2027-01-20").await, overdue(&office, "2027-01-21").await], [0, 1]);
    // Handed in: the next one counts.
    begin(&office, &visit, "a", asked.items[0].row.id).await.unwrap().put.commit(NOW).await.unwrap();
    assert_eq!([overdue(&office, "2027-02-21").await, overdue(&office, "2027-02-22").await], [0, 1]);
    judge(&office, &asked, asked.items[0].row.id, Judgement::Reject("page 2".to_owned())).await;
    assert_eq!([overdue(&office, "2027-01-20").await, overdue(&office, "2027-01-21").await], [0, 1]);
    // Another day, none, and days that cannot be; then no item is changed.
    date(&office, &asked, &[(0, "2027-02-01"), (1, "")]).await.unwrap();
    assert_eq!([overdue(&office, "2027-02-01").await, overdue(&office, "2027-02-02").await], [0, 1]);
    let past = date(&office, &asked, &[(1, "2027-02-05"), (0, "2027-01-14")]).await;
    assert!(matches!(past, Err(RequestError::DeadlineInPast)), "{past:?}");
    let after = date(&office, &asked, &[(1, "2027-02-05"), (0, "2027-03-01")]).await;
    assert!(matches!(after, Err(RequestError::ItemAfterDeadline)), "{after:?}");
    assert_eq!(shown(&office, asked.row.id).await.items[1].row.until, None);
    // An earlier deadline takes the days after it along.
    let rights = office.sharing.request_rights(&office.bert).await.unwrap();
    let by = Stamp::owner(NOW);
    office.sharing.extend_request(&rights, asked.row.id, day("2027-01-31"), by).await.unwrap();
    assert_eq!(shown(&office, asked.row.id).await.items[0].row.until, None);
    assert_eq!([overdue(&office, "2027-01-31").await, overdue(&office, "2027-02-01").await], [0, 1]);
}

#[tokio::test]
async fn items_of_a_request_without_a_deadline_have_days_and_its_links_open_after_the_last() {
    let office = Office::open().await;
    let on = |text: &str| TemplateItem { until: Some(ItemUntil::On(day(text))), ..TemplateItem::titled("a") };
    let past = new(&office, vec![on("2027-01-14")], None).await;
    let refused = office.sharing.ask(&office.bert, vec![past], NOW).await;
    assert!(matches!(refused, Err(RequestError::DeadlineInPast)), "{refused:?}");
    let wanted = new(&office, vec![on("2027-12-31")], None).await;
    let (asked, _) = open(&office, wanted).await;
    let expires = |shown: &RequestShown| shown.recipients[0].link.as_ref().unwrap().expires.unwrap();
    assert_eq!(expires(&asked).to_string(), "2028-03-30T22:00:00Z");
    date(&office, &asked, &[(0, "2028-12-31")]).await.unwrap();
    assert_eq!(expires(&shown(&office, asked.row.id).await).to_string(), "2029-03-31T22:00:00Z");
    // Never sooner than before.
    date(&office, &asked, &[(0, "2027-02-01")]).await.unwrap();
    assert_eq!(expires(&shown(&office, asked.row.id).await).to_string(), "2029-03-31T22:00:00Z");
}

/// Numbers of items are 1, 2, 3: a guest of any other link could guess them, and did.
#[tokio::test]
async fn an_item_belongs_to_the_links_of_its_request_alone() {
    let office = Office::open().await;
    let (asked, visit) = ask(&office).await;
    let (foreign, stranger) = ask(&office).await;
    let item = asked.items[0].row.id;
    let link = office.link("folder", LinkRight::Add).await;
    let guest = office.visit(&link).await.unwrap();
    for other in [&guest, &stranger] {
        let refused = begin(&office, other, "stranger", item).await.err().unwrap();
        assert_eq!(refused.code(), "hand-in-unknown");
    }
    begin(&office, &visit, "client", item).await.unwrap().put.commit(NOW).await.unwrap();
    let states =
        async |id| shown(&office, id).await.items.iter().map(|item| item.row.state).collect::<Vec<_>>();
    assert_eq!(states(asked.row.id).await, [ItemState::HandedIn, ItemState::Open]);
    assert_eq!(states(foreign.row.id).await, [ItemState::Open, ItemState::Open]);

    // Its address is seen where the request is, and nobody changes it as a link of its own.
    let of_request = visit.link.id;
    let seen = office.sharing.link(&office.bert, of_request).await;
    assert_eq!(seen.unwrap_err().code(), "link-unknown");
    let to = LinkChange { right: Some(LinkRight::Read), ..LinkChange::default() };
    let changed = office.sharing.change(&office.bert, of_request, to, NOW).await;
    assert_eq!(changed.unwrap_err().code(), "link-unknown");
}

#[tokio::test]
async fn what_the_office_decided_stays_and_answers_are_bounded() {
    let office = Office::open().await;
    let (asked, visit) = ask(&office).await;
    let item = asked.items[0].row.id;
    begin(&office, &visit, "client", item).await.unwrap().put.commit(NOW).await.unwrap();
    let file = office.sharing.hand_in(&visit, "client").await.unwrap().unwrap().files[0].id;
    let rights = office.sharing.request_rights(&office.bert).await.unwrap();
    let judged = vec![(item, Judgement::Accept)];
    office.sharing.judge(&rights, asked.row.id, judged, office.bert.stamp(NOW)).await.unwrap();
    let token = asked.recipients[0].link.as_ref().unwrap().token().to_owned();
    let refused = office.sharing.withdraw(&token, "client", file, NOW).await.unwrap_err();
    assert_eq!(refused.code(), "too-late-to-withdraw");

    let other = asked.items[1].row.id;
    // A button that is pressed twice is no fault.
    office.sharing.reclaim_item(&visit, other, NOW).await.unwrap();
    let mut outcomes = Vec::new();
    for _ in 0..150 {
        outcomes.push(office.sharing.decline_item(&visit, other, "", NOW).await);
        outcomes.push(office.sharing.reclaim_item(&visit, other, NOW).await);
    }
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 199);
    assert!(matches!(outcomes.last(), Some(Err(RequestError::TooMany))));
}
