//! A folder of a test's own on a server that tests share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::support::TestServer;
use crate::support::http::{Request, Response};
use crate::support::multistatus::Multistatus;
use crate::support::server::SPACE;

/// The servers that some test holds at this moment, by their configuration. A start costs a
/// second, so tests that do not change the server share one; it ends with the last of them.
static RUNNING: Mutex<Option<HashMap<String, Weak<TestServer>>>> = Mutex::new(None);

/// A plain-HTTP server with this configuration (TOML), shared with every test that runs at the same time and
/// asks for the same.
pub(crate) fn shared_with(config: &str) -> Arc<TestServer> {
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    let running = running.get_or_insert_default();
    if let Some(server) = running.get(config).and_then(Weak::upgrade) {
        return server;
    }
    let server = Arc::new(TestServer::start_configured(config));
    running.insert(config.to_owned(), Arc::downgrade(&server));
    server
}

/// A shared server with the default configuration.
pub(crate) fn shared() -> Arc<TestServer> {
    shared_with("")
}

/// Fails unless the server still works for its users.
#[track_caller]
pub(crate) fn assert_alive(server: &TestServer) {
    server.anonymous("GET", "/health").send().expect(200);
    server.request("PROPFIND", &format!("/dav/{SPACE}/")).header("Depth", "0").send().expect(207);
}

/// An empty folder in [`SPACE`] that no other test touches.
pub(crate) struct Folder {
    pub(crate) server: Arc<TestServer>,
    /// With a slash at the end.
    pub(crate) path: String,
}

impl Folder {
    /// On the server with the default configuration.
    pub(crate) fn new(name: &str) -> Self {
        Self::on(shared(), name)
    }

    pub(crate) fn on(server: Arc<TestServer>, name: &str) -> Self {
        let folder = Self { server, path: format!("/dav/{SPACE}/{name}/") };
        folder.request("MKCOL", "").send().expect(201);
        folder
    }

    /// A signed-in request for a member, whose name is sent as it is.
    pub(crate) fn request(&self, method: &str, name: &str) -> Request {
        self.server.request(method, &self.target(name))
    }

    pub(crate) fn target(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }

    /// A COPY or MOVE between members.
    pub(crate) fn transfer(&self, method: &str, from: &str, to: &str) -> Request {
        self.request(method, from).header("Destination", &self.server.url(&self.target(to)))
    }

    #[track_caller]
    pub(crate) fn put(&self, name: &str, content: impl Into<Vec<u8>>) -> Response {
        let response = self.request("PUT", name).body(content).send();
        assert!([201, 204].contains(&response.status), "{response}");
        response
    }

    #[track_caller]
    pub(crate) fn make_folder(&self, name: &str) {
        self.request("MKCOL", name).send().expect(201);
    }

    #[track_caller]
    pub(crate) fn get(&self, name: &str) -> Vec<u8> {
        self.request("GET", name).send().expect(200).body
    }

    pub(crate) fn status(&self, method: &str, name: &str) -> u16 {
        self.request(method, name).send().status
    }

    /// The entity tag of a member, quotes included; of the folder itself for an empty name.
    #[track_caller]
    pub(crate) fn etag(&self, name: &str) -> String {
        etag(&self.server, &self.target(name))
    }

    /// PROPFIND of all properties.
    #[track_caller]
    pub(crate) fn list(&self, name: &str, depth: &str) -> Multistatus {
        Multistatus::of(&self.request("PROPFIND", name).header("Depth", depth).send())
    }

    /// The decoded names of the folder's members, sorted by the server.
    #[track_caller]
    pub(crate) fn names(&self) -> Vec<String> {
        let listing = self.list("", "1");
        let name = |path: &str| path.trim_end_matches('/').rsplit('/').next().unwrap().to_owned();
        listing.0[1..].iter().map(|item| name(&item.path())).collect()
    }

    /// Locks a member exclusively and returns the token.
    #[track_caller]
    pub(crate) fn lock(&self, name: &str, depth: &str) -> String {
        let response = self.request("LOCK", name).header("Depth", depth).xml(EXCLUSIVE).send();
        assert!([200, 201].contains(&response.status), "{response}");
        token(&response)
    }
}

/// The entity tag that PROPFIND tells for a path.
#[track_caller]
pub(crate) fn etag(server: &TestServer, path: &str) -> String {
    let response = server.request("PROPFIND", path).header("Depth", "0").send();
    Multistatus::of(&response).0[0].text("{DAV:}getetag").unwrap().to_owned()
}

/// The token in the `Lock-Token` header, without its brackets.
#[track_caller]
pub(crate) fn token(response: &Response) -> String {
    let header = response.header("lock-token").unwrap_or_else(|| panic!("no Lock-Token: {response}"));
    header.trim_start_matches('<').trim_end_matches('>').to_owned()
}

/// The body of a LOCK for an exclusive lock.
pub(crate) const EXCLUSIVE: &str = r#"<?xml version="1.0"?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype><D:owner><D:href>http://test/</D:href></D:owner></D:lockinfo>"#;

/// The body of a LOCK for a shared lock.
pub(crate) const SHARED: &str = r#"<?xml version="1.0"?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:shared/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockinfo>"#;
