//! Links through Nextcloud's share API, as the desktop, Android and iOS ask for them.

use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::http::{Request, Response};
use crate::support::server::{ADMIN, ADMIN_PASSWORD, PASSWORD, SPACE, USER};

const SHARES: &str = "/ocs/v2.php/apps/files_sharing/api/v1/shares";
const FORM: &str = "application/x-www-form-urlencoded";

fn office() -> TestServer {
    let server = TestServer::start_plain();
    server.request("MKCOL", &format!("/dav/{SPACE}/Akten")).send().expect(201);
    server.request("PUT", &format!("/dav/{SPACE}/Akten/b%20%C3%BC.txt")).body("zwei").send().expect(201);
    server.request("PUT", &format!("/dav/{SPACE}/a.txt")).body("eins").send().expect(201);
    server
}

fn ask(server: &TestServer, method: &str, rest: &str) -> Request {
    let request = server.request(method, &format!("{SHARES}{rest}")).header("OCS-APIREQUEST", "true");
    request.header("Accept", "application/json")
}

fn create(server: &TestServer, form: &str) -> Response {
    ask(server, "POST", "?format=json").header("Content-Type", FORM).body(form).send()
}

fn json_of(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap_or_else(|error| panic!("{error}: {response}"))
}

/// The data of a success.
#[track_caller]
fn data(response: &Response) -> Value {
    let answer = json_of(response);
    assert_eq!((response.status, &answer["ocs"]["meta"]["statuscode"]), (200, &json!(200)), "{response}");
    answer["ocs"]["data"].clone()
}

/// The code and message of a failure.
fn failure(response: &Response) -> (u64, String) {
    let meta = &json_of(response)["ocs"]["meta"];
    assert_eq!(meta["status"], "failure", "{response}");
    (meta["statuscode"].as_u64().unwrap(), meta["message"].as_str().unwrap().to_owned())
}

fn path_of(server: &TestServer, url: &Value) -> String {
    url.as_str().unwrap().strip_prefix(&server.url("")).unwrap_or_else(|| panic!("{url}")).to_owned()
}

/// The text of the property in a PROPFIND of the place.
fn property(server: &TestServer, path: &str, depth: &str, name: &str) -> String {
    let body = format!(
        r#"<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"
        xmlns:x1="http://open-collaboration-services.org/ns"><d:prop><{name}/></d:prop></d:propfind>"#
    );
    let place = format!("/remote.php/dav/files/{USER}/{SPACE}{path}");
    server.request("PROPFIND", &place).header("Depth", depth).xml(&body).send().expect(207).text()
}

/// The desktop: reads the rights to share, lists, creates, sets a password, a date, a note, and deletes.
#[test]
fn the_desktop_shares_a_file_and_takes_it_back() {
    let server = office();
    assert!(property(&server, "/a.txt", "0", "x1:share-permissions").contains(">19<"));
    assert!(property(&server, "/Akten", "0", "x1:share-permissions").contains(">31<"));
    assert!(property(&server, "/a.txt", "0", "oc:permissions").contains(">RGDNVW<"));
    let path = format!("%2F{SPACE}%2Fa.txt");
    let list = || ask(&server, "GET", &format!("?format=json&path={path}&reshares=true")).send();
    assert_eq!(data(&list()), json!([]));

    let made = data(&create(&server, &format!("path={path}&shareType=3&password=Geheim-1x7")));
    assert_eq!(made["share_type"], 3);
    for (member, expected) in [
        ("uid_owner", json!(USER)),
        ("displayname_owner", json!(USER)),
        ("permissions", json!(1)),
        ("path", json!(format!("/{SPACE}/a.txt"))),
        ("file_target", json!("/a.txt")),
        ("item_type", json!("file")),
        ("mimetype", json!("text/plain")),
        ("share_with", json!("***")),
        ("password", json!("***")),
        ("note", json!("")),
        ("label", json!("")),
        ("hide_download", json!(0)),
        ("parent", Value::Null),
    ] {
        assert_eq!(made[member], expected, "{member}");
    }
    let id = made["id"].as_str().unwrap().to_owned();
    assert!(id.parse::<u64>().is_ok());
    let expires = made["expiration"].as_str().unwrap();
    assert!(expires.len() == 19 && expires.ends_with(" 00:00:00"), "thirty days from now: {expires}");
    let token = made["token"].as_str().unwrap();
    assert_eq!(made["url"], format!("{}/s/{token}", server.url("")));
    assert_eq!(data(&list()), json!([made]));
    assert_eq!(data(&ask(&server, "GET", "?format=json").send()), json!([made]));
    assert_eq!(data(&ask(&server, "GET", &format!("/{id}?format=json")).send()), json!([made]));
    let shown = property(&server, "", "1", "oc:share-types");
    assert_eq!(shown.matches("<oc:share-types><oc:share-type>3</oc:share-type></oc:share-types>").count(), 1);
    assert!(shown.contains("<oc:share-types/>"), "{shown}");

    let put = |form: &str| {
        let request = ask(&server, "PUT", &format!("/{id}?format=json")).header("Content-Type", FORM);
        data(&request.body(form).send())
    };
    assert_eq!(put("password=")["share_with"], Value::Null);
    assert_eq!(put("expireDate=2099-12-31")["expiration"], "2099-12-31 00:00:00");
    assert_eq!(put("expireDate=")["expiration"], Value::Null);
    assert_eq!(put("note=Bitte%20lesen&label=F%C3%BCr%20Huber")["note"], "Bitte lesen");
    assert_eq!(put("hideDownload=true")["hide_download"], 1);
    let edited = put("permissions=3");
    for (member, expected) in [
        ("permissions", json!(3)),
        ("note", json!("Bitte lesen")),
        ("label", json!("Für Huber")),
        ("hide_download", json!(1)),
        ("expiration", Value::Null),
        ("token", made["token"].clone()),
    ] {
        assert_eq!(edited[member], expected, "{member}");
    }

    let page = path_of(&server, &made["url"]);
    server.anonymous("GET", &page).send().expect(200);
    assert_eq!(data(&ask(&server, "DELETE", &format!("/{id}?format=json")).send()), json!([]));
    server.anonymous("GET", &page).send().expect(404);
    assert_eq!(data(&list()), json!([]));
    assert_eq!(failure(&ask(&server, "DELETE", &format!("/{id}?format=json")).send()).0, 404);
    assert!(!property(&server, "", "1", "oc:share-types").contains("oc:share-type>3"));
    server.assert_no_traces(&[token, "Huber", "Geheim-1x7"]);
}

/// Android: creates by form, changes by JSON with texts for values, and reads XML both times.
#[test]
fn android_sends_json_and_reads_xml() {
    let server = office();
    let request = server.request("POST", SHARES).header("OCS-APIREQUEST", "true");
    let form = format!("path=/{SPACE}/Akten/&shareType=3&publicUpload=true");
    let made = request.header("Content-Type", FORM).body(form).send().expect(200);
    let xml = made.text();
    assert!(made.header("content-type").unwrap().starts_with("application/xml"), "{made}");
    for element in [
        "<status>ok</status>",
        "<statuscode>200</statuscode>",
        "<share_type>3</share_type>",
        "<permissions>15</permissions>",
        "<item_type>folder</item_type>",
        "<share_with></share_with>",
    ] {
        assert!(xml.contains(element), "{element}: {xml}");
    }
    let between = |text: &str, open: &str, close: &str| {
        text.split_once(open).and_then(|(_, rest)| rest.split_once(close)).unwrap().0.to_owned()
    };
    let id = between(&xml, "<id>", "</id>");
    let put = |json: &str| {
        let request = server.request("PUT", &format!("{SHARES}/{id}")).header("OCS-APIREQUEST", "true");
        request.header("Content-Type", "application/json").body(json).send().expect(200).text()
    };
    let changed = put(r#"{"password":"Geheim-1x7","expireDate":"2099-01-02","permissions":"4"}"#);
    assert!(changed.contains("<permissions>4</permissions>"), "{changed}");
    assert!(changed.contains("<expiration>2099-01-02 00:00:00</expiration>"), "{changed}");
    assert!(changed.contains("<share_with>***</share_with>"), "{changed}");
    assert!(put(r#"{"hideDownload":"true","label":"L"}"#).contains("<hide_download>1</hide_download>"));
    let cleared = put(r#"{"password":"","expireDate":""}"#);
    assert!(cleared.contains("<share_with></share_with>") && cleared.contains("<expiration></expiration>"));
    let listed = server.request("GET", &format!("{SHARES}?path=/{SPACE}/Akten&subfiles=false"));
    let listed = listed.header("OCS-APIREQUEST", "true").send().expect(200).text();
    assert!(
        listed.contains(&format!("<data><element><id>{id}</id>"))
            || listed.contains(&format!("<id>{id}</id>"))
    );
    let ended = server.request("DELETE", &format!("{SHARES}/{id}")).header("OCS-APIREQUEST", "true");
    assert!(ended.send().expect(200).text().contains("<statuscode>200</statuscode>"));
}

/// iOS: everything in the query or a form, JSON by `Accept`, looks for people first.
#[test]
fn ios_looks_for_people_and_lists_what_is_in_a_folder() {
    let server = office();
    let sharees = "/ocs/v2.php/apps/files_sharing/api/v1/sharees?search=an&itemType=file&page=1&perPage=50";
    let found = server.request("GET", sharees).header("Accept", "application/json").send().expect(200);
    let found = data(&found);
    assert_eq!((&found["users"], &found["exact"]["users"]), (&json!([]), &json!([])));

    let file = format!("/{SPACE}/Akten/b%20%C3%BC.txt");
    let made = data(&ask(&server, "POST", &format!("?path={file}&shareType=3&permissions=1")).send());
    assert_eq!(made["path"], format!("/{SPACE}/Akten/b ü.txt"));
    let inside = ask(&server, "GET", &format!("?path=/{SPACE}/Akten&subfiles=true&reshares=true")).send();
    assert_eq!(data(&inside), json!([made]));
    let itself = ask(&server, "GET", &format!("?path=/{SPACE}/Akten")).send();
    assert_eq!(data(&itself), json!([]));
    for others in ["shares/pending", "shares/inherited?path=/x", "remote_shares", "deletedshares"] {
        let path = format!("/ocs/v2.php/apps/files_sharing/api/v1/{others}");
        let others = server.request("GET", &path).header("Accept", "application/json").send();
        assert_eq!(data(&others), json!([]));
    }
    assert_eq!(data(&ask(&server, "GET", "?shared_with_me=true").send()), json!([]));
}

#[test]
fn what_cannot_be_shared_is_refused_with_a_reason() {
    let server = office();
    server.add_member("leser", "client", "read");
    for (form, status) in [
        ("shareType=3".to_owned(), 404),
        ("path=/&shareType=3".to_owned(), 404),
        (format!("path=/{SPACE}/nothing&shareType=3"), 404),
        (format!("path=/{SPACE}/../{SPACE}/a.txt&shareType=3"), 404),
        ("path=/secret/a.txt&shareType=3".to_owned(), 404),
        (format!("path=/{SPACE}/a.txt"), 403),
        (format!("path=/{SPACE}/a.txt&shareType=0&shareWith=admin"), 403),
        (format!("path=/{SPACE}/a.txt&shareType=3&permissions=4"), 400),
        (format!("path=/{SPACE}/Akten&shareType=3&permissions=7"), 400),
        (format!("path=/{SPACE}/a.txt&shareType=3&password=short"), 403),
        (format!("path=/{SPACE}/a.txt&shareType=3&password=12345678"), 403),
        (format!("path=/{SPACE}/a.txt&shareType=3&expireDate=2020-01-01"), 400),
        (format!("path=/{SPACE}/a.txt&shareType=3&expireDate=soon"), 400),
        ("{\"path\":".to_owned(), 400),
    ] {
        let refused = create(&server, &form);
        let (code, message) = failure(&refused);
        assert_eq!((refused.status, code), (status, u64::from(status)), "{form}");
        assert!(message.len() > 10 && !message.contains(SPACE), "{form}: {message}");
    }
    let reader = ask(&server, "POST", "").sign_in("leser", PASSWORD).header("Content-Type", FORM);
    let refused = reader.body(format!("path=/{SPACE}/a.txt&shareType=3")).send();
    assert_eq!(failure(&refused).0, 403);
    assert_eq!(json_of(&refused)["ocs"]["meta"]["code"], "clients-make-no-links", "{refused}");
    // In the first version the status is the envelope's.
    let first = server.request("POST", &SHARES.replace("v2", "v1")).header("OCS-APIREQUEST", "true");
    let first = first.header("Accept", "application/json").body("shareType=0").send();
    assert_eq!((first.status, failure(&first).0), (200, 403));
    // A page of another site could send a form, but not this header.
    let sneaky = server.request("POST", SHARES).header("Accept", "application/json");
    let sneaky = sneaky.header("Content-Type", FORM).body(format!("path=/{SPACE}/a.txt&shareType=3"));
    assert_eq!(failure(&sneaky.send()).0, 412);
    server.anonymous("GET", SHARES).send().expect(401);
    assert_eq!(data(&ask(&server, "GET", "").send()), json!([]), "nothing came of any of it");
}

/// A client with the right to write could open the office's files to anyone, and the office did not know.
#[test]
fn clients_make_links_only_where_the_office_lets_them() {
    for may in [false, true] {
        let server = TestServer::start_configured(if may { "client_links = true" } else { "" });
        server.add_member("mandant", "client", "write");
        server.request("PUT", &format!("/dav/{SPACE}/a.txt")).body("a").send().expect(201);
        let ask = |method: &str, rest: &str| {
            ask(&server, method, rest).sign_in("mandant", PASSWORD).header("Content-Type", FORM)
        };
        let made = ask("POST", "").body(format!("path=/{SPACE}/a.txt&shareType=3")).send();
        if may {
            let id = data(&made)["id"].clone();
            assert_eq!(
                data(&ask("PUT", &format!("/{}", id.as_str().unwrap())).body("permissions=1").send())["id"],
                id
            );
        } else {
            let (code, message) = failure(&made);
            assert!(code == 403 && message.contains("ask the office"), "{made}");
            assert_eq!(data(&ask("GET", "").send()), json!([]));
        }
    }
}

#[test]
fn links_of_others_are_shown_to_who_manages_the_space_and_to_nobody_else() {
    let server = office();
    server.add_member("kollege", "staff", "write");
    let made = data(&create(&server, &format!("path=/{SPACE}/a.txt&shareType=3")));
    let id = made["id"].as_str().unwrap();
    let to_file = format!("?path=/{SPACE}/a.txt");
    let colleague = |method: &str, rest: &str| ask(&server, method, rest).sign_in("kollege", PASSWORD);
    assert_eq!(data(&colleague("GET", &to_file).send()), json!([]));
    assert_eq!(failure(&colleague("GET", &format!("/{id}")).send()).0, 404);
    assert_eq!(failure(&colleague("PUT", &format!("/{id}")).body("permissions=3").send()).0, 404);
    assert_eq!(failure(&colleague("DELETE", &format!("/{id}")).send()).0, 404);
    // An administrator without a grant does not even see the space.
    let stranger = ask(&server, "GET", &to_file).sign_in(ADMIN, ADMIN_PASSWORD).send();
    assert_eq!(failure(&stranger).0, 404);
    server.cli_ok(["grant", "kollege", SPACE, "manage"]);
    assert_eq!(data(&colleague("GET", &to_file).send())[0]["id"], made["id"]);
    assert_eq!(data(&colleague("DELETE", &format!("/{id}")).send()), json!([]));
    assert_eq!(data(&ask(&server, "GET", &to_file).send()), json!([]));
}
