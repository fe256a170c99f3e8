//! The documents and mails in an archive, of which people get a PDF.

use std::io::Write;
use std::ops::ControlFlow;
use std::os::fd::AsFd;

use flate2::Compression;
use flate2::write::GzEncoder;
use secrecy::SecretString;
use tresor::inspect::{Inspector, Unpacked};
use tresor::model::Obstacle;
use tresor::scan::Sample;

use super::formats::docx;
use super::opened::noise;
use super::packed::{archive, packed};
use super::rar::stored;
use crate::support::passwords;

/// The paths and contents that are handed out.
fn documents(content: &[u8]) -> (Vec<(String, Vec<u8>)>, Unpacked) {
    documents_with(content, &[])
}

/// The same, with passwords.
fn documents_with(content: &[u8], passwords: &[&SecretString]) -> (Vec<(String, Vec<u8>)>, Unpacked) {
    let inspector = Inspector::new(env!("CARGO_BIN_EXE_tresor"));
    let (mut found, sample) = (Vec::new(), Sample::of(content).unwrap());
    let done = inspector.documents(sample.as_fd(), passwords, &mut |document| {
        found.push((document.path.join("/"), document.content));
        ControlFlow::Continue(())
    });
    (found, done.unwrap())
}

#[test]
fn archives_of_all_formats_hand_out_their_documents() {
    let (document, inner) = (docx(&[]), stored(&[("c.odt", b"c"), ("d.exe", b"MZ")]));
    let files = [
        ("a.docx", &document[..]),
        ("b.pdf", b"%PDF-1.7"),
        ("mehr.rar", &inner),
        ("ordner/post.eml", b"Subject: x\r\n\r\nx"),
    ];
    let tar = archive(&files, "tar", &[]);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&tar).unwrap();
    for archive in [
        archive(&files, "zip", &[]),
        archive(&files, "zip", &["-mm=LZMA"]),
        archive(&files, "7z", &[]),
        stored(&files),
        packed("xz", "xz-utils", &tar),
        packed("bzip2", "bzip2", &tar),
        gzip.finish().unwrap(),
        tar,
    ] {
        let (mut found, done) = documents(&archive);
        found.sort();
        let expected = [("a.docx", &document[..]), ("mehr.rar/c.odt", b"c"), ("ordner/post.eml", files[3].1)];
        assert_eq!(found, expected.map(|(path, content)| (path.to_owned(), content.to_vec())));
        assert_eq!((done.attachments, done.obstacle), (3, None));
    }
    // A document is no archive, whatever it holds.
    let holding = docx(&[("word/embeddings/a.docx", &document)]);
    assert_eq!(documents(&holding), (Vec::new(), Unpacked { attachments: 0, obstacle: None }));
    let (found, done) = documents(b"no archive");
    assert_eq!((found.len(), done.obstacle), (0, None));
}

#[test]
fn the_number_of_documents_has_an_end() {
    for (count, obstacle) in [(50, None), (51, Some(Obstacle::TooManyMembers))] {
        let names: Vec<_> = (0..count).map(|number| format!("{number}.docx")).collect();
        let files: Vec<_> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
        let (found, done) = documents(&stored(&files));
        assert_eq!((found.len(), done.obstacle), (50, obstacle));
    }
}

#[test]
fn documents_behind_a_password_are_handed_out_open() {
    let document = docx(&[("word/a.bin", &noise())]);
    let locked = passwords::locked_document(&document, "geheim");
    let inner = passwords::archive(&[("c.docx", &document)], &["-tzip", "-pgeheim"]);
    let outer = stored(&[("a.docx", &document), ("b.docx", &locked), ("d.zip", &inner)]);
    let all = passwords::archive(&[("e.rar", &outer)], &["-t7z", "-pandere"]);
    let [first, second] = ["geheim", "andere"].map(SecretString::from);
    let (found, done) = documents_with(&all, &[&first, &second]);
    let open = |path: &str| (path.to_owned(), document.clone());
    assert_eq!(done.obstacle, None);
    assert!(found == [open("e.rar/a.docx"), open("e.rar/b.docx"), open("e.rar/d.zip/c.docx")]);
    // What stays closed is handed out as it is, or not at all.
    let (found, _) = documents_with(&outer, &[&second]);
    assert!(found == [open("a.docx"), ("b.docx".to_owned(), locked)]);
    assert!(documents(&all).0.is_empty());
}
