//! The search by name: on the pages of files, and by the JSON interface.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::http::public::Link;
use crate::support::TestServer;
use crate::support::browser::{Browser, leads_to};
use crate::support::http::Response;
use crate::support::server::{PASSWORD, SPACE, USER};

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A search of a user by the JSON interface.
fn search(server: &TestServer, user: &str, query: &str) -> Response {
    server.anonymous("GET", &format!("/api/v1/search?{query}")).sign_in(user, PASSWORD).send()
}

#[track_caller]
fn read(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap_or_else(|error| panic!("{error}: {response}"))
}

/// Space and path of all hits.
#[track_caller]
fn found(server: &TestServer, user: &str, query: &str) -> Vec<String> {
    let answer = read(&search(server, user, query).expect(200));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let hits = answer["hits"].as_array().unwrap().iter();
    hits.map(|hit| format!("{}:{}", text(&hit["space"]), text(&hit["entry"]["path"]))).collect()
}

fn put(server: &TestServer, path: &str) {
    let path: Vec<_> = path.split('/').map(encoded).collect();
    server.request("PUT", &format!("/dav/{}", path.join("/"))).body("x").send().expect(201);
}

#[test]
fn umlauts_capitals_and_parts_of_words_find_a_file_for_those_who_may_read_it() {
    let server = TestServer::start_plain();
    server.add_space("Huber & Söhne", ["--kind", "client"], "write");
    server.add_member("reader", "auditor", "read");
    server.add_user("stranger", "staff", PASSWORD);
    let here = |name: &str| format!("{SPACE}/{name}");
    for name in ["Müller.pdf", "Mueller.pdf", "Muller.pdf"].map(here) {
        put(&server, &name);
    }
    put(&server, "Huber & Söhne/Kontoeröffnung.pdf");
    let mullers = ["Muller.pdf", "Mueller.pdf", "Müller.pdf"].map(|name| format!("{SPACE}:{name}"));
    for text in ["mueller", "Müller", "muller", "MULLER", "MU\u{308}LLER", "ulle"] {
        for user in [USER, "reader"] {
            assert_eq!(found(&server, user, &format!("q={}", encoded(text))), mullers, "{text} {user}");
        }
    }
    let account = ["Huber & Söhne:Kontoeröffnung.pdf"];
    for text in ["eroeffnung", "ERÖFFNUNG", "konto", "soehne pdf"] {
        let query = format!("q={}", encoded(text));
        assert_eq!(found(&server, USER, &query), account, "{text}");
        assert_eq!(found(&server, "reader", &query), Vec::<String>::new(), "{text}");
    }
    assert_eq!(found(&server, "stranger", "q=pdf"), Vec::<String>::new());
    assert_eq!(found(&server, USER, &format!("q=pdf&space={}", encoded("Huber & Söhne"))), account);

    // In pages.
    let first = read(&search(&server, USER, "q=pdf&limit=3").expect(200));
    let rest = found(&server, USER, &format!("q=pdf&limit=3&before={}", first["next"]));
    assert_eq!((first["hits"].as_array().unwrap().len(), rest), (3, vec![mullers[2].clone()]));
    let entry = &first["hits"][0]["entry"];
    assert_eq!(
        (&entry["folder"], &entry["size"], &entry["readable"]),
        (&json!(false), &json!(1), &json!(true))
    );

    let long = format!("q={}", "x".repeat(256));
    let many = format!("q={}", "x+".repeat(17));
    for (query, status, code) in [
        ("", 400, "search-empty"),
        ("q=%20", 400, "search-empty"),
        (long.as_str(), 400, "search-too-long"),
        (many.as_str(), 400, "search-too-long"),
        ("q=x&limit=0", 400, "page-malformed"),
        ("q=x&limit=101", 400, "page-malformed"),
        ("q=x&before=x", 400, "page-malformed"),
        ("q=x&space=none", 404, "space-unknown"),
    ] {
        let refused = search(&server, USER, query);
        assert_eq!((refused.status, read(&refused)["code"].as_str()), (status, Some(code)), "{query}");
    }
    let theirs = search(&server, "stranger", &format!("q=pdf&space={SPACE}"));
    assert_eq!(read(&theirs.expect(404))["code"], "space-unknown");

    // A person without an account has no search: neither by the link nor with its token as a name.
    let link = Link::to(&server, "", 1);
    server.anonymous("GET", "/api/v1/search?q=pdf").send().expect(401);
    search(&server, &link.token, "q=pdf").expect(401);
    let page = server.anonymous("GET", &format!("/s/{}?search=Kontoer", link.token)).send();
    assert!(!page.text().contains("Kontoer") && !page.text().contains("role=\"search\""), "{page}");
    server.assert_no_traces(&["Kontoer", "eroeffnung"]);
}

#[test]
fn the_pages_of_files_have_a_search() {
    let server = TestServer::start_plain();
    server.add_space("Huber & Söhne", ["--kind", "client"], "read");
    let top = format!("{SPACE}/Akte <7>");
    for folder in [top.clone(), format!("{top}/Müller")] {
        let path: Vec<_> = folder.split('/').map(encoded).collect();
        server.request("MKCOL", &format!("/dav/{}", path.join("/"))).send().expect(201);
    }
    put(&server, &format!("{top}/Müller/Bescheid & Anlage.pdf"));
    let anna = Browser::new(&server, "de");
    let long = "/files/?search=bescheid+mueller";
    let page =
        anna.sign_in_at(&format!("/login?next={}", encoded(long)), &[("user", USER), ("password", PASSWORD)]);
    assert_eq!(leads_to(&page), long);

    let page = anna.get(long).expect(200).text();
    let folder = format!("/files/{SPACE}/Akte%20%3C7%3E/");
    for part in [
        "value=\"bescheid mueller\"",
        "<p role=\"status\">Ein Treffer.</p>",
        &format!("href=\"{folder}M%C3%BCller/Bescheid%20%26%20Anlage.pdf\">Bescheid &amp; Anlage.pdf</a>"),
        &format!("href=\"/files/{SPACE}/\">{SPACE}</a> › <a href=\"{folder}\">Akte &lt;7&gt;</a> › "),
        &format!("href=\"{folder}M%C3%BCller/\">Müller</a>"),
        "href=\"/files/?search=bescheid%20mueller&amp;lang=en\"",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    // Folders and spaces are found, too; a folder leads into itself.
    let page = anna.get("/files/?search=muller").expect(200).text();
    assert!(page.contains(&format!("href=\"{folder}M%C3%BCller/\">Müller/</a>")), "{page}");
    let page = anna.get("/files/?search=soehne").expect(200).text();
    assert!(
        page.contains("Bereiche: <a href=\"/files/Huber%20%26%20S%C3%B6hne/\">Huber &amp; Söhne</a>"),
        "{page}"
    );
    assert!(page.contains("Nichts gefunden"), "{page}");
    let page = anna.get("/files/?search=%22%3E%3Cb%3E").expect(200).text();
    assert!(page.contains("Suche nach „&quot;&gt;&lt;b&gt;“") && !page.contains("\"><b>"), "{page}");
    for (text, reason) in [("", "mindestens einen Buchstaben"), (&"x".repeat(256), "zu lang")] {
        let page = anna.get(&format!("/files/?search={text}")).expect(400).text();
        assert!(page.contains(reason), "{page}");
    }

    // Every page of files has the field, and more hits than a page shows come in several.
    for page in
        ["/files/".to_owned(), folder.clone(), format!("{folder}?about"), format!("/files/{SPACE}/?trash")]
    {
        let page = anna.get(&page).expect(200).text();
        assert!(
            page.contains("<form class=\"search\" role=\"search\" method=\"get\" action=\"/files/\">"),
            "{page}"
        );
    }
    for number in 0..51 {
        put(&server, &format!("{SPACE}/Beleg {number}.pdf"));
    }
    let page = anna.get("/files/?search=beleg").expect(200).text();
    assert!(page.contains("Die neuesten 50 Treffer") && !page.contains("Beleg 0.pdf"), "{page}");
    let next = page.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let page = anna.get(&next.replace("&amp;", "&")).expect(200).text();
    assert!(page.contains("Weitere Treffer: 1.") && page.contains("Beleg 0.pdf"), "{page}");
    assert!(!page.contains("rel=\"next\"") && page.contains("href=\"/files/?search=beleg\""), "{page}");
}
