//! How often one request reads the catalogue. Each read is a snapshot and a trip to another thread, so their number
//! must not grow with what a listing shows.

use std::net::TcpListener;

use secrecy::SecretString;
use tresor::accounts::UserName;
use tresor::library::SpaceSettings;
use tresor::model::{EntryName, Right, Role, SpaceKind, Stamp, Timestamp};

use crate::support::TestServer;
use crate::support::http::{Endpoint, Request};
use crate::support::in_process::InProcess;
use crate::support::multistatus::Multistatus;
use crate::support::server::{PASSWORD, SPACE, USER};

/// Everything that once cost a read of its own: room, checksums, links, locks and dead properties.
const EVERYTHING: &str = r#"<D:propfind xmlns:D="DAV:" xmlns:o="http://owncloud.org/ns" xmlns:x="urn:x"><D:prop>
    <D:getetag/><D:quota-available-bytes/><D:quota-used-bytes/><D:lockdiscovery/><o:checksums/><o:share-types/><x:dead/>
</D:prop></D:propfind>"#;
/// Tries per figure. The server's own work between two of them can only add reads.
const TRIES: usize = 5;

struct Counted {
    server: TestServer,
    figures: Endpoint,
}

impl Counted {
    fn start() -> Self {
        let mut counted = Self::prepare();
        counted.server.set_up();
        counted
    }

    fn prepare() -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let server = TestServer::prepare(false);
        server.configure(&format!("metrics_listen = '{address}'"));
        Self { server, figures: Endpoint { address, tls: false } }
    }

    /// With as many spaces, which [`USER`] may read.
    fn with_spaces(count: usize) -> Self {
        let Self { server, figures } = Self::prepare();
        server.init();
        let program = InProcess::open(server);
        let (library, accounts) = (&program.instance.library, &program.instance.accounts);
        let by = Stamp::owner(Timestamp::now());
        program.runtime.block_on(async {
            let (name, password) = (UserName::parse(USER).unwrap(), SecretString::from(PASSWORD));
            let user = accounts.add_user(&name, Role::Staff, Some(password), by).await.unwrap();
            for number in 0..count {
                let name = EntryName::parse(&format!("mandant-{number}")).unwrap();
                let (kind, settings) = (SpaceKind::Client, SpaceSettings::default());
                let space = library.add_space(&name, kind, settings, by).await.unwrap();
                accounts.grant(user, space.id, Right::Read, by).await.unwrap();
            }
        });
        let mut server = program.close();
        server.spawn();
        Self { server, figures }
    }

    fn reads_so_far(&self) -> u64 {
        let figures = Request::new(self.figures, "GET", "/metrics").send().expect(200).text();
        let line = figures.lines().find_map(|line| line.strip_prefix("tresor_catalog_reads_total "));
        line.unwrap_or_else(|| panic!("{figures}")).parse().unwrap()
    }

    /// The reads of one PROPFIND, and the number of resources in its answer.
    fn propfind(&self, path: &str, depth: &str) -> (u64, usize) {
        let once = || {
            let before = self.reads_so_far();
            let asked = self.server.request("PROPFIND", path).header("Depth", depth).xml(EVERYTHING).send();
            (self.reads_so_far() - before, Multistatus::of(&asked).0.len())
        };
        (0..TRIES).map(|_| once()).min().unwrap()
    }
}

/// A PROPFIND of one page made up to seven reads, and the list of the spaces two for each space: an office of 300
/// clients paid 600 of them.
#[test]
fn a_propfind_reads_each_page_once() {
    let counted = Counted::start();
    let server = &counted.server;
    let folder = format!("/dav/{SPACE}/akten/");
    server.request("MKCOL", &folder).send().expect(201);
    server.request("PUT", &format!("{folder}a.txt")).body("x").send().expect(201);
    assert_eq!(counted.propfind(&format!("{folder}a.txt"), "0"), (1, 1));
    assert_eq!(counted.propfind(&folder, "0"), (1, 1));
    assert_eq!(counted.propfind(&folder, "1"), (1, 2));
    // A tree is counted before it is listed.
    assert_eq!(counted.propfind(&folder, "infinity"), (2, 2));
    for number in 0..500 {
        server.request("MKCOL", &format!("{folder}{number}")).send().expect(201);
    }
    assert_eq!(counted.propfind(&folder, "1"), (2, 502), "two pages");

    assert_eq!(counted.propfind("/dav/", "1"), (1, 2));
    for number in 0..12 {
        let name = format!("mandant-{number}");
        server.cli_ok(["space", "add", &name, "--kind", "client"]);
        server.cli_ok(["grant", USER, &name, "read"]);
    }
    assert_eq!(counted.propfind("/dav/", "0"), (1, 1));
    assert_eq!(counted.propfind("/dav/", "1"), (1, 14), "as many as for one space");
}

#[test]
fn an_office_of_300_spaces_is_read_as_often_as_one_of_1() {
    let counted = Counted::with_spaces(300);
    assert_eq!(counted.propfind("/dav/", "0"), (1, 1));
    assert_eq!(counted.propfind("/dav/", "1"), (1, 301));
    assert_eq!(counted.propfind("/dav/mandant-7/", "1"), (1, 1));
}
