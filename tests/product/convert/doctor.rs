//! `tresor doctor` and the probe behind it.

use std::fs;
use std::path::PathBuf;

use tresor::convert::{ConvertError, Converter, OfficeKind, PageSource, Settings};
use tresor::model::PdfPages;

use super::{Impostor, work_folder};
use crate::support::office::Office;
use crate::support::pdfs::pages;

#[test]
fn a_missing_program_is_named_with_its_package() {
    let nowhere = || PathBuf::from("/nowhere/program");
    let told = |settings: Settings| Converter::new(&settings).map(drop).unwrap_err().to_string();
    let bubblewrap = told(Settings { bubblewrap: nowhere(), ..Settings::default() });
    assert_eq!(bubblewrap, "bwrap is missing (Debian package bubblewrap)");
    let without = Converter::new(&Settings { libreoffice: nowhere(), ..Settings::default() }).unwrap();
    let libreoffice = without.probe().unwrap_err().to_string();
    assert_eq!(libreoffice, "soffice is missing (Debian package libreoffice-writer-nogui)");
}

/// An office may keep LibreOffice off its server; a client's PDF can still be looked at.
#[test]
fn without_libreoffice_pages_are_still_pictures() {
    let settings = Settings { libreoffice: "/nowhere/program".into(), ..Settings::default() };
    let converter = Converter::new(&settings).unwrap();
    assert!(!converter.makes_pdfs());
    let pdf = pages((595, 842), &["Seite 1".to_owned()]);
    let picture = converter.page(&mut pdf.as_slice(), (PageSource::Pdf, 1), 400).unwrap();
    assert_eq!((picture.pages, picture.height), (1, 400));
    let text = OfficeKind::of_extension("odt").unwrap();
    let error = converter.convert(&mut &b"PK"[..], text, PdfPages::Drawn).unwrap_err();
    assert!(matches!(error, ConvertError::ProgramMissing { program: "soffice", .. }), "{error}");
    let error = converter.laid_out(&mut &b"PK"[..], text).unwrap_err();
    assert_eq!(error.code(), "converter-missing", "{error}");
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
