//! The systemd units: understood by systemd, and shut as tightly as they promise.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::support::process::{Outcome, tool};

/// The highest exposure we accept, in tenths on systemd's scale from 0 (shut) to 10 (open).
const HIGHEST_EXPOSURE: &str = "15";

#[test]
fn unit_exposes_almost_nothing_to_a_hole_in_the_server() {
    let units = Units::install(&[]);
    let outcome = Outcome::of(
        tool("systemd-analyze", "systemd")
            .args(["security", "--offline=yes", "--no-pager"])
            .arg(format!("--threshold={HIGHEST_EXPOSURE}"))
            .arg(units.path("tresor@.service")),
    );
    assert_eq!(outcome.code, 0, "{outcome}");
    // The code alone could also mean that nothing was judged.
    assert!(outcome.stdout.contains("Overall exposure level"), "{outcome}");
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
        for name in ["tresor@.service", "tresor@.socket"] {
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
                .args([self.path("tresor@.service"), self.path("tresor@.socket")]),
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
