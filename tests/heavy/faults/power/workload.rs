//! Clients at work, each in a folder of its own, that record their answers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::faults::inspect::Contents;
use crate::support::TestServer;
use crate::support::content::{bytes, sha256};
use crate::support::http::{Endpoint, Request};
use crate::support::server::{PASSWORD, SPACE, USER};

const CLIENTS: usize = 3;
const STEPS: u64 = 45;
const SIZES: [usize; 7] = [0, 10, 4_000, 65_536, 70_000, 300_000, 1_100_000];

/// The files in a client's folder, and the deleted ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Holding {
    tree: BTreeMap<String, String>,
    trash: BTreeSet<(String, Vec<String>)>,
}

/// The files of a client after each of its steps, and the time of that answer, in seconds since 1970.
pub struct Journal {
    folder: String,
    steps: Vec<(f64, Holding)>,
}

/// Lets all clients do their work.
pub fn work(server: &TestServer) -> Vec<Journal> {
    let endpoint = server.endpoint();
    let clients = (0..CLIENTS).map(|client| std::thread::spawn(move || Client::new(endpoint, client).work()));
    let clients: Vec<_> = clients.collect();
    clients.into_iter().map(|client| client.join().unwrap()).collect()
}

impl Journal {
    pub fn acknowledged_before(&self, time: f64) -> usize {
        self.steps.iter().filter(|(told, _)| *told < time).count()
    }

    /// Every change acknowledged by then is there; of the next one, all or nothing.
    pub fn assert_kept(&self, found: &Contents, time: f64, what: &str) {
        let count = self.acknowledged_before(time);
        let (own, deleted) = (format!("{SPACE}/{}", self.folder), format!("{}/", self.folder));
        let is_own = |path: &str| path == own || path.starts_with(&format!("{own}/"));
        let found = Holding {
            tree: found
                .tree
                .iter()
                .filter(|(path, _)| is_own(path))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect(),
            trash: found.trash.iter().filter(|(path, _)| path.starts_with(&deleted)).cloned().collect(),
        };
        let before = count.checked_sub(1).map(|last| self.steps[last].1.clone()).unwrap_or_default();
        let after = self.steps.get(count).map(|(_, holding)| holding);
        assert!(
            found == before || Some(&found) == after,
            "{what}: {count} steps of {} were acknowledged; there is\n{found:#?}\nin place of\n{before:#?}\nor\n{after:#?}",
            self.folder
        );
    }
}

struct Client {
    endpoint: Endpoint,
    folder: String,
    holding: Holding,
    journal: Vec<(f64, Holding)>,
}

impl Client {
    fn new(endpoint: Endpoint, number: usize) -> Self {
        Self { endpoint, folder: format!("w{number}"), holding: Holding::default(), journal: Vec::new() }
    }

    fn work(mut self) -> Journal {
        self.make_folder("");
        for step in 0..STEPS {
            let file = format!("/{}", step % 4);
            match step % 9 {
                0..=3 => self.put(&file, step),
                4 => self.copy(&file, &format!("/copy{}", step % 3)),
                5 => self.rename(&file, &format!("/moved{}", step % 2)),
                6 => self.delete(&file),
                7 => {
                    let folder = format!("/f{step}");
                    self.make_folder(&folder);
                    self.put(&format!("{folder}/inside"), step);
                    self.rename(&folder, &format!("/g{step}"));
                }
                _ => self.set_property("/0"),
            }
        }
        Journal { folder: self.folder, steps: self.journal }
    }

    fn ask(&self, method: &str, path: &str) -> Request {
        let target = format!("/dav/{SPACE}/{}{path}", self.folder);
        Request::new(self.endpoint, method, &target).sign_in(USER, PASSWORD)
    }

    fn shown(&self, path: &str) -> String {
        format!("{SPACE}/{}{path}", self.folder)
    }

    fn has(&self, path: &str) -> bool {
        self.holding.tree.contains_key(&self.shown(path))
    }

    /// Sends a request that must succeed and notes when it did.
    fn step(&mut self, request: Request) {
        let answer = request.send();
        assert!((200..300).contains(&answer.status), "{answer}");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        self.journal.push((now, self.holding.clone()));
    }

    fn make_folder(&mut self, path: &str) {
        self.holding.tree.insert(self.shown(path), "folder".into());
        self.step(self.ask("MKCOL", path));
    }

    fn put(&mut self, path: &str, step: u64) {
        let seed = step * 10 + u64::from(self.folder.as_bytes()[1]);
        let content = bytes(seed, SIZES[usize::try_from(seed).unwrap() % SIZES.len()]);
        self.holding.tree.insert(self.shown(path), sha256(&content));
        self.step(self.ask("PUT", path).body(content));
    }

    fn transfer(&mut self, method: &str, from: &str, to: &str) {
        let destination = format!("http://{}/dav/{SPACE}/{}{to}", self.endpoint.address, self.folder);
        self.step(self.ask(method, from).header("Destination", &destination).header("Overwrite", "T"));
    }

    fn copy(&mut self, from: &str, to: &str) {
        let Some(hash) = self.holding.tree.get(&self.shown(from)).cloned() else { return };
        self.holding.tree.insert(self.shown(to), hash);
        self.transfer("COPY", from, to);
    }

    fn rename(&mut self, from: &str, to: &str) {
        if !self.has(from) {
            return;
        }
        // A file moved over another leaves nothing of its own behind in the trash.
        let (old, new) = (self.shown(from), self.shown(to));
        let below: Vec<_> = self.holding.tree.keys().filter(|path| path.starts_with(&old)).cloned().collect();
        for path in below {
            let hash = self.holding.tree.remove(&path).unwrap();
            self.holding.tree.insert(path.replacen(&old, &new, 1), hash);
        }
        self.transfer("MOVE", from, to);
    }

    fn delete(&mut self, path: &str) {
        let Some(hash) = self.holding.tree.remove(&self.shown(path)) else { return };
        self.holding.trash.insert((format!("{}{path}", self.folder), vec![hash]));
        self.step(self.ask("DELETE", path));
    }

    fn set_property(&mut self, path: &str) {
        if !self.has(path) {
            return;
        }
        let body = r#"<?xml version="1.0"?><d:propertyupdate xmlns:d="DAV:" xmlns:t="urn:test">
            <d:set><d:prop><t:colour>green</t:colour></d:prop></d:set></d:propertyupdate>"#;
        self.step(self.ask("PROPPATCH", path).xml(body));
    }
}
