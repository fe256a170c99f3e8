//! Conditional requests (RFC 9110 13, RFC 4918 10.4): what each header allows and what it stops.

use crate::http::fixture::{Folder, SHARED, shared, token};
use crate::support::TestServer;
use crate::support::http::{Request, Response};
use crate::support::multistatus::Multistatus;
use crate::support::server::SPACE;

const LONG_AGO: &str = "Thu, 01 Jan 1998 00:00:00 GMT";
const FUTURE: &str = "Fri, 01 Jan 2100 00:00:00 GMT";

fn with_headers(request: Request, headers: &[(&str, &str)]) -> Response {
    headers.iter().fold(request, |request, (name, value)| request.header(name, value)).send()
}

#[test]
fn reads_are_judged_by_tag_and_date() {
    let folder = Folder::new("conditions-read");
    let put = folder.put("datei.txt", "content");
    let (tag, date) = (put.header("etag").unwrap(), put.header("last-modified").unwrap());
    let list = format!("\"other\", {tag}");
    let weak = format!("W/{tag}");
    for (headers, status) in [
        (&[("If-Match", tag)][..], 200),
        (&[("If-Match", "*")], 200),
        (&[("If-Match", &list)], 200),
        (&[("If-Match", "\"other\"")], 412),
        (&[("If-Match", &weak)], 412),
        (&[("If-None-Match", tag)], 304),
        (&[("If-None-Match", &weak)], 304),
        (&[("If-None-Match", &list)], 304),
        (&[("If-None-Match", "*")], 304),
        (&[("If-None-Match", "\"other\"")], 200),
        (&[("If-Modified-Since", date)], 304),
        (&[("If-Modified-Since", FUTURE)], 304),
        (&[("If-Modified-Since", LONG_AGO)], 200),
        (&[("If-Modified-Since", "yesterday")], 200),
        (&[("If-Unmodified-Since", date)], 200),
        (&[("If-Unmodified-Since", LONG_AGO)], 412),
        // The tag decides where there is one, and a wrong If-Match before everything else.
        (&[("If-None-Match", "\"other\""), ("If-Modified-Since", FUTURE)], 200),
        (&[("If-None-Match", tag), ("If-Modified-Since", LONG_AGO)], 304),
        (&[("If-Match", tag), ("If-Unmodified-Since", LONG_AGO)], 200),
        (&[("If-Match", "\"other\""), ("If-None-Match", tag)], 412),
        (&[("If", &format!("([{tag}])"))], 200),
        (&[("If", "([\"other\"])")], 412),
        (&[("If", "(<urn:none>)")], 412),
        (&[("If", "(Not <urn:none>)")], 200),
    ] {
        for method in ["GET", "HEAD"] {
            let response = with_headers(folder.request(method, "datei.txt"), headers);
            assert_eq!(response.status, status, "{method} {headers:?}\n{response}");
            if status != 412 {
                assert_eq!(response.header("etag"), Some(tag), "{method} {headers:?}");
                assert_eq!(response.header("last-modified"), Some(date), "{method} {headers:?}");
            }
            let body: &[u8] = if method == "GET" && status == 200 { b"content" } else { b"" };
            assert!(status == 412 || response.body == body, "{method} {headers:?}\n{response}");
        }
    }
}

/// A client may give a new content the time of the old one, or an earlier one. Conditions with that date then held: a
/// cache went on showing the old content, and a save that should have been refused replaced the new one.
#[test]
fn a_time_that_a_client_chose_never_says_that_nothing_changed() {
    let folder = Folder::new("conditions-chosen-time");
    let put = |mtime: &str, content: &'static str| {
        let request = folder.request("PUT", "datei.txt").header("X-OC-Mtime", mtime).body(content);
        let response = request.send();
        assert!(matches!(response.status, 201 | 204), "{response}");
    };
    put("1600000000", "old");
    let seen = folder.request("GET", "datei.txt").send().expect(200);
    let date = seen.header("last-modified").unwrap();
    assert_eq!(date, "Sun, 13 Sep 2020 12:26:40 GMT");
    for mtime in ["1600000000", "1500000000"] {
        put(mtime, "new");
        // Once from the catalogue, once from memory.
        for _ in 0..2 {
            let again = folder.request("GET", "datei.txt").header("If-Modified-Since", date).send();
            assert_eq!(again.expect(200).body, b"new", "{mtime}");
        }
        folder.request("GET", "datei.txt").header("If-Unmodified-Since", date).send().expect(412);
        let save = folder.request("PUT", "datei.txt").header("If-Unmodified-Since", date).body("mine");
        save.send().expect(412);
        folder.request("DELETE", "datei.txt").header("If-Unmodified-Since", date).send().expect(412);
    }
    // RFC 9110 8.8.2.1: no Last-Modified lies in the future.
    put("4102444800", "from the future");
    let seen = folder.request("GET", "datei.txt").send().expect(200);
    assert!(!seen.header("last-modified").unwrap().contains("2100"), "{seen}");
    let save = folder
        .request("PUT", "datei.txt")
        .header("If-Unmodified-Since", seen.header("last-modified").unwrap());
    save.body("mine").send().expect(412);
}

/// `If-Match` on a folder was ignored, so a program that asked for the state it knew got another.
#[test]
fn reads_of_folders_are_judged_as_well() {
    let folder = Folder::new("conditions-read-folder");
    folder.put("datei.txt", "content");
    let tag = folder.etag("");
    for (headers, status) in [
        (&[("If-Match", tag.as_str())][..], 200),
        (&[("If-Match", "*")], 200),
        (&[("If-Match", "\"other\"")], 412),
        (&[("If-Unmodified-Since", LONG_AGO)], 412),
        (&[("If-None-Match", "\"other\"")], 200),
        (&[("If-None-Match", tag.as_str())], 304),
    ] {
        for method in ["GET", "HEAD"] {
            let response = with_headers(folder.request(method, ""), headers);
            assert_eq!(response.status, status, "{method} {headers:?}\n{response}");
        }
    }
}

/// The list of spaces is a folder like any other, but its conditions were ignored. Other tests' changes are part of its
/// state, so this one has a server of its own.
#[test]
fn reads_of_the_list_of_spaces_are_judged_like_those_of_a_folder() {
    let server = TestServer::start_plain();
    server.request("PUT", &format!("/dav/{SPACE}/a")).body("x").send().expect(201);
    let state = || server.request("HEAD", "/dav/").send().expect(200).header("etag").unwrap().to_owned();
    let tag = state();
    let listed = server.request("PROPFIND", "/dav/").header("Depth", "0").send().expect(207);
    assert_eq!(Multistatus::of(&listed).0[0].text("{DAV:}getetag"), Some(tag.as_str()));
    let weak = format!("W/{tag}");
    for (name, value, get, propfind) in [
        ("If-Match", tag.as_str(), 200, 207),
        ("If-Match", "*", 200, 207),
        ("If-Match", "\"other\"", 412, 412),
        ("If-Match", &weak, 412, 412),
        ("If-None-Match", "\"other\"", 200, 207),
        ("If-None-Match", &tag, 304, 412),
        ("If-None-Match", &weak, 304, 412),
        ("If-None-Match", "*", 304, 412),
        ("If-Unmodified-Since", LONG_AGO, 412, 207),
        ("If-Modified-Since", LONG_AGO, 200, 207),
        ("If", &format!("([{tag}])"), 200, 207),
        ("If", "([\"other\"])", 412, 207),
        ("If", "(<urn:uuid:none>)", 412, 207),
        ("If", "(Not <urn:uuid:none>)", 200, 207),
        ("If", "</dav/other/> ([\"other\"])", 412, 207),
    ] {
        for path in ["/dav/", "/dav"] {
            for (method, status) in [("GET", get), ("HEAD", get), ("PROPFIND", propfind)] {
                let response = server.request(method, path).header("Depth", "0").header(name, value).send();
                assert_eq!(response.status, status, "{method} {path} {name}: {value}\n{response}");
                if status == 304 {
                    assert_eq!(response.header("etag"), Some(tag.as_str()), "{method} {path}");
                }
            }
        }
    }
    server.request("PUT", &format!("/dav/{SPACE}/a")).body("y").send().expect(204);
    assert_ne!(state(), tag);
    server.request("GET", "/dav/").header("If-None-Match", &tag).send().expect(200);
    // Listings of folders below are judged in the same way.
    let folder = format!("/dav/{SPACE}/");
    let ask = |name: &str, value: &str| {
        server.request("PROPFIND", &folder).header("Depth", "1").header(name, value).send().status
    };
    let tag = server.request("HEAD", &folder).send().expect(200).header("etag").unwrap().to_owned();
    assert_eq!((ask("If-Match", &tag), ask("If-Match", "\"other\"")), (207, 412));
    assert_eq!((ask("If-None-Match", "\"other\""), ask("If-None-Match", &tag)), (207, 412));
}

#[test]
fn writes_happen_only_to_the_state_that_was_meant() {
    let folder = Folder::new("conditions-write");
    let here = folder.server.url(&folder.target("datei.txt"));
    let elsewhere = "<http://evil.example/dav/space/conditions-write/datei.txt>";
    // The results for an existing file, and for one that does not exist.
    for (name, value, exists, missing) in [
        ("If-Match", "TAG", true, false),
        ("If-Match", "\"other\", TAG", true, false),
        ("If-Match", "*", true, false),
        ("If-Match", "W/TAG", false, false),
        ("If-Match", "\"other\"", false, false),
        ("If-None-Match", "*", false, true),
        ("If-None-Match", "TAG", false, true),
        ("If-None-Match", "\"other\"", true, true),
        ("If-Unmodified-Since", FUTURE, true, true),
        ("If-Unmodified-Since", LONG_AGO, false, true),
        ("If-Modified-Since", FUTURE, true, true),
        ("If", "([TAG])", true, false),
        ("If", "([\"other\"])", false, false),
        ("If", "(Not [\"other\"])", true, true),
        ("If", "(Not [TAG])", false, true),
        ("If", "([\"other\"]) ([TAG])", true, false),
        ("If", "([TAG] [\"other\"])", false, false),
        ("If", "([TAG] Not [\"other\"])", true, false),
        ("If", "([W/TAG])", false, false),
        ("If", "(<urn:uuid:none>)", false, false),
        ("If", "(<urn:uuid:none>) (Not <urn:uuid:none>)", true, true),
        ("If", "(<DAV:no-lock>)", false, false),
        ("If", "(Not <DAV:no-lock>)", true, true),
        ("If", "<HERE> ([TAG])", true, false),
        ("If", "<HERE> ([\"other\"] Not <DAV:no-lock>)", false, false),
        ("If", "ELSEWHERE ([TAG])", false, false),
        ("If", "ELSEWHERE (Not [TAG])", true, true),
        ("If", "ELSEWHERE ([TAG]) <HERE> (Not <DAV:no-lock>)", true, true),
        ("If", "</dav/fremd/datei.txt> (Not <DAV:no-lock>)", true, true),
    ] {
        for method in ["PUT", "PROPPATCH", "DELETE", "COPY", "MOVE", "LOCK"] {
            folder.request("DELETE", "datei.txt").send();
            folder.request("DELETE", "ziel.txt").send();
            let tag = folder.put("datei.txt", "before").header("etag").unwrap().to_owned();
            let value = value.replace("TAG", &tag).replace("ELSEWHERE", elsewhere).replace("HERE", &here);
            let request = || {
                let request = folder.request(method, "datei.txt").header(name, &value);
                match method {
                    "PUT" => request.body("after"),
                    "PROPPATCH" => request.xml(PROPPATCH),
                    "LOCK" => request.header("Depth", "0").header("Timeout", "Second-1").xml(SHARED),
                    "COPY" | "MOVE" => request.header("Destination", &folder.target("ziel.txt")),
                    _ => request,
                }
            };
            let done = match method {
                "PROPPATCH" => 207,
                "COPY" | "MOVE" => 201,
                "LOCK" => 200,
                _ => 204,
            };
            let response = request().send();
            let expected = if exists { done } else { 412 };
            assert_eq!(response.status, expected, "{method} {name}: {value}\n{response}");
            if !exists {
                assert_eq!(folder.get("datei.txt"), b"before", "{method} {name}: {value}");
                assert_eq!(folder.etag("datei.txt"), tag, "{method} {name}: {value}");
            }
            if response.status == 200 {
                let lock = format!("<{}>", token(&response));
                folder.request("UNLOCK", "datei.txt").header("Lock-Token", &lock).send().expect(204);
            }
            if method == "PUT" {
                folder.request("DELETE", "datei.txt").send().expect(204);
                let response = request().send();
                let expected = if missing { 201 } else { 412 };
                assert_eq!(response.status, expected, "{method} missing, {name}: {value}\n{response}");
                assert_eq!(folder.status("GET", "datei.txt"), if missing { 200 } else { 404 });
            }
        }
    }
}

const PROPPATCH: &str = r#"<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x xmlns="urn:x">y</x></D:prop></D:set></D:propertyupdate>"#;

#[test]
fn a_wrong_token_is_412_and_a_missing_one_423() {
    let folder = Folder::new("conditions-token");
    let tag = folder.put("datei.txt", "before").header("etag").unwrap().to_owned();
    folder.put("frei.txt", "free");
    let token = folder.lock("datei.txt", "0");
    let here = folder.server.url(&folder.target("datei.txt"));
    let free = folder.target("frei.txt");
    let put = |value: Option<String>| {
        let request = folder.request("PUT", "datei.txt").body("after");
        value.into_iter().fold(request, |request, value| request.header("If", &value)).send().status
    };
    assert_eq!(put(None), 423);
    assert_eq!(put(Some("(<urn:uuid:00000000-0000-4000-8000-000000000000>)".to_owned())), 412);
    assert_eq!(put(Some(format!("(<{}>)", &token[..token.len() - 1]))), 412, "the whole token counts");
    assert_eq!(put(Some(format!("(<{token}> [\"other\"])"))), 412);
    assert_eq!(put(Some(format!("(Not <{token}>)"))), 412);
    // True, but it brings no token.
    assert_eq!(put(Some(format!("([{tag}])"))), 423);
    assert_eq!(put(Some("(Not <DAV:no-lock>)".to_owned())), 423);
    // True for another file, and none of this one's tokens.
    assert_eq!(put(Some(format!("<{free}> (Not <{token}x>)"))), 423);
    assert_eq!(folder.get("datei.txt"), b"before");
    // A token anywhere in the header is submitted, even where its own list is false.
    assert_eq!(put(Some(format!("(Not <{token}>) (Not <DAV:no-lock>)"))), 204);
    assert_eq!(put(Some(format!("<{free}> (<{token}>) (Not <DAV:no-lock>)"))), 204);
    assert_eq!(put(Some(format!("(<{token}>)"))), 204);
    assert_eq!(put(Some(format!("<{here}> (<{token}>)"))), 204);
    // davfs2: both headers, the tag of the present state, and a URI with other escapes.
    let now = folder.etag("datei.txt");
    let tagged = format!("<{}> (<{token}>)", here.replace("datei", "%64atei"));
    let both = folder.request("PUT", "datei.txt").header("If-Match", &now).header("If", &tagged).body("x");
    both.send().expect(204);
    let stale = folder.request("PUT", "datei.txt").header("If-Match", &now).header("If", &tagged).body("x");
    stale.send().expect(412);
}

#[test]
fn a_folder_answers_conditions_too() {
    let folder = Folder::new("conditions-folder");
    folder.make_folder("ordner");
    let tag = folder.etag("ordner");
    folder.put("ordner/datei.txt", "x");
    folder.request("DELETE", "ordner").header("If-Match", &tag).send().expect(412);
    folder.transfer("MOVE", "ordner", "neu").header("If-Match", &tag).send().expect(412);
    folder.request("MKCOL", "ordner").header("If-None-Match", "*").send().expect(412);
    folder.request("MKCOL", "anderer").header("If-Match", "*").send().expect(412);
    folder.request("MKCOL", "anderer").header("If-None-Match", "*").send().expect(201);
    let tag = folder.etag("ordner");
    folder.request("DELETE", "ordner").header("If-Match", &tag).send().expect(204);
}

#[test]
fn of_ten_writers_who_saw_the_same_state_one_wins() {
    let folder = Folder::new("conditions-race");
    for round in 0..5 {
        let tag = folder.put("datei.txt", "before").header("etag").unwrap().to_owned();
        let statuses: Vec<(usize, u16)> = std::thread::scope(|scope| {
            let write = |writer: usize| {
                let body = format!("writer {writer} ").repeat(5_000);
                let put = folder.request("PUT", "datei.txt").header("If-Match", &tag).body(body);
                (writer, put.send().status)
            };
            let threads: Vec<_> = (0..10).map(|writer| scope.spawn(move || write(writer))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let winners: Vec<usize> =
            statuses.iter().filter(|(_, status)| *status == 204).map(|(writer, _)| *writer).collect();
        assert_eq!(winners.len(), 1, "round {round}: {statuses:?}");
        assert!(statuses.iter().all(|(_, status)| [204, 412].contains(status)), "{statuses:?}");
        assert_eq!(folder.get("datei.txt"), format!("writer {} ", winners[0]).repeat(5_000).into_bytes());

        let name = format!("neu-{round}.txt");
        let created: Vec<u16> = std::thread::scope(|scope| {
            let create = || folder.request("PUT", &name).header("If-None-Match", "*").body("x").send().status;
            let threads: Vec<_> = (0..10).map(|_| scope.spawn(create)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(created.iter().filter(|status| **status == 201).count(), 1, "round {round}: {created:?}");
    }
    crate::http::fixture::assert_alive(&shared());
}
