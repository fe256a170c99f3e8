//! Contents with a password, opened in the process that has nothing: the result is what other programs find in them.

use std::ffi::OsStr;
use std::fs;
use std::io::{Cursor, Read};
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use secrecy::SecretString;
use tresor::inspect::{Breadth, Examined, Handed, Inspector, MAX_KEYS, MAX_PASSWORD, Opening};
use tresor::model::Obstacle;
use tresor::scan::Sample;

use super::confined::Impostor;
use super::formats::{compound, docx};
use super::packed::archive as packed_archive;
use super::rar::{stored, unreached};
use super::{in_words, look};
use crate::support::passwords::{
    archive, locked_document, locked_package, locked_pdf, office_documents, opened_documents, passwords,
};
use crate::support::process::{installed, succeed, tool};
use crate::support::zips::Zip;

fn open(content: &[u8], password: Option<&str>) -> (Opening, Vec<u8>) {
    open_by(&Inspector::new(env!("CARGO_BIN_EXE_tresor")), content, password)
}

fn open_by(inspector: &Inspector, content: &[u8], password: Option<&str>) -> (Opening, Vec<u8>) {
    let (sample, mut open) = (Sample::of(content).unwrap(), Vec::new());
    let password = password.map(SecretString::from);
    let opening = inspector.open(sample.as_fd(), password.as_ref(), &mut open).unwrap();
    (opening, open)
}

const REFUSED: (Opening, Vec<u8>) = (Opening::WrongPassword, Vec::new());

/// The encrypted samples of oletools: the password, or none for the standard one of Excel, and the findings of a
/// look in the open one.
const SAMPLES: [(&str, Option<&str>, &str); 17] = [
    ("autostart-encrypt-standardpassword.xls", None, "office - macros"),
    ("autostart-encrypt-standardpassword.xlsb", None, "office - macros"),
    ("autostart-encrypt-standardpassword.xlsm", None, "office - macros"),
    ("dde-test-encrypt-standardpassword.xls", None, "office - dde"),
    ("dde-test-encrypt-standardpassword.xlsb", None, "office - dde"),
    ("dde-test-encrypt-standardpassword.xlsm", None, "office - dde"),
    ("dde-test-encrypt-standardpassword.xlsx", None, "office - dde"),
    ("encrypted.doc", Some("encrypted"), "office -"),
    ("encrypted.docm", Some("encrypted"), "office -"),
    ("encrypted.docx", Some("encrypted"), "office -"),
    ("encrypted.ppt", Some("encrypted"), "office -"),
    ("encrypted.pptm", Some("encrypted"), "office -"),
    ("encrypted.pptx", Some("encrypted"), "office -"),
    ("encrypted.xls", Some("encrypted"), "office -"),
    ("encrypted.xlsb", Some("encrypted"), "office -"),
    ("encrypted.xlsm", Some("encrypted"), "office -"),
    ("encrypted.xlsx", Some("encrypted"), "office -"),
];

/// The password that Excel tries by itself.
const EXCEL: &str = "VelvetSweatshop";

/// A stream of a compound file.
fn stream(content: &[u8], name: &str) -> Vec<u8> {
    let mut file = cfb::CompoundFile::open(Cursor::new(content)).unwrap();
    let mut bytes = Vec::new();
    file.open_stream(name).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn each_document_opens_by_its_password_alone() {
    let folder = installed("oletools/oletools-0.60.2/tests/test-data/encrypted");
    let with = |password| {
        let of_it = SAMPLES.iter().filter(move |(_, known, _)| known.is_none() == (password == EXCEL));
        let paths: Vec<_> = of_it.map(|(name, ..)| folder.join(name)).collect();
        opened_documents(&paths, password)
    };
    let (standard, given) = (with(EXCEL), with("encrypted"));
    for (name, password, expected) in SAMPLES {
        let content = fs::read(folder.join(name)).unwrap();
        let (opening, found) = open(&content, password);
        assert_eq!((opening, in_words(&look(name, &found)).as_str()), (Opening::Opened, expected), "{name}");
        // The result of another program.
        let other = fs::read(if password.is_none() { &standard } else { &given }.path().join(name)).unwrap();
        let main = match name.rsplit_once('.').unwrap().1 {
            "doc" => "WordDocument",
            "xls" => "Workbook",
            "ppt" => "PowerPoint Document",
            _ => {
                assert!(found == other, "{name}");
                continue;
            }
        };
        // The two wipe out how it was encrypted in different ways.
        let (found, other) = (stream(&found, main), stream(&other, main));
        let differences = found.iter().zip(&other).filter(|(own, other)| own != other).count();
        assert!(found.len() == other.len() && differences <= 120, "{name}: {differences}");
        assert_eq!(open(&content, Some("another")), REFUSED, "{name}");
    }
    let content = fs::read(folder.join("encrypted.docx")).unwrap();
    assert_eq!(open(&content, None).0, Opening::NotRead);
}

/// Letters that compress little: msoffcrypto encrypts no document of less than 4 KiB.
pub(super) fn noise() -> Vec<u8> {
    let noise = std::iter::successors(Some(1_u32), |last| {
        Some(last.wrapping_mul(1_664_525).wrapping_add(1_013_904_223))
    });
    noise.take(12_000).map(|number| b'a' + number.to_be_bytes()[0] % 26).collect()
}

#[test]
fn each_way_to_encrypt_an_archive_in_a_document_is_known() {
    // Several segments, so that each has its own beginning.
    let (folder, document) = (tempfile::tempdir().unwrap(), docx(&[("word/a.bin", &noise())]));
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("plain"), &document).unwrap();
    // Letters outside of the basic plane, too.
    let password = "Größe \u{1f512}";
    passwords(&["ways", &path(""), &path("plain"), password]);
    for name in [
        "agile-SHA1-128",
        "agile-SHA256-256",
        "agile-SHA384-256",
        "agile-SHA512-256",
        "standard-128",
        "standard-192",
        "standard-256",
    ] {
        let locked = fs::read(path(name)).unwrap();
        assert!(open(&locked, Some(password)) == (Opening::Opened, document.clone()), "{name}");
        assert_eq!(open(&locked, Some("groesse")), REFUSED, "{name}");
        // Two documents in one file: programs open either.
        let mut both = cfb::CompoundFile::open(Cursor::new(locked)).unwrap();
        both.create_stream("WordDocument").unwrap();
        let both = both.into_inner().into_inner();
        assert_eq!(open(&both, Some(password)).0, Opening::NotRead, "{name}");
    }
}

/// A workbook of four records, of which the third has a place in plain, combined with 16 bytes.
fn xor_workbook(numbers: [u16; 2], key: &[u8; 16]) -> Vec<u8> {
    let pass = [&[0, 0][..], &numbers[0].to_le_bytes(), &numbers[1].to_le_bytes()].concat();
    let records = [
        (0x809_u16, &[0, 6, 5, 0][..]),
        (0x2f, &pass),
        (0x85, b"plac\0\x01\x01\0A"),
        (0x204, b"a longer cell of this sheet"),
    ];
    let mut stream = Vec::new();
    for (kind, content) in records {
        stream.extend([kind.to_le_bytes(), u16::try_from(content.len()).unwrap().to_le_bytes()].concat());
        let plain = match kind {
            0x809 | 0x2f => content.len(),
            0x85 => 4,
            _ => 0,
        };
        let begin = stream.len() + content.len();
        for (at, byte) in content.iter().enumerate() {
            let combined = byte.rotate_left(5) ^ key[(begin + at) % 16];
            stream.push(if at < plain { *byte } else { combined });
        }
    }
    compound(&[("/Workbook", &stream)])
}

/// The numbers and the 16 bytes of each password are those of msoffcrypto.
#[test]
fn the_oldest_workbooks_open() {
    for (password, numbers, key) in [
        (None, [0xb359, 0x9a0a], "876b9ae21ee305621e699660986e9404"),
        (Some("geheim"), [0x03f1, 0xdc67], "4b33cc334c37257e07dc077e24c1f8de"),
        (Some("abcde"), [0x2fed, 0xc6fc], "46a647a5444a0968ab68094bb697a910"),
    ] {
        let key = data_encoding::HEXLOWER.decode(key.as_bytes()).unwrap().try_into().unwrap();
        let locked = xor_workbook(numbers, &key);
        assert_eq!(in_words(&look("a.xls", &locked)), "office encrypted encrypted");
        let (opening, found) = open(&locked, password);
        assert_eq!(opening, Opening::Opened, "{password:?}");
        let stream = stream(&found, "/Workbook");
        for part in [&b"plac\0\x01\x01\0A"[..], b"a longer cell of this sheet"] {
            assert!(stream.windows(part.len()).any(|found| found == part), "{password:?} {stream:?}");
        }
        assert_eq!(in_words(&look("a.xls", &found)), "office - xlm-macros");
        assert_eq!(open(&locked, Some("geheim ")), REFUSED);
    }
    // The cache of a pivot table is encrypted, too, and not opened.
    let key = &[0; 16];
    let mut file = cfb::CompoundFile::open(Cursor::new(xor_workbook([0xb359, 0x9a0a], key))).unwrap();
    file.create_storage("/_SX_DB_CUR").unwrap();
    assert_eq!(open(&file.into_inner().into_inner(), None).0, Opening::NotRead);
}

#[test]
fn archives_open_with_all_of_their_members() {
    let document = docx(&[]);
    let files: [(&str, &[u8]); 3] = [("brief.docx", &document), ("a.exe", b"MZ\x90\0"), ("leer.txt", b"")];
    // 7-Zip takes other letters for its own format only.
    for (password, arguments) in [
        ("geheim 1", &["-tzip"][..]),
        ("geheim 1", &["-tzip", "-mx=0"]),
        ("geheim 1", &["-tzip", "-mem=AES128"]),
        ("geheim 1", &["-tzip", "-mem=AES192"]),
        ("geheim 1", &["-tzip", "-mem=AES256"]),
        ("Größe 1", &["-t7z"]),
        ("Größe 1", &["-t7z", "-ms=off"]),
        ("Größe 1", &["-t7z", "-mhe=on"]),
        ("Größe 1", &["-t7z", "-mx=0", "-mhe=on"]),
    ] {
        let locked = archive(&files, &[arguments, &[&format!("-p{password}")]].concat());
        let (opening, open_archive) = open(&locked, Some(password));
        let found = look("a.zip", &open_archive);
        let expected = (Opening::Opened, "archive - contains-office contains-program");
        assert_eq!((opening, in_words(&found).as_str()), expected, "{arguments:?}");
        assert_eq!(open(&locked, Some("geheim 2")), REFUSED, "{arguments:?}");
        assert_eq!(open(&locked, None).0, Opening::NotRead, "{arguments:?}");
    }
    // Programs encode other letters in their ways.
    let work = tempfile::tempdir().unwrap();
    fs::write(work.path().join("a.txt"), "Guten Tag").unwrap();
    for encoded in [&b"Gr\xc3\xb6\xc3\x9fe"[..], b"Gr\xf6\xdfe", b"Gr\x94\xe1e"] {
        let mut zip = tool("zip", "zip");
        zip.args(["-q", "-P"]).arg(OsStr::from_bytes(encoded)).args(["a.zip", "a.txt"]);
        succeed(zip.current_dir(work.path()));
        let locked = fs::read(work.path().join("a.zip")).unwrap();
        assert_eq!(open(&locked, Some("Größe")).0, Opening::Opened, "{encoded:?}");
        fs::remove_file(work.path().join("a.zip")).unwrap();
    }
    // The bytes after an archive may be another one to some programs.
    let locked = archive(&[("a.txt", b"one")], &["-t7z", "-pgeheim"]);
    assert_eq!(open(&[&locked[..], b"more"].concat(), Some("geheim")).0, Opening::NotRead);
    for plain in [Zip::of(&[("a.txt", b"x")]), docx(&[]), b"text".to_vec(), b"%PDF-1.7".to_vec()] {
        assert_eq!(open(&plain, Some("geheim")).0, Opening::NotRead);
    }
}

#[test]
fn a_process_that_dies_or_lies_opens_nothing() {
    for deed in ["abort", "panic", "hang", "flood", "rubbish", "nothing", "opened-and-abort"] {
        let impostor = Impostor::new(deed);
        let inspector = Inspector::new(impostor.program()).within(Duration::from_millis(1_500));
        assert_eq!(open_by(&inspector, b"text", Some("geheim")).0, Opening::NotRead, "{deed}");
        // Neither its arguments nor its environment have the password.
        assert!(!fs::read_to_string(impostor.noted()).unwrap().contains("geheim"), "{deed}");
    }
    let long = "x".repeat(MAX_PASSWORD);
    let locked = archive(&[("a.txt", b"one")], &["-tzip", &format!("-p{long}")]);
    assert_eq!(open(&locked, Some(&long)).0, Opening::Opened);
    assert_eq!(open(&locked, Some(&(long + "x"))), REFUSED);
}

/// A member of an archive, by its name.
fn member(archive: &[u8], name: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.zip"), archive).unwrap();
    succeed(tool("7zz", "7zip").args(["x", "-bd", "-y", "a.zip", name]).current_dir(folder.path()));
    fs::read(folder.path().join(name)).unwrap()
}

#[test]
fn documents_of_libreoffice_open_with_all_of_their_members() {
    let password = "Größe 1";
    // More than the part of a member that has a checksum.
    let text = format!("Die Bilanz liegt bei. {}", String::from_utf8(noise()).unwrap());
    let mut files = office_documents(&[&text], password);
    let whole = locked_package(&files["0.odt"], password);
    files.insert("0-whole.odt".to_owned(), whole);
    let locked: Vec<_> = files.iter().filter(|(name, _)| name.contains('-')).collect();
    assert_eq!(locked.len(), 7);
    for (name, content) in locked {
        assert_eq!(in_words(&look(name, content)), "office encrypted encrypted", "{name}");
        let (opening, found) = open(content, Some(password));
        assert_eq!(
            (opening, in_words(&look(name, &found)).as_str()),
            (Opening::Opened, "office -"),
            "{name}"
        );
        assert_eq!(open(content, Some("Größe 2")), REFUSED, "{name}");
        assert_eq!(open(content, None).0, Opening::NotRead, "{name}");
        let (_, Examined { inspection, tried }) = examine(content, &["x", password]);
        assert_eq!((in_words(&inspection).as_str(), tried.given), ("office -", 2), "{name}");
        let list = String::from_utf8(member(&found, "META-INF/manifest.xml")).unwrap();
        assert!(list.contains("content.xml") && !list.contains("encryption-data"), "{name}: {list}");
        if name.ends_with("odt") {
            let text = String::from_utf8(member(&found, "content.xml")).unwrap();
            assert!(text.contains("Die Bilanz liegt bei."), "{name}: {text}");
        }
    }
    let whole = &files["0-whole.odt"];
    assert!(open(whole, Some(password)) == (Opening::Opened, files["0.odt"].clone()));
    // The first bytes of a member prove the password.
    let mut wrong = files["0-new.odt"].clone();
    let content = wrong.windows(11).position(|word| word == b"content.xml").unwrap() + 11;
    wrong[content + 20] ^= 0x55;
    assert_eq!(open(&wrong, Some(password)), REFUSED);
    // A file that is not encrypted, and a list that calls itself encrypted.
    assert_eq!(open(&files["0.odt"], Some(password)).0, Opening::NotRead);
    let list = br#"<m:manifest xmlns:m="m"><m:file-entry m:full-path="META-INF/manifest.xml"><m:encryption-data/></m:file-entry>
        <m:file-entry m:full-path="content.xml"><m:encryption-data/></m:file-entry></m:manifest>"#;
    let liar = Zip::of(&[
        ("mimetype", b"application/vnd.oasis.opendocument.text"),
        ("content.xml", b"<script:module/>"),
        ("META-INF/manifest.xml", list),
    ]);
    assert_eq!(in_words(&look("a.odt", &liar)), "office encrypted encrypted");
    assert_eq!(open(&liar, Some(password)).0, Opening::NotRead);
    let (_, Examined { inspection, .. }) = examine(&liar, &[password]);
    assert_eq!(inspection.obstacle, Some(Obstacle::Encrypted));
}

/// A wrong password opens one of 256 members in the old way; the result must be a stream of the method.
#[test]
fn members_in_deflate64_come_open_by_their_password_alone() {
    for (way, wrong) in [("ZipCrypto", 300), ("AES256", 3)] {
        let arguments = ["-mm=Deflate64", "-pgeheim", &format!("-mem={way}")];
        let sealed =
            packed_archive(&[("a.txt", &b"Guten Tag".repeat(1_000)), ("b.txt", b"x")], "zip", &arguments);
        let (opening, plain) = open(&sealed, Some("geheim"));
        assert_eq!(opening, Opening::Opened, "{way}");
        assert_eq!(in_words(&look("a.zip", &plain)), "archive -", "{way}");
        assert_eq!(unreached(&plain).0[0], b"Guten Tag".repeat(1_000), "{way}");
        for number in 0..wrong {
            let (opening, _) = open(&sealed, Some(&format!("falsch{number}")));
            assert_eq!(opening, Opening::WrongPassword, "{way} {number}");
        }
    }
}

/// The files and the answer of an examination.
fn examine_by(
    inspector: &Inspector,
    content: &[u8],
    passwords: &[&str],
    breadth: Breadth,
) -> (Vec<Handed>, Examined) {
    let passwords: Vec<_> = passwords.iter().map(|password| SecretString::from(*password)).collect();
    let (mut handed, sample) = (Vec::new(), Sample::of(content).unwrap());
    let mut take = |one| {
        handed.push(one);
        ControlFlow::Continue(())
    };
    let passwords: Vec<_> = passwords.iter().collect();
    let examined = inspector.examine(sample.as_fd(), "", &passwords, breadth, &mut take).unwrap();
    (handed, examined)
}

fn examine(content: &[u8], passwords: &[&str]) -> (Vec<Handed>, Examined) {
    let inspector = Inspector::new(env!("CARGO_BIN_EXE_tresor"));
    examine_by(&inspector, content, passwords, Breadth::Unreached)
}

fn mail(name: &str, content: &[u8]) -> Vec<u8> {
    format!(
        "From: a@b\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
         Content-Type: application/octet-stream; name={name}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
        data_encoding::BASE64.encode(content)
    )
    .into_bytes()
}

#[test]
fn what_is_encrypted_inside_opens_at_all_depths() {
    let document = docx(&[("word/vbaProject.bin", b"x"), ("word/a.bin", &noise())]);
    let locked = locked_document(&document, "geheim");
    let zip = archive(&[("a.docx", &locked), ("b.txt", b"Guten Tag")], &["-tzip", "-pandere"]);
    let seven = archive(&[("c.zip", &zip)], &["-t7z", "-mhe=on", "-pgeheim"]);
    let whole = mail("d.7z", &seven);
    let (handed, Examined { inspection, tried }) = examine(&whole, &["geheim", "falsch", "andere"]);
    assert_eq!(in_words(&inspection), "mail - macros contains-office");
    assert_eq!((tried.given, tried.standard, tried.is_wrong), (0b101, false, false));
    // Each that came open: the files of the 7z archive, those of the ZIP archive, the document.
    assert_eq!(handed.len(), 3);
    assert!(handed.last() == Some(&Handed::Member(document.clone())));

    for (passwords, given) in [(&[][..], 0), (&["geheim"], 1), (&["andere"], 0), (&["x", "geheim", ""], 2)] {
        let (_, Examined { inspection, tried }) = examine(&whole, passwords);
        assert_eq!((inspection.obstacle, tried.given), (Some(Obstacle::Encrypted), given), "{passwords:?}");
        assert_eq!(tried.is_wrong, !passwords.is_empty(), "{passwords:?}");
    }
    // Only one of two opens.
    let both = packed_archive(&[("a.zip", &zip), ("b.docx", &locked)], "zip", &[]);
    let (handed, Examined { inspection, tried }) = examine(&both, &["geheim"]);
    assert_eq!(
        (in_words(&inspection).as_str(), tried.given),
        ("archive encrypted macros encrypted contains-office", 1)
    );
    assert!(handed == [Handed::Member(document.clone())]);
    // Contents that are not opened here, and contents that need no password.
    let rar = stored(&[("a.txt", b"age-encryption.org/v1\n")]);
    let (_, Examined { inspection, tried }) = examine(&rar, &["geheim"]);
    assert_eq!((in_words(&inspection).as_str(), tried.is_wrong), ("archive encrypted encrypted", false));
    let open = packed_archive(&[("a.docx", &document)], "7z", &[]);
    let (handed, Examined { inspection, tried }) = examine(&open, &["geheim"]);
    assert_eq!(
        (in_words(&inspection).as_str(), tried.given, handed.len()),
        ("archive - macros contains-office", 0, 0)
    );
    // A scanner that read no further gets every member.
    let inspector = Inspector::new(env!("CARGO_BIN_EXE_tresor"));
    let (handed, _) = examine_by(&inspector, &both, &["geheim", "andere"], Breadth::All);
    for part in [&zip, &locked, &document, &b"Guten Tag".to_vec()] {
        assert!(handed.contains(&Handed::Member(part.clone())));
    }
}

#[test]
fn what_programs_open_without_asking_opens_inside() {
    let document = docx(&[("word/vbaProject.bin", b"x"), ("word/a.bin", &noise())]);
    let pdf = locked_pdf(&fs::read("/usr/share/clamav-testfiles/clam.pdf").unwrap(), "");
    let whole = archive(&[("a.docx", &locked_document(&document, EXCEL)), ("b.pdf", &pdf)], &["-tzip"]);
    let (handed, Examined { inspection, tried }) = examine(&whole, &[]);
    assert_eq!(in_words(&inspection), "archive - macros embedded-file contains-office");
    assert!(tried.standard && tried.given == 0 && !tried.is_wrong);
    // Another program opens the PDF.
    assert!(handed == [Handed::Member(document), Handed::LockedPdf(pdf)]);
}

#[test]
fn what_is_nested_without_end_stays_closed() {
    let mut content = docx(&[]);
    for _ in 0..7 {
        content = archive(&[("a.zip", &content)], &["-tzip", "-mx=0", "-pgeheim"]);
    }
    let (_, Examined { inspection, .. }) = examine(&content, &["geheim"]);
    assert!(inspection.obstacle >= Some(Obstacle::Encrypted), "{inspection:?}");
    assert!(inspection.labels.contains(&tresor::model::Label::Encrypted), "{inspection:?}");
    let many = [""; MAX_KEYS];
    let (_, Examined { tried, .. }) = examine(&content, &[&many[1..], &["geheim"]].concat());
    assert!(tried.has_opened(MAX_KEYS - 1));
    let (_, Examined { tried, .. }) = examine(&content, &[&many[..], &["geheim"]].concat());
    assert_eq!(tried.given, 0);
}

#[test]
fn a_process_that_dies_or_lies_examines_nothing() {
    for deed in
        ["abort", "panic", "hang", "flood", "rubbish", "nothing", "lie", "half-a-file", "end-and-abort"]
    {
        let impostor = Impostor::new(deed);
        let inspector = Inspector::new(impostor.program()).within(Duration::from_millis(1_500));
        let (_, examined) = examine_by(&inspector, b"text", &["geheim"], Breadth::Unreached);
        assert_eq!(examined.inspection.obstacle, Some(Obstacle::NotFinished), "{deed}");
        assert!(!fs::read_to_string(impostor.noted()).unwrap().contains("geheim"), "{deed}");
    }
}
