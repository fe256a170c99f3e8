//! Several documents become PDFs at the same time, by units behind a socket at which the test sees each job.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::documents::document;
use super::world::World;
use crate::convert::unit::Units;
use crate::support::browser::Browser;
use crate::support::process::eventually;
use crate::support::server::{PASSWORD, SPACE, USER};

/// Time for LibreOffice on a busy machine.
const LIMIT: Duration = Duration::from_mins(2);

/// In a document that is converted once another one with this word is converted, too.
const TOGETHER: &str = "Gemeinsam";
/// In a document that is not converted before the test says so.
const STAYS: &str = "Geduld";
/// Another space.
const OTHER: &str = "other";

/// Stands before the units.
struct Gate {
    folder: TempDir,
    state: Arc<(Mutex<State>, Condvar)>,
    _units: Units,
}

#[derive(Default)]
struct State {
    /// Documents with these words that are under way or done.
    together: usize,
    stay: usize,
    is_open: bool,
}

impl Gate {
    fn new() -> Self {
        let units = Units::confined(None);
        let folder = tempfile::tempdir().unwrap();
        let state = Arc::<(Mutex<State>, Condvar)>::default();
        let listener = UnixListener::bind(folder.path().join("socket")).unwrap();
        let (units_at, seen) = (units.socket(), Arc::clone(&state));
        // Ends with the process of the tests.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, units_at, seen) = (stream.unwrap(), units_at.clone(), Arc::clone(&seen));
                std::thread::spawn(move || pass(stream, &units_at, &seen));
            }
        });
        Self { folder, state, _units: units }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn open(&self) {
        self.state.0.lock().unwrap().is_open = true;
        self.state.1.notify_all();
    }

    /// Documents that stay under way now.
    fn staying(&self) -> usize {
        self.state.0.lock().unwrap().stay
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.open();
    }
}

/// Passes one job on to a unit when its time has come.
fn pass(stream: UnixStream, units: &Path, (state, changed): &(Mutex<State>, Condvar)) {
    let (mut asked, mut request) = (BufReader::new(&stream), Vec::new());
    asked.read_until(b'\n', &mut request).unwrap();
    let length = serde_json::from_slice::<Value>(&request).unwrap()["input"].as_u64().unwrap();
    asked.take(length).read_to_end(&mut request).unwrap();
    let has = |word: &str| request.windows(word.len()).any(|bytes| bytes == word.as_bytes());
    let mut present = state.lock().unwrap();
    present.together += usize::from(has(TOGETHER));
    present.stay += usize::from(has(STAYS));
    changed.notify_all();
    let waits =
        |present: &mut State| !present.is_open && (has(STAYS) || has(TOGETHER) && present.together < 2);
    drop(changed.wait_while(present, waits).unwrap());
    let mut unit = UnixStream::connect(units).unwrap();
    // Either side may be gone at the end of a test.
    let _ = unit.write_all(&request).and_then(|()| std::io::copy(&mut unit, &mut &stream));
}

fn world(gate: &Gate) -> World {
    let world = World::open(&format!("converter = 'unix:{}'\nconverters = 2", gate.socket().display()));
    world.server.add_space(OTHER, ["--kind", "team"], "manage");
    for space in [SPACE, OTHER] {
        world.server.cli_ok(["space", "set", space, "--intake", "on", "--hold", "12h", "--hold-what", "all"]);
    }
    world
}

fn put(world: &World, space: &str, name: &str, sentence: &str) {
    let path = format!("/dav/{space}/{name}");
    world.server.request("PUT", &path).body(document(sentence)).send().expect(201);
}

fn has_pdf(world: &World, space: &str, name: &str) -> bool {
    let path = format!("/dav/{space}/{name}%20(Kopie).pdf");
    world.server.request("GET", &path).send().status == 200
}

/// One document waited for the PDF of another one, from any sender.
#[test]
fn documents_of_two_spaces_become_pdfs_at_the_same_time() {
    let gate = Gate::new();
    let world = world(&gate);
    put(&world, SPACE, "eins.fodt", TOGETHER);
    put(&world, OTHER, "zwei.fodt", TOGETHER);
    // None of them before both were begun.
    eventually("both have their PDF", LIMIT, || {
        has_pdf(&world, SPACE, "eins.fodt") && has_pdf(&world, OTHER, "zwei.fodt")
    });
    world.assert_sound();
}

#[test]
fn a_document_that_hangs_keeps_no_other_from_its_pdf() {
    let gate = Gate::new();
    let world = world(&gate);
    put(&world, SPACE, "langsam.fodt", STAYS);
    eventually("it is converted", LIMIT, || gate.staying() == 1);
    for (number, space) in [SPACE, OTHER, SPACE].into_iter().enumerate() {
        let name = format!("{number}.fodt");
        put(&world, space, &name, "Ein Satz.");
        eventually("the other has its PDF", LIMIT, || has_pdf(&world, space, &name));
    }
    assert!(!has_pdf(&world, SPACE, "langsam.fodt"));
    assert_eq!(gate.staying(), 1, "once");
    gate.open();
    eventually("it has its PDF, too", LIMIT, || has_pdf(&world, SPACE, "langsam.fodt"));
    world.assert_sound();
}

/// The second PDF would have become a version of the first.
#[test]
fn two_documents_whose_pdfs_would_have_one_name_have_two() {
    let gate = Gate::new();
    let world = world(&gate);
    // The PDF's name has room for the first 243 bytes.
    let names = ["1", "2"].map(|end| format!("{}{end}.fodt", "a".repeat(245)));
    put(&world, SPACE, &names[0], STAYS);
    eventually("it is converted", LIMIT, || gate.staying() == 1);
    put(&world, SPACE, &names[1], "Ein Satz.");
    put(&world, OTHER, "drei.fodt", "Noch einer.");
    eventually("another one is not kept from its PDF", LIMIT, || has_pdf(&world, OTHER, "drei.fodt"));
    gate.open();
    let pdfs = || -> BTreeSet<String> {
        let ids = names.each_ref().map(|name| world.item(name));
        ids.into_iter().filter_map(|id| Some(world.shown(id)["pdf"].as_str()?.to_owned())).collect()
    };
    eventually("both have a PDF of their own", LIMIT, || pdfs().len() == 2);
    let versions = world.server.cli_ok(["trash", "list", SPACE]);
    assert!(!versions.contains("Kopie"), "{versions}");
    world.assert_sound();
}

#[test]
fn the_page_of_a_document_says_how_many_pdfs_are_made_before_its_own() {
    let gate = Gate::new();
    let world = world(&gate);
    let names = ["a.fodt", "b.fodt", "c.fodt", "d.fodt"];
    for (number, name) in names.into_iter().enumerate() {
        put(&world, SPACE, name, STAYS);
        eventually("it is in the queue", LIMIT, || gate.staying() == (number + 1).min(2));
        eventually("it was scanned", LIMIT, || world.shown(world.item(name))["state"] != "arrived");
    }
    put(&world, OTHER, "e.fodt", STAYS);
    let browser = Browser::signed_in(&world.server, "de", USER, PASSWORD);
    let page = |id: i64| browser.get(&format!("/holding/{id}")).expect(200).text();
    let [first, last] = ["a.fodt", "d.fodt"].map(|name| world.item(name));
    eventually("the other space's is in the queue", LIMIT, || page(last).contains("nach etwa 4 anderen"));
    assert!(page(first).contains("nach etwa 1 anderen"), "{}", page(first));
    assert!(page(last + 1).contains("nach etwa 1 anderen"), "spaces take turns: {}", page(last + 1));
    gate.open();
    eventually("it has its PDF", LIMIT, || has_pdf(&world, SPACE, "d.fodt"));
    assert!(!page(last).contains("an die Reihe"));
    world.assert_sound();
}
