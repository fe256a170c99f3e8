//! Libraries that other programs speak WebDAV and Nextcloud with: npm's `webdav`, `PyPI`'s webdav4 and `nc_py_api`.
//!
//! Each runs a script of a day's work that judges every answer itself; `tests/product/clients/javascript` and
//! `tests/product/clients/python` hold them beside the lock files of their dependencies.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::TestServer;
use crate::support::process::{installed, limited, succeed, tool};
use crate::support::server::{PASSWORD, SPACE, USER};

/// A script of these tests.
fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/product/clients").join(name)
}

fn python(name: &str) -> Command {
    let mut python = limited(&installed("webdav-py/bin/python"));
    // nc_py_api says with each start that its next release will be another one.
    python.args(["-W", "ignore"]).arg(script("python").join(name));
    python
}

/// Runs a script that leaves the space as empty as it was, and looks for traces of its files on the disk.
#[track_caller]
fn assert_works(server: &TestServer, script: &mut Command) {
    succeed(script);
    server.assert_no_traces(&["Straße", "umbenannt", "eins zwei", "Inhalt Inhalt"]);
    let verdict = server.cli_ok(["verify", "--full"]);
    assert!(verdict.contains("nothing is wrong"), "{verdict}");
}

/// Among the ways of this client: it lists whole trees with `Depth: infinity` and unlocks with a token without
/// brackets, which used to answer 400 and left the file locked for all.
#[test]
fn npm_webdav_does_a_days_work() {
    let server = TestServer::start_plain();
    let mut node = tool("node", "nodejs");
    node.current_dir(installed("webdav-js")).arg(script("javascript/webdav.mjs"));
    assert_works(&server, node.args([&server.space_url(), USER, PASSWORD]));
}

/// This client names no `Depth` where it asks about one thing only, which RFC 4918 reads as infinity.
#[test]
fn webdav4_does_a_days_work() {
    let server = TestServer::start_plain();
    assert_works(&server, python("dav4.py").args([&server.space_url(), USER, PASSWORD]));
}

/// Nextcloud's own library for Python: chunks of both versions, links, whole trees with `Depth: infinity`.
#[test]
fn nc_py_api_does_a_days_work() {
    let server = TestServer::start_plain();
    assert_works(&server, python("nextcloud.py").args([&server.url(""), USER, PASSWORD, SPACE]));
}
