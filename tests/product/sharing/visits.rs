//! When a link opens and when it does not.

use tresor::accounts::Accounts;
use tresor::library::LibraryError;
use tresor::model::{EntryId, LinkRight, Right, Stamp, Timestamp};
use tresor::sharing::{Expiry, GuestKey, LinkChange, NewLink, Shared, VisitError};

use crate::sharing::office::{DAY, HOUR, NOW, Office, PEER, at, path, secret};

async fn is_gone(office: &Office, link: &Shared, now: Timestamp) -> bool {
    matches!(office.visit_at(link, GuestKey::None, now).await, Err(VisitError::NoSuchLink))
}

async fn rights(office: &Office, link: &Shared) -> Option<(bool, bool, bool)> {
    let access = office.visit(link).await.ok()?.access;
    Some((
        access.scope(Right::Read).is_ok(),
        access.scope(Right::Write).is_ok(),
        access.scope_to_add().is_ok(),
    ))
}

#[tokio::test]
async fn each_right_lends_what_it_says() {
    let office = Office::open().await;
    for (right, lent) in [
        (LinkRight::Read, (true, false, false)),
        (LinkRight::Edit, (true, true, true)),
        (LinkRight::Add, (false, false, true)),
    ] {
        let link = office.link("folder", right).await;
        assert_eq!(rights(&office, &link).await, Some(lent), "{right}");
        let visit = office.visit(&link).await.unwrap();
        assert_eq!((visit.entry.name.as_str(), visit.link.right), ("folder", right));
    }
}

#[tokio::test]
async fn a_link_narrows_with_its_creators_right_and_ends_with_his_account() {
    let office = Office::open().await;
    let links = [
        office.link("folder", LinkRight::Read).await,
        office.link("folder", LinkRight::Edit).await,
        office.link("folder", LinkRight::Add).await,
    ];
    let lent = async || {
        let mut all = Vec::new();
        for link in &links {
            all.push(rights(&office, link).await);
        }
        all
    };
    let (read, edit, add) =
        (Some((true, false, false)), Some((true, true, true)), Some((false, false, true)));
    assert_eq!(lent().await, [read, edit, add]);
    let (bert, space) = (office.bert.user, office.space.id);
    office.accounts.grant(bert, space, Right::Read, Stamp::owner(NOW)).await.unwrap();
    assert_eq!(lent().await, [read, read, None]);
    office.accounts.grant(bert, space, Right::Write, Stamp::owner(NOW)).await.unwrap();
    assert_eq!(lent().await, [read, edit, add]);
    office.accounts.revoke(bert, space, Stamp::owner(NOW)).await.unwrap();
    assert_eq!(lent().await, [None; 3]);
    office.accounts.grant(bert, space, Right::Write, Stamp::owner(NOW)).await.unwrap();
    office.accounts.disable(bert, Stamp::owner(NOW)).await.unwrap();
    assert_eq!(lent().await, [None; 3]);
}

#[tokio::test]
async fn unknown_expired_ended_and_deleted_are_the_same() {
    let office = Office::open().await;
    let new = office.wanted(&office.bert, "folder", LinkRight::Read).await;
    let new = NewLink { expires: Expiry::At(at(DAY)), ..new };
    let short = office.sharing.create(&office.bert, new, NOW).await.unwrap();
    assert!(!is_gone(&office, &short, at(DAY - 1)).await);
    assert!(is_gone(&office, &short, at(DAY)).await);

    let ended = office.link("folder", LinkRight::Read).await;
    office.sharing.delete(&office.bert, ended.link.id, NOW).await.unwrap();
    assert!(is_gone(&office, &ended, NOW).await);

    let trashed = office.link("folder/sub/b.txt", LinkRight::Read).await;
    office.library.delete(office.change(), &path("folder/sub")).await.unwrap();
    assert!(is_gone(&office, &trashed, NOW).await, "its folder lies in the trash");
    assert!(office.sharing.links(&office.bert).await.unwrap().iter().all(|l| l.link.id != trashed.link.id));
    let item = office.library.trash(&office.change().access).await.unwrap()[0].entry;
    office.library.restore(office.change(), item).await.unwrap();
    assert_eq!(office.visit(&trashed).await.unwrap().entry.name, "b.txt", "restored");
    office.library.delete(office.change(), &path("folder/sub")).await.unwrap();
    office.library.purge(&office.change().access, Stamp::owner(NOW), item).await.unwrap();
    assert!(is_gone(&office, &trashed, NOW).await);
    let row = trashed.link.id;
    let row: Result<_, LibraryError> = office.catalog.read(move |tx| Ok(tx.link(row)?)).await;
    assert!(row.unwrap().is_none(), "purged for good, and the link with it");

    for token in ["", "x", "../s", &"0".repeat(32), &"ü".repeat(5_000)] {
        let opened = office.sharing.open(token, GuestKey::None, PEER.parse().unwrap(), NOW).await;
        assert!(matches!(opened, Err(VisitError::NoSuchLink)), "{token}");
    }
}

#[tokio::test]
async fn who_asks_for_many_links_that_are_not_there_waits_and_others_do_not() {
    let office = Office::open().await;
    let link = office.link("folder", LinkRight::Read).await;
    let guess = async |peer: &str| office.sharing.open("x", GuestKey::None, peer.parse().unwrap(), NOW).await;
    for _ in 0..100 {
        assert!(matches!(guess(PEER).await, Err(VisitError::NoSuchLink)));
    }
    assert!(matches!(guess(PEER).await, Err(VisitError::Throttled { .. })));
    assert!(matches!(guess("198.51.100.1").await, Err(VisitError::NoSuchLink)));
    assert!(office.visit(&link).await.is_ok(), "a link that is there opens all the same");
}

#[tokio::test]
async fn a_password_is_asked_for_and_a_pass_spares_it_until_it_changes() {
    let office = Office::open().await;
    let link = office.link_with_password("folder", "wolke tasse").await.unwrap();
    assert!(matches!(office.visit(&link).await, Err(VisitError::PasswordNeeded)));
    let (right, wrong) = (secret("wolke tasse"), secret("tasse wolke"));
    let tried = office.visit_at(&link, GuestKey::Password(&wrong), NOW).await;
    assert!(matches!(tried, Err(VisitError::WrongPassword)));
    let visit = office.visit_at(&link, GuestKey::Password(&right), NOW).await.unwrap();

    let pass = office.sharing.pass(&visit, NOW);
    assert!(office.visit_at(&link, GuestKey::Pass(&pass), at(HOUR - 1_000)).await.is_ok());
    for (pass, now) in [(pass.as_str(), at(HOUR)), ("", NOW), ("9999999999.0", NOW)] {
        let tried = office.visit_at(&link, GuestKey::Pass(pass), now).await;
        assert!(matches!(tried, Err(VisitError::PasswordNeeded)), "{pass}");
    }
    let other = office.link_with_password("other", "wolke tasse").await.unwrap();
    let tried = office.visit_at(&other, GuestKey::Pass(&pass), NOW).await;
    assert!(matches!(tried, Err(VisitError::PasswordNeeded)), "another link's");

    office.sharing.still_valid(&visit, NOW).await.unwrap();
    let change = LinkChange { password: Some(Some(secret("kreide ofen"))), ..LinkChange::default() };
    office.sharing.change(&office.bert, link.link.id, change, NOW).await.unwrap();
    let tried = office.visit_at(&link, GuestKey::Pass(&pass), NOW).await;
    assert!(matches!(tried, Err(VisitError::PasswordNeeded)));
    let lent = office.sharing.still_valid(&visit, NOW).await;
    assert!(matches!(lent, Err(VisitError::NoSuchLink)), "a guest who is downloading is cut off");
}

#[tokio::test]
async fn who_was_let_in_is_out_as_soon_as_the_link_ends_or_narrows() {
    let office = Office::open().await;
    let link = office.link("folder", LinkRight::Edit).await;
    let visit = office.visit(&link).await.unwrap();
    let lent = async |right, now| {
        office.sharing.still_valid(&visit, now).await.is_ok_and(|access| access.scope(right).is_ok())
    };
    assert!(lent(Right::Write, NOW).await);
    assert!(!lent(Right::Write, at(40 * DAY)).await, "expired");
    office.accounts.grant(office.bert.user, office.space.id, Right::Read, Stamp::owner(NOW)).await.unwrap();
    assert!(!lent(Right::Write, NOW).await && lent(Right::Read, NOW).await);
    office.sharing.delete(&office.bert, link.link.id, NOW).await.unwrap();
    assert!(!lent(Right::Read, NOW).await);
}

/// Five tries in a quarter of an hour for each link and network; they keep no other guest out.
#[tokio::test]
async fn guessing_a_password_ends_after_five_tries() {
    let office = Office::open().await;
    let link = office.link_with_password("folder", "wolke tasse").await.unwrap();
    let open = async |password: &str, peer: &str, now| {
        let password = secret(password);
        let key = GuestKey::Password(&password);
        office.sharing.open(link.link.token(), key, peer.parse().unwrap(), now).await
    };
    for i in 0..5 {
        let tried = open(&format!("wrong {i}"), "2001:db8:1:2::1", NOW).await;
        assert!(matches!(tried, Err(VisitError::WrongPassword)), "{i}");
    }
    let neighbour = open("wolke tasse", "2001:db8:1:2::ffff", NOW).await;
    assert!(matches!(neighbour, Err(VisitError::Throttled { retry_after: 900 })), "{neighbour:?}");
    assert!(open("wolke tasse", "2001:db8:1:3::1", NOW).await.is_ok());
    assert!(open("wrong 9", "2001:db8:1:2::1", at(900_000)).await.is_err());
    // Remembered for five minutes, so that programs that send it with each request cost nothing.
    let runs = Accounts::password_runs(&office.accounts);
    assert!(open("wolke tasse", "2001:db8:1:3::1", at(1_000)).await.is_ok());
    assert_eq!(office.accounts.password_runs(), runs);
}

#[tokio::test]
async fn opening_is_noted_to_the_minute() {
    let office = Office::open().await;
    let link = office.link("folder", LinkRight::Read).await;
    let noted = async || office.sharing.link(&office.bert, link.link.id).await.unwrap().link.opened;
    assert_eq!(noted().await, None);
    for (now, seen) in [(NOW, NOW), (at(HOUR / 60 - 1), NOW), (at(HOUR / 60), at(HOUR / 60))] {
        office.visit_at(&link, GuestKey::None, now).await.unwrap();
        assert_eq!(noted().await, Some(seen));
    }
}

#[tokio::test]
async fn a_link_follows_its_entry_wherever_it_is_moved() {
    let office = Office::open().await;
    let link = office.link("folder/sub", LinkRight::Read).await;
    let access = office.change().access;
    let (from, to) = (path("folder/sub"), path("other/renamed"));
    office
        .library
        .move_entry(office.change(), &from, &access, &to, tresor::library::Overwrite::Forbid)
        .await
        .unwrap();
    let visit = office.visit(&link).await.unwrap();
    assert_eq!(visit.entry.name, "renamed");
    assert_eq!(office.read(&visit.access, "b.txt").await.unwrap(), "folder/sub/b.txt");
    let shown = office.sharing.link(&office.bert, link.link.id).await.unwrap();
    assert_eq!(shown.path, to);
    assert_ne!(visit.entry.id, EntryId(0));
}
