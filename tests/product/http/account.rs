//! The page of a person's own account.

use crate::support::TestServer;
use crate::support::browser::{Browser, hidden, leads_to};
use crate::support::http::Response;
use crate::support::process::{succeed, tool};
use crate::support::server::{PASSWORD, SPACE, USER};

const HERE: &str = "/account";

fn act(browser: &Browser<'_>, fields: &[(&str, &str)]) -> Response {
    browser.send(&browser.get(HERE).expect(200), HERE, fields)
}

/// Has a password made for a device, against the own one.
fn add_device(browser: &Browser<'_>, label: &str) -> Response {
    act(browser, &[("do", "device"), ("label", label), ("present", PASSWORD)])
}

/// Whether a page lets its reader choose a language.
fn has_languages(page: &Response) -> bool {
    page.text().contains("<nav class=\"languages\"")
}

/// The values of the fields of a page that can only be read.
fn readonly(page: &Response) -> Vec<String> {
    let text = page.text();
    let values = text.split("readonly value=\"").skip(1);
    values.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[test]
fn a_device_gets_a_password_that_works_until_it_is_removed() {
    let server = TestServer::start_plain();
    let anna = Browser::new(&server, "de");
    assert_eq!(leads_to(&anna.get(HERE)), "/login?next=%2Faccount");
    anna.sign_in(USER, PASSWORD).expect(303);
    assert!(anna.get(HERE).expect(200).text().contains("Noch kein Gerät"));
    let refused = add_device(&anna, " ").expect(400).text();
    assert!(refused.contains("Geben Sie dem Gerät einen Namen"), "{refused}");

    let made = add_device(&anna, "Laptop & <b>").expect(200);
    assert!(has_languages(&anna.get(HERE)) && !has_languages(&made), "{made}");
    let [address, name, password] = &readonly(&made)[..] else { panic!("{made}") };
    assert_eq!((address.as_str(), name.as_str()), (server.url("/dav/").as_str(), USER));
    assert!(made.text().contains("<svg"), "{made}");
    let open = || server.anonymous("GET", "/dav/").sign_in(name, password).send();
    open().expect(200);
    let page = anna.get(HERE).expect(200);
    assert!(
        page.text().contains("Laptop &amp; &lt;b&gt;") && !page.text().contains(password.as_str()),
        "{page}"
    );
    server.assert_no_traces(&[password]);

    let device = hidden(&page, "device");
    anna.form(HERE, &[("do", "remove"), ("device", &device)]).send().expect(403);
    open().expect(200);
    let page = anna.get(&leads_to(&act(&anna, &[("do", "remove"), ("device", &device)]))).expect(200);
    assert!(page.text().contains("kommt nicht mehr an Ihre Dateien"), "{page}");
    open().expect(401);
    let gone = act(&anna, &[("do", "remove"), ("device", &device)]).expect(400).text();
    assert!(gone.contains("gibt es nicht mehr"), "{gone}");
}

#[test]
fn devices_of_others_stay() {
    let server = TestServer::start_plain();
    server.add_member("berta", "staff", "write");
    let [anna, berta] = [USER, "berta"].map(|name| Browser::signed_in(&server, "en", name, PASSWORD));
    let made = add_device(&anna, "Phone").expect(200);
    let password = readonly(&made).pop().unwrap();
    let device = hidden(&anna.get(HERE), "device");
    act(&berta, &[("do", "remove"), ("device", &device)]).expect(400);
    server.anonymous("GET", "/dav/").sign_in(USER, &password).send().expect(200);
    // A password of a device opens no page.
    Browser::new(&server, "en").sign_in(USER, &password).expect(403);
}

#[test]
fn people_choose_their_mails_and_who_stands_in_for_them() {
    let server = TestServer::start_plain();
    server.add_member("berta", "staff", "write");
    server.add_member("carl", "client", "read");
    let [anna, carl] = [USER, "carl"].map(|name| Browser::signed_in(&server, "de", name, PASSWORD));
    let page = anna.get(HERE).expect(200).text();
    assert!(
        page.contains("keine Adresse eingetragen")
            && page.contains("value=\"berta\"")
            && !page.contains("\"carl\""),
        "{page}"
    );
    let fields = [
        ("do", "reach"),
        ("language", "en"),
        ("notices", "digest"),
        ("substitute", "berta"),
        ("until", "2999-08-21"),
    ];
    let page = anna.get(&leads_to(&act(&anna, &fields))).expect(200).text();
    assert!(page.contains("Übernommen.") && page.contains("<option value=\"digest\" selected>"), "{page}");
    assert!(
        page.contains("<option value=\"berta\" selected>") && page.contains("value=\"2999-08-21\""),
        "{page}"
    );
    let shown = server.cli_ok(["user", "list", "--json"]);
    assert!(shown.contains("\"berta\"") && shown.contains("digest"), "{shown}");
    server.cli_ok(["user", "set", USER, "--mail", "anna@example.org"]);
    assert!(anna.get(HERE).text().contains("Sie gehen an anna@example.org"));

    // A client of the office gets to know no names.
    let page = carl.get(HERE).expect(200).text();
    assert!(!page.contains("berta") && !page.contains("name=\"substitute\""), "{page}");
    let refused =
        act(&carl, &[("do", "reach"), ("substitute", "berta"), ("until", "2999-08-21")]).expect(400).text();
    assert!(refused.contains("nur Personen, die das Büro verwalten"), "{refused}");
    leads_to(&act(&carl, &[("do", "reach"), ("language", "de"), ("notices", "off")]));
}

/// The code that an authenticator with this key shows now.
fn code_of(key: &str) -> String {
    succeed(tool("oathtool", "oathtool").args(["--totp", "--base32", key])).trim().to_owned()
}

/// The picture for the camera of an authenticator.
fn picture(page: &Response) -> String {
    let text = page.text();
    let (_, rest) = text.split_once("<svg").unwrap_or_else(|| panic!("{page}"));
    rest.split("</svg>").next().unwrap().to_owned()
}

#[test]
fn a_second_factor_is_set_up_with_nothing_but_the_page() {
    let server = TestServer::start_plain();
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let begun = act(&anna, &[("do", "factor")]).expect(200);
    let secret = shown_key(&begun);
    // After a slip the same page comes again, with the same key and picture and the refusal above the empty line.
    let confirm = |code: &str, present: &str| {
        let fields = [("do", "confirm"), ("key", secret.as_str()), ("code", code), ("present", present)];
        act(&anna, &fields)
    };
    let code = code_of(&secret);
    for (code, present, said) in [
        ("000000", PASSWORD, "Der Code stimmt nicht"),
        (code.as_str(), "falsch", "Dieses Kennwort stimmt nicht."),
        (code.as_str(), "", "Dieses Kennwort stimmt nicht."),
    ] {
        let again = confirm(code, present).expect(400);
        assert_eq!((shown_key(&again), picture(&again)), (secret.clone(), picture(&begun)));
        let text = again.text();
        let (_, below) = text.split_once(said).unwrap_or_else(|| panic!("{said}: {again}"));
        assert!(below.contains("name=\"code\"") && below.contains(" autofocus"), "{again}");
        assert!(!has_languages(&again) && !text.contains("value=\"000000\""), "{again}");
    }
    // Without the password nothing has come into effect.
    Browser::new(&server, "de").sign_in(USER, PASSWORD).expect(303);
    let codes = confirm(&code_of(&secret), PASSWORD).expect(200);
    let first = first_code(&codes);

    // All sessions have ended, so nothing on the page with the codes asks who is there, and its button leads to the login.
    let text = codes.text();
    assert!(!text.contains("<header class=\"bar\"") && !text.contains("<script"), "{codes}");
    assert!(text.contains("in allen Browsern abgemeldet") && text.contains("href=\"/login\""), "{codes}");
    assert!(leads_to(&anna.get(HERE)).starts_with("/login"));

    // From now on the password alone opens no page; a recovery code does, once.
    let browser = Browser::new(&server, "de");
    browser.sign_in(USER, PASSWORD).expect(403);
    let fields = [("user", USER), ("password", PASSWORD), ("code", first.as_str())];
    browser.sign_in_at("/login", &fields).expect(303);
    Browser::new(&server, "de").sign_in_at("/login", &fields).expect(403);

    // New codes end the old ones, which the page says before, and the session goes on. The password is not changed without a code.
    let page = browser.get(HERE).expect(200).text();
    let (before, _) = page.split_once("value=\"codes\"").unwrap();
    let (_, part) = before.rsplit_once("<details>").unwrap();
    assert!(part.contains("Die bisherigen Ersatzcodes gelten dann nicht mehr."), "{part}");
    let renewed = act(&browser, &[("do", "codes"), ("present", PASSWORD)]).expect(200);
    assert!(!has_languages(&renewed) && renewed.text().contains("<header class=\"bar\""), "{renewed}");
    let fresh = first_code(&renewed);
    let new = "Ufer-Lampion-Marder-Kessel-8";
    let change = [("do", "password"), ("present", PASSWORD), ("new", new), ("again", new)];
    act(&browser, &change).expect(400);
    let change: Vec<_> = change.into_iter().chain([("code", fresh.as_str())]).collect();
    assert_eq!(leads_to(&act(&browser, &change)), "/login?changed");
    server.assert_no_traces(&[&secret, &first, &fresh]);
}

/// The key on the page that sets a second factor up.
fn shown_key(page: &Response) -> String {
    readonly(page).pop().unwrap_or_else(|| panic!("no key: {page}"))
}

/// The first of ten recovery codes on a page.
fn first_code(page: &Response) -> String {
    let text = page.text();
    assert_eq!(text.matches("<code>").count(), 10, "{page}");
    text.split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned()
}

/// A person who finds an open session gets no key that outlives it.
#[test]
fn an_open_session_gives_no_lasting_key_without_the_password() {
    let server = TestServer::start_plain();
    server.add_member("berta", "staff", "write");
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let made = add_device(&anna, "Phone").expect(200);
    let device = readonly(&made).pop().unwrap();
    let key = shown_key(&act(&anna, &[("do", "factor")]).expect(200));
    let code = code_of(&key);
    for form in [
        vec![("do", "device"), ("label", "Fremdes Gerät")],
        vec![("do", "confirm"), ("key", &key), ("code", &code)],
        vec![("do", "codes")],
    ] {
        for (present, said) in [
            (None, "Dieses Kennwort stimmt nicht."),
            (Some("falsch"), "Dieses Kennwort stimmt nicht."),
            (Some(device.as_str()), "Das ist das Kennwort eines Geräts."),
        ] {
            let fields: Vec<_> =
                form.iter().copied().chain(present.map(|given| ("present", given))).collect();
            let page = act(&anna, &fields).expect(400).text();
            assert!(page.contains(said) && !page.contains("<code>"), "{fields:?}: {page}");
        }
    }
    // What was typed is still there, and nothing was made.
    let fields = [("do", "device"), ("label", "Fremdes Gerät"), ("present", "falsch")];
    let page = act(&anna, &fields).expect(400).text();
    assert!(
        page.contains("<details open><summary>Neues Gerät") && page.contains("value=\"Fremdes Gerät\""),
        "{page}"
    );
    let devices = server.cli_ok(["user", "app-password", "list", USER, "--json"]);
    assert!(devices.contains("Phone") && !devices.contains("Fremdes"), "{devices}");
    Browser::new(&server, "de").sign_in(USER, PASSWORD).expect(303);

    // Guesses are slowed down, as at the login.
    let berta = Browser::signed_in(&server, "de", "berta", PASSWORD);
    let guess = |number: usize| {
        let present = number.to_string();
        act(&berta, &[("do", "device"), ("label", "x"), ("present", &present)]).expect(400).text()
    };
    assert!((0..50).map(guess).any(|page| page.contains("zu viele Versuche")), "never slowed down");
}

#[test]
fn the_own_password_is_changed_by_those_who_know_it() {
    let server = TestServer::start_plain();
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let other = Browser::signed_in(&server, "de", USER, PASSWORD);
    let made = add_device(&anna, "Phone").expect(200);
    let device = readonly(&made).pop().unwrap();
    let new = "Ufer-Lampion-Marder-Kessel-8";
    let change = |present: &str, new: &str, again: &str| {
        act(&anna, &[("do", "password"), ("present", present), ("new", new), ("again", again)])
    };
    for (answer, said) in [
        (change("wrong", new, new), "bisherige Kennwort"),
        (change(PASSWORD, new, "other"), "nicht gleich"),
        (change(PASSWORD, "short", "short"), "mindestens 12 Zeichen"),
        (change(PASSWORD, "passwordpassword", "passwordpassword"), "früh erraten"),
        (change(&device, new, new), "bisherige Kennwort"),
    ] {
        let page = answer.expect(400).text();
        assert!(page.contains(said), "{said}: {page}");
    }
    assert_eq!(leads_to(&change(PASSWORD, new, new)), "/login?changed");
    assert!(anna.get("/login?changed").expect(200).text().contains("mit dem neuen"));
    // All sessions have ended, the old password opens nothing, the device still does.
    leads_to(&other.get(HERE));
    Browser::new(&server, "de").sign_in(USER, PASSWORD).expect(403);
    server.anonymous("GET", &format!("/dav/{SPACE}/")).sign_in(USER, &device).send().expect(200);
    Browser::new(&server, "de").sign_in(USER, new).expect(303);

    // Guessing is slowed down.
    let anna = Browser::signed_in(&server, "de", USER, new);
    let guess = |number: usize| {
        let present = number.to_string();
        act(&anna, &[("do", "password"), ("present", &present), ("new", new), ("again", new)]).text()
    };
    assert!(
        (0..50).map(guess).any(|page| page.contains("Bitte warten") || page.contains("zu viele")),
        "never slowed down"
    );
}

#[test]
fn an_upload_that_broke_off_is_discarded() {
    let server = TestServer::start_plain();
    let begun =
        server.request("POST", "/tus").header("Tus-Resumable", "1.0.0").header("Upload-Length", "5000000");
    let said = crate::resumable::tus::metadata(&[("path", &format!("{SPACE}/Bilanz.pdf"))]);
    begun.header("Upload-Metadata", &said).header("Content-Length", "0").send().expect(201);
    let browser = Browser::signed_in(&server, "de", USER, PASSWORD);
    let page = browser.get("/account").expect(200);
    let text = page.text();
    assert!(
        text.contains(&format!("{SPACE}/Bilanz.pdf")) && text.contains("0 B von 4,7 MiB da, verfällt"),
        "{text}"
    );
    let id = crate::support::browser::hidden(&page, "upload");
    let fields = [("do", "discard"), ("upload", id.as_str())];
    // Another person's upload is none of theirs.
    server.add_user("bert", "staff", PASSWORD);
    server.cli_ok(["grant", "bert", SPACE, "write"]);
    let bert = Browser::signed_in(&server, "de", "bert", PASSWORD);
    let other = bert.get("/account").expect(200);
    assert!(!other.text().contains("Bilanz"), "{other}");
    bert.send(&other, "/account", &fields).expect(400);
    assert_eq!(leads_to(&browser.send(&page, "/account", &fields)), "/account?discarded");
    let text = browser.get("/account?discarded").expect(200).text();
    assert!(text.contains("verworfen") && !text.contains("Noch nicht ganz angekommen"), "{text}");
    assert_eq!(server.cli_ok(["upload", "list", "--json"]).trim(), "[]");
}
