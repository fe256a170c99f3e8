//! What a start says of a catalogue that it cannot use: what to do, and nothing is changed.

use std::fs;

use tresor::model::Timestamp;

use crate::house::House;
use crate::support::content::{bytes, sha256};

const SERVE: [&str; 4] = ["serve", "--plain-http", "--listen", "127.0.0.1:0"];

#[tokio::test(flavor = "multi_thread")]
async fn every_damage_is_named_with_what_to_do_and_put_right_by_it() {
    let house = House::new().await;
    let open = house.open().await;
    let space = open.add_space("s").await;
    for at in 0..50 {
        open.put(&space, &format!("file {at}"), &bytes(at, 100)).await;
    }
    open.instance.library.snapshot(Timestamp::now()).await.unwrap();
    open.put(&space, "afterwards", b"x").await;
    open.close();
    let sound = fs::read(house.catalog()).unwrap();
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
            Some(bytes) => fs::write(house.catalog(), bytes).unwrap(),
            None => house.lose_catalog(),
        }
        let before = house.everything();
        for command in [&SERVE[..], &["user", "list"]] {
            let outcome = house.run(command);
            assert_eq!(outcome.code, 1, "{what}: {outcome}");
            assert!(outcome.stderr.contains("tresor rebuild"), "{what}: {outcome}");
            assert_eq!(house.everything(), before, "{what}: nothing is changed");
        }
        let report = house.rebuild([], 0);
        assert_eq!((&report["base"], &report["added"]), (&"snapshot".into(), &1.into()), "{what}: {report}");
        assert_eq!(report["kept_catalogue"].is_string(), damage.is_some(), "{what}");
        if let Some(bytes) = damage {
            assert_eq!(fs::read(house.path(report["kept_catalogue"].as_str().unwrap())).unwrap(), bytes);
        }
        let open = house.open().await;
        let files = open.files(&open.space("s").await).await;
        assert_eq!(files.len(), 51, "{what}");
        assert_eq!(files["afterwards"], sha256(b"x"));
        open.close();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recovery_key_alone_rebuilds() {
    let house = House::new().await;
    let open = house.open().await;
    let space = open.add_space("s").await;
    open.put(&space, "a", b"content").await;
    open.close();
    house.lose_catalog();
    let root = fs::read(house.data().join("keys/root.age")).unwrap();
    fs::remove_file(house.data().join("keys/root.age")).unwrap();
    let rebuild = |key: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tresor"));
        command.args(["rebuild", "--data", "data", "--recovery-file", key]);
        command.args(["--admin", "chef", "--admin-password-file", "password"]);
        crate::support::process::Outcome::of(&mut house.bare(command))
    };
    let before = house.everything();
    let refused = rebuild("key.txt");
    assert_eq!(refused.code, 1, "{refused}");
    assert!(refused.stderr.contains("does not belong to this data directory"), "{refused}");
    assert_eq!(house.everything(), before);
    let outcome = rebuild("recovery.txt");
    assert_eq!(outcome.code, 0, "{outcome}");
    fs::write(house.data().join("keys/root.age"), root).unwrap();
    let open = house.open().await;
    assert_eq!(open.files(&open.space("s").await).await["a"], sha256(b"content"));
    open.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_is_not_rebuilt_under_its_feet() {
    let house = House::new().await;
    let open = house.open().await;
    let mut command = house.command(["rebuild", "--from", "catalogue"]);
    let refused = crate::support::process::Outcome::of(&mut command);
    assert_eq!(refused.code, 1, "{refused}");
    assert!(refused.stderr.contains("another process uses"), "{refused}");
    open.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn strange_files_in_the_new_folders_stop_the_start() {
    for place in
        ["snapshots/dump.sql", "snapshots/000001-2026-11-21T202614Z.age", "keys/names/a.txt", "mark.age"]
    {
        let house = House::new().await;
        let path = house.data().join(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "INSERT INTO readable VALUES('text', 'of a length');").unwrap();
        let outcome = house.run(["user", "list"]);
        assert_eq!(outcome.code, 1, "{outcome}");
        assert!(outcome.stderr.contains("does not belong into a data directory"), "{place}: {outcome}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_format_file_is_no_reason_to_remove_an_office() {
    let house = House::new().await;
    let open = house.open().await;
    let space = open.add_space("s").await;
    open.put(&space, "a", b"content").await;
    open.close();
    fs::remove_file(house.data().join("FORMAT")).unwrap();
    let outcome = house.run(["user", "list"]);
    assert!(outcome.stderr.contains("FORMAT is missing"), "{outcome}");
    assert!(!outcome.stderr.contains("remove the directory"), "{outcome}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_space_without_its_key_or_its_note_is_named() {
    let house = House::new().await;
    let open = house.open().await;
    let space = open.add_space("Mandanten").await;
    open.put(&space, "a", &bytes(1, 100)).await;
    open.close();
    let (key, note) = (format!("keys/spaces/{}.age", space.id), format!("keys/names/{}.age", space.id));
    let (kept_key, kept_note) =
        (fs::read(house.data().join(&key)).unwrap(), fs::read(house.data().join(&note)).unwrap());
    let id = serde_json::Value::from(vec![space.id.to_string()]);

    // All rows are there, and nothing opens.
    fs::remove_file(house.data().join(&key)).unwrap();
    let report = house.rebuild(["--from", "catalogue"], 2);
    assert_eq!(
        (&report["without_key"], &report["without_note"]),
        (&id, &Vec::<String>::new().into()),
        "{report}"
    );
    let shown = house.run(["status"]);
    assert!(
        shown.stdout.contains("WARNING") && shown.stdout.contains("the key of space Mandanten"),
        "{shown}"
    );
    fs::write(house.data().join(&key), kept_key).unwrap();

    fs::remove_file(house.data().join(&note)).unwrap();
    house.lose_catalog();
    fs::remove_dir_all(house.data().join("snapshots")).ok();
    let report =
        house.rebuild(["--from", "containers", "--admin", "chef", "--admin-password-file", "password"], 0);
    assert_eq!((&report["without_note"], report["added"].as_u64()), (&id, Some(1)), "{report}");
    fs::write(house.data().join(&note), kept_note).unwrap();
}
