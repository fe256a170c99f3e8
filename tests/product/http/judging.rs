//! The pages on which users of the office judge the files for a request, whose requests they see, and two users who
//! judge at once.

use crate::support::TestServer;
use crate::support::browser::{Browser, leads_to};
use crate::support::http::Response;
use crate::support::server::{PASSWORD, USER};

use super::requests::{act, asked, send};

fn item(made: &serde_json::Value, at: usize) -> String {
    made["items"][at]["id"].to_string()
}

/// The fields of a form that judges items as the page shows them.
fn judging(page: &Response, choices: &[(&str, &str, &str)]) -> Vec<(String, String)> {
    let text = page.text();
    let mut fields = vec![("do".to_owned(), "judge".to_owned())];
    for (item, word, reason) in choices {
        let name = format!("seen-{item}");
        let (_, rest) = text.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
        fields.push((name, rest.split('"').next().unwrap().to_owned()));
        fields.push((format!("judge-{item}"), (*word).to_owned()));
        fields.push((format!("reason-{item}"), (*reason).to_owned()));
    }
    fields
}

pub(crate) fn judge(
    browser: &Browser<'_>,
    page: &Response,
    at: &str,
    choices: &[(&str, &str, &str)],
) -> Response {
    let fields = judging(page, choices);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.send(page, at, &fields)
}

#[test]
fn a_file_opens_whatever_its_name_is() {
    let server = TestServer::start_plain();
    let (made, link) = asked(&server, &["--item", "Ausweis"]);
    let (client, anna) = (Browser::new(&server, "de"), Browser::signed_in(&server, "de", USER, PASSWORD));
    client.get(&link).expect(200);
    send(&client, &link, &item(&made, 0), &[("a\u{202e}fdp.exe", "x")]).expect(200);
    let page = anna.get(&format!("/requests/{}", made["id"])).expect(200).text();
    let file = page.split("href=\"").find(|rest| rest.contains("/file/")).unwrap();
    assert_eq!(anna.get(file.split('"').next().unwrap()).expect(200).text(), "x");
}

#[test]
fn staff_find_what_came_and_judge_it_with_nothing_but_the_pages() {
    let server = TestServer::start_plain();
    let options = ["--item", "Ausweis", "--item", "Bescheid", "--item", "Spenden", "--title", "Steuer 2025"];
    let to = ["--to", "Erika Huber <erika@example.de>", "--deadline", "2999-12-31"];
    let (made, link) = asked(&server, &[&options[..], &to[..]].concat());
    let (at, [pass, notice, gifts]) =
        (format!("/requests/{}", made["id"]), [0, 1, 2].map(|at| item(&made, at)));
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let list = anna.get("/requests").expect(200).text();
    for words in ["Steuer 2025", "Erika Huber", "3 von 3 offen", "31.12.2999", "Noch von niemandem geöffnet"]
    {
        assert!(list.contains(words), "{words}: {list}");
    }
    for (show, is_shown) in [("to-check", false), ("new", false), ("missing", true), ("never-opened", true)] {
        let list = anna.get(&format!("/requests?show={show}")).expect(200).text();
        assert_eq!(list.contains("Steuer 2025"), is_shown, "{show}: {list}");
    }

    let client = Browser::new(&server, "de");
    client.get(&link).expect(200);
    send(&client, &link, &pass, &[("vorn.jpg", "front")]).expect(200);
    assert!(anna.get("/requests?show=new").expect(200).text().contains("Steuer 2025"));
    send(&client, &link, &notice, &[("bescheid.pdf", "page 1")]).expect(200);
    act(&client, &link, &[("do", "comment"), ("item", &notice), ("text", "Reicht das?")]);
    act(&client, &link, &[("do", "does-not-apply"), ("item", &gifts), ("text", "keine")]);
    for (show, is_shown) in
        [("to-check", true), ("new", true), ("missing", false), ("never-opened", false), ("overdue", false)]
    {
        let list = anna.get(&format!("/requests?show={show}")).expect(200).text();
        assert_eq!(list.contains("Steuer 2025"), is_shown, "{show}: {list}");
    }
    let list = anna.get("/requests?show=to-check").expect(200).text();
    assert!(list.contains("nichts mehr offen, 3 zu prüfen") && list.contains("Neu: "), "{list}");

    // Questions come before the items; a file opens.
    let page = anna.get(&at).expect(200);
    let text = page.text();
    let (question, items) = (text.find("Reicht das?").unwrap(), text.find("<h2>Punkte</h2>").unwrap());
    assert!(question < items && text.contains("zu prüfen: keine"), "{text}");
    let file = text.split("href=\"").find(|rest| rest.contains("/file/")).unwrap();
    let file = anna.get(file.split('"').next().unwrap()).expect(200);
    assert_eq!(file.text(), "front");
    anna.get(&format!("{at}/file/999")).expect(404);

    // A rejection without a reason: nothing is stored, and the choices stay.
    let choices =
        [(&*pass, "accept", ""), (&*notice, "reject", " "), (&*gifts, "reject", "Spenden fehlen doch")];
    let refused = judge(&anna, &page, &at, &choices).expect(400);
    let text = refused.text();
    assert!(text.contains("Bitte nennen Sie den Grund") && text.contains("Spenden fehlen doch</textarea>"));
    assert!(text.contains(&format!("name=\"judge-{pass}\" value=\"accept\" checked")), "{text}");
    assert_eq!(text.matches("aria-invalid").count(), 1, "{text}");
    assert!(anna.get(&at).text().contains("angekommen, zu prüfen"));
    let done = judge(
        &anna,
        &page,
        &at,
        &[(&pass, "accept", ""), (&notice, "reject", "Seite 2 fehlt"), (&gifts, "accept", "")],
    );
    let page = anna.get(&leads_to(&done)).expect(200);
    for words in
        ["gespeichert", "angenommen, erledigt", "abgelehnt: Seite 2 fehlt", "1 von 3 offen, 1 abgelehnt"]
    {
        assert!(page.text().contains(words), "{words}: {page}");
    }
    assert!(page.text().contains(&format!("{USER} hat „Ausweis“ in Anfrage")), "{page}");
    assert!(client.get(&link).text().contains("bitte neu: Seite 2 fehlt"));
    leads_to(&judge(&anna, &page, &at, &[(&pass, "undo", "")]));
    let page = anna.get(&at);
    assert!(page.text().contains("1 von 3 offen, 1 zu prüfen"), "{page}");
    judge(&anna, &page, &at, &[(&pass, "", "only looked")]).expect(400);

    // A deadline that is none is shown again; a good one applies.
    let refused = anna.send(&page, &at, &[("do", "extend"), ("until", "2001-01-01")]).expect(400);
    assert!(refused.text().contains("value=\"2001-01-01\" aria-invalid=\"true\""), "{refused}");
    leads_to(&anna.send(&page, &at, &[("do", "extend"), ("until", "2998-11-30")]));
    assert!(client.get(&link).text().contains("30.11.2998"));
    let closed = anna.get(&leads_to(&anna.send(&page, &at, &[("do", "close")]))).text();
    assert!(closed.contains("nimmt nichts mehr an") && !closed.contains("judge-"), "{closed}");
    assert!(!anna.get("/requests").text().contains("Steuer 2025"));
    assert!(anna.get("/requests?show=closed").text().contains("Steuer 2025"));
    leads_to(&anna.send(&page, &at, &[("do", "reopen")]));
    assert!(anna.get("/requests").text().contains("Steuer 2025"));
}

/// Anna and Berta look at the same page. Berta accepts; Anna, who would reject, sees that before anything is stored.
#[test]
fn a_decision_that_lost_a_race_says_so_and_loses_nothing_typed() {
    let server = TestServer::start_plain();
    server.add_member("berta", "staff", "write");
    let (made, link) = asked(&server, &["--item", "A", "--item", "B"]);
    let (at, [a, b]) = (format!("/requests/{}", made["id"]), [0, 1].map(|at| item(&made, at)));
    let client = Browser::new(&server, "de");
    client.get(&link).expect(200);
    for item in [&a, &b] {
        send(&client, &link, item, &[("1.txt", "1")]).expect(200);
    }
    let [anna, berta] = [USER, "berta"].map(|name| Browser::signed_in(&server, "de", name, PASSWORD));
    let (annas, bertas) = (anna.get(&at).expect(200), berta.get(&at).expect(200));
    leads_to(&judge(&berta, &bertas, &at, &[(&a, "accept", "")]));
    let choices = [(&*a, "reject", "unleserlich"), (&*b, "accept", "")];
    let lost = judge(&anna, &annas, &at, &choices).expect(409);
    let text = lost.text();
    for words in ["hat sich etwas geändert", "berta hat „A“ in Anfrage", "unleserlich</textarea>"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(text.contains("angenommen, erledigt") && text.contains("angekommen, zu prüfen"), "{text}");
    // A file that came since the page was shown is not judged unseen either.
    let page = anna.get(&at);
    send(&client, &link, &b, &[("2.txt", "2")]).expect(200);
    judge(&anna, &page, &at, &[(&b, "accept", "")]).expect(409);
    // By the page as it is now, both decisions are hers.
    leads_to(&judge(&anna, &anna.get(&at), &at, &choices));
    assert!(client.get(&link).text().contains("bitte neu: unleserlich"));
}

#[test]
fn requests_do_not_exist_for_users_who_may_not_judge_them() {
    let server = TestServer::start_plain();
    server.add_member("berta", "staff", "read");
    server.add_member("carl", "client", "write");
    server.add_user("dora", "staff", PASSWORD);
    server.add_space("other", ["--kind", "team"], "manage");
    server.cli_ok(["grant", "dora", "other", "manage"]);
    let (made, link) = asked(&server, &["--item", "A"]);
    let (at, a) = (format!("/requests/{}", made["id"]), item(&made, 0));
    let client = Browser::new(&server, "de");
    client.get(&link).expect(200);
    send(&client, &link, &a, &[("1.txt", "1")]).expect(200);
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let page = anna.get(&at).expect(200);
    let file = page.text().split("href=\"").find(|rest| rest.contains("/file/")).unwrap().to_owned();
    let file = file.split('"').next().unwrap();
    for name in ["berta", "carl"] {
        let other = Browser::signed_in(&server, "de", name, PASSWORD);
        for path in ["/requests", "/requests/matrix", "/requests/matrix/csv", &at, file, "/requests/999"] {
            let answer = other.get(path).expect(404).text();
            assert!(answer.contains("<html") && !answer.contains("href=\"/requests\""), "{answer}");
        }
        assert!(!other.get("/links").expect(200).text().contains("href=\"/requests\""));
        let links = other.get("/links");
        other.send(&links, &at, &[("do", "close")]).expect(404);
    }
    let dora = Browser::signed_in(&server, "de", "dora", PASSWORD);
    let list = dora.get("/requests").expect(200);
    assert!(list.text().contains("Es läuft keine Anfrage"), "{list}");
    for path in [&at, file] {
        dora.get(path).expect(404);
    }
    judge(&dora, &page, &at, &[(&a, "accept", "")]).expect(403);
    dora.send(&list, &at, &[("do", "judge"), (&format!("judge-{a}"), "accept")]).expect(404);
    // Without the token of the own page, from another site, and without a session.
    anna.form(&at, &[("do", "close")]).send().expect(403);
    let foreign = anna.unmarked_form(&at, &[("do", "close")]);
    foreign.header("Origin", "https://evil.example").send().expect(403);
    assert!(leads_to(&Browser::new(&server, "de").get(&at)).starts_with("/login?next="));
    assert!(anna.get(&at).text().contains("angekommen, zu prüfen"));
    assert!(anna.get("/links").expect(200).text().contains("href=\"/requests\""));
}
