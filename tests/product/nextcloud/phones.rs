//! Requests of the Android and iOS apps, replayed from their sources.

use crate::support::TestServer;
use crate::support::server::{PASSWORD, SPACE, USER};

fn files(path: &str) -> String {
    format!("/remote.php/dav/files/{USER}/{path}")
}

const NAMESPACES: &str = r#"xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns" xmlns:x1="http://open-collaboration-services.org/ns""#;

fn propfind(server: &TestServer, user: &str, path: &str, depth: &str, names: &str) -> String {
    let body = format!("<d:propfind {NAMESPACES}><d:prop>{names}</d:prop></d:propfind>");
    let path = format!("/remote.php/dav/files/{user}/{path}");
    let request = server.anonymous("PROPFIND", &path).sign_in(user, PASSWORD).header("Depth", depth);
    let answer = request.body(body).send().expect(207);
    assert_eq!(answer.header("content-type"), Some("application/xml; charset=utf-8"));
    answer.text()
}

/// The responses of a listing by their href.
fn responses(text: &str) -> Vec<(String, String)> {
    text.split("<d:response><d:href>")
        .skip(1)
        .map(|response| response.split_once("</d:href>").unwrap())
        .map(|(href, rest)| (href.to_owned(), rest.to_owned()))
        .collect()
}

#[test]
fn the_ios_app_uploads_into_a_folder_that_is_not_there_yet() {
    let server = TestServer::start_plain();
    let put = |path: &str, makes: &str| {
        let request = server.request("PUT", &files(path)).header("OCS-APIRequest", "true");
        let request = request.header("Accept", "application/json").header("Overwrite", "true");
        let request = request.header("X-OC-MTime", "1600000003.123456").header("X-OC-CTime", "1600000002.5");
        request.header("X-NC-WebDAV-Auto-Mkcol", makes).body("a picture").send()
    };
    put(&format!("{SPACE}/Fotos/2026/11/IMG_1.HEIC"), "0").expect(409);
    let stored = put(&format!("{SPACE}/Fotos/2026/11/IMG_1.HEIC"), "1").expect(201);
    for name in ["oc-fileid", "oc-etag", "etag", "date"] {
        assert!(stored.header(name).is_some(), "{name}: {stored}");
    }
    assert_eq!(stored.header("x-oc-mtime"), Some("accepted"));
    let made = server.request("MKCOL", &files(&format!("{SPACE}/Neu"))).body("").send().expect(201);
    assert!(made.header("oc-fileid").is_some() && made.header("date").is_some(), "{made}");

    let names = "<d:getlastmodified/><d:getcontentlength/><oc:id/><oc:fileid/><oc:size/>";
    let text = propfind(&server, USER, &format!("{SPACE}/Fotos/2026/11/"), "1", names);
    let listed = responses(&text);
    assert_eq!(listed[0].0, files(&format!("{SPACE}/Fotos/2026/11/")), "the folder comes first");
    assert_eq!(listed[1].0, files(&format!("{SPACE}/Fotos/2026/11/IMG_1.HEIC")));
    assert!(listed[1].1.contains("<d:getlastmodified>Sun, 13 Sep 2020 12:26:43 GMT<"), "{text}");
    let id = stored.header("oc-fileid").unwrap();
    assert!(listed[1].1.contains(&format!("<oc:id>{id}</oc:id>")), "{text}");
    let number: u64 = id.split("oc").next().unwrap().parse().unwrap();
    assert!(listed[1].1.contains(&format!("<oc:fileid>{number}</oc:fileid>")), "{text}");
    assert!(
        listed[0].1.contains("<oc:size>9</oc:size>"),
        "a folder's size is that of all files below: {text}"
    );
    // The app knows its root by this very href.
    let root = propfind(&server, USER, "", "0", "<oc:id/><oc:permissions/><oc:data-fingerprint/>");
    assert_eq!(responses(&root)[0].0, files(""));
    assert!(
        root.contains("<oc:permissions>G</oc:permissions>") && root.contains("<oc:data-fingerprint>"),
        "{root}"
    );
}

#[test]
fn the_android_app_gets_one_propstat_for_what_there_is_and_one_for_the_rest() {
    let server = TestServer::start_plain();
    server.request("PUT", &files(&format!("{SPACE}/a.txt"))).body("eins").send().expect(201);
    let names = "<d:displayname/><d:getcontenttype/><d:resourcetype/><d:getcontentlength/><d:getlastmodified/>\
        <d:creationdate/><d:getetag/><d:quota-used-bytes/><d:quota-available-bytes/><oc:permissions/><oc:id/>\
        <oc:fileid/><oc:size/><oc:favorite/><oc:owner-id/><oc:owner-display-name/><oc:comments-unread/>\
        <oc:checksums/><oc:share-types/><nc:is-encrypted/><nc:mount-type/><nc:has-preview/><nc:note/><nc:sharees/>\
        <nc:rich-workspace/><nc:creation_time/><nc:upload_time/><nc:lock/><nc:lock-owner/><nc:system-tags/>\
        <nc:metadata-photos-size/><nc:is-mount-root/><x1:share-permissions/>";
    let text = propfind(&server, USER, &format!("{SPACE}/"), "1", names);
    let listed = responses(&text);
    assert_eq!(listed.len(), 2);
    for (_, response) in &listed {
        assert_eq!(response.matches("<d:propstat>").count(), 2, "{response}");
        let (found, missing) = response.split_once("</d:propstat>").unwrap();
        assert!(found.contains("<d:status>HTTP/1.1 200 OK</d:status>"), "{response}");
        assert!(missing.contains("<d:status>HTTP/1.1 404 Not Found</d:status>"), "{response}");
        assert!(missing.contains("<nc:sharees/>") && missing.contains("<nc:lock/>"), "{response}");
        assert!(
            found.contains("<oc:favorite>0</oc:favorite>") && found.contains("<oc:share-types/>"),
            "{response}"
        );
        assert!(found.contains(&format!("<oc:owner-id>{USER}</oc:owner-id>")), "{response}");
        assert!(
            found.contains("<nc:is-encrypted>0<") && found.contains("<nc:has-preview>false<"),
            "{response}"
        );
    }
    let (folder, file) = (&listed[0].1, &listed[1].1);
    assert!(
        folder.contains("<oc:permissions>RGCK<") && folder.contains("<nc:is-mount-root>true<"),
        "{folder}"
    );
    assert!(file.contains("<oc:permissions>RGDNVW<") && file.contains("<nc:is-mount-root>false<"), "{file}");
    assert!(file.contains("<oc:checksums><oc:checksum>SHA256:"), "{file}");
    assert!(file.contains("<x1:share-permissions>19<") && text.contains("xmlns:x1="), "{file}");

    server.add_member("leser", "client", "read");
    let read_only = propfind(&server, "leser", &format!("{SPACE}/"), "1", "<oc:permissions/>");
    assert_eq!(read_only.matches("<oc:permissions>G</oc:permissions>").count(), 2, "{read_only}");

    for (overwrite, status) in [("F", 201), ("F", 412), ("T", 204)] {
        let to = server.url(&files(&format!("{SPACE}/b.txt")));
        let request = server.request("COPY", &files(&format!("{SPACE}/a.txt"))).header("Destination", &to);
        request.header("Overwrite", overwrite).send().expect(status);
    }
    let read = server.request("GET", &files(&format!("{SPACE}/b.txt"))).send().expect(200);
    assert!(read.header("oc-checksum").is_some_and(|sums| sums.starts_with("SHA256:")), "{read}");
    assert!(read.header("repr-digest").is_some_and(|digest| digest.starts_with("sha-256=:")), "{read}");
    let digest = read.header("repr-digest").unwrap();
    let put = |digest: &str| {
        let request =
            server.request("PUT", &files(&format!("{SPACE}/c.txt"))).header("Content-Digest", digest);
        request.body("eins").send()
    };
    put("sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:").expect(400);
    server.request("GET", &files(&format!("{SPACE}/c.txt"))).send().expect(404);
    put(digest).expect(201);
}

#[test]
fn one_tree_has_three_addresses_and_each_answers_with_its_own() {
    let server = TestServer::start_plain();
    server.request("PUT", &files(&format!("{SPACE}/a.txt"))).body("eins").send().expect(201);
    for mount in ["/dav", "/remote.php/webdav", &format!("/remote.php/dav/files/{USER}")] {
        for end in ["", "/"] {
            let request = server.request("PROPFIND", &format!("{mount}/{SPACE}{end}")).header("Depth", "1");
            let text = request.send().expect(207).text();
            assert!(text.contains(&format!("<d:href>{mount}/{SPACE}/a.txt</d:href>")), "{text}");
        }
        let to = format!("/remote.php/webdav/{SPACE}/b.txt");
        let moved = server.request("MOVE", &format!("{mount}/{SPACE}/a.txt")).header("Destination", &to);
        moved.send().expect(201);
        let back = format!("{mount}/{SPACE}/a.txt");
        let moved = server.request("MOVE", &format!("/dav/{SPACE}/b.txt")).header("Destination", &back);
        moved.send().expect(201);
    }
    // Nothing is listed above, nor for another user.
    for path in ["/remote.php/", "/remote.php/dav/", "/remote.php/dav/files/", "/remote.php/dav/files/admin/"]
    {
        server.request("PROPFIND", path).header("Depth", "0").send().expect(404);
        server.anonymous("PROPFIND", path).header("Depth", "0").send().expect(401);
    }
    let options = server.request("OPTIONS", "/remote.php/dav/").send().expect(200);
    assert_eq!(options.header("dav"), Some("1, 2"));
}
