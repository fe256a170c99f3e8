//! One virus in many wrappings: none of them reaches a reader without a person's decision.

use std::process::Command;

use super::world::World;
use crate::support::clamd::eicar;
use crate::support::process::{require, succeed};

/// Writes the virus of standard input in each wrapping into the folder of the first argument.
const WRAP: &str = r#"
import base64, binascii, bz2, email.message, gzip, io, lzma, os, sys, tarfile, uuid, zipfile
folder, virus = sys.argv[1], sys.stdin.buffer.read()

def put(name, content):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(content)

def zipped(*members, **options):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", options.get("method", zipfile.ZIP_DEFLATED)) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()

def tarred(mode, *members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()

def mail(name, content, encoding="base64", kind=("application", "octet-stream")):
    message = email.message.EmailMessage()
    message["Subject"] = "Rechnung"
    message.set_content("Guten Tag")
    message.add_attachment(content, maintype=kind[0], subtype=kind[1], filename=name, cte=encoding)
    return bytes(message)

rels = b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"/>'
types = (b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
         b'<Default Extension="bin" ContentType="application/octet-stream"/></Types>')

def docx(part, content):
    return zipped(("[Content_Types].xml", types), ("_rels/.rels", rels), (part, content))

def odt(part, content):
    kind = b"application/vnd.oasis.opendocument.text"
    return zipped(("mimetype", kind), ("content.xml", b"<a/>"), (part, content))

plain = virus
put("01.txt", plain)
put("02.com", plain)
put("03.zip", zipped(("a.txt", plain)))
put("04-stored.zip", zipped(("a.txt", plain), method=zipfile.ZIP_STORED))
put("05-many.zip", zipped(*[("%d.txt" % n, b"text") for n in range(500)], ("last.txt", plain)))
put("06-zip.zip", zipped(("b.zip", zipped(("a.txt", plain)))))
deep = zipped(("a.txt", plain))
for level in range(5):
    deep = zipped(("%d.zip" % level, deep))
put("07-deep.zip", deep)
put("08-bzip2.zip", zipped(("a.txt", plain), method=zipfile.ZIP_BZIP2))
put("09-lzma.zip", zipped(("a.txt", plain), method=zipfile.ZIP_LZMA))
put("10.tar", tarred("w", ("a.txt", plain)))
put("11.tar.gz", tarred("w:gz", ("a.txt", plain)))
put("12.tar.bz2", tarred("w:bz2", ("a.txt", plain)))
put("13.tar.xz", tarred("w:xz", ("a.txt", plain)))
put("14.gz", gzip.compress(plain))
put("15.bz2", bz2.compress(plain))
put("16.xz", lzma.compress(plain))
put("17.eml", mail("a.txt", plain))
put("18-quoted.eml", mail("a.txt", plain, "quoted-printable"))
put("19-eml.eml", mail("b.eml", mail("a.txt", plain)))
put("20-zip.eml", mail("a.zip", zipped(("a.txt", plain)), kind=("application", "zip")))
lines = b"".join(binascii.b2a_uu(plain[at:at + 45]) for at in range(0, len(plain), 45))
put("21-uu.eml", b"Subject: a\r\n\r\nText\r\nbegin 644 a.txt\r\n" + lines.replace(b"\n", b"\r\n") + b"`\r\nend\r\n")
put("22.docx", docx("word/embeddings/oleObject1.bin", plain))
put("23.odt", odt("Object 1", plain))
put("24-docx.zip", zipped(("a.docx", docx("word/media/image1.bin", plain))))
put("25.rtf", b"{\\rtf1{\\object\\objemb{\\*\\objdata " + binascii.hexlify(plain) + b"}}}")
put("26-base64.txt", b"data:text/plain;base64," + base64.b64encode(plain))
put("27.html", b"<html><script>var a='" + base64.b64encode(plain) + b"'</script></html>")
put("28-polyglot.zip", b"%PDF-1.4\n" + zipped(("a.txt", plain)))
"#;

#[test]
fn a_virus_in_any_wrapping_reaches_no_reader() {
    let world = World::holding_what("risky", "1s");
    let folder = world.server.scratch("wrapped");
    let source = folder.join("virus");
    std::fs::write(&source, eicar()).unwrap();
    let mut wrap = Command::new(require("python3", "python3"));
    wrap.args(["-c", WRAP]).arg(&folder).stdin(std::fs::File::open(&source).unwrap());
    succeed(&mut wrap);
    std::fs::remove_file(source).unwrap();
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 28);
    let ids: Vec<_> =
        names.iter().map(|name| world.arrive(name, &std::fs::read(folder.join(name)).unwrap())).collect();
    // Newer signatures, so that any held content could be released.
    world.publish("newer.ndb", super::world::NEW_SIGNATURE);
    for (name, id) in names.iter().zip(ids) {
        let settled = |shown: &serde_json::Value| {
            ["quarantined", "needs_decision", "released"].contains(&shown["state"].as_str().unwrap())
        };
        let mut shown = world.shown(id);
        crate::support::process::eventually(&format!("{name} is settled"), super::world::LIMIT, || {
            shown = world.shown(id);
            // A scan while the signatures were loaded; it would be tried again after a minute.
            if shown["reason"] == "scanner-failed" || shown["reason"] == "signatures-too-old" {
                world.retry(id);
            }
            settled(&shown)
        });
        // No program turns a text in base64 into a file by itself.
        let is_harmless = name == "26-base64.txt";
        assert_eq!(shown["state"] == "released", is_harmless, "{name}: {shown}");
    }
}
