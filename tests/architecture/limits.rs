//! `docs/limits.md`, written from the sources: every bound with its value and the first sentence of its comment.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::File;

/// Bounds whose names do not begin with `MAX_`, `MIN_`, `MOST_` or `LONGEST_`, and that are no spans of time.
const ALSO: [&str; 47] = [
    "AT_HAND",
    "AT_HOME",
    "AT_ONCE",
    "ATTEMPTS",
    "BATCH",
    "BATCH_LEN",
    "BUFFER",
    "CARRY_STEP",
    "CHECKED_AT_START",
    "CHUNK_LEN",
    "COPY_CHUNKS",
    "FEW_PIECES",
    "GROUP",
    "GROWTH",
    "HISTORY_ATTEMPTS",
    "HTTP1_BUFFER",
    "KEPT_FREE",
    "LITTLE_SPACE",
    "LOG_PAGES",
    "LOOK_EVERY",
    "MISSES",
    "PAGE",
    "PAGE_BYTES",
    "PARALLEL_RUNS",
    "PERSONS_PART",
    "PER_ACCOUNT",
    "PER_LINK",
    "PER_NETWORK",
    "PER_PAIR",
    "PIECE",
    "PIECES_AHEAD",
    "QUARTER",
    "QUEUE",
    "READERS",
    "REMOVAL_STEP",
    "RESERVE",
    "RIGHTS_STEP",
    "SCARCE",
    "SEGMENT",
    "SELF_SIGNED_DAYS",
    "SMALL_BATCH",
    "SMALL_FILE_LIMIT",
    "SMALL_STEP",
    "STEP",
    "STEPS_AHEAD",
    "TURN",
    "WHOLE",
];

/// Begins the page.
const HEAD: &str = "\
# Limits

Every bound of the server with its value, its reason and its file. `TRESOR_WRITE_DOCS=1 cargo test --test architecture`
writes this page from the sources, and `cargo test --test architecture` fails while the two differ. Values are written as in
the source: `64 * 1024` is 64 KiB, `1 << 20` is 1 MiB. [ARCHITECTURE.md](../ARCHITECTURE.md) says what runs in which
thread.

Bounds that are not a single constant:

- **Open files**: `library::descriptors` divides the process's descriptors among connections, readers, containers being
  filled and containers kept open.
- **Folders copied at once**: one per person inside a space, and one per person into another space, within the totals
  below.
- **Memory**: argon2id 19 MiB per run, SQLite's page cache 16 MiB per connection, read buffers of the vault 12 MiB, two
  batches per upload.
- **Integers** in the resumable protocols have at most 15 digits.
";

/// The page as the sources have it.
pub(crate) fn page(files: &[File]) -> String {
    let mut page = HEAD.to_owned();
    let keys = keys(files);
    if !keys.is_empty() {
        page.push_str(
            "\n## Keys of `[limits]` in the configuration\n\n| key | default | what it bounds |\n|---|---|---|\n",
        );
        for key in keys {
            let _ = writeln!(page, "| `{}` | {} | {} |", key.name, key.value, in_a_cell(&key.says));
        }
    }
    let mut rooms: BTreeMap<&str, Vec<Bound>> = BTreeMap::new();
    for file in files {
        rooms.entry(file.room().unwrap_or("lib")).or_default().extend(bounds(file));
    }
    for (room, bounds) in rooms.iter().filter(|(_, bounds)| !bounds.is_empty()) {
        let _ =
            write!(page, "\n## `{room}`\n\n| name | value | what it bounds | file |\n|---|---|---|---|\n");
        for bound in bounds {
            let place = bound.place.trim_start_matches("src/");
            let (name, value, says) = (&bound.name, in_a_cell(&bound.value), in_a_cell(&bound.says));
            let _ = writeln!(page, "| `{name}` | `{value}` | {says} | `{place}` |");
        }
    }
    page
}

/// Bounds without a comment, names in [`ALSO`] that are gone, and a page that is not the sources'.
pub(crate) fn faults(written: &str, files: &[File]) -> Vec<String> {
    let bounds: Vec<Bound> = files.iter().flat_map(bounds).collect();
    let keys = keys(files);
    let declared: BTreeSet<&str> = bounds.iter().map(|bound| bound.name.as_str()).collect();
    let gone = ALSO.iter().filter(|name| !declared.contains(*name)).map(|name| {
        format!(
            "ALSO in tests/architecture/limits.rs names `{name}`, which no source declares. Remove it there."
        )
    });
    let silent = bounds.iter().chain(&keys).filter(|bound| bound.says.is_empty()).map(|bound| {
        format!(
            "{}: the limit `{}` has no doc comment. Say in one sentence what it bounds, with the unit.",
            bound.place, bound.name
        )
    });
    let page = page(files);
    let differing = written.lines().zip(page.lines()).find(|(one, other)| one != other);
    let stale = (written != page).then(|| {
        format!(
            "docs/limits.md differs from the sources{}. Run `TRESOR_WRITE_DOCS=1 cargo test --test architecture` to write it.",
            differing.map_or(String::new(), |(_, line)| format!(", first in: {line}"))
        )
    });
    gone.chain(silent).chain(stale).collect()
}

/// A constant, or a key of the configuration.
struct Bound {
    place: String,
    name: String,
    /// As the source has it.
    value: String,
    /// The first sentence of the doc comment.
    says: String,
}

/// The constants of a file that bound something, in its order; those of tests are left out.
fn bounds(file: &File) -> Vec<Bound> {
    let mut lines = file.text.lines().enumerate();
    let mut bounds = Vec::new();
    // The names come from the tokens, which know what is a test; rustfmt gives each declaration a line of its own.
    for name in &file.consts {
        let declares = format!("const {name}: ");
        let Some((at, line)) = lines.by_ref().find(|(_, line)| line.contains(&declares)) else { break };
        let (_, rest) = line.split_once(&declares).unwrap_or_default();
        let (kind, value) = rest.split_once('=').unwrap_or((rest, ""));
        if is_bound(name, kind.trim()) {
            let follows = file.text.lines().skip(at + 1).map(str::trim);
            let whole = std::iter::once(value.trim()).chain(follows).collect::<Vec<_>>().join(" ");
            bounds.push(Bound {
                place: file.place.clone(),
                name: name.clone(),
                value: plain(whole.split(';').next().unwrap_or_default().trim()),
                says: says(&file.text, at),
            });
        }
    }
    bounds
}

/// A value without the parts that Rust needs and a reader does not.
fn plain(value: &str) -> String {
    let number = value.strip_prefix("NonZeroUsize::new(").and_then(|rest| rest.split_once(')'));
    number.map_or(value, |(number, _)| number).trim_start_matches("std::time::").to_owned()
}

fn is_bound(name: &str, kind: &str) -> bool {
    let kind = kind.rsplit("::").next().unwrap_or(kind);
    let is_number =
        ["u8", "u16", "u32", "u64", "i64", "usize", "ByteSize", "NonZeroUsize", "Rule"].contains(&kind);
    let begins = ["MAX_", "MIN_", "MOST_", "LONGEST_"].iter().any(|begin| name.starts_with(begin));
    kind == "Duration" || (is_number && (begins || ALSO.contains(&name)))
}

/// The fields of `net::Limits` with their defaults.
fn keys(files: &[File]) -> Vec<Bound> {
    let Some(file) = files.iter().find(|file| file.place == "src/net/limits.rs") else { return Vec::new() };
    let Some((before, rest)) = file.text.split_once("pub struct Limits {\n") else { return Vec::new() };
    let fields = rest.split("\n}\n").next().unwrap_or_default();
    let first = before.lines().count() + 1;
    let named = fields.lines().enumerate().filter_map(|(at, line)| {
        let (name, _) = line.trim().strip_prefix("pub ")?.split_once(':')?;
        let default = rest.lines().find_map(|line| line.trim().strip_prefix(&format!("{name}: ")));
        let value = default.unwrap_or_default().trim_end_matches(',');
        let seconds = value.strip_prefix("Seconds::whole(").and_then(|value| value.strip_suffix(')'));
        Some(Bound {
            place: file.place.clone(),
            name: name.to_owned(),
            value: seconds.unwrap_or(value).to_owned(),
            says: says(&file.text, first + at),
        })
    });
    named.collect()
}

/// The doc comment above a line, attributes passed over, as one line.
fn comment_above(text: &str, line: usize) -> String {
    let lines: Vec<&str> = text.lines().take(line).map(str::trim).collect();
    let mut comment: Vec<&str> = lines
        .iter()
        .rev()
        .take_while(|line| line.starts_with("///") || line.starts_with("#["))
        .filter_map(|line| line.strip_prefix("///"))
        .map(str::trim)
        .collect();
    comment.reverse();
    comment.join(" ")
}

/// The first sentence of the doc comment above a line.
pub(super) fn says(text: &str, line: usize) -> String {
    first_sentence(&comment_above(text, line))
}

fn first_sentence(comment: &str) -> String {
    let ends = |(at, _): &(usize, &str)| {
        let next = comment.get(at + 2..).and_then(|rest| rest.chars().next());
        next.is_some_and(|next| next.is_uppercase() || next.is_numeric() || "[`".contains(next))
    };
    let end = comment.match_indices(". ").find(ends).map_or(comment.len(), |(at, _)| at + 1);
    comment.get(..end).unwrap_or(comment).replace("[`", "`").replace("`]", "`")
}

fn in_a_cell(text: &str) -> String {
    text.replace('|', "\\|")
}
