//! PDFs that open without a password, though they are encrypted: only their owner may change or print them, says a
//! flag. Banks and insurers send such, and neither a scanner nor a look sees what is in them.

use std::fs::File;

use super::error::ConvertError;
use super::sandbox::Sandbox;

/// Writes the PDF on the standard input without its encryption. One that qpdf would have to repair is not written:
/// another program could read something else in it. What nothing in a sound PDF refers to is left out.
const UNLOCK: &str = r"
cat >locked.pdf
qpdf --password= --decrypt --object-streams=preserve locked.pdf open.pdf >/dev/null 2>&1 || exit 2
exec cat open.pdf
";

/// The same PDF without its encryption; `None` if it opens with a password only, or is not sound.
pub(super) fn unlocked(sandbox: &Sandbox, pdf: &File) -> Result<Option<File>, ConvertError> {
    let ended = sandbox.run(UNLOCK, &[], pdf)?;
    Ok((ended.exit == 0).then_some(ended.output))
}
