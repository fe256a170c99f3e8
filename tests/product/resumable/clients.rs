//! Clients that people use: tuspy (Python) and tus-js-client (browsers and node), as their registries have them.

use std::path::Path;
use std::process::Command;

use data_encoding::BASE64;

use crate::resumable::tus::{file, number, offset};
use crate::support::TestServer;
use crate::support::content::{sha256, write_file};
use crate::support::process::{installed, limited, succeed, tool};
use crate::support::server::{PASSWORD, SPACE, USER};

/// Which of the two.
#[derive(Clone, Copy)]
enum Client {
    Python,
    Javascript,
}

impl Client {
    /// The command for one upload.
    fn command(self, server: &TestServer, content: &Path, to: &str, chunk: usize) -> Command {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/product/resumable/clients");
        let mut command = match self {
            Self::Python => {
                let mut python = limited(&installed("tuspy/bin/python"));
                python.arg(scripts.join("upload.py"));
                python
            }
            Self::Javascript => {
                installed("tus-js/node_modules");
                let mut node = tool("node", "nodejs");
                node.current_dir(installed("tus-js")).arg(scripts.join("upload.mjs"));
                node
            }
        };
        let login = format!("Basic {}", BASE64.encode(format!("{USER}:{PASSWORD}").as_bytes()));
        command.args([&server.url("/tus"), &login]).arg(content);
        command.args([&format!("{SPACE}/{to}"), &chunk.to_string()]);
        command
    }
}

#[track_caller]
fn assert_stored(server: &TestServer, path: &str, expected: &str) {
    let read = server.request("GET", &file(path)).send().expect(200);
    assert_eq!(sha256(&read.body), expected, "{path}");
    assert_eq!(read.header("last-modified"), Some("Sun, 13 Sep 2020 12:26:40 GMT"), "{path}");
}

/// The path of an address.
fn path_of(server: &TestServer, url: &str) -> String {
    let url = url.trim();
    url.strip_prefix(&server.url("")).unwrap_or_else(|| panic!("{url}")).to_owned()
}

#[test]
fn clients_upload_and_go_on_where_they_stopped() {
    let mut server = TestServer::start_plain();
    for (name, client) in [("python", Client::Python), ("javascript", Client::Javascript)] {
        let content = server.scratch("content").join(name);
        let hash = write_file(&content, 1, 5_500_000);
        let path = format!("{name} ü.bin");
        let stored = format!("{name}%20%C3%BC.bin");
        succeed(&mut client.command(&server, &content, &path, 1_000_000));
        assert_stored(&server, &stored, &hash);
        server.request("DELETE", &file(&stored)).send().expect(204);

        let url = succeed(client.command(&server, &content, &path, 1_000_000).args(["stop", "2000000"]));
        let upload = path_of(&server, &url);
        assert!(offset(&server, &upload) >= 2_000_000);
        let before = server.endpoint().address;
        server.kill();
        server.spawn();
        // A restart may bring another port.
        let url = url.trim().replace(&before.to_string(), &server.endpoint().address.to_string());
        succeed(client.command(&server, &content, &path, 1_000_000).args(["go", &url]));
        assert_stored(&server, &stored, &hash);

        let empty = server.scratch("content").join("empty");
        let hash = write_file(&empty, 1, 0);
        succeed(&mut client.command(&server, &empty, &format!("{name} empty"), 1_000_000));
        assert_stored(&server, &format!("{name}%20empty"), &hash);
    }
    assert!(server.cli_ok(["verify", "--full"]).contains("nothing is wrong"));
}

#[test]
fn browsers_send_several_parts_at_once_or_all_of_it_with_the_first_request() {
    let server = TestServer::start_plain();
    let content = server.scratch("content").join("content");
    let hash = write_file(&content, 2, 4_700_001);
    for how in [["parallel", "3"].as_slice(), &["whole"], &["deferred"]] {
        let path = format!("{}.bin", how[0]);
        succeed(Client::Javascript.command(&server, &content, &path, 1_500_000).args(how));
        assert_stored(&server, &path, &hash);
    }
    // An overwrite is a new version.
    succeed(&mut Client::Javascript.command(&server, &content, "whole.bin", 100_000_000));
    let read = server.request("HEAD", &file("whole.bin")).send().expect(200);
    assert_eq!(number(&read, "content-length"), 4_700_001);
}
