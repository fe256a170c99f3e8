//! A start with a catalogue that it cannot use: it advises, and changes nothing.

use std::collections::BTreeSet;
use std::fs;

use tresor::library::{LibraryError, NewFile, Space};
use tresor::model::Timestamp;

use crate::rebuild::office::{CHEF, access, path};
use crate::support::content::{bytes, sha256};
use crate::support::office::Office;

const SERVE: [&str; 4] = ["serve", "--plain-http", "--listen", "127.0.0.1:0"];

#[tokio::test(flavor = "multi_thread")]
async fn every_damage_is_named_with_what_to_do_and_put_right_by_it() {
    let office = Office::with_instance();
    let open = office.open().await;
    let space = open.add_space("s").await;
    for at in 0..50 {
        open.put(&space, &format!("file {at}"), &bytes(at, 100)).await;
    }
    open.instance.recovery.snapshot(Timestamp::now()).await.unwrap();
    open.put(&space, "afterwards", b"x").await;
    open.close();
    let sound = fs::read(office.catalog()).unwrap();
    let flip = |at: usize| {
        let mut bytes = sound.clone();
        bytes[at] ^= 0x10;
        Some(bytes)
    };
    let garbage = {
        let mut bytes = sound.clone();
        bytes[..4096].fill(0x5a);
        Some(bytes)
    };
    let pages = sound.len() / 4096;
    let damages = [
        ("missing", None),
        ("empty", Some(Vec::new())),
        ("header garbage", garbage),
        ("bit in the first page", flip(3_000)),
        ("bit in a page", flip(pages / 2 * 4096 + 77)),
        ("bit in the last page", flip(sound.len() - 50)),
        ("cut short", Some(sound[..sound.len() - 4096].to_vec())),
        ("cut within a page", Some(sound[..sound.len() - 1].to_vec())),
    ];
    for (what, damage) in damages {
        match &damage {
            Some(bytes) => fs::write(office.catalog(), bytes).unwrap(),
            None => office.lose_catalog(),
        }
        let before = office.everything();
        for command in [&SERVE[..], &["user", "list"]] {
            let outcome = office.attempt(command);
            assert_eq!(outcome.code, 1, "{what}: {outcome}");
            assert!(outcome.stderr.contains("tresor rebuild"), "{what}: {outcome}");
            assert_eq!(office.everything(), before, "{what}: nothing is changed");
        }
        let report = office.rebuild([], 0);
        assert_eq!((&report["base"], &report["added"]), (&"snapshot".into(), &1.into()), "{what}: {report}");
        assert_eq!(report["kept_catalogue"].is_string(), damage.is_some(), "{what}");
        if let Some(bytes) = damage {
            assert_eq!(fs::read(office.path(report["kept_catalogue"].as_str().unwrap())).unwrap(), bytes);
        }
        let open = office.open().await;
        let files = open.files(&open.space("s").await).await;
        assert_eq!(files.len(), 51, "{what}");
        assert_eq!(files["afterwards"], sha256(b"x"));
        open.close();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recovery_key_alone_rebuilds() {
    let office = Office::with_instance();
    let open = office.open().await;
    let space = open.add_space("s").await;
    open.put(&space, "a", b"content").await;
    open.close();
    office.lose_catalog();
    let root = fs::read(office.data().join("keys/root.age")).unwrap();
    fs::remove_file(office.data().join("keys/root.age")).unwrap();
    let rebuild =
        |key: &str| office.run(["rebuild", "--data", "data", "--recovery-file", key].iter().chain(&CHEF));
    let before = office.everything();
    let refused = rebuild("key.txt");
    assert_eq!(refused.code, 1, "{refused}");
    assert!(refused.stderr.contains("does not belong to this data directory"), "{refused}");
    assert_eq!(office.everything(), before);
    let outcome = rebuild("recovery.txt");
    assert_eq!(outcome.code, 0, "{outcome}");
    fs::write(office.data().join("keys/root.age"), root).unwrap();
    let open = office.open().await;
    assert_eq!(open.files(&open.space("s").await).await["a"], sha256(b"content"));
    open.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_is_not_rebuilt_under_its_feet() {
    let office = Office::with_instance();
    let open = office.open().await;
    let mut command = office.command(["rebuild", "--from", "catalogue"]);
    let refused = crate::support::process::Outcome::of(&mut command);
    assert_eq!(refused.code, 1, "{refused}");
    assert!(refused.stderr.contains("another process uses"), "{refused}");
    open.close();
}

/// A rebuild waited for the other end of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_in_the_place_of_the_catalogue_keeps_nobody_waiting() {
    let office = Office::with_instance();
    let open = office.open().await;
    let space = open.add_space("s").await;
    open.put(&space, "a", b"content").await;
    open.instance.recovery.snapshot(Timestamp::now()).await.unwrap();
    open.close();
    office.lose_catalog();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, office.catalog(), rustix::fs::FileType::Fifo, mode, 0).unwrap();
    for command in [&SERVE[..], &["user", "list"]] {
        let outcome = office.attempt(command);
        assert_eq!(outcome.code, 1, "{outcome}");
        assert!(outcome.stderr.contains("tresor rebuild"), "{outcome}");
    }
    let report = office.rebuild([], 0);
    assert_eq!(report["base"], "snapshot", "{report}");
    let open = office.open().await;
    assert_eq!(open.hash(&space, "a", None).await, sha256(b"content"));
    open.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn strange_files_in_the_new_folders_stop_the_start() {
    for place in
        ["snapshots/dump.sql", "snapshots/000001-2026-11-21T202614Z.age", "keys/names/a.txt", "mark.age"]
    {
        let office = Office::with_instance();
        let path = office.data().join(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "INSERT INTO readable VALUES('text', 'of a length');").unwrap();
        let outcome = office.attempt(["user", "list"]);
        assert_eq!(outcome.code, 1, "{outcome}");
        assert!(outcome.stderr.contains("does not belong in a data directory"), "{place}: {outcome}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_format_file_is_no_reason_to_remove_an_office() {
    let office = Office::with_instance();
    let open = office.open().await;
    let space = open.add_space("s").await;
    open.put(&space, "a", b"content").await;
    open.close();
    fs::remove_file(office.data().join("FORMAT")).unwrap();
    let outcome = office.attempt(["user", "list"]);
    assert!(outcome.stderr.contains("FORMAT is missing"), "{outcome}");
    assert!(!outcome.stderr.contains("remove the directory"), "{outcome}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_space_without_its_key_or_its_note_is_named() {
    let office = Office::with_instance();
    let open = office.open().await;
    let space = open.add_space("Mandanten").await;
    open.put(&space, "a", &bytes(1, 100)).await;
    open.close();
    let (key, note) = (format!("keys/spaces/{}.age", space.id), format!("keys/names/{}.age", space.id));
    let (kept_key, kept_note) =
        (fs::read(office.data().join(&key)).unwrap(), fs::read(office.data().join(&note)).unwrap());
    let id = serde_json::Value::from(vec![space.id.to_string()]);

    // All rows are there, and nothing opens.
    fs::remove_file(office.data().join(&key)).unwrap();
    let report = office.rebuild(["--from", "catalogue"], 3);
    assert_eq!(
        (&report["without_key"], &report["without_note"]),
        (&id, &Vec::<String>::new().into()),
        "{report}"
    );
    let shown = office.attempt(["status"]);
    assert!(
        shown.stdout.contains("WARNING") && shown.stdout.contains("the key file of space Mandanten"),
        "{shown}"
    );
    fs::write(office.data().join(&key), kept_key).unwrap();

    fs::remove_file(office.data().join(&note)).unwrap();
    office.lose_catalog();
    fs::remove_dir_all(office.data().join("snapshots")).ok();
    let report = office
        .rebuild(["--from", "containers", "--admin", "chef", "--admin-password-file", "admin.password"], 0);
    assert_eq!((&report["without_note"], report["added"].as_u64()), (&id, Some(1)), "{report}");
    fs::write(office.data().join(&note), kept_note).unwrap();
}

/// After `cp keys/spaces/<one>.age keys/spaces/<other>.age` no finding came, and the files stored for the one client
/// were sealed to the other's key: unreadable as soon as the right file was back.
#[tokio::test(flavor = "multi_thread")]
async fn a_space_with_the_key_file_of_another_takes_nothing_until_its_own_is_back() {
    let office = Office::with_instance();
    let open = office.open().await;
    let (one, other) = (open.add_space("Müller").await, open.add_space("Huber").await);
    open.put(&one, "a", &bytes(1, 100)).await;
    open.put(&other, "b", &bytes(2, 100)).await;
    open.close();
    let file = |space: &Space| office.data().join(format!("keys/spaces/{}.age", space.id));
    let own = fs::read(file(&one)).unwrap();
    fs::copy(file(&other), file(&one)).unwrap();

    let open = office.open().await;
    let library = &open.instance.library;
    let new = NewFile { path: path("new"), size: Some(3), modified: None, checksum: None };
    let refused = async {
        let mut session = library.begin_put(open.change(&one), new).await?;
        session.write(b"new".to_vec().into()).await?;
        session.commit(Timestamp::now()).await
    };
    assert!(matches!(refused.await, Err(LibraryError::Damaged(_) | LibraryError::Vault(_))));
    assert!(library.open_content(&access(&one), &path("a"), None, |_| None).await.is_err());
    open.hash(&other, "b", None).await;
    open.close();
    let status = office.attempt(["status"]);
    assert!(
        status.stdout.contains("WARNING") && status.stdout.contains("key file of space Müller"),
        "{status}"
    );
    let found = office.attempt(["verify"]);
    assert_eq!(found.code, 3, "{found}");
    let named = format!("keys/spaces/{}.age is another space's", one.id);
    assert!(found.stdout.contains(&named) && found.stdout.contains("from a backup"), "{found}");

    fs::write(file(&one), own).unwrap();
    let open = office.open().await;
    assert_eq!(open.hash(&one, "a", None).await, sha256(&bytes(1, 100)));
    open.close();
    assert_eq!(office.attempt(["verify", "--full"]).code, 0);
}

/// Two notes that had changed places gave each client the other's name.
#[tokio::test(flavor = "multi_thread")]
async fn the_note_of_another_space_names_none() {
    let office = Office::with_instance();
    let open = office.open().await;
    let (one, other) = (open.add_space("Müller").await, open.add_space("Huber").await);
    open.put(&one, "a", &bytes(1, 100)).await;
    open.put(&other, "b", &bytes(2, 100)).await;
    open.close();
    let file = |space: &Space| office.data().join(format!("keys/names/{}.age", space.id));
    let (first, second) = (fs::read(file(&one)).unwrap(), fs::read(file(&other)).unwrap());
    fs::write(file(&one), second).unwrap();
    fs::write(file(&other), first).unwrap();

    let found = office.attempt(["verify"]);
    assert_eq!(found.code, 3, "{found}");
    for space in [&one, &other] {
        assert!(found.stdout.contains(&format!("keys/names/{}.age is another space's", space.id)), "{found}");
    }
    office.lose_catalog();
    let report = office
        .rebuild(["--from", "containers", "--admin", "chef", "--admin-password-file", "admin.password"], 0);
    let named: BTreeSet<_> =
        report["without_note"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    assert_eq!(named, BTreeSet::from([one.id.to_string(), other.id.to_string()]), "{report}");
    let open = office.open().await;
    let spaces = open.instance.library.spaces().await.unwrap();
    assert!(spaces.iter().all(|space| space.name.starts_with("Space ")), "{spaces:?}");
    open.close();
}
