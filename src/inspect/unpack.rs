//! Takes the files out of a mail, in the child.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::file_name::{ending, ending_of, mail_name, named, stem};
use super::format::mail::{self, Role};
use super::format::{Member, ole, tnef};
use super::frames::{self, MAX_ALL_ATTACHMENTS, MAX_ATTACHMENT, MAX_ATTACHMENTS};
use super::kind::Format;
use super::look::signed;
use super::notes::{MAX_NESTING, Notes};
use crate::model::Obstacle;

/// Takes the files out of a mail and writes them as frames. Only the child may call it, and tests.
///
/// Errors: those of the output.
pub fn unpack(mail: &[u8], output: &mut dyn Write) -> io::Result<()> {
    let mut notes = Notes::new(mail.len() as u64);
    let mut unpacking = Unpacking { output, files: 0, bytes: 0, taken: BTreeSet::new(), failed: None };
    unpacking.mail(mail, &[], 0, &mut notes);
    match unpacking.failed {
        Some(error) => Err(error),
        None => frames::write_end(unpacking.output, unpacking.files, notes.obstacle),
    }
}

struct Unpacking<'o> {
    output: &'o mut dyn Write,
    /// Files and bytes that were handed out.
    files: u32,
    bytes: u64,
    /// Paths in use, in lower case: two mails with one subject have two folders, and none has the name of a file.
    taken: BTreeSet<Vec<String>>,
    failed: Option<io::Error>,
}

impl Unpacking<'_> {
    /// The files in a mail, into a folder.
    fn mail(&mut self, content: &[u8], folder: &[String], depth: u32, notes: &mut Notes) {
        mail::walk(content, notes, &mut |notes, leaf| {
            let name = match leaf.role {
                Role::Text | Role::Page => return,
                Role::Mail => mail_name(&leaf.member),
                Role::File => leaf.member.name,
            };
            let ending = ending(&leaf.declared, &leaf.member.content);
            // Some programs open it as a mail, and find files in it.
            let is_as_declared = leaf.role != Role::Mail || Format::of(&leaf.member.content) == Format::Mail;
            notes.expect(is_as_declared, Obstacle::Ambiguous);
            self.file(Member { name, content: leaf.member.content }, ending, folder, depth, notes);
        });
    }

    /// A file: itself, and the files in it if it is a mail.
    fn file(&mut self, file: Member, ending: &str, folder: &[String], depth: u32, notes: &mut Notes) {
        if self.failed.is_some() || notes.is_over() || !notes.count_member() {
            return;
        }
        if depth >= MAX_NESTING {
            return notes.obstacle(Obstacle::NestedTooDeep);
        }
        let Member { name, content } = file;
        let name = match named(&name) {
            name if name.is_empty() => format!("attachment-{}.{ending}", self.files + 1),
            name => name,
        };
        let format = Format::of(&content);
        if format == Format::Tnef {
            let attached = self.winmail(&content, &name, folder, notes);
            let folder = self.folder(folder, &name);
            for file in attached {
                let ending = ending_of(&file.content);
                self.file(file, ending, &folder, depth + 1, notes);
            }
            return;
        }
        self.give(folder, &name, &content, notes);
        match format {
            Format::Mail => {
                let folder = self.folder(folder, &name);
                self.mail(&content, &folder, depth + 1, notes);
            }
            Format::Signed => {
                for signed in signed(&content, notes) {
                    if Format::of(&signed.content) == Format::Mail {
                        // The mail itself, but for its header.
                        self.mail(&signed.content, folder, depth + 1, notes);
                    } else {
                        let ending = ending_of(&signed.content);
                        let name = stem(&name).to_owned();
                        self.file(Member { name, ..signed }, ending, folder, depth + 1, notes);
                    }
                }
            }
            Format::Ole if notes.fenced(|_| ole::is_mail(&content)) == Some(true) => {
                let read = notes.fenced(|notes| ole::read(&content, notes));
                let folder = self.folder(folder, &name);
                for file in read.map(|(_, files)| files).unwrap_or_default() {
                    let ending = ending_of(&file.content);
                    self.file(file, ending, &folder, depth + 1, notes);
                }
            }
            _ => {}
        }
    }

    /// The attachments in a `winmail.dat`. It is handed out itself if something of it stays unread.
    fn winmail(&mut self, content: &[u8], name: &str, folder: &[String], notes: &mut Notes) -> Vec<Member> {
        let mut own = Notes::new(content.len() as u64);
        let attached = own.fenced(|notes| tnef::read(content, notes)).unwrap_or_default();
        if own.obstacle.is_some() || !attached.objects.is_empty() {
            self.give(folder, name, content, notes);
        }
        if let Some(obstacle) = own.obstacle {
            notes.obstacle(obstacle);
        }
        attached.files
    }

    /// A folder named after a mail, whose own name was taken before.
    fn folder(&mut self, folder: &[String], mail: &str) -> Vec<String> {
        let stem = stem(mail);
        let mut path = [folder, &[stem.to_owned()]].concat();
        for number in 2.. {
            if self.taken.insert(lower(&path)) {
                break;
            }
            path = [folder, &[named(&format!("{stem} ({number})"))]].concat();
        }
        path
    }

    /// Hands out a file, within the bounds.
    fn give(&mut self, folder: &[String], name: &str, content: &[u8], notes: &mut Notes) {
        let length = content.len() as u64;
        notes.expect(self.files < MAX_ATTACHMENTS, Obstacle::TooManyMembers);
        notes.expect(length <= MAX_ATTACHMENT, Obstacle::TooLargeExpanded);
        notes.expect(self.bytes + length <= MAX_ALL_ATTACHMENTS, Obstacle::TooLargeExpanded);
        if notes.is_over() || self.failed.is_some() {
            return;
        }
        let path = [folder, &[name.to_owned()]].concat();
        self.taken.insert(lower(&path));
        match frames::write_file(self.output, &path, content) {
            Ok(()) => {
                self.files += 1;
                self.bytes += length;
            }
            Err(error) => self.failed = Some(error),
        }
    }
}

fn lower(path: &[String]) -> Vec<String> {
    path.iter().map(|name| name.to_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The paths and contents of the files in a mail, and the obstacle.
    fn unpacked(mail: &str) -> (Vec<(String, String)>, Option<Obstacle>) {
        let mut output = Vec::new();
        unpack(mail.as_bytes(), &mut output).unwrap();
        let (mut input, mut files) = (output.as_slice(), Vec::new());
        loop {
            match frames::read(&mut input).unwrap() {
                frames::Frame::File(file) => {
                    files.push((file.path.join("/"), String::from_utf8(file.content).unwrap()));
                }
                frames::Frame::End { files: count, obstacle } => {
                    assert_eq!((files.len(), input), (count as usize, &b""[..]));
                    return (files, obstacle);
                }
                other => panic!("{other:?}"),
            }
        }
    }

    fn mail(subject: &str, parts: &[&str]) -> String {
        let mut mail = format!(
            "From: a@b\r\nSubject: {subject}\r\nContent-Type: multipart/mixed; boundary=b{}\r\n\r\n",
            subject.len()
        );
        for part in parts {
            mail.extend([&format!("--b{}\r\n", subject.len()), *part, "\r\n"]);
        }
        mail + &format!("--b{}--\r\n", subject.len())
    }

    fn names(mail: &str) -> Vec<String> {
        unpacked(mail).0.into_iter().map(|(path, _)| path).collect()
    }

    #[test]
    fn everything_but_the_shown_text_is_a_file() {
        for (part, expected) in [
            ("Content-Type: text/plain\r\n\r\nx", None),
            ("\r\nx", None),
            ("Content-Type: text/html\r\n\r\n<p>", None),
            ("Content-Type: text/plain\r\nContent-Disposition: inline\r\n\r\nx", None),
            ("Content-Type: text/plain; name=a.txt\r\n\r\nx", Some("a.txt")),
            (
                "Content-Type: text/plain\r\nContent-Disposition: inline; filename=a.txt\r\n\r\nx",
                Some("a.txt"),
            ),
            (
                "Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nx",
                Some("attachment-1.txt"),
            ),
            (
                "Content-Type: text/html\r\nContent-Disposition: attachment\r\n\r\nx",
                Some("attachment-1.html"),
            ),
            ("Content-Type: text/html\r\nContent-Disposition: odd\r\n\r\nx", Some("attachment-1.html")),
            ("Content-Type: text/calendar\r\n\r\nx", Some("attachment-1.ics")),
            ("Content-Type: image/png; name=a.png\r\nContent-Disposition: inline\r\n\r\nx", Some("a.png")),
            ("Content-Type: image/png\r\nContent-ID: <a@b>\r\n\r\nx", Some("attachment-1.png")),
            ("Content-Type: application/octet-stream\r\n\r\n%PDF-1.7", Some("attachment-1.pdf")),
            ("Content-Type: application/octet-stream\r\n\r\n\u{1}", Some("attachment-1.bin")),
            ("Content-Type: application/pdf\r\nContent-Disposition: filename=a.pdf\r\n\r\nx", Some("a.pdf")),
            ("Content-Type: message/delivery-status\r\n\r\nx", Some("attachment-1.txt")),
            ("Content-Type: application/x; name=\"a\tb\u{7f}.x\"\r\n\r\nx", Some("ab.x")),
        ] {
            assert_eq!(names(&mail("Post", &[part])), Vec::from_iter(expected.map(str::to_owned)), "{part}");
        }
        let alternatives = "Content-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c\r\nContent-Type: text/html\r\n\r\nx\r\n--c--\r\n";
        assert_eq!(unpacked(&mail("Post", &[alternatives])), (Vec::new(), None));
        // A mail that is one file.
        assert_eq!(
            unpacked("Subject: x\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n%PDF"),
            (vec![("a.pdf".to_owned(), "%PDF".to_owned())], None)
        );
        assert_eq!(unpacked(""), (Vec::new(), Some(Obstacle::Damaged)));
    }

    #[test]
    fn mails_in_mails_have_folders() {
        let file = "Content-Type: text/plain; name=a.txt\r\n\r\nx";
        let inner = mail("Angebot: 3/4", &[file]);
        let part = format!("Content-Type: message/rfc822; name=b.eml\r\n\r\n{inner}");
        let found = unpacked(&mail("Post", &[&part, file, &part]));
        let paths: Vec<&str> = found.0.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(
            paths,
            ["Angebot: 3/4.eml", "Angebot: 3/4/a.txt", "a.txt", "Angebot: 3/4.eml", "Angebot: 3/4 (2)/a.txt"]
        );
        // Byte for byte.
        assert_eq!(found.0[0].1, inner);
        assert_eq!(found.1, None);
        // As a file like any other, too.
        let part = format!("Content-Type: application/octet-stream; name=b.eml\r\n\r\n{inner}");
        assert_eq!(names(&mail("Post", &[&part])), ["b.eml", "b/a.txt"]);
        // No folder has the name of a file.
        let part = part.replace("b.eml", "b");
        let other = "Content-Type: text/plain; name=B\r\n\r\nx";
        assert_eq!(names(&mail("Post", &[&part])), ["b", "b (2)/a.txt"]);
        let part = part.replace("name=b", "name=b.eml");
        assert_eq!(names(&mail("Post", &[other, &part])), ["B", "b.eml", "b (2)/a.txt"]);
        let unnamed = "Content-Type: message/rfc822\r\n\r\nFrom: a@b\r\nTo: b@c\r\n\r\nx";
        assert_eq!(names(&mail("Post", &[unnamed])), ["mail.eml"]);
    }

    #[test]
    fn parts_that_others_find_elsewhere_are_an_obstacle() {
        let file = "Content-Type: text/plain; name=a.txt\r\n\r\nx";
        for (text, expected) in [
            ("\r\na - b", None),
            ("\r\na --b5 c", None),
            // Some programs give inner parts such boundaries.
            ("Content-Type: multipart/mixed; boundary=b4.a\r\n\r\n--b4.a\r\n\r\nx\r\n--b4.a--", None),
            // Within a line, at the beginning of a longer word, before the parts to which it belongs.
            ("\r\na --b4 c", Some(Obstacle::Ambiguous)),
            ("\r\n--b4c", Some(Obstacle::Ambiguous)),
            ("\r\n--b4-- c", Some(Obstacle::Ambiguous)),
            (
                "\r\n--b4.a\r\n\r\nx\r\n--b4\r\nContent-Type: multipart/mixed; boundary=b4.a\r\n\r\n--b4.a\r\n\r\nx\r\n--b4.a--",
                Some(Obstacle::Ambiguous),
            ),
        ] {
            assert_eq!(unpacked(&mail("Post", &[text, file])).1, expected, "{text}");
        }
        // A line of its own in the text means nothing, but at the beginning it makes a mailbox.
        let one = mail("Post", &["\r\nGuten Tag\r\n\r\nFrom here on:\r\n\r\nx", file]);
        assert_eq!(unpacked(&one).0, [("a.txt".to_owned(), "x".to_owned())]);
        let two = format!(
            "From a Thu Jan 1\r\n{}\r\nFrom b Thu Jan 1\r\n{}",
            mail("Alt", &[file]),
            mail("Neu", &[file])
        );
        assert_eq!(names(&two), ["Alt.eml", "Alt/a.txt", "Neu.eml", "Neu/a.txt"]);
    }

    #[test]
    fn nesting_has_an_end() {
        let mut inner = mail("0", &["Content-Type: text/plain; name=a.txt\r\n\r\nx"]);
        for depth in 1..=MAX_NESTING + 1 {
            let (files, obstacle) = unpacked(&inner);
            let is_too_deep = depth > MAX_NESTING;
            assert_eq!(u32::try_from(files.len()).unwrap(), depth - u32::from(is_too_deep), "{depth}");
            assert_eq!(obstacle, is_too_deep.then_some(Obstacle::NestedTooDeep), "{depth}");
            let subject = "x".repeat(depth as usize + 1);
            inner = mail(&subject, &[&format!("Content-Type: message/rfc822\r\n\r\n{inner}")]);
        }
    }

    #[test]
    fn the_number_of_files_has_an_end() {
        for (count, expected) in
            [(MAX_ATTACHMENTS, None), (MAX_ATTACHMENTS + 1, Some(Obstacle::TooManyMembers))]
        {
            let parts = vec!["Content-Type: image/png\r\n\r\nx"; count as usize];
            let (files, obstacle) = unpacked(&mail("Post", &parts));
            assert_eq!((files.len(), obstacle), (MAX_ATTACHMENTS as usize, expected));
        }
    }

    #[test]
    fn files_in_the_text_are_taken_out_of_it() {
        let text = "Content-Type: text/plain\r\n\r\nGuten Tag\r\nbegin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\n";
        let cat = ("cat.txt".to_owned(), "Cat".to_owned());
        assert_eq!(unpacked(&mail("Post", &[text])), (vec![cat.clone()], None));
        assert_eq!(unpacked(&format!("Subject: x\r\n{text}")), (vec![cat.clone()], None));
        let encoded = text.replace("text/plain", "text/plain\r\nContent-Transfer-Encoding: quoted-printable");
        assert_eq!(unpacked(&mail("Post", &[&encoded])), (vec![cat.clone()], None));
        let inner = format!("Content-Type: message/rfc822\r\n\r\n{}", mail("Alt", &[text]));
        let (files, obstacle) = unpacked(&mail("Post", &[&inner]));
        assert_eq!((files.last().map(|(path, _)| path.as_str()), obstacle), (Some("Alt/cat.txt"), None));
        // One that is not whole, one beside the parts, one in another form.
        for text in [
            text.replace("end\r\n", ""),
            text.replace("text/plain", "text/html"),
            text.replace("begin 644 cat.txt", "=ybegin line=128 size=3 name=cat.txt"),
            format!("{text}begin 644 b\r\n#0V%T\r\n"),
        ] {
            assert_eq!(unpacked(&mail("Post", &[&text])).1, Some(Obstacle::UnreadableFormat), "{text}");
        }
        let declared = "Content-Type: application/x; name=a\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\n";
        assert_eq!(unpacked(&mail("Post", &[declared])).0, [("a".to_owned(), "Cat".to_owned())]);
    }

    #[test]
    fn a_mail_of_thousands_of_multiparts_is_nested_too_deep() {
        for levels in [900, 1_001] {
            let level =
                |level| format!("Content-Type: multipart/mixed; boundary={level}x\r\n\r\n--{level}x\r\n");
            let levels_of_it = (0..levels).map(level).collect::<Vec<_>>().concat();
            let mail = format!("Subject: a\r\n{levels_of_it}Content-Type: text/plain\r\n\r\ntext\r\n");
            let (files, obstacle) = unpacked(&mail);
            assert!(files.is_empty(), "{levels}");
            assert_eq!(obstacle == Some(Obstacle::NestedTooDeep), levels > 1_000, "{levels}: {obstacle:?}");
        }
    }
}
