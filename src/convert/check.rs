//! Looks into the PDF before any person does: it parses, and nothing in it acts by itself.

use std::collections::BTreeSet;
use std::fs::File;

use super::error::ConvertError;
use super::memory;
use super::sandbox::Sandbox;

/// The contents of a PDF.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) pages: u64,
    /// Number of comments.
    pub(super) comments: u64,
    /// Names of the fonts, each once.
    pub(super) fonts: BTreeSet<String>,
    /// Parts that can act by themselves, or reach beyond the file; `damage` if qpdf had to repair it.
    pub(super) active: BTreeSet<String>,
}

/// Lists the contents of the PDF on the standard input, one thing a line.
///
/// qpdf's JSON has each name of a dictionary or an action in its normal form, in quotes, and begins texts with `u:`, so
/// that no text is taken for a name. Links may lead to web and mail; a link to a file of the reader's machine, or with
/// a script in it, counts as active.
const LIST: &str = r#"
cat >file.pdf && head -c 5 file.pdf | grep -q '^%PDF-' || exit 2
qpdf --check file.pdf >/dev/null 2>&1
case $? in 0) ;; 3) echo active damage ;; *) exit 2 ;; esac
qpdf --json file.pdf >json 2>/dev/null || echo active damage
echo "pages $(qpdf --show-npages file.pdf)"
echo "comments $(grep -cE '"/Subtype": "/Text"' json)"
grep -oE '"/(AA|AcroForm|EF|EmbeddedFiles?|GoTo3DView|GoToE|GoToR|ImportData|JS|JavaScript|Launch|Movie|RichMedia|Rendition|SetState|Sound|SubmitForm|Thread|XFA)"' json |
    tr -d '"' | sort -u | sed 's/^/active /'
grep -oE '"/URI": "[^"]*"' json | grep -qvE '"(u:)?(https?|mailto|tel):' && echo active link
pdffonts file.pdf | tail -n +3 | cut -d ' ' -f 1 | sed 's/^[A-Z]\{6\}+//; s/^/font /' | sort -u | head -n 200
exit 0
"#;

/// Draws the pages of the PDF on the standard input anew: texts, lines and pictures remain, and nothing else.
const REDRAW: &str = "pdftocairo -pdf - redrawn.pdf && exec cat redrawn.pdf";

/// Writes the text of the PDF on the standard input.
const TEXT: &str = "exec pdftotext -enc UTF-8 - -";

/// The contents of `pdf`.
pub(super) fn contents(sandbox: &Sandbox, pdf: &File) -> Result<Contents, ConvertError> {
    let unreadable = || ConvertError::PdfRefused { found: "it cannot be read".to_owned() };
    let ended = sandbox.run(LIST, &[], pdf)?;
    if ended.exit != 0 {
        return Err(unreadable());
    }
    let listed = memory::bytes(&ended.output)?;
    let mut contents = Contents::default();
    for line in String::from_utf8_lossy(&listed).lines() {
        match line.split_once(' ') {
            Some(("pages", count)) => contents.pages = count.parse().map_err(|_| unreadable())?,
            Some(("comments", count)) => contents.comments = count.parse().unwrap_or(0),
            // Names of fonts come from the document.
            Some(("font", name)) => drop(
                contents.fonts.insert(name.chars().filter(|char| !char.is_control()).take(100).collect()),
            ),
            Some(("active", name)) => drop(contents.active.insert(name.to_owned())),
            _ => {}
        }
    }
    // A list that is not whole says nothing.
    if contents.pages == 0 { Err(unreadable()) } else { Ok(contents) }
}

/// A PDF with the same pages and nothing active.
pub(super) fn redrawn(sandbox: &Sandbox, pdf: &File) -> Result<File, ConvertError> {
    let ended = sandbox.run(REDRAW, &[], pdf)?;
    match ended.exit {
        0 => Ok(ended.output),
        exit => Err(ConvertError::Crashed { exit }),
    }
}

/// The text of a PDF.
pub(super) fn text(sandbox: &Sandbox, pdf: &File) -> Result<String, ConvertError> {
    let ended = sandbox.run(TEXT, &[], pdf)?;
    Ok(String::from_utf8_lossy(&memory::bytes(&ended.output)?).into_owned())
}
