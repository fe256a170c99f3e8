//! `docs/errors.md`, written from the sources: every code of an error, and what the error means.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::File;
use super::limits::says;

/// Codes of errors that mean the same in several rooms.
const SHARED: [&str; 13] = [
    "busy",
    "catalogue-failed",
    "clients-make-no-links",
    "expiry-in-past",
    "item-accepted",
    "mail-address-invalid",
    "mail-off",
    "naming-invalid",
    "no-mails",
    "not-a-folder",
    "reminder-plan-invalid",
    "right-missing",
    "space-unknown",
];

/// Begins the page.
const HEAD: &str = "\
# Error codes

A refusal has a code for programs, besides the sentence for people: `code` in replies of the owner's socket, in problem
details of resumable uploads and in the `meta` of OCS answers. A code keeps its meaning; sentences may change.
`TRESOR_WRITE_DOCS=1 cargo test --test architecture` writes this page from the sources.

| code | meaning |
|---|---|
";

/// One arm of a `code`.
struct Code<'a> {
    place: &'a str,
    word: &'a str,
    /// The comment of the variant.
    says: String,
}

/// The page as the sources have it.
pub(crate) fn page(files: &[File]) -> String {
    let all: Vec<Code<'_>> = files.iter().flat_map(codes).collect();
    let mut rows = BTreeMap::new();
    for code in &all {
        rows.entry(code.word).or_insert(&code.says);
    }
    let mut page = HEAD.to_owned();
    for (code, says) in rows {
        let _ = writeln!(page, "| `{code}` | {says} |");
    }
    page
}

/// Codes that are not written as codes are, or that stand for several errors, and a page that is not the sources'.
pub(crate) fn faults(written: &str, files: &[File]) -> Vec<String> {
    let all: Vec<Code<'_>> = files.iter().flat_map(codes).collect();
    let malformed = all.iter().filter(|code| !is_kebab_case(code.word)).map(|code| {
        format!("{}: the code {:?} is not of small words joined by hyphens.", code.place, code.word)
    });
    let is_repeated = |(at, code): &(usize, &Code<'_>)| {
        let is_same = |other: &&Code<'_>| other.word == code.word;
        let is_shared = |other: &Code<'_>| SHARED.contains(&code.word) && other.place != code.place;
        all.iter().take(*at).find(is_same).is_some_and(|other| !is_shared(other))
    };
    let repeated = all.iter().enumerate().filter(is_repeated).map(|(_, code)| {
        format!(
            "{}: the code `{}` names another error already. Give each error its own, or add the code to SHARED in \
             tests/architecture/codes.rs if both mean the same.",
            code.place, code.word
        )
    });
    let stale = (!all.is_empty() && written != page(files)).then(|| {
        "docs/errors.md differs from the sources. Run `TRESOR_WRITE_DOCS=1 cargo test --test architecture` to write it."
            .to_owned()
    });
    malformed.chain(repeated).chain(stale).collect()
}

fn is_kebab_case(code: &str) -> bool {
    code.split('-').all(|word| {
        !word.is_empty() && word.chars().all(|char| char.is_ascii_lowercase() || char.is_ascii_digit())
    })
}

/// The codes of a file: the arms of its `fn code`, with the comments of the variants of the same names. rustfmt gives
/// each arm and each variant a line of its own.
fn codes(file: &File) -> Vec<Code<'_>> {
    let Some((above, rest)) = file.text.split_once("fn code(&self) -> &'static str {\n") else {
        return Vec::new();
    };
    let arms = rest.split("\n    }\n").next().unwrap_or_default().lines();
    let above: Vec<&str> = above.lines().map(str::trim).collect();
    arms.filter_map(|arm| {
        let (variant, code) = arm.trim().strip_prefix("Self::")?.split_once(" => \"")?;
        let variant = variant.split([' ', '(']).next();
        let declared = above.iter().position(|line| line.split([',', '(', ' ']).next() == variant)?;
        let (comment, _) = above.split_at(declared);
        let end = comment.iter().rposition(|line| line.starts_with("///"))? + 1;
        Some(Code { place: &file.place, word: code.strip_suffix("\",")?, says: says(&file.text, end) })
    })
    .collect()
}
