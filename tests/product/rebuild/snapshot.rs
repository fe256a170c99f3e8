//! Snapshots: their content, the keys that open them, and rebuilds from them.

use std::fs;
use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use secrecy::SecretString;
use tresor::accounts::UserName;
use tresor::library::{Overwrite, Transfer};
use tresor::model::{Right, Role, Stamp, Timestamp, VersionState, Worker};

use crate::rebuild::office::{CHEF, access, name, path};
use crate::support::TestServer;
use crate::support::content::{bytes, files_below, sha256};
use crate::support::office::{Office, Open, PASSWORD};
use crate::support::process::{eventually, tool};

/// A tree with everything that containers do not say.
async fn fill(open: &Open) {
    let (a, b) = (open.add_space("Müller GmbH").await, open.add_space("Team").await);
    open.folder(&a, "leer").await;
    open.folder(&a, "Akten").await;
    for (seed, at) in (0..).zip(["Akten/eins", "Akten/zwei", "drei"]) {
        open.put(&a, at, &bytes(seed, 70_000)).await;
        open.put(&a, at, &bytes(seed + 10, 80_000)).await;
    }
    open.mv(&a, "Akten", &a, "Ablage").await;
    open.mv(&a, "drei", &a, "umbenannt").await;
    open.copy(&a, "Ablage", &a, "Kopie").await;
    open.copy(&a, "Ablage", &b, "carried").await;
    open.put(&a, "weg", &bytes(20, 66_000)).await;
    open.delete(&a, "weg").await;
    let password = Some(SecretString::from(PASSWORD));
    let anna = UserName::parse("anna").unwrap();
    let accounts = &open.instance.accounts;
    let user = accounts.add_user(&anna, Role::Staff, password, Stamp::owner(Timestamp::now())).await.unwrap();
    accounts.forget_snapshot();
    accounts.grant(user, a.id, Right::Write, Stamp::owner(Timestamp::now())).await.unwrap();
}

/// Snapshots hold the states of contents; containers do not.
#[tokio::test(flavor = "multi_thread")]
async fn a_withheld_content_stays_withheld_with_a_snapshot() {
    let office = Office::with_instance();
    let open = office.open().await;
    let space = open.add_space("s").await;
    open.put(&space, "f", &bytes(1, 100)).await;
    let held = open.put(&space, "f", &bytes(2, 200)).await;
    let library = &open.instance.library;
    let by = Stamp::owner(Timestamp::now());
    library
        .set_version_state(by, space.id, held.version().unwrap(), VersionState::Quarantined)
        .await
        .unwrap();
    open.instance.recovery.snapshot(Timestamp::now()).await.unwrap();
    open.close();
    for (is_by_snapshot, state) in [(true, VersionState::Quarantined), (false, VersionState::Visible)] {
        office.lose_catalog();
        if is_by_snapshot {
            office.rebuild([], 0);
        } else {
            for snapshot in office.snapshots() {
                fs::remove_file(snapshot).unwrap();
            }
            office.rebuild(CHEF, 0);
        }
        let open = office.open().await;
        let space = open.space("s").await;
        let worker = open.instance.library.as_worker(Worker::Upkeep, space.id);
        let versions = open.instance.library.versions(&worker, &path("f")).await.unwrap();
        let states: Vec<_> = versions.iter().map(|version| version.state).collect();
        assert_eq!(states, [state, VersionState::Visible], "{is_by_snapshot}");
        open.close();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn renames_users_and_rights_survive_with_a_snapshot() {
    let office = Office::with_instance();
    let open = office.open().await;
    fill(&open).await;
    let (tree, grants) = (open.tree().await, open.instance.accounts.grants().await.unwrap());
    open.close();
    let made = office.attempt(["snapshot", "--json"]);
    assert_eq!(made.code, 0, "{made}");
    let listed = office.attempt(["snapshot", "list", "--json"]);
    assert_eq!(made.stdout, listed.stdout);
    office.lose_catalog();

    let report = office.rebuild([], 0);
    assert_eq!((&report["base"], &report["snapshot"]), (&"snapshot".into(), &1.into()));
    assert_eq!((&report["added"], &report["kept_catalogue"]), (&0.into(), &serde_json::Value::Null));
    let open = office.open().await;
    assert_eq!(open.tree().await, tree);
    assert_eq!(open.instance.accounts.grants().await.unwrap(), grants);
    let a = open.space("Müller GmbH").await;
    assert_eq!(open.hashes(&a, "umbenannt").await.len(), 2);
    assert_eq!(open.instance.library.trash(&access(&a)).await.unwrap().len(), 1);
    open.close();
    let users = office.attempt(["user", "list"]);
    assert!(users.stdout.contains("anna"), "{users}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_after_the_snapshot_is_brought_in() {
    let office = Office::with_instance();
    let open = office.open().await;
    fill(&open).await;
    open.instance.recovery.snapshot(Timestamp::now()).await.unwrap();
    let before = open.tree().await;
    let (a, b) = (open.space("Müller GmbH").await, open.space("Team").await);
    // A newer content, also of a file that was moved since; one in a folder of its own; another space.
    open.put(&a, "umbenannt", &bytes(50, 90_000)).await;
    open.mv(&a, "Ablage/eins", &b, "gewandert").await;
    open.mv(&a, "Ablage/zwei", &a, "Ablage/zwo").await;
    open.put(&a, "Ablage/zwo", &bytes(51, 5_000)).await;
    open.folder(&b, "neu").await;
    open.put(&b, "neu/Datei", &bytes(52, 0)).await;
    let c = open.add_space("Nachher").await;
    open.put(&c, "x", &bytes(53, 1)).await;
    // Names exchanged, which no row may stand in the way of.
    open.instance.library.rename_space(a.id, &name("weg da"), Stamp::owner(Timestamp::now())).await.unwrap();
    open.instance
        .library
        .rename_space(b.id, &name("Müller GmbH"), Stamp::owner(Timestamp::now()))
        .await
        .unwrap();
    open.instance.library.rename_space(a.id, &name("Team"), Stamp::owner(Timestamp::now())).await.unwrap();
    open.close();
    office.lose_catalog();

    let report = office.rebuild([], 0);
    assert_eq!(report["new_spaces"], 1, "{report}");
    assert_eq!(report["renewed_files"], 2, "{report}");
    let open = office.open().await;
    let tree = open.tree().await;
    assert_eq!(tree.keys().collect::<Vec<_>>(), ["Müller GmbH", "Nachher", "Team"]);
    let (a, b) = (&tree["Team"], &tree["Müller GmbH"]);
    assert_eq!(a["umbenannt"], sha256(&bytes(50, 90_000)));
    assert_eq!(a["Ablage/zwo"], sha256(&bytes(51, 5_000)));
    assert!(!a.contains_key("Ablage/zwei"), "it was written under its new name");
    assert_eq!(b["gewandert"], before["Müller GmbH"]["Ablage/eins"]);
    assert_eq!(b["neu/Datei"], sha256(b""));
    assert_eq!(tree["Nachher"]["x"], sha256(&bytes(53, 1)));
    // Everything else is as in the snapshot.
    for (at, hash) in &before["Müller GmbH"] {
        if !["umbenannt", "Ablage/zwei"].contains(&at.as_str()) {
            assert_eq!(a.get(at), Some(hash), "{at}");
        }
    }
    let space = open.space("Team").await;
    assert_eq!(open.hashes(&space, "umbenannt").await.len(), 3);
    assert_eq!(open.hashes(&space, "umbenannt").await[0], sha256(&bytes(50, 90_000)));
    open.close();
    let verified = office.attempt(["verify", "--full"]);
    assert_eq!(verified.code, 0, "{verified}");
    let open = office.open().await;
    let far = Timestamp(Timestamp::now().0 + 3 * 86_400_000);
    assert_eq!(open.instance.library.sweep(far).await.unwrap().removed, 0);
    open.close();
}

/// A snapshot is taken while a tree is moved into another space: it holds the rows of the move, which are not part of
/// the tree yet. The move is acknowledged, the source purged, and then the catalogue lost. Had the rebuild taken these
/// rows for those of something that is being removed, the only copy would have gone with the next upkeep.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_being_moved_into_another_space_when_a_snapshot_was_taken_is_brought_in() {
    let office = Office::with_instance();
    let open = office.open().await;
    let (a, b) = (open.add_space("Müller GmbH").await, open.add_space("Team").await);
    open.folder(&a, "Akte").await;
    open.put(&a, "Akte/Datei", &bytes(1, 70_000)).await;
    let library = &open.instance.library;
    let (from, to, there) = (path("Akte"), path("Akte"), access(&b));
    let begun = library.begin_move(open.change(&a), &from, &there, &to, Overwrite::Forbid).await.unwrap();
    let Transfer::Carry(mut carry) = begun else { panic!("not carried") };
    while carry.copy_some().await.unwrap() {}
    open.instance.recovery.snapshot(Timestamp::now()).await.unwrap();
    carry.commit(Timestamp::now()).await.unwrap();
    let item = library.trash(&access(&a)).await.unwrap().remove(0);
    library.purge(&access(&a), Stamp::owner(Timestamp::now()), item.entry).await.unwrap();
    open.close();
    office.lose_catalog();

    office.rebuild([], 3);
    let open = office.open().await;
    open.instance.library.upkeep(Timestamp::now()).await.unwrap();
    // The snapshot still has the source, whose content is gone as it was to be.
    assert_eq!(open.hash(&b, "Akte/Datei", None).await, sha256(&bytes(1, 70_000)));
    open.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_snapshot_makes_way_for_the_one_before() {
    let office = Office::with_instance();
    let open = office.open().await;
    fill(&open).await;
    for hour in 0..4 {
        let now = Timestamp(Timestamp::now().0 + hour * 3_600_000);
        assert_eq!(
            open.instance.recovery.snapshot(now).await.unwrap().number,
            u32::try_from(hour).unwrap() + 1
        );
    }
    let tree = open.tree().await;
    open.close();
    let snapshots = office.snapshots();
    let pristine: Vec<_> = snapshots.iter().map(|path| fs::read(path).unwrap()).collect();
    // A bit in the middle, a cut end, another office's file, or none at all.
    let mut flipped = pristine[3].clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    fs::write(&snapshots[3], flipped).unwrap();
    fs::write(&snapshots[2], &pristine[2][..pristine[2].len() - 20]).unwrap();
    fs::write(&snapshots[1], b"age-encryption.org/v1\n-> X25519 nonsense\n").unwrap();
    office.lose_catalog();
    let report = office.rebuild([], 0);
    assert_eq!(report["snapshot"], 1, "{report}");
    let passed: Vec<_> =
        report["unsound_snapshots"].as_array().unwrap().iter().map(|s| &s["number"]).collect();
    assert_eq!(passed, [4, 3, 2]);
    let open = office.open().await;
    assert_eq!(open.tree().await, tree);
    open.close();

    // With none left, a rebuild from containers alone needs the name of an administrator.
    fs::write(&snapshots[0], b"").unwrap();
    office.lose_catalog();
    let before = office.everything();
    let refused = office.attempt(["rebuild"]);
    assert_eq!(refused.code, 1, "{refused}");
    assert!(refused.stderr.contains("--admin"), "{refused}");
    assert_eq!(office.everything(), before, "a refused rebuild leaves nothing");
    assert_eq!(office.attempt(["rebuild", "--from", "snapshot"]).code, 1);
    office.rebuild(CHEF, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_age_and_sqlite3_read_names_with_the_recovery_key() {
    let office = Office::with_instance();
    let open = office.open().await;
    fill(&open).await;
    open.instance.recovery.snapshot(Timestamp::now()).await.unwrap();
    let a = open.space("Müller GmbH").await;
    open.close();
    for file in files_below(&office.data()) {
        let file = fs::read(file).unwrap();
        assert!(!file.windows(9).any(|window| window == b"umbenannt"), "nothing lies readable on the disk");
    }
    let text = office.snapshot_text(&office.snapshots()[0]);
    let mut sqlite = tool("sqlite3", "sqlite3");
    sqlite.arg(office.path("plain.db")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = sqlite.spawn().unwrap();
    child.stdin.take().unwrap().write_all(&text).unwrap();
    assert!(child.wait().unwrap().success());
    let ask = |sql: &str| {
        let output = tool("sqlite3", "sqlite3").arg(office.path("plain.db")).arg(sql).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(ask("PRAGMA integrity_check"), "ok\n");
    assert_eq!(ask("SELECT name FROM spaces ORDER BY name"), "Müller GmbH\nTeam\n");
    assert_eq!(ask("SELECT name FROM users ORDER BY id"), "admin\nanna\n");
    // With it the recipe for contents finds the container of a name.
    let container = ask(
        "SELECT lower(hex(container_id)) FROM entries JOIN segments USING (version_id) WHERE name = 'umbenannt'",
    );
    let container = container.trim();
    let key = office.age(&office.data().join(format!("keys/spaces/{}.age", a.id)));
    office.write("s.txt", key);
    let place = office.data().join(format!("spaces/{}/{}/{container}.age", a.id, &container[..2]));
    let opened =
        tool("age", "age").arg("-d").arg("-i").arg(office.path("s.txt")).arg(place).output().unwrap();
    assert_eq!(sha256(&opened.stdout), sha256(&bytes(12, 80_000)));
    // A space's note needs no more than the recovery key.
    let note = office.age(&office.data().join(format!("keys/names/{}.age", a.id)));
    assert!(String::from_utf8(note).unwrap().contains("\"name\":\"Müller GmbH\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_stay_and_the_next_is_due_in_time() {
    let office = Office::with_instance();
    let open = office.open().await;
    let recovery = &open.instance.recovery;
    let (now, day) = (Timestamp(1_800_000_000_000), Duration::from_hours(24));
    assert!(recovery.is_snapshot_due(now, day).await.unwrap(), "there is none");
    for hour in 0..5 {
        recovery.snapshot(now.after(Duration::from_hours(hour))).await.unwrap();
    }
    let newest = now.after(Duration::from_hours(4));
    assert!(!recovery.is_snapshot_due(Timestamp(newest.after(day).0 - 1_000), day).await.unwrap());
    assert!(recovery.is_snapshot_due(newest.after(day), day).await.unwrap());
    assert!(
        recovery.is_snapshot_due(Timestamp(newest.0 - 1_000), day).await.unwrap(),
        "the clock was set back"
    );
    assert_eq!(recovery.thin_snapshots(3).await.unwrap(), 2);
    assert_eq!(recovery.thin_snapshots(3).await.unwrap(), 0);
    let kept: Vec<_> = recovery.snapshots().await.unwrap().iter().map(|snapshot| snapshot.number).collect();
    assert_eq!(kept, [5, 4, 3]);
    // A number is not given again, by any clock.
    assert_eq!(recovery.snapshot(Timestamp(1_000)).await.unwrap().number, 6);
    open.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_go_on_while_a_snapshot_is_made() {
    let office = Office::with_instance();
    let open = office.open().await;
    let space = open.add_space("s").await;
    for at in 0..300 {
        open.put(&space, &format!("{at}"), b"x").await;
    }
    let recovery = open.instance.recovery.clone();
    let snapshots = tokio::spawn(async move {
        for _ in 0..5 {
            recovery.snapshot(Timestamp::now()).await.unwrap();
        }
    });
    for at in 300..400 {
        open.put(&space, &format!("{at}"), b"x").await;
    }
    snapshots.await.unwrap();
    open.close();
    for snapshot in office.snapshots() {
        let text = String::from_utf8(office.snapshot_text(&snapshot)).unwrap();
        let count = |table: &str| text.matches(&format!("INSERT INTO \"{table}\"")).count();
        assert!(count("versions") >= 300);
        // One moment: each file with its version, segment and container.
        assert_eq!(count("versions"), count("segments"));
        assert_eq!(count("versions"), count("containers"));
        assert_eq!(count("versions") + 1, count("entries"));
    }
}

#[test]
fn the_server_keeps_snapshot_and_mark_by_itself() {
    let mut server = TestServer::start_plain();
    let snapshots = server.data().join("snapshots");
    eventually("the first snapshot is made", Duration::from_secs(30), || files_below(&snapshots).len() == 1);
    server.request("PUT", "/dav/space/a").body("a").send().expect(201);
    let made = server.cli_ok(["snapshot"]);
    assert!(made.contains("000002"), "{made}");
    let listed = server.cli_ok(["snapshot", "list"]);
    assert!(listed.contains("000001") && listed.contains("000002"), "{listed}");
    assert!(server.stop().success());
    assert!(server.data().join("mark.age").exists());
    assert_eq!(files_below(&snapshots).len(), 2);
    // Not a day has gone by.
    server.spawn();
    assert!(server.cli_ok(["status"]).contains("serving"));
    assert!(server.stop().success());
    assert_eq!(files_below(&snapshots).len(), 2);
    server.assert_no_traces(&[]);

    let mut server = TestServer::start_configured("[snapshots]\nevery_hours = 0\n");
    server.cli_ok(["snapshot"]);
    assert!(server.stop().success());
    assert_eq!(files_below(&server.data().join("snapshots")).len(), 1, "only the one that was asked for");
}

/// As the office sees it: the disk lost the catalogue, and after one command clients go on.
#[test]
fn clients_go_on_after_a_rebuild() {
    let mut server = TestServer::start_plain();
    eventually("the first snapshot is made", Duration::from_secs(30), || {
        !files_below(&server.data().join("snapshots")).is_empty()
    });
    // Whether or not the first one has the user, this one has.
    server.cli_ok(["snapshot"]);
    let content = bytes(1, 300_000);
    server.request("PUT", "/dav/space/a").body(content.clone()).send().expect(201);
    let tag = server.request("HEAD", "/dav/space/a").send().expect(200).header("etag").unwrap().to_owned();
    server.kill();
    fs::remove_dir_all(server.data().join("catalog")).unwrap();
    let key = server.key_file();
    let rebuilt = server.cli_ok(["rebuild", "--key-file", key.to_str().unwrap()]);
    assert!(rebuilt.contains("rebuilt from snapshot 000002"), "{rebuilt}");
    server.spawn();
    let answer = server.request("GET", "/dav/space/a").send().expect(200);
    assert_eq!(sha256(&answer.body), sha256(&content));
    assert_ne!(answer.header("etag").unwrap(), tag);
    server.request("PUT", "/dav/space/a").header("If-Match", &tag).body("x").send().expect(412);
    server.request("PUT", "/dav/space/a").body("newer").send().expect(204);
    assert!(server.stop().success());
}
