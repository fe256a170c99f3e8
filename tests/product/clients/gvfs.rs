//! GNOME's gvfs through `gio`, in a desktop session of its own.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::TestServer;
use crate::support::content::{ODD_NAMES, assert_same_tree, sha256, write_file};
use crate::support::process::{Outcome, require, tool};
use crate::support::server::{PASSWORD, USER};

/// Mounts, copies in and out, renames, refuses to rename onto a file, removes. Each line that
/// starts with a plus sign says what comes next, for the reader of a failure.
const SESSION: &str = r#"
set -euo pipefail
shopt -s dotglob
say() { echo "+ $*"; }
say mount
# Answers: trust this certificate, user, password. Those not asked for are not read.
gio mount "$ROOT" < answers || { echo "mount failed"; exit 1; }
gio mount -l | tee mounts
grep -q "$HOST" mounts
# gvfs may put the user into the address of its mount.
for candidate in "$ROOT" "$ROOT_WITH_USER"; do
    if gio list "$candidate" >/dev/null 2>&1; then BASE=$candidate; fi
done
say copy in to "$BASE"
gio mkdir "${BASE}neu"
for file in source/*; do gio copy "$file" "${BASE}neu/"; done
say overwrite
gio copy source/a.bin "${BASE}neu/"
say list
gio list -h "${BASE}neu" | sort > listed
say rename
gio rename "${BASE}neu/a.bin" c.bin
say rename onto a file must fail
if gio rename "${BASE}neu/c.bin" b.bin; then echo "overwrote a file"; exit 1; fi
gio rename "${BASE}neu/c.bin" a.bin
say move
gio move "${BASE}neu/a.bin" "${BASE}a.bin"
gio move "${BASE}a.bin" "${BASE}neu/a.bin"
say copy out
mkdir back
gio list -h -u "${BASE}neu" | while read -r uri; do gio copy "$uri" back/ < /dev/null; done
say free space
gio info -f "$BASE" | tee info
say remove
gio list -h -u "${BASE}neu" | while read -r uri; do gio remove "$uri" < /dev/null; done
gio remove "${BASE}neu"
gio list "$BASE" > left
say unmount
gio mount -u "$BASE"
"#;

#[test]
fn gvfs_copies_renames_and_removes_over_https() {
    check(&TestServer::start(), "davs");
}

#[test]
fn gvfs_copies_renames_and_removes_over_http() {
    check(&TestServer::start_plain(), "dav");
}

fn check(server: &TestServer, scheme: &str) {
    let folder = server.scratch("gvfs");
    let source = server.scratch("gvfs/source");
    write_file(&source.join("a.bin"), 21, 5_000_000);
    write_file(&source.join("b.bin"), 22, 0);
    for (seed, name) in (30..).zip(ODD_NAMES) {
        write_file(&source.join(name), seed, 2000);
    }
    run_session(server, scheme, &folder);

    assert_same_tree(&source, &folder.join("back"));
    let listed = fs::read_to_string(folder.join("listed")).unwrap();
    assert_eq!(listed.lines().count(), ODD_NAMES.len() + 2, "{listed}");
    assert_eq!(fs::read_to_string(folder.join("left")).unwrap(), "");
    let found = server.request("GET", "/dav/space/neu/").send();
    assert_eq!(found.status, 404, "the folder was removed\n{found}");
    server.assert_no_traces(&[]);
}

fn run_session(server: &TestServer, scheme: &str, folder: &Path) {
    require("gio", "libglib2.0-bin");
    assert!(
        Path::new("/usr/share/gvfs/mounts/dav.mount").exists(),
        "gvfs does not know dav: install the Debian package gvfs-backends"
    );
    let runtime = server.scratch("gvfs/runtime");
    fs::set_permissions(&runtime, Permissions::from_mode(0o700)).unwrap();
    let trust = if scheme == "davs" { "1\n" } else { "" };
    fs::write(folder.join("answers"), format!("{trust}{USER}\n{PASSWORD}\n")).unwrap();
    let host = server.endpoint().address;
    let mut session = tool("dbus-run-session", "dbus");
    session
        .args(["--", "bash", "-c", SESSION])
        .current_dir(folder)
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .env_remove("DISPLAY")
        .env("XDG_RUNTIME_DIR", &runtime)
        .env("HOME", server.scratch("gvfs/home"))
        .env("GVFS_DISABLE_FUSE", "1")
        .env("GIO_USE_VOLUME_MONITOR", "unix")
        .env("HOST", host.to_string())
        .env("ROOT", format!("{scheme}://{host}/dav/space/"))
        .env("ROOT_WITH_USER", format!("{scheme}://{USER}@{host}/dav/space/"));
    let outcome = Outcome::of(&mut session);
    assert_eq!(outcome.code, 0, "{outcome}");
    assert_ne!(sha256(outcome.stdout.as_bytes()), sha256(b""), "the session said nothing");
}
