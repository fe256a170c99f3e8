//! Links in a browser: pages without scripts to fetch files from and to hand files in.

use std::io::Write;

use serde_json::Value;

use crate::http::fixture::{Folder, shared};
use crate::support::TestServer;
use crate::support::http::{Request, Response};
use crate::support::process::{eventually, succeed, tool};
use crate::support::server::SPACE;

const SHARES: &str = "/ocs/v2.php/apps/files_sharing/api/v1/shares";
const LIMIT: std::time::Duration = std::time::Duration::from_secs(30);
/// The password of a link.
const SECRET: &str = "Kreide-Ofen";

/// A link made by the share API.
struct Link {
    id: String,
    /// Path of its page.
    page: String,
}

impl Link {
    /// To something in [`SPACE`]; `rights` as Nextcloud numbers them.
    fn to(server: &TestServer, place: &str, rights: u8, more: &str) -> Self {
        Self::in_space(server, SPACE, place, rights, more)
    }

    fn in_space(server: &TestServer, space: &str, place: &str, rights: u8, more: &str) -> Self {
        let request =
            server.request("POST", &format!("{SHARES}?format=json")).header("OCS-APIRequest", "true");
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        let path = format!("/{space}/{place}");
        let made =
            request.body(format!("path={path}&shareType=3&permissions={rights}{more}")).send().expect(200);
        let made: Value = serde_json::from_slice(&made.body).unwrap();
        let data = &made["ocs"]["data"];
        let token = data["token"].as_str().unwrap_or_else(|| panic!("{made}"));
        let id = data["id"].as_str().map_or_else(|| data["id"].to_string(), str::to_owned);
        Self { id, page: format!("/s/{token}") }
    }

    fn change(&self, server: &TestServer, what: &str) {
        let request = server.request("PUT", &format!("{SHARES}/{}?format=json", self.id));
        let request = request.header("OCS-APIRequest", "true");
        request.header("Content-Type", "application/x-www-form-urlencoded").body(what).send().expect(200);
    }

    fn delete(&self, server: &TestServer) {
        let request = server.request("DELETE", &format!("{SHARES}/{}", self.id));
        request.header("OCS-APIRequest", "true").send().expect(200);
    }

    fn get(&self, server: &TestServer, below: &str) -> Request {
        server.anonymous("GET", &format!("{}{below}", self.page)).header("Accept-Language", "de-DE,de;q=0.9")
    }

    fn log_in(&self, server: &TestServer, password: &str) -> Response {
        let request = server.anonymous("POST", &self.page).header("Accept-Language", "de");
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        request.header("Origin", &server.url("")).body(format!("password={password}")).send()
    }

    /// Sends files as a browser does, by curl; each is a name and its content.
    fn send(&self, server: &TestServer, below: &str, files: &[(&str, &[u8])]) -> (u16, String) {
        let folder = server.scratch(&format!("form-{}", self.id));
        let mut curl = tool("curl", "curl");
        curl.args(["-sS", "-H", "Accept-Language: en", "-w", "\n%{http_code}"]);
        for (number, (name, content)) in files.iter().enumerate() {
            let file = folder.join(number.to_string());
            std::fs::write(&file, content).unwrap();
            curl.arg("-F").arg(format!("files=@{};filename=\"{name}\"", file.display()));
        }
        let answer = succeed(curl.arg(server.url(&format!("{}{below}", self.page))));
        let (page, status) = answer.rsplit_once('\n').unwrap();
        (status.parse().unwrap(), page.to_owned())
    }
}

#[track_caller]
fn assert_shows(page: &Response, parts: &[&str]) {
    let text = page.text();
    for part in parts {
        assert!(text.contains(part), "{part} is missing:\n{page}");
    }
    // None but the one that the server itself names in the head.
    let text = text.replacen("<script src=\"/static/upload-", "", 1);
    assert!(!text.contains("<script"), "{page}");
}

/// The address of the first link with this class or text.
#[track_caller]
fn href(page: &Response, before: &str) -> String {
    let text = page.text();
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before}: {page}"));
    rest.split('"').next().unwrap().to_owned()
}

#[test]
fn a_link_to_a_file_is_a_page_with_a_button() {
    let folder = Folder::new("link-file");
    folder.request("PUT", "Bescheid%202025.pdf").body("der Bescheid").send().expect(201);
    let server = &folder.server;
    let link = Link::to(server, "link-file/Bescheid 2025.pdf", 1, "&note=Bitte%20pr%C3%BCfen%20%3Cb%3E");
    let page = link.get(server, "").send().expect(200);
    assert_shows(&page, &["lang=\"de\"", "<h1>Bescheid 2025.pdf</h1>", "12 B", "Bitte prüfen &lt;b&gt;"]);
    assert_shows(&page, &["Gültig bis einschließlich", ">Herunterladen</a>"]);
    for (header, value) in [
        (
            "content-security-policy",
            "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        ),
        ("referrer-policy", "same-origin"),
        ("x-robots-tag", "noindex, nofollow"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(page.header(header), Some(value), "{header}");
    }
    // Programs that show previews look at pages as often as they like.
    for _ in 0..3 {
        server.anonymous("HEAD", &link.page).send().expect(200);
    }
    let file = server.anonymous("GET", &href(&page, "class=\"button\" href=\"")).send().expect(200);
    assert_eq!(file.text(), "der Bescheid");
    let disposition = file.header("content-disposition").unwrap_or_default();
    assert!(disposition.starts_with("attachment") && disposition.contains("Bescheid"), "{disposition}");
    assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
    // As Nextcloud's own pages have it.
    let leads = server.anonymous("GET", &format!("/index.php{}/download", link.page)).send().expect(303);
    let target = leads.header("location").unwrap().replace("/index.php", "");
    assert_eq!(server.anonymous("GET", &target).send().expect(200).text(), "der Bescheid");
    let refused = link.send(server, "", &[("neu.pdf", b"x")]);
    assert_eq!(refused.0, 403, "{}", refused.1);
}

#[test]
fn a_folder_is_listed_with_what_lies_below_it_and_nothing_else() {
    let folder = Folder::new("link-folder");
    for (name, content) in
        [("a.txt", "a"), ("Anlagen/", ""), ("Anlagen/b%20%26.txt", "bb"), ("neben.txt", "x")]
    {
        match name.strip_suffix('/') {
            Some(name) => folder.request("MKCOL", name).send().expect(201),
            None => folder.request("PUT", name).body(content).send().expect(201),
        };
    }
    let server = &folder.server;
    let link = Link::to(server, "link-folder/Anlagen", 1, "&label=Intern");
    let page = link.get(server, "").send().expect(200);
    assert_shows(&page, &["<h1>Anlagen</h1>", "b &amp;.txt", "2 B"]);
    assert!(!page.text().contains("Intern"), "a label is for who made the link: {page}");
    assert!(!page.text().contains("neben") && !page.text().contains("a.txt"), "{page}");
    let file = server.anonymous("GET", &format!("{}/files/b%20%26.txt", link.page)).send().expect(200);
    assert_eq!(file.text(), "bb");

    let link = Link::to(server, "link-folder", 1, "");
    let page = link.get(server, "").send().expect(200);
    assert_shows(&page, &["<h1>link-folder</h1>", "a.txt", "Anlagen/"]);
    let below = link.get(server, "/files/Anlagen/").send().expect(200);
    assert_shows(&below, &["<h1>Anlagen</h1>", "b &amp;.txt", "eine Ebene höher"]);
    assert!(!below.text().contains("type=\"file\""), "nothing can be handed in here: {below}");
    for gone in ["/files/none/", "/files/a.txt/", "/files/../", "/files/%2e%2e/", "/files/Anlagen//"] {
        link.get(server, gone).send().expect(404);
    }
}

#[test]
fn the_password_is_asked_for_once_and_kept_for_this_link_only() {
    let folder = Folder::new("link-secret");
    folder.request("PUT", "a.txt").body("geheim").send().expect(201);
    let server = &folder.server;
    let link = Link::to(server, "link-secret", 1, &format!("&password={SECRET}"));
    let other = Link::to(server, "link-secret", 1, &format!("&password={SECRET}-2"));
    let page = link.get(server, "").send().expect(403);
    assert_shows(&page, &["Kennwort erforderlich", "type=\"password\"", "autofocus"]);
    assert!(!page.text().contains("link-secret") && !page.text().contains("a.txt"), "{page}");
    let leads = link.get(server, "/files/a.txt").send().expect(303);
    assert_eq!(leads.header("location"), Some(link.page.as_str()), "to where the password is asked for");
    let late = link.send(server, "", &[("zu-spät.txt", b"x")]);
    assert!(late.0 == 403 && late.1.contains("Your files have not arrived"), "{}", late.1);
    let wrong = link.log_in(server, "falsch-falsch").expect(403);
    assert_shows(&wrong, &["Das Kennwort ist falsch", "role=\"alert\""]);
    assert_eq!(wrong.header("set-cookie"), None);

    let right = link.log_in(server, SECRET).expect(303);
    assert_eq!(right.header("location"), Some(link.page.as_str()));
    let cookie = right.header("set-cookie").unwrap();
    for attribute in [format!("Path={}", link.page), "HttpOnly".to_owned(), "SameSite=Lax".to_owned()] {
        assert!(cookie.contains(&attribute), "{cookie}");
    }
    let pass = cookie.split(';').next().unwrap().to_owned();
    let with = |below: &str| link.get(server, below).header("Cookie", &pass);
    assert_shows(&with("").send().expect(200), &["a.txt"]);
    assert_eq!(with("/files/a.txt").send().expect(200).text(), "geheim");
    other.get(server, "").header("Cookie", &pass).send().expect(403);

    link.change(server, &format!("password={SECRET}-neu"));
    with("").send().expect(403);
    link.change(server, "password=");
    assert_shows(&link.get(server, "").send().expect(200), &["a.txt"]);
}

#[test]
fn files_are_handed_in_without_seeing_or_replacing_any() {
    let folder = Folder::new("link-drop");
    folder.request("PUT", "Beleg.pdf").body("der erste").send().expect(201);
    let server = &folder.server;
    let link = Link::to(server, "link-drop", 4, "&note=Belege%202025");
    let page = link.get(server, "").send().expect(200);
    assert_shows(&page, &["<h1>link-drop</h1>", "Belege 2025", "type=\"file\"", "multiple", "Hochladen"]);
    assert!(!page.text().contains("Beleg.pdf"), "{page}");

    let long = "x".repeat(300);
    let files: [(&str, &[u8]); 4] = [
        ("Beleg.pdf", b"der zweite"),
        (&long, b"x"),
        ("C:\\\\Scans\\\\Übersicht.txt", b"drei"),
        ("leer", b""),
    ];
    let (status, page) = link.send(server, "", &files);
    assert_eq!(status, 400, "one of them cannot be stored: {page}");
    for part in [
        "3 files have arrived and are safely stored",
        "<span class=\"name\">Beleg.pdf</span><span class=\"size\">10 B</span>",
        "<span class=\"name\">Übersicht.txt</span><span class=\"size\">4 B</span>",
        "<span class=\"name\">leer</span><span class=\"size\">0 B</span>",
        "Not arrived:",
        "this name is not allowed",
    ] {
        assert!(page.contains(part), "{part} is missing: {page}");
    }
    assert!(!page.contains("(2)"), "that another one is there is not told: {page}");
    for (name, content) in
        [("Beleg.pdf", "der erste"), ("Beleg%20(2).pdf", "der zweite"), ("%C3%9Cbersicht.txt", "drei")]
    {
        assert_eq!(folder.request("GET", name).send().expect(200).text(), content);
    }
    // However many there are of a name, and however long it is: the next one is taken, and the answer does not mention the others.
    let many = [("Beleg.pdf", b"x".as_slice()); 30];
    let (status, page) = link.send(server, "", &many);
    let listed = "<span class=\"name\">Beleg.pdf</span><span class=\"size\">1 B</span>";
    assert!(status == 200 && page.matches(listed).count() == 30, "{page}");
    let odd = format!("a.{}", "b".repeat(253));
    for _ in 0..2 {
        assert_eq!(link.send(server, "", &[(&odd, b"x")]).0, 200);
    }
    // Nothing can be fetched or found out.
    for name in ["Beleg.pdf", "none.pdf"] {
        let status = link.get(server, &format!("/files/{name}")).send().status;
        assert!([401, 403, 404, 405].contains(&status), "{name}: {status}");
    }
    link.get(server, "/files/sub/").send().expect(404);
    assert_eq!(link.send(server, "/files/sub/", &[("x", b"x")]).0, 403);

    let nothing = server.anonymous("POST", &link.page).header("Accept-Language", "en");
    let nothing = nothing.header("Content-Type", "multipart/form-data; boundary=x");
    let part = "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"\"\r\n\r\n\r\n--x--\r\n";
    assert_shows(&nothing.body(part).send().expect(400), &["Please choose a file first."]);
}

#[test]
fn what_is_handed_in_beside_other_files_gets_a_number() {
    let folder = Folder::new("link-edit");
    folder.request("MKCOL", "unten").send().expect(201);
    folder.request("PUT", "unten/a.txt").body("alt").send().expect(201);
    let server = &folder.server;
    let link = Link::to(server, "link-edit", 15, "");
    assert_shows(&link.get(server, "/files/unten/").send().expect(200), &["a.txt", "type=\"file\""]);
    let (status, page) = link.send(server, "/files/unten/", &[("a.txt", b"neu")]);
    assert!(status == 200 && page.contains("a (2).txt") && page.contains("role=\"status\""), "{page}");
    assert_eq!(folder.request("GET", "unten/a.txt").send().expect(200).text(), "alt");
    assert_eq!(folder.request("GET", "unten/a%20(2).txt").send().expect(200).text(), "neu");
}

#[test]
fn a_form_that_breaks_off_leaves_nothing() {
    let folder = Folder::new("link-broken");
    let server = &folder.server;
    let link = Link::to(server, "link-broken", 4, "");
    let part = |name: &str, content: &str| {
        format!("--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n{content}")
    };
    let post = || {
        let request = server.anonymous("POST", &link.page).header("Accept-Language", "en");
        request.header("Content-Type", "multipart/form-data; boundary=x")
    };
    // The body is complete, the form in it is not: the first file is one, the second is half of one.
    let half = post().body(part("ganz.txt", "ganz\r\n") + &part("halb.txt", "ha")).send().expect(400);
    assert_shows(&half, &["One file has arrived", "ganz.txt", "halb.txt: the transfer was interrupted"]);
    folder.request("GET", "halb.txt").send().expect(404);
    let head = format!("--x\r\nContent-Disposition: form-data; name=\"files\"; x=\"{}", "y".repeat(2 << 20));
    post().body(head).send().expect(400);
    post().header("Origin", "https://elsewhere.example").body(part("x", "x")).send().expect(403);
    post().header("Origin", "null").body(part("x", "x")).send().expect(403);
    server.anonymous("POST", &link.page).header("Content-Type", "text/plain").body("x").send().expect(415);
    server.anonymous("DELETE", &link.page).send().expect(405);

    // Ended while a file is on its way: it is not stored.
    let mut connection = server.endpoint().connect();
    let whole = part("spät.txt", "angefangen");
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: {}\r\n\r\n",
        link.page,
        server.endpoint().address,
        whole.len() + 9
    );
    connection.write_all((head + &whole).as_bytes()).unwrap();
    connection.flush().unwrap();
    link.delete(server);
    connection.write_all(b"\r\n--x--\r\n").unwrap();
    eventually("the answer", LIMIT, || {
        let mut first = [0; 12];
        std::io::Read::read(&mut connection, &mut first).unwrap() == 12 && !first.starts_with(b"HTTP/1.1 200")
    });
    folder.request("GET", "sp%C3%A4t.txt").send().expect(404);
}

#[test]
fn a_link_that_ended_and_one_that_never_was_are_the_same() {
    let folder = Folder::new("link-gone");
    folder.request("PUT", "a.txt").body("x").send().expect(201);
    let server = &shared();
    let link = Link::to(server, "link-gone/a.txt", 1, "");
    link.get(server, "").send().expect(200);
    folder.request("DELETE", "a.txt").send().expect(204);
    let in_trash = link.get(server, "").send().expect(404);
    assert_shows(&in_trash, &["Diesen Link gibt es nicht"]);
    let other = "/s/".to_owned() + &"a".repeat(link.page.len() - 3);
    let never = server.anonymous("GET", &other).header("Accept-Language", "de").send().expect(404);
    assert_eq!(never.text(), in_trash.text());
    link.delete(server);
    assert_eq!(link.get(server, "").send().expect(404).text(), never.text());
}

/// After a file that did not fit, the next one was neither stored nor named.
#[test]
fn every_file_of_a_form_is_stored_or_named_with_its_reason() {
    let server = shared();
    server.add_space("briefkasten", ["--kind", "team", "--quota", "1MiB"], "manage");
    server.request("MKCOL", "/dav/briefkasten/post").send().expect(201);
    let link = Link::in_space(&server, "briefkasten", "post", 4, "");
    let (large, small) = (vec![b'x'; 2 << 20], &b"small"[..]);
    let files = [
        ("one.txt", small),
        ("large.bin", &large[..]),
        ("two.txt", small),
        ("..", small),
        ("three.txt", small),
    ];
    let (status, page) = link.send(&server, "", &files);
    assert_eq!(status, 507, "{page}");
    for (name, content) in files {
        let is_stored = content.len() < 100 && name != "..";
        let listed = format!("<span class=\"name\">{name}</span><span class=\"size\">5 B</span>");
        assert_eq!(page.contains(&listed), is_stored, "{name}: {page}");
        assert_eq!(page.contains(&format!("<li>{name}: ")), !is_stored, "{name}: {page}");
        if is_stored {
            let got = server.request("GET", &format!("/dav/briefkasten/post/{name}")).send().expect(200);
            assert_eq!(got.body, content, "{name}");
        }
    }

    // A length that the part announces is judged before its body: here the body is not even sent.
    let form = "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"announced.bin\"\r\n\
                Content-Length: 3000000\r\n\r\nab\r\n--x\r\n\
                Content-Disposition: form-data; name=\"files\"; filename=\"after.txt\"\r\n\r\nafter\r\n--x--\r\n";
    let request = server.anonymous("POST", &link.page).header("Accept-Language", "en");
    let request = request.header("Content-Type", "multipart/form-data; boundary=x");
    let page = request.header("Origin", &server.url("")).body(form).send().expect(507);
    assert_shows(
        &page,
        &["<li>announced.bin: there is not enough room", "<span class=\"name\">after.txt</span>"],
    );

    // A link that takes nothing names all of them, too.
    link.change(&server, "permissions=1");
    let (status, page) = link.send(&server, "", &files[..1]);
    assert_eq!(status, 403, "{page}");
    assert!(page.contains("one.txt: "), "{page}");
}
