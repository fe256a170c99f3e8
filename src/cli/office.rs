//! The office as its clients see it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use data_encoding::BASE64;

use super::{Format, Place};
use crate::admin::{OfficeAsked, Request};
use crate::model::{MAX_LOGO_BYTES, MAX_OFFICE_TEXT, ParseSpanError, Span};

/// Show or set the office's details: they stand at the foot of every page and of every mail.
#[derive(Debug, Args)]
pub(super) struct Office {
    #[command(subcommand)]
    command: OfficeCommand,
}

#[derive(Debug, Subcommand)]
enum OfficeCommand {
    /// Show the details.
    Show {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Change the details that are given; an empty text removes one.
    Set(Box<Set>),
}

#[derive(Debug, Args)]
struct Set {
    /// Name of the office.
    #[arg(long)]
    name: Option<String>,
    /// The person whom clients ask.
    #[arg(long, value_name = "PERSON")]
    contact: Option<String>,
    /// Number that clients call.
    #[arg(long, value_name = "NUMBER")]
    phone: Option<String>,
    /// Address for mails.
    #[arg(long, value_name = "ADDRESS")]
    mail: Option<String>,
    /// Address of the web site, with https://.
    #[arg(long, value_name = "URL")]
    web: Option<String>,
    /// Time zone in which times are shown and links end with a day, such as Europe/Berlin. Empty: that of this machine, or
    /// Europe/Berlin if it runs in UTC.
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// File with the imprint as plain text: empty lines part paragraphs, and https:// begins a link. It is shown at /imprint.
    #[arg(long, value_name = "FILE")]
    imprint_file: Option<PathBuf>,
    /// File with the privacy policy as plain text; each change gets a number. It is shown at /privacy.
    #[arg(long, value_name = "FILE")]
    privacy_file: Option<PathBuf>,
    /// File with the accessibility statement as plain text. It is shown at /accessibility.
    #[arg(long, value_name = "FILE")]
    accessibility_file: Option<PathBuf>,
    /// File with the logo, a PNG or JPEG of at most 128 KiB, for the top of every page; an empty file removes it. Mails have none.
    #[arg(long, value_name = "FILE")]
    logo_file: Option<PathBuf>,
    /// Time without a key or a pointer after which the pages in a browser are locked and ask for the password again, such
    /// as 5m, at most 30m; off for never. Transfers go on.
    #[arg(long, value_name = "TIME|off", value_parser = lock_seconds)]
    lock: Option<u64>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

impl Office {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            OfficeCommand::Show { place, format } => place.request(Request::OfficeShow, format),
            OfficeCommand::Set(set) => set.run(),
        }
    }
}

impl Set {
    fn run(self) -> anyhow::Result<()> {
        let Self { name, contact, phone, mail, web, zone, place, format, .. } = self;
        let read = |path: Option<PathBuf>| path.map(|path| text(&path)).transpose();
        let asked = OfficeAsked {
            name,
            contact,
            phone,
            mail,
            web,
            zone,
            imprint: read(self.imprint_file)?,
            privacy: read(self.privacy_file)?,
            accessibility: read(self.accessibility_file)?,
            lock_seconds: self.lock,
            logo: self
                .logo_file
                .map(|path| bytes(&path, MAX_LOGO_BYTES).map(|logo| BASE64.encode(&logo)))
                .transpose()?,
        };
        ensure!(
            asked != OfficeAsked::default(),
            "nothing to change was given; see `tresor office set --help`"
        );
        place.request(Request::OfficeSet(asked), format)
    }
}

/// Seconds of a time; 0 for `off`.
fn lock_seconds(text: &str) -> Result<u64, ParseSpanError> {
    if text == "off" { Ok(0) } else { Ok(text.parse::<Span>()?.0.as_secs().max(1)) }
}

/// A text from a file; one byte more than is allowed is read, so that the server can refuse it.
fn text(path: &Path) -> anyhow::Result<String> {
    String::from_utf8(bytes(path, MAX_OFFICE_TEXT)?)
        .with_context(|| format!("{} is not plain text in UTF-8", path.display()))
}

/// A file; one byte more than `most` is read.
fn bytes(path: &Path, most: usize) -> anyhow::Result<Vec<u8>> {
    let cannot = || format!("cannot read {}", path.display());
    let file = File::open(path).with_context(cannot)?;
    let mut bytes = Vec::new();
    file.take(most as u64 + 1).read_to_end(&mut bytes).with_context(cannot)?;
    Ok(bytes)
}
