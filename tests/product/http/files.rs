//! The pages on which users work with their files.

use std::collections::BTreeSet;
use std::io::{Read, Write};

use crate::support::TestServer;
use crate::support::browser::{Browser, leads_to, token};
use crate::support::http::{Request, Response};
use crate::support::server::{PASSWORD, SPACE, USER};

/// The end of a form.
const END: &str = "\r\n--x--\r\n";
const HEAD: &str = "--x\r\nContent-Disposition: form-data; name";

/// The form of a folder's page with these texts and files.
fn form(browser: &Browser<'_>, folder: &str, texts: &[(&str, &str)], files: &[(&str, &str)]) -> Request {
    let text = |(name, value): &(&str, &str)| format!("{HEAD}=\"{name}\"\r\n\r\n{value}\r\n");
    let file = |(name, content): &(&str, &str)| {
        format!("{HEAD}=\"files\"; filename=\"{name}\"\r\n\r\n{content}\r\n")
    };
    let body: String = texts.iter().map(text).chain(files.iter().map(file)).collect();
    let request = browser.ask("POST", folder).header("Content-Type", "multipart/form-data; boundary=x");
    request.header("Sec-Fetch-Site", "same-origin").body(body + "--x--\r\n")
}

/// Uploads files to a folder.
pub(crate) fn upload(browser: &Browser<'_>, folder: &str, files: &[(&str, &str)]) -> Response {
    let token = token(&browser.get(folder).expect(200));
    form(browser, folder, &[("token", &token)], files).send()
}

/// Sends a form that breaks off in its second file, after one that is whole.
pub(crate) fn cut_off(browser: &Browser<'_>, folder: &str) -> Response {
    let token = token(&browser.get(folder).expect(200));
    let file = |name: &str| format!("{HEAD}=\"files\"; filename=\"{name}\"\r\n\r\nx");
    let body = format!("{HEAD}=\"token\"\r\n\r\n{token}\r\n{}\r\n{}", file("whole"), file("half"));
    let request = browser.ask("POST", folder).header("Content-Type", "multipart/form-data; boundary=x");
    request.header("Sec-Fetch-Site", "same-origin").body(body).send()
}

/// Sends a form of a page, and shows the page that it leads to.
#[track_caller]
fn act(browser: &Browser<'_>, page: &str, fields: &[(&str, &str)]) -> Response {
    let shown = browser.get(page).expect(200);
    browser.get(&leads_to(&browser.send(&shown, page, fields))).expect(200)
}

/// The content at a path, by WebDAV.
fn content(server: &TestServer, path: &str) -> Response {
    server.request("GET", &format!("/dav/{path}")).send()
}

#[test]
fn a_user_works_with_files_with_nothing_but_the_pages() {
    let server = TestServer::start_plain();
    server.add_space("other", ["--kind", "team"], "manage");
    server.cli_ok(["grant", USER, SPACE, "manage"]);
    let anna = Browser::new(&server, "de");
    assert_eq!(leads_to(&anna.get("/files")), "/login?next=%2Ffiles");
    let page = anna.sign_in_at("/login?next=%2Ffiles", &[("user", USER), ("password", PASSWORD)]);
    let spaces = anna.get(&leads_to(&page)).expect(200).text();
    let top = format!("/files/{SPACE}/");
    assert!(
        spaces.contains(&format!("href=\"{top}\"")) && spaces.contains("href=\"/files/other/\""),
        "{spaces}"
    );

    // Files, and a folder as a browser sends it.
    let files = [
        ("a.txt", "eins"),
        ("Fotos/Nah/b.txt", "zwei"),
        ("Fotos/Thumbs.db", "x"),
        ("ü & <b>?#%41.txt", "drei"),
    ];
    let stored = anna.get(&leads_to(&upload(&anna, &top, &files))).expect(200).text();
    assert!(
        stored.contains("3 Dateien sind gespeichert") && stored.contains("ü &amp; &lt;b&gt;?#%41.txt"),
        "{stored}"
    );
    let odd = stored.split("href=\"").find(|part| part.contains("%2541")).unwrap().split('"').next().unwrap();
    assert_eq!(anna.get(odd).expect(200).text(), "drei");
    assert_eq!(anna.get(&format!("{top}Fotos/Nah/b.txt")).expect(200).text(), "zwei");
    assert!(!anna.get(&format!("{top}Fotos/")).expect(200).text().contains("Fotos/Thumbs"));
    assert_eq!(leads_to(&anna.get(&format!("{top}Fotos"))), format!("{top}Fotos/"));
    let part = anna.ask("GET", &format!("{top}a.txt")).header("Range", "bytes=1-2").send().expect(206);
    assert_eq!(part.text(), "in");

    // A taken name gets a number, unless the form says otherwise.
    leads_to(&upload(&anna, &top, &[("a.txt", "neu")]));
    assert_eq!(content(&server, &format!("{SPACE}/a%20(2).txt")).expect(200).text(), "neu");
    let token = token(&anna.get(&top).expect(200));
    let texts = [("token", token.as_str()), ("replace", "yes")];
    leads_to(&form(&anna, &top, &texts, &[("a.txt", "zweite")]).send());
    assert_eq!(content(&server, &format!("{SPACE}/a.txt")).expect(200).text(), "zweite");
    let about = format!("{top}a.txt?about");
    let page = anna.get(&about).expect(200);
    let version = crate::support::browser::hidden(&page, "version");
    let page = act(&anna, &about, &[("do", "restore"), ("version", &version)]).text();
    assert!(page.contains("Fassung ist wiederhergestellt"), "{page}");
    assert_eq!(content(&server, &format!("{SPACE}/a.txt")).expect(200).text(), "eins");

    // Folders and names.
    act(&anna, &top, &[("do", "folder"), ("name", "Akte 7")]);
    let page = act(&anna, &about, &[("do", "rename"), ("name", "A.TXT")]).text();
    assert!(page.contains("umbenannt") && page.contains("<h1>A.TXT</h1>"), "{page}");
    let to = [("space", SPACE), ("folder", "Akte 7"), ("item", "A.TXT"), ("item", "Fotos")];
    let fields = |action| [("do", action)].into_iter().chain(to).collect::<Vec<_>>();
    assert!(act(&anna, &top, &fields("copy")).text().contains("Kopiert"));
    act(&anna, &format!("{top}A.TXT?about"), &[("do", "move"), ("space", "other"), ("folder", "")]);
    assert_eq!(content(&server, "other/A.TXT").expect(200).text(), "eins");
    assert_eq!(content(&server, &format!("{SPACE}/Akte%207/Fotos/Nah/b.txt")).expect(200).text(), "zwei");
    content(&server, &format!("{SPACE}/A.TXT")).expect(404);

    // A link to it takes two clicks.
    let page = anna.get(&format!("{top}Akte%207/")).expect(200).text();
    let way = page.split("href=\"").find(|part| part.starts_with("/links?space")).unwrap();
    let page = anna.get(&way.split('"').next().unwrap().replace("&amp;", "&")).expect(200).text();
    assert!(page.contains("<details open>") && page.contains("value=\"Akte 7\""), "{page}");

    // All of a folder.
    let zip = anna.get(&format!("{top}Akte%207/?zip")).expect(200);
    assert_eq!(zip.header("content-type"), Some("application/zip"));
    let names = ["Fotos/Nah/b.txt", "zwei"]
        .map(|text| zip.body.windows(text.len()).any(|part| part == text.as_bytes()));
    assert_eq!(names, [true; 2]);

    // The trash.
    let folder = format!("{top}Akte%207/");
    let trash = format!("{top}?trash");
    let fields = [("do", "delete"), ("item", "A.TXT"), ("item", "Fotos")];
    assert!(act(&anna, &folder, &fields).text().contains("Papierkorb"));
    let page = anna.get(&trash).expect(200);
    let item = crate::support::browser::hidden(&page, "item");
    assert!(act(&anna, &trash, &[("do", "return"), ("item", &item)]).text().contains("Zurückgeholt"));
    let item = crate::support::browser::hidden(&anna.get(&trash).expect(200), "item");
    let page = act(&anna, &trash, &[("do", "purge"), ("item", &item)]).text();
    assert!(page.contains("Endgültig gelöscht") && !page.contains(&format!("value=\"{item}\"")), "{page}");
}

#[test]
fn a_long_folder_comes_in_pages_that_leave_nothing_out() {
    let server = TestServer::start_plain();
    let anna = Browser::signed_in(&server, "en", USER, PASSWORD);
    let top = format!("/files/{SPACE}/");
    let names: Vec<_> = (0..900).map(|number| format!("ä {number:04}.txt")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), "x")).collect();
    leads_to(&upload(&anna, &top, &files));
    let (mut seen, mut address, mut pages) = (BTreeSet::new(), top.clone(), 0);
    loop {
        let page = anna.get(&address).expect(200).text();
        let values = page.split("name=\"item\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        for name in values {
            assert!(seen.insert(name.to_owned()), "{name} twice");
        }
        pages += 1;
        let Some((_, rest)) = page.split_once("rel=\"next\" href=\"") else { break };
        address = format!("{top}{}", rest.split('"').next().unwrap());
    }
    assert_eq!(seen, names.into_iter().collect());
    assert!((2..9).contains(&pages), "{pages} pages");
    // All of a page at once.
    let fields: Vec<_> = [("do", "delete")]
        .into_iter()
        .chain(seen.iter().take(400).map(|name| ("item", name.as_str())))
        .collect();
    act(&anna, &top, &fields);
    assert!(anna.get(&top).expect(200).text().contains("ä 0400.txt"));
}

#[test]
fn what_cannot_be_done_is_said_and_the_rest_is_done() {
    let server = TestServer::start_plain();
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let top = format!("/files/{SPACE}/");
    leads_to(&upload(&anna, &top, &[("a.txt", "1"), ("b.txt", "2"), ("F/c.txt", "3")]));
    let list = anna.get(&top).expect(200);
    let refused = |path: &str, fields: &[(&str, &str)], status: u16, said: &str| {
        let page = anna.send(&list, path, fields).expect(status).text();
        assert!(page.contains(said), "{page}");
        page
    };
    // Enter in a line of a form presses its first button: the one after that line, and never the one that deletes.
    let shown = list.text();
    let at = |word: &str| shown.find(&format!("name=\"do\" value=\"{word}\"")).unwrap();
    assert!(at("move") < at("copy") && at("copy") < at("delete"), "{list}");
    refused(&top, &[("do", "delete")], 400, "nichts ausgewählt");
    refused(&top, &[("do", "folder"), ("name", "a/b")], 400, "Name ist nicht möglich");
    let page = refused(&top, &[("do", "folder"), ("name", "A.txt")], 409, "schon vergeben");
    assert!(page.contains("value=\"A.txt\""), "what was typed is lost: {page}");
    let to = |folder| [("do", "move"), ("space", SPACE), ("folder", folder), ("item", "F")];
    refused(&top, &to("F"), 400, "nicht in sich selbst");
    refused(&top, &to("G"), 409, "Zielordner");
    refused(&top, &[("do", "move"), ("space", "none"), ("folder", ""), ("item", "F")], 409, "Zielordner");
    refused(&format!("{top}a.txt?about"), &[("do", "rename"), ("name", "b.txt")], 409, "schon vergeben");
    refused(
        &format!("{top}a.txt?about"),
        &[("do", "restore"), ("version", "999")],
        409,
        "gibt es nicht mehr",
    );
    refused(&format!("{top}?trash"), &[("do", "return"), ("item", "999")], 409, "gibt es nicht mehr");

    // One of two.
    let lock = server.request("LOCK", &format!("/dav/{SPACE}/a.txt")).xml(super::fixture::EXCLUSIVE).send();
    lock.expect(200);
    server.add_member("berta", "staff", "write");
    let berta = Browser::signed_in(&server, "de", "berta", PASSWORD);
    let list = berta.get(&top).expect(200);
    let page =
        berta.send(&list, &top, &[("do", "delete"), ("item", "a.txt"), ("item", "b.txt")]).expect(423).text();
    assert!(page.contains("„a.txt“: Gerade in Bearbeitung") && page.contains("Gelöscht."), "{page}");
    content(&server, &format!("{SPACE}/b.txt")).expect(404);

    // A form that breaks off stores the files that came whole.
    let page = cut_off(&anna, &top).expect(400).text();
    assert!(
        page.contains("„half“: Die Übertragung ist abgebrochen") && page.contains("Eine Datei ist"),
        "{page}"
    );
    content(&server, &format!("{SPACE}/whole")).expect(200);
    content(&server, &format!("{SPACE}/half")).expect(404);
    let empty = upload(&anna, &top, &[("", "")]).expect(400).text();
    assert!(empty.contains("nichts ausgewählt"), "{empty}");
    let odd = upload(&anna, &top, &[("..", "x")]).expect(400).text();
    assert!(odd.contains("Name ist nicht möglich"), "{odd}");
}

#[test]
fn the_pages_give_no_more_than_the_right() {
    let server = TestServer::start_plain();
    server.add_member("dora", "client", "read");
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let top = format!("/files/{SPACE}/");
    leads_to(&upload(&anna, &top, &[("a.txt", "1")]));
    let act = |browser: &Browser<'_>, list: &Response, path: &str| {
        [
            vec![("do", "delete"), ("item", "a.txt")],
            vec![("do", "folder"), ("name", "F")],
            vec![("do", "copy"), ("space", SPACE), ("folder", ""), ("item", "a.txt")],
        ]
        .map(|fields| browser.send(list, path, &fields).status)
    };

    // The right to read: no form, and none is obeyed.
    let dora = Browser::signed_in(&server, "de", "dora", PASSWORD);
    let list = dora.get(&top).expect(200);
    let text = list.text();
    assert!(
        text.contains("a.txt") && !text.contains("type=\"file\"") && !text.contains("checkbox"),
        "{text}"
    );
    assert_eq!(dora.get(&format!("{top}a.txt")).expect(200).text(), "1");
    let about = dora.get(&format!("{top}a.txt?about")).expect(200).text();
    assert!(!about.contains("name=\"do\""), "{about}");
    assert_eq!(act(&dora, &list, &top), [403; 3]);
    let about = format!("{top}a.txt?about");
    dora.send(&list, &about, &[("do", "rename"), ("name", "b.txt")]).expect(403);
    let token_of = token(&list);
    form(&dora, &top, &[("token", &token_of)], &[("x", "x")]).send().expect(403);

    // No right at all: like a space that does not exist.
    server.add_user("eva", "staff", PASSWORD);
    let eva = Browser::signed_in(&server, "de", "eva", PASSWORD);
    assert!(eva.get("/files/").expect(200).text().contains("keinen Bereich"));
    let list = eva.get("/files/").expect(200);
    for path in [top.as_str(), "/files/none/", &format!("{top}a.txt"), &about, &format!("{top}?trash")] {
        eva.get(path).expect(404);
        assert_eq!(act(&eva, &list, path), [404; 3]);
    }

    // Only writers of the page's own forms are heard.
    let forged = form(&anna, &top, &[("token", "x")], &[("forged.txt", "x")]).send().expect(403);
    assert!(!forged.text().contains("gespeichert"));
    form(&anna, &top, &[], &[("forged.txt", "x")]).send().expect(403);
    let token_of = token(&anna.get(&top).expect(200));
    let foreign = form(&anna, &top, &[("token", &token_of)], &[("forged.txt", "x")]);
    foreign.header("Origin", "https://evil.example").send().expect(403);
    anna.form(&top, &[("do", "delete"), ("item", "a.txt")]).send().expect(403);
    content(&server, &format!("{SPACE}/forged.txt")).expect(404);
    content(&server, &format!("{SPACE}/a.txt")).expect(200);
    // Without a session, no page; with a password as by WebDAV, neither.
    leads_to(&server.request("GET", &top).send());

    // A right that ends while a file arrives stores nothing of it.
    let cookies: Vec<_> =
        anna.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
    let part = |name: &str, rest: &str| format!("{HEAD}=\"{name}\"{rest}\r\n\r\n");
    let body = part("token", "") + &token_of + "\r\n" + &part("files", "; filename=\"late\"") + "x";
    let head = format!(
        "POST {top} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        server.url("").rsplit('/').next().unwrap(),
        cookies.join("; "),
        body.len() + END.len(),
    );
    let mut connection = server.endpoint().connect();
    connection.write_all((head + &body).as_bytes()).unwrap();
    anna.get(&top).expect(200);
    server.cli_ok(["revoke", USER, SPACE]);
    connection.write_all(END.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    server.cli_ok(["grant", USER, SPACE, "write"]);
    content(&server, &format!("{SPACE}/late")).expect(404);
}

/// People who manage a space see what happened to a file, whatever it was called then; others do not.
#[test]
fn the_history_of_a_file_is_on_its_page_for_those_who_manage_the_space() {
    let server = TestServer::start_plain();
    server.add_member("leserin", "client", "read");
    server.add_member("kollege", "staff", "write");
    server.cli_ok(["grant", USER, SPACE, "manage"]);
    let put =
        |name: &str| server.request("PUT", &format!("/dav/{SPACE}/{name}")).body("x").send().expect(201);
    put("alt.txt");
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let top = format!("/files/{SPACE}/");
    act(&anna, &format!("{top}alt.txt?about"), &[("do", "rename"), ("name", "neu.txt")]);
    let about = anna.get(&format!("{top}neu.txt?about")).expect(200).text();
    assert!(about.contains("neu.txt?history\">Verlauf"), "{about}");
    let history = anna.get(&format!("{top}neu.txt?history")).expect(200).text();
    let (renamed, stored) =
        (history.find("nach /neu.txt verschoben").unwrap(), history.find("/alt.txt gespeichert").unwrap());
    assert!(
        renamed < stored && history.contains(USER) && history.contains("Verlauf von „neu.txt“"),
        "{history}"
    );
    assert!(!history.contains("Ältere"), "{history}");
    for name in ["leserin", "kollege"] {
        let other = Browser::signed_in(&server, "de", name, PASSWORD);
        assert!(!other.get(&format!("{top}neu.txt?about")).expect(200).text().contains("?history"));
        other.get(&format!("{top}neu.txt?history")).expect(403);
        other.get(&format!("{top}?history")).expect(403);
    }
    anna.get(&format!("{top}fehlt.txt?history")).expect(404);
    // Of a busy space, in pages; none of its latest records is about this file.
    for number in 0..60 {
        put(&format!("{number}.txt"));
    }
    let space = anna.get(&format!("{top}?history")).expect(200).text();
    assert_eq!(space.matches("<li>").count(), 50, "{space}");
    let earlier = space.split("href=\"").find(|part| part.contains("&amp;before=")).unwrap();
    let earlier = earlier.split('"').next().unwrap().replace("&amp;", "&");
    let page = anna.get(&earlier).expect(200).text();
    assert!(
        page.contains("/alt.txt gespeichert") && page.contains("Neueste") && !page.contains("Ältere"),
        "{page}"
    );
}

/// Without a script and without typing a path, through spaces and folders, with a new one on the way.
#[test]
fn a_folder_is_chosen_by_walking_to_it() {
    let server = TestServer::start_plain();
    server.cli_ok(["space", "add", "other", "--kind", "client"]);
    server.cli_ok(["space", "add", "nur-lesen", "--kind", "client"]);
    server.cli_ok(["grant", USER, "other", "write"]);
    server.cli_ok(["grant", USER, "nur-lesen", "read"]);
    for name in ["Alt/", "Alt/2025/", "a.txt", "b.txt"] {
        let request = server
            .request(if name.ends_with('/') { "MKCOL" } else { "PUT" }, &format!("/dav/{SPACE}/{name}"));
        request.body("").send().expect(201);
    }
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let top = format!("/files/{SPACE}/");
    let page = anna.get(&top).expect(200);
    let items = [("item", "a.txt"), ("item", "b.txt")];
    let go = |to: &str, more: &[(&str, &str)]| {
        let fields = [&[("go", to)][..], &items, more].concat();
        anna.send(&page, &top, &fields)
    };
    let none = anna.send(&page, &top, &[("go", SPACE)]).text();
    assert!(none.contains("nichts ausgewählt") || none.contains("Bitte wählen"), "{none}");
    let here = go(SPACE, &[]).expect(200).text();
    for words in
        ["Wohin?", "2 Einträge sollen verschoben", &format!("value=\"{SPACE}/Alt\""), "Andere Bereiche"]
    {
        assert!(here.contains(words), "{words}: {here}");
    }
    assert!(!here.contains("value=\"space/a.txt\""), "{here}");
    let spaces = go("", &[]).expect(200).text();
    assert!(spaces.contains("value=\"other\"") && !spaces.contains("nur-lesen"), "{spaces}");
    assert!(!spaces.contains("value=\"move\""), "{spaces}");
    let inner = go(&format!("{SPACE}/Alt"), &[]).expect(200).text();
    assert!(inner.contains(&format!("value=\"{SPACE}/Alt/2025\"")) && inner.contains("höher"), "{inner}");
    assert!(inner.contains("name=\"folder\" value=\"Alt\""), "{inner}");
    // A folder that is new, or of a name that is taken.
    let new = go("other", &[("new-folder", "Neu")]).expect(200).text();
    assert!(new.contains("name=\"folder\" value=\"Neu\"") && new.contains("value=\"other\""), "{new}");
    go("other", &[("new-folder", "Neu")]).expect(409);
    // Elsewhere there is nothing to see.
    for place in ["nur-lesen/fehlt", "fremd", &format!("{SPACE}/fehlt"), "../x"] {
        assert!(go(place, &[]).status >= 400, "{place}");
    }
    let read_only = go("nur-lesen", &[]).expect(200).text();
    assert!(!read_only.contains("value=\"move\""), "{read_only}");
    let to = [&[("do", "move"), ("space", "other"), ("folder", "Neu")][..], &items].concat();
    leads_to(&anna.send(&page, &top, &to));
    content(&server, "other/Neu/a.txt").expect(200);
    // From the page about one entry.
    let about = format!("{top}Alt/?about");
    let one = anna.send(&anna.get(&about).expect(200), &about, &[("go", "other")]).expect(200).text();
    assert!(one.contains("Gehen Sie in den Ordner") && one.contains("value=\"other/Neu\""), "{one}");
}
