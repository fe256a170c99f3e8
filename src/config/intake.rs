//! The part `[intake]`: the scanner, holding times, the converter, the watched folder, mail.
//!
//! An error is the rest of a sentence that begins with `[intake]`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::engines::{FurtherEngine, RawEngine, checked};
use crate::model::{
    ByteSize, DEFAULT_HOLD, DEFAULT_MAIL_SIZE, DEFAULT_MAILS_PER_HOUR, DEFAULT_SIGNATURES_MAX_AGE,
    DailyHours, MAX_MAIL_SIZE, MailAddress, Span, encoded_mail,
};
use crate::scan::{Address, Clamd, Duty, Member, Panel, ParseAddressError};

/// Time for which a file in the watched folder must not change, unless `watch_settle` says otherwise.
const WATCH_SETTLES: Duration = Duration::from_secs(10);

/// The treatment of contents from outside.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawIntake {
    /// The daemon of ClamAV.
    pub clamd: ClamdAt,
    /// The folder from which that daemon reads its signatures.
    pub signatures: Option<PathBuf>,
    /// Age from which signatures are too old.
    pub signatures_max_age: Span,
    /// Time for which a space holds arriving contents, unless it has its own.
    pub hold: Span,
    /// Whether office documents become PDFs.
    pub converter: Conversion,
    /// Documents that become PDFs at the same time: 1 to 4. If it is not set, 1 for up to two processors, and else 2.
    pub converters: Option<usize>,
    /// Whether everything stored is scanned again when there are other signatures.
    pub rescan: Switch,
    /// Hours of the day, by the machine's time zone, in which that is done; all of them if not set.
    pub rescan_hours: Option<DailyHours>,
    /// Percentage of the time for which that may scan: 1 to 100.
    pub rescan_share: u32,
    /// Folder from which files are taken into the spaces that its subfolders are named after.
    pub watch: Option<PathBuf>,
    /// Time for which a file in it must not change before it is taken.
    pub watch_settle: Span,
    /// Where the office's mail server delivers.
    pub lmtp: Option<MailAddress>,
    /// Where it asks before it accepts a mail.
    pub mail_policy: Option<MailAddress>,
    /// Largest files of a mail, together.
    pub mail_size: ByteSize,
    /// Mails for a space within an hour.
    pub mails_per_hour: u32,
    /// Scanners besides ClamAV's daemon.
    pub engines: Vec<RawEngine>,
}

impl Default for RawIntake {
    fn default() -> Self {
        Self {
            clamd: ClamdAt::Auto,
            signatures: None,
            signatures_max_age: Span(DEFAULT_SIGNATURES_MAX_AGE),
            hold: Span(DEFAULT_HOLD),
            converter: Conversion::default(),
            converters: None,
            rescan: Switch::On,
            rescan_hours: None,
            rescan_share: 15,
            watch: None,
            watch_settle: Span(WATCH_SETTLES),
            lmtp: None,
            mail_policy: None,
            mail_size: ByteSize(DEFAULT_MAIL_SIZE),
            mails_per_hour: DEFAULT_MAILS_PER_HOUR,
            engines: Vec::new(),
        }
    }
}

/// Where ClamAV's daemon listens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum ClamdAt {
    /// Where Debian's package has it, if it is installed.
    Auto,
    /// Nowhere: nothing is scanned.
    Off,
    /// At this socket, or `host:port`.
    At(Address),
}

/// The socket of Debian's package, and the program that opens it.
const DEBIAN_CLAMD: (&str, &str) = ("/run/clamav/clamd.ctl", "/usr/sbin/clamd");

impl ClamdAt {
    /// The address on this machine.
    fn address(self) -> Option<Address> {
        match self {
            Self::At(address) => Some(address),
            Self::Off => None,
            Self::Auto => {
                let (socket, program) = DEBIAN_CLAMD;
                Path::new(program).exists().then(|| Address::Socket(socket.into()))
            }
        }
    }
}

impl TryFrom<String> for ClamdAt {
    type Error = ParseAddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "auto" => Ok(Self::Auto),
            "off" => Ok(Self::Off),
            address => Ok(Self::At(address.parse()?)),
        }
    }
}

impl From<ClamdAt> for String {
    fn from(at: ClamdAt) -> Self {
        match at {
            ClamdAt::Auto => "auto".to_owned(),
            ClamdAt::Off => "off".to_owned(),
            ClamdAt::At(address) => address.to_string(),
        }
    }
}

/// Whether something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    /// It is.
    On,
    /// It is not.
    Off,
}

/// When everything stored is scanned again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RescanSchedule {
    /// Hours of the day in which it is done; `None` for all.
    pub hours: Option<DailyHours>,
    /// Percentage of the time for which it may scan.
    pub share: u32,
}

/// The folder from which files are taken.
#[derive(Clone, Debug)]
pub struct Watch {
    /// The folder.
    pub folder: PathBuf,
    /// Time for which a file in it must not change before it is taken.
    pub settle: Duration,
}

/// Mail from the office's mail server.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Where it delivers.
    pub lmtp: MailAddress,
    /// Where it asks before it accepts a mail.
    pub policy: Option<MailAddress>,
    /// Longest mail in bytes, as it is sent.
    pub most: u64,
}

/// The scanners for contents; at least one is required.
#[derive(Clone, Debug)]
pub struct Scanners {
    /// ClamAV's daemon.
    pub clamd: Option<ClamdSettings>,
    /// Those besides it.
    pub further: Vec<FurtherEngine>,
    /// Age from which their signatures are too old.
    pub signatures_max_age: Duration,
}

/// ClamAV's daemon.
#[derive(Clone, Debug)]
pub struct ClamdSettings {
    /// Where it listens.
    pub address: Address,
    /// The folder with its signatures.
    pub signatures: Option<PathBuf>,
    /// Whether it was found on this machine rather than named.
    pub is_presumed: bool,
}

impl Scanners {
    /// The engines, ClamAV's daemon first.
    pub fn panel(&self) -> Panel {
        let clamd = self.clamd.as_ref().map(|clamd| {
            Member::required(Arc::new(Clamd::new(clamd.address.clone(), clamd.signatures.clone())))
        });
        Panel::new(clamd.into_iter().chain(self.further.iter().map(FurtherEngine::member)).collect())
    }
}

/// Most documents that become PDFs at the same time. Each takes a processor and some 300 MiB of memory.
pub const MAX_CONVERTERS: usize = 4;

impl RawIntake {
    /// Documents that become PDFs at the same time.
    pub(super) fn converters(&self) -> Result<usize, &'static str> {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        match self.converters {
            None => Ok(if processors() > 2 { 2 } else { 1 }),
            Some(number @ 1..=MAX_CONVERTERS) => Ok(number),
            Some(_) => Err("converters must lie between 1 and 4"),
        }
    }

    pub(super) fn rescan(&self) -> Result<Option<RescanSchedule>, &'static str> {
        let (hours, share) = (self.rescan_hours, self.rescan_share);
        match share {
            1..=100 => Ok((self.rescan == Switch::On).then_some(RescanSchedule { hours, share })),
            _ => Err("rescan_share must lie between 1 and 100"),
        }
    }

    /// Links are resolved when the folder is opened; a mistake in the names is named here.
    pub(super) fn watched(&self, data: &Path) -> Result<Option<Watch>, &'static str> {
        /// Longest time for which a file must not change.
        const LONGEST_SETTLING: Duration = Duration::from_hours(1);
        if self.watch_settle.0 > LONGEST_SETTLING {
            return Err("watch_settle must be at most 1h");
        }
        let Some(folder) = self.watch.clone() else { return Ok(None) };
        if !folder.is_absolute() {
            return Err("watch must be an absolute path");
        }
        if std::path::absolute(data).is_ok_and(|data| folder.starts_with(&data) || data.starts_with(&folder))
        {
            return Err("watch and the data directory must not contain one another");
        }
        Ok(Some(Watch { folder, settle: self.watch_settle.0 }))
    }

    pub(super) fn mail(&self) -> Result<Option<Mail>, &'static str> {
        if self.mail_size.0 == 0 || self.mail_size.0 > MAX_MAIL_SIZE {
            return Err("mail_size must lie between 1 and 70MiB, because a mail is scanned as a whole");
        }
        if self.mails_per_hour == 0 {
            return Err("mails_per_hour must be at least 1");
        }
        match (self.lmtp.clone(), self.mail_policy.clone()) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err("mail_policy belongs to lmtp: give lmtp, too"),
            (Some(lmtp), policy) if policy.as_ref() == Some(&lmtp) => {
                Err("lmtp and mail_policy must be two addresses")
            }
            (Some(lmtp), policy) => Ok(Some(Mail { lmtp, policy, most: encoded_mail(self.mail_size.0) })),
        }
    }

    /// Nothing is scanned where there is no scanner at all; where there are some, one must be required.
    pub(super) fn scanners(self) -> Result<Option<Scanners>, &'static str> {
        let signatures_max_age = self.signatures_max_age.0;
        let further = checked(self.engines)?;
        let clamd = clamd(self.clamd, self.signatures)?;
        let is_required = |engine: &FurtherEngine| engine.duty == Duty::Required;
        if clamd.is_none() && !further.is_empty() && !further.iter().any(is_required) {
            return Err("without clamd one of the engines must be required");
        }
        let has_any = clamd.is_some() || !further.is_empty();
        Ok(has_any.then_some(Scanners { clamd, further, signatures_max_age }))
    }
}

/// Debian's folder for signatures is the default for a clamd on this machine; that of another is not here.
fn clamd(at: ClamdAt, signatures: Option<PathBuf>) -> Result<Option<ClamdSettings>, &'static str> {
    if signatures.as_ref().is_some_and(|folder| !folder.is_absolute()) {
        return Err("signatures must be an absolute path");
    }
    let is_presumed = at == ClamdAt::Auto;
    let Some(address) = at.address() else {
        return match signatures {
            Some(_) => Err("signatures belongs to clamd: give clamd, too"),
            None => Ok(None),
        };
    };
    let usual = || matches!(address, Address::Socket(_)).then(|| PathBuf::from("/var/lib/clamav"));
    let signatures = signatures.or_else(usual);
    Ok(Some(ClamdSettings { address, signatures, is_presumed }))
}

/// Whether office documents become PDFs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum Conversion {
    /// If this machine can do it.
    #[default]
    Auto,
    /// Never.
    Off,
    /// By units of systemd behind this socket.
    Unit(PathBuf),
}

/// The text before the path of a socket.
const UNIT: &str = "unix:";

impl TryFrom<String> for Conversion {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let socket = text.strip_prefix(UNIT).map(PathBuf::from).filter(|socket| socket.is_absolute());
        match (text.as_str(), socket) {
            ("auto", _) => Ok(Self::Auto),
            ("off", _) => Ok(Self::Off),
            (_, Some(socket)) => Ok(Self::Unit(socket)),
            _ => Err("the converter is `auto`, `off` or `unix:` and the absolute path of a socket"),
        }
    }
}

impl From<Conversion> for String {
    fn from(conversion: Conversion) -> Self {
        match conversion {
            Conversion::Auto => "auto".to_owned(),
            Conversion::Off => "off".to_owned(),
            Conversion::Unit(socket) => format!("{UNIT}{}", socket.display()),
        }
    }
}
