//! Requests about a withheld name: the rights matrix, and requests that go by its state or would take it.

use super::world::{AUTHOR, FILE, FOLDER, NEIGHBOUR, OTHER, Viewer, World};
use serde_json::{Value, json};

use crate::http::fixture::EXCLUSIVE;
use crate::http::public::{Link, SHARES};
use crate::http::rights::{CASES, Case, Kind, TRANSFERS, shape};
use crate::resumable::tus::to;
use crate::support::content::sha256;
use crate::support::http::{Request, Response};
use crate::support::server::SPACE;

use Answer::{LikeMissing, Taken};

/// A request that asks for everything that PROPFIND can tell of a file.
pub(super) const EVERYTHING: &str = r#"<D:propfind xmlns:D="DAV:" xmlns:o="http://owncloud.org/ns" xmlns:n="http://nextcloud.org/ns"><D:prop>
    <D:getetag/><D:getcontentlength/><D:getlastmodified/><D:displayname/><D:lockdiscovery/><D:resourcetype/>
    <o:checksums/><o:size/><o:fileid/><o:id/><o:permissions/><o:share-types/><x:dead xmlns:x="urn:x"/></D:prop></D:propfind>"#;

/// The answer to a request about a withheld name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The answer for a name that was never used.
    LikeMissing,
    /// That the name is taken, to a viewer who may write.
    Taken,
}
/// Facts about a withheld file that the walk knows.
pub(super) struct Known {
    /// With its quotes.
    pub(super) etag: String,
    /// Texts that no answer may contain.
    pub(super) marks: Vec<String>,
    /// Its size, which no answer may contain as a word.
    pub(super) size: String,
}

/// A request about a name by some viewer.
pub(super) struct Ask<'a> {
    pub(super) world: &'a World,
    pub(super) viewer: &'a Viewer,
    pub(super) name: &'a str,
    pub(super) known: &'a Known,
}

impl Ask<'_> {
    pub(super) fn request(&self, method: &str) -> Request {
        self.viewer.request(self.world, method, self.name)
    }

    /// The request with these headers, in which `ETAG`, `LOCK`, `SELF`, `NEIGHBOUR`, `FREE` and `ELSEWHERE` stand for
    /// their values.
    pub(super) fn with(&self, request: Request, headers: &[(&str, &str)]) -> Request {
        let url = |below: &str| self.viewer.url(self.world, below);
        let elsewhere = self.world.server().url(&format!("/dav/{OTHER}/neu.txt"));
        headers.iter().fold(request, |request, (header, value)| {
            let value = value.replace("ETAG", &self.known.etag).replace("LOCK", &self.world.lock);
            let value = value.replace("SELF", &url(self.name)).replace("NEIGHBOUR", &url(NEIGHBOUR));
            request.header(header, &value.replace("FREE", &url("neu.txt")).replace("ELSEWHERE", &elsewhere))
        })
    }
}

/// A kind of request about a name.
pub(super) struct Probe {
    pub(super) what: String,
    pub(super) answer: Answer,
    /// Whether it changes nothing where the name is visible.
    pub(super) is_safe: bool,
    pub(super) ask: Box<dyn Fn(&Ask<'_>) -> Request>,
}

pub(super) fn probe(
    what: impl Into<String>,
    answer: Answer,
    is_safe: bool,
    ask: impl Fn(&Ask<'_>) -> Request + 'static,
) -> Probe {
    Probe { what: what.into(), answer, is_safe, ask: Box::new(ask) }
}

/// The cases of the rights matrix about one of [`NAMES`].
pub(super) fn probes_of_matrix(name: &str) -> Vec<Probe> {
    let about = |case: &'static Case| {
        let answer = match (case.method, case.kind) {
            ("PUT", _) | ("LOCK", Kind::Lock) => Taken,
            _ => LikeMissing,
        };
        let is_safe = is_safe(case);
        let ask = |ask: &Ask<'_>| case.fill(ask.request(case.method), &ask.world.lock);
        probe(format!("{} {:?}", case.method, case.kind), answer, is_safe, ask)
    };
    let mut probes: Vec<_> = CASES.iter().filter(|case| case.path == name).map(about).collect();
    if name == FILE {
        probes.extend(TRANSFERS.iter().map(|transfer| {
            let ask = |ask: &Ask<'_>| {
                let destination = ask.viewer.url(ask.world, transfer.to);
                ask.request(transfer.method).header("Destination", &destination)
            };
            probe(format!("{} to {}", transfer.method, transfer.to), LikeMissing, false, ask)
        }));
    }
    probes
}

pub(super) fn is_safe(case: &Case) -> bool {
    matches!(case.method, "GET" | "HEAD" | "PROPFIND" | "OPTIONS" | "PATCH")
}

pub(super) type Headers = &'static [(&'static str, &'static str)];

pub(super) const DATE: &str = "Fri, 13 Feb 2009 23:31:30 GMT";

/// Reads of a name, with the texts that may follow it.
pub(super) const READS: [(&str, &str, Headers); 26] = [
    ("GET", "", &[("Range", "bytes=0-9")]),
    ("GET", "", &[("Range", "bytes=0-9,20-29")]),
    ("GET", "", &[("Range", "bytes=-5")]),
    ("GET", "", &[("Range", "bytes=999999-")]),
    ("GET", "", &[("If-None-Match", "ETAG")]),
    ("GET", "", &[("If-None-Match", "*")]),
    ("GET", "", &[("If-Match", "ETAG")]),
    ("GET", "", &[("If-Match", "*")]),
    ("GET", "", &[("If-Match", "\"other\"")]),
    ("GET", "", &[("If-Modified-Since", DATE)]),
    ("GET", "", &[("If-Unmodified-Since", DATE)]),
    ("GET", "", &[("If-Range", "ETAG"), ("Range", "bytes=0-9")]),
    ("GET", "", &[("If", "([ETAG])")]),
    ("GET", "", &[("If", "(Not [ETAG])")]),
    ("GET", "", &[("Accept", "text/html"), ("User-Agent", "Mozilla/5.0")]),
    ("GET", "/", &[]),
    ("GET", "/kind.txt", &[]),
    ("HEAD", "", &[("If-None-Match", "ETAG")]),
    ("HEAD", "", &[("Range", "bytes=0-9")]),
    ("HEAD", "", &[("If", "([ETAG])")]),
    ("PROPFIND", "", &[("Depth", "0"), ("If-None-Match", "ETAG")]),
    ("PROPFIND", "", &[("Depth", "0"), ("If-Match", "ETAG")]),
    ("PROPFIND", "", &[("Depth", "1")]),
    ("PROPFIND", "", &[("Depth", "infinity")]),
    ("PROPFIND", "/kind.txt", &[("Depth", "0")]),
    ("PATCH", "", &[("X-Recalculate-Hash", "md5")]),
];

/// Requests that would change a name or move its content.
pub(super) const CHANGES: [(&str, &str, Headers); 20] = [
    ("DELETE", "", &[("If-Match", "ETAG")]),
    ("DELETE", "", &[("If-Match", "\"other\"")]),
    ("DELETE", "", &[("If", "([ETAG])")]),
    ("DELETE", "", &[("Depth", "0")]),
    ("COPY", "", &[("Destination", "FREE"), ("If-Match", "ETAG")]),
    ("COPY", "", &[("Destination", "FREE"), ("Depth", "0")]),
    ("COPY", "", &[("Destination", "NEIGHBOUR"), ("Overwrite", "F")]),
    ("COPY", "", &[("Destination", "ELSEWHERE")]),
    ("COPY", "", &[("Destination", "SELF")]),
    ("MOVE", "", &[("Destination", "FREE"), ("If-Match", "ETAG")]),
    ("MOVE", "", &[("Destination", "NEIGHBOUR"), ("Overwrite", "F")]),
    ("MOVE", "", &[("Destination", "ELSEWHERE")]),
    ("MOVE", "", &[("Destination", "SELF")]),
    ("LOCK", "", &[("If", "(<LOCK>)")]),
    ("UNLOCK", "", &[("Lock-Token", "<LOCK>")]),
    ("PUT", "/kind.txt", &[]),
    ("MKCOL", "/kind", &[]),
    ("POST", "", &[]),
    ("REPORT", "", &[]),
    ("SEARCH", "", &[]),
];

/// Requests for another name whose condition is about this one: it has no state.
pub(super) const TAGGED: [Headers; 2] = [
    &[("If", "<SELF> ([ETAG])"), ("Overwrite", "T"), ("Destination", "FREE")],
    &[("If", "<SELF> (<LOCK>)"), ("Overwrite", "T"), ("Destination", "FREE")],
];

/// Requests that would give the name to something else.
pub(super) const TAKES: [(&str, &str, Headers); 12] = [
    ("PUT", "", &[("If-Match", "ETAG")]),
    ("PUT", "", &[("If-Match", "\"other\"")]),
    ("PUT", "", &[("If-None-Match", "*")]),
    ("PUT", "", &[("If", "([ETAG])")]),
    ("PUT", "", &[("If", "(Not [ETAG])")]),
    ("PUT", "", &[("OC-Checksum", "SHA1:da39a3ee5e6b4b0d3255bfef95601890afd80709")]),
    ("PUT", "", &[("Upload-Complete", "?1")]),
    ("PUT", "/kind.txt", &[("X-NC-WebDAV-Auto-Mkcol", "1")]),
    ("MKCOL", "", &[]),
    ("MKCOL", "", &[("If-None-Match", "*")]),
    ("LOCK", "", &[("Depth", "0")]),
    ("LOCK", "", &[("If", "([ETAG])")]),
];

/// Everything that is asked about a name beside the matrix.
pub(super) fn probes() -> Vec<Probe> {
    let plain = |(method, below, headers): (&'static str, &'static str, Headers), answer, is_safe| {
        let ask = move |ask: &Ask<'_>| {
            let request = ask.viewer.request(ask.world, method, &format!("{}{below}", ask.name));
            let request = ask.with(request, headers);
            match method {
                "LOCK" if answer == Taken => request.xml(EXCLUSIVE),
                "PUT" | "POST" => request.body(""),
                _ => request,
            }
        };
        probe(format!("{method} {below} {headers:?}"), answer, is_safe, ask)
    };
    let mut probes: Vec<_> = READS.into_iter().map(|read| plain(read, LikeMissing, true)).collect();
    probes.extend(CHANGES.into_iter().map(|change| plain(change, LikeMissing, false)));
    probes.extend(TAKES.into_iter().map(|take| plain(take, Taken, false)));
    let in_capitals = |name: &str| name.replace("datei", "DATEI").replace("fehlt", "FEHLT");
    for depth in ["0", "1"] {
        let ask = move |ask: &Ask<'_>| ask.request("PROPFIND").header("Depth", depth).xml(EVERYTHING);
        probes.push(probe(format!("PROPFIND {depth} of everything"), LikeMissing, true, ask));
    }
    probes.push(probe("PROPFIND of names", LikeMissing, true, |ask| {
        ask.request("PROPFIND")
            .header("Depth", "0")
            .xml(r#"<D:propfind xmlns:D="DAV:"><D:propname/></D:propfind>"#)
    }));
    probes.push(probe("PROPPATCH of the time", LikeMissing, false, |ask| ask.request("PROPPATCH").xml(TIME)));
    for method in ["GET", "HEAD"] {
        probes.push(probe(format!("{method} in capitals"), LikeMissing, true, move |ask| {
            ask.viewer.request(ask.world, method, &in_capitals(ask.name))
        }));
    }
    probes.push(probe("PUT in capitals", Taken, false, move |ask| {
        ask.viewer.request(ask.world, "PUT", &in_capitals(ask.name)).body("x")
    }));
    for headers in TAGGED {
        for method in ["COPY", "MOVE"] {
            probes.push(probe(format!("{method} {headers:?}"), LikeMissing, false, move |ask| {
                ask.with(ask.viewer.request(ask.world, method, NEIGHBOUR), headers)
            }));
        }
    }
    for (method, overwrite) in [("COPY", "T"), ("COPY", "F"), ("MOVE", "T"), ("MOVE", "F")] {
        probes.push(probe(format!("{method} onto it, Overwrite: {overwrite}"), Taken, false, move |ask| {
            let request = ask.viewer.request(ask.world, method, NEIGHBOUR);
            ask.with(request, &[("Destination", "SELF"), ("Overwrite", overwrite)])
        }));
    }
    probes
}

/// Requests that only people with an account may send.
pub(super) fn probes_of_users() -> Vec<Probe> {
    let mut probes = probes_of_protocols();
    probes.extend(probes_of_api());
    probes
}

/// The JSON interface.
fn probes_of_api() -> Vec<Probe> {
    let mut probes = Vec::new();
    for (method, what, answer) in [
        ("GET", "entries", LikeMissing),
        ("GET", "content", LikeMissing),
        ("HEAD", "content", LikeMissing),
        ("GET", "versions", LikeMissing),
        ("DELETE", "entries", LikeMissing),
        ("PUT", "content", Taken),
    ] {
        probes.push(probe(
            format!("{method} {what}"),
            answer,
            method != "DELETE" && method != "PUT",
            move |ask| api(ask, method, &format!("{what}?path={FOLDER}/{}", ask.name)),
        ));
    }
    let of = |name: &str| format!("{FOLDER}/{name}");
    for (what, answer, body) in [
        ("folders", Taken, (|it, _| json!({ "path": it })) as fn(String, String) -> Value),
        ("copy", LikeMissing, |it, other| json!({ "from": it, "to": other, "overwrite": true })),
        ("move", LikeMissing, |it, other| json!({ "from": it, "to": other, "overwrite": true })),
        ("copy", Taken, |it, other| json!({ "from": other, "to": it })),
        ("move", Taken, |it, other| json!({ "from": other, "to": it, "overwrite": true })),
        ("versions", LikeMissing, |it, _| json!({ "path": it, "version": 1 })),
    ] {
        probes.push(probe(format!("POST {what}"), answer, false, move |ask| {
            let body = body(of(ask.name), of(NEIGHBOUR)).to_string();
            api(ask, "POST", what).header("Content-Type", "application/json").body(body)
        }));
    }
    probes.push(probe("a search for it by the interface", LikeMissing, true, |ask| {
        let name = ask.name.rsplit('/').next().unwrap_or_default();
        ask.viewer.sign_in(ask.world.server().anonymous("GET", &format!("/api/v1/search?q={name}")))
    }));
    probes.push(probe("a link to it by the interface", LikeMissing, false, move |ask| {
        let body = json!({ "space": SPACE, "path": of(ask.name), "can": "read" });
        let request = ask.viewer.sign_in(ask.world.server().anonymous("POST", "/api/v1/links"));
        request.header("Content-Type", "application/json").body(body.to_string())
    }));
    probes
}

fn api(ask: &Ask<'_>, method: &str, rest: &str) -> Request {
    let target = format!("/api/v1/spaces/{SPACE}/{rest}");
    ask.viewer.sign_in(ask.world.server().anonymous(method, &target))
}

fn probes_of_protocols() -> Vec<Probe> {
    let ocs = |request: Request| request.header("OCS-APIRequest", "true");
    let path = |name: &str| format!("/{SPACE}/{FOLDER}/{name}");
    vec![
        probe("links to it", LikeMissing, true, move |ask| {
            let target = format!("{SHARES}?format=json&path={}", path(ask.name));
            ocs(ask.viewer.sign_in(ask.world.server().anonymous("GET", &target)))
        }),
        probe("a link to it", LikeMissing, false, move |ask| {
            let request = ocs(ask.viewer.sign_in(ask.world.server().anonymous("POST", SHARES)));
            request.body(format!("path={}&shareType=3&permissions=1", path(ask.name)))
        }),
        probe("a search for it by the Nextcloud apps", LikeMissing, true, move |ask| {
            let name = ask.name.rsplit('/').next().unwrap_or_default();
            let target = format!("/ocs/v2.php/search/providers/files/search?format=json&term={name}");
            ocs(ask.viewer.sign_in(ask.world.server().anonymous("GET", &target)))
        }),
        probe("tus", Taken, false, |ask| {
            let to = to(&format!("{FOLDER}/{}", ask.name));
            let request = ask.viewer.sign_in(ask.world.server().anonymous("POST", "/tus"));
            request
                .header("Tus-Resumable", "1.0.0")
                .header("Upload-Length", "3")
                .header("Upload-Metadata", &to)
                .body("")
        }),
        probe("an upload in parts", Taken, false, |ask| {
            ask.request("PUT").header("Upload-Complete", "?0").body("x")
        }),
    ]
}

pub(super) const TIME: &str = r#"<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><D:getlastmodified>Sat, 01 Jan 2011 00:00:00 GMT</D:getlastmodified></D:prop></D:set></D:propertyupdate>"#;

impl Known {
    pub(super) fn of(world: &World, name: &str) -> Self {
        let read = world.by(AUTHOR, "GET", &format!("/dav/{SPACE}/{FOLDER}/{name}")).send().expect(200);
        let header =
            |wanted: &str| read.header(wanted).unwrap_or_else(|| panic!("no {wanted}: {read}")).to_owned();
        let etag = header("etag");
        let marks = vec![
            name.rsplit('/').next().unwrap().to_owned(),
            etag.trim_matches('"').to_owned(),
            header("oc-fileid"),
            sha256(&read.body),
            header("repr-digest"),
            "Zeisig".to_owned(),
            "13 Feb 2009".to_owned(),
            "13.02.2009".to_owned(),
            world.lock.clone(),
        ];
        Self { etag, marks, size: read.body.len().to_string() }
    }

    /// Panics if an answer tells anything of the file.
    #[track_caller]
    pub(super) fn assert_untold(&self, told: &str, what: &str) {
        for mark in &self.marks {
            assert!(!told.contains(mark), "{what}: tells {mark}\n{told}");
        }
        let words = told.split(|letter: char| !letter.is_alphanumeric());
        assert!(!words.into_iter().any(|word| word == self.size), "{what}: tells its size\n{told}");
    }
}

/// An answer without the parts that differ from one request to the next, and without this name.
pub(super) fn told(response: &Response, name: &str) -> String {
    let mut told = shape(response, name);
    let boundary = response.header("content-type").and_then(|kind| kind.split_once("boundary="));
    // The word for the script of a page.
    let nonce = response.header("content-security-policy").and_then(|policy| policy.split_once("'nonce-"));
    let nonce = nonce.and_then(|(_, rest)| rest.split_once('\''));
    let randoms = [
        response.header("x-request-id"),
        boundary.map(|(_, boundary)| boundary),
        nonce.map(|(nonce, _)| nonce),
    ];
    for random in randoms.into_iter().flatten() {
        told = told.replace(random, "");
    }
    let mut parts = told.split("Second-");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |told, part| {
        told + "Second-" + part.trim_start_matches(|digit: char| digit.is_ascii_digit())
    })
}

/// Like [`told`], with all names.
pub(super) fn whole(response: &Response) -> String {
    told(response, "\0")
}

/// Requests about the folders above the withheld files.
pub(super) fn listings(world: &World, viewer: &Viewer, link: Option<&Link>) -> Vec<(String, Request)> {
    let mut listings = Vec::new();
    let mut add = |what: String, request: Request| listings.push((what, request));
    for case in CASES.iter().filter(|case| ["ordner/", ".."].contains(&case.path)) {
        if is_safe(case) || matches!(case.method, "REPORT" | "SEARCH") {
            let request = case.fill(viewer.request(world, case.method, case.path), &world.lock);
            add(format!("{} {} {:?}", case.method, case.path, case.kind), request);
        }
    }
    for path in ["", "ordner/", ".."] {
        for depth in ["0", "1", "infinity"] {
            let request = viewer.request(world, "PROPFIND", path).header("Depth", depth);
            add(format!("PROPFIND {path} {depth} of everything"), request.xml(EVERYTHING));
            let request = viewer.request(world, "PROPFIND", path).header("Depth", depth);
            add(format!("PROPFIND {path} {depth}"), request);
        }
        add(format!("GET {path}"), viewer.request(world, "GET", path));
    }
    let get = |target: &str| world.server().anonymous("GET", target);
    match link {
        None => {
            let (mount, _) = viewer.base.split_once(SPACE).unwrap();
            for depth in ["1", "infinity"] {
                let request = viewer.sign_in(world.server().anonymous("PROPFIND", mount));
                add(format!("PROPFIND {mount} {depth}"), request.header("Depth", depth).xml(EVERYTHING));
            }
            for query in ["", &format!("&path=/{SPACE}/{FOLDER}&subfiles=true"), &format!("&path=/{SPACE}")] {
                let request = viewer.sign_in(get(&format!("{SHARES}?format=json{query}")));
                add(format!("links {query}"), request.header("OCS-APIRequest", "true"));
            }
            for path in ["entries", &format!("entries?path={FOLDER}"), "trash", ""] {
                let path = format!("/api/v1/spaces/{SPACE}/{path}");
                add(format!("interface {path}"), viewer.sign_in(get(path.trim_end_matches('/'))));
            }
            add("links by the interface".to_owned(), viewer.sign_in(get("/api/v1/links")));
        }
        Some(link) => {
            for below in ["", "/files/", "/files/ordner/"] {
                add(format!("page {below}"), get(&format!("/s/{}{below}", link.token)));
            }
            let old = world.server().anonymous("PROPFIND", "/public.php/webdav/").sign_in(&link.token, "");
            add("PROPFIND at the old address".to_owned(), old.header("Depth", "infinity").xml(EVERYTHING));
        }
    }
    listings
}
