//! A real Postfix in front: a mail that the server does not take is refused to the sender's server while it waits,
//! and one that it cannot take now waits in Postfix.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::client::{LIMIT, Post, mail, undated};
use crate::support::postfix::TestPostfix;
use crate::support::process::{eventually, require, succeed};
use crate::support::server::SPACE;

/// Sends a mail by SMTP as a stranger's server does, and prints the answer to each recipient, and to the mail.
const SEND: &str = r#"
import smtplib, sys
port, recipients, mail = int(sys.argv[1]), sys.argv[2].split(","), sys.stdin.buffer.read()
with smtplib.SMTP("127.0.0.1", port, timeout=60) as smtp:
    smtp.ehlo()
    print(*smtp.mail("anna@example.org", ["SIZE=%s" % len(mail)]))
    answers = [smtp.rcpt(recipient) for recipient in recipients]
    for answer in answers:
        print(*answer)
    if any(answer[0] == 250 for answer in answers):
        print(*smtp.data(mail))
"#;

/// As the documentation says it.
fn configuration(post: &Post) -> String {
    let documented = include_str!("../../../../docs/operation.md");
    let begin = documented.find("relay_domains = files.example.org").expect("the lines for main.cf");
    let lines = documented[begin..].split("```").next().unwrap();
    assert!(lines.contains("/run/tresor/"), "{lines}");
    lines
        .replace("/run/tresor/kanzlei/lmtp", post.socket("lmtp").to_str().unwrap())
        .replace("/run/tresor/kanzlei/policy", post.socket("policy").to_str().unwrap())
}

fn send(postfix: &TestPostfix, to: &str, mail: &str) -> Vec<String> {
    let mut command = Command::new(require("python3", "python3"));
    command.args(["-c", SEND, &postfix.port().to_string(), to]);
    let file = postfix.path("mail");
    fs::write(&file, mail).unwrap();
    command.stdin(fs::File::open(file).unwrap());
    succeed(&mut command).lines().map(|line| line.replace("b'", "").replace('\'', "")).collect()
}

#[test]
fn postfix_refuses_at_once_what_is_not_taken_and_keeps_what_cannot_be_taken_now() {
    let mut post = Post::open();
    let postfix = TestPostfix::start(&configuration(&post));
    post.server.request("MKCOL", &format!("/dav/{SPACE}/Belege")).send().expect(201);

    let text = mail("Angenommen", &[("a.txt", b"one")]);
    let answers = send(
        &postfix,
        "mueller@files.example.org,mueller+belege@files.example.org,nobody@files.example.org",
        &text,
    );
    assert!(answers[1].starts_with("250") && answers[2].starts_with("250"), "{answers:?}");
    assert!(
        answers[3].starts_with("550 5.1.1") && answers[3].contains("there is no such address"),
        "{answers:?}"
    );
    assert!(answers[4].starts_with("250"), "{answers:?}");
    post.comes_to(&[
        "Angenommen.eml",
        "Angenommen/",
        "Angenommen/a.txt",
        "Belege/",
        "Belege/Angenommen.eml",
        "Belege/Angenommen/",
        "Belege/Angenommen/a.txt",
    ]);
    let eml = post.eml();
    let stored = String::from_utf8(post.content(&eml)).unwrap();
    assert!(stored.starts_with("Received: ") && stored.ends_with(&text), "{stored}");

    // Too large, closed, full: the sender's own server learns it.
    let large = send(&postfix, "mueller@files.example.org", &mail("Groß", &[("b", &vec![0; 60 << 20])]));
    assert!(large.iter().any(|answer| answer.starts_with("552")), "{large:?}");
    post.server.cli_ok(["space", "set", SPACE, "--quota", "10KB"]);
    let full = send(&postfix, "mueller@files.example.org", &mail("Voll", &[("b", &vec![0; 100_000])]));
    assert!(full[1].starts_with("452") || full[1].starts_with("450"), "{full:?}");
    post.server.cli_ok(["space", "set", SPACE, "--quota", "0", "--mail", "off"]);
    let closed = send(&postfix, "mueller@files.example.org", &text);
    assert!(closed[1].starts_with("550 5.1.1"), "{closed:?}");
    eventually("nothing was accepted", LIMIT, || postfix.queue().contains("Mail queue is empty"));
    assert!(!postfix.logged().contains("status=bounced"), "{}", postfix.logged());

    // The server is gone when Postfix delivers.
    post.server.cli_ok(["space", "set", SPACE, "--mail", "mueller", "--intake", "off"]);
    let late = mail("Später", &[]).replace("Später", "=?utf-8?Q?Sp=C3=A4ter?=");
    post.server.stop();
    let answers = send(&postfix, "mueller@files.example.org", &late);
    // Postfix cannot ask about refusals: it puts the mail off, or keeps it.
    assert!(answers[1].starts_with('4') || answers[1].starts_with("250"), "{answers:?}");
    post.server.spawn();
    if answers[1].starts_with('4') {
        assert!(send(&postfix, "mueller@files.example.org", &late)[2].starts_with("250"));
    }
    eventually("it is delivered", LIMIT, || {
        postfix.flush();
        post.files().iter().any(|path| undated(path) == "Später.eml")
    });
    eventually("nothing waits", LIMIT, || postfix.queue().contains("Mail queue is empty"));
}

/// The server's own sockets went with it, so mails that came during a restart were put off.
#[test]
fn mails_wait_in_sockets_of_systemd_while_the_server_starts() {
    let mut post = Post::open();
    let postfix = TestPostfix::start(&configuration(&post));
    let (lmtp, policy) = (post.socket("lmtp"), post.socket("policy"));
    let activate = require("systemd-socket-activate", "systemd");
    for (number, subject) in ["Erste", "Zweite"].into_iter().enumerate() {
        post.server.stop();
        for socket in [&lmtp, &policy] {
            let _ = fs::remove_file(socket);
        }
        // It starts the server with the first connection, as systemd does, with the sockets by their names.
        let sockets = ["-l", lmtp.to_str().unwrap(), "-l", policy.to_str().unwrap()];
        let through =
            [&[activate.to_str().unwrap()][..], &sockets, &["--fdname=lmtp:mail_policy", "-E", "HOME"]]
                .concat();
        std::thread::scope(|scope| {
            let sent = scope.spawn(|| {
                eventually("systemd listens", LIMIT, || lmtp.exists() && policy.exists());
                for socket in [&lmtp, &policy] {
                    fs::set_permissions(socket, fs::Permissions::from_mode(0o666)).unwrap();
                }
                send(&postfix, "mueller@files.example.org,nobody@files.example.org", &mail(subject, &[]))
            });
            post.server.spawn_through(&through);
            let answers = sent.join().unwrap();
            assert!(answers[1].starts_with("250") && answers[2].starts_with("550 5.1.1"), "{answers:?}");
        });
        eventually("it is delivered", LIMIT, || {
            post.files().iter().any(|path| undated(path) == format!("{subject}.eml"))
        });
        assert!(!postfix.logged().contains("status=deferred"), "{number}: {}", postfix.logged());
    }
    eventually("nothing waits", LIMIT, || postfix.queue().contains("Mail queue is empty"));
}
