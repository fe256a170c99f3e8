//! Texts in the letters in which they were written.

use encoding_rs::{UTF_8, WINDOWS_1252};

/// The text of a file: UTF-8 or UTF-16 by its mark, UTF-8, or else Windows-1252. If it is cut, the last letter may be, too.
pub(super) fn text_of(file: &[u8], is_cut: bool) -> String {
    let file = match std::str::from_utf8(file) {
        Err(error) if is_cut && error.error_len().is_none() => {
            file.get(..error.valid_up_to()).unwrap_or_default()
        }
        _ => file,
    };
    let unmarked = if std::str::from_utf8(file).is_ok() { UTF_8 } else { WINDOWS_1252 };
    unmarked.decode(file).0.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_in_its_letters_even_if_it_is_cut() {
        let wide: Vec<u8> = "\u{feff}Müß€".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for file in ["Müß€".as_bytes(), "\u{feff}Müß€".as_bytes(), b"M\xfc\xdf\x80", &wide] {
            assert_eq!(text_of(file, false), "Müß€", "{file:?}");
        }
        let euro = "Müß€".as_bytes();
        assert_eq!(text_of(&euro[..euro.len() - 1], true), "Müß");
        assert_eq!(text_of(b"M\xfc", true), "Mü");
        assert_eq!(text_of(&euro[..2], false), "MÃ");
    }
}
