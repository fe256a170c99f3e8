//! davfs2 1.6: the space mounted as a file system.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::geteuid;

use crate::support::TestServer;
use crate::support::content::{NAME_MARK, assert_same_tree, sha256_file, source_tree, write_file};
use crate::support::process::{Mount, eventually, succeed, tool};
use crate::support::server::{PASSWORD, USER};

#[test]
fn davfs2_source_tree_survives_copy_rename_and_remount() {
    let server = TestServer::start();
    let source = server.scratch("source");
    source_tree(&source);

    let mount = Davfs::of(&server, "first").mount();
    let copy = mount.path().join("kopie");
    succeed(tool("cp", "coreutils").arg("-a").arg(&source).arg(&copy));
    let renamed = mount.path().join(format!("{NAME_MARK} Bäume"));
    fs::rename(&copy, &renamed).unwrap();
    // Unmounting waits until every file is on the server.
    mount.unmount();

    let mount = Davfs::of(&server, "fresh-cache").mount();
    let renamed = mount.path().join(renamed.file_name().unwrap());
    assert!(!mount.path().join("kopie").exists());
    assert_same_tree(&source, &renamed);

    fs::remove_dir_all(&renamed).unwrap();
    mount.unmount();
    let mount = Davfs::of(&server, "empty").mount();
    assert_eq!(visible_names(&mount), Vec::<String>::new());
    mount.unmount();
    server.assert_no_traces(&[]);
}

#[test]
fn davfs2_gibibyte_file_comes_back_bit_for_bit() {
    let server = TestServer::start();
    let source = server.scratch("source").join("big.bin");
    let hash = write_file(&source, 7, 1 << 30);
    let name = format!("{NAME_MARK} groß.bin");

    let mount = Davfs::of(&server, "first").mount();
    fs::copy(&source, mount.path().join(&name)).unwrap();
    mount.unmount();
    fs::remove_file(source).unwrap();
    fs::remove_dir_all(server.scratch("davfs2/first-cache")).unwrap();

    let mount = Davfs::of(&server, "fresh-cache").mount();
    assert_eq!(sha256_file(&mount.path().join(&name)), hash);
    mount.unmount();
    server.assert_no_traces(&[]);
}

#[test]
fn davfs2_second_mount_cannot_write_what_the_first_has_open() {
    let server = TestServer::start();
    let name = format!("{NAME_MARK} geteilt.txt");
    let target = format!("/dav/space/{}", name.replace(' ', "%20"));
    server.request("PUT", &target).body("alt").send().expect(201);

    let first = Davfs::of(&server, "first").mount();
    let second = Davfs::of(&server, "second").mount();
    let mut open = OpenOptions::new().append(true).open(first.path().join(&name)).unwrap();
    open.write_all(b" und neu").unwrap();
    OpenOptions::new()
        .append(true)
        .open(second.path().join(&name))
        .expect_err("the file is locked by the first mount");
    server.request("PUT", &target).body("fremd").send().expect(423);

    drop(open);
    first.unmount();
    let found = server.request("GET", &target).send().expect(200);
    assert_eq!(found.text(), "alt und neu");
    // With the first mount its lock is gone, so the second one may write.
    fs::write(second.path().join(&name), "vom Zweiten").unwrap();
    second.unmount();
    let found = server.request("GET", &target).send().expect(200);
    assert_eq!(found.text(), "vom Zweiten");
    server.assert_no_traces(&["und neu", "vom Zweiten"]);
}

/// Editors, sed and rsync write a second file and rename it over the first. davfs2 keeps the first file's
/// lock for some seconds and saves with its token; the server had ended that lock at the rename, and the
/// file stayed empty there while the program saw no error.
#[test]
fn davfs2_files_saved_by_rename_reach_the_server() {
    let server = TestServer::start();
    let source = server.scratch("source");
    let mount = Davfs::of(&server, "rename").mount();
    let at = |name: &str| mount.path().join(format!("{NAME_MARK}-{name}.txt"));

    fs::write(at("sed"), "eins\n").unwrap();
    succeed(tool("sed", "sed").args(["-i", "s/eins/zwei/"]).arg(at("sed")));

    for content in ["erste Fassung", "zweite Fassung", "dritte Fassung"] {
        fs::write(at("editor.tmp"), content).unwrap();
        fs::rename(at("editor.tmp"), at("editor")).unwrap();
    }

    for content in ["alt", "neu, und länger"] {
        fs::write(source.join(at("rsync").file_name().unwrap()), content).unwrap();
        succeed(
            tool("rsync", "rsync")
                .args(["-r", "--times"])
                .arg(format!("{}/", source.display()))
                .arg(mount.path()),
        );
    }
    mount.unmount();

    for (name, content) in [("sed", "zwei\n"), ("editor", "dritte Fassung"), ("rsync", "neu, und länger")] {
        let target = format!("/dav/space/{NAME_MARK}-{name}.txt");
        assert_eq!(server.request("GET", &target).send().expect(200).text(), content, "{name}");
    }
}

#[test]
fn davfs2_free_space_is_sane_and_the_quota_is_kept() {
    let server = TestServer::start();
    let mount = Davfs::of(&server, "whole-disk").mount();
    let (size, free) = sizes(&mount);
    // Nextcloud's "-3, unlimited" read without its sign became 18 exabytes.
    assert!(size > 0 && size < 1 << 50, "size {size}");
    assert!(free > 0 && free <= size, "free {free} of {size}");
    mount.unmount();

    // So is that of a mount of all spaces.
    let mut root = Davfs::of(&server, "root");
    root.url = server.url("/dav/");
    let mount = root.mount();
    let (size, free) = sizes(&mount);
    assert!(size > 0 && size < 1 << 50 && free > 0 && free <= size, "{free} of {size}");
    mount.unmount();

    server.add_space("klein", ["--kind", "team", "--quota", "64MiB"], "write");
    let mut davfs = Davfs::of(&server, "quota");
    davfs.url = server.url("/dav/klein/");
    let mount = davfs.mount();
    let mebibyte = 1 << 20;
    // davfs2 counts in its own blocks.
    let near = |bytes: u64, mebibytes: u64| bytes.abs_diff(mebibytes * mebibyte) <= 64 * 1024;
    let (size, free) = sizes(&mount);
    assert!(near(size, 64) && near(free, 64), "{free} of {size}");
    mount.unmount();

    server.request("PUT", "/dav/klein/a").body(vec![1; 16 << 20]).send().expect(201);
    davfs.name = "quota-later".to_owned();
    let mount = davfs.mount();
    let (size, free) = sizes(&mount);
    assert!(near(size, 64) && near(free, 48), "{free} of {size}");
    mount.unmount();
}

/// A mount to be made, with configuration, secrets, cache and mount point of its own.
pub struct Davfs<'a> {
    server: &'a TestServer,
    name: String,
    url: String,
}

impl<'a> Davfs<'a> {
    pub fn of(server: &'a TestServer, name: &str) -> Self {
        Self { server, name: name.to_owned(), url: server.space_url() }
    }

    pub fn mount(&self) -> Mount {
        assert!(geteuid().is_root(), "davfs2 mounts for root only here: run `sudo make test`");
        let point = self.server.scratch(&format!("davfs2/{}", self.name));
        succeed(
            tool("mount.davfs", "davfs2")
                .arg(&self.url)
                .arg(&point)
                .arg("-o")
                .arg(format!("conf={},uid=0,gid=0", self.configuration().display()))
                .stdin(Stdio::null()),
        );
        Mount::at(&point)
    }

    fn configuration(&self) -> PathBuf {
        let cache = self.server.scratch(&format!("davfs2/{}-cache", self.name));
        // davfs2 gives up root for its own user and wants its cache folder exactly so.
        succeed(Command::new("chown").arg("root:davfs2").arg(&cache));
        fs::set_permissions(&cache, Permissions::from_mode(0o775)).unwrap();
        let secrets = self.server.secret_file(
            &format!("davfs2-{}.secrets", self.name),
            &format!("{} {USER} {PASSWORD}", self.url),
        );
        let file = self.server.scratch("davfs2").join(format!("{}.conf", self.name));
        let mut conf = File::create(&file).unwrap();
        // Two mounts with one lock owner would share the lock: davfs2 takes its own one over.
        // Kernel 6.18 answers readdir with EINVAL below a buffer of 64 KiB, with any server.
        writeln!(
            conf,
            "buf_size 64\nask_auth 0\nuse_locks 1\ndelay_upload 0\ndir_refresh 1\nfile_refresh 1\n\
             lock_owner {}\ncache_dir {}\nsecrets {}\ntrust_server_cert {}",
            self.name,
            cache.display(),
            secrets.display(),
            self.server.certificate().display(),
        )
        .unwrap();
        file
    }
}

/// The names in the root of a mount, without those that davfs2 itself shows there.
fn visible_names(mount: &Mount) -> Vec<String> {
    fs::read_dir(mount.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "lost+found")
        .collect()
}

/// Size and free space in bytes as `df` shows them. davfs2 asks for them in the background.
fn sizes(mount: &Mount) -> (u64, u64) {
    let mut found = (0, 0);
    eventually("davfs2 knows the free space", Duration::from_secs(30), || {
        let printed = succeed(tool("df", "coreutils").args(["-B1", "--output=size,avail"]).arg(mount.path()));
        let numbers: Vec<u64> = printed.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        found = (numbers[0], numbers[1]);
        found.0 > 0
    });
    found
}
