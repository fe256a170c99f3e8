//! `tests/product/web/COMPLAINTS.md`: every trouble of others has an answer, and every test that it names exists.

use std::fs;
use std::path::Path;

use syn::{Attribute, Item, ItemFn};

/// The page from the root of the repository.
const PAGE: &str = "tests/product/web/COMPLAINTS.md";
/// Troubles on the page.
const NUMBER: usize = 57;
/// Begins an answer without a test.
const REASONS: [&str; 2] = ["No concern: ", "Open: "];

#[test]
fn every_complaint_has_a_test_or_a_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).ok();
    let faults = faults(&read(PAGE).unwrap(), read);
    assert!(faults.is_empty(), "\n\n- {}\n", faults.join("\n- "));
}

#[test]
fn an_answer_that_is_none_is_found() {
    let files = |path: &str| match path {
        "tests/product/a/mod.rs" => Some("fn help() {} #[test] fn works() {}".to_owned()),
        "src/a.rs" => Some("mod tests { #[test] fn works() {} }".to_owned()),
        "web/test/a.test.ts" => Some("test('it works', () => {})".to_owned()),
        _ => None,
    };
    let check = |answer: &str, is_right: bool| {
        let page: Vec<_> = (1..=NUMBER).map(|number| format!("| {number} | trouble | {answer} |")).collect();
        let faults = faults(&page.join("\n"), files);
        assert_eq!(faults.is_empty(), is_right, "{answer}: {faults:?}");
    };
    for answer in [
        "`product::a::works`",
        "`product::a::works`, `src::a::works`",
        "`web/test/a.test.ts: it works`",
        "Open: some day",
    ] {
        check(answer, true);
    }
    for answer in [
        "",
        "of course",
        "`product::a::help`",
        "`product::a::fails`",
        "`product::works`",
        "`product::a::works` and `src::a::fails`",
        "`web/test/a.test.ts: it`",
        "Open: ",
    ] {
        check(answer, false);
    }
    assert!(!faults("| 1 | trouble | Open: some day |", files).is_empty(), "others are missing");
}

fn faults(page: &str, read: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut faults = Vec::new();
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| no."))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let numbers: Vec<_> = rows.iter().map(|row| row[0].to_owned()).collect();
    if numbers != (1..=NUMBER).map(|number| number.to_string()).collect::<Vec<_>>() {
        faults.push(format!("{PAGE} does not number its rows from 1 to {NUMBER}"));
    }
    for row in &rows {
        let &[number, _, answer] = &row[..] else {
            faults.push(format!("{PAGE} has a row without three cells: {row:?}"));
            continue;
        };
        let is_reason = REASONS.iter().any(|start| answer.len() > start.len() && answer.starts_with(start));
        let tests: Vec<_> = answer.split('`').skip(1).step_by(2).collect();
        if !is_reason && tests.is_empty() {
            faults.push(format!("{PAGE}, {number}: name a test, or begin with one of {REASONS:?}"));
        }
        let missing = tests.iter().filter(|test| !is_reason && !exists(test, &read));
        faults.extend(missing.map(|test| format!("{PAGE}, {number}: there is no test `{test}`")));
    }
    faults
}

/// Whether there is a test by this name: `product::room::file::name`, `heavy::…`, `src::…` or `web/test/file: name`.
fn exists(test: &str, read: &impl Fn(&str) -> Option<String>) -> bool {
    if let Some((file, name)) = test.split_once(": ") {
        return read(file).is_some_and(|text| text.contains(&format!("test('{name}'")));
    }
    let Some((module, name)) = test.rsplit_once("::") else { return false };
    let module = module.replace("::", "/");
    let path = if module.starts_with("src/") { module } else { format!("tests/{module}") };
    let mut texts =
        [format!("{path}.rs"), format!("{path}/mod.rs")].into_iter().filter_map(|path| read(&path));
    texts.any(|text| syn::parse_file(&text).is_ok_and(|file| has_test(&file.items, name)))
}

fn has_test(items: &[Item], name: &str) -> bool {
    items.iter().any(|item| match item {
        Item::Fn(ItemFn { attrs, sig, .. }) => sig.ident == name && attrs.iter().any(is_test),
        Item::Mod(module) => module.content.as_ref().is_some_and(|(_, items)| has_test(items, name)),
        _ => false,
    })
}

/// `#[test]` or `#[tokio::test]`.
fn is_test(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|last| last.ident == "test")
}
