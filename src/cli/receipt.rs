//! Hand-ins through links, and the receipts for them.

use std::collections::HashSet;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};

use super::{Format, Place, content, output};
use crate::admin::Request;
use crate::proof::{self, Verifier};
use crate::sharing::{DownloadReceipt, Receipt};

/// Show what people handed in through links and fetched, and check receipts.
///
/// A person who hands in files through a link and says that it is complete gets a receipt: a signed text with each file's
/// path, size, SHA-256 and time. A complete download through a link that counts them gives the office such a text, too. `verify`
/// checks one without a server.
#[derive(Debug, Args)]
pub(super) struct Receipts {
    #[command(subcommand)]
    command: ReceiptCommand,
}

#[derive(Debug, Subcommand)]
enum ReceiptCommand {
    /// List what was handed in, latest first, finished or not.
    List {
        /// Only into this space.
        space: Option<String>,
        /// The complete downloads instead, through links that allow a limited number of them.
        #[arg(long)]
        downloads: bool,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Print the receipt of a finished hand-in, or of a complete download.
    Show {
        /// The id that `list` shows.
        id: i64,
        /// It is the id of a download.
        #[arg(long)]
        download: bool,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Check a receipt; needs no server and no instance.
    Verify(Verify),
    /// Print the key that checks this instance's receipts and certificates. It is not secret: give it to whoever checks them.
    #[command(name = "verifying-key")]
    VerifyingKey {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
}

#[derive(Debug, Args)]
struct Verify {
    /// The receipt.
    file: PathBuf,
    /// The key that must have signed it, as `verifying-key` prints it. Without it only that the text was not changed since.
    #[arg(long, value_name = "TEXT")]
    signed_by: Option<String>,
    /// Files that must be in it, by their contents.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    content: Vec<PathBuf>,
    #[command(flatten)]
    format: Format,
}

impl Receipts {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            ReceiptCommand::List { space, downloads: false, place, format } => {
                place.request(Request::HandInList { space }, format)
            }
            ReceiptCommand::List { space, downloads: true, place, format } => {
                place.request(Request::DownloadList { space }, format)
            }
            ReceiptCommand::Show { id, download: false, place, format } => {
                place.request(Request::ReceiptShow { id }, format)
            }
            ReceiptCommand::Show { id, download: true, place, format } => {
                place.request(Request::DownloadReceipt { id }, format)
            }
            ReceiptCommand::Verify(order) => order.run(),
            ReceiptCommand::VerifyingKey { place, format } => {
                place.request(Request::HoldCertificateKey, format)
            }
        }
    }
}

impl Verify {
    fn run(self) -> anyhow::Result<()> {
        let Self { file, signed_by, content: contents, format } = self;
        let note = content::note(&file)?;
        let key = signed_by.map(|key| key.parse::<Verifier>()).transpose()?;
        if let Ok(receipt) = proof::open::<DownloadReceipt>(&note, key.as_ref()) {
            let digests = receipt.files.iter().filter_map(|file| file.sha256.as_deref());
            require(&contents, &digests.chain(receipt.sha256.as_deref()).collect())?;
            return match format.json {
                true => output::line(&serde_json::to_string_pretty(&receipt)?),
                false => output::download_receipt(&receipt, key.is_some(), contents.len()),
            };
        }
        let receipt = proof::open::<Receipt>(&note, key.as_ref())?;
        require(&contents, &receipt.files.iter().filter_map(|file| file.sha256.as_deref()).collect())?;
        match format.json {
            true => output::line(&serde_json::to_string_pretty(&receipt)?),
            false => output::receipt(&receipt, key.is_some(), contents.len()),
        }
    }
}

/// Fails unless each of these files has one of the digests.
fn require(contents: &[PathBuf], digests: &HashSet<&str>) -> anyhow::Result<()> {
    for path in contents {
        let found = content::sha256(path).with_context(|| format!("cannot read {}", path.display()))?;
        if !digests.contains(found.as_str()) {
            bail!("the receipt names no file with the content of {}", path.display());
        }
    }
    Ok(())
}
