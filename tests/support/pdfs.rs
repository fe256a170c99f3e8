//! PDFs, written object by object.

use std::fmt::Write as _;

/// A PNG with one grey pixel.
pub const PNG: &[u8] = b"\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00\x3a\x7e\x9b\x55\
    \x00\x00\x00\x0a\x49\x44\x41\x54\x78\x9c\x63\x68\x00\x00\x00\x82\x00\x81\x77\xcd\x72\xb6\x00\x00\x00\x00\x49\x45\x4e\x44\xae\x42\x60\x82";

/// A PDF with these objects, the first of which is the catalogue; their numbers begin with 1.
pub fn pdf(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut file = b"%PDF-1.4\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (at, object) in objects.iter().enumerate() {
        writeln!(table, "{:010} 00000 n ", file.len()).unwrap();
        file.extend(format!("{} 0 obj\n", at + 1).bytes());
        file.extend(object);
        file.extend(b"\nendobj\n");
    }
    let start = file.len();
    let size = objects.len() + 1;
    write!(table, "trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n").unwrap();
    file.extend(table.bytes());
    file
}

/// A stream with this dictionary.
pub fn stream(dictionary: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("<< {dictionary} /Length {} >>\nstream\n", bytes.len());
    [head.as_bytes(), bytes, b"\nendstream"].concat()
}

/// A PDF with these texts, one a page, of this size in points.
pub fn pages((width, height): (u32, u32), texts: &[String]) -> Vec<u8> {
    let page = |at: usize| 4 + 2 * at;
    let kids: Vec<_> = (0..texts.len()).map(|at| format!("{} 0 R", page(at))).collect();
    let kids = kids.join(" ");
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        format!(
            "<< /Type /Pages /Kids [{kids}] /Count {} /MediaBox [0 0 {width} {height}] \
             /Resources << /Font << /F 3 0 R >> >> >>",
            texts.len()
        )
        .into_bytes(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_vec(),
    ];
    for (at, text) in texts.iter().enumerate() {
        let contents = page(at) + 1;
        objects.push(format!("<< /Type /Page /Parent 2 0 R /Contents {contents} 0 R >>").into_bytes());
        let drawing = format!("BT /F 24 Tf 72 {} Td ({text}) Tj ET", height - height / 8);
        objects.push(stream("", drawing.as_bytes()));
    }
    pdf(&objects)
}

/// A page of A4 with this drawing, which can use the other objects by the dictionary of resources.
pub fn drawn(resources: &str, drawing: &str, others: &[Vec<u8>]) -> Vec<u8> {
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << {resources} >> /Contents 4 0 R >>"
        )
        .into_bytes(),
        stream("", drawing.as_bytes()),
    ];
    objects.extend(others.iter().cloned());
    pdf(&objects)
}

/// A page whose drawing never ends: each of its parts draws the next one twice.
pub fn endless() -> Vec<u8> {
    let form = |at: usize| {
        let next = format!(
            "/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /XObject << /X {} 0 R >> >>",
            at + 6
        );
        stream(&next, b"/X Do /X Do")
    };
    let mut forms: Vec<_> = (0..60).map(form).collect();
    forms.push(stream("/Type /XObject /Subtype /Form /BBox [0 0 595 842]", b"0 0 9 9 re f"));
    drawn("/XObject << /X 5 0 R >>", "/X Do", &forms)
}

/// A page of A4 as scanners make it: one picture, with 200 dots per inch and the grain of paper.
pub fn scan() -> Vec<u8> {
    let (width, height) = (1_654_usize, 2_339_usize);
    let mut seed = 1_u32;
    let mut pixels = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let grain = u8::try_from(seed >> 28).unwrap();
            // Lines of words.
            let is_ink = (y / 14) % 3 == 0 && (x / 9) % 6 != 0 && (x * y / 40) % 3 != 0;
            let shade = if is_ink { 40 + grain } else { 225 + grain };
            pixels.extend([shade, shade, shade.saturating_sub(6)]);
        }
    }
    let image = format!(
        "/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceRGB /BitsPerComponent 8"
    );
    drawn("/XObject << /X 5 0 R >>", "595 0 0 842 0 0 cm /X Do", &[stream(&image, &pixels)])
}
