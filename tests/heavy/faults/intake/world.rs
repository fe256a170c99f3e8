//! An office with a scanner, prepared once and copied for each fault.

use std::time::Duration;

use data_encoding::HEXLOWER;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Params};
use tresor::admin::{Reply, Request as Owner};
use tresor::app::ask as ask_owner;

use crate::faults::injection::{Point, Threads, Tracer, chosen, in_parallel, points_of, thread_named};
use crate::support::TestServer;
use crate::support::clamd::TestClamd;
use crate::support::multistatus::Multistatus;
use crate::support::office::Template;
use crate::support::process::eventually;
use crate::support::server::{PASSWORD, SPACE};

/// Time for the server's work in the background, on a busy machine.
pub const LIMIT: Duration = Duration::from_mins(2);
/// A colleague of the author with the right to read.
pub const READER: &str = "reader";

/// The calls that change a disk or the state of another program. Between two of them nothing is different.
const CALLS: &str = "trace=openat,write,writev,pwrite64,pwritev,fsync,fdatasync,rename,renameat,renameat2,link,linkat,\
                     unlink,unlinkat,ftruncate,fallocate,mkdir,mkdirat,utimensat,connect,sendto,sendmsg,recvfrom";

/// An office that does not run.
pub struct Prepared {
    clamd: TestClamd,
    template: Template,
}

/// A running copy of it.
pub struct Copy {
    pub server: TestServer,
    /// The catalogue behind the program's back.
    rows: Connection,
}

impl Prepared {
    /// Lets `prepare` work in a new office, with a colleague and without a scan of everything stored.
    pub fn new(prepare: impl FnOnce(&mut Copy)) -> Self {
        let clamd = TestClamd::start();
        let mut server = TestServer::prepare(false);
        configure(&server, &clamd);
        server.set_up();
        server.add_user(READER, "staff", PASSWORD);
        server.cli_ok(["grant", READER, SPACE, "read"]);
        server.cli_ok(["scan", "pause"]);
        let mut copy = Copy::of(server);
        prepare(&mut copy);
        let Copy { mut server, rows } = copy;
        drop(rows);
        if server.is_alive() {
            assert!(server.stop().success());
        }
        Self { clamd, template: server.office.template() }
    }

    /// Gives clamd signatures that are newer than everything so far, and find nothing.
    pub fn publish(&self) {
        self.clamd.write_database("more.hdb", crate::support::clamd::IDLE);
        self.clamd.reload();
    }

    /// A copy that does not run yet.
    pub fn stopped(&self) -> TestServer {
        let server = TestServer::prepare(false);
        server.office.begin_as(&self.template);
        configure(&server, &self.clamd);
        server
    }

    fn copy(&self) -> Copy {
        let mut server = self.stopped();
        server.spawn();
        Copy::of(server)
    }

    /// Kills a copy before each call that this run tries, of those that the server makes while `act` lets it do something:
    /// until it is done, or the server is dead. The result of `act` goes to `check`, which looks at the copy, starts
    /// the server again and lets it go on.
    pub fn killed_everywhere<T>(
        &self,
        few: usize,
        act: impl Fn(&mut Copy) -> T + Sync,
        check: impl Fn(&mut Copy, T, &str) + Sync,
    ) {
        let points = {
            let mut copy = self.copy();
            let catalogue = thread_named(&copy.server, "catalog-writer");
            let tracer = Tracer::attach(&copy.server, Threads::Present, &["-e", CALLS]);
            let acted = act(&mut copy);
            assert!(copy.server.is_alive());
            let mut points = points_of(&tracer.detach(), &catalogue);
            for point in points.iter_mut().filter(|point| point.threads == Threads::All) {
                point.threads = Threads::Present;
            }
            copy.server.kill();
            check(&mut copy, acted, "killed after all of it");
            points
        };
        assert!(points.len() > 10, "{points:?}");
        let chosen = chosen(points, few);
        let killed = in_parallel(&chosen, |point| self.is_killed(point, &act, &check));
        let killed = killed.into_iter().filter(|killed| *killed).count();
        // Threads share the work in another way each time, so that a late call may never come.
        assert!(killed * 2 > chosen.len(), "only {killed} of {} servers were killed", chosen.len());
    }

    fn is_killed<T>(
        &self,
        point: &Point,
        act: &impl Fn(&mut Copy) -> T,
        check: &impl Fn(&mut Copy, T, &str),
    ) -> bool {
        let mut copy = self.copy();
        let rule = format!("inject={}:signal=KILL:when={}", point.call, point.nth);
        let tracer = Tracer::attach(&copy.server, point.threads, &["-e", CALLS, "-e", &rule]);
        let acted = act(&mut copy);
        let is_killed = !copy.server.is_alive();
        drop(tracer);
        copy.server.kill();
        check(&mut copy, acted, &format!("killed before {point:?}"));
        is_killed
    }
}

impl Copy {
    /// Of a server that was started once.
    pub fn of(server: TestServer) -> Self {
        let rows = Connection::open(server.office.catalog()).unwrap();
        let key = HEXLOWER.encode(server.office.keys().catalogue_key().expose());
        rows.execute_batch(&format!("PRAGMA key = \"x'{key}'\";")).unwrap();
        // The next server must find the log that a killed server left.
        rows.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
        Self { server, rows }
    }

    /// The number that a statement finds.
    pub fn count(&self, sql: &str) -> i64 {
        self.rows.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The text that a statement finds; `-` for none.
    pub fn word(&self, sql: &str) -> String {
        let found = self.rows.query_row(sql, [], |row| row.get::<_, Option<String>>(0));
        found.ok().flatten().unwrap_or_else(|| "-".to_owned())
    }

    /// The catalogue behind the program's back.
    pub fn rows(&self) -> &Connection {
        &self.rows
    }

    /// Changes rows that no request can change.
    pub fn change(&self, sql: &str, values: impl Params) {
        self.rows.execute(sql, values).unwrap();
    }

    pub fn change_much(&self, sql: &str) {
        self.rows.execute_batch(sql).unwrap();
    }

    /// Waits until the server has come so far, or is dead.
    pub fn comes_to(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        eventually(what, LIMIT, || !self.server.is_alive() || is_so(self));
    }

    /// A decision of the owner about the first item; `None` without an answer, from a server that is dead then.
    pub fn decide(&mut self, decision: &str) -> Option<Reply> {
        let (decision, reason) = (decision.to_owned(), Some("a test".to_owned()));
        let answer =
            ask_owner(&self.server.data(), &Owner::HoldDecide { id: 1, decision, reason, to: None }).ok();
        if answer.is_none() {
            // The connection ends a moment before the process.
            self.comes_to("the server is dead", |_| false);
        }
        answer
    }

    /// A colleague's view of a file: its content, or nothing.
    pub fn read(&self, path: &str) -> Option<Vec<u8>> {
        let path = utf8_percent_encode(path, NON_ALPHANUMERIC).to_string().replace("%2F", "/");
        let request = self.server.anonymous("GET", &format!("/dav/{SPACE}/{path}"));
        let answer = request.sign_in(READER, PASSWORD).send();
        assert!(!answer.is_cut && [200, 404].contains(&answer.status), "{answer}");
        (answer.status == 200).then_some(answer.body)
    }

    /// The paths that the author sees in the space, sorted.
    pub fn listed(&self) -> Vec<String> {
        let target = format!("/dav/{SPACE}/");
        let answer = self.server.request("PROPFIND", &target).header("Depth", "infinity").send().expect(207);
        let below = |path: String| path.strip_prefix(&target).map(str::to_owned);
        let mut paths: Vec<_> =
            Multistatus::of(&answer).0.into_iter().filter_map(|item| below(item.path())).collect();
        paths.retain(|path| !path.is_empty());
        paths.sort();
        paths
    }

    /// Ends the server, and checks that catalogue and disk agree.
    pub fn assert_sound(&mut self, what: &str) {
        assert!(self.server.stop().success(), "{what}");
        crate::support::sound::assert_sound(&self.server);
    }
}

fn configure(server: &TestServer, clamd: &TestClamd) {
    server.configure(&format!(
        "[scrub]\nevery_days = 0\n[intake]\nclamd = '{}'\nsignatures = '{}'\nlmtp = '{}'\n",
        clamd.path("socket").display(),
        clamd.databases().display(),
        server.scratch("post").join("lmtp").display()
    ));
}
