//! Mails: the files in them are handed out whole, by a process that the server does not trust, and the look sees the
//! same.

mod corpora;
mod signed;

use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::time::Duration;

use tresor::inspect::{Attachment, Inspector, Unpacked};
use tresor::model::Obstacle;
use tresor::scan::Sample;

use super::confined::Impostor;
use super::formats::{attribute, compound, docx, mail, wide};
use super::look;

/// The files in a mail, and how that ended.
fn unpack(mail: &[u8]) -> (Vec<Attachment>, Unpacked) {
    unpack_by(&Inspector::new(env!("CARGO_BIN_EXE_tresor")), mail)
}

fn unpack_by(inspector: &Inspector, mail: &[u8]) -> (Vec<Attachment>, Unpacked) {
    let mut files = Vec::new();
    let sample = Sample::of(mail).unwrap();
    let unpacked = inspector
        .attachments(sample.as_fd(), &mut |file| {
            files.push(file);
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(usize::try_from(unpacked.attachments).unwrap(), files.len());
    (files, unpacked)
}

/// Checks the paths of the files in a mail, and the obstacle or `-`.
#[track_caller]
fn check_paths(mail: &[u8], obstacle: &str, expected: &[&str]) {
    let (files, unpacked) = unpack(mail);
    let paths: Vec<String> = files.iter().map(|file| file.path.join("/")).collect();
    assert_eq!(
        (paths, unpacked.obstacle.map_or("-", Obstacle::as_str)),
        (expected.iter().map(|path| (*path).to_owned()).collect(), obstacle)
    );
}

/// A part with a file in Base64.
fn part(kind: &str, name: &str, content: &[u8]) -> String {
    let content = data_encoding::BASE64.encode(content);
    format!("Content-Type: {kind}; name=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{content}")
}

#[test]
fn files_are_handed_out_in_order_and_whole() {
    let large: Vec<u8> =
        (0..3_000_000_u32).map(|number| number.to_be_bytes()[3] ^ number.to_be_bytes()[1]).collect();
    let contents = [&b"%PDF-1.7"[..], &large, b""];
    let parts: Vec<String> = contents
        .iter()
        .zip(["a.pdf", "b.dat", "c.txt"])
        .map(|(content, name)| part("application/x", name, content))
        .collect();
    let mail = mail(&parts.iter().map(String::as_str).collect::<Vec<_>>());
    let (files, unpacked) = unpack(&mail);
    assert_eq!(unpacked, Unpacked { attachments: 3, obstacle: None });
    for ((file, content), name) in files.iter().zip(contents).zip(["a.pdf", "b.dat", "c.txt"]) {
        assert!(file.path == [name] && file.content == content, "{name}");
    }
    // The caller may have enough; its own wait was not the process' fault.
    let mut names = Vec::new();
    let sample = Sample::of(&mail).unwrap();
    let unpacked = Inspector::new(env!("CARGO_BIN_EXE_tresor")).attachments(sample.as_fd(), &mut |file| {
        names.extend(file.path);
        if names.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(names, ["a.pdf", "b.dat"]);
    assert_eq!(unpacked.unwrap(), Unpacked { attachments: 2, obstacle: Some(Obstacle::NotFinished) });
}

/// The time of the process is its own: a disk that takes longer costs no attachment.
#[test]
fn a_slow_taker_costs_no_file() {
    let limit = Duration::from_secs(2);
    let inspector = Inspector::new(env!("CARGO_BIN_EXE_tresor")).within(limit);
    let large = ["a.dat", "b.dat"].map(|name| part("application/x", name, &vec![0; 300_000]));
    let mail = mail(&[&large[0], &large[1]]);
    let (_open, never) = std::sync::mpsc::channel::<()>();
    let mut names = Vec::new();
    let sample = Sample::of(&mail).unwrap();
    let unpacked = inspector.attachments(sample.as_fd(), &mut |file| {
        names.extend(file.path);
        never.recv_timeout(limit).unwrap_err();
        ControlFlow::Continue(())
    });
    assert_eq!(
        (names, unpacked.unwrap()),
        (vec!["a.dat".to_owned(), "b.dat".to_owned()], Unpacked { attachments: 2, obstacle: None })
    );
}

#[test]
fn what_arrived_whole_stays_whatever_the_process_does() {
    for (deed, expected) in [
        ("abort", 0),
        ("panic", 0),
        ("overflow", 0),
        ("allocate", 0),
        ("compute", 0),
        ("hang", 0),
        ("flood", 0),
        ("rubbish", 0),
        ("nothing", 0),
        ("open", 0),
        ("half-a-file", 1),
        ("half-and-abort", 1),
        ("another-number", 1),
        ("more-after-the-end", 1),
        ("end-and-abort", 1),
        ("files-without-end", 1_000),
    ] {
        let impostor = Impostor::new(deed);
        let inspector = Inspector::new(impostor.program()).within(Duration::from_millis(1_500));
        let (files, unpacked) = unpack_by(&inspector, b"Subject: x\r\n\r\nx");
        let expected = Unpacked { attachments: expected, obstacle: Some(Obstacle::NotFinished) };
        assert_eq!(unpacked, expected, "{deed}");
        assert!(files.iter().all(|file| file.path == ["a"] && file.content == b"x"), "{deed}");
    }
    let nowhere = Inspector::new("/nowhere");
    let sample = Sample::of(b"x").unwrap();
    let error = nowhere.attachments(sample.as_fd(), &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert_eq!(error.code(), "inspection-not-started");
}

#[test]
fn a_mail_is_named_by_its_first_bytes() {
    let head = |inspector: &Inspector, bytes: &[u8]| {
        inspector.mail_head(Sample::of(bytes).unwrap().as_fd()).unwrap()
    };
    let inspector = Inspector::new(env!("CARGO_BIN_EXE_tresor"));
    let bytes = b"From: \"Meier, Hans\" <h@example.org>\r\nSubject: =?iso-8859-1?Q?K=FCndigung?=\r\nAuto-Submitted: auto-replied\r\n\r\nx";
    let found = head(&inspector, bytes);
    assert_eq!(
        (found.subject.as_deref(), found.from.as_deref(), found.is_automatic),
        (Some("Kündigung"), Some("Meier, Hans"), true)
    );
    let found = head(&inspector, &bytes[..bytes.len() - 20]);
    assert_eq!(found.subject.as_deref(), Some("Kündigung"), "it is whole in the first bytes");
    assert!(!found.is_automatic);
    // A process that fails has said nothing: nothing should answer such a mail.
    for deed in ["abort", "hang", "flood", "rubbish", "nothing"] {
        let impostor = Impostor::new(deed);
        let found = head(&Inspector::new(impostor.program()).within(Duration::from_millis(500)), bytes);
        assert_eq!((found.subject, found.from, found.is_automatic), (None, None, true), "{deed}");
    }
}

#[test]
fn attachments_of_winmail_dat_take_its_place() {
    let tnef = |attributes: &[Vec<u8>]| [b"\x78\x9f\x3e\x22\0\0", &attributes.concat()[..]].concat();
    let file = |name: &[u8], content: &[u8]| {
        [attribute(0x9002, b"x"), attribute(0x8010, name), attribute(0x800f, content)].concat()
    };
    let sent = |content: &[u8]| mail(&["\r\nText", &part("application/ms-tnef", "winmail.dat", content)]);
    let whole =
        tnef(&[attribute(0x9003, &[0; 4]), file(b"a.pdf\0", b"%PDF-1.7"), file(b"\0", b"\x89PNG\r\n\x1a\n")]);
    check_paths(&sent(&whole), "-", &["winmail/a.pdf", "winmail/attachment-2.png"]);
    let (files, _) = unpack(&sent(&whole));
    assert_eq!(files[0].content, b"%PDF-1.7");
    // Names in the code page that the file names, or in the one of Western Europe.
    for (page, name, expected) in [
        (1252_u32, &b"K\xfcndigung 5 \x80.pdf\0"[..], "winmail/Kündigung 5 €.pdf"),
        (1250, b"Ma\xb3gorzata.pdf\0", "winmail/Małgorzata.pdf"),
        (0, b"K\xfcndigung.pdf\0", "winmail/Kündigung.pdf"),
    ] {
        let tnef = tnef(&[attribute(0x9007, &page.to_le_bytes()), file(name, b"%PDF-1.7")]);
        check_paths(&sent(&tnef), "-", &[expected]);
    }
    // A mail attached to the mail is for Outlook only; a damaged file may have more.
    let object =
        [&[1, 0, 0, 0, 0x0d, 0, 1, 0x37, 1, 0, 0, 0, 17, 0, 0, 0][..], &[0; 16], b"x\0\0\0"].concat();
    let with_object =
        tnef(&[file(b"a.pdf\0", b"%PDF-1.7"), attribute(0x9002, b"x"), attribute(0x9005, &object)]);
    check_paths(&sent(&with_object), "-", &["winmail.dat", "winmail/a.pdf"]);
    let cut = &whole[..whole.len() - 3];
    check_paths(&sent(cut), "damaged", &["winmail.dat", "winmail/a.pdf"]);
    let nested = tnef(&[file(b"winmail.dat\0", &whole), file(b"b.docx\0", &docx(&[]))]);
    check_paths(
        &sent(&nested),
        "-",
        &["winmail/winmail/a.pdf", "winmail/winmail/attachment-2.png", "winmail/b.docx"],
    );
}

#[test]
fn attachments_of_a_mail_of_outlook_lie_beside_it() {
    let attachment = |name: &str| format!("/__attach_version1.0_#00000000/__substg1.0_{name}");
    let (data, long) = (attachment("37010102"), attachment("3707001F"));
    let inner =
        [("/__properties_version1.0", &b"x"[..]), (&data, b"%PDF-1.7"), (&long, &wide("Kündigung.pdf"))];
    let inner = compound(&inner);
    check_paths(
        &mail(&[&part("application/vnd.ms-outlook", "Angebot.msg", &inner)]),
        "-",
        &["Angebot.msg", "Angebot/Kündigung.pdf"],
    );
    let outer = [("/__properties_version1.0", &b"x"[..]), (&data, &inner), (&long, &wide("b.msg"))];
    let part = part("application/vnd.ms-outlook", "a.msg", &compound(&outer));
    check_paths(&mail(&[&part]), "-", &["a.msg", "a/b.msg", "a/b/Kündigung.pdf"]);
    // A name of one byte for each character.
    let narrow = attachment("3707001E");
    let narrow =
        compound(&[("/__properties_version1.0", &b"x"[..]), (&data, b"%PDF-1.7"), (&narrow, b"5 \x80.pdf")]);
    check_paths(&mail(&[&self::part("application/x", "a.msg", &narrow)]), "-", &["a.msg", "a/5 €.pdf"]);
    // Other compound files are files like any other.
    let document = compound(&[("/WordDocument", &[0; 96])]);
    check_paths(&mail(&[&self::part("application/msword", "a.doc", &document)]), "-", &["a.doc"]);
}

/// A program is found by the look and handed out, however its part is named and wrapped.
#[test]
fn whatever_is_handed_out_was_looked_at() {
    let program = part("application/octet-stream", "a.exe", b"MZ\x90\0");
    let inner = mail(&[&program]);
    let signed = signed::opaque(&inner, &[]);
    let uuencoded = "Content-Type: text/plain\r\n\r\nbegin 644 a.exe\r\n$35J0``\r\n`\r\nend\r\n"
        .replace("$35J0``", "$35J0````");
    for (part, path) in [
        (program.clone(), "a.exe"),
        (program.replace("name=\"a.exe\"", "x=y"), "attachment-1.bin"),
        (program.replace("application/octet-stream", "text/plain"), "a.exe"),
        (program.replace("name=\"a.exe\"", "name*0=\"a.\"; name*1=\"exe\""), "a.exe"),
        (program.replace("name=\"a.exe\"", "name==?utf-8?Q?a=2Eexe?="), "a.exe"),
        (
            format!("Content-Type: message/rfc822\r\n\r\n{}", String::from_utf8(inner.clone()).unwrap()),
            "Unterlagen/a.exe",
        ),
        (part("application/pkcs7-mime", "smime.p7m", &signed), "a.exe"),
        (uuencoded, "a.exe"),
    ] {
        let mail = mail(&[&part]);
        let (files, _) = unpack(&mail);
        let file = files
            .iter()
            .find(|file| file.path.join("/") == path)
            .unwrap_or_else(|| panic!("{part}: {files:?}"));
        assert!(file.content.starts_with(b"MZ"), "{part}");
        let labels: Vec<&str> =
            look("a.eml", &mail).labels.into_iter().map(tresor::model::Label::as_str).collect();
        assert!(labels.contains(&"contains-program"), "{part}: {labels:?}");
    }
}
