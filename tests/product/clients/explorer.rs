//! The Windows Explorer (Mini-Redirector): its requests, replayed in its order.

use crate::support::TestServer;
use crate::support::content::{NAME_MARK, bytes, sha256};
use crate::support::http::{Request, Response};
use crate::support::multistatus::Multistatus;
use crate::support::server::{PASSWORD, USER};

const AGENT: &str = "Microsoft-WebDAV-MiniRedir/10.0.22631";

/// The properties without which it does not show a file.
const NEEDED: [&str; 9] = [
    "creationdate",
    "displayname",
    "getcontentlength",
    "getcontenttype",
    "getetag",
    "getlastmodified",
    "resourcetype",
    "supportedlock",
    "lockdiscovery",
];

const MODIFIED: &str = "Sun, 13 Sep 2020 12:26:40 GMT";

#[test]
fn explorer_finds_the_share_from_the_server_root_on() {
    let server = TestServer::start();
    let explorer = Explorer(&server);
    for target in ["/", "/dav", "/dav/", "/dav/space"] {
        let first = server
            .anonymous("OPTIONS", target)
            .header("User-Agent", "DavClnt")
            .header("translate", "f")
            .send();
        assert!([200, 401].contains(&first.status), "{target}: {first}");
        let options = explorer.request("OPTIONS", target).send().expect(200);
        let dav: String = options.header("dav").unwrap().replace(' ', "");
        assert!(dav.starts_with("1,2"), "{target}: {dav}");
        assert_eq!(options.header("ms-author-via"), Some("DAV"), "{target}");
        let allow = options.header("allow").unwrap();
        for method in ["PROPFIND", "LOCK"] {
            assert!(allow.split(',').any(|one| one.trim() == method), "{target}: {allow}");
        }
        // It remembers a redirect or a failure for a minute as "no server".
        let found = explorer.propfind(target, "0").status;
        assert!(!(300..400).contains(&found) && found < 500, "{target}: {found}");
    }
    let found = Multistatus::of(&explorer.propfind("/dav/space", "0"));
    assert!(found.0[0].is_collection());
    let missing = explorer.propfind("/dav/space/fehlt.txt", "0").expect(404);
    assert_eq!(missing.status, 404);
    for probe in ["desktop.ini", "folder.jpg", "Thumbs.db", "AutoRun.inf"] {
        explorer.propfind(&format!("/dav/space/{probe}"), "0").expect(404);
    }
}

#[test]
fn explorer_lists_without_a_body_and_gets_all_it_needs() {
    let server = TestServer::start();
    let explorer = Explorer(&server);
    explorer.request("MKCOL", "/dav/space/Ordner").send().expect(201);
    for name in ["eins.txt", "a%23b.txt", "100%25.txt", "x+y.txt", "M%C3%BCller.txt"] {
        let target = format!("/dav/space/Ordner/{name}");
        explorer.request("PUT", &target).body("1234").send().expect(201);
    }
    let listed = Multistatus::of(&explorer.propfind("/dav/space/Ordner", "1"));
    assert_eq!(listed.0.len(), 6);
    assert!(listed.0[0].is_collection());
    for item in &listed.0[1..] {
        for name in NEEDED {
            let name = format!("{{DAV:}}{name}");
            assert!(item.property(&name).is_some(), "{name} of {}", item.href);
        }
        assert_eq!(item.text("{DAV:}getcontentlength"), Some("4"));
        assert!(!item.is_collection());
    }
    for name in ["a#b.txt", "100%.txt", "x+y.txt", "Müller.txt"] {
        let shown = listed.item(name).unwrap_or_else(|| panic!("{name} in {listed:#?}"));
        assert_eq!(shown.text("{DAV:}displayname").unwrap_or(name), name);
        let found = explorer.request("GET", &shown.href).send().expect(200);
        assert_eq!(found.text(), "1234");
    }
    server.assert_no_traces(&["Müller.txt"]);
}

#[test]
fn explorer_copies_a_file_with_its_dates() {
    let server = TestServer::start();
    let explorer = Explorer(&server);
    let content = bytes(61, 500_000);
    // The order varies: the dates come before the content, after it, or both.
    for (number, dates) in [(1, [true, true]), (2, [true, false]), (3, [false, true])] {
        let target = &format!("/dav/space/{NAME_MARK}%20{number}.docx");
        explorer.propfind(target, "0").expect(404);
        explorer.request("PUT", target).body("").send().expect(201);
        let token = explorer.lock(target);
        if dates[0] {
            explorer.set_dates(target, &token);
        }
        explorer.request("HEAD", target).send().expect(200);
        explorer.request("PUT", target).body("ohne").send().expect(423);
        explorer
            .request("PUT", target)
            .header("If", &format!("({token})"))
            .body(content.clone())
            .send()
            .expect(204);
        if dates[1] {
            explorer.set_dates(target, &token);
        }
        explorer.request("UNLOCK", target).header("Lock-Token", &token).send().expect(204);

        let listed = Multistatus::of(&explorer.propfind(target, "0"));
        assert_eq!(listed.0[0].text("{DAV:}getlastmodified"), Some(MODIFIED), "order {number}");
        let attributes = listed.0[0].text("{urn:schemas-microsoft-com:}Win32FileAttributes");
        assert_eq!(attributes, Some("00000020"), "order {number}");
        let found = explorer.request("GET", target).send().expect(200);
        assert_eq!(sha256(&found.body), sha256(&content));
    }
    server.assert_no_traces(&[]);
}

#[test]
fn explorer_saves_from_office_by_rename_under_locks() {
    let server = TestServer::start();
    let explorer = Explorer(&server);
    let document = "/dav/space/Bescheid.docx";
    let temporary = "/dav/space/5A1B2C3D.tmp";
    explorer.request("PUT", document).body("alt").send().expect(201);
    // Word keeps the document locked, writes beside it and puts the new file in its place.
    let token = explorer.lock(document);
    explorer.request("PUT", temporary).body("neu").send().expect(201);
    let onto_locked = |if_header: Option<String>| {
        let mut request = explorer
            .request("MOVE", temporary)
            .header("Destination", &server.url(document))
            .header("Overwrite", "T");
        if let Some(value) = if_header {
            request = request.header("If", &value);
        }
        request.send()
    };
    onto_locked(None).expect(423);
    onto_locked(Some(format!("<{}> ({token})", server.url(document)))).expect(204);
    let found = explorer.request("GET", document).send().expect(200);
    assert_eq!(found.text(), "neu");

    // Rename onto an existing file asks first: Overwrite: F.
    explorer.request("PUT", temporary).body("x").send().expect(201);
    explorer
        .request("MOVE", temporary)
        .header("Destination", &server.url("/dav/space/frei.txt"))
        .header("Overwrite", "F")
        .send()
        .expect(201);
    explorer.request("PUT", temporary).body("y").send().expect(201);
    explorer
        .request("MOVE", temporary)
        .header("Destination", &server.url("/dav/space/frei.txt"))
        .header("Overwrite", "F")
        .send()
        .expect(412);
    server.assert_no_traces(&["Bescheid.docx", "5A1B2C3D"]);
}

#[test]
fn explorer_user_name_may_carry_a_domain() {
    let server = TestServer::start();
    let domain_user = format!("KANZLEI\\{USER}");
    server
        .anonymous("PROPFIND", "/dav/space")
        .header("Depth", "0")
        .sign_in(&domain_user, PASSWORD)
        .send()
        .expect(207);
    server
        .anonymous("PROPFIND", "/dav/space")
        .header("Depth", "0")
        .sign_in(&domain_user, "falsch")
        .send()
        .expect(401);
}

/// Requests as the Mini-Redirector sends them.
struct Explorer<'a>(&'a TestServer);

impl Explorer<'_> {
    fn request(&self, method: &str, target: &str) -> Request {
        self.0
            .request(method, target)
            .header("User-Agent", AGENT)
            .header("translate", "f")
            .header("Pragma", "no-cache")
    }

    /// Without a body: all properties are meant.
    fn propfind(&self, target: &str, depth: &str) -> Response {
        self.request("PROPFIND", target).header("Depth", depth).header("Content-Length", "0").send()
    }

    fn lock(&self, target: &str) -> String {
        let locked = self
            .request("LOCK", target)
            .header("Depth", "0")
            .header("Timeout", "Second-3600")
            .xml(
                "<?xml version=\"1.0\" encoding=\"utf-8\" ?><D:lockinfo xmlns:D=\"DAV:\">\
                 <D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype>\
                 <D:owner><D:href>KANZLEI\\staff</D:href></D:owner></D:lockinfo>",
            )
            .send()
            .expect(200);
        assert!(locked.text().contains("KANZLEI\\staff"), "{locked}");
        locked.header("lock-token").unwrap().to_owned()
    }

    /// The copy counts as failed unless every property is answered with 200.
    fn set_dates(&self, target: &str, token: &str) {
        let update = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\" ?><D:propertyupdate xmlns:D=\"DAV:\" \
             xmlns:Z=\"urn:schemas-microsoft-com:\"><D:set><D:prop>\
             <Z:Win32CreationTime>Sat, 12 Sep 2020 10:00:00 GMT</Z:Win32CreationTime>\
             <Z:Win32LastAccessTime>Mon, 14 Sep 2020 10:00:00 GMT</Z:Win32LastAccessTime>\
             <Z:Win32LastModifiedTime>{MODIFIED}</Z:Win32LastModifiedTime>\
             <Z:Win32FileAttributes>00000020</Z:Win32FileAttributes>\
             </D:prop></D:set></D:propertyupdate>"
        );
        let answer =
            self.request("PROPPATCH", target).header("If", &format!("({token})")).xml(&update).send();
        let answer = Multistatus::of(&answer);
        let properties = &answer.0[0].properties;
        assert_eq!(properties.len(), 4, "{properties:?}");
        assert!(properties.iter().all(|one| one.status == 200), "{properties:?}");
    }
}
