//! Makes and lists snapshots of the catalogue.

use clap::{Args, Subcommand};

use super::{Format, Place};
use crate::admin::Request;

/// Make a snapshot of the catalogue, or list the snapshots.
///
/// A snapshot holds all names, rights and passwords of that moment, sealed as a standard age file in snapshots/. The
/// server makes one a day (section `[snapshots]` of the configuration); one made by hand counts among those that it keeps.
/// `tresor rebuild` starts from the newest.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Snapshot {
    #[command(subcommand)]
    command: Option<SnapshotCommand>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum SnapshotCommand {
    /// List the snapshots, newest first.
    List {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
}

impl Snapshot {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            None => self.place.request(Request::Snapshot, self.format),
            Some(SnapshotCommand::List { place, format }) => place.request(Request::SnapshotList, format),
        }
    }
}
