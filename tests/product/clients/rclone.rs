//! rclone as a plain WebDAV client (vendor `other`): copies, checks, server-side moves, a mount.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::TestServer;
use crate::support::content::{
    NAME_MARK, assert_same_tree, bytes, odd_tree, sha256, source_tree, write_file,
};
use crate::support::process::{Mount, Outcome, eventually, succeed, tool};
use crate::support::server::{PASSWORD, USER};

#[test]
fn rclone_copies_checks_moves_and_purges() {
    let server = TestServer::start();
    let rclone = Rclone::of(&server);
    let source = server.scratch("source");
    source_tree(&source);
    let source = source.to_str().unwrap();
    let first = format!("remote:{NAME_MARK} eins");
    let second = format!("remote:ablage/{NAME_MARK} zwei");

    rclone.run(&["copy", "--create-empty-src-dirs", source, &first]);
    rclone.run(&["check", source, &first]);
    rclone.run(&["check", "--download", source, &first]);

    rclone.run(&["moveto", &first, &second]);
    rclone.run(&["check", "--download", source, &second]);
    let one = format!("{second}/src/main.rs");
    let other = format!("{second}/src/umbenannt ö.rs");
    rclone.run(&["copyto", &one, &other]);
    let hash = sha256(&fs::read(Path::new(source).join("src/main.rs")).unwrap());
    for file in [&one, &other] {
        assert_eq!(sha256(rclone.run(&["cat", file]).as_bytes()), hash);
    }
    rclone.run(&["moveto", &other, &format!("{second}/linux/main.rs")]);
    rclone.run(&["deletefile", &format!("{second}/linux/main.rs")]);

    let back = server.scratch("back");
    rclone.run(&["copy", "--create-empty-src-dirs", &second, back.to_str().unwrap()]);
    assert_same_tree(Path::new(source), &back);

    rclone.run(&["purge", &second]);
    assert_eq!(rclone.run(&["lsf", "-R", "remote:"]), "ablage/\n");
    // Gone, not merely unlisted.
    let gone = Outcome::of(&mut rclone.command(&["lsf", &second]));
    assert_ne!(gone.code, 0, "{gone}");
    server.assert_no_traces(&[]);
}

#[test]
fn rclone_mount_reads_any_range_and_writes_files() {
    let server = TestServer::start();
    let rclone = Rclone::of(&server);
    let source = server.scratch("source");
    let name = format!("{NAME_MARK} Daten.bin");
    let size = 64 << 20;
    write_file(&source.join(&name), 3, size);
    rclone.run(&["copy", source.to_str().unwrap(), "remote:"]);

    let mount = rclone.mount("ranges", &["--vfs-cache-mode", "off", "--buffer-size", "0"]);
    let expected = bytes(3, usize::try_from(size).unwrap());
    let remote = fs::File::open(mount.path().join(&name)).unwrap();
    let noise = bytes(4, 200 * 16);
    let number = |at: usize| u64::from_le_bytes(noise[at..at + 8].try_into().unwrap());
    for round in 0..200 {
        let len = 1 + number(16 * round + 8) % 150_000;
        let offset = number(16 * round) % (size - len);
        let mut found = vec![0; usize::try_from(len).unwrap()];
        remote.read_exact_at(&mut found, offset).unwrap();
        let start = usize::try_from(offset).unwrap();
        // Compared by hash: a failure must not print megabytes.
        let wanted = &expected[start..start + found.len()];
        assert_eq!(sha256(&found), sha256(wanted), "{len} bytes at {offset}");
    }
    drop(remote);
    mount.unmount();

    let tree = server.scratch("tree");
    odd_tree(&tree);
    let mount = rclone.mount("writes", &["--vfs-cache-mode", "writes", "--vfs-write-back", "0"]);
    let copy = mount.path().join("kopie");
    succeed(tool("cp", "coreutils").arg("-r").arg(&tree).arg(&copy));
    // It writes in the background, and loses track of files that are renamed meanwhile.
    let check = ["check", "--one-way", tree.to_str().unwrap(), "remote:kopie"];
    eventually("rclone wrote everything back", Duration::from_mins(1), || {
        Outcome::of(&mut rclone.command(&check)).code == 0
    });
    fs::rename(&copy, mount.path().join(format!("{NAME_MARK} neu"))).unwrap();
    mount.unmount();
    let back = server.scratch("back");
    let remote = format!("remote:{NAME_MARK} neu");
    rclone.run(&["copy", "--create-empty-src-dirs", &remote, back.to_str().unwrap()]);
    assert_same_tree(&tree, &back);
    server.assert_no_traces(&[]);
}

/// rclone with a configuration of its own that knows the server as `remote:`.
pub struct Rclone<'a> {
    server: &'a TestServer,
}

impl<'a> Rclone<'a> {
    pub fn of(server: &'a TestServer) -> Self {
        let obscured = succeed(tool("rclone", "rclone").args(["obscure", PASSWORD]));
        let url = server.space_url();
        fs::write(
            server.scratch("rclone").join("rclone.conf"),
            format!("[remote]\ntype = webdav\nvendor = other\nurl = {url}\nuser = {USER}\npass = {obscured}"),
        )
        .unwrap();
        Self { server }
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let folder = self.server.scratch("rclone");
        let mut command = tool("rclone", "rclone");
        command
            .args(words)
            .arg("--config")
            .arg(folder.join("rclone.conf"))
            .arg("--cache-dir")
            .arg(folder.join("cache"))
            // A retry would hide a request that failed.
            .args(["--retries", "1", "--low-level-retries", "1"]);
        // Over plain HTTP there is none.
        if self.server.certificate().exists() {
            command.arg("--ca-cert").arg(self.server.certificate());
        }
        command
    }

    pub fn run(&self, words: &[&str]) -> String {
        succeed(&mut self.command(words))
    }

    fn mount(&self, name: &str, options: &[&str]) -> Mount {
        let point = self.server.scratch(&format!("rclone/{name}"));
        let mut mount = self.command(&["mount", "remote:"]);
        // It comes back once the mount answers and serves on in the background.
        succeed(mount.arg(&point).args(["--daemon", "--daemon-wait", "60s"]).args(options));
        Mount::at(&point)
    }
}
