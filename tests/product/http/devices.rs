//! The pages about devices: values to enter, tried with real programs, and the server's words about a program that
//! connects.

use crate::support::TestServer;
use crate::support::browser::{Browser, hidden};
use crate::support::http::{Request, Response};
use crate::support::process::{succeed, tool};
use crate::support::server::{PASSWORD, SPACE, USER};

const HERE: &str = "/account/devices";
const FINDER: &str = "WebDAVFS/3.0.0 (03008000) Darwin/22.6.0 (x86_64)";

/// A new device: its id and password.
fn device(anna: &Browser<'_>, label: &str) -> (String, String) {
    let fields = [("do", "device"), ("label", label), ("present", PASSWORD)];
    let made = anna.send(&anna.get("/account").expect(200), "/account", &fields);
    let password = values(&made.expect(200)).pop().unwrap();
    (hidden(&anna.get("/account"), "device"), password)
}

/// The values in the lines of a page that can only be read.
fn values(page: &Response) -> Vec<String> {
    let text = page.text();
    let values = text.split("readonly value=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    values.map(|value| value.replace("&quot;", "\"").replace("&amp;", "&")).collect()
}

#[test]
fn a_page_says_how_far_a_device_comes_and_why_it_fails() {
    let server = TestServer::start_plain();
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let (id, password) = device(&anna, "Notebook");
    let here = format!("{HERE}/{id}");
    assert!(anna.get("/account").text().contains(&format!("href=\"{here}\">Notebook</a>")));
    let page = anna.get(&here).expect(200).text();
    assert!(
        page.contains("Gerät: Notebook") && page.contains("mit diesem Kennwort nichts gemeldet"),
        "{page}"
    );

    // A password with a slip, as Windows sends it.
    let ask = |method: &str, target: &str| server.anonymous(method, target).header("User-Agent", FINDER);
    ask("PROPFIND", "/dav/").sign_in(&format!("OFFICE\\{USER}"), "wrong").send().expect(401);
    let page = anna.get(&here).expect(200).text();
    assert!(page.contains("weil das Kennwort falsch war (Finder (macOS))"), "{page}");

    let ask = |method: &str, target: &str| ask(method, target).sign_in(USER, &password);
    let file = format!("/dav/{SPACE}/Bu\u{308}ro.txt");
    let file = &file.replace('\u{308}', "%CC%88");
    ask("PROPFIND", "/dav/").header("Depth", "1").send().expect(207);
    ask("PUT", file).body("").send().expect(201);
    ask("PUT", file).header("X-Expected-Entity-Length", "5").chunks([&b"hello"[..]]).send().expect(204);
    ask("GET", file).header("Range", "bytes=2-").send().expect(206);
    ask("GET", file).send().expect(200);
    ask("GET", &format!("/dav/{SPACE}/._nothing")).send().expect(404);
    ask("MKCOL", &format!("/dav/{SPACE}/missing/folder")).send().expect(409);
    // A proxy that drops bodies without a length sends this.
    ask("PUT", file).header("X-Expected-Entity-Length", "6").body("").send().expect(400);
    server.request("LOCK", file).xml(super::fixture::EXCLUSIVE).send().expect(200);
    ask("PUT", file).body("other").send().expect(423);
    let whole = ask("GET", file).send().expect(200);
    assert_eq!(whole.body, b"hello", "a body that was dropped replaces nothing");

    let page = anna.get(&here).expect(200).text();
    for told in [
        "Finder (macOS)",
        "nicht verschlüsselt (HTTP/1.1)",
        "binden Sie das Gerät über die https-Adresse neu ein",
        "schickt Umlaute zerlegt",
        "„._“",
        "Das Programm sperrt Dateien nicht",
        "Der Ordner dafür ist nicht da",
        "unvollständig oder verändert",
        "bearbeitet die Datei gerade",
    ] {
        assert!(page.to_lowercase().contains(&told.to_lowercase()), "{told}: {page}");
    }
    assert_eq!(page.matches("✓ geklappt").count(), 4, "list, write, read, read a part: {page}");
    assert_eq!(page.matches("noch nicht").count(), 4, "{page}");
    // Past troubles are not shown beside steps that work, nor is the search for a file that need not exist.
    assert!(!page.contains("Kennwort falsch war") && !page.contains("nothing"), "{page}");
    assert!(!page.contains("ro.txt"), "names of files are not kept: {page}");
}

#[test]
fn a_device_is_shown_to_its_person_and_to_administrators_alone() {
    let server = TestServer::start_plain();
    server.add_member("berta", "staff", "write");
    server.add_user("chef", "administrator", PASSWORD);
    let [berta, anna, chef] =
        ["berta", USER, "chef"].map(|name| Browser::signed_in(&server, "en", name, PASSWORD));
    let (id, password) = device(&berta, "Phone");
    server.anonymous("PROPFIND", "/dav/").sign_in("berta", &password).send().expect(207);
    let theirs = format!("/office/people/berta/devices/{id}");
    let seen = |page: Response| page.expect(200).text().contains("worked, ");
    assert!(seen(berta.get(&format!("{HERE}/{id}"))) && seen(chef.get(&theirs)));
    assert!(chef.get("/office/people/berta").text().contains(&theirs));
    anna.get(&format!("{HERE}/{id}")).expect(404);
    berta.get(&theirs).expect(404);
    // This server has no certificate of its own.
    assert!(!anna.get(HERE).text().contains("/certificate"));
    for bad in
        [format!("{HERE}/certificate"), format!("{HERE}/9999"), format!("{HERE}/x"), format!("{HERE}/")]
    {
        berta.get(&bad).expect(404);
    }
    for bad in ["/office/people/berta/devices/9999", "/office/people/none/devices/1"] {
        chef.get(bad).expect(404);
    }
    Browser::new(&server, "en").get(HERE).expect(303);

    // With the password of the account itself there is no device to look at.
    assert!(!berta.get("/account").text().contains(&format!("{HERE}/own")));
    server.anonymous("PROPFIND", "/dav/").sign_in("berta", PASSWORD).send().expect(207);
    assert!(berta.get("/account").text().contains(&format!("{HERE}/own")));
    let own = berta.get(&format!("{HERE}/own")).expect(200).text();
    assert!(own.contains("knows the password of your account") && own.contains("worked, "), "{own}");
}

#[test]
fn the_values_to_enter_work_as_they_stand() {
    let server = TestServer::start();
    let anna = Browser::signed_in(&server, "en", USER, PASSWORD);
    let page = anna.get(HERE).expect(200);
    let text = page.text();
    let fingerprint = text.split("fingerprint\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap();
    let shown = succeed(
        tool("openssl", "openssl")
            .args(["x509", "-noout", "-fingerprint", "-sha256", "-in"])
            .arg(server.certificate()),
    );
    assert!(shown.trim().ends_with(fingerprint), "{shown} {fingerprint}");
    assert!(text.contains(&format!("href=\"{HERE}/certificate\"")), "{text}");
    let fetched = anna.get(&format!("{HERE}/certificate")).expect(200);
    let stored = std::fs::read_to_string(server.certificate()).unwrap();
    assert_eq!(fetched.text().trim(), stored.trim());
    assert_eq!(fetched.header("content-type"), Some("application/x-x509-ca-cert"));
    assert_eq!(fetched.header("content-disposition"), Some("attachment; filename=\"tresor.crt\""));

    let lines = values(&page);
    assert!(lines.contains(&server.url("/dav/")) && lines.contains(&USER.to_owned()), "{lines:#?}");
    let (id, password) = device(&anna, "rclone");
    let config = server.scratch("rclone").join("rclone.conf");
    let run = |line: &str| {
        let trusted = server.certificate();
        let rclone = |command: &mut std::process::Command| {
            succeed(command.env("RCLONE_CONFIG", &config).env("SSL_CERT_FILE", &trusted))
        };
        tool("rclone", "rclone");
        rclone(std::process::Command::new("sh").args(["-c", line]))
    };
    let lines: Vec<_> = lines.iter().filter(|line| line.starts_with("rclone ")).collect();
    run(lines[0]);
    run(&format!("{} {password}", lines[1]));
    run(&format!("printf hello | rclone rcat office:{SPACE}/from-rclone.txt"));
    assert_eq!(
        server.request("GET", &format!("/dav/{SPACE}/from-rclone.txt")).send().expect(200).body,
        b"hello"
    );
    let page = anna.get(&format!("{HERE}/{id}")).expect(200).text();
    assert!(page.contains("rclone</dd>") && page.contains("the certificate is accepted"), "{page}");
    assert!(page.contains("worked, ") && !page.contains("What did not work"), "{page}");
}

#[test]
fn a_flood_of_wrong_names_leaves_the_server_as_it_was() {
    let server = TestServer::start_plain();
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let (id, password) = device(&anna, "Tablet");
    let ask: &dyn Fn(&str, &str) -> Request =
        &|name, password| server.anonymous("PROPFIND", "/dav/").sign_in(name, password);
    ask(USER, &password).send().expect(207);
    for n in 0..20 {
        let answer = ask(&format!("nobody-{n}"), "x").send();
        assert!([401, 429].contains(&answer.status), "{answer}");
    }
    assert!(anna.get(&format!("{HERE}/{id}")).expect(200).text().contains("geklappt"));
}
