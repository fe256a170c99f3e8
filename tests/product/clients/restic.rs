//! restic: a backup repository in a space, through rclone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::TestServer;
use crate::support::content::{NAME_MARK, assert_same_tree, odd_tree, source_tree, write_file};
use crate::support::process::{installed, require, succeed, tool};
use crate::support::server::{PASSWORD, SPACE, USER};

/// Debian's rclone on plain WebDAV, and a current one that sends restic's packs in chunks.
#[test]
fn restic_backs_up_restores_checks_and_prunes() {
    for (rclone, vendor, path) in [
        (require("rclone", "rclone"), "other", format!("/dav/{SPACE}")),
        (installed("tuspy/bin/rclone"), "nextcloud", format!("/remote.php/dav/files/{USER}/{SPACE}")),
    ] {
        let server = TestServer::start();
        let restic = Restic::new(&server, rclone, vendor, &path);
        let source = server.scratch("source");
        source_tree(&server.scratch("source/code"));
        odd_tree(&server.scratch("source/odd"));
        write_file(&source.join(format!("{NAME_MARK} groß.bin")), 9, 20_000_000);

        restic.run(&["init"]);
        restic.run(&["backup", source.to_str().unwrap()]);
        fs::remove_dir_all(source.join("odd")).unwrap();
        write_file(&source.join("neu ü.bin"), 10, 1_000_000);
        let second = restic.run(&["backup", source.to_str().unwrap()]);
        assert!(second.contains("using parent snapshot"), "{second}");
        restic.run(&["check", "--read-data"]);

        let back = server.scratch("back");
        restic.run(&["restore", "latest", "--target", back.to_str().unwrap()]);
        assert_same_tree(&source, &back.join(source.strip_prefix("/").unwrap()));

        // The first snapshot's data go; those of the second one stay.
        let pruned = restic.run(&["forget", "--keep-last", "1", "--prune"]);
        assert!(pruned.contains("1 snapshots") || pruned.contains("remove 1 snapshots"), "{pruned}");
        restic.run(&["check", "--read-data"]);
        assert!(restic.run(&["list", "locks"]).is_empty(), "restic's own locks are gone");
        server.assert_no_traces(&[]);
    }
}

/// restic with a cache of its own; it starts rclone and speaks with it over a pipe.
struct Restic<'a> {
    server: &'a TestServer,
    rclone: PathBuf,
}

impl<'a> Restic<'a> {
    fn new(server: &'a TestServer, rclone: PathBuf, vendor: &str, path: &str) -> Self {
        let obscured = succeed(Command::new(&rclone).args(["obscure", PASSWORD]));
        let url = server.url(path);
        let text = format!(
            "[remote]\ntype = webdav\nvendor = {vendor}\nurl = {url}\nuser = {USER}\npass = {obscured}"
        );
        fs::write(server.scratch("restic").join("rclone.conf"), text).unwrap();
        Self { server, rclone }
    }

    fn run(&self, words: &[&str]) -> String {
        let folder = self.server.scratch("restic");
        let arguments = format!(
            "serve restic --stdio --config {} --ca-cert {} --retries 1 --low-level-retries 1",
            folder.join("rclone.conf").display(),
            self.server.certificate().display(),
        );
        let mut restic = tool("restic", "restic");
        restic.env("RESTIC_PASSWORD", "Sicher-Ungesichert-12").env("RESTIC_PROGRESS_FPS", "0");
        restic.args(["--repo", "rclone:remote:sicherung ü", "--cache-dir"]).arg(folder.join("cache"));
        restic.args(["-o", &format!("rclone.program={}", program(&self.rclone))]);
        restic.args(["-o", &format!("rclone.args={arguments}")]);
        succeed(restic.args(words))
    }
}

/// restic splits this option at blanks.
fn program(path: &Path) -> String {
    let path = path.to_str().unwrap();
    assert!(!path.contains(' '), "restic cannot start {path}");
    path.to_owned()
}
