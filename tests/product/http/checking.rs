//! The pages on which users of the office check the files of hand-ins, item after item, beside their pictures.

use super::requests::{act, asked, send};
use super::viewing::{address, assert_confined, numbered};
use crate::support::TestServer;
use crate::support::browser::{Browser, hidden, leads_to};
use crate::support::http::Response;
use crate::support::server::{PASSWORD, SPACE, USER};

#[test]
fn what_was_handed_in_is_checked_item_after_item_beside_its_picture() {
    let server = TestServer::start_plain();
    let items = ["--item", "Ausweis", "--item", "Bescheid", "--item", "Spenden", "--item", "Miete"];
    let (made, link) = asked(&server, &items);
    let [pass, notice, gifts, rent] = [0, 1, 2, 3].map(|at: usize| made["items"][at]["id"].to_string());
    let at = format!("/requests/{}", made["id"]);
    let (client, anna) = (Browser::new(&server, "de"), Browser::signed_in(&server, "de", USER, PASSWORD));
    client.get(&link).expect(200);
    let pdf = String::from_utf8(numbered(2)).unwrap();
    send(&client, &link, &pass, &[("vorn.pdf", &pdf), ("hinten.txt", "Rückseite")]).expect(200);
    send(&client, &link, &gifts, &[("spenden.txt", "100")]).expect(200);
    act(&client, &link, &[("do", "does-not-apply"), ("item", &rent), ("text", "keine")]);

    let page = anna.get(&at).expect(200).text();
    assert!(page.contains(&format!("{at}/check\">Nacheinander prüfen")), "{page}");
    assert_eq!(page.matches(">Ansehen</a>").count(), 3, "{page}");
    let first = leads_to(&anna.get(&format!("{at}/check")));
    assert_eq!(first, format!("{at}/check/{pass}"));
    let page = anna.get(&first).expect(200);
    let text = page.text();
    for part in [
        "Punkt 1 von 4, noch 3 zu prüfen",
        "data-key=\"a\">Annehmen",
        "data-key=\"r\"",
        "Überspringen",
        ">Rückseite</pre>",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(page.header("content-security-policy").unwrap().contains("img-src 'self'"));
    let other =
        text.split("href=\"").find(|rest| rest.contains("vorn.pdf")).unwrap().split('"').next().unwrap();
    let second = anna.get(&format!("{other}&page=2")).expect(200).text();
    let picture = second.split("<img src=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(second.contains("Seite 2 von 2") && second.contains("Vorige Seite"), "{second}");
    assert_confined(&anna.get(picture).expect(200), "image/png");

    // A rejection needs its reason, which stays where it was typed; the next one follows.
    let decide = |page: &Response, item: &str, word: &str, reason: &str| {
        let seen = hidden(page, &format!("seen-{item}"));
        let fields = [
            (format!("seen-{item}"), seen),
            (format!("judge-{item}"), word.to_owned()),
            (format!("reason-{item}"), reason.to_owned()),
        ];
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        anna.send(page, &format!("{at}/check/{item}"), &fields)
    };
    let refused = decide(&page, &pass, "reject", " ").expect(400).text();
    assert!(refused.contains("Bitte nennen Sie den Grund") && refused.contains("aria-invalid"), "{refused}");
    let next = leads_to(&decide(&page, &pass, "reject", "Foto unscharf"));
    assert_eq!(next, format!("{at}/check/{gifts}?judged={pass}"));
    let page = anna.get(&next).expect(200);
    assert!(
        page.text().contains("Entscheidung zu „Ausweis“ ist gespeichert")
            && page.text().contains(">100</pre>")
    );
    assert!(client.get(&link).text().contains("Foto unscharf"));
    // Another person was quicker.
    server.add_member("berta", "staff", "write");
    let berta = Browser::signed_in(&server, "de", "berta", PASSWORD);
    let bertas = berta.get(&format!("{at}/check/{gifts}")).expect(200);
    let seen = hidden(&bertas, &format!("seen-{gifts}"));
    let (seen_field, judge_field) = (format!("seen-{gifts}"), format!("judge-{gifts}"));
    let fields = [(seen_field.as_str(), seen.as_str()), (judge_field.as_str(), "accept")];
    leads_to(&berta.send(&bertas, &format!("{at}/check/{gifts}"), &fields));
    let late = decide(&page, &gifts, "reject", "Beleg fehlt").expect(409).text();
    assert!(late.contains("hat sich etwas geändert") && late.contains("Beleg fehlt</textarea>"), "{late}");

    let page = anna.get(&format!("{at}/check/{rent}")).expect(200);
    assert!(page.text().contains("Zu diesem Punkt ist keine Datei gekommen"), "{page}");
    let end = leads_to(&decide(&page, &rent, "accept", ""));
    assert_eq!(end, format!("{at}?done=checked"));
    let page = anna.get(&end).expect(200).text();
    assert!(!page.contains("Weiter prüfen"), "nothing else waits: {page}");
    let (other, other_link) = asked(&server, &["--item", "Vertrag", "--title", "Lohn Huber"]);
    send(&client, &other_link, &other["items"][0]["id"].to_string(), &[("v.txt", "1")]).expect(200);
    let page = anna.get(&end).expect(200).text();
    let onward = format!("href=\"/requests/{}/check\">Weiter prüfen: Lohn Huber</a>", other["id"]);
    assert!(page.contains(&onward), "{page}");
    assert!(page.contains("Alles ist geprüft") && !page.contains("Nacheinander prüfen"), "{page}");
    assert_eq!(leads_to(&anna.get(&format!("{at}/check"))), end);
    // A decision is taken back where it was made.
    let page = anna.get(&format!("{at}/check/{pass}")).expect(200);
    assert!(page.text().contains("Entscheidung zurücknehmen"), "{page}");
    assert!(leads_to(&decide(&page, &pass, "undo", "")).contains(&format!("/check/{pass}?judged={pass}")));
    // Another's page, another item, another file.
    let forged = anna.form(&format!("{at}/check/{pass}"), &[("do", "judge")]).send();
    assert_eq!(forged.status, 403, "{forged}");
    for missing in
        [&format!("{at}/check/{notice}?file=999"), &format!("{at}/check/999"), "/requests/999/check"]
    {
        anna.get(missing).expect(404);
    }
    server.add_user("fremde", "staff", PASSWORD);
    let stranger = Browser::signed_in(&server, "de", "fremde", PASSWORD);
    for query in ["", "?page=1"] {
        stranger.get(&format!("{at}/check/{pass}{query}")).expect(404);
    }
}

/// A held file is not shown to those who judge it, and no picture of it can be asked for.
#[test]
fn what_is_held_is_judged_without_a_picture() {
    let server = TestServer::start_plain();
    server.cli_ok(["space", "set", SPACE, "--intake", "on"]);
    let (made, link) = asked(&server, &["--item", "Ausweis"]);
    let item = made["items"][0]["id"].to_string();
    let (client, anna) = (Browser::new(&server, "de"), Browser::signed_in(&server, "de", USER, PASSWORD));
    client.get(&link).expect(200);
    let pdf = String::from_utf8(numbered(1)).unwrap();
    send(&client, &link, &item, &[("ausweis.pdf", &pdf)]).expect(200);
    let at = format!("/requests/{}", made["id"]);
    let page = anna.get(&format!("{at}/check/{item}")).expect(200).text();
    assert!(page.contains("wird noch geprüft") && !page.contains("<img"), "{page}");
    assert!(!anna.get(&at).text().contains(">Ansehen</a>"));
    for query in ["view", "page=1", "picture"] {
        anna.get(&address("Steuer/1%20Ausweis/ausweis.pdf", query)).expect(404);
    }
}
