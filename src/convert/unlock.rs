//! PDFs without their encryption. Some open without a password; a flag says that only their owner may change or print
//! them. Banks and insurers send such PDFs, and neither a scanner nor a look sees their contents.

use std::fs::File;
use std::io::{self, Read, Write};

use secrecy::{ExposeSecret, SecretString};

use super::MAX_DOCUMENT;
use super::error::ConvertError;
use super::memory;
use super::sandbox::Sandbox;

/// The outcome for an encrypted PDF.
#[derive(Debug)]
pub enum Unlocked {
    /// The same without its encryption: a sealed file in memory, at its beginning.
    Open(File),
    /// The password is not the right one.
    WrongPassword,
    /// It is not sound, not encrypted at all, or too large.
    NotSound,
}

/// Writes the PDF on the standard input without its encryption. `$1` bytes of password precede it, so that no list of
/// processes shows it. One that qpdf would have to repair is not written: another program could read something else
/// in it. Objects to which nothing in a sound PDF refers are left out.
const UNLOCK: &str = r#"
head -c "$1" >password
cat >locked.pdf
if qpdf --password-file=password --decrypt --object-streams=preserve locked.pdf open.pdf >/dev/null 2>&1; then
    exec cat open.pdf
fi
qpdf --password-file=password --requires-password locked.pdf >/dev/null 2>&1 && exit 3
exit 2
"#;

/// The script's exit code for another password.
const WRONG_PASSWORD: i32 = 3;

/// The same PDF without its encryption.
pub(super) fn unlocked(
    sandbox: &Sandbox,
    pdf: &mut dyn Read,
    password: &SecretString,
) -> Result<Unlocked, ConvertError> {
    let mut input = memory::empty()?;
    let password = password.expose_secret().as_bytes();
    input.write_all(password)?;
    if io::copy(&mut pdf.take(MAX_DOCUMENT + 1), &mut input)? > MAX_DOCUMENT {
        return Ok(Unlocked::NotSound);
    }
    let ended = sandbox.run(UNLOCK, &[&password.len().to_string()], &memory::sealed(input)?)?;
    Ok(match ended.exit {
        0 => Unlocked::Open(ended.output),
        WRONG_PASSWORD => Unlocked::WrongPassword,
        _ => Unlocked::NotSound,
    })
}
