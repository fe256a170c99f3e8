//! SEARCH for the entry with a number, and for entries by a part of their names. Nextcloud's library for Python
//! (`nc_py_api`) sends the first after each MOVE and COPY and reported both as failed: the answer was 404. The app for iOS
//! sends the second from its search field. The other apps search by the Open Collaboration Services.

use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::http::Response;
use crate::support::multistatus::{Item, Multistatus};
use crate::support::server::{ADMIN, ADMIN_PASSWORD, PASSWORD, SPACE, USER};

const CONDITION: &str = "<d:eq><d:prop><oc:fileid/></d:prop><d:literal>NUMBER</d:literal></d:eq>";

fn search(server: &TestServer, user: &str, password: &str, condition: &str) -> Response {
    let body = format!(
        "<?xml version='1.0' encoding='utf-8'?><d:searchrequest xmlns:d=\"DAV:\" xmlns:oc=\"http://owncloud.org/ns\">\
         <d:basicsearch><d:select><d:prop><oc:id/><d:getcontentlength/></d:prop></d:select><d:from><d:scope>\
         <d:href>/files/{user}/</d:href><d:depth>infinity</d:depth></d:scope></d:from><d:where>{condition}</d:where>\
         </d:basicsearch></d:searchrequest>"
    );
    server.anonymous("SEARCH", "/remote.php/dav/").sign_in(user, password).xml(&body).send()
}

#[test]
fn an_entry_is_found_by_its_number_where_one_may_see_it() {
    let server = TestServer::start_plain();
    server.request("MKCOL", &format!("/dav/{SPACE}/ordner")).send().expect(201);
    let path = format!("/remote.php/dav/files/{USER}/{SPACE}/ordner/a%20%C3%BC.txt");
    let put = server.request("PUT", &path).body("abc").send().expect(201);
    let id = put.header("oc-fileid").unwrap().to_owned();
    let by = |user: &str, password: &str| {
        Multistatus::of(&search(&server, user, password, &CONDITION.replace("NUMBER", &id)))
    };

    let found = by(USER, PASSWORD);
    assert_eq!(found.0.len(), 1);
    assert_eq!(found.0[0].path(), format!("/remote.php/dav/files/{USER}/{SPACE}/ordner/a ü.txt"));
    assert_eq!(found.0[0].text("{http://owncloud.org/ns}id"), Some(id.as_str()));
    assert_eq!(found.0[0].text("{DAV:}getcontentlength"), Some("3"));

    // The administrator has no right to this space; entries in the trash are not there for any user.
    assert!(by(ADMIN, ADMIN_PASSWORD).0.is_empty());
    server.request("DELETE", &path).send().expect(204);
    assert!(by(USER, PASSWORD).0.is_empty());
    search(&server, USER, "Falsches-Wort-0815", CONDITION).expect(401);
    search(&server, USER, PASSWORD, "<d:is-collection/>").expect(422);
}

#[test]
fn entries_are_found_by_their_names_where_one_may_see_them() {
    let server = TestServer::start_plain();
    server.add_space("Huber", ["--kind", "client"], "write");
    server.request("MKCOL", &format!("/dav/{SPACE}/M%C3%BCller")).send().expect(201);
    for path in [format!("{SPACE}/M%C3%BCller/a.txt"), "Huber/Mueller%201.txt".to_owned()] {
        server.request("PUT", &format!("/dav/{path}")).body("abc").send().expect(201);
    }
    let by = |user: &str, password: &str, text: &str| {
        let condition =
            format!("<d:like><d:prop><d:displayname/></d:prop><d:literal>{text}</d:literal></d:like>");
        Multistatus::of(&search(&server, user, password, &condition))
    };
    let paths = |found: Multistatus| found.0.iter().map(Item::path).collect::<Vec<_>>();
    let home = format!("/remote.php/dav/files/{USER}");
    let found = by(USER, PASSWORD, "%MULLER%");
    assert_eq!(found.0[0].text("{DAV:}getcontentlength"), Some("3"));
    assert!(found.0[0].text("{http://owncloud.org/ns}id").is_some_and(|id| id.len() > 8));
    assert_eq!(paths(found), [format!("{home}/Huber/Mueller 1.txt"), format!("{home}/{SPACE}/Müller/")]);
    assert_eq!(paths(by(USER, PASSWORD, "%txt müller%")).len(), 2);
    assert_eq!(paths(by(USER, PASSWORD, "%bescheid%")), Vec::<String>::new());
    assert!(by(ADMIN, ADMIN_PASSWORD, "%muller%").0.is_empty());
}

const SEARCH: &str = "/ocs/v2.php/search/providers/files/search";

/// The data of an answer to an app.
#[track_caller]
fn ocs(server: &TestServer, user: &str, password: &str, target: &str) -> Value {
    let request = server.anonymous("GET", target).sign_in(user, password);
    let response =
        request.header("OCS-APIRequest", "true").header("Accept-Language", "de").send().expect(200);
    let answer: Value = serde_json::from_slice(&response.body).unwrap();
    answer["ocs"]["data"].clone()
}

/// The requests of the desktop client's search field (3.16), and what it does with an answer: it opens `dir` and
/// `scrollto` from its synchronised folder, and asks for more if a page was as long as the first cursor said.
#[test]
fn apps_find_files_and_go_on_where_a_page_ended() {
    let server = TestServer::start_plain();
    server.request("MKCOL", &format!("/dav/{SPACE}/Belege%20%26%20mehr")).send().expect(201);
    for number in 0..12 {
        let path = format!("/dav/{SPACE}/Belege%20%26%20mehr/M%C3%BCller%20{number:02}.pdf");
        server.request("PUT", &path).body("abc").send().expect(201);
    }
    let by = |user: &str, password: &str, query: &str| {
        ocs(&server, user, password, &format!("{SEARCH}?format=json&{query}"))
    };

    let kinds = ocs(&server, USER, PASSWORD, "/ocs/v2.php/search/providers?format=json");
    assert_eq!(kinds, json!([{ "id": "files", "name": "Dateien und Ordner", "order": 0 }]));

    let first = by(USER, PASSWORD, "term=mueller");
    assert_eq!(first["entries"].as_array().unwrap().len(), 10);
    assert_eq!((&first["isPaginated"], &first["cursor"]), (&json!(true), &json!(10)));
    let hit = &first["entries"][0];
    assert_eq!(
        (&hit["title"], &hit["subline"]),
        (&json!("Müller 11.pdf"), &json!(format!("{SPACE} › Belege & mehr")))
    );
    let path = format!("/{SPACE}/Belege & mehr/Müller 11.pdf");
    assert_eq!(hit["attributes"]["path"], json!(path));
    let address = hit["resourceUrl"].as_str().unwrap();
    let (page, query) = address.split_once('?').unwrap();
    assert_eq!(query, format!("dir=%2F{SPACE}%2FBelege%20%26%20mehr&scrollto=M%C3%BCller%2011.pdf"));
    let page = page.split_once("://").unwrap().1;
    let page = &page[page.find('/').unwrap()..];
    assert_eq!(page, format!("/files/{SPACE}/Belege%20%26%20mehr/M%C3%BCller%2011.pdf"));
    let head =
        server.request("HEAD", &format!("/remote.php/dav/files/{USER}{}", &page["/files".len()..])).send();
    let id = head.expect(200).header("oc-fileid").unwrap().to_owned();
    let number = hit["attributes"]["fileId"].as_str().unwrap();
    assert!(id.trim_start_matches('0').starts_with(number), "{id} {number}");

    let rest = by(USER, PASSWORD, "term=mueller&cursor=10");
    let titles: Vec<_> =
        rest["entries"].as_array().unwrap().iter().map(|hit| hit["title"].as_str().unwrap()).collect();
    assert_eq!((titles, &rest["isPaginated"]), (vec!["Müller 01.pdf", "Müller 00.pdf"], &json!(false)));
    assert_eq!(by(USER, PASSWORD, "term=mueller&limit=3")["entries"].as_array().unwrap().len(), 3);
    let folder = &by(USER, PASSWORD, "term=belege")["entries"][0];
    assert_eq!((&folder["icon"], &folder["subline"]), (&json!("icon-folder"), &json!(SPACE)));

    // The administrator has no right to this space; a search without a word, and without a login, is refused.
    assert_eq!(by(ADMIN, ADMIN_PASSWORD, "term=mueller")["entries"], json!([]));
    server.request("GET", &format!("{SEARCH}?term=")).header("OCS-APIRequest", "true").send().expect(400);
    server.anonymous("GET", &format!("{SEARCH}?term=a")).send().expect(401);
    server.request("GET", "/ocs/v2.php/search/providers/mail/search?term=a").send().expect(404);
}
