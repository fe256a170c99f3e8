//! Uploads that have not come to their end.

use clap::{Args, Subcommand};

use super::{Format, Place};
use crate::admin::Request;

/// Show and end uploads that have not come to their end.
///
/// What has arrived of a resumable upload is kept for 7 days after its last progress, counts against the
/// space's quota, and so does what it has announced.
#[derive(Debug, Args)]
pub(super) struct Upload {
    #[command(subcommand)]
    command: UploadCommand,
}

#[derive(Debug, Subcommand)]
enum UploadCommand {
    /// List uploads, how far they are and when they end by themselves.
    List {
        /// Only those of this user.
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// End an upload; what has arrived of it is removed and its quota is free.
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
