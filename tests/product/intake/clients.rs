//! Sync clients through a whole hold: they neither delete the local file nor send it again, and make no conflict copy.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::world::{READER, World};
use crate::clients::davfs2::Davfs;
use crate::clients::rclone::Rclone;
use crate::nextcloud::desktop::Desktop;
use crate::support::process::{Outcome, eventually};
use crate::support::server::{PASSWORD, SPACE};

#[test]
fn a_sync_client_keeps_its_file_while_it_is_held_and_others_get_it_after_its_release() {
    let world = World::holding("12h");
    let author = Desktop::new(&world.server, "author");
    let colleague = Desktop::of(&world.server, "colleague", READER, PASSWORD);
    author.sync();
    colleague.sync();
    let path = format!("{SPACE}/sub/beleg.txt");
    author.write(&path, b"a receipt", 1_600_000_000);
    author.sync();
    let id = world.item("sub/beleg.txt");
    world.comes_to(id, "held");

    let before = author.tree();
    for _ in 0..2 {
        let asked = author.sync_and_listen();
        assert!(asked.iter().all(|method| method == "PROPFIND"), "{asked:?}");
        assert_eq!(author.tree(), before, "nothing changes on the author's computer");
    }
    colleague.sync();
    assert!(!colleague.tree().contains_key(&path), "{:?}", colleague.tree());

    world.decide("release", id, "known");
    colleague.sync();
    assert_eq!(fs::read(colleague.at(&path)).unwrap(), b"a receipt");
    let asked = author.sync_and_listen();
    assert!(asked.iter().all(|method| method == "PROPFIND"), "{asked:?}");
    assert_eq!(author.tree(), before);
    // From now on it is a file like others.
    colleague.sync();
    author.write(&path, b"a corrected receipt", 1_600_000_100);
    author.sync();
    let again = world.item("sub/beleg.txt");
    assert_ne!(again, id);
    world.comes_to(again, "held");
    author.sync();
    assert_eq!(fs::read(author.at(&path)).unwrap(), b"a corrected receipt");
    world.assert_sound();
}

/// rclone compares the files here with the server's list: a held file missing from that would be sent again, or be
/// removed here.
#[test]
fn rclone_neither_sends_a_held_file_again_nor_removes_it() {
    let world = World::holding("12h");
    let rclone = Rclone::of(&world.server);
    let source = world.server.scratch("source");
    fs::create_dir(source.join("sub")).unwrap();
    fs::write(source.join("sub/beleg.txt"), b"a receipt").unwrap();
    fs::write(source.join("brief.txt"), b"a letter").unwrap();
    let folder = source.to_str().unwrap();
    let sync = |from: &str, to: &str| {
        let outcome = Outcome::of(rclone.command(&["sync", "-v", from, to]).args(["--modify-window", "1s"]));
        assert_eq!(outcome.code, 0, "{outcome}");
        outcome.stderr
    };
    sync(folder, "remote:");
    let ids = [world.item("sub/beleg.txt"), world.item("brief.txt")];
    for id in ids {
        world.comes_to(id, "held");
    }
    for _ in 0..2 {
        let said = sync(folder, "remote:");
        assert!(said.contains("There was nothing to transfer"), "{said}");
    }
    assert_eq!(rclone.run(&["lsf", "-R", "remote:"]), "brief.txt\nsub/\nsub/beleg.txt\n");
    // A file that cannot be read must not become an empty one, or a missing one.
    let back = world.server.scratch("back");
    let outcome = Outcome::of(&mut rclone.command(&["sync", "remote:", back.to_str().unwrap()]));
    assert_ne!(outcome.code, 0, "{outcome}");
    assert!(!back.join("brief.txt").exists());
    for id in ids {
        world.decide("release", id, "known");
    }
    let said = sync(folder, "remote:");
    assert!(said.contains("There was nothing to transfer"), "{said}");
    rclone.run(&["check", "--download", folder, "remote:"]);
    assert_eq!(world.listed().as_array().unwrap().len(), 2, "nothing was sent twice");
}

/// davfs2 keeps the files that it wrote in a cache, and asks the server for everything else.
#[test]
fn a_mounted_space_shows_a_held_file_and_loses_nothing_of_it() {
    let world = World::holding("12h");
    let first = Davfs::of(&world.server, "first").mount();
    fs::write(first.path().join("beleg.txt"), b"a receipt").unwrap();
    let mut id = None;
    eventually("davfs2 has sent it", Duration::from_mins(1), || {
        let listed = world.listed();
        id = listed.as_array().unwrap().iter().find_map(|row| row["id"].as_i64());
        id.is_some()
    });
    let id = id.unwrap();
    world.comes_to(id, "held");
    let read = |folder: &Path| fs::read(folder.join("beleg.txt"));
    assert_eq!(read(first.path()).unwrap(), b"a receipt", "from its cache");
    first.unmount();
    let second = Davfs::of(&world.server, "second").mount();
    assert!(second.path().join("beleg.txt").exists());
    read(second.path()).expect_err("it is held");
    world.decide("release", id, "known");
    eventually("it can be read", Duration::from_mins(1), || {
        read(second.path()).is_ok_and(|content| content == b"a receipt")
    });
    second.unmount();
    let listed = world.listed();
    assert_eq!(listed.as_array().unwrap().len(), 1, "nothing was sent twice: {listed}");
    world.author("beleg.txt").expect(200);
}
