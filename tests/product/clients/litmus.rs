//! litmus 0.13, the WebDAV protocol's test suite: five suites with 104 tests, every one passing.

use std::collections::BTreeMap;

use crate::support::TestServer;
use crate::support::process::{Outcome, tool};
use crate::support::server::{PASSWORD, USER};

/// The suites and how many tests each one runs. Counted, because litmus calls a suite passed
/// whose tests it skipped.
const SUITES: [(&str, u32); 5] = [("basic", 16), ("copymove", 13), ("props", 30), ("locks", 41), ("http", 4)];

#[test]
fn litmus_passes_completely_over_https() {
    // litmus itself skips its `expect100` test over TLS: 3 of the 4 in `http` remain.
    check(&TestServer::start(), &[("http", 3)]);
}

#[test]
fn litmus_passes_completely_over_http() {
    check(&TestServer::start_plain(), &[]);
}

fn check(server: &TestServer, fewer: &[(&str, u32)]) {
    let outcome = Outcome::of(
        tool("litmus", "litmus")
            // It stops at a failed suite without this, and writes debug.log where it stands.
            .arg("-k")
            .args([&server.space_url(), USER, PASSWORD])
            .current_dir(server.scratch("litmus")),
    );
    let passed = passed_tests(&outcome.stdout);
    for (suite, count) in SUITES {
        let fewer = fewer.iter().find(|(name, _)| *name == suite);
        let expected = fewer.map_or(count, |(_, count)| *count);
        assert_eq!(passed.get(suite), Some(&expected), "{suite}\n{outcome}");
    }
    // A warning is a rule broken that litmus forgives.
    assert!(!outcome.stdout.contains("WARNING"), "{outcome}");
    assert_eq!(outcome.code, 0, "{outcome}");
    server.assert_no_traces(&["litmus"]);
}

/// Passed tests per suite, from lines such as
/// ``<- summary for `basic': of 16 tests run: 16 passed, 0 failed. 100.0%``.
fn passed_tests(output: &str) -> BTreeMap<String, u32> {
    output
        .lines()
        .filter_map(|line| {
            let (suite, counts) = line.strip_prefix("<- summary for `")?.split_once("': of ")?;
            let (_, counts) = counts.split_once(" tests run: ")?;
            let (passed, _) = counts.split_once(" passed, 0 failed")?;
            Some((suite.to_owned(), passed.parse().ok()?))
        })
        .collect()
}
