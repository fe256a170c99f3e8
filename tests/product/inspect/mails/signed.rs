//! Mails whose content lies inside its signature, made by OpenSSL.

use std::fs;

use super::super::{check, in_words, look};
use super::{check_paths, mail, part, unpack};
use crate::support::process::{succeed, tool};

/// A mail as OpenSSL signs it with a new key, in DER or BER.
fn by_openssl(command: &[&str], content: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("content"), content).unwrap();
    succeed(tool("openssl", "openssl").args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=Meier",
        "-keyout",
        &path("key"),
        "-out",
        &path("certificate"),
    ]));
    let mut openssl = tool("openssl", "openssl");
    openssl.arg("cms").args(command).args(["-binary", "-outform", "DER"]);
    openssl.args(["-in", &path("content"), "-out", &path("made")]);
    if command.contains(&"-sign") {
        openssl.args(["-signer", &path("certificate"), "-inkey", &path("key")]);
    } else {
        openssl.arg(path("certificate"));
    }
    succeed(&mut openssl);
    fs::read(path("made")).unwrap()
}

/// A content inside its signature.
pub(super) fn opaque(content: &[u8], more: &[&str]) -> Vec<u8> {
    by_openssl(&[&["-sign", "-nodetach"], more].concat(), content)
}

#[test]
fn signed_mails_are_looked_into_like_any_other() {
    let file = part("application/pdf", "Kuendigung.pdf", b"%PDF-1.7");
    let inner = mail(&["\r\nGuten Tag", &file]);
    let text = b"Content-Type: text/plain\r\n\r\nGuten Tag\r\n";
    // In one piece of stated length, and in pieces without.
    for more in [&[][..], &["-stream"]] {
        let signed = opaque(&inner, more);
        assert_eq!(signed[1] == 0x80, !more.is_empty());
        for part in [
            part("application/pkcs7-mime; smime-type=signed-data", "smime.p7m", &signed),
            part("application/x-pkcs7-mime", "smime.p7m", &signed),
            part("application/octet-stream", "smime.p7m", &signed),
        ] {
            let mail = mail(&[&part]);
            check("a.eml", &mail, "mail -");
            check_paths(&mail, "-", &["smime.p7m", "Kuendigung.pdf"]);
            let (files, _) = unpack(&mail);
            assert!(files[0].content == signed && files[1].content == b"%PDF-1.7");
        }
        check("smime.p7m", &signed, "mail -");
        check("smime.p7m", &opaque(text, more), "mail -");
        // As the only part, in lines, which is how programs send it.
        let lines = data_encoding::BASE64_MIME.encode(&signed);
        let mail = format!(
            "From: a@b\r\nMIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\nContent-Disposition: attachment; filename=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n{lines}"
        );
        check("a.eml", mail.as_bytes(), "mail -");
        check_paths(mail.as_bytes(), "-", &["smime.p7m", "Kuendigung.pdf"]);
    }
    // Signed twice, around each other.
    let outer = format!(
        "Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
        data_encoding::BASE64_MIME.encode(&opaque(&inner, &[]))
    );
    let mail = mail(&[&part("application/pkcs7-mime", "smime.p7m", &opaque(outer.as_bytes(), &[]))]);
    check_paths(&mail, "-", &["smime.p7m", "attachment-2.p7m", "Kuendigung.pdf"]);
    check("a.eml", &mail, "mail -");
}

#[test]
fn what_is_signed_counts_as_what_it_is() {
    let program = mail(&[&part("application/x", "a.exe", b"MZ")]);
    check("smime.p7m", &opaque(&program, &[]), "mail - contains-program");
    check("Rechnung.pdf.p7m", &opaque(b"%PDF-1.7", &[]), "mail -");
    check("Rechnung.pdf.p7m", &opaque(b"MZ", &[]), "mail - contains-program");
    // A file that is signed, as it is done in Italy.
    let signed = part("application/pkcs7-mime", "Rechnung.pdf.p7m", &opaque(b"%PDF-1.7", &[]));
    check_paths(&mail(&[&signed]), "-", &["Rechnung.pdf.p7m", "Rechnung.pdf"]);
}

#[test]
fn what_is_encrypted_or_damaged_stays_an_obstacle() {
    let inner = mail(&[&part("application/pdf", "a.pdf", b"%PDF-1.7")]);
    let enveloped = by_openssl(&["-encrypt", "-aes-256-cbc"], &inner);
    for kind in ["application/pkcs7-mime; smime-type=enveloped-data", "application/octet-stream"] {
        let mail = mail(&[&part(kind, "smime.p7m", &enveloped)]);
        check("a.eml", &mail, "mail unreadable-format encrypted");
        check_paths(&mail, "encrypted", &["smime.p7m"]);
    }
    let signed = opaque(&inner, &[]);
    let cut = mail(&[&part("application/pkcs7-mime", "smime.p7m", &signed[..signed.len() - 1])]);
    assert!(look("a.eml", &cut).obstacle.is_some());
    check_paths(&cut, "encrypted", &["smime.p7m"]);
    // A signature beside the signed content.
    let detached = by_openssl(&["-sign"], &inner);
    let beside = mail(&["\r\nGuten Tag", &part("application/pkcs7-signature", "smime.p7s", &detached)]);
    assert_eq!(in_words(&look("a.eml", &beside)), "mail -");
    check_paths(&beside, "-", &["smime.p7s"]);
}
