//! The walls of the house: which room may import which, and what belongs into one room only.
//!
//! Rust has no walls between the modules of one package, so this test reads the sources as the compiler
//! tokenises them and holds them against [`ROOMS`]. `ARCHITECTURE.md` repeats the table for people; the
//! two must agree. Every message says what to do.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "these lints guard the server; a test may stop at the first surprise"
)]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

use syn::buffer::{Cursor, TokenBuffer};

#[path = "architecture/codes.rs"]
mod codes;
#[path = "architecture/complaints.rs"]
mod complaints;
#[path = "architecture/limits.rs"]
mod limits;
#[path = "architecture/statements.rs"]
mod statements;

/// Each room and the rooms it may import. A room stands below all that it imports, so the arrows point
/// one way by construction.
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("text", &["model"]),
    ("scan", &["model"]),
    ("inspect", &["model"]),
    ("convert", &["model"]),
    ("print", &["model"]),
    ("proof", &["model"]),
    ("vault", &["model"]),
    ("catalog", &["model"]),
    ("library", &["model", "vault", "catalog"]),
    ("uploads", &["model", "vault", "catalog", "library"]),
    ("recovery", &["model", "vault", "catalog", "library"]),
    ("intake", &["model", "convert", "scan", "inspect", "proof", "catalog", "library"]),
    ("accounts", &["model", "catalog"]),
    ("sharing", &["model", "proof", "catalog", "library", "accounts"]),
    ("notices", &["model", "text", "catalog", "accounts", "sharing"]),
    (
        "admin",
        &["model", "text", "library", "uploads", "recovery", "intake", "accounts", "sharing", "notices"],
    ),
    ("net", &["model"]),
    ("lmtp", &["model", "library", "intake", "notices", "net"]),
    (
        "http",
        &["model", "text", "print", "library", "uploads", "intake", "accounts", "sharing", "admin", "net"],
    ),
    ("config", &["model", "scan", "net"]),
    (
        "app",
        &[
            "model", "text", "scan", "inspect", "convert", "print", "proof", "vault", "catalog", "library",
            "uploads", "recovery", "intake", "accounts", "sharing", "notices", "admin", "net", "lmtp",
            "http", "config",
        ],
    ),
    (
        "cli",
        &[
            "model", "text", "scan", "inspect", "convert", "print", "proof", "vault", "catalog", "library",
            "uploads", "recovery", "intake", "accounts", "sharing", "notices", "admin", "net", "lmtp",
            "http", "config", "app",
        ],
    ),
    ("main", &["cli"]),
    ("parsers", &["inspect", "vault", "net", "http"]),
];

/// The folders of `http` that each answer one protocol. They share the files beside them (`protocol`, `context`,
/// `page`, `auth`, `reply`, `error`, ...) and import no other endpoint; only the router knows them all.
const ENDPOINTS: [&str; 12] = [
    "account",
    "api",
    "dav",
    "files",
    "holding",
    "links",
    "my_links",
    "nextcloud",
    "office",
    "requests",
    "resumable",
    "signin",
];

/// The file that lists the files in `migrations/`.
const MIGRATIONS: &str = "src/catalog/sqlite/migrate.rs";

/// The rooms that use the files of `library` and not only the items that its `mod.rs` passes on: they take
/// part in its transactions.
const INSIDERS: [&str; 3] = ["uploads", "recovery", "intake"];

/// Names that hide the purpose of a module, so that everything ends up in it.
const EMPTY_NAMES: [&str; 7] = ["common", "helper", "helpers", "misc", "prelude", "util", "utils"];

/// The rooms whose sentences clients and pages show.
const HEARD: [&str; 7] = ["model", "text", "uploads", "accounts", "sharing", "net", "http"];

/// The one place that makes the right of a worker.
const WORKERS: &str = "src/library/worker.rs";

/// The beginnings of statements. The text after the blank makes it a statement rather than a word such as a method.
const SQL: [&str; 9] =
    ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "PRAGMA ", "WITH RECURSIVE ", "CREATE ", "ALTER ", "DROP "];

/// Folders of a data directory, and names in it that mean nothing else.
const FOLDERS: [&str; 6] = ["keys/", "catalog/", "snapshots/", "tls/", "spaces/", "tmp/"];
const FILES: [&str; 11] = [
    "FORMAT",
    "tmp",
    "mark.age",
    "control.sock",
    "lost+found",
    "catalog.db",
    "-wal",
    "-shm",
    ".age",
    ".tar",
    ".part",
];

#[test]
fn the_house_keeps_its_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("TRESOR_WRITE_DOCS").is_some() {
        let files = House::read(root).files();
        std::fs::write(root.join("docs/limits.md"), limits::page(&files)).unwrap();
        std::fs::write(root.join("docs/errors.md"), codes::page(&files)).unwrap();
    }
    let faults = House::read(root).faults();
    assert!(faults.is_empty(), "\n\n- {}\n", faults.join("\n- "));
}

/// The files that the rules apply to.
#[derive(Clone, Default)]
struct House {
    /// Path from the package's root, text.
    sources: Vec<(String, String)>,
    /// Names of the files in `migrations/`, sorted.
    migrations: Vec<String>,
    /// Text of `ARCHITECTURE.md`.
    architecture: String,
    /// Text of `docs/limits.md`.
    limits: String,
    /// Text of `docs/errors.md`.
    errors: String,
}

impl House {
    fn read(root: &Path) -> Self {
        let mut house = Self {
            architecture: std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap(),
            limits: std::fs::read_to_string(root.join("docs/limits.md")).unwrap_or_default(),
            errors: std::fs::read_to_string(root.join("docs/errors.md")).unwrap_or_default(),
            ..Self::default()
        };
        let mut folders = vec![root.join("src")];
        while let Some(folder) = folders.pop() {
            for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let place = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                    house.sources.push((place, std::fs::read_to_string(path).unwrap()));
                }
            }
        }
        house.sources.sort();
        let migrations = std::fs::read_dir(root.join("migrations")).unwrap();
        house.migrations =
            migrations.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        house.migrations.sort();
        house
    }

    fn files(&self) -> Vec<File> {
        self.sources.iter().map(|(place, text)| File::read(place, text)).collect()
    }

    fn faults(&self) -> Vec<String> {
        let files = self.files();
        let mut faults = table_faults();
        faults.extend(rooms_faults(&files));
        faults.extend(import_faults(&files));
        faults.extend(circle_faults(&files));
        faults.extend(endpoint_faults(&files));
        faults.extend(matter_faults(&files));
        faults.extend(migration_faults(&self.migrations, &files));
        faults.extend(paper_faults(&self.architecture, &files));
        faults.extend(limits::faults(&self.limits, &files));
        faults.extend(codes::faults(&self.errors, &files));
        faults.extend(command_faults(&files));
        faults
    }
}

// ---- The rules.

fn table_faults() -> Vec<String> {
    let misplaced = |(at, (room, allowed)): (usize, &(&str, &[&str]))| {
        let above: Vec<_> = ROOMS[..at].iter().map(|(room, _)| room).collect();
        let wrong = allowed.iter().find(|room| !above.contains(room))?;
        Some(format!(
            "ROOMS in tests/architecture.rs: `{room}` imports `{wrong}`, which does not stand above it. \
                      Imports point one way: reorder the table, or drop the import."
        ))
    };
    ROOMS.iter().enumerate().filter_map(misplaced).collect()
}

fn rooms_faults(files: &[File]) -> Vec<String> {
    let known: BTreeSet<&str> = ROOMS.iter().map(|(room, _)| *room).collect();
    let found: BTreeSet<&str> = files.iter().filter_map(File::room).collect();
    let unknown = found.difference(&known).map(|room| {
        format!("src/{room} is a room that nobody knows. Give it a row in ROOMS (tests/architecture.rs) and in \
                 ARCHITECTURE.md that says what it owns and may import, or move the code into the room it belongs to.")
    });
    let gone = known.difference(&found).map(|room| {
        format!("Room `{room}` stands in ROOMS (tests/architecture.rs) but not in src/. Remove its rows there and in \
                 ARCHITECTURE.md.")
    });
    unknown.chain(gone).collect()
}

fn import_faults(files: &[File]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        let own = file.room().unwrap_or("lib");
        let allowed =
            ROOMS.iter().find(|(room, _)| *room == own).map_or(&[] as &[&str], |(_, allowed)| allowed);
        for import in &file.imports {
            let (place, path) = (&file.place, import.join("::"));
            let Some(room) = import.first().filter(|first| ROOMS.iter().any(|(room, _)| room == first))
            else {
                faults.push(format!(
                    "{place} imports `crate::{path}`, which names no room. Write `crate::<room>::…`."
                ));
                continue;
            };
            let is_inside = |file: &File| import.len() > 2 && file.module == import[..2];
            if room == "library" && room != own && !INSIDERS.contains(&own) && files.iter().any(is_inside) {
                faults.push(format!(
                    "{place} imports `crate::{path}`, but the files of `library` are open to {} alone. Use what \
                     src/library/mod.rs passes on, or add a use case there.",
                    INSIDERS.join(" and ")
                ));
                continue;
            }
            if room == own || allowed.contains(&room.as_str()) {
                continue;
            }
            let may = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
            faults.push(format!(
                "{place} imports `crate::{path}`, but `{own}` may import {may}. Ask one of those rooms for what is \
                 needed; if the wall is wrong, change ROOMS and ARCHITECTURE.md together and say why."
            ));
        }
    }
    faults
}

/// Within each folder, the files and subfolders (each taken as a whole) import one another one way. A folder's
/// `mod.rs` is excepted: it holds what its files share. Tests may import as they like.
fn circle_faults(files: &[File]) -> Vec<String> {
    let test_modules: Vec<&Vec<String>> = files.iter().flat_map(|file| &file.test_modules).collect();
    let by_module: BTreeMap<&[String], &File> =
        files.iter().map(|file| (file.module.as_slice(), file)).collect();
    // Per folder: what each of its children imports of the others, and where.
    let mut folders: BTreeMap<&[String], BTreeMap<&str, BTreeMap<&str, &File>>> = BTreeMap::new();
    for file in files {
        if test_modules.iter().any(|module| file.module.starts_with(module)) {
            continue;
        }
        for path in &file.paths {
            let Some(target) = resolve(path, &by_module, 0) else { continue };
            let (from, to) = (&file.module, &target.module);
            let shared = from.iter().zip(to).take_while(|(one, other)| one == other).count();
            // One of the two is a `mod.rs` above the other, or they are rooms, which have a table of their own.
            if shared == 0 || shared == from.len() || shared == to.len() {
                continue;
            }
            let children = folders.entry(&from[..shared]).or_default();
            children.entry(&from[shared]).or_default().entry(&to[shared]).or_insert(file);
        }
    }
    let mut faults = Vec::new();
    for (folder, children) in &folders {
        for (child, imports) in children {
            let Some((circle, first)) =
                imports.iter().find_map(|(next, file)| Some((way(children, next, child)?, *file)))
            else {
                continue;
            };
            // Each circle is named once, from its first member.
            if circle.iter().any(|member| member < child) {
                continue;
            }
            let folder = folder.join("/");
            faults.push(format!(
                "src/{}: `{child}` > `{}` is a circle ({} leaves `{child}`). Move what both sides need into a file below \
                 them, or hand it in as a parameter.",
                folder,
                circle.join("` > `"),
                first.place,
            ));
        }
    }
    faults
}

/// An endpoint of `http` imports no other endpoint, and of the files beside them only the router imports any.
fn endpoint_faults(files: &[File]) -> Vec<String> {
    let test_modules: Vec<&Vec<String>> = files.iter().flat_map(|file| &file.test_modules).collect();
    let by_module: BTreeMap<&[String], &File> =
        files.iter().map(|file| (file.module.as_slice(), file)).collect();
    let mut faults = Vec::new();
    for file in files {
        let Some(own) = http_child(&file.module) else { continue };
        if own == "router" || test_modules.iter().any(|module| file.module.starts_with(module)) {
            continue;
        }
        for path in &file.paths {
            let target = resolve(path, &by_module, 0).map_or(path, |target| &target.module);
            let endpoint = [path, target].into_iter().filter_map(|module| http_child(module));
            if let Some(other) = endpoint.into_iter().find(|name| *name != own && ENDPOINTS.contains(name)) {
                faults.push(format!(
                    "{} imports `crate::{}`: only `http::router` imports the endpoint `{other}`. Move what both need \
                     into a file of `http` below the endpoints, such as `protocol`, `page` or `reply`.",
                    file.place,
                    path.join("::"),
                ));
            }
        }
    }
    faults
}

/// The folder or file of `http` to which a module belongs.
fn http_child(module: &[String]) -> Option<&str> {
    let [room, child, ..] = module else { return None };
    (room == "http").then_some(child)
}

/// The shortest chain of imports from one child of a folder to another, both included.
fn way<'a>(
    children: &BTreeMap<&'a str, BTreeMap<&'a str, &File>>,
    from: &'a str,
    to: &str,
) -> Option<Vec<&'a str>> {
    let mut seen = BTreeSet::from([from]);
    let mut ways = VecDeque::from([vec![from]]);
    while let Some(way) = ways.pop_front() {
        let last = *way.last()?;
        if last == to {
            return Some(way);
        }
        for next in children.get(last).into_iter().flat_map(BTreeMap::keys) {
            if seen.insert(next) {
                ways.push_back([way.as_slice(), &[*next]].concat());
            }
        }
    }
    None
}

/// The file that declares the item of a path, re-exports followed.
fn resolve<'a>(
    path: &[String],
    by_module: &BTreeMap<&'a [String], &'a File>,
    depth: usize,
) -> Option<&'a File> {
    let (length, file) =
        (1..=path.len()).rev().find_map(|length| Some((length, *by_module.get(&path[..length])?)))?;
    let passed_on = path.get(length).and_then(|name| {
        let path = file.paths.iter().find(|path| path.len() > 1 && path.last() == Some(name))?;
        (depth < 8).then(|| resolve(path, by_module, depth + 1)).flatten()
    });
    Some(passed_on.unwrap_or(file))
}

fn matter_faults(files: &[File]) -> Vec<String> {
    let test_modules: Vec<&Vec<String>> = files.iter().flat_map(|file| &file.test_modules).collect();
    let mut faults = Vec::new();
    for file in files {
        let (place, room) = (&file.place, file.room().unwrap_or("lib"));
        let is_test = test_modules.iter().any(|module| file.module.starts_with(module));
        for name in file.modules.iter().chain(&file.module) {
            if EMPTY_NAMES.contains(&name.as_str()) {
                faults.push(format!(
                    "{place}: a module named `{name}` collects everything. Name it after what it owns."
                ));
            }
        }
        for matter in &file.matters {
            let fault = match matter {
                Matter::StatusCode if room != "http" && room != "net" => {
                    "names StatusCode. Only `http` and `net` know statuses: return the room's error and let http map it"
                }
                Matter::Granted if room != "accounts" && room != "model" && !is_test => {
                    "makes an Access. Only `accounts` decides about rights: ask Accounts::access"
                }
                Matter::GrantedToWorker if place != WORKERS && room != "model" && !is_test => {
                    "makes a worker's Access. Only `library::worker` does: ask Library::as_worker"
                }
                Matter::Place if place != "src/model/layout.rs" && !is_test => {
                    "spells a place in the data directory. Only `model::layout` knows these: take a constant or function of it, or add one"
                }
                Matter::Rusqlite if !place.starts_with("src/catalog/sqlite/") && !is_test => {
                    "uses rusqlite. Only `catalog::sqlite` knows SQLite: ask its Connection or Database, or give them a method"
                }
                Matter::RawMarkup => "writes markup past maud's escaping. Build it with `html!`",
                Matter::Insides if !may_import(room, "catalog") => {
                    "asks a handle for its catalogue or storage. Add a use case to `library`"
                }
                Matter::Sql if room != "catalog" && !is_test => {
                    "holds SQL. Put the statement into `catalog`, into the file of its table, as a method of ReadTx or WriteTx"
                }
                _ => continue,
            };
            faults.push(format!("{place} {fault}."));
        }
    }
    faults
}

fn may_import(room: &str, other: &str) -> bool {
    ROOMS.iter().any(|(name, allowed)| *name == room && allowed.contains(&other))
}

/// Clients and pages show what these rooms say, and the people in front of them have no command line.
fn command_faults(files: &[File]) -> Vec<String> {
    let is_heard = |file: &&File| {
        file.room().is_some_and(|room| HEARD.contains(&room)) || file.place == "src/library/error.rs"
    };
    let said = files.iter().filter(is_heard).flat_map(|file| file.texts.iter().map(move |text| (file, text)));
    let commands = said.filter(|(_, text)| text.contains("tresor "));
    let fault = |(file, text): (&File, &String)| {
        format!(
            "{}: {text:?} names a command, and clients may show it. `refused` in src/cli/output.rs adds commands to errors \
             by their codes.",
            file.place
        )
    };
    commands.map(fault).collect()
}

fn migration_faults(migrations: &[String], files: &[File]) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, number) in migrations.iter().zip(1..) {
        if !name.starts_with(&format!("{number:04}-")) || Path::new(name).extension() != Some("sql".as_ref())
        {
            faults.push(format!(
                "migrations/{name} should be migrations/{number:04}-<what>.sql: numbers start at 0001 and have no gaps."
            ));
        }
    }
    let list = files.iter().find(|file| file.place == MIGRATIONS);
    let listed: Vec<&str> = list
        .iter()
        .flat_map(|file| &file.texts)
        .filter_map(|text| text.strip_prefix("../../../migrations/"))
        .collect();
    if listed != migrations {
        faults.push(format!(
            "{MIGRATIONS} includes {listed:?}, migrations/ holds {migrations:?}. List every file in \
             MIGRATIONS, in order, and never change or drop a released one."
        ));
    }
    faults
}

fn paper_faults(architecture: &str, files: &[File]) -> Vec<String> {
    [table_on_paper_faults(architecture), picture_faults(architecture), map_faults(architecture, files)]
        .concat()
}

/// The picture and the lines below it name each room.
fn picture_faults(architecture: &str) -> Vec<String> {
    let top = architecture.split("\n## ").next().unwrap_or_default();
    let words: BTreeSet<&str> = top.split(|sign: char| !sign.is_ascii_lowercase()).collect();
    let missing = ROOMS.iter().filter(|(room, _)| !words.contains(room));
    missing
        .map(|(room, _)| format!("ARCHITECTURE.md: the picture at its top lacks the room `{room}`. Draw it."))
        .collect()
}

/// Files and folders of a room that the page names are there.
fn map_faults(architecture: &str, files: &[File]) -> Vec<String> {
    let in_a_room = |word: &&str| ROOMS.iter().any(|(room, _)| word.starts_with(&format!("{room}/")));
    let is_place = |word: &&str| word.ends_with('/') || Path::new(word).extension() == Some("rs".as_ref());
    let named = architecture.split('`').skip(1).step_by(2).filter(in_a_room).filter(is_place);
    let is_gone = |word: &&str| {
        let place = format!("src/{word}");
        !files
            .iter()
            .any(|file| file.place == place || (place.ends_with('/') && file.place.starts_with(&place)))
    };
    named
        .filter(is_gone)
        .map(|word| format!("ARCHITECTURE.md names `{word}`, which is not in src/. Correct it."))
        .collect()
}

fn table_on_paper_faults(architecture: &str) -> Vec<String> {
    let table = architecture.split("\n## ").find(|section| section.starts_with("Rooms")).unwrap_or_default();
    let written: Vec<(String, String)> = table
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.strip_prefix("| `")?.strip_suffix('|')?.split('|').collect();
            let room =
                cells.first()?.trim().trim_end_matches('`').trim_end_matches('/').trim_end_matches(".rs");
            Some((room.to_owned(), cells.last()?.trim().to_owned()))
        })
        .collect();
    let expected = |(at, (room, allowed)): (usize, &(&str, &[&str]))| {
        let imports = match allowed.len() {
            0 => "nothing".to_owned(),
            // "all above" reads better than a list of nine.
            count if count == at && count > 3 => "all above".to_owned(),
            _ => allowed.join(", "),
        };
        ((*room).to_owned(), imports)
    };
    let expected: Vec<_> = ROOMS.iter().enumerate().map(expected).collect();
    let missing = expected.iter().filter(|row| !written.contains(row)).map(|(room, imports)| {
        format!("ARCHITECTURE.md, table in \"## Rooms\": no row begins with `{room}` and ends with \"{imports}\". Correct it.")
    });
    let surplus = written.iter().filter(|row| !expected.contains(row)).map(|(room, imports)| {
        format!("ARCHITECTURE.md, table in \"## Rooms\": the row of `{room}` (imports: {imports}) is not in ROOMS \
                 (tests/architecture.rs). Correct one of them.")
    });
    missing.chain(surplus).collect()
}

// ---- Facts about a file.

struct File {
    place: String,
    text: String,
    /// `src/vault/keys/seal.rs` is `vault`, `keys`, `seal`; `src/lib.rs` is nothing.
    module: Vec<String>,
    /// Paths that lead to the crate's root or past the file's module, from the root: `model`, `ByteRange`.
    imports: Vec<Vec<String>>,
    /// All paths outside of tests that lead to the package, from the root.
    paths: Vec<Vec<String>>,
    /// Names of the modules declared in it.
    modules: Vec<String>,
    /// Modules declared in it under `#[cfg(test)]`, from the root.
    test_modules: Vec<Vec<String>>,
    /// String literals.
    texts: Vec<String>,
    /// Names of constants, in their order.
    consts: Vec<String>,
    matters: Vec<Matter>,
}

/// Matters that belong into one room only; none is looked for under `#[cfg(test)]`.
#[derive(Debug, PartialEq, Eq)]
enum Matter {
    StatusCode,
    Granted,
    GrantedToWorker,
    Place,
    Sql,
    /// The library that opens SQLite databases.
    Rusqlite,
    RawMarkup,
    /// `.catalog()`, `.storage()`
    Insides,
}

impl File {
    fn read(place: &str, text: &str) -> Self {
        let inner = place.strip_prefix("src/").unwrap().strip_suffix(".rs").unwrap();
        let mut module: Vec<String> = inner.split('/').map(str::to_owned).collect();
        module.pop_if(|last| *last == "mod" || *last == "lib");
        let mut file = Self {
            place: place.to_owned(),
            text: text.to_owned(),
            module: module.clone(),
            imports: Vec::new(),
            paths: Vec::new(),
            modules: Vec::new(),
            test_modules: Vec::new(),
            texts: Vec::new(),
            consts: Vec::new(),
            matters: Vec::new(),
        };
        let stream = text.parse().unwrap_or_else(|error| panic!("{place}: {error}"));
        let tokens = tokens(TokenBuffer::new2(stream).begin());
        file.collect_imports(&tokens, &module);
        file.collect_paths(&tokens, &module);
        file.collect_matters(&tokens, &module);
        file
    }

    fn room(&self) -> Option<&str> {
        self.module.first().map(String::as_str)
    }

    /// Also reads macros and tests: a wall has no holes for either.
    fn collect_imports(&mut self, tokens: &[Token], module: &[String]) {
        use Token::{Body, Colons, Group, Word};
        let mut rest = tokens;
        while let [first, tail @ ..] = rest {
            rest = tail;
            match (first, tail) {
                (Word(word), [Word(name), Body(body), ..]) if word == "mod" => {
                    self.collect_imports(body, &[module, std::slice::from_ref(name)].concat());
                    rest = &tail[2..];
                }
                // `pub(crate)` is no import; `crate as …` would hide one.
                (Word(word), [Word(next), ..]) if word == "crate" && next == "as" => {
                    self.imports.push(vec!["self".to_owned()]);
                }
                (Word(word), [Colons, path @ ..]) if word == "crate" || word == "tresor" => {
                    self.imports.extend(leaves(path, Vec::new()));
                    rest = behind(path);
                }
                (Word(word), [Colons, path @ ..]) if word == "super" || word == "self" => {
                    let from = &module[..module.len().saturating_sub(usize::from(word == "super"))];
                    let reached = leaves(path, from.to_vec());
                    self.imports
                        .extend(reached.into_iter().filter(|path| path.first() != self.module.first()));
                    rest = behind(path);
                }
                (Body(inner) | Group(inner), _) => self.collect_imports(inner, module),
                _ => {}
            }
        }
    }

    fn collect_paths(&mut self, tokens: &[Token], module: &[String]) {
        use Token::{Body, Colons, Group, Sign, Word};
        let mut rest = tokens;
        while let [first, tail @ ..] = rest {
            rest = tail;
            match (first, tail) {
                (Sign('#'), [Group(attribute), item @ ..]) if is_cfg_test(attribute) => {
                    rest = &item[item_len(item)..];
                }
                (Word(word), [Word(name), Body(body), ..]) if word == "mod" => {
                    self.collect_paths(body, &[module, std::slice::from_ref(name)].concat());
                    rest = &tail[2..];
                }
                (Word(word), [Colons, path @ ..]) if word == "crate" => {
                    self.paths.extend(leaves(path, Vec::new()));
                    rest = behind(path);
                }
                (Word(word), [Colons, path @ ..]) if word == "super" || word == "self" => {
                    let from = &module[..module.len().saturating_sub(usize::from(word == "super"))];
                    self.paths.extend(leaves(path, from.to_vec()));
                    rest = behind(path);
                }
                // `use child::Item`; the name of another package finds no file.
                (Word(word), [Word(from), Colons, ..])
                    if word == "use" && !["crate", "self", "super"].contains(&from.as_str()) =>
                {
                    self.paths.extend(leaves(tail, module.to_vec()));
                }
                (Body(inner) | Group(inner), _) => self.collect_paths(inner, module),
                _ => {}
            }
        }
    }

    fn collect_matters(&mut self, tokens: &[Token], module: &[String]) {
        use Token::{Body, Colons, Group, Sign, Text, Word};
        let mut rest = tokens;
        while let [first, tail @ ..] = rest {
            rest = tail;
            match (first, tail) {
                (Sign('#'), [Group(attribute), item @ ..]) if is_cfg_test(attribute) => {
                    rest = &item[item_len(item)..];
                    if let Some(name) = declared_module(&item[..item_len(item)]) {
                        self.modules.push(name.clone());
                        self.test_modules.push([module, std::slice::from_ref(name)].concat());
                    }
                }
                // Doc comments talk about everything.
                (Sign('#'), [Group(attribute), ..] | [Sign('!'), Group(attribute), ..]) if matches!(attribute.first(), Some(Word(word)) if word == "doc") =>
                {
                    rest = &tail[1 + usize::from(tail.first() == Some(&Sign('!')))..];
                }
                (Word(word), [Word(name), body @ ..]) if word == "mod" => {
                    self.modules.push(name.clone());
                    if let [Body(inner), ..] = body {
                        self.collect_matters(inner, &[module, std::slice::from_ref(name)].concat());
                        rest = &tail[2..];
                    }
                }
                (Word(word), [Word(name), Sign(':'), ..]) if word == "const" => {
                    self.consts.push(name.clone());
                }
                (Word(word), _) if word == "StatusCode" => self.matters.push(Matter::StatusCode),
                (Word(word), _) if word == "rusqlite" => self.matters.push(Matter::Rusqlite),
                (Word(word), _) if word == "PreEscaped" || word == "render_to" => {
                    self.matters.push(Matter::RawMarkup);
                }
                (Sign('.'), [Word(word), Group(inner), ..])
                    if inner.is_empty() && (word == "catalog" || word == "storage") =>
                {
                    self.matters.push(Matter::Insides);
                }
                // Under any name of the type here.
                (Colons, [Word(word), ..]) if word == "granted_to_worker" => {
                    self.matters.push(Matter::GrantedToWorker);
                }
                (Colons, [Word(word), ..]) if word.starts_with("granted") => {
                    self.matters.push(Matter::Granted);
                }
                (Text(text), _) => {
                    if SQL.iter().any(|start| text.trim_start().starts_with(start)) {
                        self.matters.push(Matter::Sql);
                    }
                    if is_place(text) {
                        self.matters.push(Matter::Place);
                    }
                    self.texts.push(text.clone());
                }
                (Body(inner) | Group(inner), _) => self.collect_matters(inner, module),
                _ => {}
            }
        }
    }
}

/// Whether a text is, or begins with, a path in a data directory. A sentence may name a folder: "spaces/ is empty".
fn is_place(text: &str) -> bool {
    let inside = |folder: &&str| text.strip_prefix(folder).is_some_and(|rest| !rest.starts_with(' '));
    FOLDERS.iter().any(inside) || FILES.contains(&text)
}

/// The paths that begin with `from` and go on as `path` does, grouped imports spread out.
fn leaves(path: &[Token], from: Vec<String>) -> Vec<Vec<String>> {
    match path {
        [Token::Word(word), Token::Colons, path @ ..] if word == "super" => {
            leaves(path, from[..from.len().saturating_sub(1)].to_vec())
        }
        [Token::Word(word), Token::Colons, path @ ..] => leaves(path, [from, vec![word.clone()]].concat()),
        [Token::Word(word), ..] => vec![[from, vec![word.clone()]].concat()],
        [Token::Body(inner), ..] => {
            let branches =
                inner.split(|token| *token == Token::Sign(',')).filter(|branch| !branch.is_empty());
            branches.flat_map(|branch| leaves(branch, from.clone())).collect()
        }
        [Token::Sign('*'), ..] => vec![[from, vec!["*".to_owned()]].concat()],
        _ => Vec::new(),
    }
}

/// A path without its last name; a group has been spread out by [`leaves`].
fn behind(path: &[Token]) -> &[Token] {
    match path {
        [Token::Word(_), Token::Colons, path @ ..] => behind(path),
        [Token::Body(_), rest @ ..] | rest => rest,
    }
}

fn is_cfg_test(attribute: &[Token]) -> bool {
    let [Token::Word(cfg), Token::Group(condition)] = attribute else { return false };
    cfg == "cfg" && *condition == [Token::Word("test".to_owned())]
}

/// Tokens of the item at the start, its further attributes included: up to its body or semicolon, or to
/// the comma behind a field or variant.
fn item_len(tokens: &[Token]) -> usize {
    let mut angles = 0;
    let mut before = None;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign('<') => angles += 1,
            Token::Sign('>') if before != Some(&Token::Sign('-')) => angles -= 1,
            Token::Body(_) | Token::Sign(';') => return at + 1,
            Token::Sign(',') if angles == 0 => return at + 1,
            _ => {}
        }
        before = Some(token);
    }
    tokens.len()
}

fn declared_module(item: &[Token]) -> Option<&String> {
    item.windows(2).find_map(|pair| match pair {
        [Token::Word(word), Token::Word(name)] if word == "mod" => Some(name),
        _ => None,
    })
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `::`
    Colons,
    Sign(char),
    /// A string literal's value.
    Text(String),
    /// `{…}`
    Body(Vec<Token>),
    /// `(…)` or `[…]`
    Group(Vec<Token>),
}

fn tokens(mut cursor: Cursor<'_>) -> Vec<Token> {
    let mut tokens = Vec::new();
    while !cursor.eof() {
        if let Some((word, rest)) = cursor.ident() {
            tokens.push(Token::Word(word.to_string()));
            cursor = rest;
        } else if let Some((sign, rest)) = cursor.punct() {
            match (sign.as_char(), tokens.last_mut()) {
                (':', Some(last @ Token::Sign(':'))) => *last = Token::Colons,
                (sign, _) => tokens.push(Token::Sign(sign)),
            }
            cursor = rest;
        } else if let Some((inside, delimiter, _, rest)) = cursor.any_group() {
            // The delimiter's type belongs to a crate that syn does not pass on; its name is stable.
            let is_body = format!("{delimiter:?}") == "Brace";
            let inside = crate::tokens(inside);
            tokens.push(if is_body { Token::Body(inside) } else { Token::Group(inside) });
            cursor = rest;
        } else if let Some((literal, rest)) = cursor.literal() {
            if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                tokens.push(Token::Text(text.value()));
            }
            cursor = rest;
        } else {
            cursor = cursor.token_tree().expect("not at the end").1;
        }
    }
    tokens
}

// ---- The checker checked: a rule that cannot fail protects nothing.

/// Faults of a house that consists of these files.
fn faults_of(files: &[(&str, &str)]) -> Vec<String> {
    let sources = files.iter().map(|(place, text)| ((*place).to_owned(), (*text).to_owned())).collect();
    House { sources, ..House::default() }.faults()
}

#[test]
fn every_wall_holds_against_every_way_through() {
    for (place, text, said) in [
        ("src/vault/x.rs", "use crate::catalog::Catalog;", "imports `crate::catalog::Catalog`"),
        (
            "src/vault/x.rs",
            "use crate::{model::Id, catalog::{Catalog, EntryRow}};",
            "`crate::catalog::EntryRow`",
        ),
        ("src/vault/x.rs", "pub use crate::catalog;", "imports `crate::catalog`"),
        (
            "src/vault/a/b.rs",
            "use super::super::super::library::Library;",
            "imports `crate::library::Library`",
        ),
        ("src/vault/a/b.rs", "use super::super::super::{library};", "imports `crate::library`"),
        (
            "src/vault/mod.rs",
            "mod a { mod b { use super::super::super::cli::*; } }",
            "imports `crate::cli::*`",
        ),
        ("src/vault/mod.rs", "use super::library;", "imports `crate::library`"),
        ("src/vault/x.rs", "fn f() -> crate::net::Limits { todo() }", "imports `crate::net::Limits`"),
        ("src/vault/x.rs", "fn f() { vec![(crate::accounts::decide)()]; }", "`crate::accounts::decide`"),
        (
            "src/vault/x.rs",
            "#[cfg(test)] mod tests { use crate::app::serve; }",
            "imports `crate::app::serve`",
        ),
        ("src/model/x.rs", "use crate::vault;", "`model` may import nothing"),
        (
            "src/http/x.rs",
            "use crate::vault::disk::Disk;",
            "`http` may import model, text, print, library, uploads, intake, accounts, sharing, admin, net",
        ),
        ("src/http/x.rs", "use crate::catalog::Catalog;", "imports `crate::catalog::Catalog`"),
        ("src/net/x.rs", "use crate::library::Library;", "`net` may import model"),
        ("src/library/x.rs", "use crate::accounts::Accounts;", "imports `crate::accounts::Accounts`"),
        ("src/admin/x.rs", "use crate::catalog::Catalog;", "imports `crate::catalog::Catalog`"),
        ("src/app/x.rs", "use crate::cli::Cli;", "imports `crate::cli::Cli`"),
        ("src/main.rs", "fn main() { tresor::app::serve() }", "imports `crate::app::serve`"),
        ("src/vault/x.rs", "use crate as house;", "names no room"),
        ("src/vault/x.rs", "use crate::*;", "names no room"),
        ("src/vault/x.rs", "use crate::nowhere::X;", "names no room"),
        ("src/lib.rs", "pub use crate::vault::VaultError;", "src/lib.rs imports"),
        ("src/mail/mod.rs", "", "src/mail is a room that nobody knows"),
        ("src/vault/utils.rs", "", "a module named `utils`"),
        ("src/vault/x.rs", "mod common { }", "a module named `common`"),
        ("src/vault/x.rs", "#[cfg(test)] mod prelude;", "a module named `prelude`"),
        ("src/library/x.rs", r#"fn f() { sql(" SELECT 1") }"#, "src/library/x.rs holds SQL"),
        ("src/app/x.rs", r##"fn f() { run(r#"PRAGMA key"#) }"##, "src/app/x.rs holds SQL"),
        (
            "src/app/x.rs",
            r#"#[cfg(test)] use a::b; const Q: &str = "DELETE FROM t";"#,
            "src/app/x.rs holds SQL",
        ),
        (
            "src/library/x.rs",
            "use crate::model::Access as A; fn f() { A::granted() }",
            "src/library/x.rs makes an Access",
        ),
        (
            "src/sharing/x.rs",
            "fn f() { Access::granted_to_guest(space, grant) }",
            "src/sharing/x.rs makes an Access",
        ),
        (
            "src/accounts/x.rs",
            "fn f() { Access::granted_to_worker(worker, space) }",
            "src/accounts/x.rs makes a worker's Access",
        ),
        ("src/cli/x.rs", r#"fn f() { format!("spaces/{space}/x") }"#, "src/cli/x.rs spells a place"),
        ("src/vault/x.rs", r#"const MARK: &str = "mark.age";"#, "src/vault/x.rs spells a place"),
        (
            "src/http/x.rs",
            "fn f() { library.catalog().read(g) }",
            "src/http/x.rs asks a handle for its catalogue or storage",
        ),
        ("src/library/x.rs", "use http::{Method, StatusCode};", "src/library/x.rs names StatusCode"),
        ("src/catalog/x.rs", "use rusqlite::Connection;", "src/catalog/x.rs uses rusqlite"),
        ("src/catalog/x.rs", "fn f(error: rusqlite::Error) {}", "src/catalog/x.rs uses rusqlite"),
        ("src/app/x.rs", "use {rusqlite as db, std::fs};", "src/app/x.rs uses rusqlite"),
        (
            "src/http/x.rs",
            "fn f(name: &str) -> Markup { maud::PreEscaped(name.to_owned()) }",
            "src/http/x.rs writes markup past maud's escaping",
        ),
    ] {
        let faults = faults_of(&[(place, text)]);
        assert!(
            faults.iter().any(|fault| fault.contains(said)),
            "{place}: {text}
expected {said}
got {faults:#?}"
        );
    }
}

#[test]
fn what_is_allowed_passes() {
    for (place, text) in [
        (
            "src/vault/x.rs",
            "use crate::model::{ByteRange, SpaceId}; pub(crate) fn f() {} pub(in crate::vault) fn g() {}",
        ),
        (
            "src/vault/a/b.rs",
            "use super::super::disk::Disk; use super::c; use self::d::E; mod d { use super::super::f; }",
        ),
        (
            "src/vault/x.rs",
            "//! SELECT what you need; see crate::catalog and StatusCode.
/// UPDATE it.
fn f() {}",
        ),
        ("src/catalog/sqlite/x.rs", "use rusqlite::Connection;"),
        ("src/catalog/x.rs", "#[cfg(test)] mod tests { use rusqlite::Connection; }"),
        ("src/model/layout.rs", r#"const MARK: &str = "mark.age";"#),
        ("src/app/x.rs", r#"fn f() { say("spaces/ is empty; mark.age is damaged") }"#),
        ("src/vault/x.rs", r#"fn f() { say("DELETE", "SELECTED by hand", "Select one") }"#),
        ("src/vault/x.rs", r#"#[cfg(test)] mod tests { fn f() { Access::granted(); sql("SELECT 1") } }"#),
        ("src/vault/x.rs", r#"#[cfg(test)] fn f<A, B>(a: A) -> Vec<B> { sql("SELECT 1") }"#),
        (
            "src/library/x.rs",
            "#[cfg(test)]
mod fixture;",
        ),
        ("src/http/x.rs", "use http::StatusCode; use crate::library::Library;"),
        (WORKERS, "fn f() { Access::granted_to_worker(worker, space) }"),
        ("src/cli/x.rs", "use crate::app::Instance; use crate::vault::keys::Unlock;"),
    ] {
        assert_eq!(faults_of(&[(place, text)]), faults_of(&[(place, "")]), "{text}");
    }
    let module = "src/library/x.rs";
    let fixture = ("src/library/x/fixture.rs", r#"fn f() { Access::granted(); sql("SELECT 1") }"#);
    let empty = faults_of(&[(module, "")]);
    assert_eq!(faults_of(&[(module, "#[cfg(test)] mod fixture;"), fixture]), empty);
    assert_ne!(faults_of(&[(module, "mod fixture;"), fixture]), empty);
}

#[test]
fn sentences_for_clients_that_name_a_command_are_found() {
    let text = r#"fn f() { say("ask with `tresor user list`") }"#;
    let says = |place| faults_of(&[(place, text)]).iter().any(|fault| fault.contains("names a command"));
    assert!(says("src/http/dav/x.rs") && says("src/accounts/x.rs") && says("src/library/error.rs"));
    assert!(!says("src/library/high_water.rs") && !says("src/cli/x.rs") && !says("src/admin/x.rs"));
}

#[test]
fn the_files_of_the_library_are_open_to_few() {
    let faults_with = |place| {
        let text = "use crate::library::{Library, quota::{Held, Source}};";
        let faults = faults_of(&[("src/library/quota.rs", ""), (place, text)]);
        faults.into_iter().filter(|fault| fault.contains("the files of `library`")).count()
    };
    assert_eq!(faults_with("src/http/x.rs"), 2);
    assert_eq!(faults_with("src/uploads/x.rs"), 0);
    assert_eq!(faults_with("src/library/x.rs"), 0);
}

#[test]
fn circles_inside_a_room_are_found() {
    for (files, said) in [
        (
            &[("src/vault/a.rs", "use super::b::B;"), ("src/vault/b.rs", "use super::a::A;")]
                as &[(&str, &str)],
            "src/vault: `a` > `b` > `a`",
        ),
        (
            &[
                ("src/vault/a.rs", "fn f() { super::b::g() }"),
                ("src/vault/b.rs", "use crate::vault::c::C;"),
                ("src/vault/c.rs", "use super::{a::A, d};"),
            ],
            "src/vault: `a` > `b` > `c` > `a`",
        ),
        // Through the items that `mod.rs` passes on.
        (
            &[
                ("src/vault/mod.rs", "mod a; mod b; pub use a::A; pub(crate) use self::b::{B, C};"),
                ("src/vault/a.rs", "use super::B;"),
                ("src/vault/b.rs", "use crate::vault::A;"),
            ],
            "src/vault: `a` > `b` > `a`",
        ),
        // Folders count as a whole.
        (
            &[
                ("src/vault/a/one.rs", "use crate::vault::b::two::T;"),
                ("src/vault/b/two.rs", "use super::three::T;"),
                ("src/vault/b/three.rs", "use crate::vault::a::four::F;"),
                ("src/vault/a/four.rs", ""),
            ],
            "src/vault: `a` > `b` > `a`",
        ),
        (
            &[("src/vault/a/one.rs", "use super::two::T;"), ("src/vault/a/two.rs", "use super::one::O;")],
            "src/vault/a: `one` > `two` > `one`",
        ),
    ] {
        let faults = faults_of(files);
        assert_eq!(faults.iter().filter(|fault| fault.contains(said)).count(), 1, "{said}: {faults:#?}");
        assert_eq!(faults.iter().filter(|fault| fault.contains("circle")).count(), 1, "{said}: {faults:#?}");
    }
    for files in [
        &[
            ("src/vault/mod.rs", "mod a; mod b; use a::A; struct Shared;"),
            ("src/vault/a.rs", "use super::{Shared, b::B};"),
            ("src/vault/b.rs", "use super::Shared;"),
        ] as &[(&str, &str)],
        &[
            ("src/vault/a.rs", "use super::b::B;"),
            ("src/vault/b.rs", "#[cfg(test)] mod tests { use super::super::a::A; }"),
        ],
    ] {
        assert_eq!(faults_of(files).iter().filter(|fault| fault.contains("circle")).count(), 0);
    }
}

/// A handler of one protocol that calls another protocol's makes one knot of all endpoints: none of them can be read,
/// tested or removed alone.
#[test]
fn an_endpoint_that_imports_another_is_found() {
    let faults_with = |files: &[(&str, &str)]| -> Vec<String> {
        let faults = faults_of(files).into_iter();
        faults.filter(|fault| fault.contains("imports the endpoint")).collect()
    };
    for (place, text) in [
        ("src/http/links/tree.rs", "use crate::http::dav::Target;"),
        ("src/http/links/tree.rs", "use super::super::dav::Target;"),
        ("src/http/links/mod.rs", "use super::{dav, reply};"),
        ("src/http/dav/get.rs", "fn f() { crate::http::nextcloud::envelope::refusal() }"),
        ("src/http/resumable/tus/mod.rs", "use crate::http::{context::RequestContext, links::pass};"),
        // Not from below, and not through a file below that passes it on.
        ("src/http/reply.rs", "pub(super) use super::dav::Target;"),
    ] {
        assert_eq!(faults_with(&[(place, text)]).len(), 1, "{place}: {text}");
    }
    for (place, text) in [
        ("src/http/router.rs", "use super::{dav, links, nextcloud, resumable};"),
        ("src/http/mod.rs", "mod dav; mod links; pub use self::dav::Target;"),
        ("src/http/dav/get.rs", "use super::target::Target; use crate::http::dav::failure::Failure;"),
        ("src/http/dav/get.rs", "use crate::http::{page, protocol::headers}; use http::Request;"),
        ("src/http/links/mod.rs", "#[cfg(test)] mod tests { use crate::http::dav::Target; }"),
    ] {
        assert_eq!(faults_with(&[(place, text)]), [""; 0], "{place}: {text}");
    }
}

#[test]
fn migrations_without_a_place_in_the_list_are_found() {
    let mut house = House::read(Path::new(env!("CARGO_MANIFEST_DIR")));
    house.migrations.push("0099-later.sql".to_owned());
    let faults = house.faults();
    assert!(faults.iter().any(|fault| fault.contains("no gaps")), "{faults:#?}");
    assert!(faults.iter().any(|fault| fault.contains("List every file")), "{faults:#?}");
}

#[test]
fn a_paper_that_tells_of_another_house_is_found() {
    let house = House::read(Path::new(env!("CARGO_MANIFEST_DIR")));
    for (from, to) in [("| `vault/` |", "| `vaults/` |"), ("| model, vault, catalog |", "| model, vault |")] {
        assert!(house.architecture.contains(from), "{from}");
        let mut house = house.clone();
        house.architecture = house.architecture.replace(from, to);
        assert!(house.faults().iter().any(|fault| fault.contains("ARCHITECTURE.md")), "{from}");
    }
}

/// A limit on paper that is not the source's misleads those who run the server.
#[test]
fn a_page_of_limits_that_is_not_the_sources_is_found() {
    let source = "/// Bytes of a hat. More do not fit.\nconst MAX_HAT_LEN: usize =\n    1 << 20;\n";
    let name = "src/vault/x.rs".to_owned();
    let mut house = House { sources: vec![(name.clone(), source.to_owned())], ..House::default() };
    house.limits = limits::page(&house.files());
    assert!(
        house.limits.contains("| `MAX_HAT_LEN` | `1 << 20` | Bytes of a hat. | `vault/x.rs` |"),
        "{}",
        house.limits
    );
    let complains =
        |house: &House| house.faults().iter().any(|fault| fault.contains("docs/limits.md differs"));
    assert!(!complains(&house));
    for (from, to) in [("1 << 20", "2 << 20"), ("a hat", "a coat"), ("MAX_HAT", "MAX_COAT")] {
        let changed = House { sources: vec![(name.clone(), source.replace(from, to))], ..house.clone() };
        assert!(complains(&changed), "{from}");
    }
    let silent = House { sources: vec![(name, "const MAX_HAT_LEN: usize = 1;".to_owned())], ..house };
    assert!(silent.faults().iter().any(|fault| fault.contains("has no doc comment")));
}

#[test]
fn codes_of_errors_that_programs_cannot_rely_on_are_found() {
    let source = |first: &str, second: &str| {
        format!(
            "pub enum E {{\n    /// One.\n    A,\n    /// Two. And more.\n    B(u8),\n}}\nimpl E {{\n    \
             pub fn code(&self) -> &'static str {{\n        match self {{\n            Self::A => \"{first}\",\n            \
             Self::B(_) => \"{second}\",\n        }}\n    }}\n}}\n"
        )
    };
    let house = |sources: &[(&str, String)]| {
        let sources = sources.iter().map(|(place, text)| ((*place).to_owned(), text.clone())).collect();
        let house = House { sources, ..House::default() };
        House { errors: codes::page(&house.files()), ..house }
    };
    let (one, other) = ("src/vault/x.rs", "src/library/x.rs");
    let said = |house: &House, text: &str| house.faults().iter().any(|fault| fault.contains(text));
    let good = house(&[(one, source("a-b", "busy")), (other, source("c", "busy"))]);
    assert!(good.errors.contains("| `a-b` | One. |\n| `busy` | Two. |\n"), "{}", good.errors);
    assert!(!["joined by hyphens", "another error", "errors.md"].iter().any(|text| said(&good, text)));
    let changed = house(&[(one, source("a-c", "busy")), (other, source("c", "busy"))]);
    assert!(said(&House { errors: good.errors, ..changed }, "errors.md"));
    for wrong in ["aB", "a--b", "a_b", "", "a b"] {
        assert!(said(&house(&[(one, source(wrong, "b"))]), "joined by hyphens"), "{wrong}");
    }
    for twice in
        [vec![(one, source("busy", "busy"))], vec![(one, source("a", "b")), (other, source("c", "a"))]]
    {
        assert!(said(&house(&twice), "another error"));
    }
}
