//! cadaver 0.24, the command-line client on neon.

use std::fs::{self, File};
use std::process::Command;

use crate::support::TestServer;
use crate::support::content::{NAME_MARK, sha256_file, write_file};
use crate::support::process::{Outcome, require, tool};
use crate::support::server::{PASSWORD, USER};

#[test]
fn cadaver_puts_gets_locks_moves_and_keeps_properties() {
    let server = TestServer::start();
    let cadaver = Cadaver::of(&server);
    let hash = write_file(&cadaver.file("up.bin"), 11, 3_000_000);

    let session = cadaver.session(&[
        "mkcol akten",
        "cd akten",
        &format!("put up.bin \"{NAME_MARK} ä.bin\""),
        &format!("move \"{NAME_MARK} ä.bin\" \"{NAME_MARK} #2.bin\""),
        &format!("copy \"{NAME_MARK} #2.bin\" kopie.bin"),
        "propset kopie.bin farbe Zwirbelmeier-Blau",
        "propget kopie.bin farbe",
        "get kopie.bin down.bin",
        "ls",
    ]);
    assert!(session.contains("Value of farbe is: Zwirbelmeier-Blau"), "{session}");
    assert!(session.contains(&format!("{NAME_MARK} #2.bin")), "{session}");
    assert_eq!(sha256_file(&cadaver.file("down.bin")), hash);

    // The property follows a copy and a move.
    let session = cadaver.session(&[
        "cd akten",
        "copy kopie.bin dritte.bin",
        "move dritte.bin vierte.bin",
        "propget vierte.bin farbe",
        "delete vierte.bin",
    ]);
    assert!(session.contains("Value of farbe is: Zwirbelmeier-Blau"), "{session}");
    server.assert_no_traces(&["Zwirbelmeier-Blau", "kopie.bin"]);
}

#[test]
fn cadaver_lock_keeps_others_out_until_unlocked() {
    let server = TestServer::start();
    let cadaver = Cadaver::of(&server);
    write_file(&cadaver.file("up.bin"), 12, 1000);
    let session = cadaver.session(&["put up.bin a.bin", "lock a.bin", "discover a.bin"]);
    assert!(session.contains("Locking `a.bin': succeeded"), "{session}");

    let target = "/dav/space/a.bin";
    server.request("PUT", target).body("x").send().expect(423);
    // The lock outlives the session: cadaver forgets the token, `discover` finds it again.
    let session = cadaver.session(&["discover a.bin", "steal a.bin", "unlock a.bin"]);
    assert!(session.contains("Unlocking `a.bin': succeeded"), "{session}");
    server.request("PUT", target).body("x").send().expect(204);
}

/// cadaver with a home folder of its own.
struct Cadaver<'a> {
    server: &'a TestServer,
}

impl<'a> Cadaver<'a> {
    fn of(server: &'a TestServer) -> Self {
        let cadaver = Self { server };
        let host = server.endpoint().address.ip();
        fs::write(cadaver.file(".netrc"), format!("machine {host}\nlogin {USER}\npassword {PASSWORD}\n"))
            .unwrap();
        cadaver
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.server.scratch("cadaver").join(name)
    }

    /// Types these commands and returns the text of the screen. Every command must succeed.
    fn session(&self, commands: &[&str]) -> String {
        let script = self.file("commands");
        // The first answer accepts the certificate, for which cadaver asks only at a terminal.
        fs::write(&script, format!("y\n{}\nquit\n", commands.join("\n"))).unwrap();
        require("cadaver", "cadaver");
        let mut terminal: Command = tool("script", "bsdutils");
        terminal
            .args(["-qec", &format!("cadaver {}", self.server.space_url()), "/dev/null"])
            .env("HOME", self.server.scratch("cadaver"))
            .env("TERM", "dumb")
            .current_dir(self.server.scratch("cadaver"))
            .stdin(File::open(script).unwrap());
        let outcome = Outcome::of(&mut terminal);
        assert_eq!(outcome.code, 0, "{outcome}");
        for failure in ["failed", "Could not", "rejected", "Unrecognised"] {
            assert!(!outcome.stdout.contains(failure), "{outcome}");
        }
        outcome.stdout
    }
}
