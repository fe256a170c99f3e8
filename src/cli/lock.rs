//! Locks that programs hold on files and folders.

use clap::{Args, Subcommand};

use super::{Format, Place};
use crate::admin::Request;

/// Show and end locks that programs hold on files and folders.
///
/// A program that opens a file for writing locks it, so that others cannot change it meanwhile. A lock ends
/// when the program closes the file, and by itself at the time that `list` shows. End one by hand if the
/// program has crashed; a program that still works loses the right to save into the file.
#[derive(Debug, Args)]
pub(super) struct Lock {
    #[command(subcommand)]
    command: LockCommand,
}

#[derive(Debug, Subcommand)]
enum LockCommand {
    /// List locks, who holds them and when they end by themselves.
    List {
        /// Only those in this space.
        space: Option<String>,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// End locks at once.
    End {
        /// The token that `list` shows.
        #[arg(required_unless_present_any = ["user", "space"])]
        token: Option<String>,
        /// Those of this user and of the guests of his links.
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// Those in this space.
        #[arg(long, value_name = "SPACE")]
        space: Option<String>,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
}

impl Lock {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            LockCommand::List { space, place, format } => place.request(Request::LockList { space }, format),
            LockCommand::End { token, user, space, place, format } => {
                place.request(Request::LockEnd { token, user, space }, format)
            }
        }
    }
}
