//! A small instance with a little of everything, copied for each fault.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use crate::support::TestServer;
use crate::support::content::bytes;
use crate::support::http::Response;
use crate::support::server::SPACE;

/// A second space.
pub const OTHER: &str = "other";
/// A file that no operation touches, and the seed of its content.
pub const STEADY: (&str, u64) = ("steady.bin", 99);
/// Its length in bytes.
pub const STEADY_LEN: usize = 150_000;

/// The instance that all others are copied from; it does not run.
pub fn template() -> &'static TestServer {
    static TEMPLATE: OnceLock<TestServer> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let mut server = TestServer::start_plain();
        furnish(&server);
        server.stop();
        server
    })
}

/// A copy of [`template`], not running.
pub fn copy() -> TestServer {
    let server = TestServer::prepare(false);
    fs::copy(template().key_file(), server.key_file()).unwrap();
    copy_tree(&template().data(), &server.data());
    server
}

pub fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, kind) = {
            let entry = entry.unwrap();
            (entry.path(), entry.file_type().unwrap())
        };
        let to = to.join(from.file_name().unwrap());
        if kind.is_dir() {
            copy_tree(&from, &to);
        } else if kind.is_file() {
            fs::copy(&from, &to).unwrap();
        }
    }
}

fn furnish(server: &TestServer) {
    server.add_space(OTHER, ["--kind", "team"], "write");
    for (seed, (name, len)) in (1..).zip([
        ("a", 70_000),
        ("b", 1_000),
        ("folder/1", 300),
        ("folder/2", 200_000),
        ("folder/sub/3", 0),
    ]) {
        for depth in name.match_indices('/') {
            let made = ask(server, "MKCOL", &name[..depth.0], Vec::new());
            assert!([201, 405].contains(&made.status), "{made}");
        }
        ask(server, "PUT", name, bytes(seed, len)).expect(201);
    }
    ask(server, "PUT", "a", bytes(11, 80_000)).expect(204);
    ask(server, "PUT", STEADY.0, bytes(STEADY.1, STEADY_LEN)).expect(201);
    for (seed, name) in [(21, "deleted"), (22, "deleted too")] {
        let name = name.replace(' ', "%20");
        ask(server, "PUT", &name, bytes(seed, 90_000)).expect(201);
        ask(server, "DELETE", &name, Vec::new()).expect(204);
    }
    ask(server, "PUT", "locked", bytes(31, 10)).expect(201);
}

/// A request of the staff user on a path in the first space.
pub fn ask(server: &TestServer, method: &str, path: &str, body: Vec<u8>) -> Response {
    server.request(method, &format!("/dav/{SPACE}/{path}")).body(body).send()
}

/// Panics unless the server still sends the file that no operation touched.
pub fn assert_reads(server: &TestServer) {
    let read = ask(server, "GET", STEADY.0, Vec::new()).expect(200);
    assert!(read.body == bytes(STEADY.1, STEADY_LEN) && !read.is_cut, "wrong bytes were sent");
}
