//! Snapshots of the catalogue on request.

use clap::{Args, Subcommand};

use super::{Format, Place};
use crate::admin::Request;

/// Make a snapshot of the catalogue now, or list those that are kept.
///
/// A snapshot holds every name, right and password as of that moment, sealed as a standard age file in
/// snapshots/. The server makes one a day by itself (section `[snapshots]` of the
/// configuration); one made by hand counts among those that are kept. `tresor rebuild` starts from the
/// newest.
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
    /// List the snapshots that are kept, newest first.
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
