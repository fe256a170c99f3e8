//! joplin's command-line client: notes of two devices that meet in a folder of the office.
//!
//! The program is npm's; only its database driver, which would have to be compiled, is replaced
//! (`javascript/sqlite.cjs`), and parts that need other services are left out (`javascript/package.json`).

use std::fs;
use std::path::Path;

use crate::support::TestServer;
use crate::support::content::{CONTENT_MARK, NAME_MARK, sha256_file, write_file};
use crate::support::process::{installed, succeed, tool};
use crate::support::server::{PASSWORD, USER};

/// The folder that the devices share, as a person copies it from a browser's address bar.
const FOLDER: &str = "/dav/space/Notizen%20f%C3%BCr%20alle";

#[test]
fn joplin_notes_and_attachments_meet_on_two_devices() {
    let server = TestServer::start_plain();
    server.request("MKCOL", FOLDER).send().expect(201);
    let [desk, laptop] = ["desk", "laptop"].map(|name| Joplin { server: &server, name });
    let attachment = server.scratch("source").join("Anlage ö.bin");
    let hash = write_file(&attachment, 5, 3_000_000);

    desk.run(&[
        &format!("mkbook \"{NAME_MARK} Bücher\""),
        &format!("use \"{NAME_MARK} Bücher\""),
        "mknote \"Grüße\"",
        &format!("set \"Grüße\" body \"{CONTENT_MARK} erste Fassung\""),
        &format!("attach \"Grüße\" \"{}\"", attachment.display()),
        "mknote \"Vergänglich\"",
        "sync",
    ]);
    let read = laptop.run(&["sync", &format!("use \"{NAME_MARK} Bücher\""), "cat \"Grüße\""]);
    assert!(read.contains(&format!("{CONTENT_MARK} erste Fassung")), "{read}");
    assert_eq!(laptop.attachments(), vec![hash]);

    laptop.run(&[
        "set \"Grüße\" body \"zweite Fassung\"",
        "rmnote --permanent --force \"Vergänglich\"",
        "sync",
    ]);
    let read = desk.run(&["sync", "cat \"Grüße\"", "ls"]);
    assert!(read.contains("zweite Fassung") && !read.contains("Vergänglich"), "{read}");

    // Nothing is left to do, no device saw an error, and no lock of joplin's stays behind.
    for device in [&desk, &laptop] {
        let status = device.run(&["sync", "status"]);
        assert!(status.contains("Conflicted: 0") && status.contains("Error: 0"), "{status}");
        device.assert_no_errors();
    }
    let locks =
        server.request("PROPFIND", &format!("{FOLDER}/locks/")).header("Depth", "1").send().expect(207);
    assert!(!locks.text().contains(".json"), "{locks}");
    server.assert_no_traces(&["erste Fassung", "zweite Fassung"]);
}

/// One device with a profile of its own.
struct Joplin<'a> {
    server: &'a TestServer,
    name: &'static str,
}

impl Joplin<'_> {
    /// Runs commands one after the other in one start of the program.
    fn run(&self, commands: &[&str]) -> String {
        let batch = self.server.scratch("joplin").join(format!("{}.batch", self.name));
        let settings = [
            // It would ask services on the Internet where it is.
            "config trackLocation false",
            "config sync.target 6",
            &format!("config sync.6.path {}", self.server.url(FOLDER)),
            &format!("config sync.6.username {USER}"),
            &format!("config sync.6.password {PASSWORD}"),
        ];
        fs::write(&batch, [&settings, commands].concat().join("\n")).unwrap();
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/product/clients/javascript");
        let mut node = tool("node", "nodejs");
        node.current_dir(installed("webdav-js")).arg("--require").arg(scripts.join("sqlite.cjs"));
        node.arg("node_modules/joplin/main.js").arg("--profile").arg(self.profile()).arg("batch").arg(batch);
        succeed(&mut node)
    }

    fn profile(&self) -> std::path::PathBuf {
        self.server.scratch(&format!("joplin/{}", self.name))
    }

    /// Hashes of the attached files that this device has.
    fn attachments(&self) -> Vec<String> {
        let files = fs::read_dir(self.profile().join("resources")).unwrap();
        files.map(|file| sha256_file(&file.unwrap().path())).collect()
    }

    fn assert_no_errors(&self) {
        let log = fs::read_to_string(self.profile().join("log.txt")).unwrap();
        let errors: Vec<&str> = log.lines().filter(|line| line.contains("[error]")).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
}
