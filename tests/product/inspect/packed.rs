//! 7z, xz and bzip2, made by the programs of these names.

use std::fs;
use std::path::Path;

use super::check;
use super::formats::docx;
use super::rar::unreached;
use crate::support::process::{succeed, tool};

/// A 7z archive of some files, made with further arguments.
pub(crate) fn seven_zip(files: &[(&str, &[u8])], arguments: &[&str]) -> Vec<u8> {
    archive(files, "7z", arguments)
}

/// The same in a format of this name.
pub(crate) fn archive(files: &[(&str, &[u8])], format: &str, arguments: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join("files").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let archive = folder.path().join(format!("archive.{format}"));
    succeed(
        tool("7zz", "7zip")
            .args(["a", &format!("-t{format}"), "-bd", "-r"])
            .args(arguments)
            .arg(&archive)
            .arg(".")
            .current_dir(folder.path().join("files")),
    );
    fs::read(archive).unwrap()
}

/// A content as a program packs it that packs one file.
pub(crate) fn packed(program: &str, package: &str, content: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    fs::write(&path, content).unwrap();
    succeed(tool(program, package).arg(&path));
    let ending = if program == "xz" { "xz" } else { "bz2" };
    fs::read(Path::new(&path).with_extension(ending)).unwrap()
}

#[test]
fn archives_by_7_zip_tell_what_they_hold() {
    let (document, program) = (docx(&[]), [&b"MZ\x90\0"[..], &[0xe8, 1, 2, 3, 4].repeat(2_000)].concat());
    let both = [("brief.docx", &document[..]), ("ordner/a.exe", &program), ("ordner/leer.txt", b"")];
    for arguments in [
        &[][..],
        &["-mx=9"],
        &["-mx=0"],
        &["-ms=off"],
        &["-mhc=off"],
        &["-m0=LZMA"],
        &["-m0=BZip2"],
        &["-m0=BCJ2", "-m1=LZMA:d25", "-m2=LZMA:d19", "-m3=LZMA:d19", "-mb0:1", "-mb0s1:2", "-mb0s2:3"],
    ] {
        let archive = seven_zip(&both, arguments);
        check("a.7z", &archive, "archive - contains-office contains-program");
    }
    check("a.7z", &seven_zip(&[("a.pdf", b"%PDF-1.7"), ("b.txt", b"x")], &[]), "archive -");
    check("a.7z", &seven_zip(&[("a.txt", b"MZ")], &[]), "archive - name-mismatch contains-program");
    check("a.7z", &seven_zip(&[("a.7z", &seven_zip(&both[..1], &[]))], &[]), "archive - contains-office");
    // A method that is not read, a password, and a password for the names, too.
    check("a.7z", &seven_zip(&both[1..2], &["-m0=PPMd"]), "archive unreadable-format contains-program");
    check("a.7z", &seven_zip(&both[1..2], &["-pgeheim"]), "archive encrypted encrypted contains-program");
    check("a.7z", &seven_zip(&both, &["-pgeheim", "-mhe=on"]), "archive encrypted encrypted");
    check("a.7z", b"7z\xbc\xaf\x27\x1c", "archive damaged");
}

#[test]
fn archives_that_hide_something_are_not_looked_at_whole() {
    let archive = seven_zip(&[("a.txt", b"Guten Tag"), ("b.txt", &[b'x'; 5_000])], &[]);
    check("a.7z", &archive, "archive -");
    check("a.7z", &[&archive[..], b"more"].concat(), "archive ambiguous");
    // A gap before the header, which says where it lies.
    let offset = u64::from_le_bytes(archive[12..20].try_into().unwrap());
    let begin = 32 + usize::try_from(offset).unwrap();
    let mut gap = [&archive[..begin], b"hidden", &archive[begin..]].concat();
    gap[12..20].copy_from_slice(&(offset + 6).to_le_bytes());
    let sum = crc(&gap[12..32]);
    gap[8..12].copy_from_slice(&sum.to_le_bytes());
    check("a.7z", &gap, "archive ambiguous");
    gap[8] ^= 1;
    check("a.7z", &gap, "archive damaged");
    let mut wrong = archive.clone();
    wrong[40] ^= 0x55;
    check("a.7z", &wrong, "archive damaged");
    check("a.7z", &archive[..archive.len() - 1], "archive damaged");
    check("a.7z", &seven_zip(&[("a.txt", &vec![b'0'; 30 << 20])], &[]), "archive ratio");
}

#[test]
fn zip_archives_of_other_methods_are_unpacked() {
    let (document, program) = (docx(&[]), [&b"MZ\x90\0"[..], &[0xe8, 1, 2, 3, 4].repeat(2_000)].concat());
    let both = [("brief.docx", &document[..]), ("ordner/a.exe", &program), ("leer.txt", b"")];
    for method in ["Deflate64", "BZip2", "LZMA", "XZ"] {
        let pack = |files: &[(&str, &[u8])]| archive(files, "zip", &[&format!("-mm={method}")]);
        check("a.zip", &pack(&both), "archive - contains-office contains-program");
        let text = pack(&[("a.txt", &[b'x'; 5_000])]);
        check("a.zip", &text, "archive -");
        assert_eq!(unreached(&text).0, [vec![b'x'; 5_000]], "{method}");
        let mut wrong = text.clone();
        wrong[30 + 5 + 20] ^= 0x55;
        assert!(super::look("a.zip", &wrong).obstacle.is_some(), "{method}");
        check("a.zip", &pack(&[("a.txt", &vec![b'0'; 30 << 20])]), "archive ratio");
    }
    let other = archive(&both[1..2], "zip", &["-mm=PPMd"]);
    check("a.zip", &other, "archive unreadable-format contains-program");
}

/// The checksum of 7z, ZIP and RAR.
pub(super) fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| sum >> 1 ^ (0xedb8_8320 & (sum & 1).wrapping_neg()))
    })
}

#[test]
fn files_that_are_packed_alone_are_looked_into() {
    let document = docx(&[("word/vbaProject.bin", b"x")]);
    for (program, package, ending) in [("xz", "xz-utils", "xz"), ("bzip2", "bzip2", "bz2")] {
        let pack = |content: &[u8]| packed(program, package, content);
        let check = |name: &str, content: &[u8], expected: &str| {
            check(&format!("{name}.{ending}"), content, expected);
        };
        check("a.txt", &pack(b"Guten Tag"), "archive -");
        check("a.docm", &pack(&document), "archive - macros contains-office");
        check("a.exe", &pack(b"MZ"), "archive - contains-program");
        check("a", &pack(&pack(b"MZ")), "archive - contains-program");
        // Two streams are one content.
        check("a", &[pack(b"M"), pack(b"Z")].concat(), "archive - contains-program");
        let whole = pack(&document);
        check("a.docm", &whole[..whole.len() - 4], "archive damaged macros contains-office");
        check("a.txt", &[&pack(b"x")[..], b"more"].concat(), "archive damaged");
        check("a.txt", &pack(&vec![b'0'; 30 << 20]), "archive ratio");
    }
}
