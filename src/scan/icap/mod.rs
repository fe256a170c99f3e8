//! A scanner behind ICAP (RFC 3507), through our own client.
//!
//! The content goes as the body of an answer of a web server (`RESPMOD`), over a connection of its own. `Allow: 204` lets
//! the server answer that it may pass as it is, and **only that is clean**. A finding is named in a header; an answer with
//! another content is a finding without a name. Everything else is an error: also 200 with the same content, for then
//! the server says nothing, and 204 before it had all of it. No preview is offered, so that the server always gets the
//! whole content, and no partial answer (206).
//!
//! `ISTag` tells the state of the service, which changes with its signatures, and with its configuration or restart. So
//! it says which signatures there are, and never when they were made. There is no encryption: use a server on this machine,
//! or a tunnel.

mod address;
mod answer;
mod session;

use std::time::{Duration, Instant};

pub use address::{IcapAddress, ParseIcapAddressError};
use answer::{Head, Said};
use session::{Sent, Session};

use super::signatures::{Newest, SignatureIdentity, Signatures};
use super::{Engine, Report, SCAN_WAIT, Sample, ScanError, Verdict};

/// Time for an answer that needs no scan.
const ANSWER_WAIT: Duration = Duration::from_secs(20);
/// Most scans of one content, if the service changes its state during each.
const MOST_ATTEMPTS: u32 = 3;

/// An ICAP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IcapSettings {
    /// The engine's name.
    pub name: String,
    /// Where the service is.
    pub address: IcapAddress,
    /// Time for one content.
    pub timeout: Duration,
    /// Largest content in bytes.
    pub max_size: u64,
}

impl IcapSettings {
    /// A service that takes all contents.
    pub fn new(name: &str, address: IcapAddress) -> Self {
        let (timeout, max_size) = (SCAN_WAIT, super::MOST_SAMPLE_BYTES);
        Self { name: name.to_owned(), address, timeout, max_size }
    }
}

/// An engine that is an ICAP server.
#[derive(Clone, Debug)]
pub struct Icap {
    settings: IcapSettings,
}

impl Icap {
    /// The engine with these settings.
    pub fn new(settings: IcapSettings) -> Self {
        Self { settings }
    }

    /// The service's description of itself (`OPTIONS`).
    fn options(&self, deadline: Instant) -> Result<Head, ScanError> {
        let mut session = Session::open(&self.settings.address, deadline)?;
        session.send(&self.request("OPTIONS", "Encapsulated: null-body=0\r\n"))?;
        let head = session.head()?;
        match head.status {
            200 if head.judges() => Ok(head),
            200 => Err(ScanError::Refused("the service judges requests only".to_owned())),
            status => Err(ScanError::Refused(format!("ICAP status {status}"))),
        }
    }

    /// One scan; `None` if the state of the service changed meanwhile.
    fn attempt(&self, sample: &Sample, deadline: Instant) -> Result<Option<Report>, ScanError> {
        let before = self.options(deadline)?;
        let mut session = Session::open(&self.settings.address, deadline)?;
        let request = "GET http://tresor.invalid/content HTTP/1.1\r\nHost: tresor.invalid\r\n\r\n";
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {}\r\n\r\n",
            sample.len()
        );
        let (first, second) = (request.len(), request.len() + answer.len());
        let parts = format!("Allow: 204\r\nEncapsulated: req-hdr=0, res-hdr={first}, res-body={second}\r\n");
        session.send(&format!("{}{request}{answer}", self.request("RESPMOD", &parts)))?;
        let sent = session.send_content(sample)?;
        let head = session.head()?;
        let verdict = match (head.judge()?, sent) {
            (Said::Found(verdict), _) => verdict,
            (_, Sent::Part) => return Err(ScanError::Early),
            (Said::Unchanged, Sent::All) => Verdict::Clean,
            (Said::Changed, Sent::All) => match session.is_content(&head, sample)? {
                false => Head::replaced(),
                true => return Err(ScanError::NotUnderstood("the content itself".to_owned())),
            },
        };
        Ok((before.tag() == head.tag()).then(|| Report { verdict, signatures: self.signatures_of(&before) }))
    }

    /// The head of a request, without the headers of its parts.
    fn request(&self, method: &str, more: &str) -> String {
        let address = &self.settings.address;
        format!(
            "{method} {address} ICAP/1.0\r\nHost: {}\r\nUser-Agent: Tresor\r\nConnection: close\r\n{more}\r\n",
            address.authority()
        )
    }

    fn signatures_of(&self, options: &Head) -> Signatures {
        let version = options.service().unwrap_or_else(|| self.settings.name.clone());
        Signatures { version, identity: SignatureIdentity::kept(options.tag()), newest: Newest::Unknown }
    }
}

impl Engine for Icap {
    fn name(&self) -> &str {
        &self.settings.name
    }

    fn place(&self) -> String {
        self.settings.address.to_string()
    }

    fn is_local(&self) -> bool {
        self.settings.address.is_local()
    }

    fn scan(&self, sample: &Sample) -> Result<Report, ScanError> {
        if sample.len() > self.settings.max_size {
            return Err(ScanError::TooLarge);
        }
        let deadline = Instant::now() + self.settings.timeout;
        for _ in 0..MOST_ATTEMPTS {
            if let Some(report) = self.attempt(sample, deadline)? {
                return Ok(report);
            }
        }
        Err(ScanError::Reloading)
    }

    fn signatures(&self) -> Result<Signatures, ScanError> {
        let deadline = Instant::now() + ANSWER_WAIT.min(self.settings.timeout);
        Ok(self.signatures_of(&self.options(deadline)?))
    }

    fn largest(&self) -> Option<u64> {
        Some(self.settings.max_size)
    }
}
