//! Checks for problems that an office should know about early.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::scan::ScannerShown;
use super::serve::certificate_faults;
use super::{FINDINGS, Format, output};
use crate::admin::{Reply, Request, StatusShown};
use crate::app::{
    ControlError, DataDirectory, DirectoryError, Exposed, ExposedSecret, ForeignFiles, ask, converter_of,
    exposed_secrets, foreign_files, mail_settings, missing_parts, spaces_without_any_file,
};
use crate::config::{ClamdSettings, Conversion, Mail, Outgoing, RawConfig, Scanners, Watch};
use crate::convert::{ConvertError, Converter, Probe};
use crate::intake::{WatchSettings, check_watched};
use crate::model::{ByteSize, Span, Timestamp};
use crate::notices::probe;
use crate::scan::{CLAMD, Member};
use crate::vault::disk::{Capacity, LocalDisk};

/// Most folders of the watched folder whose permissions `doctor` looks at.
const MOST_LOOKED_AT: usize = 1_000;
/// Bytes of free space below which `doctor` warns.
const LITTLE_SPACE: u64 = 5 << 30;

/// Check the instance and this machine for risks to secrecy and operation. Needs no passphrase.
///
/// Checks the parts of the data directory, their owners and permissions, keys in plaintext inside or beside it, a running
/// server's warnings, free space and swap; with a configuration file also the conversion of documents. Prints `ok` only for points that it has checked. Exit code 0: no fault. 3: at
/// least one fault.
#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// Data directory of the instance.
    #[arg(long, value_name = "DIR", env = "TRESOR_DATA", default_value = "./data")]
    data: PathBuf,
    /// Configuration file of the server, to check it, its certificate and its scanners, too.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    format: Format,
}

#[derive(Serialize)]
struct Finding {
    level: Level,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Ok,
    Warning,
    Fault,
}

impl Finding {
    fn ok(text: impl Into<String>) -> Self {
        Self { level: Level::Ok, text: text.into() }
    }

    fn warning(text: impl Into<String>) -> Self {
        Self { level: Level::Warning, text: text.into() }
    }

    fn fault(text: impl Into<String>) -> Self {
        Self { level: Level::Fault, text: text.into() }
    }
}

impl Doctor {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let (mut findings, is_in_use) = directory(&self.data);
        findings.extend(server(&self.data, is_in_use));
        findings.extend([private(&self.data), owners(&self.data), space(&self.data), swap()]);
        findings.extend(secrets(&self.data));
        findings.extend(self.config.iter().flat_map(|path| configuration(path, &self.data)));
        if self.format.json {
            output::line(&serde_json::to_string_pretty(&findings)?)?;
        } else {
            for finding in &findings {
                let mark = match finding.level {
                    Level::Ok => "ok      ",
                    Level::Warning => "warning ",
                    Level::Fault => "FAULT   ",
                };
                output::line(&format!("{mark}{}", finding.text))?;
            }
        }
        if findings.iter().any(|finding| finding.level == Level::Fault) {
            output::note("tresor: at least one fault needs your attention")?;
            return Ok(ExitCode::from(FINDINGS));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Checks that all parts exist and nothing lies in plaintext. Also returns whether a process uses the
/// directory.
fn directory(data: &Path) -> (Vec<Finding>, bool) {
    let opened = DataDirectory::open(data).map(drop);
    let is_in_use = matches!(opened, Err(DirectoryError::InUse { .. }));
    let (first, parts) = match opened {
        // The running server holds the directory and checked it when it started; files may have disappeared
        // since.
        Ok(()) | Err(DirectoryError::InUse { .. }) => (None, missing_parts(data)),
        Err(error @ (DirectoryError::PartMissing { .. } | DirectoryError::CatalogMissing { .. })) => {
            let text = error.to_string();
            let mut others = missing_parts(data);
            others.retain(|fault| fault.split(' ').next().is_none_or(|part| !text.contains(part)));
            (Some(text), others)
        }
        Err(error) => (Some(error.to_string()), Vec::new()),
    };
    let mut findings: Vec<_> = first.into_iter().chain(parts).map(Finding::fault).collect();
    if findings.is_empty() {
        findings.push(Finding::ok("the data directory is complete"));
    }
    if let Some(count) = spaces_without_any_file(data) {
        let text = format!(
            "spaces/ holds no stored file though there are {count} spaces; unless nothing was stored yet, is the disk \
             mounted that it lies on?"
        );
        findings.push(Finding::warning(text));
    }
    (findings, is_in_use)
}

/// State and warnings of the server.
fn server(data: &Path, is_in_use: bool) -> Vec<Finding> {
    let status = match ask(data, &Request::Status) {
        Ok(Reply::Status(status)) => status,
        Ok(Reply::Refused { text, .. }) => {
            return vec![Finding::fault(format!("the server does not report its state: {text}"))];
        }
        Ok(_) => return vec![Finding::warning("the server is of another version than this program")],
        Err(ControlError::NoServer) if is_in_use => {
            return vec![Finding::fault(super::admin::unreachable(data))];
        }
        Err(ControlError::NoServer) => {
            let text = "no server runs on this directory; what is known of damaged files lies sealed: `tresor status` \
                        tells it, with the passphrase";
            return vec![Finding::warning(text)];
        }
        Err(error) => return vec![Finding::fault(error.to_string())],
    };
    let StatusShown { state, advice, warnings, version, damaged_containers, .. } = status;
    let first = match (state.as_str(), advice) {
        ("serving", _) => Finding::ok(format!("the server runs, version {version}")),
        ("locked", Some(advice)) => Finding::warning(format!("the server is locked: {advice}")),
        (_, Some(advice)) => Finding::fault(format!("the server is {state}: {advice}")),
        (_, None) => Finding::warning(format!("the server is {state}")),
    };
    let damage = match damaged_containers {
        None | Some(0) => None,
        Some(1) => Some("1 stored container is damaged: `tresor verify` names it".to_owned()),
        Some(count) => Some(format!("{count} stored containers are damaged: `tresor verify` names them")),
    };
    std::iter::once(first).chain(damage.into_iter().chain(warnings).map(Finding::fault)).collect()
}

fn private(data: &Path) -> Finding {
    match std::fs::metadata(data) {
        Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
            let text =
                format!("other users of this machine can look into {0}; chmod 700 {0}", data.display());
            Finding::warning(text)
        }
        Ok(_) => Finding::ok("only its owner can look into the data directory"),
        Err(error) => Finding::fault(format!("cannot look at {}: {error}", data.display())),
    }
}

/// Finds files of root, which keep the service from starting.
fn owners(data: &Path) -> Finding {
    let shown = data.display();
    match foreign_files(data) {
        Ok(ForeignFiles { count: 0, is_cut, .. }) => {
            let which = if is_cut { "the files that were looked at" } else { "all files" };
            Finding::ok(format!("{which} belong to the owner of the data directory"))
        }
        Ok(ForeignFiles { count, first, .. }) => {
            let names: Vec<_> = first.iter().map(|path| path.display().to_string()).collect();
            let more = if count > names.len() { ", …" } else { "" };
            Finding::fault(format!(
                "{count} files in {shown} belong to another user than {shown} itself, so the server may not be able \
                 to open them: {}{more}; chown -R --reference {shown} {shown}",
                names.join(", ")
            ))
        }
        Err(error) => Finding::fault(format!("cannot look at the owners of the files in {shown}: {error}")),
    }
}

/// Finds keys that a thief of the disk would find.
fn secrets(data: &Path) -> Vec<Finding> {
    let Exposed { inside, beside, is_cut, .. } = match exposed_secrets(data) {
        Ok(exposed) => exposed,
        Err(error) => {
            return vec![Finding::fault(format!("cannot look for keys in {}: {error}", data.display()))];
        }
    };
    let what = |secret| match secret {
        ExposedSecret::Identity => "an age key in plaintext (a recovery key or key file)",
        ExposedSecret::Passphrase => "a passphrase in plaintext",
        ExposedSecret::SealedKey => "a short age file, perhaps a key",
    };
    let sentence = |(path, secret): &(PathBuf, ExposedSecret), place| {
        format!("{} is {} {place} the data; move it off this machine", path.display(), what(*secret))
    };
    let mut findings: Vec<_> = inside.iter().map(|found| Finding::fault(sentence(found, "inside"))).collect();
    findings.extend(beside.iter().map(|found| Finding::warning(sentence(found, "beside"))));
    if is_cut {
        findings.push(Finding::warning(
            "there are so many files beside the data that not all were searched for keys",
        ));
    } else if findings.is_empty() {
        findings
            .push(Finding::ok("no key and no passphrase is in plaintext in the data directory or beside it"));
    }
    findings
}

/// Checks the configuration as `tresor check-config` does, and the scanners and the converter that it wants.
fn configuration(path: &Path, data: &Path) -> Vec<Finding> {
    let config = match RawConfig::read(path).and_then(|raw| raw.check(data.to_owned())) {
        Ok(config) => config,
        Err(error) => return vec![Finding::fault(format!("{:#}", anyhow::Error::from(error)))],
    };
    let mut findings: Vec<_> = match certificate_faults(&config) {
        Ok(faults) if faults.is_empty() => {
            vec![Finding::ok("the server can run with this configuration, and its certificate fits")]
        }
        Ok(faults) => faults.into_iter().map(Finding::fault).collect(),
        Err(error) => vec![Finding::fault(format!("{error:#}"))],
    };
    findings.extend(config.scanners.iter().flat_map(scanners));
    findings.extend(conversion(&config.converter));
    findings.extend(config.watch.iter().map(|watch| watched(watch, data)));
    findings.extend(config.mail.iter().map(mail));
    findings.extend(config.notices.iter().map(outgoing));
    findings
}

/// Logs in to the mail server for notices to people.
fn outgoing(mail: &Outgoing) -> Finding {
    let settings = match mail_settings(mail) {
        Ok(settings) => settings,
        Err(error) => return Finding::fault(format!("{:#}", anyhow::Error::from(error))),
    };
    let tried = super::admin::runtime().map(|runtime| runtime.block_on(probe(&settings)));
    match tried {
        Ok(Ok(())) => Finding::ok(format!(
            "the mail server {} lets this server in; `tresor notices test ADDRESS` sends a mail",
            mail.host
        )),
        Ok(Err(error)) => Finding::fault(format!("no notices are sent: {:#}", anyhow::Error::from(error))),
        Err(error) => Finding::fault(format!("{error:#}")),
    }
}

/// The values that the mail server must know.
fn mail(mail: &Mail) -> Finding {
    Finding::ok(format!(
        "mails are taken at {}; Postfix must have: message_size_limit = {}",
        mail.lmtp, mail.most
    ))
}

/// Opens the watched folder, and looks for others who may put files into it.
fn watched(watch: &Watch, data: &Path) -> Finding {
    let settings =
        WatchSettings { folder: watch.folder.clone(), data: data.to_owned(), settle: watch.settle };
    let shown = watch.folder.display();
    if let Err(error) = check_watched(&settings) {
        let error = anyhow::Error::from(error);
        return Finding::fault(format!("{error:#} ({shown}): nothing is taken from it; does it exist?"));
    }
    let is_open = |path: &Path| {
        std::fs::symlink_metadata(path)
            .is_ok_and(|found| found.is_dir() && found.permissions().mode() & 0o002 != 0)
    };
    let below = std::fs::read_dir(&watch.folder).into_iter().flatten().flatten().take(MOST_LOOKED_AT);
    match std::iter::once(watch.folder.clone())
        .chain(below.map(|entry| entry.path()))
        .find(|path| is_open(path))
    {
        Some(open) => Finding::warning(format!(
            "every user of this machine may put files into {0}, and so into a space; chmod o-w {0}",
            open.display()
        )),
        None => Finding::ok(format!("files are taken from {shown}")),
    }
}

/// Asks the scanners and tries them.
fn scanners(scanners: &Scanners) -> Vec<Finding> {
    let (mut findings, mut is_dated) = (Vec::new(), false);
    for member in scanners.panel().members() {
        let shown = ScannerShown::of(member, scanners.signatures_max_age, Timestamp::now());
        is_dated |= shown.required && (shown.newest.is_some() || shown.version.is_none());
        match scanners.clamd.as_ref().filter(|_| shown.engine == CLAMD) {
            Some(clamd) => findings.extend(clamd_findings(clamd, &shown, scanners.signatures_max_age)),
            None => findings.extend(further_findings(member, &shown, scanners.signatures_max_age)),
        }
    }
    if !is_dated && scanners.clamd.is_none() {
        findings.push(Finding::warning(
            "no required scanner says when its signatures were made, so nothing that is held is released without a \
             person",
        ));
    }
    findings
}

/// About ClamAV's daemon.
fn clamd_findings(clamd: &ClamdSettings, shown: &ScannerShown, max_age: Duration) -> Vec<Finding> {
    let mut findings = Vec::new();
    match &shown.problem {
        // Installed for something else, perhaps.
        Some(problem) if clamd.is_presumed && !shown.reachable => {
            findings.push(Finding::warning(format!("{problem}; `clamd = \"off\"` in [intake] uses none")));
        }
        Some(problem) => findings.push(Finding::fault(problem)),
        None => {}
    }
    if !clamd.address.is_local() {
        findings.push(Finding::warning(format!(
            "contents travel to the scanner at {} unencrypted; run clamd on this machine",
            clamd.address
        )));
    }
    let Some(version) = &shown.version else { return findings };
    if shown.trusted {
        findings.push(Finding::ok(format!("{version} finds a test virus and passes a harmless text")));
    }
    findings.push(signatures(clamd, shown, max_age));
    if shown.reports_limits == Some(false) {
        findings.push(Finding::warning(
            "the scanner calls clean what it did not look at because of its limits, so the holding area releases \
             nothing; set `AlertExceedsMax yes` and `AlertEncrypted yes` in clamd.conf",
        ));
    }
    if shown.reads_rar == Some(false) {
        findings.push(Finding::ok(
            "the scanner cannot look into RAR archives; Tresor unpacks them and has each member scanned",
        ));
    }
    findings
}

/// About a scanner besides it.
fn further_findings(member: &Member, shown: &ScannerShown, max_age: Duration) -> Vec<Finding> {
    let name = &shown.engine;
    let mut findings = Vec::new();
    if let Some(problem) = &shown.problem {
        let told = format!("scanner {name}: {problem}");
        findings.push(if shown.required {
            Finding::fault(format!("{told}; nothing is released without it"))
        } else {
            Finding::warning(format!("{told}; contents are released without it"))
        });
    }
    if !member.engine.is_local() {
        findings.push(Finding::warning(format!(
            "contents travel to the scanner at {} unencrypted; use one on this machine, or a tunnel",
            shown.address
        )));
    }
    if shown.trusted {
        findings.push(Finding::ok(format!("scanner {name} finds a test virus and passes a harmless text")));
    }
    if shown.reports_limits == Some(false) {
        let so = if shown.required { "nothing is released" } else { "it is not asked" };
        findings.push(Finding::warning(format!(
            "scanner {name} calls a large content clean without looking at all of it, so {so}; let it read larger ones, \
             or set its `max_size` to what it reads"
        )));
    }
    let Some(version) = shown.version.as_ref().filter(|_| shown.trusted) else { return findings };
    findings.push(match (&shown.newest, shown.age()) {
        (Some(newest), Some(age)) if shown.current => {
            Finding::ok(format!("the newest signatures of scanner {name} are of {newest}, {age} old"))
        }
        (Some(newest), Some(age)) => Finding::warning(format!(
            "the newest signatures of scanner {name} are of {newest}, {age} old, and the limit is {}",
            Span(max_age)
        )),
        (Some(newest), None) => Finding::warning(format!(
            "the newest signatures of scanner {name} are of {newest}, which is in the future; are the clocks right?"
        )),
        (None, _) if shown.required => Finding::ok(format!(
            "scanner {name} ({version}) does not say when its signatures were made: it releases nothing by itself"
        )),
        (None, _) => Finding::ok(format!(
            "scanner {name} ({version}) is not required: what it finds counts, and contents are released without its word"
        )),
    });
    findings
}

/// Judges the age of the signatures.
fn signatures(clamd: &ClamdSettings, shown: &ScannerShown, max_age: Duration) -> Finding {
    let folder = clamd.signatures.as_ref().map(|folder| folder.display());
    match (&shown.newest, shown.age(), folder) {
        (Some(newest), Some(age), _) if shown.current => {
            Finding::ok(format!("the newest signatures are of {newest}, {age} old"))
        }
        (Some(newest), Some(age), _) => Finding::warning(format!(
            "the newest signatures are of {newest}, {age} old, and the limit is {}; does freshclam run?",
            Span(max_age)
        )),
        (Some(newest), None, _) => Finding::warning(format!(
            "the newest signatures are of {newest}, which is in the future; are the clocks right?"
        )),
        (None, _, Some(folder)) if shown.loaded == Some(false) => Finding::warning(format!(
            "the scanner has not loaded the signatures in {folder} yet; does it read that folder?"
        )),
        (None, _, Some(folder)) => Finding::warning(format!(
            "the age of the signatures is not known: no database can be read in {folder}"
        )),
        (None, _, None) => Finding::warning(
            "the age of the signatures is not known; set `signatures` in [intake] to the folder of their databases",
        ),
    }
}

/// Converts documents, if the configuration wants that.
fn conversion(wanted: &Conversion) -> Vec<Finding> {
    let without = |reason: &str| Finding::warning(format!("documents are held without a PDF: {reason}"));
    let converter = match converter_of(wanted) {
        Ok(Some(converter)) => converter,
        Ok(None) => return vec![without("the configuration says converter = \"off\"")],
        Err(error) => return vec![without(&error.to_string())],
    };
    match converter.probe() {
        Ok(Probe { libreoffice, elapsed, missing_fonts }) => {
            let (seconds, way) = (elapsed.as_secs_f64(), converter.sandbox());
            let works =
                format!("office documents become PDFs: {libreoffice} in {way}, {seconds:.1} s for one page");
            let lacks = |(font, package)| {
                Finding::warning(format!(
                    "PDFs look different from their documents without the font {font} (Debian package {package})"
                ))
            };
            let not_viewed = |(kind, program, package)| {
                Finding::warning(format!(
                    "files of the kind {kind} cannot be viewed on the pages without {program} (Debian package {package})"
                ))
            };
            std::iter::once(Finding::ok(works))
                .chain(missing_fonts.into_iter().map(lacks))
                .chain(Converter::not_viewed().map(not_viewed))
                .collect()
        }
        Err(error @ ConvertError::SandboxRefused { .. }) if converter.needs_namespaces() => {
            vec![without(&format!(
                "{error}; users need user namespaces, which containers, the units in systemd/ and the AppArmor of Ubuntu \
                 24.04 refuse: there systemd/tresor-convert.socket converts"
            ))]
        }
        Err(error) => vec![without(&error.to_string())],
    }
}

fn space(data: &Path) -> Finding {
    match LocalDisk::new(data).available() {
        Ok(free) if free < LITTLE_SPACE => {
            Finding::warning(format!("only {} are free on the disk", ByteSize(free)))
        }
        Ok(free) => Finding::ok(format!("{} are free on the disk", ByteSize(free))),
        Err(error) => Finding::fault(format!("cannot ask for free space: {error}")),
    }
}

/// Checks swap: memory that is swapped out is on the disk in plaintext.
fn swap() -> Finding {
    let table = std::fs::read_to_string("/proc/swaps").unwrap_or_default();
    let devices: Vec<_> = table.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    // Device-mapper volumes are usually encrypted, zram never reaches a disk.
    match devices.iter().find(|device| !device.starts_with("/dev/dm-") && !device.starts_with("/dev/zram")) {
        Some(device) => Finding::warning(format!(
            "{device} may swap contents to the disk in plaintext; encrypt it, or keep MemorySwapMax=0 in the unit"
        )),
        None => Finding::ok("nothing is swapped to the disk in plaintext"),
    }
}
