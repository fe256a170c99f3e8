//! A PDF whose pages are pictures: it is written here, out of pixels and nothing else.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::error::ConvertError;
use super::ppm::Picture;

/// Most pages that are painted. Each takes about a third of a second and, with text on it, some 100 KB.
pub(super) const MOST_PAINTED: u64 = 1_000;

/// Most pages that one job paints: at 150 dots per inch a page of A4 has 6.5 MB before it is compressed.
pub(super) const PAINTED_AT_ONCE: u64 = 8;

/// Dots per inch of a painted page.
const RESOLUTION: u32 = 150;

/// Paints the pages from the first argument to the second of the PDF on the standard input, one after the other, in PPM with
/// a byte for each colour. Pages with a side of more than 1,920 points, which would have more than [`MAX_SIDE`](super::ppm::MAX_SIDE) pixels, are
/// painted smaller.
pub(super) const PAINT: &str = r#"
cat >file.pdf
longest=$(pdfinfo -f "$1" -l "$2" file.pdf | sed -n 's/^Page.*size: *\([0-9]*\).* x \([0-9]*\).*/\1\n\2/p' | sort -rn | head -n 1)
dots=150
if [ "${longest:-842}" -gt 1919 ]; then dots=$((4000 * 72 / (longest + 1))); fi
if [ "$dots" -lt 1 ]; then dots=1; fi
exec pdftoppm -r "$dots" -f "$1" -l "$2" file.pdf
"#;

/// A PDF that grows by painted pages.
#[derive(Debug)]
pub(super) struct Painting {
    bytes: Vec<u8>,
    /// Where each object begins. The first two, catalogue and list of pages, come last.
    objects: Vec<usize>,
    /// The numbers of the pages' objects.
    pages: Vec<usize>,
}

impl Painting {
    pub(super) fn begin() -> Self {
        Self { bytes: b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n".to_vec(), objects: vec![0, 0], pages: Vec::new() }
    }

    /// Adds `count` pages, of which `painted` has the pictures one after the other.
    ///
    /// Errors: `PdfRefused` unless it has exactly these.
    pub(super) fn add(&mut self, painted: &[u8], count: u64) -> Result<(), ConvertError> {
        let refused = || ConvertError::PdfRefused { found: "its pages cannot be painted".to_owned() };
        let mut rest = painted;
        for _ in 0..count {
            let (picture, behind) = Picture::first_of(rest).ok_or_else(refused)?;
            self.add_page(&picture)?;
            rest = behind;
        }
        if rest.is_empty() { Ok(()) } else { Err(refused()) }
    }

    fn add_page(&mut self, picture: &Picture<'_>) -> Result<(), ConvertError> {
        let Picture { width, height, pixels } = picture;
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
        packed.write_all(pixels)?;
        let head = format!(
            "/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceRGB \
             /BitsPerComponent 8 /Filter /FlateDecode"
        );
        let image = self.stream(&head, &packed.finish()?);
        let points = |side: u32| f64::from(side) * 72.0 / f64::from(RESOLUTION);
        let (across, up) = (points(*width), points(*height));
        let drawing = self.stream("", format!("{across:.2} 0 0 {up:.2} 0 0 cm /P Do").as_bytes());
        let page = self.object(
            format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {across:.2} {up:.2}] \
                 /Resources << /XObject << /P {image} 0 R >> >> /Contents {drawing} 0 R >>"
            )
            .as_bytes(),
        );
        self.pages.push(page);
        Ok(())
    }

    /// The whole PDF.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let mut list = "<< /Type /Pages /Kids [".to_owned();
        for page in &self.pages {
            let _ = write!(list, " {page} 0 R");
        }
        let _ = write!(list, " ] /Count {} >>", self.pages.len());
        self.place(1, b"<< /Type /Catalog /Pages 2 0 R >>");
        self.place(2, list.as_bytes());
        let (start, size) = (self.bytes.len(), self.objects.len() + 1);
        let mut table = format!("xref\n0 {size}\n0000000000 65535 f \n");
        for at in &self.objects {
            let _ = writeln!(table, "{at:010} 00000 n ");
        }
        let _ = write!(table, "trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
        self.bytes.extend(table.as_bytes());
        self.bytes
    }

    fn stream(&mut self, head: &str, data: &[u8]) -> usize {
        let mut body = format!("<< {head} /Length {} >>\nstream\n", data.len()).into_bytes();
        body.extend(data);
        body.extend(b"\nendstream");
        self.object(&body)
    }

    /// Adds an object and returns its number.
    fn object(&mut self, body: &[u8]) -> usize {
        self.objects.push(0);
        let number = self.objects.len();
        self.place(number, body);
        number
    }

    fn place(&mut self, number: usize, body: &[u8]) {
        if let Some(place) = number.checked_sub(1).and_then(|index| self.objects.get_mut(index)) {
            *place = self.bytes.len();
        }
        self.bytes.extend(format!("{number} 0 obj\n").as_bytes());
        self.bytes.extend(body);
        self.bytes.extend(b"\nendobj\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_pictures_become_pages() {
        let picture =
            |size: &str, length: usize| [format!("P6\n{size}\n255\n").as_bytes(), &vec![7; length]].concat();
        let two = [picture("2 3", 18), picture("1 1", 3)].concat();
        for (painted, count, fits) in [
            (two.clone(), 2, true),
            (two.clone(), 1, false),
            (two.clone(), 3, false),
            (two[..two.len() - 1].to_vec(), 2, false),
            (picture("4000 1", 12_000), 1, true),
            (picture("4001 1", 12_003), 1, false),
            (picture("0 1", 0), 1, false),
            (picture("-1 1", 3), 1, false),
            (picture("1 1 1", 3), 1, false),
            (picture("99999999999 1", 3), 1, false),
            (b"P6\n1 1\n65535\n123456".to_vec(), 1, false),
            (b"P5\n1 1\n255\n1".to_vec(), 1, false),
            (Vec::new(), 0, true),
        ] {
            assert_eq!(Painting::begin().add(&painted, count).is_ok(), fits, "{count} of {}", painted.len());
        }
        let mut painting = Painting::begin();
        painting.add(&two, 2).unwrap();
        let pdf = painting.finish();
        let text = String::from_utf8_lossy(&pdf);
        assert!(text.starts_with("%PDF-1.4\n") && text.ends_with("%%EOF\n"), "{text}");
        assert!(text.contains("/Count 2") && text.contains("/MediaBox [0 0 0.96 1.44]"), "{text}");
    }
}
