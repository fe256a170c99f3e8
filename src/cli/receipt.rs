//! What people handed in through links, and the receipts for it.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};

use super::{Format, Place, content, output};
use crate::admin::Request;
use crate::proof::{self, Verifier};
use crate::sharing::Receipt;

/// Show what people handed in through links, and check receipts.
///
/// A person who hands in files through a link and says that it is complete gets a receipt: a signed text with each file's
/// path, size, SHA-256 and time. `verify` checks one without a server.
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
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Print the receipt of a finished hand-in.
    Show {
        /// The id that `list` shows.
        id: i64,
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
            ReceiptCommand::List { space, place, format } => {
                place.request(Request::HandInList { space }, format)
            }
            ReceiptCommand::Show { id, place, format } => place.request(Request::ReceiptShow { id }, format),
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
        let receipt = proof::open::<Receipt>(&note, key.as_ref())?;
        for path in &contents {
            let found = content::sha256(path).with_context(|| format!("cannot read {}", path.display()))?;
            if !receipt.files.iter().any(|file| file.sha256.as_deref() == Some(&found)) {
                bail!("the receipt names no file with the content of {}", path.display());
            }
        }
        if format.json {
            return output::line(&serde_json::to_string_pretty(&receipt)?);
        }
        output::receipt(&receipt, key.is_some(), contents.len())
    }
}
