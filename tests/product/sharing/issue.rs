//! Making, seeing, changing and ending links.

use tresor::accounts::Principal;
use tresor::library::LibraryError;
use tresor::model::{LinkId, LinkRight, LinkTerms, Reading, Right, Stamp, Timestamp};
use tresor::sharing::{Expiry, GuestKey, LinkChange, LinkError, NewLink, Shared};

use crate::sharing::office::{DAY, HOUR, NOW, Office, at, path, secret};

fn ids(links: &[Shared]) -> Vec<LinkId> {
    links.iter().map(|shared| shared.link.id).collect()
}

#[tokio::test]
async fn who_may_write_makes_links_and_who_reads_makes_none() {
    let office = Office::open().await;
    for (who, may) in [(&office.anna, true), (&office.bert, true), (&office.carla, false)] {
        let new = office.wanted(who, "folder", LinkRight::Read).await;
        let made = office.sharing.create(who, new, NOW).await;
        assert_eq!(made.is_ok(), may, "{made:?}");
        assert!(may || matches!(made, Err(LinkError::Denied)));
    }
}

#[tokio::test]
async fn a_link_is_what_was_asked_for() {
    let office = Office::open().await;
    let wanted = office.wanted(&office.bert, "folder/a.txt", LinkRight::Edit).await;
    let new = NewLink {
        expires: Expiry::At(at(DAY)),
        password: Some(secret("wolke tasse")),
        label: "für Frau Huber".to_owned(),
        note: "bitte prüfen".to_owned(),
        hide_download: true,
        ..wanted
    };
    let made = office.sharing.create(&office.bert, new, NOW).await.unwrap();
    let seen = office.sharing.link(&office.bert, made.link.id).await.unwrap();
    assert_eq!(seen.link, made.link);
    assert_eq!((seen.path, seen.entry.id), (path("folder/a.txt"), made.entry.id));
    let link = seen.link;
    assert_eq!((link.right, link.expires), (LinkRight::Edit, Some(at(DAY))));
    assert_eq!((link.label.as_str(), link.note.as_str()), ("für Frau Huber", "bitte prüfen"));
    assert!(link.has_password && link.hide_download);
    assert_eq!((link.token().len(), link.url_path()), (32, format!("/s/{}", link.token())));
    assert!(!format!("{made:?} {link:?}").contains(link.token()), "links do not print their tokens");
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let office = Office::open().await;
    let base = async |at, right| office.wanted(&office.bert, at, right).await;
    let refuse = async |new| office.sharing.create(&office.bert, new, NOW).await.unwrap_err();

    let new = base("folder/a.txt", LinkRight::Add).await;
    assert!(matches!(refuse(new).await, LinkError::NotAFolder));
    let new = base("nothing", LinkRight::Read).await;
    assert!(matches!(refuse(new).await, LinkError::Library(LibraryError::NotFound)));
    for end in [NOW, Timestamp(0)] {
        let new = NewLink { expires: Expiry::At(end), ..base("folder", LinkRight::Read).await };
        assert!(matches!(refuse(new).await, LinkError::ExpiryInPast));
    }
    for label in ["a\nb", &"x".repeat(256)] {
        let new = NewLink { label: label.to_owned(), ..base("folder", LinkRight::Read).await };
        assert!(matches!(refuse(new).await, LinkError::Text));
    }
    // A link whose password is refused is not made without one.
    for password in ["short", "12345678", "passwort"] {
        let refused = office.link_with_password("folder", password).await.unwrap_err();
        assert!(matches!(refused, LinkError::WeakPassword(_)), "{password}: {refused:?}");
    }
    assert_eq!(ids(&office.sharing.links(&office.bert).await.unwrap()), []);
}

#[tokio::test]
async fn links_are_handled_by_who_made_them_and_by_who_manages_the_space() {
    let office = Office::open().await;
    let berts = office.link("folder", LinkRight::Read).await;
    let new = office.wanted(&office.anna, "folder", LinkRight::Read).await;
    let annas = office.sharing.create(&office.anna, new, NOW).await.unwrap();
    let (bert, anna) = (berts.link.id, annas.link.id);

    let to = async |who: &Principal| {
        let access = office.access_of(who).await;
        ids(&office.sharing.links_to(who, &access, &path("folder")).await.unwrap())
    };
    assert_eq!(to(&office.anna).await, [bert, anna]);
    assert_eq!(to(&office.bert).await, [bert]);
    assert_eq!(to(&office.carla).await, []);
    assert_eq!(ids(&office.sharing.links(&office.anna).await.unwrap()), [anna], "her own");
    let access = office.access_of(&office.anna).await;
    let members = office.sharing.links_to_members(&office.anna, &access, &path("")).await.unwrap();
    assert_eq!(ids(&members), [bert, anna]);

    for (who, id) in [(&office.bert, anna), (&office.carla, bert), (&office.bert, LinkId(999))] {
        let change = office.sharing.change(who, id, LinkChange::default(), NOW).await;
        assert!(matches!(change, Err(LinkError::NoSuchLink)), "{change:?}");
        assert!(matches!(office.sharing.delete(who, id, NOW).await, Err(LinkError::NoSuchLink)));
        assert!(matches!(office.sharing.link(who, id).await, Err(LinkError::NoSuchLink)));
    }
    office.sharing.delete(&office.anna, bert, NOW).await.unwrap();
    assert!(matches!(office.sharing.delete(&office.anna, bert, NOW).await, Err(LinkError::NoSuchLink)));
    assert_eq!(to(&office.anna).await, [anna]);
}

/// A link made while the clock was years ahead removed all others that have a last day: they seemed to be long
/// over.
#[tokio::test]
async fn a_link_made_under_a_wrong_clock_takes_no_other_away() {
    let office = Office::open().await;
    let reading = |wall| Reading { wall, running: std::time::Duration::from_secs(1) };
    office.library.keep_time(reading(NOW)).await.unwrap();
    let new = async || office.wanted(&office.bert, "folder", LinkRight::Read).await;
    let kept = office.sharing.create(&office.bert, new().await, NOW).await.unwrap();
    for upkeep_has_seen_it in [false, true] {
        if upkeep_has_seen_it {
            office.library.keep_time(reading(at(1_000 * DAY))).await.unwrap();
        }
        office.sharing.create(&office.bert, new().await, at(1_000 * DAY)).await.unwrap();
        assert!(office.sharing.link(&office.bert, kept.link.id).await.is_ok());
    }
}

#[tokio::test]
async fn a_change_changes_what_it_names_and_nothing_else() {
    let office = Office::open().await;
    let made = office.link_with_password("folder", "wolke tasse").await.unwrap();
    let id = made.link.id;
    let change = async |change| office.sharing.change(&office.bert, id, change, NOW).await;

    let edit = LinkChange { right: Some(LinkRight::Edit), ..LinkChange::default() };
    let link = change(edit).await.unwrap().link;
    assert_eq!((link.right, link.has_password, link.expires), (LinkRight::Edit, true, made.link.expires));
    assert_eq!(link.token(), made.link.token());

    let dated =
        LinkChange { expires: Some(Expiry::Never), label: Some("x".to_owned()), ..LinkChange::default() };
    let link = change(dated).await.unwrap().link;
    assert_eq!((link.expires, link.label.as_str(), link.has_password), (None, "x", true));

    let other = LinkChange { password: Some(Some(secret("kreide ofen"))), ..LinkChange::default() };
    change(other).await.unwrap();
    let old = secret("wolke tasse");
    assert!(office.visit_at(&made, GuestKey::Password(&old), NOW).await.is_err());
    let weak = LinkChange { password: Some(Some(secret("short"))), ..LinkChange::default() };
    assert!(matches!(change(weak).await, Err(LinkError::WeakPassword(_))));
    let new = secret("kreide ofen");
    assert!(office.visit_at(&made, GuestKey::Password(&new), NOW).await.is_ok());

    let open = LinkChange { password: Some(None), ..LinkChange::default() };
    assert!(!change(open).await.unwrap().link.has_password);
    assert!(office.visit(&made).await.is_ok());

    office.accounts.grant(office.bert.user, office.space.id, Right::Read, Stamp::owner(NOW)).await.unwrap();
    assert!(matches!(change(LinkChange::default()).await, Err(LinkError::Denied)), "a reader changes none");
    office.sharing.delete(&office.bert, id, NOW).await.unwrap();
}

#[tokio::test]
async fn links_survive_a_restart_and_their_tokens_stand_nowhere_on_the_disk() {
    let office = Office::open().await;
    let link = office.link("folder", LinkRight::Read).await;
    let office = office.reopen().await;
    let visit = office.visit(&link).await.unwrap();
    assert_eq!(visit.entry.name, "folder");
    let again = office.sharing.links(&office.bert).await.unwrap();
    assert_eq!(again[0].link.token(), link.link.token());

    // Nor in the catalogue.
    let mut text = Vec::new();
    let dump = office.catalog.read(move |tx| tx.dump(&mut text).map(|()| text)).await.unwrap();
    let holds = |needle: &str| dump.windows(needle.len()).any(|window| window == needle.as_bytes());
    assert!(holds("links") && !holds(link.link.token()));
}

/// In Nextcloud's apps every link has a switch for what it allows.
#[tokio::test]
async fn a_link_that_takes_files_in_never_begins_to_show_them() {
    let office = Office::open().await;
    let make = async |terms, expires| {
        let wanted = office.wanted(&office.bert, "folder", LinkRight::Add).await;
        let new = NewLink { terms, expires, ..wanted };
        office.sharing.create(&office.bert, new, NOW).await.unwrap().link
    };
    let own = LinkTerms { is_box: true, own_folder: true, ..LinkTerms::default() };
    let own = make(own, Expiry::Never).await;
    let once = make(LinkTerms { uses: Some(1), ..LinkTerms::default() }, Expiry::Usual).await;
    let plain = make(LinkTerms::default(), Expiry::Usual).await;
    let change = async |id, change| {
        let changed = office.sharing.change(&office.bert, id, change, NOW).await;
        changed.map(|shared| shared.link.right).map_err(|error| error.code())
    };
    for right in [LinkRight::Read, LinkRight::Edit] {
        let to = || LinkChange { right: Some(right), ..LinkChange::default() };
        assert_eq!(change(own.id, to()).await, Err("terms-without-hand-in"));
        assert_eq!(change(once.id, to()).await, Err("terms-without-hand-in"));
        assert_eq!(
            change(plain.id, to()).await,
            Ok(right),
            "its maker asked for nothing that speaks against it"
        );
    }
    let end = LinkChange { expires: Some(Expiry::At(at(9 * HOUR))), ..LinkChange::default() };
    assert_eq!(change(own.id, end).await, Err("terms-not-for-box"));
}
