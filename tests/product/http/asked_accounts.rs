//! Requests to people with an account: they see them after signing in, and answer them as by the link, and no others do.

use serde_json::Value;

use super::requests::{act, asked, send};
use super::screen_lock::say;
use crate::support::TestServer;
use crate::support::browser::{Browser, leads_to};
use crate::support::server::{PASSWORD, SPACE, USER};

fn item(made: &Value, at: usize) -> String {
    made["items"][at]["id"].to_string()
}

/// The address of the page of the first recipient.
fn page_of(made: &Value) -> String {
    format!("/asked/{}", made["recipients"][0]["id"])
}

fn states(server: &TestServer, made: &Value) -> Vec<String> {
    let shown = server.cli_ok(["request", "show", &made["id"].to_string(), "--json"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    shown["items"].as_array().unwrap().iter().map(|item| item["state"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_client_with_an_account_hands_in_without_the_link_from_any_device() {
    let server = TestServer::start_plain();
    server.add_member("erika", "client", "write");
    server.cli_ok(["user", "set", "erika", "--mail", "erika@example.de"]);
    let what = ["--item", "Ausweis", "--item", "Bescheid", "--to", "erika", "--deadline", "2999-12-31"];
    let (made, link) = asked(&server, &[&what[..], &["--title", "Steuer 2025"]].concat());
    let recipient = &made["recipients"][0];
    assert_eq!(
        (&recipient["account"], &recipient["name"], &recipient["to"]),
        (&"erika".into(), &"erika".into(), &"erika@example.de".into())
    );
    let (page, [pass, notice]) = (page_of(&made), [0, 1].map(|at| item(&made, at)));
    server.cli_ok(["request", "item", &made["id"].to_string(), &pass, "--until", "2999-11-30"]);
    server.request("PUT", &format!("/dav/{SPACE}/form.pdf")).body("form").send().expect(201);
    let form = format!("{SPACE}/form.pdf");
    server.cli_ok(["request", "item", &made["id"].to_string(), &pass, "--form", &form]);

    let erika = Browser::signed_in(&server, "de", "erika", PASSWORD);
    let start = erika.get("/files/").expect(200).text();
    for words in
        ["Anfragen an Sie", "Steuer 2025", "2 von 2 offen", "bis 30.11.2999", &format!("href=\"{page}\"")]
    {
        assert!(start.contains(words), "{words}: {start}");
    }
    let shown = erika.get(&page).expect(200);
    for words in ["1. Ausweis", "bis 30.11.2999", "/logout", "erika"] {
        assert!(shown.text().contains(words), "{words}: {shown}");
    }
    assert!(!shown.text().contains(&link) && !shown.text().contains("/s/"), "{shown}");
    assert!(shown.header("set-cookie").is_none_or(|cookie| !cookie.contains("tresor-visit")), "{shown}");
    assert_eq!(erika.get(&format!("{page}/form/{pass}/form.pdf")).expect(200).text(), "form");
    send(&erika, &page, &pass, &[("vorn.jpg", "front")]).expect(200);
    let done =
        leads_to(&act(&erika, &page, &[("do", "does-not-apply"), ("item", &notice), ("text", "keiner")]));
    assert!(done.starts_with(&page), "{done}");
    leads_to(&act(&erika, &page, &[("do", "comment"), ("item", &pass), ("text", "Reicht das?")]));
    assert_eq!(states(&server, &made), ["handed-in", "does-not-apply"]);
    assert!(erika.get("/files/").text().contains("Es fehlt nichts mehr"));

    // By the link the states are the same, and the files of the account are not told.
    let guest = Browser::new(&server, "de").get(&link).expect(200).text();
    assert!(guest.contains("angekommen") && !guest.contains("vorn.jpg"), "{guest}");
    // Another device has them all; a file is taken back there, and the receipt is one for both.
    let phone = Browser::signed_in(&server, "en", "erika", PASSWORD);
    let shown = phone.get(&page).expect(200);
    assert!(shown.text().contains("vorn.jpg") && shown.text().contains("Reicht das?"), "{shown}");
    let file = crate::support::browser::hidden(&shown, "file");
    leads_to(&act(&phone, &page, &[("do", "withdraw"), ("file", &file)]));
    assert_eq!(states(&server, &made)[0], "open");
    send(&phone, &page, &pass, &[("besser.jpg", "better")]).expect(200);
    leads_to(&act(&phone, &page, &[("do", "finish")]));
    assert!(erika.get(&page).expect(200).text().contains("Bestätigung Nr."));
    let receipt = erika.get(&format!("{page}/receipt")).expect(200).text();
    assert!(receipt.contains("besser.jpg") && receipt.contains("/logout"), "{receipt}");
    erika.get(&format!("{page}/receipt.pdf")).expect(200);
    // The office's decisions are seen there.
    server.cli_ok(["request", "reject", &made["id"].to_string(), &pass, "--reason", "Rückseite fehlt"]);
    assert!(erika.get(&page).text().contains("Rückseite fehlt"));
    assert!(erika.get("/files/").text().contains("1 von 2 offen"));
    server.cli_ok(["request", "close", &made["id"].to_string()]);
    assert!(!erika.get("/files/").text().contains("Anfragen an Sie"));
    assert!(erika.get(&page).expect(200).text().contains("nimmt nichts mehr an"));
    send(&erika, &page, &pass, &[("zu.jpg", "late")]).expect(409);
}

#[test]
fn an_account_opens_its_own_requests_alone_and_only_as_far_as_its_link() {
    let server = TestServer::start_plain();
    for (name, right) in [("erika", "write"), ("max", "write"), ("rita", "read")] {
        server.add_member(name, "client", right);
    }
    server.request("PUT", &format!("/dav/{SPACE}/geheim.txt")).body("secret").send().expect(201);
    let (made, _) = asked(&server, &["--item", "Ausweis", "--to", "erika"]);
    let (page, pass) = (page_of(&made), item(&made, 0));
    let [erika, max, anna] =
        ["erika", "max", USER].map(|name| Browser::signed_in(&server, "de", name, PASSWORD));
    for other in [&max, &anna] {
        other.get(&page).expect(404);
        send(other, &page, &pass, &[("a.txt", "1")]).expect(404);
        other.get(&format!("{page}/receipt")).expect(404);
        assert!(!other.get("/files/").text().contains("Anfragen an Sie"));
    }
    let nobody = Browser::new(&server, "de");
    assert!(leads_to(&nobody.get(&page)).starts_with("/login?next=%2Fasked"));
    nobody.ask("GET", &page).sign_in("erika", PASSWORD).send().expect(303);
    // Nothing but the page: no list, no files.
    for below in ["files/", "files/geheim.txt", "files/Steuer/", "download", "get/x", "..", "?zip"] {
        let answer = erika.get(&format!("{page}/{below}"));
        assert!(!answer.text().contains("secret") && !answer.text().contains("geheim"), "{below}: {answer}");
    }
    erika.get("/asked/999").expect(404);
    erika.get("/asked").expect(404);
    // A form of another site, and one of which the browser does not say where it is from.
    let fields = [("do", "does-not-apply"), ("item", &*pass)];
    let foreign = erika.unmarked_form(&page, &fields).header("Origin", "https://evil.example");
    foreign.send().expect(403);
    erika.unmarked_form(&page, &fields).send().expect(403);
    let begin = |browser: &Browser<'_>, site: &str, token: &str| {
        let request = browser.ask("POST", &format!("{page}/sending")).header("Tus-Resumable", "1.0.0");
        let request = request.header("Tresor-Token", token);
        let said = crate::resumable::tus::metadata(&[("filename", "a.txt"), ("item", &pass)]);
        request
            .header("Sec-Fetch-Site", site)
            .header("Upload-Length", "0")
            .header("Upload-Metadata", &said)
            .send()
    };
    begin(&erika, "cross-site", "").expect(401);
    begin(&max, "same-origin", "").expect(401);
    begin(&nobody, "same-origin", "").expect(401);
    assert_eq!(states(&server, &made), ["open"]);
    // Chosen files go on while the pages are locked, and nothing else.
    let token = crate::support::browser::token(&erika.get("/files/").expect(200));
    say(&erika, &token, "lock", &[]).expect(204);
    leads_to(&erika.get(&page));
    let list = || erika.ask("GET", &format!("{page}/sending/list")).header("Sec-Fetch-Site", "same-origin");
    list().send().expect(401);
    begin(&erika, "same-origin", "").expect(401);
    list().header("Tresor-Token", &token).send().expect(200);
    begin(&erika, "same-origin", &token).expect(201);
    say(&erika, &token, "unlock", &[("password", PASSWORD)]).expect(204);
    assert_eq!(states(&server, &made), ["handed-in"]);

    // The right of the account, and of the user who asked, as they are now.
    for right in [None, Some("read")] {
        match right {
            None => server.cli_ok(["revoke", "erika", SPACE]),
            Some(right) => server.cli_ok(["grant", "erika", SPACE, right]),
        };
        erika.get(&page).expect(404);
        send(&erika, &page, &pass, &[("b.txt", "1")]).expect(404);
        assert!(!erika.get("/files/").text().contains("Anfragen an Sie"));
    }
    server.cli_ok(["grant", "erika", SPACE, "write"]);
    erika.get(&page).expect(200);
    server.cli_ok(["revoke", USER, SPACE]);
    erika.get(&page).expect(404);
    assert!(!erika.get("/files/").text().contains("Anfragen an Sie"));
    server.cli_ok(["grant", USER, SPACE, "manage"]);
    server.cli_ok(["user", "disable", "erika"]);
    leads_to(&erika.get(&page));
    // Only accounts that may add files in the space are asked, each once.
    for to in [&["rita"][..], &["nobody"], &["erika"], &["max", "max"]] {
        let to: Vec<_> = to.iter().flat_map(|to| ["--to", *to]).collect();
        let words = ["request", "add", SPACE, "--as", USER, "--item", "A"];
        let refused = server.cli(words.iter().chain(&to)).output().unwrap();
        assert!(!refused.status.success(), "{to:?}");
    }
}

#[test]
fn staff_choose_an_account_on_the_form_and_a_year_later_it_is_chosen_again() {
    let server = TestServer::start_plain();
    server.add_member("erika", "client", "write");
    server.add_member("rita", "client", "read");
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let form = anna.get("/requests/new").expect(200);
    assert!(
        form.text().contains("<option value=\"erika\"") && !form.text().contains("<option value=\"rita\""),
        "{form}"
    );
    let ask = |form: &crate::support::http::Response, account: &str| {
        let latest = crate::support::browser::hidden(form, "latest");
        let fields = [
            ("latest", &*latest),
            ("space", SPACE),
            ("title", "Steuer 2026"),
            ("items", "Ausweis"),
            ("account", account),
        ];
        anna.send(form, "/requests/new", &fields)
    };
    let refused = ask(&form, "rita").expect(400).text();
    assert!(refused.contains("„rita“ ist kein Konto"), "{refused}");
    leads_to(&ask(&form, "erika"));
    let list: Value = serde_json::from_str(&server.cli_ok(["request", "list", "--json"])).unwrap();
    let id = list[0]["id"].to_string();
    assert!(anna.get(&format!("/requests/{id}")).expect(200).text().contains("Konto: erika"));
    let again = anna.get(&format!("/requests/new?from={id}")).expect(200).text();
    assert!(again.contains("<option value=\"erika\" selected"), "{again}");
    let erika = Browser::signed_in(&server, "en", "erika", PASSWORD);
    assert!(erika.get("/files/").text().contains("Requests to you"));
    assert!(!erika.get("/requests/new").text().contains("rita"));
}
