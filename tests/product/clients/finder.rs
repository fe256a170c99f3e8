//! The macOS Finder: the requests of its WebDAV file system, replayed in its order.

use crate::support::TestServer;
use crate::support::content::{CONTENT_MARK, NAME_MARK, bytes, sha256};
use crate::support::http::{Request, Response};
use crate::support::multistatus::Multistatus;

const AGENT: &str = "WebDAVFS/3.0.0 (03008000) Darwin/22.6.0 (x86_64)";

const LISTING: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<D:propfind xmlns:D="DAV:">
<D:prop>
<D:getlastmodified/>
<D:getcontentlength/>
<D:creationdate/>
<D:resourcetype/>
</D:prop>
</D:propfind>
"#;

const FREE_SPACE: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<D:propfind xmlns:D="DAV:">
<D:prop>
<D:quota-available-bytes/>
<D:quota-used-bytes/>
<D:quota/>
<D:quotaused/>
</D:prop>
</D:propfind>
"#;

const LOCK: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<D:lockinfo xmlns:D="DAV:">
<D:lockscope><D:exclusive/></D:lockscope>
<D:locktype><D:write/></D:locktype>
<D:owner>
<D:href>http://www.apple.com/webdav_fs/</D:href>
</D:owner>
</D:lockinfo>
"#;

#[test]
fn finder_mounts_writable_with_sane_free_space() {
    let server = TestServer::start();
    let finder = Finder(&server);
    // Like most clients it asks without credentials first.
    server.anonymous("OPTIONS", "/dav/space/").header("User-Agent", AGENT).send().expect(401);
    let options = finder.request("OPTIONS", "/dav/space/").send().expect(200);
    let classes = options.header("dav").unwrap();
    // Class 1 alone makes the volume read-only.
    assert!(classes.split(',').any(|class| class.trim() == "2"), "{classes}");
    // This word makes it send Microsoft's extensions.
    let product = options.header("server").unwrap_or_default();
    assert!(!product.contains("Microsoft-IIS"), "{product}");

    let root = finder.list("/dav/space/", "0");
    assert_eq!(root.0.len(), 1);
    assert!(root.0[0].is_collection());
    assert_eq!(root.0[0].href, "/dav/space/");

    let free = Multistatus::of(&finder.propfind("/dav/space/", "0", FREE_SPACE));
    for name in ["{DAV:}quota-available-bytes", "{DAV:}quota-used-bytes"] {
        let number: u64 = free.0[0].text(name).unwrap().parse().unwrap();
        // It reads the number without a sign: -3 for "unlimited" became 18 exabytes.
        assert!(number < 1 << 50, "{name} {number}");
    }
    for probe in ["._.", ".DS_Store", ".hidden", ".metadata_never_index", "Contents"] {
        let target = format!("/dav/space/{probe}");
        assert_eq!(finder.propfind(&target, "0", LISTING).status, 404, "{probe}");
    }
}

#[test]
fn finder_copies_a_file_under_its_lock() {
    let server = TestServer::start();
    let finder = Finder(&server);
    let target = &format!("/dav/space/{NAME_MARK}.bin");
    let content = bytes(51, 1_000_000);

    assert_eq!(finder.propfind(target, "0", LISTING).status, 404);
    finder.request("PUT", target).body("").send().expect(201);
    let token = finder.lock(target);
    assert_eq!(finder.list(target, "0").0[0].text("{DAV:}getcontentlength"), Some("0"));

    // The lock keeps out every client that does not name it.
    finder.request("PUT", target).body("x").send().expect(423);
    finder.request("DELETE", target).send().expect(423);

    let put = finder
        .request("PUT", target)
        .header("If", &format!("({token})"))
        .header("X-Expected-Entity-Length", &content.len().to_string())
        .chunks(content.chunks(33_333))
        .send()
        .expect(204);
    assert!(put.header("etag").is_some() || put.header("last-modified").is_some());

    // Refresh: no body, the token in If; the answer repeats the lock, not the header.
    let refresh = finder
        .request("LOCK", target)
        .header("Timeout", "Second-600")
        .header("If", &format!("({token})"))
        .send()
        .expect(200);
    assert!(refresh.text().contains("Second-"), "{refresh}");
    assert_eq!(refresh.header("lock-token"), None);
    finder.request("UNLOCK", target).header("Lock-Token", &token).send().expect(204);
    finder.request("PUT", target).body("frei").send().expect(204);

    // The AppleDouble twin that goes with every copied file.
    let twin = format!("/dav/space/._{NAME_MARK}.bin");
    finder.request("PUT", &twin).body("").send().expect(201);
    let twin_token = finder.lock(&twin);
    finder
        .request("PUT", &twin)
        .header("If", &format!("({twin_token})"))
        .body(vec![0, 5, 0x16, 7])
        .send()
        .expect(204);
    finder.request("UNLOCK", &twin).header("Lock-Token", &twin_token).send().expect(204);
    server.assert_no_traces(&[]);
}

#[test]
fn finder_copy_cut_short_leaves_the_old_version() {
    let server = TestServer::start();
    let finder = Finder(&server);
    let target = "/dav/space/kopie.bin";
    let old = bytes(52, 100_000);
    finder.request("PUT", target).body(old.clone()).send().expect(201);
    // Fewer bytes than promised: the copy was cancelled, though the last chunk came.
    let cut = finder
        .request("PUT", target)
        .header("X-Expected-Entity-Length", "200000")
        .chunks([&bytes(53, 150_000)[..]])
        .send();
    assert_eq!(cut.status, 400, "{cut}");
    let found = finder.request("GET", target).send().expect(200);
    assert_eq!(sha256(&found.body), sha256(&old));

    // More than the space can ever hold is refused before the body is read.
    let huge = finder
        .request("PUT", target)
        .header("X-Expected-Entity-Length", "9000000000000000")
        .expect_continue()
        .chunks([CONTENT_MARK.as_bytes()])
        .send();
    assert_eq!(huge.status, 507, "{huge}");
    assert_eq!(huge.interim, Vec::<u16>::new());
    server.assert_no_traces(&["kopie.bin"]);
}

#[test]
fn finder_reads_again_only_what_changed() {
    let server = TestServer::start();
    let finder = Finder(&server);
    let target = "/dav/space/gelesen.bin";
    let content = bytes(54, 300_000);
    finder.request("PUT", target).body(content.clone()).send().expect(201);
    // An old date, so that the second in which this test runs decides nothing.
    let date = "Sun, 13 Sep 2020 12:26:40 GMT";
    let update = format!(
        "<?xml version=\"1.0\"?><D:propertyupdate xmlns:D=\"DAV:\"><D:set><D:prop>\
         <D:lastmodified>{date}</D:lastmodified></D:prop></D:set></D:propertyupdate>"
    );
    let patched = finder.request("PROPPATCH", target).xml(&update).send();
    Multistatus::of(&patched);
    let listed = finder.list(target, "0");
    assert_eq!(listed.0[0].text("{DAV:}getlastmodified"), Some(date));

    // The date is one that clients choose: only the moment at which the server stored the file tells that the
    // Finder's copy is new enough.
    finder.request("GET", target).header("If-Modified-Since", date).send().expect(200);
    let stored = "Fri, 01 Jan 2100 00:00:00 GMT";
    finder.request("GET", target).header("If-Modified-Since", stored).send().expect(304);
    // A download that broke off begins anew for the same reason, whatever the date.
    for date in [date, "Sat, 12 Sep 2020 12:26:40 GMT"] {
        let whole = finder
            .request("GET", target)
            .header("Range", "bytes=65536-")
            .header("If-Range", date)
            .send()
            .expect(200);
        assert_eq!(sha256(&whole.body), sha256(&content));
    }
    let part = finder.request("GET", target).header("Range", "bytes=70000-70999").send().expect(206);
    assert_eq!(part.header("content-range"), Some("bytes 70000-70999/300000"));
    assert_eq!(sha256(&part.body), sha256(&content[70_000..71_000]));
}

#[test]
fn finder_renames_and_removes_folders_with_decomposed_names() {
    let server = TestServer::start();
    let finder = Finder(&server);
    // A with a combining diaeresis, as macOS composes names.
    let folder = "/dav/space/A%CC%88mter/";
    finder.request("MKCOL", folder).send().expect(201);
    finder.request("PUT", &format!("{folder}U%CC%88bersicht.txt")).body("a").send().expect(201);
    let listed = finder.list(folder, "1");
    // The folder itself comes first.
    assert_eq!(listed.0[0].path(), "/dav/space/A\u{308}mter/");
    assert_eq!(listed.0[1].path(), "/dav/space/A\u{308}mter/U\u{308}bersicht.txt");
    assert_eq!(listed.0.len(), 2);

    // MOVE comes without Overwrite and with an absolute address.
    let moved = "/dav/space/neu/";
    finder.request("MOVE", folder).header("Destination", &server.url(moved)).send().expect(201);
    assert_eq!(finder.propfind(folder, "0", LISTING).status, 404);
    finder.request("PUT", "/dav/space/ziel.txt").body("alt").send().expect(201);
    finder
        .request("MOVE", &format!("{moved}U%CC%88bersicht.txt"))
        .header("Destination", &server.url("/dav/space/ziel.txt"))
        .send()
        .expect(204);

    let listed = finder.list(moved, "1");
    assert_eq!(listed.0.len(), 1);
    finder.request("DELETE", moved).send().expect(204);
    assert_eq!(finder.propfind(moved, "0", LISTING).status, 404);
    server.assert_no_traces(&["ziel.txt", "A\u{308}mter"]);
}

/// Requests as the Finder sends them.
struct Finder<'a>(&'a TestServer);

impl Finder<'_> {
    fn request(&self, method: &str, target: &str) -> Request {
        self.0.request(method, target).header("User-Agent", AGENT).header("Accept", "*/*")
    }

    fn propfind(&self, target: &str, depth: &str, body: &str) -> Response {
        self.request("PROPFIND", target)
            .header("Depth", depth)
            .header("Content-Type", "text/xml")
            .body(body)
            .send()
    }

    fn list(&self, target: &str, depth: &str) -> Multistatus {
        Multistatus::of(&self.propfind(target, depth, LISTING))
    }

    /// Locks a file and returns the token with its brackets.
    fn lock(&self, target: &str) -> String {
        let locked = self
            .request("LOCK", target)
            .header("Depth", "0")
            .header("Timeout", "Second-600")
            .header("Content-Type", "text/xml; charset=\"utf-8\"")
            .body(LOCK)
            .send()
            .expect(200);
        assert!(locked.text().contains("http://www.apple.com/webdav_fs/"), "{locked}");
        let token = locked.header("lock-token").unwrap().to_owned();
        assert!(token.starts_with('<') && token.ends_with('>'), "{token}");
        token
    }
}
