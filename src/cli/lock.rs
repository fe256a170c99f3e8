//! Locks that programs hold on files and folders.

use clap::{Args, Subcommand};

use super::{Format, Place};
use crate::admin::Request;

/// List and end locks that programs hold on files and folders.
///
/// A program that opens a file for writing locks it, so that others cannot change it meanwhile. The lock ends when the
/// program closes the file, or at the time that `list` shows. If the program has crashed, end the lock here; a program
/// that still works then cannot save into the file.
#[derive(Debug, Args)]
pub(super) struct Lock {
    #[command(subcommand)]
    command: LockCommand,
}

#[derive(Debug, Subcommand)]
enum LockCommand {
    /// List locks with their holders and the time when they expire.
    List {
        /// Only locks in this space.
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
        /// End all locks of this user and of guests by this user's links.
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// End all locks in this space.
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
