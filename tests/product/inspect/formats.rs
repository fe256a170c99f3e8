//! The results for each format: kinds, labels, members.

use std::io::{Cursor, Write};
use std::path::Path;

use data_encoding::{BASE64, HEXLOWER};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::check;
use crate::support::office::Office;
use crate::support::zips::Zip;

const TYPES: &str = r#"<Types><Override PartName="/word/document.xml" ContentType="x.main+xml"/></Types>"#;

/// A text document of Word with these parts beside those that every document has.
pub(super) fn docx(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let fixed = [
        ("[Content_Types].xml", TYPES.as_bytes()),
        ("word/document.xml", b"<w:document><w:t>Brief</w:t></w:document>"),
    ];
    Zip::of(&[&fixed[..], parts].concat())
}

/// A relationship of a document to something elsewhere.
fn external(kind: &str, target: &str, mode: &str) -> Vec<u8> {
    let relationship = format!(
        r#"<Relationships><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="{target}" {mode}/></Relationships>"#
    );
    docx(&[("word/_rels/document.xml.rels", relationship.as_bytes())])
}

#[test]
fn documents_of_office_earn_their_labels() {
    check("a.docx", &docx(&[]), "office -");
    for (kind, target, expected) in [
        ("hyperlink", "https://example.org/", "office -"),
        ("hyperlink", "file://server/share/a.exe", "office - external-content"),
        ("attachedTemplate", "https://example.org/a.dotm", "office - external-template"),
        ("oleObject", "https://example.org/a.doc", "office - ole-object external-object"),
        ("image", "\\\\server\\share\\a.png", "office - external-content"),
        ("frame", "https://example.org/", "office - external-content"),
    ] {
        check("a.docx", &external(kind, target, "TargetMode=\"External\""), expected);
    }
    check(
        "",
        &external("image", "&#104;ttps://x/", "TargetMode=\"E&#x78;ternal\""),
        "office - external-content",
    );
    check("", &external("image", "https://x/", ""), "office ambiguous external-content");
    check("", &external("image", "media/a.png", ""), "office -");
    for (name, content, expected) in [
        ("word/vbaProject.bin", &b"x"[..], "office - macros"),
        ("xl/macrosheets/sheet1.xml", b"<xm:macrosheet/>", "office - xlm-macros"),
        ("word/activeX/activeX1.xml", b"<ax:ocx/>", "office - activex"),
        ("word/media/a.png", b"\x89PNG\r\n\x1a\n", "office -"),
        ("xl/printerSettings/printerSettings1.bin", b"\x01\x02\x03", "office -"),
        ("word/media/a.png", b"MZ", "office - name-mismatch contains-program"),
        ("word/embeddings/a.bin", b"MZ", "office - contains-program"),
        ("word/embeddings/a.js", b"x", "office - contains-script"),
        ("word/a.htm", b"<p>x<br>", "office - contains-web"),
        ("word/a.xml", b"<a><b></a>", "office damaged"),
        ("word/a.xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "office ambiguous"),
        ("xl/drawings/a.vml", b"<xml><br></xml>", "office -"),
        ("WORD/DOCUMENT.XML", b"<a/>", "office ambiguous"),
        (
            "word/f.xml",
            b"<w:p><w:instrText>DD</w:instrText><w:instrText>EAUTO c</w:instrText></w:p>",
            "office - dde",
        ),
        ("word/f.xml", b"<w:fldSimple w:instr=\" DDE a b\"/>", "office - dde"),
        ("xl/externalLinks/a.xml", b"<x:ddeLink/>", "office - dde"),
        ("xl/connections.xml", b"<connection><dbPr/></connection>", "office - external-content"),
        (
            "xl/worksheets/a.xml",
            b"<c><f>_xlfn.WEBSERVICE(\"https://x\")</f></c>",
            "office - external-content",
        ),
        ("ppt/slides/a.xml", b"<a:hlinkClick action='ppaction://program'/>", "office - launch"),
        ("ppt/slides/a.xml", b"<a:hlinkClick action='ppaction://hlinksldjump'/>", "office -"),
        // The main part may have any name and ending.
        ("word/a.htm", b"<w:fldSimple w:instr='DDE a'/>", "office - dde contains-web"),
        ("word/a.xml", b"\x4c\x6f\xa7\x94", "office ambiguous"),
    ] {
        check("", &docx(&[(name, content)]), expected);
    }
    // The whole of it in UTF-16.
    let wide: Vec<u8> =
        "\u{feff}<w:fldSimple w:instr='DDE a'/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    check("", &docx(&[("word/f.xml", &wide)]), "office - dde");
    check(
        "",
        &docx(&[("word/embeddings/a.docx", &docx(&[("word/vbaProject.bin", b"x")]))]),
        "office - macros contains-office",
    );
}

/// A compound file with these streams.
pub(super) fn compound(streams: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    for (path, content) in streams {
        file.create_storage_all(Path::new(path).parent().unwrap()).unwrap();
        file.create_stream(path).unwrap().write_all(content).unwrap();
    }
    file.flush().unwrap();
    file.into_inner().into_inner()
}

pub(super) fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Records of a workbook: type and content.
fn records(records: &[(u16, &[u8])]) -> Vec<u8> {
    let record = |(kind, content): &(u16, &[u8])| {
        [&kind.to_le_bytes()[..], &u16::try_from(content.len()).unwrap().to_le_bytes(), content].concat()
    };
    records.iter().flat_map(record).collect()
}

#[test]
fn documents_before_2007_earn_their_labels() {
    let word = |text: &[u8]| [&[0; 0x60], text].concat();
    let (plain, template) = (word(b"Brief"), wide("x\0https://example.org/a.dotm\0"));
    let mut sealed = word(b"");
    sealed[11] = 1;
    let shared = wide("\\\\server\\vorlagen\\brief.dot\0");
    let saved = wide("\\\\server\\akten\\brief.doc\0");
    let dde = [word(b"\x13"), wide(" DDEAUTO a b"), b"\x14\0x\x15\0".to_vec()].concat();
    let slide = |kind: &[u8], content: &[u8]| {
        [kind, &u32::try_from(content.len()).unwrap().to_le_bytes(), content].concat()
    };
    let macros = compound(&[("/VBA/dir", b"x")]);
    let packed = [&u32::try_from(macros.len()).unwrap().to_le_bytes()[..], &zlib(&macros)].concat();
    let mut locked = [0; 20];
    locked[12..16].copy_from_slice(&[0xdf, 0xc4, 0xd1, 0xf3]);
    for (streams, expected) in [
        (vec![("/WordDocument", &plain[..]), ("/1Table", &saved)], "office -"),
        (vec![("/WordDocument", &plain), ("/1Table", &template)], "office - external-template"),
        (vec![("/WordDocument", &plain), ("/0Table", &shared)], "office - external-template"),
        (vec![("/WordDocument", &sealed)], "office encrypted encrypted"),
        (vec![("/WordDocument", &dde)], "office - dde"),
        (vec![("/WordDocument", &plain), ("/Macros/VBA/dir", b"x")], "office - macros"),
        (
            vec![("/WordDocument", &plain), ("/ObjectPool/_1/\u{1}Ole", &[1, 0, 0, 2, 1, 0, 0, 0])],
            "office - ole-object external-object",
        ),
        (
            vec![("/WordDocument", &plain), ("/ObjectPool/_1/\u{3}OCXNAME", b"x")],
            "office - ole-object activex",
        ),
        (
            vec![("/WordDocument", &plain), ("/ObjectPool/_1/Package", &docx(&[]))],
            "office - ole-object contains-office",
        ),
        (vec![("/Workbook", &records(&[(0x809, &[0, 6, 5, 0]), (10, b"")]))], "office -"),
        (vec![("/Workbook", &records(&[(0x85, &[0, 0, 0, 0, 0, 1, 1, 0, b'A'])]))], "office - xlm-macros"),
        (vec![("/Workbook", &records(&[(0x809, &[0, 6, 0x40, 0])]))], "office - xlm-macros"),
        (vec![("/Workbook", &records(&[(0x2f, &[0; 6])]))], "office encrypted encrypted"),
        (vec![("/Workbook", &records(&[(0x1ae, b"\x01\0\x05\0\0cmd\x03x")]))], "office - dde"),
        (vec![("/Workbook", &records(&[(0x1ae, b"\x01\0\x05\0\0b.xls")]))], "office - external-content"),
        (vec![("/Workbook", &records(&[(0x1ae, b"\x01\0\x01\x04")]))], "office -"),
        (vec![("/Workbook", &records(&[(10, b"")])[..3])], "office -"),
        (vec![("/Workbook", &[9, 8, 9, 0])], "office damaged"),
        (vec![("/PowerPoint Document", &slide(&[0x10, 0, 0x11, 0x10], &packed))], "office - macros"),
        (vec![("/PowerPoint Document", &slide(&[0, 0, 0x11, 0x10], &macros))], "office - macros"),
        (vec![("/PowerPoint Document", &slide(&[0x0f, 0, 0xce, 0x0f], b""))], "office - external-object"),
        (
            vec![(
                "/PowerPoint Document",
                &slide(&[0, 0, 0xf3, 0x0f], &[0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]),
            )],
            "office - launch",
        ),
        (vec![("/PowerPoint Document", b""), ("/Current User", &locked)], "office encrypted encrypted"),
        (vec![("/EncryptedPackage", b"x"), ("/EncryptionInfo", b"x")], "office encrypted encrypted"),
        (vec![("/irgendwas", b"x")], "unknown unreadable-format"),
        (vec![("/Catalog", b"x"), ("/1", b"x"), ("/256_2", b"x")], "other -"),
    ] {
        check("", &compound(&streams), expected);
    }
    let attachment = |name: &str| format!("/__attach_version1.0_#00000000/__substg1.0_{name}");
    let (data, long, short) = (attachment("37010102"), attachment("3707001F"), attachment("3704001F"));
    let mail = [
        ("/__properties_version1.0", &b"x"[..]),
        (&short, &wide("A~1.TXT")),
        (&data, b"x"),
        (&long, &wide("a.txt.js")),
    ];
    check("a.msg", &compound(&mail), "mail - contains-script");
    check("a.msg", &compound(&mail[..1]), "mail -");
    let mut installer = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    let class = "000c1084-0000-0000-c000-000000000046".parse().unwrap();
    installer.set_storage_clsid("/", class).unwrap();
    installer.flush().unwrap();
    check("a.doc", &installer.into_inner().into_inner(), "program - name-mismatch");
}

fn odt(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let fixed = [("mimetype", &b"application/vnd.oasis.opendocument.text"[..])];
    Zip::of(&[&fixed[..], parts].concat())
}

#[test]
fn documents_of_libreoffice_earn_their_labels() {
    for (name, content, expected) in [
        ("content.xml", &b"<a/>"[..], "office -"),
        ("Basic/Standard/Module1.xml", b"<script:module/>", "office - macros"),
        ("Scripts/python/a.py", b"x", "office - macros contains-script"),
        ("content.xml", b"<draw:image xlink:href='Pictures/a.png'/>", "office -"),
        ("content.xml", b"<draw:image xlink:href='https://x/a.png'/>", "office - external-content"),
        ("content.xml", b"<draw:image xlink:href='../../etc/passwd'/>", "office - external-content"),
        ("content.xml", b"<text:a xlink:href='https://x/'>x</text:a>", "office -"),
        ("content.xml", b"<text:a xlink:href='vnd.sun.star.script:a?b'/>", "office - macros"),
        ("content.xml", b"<table:table-cell table:formula='of:=DDE(\"soffice\")'/>", "office - dde"),
        (
            "META-INF/manifest.xml",
            b"<m:file-entry><m:encryption-data/></m:file-entry>",
            "office encrypted encrypted",
        ),
        ("ObjectReplacements/Object 1", b"\x02\x03", "office -"),
        ("Object 1", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and no more", "office damaged contains-office"),
    ] {
        check("a.odt", &odt(&[(name, content)]), expected);
    }
    let object = BASE64.encode(b"MZ\x90");
    let flat = format!(
        "<office:document><draw:object-ole><office:binary-data>{object}</office:binary-data></draw:object-ole></office:document>"
    );
    check("a.fodt", flat.as_bytes(), "office - ole-object contains-program");
}

/// An object as RTF has it.
fn object(class: &str, native: &[u8]) -> String {
    let text = |text: &str| {
        [&u32::try_from(text.len() + 1).unwrap().to_le_bytes()[..], text.as_bytes(), b"\0"].concat()
    };
    let length = u32::try_from(native.len()).unwrap().to_le_bytes();
    let data = [&[1, 5, 0, 0, 2, 0, 0, 0][..], &text(class), &[0; 8], &length, native].concat();
    HEXLOWER.encode(&data)
}

/// A file as Windows' Packager has it.
fn package(name: &str, content: &[u8]) -> Vec<u8> {
    let name = [name.as_bytes(), b"\0"].concat();
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
    [&[2, 0], &name[..], &name, &[0, 0, 3, 0], &length(&name), &name, &length(content), content].concat()
}

#[test]
fn rich_text_earns_its_labels() {
    let with = |group: &str| format!("{{\\rtf1 Brief {group}}}");
    let data = object("Package", &package("a.lnk", b"x"));
    for (group, expected) in [
        (String::new(), "office -"),
        ("{\\*\\template https://x/a.dotm}".to_owned(), "office - external-template"),
        ("{\\*\\template }".to_owned(), "office -"),
        ("{\\field{\\*\\fldinst DDEAUTO a b}}".to_owned(), "office - dde"),
        ("{\\field{\\*\\fldinst {DD}{E a}}}".to_owned(), "office - dde"),
        ("{\\field{\\*\\fldinst INCLUDEPICTURE \"https://x\"}}".to_owned(), "office - external-content"),
        (format!("{{\\object\\objemb{{\\*\\objdata {data}}}}}"), "office - ole-object contains-script"),
        (
            format!("{{\\object{{\\*\\objdata {}}}}}", object("x", b"MZ")),
            "office - ole-object contains-program",
        ),
        (
            format!("{{\\object{{\\*\\objdata {}}}}}", object("OLE2Link", b"x")),
            "office - ole-object external-object",
        ),
        (
            format!("{{\\object{{\\*\\objdata {}}}}}", object("Package", &package("a.xyz", b"\x01"))),
            "office unreadable-format ole-object",
        ),
        (format!("{{\\object{{\\*\\objdata {}}}}}", object("Equation.3", b"\x01")), "office - ole-object"),
        ("{\\object{\\*\\objdata 01050000}}".to_owned(), "office ambiguous ole-object"),
        (
            format!("{{\\object{{\\*\\objdata 0{{\\x}}{}}}}}", &data[1..]),
            "office ambiguous ole-object contains-script",
        ),
    ] {
        check("a.rtf", with(&group).as_bytes(), expected);
    }
}

fn zlib(content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// A stream of a PDF with a dictionary.
fn stream(dictionary: &str, content: &[u8]) -> Vec<u8> {
    [format!("1 0 obj\n<<{dictionary}>>\nstream\n").as_bytes(), content, b"\nendstream\nendobj\n"].concat()
}

#[test]
fn documents_in_pdf_earn_their_labels() {
    let hidden = b"1 0 <</S/JavaScript/JS(x)>>";
    for (body, expected) in [
        (b"1 0 obj<</Type/Page>>endobj".to_vec(), "pdf -"),
        (b"<</S/JavaScript/JS(app.alert)>>".to_vec(), "pdf - javascript"),
        (b"<</S/J#61vaScript>>".to_vec(), "pdf - javascript"),
        (b"<</S /Launch /F(cmd.exe)>>".to_vec(), "pdf - launch"),
        (b"<</OpenAction 1 0 R/AcroForm<</XFA 2 0 R>>>>".to_vec(), "pdf - xfa open-action"),
        (b"<</OpenAction [3 0 R /FitH 0]>>".to_vec(), "pdf -"),
        (b"trailer<</Encrypt 5 0 R>>".to_vec(), "pdf encrypted encrypted"),
        (
            [stream("/Type/ObjStm/Filter/FlateDecode", b"sealed"), b"trailer<</Encrypt 5 0 R>>".to_vec()]
                .concat(),
            "pdf encrypted encrypted",
        ),
        (stream("/Type/ObjStm/Filter/FlateDecode", &zlib(hidden)), "pdf - javascript"),
        (stream("/Type/Obj#53tm/Filter/FlateDecode", &zlib(hidden)), "pdf - javascript"),
        (stream("/Type/ObjStm/Filter[/ASCIIHexDecode/FlateDecode]", b"x"), "pdf unreadable-format"),
        (stream("/Type/ObjStm/Filter/FlateDecode", &zlib(hidden)[..9]), "pdf damaged"),
        (
            stream("/Type/EmbeddedFile/Filter/FlateDecode", &zlib(b"MZ")),
            "pdf - embedded-file contains-program",
        ),
        (stream("/Type/EmbeddedFile", b"<?xml version='1.0'?><invoice/>"), "pdf - embedded-file"),
        // Programs read it; a comment hides it from simple readers.
        (b"1 0 obj\n<</Type/ObjStm>> %\nstream\nx\nendstream".to_vec(), "pdf ambiguous"),
        (stream("/Length 99", &stream("/Type/ObjStm/Filter/FlateDecode", &zlib(hidden))), "pdf ambiguous"),
        (
            stream("/Length 99", &stream("/Type 7 0 R/N 1/First 4/Filter/FlateDecode", &zlib(hidden))),
            "pdf ambiguous",
        ),
        (stream("/Length 99", b"(Bitstream and stream) Tj"), "pdf -"),
        (stream("/Type 7 0 R/N 1/First 4/Filter/FlateDecode", &zlib(hidden)), "pdf - javascript"),
        // Pictures have these letters by chance.
        (stream("/Subtype/Image", b"\x01/JS /AA(\x02"), "pdf -"),
        (stream("/Subtype/Image", b"endstre /JavaScript "), "pdf - javascript"),
    ] {
        check("a.pdf", &[b"%PDF-1.7\n", &body[..]].concat(), expected);
    }
    let picture = [b"GIF89a".to_vec(), Zip::of(&[("a.exe", b"MZ")])].concat();
    check("a.gif", &picture, "image ambiguous polyglot");
    check("a.pdf", b"GIF89a %PDF-1.7", "pdf ambiguous name-mismatch");
    check("a.mp3", b"ID3 %PDF-1.7", "audio-video ambiguous polyglot");
}

/// ZUGFeRD and XRechnung in PDF are every day's work.
#[test]
fn invoices_in_pdf_are_no_reason_to_hold_it() {
    const INVOICE: &[u8] =
        b"<r:CrossIndustryInvoice xmlns:r='urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100'/>";
    let pdf = |file: &[u8], more: &[u8]| {
        let begin = b"%PDF-1.7\n2 0 obj <</Names<</EmbeddedFiles 3 0 R>>>> endobj 4 0 obj <</EF<</F 1 0 R/UF 1 0 R>>>> endobj\n";
        [&begin[..], &stream("/Type/EmbeddedFile/Filter/FlateDecode", &zlib(file)), more].concat()
    };
    check("a.pdf", &pdf(INVOICE, b""), "pdf - e-invoice");
    let styled = [b"<?xml-stylesheet href='a.xsl'?>", INVOICE].concat();
    for (file, more) in [
        (&b"<r:CrossIndustryInvoice/>"[..], &b""[..]),
        (&styled, b""),
        (b"%PDF-1.4", b""),
        // Another file without its type, one whose place is not plain, and two objects of one number.
        (INVOICE, b"5 0 obj <</EF<</F 6 0 R>>>> endobj"),
        (INVOICE, b"5 0 obj <</EF 6 0 R>> endobj"),
        (INVOICE, b"5 0 obj <<>>stream /E#46 << /F 6 0 R>> endstream endobj"),
        (INVOICE, b"1 0 obj <<>> endobj"),
        (INVOICE, &stream("/Type/EmbeddedFile", b"other")),
    ] {
        check("a.pdf", &pdf(file, more), "pdf - embedded-file");
    }
}

/// A mail with these parts, each with its header.
pub(super) fn mail(parts: &[&str]) -> Vec<u8> {
    let mut mail = "From: a@example.org\r\nSubject: Unterlagen\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n".to_owned();
    for part in parts {
        mail.extend(["--b\r\n", part, "\r\n"]);
    }
    (mail + "--b--\r\n").into_bytes()
}

#[test]
fn mails_are_walked_to_every_leaf() {
    let file = |head: &str, content: &[u8]| {
        format!("{head}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}", BASE64.encode(content))
    };
    let inner =
        String::from_utf8(mail(&[&file("Content-Type: application/octet-stream; name=a.docx", &docx(&[]))]))
            .unwrap();
    for (parts, expected) in [
        (vec!["Content-Type: text/plain\r\n\r\nGuten Tag".to_owned()], "mail -"),
        (
            vec!["Content-Type: text/html\r\nContent-Disposition: attachment\r\n\r\n<html>".to_owned()],
            "mail - contains-web",
        ),
        (vec!["Content-Type: multipart/mixed; boundary=c\r\n\r\n--d\r\n\r\nx".to_owned()], "mail ambiguous"),
        (vec!["Content-Type: text/html\r\n\r\n<html><p>Guten Tag</html>".to_owned()], "mail -"),
        (vec![file("Content-Type: application/pdf; name=a.pdf", b"%PDF-1.7")], "mail -"),
        (vec![file("Content-Type: text/plain", b"MZ\x90\0")], "mail - contains-program"),
        (
            vec![file("Content-Type: text/plain\r\nContent-Disposition: inline; filename=a.js", b"x")],
            "mail - contains-script",
        ),
        (vec![file("Content-Type: text/html; name=a.html", b"<script>")], "mail - contains-web"),
        (
            vec![file(
                "Content-Type: image/png; name=a.png\r\nContent-Disposition: attachment; filename=a.exe",
                b"\x89PNG\r\n\x1a\n",
            )],
            "mail ambiguous name-mismatch contains-program",
        ),
        (vec![format!("Content-Type: message/rfc822\r\n\r\n{inner}")], "mail - contains-office"),
        (vec![file("Content-Type: message/rfc822", inner.as_bytes())], "mail - contains-office"),
        (vec!["Content-Type: message/partial; id=x\r\n\r\nx".to_owned()], "mail unreadable-format"),
        (
            vec!["Content-Type: text/plain\r\n\r\nbegin 644 a.exe\r\nM\r\nend".to_owned()],
            "mail unreadable-format",
        ),
        (
            vec!["Content-Type: application/x\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nx".to_owned()],
            "mail unreadable-format",
        ),
        (
            vec!["Content-Type: text/plain\r\nContent-Type: application/zip\r\n\r\nx".to_owned()],
            "mail ambiguous",
        ),
        (
            vec![file("Content-Type: application/pkcs7-mime; name=smime.p7m", b"\x30\x80\x06")],
            "mail unreadable-format encrypted",
        ),
    ] {
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        check("a.eml", &mail(&parts), expected);
    }
    let mailbox = [
        b"From a Thu Jan 1\r\n",
        &mail(&["Content-Type: text/plain\r\n\r\nx"])[..],
        b"\r\nFrom b Thu Jan 1\r\n",
        inner.as_bytes(),
    ]
    .concat();
    check("a.mbox", &mailbox, "mail - contains-office");
}

/// An attribute of `winmail.dat`.
pub(super) fn attribute(id: u16, data: &[u8]) -> Vec<u8> {
    let sum = data.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
    let length = u32::try_from(data.len()).unwrap().to_le_bytes();
    [&[2][..], &id.to_le_bytes(), &[6, 0], &length, data, &sum.to_le_bytes()].concat()
}

#[test]
fn attachments_in_winmail_dat_are_found() {
    let tnef = |attributes: &[Vec<u8>]| [b"\x78\x9f\x3e\x22\0\0", &attributes.concat()[..]].concat();
    let new = || attribute(0x9002, b"x");
    let file =
        |name: &[u8], content: &[u8]| [new(), attribute(0x8010, name), attribute(0x800f, content)].concat();
    // A number, a property with a name of its own, two texts, and the long name, the length of which is filled up.
    let properties = [
        &[4, 0, 0, 0, 3, 0, 1, 0, 9, 9, 9, 9, 0x1e, 0, 1, 0x80][..],
        &[7; 16],
        &[1, 0, 0, 0, 2, 0, 0, 0, b'n', 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, b'x', 0, 0, 0],
        &[0x1f, 0x10, 2, 0, 2, 0, 0, 0, 2, 0, 0, 0, b'x', 0, 0, 0, 2, 0, 0, 0, b'x', 0, 0, 0],
        &[0x1e, 0, 7, 0x37, 1, 0, 0, 0, 5, 0, 0, 0],
        b"a.js\0\0\0\0",
    ]
    .concat();
    let inner = tnef(&[file(b"a.lnk\0", b"x")]);
    let object = [
        &[1, 0, 0, 0, 0x0d, 0, 1, 0x37, 1, 0, 0, 0][..],
        &u32::try_from(inner.len() + 16).unwrap().to_le_bytes(),
        &[0; 16],
        &inner,
    ]
    .concat();
    for (attributes, expected) in [
        (vec![], "mail -"),
        (vec![file(b"a.txt\0", b"x")], "mail -"),
        (vec![file(b"a.docx\0", &docx(&[]))], "mail - contains-office"),
        (vec![attribute(0x800f, b"MZ"), file(b"a.txt\0", b"x")], "mail - contains-program"),
        (vec![file(b"A~1.TXT\0", b"x"), attribute(0x9005, &properties)], "mail - contains-script"),
        (vec![new(), attribute(0x9005, &object)], "mail - contains-script"),
        (vec![new(), attribute(0x9005, b"\x01\0\0\0\x1e\0")], "mail damaged"),
        (vec![file(b"a.txt\0", b"x"), b"more".to_vec()], "mail damaged"),
    ] {
        check("winmail.dat", &tnef(&attributes), expected);
    }
}

#[test]
fn archives_tell_what_they_hold() {
    let header = |name: &str, length: usize| {
        let mut header =
            format!("{name:\0<100}0000644\x000000000\x000000000\0{length:011o}\x0000000000000\0");
        let sum: u32 = header.bytes().chain(*b"        0").map(u32::from).sum();
        write_sum(&mut header, sum);
        format!("{header:\0<512}").into_bytes()
    };
    let tar = |name: &str, content: &[u8]| {
        let mut tar = [&header(name, content.len())[..], content].concat();
        tar.resize(tar.len().next_multiple_of(512) + 1024, 0);
        tar
    };
    let gz = |content: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    };
    for (name, content, expected) in [
        ("a.zip", Zip::of(&[("a.txt", b"x"), ("ordner/", b"")]), "archive -"),
        ("a.zip", Zip::of(&[("a.docx", &docx(&[]))]), "archive - contains-office"),
        ("a.zip", Zip::of(&[("a.pdf.exe", b"MZ")]), "archive - contains-program"),
        (
            "a.zip",
            Zip::of(&[("__MACOSX/._a.docx", b"\0\x05\x16\x07"), (".DS_Store", b"\0\0\0\x01Bud1")]),
            "archive -",
        ),
        ("a.zip", Zip::of(&[("a.unbekannt", b"\x01\x02")]), "archive unreadable-format"),
        ("a.zip", Zip::of(&[("../../a.txt", b"x")]), "archive - deceptive-name"),
        ("a.zip", Zip::of(&[("a.txt", b"MZ")]), "archive - name-mismatch contains-program"),
        ("a.docx", Zip::of(&[("a.txt", b"x")]), "office ambiguous name-mismatch"),
        ("a.zip", docx(&[]), "office - name-mismatch"),
        (
            "a.jar",
            Zip::of(&[("META-INF/MANIFEST.MF", b"x"), ("a.class", b"\xca\xfe\xba\xbe")]),
            "program - contains-program",
        ),
        ("a.tar", tar("a.docx", &docx(&[])), "archive - contains-office"),
        ("a.tar", tar("a.pdf", b"%PDF-1.7"), "archive -"),
        ("a.tar", tar("/etc/passwd", b"x"), "archive - deceptive-name"),
        ("a.tar.gz", gz(&tar("a.js", b"x")), "archive - contains-script"),
        ("a.exe.gz", gz(b"x"), "archive - contains-program"),
        ("a.tar", tar("a.txt", b"x")[..512].to_vec(), "archive damaged"),
        ("a.age", b"age-encryption.org/v1\n-> X25519 \x01".to_vec(), "unknown unreadable-format encrypted"),
        ("a.asc", b"-----BEGIN PGP MESSAGE-----\n\nx".to_vec(), "text encrypted encrypted"),
        (
            "smime.p7m",
            b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03".to_vec(),
            "mail unreadable-format encrypted",
        ),
        ("a.cab", b"MSCF".to_vec(), "archive unreadable-format"),
    ] {
        check(name, &content, expected);
    }
}

fn write_sum(header: &mut String, sum: u32) {
    use std::fmt::Write as _;
    write!(header, "{sum:06o}\0 0").unwrap();
}

#[test]
fn the_command_shows_what_a_look_finds() {
    let office = Office::new();
    office.write("brief.txt", "Guten Tag");
    office.write("brief.docm", docx(&[("word/vbaProject.bin", b"x")]));
    let shown = office.run(["scan", "inspect", "brief.docm", "--json"]);
    assert_eq!(
        shown.stdout, "{\"kind\":\"office\",\"labels\":[\"macros\"],\"obstacle\":null,\"members\":3}\n",
        "{shown}"
    );
    let shown = office.run(["scan", "inspect", "brief.txt"]);
    assert_eq!(
        shown.stdout, "kind            text\nlabels\nobstacle        none\nmembers         0\n",
        "{shown}"
    );
    office.refuses(["scan", "inspect", "fehlt.txt"], &["cannot look into fehlt.txt", "No such file"]);
}
