//! Delivery: a mail answered with 250 is there, once; one that is refused is refused before it is sent.

use std::os::unix::net::UnixStream;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::client::{ADDRESS, Client, LIMIT, Post, mail, target, undated};
use crate::support::office::{Office, PASSPHRASE};
use crate::support::process::eventually;
use crate::support::server::SPACE;

#[test]
fn a_mail_is_stored_byte_for_byte_before_it_is_acknowledged() {
    let mut post = Post::open();
    // A line that begins with a dot, no line end at the end, bytes that are no text.
    let text = "Subject: =?utf-8?Q?Unterlagen_f=C3=BCr_2025?=\r\n\r\n.\r\n..\r\n.x\r\nende";
    let answers = post.connect().send("anna@example.org", &[ADDRESS], format!("{text}\r\n").as_bytes());
    assert_eq!(answers, ["250 2.0.0 stored"]);
    post.server.kill();
    post.server.spawn();
    let files = post.files();
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(undated(&files[0]), "Unterlagen für 2025.eml");
    assert_eq!(post.content(&files[0]), format!("{text}\r\n").as_bytes());
    post.assert_sound();
}

#[test]
fn refused_is_what_could_not_be_stored_and_before_it_is_sent() {
    let post = Post::configured("mail_size = '1MiB'\nmails_per_hour = 4\n");
    post.server.request("MKCOL", &format!("/dav/{SPACE}/Neue%20Belege")).send().expect(201);
    post.server.request("PUT", &format!("/dav/{SPACE}/datei")).body("x").send().expect(201);
    let mut client = post.connect();
    let answers = client.announce(
        "anna@example.org",
        &[
            "mueller@files.example.org",
            "MUELLER@other.example.org",
            "mueller+neue-belege@files.example.org",
            "nobody@files.example.org",
            "mueller+nothing@files.example.org",
            "mueller+datei@files.example.org",
            "mueller+@files.example.org",
            "postmaster@files.example.org",
        ],
    );
    let unknown = "550 5.1.1 there is no such address";
    let known = "250 2.1.5 yes";
    assert_eq!(answers, [known, known, known, unknown, unknown, unknown, unknown, unknown]);
    // Both spellings of the first folder get one answer each.
    assert_eq!(client.send_data(mail("a", &[]).as_bytes(), 3), ["250 2.0.0 stored"; 3]);
    assert_eq!(client.say("MAIL FROM:<> SIZE=3000000"), "552 5.3.4 this mail is too large");
    // One that does not say how long it is.
    client.announce("", &[ADDRESS]);
    let long = format!("{}\r\n", "x".repeat(3_000_000));
    assert_eq!(client.send_data(long.as_bytes(), 1), ["552 5.3.4 this mail is too large"]);
    for (number, expected) in
        [(1, "250 2.0.0 stored"), (2, "250 2.0.0 stored"), (3, "451 4.7.1 too many mails, try again later")]
    {
        client.announce("anna@example.org", &[ADDRESS]);
        assert_eq!(client.send_data(mail(&number.to_string(), &[]).as_bytes(), 1), [expected]);
    }
    // The folder below belongs to the same space.
    post.server.cli_ok(["space", "set", SPACE, "--mail", "off"]);
    client.announce("anna@example.org", &[]);
    assert_eq!(client.say(&format!("RCPT TO:<{ADDRESS}>")), unknown);
    let files: Vec<_> = post.files().iter().map(|path| undated(path)).collect();
    assert_eq!(files, ["1.eml", "2.eml", "a.eml", "Neue Belege/", "Neue Belege/a.eml", "datei"]);
}

/// Waits for the next minute if this one ends soon: names carry the minute, and two mails meet under one within it.
fn early_in_a_minute() {
    let second = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() % 60;
    if second > 35 {
        sleep(Duration::from_secs(61 - second));
    }
}

#[test]
fn the_same_mail_is_stored_once_unless_the_first_is_gone() {
    let post = Post::open();
    early_in_a_minute();
    let text = mail("Beleg", &[("beleg.txt", b"a receipt")]);
    post.deliver(&text);
    post.comes_to(&["Beleg.eml", "Beleg/", "Beleg/beleg.txt"]);
    // The answer was lost, and the mail server sends it again.
    post.deliver(&text);
    post.deliver(&format!("Received: from a by b;\r\n\tnow\r\nDelivered-To: {ADDRESS}\r\n{text}"));
    assert_eq!(post.files().len(), 3);
    // Another one.
    post.deliver(&text.replace("<1@", "<2@"));
    post.comes_to(&[
        "Beleg (2).eml",
        "Beleg (2)/",
        "Beleg (2)/beleg.txt",
        "Beleg.eml",
        "Beleg/",
        "Beleg/beleg.txt",
    ]);
    for path in post.files().iter().filter(|path| !path.contains("/b")) {
        post.server.request("DELETE", &target(path)).send().expect(204);
    }
    post.deliver(&text);
    post.comes_to(&["Beleg.eml", "Beleg/", "Beleg/beleg.txt"]);
}

#[test]
fn the_same_mail_is_stored_once_in_each_of_many_folders_and_over_many_connections() {
    let post = Post::open();
    let folders: Vec<_> = (0..20).map(|number| format!("f{number}")).collect();
    for folder in &folders {
        post.server.request("MKCOL", &target(folder)).send().expect(201);
    }
    let addresses: Vec<_> = folders.iter().map(|folder| format!("mueller+{folder}@x")).collect();
    let to: Vec<_> = addresses.iter().map(String::as_str).collect();
    let text = mail("Viele", &[]);
    for _ in 0..2 {
        let answers = post.connect().send("anna@example.org", &to, text.as_bytes());
        assert!(answers.iter().all(|answer| answer.starts_with("250")), "{answers:?}");
    }
    assert_eq!(post.files().len(), 40, "{:?}", post.files());

    let text = mail("Zugleich", &[]);
    let mut clients: Vec<_> = (0..8).map(|_| post.connect()).collect();
    for client in &mut clients {
        client.announce("anna@example.org", &[ADDRESS]);
        assert!(client.say("DATA").starts_with("354"));
        client.write(text.as_bytes());
    }
    for client in &mut clients {
        client.write(b".\r\n");
    }
    for client in &mut clients {
        assert_eq!(client.reply(), "250 2.0.0 stored");
    }
    assert_eq!(post.files().iter().filter(|path| path.contains("Zugleich")).count(), 1);

    // Two that nothing tells apart, but that are not said to be the same.
    for _ in 0..2 {
        post.deliver("Subject: R\r\n\r\nBitte um Rueckruf\r\n");
    }
    assert_eq!(post.files().iter().filter(|path| path.contains(" R")).count(), 2);
    post.assert_sound();
}

/// The mail server gets no answer and sends the mail again. A mail that was there without its row was stored twice,
/// and its attachments were missing beside the first.
#[test]
fn a_crash_while_a_mail_is_stored_doubles_none_and_costs_no_attachment() {
    let mut post = Post::open();
    let log = post.server.data().join("catalog/catalog.db-wal");
    let written = || std::fs::metadata(&log).and_then(|found| found.modified()).ok();
    let (rounds, mut without_answer) = (6, 0);
    for round in 0..rounds {
        let text = mail(&format!("W{round}"), &[("a.txt", b"one")]);
        let mut client = post.connect();
        client.announce("anna@example.org", &[ADDRESS]);
        assert!(client.say("DATA").starts_with("354"));
        client.write(text.as_bytes());
        let before = written();
        client.write(b".\r\n");
        eventually("the catalogue is written", LIMIT, || written() != before);
        post.server.kill();
        post.server.spawn();
        without_answer += usize::from(client.try_reply().is_none());
        post.deliver(&text);
    }
    let expected: Vec<_> = (0..rounds)
        .flat_map(|round| [format!("W{round}.eml"), format!("W{round}/"), format!("W{round}/a.txt")])
        .collect();
    post.comes_to(&expected.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(without_answer > 0, "it was killed before its answer");
    post.assert_sound();
}

#[test]
fn each_recipient_has_an_answer_of_its_own() {
    let post = Post::open();
    post.server.add_space(
        "full",
        ["--kind", "client", "--mail", "full", "--intake", "off", "--quota", "1KB"],
        "manage",
    );
    post.server.add_space("other", ["--kind", "client", "--mail", "other", "--intake", "off"], "manage");
    let text = mail("An alle", &[("a.bin", &[7; 3_000])]);
    let answers = post.connect().send(
        "anna@example.org",
        &["full@x", ADDRESS, "other@x", "mueller@elsewhere.example.org"],
        text.as_bytes(),
    );
    let stored = "250 2.0.0 stored";
    assert_eq!(answers, ["452 4.2.2 no room for this mail, try again later", stored, stored, stored]);
    post.comes_to(&["An alle.eml", "An alle/", "An alle/a.bin"]);
    eventually("the other has it", LIMIT, || post.files_of("other").len() == 3);
    assert!(post.files_of("full").is_empty());
    post.assert_sound();
}

#[test]
fn a_mail_that_breaks_off_leaves_nothing() {
    let mut post = Post::open();
    for length in [0, 10, 300_000] {
        let mut client = post.connect();
        client.announce("anna@example.org", &[ADDRESS]);
        assert!(client.say("DATA").starts_with("354"));
        client.write(format!("Subject: half\r\n\r\n{}", "x".repeat(length)).as_bytes());
    }
    post.deliver(&mail("whole", &[]));
    post.comes_to(&["whole.eml"]);
    // The server stops in the middle of another one.
    let mut client = post.connect();
    client.announce("anna@example.org", &[ADDRESS]);
    assert!(client.say("DATA").starts_with("354"));
    client.write(b"Subject: half\r\n\r\ntext\r\n");
    post.server.kill();
    post.server.spawn();
    assert_eq!(post.files().len(), 1);
    post.assert_sound();
}

#[test]
fn commands_out_of_order_and_lines_that_are_none_do_no_harm() {
    let post = Post::open();
    let mut client = Client::new(UnixStream::connect(post.socket("lmtp")).unwrap());
    assert_eq!(client.reply(), "220 Tresor LMTP");
    for (line, expected) in [
        ("MAIL FROM:<a@b>", "503 5.5.1 say LHLO first"),
        ("EHLO x", "502 5.5.1 this server does not do that"),
        (
            "LHLO x",
            "250-Tresor 250-PIPELINING 250-SIZE 72876032 250-8BITMIME 250-SMTPUTF8 250 ENHANCEDSTATUSCODES",
        ),
        ("RCPT TO:<a@b>", "503 5.5.1 say MAIL first"),
        ("DATA", "503 5.5.1 no recipient was taken"),
        ("MAIL FROM:<a@b>", "250 2.1.0 yes"),
        ("MAIL FROM:<a@b>", "503 5.5.1 another mail has begun"),
        ("DATA", "503 5.5.1 no recipient was taken"),
        ("NOOP", "250 2.0.0 yes"),
        ("RSET", "250 2.0.0 forgotten"),
        ("BDAT 10 LAST", "502 5.5.1 this server does not do that"),
        ("VRFY mueller", "252 2.1.5 send it, then you will know"),
        ("STARTTLS", "502 5.5.1 this server does not do that"),
        ("MAIL FROM:a@b", "500 5.5.2 this is not understood"),
        ("quit", "221 2.0.0 goodbye"),
    ] {
        assert_eq!(client.say(line), expected, "{line}");
    }
    assert_eq!(client.reply(), "", "the connection is closed");
    // All at once, as Postfix sends them.
    let mut client = post.connect();
    client.write(
        format!("MAIL FROM:<>\r\nRCPT TO:<{ADDRESS}>\r\nDATA\r\nSubject: p\r\n\r\nx\r\n.\r\nQUIT\r\n")
            .as_bytes(),
    );
    let answers: Vec<_> = (0..5).map(|_| client.reply()[..3].to_owned()).collect();
    assert_eq!(answers, ["250", "250", "354", "250", "221"]);
    // A line that ends with LF alone is a command to some servers and text to others.
    let mut client = post.connect();
    client.write(b"NOOP\n");
    assert_eq!(client.reply(), "500 5.5.2 this is not understood");
    client.write(&[b'x'; 5_000]);
    assert_eq!(client.reply(), "500 5.5.2 this line is too long");
    assert_eq!(client.reply(), "");
    let mut client = post.connect();
    let last = (0..21).map(|_| client.say("what")).last();
    assert_eq!(last.as_deref(), Some("421 4.7.0 too many errors"));
    // One connection too many gets a refusal; when one ends, the next is taken.
    let mut open: Vec<_> = (0..24).map(|_| post.connect()).collect();
    let mut late = Client::new(UnixStream::connect(post.socket("lmtp")).unwrap());
    assert_eq!(late.reply(), "421 4.3.2 too many connections, try again later");
    assert_eq!(open.pop().unwrap().say("QUIT"), "221 2.0.0 goodbye");
    eventually("another one is taken", LIMIT, || {
        Client::new(UnixStream::connect(post.socket("lmtp")).unwrap()).reply().starts_with("220")
    });
}

#[test]
fn a_locked_server_asks_the_mail_server_to_wait() {
    let office = Office::new();
    office.write("pass", PASSPHRASE);
    let made = office.init(["--passphrase-file", "pass", "--recovery-out", "recovery.txt"]);
    assert_eq!(made.code, 0, "{made}");
    let socket = office.path("lmtp");
    office.write("tresor.toml", format!("[intake]\nclamd = 'off'\nlmtp = '{}'\n", socket.display()));
    let _served = office.serve(["--config", "tresor.toml"]);
    let mut client = Client::new(UnixStream::connect(&socket).unwrap());
    assert_eq!(client.reply(), "220 Tresor LMTP");
    client.say("LHLO x");
    assert_eq!(client.announce("a@b", &[ADDRESS]), ["451 4.3.2 not ready, try again later"]);
    assert_eq!(client.say("DATA"), "503 5.5.1 no recipient was taken");
}

#[test]
fn an_address_belongs_to_one_space_and_opens_the_holding_area() {
    let post = Post::open();
    let office = &post.server.office;
    post.server.add_space("other", ["--kind", "client", "--mail", "Other.Kg"], "manage");
    let listed: serde_json::Value =
        serde_json::from_str(&post.server.cli_ok(["space", "list", "--json"])).unwrap();
    let row = |name: &str| listed.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap();
    assert_eq!((&row("other")["mail"], &row("other")["hold_seconds"]), (&"other.kg".into(), &43_200.into()));
    assert_eq!((&row(SPACE)["mail"], &row(SPACE)["hold_seconds"]), (&"mueller".into(), &Value::Null));
    for (name, needle) in [
        ("mueller", "Another space has this mail name"),
        ("müller", "A mail name has 1 to 48 letters"),
        ("postmaster", "Postmaster and abuse are"),
    ] {
        office.refuses(["space", "set", "other", "--mail", name], &[needle]);
    }
    // A name that is free again can be taken.
    post.server.cli_ok(["space", "set", SPACE, "--mail", "off"]);
    post.server.cli_ok(["space", "set", "other", "--mail", "mueller"]);
    post.server.cli_ok(["space", "set", "other", "--mail", "mueller"]);
}
