//! A server with a clamd of its own, a space with a holding time, and two members of the space.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::support::TestServer;
use crate::support::clamd::TestClamd;
use crate::support::http::{Request, Response};
use crate::support::process::eventually;
use crate::support::server::{PASSWORD, SPACE};
use crate::support::sound::assert_sound;

/// Time for the server to scan contents that are due, on a busy machine.
pub const LIMIT: Duration = Duration::from_mins(1);
/// A colleague of the author with the right to read.
pub const READER: &str = "reader";

/// A signature that finds the text in [`LATER`].
pub const NEW_SIGNATURE: &str = "Test.Later:0:*:6b6e6f776e206f6e6c79206c61746572\n";
/// The name of [`NEW_SIGNATURE`] in verdicts.
pub const VIRUS: &str = "Test.Later.UNOFFICIAL";
pub const LATER: &[u8] = b"a virus that is known only later, in an otherwise harmless file";

pub struct World {
    pub server: TestServer,
    pub clamd: TestClamd,
}

impl World {
    /// Holds everything that arrives for this time.
    pub fn holding(time: &str) -> Self {
        Self::holding_what("all", time)
    }

    /// Holds arriving contents, or only those that can carry malware, for this time.
    pub fn holding_what(what: &str, time: &str) -> Self {
        let world = Self::open("");
        world.server.cli_ok(["space", "set", SPACE, "--intake", "on", "--hold", time, "--hold-what", what]);
        world
    }

    /// Holds nothing; `more` are lines of the holding area's configuration.
    pub fn open(more: &str) -> Self {
        let clamd = TestClamd::start();
        let config = format!(
            "[intake]\nclamd = '{}'\nsignatures = '{}'\n{more}\n",
            clamd.path("socket").display(),
            clamd.databases().display()
        );
        let server = TestServer::start_configured(&config);
        server.add_user(READER, "staff", PASSWORD);
        server.cli_ok(["grant", READER, SPACE, "read"]);
        Self { server, clamd }
    }

    /// Stores a file as its author, and returns the number of its item.
    pub fn arrive(&self, name: &str, content: &[u8]) -> i64 {
        self.server.request("PUT", &file(name)).body(content).send().expect(201);
        self.item(name)
    }

    /// The number of the latest item of this name.
    pub fn item(&self, name: &str) -> i64 {
        let listed = self.listed();
        let is_it = |row: &&Value| row["path"] == format!("/{name}");
        let row = listed.as_array().unwrap().iter().find(is_it);
        row.unwrap_or_else(|| panic!("{name} is not in {listed}"))["id"].as_i64().unwrap()
    }

    /// The item whose path ends so, once there is one.
    pub fn item_that_comes(&self, end: &str) -> i64 {
        let mut id = None;
        eventually(&format!("there is an item {end}"), LIMIT, || {
            let listed = self.listed();
            let mut rows = listed.as_array().unwrap().iter();
            let row = rows.find(|row| row["path"].as_str().unwrap().ends_with(end));
            id = row.and_then(|row| row["id"].as_i64());
            id.is_some()
        });
        id.unwrap()
    }

    /// All items, latest first.
    pub fn listed(&self) -> Value {
        self.json(["hold", "list", SPACE, "--all", "--json"])
    }

    pub fn shown(&self, id: i64) -> Value {
        self.json(["hold", "show", &id.to_string(), "--json"])
    }

    /// The id of a space.
    pub fn space_id(&self, name: &str) -> String {
        let spaces = self.json(["space", "list", "--json"]);
        let space = spaces.as_array().unwrap().iter().find(|space| space["name"] == name);
        space.unwrap_or_else(|| panic!("{spaces}"))["id"].as_str().unwrap().to_owned()
    }

    fn json<const N: usize>(&self, words: [&str; N]) -> Value {
        serde_json::from_str(&self.server.cli_ok(words)).unwrap()
    }

    /// Waits until the item has this state.
    pub fn comes_to(&self, id: i64, state: &str) -> Value {
        let mut shown = Value::Null;
        eventually(&format!("item {id} is {state}"), LIMIT, || {
            shown = self.shown(id);
            shown["state"] == state
        });
        shown
    }

    /// Waits until the item has this state for this reason.
    pub fn waits(&self, id: i64, state: &str, reason: &str) {
        let mut shown = Value::Null;
        eventually(&format!("item {id} is {state}: {reason}"), LIMIT, || {
            shown = self.shown(id);
            shown["state"] == state && shown["reason"] == reason
        });
    }

    /// Gives clamd signatures that are newer than everything so far.
    pub fn publish(&self, name: &str, signature: &str) {
        let path = self.clamd.write_database(name, signature);
        let written = std::fs::metadata(path).unwrap().modified().unwrap();
        assert!(written <= SystemTime::now());
        self.clamd.reload();
    }

    /// The scan of everything stored; null before the first.
    pub fn rescan(&self) -> Value {
        self.scan_status()["rescan"].clone()
    }

    fn scan_status(&self) -> Value {
        let config = self.server.office.path("tresor.toml");
        self.json(["scan", "status", "--config", config.to_str().unwrap(), "--json"])
    }

    /// Waits until everything stored was scanned with the signatures that clamd has now.
    pub fn rescanned(&self) -> Value {
        let mut shown = Value::Null;
        eventually("everything stored is scanned", LIMIT, || {
            let status = self.scan_status();
            shown = status["rescan"].clone();
            shown["ended"].is_string() && shown["signatures"] == status["signatures"]
        });
        shown
    }

    /// A GET by the author.
    pub fn author(&self, name: &str) -> Response {
        self.server.request("GET", &file(name)).send()
    }

    /// A request of a colleague.
    pub fn colleague(&self, method: &str, name: &str) -> Request {
        self.server.anonymous(method, &file(name)).sign_in(READER, PASSWORD)
    }

    /// Whether only the author knows about it.
    pub fn assert_withheld(&self, name: &str) {
        self.author(name).expect(423);
        self.colleague("GET", name).send().expect(404);
        self.colleague("PROPFIND", name).header("Depth", "0").send().expect(404);
    }

    /// Whether everyone reads it.
    pub fn assert_released(&self, name: &str, content: &[u8]) {
        for answer in [self.author(name), self.colleague("GET", name).send()] {
            assert_eq!(answer.expect(200).body, content);
        }
    }

    /// Has it examined now rather than minutes later.
    pub fn retry(&self, id: i64) {
        self.server.cli_ok(["hold", "retry", &id.to_string()]);
    }

    /// Ends the server, and checks everything that it stored.
    pub fn assert_sound(mut self) {
        assert!(self.server.stop().success());
        assert_sound(&self.server);
    }

    /// The command that decides about an item.
    pub fn decide(&self, decision: &str, id: i64, reason: &str) -> String {
        self.server.cli_ok(["hold", decision, &id.to_string(), "--reason", reason])
    }
}

fn file(name: &str) -> String {
    format!("/dav/{SPACE}/{name}")
}
