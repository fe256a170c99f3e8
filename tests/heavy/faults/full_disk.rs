//! Disks that are really full or really read-only. Needs the right to mount.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use tresor::admin::{Reply, Request as Owner, StatusShown, TrashShown};
use tresor::app::ask as ask_owner;

use crate::faults::errors::read_only_reason;
use crate::faults::inspect::inspect;
use crate::faults::office::{STEADY, ask, assert_reads, copy_tree, template};
use crate::support::TestServer;
use crate::support::content::bytes;
use crate::support::process::{Mount, eventually, succeed, tool};
use crate::support::server::SPACE;

const MIB: u64 = 1 << 20;
/// The space that uploads leave to the catalogue.
const RESERVE: u64 = 64 * MIB;

/// A server whose data lie on a file system of their own.
struct OnDisk {
    // Before the mount, so that it ends first.
    server: TestServer,
    mount: Mount,
}

impl OnDisk {
    fn new(filesystem: &str, options: &str, source: &Path) -> Self {
        let server = TestServer::prepare(false);
        let point = server.scratch("disk");
        let mut mount = tool("mount", "mount");
        mount.args(["-t", filesystem, "-o", options]).arg(source).arg(&point);
        succeed(&mut mount);
        let mount = Mount::at(&point);
        copy_tree(&template().data(), &point.join("data"));
        fs::set_permissions(point.join("data"), fs::Permissions::from_mode(0o700)).unwrap();
        // The test may harm the disk later, but must not lose these files, which the server did not write.
        succeed(tool("sync", "coreutils").arg("-f").arg(&point));
        symlink(point.join("data"), server.data()).unwrap();
        fs::copy(template().key_file(), server.key_file()).unwrap();
        Self { server, mount }
    }

    /// On an image in a folder that is to outlive it.
    fn ext4(images: &Path) -> Self {
        let image = images.join("ext4");
        fs::File::create(&image).unwrap().set_len(160 * MIB).unwrap();
        succeed(tool("mkfs.ext4", "e2fsprogs").args(["-q", "-m", "0"]).arg(&image));
        Self::new("ext4", "loop", &image)
    }

    fn tmpfs(options: &str) -> Self {
        Self::new("tmpfs", options, Path::new("tresor-test"))
    }

    fn ballast(&self) -> PathBuf {
        self.mount.path().join("ballast")
    }

    fn free(&self) -> u64 {
        let stat = rustix::fs::statvfs(self.mount.path()).unwrap();
        stat.f_bavail * stat.f_frsize
    }

    /// Fills the disk until this many bytes are free.
    fn leave(&self, bytes: u64) {
        let _ = fs::remove_file(self.ballast());
        let size = self.free().saturating_sub(bytes);
        let mut file = fs::File::create(self.ballast()).unwrap();
        let block = vec![1; usize::try_from(MIB).unwrap()];
        let mut left = size;
        while left > 0 {
            let count = left.min(MIB);
            if file.write_all(&block[..usize::try_from(count).unwrap()]).is_err() {
                break;
            }
            left -= count;
        }
        // Blocks that were not known to be free before.
        while bytes == 0 && file.sync_all().and_then(|()| file.write_all(&block[..4096])).is_ok() {}
    }

    fn empty(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }
}

fn status(server: &TestServer) -> StatusShown {
    match ask_owner(&server.data(), &Owner::Status).unwrap() {
        Reply::Status(status) => status,
        other => panic!("{other:?}"),
    }
}

fn trash(server: &TestServer) -> Vec<TrashShown> {
    match ask_owner(&server.data(), &Owner::TrashList { space: SPACE.into() }).unwrap() {
        Reply::Trash(items) => items,
        other => panic!("{other:?}"),
    }
}

fn parts(server: &TestServer) -> usize {
    fs::read_dir(server.data().join("tmp")).unwrap().count()
}

#[test]
fn a_body_that_does_not_fit_costs_nothing() {
    let mut disk = OnDisk::tmpfs("size=110m");
    disk.server.spawn();
    let server = &disk.server;
    let used = status(server).used_bytes;
    let body = bytes(1, usize::try_from(60 * MIB).unwrap());
    let announced = ask(server, "PUT", "large", body.clone()).expect(507);
    assert!(announced.text().contains("sufficient-disk-space"), "{announced}");
    let target = format!("/dav/{SPACE}/large");
    let chunks = body.chunks(1_000_000);
    server.request("PUT", &target).chunks(chunks).send().expect(507);
    eventually("the temporary file is gone", std::time::Duration::from_secs(10), || parts(server) == 0);
    assert_eq!(status(server).used_bytes, used);
    ask(server, "GET", "large", Vec::new()).expect(404);
    // Smaller files fit as before, once the file without a name is closed.
    eventually("there is space again", std::time::Duration::from_secs(20), || {
        let stored = ask(server, "PUT", "small", bytes(2, 100_000));
        assert!([201, 507].contains(&stored.status), "{stored}");
        stored.status == 201
    });
    assert_eq!(read_only_reason(server), None);
    disk.server.stop();
    inspect(&disk.server.data(), &disk.server.key_file());
}

#[test]
fn on_a_full_disk_one_reads_and_deletes_and_all_goes_on_when_there_is_space() {
    let mut disk = OnDisk::tmpfs("size=110m");
    disk.server.spawn();
    let server = &disk.server;

    // Nearly full: the rest is for deleting.
    disk.leave(RESERVE - MIB);
    eventually("the server notices by itself", std::time::Duration::from_secs(30), || {
        read_only_reason(server).as_deref() == Some("disk-full")
    });
    for (method, path) in [("PUT", "new"), ("PUT", "a"), ("MKCOL", "folder/new")] {
        ask(server, method, path, Vec::new()).expect(507);
    }
    assert_reads(server);
    let shown = server.cli_ok(["status"]);
    assert!(shown.contains("read-only") && shown.contains("the disk is full"), "{shown}");
    ask(server, "DELETE", "b", Vec::new()).expect(204);
    for item in trash(server) {
        let purge = Owner::TrashPurge { space: SPACE.into(), entry: item.entry };
        assert!(matches!(ask_owner(&server.data(), &purge).unwrap(), Reply::Done(_)));
    }

    // Full to the last byte, by another program: the reserve is given up for deleting.
    let reserve = server.data().join("reserve");
    assert!(reserve.exists());
    disk.leave(0);
    assert_reads(server);
    ask(server, "PUT", "new", bytes(1, 10)).expect(507);
    eventually("the reserve is freed", std::time::Duration::from_secs(30), || !reserve.exists());
    ask(server, "DELETE", "folder", Vec::new()).expect(204);
    assert_reads(server);

    // That is gone, too: no promise but that nothing is lost.
    disk.leave(0);
    let deleted = ask(server, "DELETE", "locked", Vec::new());
    assert!([204, 507].contains(&deleted.status), "{deleted}");
    assert_reads(server);

    disk.empty();
    ask(server, "PUT", "new", bytes(1, 10)).expect(201);
    assert_eq!(read_only_reason(server), None);
    assert_eq!(status(server).state, "serving");
    assert_eq!(server.log().matches("ERROR read-only: ").count(), 1, "{}", server.log());

    eventually("something is set aside again", std::time::Duration::from_secs(30), || reserve.exists());

    // And from one moment to the next, before anybody looked: the system itself says no.
    disk.leave(0);
    ask(server, "PUT", "newer", bytes(1, 300_000)).expect(507);
    assert_eq!(read_only_reason(server).as_deref(), Some("disk-full"));
    assert_eq!(parts(server), 0);

    // A start on a full disk serves the stored files.
    disk.server.stop();
    disk.server.spawn();
    let server = &disk.server;
    assert_reads(server);
    assert_eq!(read_only_reason(server).as_deref(), Some("disk-full"));
    disk.empty();
    ask(server, "PUT", "newer", bytes(1, 100_000)).expect(201);
    disk.server.stop();
    let found = inspect(&disk.server.data(), &disk.server.key_file());
    assert!(found.tree.contains_key("space/new") && found.tree.contains_key("space/newer"));
    assert!(!found.tree.contains_key("space/folder"));
    assert_eq!(found.tree.contains_key("space/locked"), deleted.status == 507);
}

#[test]
fn on_a_full_disk_nothing_is_taken_from_the_watched_folder() {
    let mut disk = OnDisk::tmpfs("size=110m");
    let scans = disk.server.scratch("scans");
    let settings = "converter = 'off'\nclamd = 'off'\nwatch_settle = '1s'";
    disk.server.configure(&format!("[intake]\n{settings}\nwatch = '{}'\n", scans.display()));
    disk.server.spawn();
    let server = &disk.server;
    let wait = std::time::Duration::from_mins(1);
    disk.leave(RESERVE - MIB);
    eventually("the server notices by itself", wait, || {
        read_only_reason(server).as_deref() == Some("disk-full")
    });
    fs::create_dir(scans.join(SPACE)).unwrap();
    let scan = scans.join(SPACE).join("scan.pdf");
    fs::write(&scan, bytes(1, 1_000)).unwrap();
    let job = || status(server).workers.into_iter().find(|job| job.name == "watch").unwrap();
    let before = job().last_run;
    eventually("it is looked at, and settles", wait, || {
        let job = job();
        job.last_run > before && job.result.as_deref() == Some("skipped: read-only")
    });
    assert!(scan.exists());
    disk.empty();
    eventually("it is taken", wait, || !scan.exists());
    assert_eq!(ask(server, "GET", "scan.pdf", Vec::new()).expect(200).body, bytes(1, 1_000));
}

#[test]
fn a_start_without_a_free_byte_serves_what_there_is() {
    let mut disk = OnDisk::tmpfs("size=110m");
    starts_without_a_free_byte(&mut disk);
    let images = tempfile::Builder::new().prefix("tresor-test-image-").tempdir().unwrap();
    let mut disk = OnDisk::ext4(images.path());
    starts_without_a_free_byte(&mut disk);
}

fn starts_without_a_free_byte(disk: &mut OnDisk) {
    disk.server.spawn();
    disk.leave(0);
    disk.server.kill();
    disk.server.spawn();
    assert_reads(&disk.server);
    assert_eq!(read_only_reason(&disk.server).as_deref(), Some("disk-full"));
    ask(&disk.server, "DELETE", "b", Vec::new()).expect(204);
    disk.server.stop();

    // After a clean stop neither, with nothing left to give up: a start was refused then.
    disk.leave(0);
    assert!(!disk.server.data().join("reserve").exists());
    assert!(disk.free() < 32 * 1024, "{}", disk.free());
    disk.server.spawn();
    assert_reads(&disk.server);
    ask(&disk.server, "GET", "b", Vec::new()).expect(404);
    let shown = disk.server.cli_ok(["status"]);
    assert!(shown.contains("files can be read") && shown.contains("64 MiB"), "{shown}");
    disk.server.stop();
    let mut status = disk.server.cli(["status"]);
    let shown = succeed(status.arg("--key-file").arg(disk.server.key_file()));
    assert!(shown.contains("64 MiB"), "{shown}");
    disk.server.spawn();
    assert_reads(&disk.server);
    disk.empty();
    ask(&disk.server, "PUT", "newer", bytes(1, 100_000)).expect(201);
    disk.server.stop();
    inspect(&disk.server.data(), &disk.server.key_file());
}

/// The first one was refused and gave up the reserve, which the second one then used.
#[test]
fn the_first_who_deletes_on_a_disk_that_was_just_filled_finds_room() {
    let mut disk = OnDisk::tmpfs("size=110m");
    disk.server.spawn();
    let reserve = disk.server.data().join("reserve");
    let fill = || {
        eventually("something is set aside", std::time::Duration::from_secs(30), || reserve.exists());
        disk.leave(0);
    };
    fill();
    ask(&disk.server, "DELETE", "b", Vec::new()).expect(204);
    assert!(!reserve.exists());

    disk.empty();
    fill();
    let purge = Owner::TrashPurge { space: SPACE.into(), entry: trash(&disk.server)[0].entry };
    let purged = ask_owner(&disk.server.data(), &purge).unwrap();
    assert!(matches!(purged, Reply::Done(_)), "{purged:?}");
    assert_eq!(disk.server.log().matches("the reserve is freed").count(), 2, "{}", disk.server.log());
    disk.empty();
    disk.server.stop();
    inspect(&disk.server.data(), &disk.server.key_file());
}

#[test]
fn without_inodes_nothing_is_stored_and_deleting_works() {
    let mut disk = OnDisk::tmpfs("size=200m,nr_inodes=500");
    disk.server.spawn();
    let server = &disk.server;
    let fillers = disk.mount.path().join("fillers");
    fs::create_dir(&fillers).unwrap();
    let count =
        (0..10_000).take_while(|number| fs::File::create(fillers.join(number.to_string())).is_ok()).count();
    assert!((10..10_000).contains(&count));
    ask(server, "PUT", "new", bytes(1, 70_000)).expect(507);
    assert_eq!(read_only_reason(server).as_deref(), Some("disk-full"));
    assert_reads(server);
    ask(server, "DELETE", "a", Vec::new()).expect(204);
    ask(server, "MKCOL", "folder/new", Vec::new()).expect(507);
    fs::remove_dir_all(&fillers).unwrap();
    ask(server, "PUT", "new", bytes(1, 70_000)).expect(201);
    assert_eq!(read_only_reason(server), None);
    disk.server.stop();
    inspect(&disk.server.data(), &disk.server.key_file());
}

/// ext4 makes itself read-only when it meets an error of the disk (`errors=remount-ro`); `abort` is its own
/// way to try that.
#[test]
fn on_a_file_system_that_became_read_only_one_reads_and_a_start_is_refused_with_the_reason() {
    let images = tempfile::Builder::new().prefix("tresor-test-image-").tempdir().unwrap();
    let image = images.path().join("ext4");
    fs::File::create(&image).unwrap().set_len(160 * MIB).unwrap();
    succeed(tool("mkfs.ext4", "e2fsprogs").arg("-q").arg(&image));
    let mut disk = OnDisk::new("ext4", "loop,errors=remount-ro", &image);
    disk.server.spawn();
    let server = &disk.server;
    ask(server, "PUT", "acknowledged", bytes(3, 100_000)).expect(201);

    succeed(tool("mount", "mount").args(["-o", "remount,abort"]).arg(disk.mount.path()));
    let refused = ask(server, "PUT", "new", bytes(1, 70_000)).expect(503);
    assert!(refused.text().contains("read-only"), "{refused}");
    let reason = read_only_reason(server).unwrap();
    assert!(["disk-failed", "file-system-read-only"].contains(&reason.as_str()), "{reason}");
    for (method, path) in [("DELETE", "a"), ("MKCOL", "new"), ("PUT", "a")] {
        ask(server, method, path, Vec::new()).expect(503);
    }
    assert_reads(server);
    assert_eq!(ask(server, "GET", "acknowledged", Vec::new()).expect(200).body, bytes(3, 100_000));
    assert_eq!(server.log().matches("ERROR read-only: ").count(), 1, "{}", server.log());
    disk.server.stop();

    let refused = start_refused(&disk.server);
    assert!(refused.contains("is read-only") && refused.contains("remount"), "{refused}");

    succeed(tool("umount", "mount").arg(disk.mount.path()));
    let repaired =
        crate::support::process::Outcome::of(tool("fsck.ext4", "e2fsprogs").arg("-fy").arg(&image));
    assert!([0, 1].contains(&repaired.code), "{repaired}");
    let mut mount = tool("mount", "mount");
    succeed(mount.args(["-t", "ext4", "-o", "loop"]).arg(&image).arg(disk.mount.path()));
    disk.server.spawn();
    let server = &disk.server;
    assert_eq!(ask(server, "GET", "acknowledged", Vec::new()).expect(200).body, bytes(3, 100_000));
    ask(server, "PUT", "new", bytes(1, 70_000)).expect(201);
    assert_eq!(
        ask(server, "GET", STEADY.0, Vec::new()).expect(200).body.len(),
        crate::faults::office::STEADY_LEN
    );
    disk.server.stop();
    inspect(&disk.server.data(), &disk.server.key_file());
}

/// The output of a start that must fail.
fn start_refused(server: &TestServer) -> String {
    let mut serve: Command = server.cli(["serve", "--plain-http", "--listen", "127.0.0.1:0"]);
    serve.arg("--key-file").arg(server.key_file());
    let ended = crate::support::process::Outcome::of(&mut serve);
    assert_ne!(ended.code, 0, "{ended}");
    ended.stderr
}
