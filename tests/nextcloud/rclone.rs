//! rclone as a client of Nextcloud, which sends large files in chunks: a current one, from `PyPI`.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::TestServer;
use crate::support::content::{sha256, write_file};
use crate::support::process::{limited, succeed};
use crate::support::server::{PASSWORD, SPACE, USER};

/// Installed by `tests/install.sh test`.
fn program() -> std::path::PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/clients/tuspy/bin/rclone");
    assert!(path.exists(), "{} is missing: run tests/install.sh test", path.display());
    path
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
