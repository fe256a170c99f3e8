//! A mail server of the test's own, which takes mails, puts them off, refuses them or hangs up, as the test says: with
//! STARTTLS and a login, or without both.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use data_encoding::BASE64;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;
use tresor::model::Timestamp;
use tresor::net::{SelfSigned, self_signed};

use super::canary::WORK_PREFIX;
use super::process::eventually;

/// Name and password that it lets in.
pub const LOGIN: (&str, &str) = ("tresor", "Kranich-Segel");
/// Time for a mail to arrive, on a busy machine.
const LIMIT: Duration = Duration::from_mins(1);

/// Its answers to a recipient or a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Takes,
    /// 451 to each recipient.
    PutsOff,
    /// 550 to each recipient.
    Refuses,
    /// It takes a mail and never says so.
    StaysSilent,
}

/// A mail that it took.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The parameters of MAIL, with the sender of the envelope, and of RCPT.
    pub envelope: [String; 2],
    pub to: String,
    pub text: String,
    pub is_encrypted: bool,
    pub has_login: bool,
}

impl Mail {
    /// The value of a line of the head.
    pub fn head(&self, name: &str) -> &str {
        let (head, _) = self.text.split_once("\r\n\r\n").unwrap();
        let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("no {name}: {}", self.text))
    }

    /// The sender of the envelope.
    pub fn from(&self) -> &str {
        self.envelope[0].split(['<', '>']).nth(1).unwrap()
    }

    /// The text in words.
    pub fn body(&self) -> String {
        let (_, body) = self.text.split_once("\r\n\r\n").unwrap();
        match self.head("Content-Transfer-Encoding") {
            "base64" => {
                String::from_utf8(BASE64.decode(body.replace("\r\n", "").as_bytes()).unwrap()).unwrap()
            }
            "quoted-printable" => unquoted(body),
            _ => body.to_owned(),
        }
        .replace("\r\n", "\n")
    }
}

fn unquoted(body: &str) -> String {
    let joined = body.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'=' {
            bytes.push(u8::from_str_radix(std::str::from_utf8(&after[..2]).unwrap(), 16).unwrap());
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).unwrap()
}

struct Shared {
    mood: Mutex<Mood>,
    mails: Mutex<Vec<Mail>>,
    tls: Option<Arc<ServerConfig>>,
}

pub struct TestSmtp {
    shared: Arc<Shared>,
    port: u16,
    work: TempDir,
}

impl TestSmtp {
    /// Without encryption and login.
    pub fn plain() -> Self {
        Self::start(false)
    }

    /// With STARTTLS, before which it takes no mail, and with a login.
    pub fn encrypted() -> Self {
        Self::start(true)
    }

    fn start(is_encrypted: bool) -> Self {
        let work = tempfile::Builder::new().prefix(WORK_PREFIX).tempdir().unwrap();
        let tls = is_encrypted.then(|| {
            let SelfSigned { cert_pem, key_pem, .. } =
                self_signed(&["localhost".to_owned()], &[], Timestamp::now()).unwrap();
            std::fs::write(work.path().join("ca.pem"), &cert_pem).unwrap();
            let certificate = CertificateDer::from_pem_slice(cert_pem.as_bytes()).unwrap();
            let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).unwrap();
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            let config =
                ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
            Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap())
        });
        let shared = Arc::new(Shared { mood: Mutex::new(Mood::Takes), mails: Mutex::default(), tls });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = Arc::clone(&server);
                thread::spawn(move || converse(&server, stream));
            }
        });
        Self { shared, port, work }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The certificate to trust.
    pub fn certificate(&self) -> PathBuf {
        self.work.path().join("ca.pem")
    }

    pub fn set_mood(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    /// All mails that it took so far.
    pub fn mails(&self) -> Vec<Mail> {
        self.shared.mails.lock().unwrap().clone()
    }

    /// Waits until it has taken this number of mails.
    #[track_caller]
    pub fn takes(&self, count: usize) -> Vec<Mail> {
        eventually(&format!("{count} mails arrive"), LIMIT, || self.mails().len() >= count);
        let mails = self.mails();
        assert_eq!(mails.len(), count, "{mails:#?}");
        mails
    }
}

/// A stream that may become encrypted.
enum Line {
    Plain(BufReader<TcpStream>),
    Encrypted(Box<BufReader<StreamOwned<ServerConnection, TcpStream>>>),
}

impl Line {
    fn read(&mut self) -> Option<String> {
        let mut line = String::new();
        let count = match self {
            Self::Plain(stream) => stream.read_line(&mut line),
            Self::Encrypted(stream) => stream.read_line(&mut line),
        };
        count.ok().filter(|count| *count > 0).map(|_| line)
    }

    fn say(&mut self, text: &str) {
        let text = format!("{text}\r\n");
        let _ = match self {
            Self::Plain(stream) => stream.get_mut().write_all(text.as_bytes()),
            Self::Encrypted(stream) => {
                let stream = stream.get_mut();
                stream.write_all(text.as_bytes()).and_then(|()| stream.flush())
            }
        };
    }
}

fn converse(server: &Shared, stream: TcpStream) {
    let mut line = Line::Plain(BufReader::new(stream));
    let (mut is_encrypted, mut has_login, mut to) = (false, false, String::new());
    let mut envelope = [String::new(), String::new()];
    line.say("220 localhost ESMTP");
    while let Some(said) = line.read() {
        let said = said.trim_end().to_owned();
        let mood = *server.mood.lock().unwrap();
        match said.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase().as_str() {
            "EHLO" if server.tls.is_some() && !is_encrypted => line.say("250-localhost\r\n250 STARTTLS"),
            "EHLO" if server.tls.is_some() => line.say("250-localhost\r\n250 AUTH PLAIN"),
            "EHLO" => line.say("250-localhost\r\n250 DSN"),
            "STARTTLS" => {
                line.say("220 go on");
                let Line::Plain(stream) = line else { return };
                let connection = ServerConnection::new(Arc::clone(server.tls.as_ref().unwrap())).unwrap();
                line = Line::Encrypted(Box::new(BufReader::new(StreamOwned::new(
                    connection,
                    stream.into_inner(),
                ))));
                is_encrypted = true;
            }
            "AUTH" => {
                let sent = said.rsplit(' ').next().unwrap();
                let wanted = format!("\0{}\0{}", LOGIN.0, LOGIN.1);
                has_login = BASE64.decode(sent.as_bytes()).ok() == Some(wanted.into_bytes());
                line.say(if has_login { "235 welcome" } else { "535 no" });
            }
            "MAIL" if server.tls.is_some() && !has_login => line.say("530 log in first"),
            "MAIL" => {
                said.clone_into(&mut envelope[0]);
                line.say("250 ok");
            }
            "RCPT" => {
                said.clone_into(&mut envelope[1]);
                said.split(['<', '>']).nth(1).unwrap().clone_into(&mut to);
                line.say(match mood {
                    Mood::PutsOff => "451 later",
                    Mood::Refuses => "550 no such mailbox",
                    Mood::Takes | Mood::StaysSilent => "250 ok",
                });
            }
            "DATA" => {
                line.say("354 go on");
                let mut text = String::new();
                loop {
                    match line.read() {
                        Some(one) if one == ".\r\n" => break,
                        Some(one) => text.push_str(one.strip_prefix('.').unwrap_or(&one)),
                        None => return,
                    }
                }
                let mail = Mail { envelope: envelope.clone(), to: to.clone(), text, is_encrypted, has_login };
                server.mails.lock().unwrap().push(mail);
                if mood != Mood::StaysSilent {
                    line.say("250 taken");
                }
            }
            "QUIT" => {
                line.say("221 bye");
                return;
            }
            _ => line.say("502 what"),
        }
    }
}
