//! The running server: it verifies by itself, tells, and sends nothing damaged.

use std::fs;
use std::time::Duration;

use crate::support::TestServer;
use crate::support::content::bytes;
use crate::support::http::{Endpoint, Request};
use crate::support::process::eventually;
use crate::support::server::SPACE;

const LIMIT: Duration = Duration::from_mins(1);

#[test]
fn damage_is_found_by_itself_told_everywhere_and_never_sent() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let metrics = format!("metrics_listen = '{free}'\n");
    let mut server = TestServer::start_configured(&format!("{metrics}[scrub]\nevery_days = 0\n"));
    let figure = |name: &str| {
        let text = Request::new(Endpoint { address: free, tls: false }, "GET", "/metrics").send().text();
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("tresor_{name} ")));
        line.unwrap_or_else(|| panic!("{text}")).parse::<i64>().unwrap()
    };
    let target = format!("/dav/{SPACE}/Geheimakte.pdf");
    server.request("PUT", &target).body(bytes(1, 300_000)).send().expect(201);
    assert_eq!(figure("scrub_last_completed_seconds"), 0);
    assert_eq!(figure("damaged_containers"), 0);
    server.stop();

    let listed = std::process::Command::new("find")
        .arg(server.data())
        .args(["-name", "*.age", "-size", "+200k"])
        .output();
    let listed = String::from_utf8(listed.unwrap().stdout).unwrap();
    let file = listed.trim();
    let mut sealed = fs::read(file).unwrap();
    sealed[150_000] ^= 1;
    fs::write(file, sealed).unwrap();
    server.configure(&format!("{metrics}[scrub]\nevery_days = 30\n"));
    server.spawn();
    eventually("the scrub is done", LIMIT, || figure("scrub_last_completed_seconds") > 0);
    assert_eq!(figure("damaged_containers"), 1);
    let status = server.cli_ok(["status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["damaged_containers"], 1);
    assert!(status["last_full_verify"].is_string());

    // The whole file breaks off; the bytes before and behind the damage come.
    for _ in 0..2 {
        let whole = server.request("GET", &target).send();
        assert!(whole.is_cut && bytes(1, 300_000).starts_with(&whole.body), "{whole}");
    }
    let range = |range: &str| server.request("GET", &target).header("Range", range).send().expect(206).body;
    assert_eq!(range("bytes=0-65535"), bytes(1, 300_000)[..65_536]);
    assert_eq!(range("bytes=196608-299999"), bytes(1, 300_000)[196_608..]);

    let log = server.log();
    let id = file.rsplit('/').next().unwrap().trim_end_matches(".age");
    let told = log.lines().filter(|line| line.contains("a stored container differs from what was committed"));
    let told: Vec<_> = told.collect();
    assert_eq!(told.len(), 1, "{log}");
    assert!(
        told[0].contains("ERROR") && told[0].contains(id) && told[0].contains("damaged-chunk"),
        "{}",
        told[0]
    );
    assert!(!log.contains("Geheimakte"), "{log}");

    // A restart asks nothing anew: it is not due.
    let completed = figure("scrub_last_completed_seconds");
    server.stop();
    server.spawn();
    eventually("the figures are told", LIMIT, || figure("damaged_containers") == 1);
    assert_eq!(figure("scrub_last_completed_seconds"), completed);
}
