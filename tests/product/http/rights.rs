//! Who may do what: every route and method by every role and right, deny by default.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::http::fixture::{EXCLUSIVE, token};
use crate::support::TestServer;
use crate::support::content::sha256;
use crate::support::http::{Request, Response};
use crate::support::multistatus::{Item, Multistatus};
use crate::support::server::PASSWORD;

/// The right of an account in a space; each includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Right {
    Read,
    Write,
    Manage,
}
use Right::{Manage, Read, Write};

/// The sender of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller {
    Account { name: &'static str, role: &'static str },
    Anonymous,
    Disabled,
    WrongPassword,
}

const CALLERS: [Caller; 7] = [
    Caller::Account { name: "chefin", role: "administrator" },
    Caller::Account { name: "mitarbeiter", role: "staff" },
    Caller::Account { name: "mandantin", role: "client" },
    Caller::Account { name: "pruefer", role: "auditor" },
    Caller::Anonymous,
    Caller::Disabled,
    Caller::WrongPassword,
];

/// A space and the right of every caller in it. The last one does not exist.
const SPACES: [(&str, Option<Right>); 5] = [
    ("fremd", None),
    ("lesen", Some(Read)),
    ("schreiben", Some(Write)),
    ("verwalten", Some(Manage)),
    (MISSING, None),
];
const FOREIGN: &str = "fremd";
const MISSING: &str = "gibtsnicht";
/// Keeps the spaces in order and looks at the remains of others; manages all of them.
const KEEPER: &str = "hausmeister";

/// The decision that the whole table follows from: the right that counts, or `None`.
fn effective(caller: Caller, grant: Option<Right>) -> Option<Right> {
    let Caller::Account { role, .. } = caller else { return None };
    let highest = match role {
        "auditor" => Read,
        "client" => Write,
        _ => Manage,
    };
    grant.map(|grant| grant.min(highest))
}

/// The status for a method on something in one space.
fn expected(caller: Caller, grant: Option<Right>, case: &Case) -> u16 {
    if !matches!(caller, Caller::Account { .. }) {
        return 401;
    }
    match (case.answer, effective(caller, grant)) {
        (Needs(..) | Seen(_), None) => 404,
        (Needs(needed, _), Some(right)) if right < needed => 403,
        (Needs(_, status) | Seen(status) | Always(status), _) => status,
    }
}

/// The status for a method with a source in one space and a destination in another.
fn expected_between(caller: Caller, from: Option<Right>, to: Option<Right>, transfer: &Transfer) -> u16 {
    if !matches!(caller, Caller::Account { .. }) {
        return 401;
    }
    let needed = if transfer.method == "MOVE" { Write } else { Read };
    // The source is checked first: a caller who may not see it learns nothing about the destination.
    for (grant, needed) in [(from, needed), (to, Write)] {
        match effective(caller, grant) {
            None => return 404,
            Some(right) if right < needed => return 403,
            Some(_) => {}
        }
    }
    transfer.status
}

/// The answer to a request.
#[derive(Clone, Copy, Debug)]
enum Answer {
    /// This status with the right, 403 with a lower one, 404 with none.
    Needs(Right, u16),
    /// A refusal that has nothing to do with rights; still 404 with none.
    Seen(u16),
    /// The same for every caller with a login.
    Always(u16),
}
use Answer::{Always, Needs, Seen};

/// A method on a path below a cell's folder, or on the space itself where the path is `..`.
pub(crate) struct Case {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) kind: Kind,
    answer: Answer,
}

/// Headers and body of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    Depth(&'static str),
    Content,
    Properties,
    Checksum,
    Lock,
    /// Of a lock that the caller took, or of the keeper's where the caller may take none.
    OwnLock,
    ForeignLock,
}

impl Case {
    /// Gives a request the headers and the body of this case; where it names a lock, this one.
    pub(crate) fn fill(&self, request: Request, lock: &str) -> Request {
        match (self.method, self.kind) {
            (_, Kind::Plain) => request,
            (_, Kind::Depth(depth)) => request.header("Depth", depth),
            (_, Kind::Content) => request.body("von Unbefugten"),
            (_, Kind::Checksum) => request.header("X-Recalculate-Hash", "sha1"),
            (_, Kind::Properties) => request.xml(PROPPATCH),
            (_, Kind::Lock) => request.xml(EXCLUSIVE),
            ("LOCK", _) => request.header("If", &format!("(<{lock}>)")),
            _ => request.header("Lock-Token", &format!("<{lock}>")),
        }
    }
}

const fn case(method: &'static str, path: &'static str, kind: Kind, answer: Answer) -> Case {
    Case { method, path, kind, answer }
}

pub(crate) const CASES: [Case; 39] = [
    case("GET", "datei.txt", Kind::Plain, Needs(Read, 200)),
    case("HEAD", "datei.txt", Kind::Plain, Needs(Read, 200)),
    case("GET", "ordner/", Kind::Plain, Needs(Read, 200)),
    case("HEAD", "ordner/", Kind::Plain, Needs(Read, 200)),
    case("GET", "..", Kind::Plain, Needs(Read, 200)),
    case("GET", "fehlt.txt", Kind::Plain, Seen(404)),
    case("PROPFIND", "datei.txt", Kind::Depth("0"), Needs(Read, 207)),
    case("PROPFIND", "ordner/", Kind::Depth("1"), Needs(Read, 207)),
    case("PROPFIND", "..", Kind::Depth("1"), Needs(Read, 207)),
    case("PROPFIND", "ordner/", Kind::Depth("infinity"), Needs(Read, 207)),
    case("OPTIONS", "datei.txt", Kind::Plain, Always(200)),
    case("OPTIONS", "..", Kind::Plain, Always(200)),
    case("PUT", "neu.txt", Kind::Content, Needs(Write, 201)),
    case("PUT", "datei.txt", Kind::Content, Needs(Write, 204)),
    case("PUT", "ordner/", Kind::Content, Needs(Write, 405)),
    case("PUT", "..", Kind::Content, Seen(405)),
    case("MKCOL", "neu/", Kind::Plain, Needs(Write, 201)),
    case("MKCOL", "ordner/", Kind::Plain, Needs(Write, 405)),
    case("MKCOL", "..", Kind::Plain, Needs(Write, 405)),
    case("DELETE", "datei.txt", Kind::Plain, Needs(Write, 204)),
    case("DELETE", "ordner/", Kind::Plain, Needs(Write, 204)),
    case("DELETE", "..", Kind::Plain, Needs(Write, 403)),
    case("PROPPATCH", "datei.txt", Kind::Properties, Needs(Write, 207)),
    case("PROPPATCH", "ordner/", Kind::Properties, Needs(Write, 207)),
    case("LOCK", "datei.txt", Kind::Lock, Needs(Write, 200)),
    case("LOCK", "ordner/", Kind::Lock, Needs(Write, 200)),
    case("LOCK", "neu.txt", Kind::Lock, Needs(Write, 201)),
    case("LOCK", "datei.txt", Kind::OwnLock, Needs(Write, 200)),
    case("LOCK", "gesperrt.txt", Kind::ForeignLock, Needs(Write, 412)),
    case("UNLOCK", "datei.txt", Kind::OwnLock, Needs(Write, 204)),
    // A manager of a space may end the lock of a user who is away.
    case("UNLOCK", "gesperrt.txt", Kind::ForeignLock, Needs(Manage, 204)),
    case("POST", "datei.txt", Kind::Content, Always(405)),
    case("PATCH", "datei.txt", Kind::Content, Always(405)),
    case("PATCH", "datei.txt", Kind::Checksum, Needs(Read, 204)),
    case("PATCH", "ordner/", Kind::Checksum, Seen(405)),
    case("REPORT", "ordner/", Kind::Plain, Always(405)),
    case("TRACE", "datei.txt", Kind::Plain, Always(405)),
    case("SEARCH", "..", Kind::Plain, Always(405)),
    case("BREW", "datei.txt", Kind::Plain, Always(405)),
];

/// COPY or MOVE of `datei.txt` to a name that is free or taken.
pub(crate) struct Transfer {
    pub(crate) method: &'static str,
    pub(crate) to: &'static str,
    status: u16,
}

pub(crate) const TRANSFERS: [Transfer; 4] = [
    Transfer { method: "COPY", to: "neu.txt", status: 201 },
    Transfer { method: "COPY", to: "ziel.txt", status: 204 },
    Transfer { method: "MOVE", to: "neu.txt", status: 201 },
    Transfer { method: "MOVE", to: "ziel.txt", status: 204 },
];

/// The folder whose content no cell may change; cells that may change something get their own.
const FIXED: &str = "fest";
/// The file on which the keeper holds a lock.
const LOCKED: &str = "gesperrt.txt";

struct World {
    server: TestServer,
    cells: AtomicUsize,
    /// By space: the keeper's lock on `gesperrt.txt` in [`FIXED`].
    locks: BTreeMap<&'static str, String>,
}

/// The spaces that exist.
fn real_spaces() -> impl Iterator<Item = (&'static str, Option<Right>)> {
    SPACES.into_iter().filter(|(space, _)| *space != MISSING)
}

impl World {
    fn new() -> Self {
        let mut server = TestServer::prepare(false);
        server.init();
        server.spawn();
        server.add_user(KEEPER, "staff", PASSWORD);
        server.add_user("gesperrte", "staff", PASSWORD);
        for caller in CALLERS {
            if let Caller::Account { name, role } = caller {
                server.add_user(name, role, PASSWORD);
            }
        }
        let mut world = Self { server, cells: AtomicUsize::new(0), locks: BTreeMap::new() };
        for (space, right) in real_spaces() {
            world.server.cli_ok(["space", "add", space, "--kind", "team"]);
            world.server.cli_ok(["grant", KEEPER, space, "manage"]);
            let fixed = ["ordner/", "ordner/innen.txt", "datei.txt", "ziel.txt", LOCKED];
            let token = world.furnish(space, FIXED, &fixed);
            world.locks.insert(space, token);
            let Some(right) = right else { continue };
            let right = format!("{right:?}").to_lowercase();
            for user in ["chefin", "mitarbeiter", "mandantin", "pruefer", "gesperrte"] {
                world.server.cli_ok(["grant", user, space, &right]);
            }
        }
        world.server.cli_ok(["user", "disable", "gesperrte"]);
        world
    }

    fn keeper(&self, method: &str, target: &str) -> Request {
        self.server.anonymous(method, target).sign_in(KEEPER, PASSWORD)
    }

    /// Makes a folder with these members; returns the token of the keeper's lock on [`LOCKED`].
    fn furnish(&self, space: &str, folder: &str, members: &[&str]) -> String {
        let base = format!("/dav/{space}/{folder}/");
        self.keeper("MKCOL", &base).send().expect(201);
        for name in members.iter().filter(|name| !name.starts_with("neu")) {
            let target = format!("{base}{name}");
            let request = self.keeper(if name.ends_with('/') { "MKCOL" } else { "PUT" }, &target);
            let content = if name.ends_with('/') { String::new() } else { format!("{space} {name}") };
            request.body(content).send().expect(201);
        }
        if !members.contains(&LOCKED) {
            return String::new();
        }
        let lock = self.keeper("LOCK", &format!("{base}{LOCKED}")).header("Depth", "0");
        token(&lock.xml(EXCLUSIVE).send().expect(200))
    }

    /// The folder in which a cell acts, and the token of the keeper's lock there: a fresh one where
    /// the cell may change something.
    fn cell(&self, space: &'static str, may_change: bool, members: &[&str]) -> (String, String) {
        if !may_change {
            return (FIXED.to_owned(), self.locks.get(space).cloned().unwrap_or("urn:none".to_owned()));
        }
        let folder = format!("zelle-{}", self.cells.fetch_add(1, Ordering::Relaxed));
        let token = self.furnish(space, &folder, members);
        (folder, token)
    }

    fn request(&self, caller: Caller, method: &str, target: &str) -> Request {
        let request = self.server.anonymous(method, target);
        match caller {
            Caller::Account { name, .. } => request.sign_in(name, PASSWORD),
            Caller::Anonymous => request,
            Caller::Disabled => request.sign_in("gesperrte", PASSWORD),
            Caller::WrongPassword => request.sign_in("mitarbeiter", "Falsches-Wort-0815"),
        }
    }

    fn send(&self, caller: Caller, space: &str, folder: &str, keepers: &str, case: &Case) -> Response {
        let target = match case.path {
            ".." => format!("/dav/{space}/"),
            path => format!("/dav/{space}/{folder}/{path}"),
        };
        let lock = match case.kind {
            Kind::OwnLock if folder != FIXED => {
                token(&self.request(caller, "LOCK", &target).xml(EXCLUSIVE).send().expect(200))
            }
            _ => keepers.to_owned(),
        };
        case.fill(self.request(caller, case.method, &target), &lock).send()
    }

    /// The state of a space that shows without reading contents: the entity tag that every change in it
    /// alters, and in [`FIXED`] the names, sizes, tags, properties and locks.
    fn state(&self, space: &str) -> String {
        let mut state = String::new();
        for (path, depth) in [(format!("/dav/{space}/"), "0"), (format!("/dav/{space}/{FIXED}/"), "1")] {
            let listing = Multistatus::of(&self.keeper("PROPFIND", &path).header("Depth", depth).send());
            for item in &listing.0 {
                write!(state, "\n{}", item.href).unwrap();
                for property in &item.properties {
                    let (name, text) = (&property.name, property.text.trim());
                    match name.as_str() {
                        // The time left of a lock runs on.
                        "{DAV:}lockdiscovery" => write!(state, " locked={}", text.contains("urn:uuid:")),
                        _ => write!(state, " {name}={text}"),
                    }
                    .unwrap();
                }
            }
        }
        state
    }

    /// The hashes of all files in [`FIXED`] of all spaces are those of the contents that were put there.
    fn assert_contents_unchanged(&self) {
        for (space, _) in real_spaces() {
            for name in ["datei.txt", "ziel.txt", "ordner/innen.txt", LOCKED] {
                let content = self.keeper("GET", &format!("/dav/{space}/{FIXED}/{name}")).send().expect(200);
                assert_eq!(
                    sha256(&content.body),
                    sha256(format!("{space} {name}").as_bytes()),
                    "{space}/{name}"
                );
            }
        }
    }
}

/// The states of all spaces, each asked for again only after a cell that was allowed to change it.
#[derive(Default)]
struct States(BTreeMap<&'static str, String>);

impl States {
    /// Remembers a space before a cell that must not change it.
    fn note(&mut self, world: &World, space: &'static str) {
        if space != MISSING {
            self.0.entry(space).or_insert_with(|| world.state(space));
        }
    }

    #[track_caller]
    fn assert_same(&self, world: &World, space: &str, what: &str) {
        if space != MISSING {
            assert_eq!(world.state(space), self.0[space], "{what}: something changed");
        }
    }
}

const PROPPATCH: &str = r#"<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x:farbe xmlns:x="urn:test">rot</x:farbe></D:prop></D:set></D:propertyupdate>"#;

/// An answer without the parts that differ from request to request, and with one name for every space.
pub(crate) fn shape(response: &Response, space: &str) -> String {
    let mut shape = format!("{}\n", response.status);
    for (name, value) in &response.headers {
        if !["date", "x-request-id"].contains(&name.to_lowercase().as_str()) {
            writeln!(shape, "{name}: {value}").unwrap();
        }
    }
    (shape + &response.text()).replace(space, "SPACE")
}

#[test]
fn every_method_needs_its_right_in_the_space_and_a_refusal_changes_nothing() {
    let world = World::new();
    let mut known = States::default();
    let mut cells = 0;
    for caller in CALLERS {
        for case in &CASES {
            let mut foreign = String::new();
            for (space, grant) in SPACES {
                let status = expected(caller, grant, case);
                let may_change =
                    status < 300 && !["GET", "HEAD", "OPTIONS", "PROPFIND"].contains(&case.method);
                let what =
                    format!("{caller:?}, {grant:?}: {} {space}/{} {:?}", case.method, case.path, case.kind);
                let (folder, token) = world.cell(space, may_change, &[case.path]);
                if may_change {
                    known.0.remove(space);
                } else {
                    known.note(&world, space);
                }
                let response = world.send(caller, space, &folder, &token, case);
                assert_eq!(response.status, status, "{what}\n{response}");
                assert_eq!(
                    status == 401,
                    response.header("www-authenticate").is_some(),
                    "{what}\n{response}"
                );
                if !may_change {
                    known.assert_same(&world, space, &what);
                }
                match space {
                    FOREIGN => foreign = shape(&response, space),
                    MISSING => {
                        assert_eq!(shape(&response, space), foreign, "{what}: the foreign space shows");
                    }
                    _ => {}
                }
                cells += 1;
            }
        }
        world.assert_contents_unchanged();
    }
    assert_eq!(cells, CALLERS.len() * CASES.len() * SPACES.len());
}

#[test]
fn copy_and_move_need_a_right_at_both_ends() {
    let world = World::new();
    let mut known = States::default();
    for caller in CALLERS {
        for transfer in &TRANSFERS {
            let mut shapes = BTreeMap::new();
            for (from, from_right) in SPACES {
                for (to, to_right) in SPACES {
                    let status = expected_between(caller, from_right, to_right, transfer);
                    let what = format!(
                        "{caller:?}: {} {from} {from_right:?} -> {to} {to_right:?} {}",
                        transfer.method, transfer.to
                    );
                    let may_change = status < 300;
                    let (source, _) = world.cell(from, may_change, &["datei.txt"]);
                    let (target, _) = world.cell(to, may_change, &[transfer.to]);
                    for space in [from, to] {
                        if may_change {
                            known.0.remove(space);
                        } else {
                            known.note(&world, space);
                        }
                    }
                    let destination = world.server.url(&format!("/dav/{to}/{target}/{}", transfer.to));
                    let response = world
                        .request(caller, transfer.method, &format!("/dav/{from}/{source}/datei.txt"))
                        .header("Destination", &destination)
                        .send();
                    assert_eq!(response.status, status, "{what}\n{response}");
                    if may_change {
                        assert_arrived(&world, transfer, (from, &source), (to, &target));
                    } else {
                        known.assert_same(&world, from, &what);
                        known.assert_same(&world, to, &what);
                    }
                    shapes.insert((from, to), shape(&response, "SPACE"));
                }
            }
            for (space, _) in SPACES {
                assert_eq!(shapes[&(space, FOREIGN)], shapes[&(space, MISSING)], "{caller:?} from {space}");
                assert_eq!(shapes[&(FOREIGN, space)], shapes[&(MISSING, space)], "{caller:?} to {space}");
            }
        }
        world.assert_contents_unchanged();
    }
}

fn assert_arrived(world: &World, transfer: &Transfer, from: (&str, &str), to: (&str, &str)) {
    let arrived = world.keeper("GET", &format!("/dav/{}/{}/{}", to.0, to.1, transfer.to)).send().expect(200);
    assert_eq!(arrived.text(), format!("{} datei.txt", from.0));
    let left = world.keeper("GET", &format!("/dav/{}/{}/datei.txt", from.0, from.1)).send();
    assert_eq!(left.status, if transfer.method == "MOVE" { 404 } else { 200 });
}

#[test]
fn the_list_of_spaces_belongs_to_nobody_and_shows_only_what_one_may_see() {
    let world = World::new();
    for caller in CALLERS {
        let signed_in = matches!(caller, Caller::Account { .. });
        for (method, status) in [
            ("GET", 200),
            ("HEAD", 200),
            ("OPTIONS", 200),
            ("PUT", 405),
            ("MKCOL", 405),
            ("DELETE", 403),
            ("COPY", 403),
            ("MOVE", 403),
            ("PROPPATCH", 403),
            ("LOCK", 403),
            ("UNLOCK", 403),
            ("POST", 405),
        ] {
            for path in ["/dav", "/dav/"] {
                let request = world.request(caller, method, path);
                let response = match method {
                    "PUT" | "POST" => request.body("x"),
                    "PROPPATCH" => request.xml(PROPPATCH),
                    "LOCK" => request.xml(EXCLUSIVE),
                    "UNLOCK" => request.header("Lock-Token", "<urn:x>"),
                    "COPY" | "MOVE" => request.header("Destination", "/dav/verwalten/x"),
                    _ => request,
                }
                .send();
                let status = if signed_in { status } else { 401 };
                assert_eq!(response.status, status, "{caller:?} {method} {path}\n{response}");
            }
        }
        let listing = world.request(caller, "PROPFIND", "/dav/").header("Depth", "1").send();
        if !signed_in {
            listing.expect(401);
            continue;
        }
        let names: Vec<_> = Multistatus::of(&listing).0[1..].iter().map(Item::path).collect();
        assert_eq!(names, ["/dav/lesen/", "/dav/schreiben/", "/dav/verwalten/"], "{caller:?}");
        let page = world.request(caller, "GET", "/dav/").send().expect(200).text();
        assert!(page.contains("lesen") && !page.contains(FOREIGN), "{page}");
        let whole = world.request(caller, "PROPFIND", "/dav/").header("Depth", "infinity").send().expect(207);
        assert!(whole.text().contains("/dav/lesen/") && !whole.text().contains(FOREIGN), "{whole}");
        // Nor can a space be made or replaced by moving something there.
        for method in ["COPY", "MOVE"] {
            for to in ["/dav/neuer", "/dav/schreiben", "/dav/"] {
                let response = world
                    .request(caller, method, "/dav/verwalten/fest/datei.txt")
                    .header("Destination", to)
                    .send();
                assert!([403, 404].contains(&response.status), "{caller:?} {method} {to}\n{response}");
            }
        }
    }
}

#[test]
fn the_few_public_routes_say_nothing() {
    let world = World::new();
    let methods = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "DELETE", "PROPFIND", "MKCOL", "MOVE", "BREW"];
    for caller in CALLERS {
        for (path, allowed) in [
            ("/", &["GET", "HEAD", "OPTIONS"][..]),
            ("/health", &["GET", "HEAD"]),
            ("/static/tresor.css", &["GET", "HEAD"]),
        ] {
            for method in methods {
                let status = if allowed.contains(&method) { 200 } else { 405 };
                let response = world.request(caller, method, path).send();
                assert_eq!(response.status, status, "{caller:?} {method} {path}\n{response}");
                assert!(response.header("www-authenticate").is_none(), "{response}");
                assert_eq!(status == 405 || path == "/", response.header("allow").is_some(), "{response}");
                for (space, _) in SPACES {
                    assert!(!response.text().contains(space), "{response}");
                }
            }
        }
        for path in
            ["/metrics", "/static/", "/static/../etc/passwd", "/dav2/", "/davs", "/DAV/", "/admin", "/.env"]
        {
            for method in methods {
                let status = world.request(caller, method, path).send().status;
                assert_eq!(status, 404, "{caller:?} {method} {path}");
            }
        }
    }
}

#[test]
fn a_revoked_right_is_gone_with_the_next_request() {
    let world = World::new();
    let staff = CALLERS[1];
    let file = "/dav/verwalten/fest/datei.txt";
    world.request(staff, "GET", file).send().expect(200);
    let listed = |world: &World| {
        let listing = world.request(staff, "PROPFIND", "/dav/").header("Depth", "1").send();
        let listing = Multistatus::of(&listing);
        (listing.0[0].text("{DAV:}getetag").unwrap().to_owned(), listing.item("verwalten").is_some())
    };
    let (tag, is_listed) = listed(&world);
    assert!(is_listed);

    world.server.cli_ok(["grant", "mitarbeiter", "verwalten", "read"]);
    world.request(staff, "PUT", file).body("x").send().expect(403);
    world.request(staff, "GET", file).send().expect(200);
    world.server.cli_ok(["revoke", "mitarbeiter", "verwalten"]);
    world.request(staff, "GET", file).send().expect(404);
    let (new_tag, is_listed) = listed(&world);
    assert!(!is_listed);
    assert_ne!(tag, new_tag, "a sync client must see that the space is gone");

    world.server.cli_ok(["grant", "mitarbeiter", "verwalten", "write"]);
    world.request(staff, "PUT", file).body("x").send().expect(204);
    world.server.cli_ok(["user", "set-role", "mitarbeiter", "auditor"]);
    world.request(staff, "PUT", file).body("y").send().expect(403);
    world.server.cli_ok(["user", "disable", "mitarbeiter"]);
    world.request(staff, "GET", file).send().expect(401);
    world.server.cli_ok(["user", "enable", "mitarbeiter"]);
    world.request(staff, "GET", file).send().expect(200);
}

#[test]
fn a_device_password_works_for_its_user_until_it_is_revoked() {
    let world = World::new();
    let add = ["user", "app-password", "add", "mitarbeiter", "--label", "Laptop", "--json"];
    let issued: serde_json::Value = serde_json::from_str(&world.server.cli_ok(add)).unwrap();
    let (id, password) = (issued["id"].to_string(), issued["password"].as_str().unwrap());
    let file = "/dav/schreiben/fest/datei.txt";
    let device = |user: &str| world.server.anonymous("GET", file).sign_in(user, password).send().status;
    assert_eq!(device("mitarbeiter"), 200);
    assert_eq!(device("KANZLEI\\Mitarbeiter"), 200, "Windows sends a domain");
    assert_eq!(device("chefin"), 401);
    world.server.cli_ok(["user", "app-password", "revoke", "mitarbeiter", &id]);
    assert_eq!(device("mitarbeiter"), 401);
    // The person's own password is another one and goes on working.
    world.request(CALLERS[1], "GET", file).send().expect(200);
    // A changed password ends the old one at once, cached or not.
    let new = world.server.secret_file("neu.password", "Ganz-Anderes-Wort-2211");
    world.server.cli_ok(["user", "set-password", "mitarbeiter", "--password-file", new.to_str().unwrap()]);
    world.request(CALLERS[1], "GET", file).send().expect(401);
    let changed = world.server.anonymous("GET", file).sign_in("mitarbeiter", "Ganz-Anderes-Wort-2211");
    changed.send().expect(200);
}
