//! A data directory that an earlier program made.

use serde_json::Value;

use crate::support::{TestServer, earlier};

const ANNA: (&str, &str) = ("anna", "Eichhörnchen am Waldrand 7");

/// An office updates the program and finds everything unchanged; from then on events are recorded.
#[test]
fn an_instance_without_events_opens_whole_and_records_from_now_on() {
    let mut server = earlier::unpacked();
    server.spawn();
    let get =
        |server: &TestServer, target: &str| server.anonymous("GET", target).sign_in(ANNA.0, ANNA.1).send();
    for folder in ["2024", "2025"] {
        assert_eq!(get(&server, &format!("/dav/Muster/{folder}/Bilanz.txt")).body, b"zwei\n");
        assert_eq!(get(&server, &format!("/dav/Muster/{folder}/gro%C3%9F.bin")).body, vec![0; 200_000]);
    }
    let json = |server: &TestServer, words: &[&str]| -> Value {
        serde_json::from_str(&server.cli_ok([words, &["--json"]].concat())).unwrap()
    };
    let versions = json(&server, &["versions", "list", "Muster", "2025/Bilanz.txt"]);
    assert_eq!(versions.as_array().unwrap().len(), 2);
    assert_eq!(json(&server, &["trash", "list", "Muster"])[0]["path"], "weg.txt");
    assert_eq!(json(&server, &["link", "list"]).as_array().unwrap().len(), 1);
    server.cli_ok(["verify", "--full"]);

    // The record has no earlier events; it has the reading just now, and all that follow.
    let before = json(&server, &["history", "Muster"]);
    assert!(before["events"].as_array().unwrap().iter().all(|event| event["event"] == "read"), "{before}");
    let put = server.anonymous("PUT", "/dav/Muster/2025/Bilanz.txt").sign_in(ANNA.0, ANNA.1).body("drei\n");
    assert_eq!(put.send().status, 204);
    let latest = &json(&server, &["history", "Muster/2025/Bilanz.txt"])["events"][0];
    assert_eq!((&latest["event"], &latest["user"]), (&"replaced".into(), &"anna".into()), "{latest}");

    // The copy of the older catalogue stays beside it, and the next start finds the newest format.
    assert!(server.data().join("catalog").join(earlier::COPY).exists());
    assert!(server.stop().success());
    server.spawn();
    assert_eq!(get(&server, "/dav/Muster/2025/Bilanz.txt").body, b"drei\n");
}
