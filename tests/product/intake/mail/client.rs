//! A mail server's side of LMTP, line by line, and a server that takes mails.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use data_encoding::BASE64;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::support::TestServer;
use crate::support::multistatus::Multistatus;
use crate::support::process::eventually;
use crate::support::server::SPACE;
use crate::support::sound::assert_sound;

/// Time for the server's work in the background, on a busy machine.
pub const LIMIT: Duration = Duration::from_mins(1);
/// The address of [`SPACE`].
pub const ADDRESS: &str = "mueller@files.example.org";

/// A server that takes mails for [`SPACE`], and holds nothing.
pub struct Post {
    pub server: TestServer,
    folder: PathBuf,
}

impl Post {
    pub fn open() -> Self {
        Self::configured("")
    }

    /// With these lines in the configuration of the holding area.
    pub fn configured(more: &str) -> Self {
        let mut post = Self::prepared(more);
        post.server.set_up();
        post.server.cli_ok(["space", "set", SPACE, "--mail", "mueller", "--intake", "off"]);
        post
    }

    /// Not started.
    pub fn prepared(more: &str) -> Self {
        let server = TestServer::prepare(false);
        let folder = server.scratch("post");
        server.configure(&format!(
            "[intake]\nclamd = 'off'\nconverter = 'off'\nlmtp = '{0}/lmtp'\nmail_policy = '{0}/policy'\n{more}\n",
            folder.display()
        ));
        Self { server, folder }
    }

    /// Stops the server, and checks that catalogue and disk agree.
    pub fn assert_sound(mut self) {
        assert!(self.server.stop().success());
        assert_sound(&self.server);
    }

    pub fn socket(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A connection that said LHLO.
    pub fn connect(&self) -> Client {
        let mut client = Client::new(UnixStream::connect(self.socket("lmtp")).unwrap());
        assert!(client.reply().starts_with("220 "));
        assert!(client.say("LHLO mail.example.org").starts_with("250"));
        client
    }

    /// Delivers a mail and expects that it is taken.
    pub fn deliver(&self, mail: &str) {
        let answers = self.connect().send("anna@example.org", &[ADDRESS], mail.as_bytes());
        assert_eq!(answers, ["250 2.0.0 stored"]);
    }

    /// Paths below the space, folders with `/` at the end, sorted.
    pub fn files(&self) -> Vec<String> {
        self.files_of(SPACE)
    }

    pub fn files_of(&self, space: &str) -> Vec<String> {
        let target = format!("/dav/{space}/");
        let answer = self.server.request("PROPFIND", &target).header("Depth", "infinity").send().expect(207);
        let below = |path: String| path.strip_prefix(&target).map(str::to_owned);
        let items = Multistatus::of(&answer).0.into_iter();
        let mut paths: Vec<_> =
            items.filter_map(|item| below(item.path())).filter(|path| !path.is_empty()).collect();
        paths.sort();
        paths
    }

    /// Waits until the files below the space are these, without the date that each begins with.
    pub fn comes_to(&self, expected: &[&str]) {
        let mut seen = Vec::new();
        eventually(&format!("the space has {expected:?}"), LIMIT, || {
            seen = self.files().iter().map(|path| undated(path)).collect();
            seen == expected
        });
    }

    /// The path of the first mail.
    pub fn eml(&self) -> String {
        self.files().into_iter().find(|path| path.split('.').next_back() == Some("eml")).unwrap()
    }

    /// The content of a file, by its path in the space.
    pub fn content(&self, path: &str) -> Vec<u8> {
        self.server.request("GET", &target(path)).send().expect(200).body
    }
}

/// A path as it stands in a target.
pub fn encoded(path: &str) -> String {
    utf8_percent_encode(path, NON_ALPHANUMERIC).to_string().replace("%2F", "/")
}

/// The target of a path in the space.
pub fn target(path: &str) -> String {
    format!("/dav/{SPACE}/{}", encoded(path))
}

/// A path without the date of the mail at its beginning.
pub fn undated(path: &str) -> String {
    let is_dated = |name: &str| {
        name.len() > 17 && name.is_char_boundary(17) && name[..2] == *"20" && name[13..14] == *"."
    };
    path.split('/').map(|name| if is_dated(name) { &name[17..] } else { name }).collect::<Vec<_>>().join("/")
}

/// A mail with these attachments.
pub fn mail(subject: &str, attachments: &[(&str, &[u8])]) -> String {
    let mut text = format!(
        "From: Anna <anna@example.org>\r\nTo: {ADDRESS}\r\nSubject: {subject}\r\nMessage-ID: <1@example.org>\r\n\
         Date: Sun, 29 Nov 2026 14:02:00 +0100\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=b\"\r\n\r\n\
         --=b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGuten Tag\r\n"
    );
    for (name, content) in attachments {
        let encoded = BASE64.encode(content);
        let lines: Vec<_> = encoded.as_bytes().chunks(76).map(|line| str::from_utf8(line).unwrap()).collect();
        let part = format!(
            "--=b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\
             Content-Disposition: attachment; filename=\"{name}\"\r\n\r\n{}\r\n",
            lines.join("\r\n")
        );
        text.push_str(&part);
    }
    text + "--=b--\r\n"
}

pub struct Client(BufReader<UnixStream>);

impl Client {
    pub fn new(stream: UnixStream) -> Self {
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        Self(BufReader::new(stream))
    }

    /// The next answer; of several lines, all with blanks between them. Empty at the end of the connection.
    pub fn reply(&mut self) -> String {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            lines.push(line.trim_end().to_owned());
            if line.get(3..4) != Some("-") {
                return lines.join(" ");
            }
        }
    }

    /// The next answer; `None` if the connection ended before it.
    pub fn try_reply(&mut self) -> Option<String> {
        let mut line = String::new();
        self.0.read_line(&mut line).ok().filter(|length| *length > 0)?;
        Some(line.trim_end().to_owned())
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    pub fn say(&mut self, line: &str) -> String {
        self.write(format!("{line}\r\n").as_bytes());
        self.reply()
    }

    /// Announces a mail, and returns the answers to its recipients.
    pub fn announce(&mut self, from: &str, to: &[&str]) -> Vec<String> {
        assert_eq!(self.say(&format!("MAIL FROM:<{from}>")), "250 2.1.0 yes");
        to.iter().map(|to| self.say(&format!("RCPT TO:<{to}>"))).collect()
    }

    /// Sends a mail whose recipients are all taken, and returns the answers for each.
    pub fn send(&mut self, from: &str, to: &[&str], mail: &[u8]) -> Vec<String> {
        let answers = self.announce(from, to);
        assert!(answers.iter().all(|answer| answer.starts_with("250")), "{answers:?}");
        self.send_data(mail, to.len())
    }

    /// Sends the announced mail, and returns this many answers.
    pub fn send_data(&mut self, mail: &[u8], answers: usize) -> Vec<String> {
        assert!(self.say("DATA").starts_with("354"));
        let stuffed = String::from_utf8_lossy(mail).replace("\r\n.", "\r\n..");
        self.write(stuffed.as_bytes());
        self.write(b".\r\n");
        (0..answers).map(|_| self.reply()).collect()
    }
}
