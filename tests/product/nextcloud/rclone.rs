//! rclone as a client of Nextcloud, which sends large files in chunks: a current one, from `PyPI`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::support::TestServer;
use crate::support::content::{sha256, write_file};
use crate::support::process::{installed, limited, succeed};
use crate::support::server::{PASSWORD, SPACE, USER};

fn program() -> PathBuf {
    installed("tuspy/bin/rclone")
}

fn rclone(server: &TestServer, words: &[&str]) -> Command {
    let config = server.scratch("rclone").join("rclone.conf");
    if !config.exists() {
        let obscured = succeed(limited(&program()).args(["obscure", PASSWORD]));
        let url = server.url(&format!("/remote.php/dav/files/{USER}"));
        let text = format!(
            "[remote]\ntype = webdav\nvendor = nextcloud\nurl = {url}\nuser = {USER}\npass = {obscured}\n\
             nextcloud_chunk_size = 4Mi\n"
        );
        fs::write(&config, text).unwrap();
    }
    let mut command = limited(&program());
    command.arg("--config").arg(config).arg("--ca-cert").arg(server.certificate());
    // A retry would hide a request that failed.
    command.args(["--retries", "1", "--low-level-retries", "1"]).args(words);
    command
}

#[test]
fn a_large_file_comes_in_chunks_new_and_over_an_old_one() {
    let server = TestServer::start();
    let source = server.scratch("source");
    for (seed, size) in [(1, 21_000_000), (2, 12_582_912)] {
        let hash = write_file(&source.join("large ü.bin"), seed, size);
        write_file(&source.join("small.bin"), seed, 1_000);
        let before = server.log().len();
        let remote = format!("remote:{SPACE}/folder");
        succeed(&mut rclone(&server, &["copy", "--ignore-times", source.to_str().unwrap(), &remote]));
        let log = server.log();
        let count = |what: &str| log[before..].lines().filter(|line| line.contains(what)).count() as u64;
        // Each chunk and the small file.
        assert_eq!(count("method=\"PUT\""), size.div_ceil(4 << 20) + 1, "{}", &log[before..]);
        assert_eq!(count("method=\"MOVE\""), 1, "{}", &log[before..]);
        succeed(&mut rclone(&server, &["check", "--download", source.to_str().unwrap(), &remote]));
        let read =
            server.request("GET", &format!("/dav/{SPACE}/folder/large%20%C3%BC.bin")).send().expect(200);
        assert_eq!(sha256(&read.body), hash);
    }
    assert_eq!(server.request("GET", "/uploads").send().expect(200).text(), "[]", "no session is left");
}

/// rclone asks for a checksum (`PATCH` with `X-Recalculate-Hash`) after each upload of which it knows none, as of a
/// stream or through an encrypted remote. The answer used to be 405, and every such upload was reported as failed.
#[test]
fn what_comes_without_a_checksum_is_not_reported_as_failed() {
    let server = TestServer::start();
    let source = server.scratch("source");
    let hash = write_file(&source.join("large ü.bin"), 3, 9_000_000);
    write_file(&source.join("small.bin"), 4, 1_000);
    let source = source.to_str().unwrap();

    let mut stream = rclone(&server, &["rcat", &format!("remote:{SPACE}/stream.bin")]);
    succeed(stream.stdin(fs::File::open(format!("{source}/large ü.bin")).unwrap()));
    let read = server.request("GET", &format!("/dav/{SPACE}/stream.bin")).send().expect(200);
    assert_eq!(sha256(&read.body), hash);

    let secret = succeed(limited(&program()).args(["obscure", "Zander-Uhr-17"]));
    let encrypted = format!(":crypt,remote='remote:{SPACE}/encrypted',password={}:", secret.trim());
    succeed(&mut rclone(&server, &["copy", source, &encrypted]));
    succeed(&mut rclone(&server, &["check", "--download", source, &encrypted]));
}

/// The answer names the known checksums and computes none; only a file has any.
#[test]
fn a_recalculated_checksum_is_the_one_that_is_known() {
    let server = TestServer::start_plain();
    let path = format!("/remote.php/dav/files/{USER}/{SPACE}/a.txt");
    let sha1 = "SHA1:a9993e364706816aba3e25717850c26c9cd0d89d";
    server.request("PUT", &path).header("OC-Checksum", sha1).body("abc").send().expect(201);
    let ask = |path: &str| server.request("PATCH", path).header("X-Recalculate-Hash", "sha1").send();
    let told = ask(&path).expect(204);
    let known = told.header("oc-checksum").unwrap();
    assert!(known.contains(sha1) && known.contains(&format!("SHA256:{}", sha256(b"abc"))), "{known}");
    let etag = server.request("HEAD", &path).send().expect(200);
    assert_eq!(told.header("etag"), etag.header("etag"), "nothing changed");
    ask(&format!("{path}x")).expect(404);
    ask(&format!("/remote.php/dav/files/{USER}/{SPACE}/")).expect(405);
    ask(&format!("/remote.php/dav/files/{USER}/")).expect(405);
}
