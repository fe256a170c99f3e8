//! A guest never gets beyond the shared folder, by any path in the request and any event meanwhile.

use tresor::library::{Change, LibraryError, LockRequest, Overwrite, PropertyChange};
use tresor::model::{
    Access, Actor, Conditions, Depth, EntryName, Etag, EtagMatch, IfCondition, IfList, IfState, IfTarget,
    LinkRight, LockScope, LockToken, PropertyName, Right, Stamp, Timestamp, UploadShape,
};
use tresor::uploads::{NewUpload, UploadError, UploadsOf};

use crate::sharing::office::{NOW, Office, path};

fn is_denied<T>(outcome: Result<T, impl Into<UploadError>>) -> bool {
    matches!(outcome.map_err(Into::into), Err(UploadError::Library(LibraryError::Denied(_))))
}

fn is_top<T>(outcome: Result<T, LibraryError>) -> bool {
    matches!(outcome, Err(LibraryError::IsRoot))
}

fn lock() -> LockRequest {
    let timeout = std::time::Duration::from_mins(1);
    LockRequest { scope: LockScope::Exclusive, is_deep: true, owner: "o".to_owned(), timeout }
}

#[tokio::test]
async fn paths_begin_at_the_linked_folder() {
    let office = Office::open().await;
    let link = office.link("folder", LinkRight::Edit).await;
    let guest = office.visit(&link).await.unwrap();
    assert_eq!(office.read(&guest.access, "a.txt").await.unwrap(), "folder/a.txt");
    for outer in ["outside.txt", "folder", "folder/a.txt", "other/c.txt"] {
        let read = office.read(&guest.access, outer).await;
        assert!(matches!(read, Err(LibraryError::NotFound)), "{outer}");
        assert!(matches!(
            office.library.find(&guest.access, &path(outer)).await,
            Err(LibraryError::NotFound)
        ));
    }
    // A content that one has read is not handed to the other under the same path.
    let member = office.change().access;
    office.put_by(office.change(), "a.txt", b"the office's").await.unwrap();
    for _ in 0..2 {
        assert_eq!(office.read(&guest.access, "a.txt").await.unwrap(), "folder/a.txt");
        assert_eq!(office.read(&member, "a.txt").await.unwrap(), "the office's");
    }
}

#[tokio::test]
async fn an_id_from_elsewhere_lists_nothing() {
    let office = Office::open().await;
    let guest = office.visit(&office.link("folder", LinkRight::Edit).await).await.unwrap();
    let member = office.change().access;
    for (folder, may) in [("folder", true), ("folder/sub", true), ("other", false), ("", false)] {
        let id = office.library.find(&member, &path(folder)).await.unwrap().id;
        let listed = office.library.list(&guest.access, id, None, NOW).await;
        assert_eq!(listed.is_ok(), may, "{folder}");
    }
    // Moved out while its listing goes on.
    let sub = office.library.find(&member, &path("folder/sub")).await.unwrap().id;
    let (from, to) = (path("folder/sub"), path("other/sub"));
    office.library.move_entry(office.change(), &from, &member, &to, Overwrite::Forbid).await.unwrap();
    assert!(matches!(office.library.list(&guest.access, sub, None, NOW).await, Err(LibraryError::NotFound)));
}

#[tokio::test]
async fn an_editor_does_below_the_folder_what_a_writer_does_and_nothing_to_the_folder() {
    let office = Office::open().await;
    let guest = office.visit(&office.link("folder", LinkRight::Edit).await).await.unwrap();
    let (library, access) = (&office.library, guest.access);
    let change = || office.guest_change(&guest);

    assert!(office.put_by(change(), "new.txt", b"new").await.unwrap().created);
    assert!(!office.put_by(change(), "a.txt", b"changed").await.unwrap().created);
    library.make_folder(change(), &path("made")).await.unwrap();
    library
        .move_entry(change(), &path("new.txt"), &access, &path("made/moved.txt"), Overwrite::Forbid)
        .await
        .unwrap();
    library
        .copy_entry(change(), &path("sub"), &access, &path("copy"), Overwrite::Forbid, Depth::Infinity)
        .await
        .unwrap();
    library.delete(change(), &path("sub")).await.unwrap();
    let set = PropertyChange::Modified(Timestamp(5_000));
    library.change_properties(change(), &path("a.txt"), vec![set]).await.unwrap();
    assert_eq!(office.names("folder").await, ["a.txt", "copy", "made"]);

    assert!(is_top(library.delete(change(), &path("")).await));
    assert!(is_top(
        library.move_entry(change(), &path(""), &access, &path("made/self"), Overwrite::Allow).await
    ));
    assert!(is_top(library.move_entry(change(), &path("copy"), &access, &path(""), Overwrite::Allow).await));
    let copied = library
        .copy_entry(change(), &path("copy"), &access, &path(""), Overwrite::Allow, Depth::Infinity)
        .await;
    assert!(is_top(copied));
    assert!(is_top(office.put_by(change(), "", b"").await));
    assert_eq!(office.names("").await, ["folder", "other", "outside.txt"]);
    // A change of a guest's has no author: it is not its creator's.
    let versions = library.versions(&office.change().access, &path("folder/a.txt")).await.unwrap();
    assert!(versions.iter().any(|version| version.author.is_none()));
    let deleted = library.trash(&office.change().access).await.unwrap();
    assert!(deleted.iter().all(|item| item.path == "folder/sub" && item.deleted_by.is_none()));
}

#[tokio::test]
async fn of_a_linked_file_an_editor_replaces_the_content_and_nothing_else() {
    let office = Office::open().await;
    let guest = office.visit(&office.link("folder/a.txt", LinkRight::Edit).await).await.unwrap();
    let (library, access) = (&office.library, guest.access);
    let change = || office.guest_change(&guest);
    assert_eq!(office.read(&access, "").await.unwrap(), "folder/a.txt");
    assert!(!office.put_by(change(), "", b"replaced").await.unwrap().created);
    assert_eq!(office.read(&access, "").await.unwrap(), "replaced");
    assert_eq!(office.read(&office.change().access, "folder/a.txt").await.unwrap(), "replaced");
    assert!(is_top(library.delete(change(), &path("")).await));
    assert!(is_top(library.move_entry(change(), &path(""), &access, &path("b"), Overwrite::Allow).await));
    for at in ["b", "a.txt", "sub/b.txt"] {
        assert!(office.put_by(change(), at, b"x").await.is_err(), "{at}");
        assert!(library.make_folder(change(), &path(at)).await.is_err(), "{at}");
    }
    assert!(matches!(library.make_folder(change(), &path("")).await, Err(LibraryError::Exists)));
    let copied =
        library.copy_entry(change(), &path(""), &access, &path(""), Overwrite::Allow, Depth::Zero).await;
    assert!(matches!(copied, Err(LibraryError::IntoItself)), "{copied:?}");
    assert_eq!(office.names("folder").await, ["a.txt", "sub"]);
}

#[tokio::test]
async fn nothing_leaves_or_enters_by_copy_or_move() {
    let office = Office::open().await;
    let guest = office.visit(&office.link("folder", LinkRight::Edit).await).await.unwrap();
    let other = office.visit(&office.link("other", LinkRight::Edit).await).await.unwrap();
    let member = office.change().access;
    let library = &office.library;
    for to in [member, other.access] {
        let change = office.guest_change(&guest);
        let (from, there) = (path("a.txt"), path("taken.txt"));
        let moved = library.move_entry(change.clone(), &from, &to, &there, Overwrite::Allow).await;
        assert!(is_denied(moved));
        let copied = library.copy_entry(change, &from, &to, &there, Overwrite::Allow, Depth::Infinity).await;
        assert!(is_denied(copied));
    }
    let change = Change { access: member, ..office.change() };
    let (from, there) = (path("outside.txt"), path("taken.txt"));
    let entered = library.move_entry(change, &from, &guest.access, &there, Overwrite::Allow).await;
    assert!(is_denied(entered));
}

#[tokio::test]
async fn a_reader_changes_nothing() {
    let office = Office::open().await;
    let guest = office.visit(&office.link("folder", LinkRight::Read).await).await.unwrap();
    let (library, access) = (&office.library, guest.access);
    let change = || office.guest_change(&guest);
    assert!(is_denied(office.put_by(change(), "a.txt", b"x").await));
    assert!(is_denied(office.put_by(change(), "new.txt", b"x").await));
    assert!(is_denied(library.make_folder(change(), &path("x")).await));
    assert!(is_denied(library.delete(change(), &path("a.txt")).await));
    assert!(is_denied(library.lock(change(), &path("a.txt"), lock()).await));
    assert!(is_denied(library.change_properties(change(), &path("a.txt"), Vec::new()).await));
    let (from, to) = (path("a.txt"), path("b.txt"));
    assert!(is_denied(library.move_entry(change(), &from, &access, &to, Overwrite::Allow).await));
    let copied = library.copy_entry(change(), &from, &access, &to, Overwrite::Allow, Depth::Infinity).await;
    assert!(is_denied(copied));
    assert_eq!(office.names("folder").await, ["a.txt", "sub"]);
}

#[tokio::test]
async fn who_adds_learns_nothing_and_overwrites_nothing() {
    let office = Office::open().await;
    let guest = office.visit(&office.link("folder", LinkRight::Add).await).await.unwrap();
    let (library, access) = (&office.library, guest.access);
    let change = || office.guest_change(&guest);
    for at in ["", "a.txt", "nothing"] {
        assert!(is_denied(library.find(&access, &path(at)).await), "{at}");
        assert!(is_denied(library.member(&access, &path(at), NOW).await), "{at}");
        assert!(is_denied(office.read(&access, at).await), "{at}");
        assert!(is_denied(library.require_conditions(change(), &path(at)).await), "{at}");
        assert!(is_denied(library.delete(change(), &path(at)).await), "{at}");
        assert!(is_denied(library.lock(change(), &path(at), lock()).await), "{at}");
        assert!(is_denied(library.make_folder(change(), &path(at)).await), "{at}");
    }
    assert!(is_denied(library.list(&access, guest.entry.id, None, NOW).await));

    // A folder that is there and one that is not are refused alike.
    for at in ["", "sub/new.txt", "nothing/new.txt", "a.txt/new.txt"] {
        let put = office.put_by(change(), at, b"x").await;
        assert!(is_denied(put), "{at}");
    }
    for at in ["a.txt", "A.TXT", "sub", "new.txt", "new.txt"] {
        assert!(office.put_by(change(), at, b"added").await.unwrap().created, "{at}");
    }
    // Conditions tell nothing either: for this guest there is never anything.
    let names = |if_none_match: bool| {
        let mut conditions = Conditions::default();
        match if_none_match {
            true => conditions.if_none_match = Some(EtagMatch::Any),
            false => conditions.if_match = Some(EtagMatch::Any),
        }
        Change { conditions, ..change() }
    };
    assert!(office.put_by(names(true), "a.txt", b"added").await.unwrap().created);
    assert!(matches!(
        office.put_by(names(false), "a.txt", b"x").await,
        Err(LibraryError::PreconditionFailed)
    ));
    assert!(matches!(
        office.put_by(names(false), "b.txt", b"x").await,
        Err(LibraryError::PreconditionFailed)
    ));
    let mut names = office.names("folder").await;
    names.sort();
    assert_eq!(
        names,
        ["A (3).TXT", "a (2).txt", "a (4).txt", "a.txt", "new (2).txt", "new.txt", "sub", "sub (2)"]
    );
    assert_eq!(office.read(&office.change().access, "folder/a.txt").await.unwrap(), "folder/a.txt");
}

#[tokio::test]
async fn a_name_that_is_taken_while_the_body_comes_is_not_overwritten() {
    let office = Office::open().await;
    let guest = office.visit(&office.link("folder", LinkRight::Add).await).await.unwrap();
    let file =
        |at: &str| tresor::library::NewFile { path: path(at), size: None, modified: None, checksum: None };
    let mut first = office.library.begin_put(office.guest_change(&guest), file("x.txt")).await.unwrap();
    let mut second = office.library.begin_put(office.guest_change(&guest), file("x.txt")).await.unwrap();
    first.write("first".into()).await.unwrap();
    second.write("second".into()).await.unwrap();
    second.commit(NOW).await.unwrap();
    first.commit(NOW).await.unwrap();
    let member = office.change().access;
    assert_eq!(office.read(&member, "folder/x.txt").await.unwrap(), "second");
    assert_eq!(office.read(&member, "folder/x (2).txt").await.unwrap(), "first");
}

#[tokio::test]
async fn a_folder_that_leaves_while_a_file_comes_takes_none_along() {
    let office = Office::open().await;
    let guest = office.visit(&office.link("folder", LinkRight::Edit).await).await.unwrap();
    let sub = office.library.find(&guest.access, &path("sub")).await.unwrap().id;
    let change =
        || Change { access: guest.access.narrowed_to_adding(sub).unwrap(), ..office.guest_change(&guest) };
    let file = tresor::library::NewFile { path: path("x.txt"), size: None, modified: None, checksum: None };
    assert!(office.put_by(change(), "b.txt", b"beside").await.unwrap().created);
    let mut coming = office.library.begin_put(change(), file.clone()).await.unwrap();
    coming.write("x".into()).await.unwrap();
    let (member, from, to) = (office.change().access, path("folder/sub"), path("other/sub"));
    office.library.move_entry(office.change(), &from, &member, &to, Overwrite::Forbid).await.unwrap();
    assert!(matches!(coming.commit(NOW).await, Err(LibraryError::NotFound)));
    assert!(matches!(office.library.begin_put(change(), file).await, Err(LibraryError::NotFound)));
    assert_eq!(office.names("other/sub").await, ["b (2).txt", "b.txt"]);
}

#[tokio::test]
async fn trash_versions_uploads_and_quota_are_not_for_guests() {
    let office = Office::open().await;
    office.put_by(office.change(), "folder/a.txt", b"newer").await.unwrap();
    let member = office.change().access;
    let old = office.library.versions(&member, &path("folder/a.txt")).await.unwrap();
    office.library.delete(office.change(), &path("folder/sub")).await.unwrap();
    let trashed = office.library.trash(&member).await.unwrap()[0].entry;
    for right in [LinkRight::Read, LinkRight::Edit, LinkRight::Add] {
        let guest = office.visit(&office.link("folder", right).await).await.unwrap();
        let (library, access) = (&office.library, guest.access);
        let change = || office.guest_change(&guest);
        assert!(is_denied(library.versions(&access, &path("a.txt")).await));
        assert!(is_denied(library.open_content(&access, &path("a.txt"), Some(old[0].id), |_| None).await));
        assert!(is_denied(library.restore_version(change(), &path("a.txt"), old[0].id).await));
        assert!(is_denied(library.trash(&access).await));
        assert!(is_denied(library.restore(change(), trashed).await));
        assert!(is_denied(library.purge(&access, Stamp::owner(NOW), trashed).await));
        assert!(is_denied(library.usage(&access).await));
        assert!(is_denied(library.joint_usage(&[access]).await));
        assert!(is_denied(library.tops(&[access], NOW).await));
        assert!(library.located(&[access], vec![guest.entry.id]).await.unwrap().is_empty());
        let new = NewUpload {
            id: tresor::model::UploadId::random(),
            protocol: "tus",
            name: None,
            shape: UploadShape::Linear,
            path: Some(path("x")),
            length: None,
            modified: None,
            checksum: None,
            metadata: String::new(),
            guest: None,
        };
        assert!(is_denied(office.uploads.create(change(), new).await));
        let of = UploadsOf::User(office.bert.user);
        assert!(is_denied(office.uploads.list(&[access], of).await));
        assert!(is_denied(office.sharing.links_to(&office.bert, &access, &path("")).await.map_err(
            |error| match error {
                tresor::sharing::LinkError::Denied => {
                    LibraryError::Denied(access.require(Right::Read).unwrap_err())
                }
                other => panic!("{other}"),
            }
        )));
    }
}

#[tokio::test]
async fn locks_of_the_office_bind_guests_and_stay_unknown_to_them() {
    let office = Office::open().await;
    let guest = office.visit(&office.link("folder", LinkRight::Edit).await).await.unwrap();
    let (library, access) = (&office.library, guest.access);
    // Taken by the one whose guest this is, above the linked folder, and on a file in it.
    let bert = Change {
        access: office.access_of(&office.bert).await,
        actor: Actor::user(office.bert.user),
        ..office.change()
    };
    let held = library.lock(bert.clone(), &path("folder/a.txt"), lock()).await.unwrap();

    let member = library.member(&access, &path("a.txt"), NOW).await.unwrap();
    assert!(member.locks.is_empty());
    let listing = library.list(&access, guest.entry.id, None, NOW).await.unwrap();
    assert!(listing.members.iter().all(|member| member.locks.is_empty()));
    // Even a guest who guessed the token does not hold the lock.
    let knows = IfList {
        target: IfTarget::Request,
        conditions: vec![IfCondition { negated: true, state: IfState::Token(held.token.clone()) }],
    };
    let or = IfList {
        target: IfTarget::Request,
        conditions: vec![IfCondition { negated: true, state: IfState::Token(LockToken("no".to_owned())) }],
    };
    let conditions = Conditions { if_lists: vec![knows, or], ..Conditions::default() };
    let change = Change { conditions, ..office.guest_change(&guest) };
    match office.put_by(change, "a.txt", b"x").await.err() {
        Some(LibraryError::Locked { path: told, .. }) => assert_eq!(told, path("a.txt")),
        other => panic!("{other:?}"),
    }
    let by_guest = Stamp { actor: guest.actor(), at: NOW };
    let unlocked = library.unlock(&access, by_guest, &path("a.txt"), &held.token).await;
    assert!(matches!(unlocked, Err(LibraryError::Locked { .. })));

    // A guest sees, uses and ends their own lock; the office sees it and a manager ends it.
    let folder = library.lock(office.guest_change(&guest), &path("sub"), lock()).await;
    assert!(is_denied(folder), "a folder that a guest holds would be closed to the office");
    let own = library.lock(office.guest_change(&guest), &path("sub/b.txt"), lock()).await.unwrap();
    assert_eq!(own.root, path("sub/b.txt"));
    assert_eq!(library.member(&access, &path("sub/b.txt"), NOW).await.unwrap().locks.len(), 1);
    let outside = library.member(&office.change().access, &path("folder/sub/b.txt"), NOW).await.unwrap();
    assert_eq!(outside.locks[0].root, path("folder/sub/b.txt"));
    let berts = Change { actor: Actor::user(office.bert.user), ..bert };
    let refused = office.put_by(berts, "folder/sub/b.txt", b"x").await;
    assert!(matches!(refused, Err(LibraryError::Locked { .. })), "the lock is the guest's, not his host's");
    library.unlock(&access, by_guest, &path("sub/b.txt"), &own.token).await.unwrap();

    // A lock above the shared folder is reported at that folder.
    library
        .unlock(&office.change().access, office.anna.stamp(NOW), &path("folder/a.txt"), &held.token)
        .await
        .unwrap();
    library.lock(office.change(), &path("folder"), lock()).await.unwrap();
    match office.put_by(office.guest_change(&guest), "a.txt", b"x").await.err() {
        Some(LibraryError::Locked { path: told, .. }) => assert_eq!(told, path("")),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn conditions_about_outer_resources_speak_of_nothing() {
    let office = Office::open().await;
    let guest = office.visit(&office.link("folder", LinkRight::Edit).await).await.unwrap();
    let member = office.change().access;
    let etag = |at: &'static str| {
        let office = &office;
        async move { office.library.find(&member, &path(at)).await.unwrap().etag }
    };
    let tagged = |at: &str, tag: Etag| {
        let target = IfTarget::Entry { space: EntryName::parse(&office.space.name).unwrap(), path: path(at) };
        let conditions = vec![IfCondition { negated: false, state: IfState::Tag(tag) }];
        let if_lists = vec![IfList { target, conditions }];
        let conditions = Conditions { if_lists, ..Conditions::default() };
        Change { conditions, ..office.guest_change(&guest) }
    };
    let outer = etag("outside.txt").await;
    let refused = office.put_by(tagged("outside.txt", outer), "sub/b.txt", b"x").await;
    assert!(matches!(refused, Err(LibraryError::PreconditionFailed)));
    let inner = etag("folder/a.txt").await;
    assert!(office.put_by(tagged("a.txt", inner), "sub/b.txt", b"x").await.is_ok(), "his own may be named");
}

#[tokio::test]
async fn a_file_that_a_guest_puts_is_rebuilt_where_it_lay() {
    let office = Office::open().await;
    let guest = office.visit(&office.link("folder/sub", LinkRight::Add).await).await.unwrap();
    office.put_by(office.guest_change(&guest), "b.txt", b"x").await.unwrap();
    let editor = office.visit(&office.link("folder", LinkRight::Edit).await).await.unwrap();
    // Deeper than any member could name it is refused, wherever the guest's paths begin.
    let deep = vec!["d"; tresor::model::EntryPath::MAX_DEPTH - 1].join("/");
    let mut so_far = String::new();
    for name in deep.split('/') {
        so_far = if so_far.is_empty() { name.to_owned() } else { format!("{so_far}/{name}") };
        office.library.make_folder(office.guest_change(&editor), &path(&so_far)).await.unwrap();
    }
    let deeper = format!("{so_far}/d");
    let refused = office.library.make_folder(office.guest_change(&editor), &path(&deeper)).await;
    assert!(matches!(refused, Err(LibraryError::Name(_))), "{refused:?}");
}

/// A guest with an edit link filled the catalogue with properties.
#[tokio::test]
async fn a_guest_sets_few_properties() {
    let office = Office::open().await;
    let guest = office.visit(&office.link("folder", LinkRight::Edit).await).await.unwrap();
    let set = async |access, number: usize, length: usize| {
        let name = PropertyName::new("urn:x", format!("p{number:02}"));
        let steps = vec![PropertyChange::Set { name, xml: "x".repeat(length) }];
        let change = Change { access, ..office.change() };
        let at = if access == guest.access { "a.txt" } else { "folder/a.txt" };
        office.library.change_properties(change, &path(at), steps).await.map(drop)
    };
    let is_too_many = |outcome| matches!(outcome, Err(LibraryError::TooManyProperties));
    for number in 0..16 {
        set(guest.access, number, 200).await.unwrap();
    }
    assert!(is_too_many(set(guest.access, 16, 1).await));
    // 8 bytes of name each: 4 KiB are full.
    assert!(is_too_many(set(guest.access, 0, 200 + 4_096 - 16 * 208 + 1).await));
    set(guest.access, 0, 200 + 4_096 - 16 * 208).await.unwrap();
    // The office and other links have bounds of their own.
    let member = office.change().access;
    set(member, 16, 100_000).await.unwrap();
    set(guest.access, 0, 10).await.unwrap();
    set(guest.access, 1, 201).await.unwrap();
    assert!(is_too_many(set(guest.access, 16, 1).await));
    let other = office.visit(&office.link("folder", LinkRight::Edit).await).await.unwrap();
    let name = PropertyName::new("urn:x", "p16");
    let steps = vec![PropertyChange::Set { name, xml: "x".to_owned() }];
    office.library.change_properties(office.guest_change(&other), &path("a.txt"), steps).await.unwrap();
}

/// One user made links until their guests held all ten thousand locks of the server, and no one could save
/// any more: the locks of guests count together for the user who lets them in.
#[tokio::test]
async fn guests_of_many_links_share_one_budget_of_locks() {
    let office = Office::open().await;
    let library = &office.library;
    let shared = LockRequest { scope: LockScope::Shared, ..lock() };
    for number in 0..8 {
        office.put_by(office.change(), &format!("folder/{number}"), b"x").await.unwrap();
    }
    let mut taken = 0;
    for _ in 0..2 {
        let guest = office.visit(&office.link("folder", LinkRight::Edit).await).await.unwrap();
        for _ in 0..100 {
            let at = path(&format!("{}", taken / 26));
            library.lock(office.guest_change(&guest), &at, shared.clone()).await.unwrap();
            taken += 1;
        }
        let more = library.lock(office.guest_change(&guest), &path("a.txt"), shared.clone()).await;
        assert!(matches!(more, Err(LibraryError::TooManyLocks)), "of one link");
    }
    let guest = office.visit(&office.link("folder", LinkRight::Edit).await).await.unwrap();
    let more = library.lock(office.guest_change(&guest), &path("a.txt"), shared.clone()).await;
    assert!(matches!(more, Err(LibraryError::TooManyLocks)), "of all links together");
    // The office itself has its own.
    library.lock(office.change(), &path("folder/a.txt"), lock()).await.unwrap();
}

fn property(local: &str, value: &str) -> (PropertyName, String) {
    (PropertyName::new("urn:x", local), format!("<{local} xmlns='urn:x'>{value}</{local}>"))
}

fn set((name, xml): (PropertyName, String)) -> PropertyChange {
    PropertyChange::Set { name, xml }
}

impl Office {
    async fn properties(&self, access: &Access, at: &str) -> Vec<(PropertyName, String)> {
        let alone = self.library.member(access, &path(at), NOW).await.unwrap();
        // A listing of the folder tells the same.
        let listing = self.library.list(access, alone.entry.parent.unwrap(), None, NOW).await.unwrap();
        let listed = listing.members.into_iter().find(|member| member.entry.id == alone.entry.id).unwrap();
        assert_eq!(listed.properties, alone.properties);
        alone.properties
    }
}

/// A guest replaced and removed properties that the office's programs keep with a file and that guests are not shown.
/// Windows sets the same four on every file it saves, so a refusal would make saving through a link fail.
#[tokio::test]
async fn the_office_and_the_guests_of_each_link_have_properties_of_their_own() {
    let office = Office::open().await;
    let guest = office.visit(&office.link("folder", LinkRight::Edit).await).await.unwrap();
    let other = office.visit(&office.link("folder", LinkRight::Edit).await).await.unwrap();
    let (library, member) = (&office.library, office.change().access);
    let change = async |change: Change, at: &str, steps: Vec<PropertyChange>| {
        library.change_properties(change, &path(at), steps).await.unwrap()
    };
    change(office.change(), "folder/a.txt", vec![set(property("a", "office")), set(property("b", "office"))])
        .await;
    let removed = PropertyChange::Remove { name: property("b", "").0 };
    let steps =
        vec![set(property("a", "guest")), removed.clone(), PropertyChange::Modified(Timestamp(5_000))];
    assert_eq!(change(office.guest_change(&guest), "a.txt", steps).await.modified, Timestamp(5_000));
    change(office.guest_change(&other), "a.txt", vec![set(property("c", "other"))]).await;

    let offices = [property("a", "office"), property("b", "office")];
    assert_eq!(office.properties(&member, "folder/a.txt").await, offices);
    assert_eq!(office.properties(&guest.access, "a.txt").await, [property("a", "guest")]);
    assert_eq!(office.properties(&other.access, "a.txt").await, [property("c", "other")]);

    // Copied and moved, by any person, they stay with their setter.
    let (from, to) = (path("a.txt"), path("copy.txt"));
    library
        .copy_entry(
            office.guest_change(&guest),
            &from,
            &guest.access,
            &to,
            Overwrite::Forbid,
            Depth::Infinity,
        )
        .await
        .unwrap();
    let (from, to) = (path("folder/copy.txt"), path("folder/moved.txt"));
    library.move_entry(office.change(), &from, &member, &to, Overwrite::Forbid).await.unwrap();
    assert_eq!(office.properties(&member, "folder/moved.txt").await, offices);
    assert_eq!(office.properties(&guest.access, "moved.txt").await, [property("a", "guest")]);
    assert_eq!(office.properties(&other.access, "moved.txt").await, [property("c", "other")]);

    // A guest's program saves by renaming a new file over the old one. Its own properties go along; the office's stay.
    office.put_by(office.guest_change(&guest), "new.tmp", b"new").await.unwrap();
    change(office.guest_change(&guest), "new.tmp", vec![set(property("d", "guest"))]).await;
    let (from, to) = (path("new.tmp"), path("a.txt"));
    library
        .move_entry(office.guest_change(&guest), &from, &guest.access, &to, Overwrite::Allow)
        .await
        .unwrap();
    assert_eq!(office.properties(&member, "folder/a.txt").await, offices);
    assert_eq!(office.properties(&guest.access, "a.txt").await, [property("d", "guest")]);
    assert_eq!(office.properties(&other.access, "a.txt").await, [property("c", "other")]);
    change(office.change(), "folder/a.txt", vec![removed]).await;

    // They survive a restart, and those of a link end with it; the quota does not count them any more.
    let (guest, other) = (guest.link.id, other.link.id);
    let office = office.reopen().await;
    let member = office.change().access;
    let used = async || office.library.usage(&member).await.unwrap().used.0;
    assert_eq!(office.properties(&member, "folder/a.txt").await, [property("a", "office")]);
    let before = used().await;
    for link in [guest, other] {
        office.catalog.write_silent("a test", move |tx| tx.delete_link(link)).await.unwrap();
    }
    office.library.upkeep(NOW).await.unwrap();
    let weight = |(name, xml): &(PropertyName, String)| name.namespace.len() + name.local.len() + xml.len();
    let ended =
        [property("a", "guest"), property("d", "guest"), property("c", "other"), property("c", "other")];
    assert_eq!(before - used().await, ended.iter().map(weight).sum::<usize>() as u64);
    assert_eq!(office.properties(&member, "folder/moved.txt").await, offices);
}
