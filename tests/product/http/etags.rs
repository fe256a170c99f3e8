//! Entity tags: every change alters the tag of the changed entry and of all folders above, up to the list
//! of spaces, or sync clients would never see it.

use crate::http::fixture::{EXCLUSIVE, Folder, SHARED, etag, token};
use crate::support::TestServer;
use crate::support::server::{SPACE, USER};

const PROPPATCH: &str = r#"<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x xmlns="urn:x">y</x></D:prop></D:set></D:propertyupdate>"#;
const MTIME: &str = r#"<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><D:lastmodified>1000000000</D:lastmodified></D:prop></D:set></D:propertyupdate>"#;

/// The folder that changes and everything above it.
fn above(server: &TestServer) -> Vec<String> {
    let paths = ["a/b/", "a/", "", "../"];
    let path = |part: &str| match part {
        "../" => "/dav/".to_owned(),
        part => format!("/dav/{SPACE}/{part}"),
    };
    paths.iter().map(|part| etag(server, &path(part))).collect()
}

#[test]
fn every_change_shows_up_to_the_list_of_spaces() {
    let server = TestServer::start_plain();
    let folder = format!("/dav/{SPACE}/a/b/");
    let send = |method: &str, name: &str, body: &str| {
        let request = server.request(method, &format!("{folder}{name}"));
        let to = format!("{folder}{}", if name == "neu.txt" { "verschoben.txt" } else { "kopie.txt" });
        request.header("Destination", &to).header("Depth", "infinity").body(body).send()
    };
    for path in ["a", "a/b", "draussen"] {
        server.request("MKCOL", &format!("/dav/{SPACE}/{path}")).send().expect(201);
    }
    for (method, name, body, status) in [
        ("PUT", "neu.txt", "one", 201),
        ("PUT", "neu.txt", "two", 204),
        ("PUT", "neu.txt", "two", 204),
        ("PROPPATCH", "neu.txt", PROPPATCH, 207),
        ("PROPPATCH", "neu.txt", MTIME, 207),
        ("MOVE", "neu.txt", "", 201),
        ("COPY", "verschoben.txt", "", 201),
        ("COPY", "verschoben.txt", "", 204),
        ("DELETE", "kopie.txt", "", 204),
        ("MKCOL", "unter", "", 201),
        ("PROPPATCH", "unter", PROPPATCH, 207),
        ("DELETE", "unter", "", 204),
        ("LOCK", "gesperrt.txt", EXCLUSIVE, 201),
    ] {
        let before = above(&server);
        send(method, name, body).expect(status);
        let after = above(&server);
        for (level, (before, after)) in before.iter().zip(&after).enumerate() {
            assert_ne!(before, after, "{method} {name}, level {level}");
        }
    }
    // In and out of the folder.
    for (from, to) in [("a/b/verschoben.txt", "draussen/x.txt"), ("draussen/x.txt", "a/b/wieder.txt")] {
        let (before, outside) = (above(&server), etag(&server, &format!("/dav/{SPACE}/draussen/")));
        let move_it = server.request("MOVE", &format!("/dav/{SPACE}/{from}"));
        move_it.header("Destination", &format!("/dav/{SPACE}/{to}")).send().expect(201);
        assert!(before.iter().zip(above(&server)).all(|(before, after)| *before != after), "{from}");
        assert_ne!(outside, etag(&server, &format!("/dav/{SPACE}/draussen/")), "{from}");
    }
    // By the command line: an earlier content and something deleted come back.
    let path = "a/b/wieder.txt";
    let versions = server.cli_ok(["versions", "list", SPACE, path, "--json"]);
    let versions: serde_json::Value = serde_json::from_str(&versions).unwrap();
    let oldest = versions.as_array().unwrap().last().unwrap()["version"].to_string();
    let before = above(&server);
    server.cli_ok(["versions", "restore", SPACE, path, &oldest]);
    assert!(before.iter().zip(above(&server)).all(|(before, after)| *before != after));
    server.request("DELETE", &format!("/dav/{SPACE}/{path}")).send().expect(204);
    let trash: serde_json::Value =
        serde_json::from_str(&server.cli_ok(["trash", "list", SPACE, "--json"])).unwrap();
    let entry = trash[0]["entry"].to_string();
    let before = above(&server);
    server.cli_ok(["trash", "restore", SPACE, &entry]);
    assert!(before.iter().zip(above(&server)).all(|(before, after)| *before != after));
}

#[test]
fn the_list_of_spaces_changes_with_what_one_may_see() {
    let server = TestServer::start_plain();
    let mut tags = vec![etag(&server, "/dav/")];
    server.cli_ok(["space", "add", "zweiter", "--kind", "client"]);
    assert_eq!(etag(&server, "/dav/"), tags[0], "a space that he may not see is no change for him");
    for words in [
        &["grant", USER, "zweiter", "read"][..],
        &["space", "rename", "zweiter", "dritter"],
        &["revoke", USER, "dritter"],
    ] {
        server.cli_ok(words);
        let tag = etag(&server, "/dav/");
        assert_ne!(&tag, tags.last().unwrap(), "{words:?}");
        tags.push(tag);
    }
    server.request("PROPPATCH", &format!("/dav/{SPACE}/")).xml(PROPPATCH).send().expect(207);
    assert_ne!(&etag(&server, "/dav/"), tags.last().unwrap());
}

#[test]
fn what_changes_nothing_keeps_the_tag() {
    let folder = Folder::new("etag-same");
    folder.put("datei.txt", "content");
    let (file, own) = (folder.etag("datei.txt"), folder.etag(""));
    folder.get("datei.txt");
    let lock = token(&folder.request("LOCK", "datei.txt").xml(SHARED).send().expect(200));
    folder.request("UNLOCK", "datei.txt").header("Lock-Token", &format!("<{lock}>")).send().expect(204);
    folder.request("PUT", "datei.txt").header("If-None-Match", "*").body("x").send().expect(412);
    folder
        .request("PUT", "datei.txt")
        .header("OC-Checksum", "MD5:00000000000000000000000000000000")
        .body("x")
        .send()
        .expect(400);
    folder.transfer("COPY", "datei.txt", "fehlt/x").send().expect(409);
    assert_eq!((folder.etag("datei.txt"), folder.etag("")), (file.clone(), own));
    // Another content, another tag, even if both are the same bytes; and the same in every answer.
    let put = folder.put("datei.txt", "content");
    let new = put.header("etag").unwrap();
    assert_ne!(new, file);
    assert!(new.starts_with('"') && new.ends_with('"') && new.len() > 2, "{new}");
    let head = folder.request("HEAD", "datei.txt").send().expect(200);
    assert_eq!((head.header("etag"), put.header("oc-etag")), (Some(new), Some(new)));
    assert_eq!(folder.etag("datei.txt"), new);
    let listed = folder.list("", "1");
    assert_eq!(listed.item("datei.txt").unwrap().text("{DAV:}getetag"), Some(new));
    // A moved file is still the same content; the place it left may be filled by another.
    folder.transfer("MOVE", "datei.txt", "neu.txt").send().expect(201);
    let other = folder.put("datei.txt", "content");
    assert_ne!(other.header("etag"), Some(folder.etag("neu.txt").as_str()));
}

/// Copies made together once shared a tag, so that one moved over the other looked unchanged: a cache
/// kept the old content, and a writer overwrote a content that it had not seen.
#[test]
fn copies_made_together_do_not_share_a_tag() {
    let folder = Folder::new("twins");
    folder.make_folder("quelle");
    folder.put("quelle/a.txt", "content of a");
    folder.put("quelle/b.txt", "content of b");
    folder.transfer("COPY", "quelle", "kopie").send().expect(201);
    let seen = folder.etag("kopie/b.txt");
    assert_ne!(folder.etag("kopie/a.txt"), seen);
    folder.transfer("MOVE", "kopie/a.txt", "kopie/b.txt").send().expect(204);
    folder.request("GET", "kopie/b.txt").header("If-None-Match", &seen).send().expect(200);
    folder.request("PUT", "kopie/b.txt").header("If-Match", &seen).body("unseen").send().expect(412);
    assert_eq!(folder.get("kopie/b.txt"), b"content of a");
}
