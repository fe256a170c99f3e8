//! The targets of links, mounted by rclone and cadaver and fetched by curl, with and without a password.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::TestServer;
use crate::support::content::{
    NAME_MARK, assert_same_tree, bytes, odd_tree, sha256, sha256_file, write_file,
};
use crate::support::process::{Outcome, require, succeed, tool};
use crate::support::server::SPACE;

const SECRET: &str = "Kreide-Ofen";

/// The token of a new link to a folder.
fn link(server: &TestServer, permissions: u8, password: &str) -> String {
    let shares = "/ocs/v2.php/apps/files_sharing/api/v1/shares?format=json";
    let form = format!("path=/{SPACE}/Akten&shareType=3&permissions={permissions}&password={password}");
    let made = server.request("POST", shares).header("OCS-APIRequest", "true").body(form).send().expect(200);
    let made: Value = serde_json::from_slice(&made.body).unwrap();
    made["ocs"]["data"]["token"].as_str().unwrap().to_owned()
}

fn office() -> TestServer {
    let server = TestServer::start();
    server.request("MKCOL", &format!("/dav/{SPACE}/Akten")).send().expect(201);
    server
}

fn url(server: &TestServer, token: &str) -> String {
    server.url(&format!("/public.php/dav/files/{token}"))
}

fn rclone(server: &TestServer, token: &str, password: &str, words: &[&str]) -> Outcome {
    let mut remote = format!(":webdav,url='{}',vendor=other", url(server, token));
    if !password.is_empty() {
        let obscured = succeed(tool("rclone", "rclone").args(["obscure", password]));
        remote += ",user=anonymous,pass='";
        remote += obscured.trim();
        remote += "'";
    }
    let words = words.iter().map(|word| match word.strip_prefix("remote:") {
        Some(path) => format!("{remote}:{path}"),
        None => (*word).to_owned(),
    });
    let mut command = tool("rclone", "rclone");
    command.args(words).args(["--config", "/dev/null", "--ca-cert"]).arg(server.certificate());
    Outcome::of(command.args(["--retries", "1", "--low-level-retries", "1"]))
}

#[test]
fn rclone_works_in_a_folder_that_was_lent_and_reads_one_that_was_shown() {
    let server = office();
    let source = server.scratch("source");
    odd_tree(&source);
    let source = source.to_str().unwrap();
    let (edit, read) = (link(&server, 15, SECRET), link(&server, 1, ""));
    let run = |words: &[&str]| {
        let outcome = rclone(&server, &edit, SECRET, words);
        assert_eq!(outcome.code, 0, "{outcome}");
        outcome.stdout
    };
    run(&["copy", "--create-empty-src-dirs", source, "remote:a"]);
    run(&["check", "--download", source, "remote:a"]);
    run(&["moveto", "remote:a", "remote:b/c"]);
    let back = server.scratch("back");
    let shown = rclone(
        &server,
        &read,
        "",
        &["copy", "--create-empty-src-dirs", "remote:b/c", back.to_str().unwrap()],
    );
    assert_eq!(shown.code, 0, "{shown}");
    assert_same_tree(Path::new(source), &back);
    assert_ne!(rclone(&server, &read, "", &["purge", "remote:b"]).code, 0);
    assert_ne!(rclone(&server, &read, "", &["copy", source, "remote:d"]).code, 0);
    assert_ne!(rclone(&server, &edit, "Ofen-Kreide", &["lsf", "remote:"]).code, 0);
    run(&["purge", "remote:b"]);
    assert_eq!(run(&["lsf", "remote:"]), "");
    server.assert_no_traces(&[&edit, &read, SECRET]);
}

#[test]
fn cadaver_lists_and_fetches_what_was_shown() {
    let server = office();
    let name = format!("/dav/{SPACE}/Akten/{NAME_MARK}.bin");
    let content = bytes(5, 1_000_000);
    server.request("PUT", &name).body(content.clone()).send().expect(201);
    let read = link(&server, 1, SECRET);
    let home = server.scratch("cadaver");
    let host = server.endpoint().address.ip();
    fs::write(home.join(".netrc"), format!("machine {host}\nlogin anonymous\npassword {SECRET}\n")).unwrap();
    let script = home.join("commands");
    let put = format!("put commands {NAME_MARK}.bin");
    // The first answer accepts the certificate, for which cadaver asks only at a terminal.
    fs::write(&script, format!("y\nls\nget {NAME_MARK}.bin down.bin\n{put}\nquit\n")).unwrap();
    require("cadaver", "cadaver");
    let mut terminal: Command = tool("script", "bsdutils");
    terminal
        .args(["-qec", &format!("cadaver {}/", url(&server, &read)), "/dev/null"])
        .env("HOME", &home)
        .env("TERM", "dumb")
        .current_dir(&home)
        .stdin(File::open(&script).unwrap());
    let outcome = Outcome::of(&mut terminal);
    assert_eq!(outcome.stdout.matches("succeeded").count(), 2, "{outcome}");
    assert!(outcome.stdout.contains("403 Forbidden"), "{outcome}");
    assert_eq!(sha256_file(&home.join("down.bin")), sha256(&content));
}

#[test]
fn curl_hands_files_in_and_learns_nothing() {
    let server = office();
    let add = link(&server, 4, SECRET);
    let file = server.scratch("curl").join("up.bin");
    let hash = write_file(&file, 9, 3_000_000);
    let curl = |words: &[&str]| {
        let mut curl = tool("curl", "curl");
        curl.args(["-sS", "-o", "/dev/null", "-w", "%{http_code}", "--cacert"]).arg(server.certificate());
        curl.args(words);
        succeed(&mut curl)
    };
    let target = format!("{}/", url(&server, &add));
    let (user, upload) = (format!("anonymous:{SECRET}"), file.to_str().unwrap());
    for expected in ["up.bin", "up%20(2).bin", "up%20(3).bin"] {
        assert_eq!(curl(&["-u", &user, "-T", upload, &target]), "201");
        let stored = server.request("GET", &format!("/dav/{SPACE}/Akten/{expected}")).send().expect(200);
        assert_eq!(sha256(&stored.body), hash, "{expected}");
    }
    assert_eq!(curl(&["-T", upload, &target]), "401");
    for words in [&["-u", &user, &target][..], &["-u", &user, "-I", &format!("{target}up.bin")]] {
        assert_eq!(curl(words), "403", "{words:?}");
    }
    server.assert_no_traces(&[&add, SECRET]);
}
