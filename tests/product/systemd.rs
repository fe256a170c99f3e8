//! The systemd units: understood by systemd, and locked down as tightly as they promise.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::support::process::{Outcome, succeed, tool};

const UNITS: [&str; 6] = [
    "tresor@.service",
    "tresor@.socket",
    "tresor-lmtp@.socket",
    "tresor-mail-policy@.socket",
    "tresor-convert@.service",
    "tresor-convert.socket",
];

/// The highest exposures we accept, in tenths on systemd's scale from 0 (shut) to 10 (open): of the server, and of the
/// converter, which has no network but is allowed to write code of its own.
const HIGHEST_EXPOSURES: [(&str, &str); 2] = [("tresor@.service", "15"), ("tresor-convert@.service", "5")];

#[test]
fn units_expose_almost_nothing_to_a_hole_in_a_program() {
    let units = Units::install(&[]);
    for (name, highest) in HIGHEST_EXPOSURES {
        let outcome = Outcome::of(
            tool("systemd-analyze", "systemd")
                .args(["security", "--offline=yes", "--no-pager"])
                .arg(format!("--threshold={highest}"))
                .arg(units.path(name)),
        );
        assert_eq!(outcome.code, 0, "{outcome}");
        // The code alone could also mean that nothing was judged.
        assert!(outcome.stdout.contains("Overall exposure level"), "{outcome}");
    }
}

/// systemd gives all units of a template one user unless each has a name of its own: the server of one office could read the
/// files of another, and jobs of the converter could end each other.
#[test]
fn each_instance_has_a_user_of_its_own() {
    for name in ["tresor@.service", "tresor-convert@.service"] {
        let unit = fs::read_to_string(source().join(name)).unwrap();
        assert!(unit.contains("\nDynamicUser=yes\n"), "{name}");
        let user = unit.lines().find_map(|line| line.strip_prefix("User=")).unwrap_or_default();
        assert!(user.contains("%i"), "{name}: {user:?}");
    }
}

#[test]
fn units_are_understood_without_a_warning() {
    Units::install(&[]).verify();
}

#[test]
fn each_example_fits_the_unit() {
    let examples: Vec<PathBuf> =
        fs::read_dir(source().join("examples")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!examples.is_empty());
    for example in examples {
        Units::install(&[&example]).verify();
    }
}

/// A filter of the unit that stops the child from confining itself would leave every content unseen.
#[test]
fn unit_lets_the_child_that_looks_into_contents_confine_itself() {
    let unit = fs::read_to_string(source().join("tresor@.service")).unwrap();
    let (mut allowed, mut denied) = (BTreeSet::new(), BTreeSet::new());
    for list in unit.lines().filter_map(|line| line.strip_prefix("SystemCallFilter=")) {
        match list.strip_prefix('~') {
            Some(list) => list.split(' ').for_each(|name| denied.extend(calls(name))),
            None => list.split(' ').for_each(|name| allowed.extend(calls(name))),
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let (trace, content) = (folder.path().join("trace"), folder.path().join("content"));
    fs::write(&content, "Guten Tag").unwrap();
    // Not by a runner that gives it no standard input.
    let child = Command::new("strace")
        .arg("-qqo")
        .args([trace.as_path(), Path::new(env!("CARGO_BIN_EXE_tresor"))])
        .arg("inspect-standard-input")
        .stdin(Stdio::from(fs::File::open(content).unwrap()))
        .output()
        .expect("strace is missing: install the Debian package strace (tests/install.sh)");
    assert!(String::from_utf8(child.stdout).unwrap().contains("\"kind\":\"text\""));
    let trace = fs::read_to_string(trace).unwrap();
    let used: BTreeSet<&str> = trace.lines().filter_map(|line| Some(line.split_once('(')?.0)).collect();
    assert!(used.contains("seccomp") && used.contains("landlock_create_ruleset"), "{used:?}");
    // That requests come first is a courtesy.
    let stopped: Vec<_> = used
        .into_iter()
        .filter(|name| *name != "setpriority" && (!allowed.contains(*name) || denied.contains(*name)))
        .collect();
    assert!(stopped.is_empty(), "{stopped:?}");
}

/// The system calls of a name in a filter, which may be one itself or a set of them and other sets.
fn calls(name: &str) -> Vec<String> {
    if !name.starts_with('@') {
        return vec![name.to_owned()];
    }
    let listed = succeed(tool("systemd-analyze", "systemd").args(["syscall-filter", name]));
    let names =
        listed.lines().skip(1).map(str::trim).filter(|name| !name.is_empty() && !name.starts_with('#'));
    names.flat_map(calls).collect()
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd")
}

/// The units in a folder, as an administrator would have installed them.
struct Units {
    folder: TempDir,
}

impl Units {
    fn install(drop_ins: &[&Path]) -> Self {
        let units = Self { folder: tempfile::tempdir().unwrap() };
        for name in UNITS {
            let text = fs::read_to_string(source().join(name)).unwrap();
            fs::write(units.path(name), with_our_program(&text)).unwrap();
        }
        let folder = units.path("tresor@.service.d");
        fs::create_dir(&folder).unwrap();
        for drop_in in drop_ins {
            let text = fs::read_to_string(drop_in).unwrap();
            fs::write(folder.join(drop_in.file_name().unwrap()), with_our_program(&text)).unwrap();
        }
        units
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn verify(&self) {
        let outcome = Outcome::of(
            tool("systemd-analyze", "systemd")
                .args(["verify", "--man=no"])
                .args(UNITS.map(|name| self.path(name))),
        );
        assert_eq!(outcome.code, 0, "{outcome}");
        // Unknown keys and values are warnings, which systemd answers with code 0.
        let ours: Vec<&str> = outcome.stderr.lines().filter(|line| line.contains("tresor")).collect();
        assert!(ours.is_empty(), "{ours:#?}");
    }
}

/// systemd checks that the program exists, and ours is not installed on a machine that builds it.
fn with_our_program(unit: &str) -> String {
    unit.replace("/usr/bin/tresor", env!("CARGO_BIN_EXE_tresor"))
}
