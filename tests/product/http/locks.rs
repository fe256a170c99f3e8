//! Locks (RFC 4918 6, 7, 9.10, 9.11): what they guard, whom they let in, how they end.

use crate::http::fixture::{EXCLUSIVE, Folder, SHARED, etag, token};
use crate::support::TestServer;
use crate::support::http::Response;
use crate::support::multistatus::Multistatus;
use crate::support::server::{PASSWORD, SPACE, USER};

fn with_token(folder: &Folder, method: &str, name: &str, token: &str) -> Response {
    // The second list is always true: only the submission of the token counts.
    let value = format!("(<{token}>) (Not <DAV:no-lock>)");
    let request = folder.request(method, name).header("If", &value);
    match method {
        "PUT" => request.body("with token"),
        "PROPPATCH" => request.xml(PROPPATCH),
        _ => request,
    }
    .send()
}

fn without_token(folder: &Folder, method: &str, name: &str) -> Response {
    let request = folder.request(method, name);
    match method {
        "PUT" => request.body("without token"),
        "PROPPATCH" => request.xml(PROPPATCH),
        _ => request,
    }
    .send()
}

const PROPPATCH: &str = r#"<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x xmlns="urn:x">y</x></D:prop></D:set></D:propertyupdate>"#;

#[test]
fn a_lock_is_told_in_full() {
    let folder = Folder::new("lock-answer");
    let lock = folder.request("LOCK", "neu.txt").header("Depth", "0").header("Timeout", "Second-600");
    let lock = lock.xml(EXCLUSIVE).send().expect(201);
    let token = token(&lock);
    assert!(token.starts_with("urn:uuid:"), "{token}");
    assert_eq!(lock.header("content-type"), Some("application/xml; charset=utf-8"));
    let file = folder.request("GET", "neu.txt").send().expect(200);
    assert_eq!((file.body.len(), file.header("content-length")), (0, Some("0")));

    let found = folder.list("neu.txt", "0");
    let active = found.0[0].property("{DAV:}lockdiscovery").unwrap();
    for element in [
        "activelock",
        "locktype",
        "write",
        "lockscope",
        "exclusive",
        "depth",
        "owner",
        "timeout",
        "locktoken",
        "lockroot",
        "href",
    ] {
        assert!(active.elements.contains(&format!("{{DAV:}}{element}")), "{element}: {active:?}");
        assert!(lock.text().contains(element), "{element}: {lock}");
    }
    for text in [&token, "http://test/", &folder.target("neu.txt"), "Second-"] {
        assert!(active.text.contains(text), "{text}: {active:?}");
        assert!(lock.text().contains(text), "{text}: {lock}");
    }

    let again = folder.request("LOCK", "neu.txt").xml(EXCLUSIVE).send().expect(423);
    assert!(again.text().contains("no-conflicting-lock"), "{again}");
    assert!(again.text().contains(&folder.target("neu.txt")), "{again}");
    let put = without_token(&folder, "PUT", "neu.txt").expect(423);
    assert!(put.text().contains("lock-token-submitted"), "{put}");
    assert!(put.text().contains(&folder.target("neu.txt")), "{put}");

    let refresh = folder.request("LOCK", "neu.txt").header("If", &format!("(<{token}>)"));
    let refresh = refresh.header("Timeout", "Second-900").header("Depth", "infinity").send().expect(200);
    assert_eq!(refresh.header("lock-token"), None);
    assert!(refresh.text().contains("Second-900") && refresh.text().contains(&token), "{refresh}");
    folder.request("LOCK", "neu.txt").send().expect(412);
    folder.request("LOCK", "neu.txt").header("If", "(<urn:uuid:wrong>)").send().expect(412);
    folder.request("LOCK", "fehlt/neu.txt").xml(EXCLUSIVE).send().expect(409);
    folder.request("LOCK", "neu.txt").header("Depth", "1").xml(EXCLUSIVE).send().expect(400);

    let unlock = |value: &str| folder.request("UNLOCK", "neu.txt").header("Lock-Token", value).send();
    folder.request("UNLOCK", "neu.txt").send().expect(400);
    unlock("<").expect(400);
    let wrong = unlock("<urn:uuid:wrong>").expect(409);
    assert!(wrong.text().contains("lock-token-matches-request-uri"), "{wrong}");
    unlock(&format!("<{token}>")).expect(204);
    unlock(&format!("<{token}>")).expect(409);
    // The `webdav` package of npm sends no brackets; refused, the file stayed locked for all.
    let again = folder.lock("neu.txt", "0");
    unlock(&again).expect(204);
    folder.put("neu.txt", "free");
}

#[test]
fn a_locked_file_changes_with_its_token_only() {
    for method in ["PUT", "PROPPATCH", "DELETE", "MOVE"] {
        let folder = Folder::new(&format!("lock-file-{method}"));
        folder.put("datei.txt", "before");
        let token = folder.lock("datei.txt", "infinity");
        let send = |with: bool| {
            let request =
                folder.request(method, "datei.txt").header("Destination", &folder.target("neu.txt"));
            let request = if with { request.header("If", &format!("(<{token}>)")) } else { request };
            match method {
                "PUT" => request.body("after"),
                "PROPPATCH" => request.xml(PROPPATCH),
                _ => request,
            }
            .send()
            .status
        };
        assert_eq!(send(false), 423, "{method}");
        assert_eq!(folder.get("datei.txt"), b"before", "{method}");
        assert!(send(true) < 300, "{method}");
    }
    // Reading and copying from it are free; copying onto it is not.
    let folder = Folder::new("lock-file-COPY");
    folder.put("datei.txt", "before");
    folder.put("anderes.txt", "other");
    let token = folder.lock("datei.txt", "0");
    folder.transfer("COPY", "datei.txt", "kopie.txt").send().expect(201);
    assert_eq!(folder.get("datei.txt"), b"before");
    for method in ["COPY", "MOVE"] {
        folder.transfer(method, "anderes.txt", "datei.txt").send().expect(423);
        let value = format!("<{}> (<{token}>)", folder.target("datei.txt"));
        folder.transfer(method, "anderes.txt", "datei.txt").header("If", &value).send().expect(204);
    }
}

/// davfs2 locks a document and the file that an editor writes beside it, renames that one over the document,
/// and goes on with the document's token. The lock had ended with the replaced document: every further save
/// answered 412, and the document stayed empty on the server.
#[test]
fn the_lock_at_the_destination_outlives_what_is_replaced() {
    for method in ["MOVE", "COPY"] {
        // The new file as it was made, and one that was saved before and has an earlier version.
        for saves in [1, 2] {
            let folder = Folder::new(&format!("lock-stays-{method}-{saves}"));
            folder.put("brief.txt", "eins");
            let document = folder.lock("brief.txt", "0");
            let beside = folder.lock("neu.tmp", "0");
            for save in 0..saves {
                let put = folder.request("PUT", "neu.tmp").header("If", &format!("(<{beside}>)"));
                put.body(format!("zwei, {save}")).send().expect(204);
            }
            let named = |name: &str, token: &str| format!("<{}> (<{token}>)", folder.target(name));
            let both = format!("{} {}", named("brief.txt", &document), named("neu.tmp", &beside));
            folder.transfer(method, "neu.tmp", "brief.txt").header("If", &both).send().expect(204);

            folder.request("PUT", "brief.txt").body("fremd").send().expect(423);
            let own = format!("(<{document}>)");
            folder.request("LOCK", "brief.txt").header("If", &own).send().expect(200);
            folder.request("PUT", "brief.txt").header("If", &own).body("drei").send().expect(204);
            assert_eq!(folder.get("brief.txt"), b"drei");
            // The source's lock went nowhere.
            let moved = method == "MOVE";
            let told = folder.list("brief.txt", "0").0[0].text("{DAV:}lockdiscovery").unwrap().to_owned();
            assert!(told.contains(&document) && !told.contains(&beside), "{told}");
            assert_eq!(folder.status("PUT", "neu.tmp"), if moved { 201 } else { 423 });
            let unlock = folder.request("UNLOCK", "brief.txt");
            unlock.header("Lock-Token", &format!("<{document}>")).send().expect(204);
            folder.put("brief.txt", "free");
        }
    }
}

/// Changes below a folder, and whether a lock on the folder guards them: at depth 0 its members'
/// coming and going, at depth infinity everything.
const BELOW: [(&str, &str, bool); 9] = [
    ("PUT", "ordner/neu.txt", true),
    ("MKCOL", "ordner/neu", true),
    ("DELETE", "ordner/datei.txt", true),
    ("DELETE", "ordner", true),
    ("PROPPATCH", "ordner", true),
    ("PUT", "ordner/datei.txt", false),
    ("PROPPATCH", "ordner/datei.txt", false),
    ("PUT", "ordner/tief/neu.txt", false),
    ("DELETE", "ordner/tief/datei.txt", false),
];

#[test]
fn a_locked_folder_guards_its_members() {
    for depth in ["0", "infinity"] {
        for (position, (method, name, at_depth_0)) in BELOW.into_iter().enumerate() {
            let what = format!("depth {depth}: {method} {name}");
            let folder = Folder::new(&format!("lock-folder-{depth}-{position}"));
            folder.make_folder("ordner");
            folder.make_folder("ordner/tief");
            folder.put("ordner/datei.txt", "x");
            folder.put("ordner/tief/datei.txt", "x");
            let token = folder.lock("ordner", depth);
            let is_guarded = at_depth_0 || depth == "infinity";
            let refused = without_token(&folder, method, name);
            assert_eq!(refused.status == 423, is_guarded, "{what}\n{refused}");
            if is_guarded {
                let href = folder.target("ordner");
                assert!(refused.text().contains(&href), "{what}\n{refused}");
                let done = with_token(&folder, method, name, &token);
                assert!(done.status < 300, "{what}\n{done}");
            }
        }
        let folder = Folder::new(&format!("lock-folder-move-{depth}"));
        folder.make_folder("ordner");
        folder.put("ordner/datei.txt", "x");
        folder.put("draussen.txt", "x");
        folder.lock("ordner", depth);
        folder.transfer("MOVE", "draussen.txt", "ordner/neu.txt").send().expect(423);
        folder.transfer("COPY", "draussen.txt", "ordner/neu.txt").send().expect(423);
        folder.transfer("MOVE", "ordner/datei.txt", "raus.txt").send().expect(423);
        folder.transfer("COPY", "ordner/datei.txt", "raus.txt").send().expect(201);
        folder.transfer("MOVE", "ordner", "weg").send().expect(423);
    }
}

#[test]
fn a_tree_with_a_lock_inside_stays_whole() {
    let folder = Folder::new("lock-inside");
    folder.make_folder("ordner");
    folder.make_folder("ordner/tief");
    folder.put("ordner/tief/datei.txt", "x");
    folder.put("anderes.txt", "y");
    let token = folder.lock("ordner/tief/datei.txt", "0");
    for (method, name) in [("DELETE", "ordner"), ("DELETE", "ordner/tief"), ("MOVE", "ordner")] {
        let refused =
            folder.request(method, name).header("Destination", &folder.target("weg")).send().expect(423);
        assert!(refused.text().contains("ordner/tief/datei.txt"), "{refused}");
    }
    folder.transfer("COPY", "anderes.txt", "ordner").send().expect(423);
    // No lock over all of it while another has one inside.
    folder.request("LOCK", "ordner").header("Depth", "infinity").xml(EXCLUSIVE).send().expect(423);
    folder.request("LOCK", "ordner").header("Depth", "infinity").xml(SHARED).send().expect(423);
    let outer = folder.lock("ordner", "0");
    let both = format!("(<{token}> ) (<{outer}>)");
    folder.request("DELETE", "ordner").header("If", &both).send().expect(204);
    assert_eq!(folder.names(), ["anderes.txt"]);
}

#[test]
fn a_deep_lock_covers_what_comes_later() {
    let folder = Folder::new("lock-deep");
    folder.make_folder("ordner");
    let token = folder.lock("ordner", "infinity");
    with_token(&folder, "PUT", "ordner/neu.txt", &token).expect(201);
    without_token(&folder, "PUT", "ordner/neu.txt").expect(423);
    let locks = folder.list("ordner/neu.txt", "0");
    assert!(locks.0[0].text("{DAV:}lockdiscovery").unwrap().contains(&token));
    let members = folder.list("ordner", "1");
    assert!(members.item("neu.txt").unwrap().text("{DAV:}lockdiscovery").unwrap().contains(&token));
    // A member leaves the lock's reach together with its place.
    let out = folder
        .transfer("MOVE", "ordner/neu.txt", "raus.txt")
        .header("If", &format!("<{}> (<{token}>)", folder.target("ordner")));
    out.send().expect(201);
    folder.put("raus.txt", "free");
    // Refresh and unlock work at any place that the lock covers.
    with_token(&folder, "PUT", "ordner/zwei.txt", &token).expect(201);
    folder.request("LOCK", "ordner/zwei.txt").header("If", &format!("(<{token}>)")).send().expect(200);
    folder
        .request("UNLOCK", "ordner/zwei.txt")
        .header("Lock-Token", &format!("<{token}>"))
        .send()
        .expect(204);
    folder.put("ordner/zwei.txt", "free");
}

#[test]
fn locks_stay_behind_when_what_they_locked_moves() {
    let folder = Folder::new("lock-move");
    folder.put("datei.txt", "x");
    folder.make_folder("ordner");
    folder.put("ordner/innen.txt", "x");
    let file = folder.lock("datei.txt", "0");
    let inner = folder.lock("ordner/innen.txt", "0");
    folder.transfer("MOVE", "datei.txt", "neu.txt").header("If", &format!("(<{file}>)")).send().expect(201);
    let with_inner = format!("<{}> (<{inner}>)", folder.target("ordner/innen.txt"));
    folder.transfer("MOVE", "ordner", "woanders").header("If", &with_inner).send().expect(201);
    for name in ["neu.txt", "woanders/innen.txt"] {
        assert_eq!(folder.list(name, "0").0[0].text("{DAV:}lockdiscovery"), Some(""), "{name}");
        folder.put(name, "free");
    }
    folder.put("datei.txt", "a new file is not locked");
    // Nor does a copy inherit one.
    let again = folder.lock("datei.txt", "0");
    folder.transfer("COPY", "datei.txt", "kopie.txt").send().expect(201);
    folder.put("kopie.txt", "free");
    // A deleted file takes its lock along.
    folder.request("DELETE", "datei.txt").header("If", &format!("(<{again}>)")).send().expect(204);
    folder.put("datei.txt", "free");
}

#[test]
fn shared_locks_share_and_exclude_exclusive_ones() {
    let server = TestServer::start_plain();
    server.add_member("zweite", "staff", "write");
    let path = format!("/dav/{SPACE}/datei.txt");
    let second = |method: &str| server.anonymous(method, &path).sign_in("zweite", PASSWORD);
    server.request("PUT", &path).body("x").send().expect(201);

    let first_token = token(&server.request("LOCK", &path).xml(SHARED).send().expect(200));
    let second_token = token(&second("LOCK").xml(SHARED).send().expect(200));
    server.request("LOCK", &path).xml(EXCLUSIVE).send().expect(423);
    let listing = server.request("PROPFIND", &path).header("Depth", "0").send();
    let locks = Multistatus::of(&listing);
    let locks = locks.0[0].property("{DAV:}lockdiscovery").unwrap();
    assert_eq!(locks.elements.iter().filter(|name| name.ends_with("activelock")).count(), 2);

    // Any holder may write with their own token, and none with another's.
    server.request("PUT", &path).body("y").send().expect(423);
    server.request("PUT", &path).header("If", &format!("(<{first_token}>)")).body("y").send().expect(204);
    second("PUT").header("If", &format!("(<{second_token}>)")).body("y").send().expect(204);
    second("PUT").header("If", &format!("(<{first_token}>)")).body("y").send().expect(423);
    // Nor may another holder end or prolong it.
    second("UNLOCK").header("Lock-Token", &format!("<{first_token}>")).send().expect(403);
    second("LOCK").header("If", &format!("(<{first_token}>)")).send().expect(412);
    server.request("UNLOCK", &path).header("Lock-Token", &format!("<{first_token}>")).send().expect(204);
    second("UNLOCK").header("Lock-Token", &format!("<{second_token}>")).send().expect(204);

    // No other lock stands beside an exclusive one.
    let alone = token(&second("LOCK").xml(EXCLUSIVE).send().expect(200));
    server.request("LOCK", &path).xml(SHARED).send().expect(423);
    server.request("PUT", &path).header("If", &format!("(<{alone}>)")).body("z").send().expect(423);
}

#[test]
fn locks_and_properties_outlive_a_restart() {
    let mut server = TestServer::start_plain();
    let path = format!("/dav/{SPACE}/datei.txt");
    server.request("PUT", &path).body("x").send().expect(201);
    server.request("PROPPATCH", &path).xml(PROPPATCH).send().expect(207);
    let token = token(
        &server.request("LOCK", &path).header("Timeout", "Second-3000").xml(EXCLUSIVE).send().expect(200),
    );
    let before = crate::http::fixture::etag(&server, &path);
    for stop in [TestServer::kill, |server: &mut TestServer| assert!(server.stop().success())] {
        stop(&mut server);
        server.spawn();
        server.request("PUT", &path).body("y").send().expect(423);
        let listing = Multistatus::of(&server.request("PROPFIND", &path).header("Depth", "0").send());
        let lock = listing.0[0].text("{DAV:}lockdiscovery").unwrap();
        assert!(lock.contains(&token), "{lock}");
        assert_eq!(listing.0[0].text("{urn:x}x"), Some("y"));
        assert_eq!(listing.0[0].text("{DAV:}getetag"), Some(before.as_str()));
    }
    server.request("PUT", &path).header("If", &format!("(<{token}>)")).body("y").send().expect(204);
    server.request("UNLOCK", &path).header("Lock-Token", &format!("<{token}>")).send().expect(204);
}

/// cadaver, davfs2 and Finder submit a lock's token with the URL of the locked entry. Onto a locked file in
/// another space that was always 412, since a tagged list was looked up in the source's space alone.
#[test]
fn a_tagged_list_is_judged_in_the_space_that_it_names() {
    let server = TestServer::start_plain();
    server.cli_ok(["space", "add", "zweiter", "--kind", "team"]);
    server.cli_ok(["space", "add", "dritter", "--kind", "team"]);
    for space in ["zweiter", "dritter"] {
        server.cli_ok(["grant", USER, space, "write"]);
    }
    server.request("PUT", "/dav/dritter/brief.txt").body("alt").send().expect(201);
    let elsewhere = etag(&server, "/dav/dritter/brief.txt");
    let there = "/dav/zweiter/brief.txt";
    for method in ["COPY", "MOVE"] {
        let from = format!("/dav/{SPACE}/neu-{method}.txt");
        server.request("PUT", &from).body(method).send().expect(201);
        server.request("PUT", there).body("alt").send();
        let token =
            token(&server.request("LOCK", there).header("Depth", "0").xml(EXCLUSIVE).send().expect(200));
        let transfer = |condition: &str| {
            let request = server.request(method, &from).header("Destination", &server.url(there));
            request.header("If", condition).send()
        };
        transfer(&format!("<{there}> (<urn:uuid:wrong>)")).expect(412);
        // A third space is none of the request's business, true or not.
        transfer(&format!("</dav/dritter/brief.txt> (<{token}>) ([{elsewhere}])")).expect(412);
        transfer(&format!("<{}> (<{token}>)", server.url(there))).expect(204);
        let own = format!("(<{token}>)");
        server.request("PUT", there).header("If", &own).body("danach").send().expect(204);
        server.request("UNLOCK", there).header("Lock-Token", &format!("<{token}>")).send().expect(204);
    }
}
