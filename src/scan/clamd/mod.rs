//! ClamAV's daemon, through our own client.
//!
//! One session (`IDSESSION`) per content: `VERSION`, the content, `VERSION` again, `END`, and then everything that clamd
//! still says until it closes. Other signatures behind the content than before it mean that clamd loaded a database
//! meanwhile, and the content is scanned again.
//!
//! On a Unix socket the content goes as the descriptor of a [`Sample`] (`FILDES`): clamd 1.4.6 of Debian 12 accepts a
//! sealed memfd at once, maps it, and writes no temporary file for it (unpacked parts lie in its
//! `TemporaryDirectory`). Over TCP it goes by `INSTREAM`, unencrypted, and clamd writes all of it into a temporary
//! file; above its `StreamMaxLength` it says so and hangs up.
//!
//! **clamd answers `OK` to parts that it did not look at** beyond its limits (`MaxFileSize`, `MaxRecursion`, …), and
//! to encrypted ones, unless `AlertExceedsMax` and `AlertEncrypted` are set; Debian sets neither. No client can see
//! that in an answer: [`super::reports_its_limits`] asks for it.

mod address;
mod session;
mod verdict;

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

pub use address::{Address, ParseAddressError};
use session::Session;
pub use session::Waits;

use super::signatures::{Databases, Signatures};
use super::{CLAMD, Engine, Report, Sample, ScanError};

/// Most scans of one content, if clamd loads other signatures during each.
const MOST_ATTEMPTS: u32 = 3;

/// A clamd at an address.
#[derive(Clone, Debug)]
pub struct Clamd {
    address: Address,
    databases: Option<PathBuf>,
    waits: Waits,
}

impl Clamd {
    /// The clamd at `address`, which reads its signatures from the folder `databases`. Without the folder their age is
    /// unknown.
    pub fn new(address: Address, databases: Option<PathBuf>) -> Self {
        Self { address, databases, waits: Waits::default() }
    }

    /// The same with other bounds for waiting.
    pub fn waiting(self, waits: Waits) -> Self {
        Self { waits, ..self }
    }

    /// The signatures now, if clamd says `version`. A folder that cannot be read makes their age unknown.
    fn signatures_with(&self, version: &str) -> Signatures {
        let databases = self.databases.as_ref().and_then(|folder| Databases::read(folder).ok());
        Signatures::of(version, databases.as_ref())
    }

    /// One scan; `None` if the signatures changed meanwhile.
    fn attempt(&self, sample: &Sample, deadline: Instant) -> Result<Option<Report>, ScanError> {
        let mut session = Session::open(&self.address, &self.waits, deadline)?;
        let before = self.signatures_with(&session.version()?);
        let content = session.send(sample)?;
        // After an error clamd may hang up.
        verdict::judge(session.replies_to(content)?)?;
        let after = self.signatures_with(&session.version()?);
        // All replies once more: others may have followed.
        session.end()?;
        let verdict = verdict::judge(session.replies_to(content)?)?;
        Ok((before == after).then_some(Report { verdict, signatures: after }))
    }
}

impl Engine for Clamd {
    fn name(&self) -> &str {
        CLAMD
    }

    fn place(&self) -> String {
        self.address.to_string()
    }

    fn is_local(&self) -> bool {
        self.address.is_local()
    }

    fn scan(&self, sample: &Sample) -> Result<Report, ScanError> {
        let deadline = Instant::now() + self.waits.scan;
        for _ in 0..MOST_ATTEMPTS {
            if let Some(report) = self.attempt(sample, deadline)? {
                return Ok(report);
            }
        }
        Err(ScanError::Reloading)
    }

    fn signatures(&self) -> Result<Signatures, ScanError> {
        let mut session = Session::open(&self.address, &self.waits, Instant::now() + self.waits.answer)?;
        let version = session.version()?;
        session.end()?;
        Ok(self.signatures_with(&version))
    }

    /// `None` for a clamd on another machine. The library for RAR has a licence of its own, so that Debian does not
    /// install it along with clamd; without it clamd calls such archives clean.
    fn reads_rar(&self) -> Option<bool> {
        self.address.is_local().then(|| {
            let within = |folder: &str| fs::read_dir(folder).into_iter().flatten().flatten();
            let folders = within("/usr/lib").chain(within("/usr/local/lib")).map(|entry| entry.path());
            let all = folders.chain(["/usr/lib", "/usr/lib64", "/usr/local/lib"].map(PathBuf::from));
            let mut files = all.filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
            files.any(|file| file.file_name().as_encoded_bytes().starts_with(b"libclamunrar_iface.so"))
        })
    }
}
