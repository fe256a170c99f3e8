//! Links that give their content a limited number of times: by the button, never by a look.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Barrier;

use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::browser::{Browser, leads_to};
use crate::support::http::Response;
use crate::support::load::setting;
use crate::support::process::{eventually, limited};
use crate::support::server::{PASSWORD, SPACE, USER};

const LIMIT: std::time::Duration = std::time::Duration::from_secs(30);
/// Longer than the bytes that a connection takes ahead of its reader.
const LONG: usize = 24 * 1024 * 1024;

/// A link to something in the space with these options: its description, and the path of its page.
pub(crate) fn link<const N: usize>(server: &TestServer, place: &str, options: [&str; N]) -> (Value, String) {
    let target = format!("{SPACE}/{place}");
    let words = ["link", "add", target.as_str(), "--as", USER, "--can", "read", "--json"];
    let made: Value = serde_json::from_str(&server.cli_ok(words.iter().chain(&options))).unwrap();
    let (_, token) = made["url"].as_str().unwrap().split_once("/s/").unwrap();
    let page = format!("/s/{token}");
    (made, page)
}

/// Presses the button.
pub(crate) fn press(browser: &Browser<'_>, page: &str) -> Response {
    browser.keep(browser.form(page, &[("do", "fetch")]).send())
}

fn put(server: &TestServer, name: &str, content: impl Into<Vec<u8>>) {
    server.request("PUT", &format!("/dav/{SPACE}/{name}")).body(content).send().expect(201);
}

fn content(len: usize) -> Vec<u8> {
    (0..=250_u8).cycle().take(len).collect()
}

/// How often a link was used.
pub(super) fn uses(server: &TestServer, made: &Value) -> u64 {
    let links: Value = serde_json::from_str(&server.cli_ok(["link", "list", "--json"])).unwrap();
    let link = links.as_array().unwrap().iter().find(|link| link["id"] == made["id"]).unwrap();
    link["uses"].as_u64().unwrap()
}

/// Fetches an address by a program without cookies.
pub(super) fn fetch(server: &TestServer, address: &str, range: &str) -> Response {
    let request = server.anonymous("GET", address);
    if range.is_empty() { request.send() } else { request.header("Range", range).send() }
}

#[test]
fn only_the_button_uses_a_link_up_and_the_last_byte_counts_it() {
    let server = TestServer::start_plain();
    put(&server, "Bescheid.pdf", "der Bescheid");
    let (made, page) = link(&server, "Bescheid.pdf", ["--once", "--label", "Frau Huber"]);
    // Safe Links, Teams and WhatsApp look as often as they like, also by addresses that they guess.
    for agent in
        ["", "Mozilla/5.0 (Windows NT 10.0) SkypeUriPreview", "WhatsApp/2.23", "Mozilla/5.0 Firefox/140.0"]
    {
        for method in ["GET", "HEAD"] {
            for below in ["", "/download", "/files/Bescheid.pdf"] {
                let look =
                    server.anonymous(method, &format!("{page}{below}")).header("User-Agent", agent).send();
                assert!(look.status == 200 || look.status == 303, "{method} {below}: {look}");
                assert!(!look.text().contains("der Bescheid"), "{look}");
            }
        }
    }
    let token = page.strip_prefix("/s/").unwrap();
    let mount = server.anonymous("GET", &format!("/public.php/dav/files/{token}/Bescheid.pdf")).send();
    assert_eq!(mount.status, 403, "{mount}");
    let client = Browser::new(&server, "de");
    let shown = client.get(&page).expect(200).text();
    assert!(shown.contains("Herunterladen</button>") && shown.contains("Das geht einmal"), "{shown}");

    let address = leads_to(&press(&client, &page));
    assert_eq!(address, leads_to(&press(&client, &page)), "pressed twice in one browser");
    let other = Browser::new(&server, "en");
    other.get(&page).expect(200);
    let busy = press(&other, &page).expect(409);
    assert!(busy.text().contains("A download through this link is under way"), "{busy}");
    // HEAD, an unchanged copy and a range that leaves something out count nothing.
    let head = server.anonymous("HEAD", &address).send().expect(200);
    assert_eq!(head.header("content-length"), Some("12"));
    let tag = head.header("etag").unwrap();
    server.anonymous("GET", &address).header("If-None-Match", tag).send().expect(304);
    assert_eq!(fetch(&server, &address, "bytes=0-5").expect(206).body, b"der Be");
    assert_eq!(fetch(&server, &address, "bytes=7-11").expect(206).body, b"cheid");
    assert_eq!(uses(&server, &made), 0);
    let list = || -> Value {
        serde_json::from_str(&server.cli_ok(["receipt", "list", "--downloads", "--json"])).unwrap()
    };
    assert_eq!(list(), json!([]));
    assert_eq!(fetch(&server, &address, "bytes=6-6").expect(206).body, b"s");
    assert_eq!(uses(&server, &made), 1, "counted when the client has the last byte");

    // Used up is like ended and unknown; under the lease it can be fetched again.
    let gone = other.get("/s/0123456789abcdefghjkmnpqrstvwxyz").expect(404).text();
    let again = Browser::new(&server, "en");
    assert_eq!(again.get(&page).expect(404).text(), gone);
    assert_eq!(press(&again, &page).expect(404).text(), gone);
    assert_eq!(fetch(&server, &address, "").expect(200).body, b"der Bescheid");
    assert_eq!(uses(&server, &made), 1);
    // A lease of another link, a guessed one and one with another name open nothing.
    put(&server, "other.pdf", "another one");
    let (_, other_page) = link(&server, "other.pdf", ["--uses", "2"]);
    let secret = address.split('/').nth(4).unwrap();
    for wrong in [
        format!("{other_page}/get/{secret}/other.pdf"),
        format!("{page}/get/1.00000000000000000000000000000000/Bescheid.pdf"),
        format!("{page}/get/{secret}/other.pdf"),
    ] {
        assert_eq!(fetch(&server, &wrong, "").status, 404, "{wrong}");
    }
}

#[test]
fn a_complete_download_is_proved_to_the_office() {
    let server = TestServer::start_plain();
    put(&server, "Bescheid.pdf", "der Bescheid");
    let (made, page) = link(&server, "Bescheid.pdf", ["--once", "--label", "Frau Huber"]);
    let address = leads_to(&press(&Browser::new(&server, "de"), &page));
    fetch(&server, &address, "").expect(200);
    let downloads: Value =
        serde_json::from_str(&server.cli_ok(["receipt", "list", "--downloads", "--json"])).unwrap();
    // The proof, for the office at the command line and on the page.
    assert_eq!(
        (&downloads[0]["path"], &downloads[0]["label"]),
        (&json!("/Bescheid.pdf"), &json!("Frau Huber"))
    );
    let note = server.cli_ok(["receipt", "show", &downloads[0]["id"].to_string(), "--download"]);
    let file = server.secret_file("proof.txt", note.trim_end());
    let same = server.scratch("").join("same");
    std::fs::write(&same, "der Bescheid").unwrap();
    let key = server.cli_ok(["receipt", "verifying-key"]);
    let verify = |more: &[&str], file: &Path| {
        let mut check = limited(Path::new(env!("CARGO_BIN_EXE_tresor")));
        check
            .args(["receipt", "verify"])
            .arg(file)
            .args(["--signed-by", key.trim()])
            .args(more)
            .output()
            .unwrap()
    };
    let checked = verify(&["--json", "--content", same.to_str().unwrap()], &file);
    assert!(checked.status.success(), "{checked:?}");
    let checked: Value = serde_json::from_slice(&checked.stdout).unwrap();
    for (field, value) in [
        ("recipient", json!("Frau Huber")),
        ("path", json!("/Bescheid.pdf")),
        ("size", json!(12)),
        ("link", made["id"].clone()),
        ("made_by", json!(USER)),
    ] {
        assert_eq!(checked[field], value, "{field}");
    }
    assert!(checked["begun"].as_str() <= checked["completed"].as_str(), "{checked}");
    let forged = server.secret_file("forged.txt", note.replace("Frau Huber", "Herr Maier").trim_end());
    assert!(!verify(&[], &forged).status.success());
    let words = verify(&[], &file);
    assert!(String::from_utf8_lossy(&words.stdout).contains("recipient  Frau Huber"), "{words:?}");
    let history = server.cli_ok(["history", SPACE]);
    assert!(history.contains("downloaded all of /Bescheid.pdf"), "{history}");
    let staff = Browser::signed_in(&server, "de", USER, PASSWORD);
    let desk = format!("/links/{}", made["id"]);
    let shown = staff.get(&desk).expect(200).text();
    for words in ["1 von 1 Downloads", "aufgebraucht", "Frau Huber", "Nachweis", "vollständig"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let proof = format!("{desk}/download/{}", downloads[0]["id"]);
    assert!(shown.contains(&proof), "{shown}");
    assert_eq!(staff.get(&format!("{proof}.txt")).expect(200).text(), note);
    let digest = checked["sha256"].as_str().unwrap();
    let page_of_proof = staff.get(&proof).expect(200).text();
    for words in
        ["Abholnachweis Nr.", "Frau Huber", "/Bescheid.pdf", digest, "Vollständig gesendet", "Wer davor saß"]
    {
        assert!(page_of_proof.contains(words), "{words}: {page_of_proof}");
    }
    let pdf = staff.get(&format!("{proof}.pdf")).expect(200);
    assert!(super::receipts::read_pdf(&server, &pdf).0.contains(digest));
    assert!(verify(&[], &super::receipts::attached(&server, &pdf)).status.success());
    let stranger = Browser::new(&server, "de");
    let page_of_check = super::receipts::checked(&stranger, "files", &pdf.body).expect(200).text();
    assert!(page_of_check.contains("Abholnachweis Nr.") && page_of_check.contains(digest), "{page_of_check}");
    assert_eq!(Browser::new(&server, "de").get(&proof).status, 303, "only after the login");
    // Extending a used link allows one more.
    let page_of_link = staff.get(&desk);
    staff.send(&page_of_link, &desk, &[("do", "extend"), ("until", "2999-12-31")]).expect(303);
    leads_to(&press(&Browser::new(&server, "de"), &page));
}

#[test]
fn an_aborted_download_goes_on_and_parts_may_come_side_by_side() {
    let mut server = TestServer::start_plain();
    let whole = content(LONG);
    put(&server, "long.bin", whole.clone());
    let (made, page) = link(&server, "long.bin", ["--uses", "2"]);
    let client = Browser::new(&server, "en");
    assert!(client.get(&page).text().contains("This works 2 more times"));

    // Broken off after some bytes: nothing is counted, and the rest completes it.
    let address = leads_to(&press(&client, &page));
    let mut connection = server.endpoint().connect();
    write!(connection, "GET {address} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut begun = vec![0; 2 * 1024 * 1024];
    connection.read_exact(&mut begun).unwrap();
    drop(connection);
    let had = 1024 * 1024;
    assert_eq!(uses(&server, &made), 0);
    let rest = fetch(&server, &address, &format!("bytes={had}-")).expect(206);
    assert!(rest.body == whole[had..]);
    // The bytes of the broken answer are noted when the server sees that the client has left.
    eventually("the download is counted", LIMIT, || uses(&server, &made) == 1);

    // A restart forgets no lease, and nothing that left before it.
    let (made, page) = link(&server, "long.bin", ["--uses", "2"]);
    let address = leads_to(&press(&Browser::new(&server, "en"), &page));
    assert!(fetch(&server, &address, &format!("bytes=0-{}", had - 1)).expect(206).body == whole[..had]);
    server.stop();
    server.spawn();
    assert!(fetch(&server, &address, &format!("bytes={had}-")).expect(206).body == whole[had..]);
    assert_eq!(uses(&server, &made), 1);

    // Four parts side by side are one download, whichever ends last.
    let address = leads_to(&press(&Browser::new(&server, "en"), &page));
    let step = LONG / 4;
    let start = Barrier::new(4);
    std::thread::scope(|scope| {
        for part in 0..4 {
            let (server, address, start, whole) = (&server, &address, &start, &whole);
            scope.spawn(move || {
                start.wait();
                let range = format!("bytes={}-{}", part * step, (part + 1) * step - 1);
                let answer = fetch(server, address, &range).expect(206);
                assert!(answer.body == whole[part * step..(part + 1) * step]);
            });
        }
    });
    assert_eq!(uses(&server, &made), 2);
}

#[test]
fn a_changed_content_begins_anew_and_an_ended_link_breaks_off() {
    let server = TestServer::start_plain();
    put(&server, "a.txt", "first content");
    let (made, page) = link(&server, "a.txt", ["--once"]);
    let address = leads_to(&press(&Browser::new(&server, "en"), &page));
    fetch(&server, &address, "bytes=0-5").expect(206);
    server.request("PUT", &format!("/dav/{SPACE}/a.txt")).body("other content").send().expect(204);
    // Both halves left, but of two contents.
    assert_eq!(fetch(&server, &address, "bytes=6-12").expect(206).body, b"content");
    assert_eq!(uses(&server, &made), 0);
    assert_eq!(fetch(&server, &address, "bytes=0-5").expect(206).body, b"other ");
    assert_eq!(uses(&server, &made), 1);

    put(&server, "empty.txt", "");
    let (made, page) = link(&server, "empty.txt", ["--once"]);
    let address = leads_to(&press(&Browser::new(&server, "en"), &page));
    server.anonymous("HEAD", &address).send().expect(200);
    assert_eq!(uses(&server, &made), 0);
    fetch(&server, &address, "").expect(200);
    assert_eq!(uses(&server, &made), 1, "nothing is everything of an empty file");

    let (made, page) = link(
        &server,
        "a.txt",
        ["--once", "--password-file", server.secret_file("pw", "Kreide-Ofen").to_str().unwrap()],
    );
    let client = Browser::new(&server, "en");
    assert_eq!(press(&client, &page).status, 403, "the button needs the password");
    client.keep(client.form(&page, &[("password", "Kreide-Ofen")]).send()).expect(303);
    let address = leads_to(&press(&client, &page));
    assert_eq!(
        fetch(&server, &address, "bytes=0-5").expect(206).body,
        b"other ",
        "the address stands for the password"
    );
    server.cli_ok(["link", "revoke", &made["id"].to_string()]);
    assert_eq!(fetch(&server, &address, "bytes=6-").status, 404);
}

#[test]
fn however_many_press_at_once_no_more_than_its_number_begin() {
    let server = TestServer::start_plain();
    put(&server, "a.txt", "one of few");
    let (rounds, people) = (setting("TRESOR_TEST_ROUNDS", 4), setting("TRESOR_TEST_PEOPLE", 24));
    race(&server, usize::try_from(rounds).unwrap(), usize::try_from(people).unwrap());
}

/// Rounds in which many press the button of a link at once: of one for one download, of one for two, and so on.
fn race(server: &TestServer, rounds: usize, people: usize) {
    for round in 0..rounds {
        let most = 1 + round % 2;
        let (made, page) = link(server, "a.txt", ["--uses", &most.to_string()]);
        let start = Barrier::new(people);
        let answers: Vec<Response> = std::thread::scope(|scope| {
            let press = |_| {
                scope.spawn(|| {
                    let person = Browser::new(server, "en");
                    let form = person.form(&page, &[("do", "fetch")]);
                    start.wait();
                    form.send()
                })
            };
            let people: Vec<_> = (0..people).map(press).collect();
            people.into_iter().map(|person| person.join().unwrap()).collect()
        });
        let leases: HashSet<String> =
            answers.iter().filter(|answer| answer.status == 303).map(leads_to).collect();
        let refused = answers.iter().filter(|answer| answer.status == 409).count();
        assert_eq!((leases.len(), refused), (most, people - most), "round {round}");
        for lease in &leases {
            assert_eq!(fetch(server, lease, "").expect(200).body, b"one of few");
        }
        assert_eq!(uses(server, &made), most as u64);
        // Later ones would have to wait: each look at a link that is used up counts as a guess.
        if round < 4 {
            assert_eq!(Browser::new(server, "en").get(&page).status, 404);
        }
        server.cli_ok(["link", "revoke", &made["id"].to_string()]);
    }
}

#[test]
fn staff_see_on_the_page_whether_a_link_was_fetched_and_when_it_ends() {
    let server = TestServer::start_plain();
    put(&server, "a.txt", "content");
    let staff = Browser::signed_in(&server, "de", USER, PASSWORD);
    let make = |downloads: &str, until: &str| {
        let page = staff.get("/links");
        let fields = [
            ("space", SPACE),
            ("folder", "a.txt"),
            ("can", "read"),
            ("label", "Huber"),
            ("downloads", downloads),
            ("until", until),
        ];
        staff.send(&page, "/links", &fields)
    };
    for wrong in ["0", "-1", "viele"] {
        let page = make(wrong, "").expect(400).text();
        assert!(page.contains("mindestens 1"), "{page}");
    }
    let desk = leads_to(&make("3", ""));
    let desk = desk.trim_end_matches("?made");
    let shown = staff.get(desk).expect(200).text();
    assert!(
        shown.contains("noch nicht geöffnet") && shown.contains("Noch wurde nichts vollständig"),
        "{shown}"
    );
    let id: u64 = desk.rsplit('/').next().unwrap().parse().unwrap();
    let page = || {
        let shown = staff.get(desk).expect(200).text();
        let (_, address) = shown.split_once("value=\"http").unwrap();
        format!("/s/{}", address.split('"').next().unwrap().rsplit('/').next().unwrap())
    };
    Browser::new(&server, "de").get(&page()).expect(200);
    let list = staff.get("/links").expect(200).text();
    assert!(list.contains("zuletzt geöffnet") && list.contains("0 von 3 Downloads"), "{list}");
    let address = leads_to(&press(&Browser::new(&server, "de"), &page()));
    fetch(&server, &address, "").expect(200);
    let list = staff.get("/links").expect(200).text();
    assert!(list.contains("1 von 3 Downloads"), "{list}");
    server.cli_ok(["link", "revoke", &id.to_string()]);

    // Without a number: when it was fetched, in place of how often; and days that are left.
    let day = |after: u64| {
        let zone = tresor::model::Zone::parse("Europe/Berlin").unwrap();
        zone.day(tresor::model::Timestamp::now().after(std::time::Duration::from_hours(24 * after)))
    };
    let (open, page) = link(&server, "a.txt", ["--until", &day(3).to_string()]);
    let state = || staff.get(&format!("/links/{}", open["id"])).expect(200).text();
    assert!(
        state().contains("noch nicht geöffnet, endet in 3 Tagen") || state().contains("endet in 2 Tagen")
    );
    Browser::new(&server, "de").get(&page).expect(200);
    assert!(state().contains("noch nicht abgerufen"), "{}", state());
    server.anonymous("HEAD", &format!("{page}/files/a.txt")).send().expect(200);
    assert!(state().contains("noch nicht abgerufen"), "a look at the head fetches nothing");
    server.anonymous("GET", &format!("{page}/files/a.txt")).send().expect(200);
    assert!(state().contains("zuletzt abgerufen"), "{}", state());
    for (until, words) in [(day(0), "endet heute"), (day(1), "endet morgen")] {
        let (soon, _) = link(&server, "a.txt", ["--until", &until.to_string()]);
        let shown = staff.get(&format!("/links/{}", soon["id"])).expect(200).text();
        let is_midnight = shown.contains("abgelaufen") || shown.contains("endet heute");
        assert!(shown.contains(words) || is_midnight, "{words}: {shown}");
    }
}
