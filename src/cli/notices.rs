//! Notices by mail, sent and failed ones.

use clap::{Args, Subcommand};

use super::{Format, Place};
use crate::admin::Request;

/// Show the mails that told people what happened, and send failed ones again.
#[derive(Debug, Args)]
pub(super) struct Notices {
    #[command(subcommand)]
    command: NoticesCommand,
}

#[derive(Debug, Subcommand)]
enum NoticesCommand {
    /// List the latest mails, latest first.
    List {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Show one mail: its recipient, what it is about, and what became of it.
    Show(One),
    /// Send a mail again that failed or bounced.
    Retry(One),
    /// Send a mail to an address, to try the settings. Needs a running server.
    Test {
        /// The address.
        address: String,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
}

#[derive(Debug, Args)]
struct One {
    /// The number that `list` shows.
    id: i64,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

impl Notices {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            NoticesCommand::List { place, format } => place.request(Request::NoticeList, format),
            NoticesCommand::Show(One { id, place, format }) => {
                place.request(Request::NoticeShow { id }, format)
            }
            NoticesCommand::Retry(One { id, place, format }) => {
                place.request(Request::NoticeRetry { id }, format)
            }
            NoticesCommand::Test { address, place, format } => {
                place.request(Request::NoticeTest { address }, format)
            }
        }
    }
}
