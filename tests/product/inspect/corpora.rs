//! Real files: the samples of oletools, and ClamAV's test file in 44 wrappings.

use std::fs;
use std::path::Path;

use super::{check, in_words, is_harmless, look};
use crate::support::clamd::test_files;
use crate::support::process::installed;

/// Files of `tests/test-data` in oletools 0.60.2 by their beginning, and the findings of a look in each.
const SAMPLES: &[(&str, &str)] = &[
    ("basic/empty", "text -"),
    ("basic/encrypted.docx", "office encrypted encrypted"),
    ("basic/text", "text -"),
    ("encrypted/autostart-encrypt-standardpassword.xls", "office encrypted macros encrypted"),
    ("encrypted/autostart-encrypt-standardpassword.xlsb", "office encrypted encrypted"),
    ("encrypted/autostart-encrypt-standardpassword.xlsm", "office encrypted encrypted"),
    ("encrypted/dde-test-encrypt-standardpassword.xls", "office encrypted external-content encrypted"),
    ("encrypted/dde-test-encrypt-standardpassword.xlsb", "office encrypted encrypted"),
    ("encrypted/dde-test-encrypt-standardpassword.xlsm", "office encrypted encrypted"),
    ("encrypted/dde-test-encrypt-standardpassword.xlsx", "office encrypted encrypted"),
    ("encrypted/encrypted.doc", "office encrypted encrypted"),
    ("encrypted/encrypted.docm", "office encrypted encrypted"),
    ("encrypted/encrypted.docx", "office encrypted encrypted"),
    ("encrypted/encrypted.ppt", "office encrypted encrypted"),
    ("encrypted/encrypted.pptm", "office encrypted encrypted"),
    ("encrypted/encrypted.pptx", "office encrypted encrypted"),
    ("encrypted/encrypted.xls", "office encrypted encrypted"),
    ("encrypted/encrypted.xlsb", "office encrypted encrypted"),
    ("encrypted/encrypted.xlsm", "office encrypted encrypted"),
    ("encrypted/encrypted.xlsx", "office encrypted encrypted"),
    ("excel4-macros/excel4_sample_macro.slk", "office unreadable-format"),
    ("excel4-macros/excel4_sample_macro.xls", "office - xlm-macros"),
    ("excel4-macros/excel4_sample_macro.xlsb", "office - xlm-macros"),
    ("excel4-macros/excel4_sample_macro.xlsm", "office - xlm-macros"),
    ("excel4-macros/excel4_sample_macro.xlt", "office - xlm-macros"),
    ("excel4-macros/excel4_sample_macro.xltm", "office - xlm-macros"),
    ("excel4-macros/excel4_sample_macro_excel5_format.xls", "office - xlm-macros"),
    ("msodde/RTF-Spec-1.7.rtf", "office -"),
    ("msodde/dde-in-csv.csv", "text - dde"),
    ("msodde/dde-in-excel2003.xml", "office - dde"),
    ("msodde/dde-in-word2003.xml.zip", "archive encrypted encrypted"),
    ("msodde/dde-in-word2007.xml.zip", "archive encrypted encrypted"),
    ("msodde/dde-test-from-office2003.doc.zip", "archive encrypted encrypted contains-office"),
    (
        "msodde/dde-test-from-office2013-utf_16le-korean.doc.zip",
        "archive encrypted encrypted contains-office",
    ),
    ("msodde/dde-test-from-office2016.doc", "office - dde"),
    ("msodde/dde-test-from-office2016.doc.zip", "archive encrypted encrypted contains-office"),
    ("msodde/dde-test.docm", "office - dde"),
    ("msodde/dde-test.docx", "office - dde"),
    ("msodde/dde-test.xlsb", "office - dde"),
    ("msodde/dde-test.xlsm", "office - dde"),
    ("msodde/dde-test.xlsx", "office - dde"),
    ("msodde/harmless-clean-2003.xml", "office -"),
    ("msodde/harmless-clean.doc", "office -"),
    ("msodde/harmless-clean.docm", "office -"),
    ("msodde/harmless-clean.docx", "office -"),
    ("msodde/harmless-clean.xml", "office -"),
    ("oleform/oleform-PR314.docm", "office - macros"),
    ("oleobj/embedded-simple-2007-as2003.xml", "office - ole-object"),
    ("oleobj/embedded-simple-2007.doc", "office - ole-object"),
    ("oleobj/embedded-simple-2007.docm", "office - ole-object"),
    ("oleobj/embedded-simple-2007.docx", "office - ole-object"),
    ("oleobj/embedded-simple-2007.dot", "office - ole-object"),
    ("oleobj/embedded-simple-2007.dotm", "office - ole-object"),
    ("oleobj/embedded-simple-2007.dotx", "office - ole-object"),
    ("oleobj/embedded-simple-2007.odp", "office - ole-object"),
    ("oleobj/embedded-simple-2007.ods", "office - ole-object"),
    ("oleobj/embedded-simple-2007.odt", "office - ole-object"),
    ("oleobj/embedded-simple-2007.pot", "office - ole-object"),
    ("oleobj/embedded-simple-2007.potm", "office - ole-object"),
    ("oleobj/embedded-simple-2007.potx", "office - ole-object"),
    ("oleobj/embedded-simple-2007.pps", "office - ole-object"),
    ("oleobj/embedded-simple-2007.ppsm", "office - ole-object"),
    ("oleobj/embedded-simple-2007.ppsx", "office - ole-object"),
    ("oleobj/embedded-simple-2007.ppt", "office - ole-object"),
    ("oleobj/embedded-simple-2007.pptm", "office - ole-object"),
    ("oleobj/embedded-simple-2007.pptx", "office - ole-object"),
    ("oleobj/embedded-simple-2007.xla", "office - ole-object"),
    ("oleobj/embedded-simple-2007.xlam", "office - ole-object"),
    ("oleobj/embedded-simple-2007.xls", "office - ole-object"),
    ("oleobj/embedded-simple-2007.xlsb", "office - ole-object"),
    ("oleobj/embedded-simple-2007.xlsm", "office - ole-object"),
    ("oleobj/embedded-simple-2007.xlsx", "office - ole-object"),
    ("oleobj/embedded-simple-2007.xlt", "office - ole-object"),
    ("oleobj/embedded-simple-2007.xltm", "office - ole-object"),
    ("oleobj/embedded-simple-2007.xltx", "office - ole-object"),
    ("oleobj/embedded-simple-2007.xml", "office - ole-object"),
    ("oleobj/embedded-unicode-2007.docx", "office - ole-object"),
    ("oleobj/embedded-unicode.doc", "office - ole-object"),
    ("oleobj/external_link/sample_with_external_link_to_doc.docm", "office - ole-object external-object"),
    ("oleobj/external_link/sample_with_external_link_to_doc.docx", "office - ole-object external-object"),
    ("oleobj/external_link/sample_with_external_link_to_doc.dotm", "office - ole-object external-object"),
    ("oleobj/external_link/sample_with_external_link_to_doc.dotx", "office - ole-object external-object"),
    ("oleobj/external_link/sample_with_external_link_to_doc.potm", "office - ole-object external-object"),
    ("oleobj/external_link/sample_with_external_link_to_doc.potx", "office - ole-object external-object"),
    ("oleobj/external_link/sample_with_external_link_to_doc.ppsm", "office - ole-object external-object"),
    ("oleobj/external_link/sample_with_external_link_to_doc.ppsx", "office - ole-object external-object"),
    ("oleobj/external_link/sample_with_external_link_to_doc.pptm", "office - ole-object external-object"),
    ("oleobj/external_link/sample_with_external_link_to_doc.pptx", "office - ole-object external-object"),
    ("oleobj/external_link/sample_with_external_link_to_doc.xlsb", "office - ole-object external-object"),
    ("oleobj/external_link/sample_with_external_link_to_doc.xlsm", "office - ole-object external-object"),
    ("oleobj/external_link/sample_with_external_link_to_doc.xlsx", "office - ole-object external-object"),
    ("oleobj/sample_with_calc_embedded.doc", "office - ole-object contains-program"),
    ("oleobj/sample_with_lnk_file.doc", "office - ole-object contains-script"),
    ("oleobj/sample_with_lnk_file.pps", "office - ole-object contains-script"),
    ("oleobj/sample_with_lnk_file.ppt", "office - ole-object contains-script"),
    ("oleobj/sample_with_lnk_to_calc.doc", "office - ole-object external-object"),
    ("olevba/sample_with_vba.ppt", "office - macros"),
    ("ooxml/dde-in-excel2003.xml", "office - dde"),
    ("ooxml/dde-in-word2003.xml.zip", "archive encrypted encrypted"),
    ("ooxml/harmless-clean-2003.xml", "office -"),
    ("ooxml/harmless-clean.xml", "office -"),
    ("other/presentation.xps", "office -"),
    ("rtfobj/issue_185.rtf.zip", "archive encrypted encrypted contains-office"),
    ("rtfobj/issue_251.rtf", "office ambiguous ole-object"),
];

/// Files that a change of the tests' own makes no difference to.
fn samples() -> Vec<(String, Vec<u8>)> {
    let root = installed("oletools/oletools-0.60.2/tests/test-data");
    let (mut folders, mut files) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                files.push((name, fs::read(path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn each_sample_of_oletools_earns_its_labels() {
    let samples = samples();
    let mut wrong = Vec::new();
    for (name, content) in &samples {
        let found = in_words(&look(Path::new(name).file_name().unwrap().to_str().unwrap(), content));
        let expected =
            SAMPLES.iter().find(|(known, _)| known == name).map_or("not in the table", |(_, words)| *words);
        if found != expected {
            wrong.push(format!("{name}: {found}, expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(samples.len(), SAMPLES.len());
}

#[test]
fn no_wrapping_of_a_program_passes_as_harmless() {
    let files = test_files();
    assert_eq!(files.len(), 44);
    for (name, content) in &files {
        // Its name is of no help.
        let found = look("", content);
        assert!(!is_harmless(&found), "{name}: {found:?}");
    }
    let content = |name: &str| files.iter().find(|(found, _)| found == name).unwrap().1.clone();
    for (name, expected) in [
        ("clam.zip", "archive - contains-program"),
        ("clam.tar.gz", "archive - contains-program"),
        ("clam.mail", "mail - contains-program"),
        ("clam.exe.rtf", "office - ole-object contains-program"),
        ("clam.ole.doc", "office - ole-object contains-program"),
        ("clam.ppt", "office - ole-object contains-program"),
        ("clam.pdf", "pdf - embedded-file contains-program"),
        ("clam.bz2.zip", "archive - contains-program"),
        ("clam.7z", "archive - contains-program"),
        ("clam.tnef", "mail damaged contains-program"),
        ("clam.chm", "script unreadable-format"),
    ] {
        check("", &content(name), expected);
    }
}
