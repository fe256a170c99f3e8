//! Hand-ins over time: deadlines, links that end, files that were read.

use std::net::IpAddr;

use tresor::accounts::Principal;
use tresor::model::{
    EntryPath, HandInFileId, LinkRight, LinkTerms, Role, Timestamp, UploadId, UploadOwner, UploadShape,
};
use tresor::proof;
use tresor::sharing::{
    Expiry, HandIn, HandInError, HandInFileState, LinkError, NewLink, Receipt, SentBy, SentFile, Shared,
    Visit, VisitError,
};
use tresor::uploads::{NewUpload, UploadError, UploadLimits, UploadsOf};

use crate::sharing::office::{HOUR, NOW, Office, at, by, path};

const BROWSER: &str = "browser";
const MINUTE: i64 = HOUR / 60;

async fn link(office: &Office, terms: LinkTerms, lives: i64) -> Shared {
    let wanted = office.wanted(&office.bert, "folder", LinkRight::Add).await;
    let new = NewLink { terms, expires: Expiry::At(at(lives)), ..wanted };
    office.sharing.create(&office.bert, new, NOW).await.unwrap()
}

async fn hand_in(office: &Office, visit: &Visit, name: &str, now: Timestamp) -> Result<(), HandInError> {
    let sent = SentFile { path: EntryPath::parse(name).unwrap(), size: None, item: None };
    let mut begun = office.sharing.begin_file(visit, by(BROWSER, "Erika"), &sent, now).await?;
    begun.put.write(name.as_bytes().to_vec().into()).await?;
    begun.put.commit(now).await?;
    Ok(())
}

async fn seen(office: &Office, visit: &Visit) -> HandIn {
    office.sharing.hand_in(visit, BROWSER).await.unwrap().unwrap()
}

async fn file(office: &Office, visit: &Visit) -> HandInFileId {
    seen(office, visit).await.files.last().unwrap().id
}

/// An upload of ten bytes from a page.
fn upload_of(guest: UploadOwner) -> NewUpload {
    NewUpload {
        id: UploadId::random(),
        protocol: "page",
        name: None,
        shape: UploadShape::Linear,
        path: None,
        length: Some(10),
        modified: None,
        checksum: None,
        metadata: String::new(),
        guest: Some(guest),
    }
}

#[tokio::test]
async fn what_is_finished_after_the_deadline_is_taken_and_marked() {
    let office = Office::open().await;
    let terms = LinkTerms { deadline: Some(at(HOUR)), ..LinkTerms::default() };
    let link = link(&office, terms, 9 * HOUR).await;
    for (now, is_late) in [(at(HOUR), false), (at(HOUR + 1), true)] {
        let visit = office.visit(&link).await.unwrap();
        let browser = format!("browser {is_late}");
        let sent = SentFile { path: path("a.pdf"), size: None, item: None };
        let begun = office.sharing.begin_file(&visit, by(&browser, ""), &sent, NOW).await.unwrap();
        begun.put.commit(NOW).await.unwrap();
        let done = office.sharing.finish(&visit, &browser, now).await.unwrap();
        assert_eq!((done.is_late, done.is_complete), (is_late, true));
        let note = office.sharing.receipt_of(link.link.token(), &browser, None).await.unwrap().unwrap();
        assert_eq!(proof::open::<Receipt>(&note, None).unwrap().late, is_late);
        // Finishing twice changes nothing.
        let again = office.sharing.finish(&visit, &browser, at(8 * HOUR)).await.unwrap();
        assert_eq!(again.finished, Some(now));
    }
}

#[tokio::test]
async fn a_hand_in_that_was_left_open_gets_its_receipt_when_the_link_ends() {
    let office = Office::open().await;
    let link = link(&office, LinkTerms::default(), HOUR).await;
    let visit = office.visit(&link).await.unwrap();
    hand_in(&office, &visit, "2025/a.pdf", NOW).await.unwrap();
    let sent = SentFile { path: path("b.pdf"), size: None, item: None };
    drop(office.sharing.begin_file(&visit, by("another", ""), &sent, NOW).await.unwrap());
    assert_eq!(office.sharing.close_left_open(at(HOUR - 1)).await.unwrap(), 0);
    assert_eq!(office.sharing.close_left_open(at(HOUR)).await.unwrap(), 2);
    let handed = office.sharing.handed(link.link.token(), BROWSER, at(HOUR)).await.unwrap().unwrap();
    assert!(!handed.hand_in.is_complete && !handed.takes_more && handed.hand_in.finished == Some(at(HOUR)));
    let note = office.sharing.receipt_of(link.link.token(), BROWSER, None).await.unwrap().unwrap();
    let receipt = proof::open::<Receipt>(&note, None).unwrap();
    assert!(!receipt.complete && receipt.files.len() == 1, "{receipt:?}");
    // The one without a file is forgotten.
    assert!(office.sharing.handed(link.link.token(), "another", at(HOUR)).await.unwrap().is_none());
    assert_eq!(office.sharing.close_left_open(at(2 * HOUR)).await.unwrap(), 0);
}

#[tokio::test]
async fn an_upload_through_a_link_to_a_folder_is_its_browsers_and_ends_with_the_link() {
    let office = Office::open().await;
    let (link, other) =
        (office.link("folder", LinkRight::Edit).await, office.link("folder", LinkRight::Edit).await);
    let (visit, stranger) = (office.visit(&link).await.unwrap(), office.visit(&other).await.unwrap());
    let of = |browser: &str| {
        let browser = office.sharing.browser_mark(&visit, browser);
        UploadOwner::Guest { link: visit.link.id, browser }
    };
    let begin = async |browser: &str| {
        let placed = office.sharing.place_beside(&visit, &path(""), &path("neu/a.pdf"), NOW).await;
        let upload = upload_of(of(browser));
        office.uploads.create(placed.unwrap().0, upload).await
    };
    let all = office.uploads.limits();
    // All guests of a link share its room: a browser is easily another one.
    office.uploads.set_limits(UploadLimits { open_in_hand_in: 1, ..all });
    let upload = begin(BROWSER).await.unwrap();
    assert!(matches!(begin("another").await, Err(UploadError::TooManyUploads)));
    let listed = async |access, of| office.uploads.list(&[access], UploadsOf::from(of)).await;
    assert_eq!(listed(visit.access, of(BROWSER)).await.unwrap().len(), 1);
    assert!(listed(visit.access, of("another")).await.unwrap().is_empty());
    assert!(listed(stranger.access, of(BROWSER)).await.is_err(), "by the right of another link");
    let access = &visit.access;
    office.uploads.find(access, of(BROWSER), upload.id, NOW).await.unwrap();
    for (access, owner) in [(access, of("another")), (&stranger.access, of(BROWSER))] {
        assert!(office.uploads.find(access, owner, upload.id, NOW).await.is_err());
    }
    assert_eq!(office.uploads.upkeep(NOW).await.unwrap(), 0);
    office.sharing.delete(&office.bert, visit.link.id, NOW).await.unwrap();
    assert!(matches!(office.sharing.reopen_link(visit.link.id, NOW).await, Err(VisitError::NoSuchLink)));
    assert_eq!(office.uploads.upkeep(NOW).await.unwrap(), 1);
}

#[tokio::test]
async fn an_upload_in_parts_ends_with_its_hand_in() {
    let office = Office::open().await;
    let link = link(&office, LinkTerms::default(), HOUR).await;
    let visit = office.visit(&link).await.unwrap();
    let begin = async |browser: &str| {
        let sent = SentFile { path: path("a.pdf"), size: Some(10), item: None };
        let placed = office.sharing.place_file(&visit, by(browser, ""), &sent, NOW).await.unwrap();
        let upload = upload_of(UploadOwner::HandIn(placed.hand_in));
        (placed.hand_in, office.uploads.create(placed.change, upload).await.unwrap().id)
    };
    let of = async |hand_in| {
        let of = UploadsOf::HandIn(hand_in);
        office
            .uploads
            .list(&[visit.access], of)
            .await
            .unwrap()
            .into_iter()
            .map(|one| one.id)
            .collect::<Vec<_>>()
    };
    hand_in(&office, &visit, "b.pdf", NOW).await.unwrap();
    let (finished, lost) = begin(BROWSER).await;
    let (open, kept) = begin("another").await;
    assert_eq!((of(finished).await, of(open).await), (vec![lost], vec![kept]));
    let member = UploadsOf::User(office.bert.user);
    assert!(office.uploads.list(&[office.change().access], member).await.unwrap().is_empty());
    office.sharing.finish(&visit, BROWSER, NOW).await.unwrap();
    assert!(matches!(office.sharing.reopen(finished, NOW).await, Err(VisitError::NoSuchLink)));
    assert_eq!(office.uploads.upkeep(NOW).await.unwrap(), 1);
    assert_eq!((of(finished).await, of(open).await), (vec![], vec![kept]));
    // A hand-in without a file is forgotten with its link.
    office.sharing.close_left_open(at(HOUR)).await.unwrap();
    assert_eq!(office.uploads.upkeep(at(HOUR)).await.unwrap(), 1);
}

#[tokio::test]
async fn a_file_is_taken_back_within_half_an_hour_and_only_while_nobody_has_read_it() {
    let office = Office::open().await;
    let link = link(&office, LinkTerms::default(), 9 * HOUR).await;
    let visit = office.visit(&link).await.unwrap();
    let withdraw = async |file, now| office.sharing.withdraw(link.link.token(), BROWSER, file, now).await;
    let is_late = |outcome| matches!(outcome, Err(HandInError::TooLateToWithdraw));
    hand_in(&office, &visit, "read.pdf", NOW).await.unwrap();
    let read = file(&office, &visit).await;
    let access = office.change().access;
    let content =
        office.library.open_content(&access, &path("folder/read.pdf"), None, |_| None).await.unwrap();
    office.library.note_read(office.bert.stamp(NOW), &content).await;
    assert!(is_late(withdraw(read, NOW).await));

    hand_in(&office, &visit, "changed.pdf", NOW).await.unwrap();
    let changed = file(&office, &visit).await;
    office.put_by(office.change(), "folder/changed.pdf", b"the office's").await.unwrap();
    assert!(is_late(withdraw(changed, NOW).await));

    hand_in(&office, &visit, "moved.pdf", NOW).await.unwrap();
    let moved = file(&office, &visit).await;
    let overwrite = tresor::library::Overwrite::Forbid;
    let to = path("other/moved.pdf");
    office
        .library
        .move_entry(office.change(), &path("folder/moved.pdf"), &access, &to, overwrite)
        .await
        .unwrap();
    assert!(is_late(withdraw(moved, NOW).await), "the office put it elsewhere");
    assert!(office.names("other").await.contains(&"moved.pdf".to_owned()));

    hand_in(&office, &visit, "late.pdf", NOW).await.unwrap();
    let late = file(&office, &visit).await;
    office.sharing.finish(&visit, BROWSER, NOW).await.unwrap();
    assert!(is_late(withdraw(late, at(30 * MINUTE)).await));
    withdraw(late, at(30 * MINUTE - 1)).await.unwrap();
    withdraw(late, at(30 * MINUTE - 1)).await.unwrap();
    let handed = office.sharing.handed(link.link.token(), BROWSER, NOW).await.unwrap().unwrap();
    let states: Vec<_> = handed.hand_in.files.into_iter().map(|file| file.state).collect();
    assert_eq!(
        states,
        [
            HandInFileState::Arrived,
            HandInFileState::Arrived,
            HandInFileState::Arrived,
            HandInFileState::Withdrawn,
        ]
    );
    // A guest who hands in and takes back forever pushes nothing out of the trash.
    let deleted = office.library.trash(&access).await.unwrap();
    assert!(!deleted.iter().any(|item| item.path == "folder/late.pdf"), "{deleted:?}");
    assert!(matches!(withdraw(HandInFileId(999), NOW).await, Err(HandInError::NoSuchHandIn)));
}

#[tokio::test]
async fn nothing_comes_in_after_the_end() {
    let office = Office::open().await;
    let link = link(&office, LinkTerms::default(), 9 * HOUR).await;
    let visit = office.visit(&link).await.unwrap();
    hand_in(&office, &visit, "a.pdf", NOW).await.unwrap();
    // Begun before the end, and stored after it: the receipt would not name it.
    let sent = SentFile { path: path("b.pdf"), size: None, item: None };
    let begun = office.sharing.begin_file(&visit, by(BROWSER, ""), &sent, NOW).await.unwrap();
    office.sharing.finish(&visit, BROWSER, NOW).await.unwrap();
    let refused = begun.put.commit(NOW).await.unwrap_err();
    assert_eq!(refused.code(), "ended-meanwhile", "not that a right or room is missing");
    assert!(matches!(
        office.sharing.begin_file(&visit, by(BROWSER, ""), &sent, NOW).await,
        Err(HandInError::Finished)
    ));
    assert_eq!(office.names("folder").await, ["a.pdf", "a.txt", "sub"]);
}

#[tokio::test]
async fn terms_are_for_links_that_take_files_in() {
    let office = Office::open().await;
    let make = async |right, terms| {
        let wanted = office.wanted(&office.bert, "folder", right).await;
        office.sharing.create(&office.bert, NewLink { terms, ..wanted }, NOW).await
    };
    let once = || LinkTerms { uses: Some(1), ..LinkTerms::default() };
    let with_deadline = LinkTerms { deadline: Some(at(HOUR)), ..once() };
    assert_eq!(make(LinkRight::Read, with_deadline).await.unwrap_err().code(), "terms-without-hand-in");
    assert!(make(LinkRight::Read, once()).await.is_ok(), "a folder is fetched as a whole");
    assert_eq!(make(LinkRight::Edit, once()).await.unwrap_err().code(), "terms-without-hand-in");
    let past = LinkTerms { deadline: Some(NOW), ..LinkTerms::default() };
    assert_eq!(make(LinkRight::Add, past).await.unwrap_err().code(), "expiry-in-past");
    let all = LinkTerms {
        uses: Some(3),
        deadline: Some(at(HOUR)),
        bytes: Some(1 << 40),
        files: Some(7),
        types: vec!["pdf".into(), "jpg".into()],
        own_folder: true,
        guest_chooses: true,
        is_box: false,
        code_to: None,
    };
    let early = NewLink {
        terms: LinkTerms { deadline: Some(at(2 * HOUR)), ..LinkTerms::default() },
        expires: Expiry::At(at(HOUR)),
        ..office.wanted(&office.bert, "folder", LinkRight::Add).await
    };
    let refused = office.sharing.create(&office.bert, early, NOW).await.unwrap_err();
    assert_eq!(refused.code(), "ends-before-deadline");
    let far = LinkTerms { deadline: Some(at(90 * 24 * HOUR)), ..LinkTerms::default() };
    let late = make(LinkRight::Add, far).await.unwrap().link;
    assert!(late.expires > Some(at(119 * 24 * HOUR)), "the usual time begins with the deadline");
    let full = make(LinkRight::Add, all.clone()).await.unwrap();
    assert_eq!(office.sharing.link(&office.bert, full.link.id).await.unwrap().link.terms, all);
    assert!(make(LinkRight::Read, LinkTerms { guest_chooses: true, ..LinkTerms::default() }).await.is_ok());
}

/// Bert's box.
async fn own_box(office: &Office, terms: LinkTerms) -> Result<Shared, LinkError> {
    let wanted = office.wanted(&office.bert, "folder", LinkRight::Add).await;
    let new = NewLink { terms, expires: Expiry::Never, ..wanted };
    office.sharing.create(&office.bert, new, NOW).await
}

#[tokio::test]
async fn a_box_is_permanent_and_one_for_each_member_of_staff() {
    let office = Office::open().await;
    let terms = || LinkTerms { is_box: true, own_folder: true, ..LinkTerms::default() };
    let code = async |terms| own_box(&office, terms).await.unwrap_err().code();
    for unfit in [
        LinkTerms { own_folder: false, ..terms() },
        LinkTerms { uses: Some(3), ..terms() },
        LinkTerms { deadline: Some(at(HOUR)), ..terms() },
    ] {
        assert_eq!(code(unfit).await, "terms-not-for-box");
    }
    let ends = NewLink { terms: terms(), ..office.wanted(&office.bert, "folder", LinkRight::Add).await };
    assert_eq!(office.sharing.create(&office.bert, ends, NOW).await.unwrap_err().code(), "terms-not-for-box");
    office.sharing.allow_clients(true);
    let client = Principal { role: Role::Client, ..office.bert.clone() };
    let wanted = office.wanted(&office.bert, "folder", LinkRight::Add).await;
    let of_client = NewLink { terms: terms(), expires: Expiry::Never, ..wanted };
    let refused = office.sharing.create(&client, of_client, NOW).await.unwrap_err();
    assert_eq!(refused.code(), "box-for-staff");

    let first = own_box(&office, terms()).await.unwrap().link;
    assert!(first.terms.is_box && first.expires.is_none());
    assert_eq!(code(terms()).await, "box-exists");
    assert_eq!(office.sharing.box_of(&office.bert).await.unwrap().unwrap().link.id, first.id);
    assert!(office.sharing.box_of(&office.anna).await.unwrap().is_none());
    office.sharing.delete(&office.bert, first.id, NOW).await.unwrap();
    assert!(own_box(&office, terms()).await.is_ok(), "another one with another address");
}

#[tokio::test]
async fn a_flood_through_a_box_neither_fills_it_nor_shuts_others_out() {
    let office = Office::open().await;
    let terms = LinkTerms { is_box: true, own_folder: true, ..LinkTerms::default() };
    let link = own_box(&office, terms).await.unwrap();
    let visit = office.visit(&link).await.unwrap();
    let send = async |browser: &str, name: &str, network: u8, now| {
        let sent = SentFile { path: path("a.pdf"), size: None, item: None };
        let by = SentBy { browser, name, peer: IpAddr::from([192, 0, network, 7]) };
        let mut begun = office.sharing.begin_file(&visit, by, &sent, now).await?;
        begun.put.write(browser.as_bytes().to_vec().into()).await?;
        begun.put.commit(now).await?;
        Ok::<_, HandInError>(())
    };
    let refused = |sent: Result<(), HandInError>| sent.unwrap_err().code();
    assert_eq!(refused(send("a", " ", 1, NOW).await), "guest-name-missing");
    for network in 1..=6 {
        for n in 0..5 {
            send(&format!("{network}-{n}"), "Erika", network, NOW).await.unwrap();
        }
        // Hand-ins begun before go on; the network begins no further one.
        send(&format!("{network}-0"), "", network, NOW).await.unwrap();
        assert_eq!(refused(send("more", "Erika", network, NOW).await), "too-many-hand-ins");
    }
    assert_eq!(refused(send("other", "Max", 7, NOW).await), "too-many-hand-ins", "30 within an hour");
    send("other", "Max", 7, at(HOUR + 1)).await.unwrap();

    // A week later unfinished hand-ins are closed, and only those: the box takes more than 200.
    assert_eq!(office.sharing.close_left_open(at(7 * 24 * HOUR)).await.unwrap(), 0);
    assert_eq!(office.sharing.close_left_open(at(7 * 24 * HOUR + 1)).await.unwrap(), 30);
    let handed = office.sharing.handed(link.link.token(), "1-0", at(8 * 24 * HOUR)).await.unwrap().unwrap();
    assert!(!handed.hand_in.is_complete && handed.takes_more && handed.hand_in.files.len() == 2);
}

/// Somebody who found the address of a link sends no byte, from many networks or from one.
#[tokio::test]
async fn hand_ins_without_a_file_close_a_link_for_nobody() {
    let office = Office::open().await;
    let link = link(&office, LinkTerms::default(), 99 * HOUR).await;
    let visit = office.visit(&link).await.unwrap();
    let sent = SentFile { path: path("a.pdf"), size: Some(9), item: None };
    let begin = async |browser: &str, network: u8, now| {
        let by = SentBy { browser, name: "", peer: IpAddr::from([198, 51, network, 7]) };
        office.sharing.place_file(&visit, by, &sent, now).await.map(|placed| placed.hand_in)
    };
    for network in 1..=5 {
        for n in 0..60 {
            begin(&format!("{network}-{n}"), network, NOW).await.unwrap();
        }
        let refused = begin("more", network, NOW).await.unwrap_err();
        assert_eq!(refused.code(), "too-many-hand-ins", "60 within an hour");
    }
    hand_in(&office, &visit, "a.pdf", NOW).await.unwrap();
    assert_eq!(office.sharing.close_left_open(at(24 * HOUR)).await.unwrap(), 0);
    // The next day the empty ones are forgotten, as far as one round goes.
    for left in [100, 100, 100, 0] {
        assert_eq!(office.sharing.close_left_open(at(24 * HOUR + 1)).await.unwrap(), left);
    }
    assert_eq!(seen(&office, &visit).await.files.len(), 1);
}

#[tokio::test]
async fn the_first_files_of_one_person_count_once_for_the_network() {
    let office = Office::open().await;
    let terms = LinkTerms { is_box: true, own_folder: true, ..LinkTerms::default() };
    let link = own_box(&office, terms).await.unwrap();
    let visit = office.visit(&link).await.unwrap();
    let sent = SentFile { path: path("a.pdf"), size: None, item: None };
    for person in 0..5 {
        let browser = format!("person {person}");
        let by = SentBy { browser: &browser, name: "Erika", peer: IpAddr::from([192, 0, 2, 7]) };
        let begin = || office.sharing.place_file(&visit, by, &sent, NOW);
        let together = tokio::join!(begin(), begin(), begin(), begin(), begin());
        for placed in [together.0, together.1, together.2, together.3, together.4] {
            placed.unwrap();
        }
    }
}

#[tokio::test]
async fn a_receipt_names_a_bounded_number_of_refused_files() {
    let office = Office::open().await;
    let link = link(&office, LinkTerms::default(), 9 * HOUR).await;
    let visit = office.visit(&link).await.unwrap();
    hand_in(&office, &visit, "a.pdf", NOW).await.unwrap();
    for n in 0..210 {
        let path = format!("{n}.exe");
        office.sharing.note_refused(&visit, (BROWSER, None), path, "wrong-type", NOW).await.unwrap();
    }
    assert_eq!(seen(&office, &visit).await.files.len(), 201);
}

#[tokio::test]
async fn only_who_may_still_share_lets_files_be_taken_back() {
    let office = Office::open().await;
    let link = link(&office, LinkTerms::default(), 9 * HOUR).await;
    let visit = office.visit(&link).await.unwrap();
    hand_in(&office, &visit, "a.pdf", NOW).await.unwrap();
    let file = file(&office, &visit).await;
    let space = office.change().access.space();
    office.accounts.revoke(office.bert.user, space, tresor::model::Stamp::owner(NOW)).await.unwrap();
    let refused = office.sharing.withdraw(link.link.token(), BROWSER, file, NOW).await.unwrap_err();
    assert_eq!(refused.code(), "hand-in-unknown");
    assert!(office.names("folder").await.contains(&"a.pdf".to_owned()));
}
