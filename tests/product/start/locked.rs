//! A server without its passphrase.

use rustix::process::Signal;

use crate::support::office::{Office, PASSPHRASE, PASSWORD};

#[test]
fn a_locked_server_answers_503_until_it_is_unlocked() {
    let office = Office::new();
    office.write("pass", PASSPHRASE);
    office.write("wrong", "Pergament Schaluppe Brombeere 78");
    let made = office.init(["--passphrase-file", "pass", "--recovery-out", "recovery.txt"]);
    assert_eq!(made.code, 0, "{made}");

    let served = office.serve([]);
    let stranger = served.endpoint.certificate();
    for (method, target) in [
        ("GET", "/"),
        ("OPTIONS", "/"),
        ("OPTIONS", "*"),
        ("OPTIONS", "/dav/"),
        ("PROPFIND", "/dav/"),
        ("GET", "/dav/space/file"),
        ("PUT", "/dav/space/file"),
        ("GET", "/remote.php/webdav/"),
        ("GET", "/status.php"),
        ("GET", "/index.php/204"),
        ("GET", "/ocs/v1.php/cloud/capabilities"),
        ("POST", "/index.php/login/v2"),
        ("GET", "/metrics"),
        ("GET", "/healthy"),
        ("GET", "/no/such/page"),
    ] {
        let answer = served.request(method, target).sign_in("admin", PASSWORD).send();
        assert_eq!(answer.status, 503, "{method} {target}: {answer}");
        assert!(answer.header("retry-after").is_some(), "{method} {target}");
        assert!(answer.header("www-authenticate").is_none(), "nobody may type a password in vain");
    }
    // In a browser a page says so, in its language.
    let page =
        served.request("GET", "/dav/").header("Accept", "text/html").header("Accept-Language", "de").send();
    assert!(page.status == 503 && page.text().contains("Noch nicht geöffnet"), "{page}");
    assert!(page.header("retry-after").is_some(), "{page}");
    assert_eq!(served.request("GET", "/static/tresor.css").send().status, 200, "what the page looks like");

    let health = served.health();
    assert_eq!((health.status, health.header("content-type")), (503, Some("application/json")));
    assert!(health.text().contains("\"status\":\"locked\""), "{health}");

    let status = office.run(["status", "--data", "data", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!(status["state"], "locked");
    for unknown in ["users", "spaces", "used_bytes", "damaged_containers", "spaces_without_key"] {
        assert!(status[unknown].is_null(), "{unknown} is not known: {status}");
    }
    let status = office.run(["status", "--data", "data"]).stdout;
    let names: Vec<_> = status.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, ["state", "advice", "version"], "{status}");
    assert!(status.contains("tresor unlock"), "{status}");
    assert!(!health.text().contains("damaged"), "{health}");
    office.refuses(["user", "list", "--data", "data"], &["locked", "tresor unlock"]);
    office.refuses(["unlock", "--data", "data"], &["--passphrase-file"]);
    let unlock = |file| ["unlock", "--data", "data", "--passphrase-file", file];
    for _ in 0..2 {
        office.refuses(unlock("wrong"), &["rong passphrase", "try again"]);
        assert_eq!(served.health().status, 503);
    }

    // Two at the same time open one instance.
    let both =
        [office.tresor(unlock("pass")).spawn().unwrap(), office.tresor(unlock("pass")).spawn().unwrap()];
    let ended: Vec<bool> = both.into_iter().map(|mut child| child.wait().unwrap().success()).collect();
    assert!(ended.contains(&true), "{ended:?}");
    assert_eq!(served.health().status, 200);
    assert_eq!(served.login("admin", PASSWORD), 207);
    office.refuses_beside_a_server(unlock("pass"), &["open already"]);
    assert_eq!(served.logged().lines().filter(|line| line.contains(" serving")).count(), 1);
    let own = served.endpoint.certificate();
    assert_ne!(own, stranger);
    assert!(served.stop(Signal::TERM).success());

    // From now on the certificate is the instance's own, known to every client.
    let served = office.serve(["--passphrase-file", "pass"]);
    assert_eq!(served.endpoint.certificate(), own);
    assert!(served.stop(Signal::TERM).success());
    let served = office.serve([]);
    assert_ne!(served.endpoint.certificate(), own, "its key lies sealed");
    assert_eq!(office.run(unlock("pass")).code, 0);
    assert_eq!(served.endpoint.certificate(), own);
}

#[test]
fn a_locked_server_can_be_stopped_and_unlocked_by_key_file() {
    let office = Office::with_instance();
    let served = office.serve(["--plain-http"]);
    assert_eq!(served.health().status, 503);
    let unlocked = office.run(["unlock", "--data", "data", "--key-file", "key.txt"]);
    assert_eq!((unlocked.code, unlocked.stdout.as_str()), (0, "the instance is open\n"), "{unlocked}");
    assert_eq!(served.login("admin", PASSWORD), 207);
    assert!(served.stop(Signal::TERM).success());
    let served = office.serve(["--plain-http"]);
    assert!(served.stop(Signal::TERM).success());
    assert!(!office.data().join("control.sock").exists());
}

/// `kill -9` leaves the socket's file: commands then do the work themselves, and a new server takes it over.
#[test]
fn a_socket_that_a_dead_server_left_is_no_server() {
    let office = Office::with_instance();
    let served = office.serve(["--key-file", "key.txt"]);
    served.stop(Signal::KILL);
    assert!(office.data().join("control.sock").exists());
    let list = office.run(["user", "list", "--data", "data", "--key-file", "key.txt"]);
    assert_eq!(list.code, 0, "{list}");
    let served = office.serve(["--key-file", "key.txt"]);
    assert_eq!(office.run(["user", "list", "--data", "data"]).code, 0);
    drop(served);
}
