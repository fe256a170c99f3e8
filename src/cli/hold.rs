//! The holding area: contents that are withheld until they were examined.

use clap::{Args, Subcommand};

use super::history::of_terminal;
use super::{Format, Place, output};
use crate::admin::{Reply, Request};

/// Show and decide what lies in the holding area.
///
/// What arrives in a space with a holding time (`tresor space set SPACE --intake on`) is scanned at once, held, scanned
/// again with newer signatures, and only then released to those who may read the space. Until then its author sees the name
/// and others see nothing. Whatever the scanner does not call clean stays held; after 36 hours beyond its time an item asks
/// for a decision.
#[derive(Debug, Args)]
pub(super) struct Hold {
    #[command(subcommand)]
    command: HoldCommand,
}

#[derive(Debug, Subcommand)]
enum HoldCommand {
    /// List what is held, waits for a decision or is quarantined, latest first.
    List {
        /// Only items of this space.
        space: Option<String>,
        /// Also what was released or withdrawn.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Show one item with all of its verdicts.
    Show(Item),
    /// Scan an item once more and release it, before its time too; only a clean one is released.
    Release {
        /// Release it whatever the scanner says. The item keeps a mark of that.
        #[arg(long)]
        r#override: bool,
        #[command(flatten)]
        decision: Decision,
    },
    /// Keep an item until a person decides otherwise.
    Keep(Decision),
    /// Treat an item as dangerous, also one that was released.
    Quarantine(Decision),
    /// Examine an item now, and no longer wait for a decision about it.
    Retry(Decision),
    /// Take an item back: it is not released any more.
    Withdraw(Decision),
    /// Show what happened to the file of an item.
    History(Item),
}

#[derive(Debug, Args)]
struct Item {
    /// The number that `list` shows.
    id: i64,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Args)]
struct Decision {
    /// The number that `list` shows.
    id: i64,
    /// Why; it is recorded. Needed for all decisions but `retry`.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

impl Hold {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            HoldCommand::List { space, all, place, format } => {
                place.request(Request::HoldList { space, all }, format)
            }
            HoldCommand::Show(Item { id, place, format }) => place.request(Request::HoldShow { id }, format),
            HoldCommand::Release { r#override: false, decision } => decision.take("release"),
            HoldCommand::Release { r#override: true, decision } => decision.take("override"),
            HoldCommand::Keep(decision) => decision.take("keep"),
            HoldCommand::Quarantine(decision) => decision.take("quarantine"),
            HoldCommand::Retry(decision) => decision.take("retry"),
            HoldCommand::Withdraw(decision) => decision.take("withdraw"),
            HoldCommand::History(item) => item.history(),
        }
    }
}

impl Decision {
    fn take(self, decision: &str) -> anyhow::Result<()> {
        let Self { id, reason, place, format } = self;
        place.request(Request::HoldDecide { id, decision: decision.to_owned(), reason }, format)
    }
}

impl Item {
    fn history(self) -> anyhow::Result<()> {
        /// Events shown of one file.
        const LATEST: u32 = 200;
        let Self { id, place, format } = self;
        let session = place.session()?;
        let reply = match session.ask(Request::HoldShow { id })? {
            Reply::Hold(shown) => session.ask(Request::History {
                space: Some(shown.space),
                path: shown.path,
                before: None,
                limit: LATEST,
                language: of_terminal(),
            })?,
            other => other,
        };
        session.close();
        output::reply(reply, format)
    }
}
