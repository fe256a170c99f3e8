//! The output of a child that hands out files, read by the server without trust: one frame for each file, and one for
//! the end.
//!
//! ```text
//! file   01, number of names; each: length (16 bits), UTF-8; length of the content (32 bits), content
//! locked 02, length (32 bits), a PDF that is encrypted
//! end    00, number of files (32 bits), length of a word, the word of an obstacle or none
//! answer 03, number of files (32 bits), length (16 bits), JSON: the end of an examination
//! ```
//!
//! The high byte of a number comes first.

use std::io::{self, ErrorKind, Read, Write};

use super::Attachment;
use super::notes::MAX_NESTING;
use crate::model::Obstacle;

/// Most files that are handed out of one mail.
pub(super) const MAX_ATTACHMENTS: u32 = 1_000;

/// Most bytes of one file that is handed out. It lies in the server's memory.
pub(super) const MAX_ATTACHMENT: u64 = 128 << 20;

/// Most bytes of all files that are handed out of one mail: files of a mail in the mail are in that mail, too.
pub(super) const MAX_ALL_ATTACHMENTS: u64 = 512 << 20;

/// Most bytes of a name of a file or folder in a mail; more than any file system takes.
pub(super) const MAX_NAME: usize = 1 << 10;

/// Most names in a path: a folder for each mail in a mail, and the file.
pub(super) const MAX_NAMES: usize = MAX_NESTING as usize + 1;

const FILE: u8 = 1;
const END: u8 = 0;
const LOCKED: u8 = 2;
const ANSWER: u8 = 3;

/// A frame as the server reads it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    File(Attachment),
    Locked(Vec<u8>),
    End { files: u32, obstacle: Option<Obstacle> },
    Answer { files: u32, text: String },
}

/// Writes a file. The caller keeps to the bounds.
pub(super) fn write_file(output: &mut dyn Write, path: &[String], content: &[u8]) -> io::Result<()> {
    output.write_all(&[FILE, number(path.len())?])?;
    for name in path {
        output.write_all(&number::<u16>(name.len())?.to_be_bytes())?;
        output.write_all(name.as_bytes())?;
    }
    output.write_all(&number::<u32>(content.len())?.to_be_bytes())?;
    output.write_all(content)
}

/// Writes an encrypted PDF.
pub(super) fn write_locked(output: &mut dyn Write, pdf: &[u8]) -> io::Result<()> {
    output.write_all(&[LOCKED])?;
    output.write_all(&number::<u32>(pdf.len())?.to_be_bytes())?;
    output.write_all(pdf)
}

/// Writes the end of an examination.
pub(super) fn write_answer(output: &mut dyn Write, files: u32, text: &str) -> io::Result<()> {
    output.write_all(&[ANSWER])?;
    output.write_all(&files.to_be_bytes())?;
    output.write_all(&number::<u16>(text.len())?.to_be_bytes())?;
    output.write_all(text.as_bytes())
}

/// Writes the end.
pub(super) fn write_end(output: &mut dyn Write, files: u32, obstacle: Option<Obstacle>) -> io::Result<()> {
    let word = obstacle.map_or("", Obstacle::as_str);
    output.write_all(&[END])?;
    output.write_all(&files.to_be_bytes())?;
    output.write_all(&[number(word.len())?])?;
    output.write_all(word.as_bytes())
}

fn number<N: TryFrom<usize>>(number: usize) -> io::Result<N> {
    number.try_into().map_err(|_| ErrorKind::InvalidInput.into())
}

/// Reads one frame. Errors: also anything that is not exactly a frame within all bounds.
pub(super) fn read(input: &mut dyn Read) -> io::Result<Frame> {
    match few(input)? {
        [FILE] => {
            let [names] = few(input)?;
            let path = (0..names).map(|_| read_name(input)).collect::<io::Result<Vec<_>>>()?;
            expect((1..=MAX_NAMES).contains(&path.len()))?;
            Ok(Frame::File(Attachment { path, content: read_content(input)? }))
        }
        [LOCKED] => Ok(Frame::Locked(read_content(input)?)),
        [ANSWER] => {
            let files = u32::from_be_bytes(few(input)?);
            let length = u16::from_be_bytes(few(input)?);
            Ok(Frame::Answer { files, text: read_text(input, length.into())? })
        }
        [END] => {
            let files = u32::from_be_bytes(few(input)?);
            let [length] = few(input)?;
            let word = read_text(input, length.into())?;
            let obstacle = match word.as_str() {
                "" => None,
                word => Some(Obstacle::from_word(word).ok_or(ErrorKind::InvalidData)?),
            };
            Ok(Frame::End { files, obstacle })
        }
        _ => Err(ErrorKind::InvalidData.into()),
    }
}

fn read_content(input: &mut dyn Read) -> io::Result<Vec<u8>> {
    let length = u32::from_be_bytes(few(input)?);
    expect(u64::from(length) <= MAX_ATTACHMENT)?;
    read_bytes(input, length)
}

fn read_name(input: &mut dyn Read) -> io::Result<String> {
    let length = u16::from_be_bytes(few(input)?);
    let name = read_text(input, length.into())?;
    expect(name.len() <= MAX_NAME && !name.is_empty() && !name.contains(char::is_control))?;
    Ok(name)
}

fn read_text(input: &mut dyn Read, length: u32) -> io::Result<String> {
    String::from_utf8(read_bytes(input, length)?).map_err(|_| ErrorKind::InvalidData.into())
}

/// This many bytes. Memory is taken for as many as arrive.
fn read_bytes(input: &mut dyn Read, length: u32) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(usize::try_from(length).map_err(|_| ErrorKind::InvalidData)?)?;
    input.take(length.into()).read_to_end(&mut bytes)?;
    expect(bytes.len() as u64 == u64::from(length))?;
    Ok(bytes)
}

fn expect(is_so: bool) -> io::Result<()> {
    if is_so { Ok(()) } else { Err(ErrorKind::InvalidData.into()) }
}

/// A few bytes at once.
fn few<const N: usize>(input: &mut dyn Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &[&str], content: &[u8]) -> Vec<u8> {
        let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
        let mut frame = Vec::new();
        write_file(&mut frame, &path, content).unwrap();
        frame
    }

    fn is_refused(mut frame: &[u8]) -> bool {
        read(&mut frame).is_err()
    }

    #[test]
    fn frames_are_read_as_they_were_written() {
        let deep = vec!["a"; MAX_NAMES];
        let long = "ü".repeat(MAX_NAME / 2);
        for (path, content) in [
            (&["a.pdf"][..], &b""[..]),
            (&["Angebot", "Kündigung Meier.pdf"], b"%PDF-1.7"),
            (&deep, b"x"),
            (&[&long], b"x"),
        ] {
            let frame = file(path, content);
            let expected = Attachment {
                path: path.iter().map(|name| (*name).to_owned()).collect(),
                content: content.to_vec(),
            };
            let mut input = frame.as_slice();
            assert_eq!(read(&mut input).unwrap(), Frame::File(expected));
            assert_eq!(input, b"");
            for length in 0..frame.len() {
                assert!(is_refused(&frame[..length]), "{length} of {path:?}");
            }
        }
        let (mut locked, mut answer) = (Vec::new(), Vec::new());
        write_locked(&mut locked, b"%PDF-1.7").unwrap();
        write_answer(&mut answer, 7, "{}").unwrap();
        for (frame, expected) in [
            (locked, Frame::Locked(b"%PDF-1.7".to_vec())),
            (answer, Frame::Answer { files: 7, text: "{}".to_owned() }),
        ] {
            assert_eq!(read(&mut frame.as_slice()).unwrap(), expected);
            for length in 0..frame.len() {
                assert!(is_refused(&frame[..length]), "{length}");
            }
        }
        for (files, obstacle) in [(0, None), (u32::MAX, Some(Obstacle::Ambiguous))] {
            let mut frame = Vec::new();
            write_end(&mut frame, files, obstacle).unwrap();
            assert_eq!(read(&mut frame.as_slice()).unwrap(), Frame::End { files, obstacle });
            for length in 0..frame.len() {
                assert!(is_refused(&frame[..length]), "{length}");
            }
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_no_frame() {
        assert!(is_refused(&[4, 0]));
        assert!(is_refused(&[&[LOCKED][..], &u32::MAX.to_be_bytes()].concat()));
        assert!(is_refused(&file(&[], b"x")));
        assert!(is_refused(&file(&vec!["a"; MAX_NAMES + 1], b"x")));
        assert!(is_refused(&file(&[""], b"x")));
        assert!(is_refused(&file(&["a\nb"], b"x")));
        assert!(is_refused(&file(&["a\0b"], b"x")));
        assert!(is_refused(&file(&[&"a".repeat(MAX_NAME + 1)], b"x")));
        assert!(is_refused(&[&[FILE, 1, 0, 1, 0xff][..], &[0; 4]].concat()));
        let length = u32::try_from(MAX_ATTACHMENT + 1).unwrap().to_be_bytes();
        let mut long = [&[FILE, 1, 0, 1, b'a'][..], &length].concat();
        long.resize(long.len() + usize::try_from(MAX_ATTACHMENT).unwrap() + 1, 0);
        assert!(is_refused(&long));
        assert!(is_refused(&[&[END, 0, 0, 0, 0, 4][..], b"none"].concat()));
    }
}
