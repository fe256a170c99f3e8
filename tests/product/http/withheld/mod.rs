//! A content that is withheld. By every route and method, a viewer from whom it is hidden gets what a name gets that
//! was never used; only a request that would take the name learns that it is taken. Its author still sees that it
//! exists. What each viewer sees is decided in `library::visibility`.
//!
//! The program runs in this process, so that a test can set states while it answers. Every answer was given once
//! before, so that caches and memory have something to forget.

mod probes;
mod world;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufReader, Read, Write};
use std::path::Path;

use tresor::model::{Right, VersionState};

use self::probes::{
    Answer, Ask, EVERYTHING, Known, Probe, READS, listings, probe, probes, probes_of_matrix, probes_of_users,
    told, whole,
};
use self::world::{
    AUDITOR, AUTHOR, CLIENT, FILE, FOLDER, LOCKED, MANAGER, NAMES, NEIGHBOUR, OTHER, Viewer, World,
    content_of,
};
use crate::http::files::upload;
use crate::http::fixture::{EXCLUSIVE, token};
use crate::http::public::{Link, SHARES, fill};
use crate::http::rights::CASES;
use crate::library::withheld::withheld_states;
use crate::resumable::ietf::PART;
use crate::resumable::raw::{next_head, value};
use crate::resumable::tus::{self, to};
use crate::support::browser::{Browser, leads_to};
use crate::support::content::files_below;
use crate::support::http::Response;
use crate::support::multistatus::{Item, Multistatus};
use crate::support::pdfs::{self, PNG};
use crate::support::server::{ADMIN, PASSWORD, SPACE, USER};

use Answer::{LikeMissing, Taken};
use VersionState::{Held, Quarantined, Restricted, Visible};

/// The answers that some viewer got about one of [`NAMES`] before anything was withheld, by probe.
type Seen = Vec<Option<String>>;

/// One viewer's requests about one of [`NAMES`].
struct Walk<'a> {
    world: &'a World,
    viewer: &'a Viewer,
    name: &'static str,
    /// A name that was never used.
    missing: &'static str,
    known: &'a Known,
    probes: &'a [Probe],
    seen: Seen,
    /// The answer for the missing name; asked for when it is first needed.
    absent: Vec<Option<String>>,
}

impl<'a> Walk<'a> {
    /// Asks everything that changes nothing while all is visible.
    fn begin(
        world: &'a World,
        viewer: &'a Viewer,
        (name, missing): (&'static str, &'static str),
        known: &'a Known,
        probes: &'a [Probe],
    ) -> Self {
        let mut walk = Self {
            world,
            viewer,
            name,
            missing,
            known,
            probes,
            seen: Vec::new(),
            absent: vec![None; probes.len()],
        };
        walk.seen = probes.iter().map(|probe| probe.is_safe.then(|| walk.told(probe, name))).collect();
        let plain = walk.told(&probe("GET", LikeMissing, true, |ask| ask.request("GET")), name);
        assert_eq!(plain.contains("Zeisig"), viewer.right.is_some(), "{}: {plain}", viewer.who);
        walk
    }

    fn told(&self, probe: &Probe, name: &str) -> String {
        told(&self.send(probe, name), name)
    }

    fn send(&self, probe: &Probe, name: &str) -> Response {
        let Self { world, viewer, known, .. } = *self;
        (probe.ask)(&Ask { world, viewer, name, known }).send()
    }

    /// Asks everything while the name is hidden.
    fn assert_hidden(&mut self, state: VersionState) {
        let absent = std::mem::take(&mut self.absent);
        let compare = |(probe, absent): (&Probe, Option<String>)| {
            let what = format!("{state}, {}: {} {}", self.viewer.who, probe.what, self.name);
            let response = self.send(probe, self.name);
            self.known.assert_untold(&whole(&response), &what);
            let told = told(&response, self.name);
            match probe.answer {
                LikeMissing => {
                    let absent = absent.unwrap_or_else(|| self.told(probe, self.missing));
                    assert_eq!(told, absent, "{what}: not like a name that was never used");
                    Some(absent)
                }
                Taken => {
                    let status = match self.viewer.right {
                        None => 404,
                        Some(right) if right < Right::Write => 403,
                        // A part of an upload is refused to guests in any case.
                        Some(_) if self.viewer.is_guest && response.status == 400 => 400,
                        Some(_) => 423,
                    };
                    assert_eq!(response.status, status, "{what}\n{response}");
                    None
                }
            }
        };
        self.absent = self.probes.iter().zip(absent).map(compare).collect();
    }

    /// Sends the requests again that were sent before anything was withheld.
    fn assert_as_before(&self, state: VersionState) {
        for (probe, seen) in self.probes.iter().zip(&self.seen) {
            let what = format!("after {state}, {}: {} {}", self.viewer.who, probe.what, self.name);
            if let Some(seen) = seen {
                assert_eq!(self.told(probe, self.name), *seen, "{what}");
            }
        }
    }
}

#[test]
fn a_hidden_content_is_answered_like_a_name_that_was_never_used() {
    let world = World::furnished();
    let server = world.server();
    let links = [(Link::to(server, FOLDER, 1), Right::Read), (Link::to(server, FOLDER, 15), Right::Write)];
    let mut viewers = vec![
        (Viewer::user(USER, "/dav", Some(Right::Write)), None),
        (Viewer::user(USER, "/remote.php/webdav", Some(Right::Write)), None),
        (Viewer::user(USER, "/remote.php/dav/files/staff", Some(Right::Write)), None),
        (Viewer::user(MANAGER, "/dav", Some(Right::Manage)), None),
        (Viewer::user(CLIENT, "/dav", Some(Right::Read)), None),
        (Viewer::user(AUDITOR, "/dav", Some(Right::Read)), None),
        (Viewer::user(ADMIN, "/dav", None), None),
        (Viewer::user(AUTHOR, "/dav", Some(Right::Write)), None),
    ];
    viewers.extend(links.iter().map(|(link, right)| (Viewer::guest(link, *right), Some(link))));
    let known = NAMES.map(|(name, _)| Known::of(&world, name));
    let (of_users, of_all) = (probes_of_users(), probes());
    let of_matrix = NAMES.map(|(name, _)| probes_of_matrix(name));
    // The last three are about names that have no file, withheld or not.
    let paths = [FILE, LOCKED, "ordner/", "..", "neu.txt", "neu/", "fehlt.txt"];
    assert!(
        CASES.iter().all(|case| paths.contains(&case.path)),
        "a new path of the matrix is walked, or named here"
    );

    let mut walks = Vec::new();
    for (viewer, link) in &viewers {
        for ((names, known), matrix) in NAMES.into_iter().zip(&known).zip(&of_matrix) {
            let mut sets = vec![matrix];
            // Below another folder the same is asked by fewer.
            let is_asked_all =
                names.0 == FILE || names.0 != LOCKED && (link.is_some() || viewer.who == viewers[0].0.who);
            sets.extend(is_asked_all.then_some(&of_all));
            sets.extend((link.is_none() && is_asked_all).then_some(&of_users));
            walks.extend(sets.into_iter().map(|set| Walk::begin(&world, viewer, names, known, set)));
        }
    }
    let list = |viewer, link: Option<&Link>| -> Vec<(String, Response)> {
        listings(&world, viewer, link).into_iter().map(|(what, request)| (what, request.send())).collect()
    };
    let listed: Vec<_> = viewers.iter().map(|(viewer, link)| list(viewer, *link)).collect();
    let names = |text: &str| NAMES.map(|(name, _)| text.contains(name.rsplit('/').next().unwrap()));
    let before = world.state();

    for state in withheld_states() {
        world.set_all(state);
        // The reads of a worker are not remembered for others.
        assert_eq!(world.state(), before);
        let is_hidden_from =
            |viewer: &Viewer| state == Restricted || viewer.login.is_none_or(|(who, _)| who != AUTHOR);
        for walk in walks.iter_mut().filter(|walk| is_hidden_from(walk.viewer)) {
            walk.assert_hidden(state);
        }
        for ((viewer, link), listed) in
            viewers.iter().zip(&listed).filter(|((viewer, _), _)| is_hidden_from(viewer))
        {
            for ((what, now), (_, then)) in list(viewer, *link).iter().zip(listed) {
                let what = format!("{state}, {}: {what}", viewer.who);
                assert_eq!(now.status, then.status, "{what}\n{now}");
                let is_neighbour_told = |answer: &Response| answer.text().contains(NEIGHBOUR);
                assert_eq!(is_neighbour_told(now), is_neighbour_told(then), "{what}\n{now}");
                for known in &known {
                    known.assert_untold(&whole(now), &what);
                }
            }
        }
        assert_eq!(world.state(), before, "{state}: something changed");
        world.set_all(Visible);
        for walk in &walks {
            walk.assert_as_before(state);
        }
        for ((viewer, link), listed) in viewers.iter().zip(&listed) {
            for ((what, now), (_, then)) in list(viewer, *link).iter().zip(listed) {
                let what = format!("after {state}, {}: {what}", viewer.who);
                assert_eq!(
                    (now.status, names(&now.text())),
                    (then.status, names(&then.text())),
                    "{what}\n{now}"
                );
            }
        }
    }
}

#[test]
fn its_author_sees_that_a_withheld_content_exists_and_may_replace_it() {
    let world = World::furnished();
    let base = format!("/dav/{SPACE}/{FOLDER}/");
    let file = format!("{base}{FILE}");
    let by = |user: &str, method: &str, target: &str| world.by(user, method, target);
    let viewer = Viewer::user(AUTHOR, "/dav", Some(Right::Write));
    let known = Known::of(&world, FILE);
    let item = |folder: &str, depth: &str| {
        let listing = by(AUTHOR, "PROPFIND", folder).header("Depth", depth).xml(EVERYTHING).send();
        let mut items = Multistatus::of(&listing).0.into_iter();
        items.find(|item| item.path() == file).unwrap_or_else(|| panic!("{listing}"))
    };
    let text = |item: &Item, name: &str| {
        item.property(name).filter(|found| found.status == 200).map(|found| found.text.clone())
    };
    for state in [Held, Quarantined] {
        world.set(&format!("{FOLDER}/{FILE}"), state);
        for (method, below, headers) in
            READS.into_iter().filter(|(method, ..)| ["GET", "HEAD"].contains(method))
        {
            let name = format!("{FILE}{below}");
            let ask = Ask { world: &world, viewer: &viewer, name: &name, known: &known };
            let response = ask.with(ask.request(method), headers).send();
            // Requests below a file, and with conditions, are answered as always.
            let expected = match (below, headers) {
                ("/kind.txt", _) => 404,
                (_, [("If", "(Not [ETAG])")]) => 412,
                _ => 423,
            };
            assert_eq!(response.status, expected, "{state}: {method} {below} {headers:?}\n{response}");
            let told = whole(&response);
            assert!(!told.contains("Zeisig") && !told.contains("digest"), "{state}\n{response}");
        }
        for item in [item(&file, "0"), item(&base, "1")] {
            assert_eq!(text(&item, "{DAV:}getetag").as_ref(), Some(&known.etag), "{state}");
            assert_eq!(text(&item, "{DAV:}getcontentlength").as_ref(), Some(&known.size), "{state}");
            assert_eq!(text(&item, "{http://owncloud.org/ns}permissions").unwrap(), "DNVW", "{state}");
            assert_eq!(text(&item, "{http://owncloud.org/ns}checksums"), None, "{state}");
        }
        let sums = by(AUTHOR, "PATCH", &file).header("X-Recalculate-Hash", "sha1").send().expect(204);
        assert!(sums.header("oc-checksum").is_none() && sums.header("repr-digest").is_none(), "{sums}");
        let page = by(AUTHOR, "GET", &base).send().expect(200).text();
        assert!(page.contains(FILE) && !page.contains(&format!("{FILE}\"")), "named, and no link: {page}");

        let (free, elsewhere) = (format!("{base}neu.txt"), format!("/dav/{OTHER}/neu.txt"));
        for (method, from, to, status) in [
            ("COPY", &file, &free, 423),
            ("COPY", &file, &elsewhere, 423),
            ("MOVE", &file, &elsewhere, 423),
            ("COPY", &base, &format!("/dav/{SPACE}/kopie"), 423),
            ("COPY", &base, &format!("/dav/{OTHER}/kopie"), 423),
            ("MOVE", &base, &format!("/dav/{OTHER}/kopie"), 423),
            ("MOVE", &file, &free, 201),
            ("MOVE", &free, &file, 201),
        ] {
            let response = by(AUTHOR, method, from).header("Destination", to).send().expect(status);
            assert!(!response.text().contains("Zeisig"), "{response}");
            if status == 423 {
                by(AUTHOR, "PROPFIND", to).header("Depth", "0").send().expect(404);
            }
        }
        // A link that its author makes opens once the content is released.
        let made = by(AUTHOR, "POST", &format!("{SHARES}?format=json"));
        let form = format!("path=/{SPACE}/{FOLDER}/{FILE}&shareType=3&permissions=1");
        let link = Link::made_by(made, &form, None);
        link.ask(world.server(), "GET", "").send().expect(404);
        let locked = by(AUTHOR, "LOCK", &file).header("Depth", "0").xml(EXCLUSIVE).send().expect(200);
        by(AUTHOR, "UNLOCK", &file).header("Lock-Token", &format!("<{}>", token(&locked))).send().expect(204);

        by(USER, "PUT", &file).body("x").send().expect(423);
        by(USER, "GET", &file).send().expect(404);
        world.set(&format!("{FOLDER}/{FILE}"), Visible);
        assert_eq!(link.ask(world.server(), "GET", "").send().expect(200).body, content_of(0));
        assert_eq!(by(USER, "GET", &file).send().expect(200).header("etag"), Some(known.etag.as_str()));
    }

    // A new content has a state of its own.
    let old = world.version(&format!("{FOLDER}/{FILE}"));
    world.set_version(old, Held);
    by(AUTHOR, "PUT", &file).header("If-Match", &known.etag).body("neu").send().expect(204);
    assert_eq!(by(USER, "GET", &file).send().expect(200).text(), "neu");
    by(AUTHOR, "DELETE", &file).send().expect(204);
}

/// Every method that a guest knows, and the pages of the link.
fn requests_of_link(world: &World, link: &str) -> Vec<Response> {
    let server = world.server();
    let mount = format!("/public.php/dav/files/{link}");
    let mut answers: Vec<_> =
        [("GET", ""), ("PROPFIND", ""), ("PUT", ""), ("LOCK", ""), ("HEAD", "/datei.txt")]
            .into_iter()
            .map(|(method, below)| {
                let request = server.anonymous(method, &format!("{mount}{below}"));
                fill(request, method, "/x").send()
            })
            .collect();
    for below in ["", "/download", "/files/datei.txt"] {
        let request = server.anonymous("GET", &format!("/s/{link}{below}")).header("Accept-Language", "en");
        answers.push(request.send());
    }
    answers
}

#[test]
fn a_link_to_a_hidden_file_is_like_one_that_never_was() {
    let world = World::furnished();
    let server = world.server();
    let place = format!("{FOLDER}/{FILE}");
    let links = [Link::to(server, &place, 1), Link::to(server, &place, 3)];
    let drop_box = Link::to(server, FOLDER, 4);
    let known = Known::of(&world, FILE);
    let of_unknown = |length: usize| -> Vec<String> {
        let token = "q".repeat(length);
        requests_of_link(&world, &token).iter().map(|answer| told(answer, &token)).collect()
    };
    let unknown = of_unknown(links[0].token.len());
    let number = known.marks[2].clone();
    let share = |id: &str| {
        let request = server.request("GET", &format!("{SHARES}/{id}?format=json"));
        whole(&request.header("OCS-APIRequest", "true").send())
    };
    let search = |number: &str| {
        let body = SEARCH.replace("NUMBER", number);
        Multistatus::of(&server.request("SEARCH", "/remote.php/dav/").xml(&body).send()).0.len()
    };
    let search_name = || {
        let (before, _) = SEARCH.split_once("<d:eq>").unwrap();
        let like =
            format!("<d:like><d:prop><d:displayname/></d:prop><d:literal>%{FILE}%</d:literal></d:like>");
        let body = format!("{before}{like}</d:where></d:basicsearch></d:searchrequest>");
        Multistatus::of(&server.request("SEARCH", "/remote.php/dav/").xml(&body).send()).0.len()
    };
    let put = || drop_box.ask(server, "PUT", &format!("/{FILE}")).body("dazu").send();
    let form = || {
        let part = format!(
            "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{FILE}\"\r\n\r\ndazu\r\n--x--\r\n"
        );
        let request =
            server.anonymous("POST", &format!("/s/{}", drop_box.token)).header("Accept-Language", "en");
        request.header("Content-Type", "multipart/form-data; boundary=x").body(part).send()
    };
    let opened = |link: &Link| link.ask(server, "GET", "").send().expect(200).body;
    let (added, sent) = (whole(&put()), steady(&form()));
    let before = world.state();

    for state in withheld_states() {
        assert!(links.iter().all(|link| opened(link) == content_of(0)));
        assert_eq!((share(&links[0].id).contains(FILE), search(&number), search_name()), (true, 1, 1));
        world.set(&place, state);
        for link in &links {
            for (answer, unknown) in requests_of_link(&world, &link.token).iter().zip(&unknown) {
                assert_eq!(&told(answer, &link.token), unknown, "{state}");
            }
            assert_eq!(share(&link.id), share("99999"), "{state}: its creator is told nothing either");
        }
        assert_eq!((search(&number), search_name()), (0, 0), "{state}");
        // To a guest who only adds, no name was ever taken.
        assert_eq!((whole(&put()), steady(&form())), (added.clone(), sent.clone()), "{state}");
        assert_eq!(world.state(), before, "{state}: something changed");
        world.set(&place, Visible);
    }
    assert!(links.iter().all(|link| opened(link) == content_of(0)));
    assert_eq!(drop_box.ask(server, "GET", "").send().status, 403);
}

/// The page of a hand-in without its time, its numbers, and the secret and the codes that each browser gets anew.
fn steady(answer: &Response) -> String {
    let whole = whole(answer);
    let is_own = |line: &&str| !(line.starts_with("set-cookie:") || line.starts_with("content-length:"));
    let text = whole.lines().filter(is_own).collect::<Vec<_>>().join("\n");
    let (text, rest) = text.split_once("<details").unwrap();
    let text = format!("{text}{}", rest.split_once("</details>").unwrap().1);
    let (before, arrived) = text.split_once("<span class=\"state\">").unwrap();
    let (_, rest) = arrived.split_once('<').unwrap();
    let (between, rest) = rest.split_once("name=\"file\" value=\"").unwrap();
    format!("{before}{between}{}", rest.split_once('"').unwrap().1)
}

const SEARCH: &str = "<?xml version='1.0'?><d:searchrequest xmlns:d=\"DAV:\" xmlns:oc=\"http://owncloud.org/ns\">\
    <d:basicsearch><d:select><d:prop><oc:id/><d:getcontentlength/></d:prop></d:select><d:from><d:scope>\
    <d:href>/files/staff/</d:href><d:depth>infinity</d:depth></d:scope></d:from><d:where><d:eq><d:prop><oc:fileid/>\
    </d:prop><d:literal>NUMBER</d:literal></d:eq></d:where></d:basicsearch></d:searchrequest>";

/// A content from a guest has no author, so no user sees that it exists.
#[test]
fn what_a_guest_sent_is_hidden_from_everyone_while_it_is_withheld() {
    let world = World::furnished();
    let link = Link::to(world.server(), FOLDER, 15);
    link.ask(world.server(), "PUT", "/gast.txt").body("vom Gast").send().expect(201);
    world.set(&format!("{FOLDER}/gast.txt"), Held);
    let file = format!("/dav/{SPACE}/{FOLDER}/gast.txt");
    for user in [AUTHOR, USER, MANAGER, CLIENT] {
        world.by(user, "PROPFIND", &file).header("Depth", "0").send().expect(404);
    }
    link.ask(world.server(), "PUT", "/gast.txt").body("noch einmal").send().expect(423);
    link.ask(world.server(), "GET", "/gast.txt").send().expect(404);
    world.set(&format!("{FOLDER}/gast.txt"), Visible);
    assert_eq!(link.ask(world.server(), "GET", "/gast.txt").send().expect(200).text(), "vom Gast");
}

/// Requests that began, connections that were opened and uploads that ended before the content was withheld.
#[test]
fn nothing_that_began_before_reaches_a_hidden_content() {
    let world = World::furnished();
    let server = world.server();
    let place = format!("{FOLDER}/{FILE}");
    let file = format!("/dav/{SPACE}/{place}");

    // One connection, and the ETag of its first answer in the second request.
    let login = data_encoding::BASE64.encode(format!("{USER}:{PASSWORD}").as_bytes());
    let head = |target: &str, more: &str| {
        format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {login}\r\n{more}\r\n")
    };
    let mut line = BufReader::new(server.endpoint().connect());
    let next = |line: &mut BufReader<_>| {
        let (status, lines) = next_head(line);
        let length = value(&lines, "content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; if status == 304 { 0 } else { length }];
        line.read_exact(&mut body).unwrap();
        (status, value(&lines, "etag").map(str::to_owned), body)
    };
    line.get_mut().write_all(head(&file, "").as_bytes()).unwrap();
    let (status, etag, body) = next(&mut line);
    assert_eq!((status, body), (200, content_of(0)));
    let known = format!("If-None-Match: {}\r\n", etag.unwrap());
    line.get_mut().write_all(head(&file, &known).as_bytes()).unwrap();
    assert_eq!(next(&mut line).0, 304);

    // An upload in each protocol that names the file, and all of its bytes but the last request.
    let begun = tus::begin(server, &place, 3);
    tus::patch(server, &begun, 0, b"ab", &[]).expect(204);
    let draft = server.request("PUT", &file).header("Upload-Complete", "?0").body("ab").send().expect(201);
    let draft = draft.header("location").unwrap().to_owned();
    let session = format!("/remote.php/dav/uploads/{USER}/7");
    server.request("MKCOL", &session).send().expect(201);
    server.request("PUT", &format!("{session}/1")).body("abc").send().expect(201);
    // One that the author ends as a file; its answer could be lost.
    let by_author =
        |method: &str, target: &str| world.by(AUTHOR, method, target).header("Tus-Resumable", "1.0.0");
    let to = to(&format!("{FOLDER}/tus.txt"));
    let post = by_author("POST", "/tus").header("Upload-Length", "3").header("Upload-Metadata", &to);
    let done = post.body("").send().expect(201).header("location").unwrap().to_owned();
    let patch = by_author("PATCH", &done).header("Upload-Offset", "0").header("Content-Type", tus::CONTENT);
    let ended = patch.body("abc").send().expect(204);
    // A file longer than the bytes sent between two checks and those that the connection holds.
    let long = format!("/dav/{SPACE}/{FOLDER}/lang.bin");
    let length = 48 << 20;
    world.by(AUTHOR, "PUT", &long).body(vec![7; length]).send().expect(201);
    let mut download = server.endpoint().connect();
    download.write_all(head(&long, "").as_bytes()).unwrap();
    let mut first = [0; 1024];
    download.read_exact(&mut first).unwrap();
    assert!(first.starts_with(b"HTTP/1.1 200"));

    for state in withheld_states() {
        world.set(&place, state);
        line.get_mut().write_all(head(&file, &known).as_bytes()).unwrap();
        let (status, etag, body) = next(&mut line);
        assert_eq!((status, etag), (404, None), "{state}: {}", body.escape_ascii());

        if state == Held {
            tus::patch(server, &begun, 2, b"c", &[]).expect(423);
        }
        // With all of its bytes, every request tries to end it.
        assert_eq!(tus::head(server, &begun).status, 423, "{state}");
        let patch =
            server.request("PATCH", &draft).header("Upload-Offset", "2").header("Upload-Complete", "?1");
        let patched = patch.header("Content-Type", PART).body("c").send();
        assert!([409, 423].contains(&patched.status), "{state}: {patched}");
        let moved = server.request("MOVE", &format!("{session}/.file")).header("Destination", &file);
        moved.send().expect(423);
        assert_eq!(by_author("HEAD", &done).send().expect(200).header("etag"), ended.header("etag"));
        world.set(&place, Visible);
    }
    assert_eq!(server.request("GET", &file).send().expect(200).body, content_of(0));

    // The memory of an upload's end is its author's while the author may know of the file.
    let of_upload = format!("{FOLDER}/tus.txt");
    for (state, status) in [(Held, 200), (Restricted, 404), (Visible, 200)] {
        world.set(&of_upload, state);
        by_author("HEAD", &done).send().expect(status);
    }

    world.set(&format!("{FOLDER}/lang.bin"), Quarantined);
    let mut rest = Vec::new();
    let _ = download.read_to_end(&mut rest);
    assert!(rest.len() < length - 1024, "a long download is broken off: {}", rest.len());
}

#[test]
fn the_pages_of_files_know_no_hidden_content() {
    let world = World::furnished();
    let anna = Browser::signed_in(world.server(), "de", USER, PASSWORD);
    let here = format!("/files/{SPACE}/{FOLDER}/");
    let page = |path: &str| anna.get(path);
    let file = format!("{here}{FILE}");
    page(&file).expect(200);
    for state in withheld_states() {
        world.set(&format!("{FOLDER}/{FILE}"), state);
        let listed = page(&here).expect(200);
        assert!(!listed.text().contains(FILE) && listed.text().contains(NEIGHBOUR), "{listed}");
        let found = page("/files/?search=txt").expect(200);
        assert!(!found.text().contains(FILE) && found.text().contains(NEIGHBOUR), "{state} {found}");
        for form in [vec![("do", "delete")], vec![("do", "rename"), ("name", "neu.txt")]] {
            let ask = |name: &str| {
                let about = format!("{here}{name}?about");
                let answer = anna.send(&listed, &about, &form);
                told(&answer, name)
            };
            assert_eq!(ask(FILE), ask("fehlt.txt"), "{state}");
        }
        for query in [
            "",
            "?about",
            "?history",
            "/",
            "?view",
            "?view=2",
            "?page=1",
            "?picture",
            "?version=1",
            "?view&version=1",
        ] {
            let ask = |name: &str| told(&page(&format!("{here}{name}{query}")), name);
            assert_eq!(ask(FILE), ask("fehlt.txt"), "{state} {query}");
        }
        for action in ["delete", "move", "copy"] {
            let fields = [("do", action), ("space", SPACE), ("folder", ""), ("item", FILE)];
            let ask = |name: &str| {
                let fields = fields.map(|(field, value)| (field, if value == FILE { name } else { value }));
                told(&anna.send(&listed, &here, &fields).expect(409), name)
            };
            assert_eq!(ask(FILE), ask("fehlt.txt"), "{state} {action}");
        }
        // The name is taken: a file sent under it gets another one.
        leads_to(&upload(&anna, &here, &[(FILE, "neu")]));
        world.set(&format!("{FOLDER}/{FILE}"), Visible);
    }
    assert!(page(&file).expect(200).text().contains("Zeisig"));
}

/// A picture that was made before lies in memory.
#[test]
fn no_picture_of_a_hidden_content_comes_from_memory() {
    let world = World::furnished();
    let here = format!("/files/{SPACE}/{FOLDER}/");
    for (name, content) in
        [("scan.pdf", pdfs::pages((595, 842), &["Zeisig".to_owned()])), ("foto.svg", PNG.to_vec())]
    {
        let file = format!("/dav/{SPACE}/{FOLDER}/{name}");
        world.by(AUTHOR, "PUT", &file).body(content).send().expect(201);
    }
    let [author, anna, client] =
        [AUTHOR, USER, CLIENT].map(|name| Browser::signed_in(world.server(), "de", name, PASSWORD));
    let asked =
        [("scan.pdf", "?view"), ("scan.pdf", "?page=1"), ("foto.svg", "?view"), ("foto.svg", "?picture")];
    let missing = asked.map(|(_, query)| told(&anna.get(&format!("{here}fehlt{query}")), "fehlt"));
    for state in withheld_states() {
        for (at, (name, query)) in asked.into_iter().enumerate() {
            let address = format!("{here}{name}{query}");
            for person in [&author, &anna, &client] {
                person.get(&address).expect(200);
            }
            world.set(&format!("{FOLDER}/{name}"), state);
            for person in [&anna, &client] {
                let answer = person.get(&address).expect(404);
                assert!(!answer.text().contains("<img"), "{state} {address}");
            }
            assert_eq!(told(&anna.get(&address), name), missing[at], "{state} {address}");
            let answer = author.get(&address);
            assert!(answer.status >= 400 && !answer.text().contains("<img"), "{state} {answer}");
            world.set(&format!("{FOLDER}/{name}"), Visible);
        }
    }
}

#[test]
fn an_archive_has_only_what_everybody_may_fetch() {
    let world = World::furnished();
    let link = Link::to(world.server(), FOLDER, 1);
    let viewers = [
        Viewer::user(AUTHOR, "/dav", Some(Right::Write)),
        Viewer::user(MANAGER, "/dav", Some(Right::Manage)),
        Viewer::guest(&link, Right::Read),
    ];
    let zip = |viewer: &Viewer, method: &str| viewer.request(&world, method, "?zip").send().expect(200);
    let has = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|found| found == text.as_bytes());
    let place = format!("{FOLDER}/{FILE}");
    for viewer in &viewers {
        let before = zip(viewer, "GET");
        assert!(has(&before.body, FILE) && has(&before.body, "offen.txt"), "{}", viewer.who);
        for state in withheld_states() {
            world.set(&place, state);
            let now = zip(viewer, "GET");
            let what = format!("{state}, {}", viewer.who);
            assert!(
                !has(&now.body, FILE) && !has(&now.body, &String::from_utf8_lossy(&content_of(0)[..99])),
                "{what}"
            );
            assert!(has(&now.body, "offen.txt") && now.header("etag") != before.header("etag"), "{what}");
            assert_eq!(has(&now.body, "One file is still being checked"), state == Held, "{what}");
            let length = zip(viewer, "HEAD").header("content-length").unwrap().to_owned();
            assert_eq!(length, now.body.len().to_string(), "{what}");
            world.set(&place, Visible);
        }
        assert!(zip(viewer, "GET").body == before.body, "{}", viewer.who);
    }
}

#[test]
fn a_state_survives_a_restart() {
    let world = World::furnished();
    let file = format!("/dav/{SPACE}/{FOLDER}/{FILE}");
    world.set(&format!("{FOLDER}/{FILE}"), Quarantined);
    let World { serving, program, .. } = world;
    drop(serving);
    let mut server = program.close();
    server.spawn();
    server.request("GET", &file).send().expect(404);
    server.request("PUT", &file).body("x").send().expect(423);
    let author = |method: &str| server.anonymous(method, &file).sign_in(AUTHOR, PASSWORD);
    author("PROPFIND").header("Depth", "0").send().expect(207);
    author("GET").send().expect(423);
}

/// The arguments of `Route::named` and `Route::quiet` in `http` that the requests above reach: the mounts, the share
/// API, the pages of files, uploads in parts by tus and the IETF's drafts, links with their pages and trees.
const WALKED: [&str; 6] = ["\"api\"", "\"dav\"", "\"files\"", "\"ocs\"", "endpoint.name(", "route"];
/// Those of pages that name what is held to those who decide about it, and to no others: `intake::pages`. The PDF of a
/// document is read as by WebDAV.
/// The page of a link names what was handed in to its maker, as a receipt does; so does the page of a request to those who
/// judge it, and it opens a file as WebDAV does: `http::judging`. That of a request to an account is the link of its recipient.
const DECIDED: [&str; 4] = ["\"asked\"", "\"holding\"", "\"links\"", "\"requests\""];
/// Those of answers in which no file occurs.
const WITHOUT_FILES: [&str; 18] = [
    "\"absent\"",
    "\"account\"",
    "\"check\"",
    "\"health\"",
    "\"legal\"",
    "\"locked\"",
    "\"login\"",
    "\"login-flow\"",
    "\"login-poll\"",
    "\"logout\"",
    "\"none\"",
    "\"office\"",
    "\"online\"",
    "\"root\"",
    "\"session\"",
    // Takes files in; its lists name what the asking browser sent itself.
    "\"sending\"",
    "\"static\"",
    "\"status\"",
];

#[test]
fn a_new_route_is_walked_or_has_no_files() {
    let mut found = BTreeSet::new();
    for file in files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http")) {
        let source = fs::read_to_string(file).unwrap();
        for part in source.split("Route::").skip(1) {
            let argument = part.strip_prefix("named(").or_else(|| part.strip_prefix("quiet("));
            found.extend(argument.and_then(|rest| rest.split(')').next()).map(str::to_owned));
        }
    }
    let known =
        WALKED.iter().chain(&DECIDED).chain(&WITHOUT_FILES).map(|route| (*route).to_owned()).collect();
    assert_eq!(found, known, "add its requests to this file, and its name here");
}
