//! Opens a content that is encrypted with a password, in the child. The result is one content again, which is scanned
//! and looked into like any other.
//!
//! | content | opened | becomes |
//! |---|---|---|
//! | docx, xlsx, pptx in a compound file | "agile" and "standard" encryption with AES | the archive in it |
//! | xls without pivot tables | RC4, RC4 of `CryptoAPI`, XOR | the same workbook, no longer encrypted |
//! | doc | RC4, RC4 of `CryptoAPI` | the same document |
//! | ppt without pictures | RC4 of `CryptoAPI` | the same slides, without title, author and the like |
//! | ZIP | `ZipCrypto`, AES | the same archive |
//! | 7z | AES | a ZIP archive with the same files |
//! | odt, ods, odp and the like | Blowfish, AES; PBKDF2, Argon2id | the same package, or the one in it |
//!
//! Everything or nothing: a content of which a part stays closed is not opened. The encrypted parts of a content are opened by
//! `look`, part by part.

mod aes;
mod archive;
mod blowfish;
mod compound;
mod digest;
mod document;
mod gcm;
mod odf;
mod package;
mod rc4;
mod seven_zip;
mod slides;
mod word;
mod workbook;
mod zip;

use secrecy::{ExposeSecret, SecretString};

use super::keys::By;
use super::kind::Format;

/// The outcome of an attempt to open a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// It is open.
    Opened,
    /// The password is not the right one.
    WrongPassword,
    /// It is too large when it is open.
    TooLarge,
    /// It is not encrypted, or in a way that is not read here; or the process did not finish.
    NotRead,
}

/// The first byte of the child's output; the content follows.
const MARKS: [(u8, Opening); 4] = [
    (b'o', Opening::Opened),
    (b'w', Opening::WrongPassword),
    (b'l', Opening::TooLarge),
    (b'n', Opening::NotRead),
];

impl Opening {
    /// Its first byte in the child's answer.
    pub(super) fn mark(self) -> u8 {
        MARKS.iter().find(|(_, opening)| *opening == self).map_or(0, |(mark, _)| *mark)
    }

    /// The outcome for which a first byte stands.
    pub(super) fn of_mark(mark: u8) -> Option<Self> {
        MARKS.iter().find(|(known, _)| *known == mark).map(|(_, opening)| *opening)
    }
}

/// Why something stays closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    WrongPassword,
    TooLarge,
    NotRead,
}

/// Passwords that office programs try by themselves, so that the document opens as if it had none: that of Excel, for
/// workbooks that may be read and not changed, and that of `PowerPoint` (MS-XLS 2.4.191, MS-PPT 2.3.7).
const STANDARD: [&str; 2] = ["VelvetSweatshop", "/01Hannes Ruescher/01"];

/// Most bytes of a content when it is open. More than a sample of the scanner has.
const MAX_OPENED: usize = 128 << 20;

/// Opens a content with a password or, without one, as office programs do by themselves. Only the child may call it, and
/// tests. Returns the content in it, if it came open.
pub fn open(content: &[u8], password: Option<&str>) -> (Opening, Vec<u8>) {
    let opened = match password {
        Some(password) => with_password(content, password),
        None => by_standard(content),
    };
    match outcome(opened) {
        Ok(content) => (Opening::Opened, content),
        Err(opening) => (opening, Vec::new()),
    }
}

/// Opens a content as office programs do by themselves, or with the first of these passwords that is right. Only the child
/// may call it, and tests.
pub(super) fn open_by_any(content: &[u8], given: &[SecretString]) -> Result<(Vec<u8>, By), Opening> {
    let mut worst = match outcome(by_standard(content)) {
        Ok(content) => return Ok((content, By::Standard)),
        Err(opening) => opening,
    };
    for (number, password) in given.iter().enumerate() {
        let password = password.expose_secret();
        // One that no format takes.
        if password.is_empty() {
            continue;
        }
        match outcome(with_password(content, password)) {
            Ok(content) => return Ok((content, By::Given(number))),
            Err(Opening::NotRead) => {}
            Err(opening) if worst == Opening::TooLarge || opening == Opening::TooLarge => {
                worst = Opening::TooLarge;
            }
            Err(opening) => worst = opening,
        }
    }
    Err(worst)
}

fn outcome(opened: Result<Vec<u8>, Fault>) -> Result<Vec<u8>, Opening> {
    match opened {
        Ok(content) if content.len() > MAX_OPENED => Err(Opening::TooLarge),
        Ok(content) => Ok(content),
        Err(Fault::TooLarge) => Err(Opening::TooLarge),
        Err(Fault::WrongPassword) => Err(Opening::WrongPassword),
        Err(Fault::NotRead) => Err(Opening::NotRead),
    }
}

/// Archives have no such password.
fn by_standard(content: &[u8]) -> Result<Vec<u8>, Fault> {
    if Format::of(content) != Format::Ole {
        return Err(Fault::NotRead);
    }
    let mut attempts = STANDARD.iter().map(|password| document::open(content, password));
    attempts.find(Result::is_ok).unwrap_or(Err(Fault::NotRead))
}

fn with_password(content: &[u8], password: &str) -> Result<Vec<u8>, Fault> {
    match Format::of(content) {
        Format::Ole => document::open(content, password),
        Format::Zip => match zip::open(content, password) {
            // Its members are no archive's that are encrypted, but may be a document's.
            Err(Fault::NotRead) => odf::open(content, password),
            opened => opened,
        },
        Format::SevenZip => seven_zip::open(content, password),
        _ => Err(Fault::NotRead),
    }
}
