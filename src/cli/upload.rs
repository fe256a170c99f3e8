//! Unfinished uploads.

use clap::{Args, Subcommand};

use super::{Format, Place};
use crate::admin::Request;

/// List and cancel unfinished uploads.
///
/// The bytes of a resumable upload are kept for 7 days after its last progress. They count towards the
/// space's quota, and so do its announced bytes, for an hour after its last part.
#[derive(Debug, Args)]
pub(super) struct Upload {
    #[command(subcommand)]
    command: UploadCommand,
}

#[derive(Debug, Subcommand)]
enum UploadCommand {
    /// List uploads with their progress and the time when they expire.
    List {
        /// Only uploads of this user.
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Cancel an upload. Its bytes are removed, and their quota is free.
    Cancel {
        /// The id that `list` shows.
        id: String,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
}

impl Upload {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            UploadCommand::List { user, place, format } => {
                place.request(Request::UploadList { user }, format)
            }
            UploadCommand::Cancel { id, place, format } => {
                place.request(Request::UploadCancel { upload: id }, format)
            }
        }
    }
}
