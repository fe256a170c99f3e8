//! MKCOL, DELETE, COPY and MOVE to the letter of RFC 4918 9.

use std::io::{Read, Write};
use std::time::Duration;

use crate::http::fixture::Folder;
use crate::support::TestServer;
use crate::support::process::eventually;
use crate::support::server::{PASSWORD, SPACE, USER};

#[test]
fn mkcol_makes_one_folder_where_nothing_is() {
    let folder = Folder::new("mkcol");
    folder.request("MKCOL", "neu").send().expect(201);
    folder.request("MKCOL", "neu").send().expect(405);
    folder.request("MKCOL", "neu/").send().expect(405);
    folder.put("datei.txt", "x");
    folder.request("MKCOL", "datei.txt").send().expect(405);
    folder.request("MKCOL", "fehlt/neu").send().expect(409);
    folder.request("MKCOL", "datei.txt/neu").send().expect(409);
    folder.request("MKCOL", "mit").body("<x/>").send().expect(415);
    folder.request("MKCOL", "mit").chunks([&b"x"[..]]).send().expect(415);
    folder.request("MKCOL", "ohne").body("").send().expect(201);
    assert_eq!(folder.names(), ["datei.txt", "neu", "ohne"]);
}

#[test]
fn put_needs_a_folder_and_is_no_folder() {
    let folder = Folder::new("put");
    folder.make_folder("ordner");
    for (name, status) in [("ordner", 405), ("ordner/", 405), ("fehlt/datei.txt", 409), ("", 405)] {
        let refused = folder.request("PUT", name).body("x").send().expect(status);
        assert!(status != 405 || refused.header("allow").is_some(), "{refused}");
    }
    folder.put("datei.txt", "x");
    folder.request("PUT", "datei.txt/x").body("x").send().expect(409);
    assert_eq!(folder.names(), ["datei.txt", "ordner"]);
    let delete =
        |name: &str, depth: &str| folder.request("DELETE", name).header("Depth", depth).send().status;
    assert_eq!(delete("ordner", "0"), 400);
    assert_eq!(delete("ordner", "1"), 400);
    assert_eq!(delete("ordner", "infinity"), 204);
    assert_eq!(delete("datei.txt", "0"), 204);
    assert_eq!(delete("datei.txt", "0"), 404);
}

/// A folder with `a.txt`, `b.txt`, `von/` and `nach/`, which hold a file each.
fn furnished(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.put("a.txt", "a");
    folder.put("b.txt", "b");
    folder.make_folder("von");
    folder.put("von/innen.txt", "von");
    folder.make_folder("nach");
    folder.put("nach/altes.txt", "nach");
    folder
}

#[test]
fn overwrite_decides_what_becomes_of_the_destination() {
    for method in ["COPY", "MOVE"] {
        let mut folder = furnished(&format!("overwrite-{method}"));
        for (from, to, overwrite, status) in [
            ("a.txt", "neu.txt", None, 201),
            ("a.txt", "neu.txt", Some("T"), 201),
            ("a.txt", "neu.txt", Some("F"), 201),
            ("a.txt", "b.txt", None, 204),
            ("a.txt", "b.txt", Some("T"), 204),
            ("a.txt", "b.txt", Some("t"), 204),
            ("a.txt", "b.txt", Some("F"), 412),
            ("a.txt", "b.txt", Some("f"), 412),
            ("a.txt", "b.txt", Some("X"), 400),
            ("a.txt", "nach", None, 204),
            ("a.txt", "nach", Some("F"), 412),
            ("von", "nach", None, 204),
            ("von/", "nach/", Some("T"), 204),
            ("von", "nach", Some("F"), 412),
            ("von", "neu", None, 201),
            ("von", "neu/", None, 201),
            ("von", "b.txt", None, 204),
            ("von/innen.txt", "nach/altes.txt", None, 204),
            ("fehlt.txt", "neu.txt", None, 404),
            ("fehlt/x.txt", "neu.txt", None, 404),
            ("a.txt", "fehlt/neu.txt", None, 409),
            ("a.txt", "b.txt/neu.txt", None, 409),
            ("von", "fehlt/neu", None, 409),
            ("a.txt", "a.txt", None, 403),
            ("a.txt", "a.txt", Some("F"), 403),
            ("von", "von", None, 403),
            ("von", "von/", None, 403),
            ("von", "von/neu", None, 403),
            ("von", "von/innen.txt", None, 403),
            ("von/innen.txt", "von", None, 403),
        ] {
            let what = format!("{method} {from} {to} {overwrite:?}");
            let request = folder.transfer(method, from, to);
            let request =
                overwrite.into_iter().fold(request, |request, value| request.header("Overwrite", value));
            let response = request.send();
            assert_eq!(response.status, status, "{what}\n{response}");
            let (a, von) = (folder.status("GET", "a.txt"), folder.status("GET", "von/innen.txt"));
            if status >= 400 {
                assert_eq!(folder.names(), ["a.txt", "b.txt", "nach", "von"], "{what}");
                assert_eq!((a, von), (200, 200), "{what}");
                assert_eq!(folder.get("b.txt"), b"b", "{what}");
                assert_eq!(folder.get("nach/altes.txt"), b"nach", "{what}");
            } else {
                let gone = if method == "MOVE" { 404 } else { 200 };
                assert_eq!(if from == "a.txt" { a } else { von }, gone, "{what}");
                let (path, content) = match from {
                    "a.txt" => (to.to_owned(), "a"),
                    "von/innen.txt" => (to.to_owned(), "von"),
                    _ => (format!("{}/innen.txt", to.trim_end_matches('/')), "von"),
                };
                assert_eq!(folder.get(&path), content.as_bytes(), "{what}");
                if to.starts_with("nach") {
                    let old = if to == "nach/altes.txt" { 200 } else { 404 };
                    assert_eq!(folder.status("GET", "nach/altes.txt"), old, "{what}: replaced, not merged");
                }
                assert!(response.header("etag").is_some(), "{what}");
                folder.request("DELETE", "").send().expect(204);
                folder = furnished(&format!("overwrite-{method}"));
            }
        }
    }
}

#[test]
fn depth_belongs_to_the_method() {
    let folder = furnished("transfer-depth");
    folder.transfer("COPY", "von", "leer").header("Depth", "0").send().expect(201);
    assert_eq!(folder.list("leer", "1").0.len(), 1);
    folder.transfer("COPY", "von", "voll").header("Depth", "infinity").send().expect(201);
    assert_eq!(folder.list("voll", "1").0.len(), 2);
    folder.transfer("COPY", "von", "x").header("Depth", "1").send().expect(400);
    folder.transfer("MOVE", "von", "x").header("Depth", "0").send().expect(400);
    folder.transfer("MOVE", "von", "x").header("Depth", "infinity").send().expect(201);
    folder.transfer("COPY", "a.txt", "c.txt").header("Depth", "0").send().expect(201);
}

#[test]
fn a_destination_may_be_written_in_any_way() {
    let folder = furnished("destination");
    let address = folder.server.endpoint().address;
    for destination in [
        folder.target("z%2etxt"),
        format!("http://{address}{}", folder.target("z.txt")),
        format!("HTTP://{address}{}", folder.target("z.txt")),
        // A proxy that ends TLS passes its public scheme on.
        format!("https://{address}{}", folder.target("z.txt")),
        format!("http://{}{}", address.ip(), folder.target("z.txt")),
        format!("http://user@{address}{}", folder.target("z.txt")),
    ] {
        let copy = folder.request("COPY", "a.txt").header("Destination", &destination).send();
        assert_eq!(copy.status, 201, "{destination}\n{copy}");
        folder.request("DELETE", "z.txt").send().expect(204);
    }
    let umlaut = format!("http://{address}{}", folder.target("%c3%bc%20%23%3f.txt"));
    folder.request("MOVE", "a.txt").header("Destination", &umlaut).send().expect(201);
    assert!(folder.names().contains(&"ü #?.txt".to_owned()));
}

#[test]
fn whole_trees_cross_into_another_space() {
    let server = TestServer::start_plain();
    server.add_space("zweiter", ["--kind", "client"], "write");
    let dav = |method: &str, path: &str| server.request(method, &format!("/dav/{path}"));
    let transfer = |method: &str, from: &str, to: &str| {
        dav(method, &format!("{SPACE}/{from}")).header("Destination", &format!("/dav/zweiter/{to}"))
    };
    let content: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    dav("MKCOL", &format!("{SPACE}/a")).send().expect(201);
    dav("MKCOL", &format!("{SPACE}/a/b")).send().expect(201);
    dav("PUT", &format!("{SPACE}/a/b/c.bin")).body(content.clone()).send().expect(201);
    let property = r#"<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x xmlns="urn:x">y</x></D:prop></D:set></D:propertyupdate>"#;
    dav("PROPPATCH", &format!("{SPACE}/a/b/c.bin")).xml(property).send().expect(207);

    transfer("COPY", "a", "kopie").send().expect(201);
    transfer("COPY", "a", "kopie").header("Overwrite", "F").send().expect(412);
    transfer("COPY", "a", "kopie").send().expect(204);
    transfer("MOVE", "a", "fehlt/a").send().expect(409);
    transfer("MOVE", "a", "a").send().expect(201);
    dav("GET", &format!("{SPACE}/a/b/c.bin")).send().expect(404);
    for path in ["zweiter/kopie/b/c.bin", "zweiter/a/b/c.bin"] {
        assert_eq!(dav("GET", path).send().expect(200).body, content);
        let listed = dav("PROPFIND", path).header("Depth", "0").send().expect(207);
        assert!(listed.text().contains("urn:x"), "{listed}");
    }
    // The lock that stands in the way is named where it is: in the other space.
    dav("PUT", &format!("{SPACE}/d.txt")).body("d").send().expect(201);
    dav("PUT", "zweiter/gesperrt.txt").body("x").send().expect(201);
    dav("LOCK", "zweiter/gesperrt.txt").xml(crate::http::fixture::EXCLUSIVE).send().expect(200);
    for method in ["COPY", "MOVE"] {
        let refused = transfer(method, "d.txt", "gesperrt.txt").send().expect(423);
        assert!(refused.text().contains("/dav/zweiter/gesperrt.txt"), "{refused}");
    }
}

/// A copy into another space went on when its client had left, and when the right to either space was gone.
#[test]
fn a_copy_into_another_space_ends_with_its_client_and_with_its_rights() {
    const LIMIT: Duration = Duration::from_mins(1);
    let server = TestServer::start_plain();
    server.add_space("zweiter", ["--kind", "client"], "write");
    // So long that it is far from its end while a command runs.
    let content = vec![7; 256 << 20];
    server.request("PUT", &format!("/dav/{SPACE}/a.bin")).body(content).send().expect(201);
    let begin = || {
        let mut connection = server.endpoint().connect();
        let head = format!(
            "COPY /dav/{SPACE}/a.bin HTTP/1.1\r\nHost: {}\r\nAuthorization: Basic {}\r\nDestination: /dav/zweiter/a.bin\r\n\r\n",
            server.endpoint().address,
            data_encoding::BASE64.encode(format!("{USER}:{PASSWORD}").as_bytes())
        );
        connection.write_all(head.as_bytes()).unwrap();
        connection
    };
    let is_copying = || server.data().join("tmp").read_dir().unwrap().count() > 0;
    let containers = || {
        let folders = server.data().join("spaces").read_dir().unwrap().map(|folder| folder.unwrap().path());
        let containers = folders.flat_map(|folder| folder.read_dir().unwrap());
        containers.flat_map(|folder| folder.unwrap().path().read_dir().unwrap()).count()
    };
    let stored = containers();

    let connection = begin();
    eventually("the copy has begun", LIMIT, is_copying);
    drop(connection);
    eventually("nothing is half copied", LIMIT, || !is_copying());
    server.request("GET", "/dav/zweiter/a.bin").send().expect(404);

    for (space, right) in [("zweiter", "write"), (SPACE, "write")] {
        let mut connection = begin();
        eventually("the copy has begun", LIMIT, is_copying);
        server.cli_ok(["revoke", USER, space]);
        let mut status = [0; 12];
        connection.read_exact(&mut status).unwrap();
        assert_eq!(&status, b"HTTP/1.1 404", "{space}");
        server.cli_ok(["grant", USER, space, right]);
        server.request("GET", "/dav/zweiter/a.bin").send().expect(404);
    }
    eventually("nothing stays", LIMIT, || !is_copying() && containers() == stored);
    server
        .request("COPY", &format!("/dav/{SPACE}/a.bin"))
        .header("Destination", "/dav/zweiter/a.bin")
        .send()
        .expect(201);
}

/// The body of a COPY that waited for its turn lay in HTTP/2's windows, up to 16 MiB for each connection. Old clients do
/// send a short one (RFC 2518 12.12).
#[test]
fn a_request_without_use_for_a_body_takes_a_short_one_and_refuses_a_long_one() {
    let folder = Folder::new("transfer-body");
    let behavior = r#"<d:propertybehavior xmlns:d="DAV:"><d:keepalive>*</d:keepalive></d:propertybehavior>"#;
    for (method, done) in [("COPY", 201), ("MOVE", 201), ("DELETE", 204)] {
        folder.put("a", "x");
        folder.transfer(method, "a", method).body(vec![b'x'; 64 * 1024 + 1]).send().expect(413);
        assert_eq!(folder.names(), ["a"], "{method}");
        folder.transfer(method, "a", method).xml(behavior).send().expect(done);
        for name in folder.names() {
            folder.request("DELETE", &name).send().expect(204);
        }
    }
}
