//! Links for people without an account.

use clap::{Args, Subcommand};

use super::{Format, Place};
use crate::admin::Request;

/// List and end links for people without an account.
///
/// Users make links in their Nextcloud apps. A link never gives more than its creator may do at that moment: if the creator
/// loses the right or is disabled, the link stops working, too.
#[derive(Debug, Args)]
pub(super) struct Link {
    #[command(subcommand)]
    command: LinkCommand,
}

#[derive(Debug, Subcommand)]
enum LinkCommand {
    /// List links with their right and the time when they expire.
    List {
        /// Only links into this space.
        #[arg(long, value_name = "SPACE")]
        space: Option<String>,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// End a link at once.
    Revoke {
        /// The id that `list` shows.
        id: i64,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
}

impl Link {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            LinkCommand::List { space, place, format } => place.request(Request::LinkList { space }, format),
            LinkCommand::Revoke { id, place, format } => {
                place.request(Request::LinkRevoke { link: id }, format)
            }
        }
    }
}
