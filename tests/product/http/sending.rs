//! Uploads that the scripts of pages send: they go on where they broke off, whichever user is signed in by then.

use data_encoding::HEXLOWER;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::http::hand_in::{finish, link, office, receipt};
use crate::resumable::tus::{metadata, number};
use crate::support::TestServer;
use crate::support::browser::{Browser, token};
use crate::support::http::Response;
use crate::support::server::{PASSWORD, SPACE, USER};

const MIB: usize = 1 << 20;

/// A page whose script sends files.
struct Script<'a> {
    browser: Browser<'a>,
    /// Where it begins uploads.
    endpoint: String,
    token: String,
}

impl<'a> Script<'a> {
    /// On the page of a folder.
    fn of_user(server: &'a TestServer) -> Self {
        let browser = Browser::signed_in(server, "de", USER, PASSWORD);
        let token = token(&browser.get(&format!("/files/{SPACE}/")).expect(200));
        Self { browser, endpoint: "/sending".into(), token }
    }

    /// On the page of a link.
    fn of_guest(server: &'a TestServer, link: &str) -> Self {
        let browser = Browser::new(server, "de");
        browser.get(link).expect(200);
        Self { browser, endpoint: format!("{link}/sending"), token: String::new() }
    }

    fn send(&self, method: &str, address: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let request = self.browser.ask(method, address).header("Tus-Resumable", "1.0.0");
        let request = request.header("Sec-Fetch-Site", "same-origin").header("Tresor-Token", &self.token);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        match body {
            [] => request.header("Content-Length", "0").send(),
            body => request.header("Content-Type", "application/offset+octet-stream").body(body).send(),
        }
    }

    /// Begins an upload of this length with its first bytes.
    fn begin(&self, said: &[(&str, &str)], length: usize, first: &[u8]) -> Response {
        let headers = [("Upload-Length", length.to_string()), ("Upload-Metadata", metadata(said))];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        self.send("POST", &self.endpoint, &headers, first)
    }

    /// The same to this folder of the space.
    fn begin_in(
        &self,
        folder: &str,
        name: &str,
        more: &[(&str, &str)],
        content: &[u8],
        first: usize,
    ) -> Response {
        let said = [("space", SPACE), ("folder", folder), ("filename", name)];
        self.begin(&said.iter().chain(more).copied().collect::<Vec<_>>(), content.len(), &content[..first])
    }

    /// Makes a folder that has no file.
    fn folder(&self, said: &[(&str, &str)]) -> Response {
        let said = metadata(said);
        self.send("POST", &format!("{}/folder", self.endpoint), &[("Upload-Metadata", &said)], &[])
    }

    fn patch(&self, address: &str, offset: usize, bytes: &[u8]) -> Response {
        self.send("PATCH", address, &[("Upload-Offset", &offset.to_string())], bytes)
    }

    fn offset(&self, address: &str) -> usize {
        number(&self.send("HEAD", address, &[], &[]).expect(200), "upload-offset")
    }

    fn list(&self, query: &str) -> Value {
        let list = self.send("GET", &format!("{}/list{query}", self.endpoint), &[], &[]).expect(200);
        serde_json::from_str(&list.text()).unwrap()
    }
}

fn address(begun: &Response) -> String {
    begun.header("location").unwrap_or_else(|| panic!("{begun}")).to_owned()
}

/// The reason of a refusal for the script, and the sentence for the person.
#[track_caller]
fn refused(answer: &Response, status: u16, code: &str) -> String {
    assert_eq!(answer.status, status, "{answer}");
    let told: Value = serde_json::from_str(&answer.text()).unwrap_or_else(|_| panic!("{answer}"));
    assert_eq!(told["code"], code, "{told}");
    told["text"].as_str().unwrap().to_owned()
}

fn content(len: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from(at * 31 % 251).unwrap()).collect()
}

fn stored_as(answer: &Response) -> Option<String> {
    let name = answer.header("tresor-stored-as")?;
    Some(percent_decode_str(name).decode_utf8().unwrap().into_owned())
}

fn stored(server: &TestServer, path: &str) -> Vec<u8> {
    server.request("GET", &format!("/dav/{SPACE}/{path}")).send().expect(200).body
}

#[test]
fn an_upload_goes_on_after_its_session_and_the_server_have_ended() {
    let mut server = TestServer::start_plain();
    let whole = content(3 * MIB);
    let upload = {
        let script = Script::of_user(&server);
        let begun = script.begin_in("", "Bilanz/2025/a.pdf", &[("beside", "1")], &whole, MIB).expect(201);
        assert_eq!(number(&begun, "upload-offset"), MIB);
        let listed = script.list(&format!("?space={SPACE}&folder="));
        let (one, address) = (&listed["uploads"][0], address(&begun));
        assert_eq!((&one["path"], &one["received"]), (&json!("Bilanz/2025/a.pdf"), &json!(MIB)), "{listed}");
        assert_eq!(one["url"], address);
        assert_eq!(script.list(&format!("?space={SPACE}&folder=Bilanz"))["uploads"], json!([]));
        let page = script.browser.get("/files/").expect(200);
        script.browser.send(&page, "/logout", &[]);
        script.browser.cookies.borrow_mut().clear();
        assert_eq!(script.patch(&address, MIB, &whole[MIB..2 * MIB]).expect(204).header("location"), None);
        address
    };
    server.kill();
    server.spawn();
    let stranger =
        Script { browser: Browser::new(&server, "de"), endpoint: "/sending".into(), token: String::new() };
    assert_eq!(stranger.offset(&upload), 2 * MIB);
    let wrong = stranger.patch(&upload, MIB, &whole[MIB..]);
    assert_eq!((wrong.status, number(&wrong, "upload-offset")), (409, 2 * MIB));
    stranger.patch(&upload, 2 * MIB, &whole[2 * MIB..]).expect(204);
    assert_eq!(stored(&server, "Bilanz/2025/a.pdf"), whole);
    // The last answer may be lost.
    assert_eq!(stranger.offset(&upload), 3 * MIB);
    stranger.patch(&upload, 3 * MIB, &[]).expect(204);
    refused(&stranger.send("DELETE", &upload, &[], &[]), 404, "upload-unknown");
}

#[test]
fn a_taken_name_gets_a_number_unless_the_file_is_to_replace_the_other() {
    let server = TestServer::start_plain();
    let script = Script::of_user(&server);
    let send = |content: &[u8], more: &[(&str, &str)]| {
        script.begin_in("", "ä.txt", more, content, content.len()).expect(201)
    };
    assert_eq!(stored_as(&send(b"first", &[("beside", "1")])), None);
    assert_eq!(stored_as(&send(b"second", &[("beside", "1")])).as_deref(), Some("ä (2).txt"));
    assert_eq!(stored_as(&send(b"third", &[])), None);
    assert_eq!(stored_as(&send(b"", &[("beside", "1")])).as_deref(), Some("ä (3).txt"));
    assert_eq!(stored(&server, "%C3%A4.txt"), b"third");
    assert_eq!(stored(&server, "%C3%A4%20(2).txt"), b"second");
    assert_eq!(stored(&server, "%C3%A4%20(3).txt"), b"");
}

#[test]
fn only_pages_of_this_server_begin_uploads_and_only_their_addresses_go_on() {
    let server = TestServer::start_plain();
    let script = Script::of_user(&server);
    let begun = script.begin_in("", "a", &[], b"abc", 1).expect(201);
    let upload = address(&begun);
    let (id, _) = upload.split_once('.').unwrap();
    for other in
        [id.to_owned(), format!("{id}."), format!("{id}.x"), format!("{upload}x"), format!("{upload}/")]
    {
        refused(&script.patch(&other, 1, b"b"), 404, "upload-unknown");
    }
    let said = metadata(&[("space", SPACE), ("folder", ""), ("filename", "b")]);
    let ask = |token: &str, site: &str| {
        let request = script.browser.ask("POST", "/sending").header("Tus-Resumable", "1.0.0");
        let request = request.header("Tresor-Token", token).header("Sec-Fetch-Site", site);
        request.header("Upload-Length", "0").header("Upload-Metadata", &said).send()
    };
    refused(&ask("", "same-origin"), 403, "forged");
    refused(&ask(&script.token, "cross-site"), 403, "forged");
    ask(&script.token, "same-origin").expect(201);
    script.browser.cookies.borrow_mut().clear();
    refused(&ask(&script.token, "same-origin"), 401, "not-signed-in");

    // A person who may no longer store there goes on with nothing.
    server.cli_ok(["revoke", USER, SPACE]);
    refused(&script.patch(&upload, 1, b"b"), 404, "upload-unknown");
    server.cli_ok(["grant", USER, SPACE, "read"]);
    let text = refused(&script.patch(&upload, 1, b"b"), 403, "takes-no-files");
    assert!(!text.contains("Link"), "{text}");
    server.cli_ok(["grant", USER, SPACE, "write"]);
    script.patch(&upload, 1, b"bc").expect(204);
    assert_eq!(stored(&server, "a"), b"abc");
}

#[test]
fn bad_requests_are_refused_and_store_nothing() {
    let server = TestServer::start_plain();
    let script = Script::of_user(&server);
    for bad in ["", "..", "a/..", "a//b", "a\\..\\..", &"x".repeat(300)] {
        refused(&script.begin_in("", bad, &[], b"x", 1), 400, "bad-name");
    }
    refused(&script.begin_in("", "x/Thumbs.db", &[], b"x", 1), 415, "left-out");
    refused(&script.begin_in("missing", "x", &[], b"x", 1), 400, "bad-name");
    let elsewhere = script.begin(&[("space", "nowhere"), ("folder", ""), ("filename", "x")], 1, b"x");
    refused(&elsewhere, 403, "takes-no-files");
    refused(&script.begin(&[("space", SPACE), ("filename", "x")], 1, b"xyz"), 400, "upload-too-long");
    let unmeant = script.browser.ask("POST", "/sending").header("Sec-Fetch-Site", "same-origin");
    refused(&unmeant.header("Tresor-Token", &script.token).send(), 412, "version");
    refused(&script.send("PUT", "/sending", &[], b"x"), 404, "upload-unknown");
    assert_eq!(script.list(&format!("?space={SPACE}&folder="))["uploads"].as_array().unwrap().len(), 1);
    let upload = address(&script.begin_in("", "y", &[], b"xyz", 1).expect(201));
    script.send("DELETE", &upload, &[], &[]).expect(204);
    refused(&script.patch(&upload, 1, b"yz"), 404, "upload-unknown");
    server.request("GET", &format!("/dav/{SPACE}/y")).send().expect(404);
}

#[test]
fn a_guest_goes_on_where_the_upload_broke_off_and_the_receipt_names_the_file() {
    let server = office();
    let link = link(&server, ["--types", "pdf"]);
    let whole = content(2 * MIB);
    let guest = Script::of_guest(&server, &link);
    assert_eq!(guest.list(""), json!({ "uploads": [], "files": [] }));
    let said = [("filename", "Scans/a.pdf"), ("name", "Erika")];
    let begun = guest.begin(&said, whole.len(), &whole[..MIB]).expect(201);
    let text = refused(&guest.begin(&[("filename", "b.exe"), ("name", "")], 1, b"x"), 415, "wrong-type");
    assert!(text.contains("Dateiart"), "{text}");

    // The page was closed; the browser comes back another day.
    let listed = guest.list("");
    assert_eq!(listed["uploads"][0]["url"], address(&begun), "{listed}");
    assert_eq!(
        (&listed["uploads"][0]["path"], &listed["uploads"][0]["received"]),
        (&json!("Scans/a.pdf"), &json!(MIB))
    );
    guest.patch(&address(&begun), MIB, &whole[MIB..]).expect(204);
    let listed = guest.list("");
    assert_eq!(listed["uploads"], json!([]));
    let sha256 = HEXLOWER.encode(&Sha256::digest(&whole));
    let arrived = json!([{ "path": "Scans/a.pdf", "size": 2 * MIB, "sha256": sha256, "item": null }]);
    assert_eq!(listed["files"], arrived);
    assert_eq!(stored(&server, "Belege/Scans/a.pdf"), whole);
    // The same name again, from another browser: no file is replaced, and no name is revealed.
    let other = Script::of_guest(&server, &link);
    let again = other.begin(&said, 3, b"new").expect(201);
    assert_eq!(stored_as(&again), None);
    assert_eq!(stored(&server, "Belege/Scans/a.pdf"), whole);

    let left = address(&guest.begin(&[("filename", "late.pdf"), ("name", "")], 3, b"l").expect(201));
    // The end waits for a decision about the files that have arrived in part.
    let asked = finish(&guest.browser, &link).expect(409).text();
    assert!(asked.contains("late.pdf: 33 %") && asked.contains("Ohne diese Dateien abschließen"), "{asked}");
    guest.browser.keep(guest.browser.form(&link, &[("do", "finish-without")]).send()).expect(303);
    let (_, checked) = receipt(&guest.browser, &link);
    let names: Vec<_> =
        checked["files"].as_array().unwrap().iter().map(|file| file["path"].clone()).collect();
    assert_eq!(names, ["Scans/a.pdf"], "{checked}");
    assert_eq!(checked["refused"][0]["path"], "b.exe", "{checked}");
    refused(&guest.patch(&left, 1, b"st"), 403, "takes-no-files");
}

#[test]
fn an_upload_of_a_guest_ends_with_its_link_and_reserves_no_quota() {
    let server = office();
    let link = link(&server, ["--max-size", "2GB"]);
    server.cli_ok(["space", "set", SPACE, "--quota", "1GB"]);
    let guest = Script::of_guest(&server, &link);
    let begun = guest.begin(&[("filename", "film.mp4"), ("name", "")], 900_000_000, b"x").expect(201);
    let second = guest.begin(&[("filename", "other.mp4"), ("name", "")], 900_000_000, b"x").expect(201);
    let much = guest.begin(&[("filename", "much.mp4"), ("name", "")], 3_000_000_000, b"x");
    refused(&much, 413, "too-much");
    // Announced bytes take nothing from the office.
    server.request("PUT", &format!("/dav/{SPACE}/own.txt")).body(content(MIB)).send().expect(201);
    guest.patch(&address(&begun), 1, &content(MIB)).expect(204);
    guest.send("DELETE", &address(&second), &[], &[]).expect(204);
    let all: Value = serde_json::from_str(&server.cli_ok(["link", "list", "--json"])).unwrap();
    let id = all[0]["id"].to_string();
    server.cli_ok(["link", "revoke", &id]);
    refused(&guest.patch(&address(&begun), 1 + MIB, b"x"), 403, "takes-no-files");
    refused(&guest.begin(&[("filename", "a"), ("name", "")], 1, b"x"), 403, "takes-no-files");
    let stranger = Browser::new(&server, "de");
    let asked = stranger.ask("POST", &format!("{link}/sending")).header("Tus-Resumable", "1.0.0").send();
    refused(&asked, 403, "takes-no-files");
}

/// A link to something in the space; its path.
fn shared(server: &TestServer, target: &str, options: &[&str]) -> String {
    let words = ["link", "add", &format!("{SPACE}/{target}"), "--as", USER];
    let url = server.cli_ok(words.iter().chain(options));
    format!("/s/{}", url.trim().rsplit('/').next().unwrap())
}

#[test]
fn a_guest_who_works_in_a_folder_sends_as_by_its_form() {
    let server = TestServer::start_plain();
    server.request("MKCOL", &format!("/dav/{SPACE}/Akten")).send().expect(201);
    server.request("PUT", &format!("/dav/{SPACE}/daneben.txt")).body("daneben").send().expect(201);
    let guest = Script::of_guest(&server, &shared(&server, "Akten", &["--can", "edit"]));
    let whole = content(2 * MIB);
    let said = [("folder", ""), ("filename", "Scans/2025/a.pdf"), ("mtime", "1600000000")];
    let begun = guest.begin(&said, whole.len(), &whole[..MIB]).expect(201);
    let listed = guest.list("?folder=");
    assert_eq!(listed["uploads"][0]["url"], address(&begun), "{listed}");
    assert_eq!(
        (&listed["files"], guest.list("?folder=Scans")),
        (&json!([]), json!({ "uploads": [], "files": [] }))
    );
    // Its address is for the browser that began it.
    let other = Script {
        endpoint: guest.endpoint.clone(),
        browser: Browser::new(&server, "de"),
        token: String::new(),
    };
    other.browser.get(guest.endpoint.trim_end_matches("/sending")).expect(200);
    assert_eq!(other.list("?folder=")["uploads"], json!([]));
    guest.patch(&address(&begun), MIB, &whole[MIB..]).expect(204);
    assert_eq!(stored(&server, "Akten/Scans/2025/a.pdf"), whole);
    let file = server.request("HEAD", &format!("/dav/{SPACE}/Akten/Scans/2025/a.pdf")).send().expect(200);
    assert_eq!(file.header("last-modified"), Some("Sun, 13 Sep 2020 12:26:40 GMT"));

    // A name that is taken gets a number, whether the file comes at once or in parts.
    let again = [("folder", "Scans/2025"), ("filename", "a.pdf")];
    assert_eq!(stored_as(&guest.begin(&again, 3, b"new").expect(201)).as_deref(), Some("a (2).pdf"));
    let parts = address(&guest.begin(&again, 3, b"n").expect(201));
    assert_eq!(stored_as(&guest.patch(&parts, 1, b"ew").expect(204)).as_deref(), Some("a (3).pdf"));
    assert_eq!(stored(&server, "Akten/Scans/2025/a.pdf"), whole);
    guest.folder(&[("folder", "Scans"), ("filename", "leer/innen")]).expect(204);
    guest.folder(&[("folder", "Scans"), ("filename", "leer/innen")]).expect(204);
    refused(&guest.folder(&[("folder", "Scans/2025"), ("filename", "a.pdf")]), 400, "bad-name");
    server.request("PROPFIND", &format!("/dav/{SPACE}/Akten/Scans/leer/innen")).send().expect(207);

    // Nothing beside the folder of the link can be named.
    for (folder, name) in
        [("..", "x"), ("", "../x"), ("../Akten", "x"), ("fehlt", "x"), ("Scans/2025/a.pdf", "x")]
    {
        let answer = guest.begin(&[("folder", folder), ("filename", name)], 1, b"x");
        match (folder, answer.status) {
            ("", 201) => assert_eq!(stored(&server, "Akten/x"), b"x"),
            (_, 400 | 403) => {}
            _ => panic!("{folder} {name}: {answer}"),
        }
    }
    let names = server.request("PROPFIND", &format!("/dav/{SPACE}/")).header("Depth", "1").send().text();
    assert_eq!(names.matches("<d:response>").count(), 3, "{names}");
}

#[test]
fn only_a_link_that_lets_files_in_takes_uploads_and_they_end_with_it() {
    let server = TestServer::start_plain();
    server.request("MKCOL", &format!("/dav/{SPACE}/Akten")).send().expect(201);
    server.request("PUT", &format!("/dav/{SPACE}/Akten/a.txt")).body("a").send().expect(201);
    let said = [("folder", ""), ("filename", "b.txt")];
    for (target, right) in [("Akten", "read"), ("Akten/a.txt", "edit"), ("Akten/a.txt", "read")] {
        let guest = Script::of_guest(&server, &shared(&server, target, &["--can", right]));
        guest.browser.cookies.borrow_mut().insert("tresor-visit".into(), "x".repeat(32));
        refused(&guest.begin(&said, 1, b"x"), 403, "takes-no-files");
        refused(&guest.folder(&said), 403, "takes-no-files");
        let page = guest.browser.get(guest.endpoint.trim_end_matches("/sending")).text();
        assert!(!page.contains("data-upload") && !page.contains("<script"), "{page}");
    }
    let secret = server.secret_file("link.password", "Lampion-4711-Ufer");
    let closed = shared(&server, "Akten", &["--can", "edit", "--password-file", secret.to_str().unwrap()]);
    let guest = Script {
        browser: Browser::new(&server, "de"),
        endpoint: format!("{closed}/sending"),
        token: String::new(),
    };
    refused(&guest.begin(&said, 1, b"x"), 403, "takes-no-files");
    let forged = guest.browser.ask("POST", &guest.endpoint).header("Tus-Resumable", "1.0.0");
    refused(&forged.header("Sec-Fetch-Site", "cross-site").send(), 403, "takes-no-files");

    let guest = Script::of_guest(&server, &shared(&server, "Akten", &["--can", "edit"]));
    let forged = guest.browser.ask("POST", &guest.endpoint).header("Tus-Resumable", "1.0.0");
    refused(&forged.header("Sec-Fetch-Site", "cross-site").send(), 403, "forged");
    let [first, second] = [0, 1].map(|_| address(&guest.begin(&said, 3, b"x").expect(201)));
    // What its creator may no longer do, the guest may not either.
    server.cli_ok(["grant", USER, SPACE, "read"]);
    refused(&guest.patch(&first, 1, b"x"), 403, "takes-no-files");
    server.cli_ok(["grant", USER, SPACE, "write"]);
    guest.patch(&first, 1, b"xx").expect(204);
    let all: Value = serde_json::from_str(&server.cli_ok(["link", "list", "--json"])).unwrap();
    for link in all.as_array().unwrap() {
        server.cli_ok(["link", "revoke", &link["id"].to_string()]);
    }
    refused(&guest.patch(&second, 1, b"xx"), 404, "upload-unknown");
    refused(&guest.begin(&said, 1, b"x"), 403, "takes-no-files");
    server.request("GET", &format!("/dav/{SPACE}/Akten/b%20(2).txt")).send().expect(404);
}

#[test]
fn folders_without_files_are_made_where_the_person_may_store_files() {
    let server = TestServer::start_plain();
    let script = Script::of_user(&server);
    let make = |path: &str| script.folder(&[("space", SPACE), ("folder", ""), ("filename", path)]);
    make("Bilanz/2025/leer").expect(204);
    make("Bilanz/2025/leer").expect(204);
    let is_folder = |path: &str| {
        let asked = server.request("PROPFIND", &format!("/dav/{SPACE}/{path}")).header("Depth", "0").send();
        asked.status == 207 && asked.text().contains("collection")
    };
    assert!(is_folder("Bilanz/2025/leer"));
    script.begin_in("", "Datei", &[], b"x", 1).expect(201);
    refused(&make("Datei"), 400, "bad-name");
    refused(&make("a/.."), 400, "bad-name");
    refused(&script.send("POST", "/sending/folder", &[], &[]), 400, "bad-name");
    server.cli_ok(["grant", USER, SPACE, "read"]);
    refused(&make("Neu"), 403, "takes-no-files");
    assert!(!is_folder("Neu"));
    script.browser.cookies.borrow_mut().clear();
    refused(&make("Neu"), 401, "not-signed-in");
}

#[test]
fn a_hand_in_has_as_many_folders_without_files_as_it_may_have_files() {
    let server = office();
    let link = link(&server, ["--max-files", "2"]);
    let guest = Script::of_guest(&server, &link);
    let make = |path: &str| guest.folder(&[("filename", path)]);
    // A folder alone is nothing to hand in.
    refused(&make("Leer"), 403, "takes-no-files");
    guest.begin(&[("filename", "Scans/a.pdf"), ("name", "Erika")], 1, b"x").expect(201);
    let other = Script::of_guest(&server, &link);
    refused(&other.folder(&[("filename", "Leer")]), 403, "takes-no-files");
    make("Scans").expect(204);
    make("Scans/leer/innen").expect(204);
    make("Scans/leer/innen").expect(204);
    make("Leer").expect(204);
    refused(&make("Zu viel"), 413, "too-much");
    // It is there, by a name that people can read.
    make("Sc\u{202e}ans").expect(204);
    make("Leer").expect(204);
    refused(&make("Scans/a.pdf"), 400, "bad-name");
    refused(&make(&["a"; 21].join("/")), 403, "takes-no-files");
    for (path, status) in [("Scans/leer/innen", 207), ("Leer", 207), ("Zu%20viel", 404)] {
        server.request("PROPFIND", &format!("/dav/{SPACE}/Belege/{path}")).send().expect(status);
    }
    finish(&guest.browser, &link).expect(303);
    refused(&make("Scans"), 409, "finished");
}

#[test]
fn a_small_file_needs_one_request() {
    let server = office();
    let script = Script::of_user(&server);
    let whole = content(20_000);
    let sent =
        script.begin_in("", "Belege/a.txt", &[("mtime", "1600000000")], &whole, whole.len()).expect(201);
    assert_eq!((number(&sent, "upload-offset"), stored_as(&sent)), (whole.len(), None));
    assert_eq!(stored(&server, "Belege/a.txt"), whole);
    let head = server.request("HEAD", &format!("/dav/{SPACE}/Belege/a.txt")).send().expect(200);
    assert_eq!(head.header("last-modified"), Some("Sun, 13 Sep 2020 12:26:40 GMT"));
    let nothing = script.list(&format!("?space={SPACE}&folder="));
    assert_eq!(nothing["uploads"], json!([]));
    // Its address says that it is stored, as that of a larger file does.
    assert_eq!(script.offset(&address(&sent)), whole.len());
    script.patch(&address(&sent), whole.len(), &[]).expect(204);
    script.patch(&address(&sent), 7, b"x").expect(409);

    let beside = script.begin_in("", "Belege/a.txt", &[("beside", "1")], b"other", 5).expect(201);
    assert_eq!(stored_as(&beside).as_deref(), Some("a (2).txt"));
    let empty = script.begin_in("", "leer.txt", &[], b"", 0).expect(201);
    assert_eq!(number(&empty, "upload-offset"), 0);
    assert_eq!(stored(&server, "leer.txt"), b"");

    // A larger file keeps the bytes that arrived, and becomes a file at its end.
    let large = content(MIB + 1);
    let begun = script.begin_in("", "gross.txt", &[], &large, large.len()).expect(201);
    assert_eq!(number(&begun, "upload-offset"), large.len());
    assert_eq!(stored(&server, "gross.txt"), large);
}

#[test]
fn a_small_file_that_is_refused_is_named_in_the_receipt() {
    let server = office();
    let link = link(&server, []);
    let guest = Script::of_guest(&server, &link);
    guest.begin(&[("filename", "ja.txt")], 2, b"ja").expect(201);
    server.cli_ok(["space", "set", SPACE, "--quota", "1KiB"]);
    let large = content(20_000);
    refused(&guest.begin(&[("filename", "nein.txt")], large.len(), &large), 507, "no-room");
    finish(&guest.browser, &link);
    let (_, checked) = receipt(&guest.browser, &link);
    assert_eq!(
        (&checked["refused"][0]["path"], &checked["refused"][0]["reason"]),
        (&json!("nein.txt"), &json!("no-room")),
        "{checked}"
    );
    assert_eq!(checked["files"].as_array().unwrap().len(), 1, "{checked}");
}
