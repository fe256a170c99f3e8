//! `tresor doctor` and the probe behind it.

use std::fs;
use std::path::PathBuf;

use tresor::convert::{Converter, Settings};

use super::{Impostor, work_folder};
use crate::support::office::Office;

#[test]
fn a_missing_program_is_named_with_its_package() {
    let nowhere = || PathBuf::from("/nowhere/program");
    let told = |settings: Settings| Converter::new(&settings).map(drop).unwrap_err().to_string();
    let bubblewrap = told(Settings { bubblewrap: nowhere(), ..Settings::default() });
    assert_eq!(bubblewrap, "bwrap is missing (Debian package bubblewrap)");
    let libreoffice = told(Settings { libreoffice: nowhere(), ..Settings::default() });
    assert_eq!(libreoffice, "soffice is missing (Debian package libreoffice-writer-nogui)");
}

/// As on Ubuntu 24.04 and in containers.
#[test]
fn a_machine_that_refuses_the_sandbox_says_so() {
    let folder = work_folder();
    let bubblewrap = folder.path().join("bwrap");
    fs::write(&bubblewrap, "#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
        .unwrap();
    fs::set_permissions(&bubblewrap, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let converter = Converter::new(&Settings { bubblewrap, ..Settings::default() }).unwrap();
    let error = converter.probe().unwrap_err();
    assert_eq!(error.code(), "sandbox-refused");
    assert!(error.to_string().ends_with("setting up uid map: Permission denied"), "{error}");
}

#[test]
fn a_part_of_libreoffice_that_is_missing_is_named_with_its_package() {
    let error = Converter::new(&Impostor::new("exit 0").settings()).unwrap().probe().unwrap_err();
    assert_eq!(error.to_string(), "LibreOffice Writer is missing (Debian package libreoffice-writer-nogui)");
}

/// A text, a sheet and slides, and all fonts are there.
#[test]
fn doctor_converts_documents_if_the_configuration_wants_that() {
    let office = Office::with_instance();
    let doctor = ["doctor", "--data", "data", "--config", "tresor.toml"];
    office.write("tresor.toml", "");
    let told = office.run(doctor);
    assert!(told.stdout.contains("ok      office documents become PDFs: LibreOffice "), "{told}");
    assert!(!told.stdout.contains("font"), "{told}");
    office.write("tresor.toml", "[intake]\nconverter = \"off\"\n");
    let told = office.run(doctor);
    assert!(told.stdout.contains("warning documents are held without a PDF"), "{told}");
}
