//! Files in a text, as uuencode writes them (POSIX): how mails carried files before MIME.

use super::Member;

/// The file at the beginning of some lines, and the lines after it; `None` if it is not whole, or none.
fn file(lines: &[u8]) -> Option<(Member, &[u8])> {
    let (head, mut rest) = line(lines)?;
    let name = std::str::from_utf8(begins(head)?).map_or_else(
        |_| begins(head).unwrap_or_default().iter().map(|byte| char::from(*byte)).collect(),
        str::to_owned,
    );
    let mut content = Vec::new();
    loop {
        let (data, after) = line(rest)?;
        rest = after;
        match data {
            // Nothing follows an empty line of data but the end.
            b"" | b" " | b"`" => {
                let (end, after) = line(rest)?;
                return (end == b"end").then_some((Member { name, content }, after));
            }
            b"end" => return Some((Member { name, content }, rest)),
            _ => content.extend(bytes(data)?),
        }
    }
}

/// Takes the files out of a text: the other lines, and the files. One that is not whole, or that programs could read
/// differently, stays where it is.
pub fn take(text: &[u8]) -> (Vec<u8>, Vec<Member>) {
    let (mut left, mut files, mut rest) = (Vec::new(), Vec::new(), text);
    while !rest.is_empty() {
        if let Some((file, after)) = file(rest) {
            files.push(file);
            rest = after;
            continue;
        }
        let length = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
        let (line, after) = rest.split_at(length);
        left.extend_from_slice(line);
        rest = after;
    }
    (left, files)
}

/// The first line without its end and blanks before that, and the lines after it; `None` if there is none.
fn line(lines: &[u8]) -> Option<(&[u8], &[u8])> {
    if lines.is_empty() {
        return None;
    }
    let length = lines.iter().position(|byte| *byte == b'\n').unwrap_or(lines.len());
    let line = lines.get(..length)?;
    Some((line.strip_suffix(b"\r").unwrap_or(line), lines.get(length + 1..).unwrap_or_default()))
}

/// The name in a line that begins a file: `begin 644 name`.
pub(super) fn begins(line: &[u8]) -> Option<&[u8]> {
    let (mode, name) = {
        let rest = line.strip_prefix(b"begin ")?;
        rest.split_at_checked(rest.iter().position(|byte| *byte == b' ')?)?
    };
    let is_mode = (3..5).contains(&mode.len()) && mode.iter().all(u8::is_ascii_digit);
    is_mode.then(|| name.get(1..).unwrap_or_default())
}

/// The bytes of a line of data; `None` if it is not as it must be. Blanks at its end, which are zeros, get lost on the way.
fn bytes(line: &[u8]) -> Option<Vec<u8>> {
    let six = |byte: &u8| byte.checked_sub(0x20).filter(|value| *value <= 0x40).map(|value| value & 0x3f);
    let (first, data) = line.split_first()?;
    let length = usize::from(six(first).filter(|length| *length > 0)?);
    let digits = length.div_ceil(3) * 4;
    let mut values = data.iter().map(six).collect::<Option<Vec<_>>>()?;
    if values.is_empty() || values.len() > digits {
        return None;
    }
    values.resize(digits, 0);
    let mut bytes = Vec::with_capacity(digits);
    for [a, b, c, d] in values.as_chunks::<4>().0 {
        bytes.extend([a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
    }
    bytes.truncate(length);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(text: &str) -> (String, Vec<(String, Vec<u8>)>) {
        let (left, files) = take(text.as_bytes());
        (String::from_utf8(left).unwrap(), files.into_iter().map(|file| (file.name, file.content)).collect())
    }

    #[test]
    fn files_are_taken_out_of_a_text() {
        let cat = || ("cat.txt".to_owned(), b"Cat".to_vec());
        for (text, left, files) in [
            ("Guten Tag\nbegin 644 cat.txt\n#0V%T\n`\nend\nMfG\n", "Guten Tag\nMfG\n", vec![cat()]),
            ("begin 644 cat.txt\r\n#0V%T\r\n \r\nend\r\n", "", vec![cat()]),
            ("begin 0644 cat.txt\n#0V%T\nend", "", vec![cat()]),
            ("begin 644 a b.pdf\n`\nend\n", "", vec![("a b.pdf".to_owned(), Vec::new())]),
            // Zeros are blanks, too, and the last ones may be missing.
            ("begin 644 a\n\"    \n`\nend\n", "", vec![("a".to_owned(), vec![0, 0])]),
            ("begin 644 a\n$00\n`\nend\n", "", vec![("a".to_owned(), vec![0x41, 0, 0, 0])]),
            ("begin 644 cat.txt\n#0V%T\n`\nend\nbegin 644 cat.txt\n#0V%T\n`\nend\n", "", vec![cat(), cat()]),
        ] {
            assert_eq!(taken(text), (left.to_owned(), files), "{text:?}");
        }
    }

    #[test]
    fn files_that_are_not_whole_stay_in_the_text() {
        for text in [
            "begin 644 cat.txt\n#0V%T\n`\n",
            "begin 644 cat.txt\n#0V%T\n",
            "begin 644 cat.txt\n#0V%TX\n`\nend\n",
            "begin 644 cat.txt\nM\n`\nend\n",
            "begin 644 cat.txt\n#0v%T\n`\nend\n",
            "begin 644 cat.txt\n#0V%T\n`\nEND\n",
            "begin 64 cat.txt\n#0V%T\n`\nend\n",
            "begin 644\n#0V%T\n`\nend\n",
            " begin 644 cat.txt\n#0V%T\n`\nend\n",
            "begin",
            "",
        ] {
            assert_eq!(taken(text), (text.to_owned(), Vec::new()), "{text:?}");
        }
    }

    #[test]
    fn lines_of_all_lengths_are_read() {
        let content: Vec<u8> = (0..=255).collect();
        let encode = |piece: &[u8]| {
            let digit = |six: u8| char::from(if six == 0 { b'`' } else { six + 0x20 });
            let mut line = digit(u8::try_from(piece.len()).unwrap()).to_string();
            for three in piece.chunks(3) {
                let at = |at: usize| three.get(at).copied().unwrap_or_default();
                let (a, b, c) = (at(0), at(1), at(2));
                line.extend([a >> 2, a << 4 & 0x30 | b >> 4, b << 2 & 0x3c | c >> 6, c & 0x3f].map(digit));
            }
            line + "\n"
        };
        for length in [1, 2, 3, 4, 44, 45, 63] {
            let lines: String = content.chunks(length).map(encode).collect();
            let (_, files) = taken(&format!("begin 644 a\n{lines}`\nend\n"));
            assert_eq!(files, [("a".to_owned(), content.clone())], "{length}");
        }
    }
}
