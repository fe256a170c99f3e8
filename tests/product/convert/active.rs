//! Parts of a PDF that act by themselves do not reach a reader.

use std::fs;

use tresor::convert::{ConvertError, Converted, Note};

use super::{Impostor, Pdf, convert, converter, document};

/// A PDF of one page with further entries of its catalogue and further objects.
fn pdf(catalogue: &str, objects: &[&str]) -> Vec<u8> {
    let page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> \
                /Annots [6 0 R] >>";
    let own = [
        &format!("<< /Type /Catalog /Pages 2 0 R {catalogue} >>"),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        page,
        "<< /Length 40 >>\nstream\nBT /F 12 Tf 20 20 Td (Kaufvertrag) Tj ET\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ];
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (at, object) in own.iter().chain(objects).enumerate() {
        places.push(file.len());
        file.extend(format!("{} 0 obj\n{object}\nendobj\n", at + 1).bytes());
    }
    let start = file.len();
    file.extend(format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1).bytes());
    file.extend(places.iter().flat_map(|place| format!("{place:010} 00000 n \n").into_bytes()));
    file.extend(
        format!("trailer << /Root 1 0 R /Size {} >>\nstartxref\n{start}\n%%EOF\n", places.len() + 1).bytes(),
    );
    file
}

/// The treatment of a PDF that LibreOffice made.
fn judge(pdf: &[u8]) -> Result<Converted, ConvertError> {
    let impostor = Impostor::new("cp \"$(dirname \"$0\")/made.pdf\" out/document.pdf");
    fs::write(impostor.folder.path().join("program/made.pdf"), pdf).unwrap();
    impostor.convert()
}

#[test]
fn active_contents_are_drawn_away() {
    let link = |action: &str| {
        let annotation = format!("<< /Type /Annot /Subtype /Link /Rect [0 0 99 99] /A << {action} >> >>");
        pdf("", &[&annotation])
    };
    for (found, made) in [
        ("/JavaScript", link("/S /JavaScript /JS (app.alert\\(1\\))")),
        ("/JavaScript", link("/S /J#61vaScript /J#53 (app.alert\\(1\\))")),
        ("/Launch", link("/S /Launch /F (calc.exe)")),
        ("/SubmitForm", link("/S /SubmitForm /F (http://example.org)")),
        ("link", link("/S /URI /URI (file:///etc/passwd)")),
        ("link", link("/S /URI /URI (javascript:alert\\(1\\))")),
        (
            "/EmbeddedFiles",
            pdf("/Names << /EmbeddedFiles << /Names [(a) 6 0 R] >> >>", &["<< /Type /Filespec /F (a) >>"]),
        ),
        ("/XFA", pdf("/AcroForm << /Fields [] /XFA (x) >>", &["<< >>"])),
        ("/AA", pdf("/AA << /WC 6 0 R >>", &["<< /S /Named >>"])),
    ] {
        let mut converted = judge(&made).unwrap_or_else(|error| panic!("{found}: {error}"));
        let names = |note: &Note| matches!(note, Note::Redrawn(names) if names.contains(found));
        assert!(converted.notes.iter().any(names), "{found}: {:?}", converted.notes);
        let pdf = Pdf::of(&mut converted);
        assert!(pdf.text().contains("Kaufvertrag"), "{found}");
        let plain = String::from_utf8_lossy(&pdf.uncompressed()).into_owned();
        for trace in [found, "alert", "calc.exe", "example.org", "passwd", "/Annot"] {
            assert!(!plain.contains(trace), "{found}: {trace} is left");
        }
    }
}

#[test]
fn harmless_links_stay() {
    let link =
        "<< /Type /Annot /Subtype /Link /Rect [0 0 99 99] /A << /S /URI /URI (https://example.org/) >> >>";
    let mut converted = judge(&pdf("", &[link])).unwrap();
    assert!(!converted.notes.iter().any(|note| matches!(note, Note::Redrawn(_))), "{:?}", converted.notes);
    assert!(
        String::from_utf8_lossy(&Pdf::of(&mut converted).uncompressed()).contains("https://example.org/")
    );
}

/// Slides with a film are ordinary, and LibreOffice puts the film and an action into the PDF.
#[test]
fn slides_with_a_film_become_still_pages() {
    let mut converted = convert(&converter(), &document("film.pptx")).unwrap();
    let names = |note: &Note| matches!(note, Note::Redrawn(names) if names.contains("/EmbeddedFile"));
    assert!(converted.notes.iter().any(names), "{:?}", converted.notes);
    let pdf = Pdf::of(&mut converted);
    assert!(pdf.text().contains("Kaufvertrag"));
    assert!(!String::from_utf8_lossy(&pdf.uncompressed()).contains("ftypmp42"));
}

#[test]
fn what_is_no_pdf_is_refused() {
    for made in
        [b"<html>".to_vec(), b"%PDF-1.7\nnothing else".to_vec(), [b"x", &pdf("", &["<< >>"])[..]].concat()]
    {
        assert_eq!(judge(&made).unwrap_err().code(), "pdf-refused");
    }
}

/// The limit is 5,000 pages.
#[test]
fn a_pdf_with_too_many_pages_is_refused() {
    let pages = |count: usize| {
        let kids = "3 0 R ".repeat(count);
        let text = String::from_utf8(pdf("", &["<< >>"])).unwrap();
        text.replace("/Kids [3 0 R] /Count 1", &format!("/Kids [{kids}] /Count {count}")).into_bytes()
    };
    assert_eq!(judge(&pages(5_001)).unwrap_err().code(), "too-many-pages");
}
