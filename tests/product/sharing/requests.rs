//! Requests while both sides act at once: what was judged or closed meanwhile counts when a file is stored.

use tresor::model::{ItemId, ItemState, Stamp};
use tresor::sharing::{
    BegunFile, DEFAULT_NAMING, HandInError, Judgement, NewRequest, RequestError, RequestShown, SentFile,
    TemplateItem, Visit, WantedRecipient,
};

use crate::sharing::office::{NOW, Office, PEER, by, path};

/// A request by bert with an item for several files and one for a single file.
async fn ask(office: &Office) -> (RequestShown, Visit) {
    let item = |title: &str, several| TemplateItem {
        title: title.to_owned(),
        help: String::new(),
        person: String::new(),
        several,
    };
    let new = NewRequest {
        access: office.access_of(&office.bert).await,
        path: path("folder"),
        title: "Steuer 2025".to_owned(),
        note: String::new(),
        template: String::new(),
        naming: DEFAULT_NAMING.to_owned(),
        items: vec![item("many", true), item("one", false)],
        recipients: vec![WantedRecipient::default()],
        deadline: None,
        plan: tresor::model::ReminderPlan::default(),
    };
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
    begun.put.commit(NOW).await.unwrap_err();
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
    begun.put.commit(NOW).await.unwrap_err();
    assert_eq!(shown(&office, asked.row.id).await.items[0].files.len(), 1);
    // What was handed in gets its receipt, though the person never said that it is complete.
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
    first.put.commit(NOW).await.unwrap_err();
    assert_eq!(states(&office, &asked).await, [ItemState::Open, ItemState::HandedIn]);
    // Accepted, taken back by the person: it is open again.
    judge(&office, &asked, one, Judgement::Accept).await;
    let file = office.sharing.hand_in(&visit, "b").await.unwrap().unwrap().files[0].id;
    office
        .sharing
        .withdraw(asked.recipients[0].link.as_ref().unwrap().token(), "b", file, NOW)
        .await
        .unwrap();
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
