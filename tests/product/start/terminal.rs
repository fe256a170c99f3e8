//! Questions to a person at a terminal, through a real pseudo-terminal.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use crate::support::office::{Office, PASSPHRASE, PASSWORD};
use crate::support::process::tool;
use crate::support::recovery::opens_everything;

/// Runs the program on a terminal; types each answer when its question appears. Returns the exit code and
/// everything shown.
fn talk(office: &Office, words: &[&str], answers: &[(&str, &str)]) -> (i32, String) {
    let line =
        words.iter().fold(env!("CARGO_BIN_EXE_tresor").to_owned(), |line, word| format!("{line} '{word}'"));
    talk_to(office, &line, answers)
}

/// The same with any line of a shell.
pub fn talk_to(office: &Office, line: &str, answers: &[(&str, &str)]) -> (i32, String) {
    let mut script: Command = tool("script", "bsdutils");
    script.args(["--quiet", "--return", "--flush", "--command", line, "/dev/null"]);
    script.current_dir(office.path("")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = script.spawn().unwrap();
    let mut keyboard = child.stdin.take().unwrap();
    let mut screen = child.stdout.take().unwrap();
    let (mut shown, mut seen) = (String::new(), 0);
    let mut answers = answers.iter();
    let mut next = answers.next();
    let mut buffer = [0; 1024];
    loop {
        let length = screen.read(&mut buffer).unwrap();
        if length == 0 {
            break;
        }
        shown.push_str(&String::from_utf8_lossy(&buffer[..length]));
        while let Some((question, answer)) = next {
            let Some(at) = shown[seen..].find(question) else { break };
            seen += at + question.len();
            keyboard.write_all(format!("{answer}\n").as_bytes()).unwrap();
            next = answers.next();
        }
    }
    drop(keyboard);
    let code = child.wait().unwrap().code().unwrap();
    assert!(next.is_none(), "not asked: {next:?}\n{shown}");
    (code, shown)
}

const INIT: [&str; 7] = ["init", "--data", "data", "--admin", "admin", "--recovery-out", "recovery.txt"];

#[test]
fn init_asks_for_password_and_passphrase_twice_and_serve_once() {
    let office = Office::new();
    let (password, phrase) = ("New administrator password: ", "New passphrase: ");
    let answers =
        [(password, PASSWORD), ("Again: ", PASSWORD), (phrase, PASSPHRASE), ("Again: ", PASSPHRASE)];
    let (code, shown) = talk(&office, &INIT, &answers);
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains(PASSWORD) && !shown.contains(PASSPHRASE), "nothing typed is shown\n{shown}");
    let status = ["status", "--data", "data"];
    let (code, shown) = talk(&office, &status, &[("Passphrase: ", PASSPHRASE)]);
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("users    1"), "{shown}");
    let (code, shown) = talk(&office, &status, &[("Passphrase: ", "wrong")]);
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("wrong passphrase"), "{shown}");

    let served = office.serve(["--plain-http"]);
    let (code, shown) = talk(&office, &["unlock", "--data", "data"], &[("Passphrase: ", PASSPHRASE)]);
    assert_eq!(code, 0, "{shown}");
    assert_eq!(served.login("admin", PASSWORD), 207);
    let add = ["user", "add", "anna", "--role", "staff", "--data", "data"];
    let (code, shown) = talk(&office, &add, &[("New password: ", PASSWORD), ("Again: ", PASSWORD)]);
    assert_eq!(code, 0, "{shown}");
    assert_eq!(served.login("anna", PASSWORD), 207);
}

#[test]
fn what_is_typed_differently_or_not_at_all_makes_nothing() {
    let office = Office::new();
    office.write_key("key.txt");
    office.write("password", PASSWORD);
    let password = "New administrator password: ";
    let differing = [(password, PASSWORD), ("Again: ", "something else")];
    let (code, shown) = talk(&office, &INIT, &differing);
    assert!(code == 1 && shown.contains("the two entries differ"), "{shown}");
    let with_password = [&INIT[..], &["--admin-password-file", "password"]].concat();
    let (code, shown) = talk(&office, &with_password, &[("New passphrase: ", ""), ("Again: ", "")]);
    assert!(code == 1 && shown.contains("the passphrase is empty"), "{shown}");
    assert!(!office.data().exists() && !office.path("recovery.txt").exists());
}

/// Without a file the key is on the screen only, and counts once a person confirms that it is written down.
#[test]
fn a_recovery_key_is_shown_on_the_terminal_and_counts_when_it_is_written_down() {
    let office = Office::with_instance();
    let change = ["change-recovery-key", "--data", "data", "--key-file", "key.txt"];
    let shown_key =
        |shown: &str| shown.lines().find(|line| line.starts_with("AGE-SECRET-KEY-1")).unwrap().to_owned();
    let before = office.snapshot();
    let (code, shown) = talk(&office, &change, &[("Type written to confirm: ", "later")]);
    assert!(code == 1 && shown.contains("nothing was changed"), "{shown}");
    let keys = |files: crate::support::office::Snapshot| -> Vec<_> {
        files.into_iter().filter(|(path, _)| path.starts_with(office.data().join("keys"))).collect()
    };
    assert_eq!(keys(office.snapshot()), keys(before));
    let (code, shown) = talk(&office, &change, &[("Type written to confirm: ", "written")]);
    assert_eq!(code, 0, "{shown}");
    assert!(opens_everything(&shown_key(&shown), &office.data()), "{shown}");
}
