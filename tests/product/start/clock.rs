//! A server that starts with a clock far ahead of the noted time: nothing goes for good, and the server says so.

use std::time::Duration;

use serde_json::Value;
use tresor::catalog::{Catalog, CatalogKey};
use tresor::library::Change;
use tresor::model::{Access, Actor, CertainTime, Conditions, EntryPath, Reading, Right, Timestamp, UserId};

use crate::support::TestServer;
use crate::support::office::Open;
use crate::support::process::eventually;
use crate::support::server::SPACE;

const LIMIT: Duration = Duration::from_mins(1);
const LONG_AGO: Duration = Duration::from_hours(400 * 24);

/// How long the machine has been running.
fn running() -> Duration {
    let uptime = std::fs::read_to_string("/proc/uptime").unwrap();
    Duration::from_secs_f64(uptime.split(' ').next().unwrap().parse().unwrap())
}

/// Notes a reading of the clocks in a stopped server's catalogue, as the last one that was believed.
fn note(server: &TestServer, wall: Timestamp, running: Duration) {
    let key = CatalogKey::new(*server.office.keys().catalogue_key().expose());
    let catalog = Catalog::open(&server.data().join("catalog/catalog.db"), &key).unwrap();
    let certain = CertainTime::begin(Reading { wall, running });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(catalog.write_silent("a test", move |tx| tx.note_certain_time(&certain))).unwrap();
    catalog.close();
}

/// Deletes a file as it was done long ago.
fn delete(server: &TestServer, name: &str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let Open { instance, user, .. } = &server.office.open().await;
        let spaces = instance.library.spaces().await.unwrap();
        let space = spaces.iter().find(|space| space.name == SPACE).unwrap().id;
        let (access, now) =
            (Access::granted(space, Right::Manage, UserId(1)), Timestamp::now().before(LONG_AGO));
        let change = Change { access, actor: Actor::user(*user), now, conditions: Conditions::default() };
        instance.library.delete(change, &EntryPath::parse(name).unwrap()).await.unwrap();
        instance.close();
    });
}

#[test]
fn a_clock_that_is_not_believed_empties_no_trash_and_is_told() {
    let mut server = TestServer::start();
    server.request("PUT", &format!("/dav/{SPACE}/a.txt")).body("1").send().expect(201);
    server.stop();
    // Before the machine was started the last time.
    note(&server, Timestamp::now().before(LONG_AGO), running() * 2);
    delete(&server, "a.txt");
    server.spawn();
    let health = |server: &TestServer| -> Value {
        serde_json::from_str(&server.anonymous("GET", "/health").send().expect(200).text()).unwrap()
    };
    let trash = |server: &TestServer| server.cli_ok(["trash", "list", SPACE, "--json"]);
    eventually("the clocks were read", LIMIT, || health(&server)["clock_in_doubt"] == true);
    let status: Value = serde_json::from_str(&server.cli_ok(["status", "--json"])).unwrap();
    let warning = status["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("the clock is 9"), "{warning}");
    assert!(
        warning.contains(" hours ahead of the time that it should be by how long the machine"),
        "{warning}"
    );
    assert_eq!(server.log().matches("the clock has jumped").count(), 1);
    assert!(trash(&server).contains("a.txt"));
    server.stop();

    // Without a doubt it goes, as its time is over.
    note(&server, Timestamp::now(), running());
    server.spawn();
    eventually("the trash is emptied", LIMIT, || !trash(&server).contains("a.txt"));
    assert_eq!(health(&server)["clock_in_doubt"], false);
}
