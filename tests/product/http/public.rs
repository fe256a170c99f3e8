//! Links over WebDAV: a guest can do what the link allows, and sees nothing else.

use std::io::{Read, Write};

use serde_json::Value;

use crate::support::TestServer;
use crate::support::http::{Request, Response};
use crate::support::multistatus::Multistatus;
use crate::support::server::{PASSWORD, SPACE, USER};

pub(crate) const SHARES: &str = "/ocs/v2.php/apps/files_sharing/api/v1/shares";
const SECRET: &str = "Kreide-Ofen";

/// A server of its own with `Akten/` (`a.txt`, `sub/b.txt`) and `geheim.txt`, `andere/` beside it.
fn office() -> TestServer {
    let server = TestServer::start_plain();
    for folder in ["Akten", "Akten/sub", "andere"] {
        server.request("MKCOL", &format!("/dav/{SPACE}/{folder}")).send().expect(201);
    }
    for file in ["Akten/a.txt", "Akten/sub/b.txt", "andere/c.txt", "geheim.txt"] {
        server.request("PUT", &format!("/dav/{SPACE}/{file}")).body(file).send().expect(201);
    }
    server
}

pub(crate) struct Link {
    pub(crate) id: String,
    pub(crate) token: String,
    password: Option<&'static str>,
}

impl Link {
    pub(crate) fn to(server: &TestServer, place: &str, permissions: u8) -> Self {
        Self::made(server, &format!("path=/{SPACE}/{place}&shareType=3&permissions={permissions}"), None)
    }

    fn with_password(server: &TestServer, place: &str, permissions: u8) -> Self {
        let form = format!("path=/{SPACE}/{place}&shareType=3&permissions={permissions}&password={SECRET}");
        Self::made(server, &form, Some(SECRET))
    }

    fn made(server: &TestServer, form: &str, password: Option<&'static str>) -> Self {
        Self::made_by(server.request("POST", &format!("{SHARES}?format=json")), form, password)
    }

    /// As the answer to this request of its maker.
    pub(crate) fn made_by(request: Request, form: &str, password: Option<&'static str>) -> Self {
        let made = request.header("OCS-APIRequest", "true").body(form).send().expect(200);
        let made: Value = serde_json::from_slice(&made.body).unwrap();
        let text = |member: &str| made["ocs"]["data"][member].as_str().unwrap().to_owned();
        Self { id: text("id"), token: text("token"), password }
    }

    fn delete(&self, server: &TestServer) {
        let request = server.request("DELETE", &format!("{SHARES}/{}", self.id));
        request.header("OCS-APIRequest", "true").send().expect(200);
    }

    fn change(&self, server: &TestServer, form: &str) {
        let request = server.request("PUT", &format!("{SHARES}/{}", self.id));
        request.header("OCS-APIRequest", "true").body(form).send().expect(200);
    }

    pub(crate) fn path(&self, below: &str) -> String {
        format!("/public.php/dav/files/{}{below}", self.token)
    }

    pub(crate) fn ask(&self, server: &TestServer, method: &str, below: &str) -> Request {
        let request = server.anonymous(method, &self.path(below));
        match self.password {
            Some(password) => request.sign_in("anonymous", password),
            None => request,
        }
    }
}

/// Every method, each at a place that is there and at one that is not.
fn all_methods(server: &TestServer, link: &Link) -> Vec<(&'static str, u16, u16)> {
    let ask =
        |method, at: &str| fill(link.ask(server, method, at), method, &link.path("/neu.txt")).send().status;
    READER.map(|(method, ..)| (method, ask(method, "/a.txt"), ask(method, "/nichts.txt"))).to_vec()
}

/// Adds the headers and body that the method of a guest's request needs.
pub(crate) fn fill(request: Request, method: &str, destination: &str) -> Request {
    let lock = r#"<d:lockinfo xmlns:d="DAV:"><d:lockscope><d:exclusive/></d:lockscope><d:locktype><d:write/></d:locktype></d:lockinfo>"#;
    let patch = r#"<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><x xmlns="urn:x">1</x></d:prop></d:set></d:propertyupdate>"#;
    match method {
        "PROPFIND" => request.header("Depth", "0"),
        "COPY" | "MOVE" => request.header("Destination", destination).header("Overwrite", "F"),
        "LOCK" => request.xml(lock),
        "PROPPATCH" => request.xml(patch),
        "UNLOCK" => request.header("Lock-Token", "<urn:uuid:0>"),
        "PUT" => request.body("x"),
        _ => request,
    }
}

/// The answers of a method at a path that exists, and at one that does not.
pub(crate) type Answers = [(&'static str, u16, u16); 18];

pub(crate) const READER: Answers = [
    ("OPTIONS", 200, 200),
    ("GET", 200, 404),
    ("HEAD", 200, 404),
    ("PROPFIND", 207, 404),
    ("PROPPATCH", 403, 403),
    ("COPY", 403, 403),
    ("MOVE", 403, 403),
    ("MKCOL", 403, 403),
    ("PUT", 403, 403),
    ("LOCK", 403, 403),
    ("UNLOCK", 403, 403),
    ("DELETE", 403, 403),
    ("POST", 405, 405),
    ("PATCH", 405, 405),
    ("REPORT", 405, 405),
    ("SEARCH", 405, 405),
    ("MKCALENDAR", 405, 405),
    ("ACL", 405, 405),
];

/// T5: every method by every link, deny by default.
#[test]
fn each_link_answers_the_methods_it_is_for_and_no_others() {
    let mut server = office();
    let read = Link::to(&server, "Akten", 1);
    let edit = Link::to(&server, "Akten", 15);
    let add = Link::to(&server, "Akten", 4);
    let locked = Link::with_password(&server, "Akten", 15);
    let deleted = Link::to(&server, "Akten", 15);
    deleted.delete(&server);

    assert_eq!(all_methods(&server, &read), READER);
    let files = || {
        let list = server.request("PROPFIND", &format!("/dav/{SPACE}/Akten")).header("Depth", "1").send();
        hrefs(&list).len()
    };
    assert_eq!(files(), 3, "a reader changed nothing");

    let mut adder = READER.map(|(method, ..)| (method, 403, 403));
    adder[0] = ("OPTIONS", 200, 200);
    adder[8] = ("PUT", 201, 201);
    adder[12..].copy_from_slice(&READER[12..]);
    assert_eq!(all_methods(&server, &add), adder, "the same whether the file exists or not");
    let a = server.request("GET", &format!("/dav/{SPACE}/Akten/a.txt")).send().expect(200);
    assert_eq!(a.text(), "Akten/a.txt");
    server.request("DELETE", &format!("/dav/{SPACE}/Akten/a%20(2).txt")).send().expect(204);
    server.request("DELETE", &format!("/dav/{SPACE}/Akten/nichts.txt")).send().expect(204);

    let refused = |status| READER.map(|(method, ..)| (method, status, status)).to_vec();
    let wrong = Link { password: Some("Ofen-Kreide"), token: locked.token.clone(), id: locked.id.clone() };
    assert_eq!(all_methods(&server, &wrong), refused(401));
    let without = Link { password: None, ..wrong };
    assert_eq!(all_methods(&server, &without), refused(401));
    assert_eq!(all_methods(&server, &deleted), refused(404));
    let unknown = Link { id: String::new(), token: "0".repeat(32), password: None };
    assert_eq!(all_methods(&server, &unknown), refused(404));

    // So many unknown links make a client wait; a restart forgets that.
    server.stop();
    server.spawn();
    server.cli_ok(["grant", USER, SPACE, "read"]);
    assert_eq!(all_methods(&server, &edit), READER, "no more than who made it has");
    assert_eq!(all_methods(&server, &add), refused(404));
    server.cli_ok(["grant", USER, SPACE, "write"]);
    server.cli_ok(["user", "disable", USER]);
    for link in [&read, &edit, &add] {
        server.stop();
        server.spawn();
        assert_eq!(all_methods(&server, link), refused(404), "with its maker");
    }
    server.cli_ok(["user", "enable", USER]);

    let editor: Answers = [
        ("OPTIONS", 200, 200),
        ("GET", 200, 404),
        ("HEAD", 200, 404),
        ("PROPFIND", 207, 404),
        ("PROPPATCH", 207, 404),
        ("COPY", 201, 404),
        ("MOVE", 412, 404),
        ("MKCOL", 405, 201),
        ("PUT", 204, 405),
        ("LOCK", 200, 403),
        ("UNLOCK", 409, 409),
        ("DELETE", 423, 204),
        ("POST", 405, 405),
        ("PATCH", 405, 405),
        ("REPORT", 405, 405),
        ("SEARCH", 405, 405),
        ("MKCALENDAR", 405, 405),
        ("ACL", 405, 405),
    ];
    assert_eq!(all_methods(&server, &edit), editor);
}

#[test]
fn unknown_deleted_and_dead_links_answer_word_for_word_alike() {
    let server = office();
    let deleted = Link::to(&server, "Akten", 1);
    deleted.delete(&server);
    let trashed = Link::to(&server, "Akten/sub", 1);
    server.request("DELETE", &format!("/dav/{SPACE}/Akten/sub")).send().expect(204);
    let shown = |path: &str| {
        let mut response = server.anonymous("PROPFIND", path).header("Depth", "0").send().expect(404);
        response
            .headers
            .retain(|(name, _)| !["date", "x-request-id"].contains(&name.to_ascii_lowercase().as_str()));
        format!("{response}")
    };
    let unknown = shown(&format!("/public.php/dav/files/{}/b.txt", "0".repeat(32)));
    for path in [
        deleted.path("/b.txt"),
        trashed.path("/b.txt"),
        trashed.path("/"),
        "/public.php/dav/files/x/b.txt".to_owned(),
    ] {
        assert_eq!(shown(&path), unknown, "{path}");
    }
}

#[test]
fn nothing_outside_of_a_link_can_be_named() {
    let server = office();
    let edit = Link::to(&server, "Akten", 15);
    let other = Link::to(&server, "andere", 15);
    for below in [
        "/../geheim.txt",
        "/..%2fgeheim.txt",
        "/%2e%2e/geheim.txt",
        "/sub/../../geheim.txt",
        "/%2e%2e",
        "//geheim.txt",
    ] {
        let response = edit.ask(&server, "GET", below).send();
        assert!([400, 404].contains(&response.status), "{below}: {response}");
    }
    for below in ["/geheim.txt", &format!("/{SPACE}/geheim.txt"), "/Akten/a.txt", "/c.txt"] {
        edit.ask(&server, "GET", below).send().expect(404);
    }
    // Destinations in the office's tree and in another link's are no places for a guest.
    for outside in [
        format!("/dav/{SPACE}/gestohlen.txt"),
        format!("/remote.php/dav/files/{USER}/{SPACE}/gestohlen.txt"),
        format!("/remote.php/webdav/{SPACE}/gestohlen.txt"),
        server.url(&format!("/dav/{SPACE}/gestohlen.txt")),
        other.path("/gestohlen.txt"),
        format!("/s/{}/files/gestohlen.txt", other.token),
        "http://elsewhere.example/gestohlen.txt".to_owned(),
        edit.path("/../gestohlen.txt"),
    ] {
        for method in ["COPY", "MOVE"] {
            let response = edit.ask(&server, method, "/a.txt").header("Destination", &outside).send();
            assert!([400, 403, 502].contains(&response.status), "{method} {outside}: {response}");
            let response = edit.ask(&server, method, "/nichts").header("Destination", &outside).send();
            assert!([400, 403, 404, 502].contains(&response.status), "{method} {outside}: {response}");
        }
    }
    edit.ask(&server, "GET", "/a.txt").send().expect(200);
    // Nor can the linked folder itself be taken away.
    edit.ask(&server, "DELETE", "/").send().expect(403);
    edit.ask(&server, "MOVE", "/").header("Destination", &edit.path("/sub/self")).send().expect(403);
    // An If header about a path outside the link names nothing.
    let etag = server.request("HEAD", &format!("/dav/{SPACE}/geheim.txt")).send().expect(200);
    let etag = etag.header("etag").unwrap().to_owned();
    for outside in [format!("/dav/{SPACE}/geheim.txt"), server.url(&format!("/dav/{SPACE}/geheim.txt"))] {
        let condition = format!("<{outside}> ([{etag}])");
        edit.ask(&server, "PUT", "/a.txt").header("If", &condition).body("x").send().expect(412);
    }
    let inner = edit.ask(&server, "HEAD", "/a.txt").send().expect(200).header("etag").unwrap().to_owned();
    let condition = format!("<{}> ([{inner}])", edit.path("/a.txt"));
    edit.ask(&server, "PUT", "/sub/b.txt").header("If", &condition).body("x").send().expect(204);
}

#[test]
fn a_listing_begins_at_the_link_and_names_nobody() {
    let server = office();
    let read = Link::to(&server, "Akten", 1);
    let body = r#"<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><d:displayname/>
        <d:quota-available-bytes/><oc:permissions/><oc:owner-id/><oc:owner-display-name/><oc:share-types/>
        <d:lockdiscovery/></d:prop></d:propfind>"#;
    let lock = r#"<d:lockinfo xmlns:d="DAV:"><d:lockscope><d:exclusive/></d:lockscope><d:locktype><d:write/></d:locktype><d:owner>Zwirbelmeier</d:owner></d:lockinfo>"#;
    server.request("LOCK", &format!("/dav/{SPACE}/Akten/a.txt")).xml(lock).send().expect(200);
    for root in [read.path(""), read.path("/")] {
        let list = server.anonymous("PROPFIND", &root).header("Depth", "1").xml(body).send().expect(207);
        let text = list.text();
        assert_eq!(hrefs(&list), [read.path("/"), read.path("/a.txt"), read.path("/sub/")]);
        assert!(text.contains("<d:displayname>Akten</d:displayname>"), "{text}");
        assert_eq!(text.matches("<oc:permissions>G</oc:permissions>").count(), 3, "{text}");
        for secret in [USER, SPACE, "Zwirbelmeier", "urn:uuid", "oc:share-type>", "quota-available-bytes>"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
    let options = server.anonymous("OPTIONS", &read.path("/")).send().expect(200);
    assert_eq!(
        (options.header("dav"), options.header("allow")),
        (Some("1"), Some("OPTIONS, GET, HEAD, PROPFIND"))
    );
    let edit = Link::to(&server, "Akten", 15);
    let options = server.anonymous("OPTIONS", &edit.path("/")).send().expect(200);
    assert_eq!(options.header("dav"), Some("1, 2"));
    let text = edit.ask(&server, "PROPFIND", "/").header("Depth", "1").xml(body).send().expect(207).text();
    for letters in ["GCK", "GDNVCK", "GDNVW"] {
        assert_eq!(text.matches(&format!("<oc:permissions>{letters}<")).count(), 1, "{letters}: {text}");
    }
    // The office's lock binds guests, and its name stays unknown.
    let refused = edit.ask(&server, "PUT", "/a.txt").body("x").send().expect(423);
    assert!(refused.text().contains(&edit.path("/a.txt")) && !refused.text().contains(SPACE), "{refused}");
}

#[test]
fn a_link_to_a_file_is_the_file_under_its_token_and_its_name() {
    let server = office();
    let read = Link::to(&server, "Akten/a.txt", 1);
    let edit = Link::to(&server, "Akten/a.txt", 3);
    for link in [&read, &edit] {
        for below in ["", "/", "/a.txt"] {
            let file = link.ask(&server, "GET", below).send().expect(200);
            assert_eq!(file.text(), "Akten/a.txt");
            assert_eq!(file.header("content-disposition"), Some("attachment; filename*=UTF-8''a.txt"));
            let list = link.ask(&server, "PROPFIND", below).header("Depth", "1").send().expect(207);
            let href = link.path(below.trim_end_matches('/'));
            assert_eq!(hrefs(&list), [href]);
        }
        for below in ["/b.txt", "/a.txt/a.txt", "/sub/b.txt"] {
            link.ask(&server, "GET", below).send().expect(404);
        }
    }
    read.ask(&server, "PUT", "").body("x").send().expect(403);
    edit.ask(&server, "PUT", "").body("eins").send().expect(204);
    edit.ask(&server, "PUT", "/a.txt").body("zwei").send().expect(204);
    for below in ["/b.txt", "/a.txt/x"] {
        edit.ask(&server, "PUT", below).body("x").send().expect(409);
    }
    edit.ask(&server, "DELETE", "").send().expect(403);
    edit.ask(&server, "MOVE", "/a.txt").header("Destination", &edit.path("/b.txt")).send();
    let there = server.request("GET", &format!("/dav/{SPACE}/Akten/a.txt")).send().expect(200);
    assert_eq!(there.text(), "zwei");
}

#[test]
fn an_editor_works_in_the_folder_with_locks_of_his_own() {
    let server = office();
    let edit = Link::with_password(&server, "Akten", 15);
    let lock = r#"<d:lockinfo xmlns:d="DAV:"><d:lockscope><d:exclusive/></d:lockscope><d:locktype><d:write/></d:locktype></d:lockinfo>"#;
    let put = edit.ask(&server, "PUT", "/neu.txt").body("neu").send().expect(201);
    assert!(put.header("etag").is_some());
    let locked = edit.ask(&server, "LOCK", "/neu.txt").xml(lock).send().expect(200);
    let token = locked.header("lock-token").unwrap().to_owned();
    assert!(locked.text().contains(&edit.path("/neu.txt")), "{locked}");
    // Neither the office nor the maker of the link writes past it, even with its token.
    let inside = format!("/dav/{SPACE}/Akten/neu.txt");
    server.request("PUT", &inside).body("x").send().expect(423);
    server.request("PUT", &inside).header("If", &format!("({token})")).body("x").send().expect(423);
    edit.ask(&server, "PUT", "/neu.txt").body("x").send().expect(423);
    edit.ask(&server, "PUT", "/neu.txt").header("If", &format!("({token})")).body("mehr").send().expect(204);
    edit.ask(&server, "UNLOCK", "/neu.txt").header("Lock-Token", &token).send().expect(204);
    edit.ask(&server, "MKCOL", "/neu").send().expect(201);
    edit.ask(&server, "MOVE", "/neu.txt").header("Destination", &edit.path("/neu/b.txt")).send().expect(201);
    edit.ask(&server, "COPY", "/neu").header("Destination", &edit.path("/neu2")).send().expect(201);
    edit.ask(&server, "DELETE", "/neu").send().expect(204);
    assert_eq!(edit.ask(&server, "GET", "/neu2/b.txt").send().expect(200).text(), "mehr");
    server.assert_no_traces(&[&edit.token, SECRET]);
}

/// Guesses are limited for each link and network.
#[test]
fn five_wrong_passwords_and_then_the_right_one_waits_too() {
    let server = office();
    let read = Link::with_password(&server, "Akten", 1);
    let other = Link::with_password(&server, "andere", 1);
    for round in 0..5 {
        let wrong = server.anonymous("GET", &read.path("/a.txt")).sign_in("x", &format!("falsch-{round}"));
        wrong.send().expect(401);
    }
    let waiting = read.ask(&server, "GET", "/a.txt").send().expect(429);
    let seconds: u32 = waiting.header("retry-after").unwrap().parse().unwrap();
    assert!((800..=900).contains(&seconds), "{waiting}");
    other.ask(&server, "GET", "/c.txt").send().expect(200);
    server.request("GET", &format!("/dav/{SPACE}/geheim.txt")).send().expect(200);
}

#[test]
fn the_page_of_a_link_fetches_files_by_its_cookie_and_does_nothing_else_with_it() {
    let server = office();
    let read = Link::to(&server, "Akten", 15);
    let page = |link: &Link, below: &str| format!("/s/{}/files{below}", link.token);
    let file = server.anonymous("GET", &page(&read, "/sub/b.txt")).send().expect(200);
    assert_eq!(file.text(), "Akten/sub/b.txt");
    assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
    assert!(file.header("content-security-policy").unwrap().contains("sandbox"));
    assert!(file.header("content-disposition").unwrap().starts_with("attachment"));
    let part = server.anonymous("GET", &page(&read, "/a.txt")).header("Range", "bytes=6-").send().expect(206);
    assert_eq!(part.text(), "a.txt");
    for method in ["PUT", "DELETE", "PROPFIND", "MOVE", "OPTIONS"] {
        server.anonymous(method, &page(&read, "/a.txt")).send().expect(405);
    }
    let folder = server.anonymous("GET", &page(&read, "/sub")).send().expect(303);
    assert_eq!(folder.header("location"), Some(page(&read, "/sub/").as_str()));
    let folder = read.ask(&server, "GET", "/sub").send().expect(303);
    assert_eq!(folder.header("location"), Some(page(&read, "/sub/").as_str()));

    let locked = Link::with_password(&server, "Akten", 1);
    let asked = server.anonymous("GET", &page(&locked, "/a.txt")).send().expect(303);
    assert_eq!(asked.header("www-authenticate"), None, "the page asks");
    // Basic is the mount's, not the page's; the cookie the page's, not the mount's.
    server.anonymous("GET", &page(&locked, "/a.txt")).sign_in("x", SECRET).send().expect(303);
    let form = server.anonymous("POST", &format!("/s/{}", locked.token)).header("Origin", &server.url(""));
    let form = form.header("Content-Type", "application/x-www-form-urlencoded");
    let let_in = form.body(format!("password={SECRET}")).send().expect(303);
    let cookie = let_in.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    server.anonymous("GET", &page(&locked, "/a.txt")).header("Cookie", &cookie).send().expect(200);
    server.anonymous("GET", &locked.path("/a.txt")).header("Cookie", &cookie).send().expect(401);
    server.anonymous("GET", &page(&locked, "/a.txt")).header("Cookie", "tresor-pass=1.0").send().expect(303);
}

#[test]
fn links_survive_a_restart_and_leave_no_traces() {
    let mut server = office();
    let read = Link::with_password(&server, "Akten", 1);
    let add = Link::to(&server, "andere", 4);
    add.ask(&server, "PUT", "/Zwirbelmeier.pdf").body("Steuer").send().expect(201);
    let put = add.ask(&server, "PUT", "/Zwirbelmeier.pdf").body("Steuer").header("X-OC-MTime", "1600000000");
    let put = put.send().expect(201);
    assert!(put.header("etag").is_none() && put.header("oc-fileid").is_none(), "{put}");
    assert_eq!((put.header("x-oc-mtime"), put.body.len()), (Some("accepted"), 0));
    server.stop();
    server.spawn();
    read.ask(&server, "GET", "/a.txt").send().expect(200);
    let kept =
        server.request("GET", &format!("/dav/{SPACE}/andere/Zwirbelmeier%20(2).pdf")).send().expect(200);
    assert_eq!(kept.text(), "Steuer");
    server.assert_no_traces(&[&read.token, &add.token, "Zwirbelmeier", SECRET, "Akten"]);
}

#[test]
fn a_link_opens_no_other_door_and_no_upload_in_parts() {
    let server = office();
    let edit = Link::with_password(&server, "Akten", 15);
    for (method, path) in [
        ("PROPFIND", "/dav/"),
        ("GET", "/dav/space/geheim.txt"),
        ("PROPFIND", "/remote.php/webdav/"),
        ("PROPFIND", "/remote.php/dav/files/anonymous/"),
        ("MKCOL", "/remote.php/dav/uploads/anonymous/1"),
        ("POST", "/tus"),
        ("GET", "/uploads"),
        ("GET", SHARES),
        ("GET", "/ocs/v2.php/cloud/user"),
    ] {
        for user in ["anonymous", &edit.token, USER] {
            server.anonymous(method, path).sign_in(user, SECRET).send().expect(401);
        }
    }
    let upload = |method: &str, header: (&str, &str)| {
        let request = edit.ask(&server, method, "/teil.bin").header(header.0, header.1).body("teil");
        request.send().status
    };
    assert_eq!(upload("PUT", ("Upload-Complete", "?0")), 400);
    assert_eq!(upload("POST", ("Tus-Resumable", "1.0.0")), 501);
    assert_eq!(upload("PUT", ("Content-Range", "bytes 0-3/8")), 400);
    edit.ask(&server, "GET", "/teil.bin").send().expect(404);
}

/// A guest who is downloading is cut off, too.
#[test]
fn a_download_breaks_off_when_its_link_is_ended() {
    let server = office();
    let size = 96 << 20;
    server.request("PUT", &format!("/dav/{SPACE}/Akten/film")).body(vec![7; size]).send().expect(201);
    let read = Link::to(&server, "Akten", 1);
    let mut connection = server.endpoint().connect();
    write!(connection, "GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", read.path("/film")).unwrap();
    connection.read_exact(&mut vec![0; 1 << 20]).unwrap();
    read.delete(&server);
    let mut rest = Vec::new();
    let _ = connection.read_to_end(&mut rest);
    assert!(rest.len() < size - (16 << 20), "{} bytes more", rest.len());
}

#[test]
fn older_programs_send_the_token_as_user_name() {
    let server = office();
    let locked = Link::with_password(&server, "Akten", 15);
    let ask = |method: &str, path: &str, user: &str, password: &str| {
        server.anonymous(method, path).sign_in(user, password).header("Depth", "1").send()
    };
    let list = ask("PROPFIND", "/public.php/webdav/", &locked.token, SECRET).expect(207);
    assert_eq!(hrefs(&list), ["/public.php/webdav/", "/public.php/webdav/a.txt", "/public.php/webdav/sub/"]);
    ask("GET", "/public.php/webdav/a.txt", &locked.token, SECRET).expect(200);
    ask("GET", "/public.php/webdav/a.txt", &locked.token, "falsch-1").expect(401);
    ask("GET", "/public.php/webdav/a.txt", USER, PASSWORD).expect(404);
    server.anonymous("GET", "/public.php/webdav/a.txt").send().expect(401);
    for above in ["/public.php", "/public.php/dav/", "/public.php/dav/files/"] {
        server.anonymous("PROPFIND", above).send().expect(404);
        server.anonymous("OPTIONS", above).send().expect(200);
    }
}

/// Hrefs of a listing, in order.
fn hrefs(response: &Response) -> Vec<String> {
    Multistatus::of(response).0.iter().map(|item| item.href.clone()).collect()
}

/// Uploads in parts are for users: if a link ignored their headers, a part would be stored as the whole.
#[test]
fn a_part_sent_to_a_link_is_refused_and_the_file_stays() {
    let server = office();
    let edit = Link::to(&server, "Akten", 15);
    for (name, value, status) in [
        ("Upload-Complete", "?0", 400),
        ("Upload-Complete", "0", 400),
        ("Upload-Incomplete", "?1", 400),
        ("Content-Range", "bytes 0-0/9", 400),
    ] {
        for below in ["/a.txt", "/new.txt"] {
            edit.ask(&server, "PUT", below).header(name, value).body("x").send().expect(status);
        }
    }
    assert_eq!(edit.ask(&server, "GET", "/a.txt").send().expect(200).text(), "Akten/a.txt");
    edit.ask(&server, "GET", "/new.txt").send().expect(404);
    // All of it at once is a plain PUT.
    edit.ask(&server, "PUT", "/new.txt").header("Upload-Complete", "?1").body("x").send().expect(201);
    let named = edit.ask(&server, "PUT", "/named.txt").header("Upload-Draft-Interop-Version", "6");
    named.header("Upload-Complete", "?1").body("x").send().expect(201);
}

#[test]
fn a_guest_holds_files_only_and_no_longer_than_his_right() {
    let server = office();
    let edit = Link::to(&server, "Akten", 15);
    let lock = r#"<d:lockinfo xmlns:d="DAV:"><d:lockscope><d:exclusive/></d:lockscope><d:locktype><d:write/></d:locktype></d:lockinfo>"#;
    for folder in ["/", "/sub/"] {
        edit.ask(&server, "LOCK", folder).xml(lock).send().expect(403);
    }
    let taken =
        edit.ask(&server, "LOCK", "/a.txt").header("Timeout", "Infinite").xml(lock).send().expect(200);
    assert!(taken.text().contains("Second-600<"), "{taken}");
    let put = || server.request("PUT", &format!("/dav/{SPACE}/Akten/a.txt")).body("x").send().status;
    assert_eq!(put(), 423);
    edit.change(&server, "permissions=1");
    assert_eq!(put(), 204, "who may only read holds nothing");
}

/// A guest sees the whole tree of the link at once and nothing beside it, and gets no lock offered where
/// LOCK answers 403 (RFC 4918 15.10).
#[test]
fn a_guest_lists_his_whole_tree_and_is_offered_the_locks_that_he_may_take() {
    let server = office();
    for (permissions, locks_files) in [(1, false), (15, true)] {
        let link = Link::to(&server, "Akten", permissions);
        let listing = link.ask(&server, "PROPFIND", "").header("Depth", "infinity").send().expect(207);
        let listing = Multistatus::of(&listing);
        let paths: Vec<_> =
            listing.0.iter().map(|item| item.href.strip_prefix(&link.path("")).unwrap()).collect();
        assert_eq!(paths, ["/", "/a.txt", "/sub/", "/sub/b.txt"]);
        for item in &listing.0 {
            let offered = item.property("{DAV:}supportedlock").unwrap();
            let is_offered = !offered.elements.is_empty();
            assert_eq!(is_offered, locks_files && !item.is_collection(), "{item:?}");
        }
    }
    let reader = server.request("PROPFIND", "/dav/").header("Depth", "0").send();
    assert!(Multistatus::of(&reader).0[0].property("{DAV:}supportedlock").unwrap().elements.is_empty());
}
