//! Everything that changes an instance, each once.

use std::io;

use tresor::admin::{Reply, Request as Owner};
use tresor::app::ask as ask_owner;

use crate::office::{OTHER, ask};
use crate::support::TestServer;
use crate::support::content::bytes;
use crate::support::http::{Request, Response};
use crate::support::server::SPACE;

/// What became of an operation, as far as whoever asked knows.
#[derive(Debug)]
pub enum Outcome {
    Done,
    Refused(String),
    /// No answer, or half of one.
    Cut,
}

pub struct Operation {
    pub name: &'static str,
    /// What goes before and is no part of it; returns what `run` has to name.
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

pub const OPERATIONS: [Operation; 19] = [
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
            owner(server, &Owner::SpaceAdd { name, kind, quota: None, version_days: None, trash_days: None })
        },
    },
];

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
        Ok(Reply::Refused(why)) => Outcome::Refused(why),
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

/// Whether the server takes changes at the moment: what it answers to a small upload.
pub fn try_to_store(server: &TestServer) -> Response {
    ask(server, "PUT", "afterwards", bytes(5, 5))
}

/// Undoes what [`try_to_store`] did, for comparing.
pub fn forget_stored(contents: &mut crate::inspect::Contents) {
    contents.tree.remove(&format!("{SPACE}/afterwards"));
    contents.versions.remove(&format!("{SPACE}/afterwards"));
}
