//! Hand-ins through links: a person without an account hands files in, comes back, takes one back, finishes, and gets a
//! receipt.

use std::path::Path;
use std::sync::Barrier;

use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::browser::{Browser, hidden, leads_to};
use crate::support::http::{Request, Response};
use crate::support::process::limited;
use crate::support::server::{PASSWORD, SPACE, USER};

/// A link to `Belege/` with these options: its address.
pub(crate) fn link<const N: usize>(server: &TestServer, options: [&str; N]) -> String {
    let made = made(server, options);
    let (_, path) = made["url"].as_str().unwrap().split_once("/s/").unwrap();
    format!("/s/{path}")
}

fn made<const N: usize>(server: &TestServer, options: [&str; N]) -> Value {
    let target = format!("{SPACE}/Belege");
    let words = ["link", "add", target.as_str(), "--as", USER, "--can", "add", "--json"];
    serde_json::from_str(&server.cli_ok(words.iter().chain(&options))).unwrap()
}

pub(crate) fn office() -> TestServer {
    let server = TestServer::start_plain();
    server.request("MKCOL", &format!("/dav/{SPACE}/Belege")).send().expect(201);
    server
}

/// Sends files by their names and contents, as the form of the page does.
pub(crate) fn sent(browser: &Browser<'_>, link: &str, name: &str, files: &[(&str, &str)]) -> Request {
    let head = "--x\r\nContent-Disposition: form-data; name";
    let name = format!("{head}=\"name\"\r\n\r\n{name}\r\n");
    let file = |(name, content): &(&str, &str)| {
        format!("{head}=\"files\"; filename=\"{name}\"\r\n\r\n{content}\r\n")
    };
    let body: String = std::iter::once(name).chain(files.iter().map(file)).collect();
    let request = browser.ask("POST", link).header("Content-Type", "multipart/form-data; boundary=x");
    request.header("Sec-Fetch-Site", "same-origin").body(body + "--x--\r\n")
}

pub(crate) fn send(browser: &Browser<'_>, link: &str, name: &str, files: &[(&str, &str)]) -> Response {
    browser.keep(sent(browser, link, name, files).send())
}

pub(crate) fn finish(browser: &Browser<'_>, link: &str) -> Response {
    browser.keep(browser.form(link, &[("do", "finish")]).send())
}

fn names(server: &TestServer, path: &str) -> Vec<String> {
    let listed = server.request("PROPFIND", &format!("/dav/{SPACE}/{path}")).header("Depth", "1").send();
    let listed = listed.expect(207).text();
    let hrefs = listed.split("<d:href>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned());
    let mut names: Vec<_> =
        hrefs.skip(1).map(|href| href.trim_end_matches('/').rsplit('/').next().unwrap().to_owned()).collect();
    names.sort();
    names
}

/// The receipt of a browser, and the outcome of its check without a server.
pub(crate) fn receipt(browser: &Browser<'_>, link: &str) -> (String, Value) {
    let receipt = browser.get(&format!("{link}/receipt.txt")).expect(200).text();
    let file = browser.server.secret_file("receipt.txt", receipt.strip_suffix('\n').unwrap());
    let mut check = limited(Path::new(env!("CARGO_BIN_EXE_tresor")));
    let checked = check.args(["receipt", "verify", "--json"]).arg(file).output().unwrap();
    assert!(checked.status.success(), "{checked:?}");
    (receipt, serde_json::from_slice(&checked.stdout).unwrap())
}

#[test]
fn a_person_hands_in_comes_back_takes_one_back_and_gets_a_receipt() {
    let server = office();
    let options =
        ["--once", "--own-folder", "--label", "Huber", "--note", "Bitte alles", "--deadline", "2999-12-31"];
    let link = link(&server, options);
    let client = Browser::new(&server, "de");

    // Robots preview the page, and use nothing up.
    for _ in 0..3 {
        let page = Browser::new(&server, "de").get(&link).expect(200).text();
        assert!(
            page.contains("Bitte alles") && page.contains("Angefragt von") && !page.contains("Fertig"),
            "{page}"
        );
    }
    assert_eq!(names(&server, "Belege"), [""; 0]);
    client.get(&link).expect(200);
    let first = [("2025/Januar/a.txt", "January"), ("2025/Januar/.DS_Store", "x"), ("b.txt", "wrong file")];
    let page = send(&client, &link, "Erika Huber", &first).expect(200).text();
    assert!(page.contains("2 Dateien sind angekommen") && page.contains("Systemdatei"), "{page}");
    // On another day, in the same browser.
    let page = client.get(&link).expect(200);
    assert!(page.text().contains("2025/Januar/a.txt") && page.text().contains("Fertig"), "{page}");
    // In another one nothing of it is seen.
    let other = Browser::new(&server, "de");
    assert!(!other.get(&link).expect(200).text().contains("a.txt"));

    send(&client, &link, "", &[("b.txt", "right file")]).expect(200);
    // The last button is that of the latest file; the first one that of `a.txt`.
    let text = client.get(&link).text();
    let file = text.split("name=\"file\" value=\"").nth(2).unwrap().split('"').next().unwrap().to_owned();
    let withdraw = |browser: &Browser<'_>| browser.form(&link, &[("do", "withdraw"), ("file", &file)]).send();
    assert_eq!(withdraw(&other).status, 404, "another browser's file");
    leads_to(&withdraw(&client));
    leads_to(&withdraw(&client));
    let folder = names(&server, "Belege").pop().unwrap();
    assert!(folder.ends_with("%20Erika%20Huber"), "{folder}");
    assert_eq!(names(&server, &format!("Belege/{folder}")), ["2025", "b%20%282%29.txt"].map(String::from));
    assert_eq!(names(&server, &format!("Belege/{folder}/2025/Januar")), ["a.txt"]);

    assert_eq!(leads_to(&finish(&client, &link)), link);
    let page = client.get(&link).expect(200).text();
    assert!(page.contains("Vielen Dank") && page.contains("2 Dateien (17 B)"), "{page}");
    assert!(page.contains("zurückgenommen") && !page.contains("Weitere Dateien"), "{page}");
    let (note, checked) = receipt(&client, &link);
    let paths = |list: &str| -> Vec<String> {
        let files = checked[list].as_array().unwrap().iter();
        files.map(|file| file["path"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(paths("files"), ["2025/Januar/a.txt", "b.txt"]);
    assert_eq!(
        checked["refused"],
        json!([{"path": "2025/Januar/.DS_Store", "reason": "left-out", "at": checked["refused"][0]["at"]}])
    );
    assert_eq!((&checked["complete"], &checked["late"]), (&json!(true), &json!(false)));
    assert_eq!((&checked["handed_in_by"], &checked["folder"]), (&json!("Erika Huber"), &json!("Belege")));
    let digest = "64ed27c8a3b1b3cb4d0d3a8e9f7ce6ac8ad4ee9a83e5ad1e97a9b0ab2a9d3ef4";
    assert_ne!(checked["files"][1]["sha256"], digest);

    // For all others the link is as if it never was, and no program gets in.
    let gone = Browser::new(&server, "de").get("/s/0123456789abcdefghjkmnpqrstvwxyz").expect(404).text();
    assert_eq!(other.get(&link).expect(404).text(), gone);
    assert_eq!(send(&other, &link, "", &[("late.txt", "late")]).status, 404);
    // The office sees it, and has the same receipt.
    let list: Value = serde_json::from_str(&server.cli_ok(["receipt", "list", "--json"])).unwrap();
    let id = list[0]["id"].to_string();
    assert_eq!(
        (&list[0]["files"], &list[0]["complete"], &list[0]["name"]),
        (&json!(2), &json!(true), &json!("Erika Huber"))
    );
    assert_eq!(server.cli_ok(["receipt", "show", &id]), note);
    let history = server.cli_ok(["history", SPACE]);
    assert!(history.contains("handed in 2 files") || history.contains("2 Dateien"), "{history}");

    // A changed receipt proves nothing.
    let forged = server.secret_file("forged.txt", note.replace("b.txt", "c.txt").trim_end());
    let mut check = limited(Path::new(env!("CARGO_BIN_EXE_tresor")));
    let refused = check.args(["receipt", "verify"]).arg(forged).output().unwrap();
    assert!(
        !refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("changed"),
        "{refused:?}"
    );
}

#[test]
fn a_receipt_names_the_contents_that_are_stored() {
    let server = office();
    let link = link(&server, []);
    let client = Browser::new(&server, "en");
    client.get(&link).expect(200);
    send(&client, &link, "", &[("a.txt", "first"), ("sub/a.txt", "second")]).expect(200);
    finish(&client, &link);
    let (note, _) = receipt(&client, &link);
    let file = server.secret_file("note.txt", note.trim_end());
    let office = |name: &str| server.scratch("").join(name);
    std::fs::write(office("one"), "second").unwrap();
    std::fs::write(office("other"), "third").unwrap();
    let key = server.cli_ok(["receipt", "verifying-key"]);
    let check = |content: &str| {
        let mut check = limited(Path::new(env!("CARGO_BIN_EXE_tresor")));
        check.args(["receipt", "verify"]).arg(&file).args(["--signed-by", key.trim(), "--content"]);
        check.arg(office(content)).output().unwrap()
    };
    assert!(check("one").status.success());
    assert!(String::from_utf8_lossy(&check("other").stderr).contains("no file with the content"));
    // A certificate's check takes no receipt for a certificate.
    let mut check = limited(Path::new(env!("CARGO_BIN_EXE_tresor")));
    assert!(!check.args(["hold", "verify-certificate"]).arg(&file).output().unwrap().status.success());
    // Nothing of one's own is needed to begin again.
    let page = client.get(&link).expect(200).text();
    assert!(page.contains("Hand in more files"), "{page}");
    client.keep(client.form(&link, &[("do", "again")]).send());
    assert!(!client.get(&link).expect(200).text().contains("a.txt"));
    assert_eq!(names(&server, "Belege"), ["a.txt", "sub"]);
}

#[test]
fn what_a_link_does_not_take_is_said_and_noted() {
    let server = office();
    let link = link(&server, ["--types", "txt,PDF", "--max-files", "3", "--max-size", "20B"]);
    let client = Browser::new(&server, "de");
    let page = client.get(&link).expect(200).text();
    for word in ["TXT, PDF", "höchstens 3 Dateien", "zusammen höchstens 20 B"] {
        assert!(page.contains(word), "{word}: {page}");
    }
    let page = send(&client, &link, "", &[("a.txt", "1234567890"), ("virus.exe", "x")]).expect(415).text();
    assert!(page.contains("diese Dateiart wird hier nicht angenommen"), "{page}");
    let page =
        send(&client, &link, "", &[("large.txt", "12345678901"), ("b.pdf", "1234567890")]).expect(413).text();
    assert!(page.contains("mehr Dateien oder Daten"), "{page}");
    send(&client, &link, "", &[("c.pdf", "1")]).expect(413);
    assert_eq!(names(&server, "Belege"), ["a.txt", "b.pdf"]);
    // A program that mounts links would get round all of this.
    let token = link.strip_prefix("/s/").unwrap();
    let put = server.anonymous("PUT", &format!("/public.php/dav/files/{token}/d.exe"));
    put.body("x").send().expect(403);
    finish(&client, &link);
    let (_, checked) = receipt(&client, &link);
    let reasons: Vec<_> = checked["refused"].as_array().unwrap().iter().map(|file| &file["reason"]).collect();
    assert_eq!(reasons, ["wrong-type", "too-much", "too-much"]);
}

#[test]
fn hostile_names_stay_in_the_folder() {
    let server = office();
    let link = link(&server, []);
    let client = Browser::new(&server, "de");
    client.get(&link).expect(200);
    let names_sent = [
        "../../up.txt",
        "/etc/passwd",
        "C:\\Users\\x\\w.txt",
        "a/../b.txt",
        "./c.txt",
        "ok/deep.txt",
        "a.txt/x",
    ];
    let files: Vec<_> = names_sent.iter().map(|name| (*name, "x")).collect();
    send(&client, &link, "", &files).expect(200);
    let stored = names(&server, "Belege");
    assert_eq!(stored, ["a.txt", "b.txt", "c.txt", "ok", "passwd", "up.txt", "w.txt"]);
    assert_eq!(names(&server, ""), ["Belege"]);
    // Twenty folders are enough for every person.
    let deep = format!("{}x.txt", "d/".repeat(21));
    send(&client, &link, "", &[(&deep, "x")]).expect(403);
    // Nobody takes a program for a PDF because of the order in which its name is read.
    send(&client, &link, "", &[("rechnung\u{202e}fdp.exe", "x")]).expect(200);
    assert!(names(&server, "Belege").contains(&"rechnungfdp.exe".to_owned()));
    // A folder cannot take the place of a file that is there.
    send(&client, &link, "", &[("w.txt/x.txt", "x")]).expect(400);
}

#[test]
fn the_first_visitor_chooses_the_password() {
    let server = office();
    let link = link(&server, ["--first-use-password"]);
    let (client, other) = (Browser::new(&server, "de"), Browser::new(&server, "de"));
    assert!(client.get(&link).expect(403).text().contains("Kennwort wählen"));
    assert_eq!(send(&client, &link, "", &[("a.txt", "x")]).status, 403, "not before the password");
    let choose = |browser: &Browser<'_>, password: &str| {
        let fields = [("do", "choose-password"), ("new-password", password), ("again", password)];
        browser.keep(browser.form(&link, &fields).send())
    };
    assert!(choose(&client, "kurz").expect(403).text().contains("zu kurz"));
    let different =
        [("do", "choose-password"), ("new-password", "Kreide-Ofen-7"), ("again", "Kreide-Ofen-8")];
    let page = client.keep(client.form(&link, &different).send()).expect(403).text();
    assert!(page.contains("stimmen nicht überein"), "{page}");
    leads_to(&choose(&client, "Kreide-Ofen-7"));
    client.get(&link).expect(200);
    send(&client, &link, "", &[("a.txt", "x")]).expect(200);
    // A second choice is an attempt, and a wrong one.
    assert!(choose(&other, "Anderes-Wort-8").expect(403).text().contains("falsch"));
    let page = other.get(&link).expect(403).text();
    assert!(page.contains("Kennwort erforderlich"), "{page}");
    leads_to(&other.keep(other.form(&link, &[("password", "Kreide-Ofen-7")]).send()));
    other.get(&link).expect(200);
}

#[test]
fn a_one_time_link_is_finished_once_however_many_try() {
    const BROWSERS: usize = 24;
    let server = office();
    for round in 0..4 {
        let link = link(&server, ["--once"]);
        let browsers: Vec<_> = (0..BROWSERS).map(|_| Browser::new(&server, "de")).collect();
        let forms: Vec<_> = browsers
            .iter()
            .enumerate()
            .map(|(number, browser)| {
                browser.get(&link).expect(200);
                send(browser, &link, "", &[(&format!("{round}-{number}.txt"), "x")]).expect(200);
                browser.form(&link, &[("do", "finish")])
            })
            .collect();
        let start = Barrier::new(BROWSERS);
        let statuses: Vec<_> = std::thread::scope(|scope| {
            let started: Vec<_> = forms
                .into_iter()
                .map(|form| {
                    scope.spawn(|| {
                        start.wait();
                        form.send().status
                    })
                })
                .collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| [200, 303, 404, 409].contains(status)), "{statuses:?}");
    }
    // Nothing that arrived is lost.
    assert_eq!(names(&server, "Belege").len(), 4 * BROWSERS);
}

#[test]
fn a_second_device_joins_by_the_code_that_the_first_one_shows() {
    let server = office();
    let link = link(&server, ["--once"]);
    let (computer, phone) = (Browser::new(&server, "en"), Browser::new(&server, "en"));
    computer.get(&link).expect(200);
    send(&computer, &link, "", &[("a.txt", "x")]).expect(200);
    let page = computer.get(&link).expect(200).text();
    let code = page.split("enter this code there: ").nth(1).unwrap().split('.').next().unwrap().to_owned();
    assert!(page.contains("<svg") && code.len() == 9, "{code}");
    let join = |browser: &Browser<'_>, code: &str| {
        browser.keep(browser.form(&link, &[("do", "join"), ("code", code)]).send())
    };
    assert!(join(&phone, "0000-0000").expect(403).text().contains("wrong or has expired"));
    assert!(
        phone.get(&format!("{link}?code={code}")).expect(200).text().contains(&format!("value=\"{code}\""))
    );
    leads_to(&join(&phone, &code.to_lowercase().replace('-', " ")));
    assert!(phone.get(&link).expect(200).text().contains("a.txt"));
    send(&phone, &link, "", &[("photo.jpg", "x")]).expect(200);
    leads_to(&finish(&phone, &link));
    let page = computer.get(&link).expect(200).text();
    assert!(page.contains("Thank you") && page.contains("photo.jpg"), "{page}");
    // A code of one link opens no hand-in of another.
    let second = self::link(&server, []);
    let stranger = Browser::new(&server, "en");
    stranger.get(&second).expect(200);
    let guess = || stranger.form(&second, &[("do", "join"), ("code", &code)]).send();
    guess().expect(403);
    // Guesses are slowed down, and the page says for how long.
    let slowed = (0..100).map(|_| guess()).find(|answer| answer.status != 403).unwrap().expect(429);
    assert!(
        slowed.header("retry-after").is_some() && slowed.text().contains("Please try again in "),
        "{slowed}"
    );
}

#[test]
fn a_form_that_another_site_sends_does_nothing() {
    let server = office();
    let link = link(&server, []);
    let client = Browser::new(&server, "de");
    client.get(&link).expect(200);
    send(&client, &link, "", &[("a.txt", "x")]).expect(200);
    let foreign = client.unmarked_form(&link, &[("do", "finish")]).header("Origin", "https://evil.example");
    foreign.send().expect(403);
    assert!(client.get(&link).expect(200).text().contains("Fertig"));
    let empty = Browser::new(&server, "de");
    empty.get(&link).expect(200);
    assert!(finish(&empty, &link).status == 404, "nothing was handed in by this browser");
    assert_eq!(client.form(&link, &[("do", "other")]).send().status, 400);
    assert_eq!(hidden(&client.get(&link), "do"), "finish");
}

/// Files that were not taken are no part of a complete hand-in, and the office reads about them, too.
#[test]
fn refused_files_are_told_apart_from_those_that_arrived() {
    let server = office();
    let link = link(&server, ["--types", "txt"]);
    let client = Browser::new(&server, "de");
    client.get(&link).expect(200);
    send(&client, &link, "", &[("a.txt", "x")]).expect(200);
    assert!(client.get(&link).expect(200).text().contains("Alles in dieser Liste ist sicher gespeichert"));
    send(&client, &link, "", &[("böse.exe", "x")]).expect(415);
    let open = client.get(&link).expect(200).text();
    assert!(open.contains("die anderen nicht") && !open.contains("Alles in dieser Liste"), "{open}");
    leads_to(&finish(&client, &link));
    let done = client.get(&link).expect(200).text();
    assert!(done.contains("Angekommen: 1, nicht angenommen: 1") && !done.contains("vollständig"), "{done}");
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let list = anna.get("/links").expect(200).text();
    let here = list.split("href=\"/links/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let shown = anna.get(&format!("/links/{here}")).expect(200).text();
    assert!(shown.contains("böse.exe: nicht angekommen"), "{shown}");
}

/// Programs that make previews, and programs that ask for the head only, are no person who opened the link.
#[test]
fn robots_do_not_open_a_link_and_its_pages_have_both_languages() {
    let server = office();
    let link = link(&server, []);
    let opened = || {
        let listed: serde_json::Value =
            serde_json::from_str(&server.cli_ok(["link", "list", "--json"])).unwrap();
        listed[0]["opened"].is_string()
    };
    server.request("HEAD", &link).send().expect(200);
    for robot in
        ["WhatsApp/2.23.20.0", "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"]
    {
        server.request("GET", &link).header("User-Agent", robot).send().expect(200);
    }
    assert!(!opened());
    let client = Browser::new(&server, "de");
    let page = client.get(&link).expect(200);
    assert!(opened() && page.text().contains("href=\"?lang=en\""), "{page}");
    // Chosen once, it stays, also for pages of other links and for one that does not exist.
    let english = client.keep(client.get(&format!("{link}?lang=en")).expect(200));
    assert!(english.text().contains("lang=\"en\"") && english.text().contains("Choose"), "{english}");
    assert!(client.get("/s/none").expect(404).text().contains("There is no such link"));
}
