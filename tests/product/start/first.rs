//! `tresor serve` on an empty directory.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;

use crate::support::office::Office;

/// The word after a label of the welcome.
fn shown<'a>(welcome: &'a str, label: &str) -> &'a str {
    let line = welcome.lines().find(|line| line.trim_start().starts_with(label));
    line.unwrap_or_else(|| panic!("no {label} in {welcome}")).split_whitespace().last().unwrap()
}

#[test]
fn a_first_start_shows_once_what_its_owner_must_keep() {
    let office = Office::new();
    let served = office.serve([]);
    let welcome = served.printed();
    let (login, password) = (shown(&welcome, "Login").to_owned(), shown(&welcome, "Password").to_owned());
    let address = format!("https://{}/", served.endpoint.address);
    assert_eq!(shown(&welcome, "WebDAV"), format!("{address}dav/"));
    assert_eq!(shown(&welcome, "Browser"), address);
    assert!(welcome.contains("Move both files off this machine"), "{welcome}");
    assert_eq!(served.login(&login, &password), 207);
    assert_eq!(served.login(&login, "wrong"), 401);
    let space = shown(&welcome, "First space").to_owned();
    let target = format!("{}hello.txt", &space[space.find("/dav/").unwrap()..]);
    served.request("PUT", &target).sign_in(&login, &password).body("hello").send().expect(201);
    let (recovery, passphrase) = ("data.kit/recovery.txt", "data.kit/passphrase.txt");
    for (label, place) in [("Recovery key", recovery), ("Passphrase", passphrase)] {
        assert_eq!(office.path(shown(&welcome, label)).canonicalize().unwrap(), office.path(place));
        let metadata = fs::metadata(office.path(place)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{place}");
    }
    assert!(fs::read_to_string(office.path(recovery)).unwrap().contains("AGE-SECRET-KEY-1"));
    let phrase = fs::read_to_string(office.path(passphrase)).unwrap();
    for printed in [&welcome, &served.logged()] {
        assert!(!printed.contains(phrase.trim()), "the passphrase is never printed");
        assert!(!printed.contains("AGE-SECRET-KEY-"), "the recovery key is never printed");
    }
    assert!(!served.logged().contains(&password));
    let (mode, _) = office.snapshot()[&office.data()].clone();
    assert_eq!(mode & 0o777, 0o700);
    assert!(served.stop(Signal::TERM).success());

    let served = office.serve(["--passphrase-file", passphrase]);
    let again = served.printed() + &served.logged();
    assert!(!again.contains("Password") && !again.contains(&password) && !again.contains("kit"), "{again}");
    let found = served.request("GET", &target).sign_in(&login, &password).send().expect(200);
    assert_eq!(found.body, b"hello");
    assert!(served.stop(Signal::INT).success());
}

/// The kit of a server on all addresses sent its owner to `https://0.0.0.0:8443/dav/`.
#[test]
fn the_address_that_is_shown_is_one_that_people_can_enter() {
    for (host, expected) in [(Some("files.example.org"), Some("files.example.org")), (None, None)] {
        let office = Office::new();
        let fixed = ["serve", "--data", "data", "--listen", "0.0.0.0:0"];
        let host = host.map(|host| ["--host", host]);
        let served = office.serve_by(&mut office.tresor(fixed.iter().chain(host.iter().flatten())));
        let welcome = served.printed();
        let machine = rustix::system::uname().nodename().to_str().unwrap().to_owned();
        let port = served.endpoint.address.port();
        let expected = format!("https://{}:{port}/dav/", expected.unwrap_or(&machine));
        assert_eq!(shown(&welcome, "WebDAV"), expected);
        assert_eq!(shown(&welcome, "First space"), format!("{expected}Beispiel/"));
    }
}

/// A port in use once cost the password of the administrator: the instance was made, and nothing was printed.
#[test]
fn a_first_start_that_cannot_serve_makes_nothing() {
    let office = Office::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    office.refuses(["serve", "--data", "data", "--listen", &address], &["listen on", &address, "in use"]);
    let certificate = ["--tls-certificate", "none.pem", "--tls-key", "none.key"];
    let listen = ["serve", "--data", "data", "--listen", "127.0.0.1:0"];
    office.refuses(listen.iter().chain(&certificate), &["none.pem"]);
    assert!(!office.data().exists() && !office.path("data.kit").exists());
}

/// The kit is never written over, and a start that it stops leaves no half-made directory.
#[test]
fn a_kit_that_is_there_already_stops_a_first_start() {
    let office = Office::new();
    for file in ["data.kit/recovery.txt", "data.kit/passphrase.txt"] {
        office.write(file, "the only key to something else");
        let listen = ["serve", "--data", "data", "--listen", "127.0.0.1:0"];
        office.refuses(listen, &[file, "exists already", "move it away"]);
        assert!(!office.data().exists());
        assert_eq!(fs::read_dir(office.path("data.kit")).unwrap().count(), 1);
        fs::remove_file(office.path(file)).unwrap();
    }
    // With the kit's folder out of reach nothing is left behind either.
    fs::remove_dir(office.path("data.kit")).unwrap();
    office.write("data.kit", "a file");
    office.refuses(["serve", "--data", "data", "--listen", "127.0.0.1:0"], &["data.kit"]);
    assert!(!office.data().exists());
}

#[test]
fn the_working_folder_itself_may_be_the_data_directory() {
    let office = Office::new();
    fs::create_dir_all(office.data().join("lost+found")).unwrap();
    let mut command = office.tresor(["serve", "--data", ".", "--listen", "127.0.0.1:0", "--plain-http"]);
    let served = office.serve_by(command.current_dir(office.data()));
    assert!(office.path("data.kit/recovery.txt").exists());
    assert_eq!(served.login("admin", shown(&served.printed(), "Password")), 207);
}

#[test]
fn nothing_but_a_first_start_makes_an_instance() {
    let office = Office::new();
    office.write("pass", "some passphrase");
    // A mount that is missing must not look like a new office.
    let with_key = ["serve", "--data", "data", "--passphrase-file", "pass"];
    office.refuses(with_key, &["holds no Tresor instance", "tresor init"]);
    office.refuses(["user", "list", "--data", "data"], &["holds no Tresor instance", "tresor init"]);
    office.refuses(["unlock", "--data", "data", "--passphrase-file", "pass"], &["no server", "tresor serve"]);
    assert!(!office.data().exists());
}
