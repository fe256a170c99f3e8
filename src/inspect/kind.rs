//! The format of a content by its bytes. Names have no say here.

use super::format::cms::{self, Cms};
use super::format::text::{has_packed, text};
use super::format::{rar, tar, zip};
use crate::model::ContentKind;

/// The format of the bytes, as far as their reader matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// ZIP, and the formats that office programs and others make of it.
    Zip,
    /// Compound File Binary: doc, xls, ppt, msg, msi.
    Ole,
    Pdf,
    Rtf,
    Gzip,
    Bzip2,
    Xz,
    SevenZip,
    Rar,
    Tar,
    /// Macros or objects of a document, compressed and beside it.
    Mso,
    /// XML of an office program without an archive around it.
    FlatOffice,
    /// A mail by RFC 5322, or several.
    Mail,
    /// `winmail.dat` of Outlook.
    Tnef,
    /// A content together with its signature: `smime.p7m`.
    Signed,
    /// Text without markup.
    Text,
    /// Nothing in it needs a look: the kind says all.
    Leaf(ContentKind),
    /// It holds other contents that are not looked at here.
    Opaque(ContentKind),
}

/// The bytes at a fixed place by which a format is known.
type Magic = (usize, &'static [u8], Format);

use ContentKind::{Archive, AudioVideo, DiskImage, Image, Mail, Office, OneNote, Other, Program, Script};

/// How the attributes of a file of macOS begin, which have the same name after `._`.
pub(super) const APPLE_DOUBLE: &[u8] = b"\0\x05\x16\x07";

const MAGICS: &[Magic] = &[
    (0, b"MZ", Format::Leaf(Program)),
    (0, b"ZM", Format::Leaf(Program)),
    (0, b"\x7fELF", Format::Leaf(Program)),
    (0, b"\xfe\xed\xfa\xce", Format::Leaf(Program)),
    (0, b"\xfe\xed\xfa\xcf", Format::Leaf(Program)),
    (0, b"\xce\xfa\xed\xfe", Format::Leaf(Program)),
    (0, b"\xcf\xfa\xed\xfe", Format::Leaf(Program)),
    // A Mach-O for several processors, and a Java class.
    (0, b"\xca\xfe\xba\xbe", Format::Leaf(Program)),
    (0, b"\xca\xfe\xba\xbf", Format::Leaf(Program)),
    (0, b"\0asm", Format::Leaf(Program)),
    (0, b"dex\n", Format::Leaf(Program)),
    (0, b"#!", Format::Leaf(Script)),
    // A shortcut of Windows: its length and the first bytes of its class.
    (0, b"\x4c\0\0\0\x01\x14\x02\0", Format::Leaf(Script)),
    // Compiled HTML help, and its predecessor.
    (0, b"ITSF", Format::Opaque(Script)),
    (0, b"?_\x03\0", Format::Opaque(Script)),
    (0, b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", Format::Opaque(OneNote)),
    (0, b"\xa1\x2f\xff\x43\xd9\xef\x76\x4c\x9e\xe2\x10\xea\x57\x22\x76\x5f", Format::Opaque(OneNote)),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Format::Ole),
    // Word takes a document for RTF with these five bytes already.
    (0, b"{\\rt", Format::Rtf),
    (0, b"PK\x03\x04", Format::Zip),
    (0, b"PK\x05\x06", Format::Zip),
    (0, b"\x1f\x8b", Format::Gzip),
    (0, b"%PDF-", Format::Pdf),
    (0, b"ActiveMime", Format::Mso),
    (0, b"\0\x01\0\0Standard ", Format::Opaque(Office)),
    (0, b"\xff\x57\x50\x43", Format::Opaque(Office)),
    (0, b"ID;P", Format::Opaque(Office)),
    (0, b"\x09\x02\x06\0", Format::Opaque(Office)),
    (0, b"\x09\x04\x06\0", Format::Opaque(Office)),
    (0, b"\x09\x08\x08\0", Format::Opaque(Office)),
    (0, b"\x09\x08\x10\0", Format::Opaque(Office)),
    (0, b"7z\xbc\xaf\x27\x1c", Format::SevenZip),
    (0, b"Rar!\x1a\x07", Format::Rar),
    (0, b"RE~^", Format::Opaque(Archive)),
    (0, b"MSCF", Format::Opaque(Archive)),
    (0, b"ISc(", Format::Opaque(Archive)),
    (0, b"BZh", Format::Bzip2),
    (0, b"\xfd7zXZ\0", Format::Xz),
    (0, b"\x28\xb5\x2f\xfd", Format::Opaque(Archive)),
    (0, b"\x04\x22\x4d\x18", Format::Opaque(Archive)),
    (0, b"LZIP", Format::Opaque(Archive)),
    (0, b"\x1f\x9d", Format::Opaque(Archive)),
    (0, b"\x1f\xa0", Format::Opaque(Archive)),
    (0, b"\x60\xea", Format::Opaque(Archive)),
    (2, b"-lh", Format::Opaque(Archive)),
    (2, b"-lz", Format::Opaque(Archive)),
    (7, b"**ACE**", Format::Opaque(Archive)),
    (0, b"SZDD", Format::Opaque(Archive)),
    (0, b"KWAJ", Format::Opaque(Archive)),
    (0, b"0707", Format::Opaque(Archive)),
    (0, b"\xc7\x71", Format::Opaque(Archive)),
    (0, b"\x71\xc7", Format::Opaque(Archive)),
    (0, b"!<arch>", Format::Opaque(Archive)),
    (0, b"\xed\xab\xee\xdb", Format::Opaque(Archive)),
    (0, b"xar!", Format::Opaque(Archive)),
    (0, b"MSWIM\0", Format::Opaque(DiskImage)),
    (0, b"vhdxfile", Format::Opaque(DiskImage)),
    (0, b"conectix", Format::Opaque(DiskImage)),
    (0, b"KDMV", Format::Opaque(DiskImage)),
    (0, b"QFI\xfb", Format::Opaque(DiskImage)),
    (32_769, b"CD001", Format::Opaque(DiskImage)),
    (32_769, b"BEA01", Format::Opaque(DiskImage)),
    (0, b"\x78\x9f\x3e\x22", Format::Tnef),
    // A mailbox of Outlook.
    (0, b"!BDN", Format::Opaque(Mail)),
    (0, b"\x89PNG\r\n\x1a\n", Format::Leaf(Image)),
    (0, b"\xff\xd8\xff", Format::Leaf(Image)),
    (0, b"GIF87a", Format::Leaf(Image)),
    (0, b"GIF89a", Format::Leaf(Image)),
    (0, b"II*\0", Format::Leaf(Image)),
    (0, b"MM\0*", Format::Leaf(Image)),
    (0, b"8BPS", Format::Leaf(Image)),
    (0, b"\0\0\x01\0", Format::Leaf(Image)),
    (40, b" EMF", Format::Leaf(Image)),
    (0, b"\xd7\xcd\xc6\x9a", Format::Leaf(Image)),
    (0, b"\x01\0\x09\0\0\x03", Format::Leaf(Image)),
    (0, b"\0\0\0\x0cjP  ", Format::Leaf(Image)),
    (8, b"WEBP", Format::Leaf(Image)),
    (4, b"ftyphei", Format::Leaf(Image)),
    (4, b"ftypavif", Format::Leaf(Image)),
    (4, b"ftypmif1", Format::Leaf(Image)),
    (4, b"ftyp", Format::Leaf(AudioVideo)),
    (8, b"WAVE", Format::Leaf(AudioVideo)),
    (8, b"AVI ", Format::Leaf(AudioVideo)),
    (0, b"ID3", Format::Leaf(AudioVideo)),
    (0, b"OggS", Format::Leaf(AudioVideo)),
    (0, b"fLaC", Format::Leaf(AudioVideo)),
    (0, b"#!AMR", Format::Leaf(AudioVideo)),
    (0, b"\x1a\x45\xdf\xa3", Format::Leaf(AudioVideo)),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Format::Leaf(AudioVideo)),
    (0, b"\0\0\x01\xba", Format::Leaf(AudioVideo)),
    // Files that macOS puts beside each file, and into each folder.
    (0, APPLE_DOUBLE, Format::Leaf(Other)),
    (4, b"Bud1", Format::Leaf(Other)),
    (0, b"OTTO\0", Format::Leaf(Other)),
    (0, b"\0\x01\0\0\0", Format::Leaf(Other)),
    (0, b"true\0", Format::Leaf(Other)),
    (0, b"ttcf", Format::Leaf(Other)),
    (0, b"wOFF", Format::Leaf(Other)),
    (0, b"wOF2", Format::Leaf(Other)),
];

/// How texts begin, in lower case and without blanks before it.
const STARTS: &[(&str, Format)] = &[
    ("%pdf-", Format::Pdf),
    ("{\\rt", Format::Rtf),
    ("windows registry editor", Format::Leaf(Script)),
    ("regedit4", Format::Leaf(Script)),
    ("[internetshortcut]", Format::Leaf(Script)),
    ("[shell]", Format::Leaf(Script)),
    ("[autorun]", Format::Leaf(Script)),
    ("@echo off", Format::Leaf(Script)),
    ("# disk descriptorfile", Format::Opaque(DiskImage)),
    ("id;p", Format::Opaque(Office)),
    ("<a ", Format::Leaf(ContentKind::Web)),
    ("<b>", Format::Leaf(ContentKind::Web)),
    ("<br", Format::Leaf(ContentKind::Web)),
    ("<div", Format::Leaf(ContentKind::Web)),
    ("<font", Format::Leaf(ContentKind::Web)),
    ("<h1", Format::Leaf(ContentKind::Web)),
    ("<img", Format::Leaf(ContentKind::Web)),
    ("<meta", Format::Leaf(ContentKind::Web)),
    ("<p>", Format::Leaf(ContentKind::Web)),
    ("<style", Format::Leaf(ContentKind::Web)),
    ("<table", Format::Leaf(ContentKind::Web)),
    ("<title", Format::Leaf(ContentKind::Web)),
    ("from ", Format::Mail),
    ("received:", Format::Mail),
    ("return-path:", Format::Mail),
    ("delivered-to:", Format::Mail),
    ("mime-version:", Format::Mail),
    ("message-id:", Format::Mail),
    // The part that a signature belongs to may begin with any of these.
    ("content-type:", Format::Mail),
    ("content-transfer-encoding:", Format::Mail),
    ("content-disposition:", Format::Mail),
    ("x-", Format::Mail),
];

/// Words in a text with markup that name its format, in lower case.
const MARKUP: &[(&str, Format)] = &[
    ("<hta:application", Format::Leaf(Script)),
    ("<scriptlet", Format::Leaf(Script)),
    ("<job>", Format::Leaf(Script)),
    ("<job ", Format::Leaf(Script)),
    // Office writes pages with namespaces of its own, too.
    ("<!doctype html", Format::Leaf(ContentKind::Web)),
    ("<html", Format::Leaf(ContentKind::Web)),
    ("<head>", Format::Leaf(ContentKind::Web)),
    ("<body>", Format::Leaf(ContentKind::Web)),
    ("<body ", Format::Leaf(ContentKind::Web)),
    ("<script>", Format::Leaf(ContentKind::Web)),
    ("<script ", Format::Leaf(ContentKind::Web)),
    ("<iframe", Format::Leaf(ContentKind::Web)),
    ("<?mso-application", Format::FlatOffice),
    ("<office:document", Format::FlatOffice),
    ("urn:oasis:names:tc:opendocument", Format::FlatOffice),
    ("schemas.microsoft.com/office/word/2003", Format::FlatOffice),
    ("schemas.microsoft.com/office/2006/xmlpackage", Format::FlatOffice),
    ("urn:schemas-microsoft-com:office", Format::FlatOffice),
    ("<svg", Format::Leaf(ContentKind::Web)),
    ("http://www.w3.org/2000/svg", Format::Leaf(ContentKind::Web)),
    ("http://www.w3.org/1999/xhtml", Format::Leaf(ContentKind::Web)),
    ("http://www.w3.org/1999/xsl/transform", Format::Leaf(Script)),
];

/// Fields of which a mail has two at least, in lower case and after the end of a line.
const MAIL_FIELDS: [&str; 8] = [
    "\nfrom:",
    "\nto:",
    "\ndate:",
    "\nsubject:",
    "\nreceived:",
    "\nmime-version:",
    "\nmessage-id:",
    "\ncontent-type:",
];

/// Bytes at the beginning of a text that say what it is.
const HEAD: usize = 8 << 10;

/// Bytes at the beginning in which programs look for a PDF.
const PDF_HEAD: usize = 1 << 10;

impl Format {
    /// The format of these bytes.
    pub(super) fn of(content: &[u8]) -> Self {
        let magic = MAGICS
            .iter()
            .find(|(at, magic, _)| content.get(*at..).is_some_and(|rest| rest.starts_with(magic)));
        match magic {
            Some((_, _, format)) => *format,
            None if tar::begins(content) => Self::Tar,
            None if let Some(Cms::Signed(signed)) = cms::read(content) => {
                // The signature of a mail has nothing else in it.
                if signed.is_some() { Self::Signed } else { Self::Leaf(Other) }
            }
            None if is_trailed(content) => Self::Opaque(DiskImage),
            None if has_pdf_head(content) => Self::Pdf,
            // Something precedes the archive, as it may.
            None if zip::ends_here(content) => Self::Zip,
            None => of_text(content).unwrap_or(Self::Opaque(ContentKind::Unknown)),
        }
    }

    /// The kind, before a look inside.
    pub(super) fn kind(self) -> ContentKind {
        match self {
            Self::Zip | Self::Gzip | Self::Bzip2 | Self::Xz | Self::SevenZip | Self::Rar | Self::Tar => {
                Archive
            }
            Self::Ole | Self::Rtf | Self::FlatOffice | Self::Mso => Office,
            Self::Pdf => ContentKind::Pdf,
            Self::Mail | Self::Tnef | Self::Signed => Mail,
            Self::Text => ContentKind::Text,
            Self::Leaf(kind) | Self::Opaque(kind) => kind,
        }
    }

    /// Whether other programs could take the same bytes for another format, too: a picture that is an archive.
    pub(super) fn has_a_second(self, content: &[u8]) -> bool {
        (self != Self::Zip && self.kind() != Program && zip::ends_here(content))
            // Metafiles of macOS show a PDF that is in them.
            || (!matches!(self.kind(), ContentKind::Pdf | Archive | Mail | Image) && has_pdf_head(content))
            // Programs find an archive behind a picture or a text that they have to skip.
            || (matches!(self.kind(), Image | AudioVideo | Other | ContentKind::Text | ContentKind::Unknown)
                && rar::follows(content))
    }
}

/// Whether there is a PDF's first line where programs look for it.
fn has_pdf_head(content: &[u8]) -> bool {
    let head = content.get(..PDF_HEAD).unwrap_or(content);
    head.windows(5).any(|five| five == b"%PDF-")
}

/// Beginnings of contents that are encrypted as a whole: age, OpenSSL, PGP.
const SEALED: [&[u8]; 4] =
    [b"age-encryption.org/v1", b"-----BEGIN AGE ENCRYPTED FILE", b"Salted__", b"-----BEGIN PGP MESSAGE"];

/// The identifier of an encrypted content (RFC 5652).
const ENVELOPED: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03";

/// Whether a content is encrypted as a whole, in a form that says so.
pub(super) fn is_sealed(content: &[u8]) -> bool {
    let content = content.trim_ascii_start();
    let head = content.get(..64).unwrap_or(content);
    SEALED.iter().any(|start| head.starts_with(start))
        || head.first() == Some(&0x30) && head.windows(ENVELOPED.len()).any(|found| found == ENVELOPED)
}

/// Images of disks that are known by their last block: VHD, DMG.
fn is_trailed(content: &[u8]) -> bool {
    let block = content.len().checked_sub(512).and_then(|at| content.get(at..)).unwrap_or_default();
    block.starts_with(b"conectix") || block.starts_with(b"koly")
}

/// The format of a text; `None` if the bytes are no text.
fn of_text(content: &[u8]) -> Option<Format> {
    let whole = text(content)?;
    // Cut at a character, in lower case: enough to tell.
    let head: String = whole.chars().take(HEAD).collect::<String>().to_lowercase();
    let start = head.trim_start();
    let named = STARTS.iter().find(|(word, _)| start.starts_with(word)).map(|(_, format)| *format);
    if named.is_some() && named != Some(Format::Mail) || named == Some(Format::Mail) && has_header(start) {
        return named;
    }
    // Any other header field in the first line, and two that mails have.
    let lines = format!("\n{start}");
    let is_mail = has_header(start) && MAIL_FIELDS.iter().filter(|field| lines.contains(**field)).count() > 1;
    if is_mail {
        return Some(Format::Mail);
    }
    if start.contains('<')
        && let Some((_, format)) = MARKUP.iter().find(|(word, _)| head.contains(word))
    {
        return Some(*format);
    }
    Some(if has_packed(&whole) { Format::Opaque(Archive) } else { Format::Text })
}

/// Whether the first lines are fields of a header, after a line of an mbox.
fn has_header(start: &str) -> bool {
    let is_field = |line: &str| {
        let name = line.split_once(':').map_or("", |(name, _)| name);
        line.starts_with([' ', '\t']) || !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let lines = start.lines().filter(|line| !line.starts_with("from ")).take_while(|line| !line.is_empty());
    let first: Vec<&str> = lines.take(3).collect();
    !first.is_empty() && first.into_iter().all(is_field)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A signature of something elsewhere, and one of a content in it.
    const SIGNATURE: &[u8] =
        b"\x30\x23\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x16\x30\x14\x02\x01\x01\x31\0\
        \x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\x31\0";
    const SIGNED: &[u8] =
        b"\x30\x28\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x1b\x30\x19\x02\x01\x01\x31\0\
        \x30\x10\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x03\x04\x01x\x31\0";

    #[test]
    fn contents_are_known_by_their_bytes() {
        for (content, format) in [
            (&b""[..], Format::Text),
            (b"Guten Tag", Format::Text),
            ("Gr\u{fc}\u{df}e\r\n".as_bytes(), Format::Text),
            (b"Gr\xfc\xdfe", Format::Text),
            (b"\xff\xfeG\0r\0\xfc\0", Format::Text),
            (b"Note: from a meeting", Format::Text),
            (b"a;b\n1;2\n", Format::Text),
            (b"\x80\x01\x02", Format::Opaque(ContentKind::Unknown)),
            (b"MZ\x90\0", Format::Leaf(Program)),
            (b"#!/bin/sh\n", Format::Leaf(Script)),
            (b"\n  [InternetShortcut]\nURL=x", Format::Leaf(Script)),
            (b"<!-- x --><HTML>", Format::Leaf(ContentKind::Web)),
            (b"\xff\xfe<\0s\0v\0g\0>\0", Format::Leaf(ContentKind::Web)),
            (
                b"<?xml version='1.0'?><s:svg xmlns:s='http://www.w3.org/2000/svg'/>",
                Format::Leaf(ContentKind::Web),
            ),
            (b"<?xml version='1.0'?><invoice/>", Format::Text),
            (b"<?xml version='1.0'?><office:document/>", Format::FlatOffice),
            (b"junk\n%PDF-1.7\n", Format::Pdf),
            (b"{\\rtf1 x}", Format::Rtf),
            (b"Received: from a\n by b\nSubject: x\n\nText", Format::Mail),
            (b"Subject: x\nFrom: a@b\n\nText", Format::Mail),
            (b"Subject: x\nContent-Type: text/html\n\n<html>", Format::Mail),
            (b"From a@b Thu Jan  1\nX: y\n\nText", Format::Mail),
            (b"From me to you\nwith love", Format::Text),
            (b"From me", Format::Text),
            (b"BEGIN:VCARD\nVERSION:3.0\nN:Meier", Format::Text),
            (b"name: x\nversion: 1\ndate: 2026", Format::Text),
            (b"\0\x05\x16\x07\0", Format::Leaf(Other)),
            (SIGNATURE, Format::Leaf(Other)),
            (SIGNED, Format::Signed),
            (&SIGNED[..SIGNED.len() - 1], Format::Opaque(ContentKind::Unknown)),
            (b"text\nbegin 644 x.exe\nM", Format::Opaque(Archive)),
        ] {
            assert_eq!(Format::of(content), format, "{}", String::from_utf8_lossy(content));
        }
        let mut disk = vec![0; 40_000];
        disk[32_769..32_774].copy_from_slice(b"CD001");
        assert_eq!(Format::of(&disk), Format::Opaque(DiskImage));
        disk[32_769] = 0;
        disk[39_488..39_492].copy_from_slice(b"koly");
        assert_eq!(Format::of(&disk), Format::Opaque(DiskImage));
    }
}
