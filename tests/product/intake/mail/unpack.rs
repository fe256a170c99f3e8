//! Attachments: each becomes a file beside its mail, once, and is examined like everything that arrives.

use std::os::unix::net::UnixStream;
use std::process::Command;

use super::client::{ADDRESS, Client, LIMIT, Post, encoded, mail, target, undated};
use crate::intake::world::World;
use crate::support::browser::Browser;
use crate::support::clamd::eicar;
use crate::support::process::{eventually, require, succeed};
use crate::support::server::{PASSWORD, SPACE, USER};

#[test]
fn attachments_are_files_beside_their_mail() {
    let post = Post::open();
    post.deliver(&mail(
        "Unterlagen",
        &[
            ("Lohn.pdf", b"one"),
            ("Lohn.pdf", b"two"),
            ("../../weg.txt", b"three"),
            ("con.txt", b"four"),
            ("=?utf-8?Q?Gr=C3=B6=C3=9Fe.txt?=", b"five"),
            ("leer.txt", b""),
        ],
    ));
    post.comes_to(&[
        "Unterlagen.eml",
        "Unterlagen/",
        "Unterlagen/.._.._weg.txt",
        "Unterlagen/Größe.txt",
        "Unterlagen/Lohn (2).pdf",
        "Unterlagen/Lohn.pdf",
        "Unterlagen/_con.txt",
        "Unterlagen/leer.txt",
    ]);
    let path = |end: &str| post.files().into_iter().find(|path| path.ends_with(end)).unwrap();
    assert_eq!(post.content(&path("Lohn.pdf")), b"one");
    assert_eq!(post.content(&path("Lohn (2).pdf")), b"two");
    assert_eq!(post.content(&path("weg.txt")), b"three");
    let history = post.server.cli_ok(["history", SPACE]);
    assert!(history.contains("Server (E-Mail)") || history.contains("server (mail)"), "{history}");
    post.server.assert_no_traces(&["Unterlagen", "Lohn.pdf", "anna@example.org"]);
}

/// A mail in the mail has a folder for its own attachments, which a file with the folder's name must not cost.
#[test]
fn a_file_with_the_name_of_a_folder_costs_no_attachment() {
    let post = Post::open();
    let inner = mail("innen", &[("c.txt", b"three")]);
    post.deliver(&mail("Doppelt", &[("b", b"one"), ("b.eml", inner.as_bytes()), ("d.txt", b"four")]));
    post.comes_to(&[
        "Doppelt.eml",
        "Doppelt/",
        "Doppelt/b",
        "Doppelt/b (2)/",
        "Doppelt/b (2)/c.txt",
        "Doppelt/b.eml",
        "Doppelt/d.txt",
    ]);
    eventually("nothing waits", LIMIT, || !post.server.cli_ok(["status"]).contains("waiting: 1"));
}

/// A mail that is forwarded beside one of its files has it twice, and so has the space.
#[test]
fn the_same_file_in_a_mail_in_the_mail_is_there_too() {
    let post = Post::open();
    let inner = mail("innen", &[("c.txt", b"three")]);
    post.deliver(&mail("Beide", &[("c.txt", b"three"), ("w.eml", inner.as_bytes())]));
    post.comes_to(&["Beide.eml", "Beide/", "Beide/c.txt", "Beide/w.eml", "Beide/w/", "Beide/w/c.txt"]);
}

/// An attachment stored before a crash is not stored twice, and the others are stored afterwards.
#[test]
fn a_crash_while_attachments_are_stored_costs_none_and_doubles_none() {
    let mut post = Post::open();
    // So many files of one name that their numbers end.
    let name =
        |number: usize| if number < 165 { format!("{number:03}.txt") } else { "gleich.txt".to_owned() };
    let contents: Vec<_> = (0..200).map(|number| (name(number), vec![b'a'; 100 + number])).collect();
    let attachments: Vec<_> = contents.iter().map(|(name, text)| (name.as_str(), text.as_slice())).collect();
    post.deliver(&mail("Viele", &attachments));
    let mut killed_between = 0;
    for _ in 0..5 {
        let mut seen = 0;
        let before = post.files().len();
        eventually("more are stored", LIMIT, || {
            seen = post.files().len();
            seen > before || seen == 202
        });
        post.server.kill();
        post.server.spawn();
        killed_between += usize::from(seen < 202);
    }
    eventually("all are stored", LIMIT, || post.files().len() == 202);
    // The mail server asks again, because nothing more is to come.
    eventually("nothing waits", LIMIT, || {
        let status = post.server.cli_ok(["status"]);
        status.lines().any(|line| line.contains("mail") && line.contains("waiting: 0"))
            || !status.contains("waiting")
    });
    let files: Vec<_> = post.files().iter().map(|path| undated(path)).collect();
    assert_eq!(files.len(), 202, "{files:?}");
    assert!(contents.iter().all(|(name, _)| files.contains(&format!("Viele/{name}"))));
    let mut sizes: Vec<_> = post.files()[2..].iter().map(|path| post.content(path).len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, (100..300).collect::<Vec<_>>(), "each of them once");
    assert!(killed_between > 0, "it was killed between two attachments");
    post.assert_sound();
}

#[test]
fn attachments_without_room_wait_for_it() {
    let post = Post::open();
    let text = mail("Voll", &[("a.bin", &[7; 3_000])]);
    post.server.cli_ok(["space", "set", SPACE, "--quota", &format!("{}B", text.len() + 100)]);
    post.deliver(&text);
    eventually("it waits", LIMIT, || post.server.cli_ok(["status"]).contains("waiting: 1"));
    assert_eq!(post.files().len(), 2, "{:?}", post.files());
}

#[test]
fn a_mail_that_is_moved_takes_its_attachments_along_and_one_that_is_deleted_has_none() {
    // Without a process that looks into mails they are unpacked later, when the program is whole again; here they are
    // moved faster than they are unpacked, or not: both are right.
    let post = Post::open();
    post.server.request("MKCOL", &target("neu")).send().expect(201);
    post.deliver(&mail("Umzug", &[("a.txt", b"one")]));
    let eml = post.eml();
    let to = post.server.url(&target("neu/Umzug.eml"));
    post.server.request("MOVE", &target(&eml)).header("Destination", &to).send().expect(201);
    eventually("it is unpacked", LIMIT, || post.files().iter().any(|path| path.ends_with("/a.txt")));
}

#[test]
fn mails_lie_in_the_holding_area_until_they_are_released() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("lmtp");
    let world = World::open(&format!("lmtp = '{}'", socket.display()));
    world.server.cli_ok(["space", "set", SPACE, "--mail", "mueller", "--hold", "12h"]);
    let deliver = |mail: &str| {
        let mut client = Client::new(UnixStream::connect(&socket).unwrap());
        client.reply();
        client.say("LHLO x");
        assert_eq!(client.send("anna@example.org", &[ADDRESS], mail.as_bytes()), ["250 2.0.0 stored"]);
    };
    let item = |end: &str| world.item_that_comes(end);
    deliver(&mail("Harmlos", &[("bild.txt", b"only text"), ("brief.rtf", br"{\rtf1 text}")]));
    world.comes_to(item("Harmlos/bild.txt"), "released");
    let held = world.comes_to(item("Harmlos/brief.rtf"), "held");
    assert_eq!(held["mail_from"], "anna@example.org");
    world.server.cli_ok(["grant", USER, SPACE, "manage"]);
    let browser = Browser::signed_in(&world.server, "de", USER, PASSWORD);
    let sender = "anna@example.org (Angabe des Absenders, nicht geprüft)";
    let list = browser.get("/holding").expect(200).text();
    assert!(list.contains(&format!("<p>Per E-Mail von: {sender}</p>")), "{list}");
    let page = browser.get(&format!("/holding/{}", held["id"])).expect(200).text();
    assert!(page.contains(&format!("<dt>Per E-Mail von:</dt><dd>{sender}</dd>")), "{page}");
    // The mail as a whole is held because of the document in it.
    let eml = item("Harmlos.eml");
    world.comes_to(eml, "held");
    // Until it is released, people read its text as a PDF.
    eventually("its PDF is there", 2 * LIMIT, || !world.shown(eml)["pdf"].is_null());
    let path = world.shown(eml)["pdf"].as_str().unwrap()[1..].to_owned();
    let pdf = world.colleague("GET", &encoded(&path)).send().expect(200).body;
    let file = folder.path().join("copy.pdf");
    std::fs::write(&file, pdf).unwrap();
    let text = succeed(Command::new(require("pdftotext", "poppler-utils")).arg(&file).arg("-"));
    for part in
        ["Von: Anna <anna@example.org>", "Betreff: Harmlos", "Anlagen: bild.txt, brief.rtf", "Guten Tag"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }

    let virus = eicar();
    deliver(&mail("Schlecht", &[("rechnung.txt", &virus), ("bild.txt", b"only text, too")]));
    world.comes_to(item("Schlecht/rechnung.txt"), "quarantined");
    world.comes_to(item("Schlecht.eml"), "quarantined");
    // Harmless by itself, but not released by itself: the mail that carries it is in quarantine.
    world.waits(item("Schlecht/bild.txt"), "needs_decision", "mail-quarantined");
    world.decide("release", item("Schlecht/bild.txt"), "looked at it");
    world.comes_to(item("Schlecht/bild.txt"), "released");
    // Nor is it when one signature finds so much that it may be wrong.
    for number in 1..=6 {
        deliver(&mail(
            &format!("Welle{number}"),
            &[("rechnung.txt", &virus), ("bild.txt", b"only text, again")],
        ));
    }
    for number in 1..=6 {
        world.waits(item(&format!("Welle{number}/bild.txt")), "needs_decision", "mail-quarantined");
    }
    let words = world.server.cli_ok(["hold", "show", &item("Schlecht.eml").to_string()]);
    assert!(words.contains("by mail from anna@example.org (as the envelope says)"), "{words}");
    world.assert_sound();
}
