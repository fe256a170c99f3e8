//! Everything that changes an instance, each once.

use std::io;

use tresor::admin::{IntakeAsked, Reply, Request as Owner};
use tresor::app::ask as ask_owner;

use crate::faults::office::{OTHER, ask};
use crate::support::TestServer;
use crate::support::content::bytes;
use crate::support::http::{Request, Response};
use crate::support::server::{SPACE, USER};

/// The outcome of an operation, as far as its client knows.
#[derive(Debug)]
pub enum Outcome {
    Done,
    Refused(String),
    /// No answer, or half of one.
    Cut,
}

pub struct Operation {
    pub name: &'static str,
    /// The steps before it that are no part of it; returns the name for `run`.
    prepare: fn(&TestServer) -> String,
    run: fn(&TestServer, &str) -> Outcome,
}

impl Operation {
    pub fn prepare(&self, server: &TestServer) -> String {
        (self.prepare)(server)
    }

    pub fn run(&self, server: &TestServer, named: &str) -> Outcome {
        (self.run)(server, named)
    }
}

pub const OPERATIONS: [Operation; 25] = [
    Operation { name: "put a new file", prepare: nothing, run: |server, _| put(server, "new", 150_000) },
    Operation { name: "put a small new file", prepare: nothing, run: |server, _| put(server, "new", 10) },
    Operation { name: "overwrite", prepare: nothing, run: |server, _| put(server, "a", 70_001) },
    Operation { name: "make a folder", prepare: nothing, run: |server, _| dav(server, "MKCOL", "new", &[]) },
    Operation {
        name: "move a file",
        prepare: nothing,
        run: |server, _| to(server, "MOVE", "b", SPACE, "folder/b"),
    },
    Operation {
        name: "move over a file",
        prepare: nothing,
        run: |server, _| to(server, "MOVE", "b", SPACE, "a"),
    },
    Operation {
        name: "move a folder",
        prepare: nothing,
        run: |server, _| to(server, "MOVE", "folder", SPACE, "x"),
    },
    Operation {
        name: "copy a folder",
        prepare: nothing,
        run: |server, _| to(server, "COPY", "folder", SPACE, "x"),
    },
    Operation {
        name: "move a folder into another space",
        prepare: nothing,
        run: |server, _| to(server, "MOVE", "folder", OTHER, "x"),
    },
    Operation { name: "delete a file", prepare: nothing, run: |server, _| dav(server, "DELETE", "a", &[]) },
    Operation {
        name: "delete a folder",
        prepare: nothing,
        run: |server, _| dav(server, "DELETE", "folder", &[]),
    },
    Operation {
        name: "restore a deleted file",
        prepare: deleted_entry,
        run: |server, entry| {
            owner(server, &Owner::TrashRestore { space: SPACE.into(), entry: entry.parse().unwrap() })
        },
    },
    Operation {
        name: "remove a deleted file for good",
        prepare: deleted_entry,
        run: |server, entry| {
            owner(server, &Owner::TrashPurge { space: SPACE.into(), entry: entry.parse().unwrap() })
        },
    },
    Operation {
        name: "restore a version",
        prepare: earlier_version,
        run: |server, version| {
            let (space, path) = (SPACE.into(), "a".into());
            owner(server, &Owner::VersionRestore { space, path, version: version.parse().unwrap() })
        },
    },
    Operation { name: "set a property", prepare: nothing, run: |server, _| proppatch(server) },
    Operation { name: "lock", prepare: nothing, run: |server, _| outcome(lock(server, "locked").try_send()) },
    Operation {
        name: "lock what is not there",
        prepare: nothing,
        run: |server, _| outcome(lock(server, "new").try_send()),
    },
    Operation {
        name: "unlock",
        prepare: |server| {
            let answer = lock(server, "locked").send().expect(200);
            answer.header("lock-token").unwrap().to_owned()
        },
        run: |server, token| dav(server, "UNLOCK", "locked", &[("Lock-Token", token)]),
    },
    Operation {
        name: "make a space",
        prepare: nothing,
        run: |server, _| {
            let (name, kind) = ("new".into(), "client".into());
            owner(
                server,
                &Owner::SpaceAdd {
                    name,
                    kind,
                    quota: None,
                    history: None,
                    version_days: None,
                    trash_days: None,
                    intake: IntakeAsked::default(),
                    mail: None,
                },
            )
        },
    },
    Operation {
        name: "begin an upload",
        prepare: nothing,
        run: |server, _| outcome(begin_upload(server, "new").body("").try_send()),
    },
    Operation {
        name: "give an upload up",
        prepare: |server| begun_upload(server, "new"),
        run: |server, upload| outcome(server.request("DELETE", upload).try_send()),
    },
    Operation {
        name: APPEND,
        prepare: |server| begun_upload(server, "new"),
        run: |server, upload| outcome(continue_upload(server, upload, bytes(78, PART), "?0").try_send()),
    },
    Operation {
        name: FINISH,
        prepare: |server| begun_upload(server, "a"),
        run: |server, upload| outcome(continue_upload(server, upload, Vec::new(), "?1").try_send()),
    },
    Operation {
        name: CHUNK,
        prepare: |server| chunks(server, &[70_000]),
        run: |server, session| {
            outcome(server.request("PUT", &format!("{session}/00002")).body(bytes(79, 80_000)).try_send())
        },
    },
    Operation {
        name: ASSEMBLE,
        prepare: |server| chunks(server, &[70_000, 1, 200_000]),
        run: |server, session| {
            let destination = server.url(&format!("/remote.php/dav/files/{USER}/{SPACE}/new"));
            let request = server.request("MOVE", &format!("{session}/.file"));
            outcome(request.header("Destination", &destination).try_send())
        },
    },
];

/// Operations that come to the same if they are asked for again.
pub const REPEATED: [&str; 4] = [APPEND, FINISH, CHUNK, ASSEMBLE];
const APPEND: &str = "append to an upload";
const FINISH: &str = "make an upload a file";
const CHUNK: &str = "send a chunk";
const ASSEMBLE: &str = "make chunks a file";

/// Bytes of a part.
const PART: usize = 70_001;

fn begin_upload(server: &TestServer, path: &str) -> Request {
    server.request("PUT", &format!("/dav/{SPACE}/{path}")).header("Upload-Complete", "?0")
}

fn begun_upload(server: &TestServer, path: &str) -> String {
    let begun = begin_upload(server, path).body(bytes(77, PART)).send().expect(201);
    begun.header("location").unwrap().to_owned()
}

fn continue_upload(server: &TestServer, upload: &str, body: Vec<u8>, complete: &str) -> Request {
    let request = server.request("PATCH", upload).header("Content-Type", "application/partial-upload");
    request.header("Upload-Offset", &PART.to_string()).header("Upload-Complete", complete).body(body)
}

fn chunks(server: &TestServer, sizes: &[usize]) -> String {
    let session = format!("/remote.php/dav/uploads/{USER}/4711");
    server.request("MKCOL", &session).send().expect(201);
    for (number, size) in (1..).zip(sizes) {
        let target = format!("{session}/{number:05}");
        server.request("PUT", &target).body(bytes(number, *size)).send().expect(201);
    }
    session
}

fn nothing(_: &TestServer) -> String {
    String::new()
}

fn put(server: &TestServer, path: &str, len: usize) -> Outcome {
    let target = format!("/dav/{SPACE}/{path}");
    outcome(server.request("PUT", &target).body(bytes(77, len)).try_send())
}

fn dav(server: &TestServer, method: &str, path: &str, headers: &[(&str, &str)]) -> Outcome {
    let request = server.request(method, &format!("/dav/{SPACE}/{path}"));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
    outcome(request.try_send())
}

fn to(server: &TestServer, method: &str, path: &str, space: &str, destination: &str) -> Outcome {
    let destination = server.url(&format!("/dav/{space}/{destination}"));
    dav(server, method, path, &[("Destination", &destination), ("Overwrite", "T")])
}

fn proppatch(server: &TestServer) -> Outcome {
    let body = r#"<?xml version="1.0"?><d:propertyupdate xmlns:d="DAV:" xmlns:t="urn:test">
        <d:set><d:prop><t:colour>green</t:colour></d:prop></d:set></d:propertyupdate>"#;
    outcome(server.request("PROPPATCH", &format!("/dav/{SPACE}/a")).xml(body).try_send())
}

fn lock(server: &TestServer, path: &str) -> Request {
    let body = r#"<?xml version="1.0"?><d:lockinfo xmlns:d="DAV:"><d:lockscope><d:exclusive/></d:lockscope>
        <d:locktype><d:write/></d:locktype></d:lockinfo>"#;
    server.request("LOCK", &format!("/dav/{SPACE}/{path}")).header("Timeout", "Second-3600").xml(body)
}

fn outcome(answer: io::Result<Response>) -> Outcome {
    match answer {
        Ok(answer) if answer.is_cut => Outcome::Cut,
        // Of one that reports on each property: whether all were set.
        Ok(answer) if answer.status == 207 && !answer.text().contains("200 OK") => {
            Outcome::Refused(answer.text())
        }
        Ok(answer) if (200..300).contains(&answer.status) => Outcome::Done,
        Ok(answer) => Outcome::Refused(format!("{} {}", answer.status, answer.text())),
        Err(_) => Outcome::Cut,
    }
}

fn owner(server: &TestServer, request: &Owner) -> Outcome {
    match ask_owner(&server.data(), request) {
        Ok(Reply::Refused { text, .. }) => Outcome::Refused(text),
        Ok(_) => Outcome::Done,
        Err(_) => Outcome::Cut,
    }
}

fn deleted_entry(server: &TestServer) -> String {
    match ask_owner(&server.data(), &Owner::TrashList { space: SPACE.into() }).unwrap() {
        Reply::Trash(items) => items.iter().find(|item| item.path == "deleted").unwrap().entry.to_string(),
        other => panic!("{other:?}"),
    }
}

fn earlier_version(server: &TestServer) -> String {
    match ask_owner(&server.data(), &Owner::VersionList { space: SPACE.into(), path: "a".into() }).unwrap() {
        Reply::Versions(versions) => versions.last().unwrap().version.to_string(),
        other => panic!("{other:?}"),
    }
}

/// Whether the server takes changes at the moment: its answer to a small upload.
pub fn try_to_store(server: &TestServer) -> Response {
    ask(server, "PUT", "afterwards", bytes(5, 5))
}

/// Undoes the effect of [`try_to_store`], for comparing.
pub fn forget_stored(contents: &mut crate::faults::inspect::Contents) {
    contents.tree.remove(&format!("{SPACE}/afterwards"));
    contents.versions.remove(&format!("{SPACE}/afterwards"));
}
