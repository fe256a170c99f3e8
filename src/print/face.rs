//! The one font, and how wide texts are in it.

use std::sync::LazyLock;

use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider, charmap::Charmap};
use unicode_normalization::UnicodeNormalization;

/// Noto Sans without hints and features: Latin, Greek and Cyrillic. `font/README.md` says how it was made.
pub(super) static FONT: &[u8] = include_bytes!("font/NotoSans-Regular.ttf");
/// In place of characters that the font lacks.
const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;
/// Most lines of one paragraph, so that a row fits on a page; the last one then ends in an ellipsis.
const MOST_LINES: usize = 36;
/// After these a long name may go on in the next line. No line ends in a hyphen, which readers of PDFs take for a parting of
/// the word and leave out.
const BREAKS: [char; 4] = [' ', '/', '_', '.'];

/// The font, ready to be measured.
static FACE: LazyLock<Face> = LazyLock::new(|| {
    let font = FontRef::new(FONT).expect("the font is part of the program, and tests read it");
    let metrics = font.glyph_metrics(Size::unscaled(), LocationRef::default());
    let units = font.metrics(Size::unscaled(), LocationRef::default()).units_per_em;
    Face { charmap: font.charmap(), metrics, units: f32::from(units) }
});

struct Face {
    charmap: Charmap<'static>,
    metrics: GlyphMetrics<'static>,
    units: f32,
}

/// The glyph of a character, and its width as a part of the font's size.
pub(super) fn glyph(c: char) -> (u32, f32) {
    let face = &*FACE;
    let glyph = face.charmap.map(c).or_else(|| face.charmap.map(REPLACEMENT)).unwrap_or_default();
    (glyph.to_u32(), face.metrics.advance_width(glyph).unwrap_or_default() / face.units)
}

/// Width of a line of this size, in the unit of the size.
pub(super) fn width(text: &str, size: f32) -> f32 {
    text.chars().map(|c| glyph(c).1).sum::<f32>() * size
}

/// Whether the font has all characters of a text.
pub(super) fn has_all(text: &str) -> bool {
    text.nfc().all(|c| FACE.charmap.map(c).is_some())
}

/// The lines of a text. Characters that the font lacks, and those that control, are replaced.
pub(super) fn lines(text: &str, size: f32, most: f32) -> Vec<String> {
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0.0);
    let text: String = text.nfc().map(printable).collect();
    for piece in text.split_inclusive(BREAKS) {
        // A blank at the end of a line may stand outside.
        if used + width(piece.trim_end(), size) > most && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
            used = 0.0;
        }
        for c in piece.chars() {
            let wide = glyph(c).1 * size;
            if used + wide > most && c != ' ' && !line.is_empty() {
                let rest = if line.len() > 1 && line.ends_with('-') { line.pop() } else { None };
                lines.push(std::mem::take(&mut line));
                used = rest.map(|c| glyph(c).1 * size).unwrap_or_default();
                line.extend(rest);
            }
            line.push(c);
            used += wide;
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    if lines.len() > MOST_LINES {
        lines.truncate(MOST_LINES);
        if let Some(last) = lines.last_mut() {
            last.pop();
            last.push('…');
        }
    }
    lines
}

fn printable(c: char) -> char {
    match c {
        '\n' | '\t' => ' ',
        c if FACE.charmap.map(c).is_some() => c,
        _ => REPLACEMENT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_has_what_offices_write() {
        let words = "Prüfung „Größe“ – 1,5 MiB … € § ß Łódź Şükrü Ångström Ελλάδα Київ №\u{a0}";
        for c in words.chars().chain([REPLACEMENT]) {
            assert!(has_all(&c.to_string()), "{c}");
        }
        // Decomposed, as macOS sends names.
        assert!(has_all("a\u{308}") && !has_all("文") && !has_all("\u{1}"));
        assert_eq!(lines("a\u{308}文\u{7}b\nc", 10.0, 500.0), ["ä��b c"]);
    }

    #[test]
    fn no_line_is_wider_than_its_column_and_nothing_is_lost() {
        let name = format!("Belege/{}/Straßen-und_Wege {}.pdf", "W-".repeat(70), "i-".repeat(150));
        for most in [100.0, 300.0, 480.0] {
            let lines = lines(&name, 9.0, most);
            assert!(lines.iter().all(|line| width(line.trim_end(), 9.0) <= most), "{lines:?}");
            assert_eq!(lines.concat(), name);
            assert!(lines.iter().all(|line| !line.ends_with('-')), "{lines:?}");
        }
        let long = lines(&"W".repeat(5_000), 9.0, 100.0);
        assert_eq!(long.len(), MOST_LINES);
        assert!(long.last().unwrap().ends_with('…'));
        assert!(lines("", 9.0, 100.0).is_empty());
    }
}
