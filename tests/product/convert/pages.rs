//! One page of a PDF as a picture: which pages there are, what a hostile PDF costs.

use std::fs;
use std::time::{Duration, Instant};

use tresor::convert::{ConvertError, Converter, OfficeKind, PageFormat, PagePicture, PageSource};

use super::{Impostor, converter, document, work_folder};
use crate::support::pdfs::{drawn, endless, pages, scan};
use crate::support::process::{require, succeed, tool};

/// The longer side of each picture, in pixels.
const LONGEST: u32 = 1_600;

fn page(pdf: &[u8], number: u32) -> Result<PagePicture, ConvertError> {
    converter().page(&mut &*pdf, (PageSource::Pdf, number), LONGEST)
}

fn numbered(count: usize) -> Vec<u8> {
    let texts: Vec<_> = (1..=count).map(|number| format!("Seite {number}")).collect();
    pages((595, 842), &texts)
}

#[test]
fn each_page_of_a_long_pdf_is_a_picture_of_its_own() {
    let pdf = numbered(300);
    let mut seen = Vec::new();
    for number in [1, 2, 300] {
        let picture = page(&pdf, number).unwrap();
        assert_eq!((picture.width, picture.height, picture.pages), (1_131, 1_600, 300), "{number}");
        assert_eq!(picture.format, PageFormat::Png);
        assert!(picture.bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "{number}");
        seen.push(picture.bytes);
    }
    assert!(seen[0] != seen[1] && seen[1] != seen[2]);
    assert_eq!(page(&pdf, 1).unwrap().bytes, seen[0]);
    for number in [0, 301, u32::MAX] {
        let outcome = page(&pdf, number);
        assert!(matches!(outcome, Err(ConvertError::NoSuchPage { pages: 300 })), "{number}: {outcome:?}");
    }
}

#[test]
fn a_scanned_page_is_small_as_jpeg() {
    let begun = Instant::now();
    let picture = page(&scan(), 1).unwrap();
    eprintln!("scan: {} bytes in {:?}", picture.bytes.len(), begun.elapsed());
    assert_eq!(picture.format, PageFormat::Jpeg);
    assert!(
        picture.bytes.starts_with(b"\xff\xd8\xff") && picture.bytes.len() < 1 << 20,
        "{}",
        picture.bytes.len()
    );
}

#[test]
fn any_page_fits_whatever_size_it_claims() {
    for (size, expected) in
        [((14_400, 14_400), (1_600, 1_600)), ((20, 14_400), (3, 1_600)), ((3, 3), (1_600, 1_600))]
    {
        let picture = page(&pages(size, &["x".to_owned()]), 1).unwrap();
        assert_eq!((picture.width, picture.height), expected, "{size:?}");
    }
    assert!(matches!(page(&pages((0, 0), &["x".to_owned()]), 1), Ok(_) | Err(ConvertError::Unreadable)));
}

#[test]
fn what_is_no_sound_pdf_is_refused() {
    let pdf = numbered(2);
    for bytes in [&b""[..], b"PK\x03\x04", b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", &[0; 4096]] {
        assert!(matches!(page(bytes, 1), Err(ConvertError::Unreadable)), "{bytes:?}");
    }
    // Damaged in its middle, or cut: the parts that poppler can still read are shown.
    for bytes in [&pdf[..pdf.len() / 2], &pdf[..pdf.len() - 20]] {
        assert!(matches!(page(bytes, 1), Ok(_) | Err(ConvertError::Unreadable)));
    }
    let folder = work_folder();
    let (open, locked) = (folder.path().join("open.pdf"), folder.path().join("locked.pdf"));
    fs::write(&open, pdf).unwrap();
    let lock = |user: &str| {
        succeed(tool("qpdf", "qpdf").args(["--encrypt", user, "owner", "256", "--"]).args([&open, &locked]));
        fs::read(&locked).unwrap()
    };
    assert!(matches!(page(&lock("secret"), 1), Err(ConvertError::Encrypted)));
    assert_eq!(page(&lock(""), 2).unwrap().pages, 2);
}

#[test]
fn a_page_that_never_ends_is_ended() {
    let begun = Instant::now();
    let outcome = page(&endless(), 1);
    assert!(matches!(outcome, Err(ConvertError::TimedOut)), "{outcome:?}");
    assert!(begun.elapsed() < Duration::from_mins(1), "{:?}", begun.elapsed());
}

#[test]
fn nothing_outside_of_a_page_is_painted() {
    // The picture is as large as its frame in the page, and lines drawn beside the frame are not in it.
    let framed = drawn("", "1 0 0 rg 0 0 595 842 re f", &[]);
    let text = String::from_utf8(framed).unwrap();
    let framed = text.replace("/MediaBox [0 0 595 842]", "/MediaBox [0 0 595 842] /CropBox [0 0 100 200]");
    let picture = page(framed.as_bytes(), 1).unwrap();
    assert_eq!((picture.width, picture.height), (800, 1_600));
}

#[test]
fn an_office_document_is_laid_out_and_its_pages_painted() {
    let path = document("text.docx");
    let kind = OfficeKind::of_extension("docx").unwrap();
    let mut pdf = converter().laid_out(&mut fs::File::open(path).unwrap(), kind).unwrap();
    let picture = converter().page(&mut pdf, (PageSource::Pdf, 1), LONGEST).unwrap();
    assert_eq!((picture.height, picture.pages), (1_600, 1));
}

#[test]
fn a_document_that_never_becomes_a_pdf_is_ended() {
    let impostor = Impostor::new("sleep 1000");
    let kind = OfficeKind::of_extension("docx").unwrap();
    let converter = Converter::new(&impostor.settings()).unwrap();
    let outcome = converter.laid_out(&mut fs::File::open(document("text.docx")).unwrap(), kind);
    assert!(matches!(outcome, Err(ConvertError::TimedOut)), "{outcome:?}");
}

/// A TIFF of two pages without compression, one white and one black.
fn tiff() -> Vec<u8> {
    const SIDE: u32 = 100;
    let mut file = b"II*\0".to_vec();
    let tags = 8;
    let length = 2 + tags * 12 + 4;
    let bytes = SIDE * SIDE;
    // Each page: its pixels, then its list of tags.
    for (number, shade) in [(0, 255), (1, 0)] {
        let start = 8 + number * (bytes + length);
        if number == 0 {
            file.extend((start + bytes).to_le_bytes());
        }
        file.extend(vec![shade; usize::try_from(bytes).unwrap()]);
        file.extend(u16::try_from(tags).unwrap().to_le_bytes());
        for (tag, value) in [
            (256_u16, SIDE),
            (257, SIDE),
            (258, 8),
            (259, 1),
            (262, 1),
            (273, start),
            (278, SIDE),
            (279, bytes),
        ] {
            file.extend(tag.to_le_bytes());
            file.extend(4_u16.to_le_bytes());
            file.extend(1_u32.to_le_bytes());
            file.extend(value.to_le_bytes());
        }
        let next = if number == 0 { start + length + 2 * bytes } else { 0 };
        file.extend(next.to_le_bytes());
    }
    file
}

#[test]
fn a_scan_in_tiff_has_pages() {
    require("tiff2pdf", "libtiff-tools");
    let file = tiff();
    let page = |number| converter().page(&mut &*file, (PageSource::Tiff, number), LONGEST);
    let (white, black) = (page(1).unwrap(), page(2).unwrap());
    assert_eq!((white.width, white.height, white.pages), (1_600, 1_600, 2));
    assert!(white.bytes != black.bytes);
    assert!(matches!(page(3), Err(ConvertError::NoSuchPage { pages: 2 })));
    for bytes in [&b""[..], b"II*\0", &file[..200]] {
        let outcome = converter().page(&mut &*bytes, (PageSource::Tiff, 1), LONGEST);
        assert!(
            matches!(outcome, Err(ConvertError::Unreadable | ConvertError::Crashed { .. })),
            "{outcome:?}"
        );
    }
}

#[test]
fn a_photo_of_a_phone_is_a_picture() {
    require("heif-convert", "libheif-examples");
    let folder = work_folder();
    let (png, heic) = (folder.path().join("photo.png"), folder.path().join("photo.heic"));
    fs::write(&png, page(&numbered(1), 1).unwrap().bytes).unwrap();
    succeed(tool("heif-enc", "libheif-examples").arg(&png).arg("-o").arg(&heic));
    let photo = fs::read(&heic).unwrap();
    let picture = converter().photo(&mut photo.as_slice(), 800).unwrap();
    assert_eq!((picture.width, picture.height, picture.pages), (565, 800, 1));
    assert!(picture.bytes.starts_with(b"\x89PNG") || picture.bytes.starts_with(b"\xff\xd8\xff"));
    for bytes in [&b""[..], b"\0\0\0\x18ftypheic", &photo[..photo.len() / 2]] {
        let outcome = converter().photo(&mut &*bytes, 800);
        assert!(
            matches!(outcome, Err(ConvertError::Unreadable | ConvertError::Crashed { .. })),
            "{outcome:?}"
        );
    }
}
