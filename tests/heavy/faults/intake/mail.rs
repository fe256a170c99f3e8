//! A mail from the mail server's last byte to its attachments.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use crate::faults::intake::world::{Copy, LIMIT, Prepared};
use crate::support::TestServer;
use crate::support::process::eventually;
use crate::support::server::SPACE;

/// System calls tried in a normal run.
const FEW: usize = 10;

const MAIL: &str = "From: anna@example.org\r\nSubject: Belege\r\nMessage-ID: <1@example.org>\r\n\
    Date: Sun, 29 Nov 2026 14:02:00 +0100\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=\"=b\"\r\n\r\n--=b\r\nContent-Type: text/plain\r\n\r\nGuten Tag\r\n\
    --=b\r\nContent-Disposition: attachment; filename=\"a.txt\"\r\n\r\none\r\n\
    --=b\r\nContent-Disposition: attachment; filename=\"b.txt\"\r\n\r\ntwo\r\n--=b--\r\n";

#[test]
fn a_mail_killed_before_any_call_is_one_file_with_its_attachments() {
    let prepared = Prepared::new(|copy| {
        copy.server.cli_ok(["space", "set", SPACE, "--mail", "mueller", "--intake", "off"]);
    });
    prepared.killed_everywhere(
        FEW,
        |copy| {
            let is_taken = deliver(&copy.server);
            copy.comes_to("its attachments are stored", is_unpacked);
            is_taken
        },
        |copy, is_taken, what| {
            assert!(!is_taken || mails(copy) == 1, "{what}: it was acknowledged");
            copy.server.spawn();
            // Without an answer a mail server sends it again.
            assert!(is_taken || deliver(&copy.server), "{what}");
            eventually(&format!("{what}: its attachments are stored"), LIMIT, || is_unpacked(copy));
            assert_eq!(mails(copy), 1, "{what}");
            let listed = copy.listed();
            let ends = [".eml", "Belege/", "/a.txt", "/b.txt"];
            let is_each = ends.iter().all(|end| listed.iter().any(|path| path.ends_with(end)));
            assert!(listed.len() == ends.len() && is_each, "{what}: {listed:?}");
            for (end, content) in [("/a.txt", "one"), ("/b.txt", "two"), (".eml", MAIL)] {
                let path = listed.iter().find(|path| path.ends_with(end)).unwrap();
                assert_eq!(copy.read(path).as_deref(), Some(content.as_bytes()), "{what}");
            }
            copy.assert_sound(what);
        },
    );
}

fn mails(copy: &Copy) -> i64 {
    copy.count("SELECT count(*) FROM mails")
}

fn is_unpacked(copy: &Copy) -> bool {
    copy.count("SELECT count(*) FROM mails WHERE next_at IS NULL") == 1
}

/// Whether the server took the mail: for its sender's server it is then gone.
fn deliver(server: &TestServer) -> bool {
    let Ok(mut stream) = UnixStream::connect(server.scratch("post").join("lmtp")) else { return false };
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    let lines = ["", "LHLO x\r\n", "MAIL FROM:<anna@example.org>\r\n", "RCPT TO:<mueller@x>\r\n", "DATA\r\n"];
    for sent in lines.into_iter().chain([format!("{MAIL}.\r\n").as_str()]) {
        if stream.write_all(sent.as_bytes()).is_err() {
            return false;
        }
        let mut line = String::new();
        while line.get(3..4) != Some(" ") {
            line.clear();
            if !answers.read_line(&mut line).is_ok_and(|length| length > 0) {
                return false;
            }
        }
        let is_taken = line.starts_with('2') || line.starts_with("354");
        assert!(is_taken, "{sent}: {line}");
    }
    true
}
