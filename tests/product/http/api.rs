//! The JSON interface: a browser's session and a script's password, every operation once, and whom it refuses.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::http::fixture::shared;
use crate::http::hand_in::{finish, send};
use crate::support::TestServer;
use crate::support::browser::{Browser, leads_to};
use crate::support::http::{Request, Response};
use crate::support::process::{installed, limited, succeed};
use crate::support::server::{PASSWORD, SPACE, USER};
use crate::support::smtp::TestSmtp;

/// A script of a page: the cookies of a browser, and the token of its session.
struct Script<'a> {
    browser: Browser<'a>,
    token: String,
}

impl<'a> Script<'a> {
    /// Signs in.
    fn of(server: &'a TestServer, user: &str, password: &str) -> Self {
        let browser = Browser::new(server, "en");
        let made = browser.keep(sign_in(&browser, user, password).send()).expect(201);
        Self { browser, token: read(&made)["token"].as_str().unwrap().to_owned() }
    }

    fn ask(&self, method: &str, path: &str) -> Request {
        own(&self.browser, self.browser.ask(method, &format!("/api/v1/{path}")))
            .header("Tresor-Token", &self.token)
    }

    /// The content at the address.
    #[track_caller]
    fn get(&self, path: &str) -> Value {
        read(&self.ask("GET", path).send().expect(200))
    }

    /// Sends JSON.
    fn send(&self, method: &str, path: &str, body: &Value) -> Response {
        as_json(self.ask(method, path), body).send()
    }

    #[track_caller]
    fn put(&self, path: &str, content: &str) -> u16 {
        self.ask("PUT", &content_of(path)).body(content).send().status
    }

    /// The paths of a folder's members.
    #[track_caller]
    fn members(&self, folder: &str) -> Vec<String> {
        let listed = self.get(&format!("spaces/{SPACE}/entries?path={folder}"));
        assert_eq!(listed.get("next"), None, "{listed}");
        let members = listed["members"].as_array().unwrap().iter();
        members.map(|member| member["path"].as_str().unwrap().to_owned()).collect()
    }
}

/// As a request of this server's own page.
fn own(browser: &Browser<'_>, request: Request) -> Request {
    request.header("Origin", &browser.server.url("")).header("Sec-Fetch-Site", "same-origin")
}

fn sign_in(browser: &Browser<'_>, user: &str, password: &str) -> Request {
    let request = own(browser, browser.ask("POST", "/api/v1/session"));
    as_json(request, &json!({ "user": user, "password": password }))
}

fn as_json(request: Request, body: &Value) -> Request {
    request.header("Content-Type", "application/json").body(body.to_string())
}

#[track_caller]
fn read(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap_or_else(|error| panic!("{error}: {response}"))
}

fn content_of(path: &str) -> String {
    format!("spaces/{SPACE}/content?path={path}")
}

/// Panics unless the answer is this refusal, as problem details.
#[track_caller]
fn assert_refused(response: &Response, status: u16, code: &str) {
    let problem = read(response);
    assert_eq!((response.status, problem["code"].as_str()), (status, Some(code)), "{response}");
    assert_eq!(response.header("content-type"), Some("application/problem+json"));
    assert_eq!(problem["status"], status);
    assert!(problem["detail"].as_str().is_some_and(|text| !text.is_empty()), "{response}");
}

#[test]
fn a_script_works_with_files_and_the_trash() {
    let server = TestServer::start_plain();
    let script = Script::of(&server, USER, PASSWORD);
    assert_eq!(script.get("session"), json!({ "user": USER, "role": "staff", "token": script.token }));
    let space = json!({ "name": SPACE, "kind": "team", "right": "write", "holds": false });
    assert_eq!(script.get("spaces"), json!([space]));

    let at = |rest: &str| format!("spaces/{SPACE}/{rest}");
    let folder = json!({ "path": "2026/Belege/März", "parents": true });
    let made = read(&script.send("POST", &at("folders"), &folder).expect(201));
    assert_eq!((&made["path"], &made["folder"]), (&json!("2026/Belege/März"), &json!(true)));
    assert_refused(&script.send("POST", &at("folders"), &json!({ "path": "2026" })), 409, "exists");

    let file = "2026/Belege/M%C3%A4rz/a.txt";
    assert_eq!(script.put(file, "first"), 201);
    assert_eq!(script.put(file, "second"), 204);
    let read_back = script.ask("GET", &content_of(file)).send().expect(200);
    assert_eq!(read_back.body, b"second");
    let part = script.ask("GET", &content_of(file)).header("Range", "bytes=1-2").send().expect(206);
    assert_eq!((part.body.as_slice(), part.header("content-range")), (&b"ec"[..], Some("bytes 1-2/6")));
    let beyond = script.ask("GET", &content_of(file)).header("Range", "bytes=99-").send();
    assert_refused(&beyond, 416, "content-refused");
    assert_eq!(beyond.header("content-range"), Some("bytes */6"));
    assert_refused(&script.ask("GET", &content_of("2026")).send(), 409, "is-folder");

    let versions = script.get(&at(&format!("versions?path={file}")));
    assert_eq!(versions.as_array().unwrap().len(), 2);
    assert_eq!((&versions[0]["current"], &versions[1]["current"]), (&json!(true), &json!(false)));
    let of_version = |id: &str| script.ask("GET", &format!("{}&version={id}", content_of(file)));
    let old = of_version(&versions[1]["id"].to_string()).send().expect(200);
    assert_eq!((old.body.as_slice(), old.header("etag") == read_back.header("etag")), (&b"first"[..], false));
    let rest = of_version(&versions[1]["id"].to_string()).header("Range", "bytes=3-");
    // The rest of the present content is not taken for that of the version.
    let mixed = rest.header("If-Range", read_back.header("etag").unwrap()).send().expect(200);
    assert_eq!(mixed.body, b"first");
    assert_refused(&of_version("999999").send(), 404, "content-refused");
    assert_refused(&of_version("x").send(), 404, "content-refused");
    let earlier = json!({ "path": "2026/Belege/März/a.txt", "version": versions[1]["id"] });
    assert_eq!(read(&script.send("POST", &at("versions"), &earlier).expect(200))["size"], 5);
    assert_eq!(script.ask("GET", &content_of(file)).send().expect(200).body, b"first");

    let copy = json!({ "from": "2026/Belege", "to": "2026/Kopie" });
    script.send("POST", &at("copy"), &copy).expect(200);
    assert_refused(&script.send("POST", &at("copy"), &copy), 409, "exists");
    let renamed = json!({ "from": "/2026/Kopie/", "to": "Umbenannt", "to_space": SPACE, "overwrite": true });
    assert_eq!(read(&script.send("POST", &at("move"), &renamed).expect(200))["path"], "Umbenannt");
    assert_eq!(script.members("Umbenannt/M%C3%A4rz"), ["Umbenannt/März/a.txt"]);
    assert_eq!(script.members(""), ["2026", "Umbenannt"]);
    let used = script.get(&format!("spaces/{SPACE}"));
    assert_eq!((used["used"].as_u64(), &used["name"]), (Some(10), &json!(SPACE)));

    for path in ["Umbenannt", "2026"] {
        script.ask("DELETE", &at(&format!("entries?path={path}"))).send().expect(204);
    }
    assert_eq!(script.members(""), Vec::<String>::new());
    let trash = script.get(&at("trash"));
    let id = |index: usize| trash[index]["id"].as_i64().unwrap();
    assert_eq!((&trash[0]["path"], &trash[1]["path"]), (&json!("2026"), &json!("Umbenannt")));
    let back = script.ask("POST", &at(&format!("trash/{}/restore", id(0)))).send().expect(200);
    assert_eq!(read(&back), json!({ "path": "2026" }));
    let gone = script.ask("POST", &at(&format!("trash/{}/restore", id(0)))).send();
    assert_refused(&gone, 404, "not-in-trash");
    // Only managers of a space may remove for good.
    assert_refused(&script.ask("DELETE", &at(&format!("trash/{}", id(1)))).send(), 403, "right-missing");
    server.cli_ok(["grant", USER, SPACE, "manage"]);
    script.ask("DELETE", &at(&format!("trash/{}", id(1)))).send().expect(204);
    assert_eq!(script.get(&at("trash")), json!([]));

    script.ask("DELETE", "session").send().expect(204);
    assert_refused(&script.ask("GET", "session").send(), 401, "not-signed-in");
    server.assert_no_traces(&[&script.token]);
}

/// A path in an answer is one for the next request, also where people are shown numbers in place of characters.
#[test]
fn paths_come_back_as_they_were_sent() {
    let server = TestServer::start_plain();
    let script = Script::of(&server, USER, PASSWORD);
    let folder = "a\u{202e}b \u{1}c";
    let made = json!({ "path": folder });
    let made = read(&script.send("POST", &format!("spaces/{SPACE}/folders"), &made).expect(201));
    assert_eq!(made["path"], folder);
    let encoded = utf8_percent_encode(folder, NON_ALPHANUMERIC).to_string();
    assert_eq!(script.put(&format!("{encoded}/x.txt"), "x"), 201);
    assert_eq!(script.members(&encoded), [format!("{folder}/x.txt")]);
    let link = json!({ "space": SPACE, "path": folder, "can": "read" });
    assert_eq!(read(&script.send("POST", "links", &link).expect(201))["path"], folder);
}

#[test]
fn a_script_makes_a_link_and_sees_what_came_in() {
    let server = TestServer::start_plain();
    let script = Script::of(&server, USER, PASSWORD);
    let asked = json!({
        "space": SPACE, "path": "Huber/2026", "make_folders": true, "can": "add", "label": "Frau Huber",
        "uses": 1, "deadline": "2999-01-31", "until": "2999-12-31", "types": ["pdf", "txt"],
    });
    let link = read(&script.send("POST", "links", &asked).expect(201));
    assert_eq!(
        (&link["path"], &link["max_uses"], &link["can"]),
        (&json!("Huber/2026"), &json!(1), &json!("add"))
    );
    assert!(link["ends"].as_str().unwrap().starts_with("2999-12-31T"), "{link}");
    let here = format!("links/{}", link["id"]);
    assert_eq!(script.get("links"), json!([link]));
    assert_eq!(script.get(&here), link);

    let (_, token) = link["url"].as_str().unwrap().split_once("/s/").unwrap();
    let (client, address) = (Browser::new(&server, "de"), format!("/s/{token}"));
    client.get(&address).expect(200);
    send(&client, &address, "Erika", &[("a.txt", "content")]).expect(200);
    let hand_ins = script.get(&format!("{here}/hand-ins"));
    let receipt = format!("{here}/hand-ins/{}/receipt", hand_ins[0]["id"]);
    assert_refused(&script.ask("GET", &receipt).send(), 409, "hand-in-unfinished");
    leads_to(&finish(&client, &address));
    let hand_ins = script.get(&format!("{here}/hand-ins"));
    let file = &hand_ins[0]["files"][0];
    assert_eq!((&hand_ins[0]["name"], &hand_ins[0]["complete"]), (&json!("Erika"), &json!(true)));
    assert_eq!((&file["path"], &file["state"]), (&json!("a.txt"), &json!("arrived")));
    let receipt = script.ask("GET", &receipt).send().expect(200).text();
    assert!(receipt.contains("tresor-receipt-1") && receipt.contains("a.txt"), "{receipt}");

    let change = json!({ "label": "Herr Huber", "until": "never", "more_uses": 2, "password": "" });
    let changed = read(&script.send("PATCH", &here, &change).expect(200));
    assert_eq!((&changed["label"], &changed["max_uses"]), (&json!("Herr Huber"), &json!(3)));
    assert_eq!((changed.get("ends"), &changed["url"]), (None, &link["url"]));
    // Limits that are not named stay.
    let limits = |change: &serde_json::Value| {
        let changed = read(&script.send("PATCH", &here, change).expect(200));
        ["max_size", "max_files", "types"].map(|name| changed[name].clone())
    };
    let all = limits(&json!({ "max_size": 5_000_000, "max_files": 3, "types": ["PDF"] }));
    assert_eq!(all, [json!(5_000_000), json!(3), json!(["pdf"])]);
    assert_eq!(limits(&json!({ "max_size": 0 })), [json!(null), json!(3), json!(["pdf"])]);
    let none = limits(&json!({ "max_files": 0, "types": [] }));
    assert_eq!(none, [json!(null), json!(null), json!(null)]);
    assert_refused(&script.send("PATCH", &here, &json!({ "types": ["../x"] })), 400, "ending-malformed");

    for (field, value, status, code) in [
        ("can", json!("write"), 400, "body-malformed"),
        ("uses", json!(0), 400, "body-malformed"),
        ("until", json!("31.12.2999"), 400, "day-malformed"),
        ("until", json!("2020-01-01"), 422, "expiry-in-past"),
        ("until", json!("2998-12-31"), 422, "ends-before-deadline"),
        ("types", json!(["../x"]), 400, "ending-malformed"),
        ("path", json!("a/../b"), 400, "name-reserved"),
        ("space", json!("other"), 404, "space-unknown"),
        ("password", json!("kurz"), 422, "link-password-too-short"),
        ("surprise", json!(true), 400, "body-malformed"),
    ] {
        let mut asked = asked.clone();
        asked[field] = value;
        assert_refused(&script.send("POST", "links", &asked), status, code);
    }
    script.ask("DELETE", &here).send().expect(204);
    assert_refused(&script.ask("GET", &here).send(), 404, "link-unknown");
    client.get(&address).expect(404);
}

#[test]
fn a_script_asks_for_documents_and_judges_what_came_in() {
    let smtp = TestSmtp::plain();
    let mail = format!("smtp = '127.0.0.1:{}'\ntls = 'off'\nfrom = 'tresor@example.org'", smtp.port());
    let server =
        TestServer::start_configured(&format!("public_url = 'https://files.example.org'\n[mail]\n{mail}\n"));
    let script = Script::of(&server, USER, PASSWORD);
    let asked = json!({
        "space": SPACE, "path": "Huber/Steuer", "title": "Steuer 2025", "note": "Bitte alles", "deadline": "2999-12-31",
        "items": [{ "title": "Ausweis", "person": "A", "single": true }, { "title": "Bescheid", "help": "der letzte", "until": "14d" }],
        "recipients": [{ "name": "Erika", "mail": "erika@example.de" }, { "name": "Max", "language": "en" }],
        "remind": "3d",
    });
    let made = read(&script.send("POST", "requests", &asked).expect(201));
    let here = format!("requests/{}", made["id"]);
    assert_eq!(
        (&made["space"], &made["path"], &made["missing"], &made["remind"], &made["paused"]),
        (&json!(SPACE), &json!("Huber/Steuer"), &json!(2), &json!("3d"), &json!(false))
    );
    let until = |request: &Value| request["items"][1]["until"].as_str().map(|until| until[..10].to_owned());
    assert_eq!(until(&made).as_deref(), Some("2999-12-17"));
    assert!(made["next_due"].as_str().unwrap().starts_with("2999-12-17T"), "{made}");
    let [erika, max] = [0, 1].map(|at| made["recipients"][at].clone());
    assert_eq!(
        (&erika["mail"], &max["language"], &max["no_mail"]),
        (&json!("erika@example.de"), &json!("en"), &json!("no-address"))
    );
    assert!(erika["next"].as_str().unwrap().starts_with("2999-12-13T"), "a Friday: {erika}");
    // The addresses are shown once.
    let shown = script.get(&here);
    assert!(erika["url"].is_string() && shown["recipients"][0].get("url").is_none(), "{shown}");
    let listed = script.get("requests");
    assert_eq!((&listed["requests"][0]["id"], listed.get("next")), (&made["id"], None));

    // By the address of the other one, and judged.
    let client = Browser::new(&server, "de");
    let link = super::requests::path(max["url"].as_str().unwrap());
    let [pass, notice] = [0, 1].map(|at| made["items"][at]["id"].clone());
    super::requests::send(&client, &link, &pass.to_string(), &[("vorn.jpg", "front")]).expect(200);
    let item = script.get(&here)["items"][0].clone();
    assert_eq!((&item["state"], &item["files"][0]["sent"]), (&json!("handed-in"), &json!("vorn.jpg")));
    let lists = |word: &str| {
        script.get(&format!("requests?show={word}&space={SPACE}"))["requests"].as_array().unwrap().len()
    };
    assert_eq!(["to-check", "missing", "rejected", "overdue", "closed"].map(lists), [1, 1, 0, 0, 0]);
    let before = script.get(&format!("requests?before={}", made["id"]));
    assert_eq!(before, json!({ "requests": [] }));
    let act = |word: &str, body: Value| script.send("POST", &format!("{here}/{word}"), &body);
    let reason = json!({ "items": [pass], "reason": "Rückseite fehlt" });
    let rejected = read(&act("reject", reason).expect(200));
    assert_eq!(
        (&rejected["items"][0]["state"], &rejected["items"][0]["reason"]),
        (&json!("rejected"), &json!("Rückseite fehlt"))
    );
    let undone = read(&act("undo", json!({ "items": [pass] })).expect(200));
    assert_eq!(undone["items"][0]["state"], "handed-in");
    let accepted = read(&act("accept", json!({ "items": [pass, notice] })).expect(200));
    assert_eq!((&accepted["missing"], &accepted["items"][1]["state"]), (&json!(0), &json!("accepted")));
    assert_refused(&act("remind", json!({})), 409, "nothing-missing");
    act("undo", json!({ "items": [notice] })).expect(200);

    // An item has another day.
    let item = format!("{here}/items/{notice}");
    let dated = read(&script.send("PATCH", &item, &json!({ "until": "2999-11-30" })).expect(200));
    assert_eq!(until(&dated).as_deref(), Some("2999-11-30"));
    assert_refused(
        &script.send("PATCH", &item, &json!({ "until": "3000-01-01" })),
        422,
        "item-after-deadline",
    );
    assert_eq!(until(&read(&script.send("PATCH", &item, &json!({ "until": "" })).expect(200))), None);
    server.request("PUT", &format!("/dav/{SPACE}/form.pdf")).body("1").send().expect(201);
    let form = json!({ "form": format!("{SPACE}/form.pdf") });
    let handed = read(&script.send("PATCH", &item, &form).expect(200));
    assert_eq!(handed["items"][1]["handouts"], json!([{ "what": "form", "file": "form.pdf", "size": 1 }]));
    assert_refused(&script.send("PATCH", &item, &json!({ "form": SPACE })), 422, "handout-invalid");
    assert_refused(&script.send("PATCH", &item, &json!({ "example": "none/a.pdf" })), 404, "space-unknown");
    let handed = read(&script.send("PATCH", &item, &json!({ "form": "" })).expect(200));
    assert_eq!(handed["items"][1]["handouts"], json!([]));

    // Reminders.
    let preview = script.get(&format!("{here}/reminder"));
    assert_eq!(
        (&preview[0]["to"], &preview[1]["no_mail"]),
        (&json!("erika@example.de"), &json!("no-address"))
    );
    assert!(preview[0]["text"].as_str().unwrap().contains("ist noch ein Punkt offen"), "{preview}");
    assert_eq!(read(&act("pause", json!({})).expect(200))["paused"], true);
    assert_refused(&act("remind", json!({})), 409, "reminders-paused");
    assert_eq!(read(&act("resume", json!({})).expect(200))["paused"], false);
    act("remind", json!({})).expect(200);
    assert_refused(&act("remind", json!({})), 409, "reminded-today");
    assert_eq!(smtp.takes(1)[0].body().trim_end(), preview[0]["text"].as_str().unwrap().trim_end());
    let other = json!({ "mail": "huber@example.de" });
    let address = format!("{here}/recipients/{}", erika["id"]);
    assert_eq!(
        read(&script.send("PATCH", &address, &other).expect(200))["recipients"][0]["mail"],
        "huber@example.de"
    );
    let taken = script.send("PATCH", &format!("{here}/recipients/{}", max["id"]), &other);
    assert_refused(&taken, 422, "recipients-invalid");

    let extended = read(&act("extend", json!({ "deadline": "2999-06-30" })).expect(200));
    assert!(extended["deadline"].as_str().unwrap().starts_with("2999-06-30T"), "{extended}");
    assert!(read(&act("close", json!({})).expect(200))["closed"].is_string());
    assert_eq!(["running", "closed"].map(lists), [0, 1]);
    assert!(read(&act("reopen", json!({})).expect(200)).get("closed").is_none());
}

#[test]
fn requests_that_cannot_be_made_or_judged_are_refused() {
    let server = shared();
    let script = Script::of(&server, USER, PASSWORD);
    let asked = json!({ "space": SPACE, "path": "refused", "items": [{ "title": "Ausweis" }] });
    let made = read(&script.send("POST", "requests", &asked).expect(201));
    let (here, pass) = (format!("requests/{}", made["id"]), made["items"][0]["id"].clone());
    for (field, value, status, code) in [
        ("space", json!("other"), 404, "space-unknown"),
        ("path", json!("a/../b"), 400, "name-reserved"),
        ("template", json!("none"), 422, "template-unknown"),
        ("items", json!([]), 422, "items-missing"),
        ("items", json!([{ "title": "" }]), 422, "template-invalid"),
        ("recipients", json!([{ "mail": "erika" }]), 422, "mail-address-invalid"),
        ("items", json!([{ "title": "a", "until": "soon" }]), 422, "item-time-invalid"),
        ("items", json!([{ "title": "a", "until": "2020-01-01" }]), 422, "deadline-in-past"),
        ("deadline", json!("2020-01-01"), 422, "deadline-in-past"),
        ("deadline", json!("31.12.2999"), 400, "day-malformed"),
        ("remind", json!("soon"), 422, "reminder-plan-invalid"),
        ("surprise", json!(true), 400, "body-malformed"),
    ] {
        let mut asked = asked.clone();
        asked[field] = value;
        assert_refused(&script.send("POST", "requests", &asked), status, code);
    }
    for (method, path, body, status, code) in [
        ("GET", "requests?show=none".to_owned(), json!({}), 400, "list-unknown"),
        ("GET", "requests?before=x".to_owned(), json!({}), 400, "list-unknown"),
        ("GET", "requests?space=other".to_owned(), json!({}), 404, "space-unknown"),
        ("POST", format!("{here}/accept"), json!({ "items": [999] }), 404, "item-unknown"),
        ("POST", format!("{here}/accept"), json!({ "items": vec![pass.clone(); 101] }), 404, "item-unknown"),
        (
            "POST",
            format!("{here}/reject"),
            json!({ "items": [pass], "reason": " " }),
            422,
            "request-text-invalid",
        ),
        ("PATCH", format!("{here}/items/999"), json!({ "until": "" }), 404, "item-unknown"),
        ("PATCH", format!("{here}/items/{pass}"), json!({ "until": "soon" }), 400, "day-malformed"),
        ("PATCH", format!("{here}/recipients/999"), json!({ "mail": "" }), 404, "recipient-unknown"),
        ("GET", "requests/999".to_owned(), json!({}), 404, "request-unknown"),
    ] {
        assert_refused(&script.send(method, &path, &body), status, code);
    }
}

/// Requests are for users who may write in their space, and not for clients of the office.
#[test]
fn requests_are_shown_and_judged_by_whoever_may_write_there() {
    let server = TestServer::start_plain();
    server.add_member("reader", "staff", "read");
    server.add_member("client", "client", "write");
    server.add_user("stranger", "staff", PASSWORD);
    let ask = |user: &str, method: &str, path: &str, body: &Value| {
        let request = server.anonymous(method, &format!("/api/v1/{path}")).sign_in(user, PASSWORD);
        as_json(request, body).send()
    };
    let asked = json!({ "space": SPACE, "items": [{ "title": "Ausweis" }] });
    let made = read(&ask(USER, "POST", "requests", &asked).expect(201));
    assert_refused(&ask("reader", "POST", "requests", &asked), 403, "right-missing");
    assert_refused(&ask("client", "POST", "requests", &asked), 403, "clients-make-no-links");
    assert_refused(&ask("stranger", "POST", "requests", &asked), 404, "space-unknown");
    let (items, none) = (json!({ "items": [made["items"][0]["id"]] }), json!({}));
    let reject = json!({ "items": items["items"], "reason": "x" });
    let (deadline, mail) = (json!({ "deadline": "2999-12-31" }), json!({ "mail": "" }));
    let here = format!("requests/{}", made["id"]);
    let recipient = format!("recipients/{}", made["recipients"][0]["id"]);
    let renewed = format!("{recipient}/address");
    for user in ["reader", "client", "stranger"] {
        let page = read(&ask(user, "GET", "requests", &none).expect(200));
        assert_eq!(page, json!({ "requests": [] }), "{user}");
        for (method, word, body) in [
            ("GET", "", &none),
            ("GET", "reminder", &none),
            ("POST", "accept", &items),
            ("POST", "reject", &reject),
            ("POST", "undo", &items),
            ("POST", "close", &none),
            ("POST", "reopen", &none),
            ("POST", "extend", &deadline),
            ("POST", "remind", &none),
            ("POST", "invite", &none),
            ("POST", renewed.as_str(), &none),
            ("POST", "pause", &none),
            ("POST", "resume", &none),
            ("PATCH", recipient.as_str(), &mail),
        ] {
            let path = format!("{here}/{word}");
            assert_refused(&ask(user, method, path.trim_end_matches('/'), body), 404, "request-unknown");
        }
    }
    let shown = read(&ask(USER, "GET", &here, &none).expect(200));
    assert_eq!((&shown["items"][0]["state"], &shown["paused"]), (&json!("open"), &json!(false)));
    assert_refused(&ask(USER, "POST", &format!("{here}/remind"), &none), 409, "mail-off");
    assert_refused(&ask(USER, "POST", &format!("{here}/invite"), &none), 409, "mail-off");
    let renewed = read(&ask(USER, "POST", &format!("{here}/{renewed}"), &none).expect(200));
    let (old, new) = (&made["recipients"][0]["url"], &renewed["recipients"][0]["url"]);
    assert!(new.is_string() && new != old && shown["recipients"][0]["url"].is_null(), "{renewed}");
}

/// All operations of the document, with every parameter in the path filled.
fn operations(server: &TestServer) -> Vec<(String, String)> {
    let document = read(&server.anonymous("GET", "/api/openapi.json").send().expect(200));
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let fill = |segment: &str| match segment {
            "{space}" => SPACE.to_owned(),
            id if id.starts_with('{') => "1".to_owned(),
            word => word.to_owned(),
        };
        let path = path.split('/').map(fill).collect::<Vec<_>>().join("/");
        found.extend(methods.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())));
    }
    assert!(found.len() > 35, "{found:?}");
    found
}

#[test]
fn nothing_is_done_without_a_session_or_password_and_nothing_for_another_site() {
    let server = shared();
    let script = Script::of(&server, USER, PASSWORD);
    let browser = &script.browser;
    for (method, path) in operations(&server) {
        if path == "/api/openapi.json" || (method.as_str(), path.as_str()) == ("POST", "/api/v1/session") {
            continue;
        }
        let what = format!("{method} {path}");
        let without = server.anonymous(&method, &path).send();
        assert_refused(&without, 401, "not-signed-in");
        assert!(without.header("www-authenticate").unwrap().starts_with("Basic"), "{what}");
        // A browser would ask for a password itself.
        let in_browser = server.anonymous(&method, &path).header("Sec-Fetch-Site", "same-origin").send();
        assert_eq!(in_browser.header("www-authenticate"), Some("Session"), "{what}");
        let wrong = server.anonymous(&method, &path).sign_in(USER, "wrong").send();
        assert_refused(&wrong, 401, "login-refused");

        let forged = |request: Request| assert_refused(&request.send(), 403, "request-forged");
        let with_token = |request: Request| request.header("Tresor-Token", &script.token);
        forged(with_token(browser.ask(&method, &path)).header("Sec-Fetch-Site", "cross-site"));
        forged(with_token(browser.ask(&method, &path)).header("Origin", "https://evil.example"));
        if method != "GET" {
            forged(own(browser, browser.ask(&method, &path)));
            forged(own(browser, browser.ask(&method, &path)).header("Tresor-Token", "x"));
            forged(with_token(browser.ask(&method, &path)));
        }
    }
    let foreign = browser.ask("POST", "/api/v1/session").header("Sec-Fetch-Site", "cross-site");
    let body = json!({ "user": USER, "password": PASSWORD });
    assert_refused(&as_json(foreign, &body).send(), 403, "request-forged");
    assert_refused(&sign_in(browser, USER, "wrong").send(), 403, "sign-in-refused");
    script.ask("GET", "session").send().expect(200);
    // WebDAV knows no cookie.
    let dav = browser.ask("GET", &format!("/dav/{SPACE}/")).send();
    assert_eq!(dav.status, 401, "{dav}");
}

#[test]
fn a_script_with_a_password_needs_no_token_and_gets_the_rights_of_its_user() {
    let server = TestServer::start_plain();
    server.add_member("reader", "client", "read");
    server.add_user("stranger", "staff", PASSWORD);
    let put = |user: &str| {
        let request = server.anonymous("PUT", &format!("/api/v1/{}", content_of("a.txt")));
        request.sign_in(user, PASSWORD).body("x").send()
    };
    put(USER).expect(201);
    assert_refused(&put("reader"), 403, "content-refused");
    assert_refused(&put("stranger"), 404, "space-unknown");
    for (method, path, body) in [
        ("GET", "entries?path=a.txt", None),
        ("GET", "content?path=a.txt", None),
        ("GET", "versions?path=a.txt", None),
        ("GET", "trash", None),
        ("GET", "", None),
        ("DELETE", "entries?path=a.txt", None),
        ("POST", "folders", Some(json!({ "path": "b" }))),
        ("POST", "move", Some(json!({ "from": "a.txt", "to": "b.txt" }))),
        ("POST", "copy", Some(json!({ "from": "a.txt", "to": "b.txt" }))),
        ("POST", "versions", Some(json!({ "path": "a.txt", "version": 1 }))),
    ] {
        let path = format!("/api/v1/spaces/{SPACE}/{path}");
        let path = path.trim_end_matches('/');
        let ask = |user: &str| {
            let request = server.anonymous(method, path).sign_in(user, PASSWORD);
            match &body {
                Some(body) => as_json(request, body).send(),
                None => request.send(),
            }
        };
        assert_refused(&ask("stranger"), 404, "space-unknown");
        match method {
            "GET" => drop(ask("reader").expect(200)),
            _ => assert_refused(&ask("reader"), 403, "right-missing"),
        }
    }
    let link = json!({ "space": SPACE, "path": "a.txt", "can": "read" });
    let make =
        |user: &str| as_json(server.anonymous("POST", "/api/v1/links").sign_in(user, PASSWORD), &link).send();
    assert_refused(&make("reader"), 403, "clients-make-no-links");
    assert_refused(&make("stranger"), 404, "space-unknown");
    let id = read(&make(USER).expect(201))["id"].as_i64().unwrap();
    for method in ["GET", "DELETE", "PATCH"] {
        let request = server.anonymous(method, &format!("/api/v1/links/{id}")).sign_in("stranger", PASSWORD);
        assert_refused(&as_json(request, &json!({})).send(), 404, "link-unknown");
    }
}

#[test]
fn bad_requests_get_problem_details() {
    let server = shared();
    let ask = |method: &str, path: &str| server.request(method, path);
    for path in ["/api", "/api/", "/api/v1", "/api/v1/nothing", "/api/v1/spaces/", "/api/v1/spaces/a%FF"] {
        assert_refused(&ask("GET", path).send(), 404, "address-unknown");
    }
    let other = ask("PUT", "/api/v1/links").send();
    assert_refused(&other, 405, "method-not-allowed");
    assert_eq!(other.header("allow"), Some("GET, HEAD, POST, OPTIONS"));
    let options = ask("OPTIONS", "/api/v1/links").send().expect(204);
    assert_eq!(options.header("allow"), Some("GET, HEAD, POST, OPTIONS"));
    let folders = format!("/api/v1/spaces/{SPACE}/folders");
    assert_refused(&ask("POST", &folders).body("{}").send(), 415, "not-json");
    let json =
        |body: Vec<u8>| ask("POST", &folders).header("Content-Type", "application/json").body(body).send();
    assert_refused(&json(b"{\"path\": ".to_vec()), 400, "body-malformed");
    assert_refused(&json(vec![b'['; 60_000]), 400, "body-malformed");
    assert_refused(&json(vec![b' '; 70_000]), 413, "body-unreadable");
    let head = ask("HEAD", "/api/v1/spaces").send().expect(200);
    assert!(head.body.is_empty());
    assert_refused(&ask("GET", &format!("/api/v1/{}", content_of("missing"))).send(), 404, "not-found");
    assert_refused(
        &ask("GET", &format!("/api/v1/spaces/{SPACE}/entries?path=..")).send(),
        400,
        "name-reserved",
    );
}

/// Schemathesis makes requests from the document, right and wrong ones, and judges the answers by it.
#[test]
fn answers_are_as_the_document_says() {
    let server = TestServer::start_plain();
    for path in ["a.txt", "b/c.txt"] {
        let folder = json!({ "path": "b", "parents": true });
        as_json(server.request("POST", &format!("/api/v1/spaces/{SPACE}/folders")), &folder).send();
        server.request("PUT", &format!("/api/v1/{}", content_of(path))).body("x").send().expect(201);
    }
    let link = json!({ "space": SPACE, "path": "b", "can": "add" });
    assert_eq!(read(&as_json(server.request("POST", "/api/v1/links"), &link).send().expect(201))["id"], 1);
    let asked = json!({ "space": SPACE, "path": "b", "items": [{ "title": "Ausweis" }] });
    as_json(server.request("POST", "/api/v1/requests"), &asked).send().expect(201);
    let mut command = limited(&installed("schemathesis/bin/schemathesis"));
    // Facts that no document can say, such as that a day is past, are none of its business.
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/product/http/schemathesis/schemathesis.toml");
    // It keeps notes in the folder in which it runs.
    command.current_dir(server.scratch("schemathesis")).args(["--config-file", config]);
    command.args([
        "run",
        "--exclude-checks",
        "positive_data_acceptance",
        &server.url("/api/openapi.json"),
        "--auth",
        &format!("{USER}:{PASSWORD}"),
    ]);
    command.args(["--phases", "examples,coverage,fuzzing", "--max-examples", "15", "--seed", "1"]);
    command.args(["--suppress-health-check", "all", "--generation-database", "none", "--no-color"]);
    succeed(&mut command);
    let log = server.log();
    assert!(!log.contains("panicked"), "{log}");
    crate::http::fixture::assert_alive(&server);
}
