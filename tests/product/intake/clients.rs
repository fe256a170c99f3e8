//! Sync clients through a whole hold: they neither delete the local file nor send it again, and make no conflict copy.

use super::world::{READER, World};
use crate::nextcloud::desktop::Desktop;
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
    assert_eq!(std::fs::read(colleague.at(&path)).unwrap(), b"a receipt");
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
    assert_eq!(std::fs::read(author.at(&path)).unwrap(), b"a corrected receipt");
    world.assert_sound();
}
