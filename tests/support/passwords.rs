//! Contents with a password, made by stock programs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::{installed, require, succeed, tool};

/// A folder that is gone at the end, for programs that read and write files.
fn work() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// Runs `passwords.py`.
pub fn passwords(arguments: &[&str]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/passwords.py");
    succeed(Command::new(installed("office/bin/python")).arg(script).args(arguments));
}

/// Runs `passwords.py` on paths, of which it writes the last.
fn written(arguments: impl Fn(&str, &str) -> Vec<String>, plain: &[u8], name: &str) -> Vec<u8> {
    let work = work();
    let [from, to] = ["plain", name].map(|name| work.path().join(name).to_str().unwrap().to_owned());
    fs::write(&from, plain).unwrap();
    let arguments = arguments(&from, &to);
    passwords(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    fs::read(to).unwrap()
}

/// A docx or xlsx, as its name says, with a text.
pub fn document(name: &str, text: &str) -> Vec<u8> {
    written(|_, to| vec!["write".to_owned(), to.to_owned(), text.to_owned()], b"", name)
}

/// Any bytes, encrypted as Office does it with an archive.
pub fn locked_document(plain: &[u8], password: &str) -> Vec<u8> {
    written(|from, to| ["lock", from, password, to].map(str::to_owned).into(), plain, "locked")
}

/// An `OpenDocument` package, encrypted as a whole as LibreOffice does it since 24.2.
pub fn locked_package(plain: &[u8], password: &str) -> Vec<u8> {
    written(|from, to| ["whole", from, password, to].map(str::to_owned).into(), plain, "locked")
}

/// Documents that LibreOffice makes of some texts: `0.odt`, `0-new.odt`, `0-old.ods` and so on, as `odf.py` says.
pub fn office_documents(texts: &[&str], password: &str) -> BTreeMap<String, Vec<u8>> {
    require("soffice", "libreoffice-impress-nogui");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/odf.py");
    // The module `uno` is that of the system's Python.
    let mut python = Command::new("/usr/bin/python3");
    let folder = work();
    python.arg(script).arg(folder.path()).arg(password).args(texts);
    assert!(
        Path::new("/usr/lib/python3/dist-packages/uno.py").exists(),
        "Debian has the module uno in python3-uno: run tests/install.sh test"
    );
    succeed(&mut python);
    let files = fs::read_dir(folder.path()).unwrap().map(Result::unwrap);
    let files = files.map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap()));
    files.collect()
}

/// The contents that msoffcrypto finds in documents with this password, in a folder.
pub fn opened_documents(paths: &[PathBuf], password: &str) -> tempfile::TempDir {
    let work = work();
    let paths = paths.iter().map(|path| path.to_str().unwrap());
    let arguments = ["open", work.path().to_str().unwrap(), password].into_iter().chain(paths);
    passwords(&arguments.collect::<Vec<_>>());
    work
}

/// An archive of files, made by 7-Zip with further arguments, which say its format and password.
pub fn archive(files: &[(&str, &[u8])], arguments: &[&str]) -> Vec<u8> {
    let work = work();
    for (name, content) in files {
        fs::write(work.path().join(name), content).unwrap();
    }
    let names = files.iter().map(|(name, _)| *name);
    succeed(
        tool("7zz", "7zip")
            .args(["a", "-bd"])
            .args(arguments)
            .arg("archive")
            .args(names)
            .current_dir(work.path()),
    );
    let written = ["archive", "archive.zip", "archive.7z"].map(|name| work.path().join(name));
    fs::read(written.iter().find(|path| path.exists()).unwrap()).unwrap()
}

/// A PDF with a password that opens it.
pub fn locked_pdf(plain: &[u8], password: &str) -> Vec<u8> {
    let work = work();
    fs::write(work.path().join("plain.pdf"), plain).unwrap();
    let options = ["--encrypt", password, "owner", "256", "--", "plain.pdf", "locked.pdf"];
    let done = tool("qpdf", "qpdf").args(options).current_dir(work.path()).output().unwrap();
    // 3: it repaired one that was made by hand.
    assert!([Some(0), Some(3)].contains(&done.status.code()), "{done:?}");
    fs::read(work.path().join("locked.pdf")).unwrap()
}
