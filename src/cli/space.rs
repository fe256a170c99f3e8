//! Spaces, their trash and the earlier versions of their files.

use std::time::Duration;

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};

use super::account::word;
use super::{Format, Place, output};
use crate::admin::{IntakeAsked, MailAsked, Request};
use crate::model::{ByteSize, Span};

/// Manage spaces: one per client of the office or team, each with its own key.
#[derive(Debug, Args)]
pub(super) struct Space {
    #[command(subcommand)]
    command: SpaceCommand,
}

#[derive(Debug, Subcommand)]
enum SpaceCommand {
    /// Create a space. Users have no access until `tresor grant` gives it.
    Add {
        /// Name of its folder in every mount.
        name: String,
        /// For one client of the office, or for a team.
        #[arg(long)]
        kind: KindWord,
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// List all spaces.
    List {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Change quota and retention. Options that are not given stay as they are.
    Set {
        /// Name of the space.
        name: String,
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Rename a space, in every mount.
    Rename {
        /// Present name.
        name: String,
        /// New name.
        new_name: String,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
}

#[derive(Debug, Args)]
struct Settings {
    /// Largest total size of its files, such as 20GB; 0 for no limit.
    #[arg(long, value_name = "SIZE")]
    quota: Option<ByteSize>,
    /// Largest total size of earlier versions and trash, in addition to the quota; the oldest are removed
    /// when they exceed it. 0 for the quota's size.
    #[arg(long, value_name = "SIZE")]
    history: Option<ByteSize>,
    /// Days for which replaced versions are kept; 30 in a new space.
    #[arg(long, value_name = "DAYS")]
    version_days: Option<u32>,
    /// Days for which deleted files and folders are kept; 30 in a new space.
    #[arg(long, value_name = "DAYS")]
    trash_days: Option<u32>,
    /// Hold and examine what arrives in the space before others may read it: see `tresor hold`. `off` in a new space.
    #[arg(long, value_name = "on|off")]
    intake: Option<Switch>,
    /// Time for which it is held, such as 12h or 30m; at least 1s. Less than an hour is hardly enough for newer signatures.
    /// Switches it on.
    #[arg(long, value_name = "TIME")]
    hold: Option<Span>,
    /// What is held: what can carry malware (office documents, PDFs that act, unknown formats), or everything. `risky` in a
    /// new space: pictures, plain PDFs and texts are released after a clean first scan.
    #[arg(long, value_name = "risky|all")]
    hold_what: Option<Held>,
    /// How many persons decide that something held is released before its time or in spite of a scanner. With 2, the first
    /// decision waits for that of another person for 24 hours; the command line counts as one person.
    #[arg(long, value_name = "1|2", value_parser = clap::value_parser!(u8).range(1..=2))]
    release_by: Option<u8>,
    /// What becomes of the PDF of a held document once the document is released: it stays beside it, or goes to the trash
    /// unless a person changed it. `keep` in a new space.
    #[arg(long, value_name = "keep|remove")]
    pdf: Option<PdfAfter>,
    /// How its pages are drawn: as texts and lines, or as one picture each. Pictures hold nothing but their pixels: no text
    /// to search or copy, no links. `drawn` in a new space.
    #[arg(long, value_name = "drawn|pixels")]
    pdf_pages: Option<PdfPages>,
    /// Take mails at this address, NAME@ and NAME+FOLDER@ any domain that the mail server sends here: see `lmtp` in
    /// docs/configuration.md. `off` for none. What arrives is held, unless `--intake off` says otherwise.
    #[arg(long, value_name = "NAME|off")]
    mail: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Held {
    /// What can carry malware.
    Risky,
    /// Everything.
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PdfAfter {
    /// It stays beside the document.
    Keep,
    /// It goes to the trash.
    Remove,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PdfPages {
    /// As texts, lines and pictures.
    Drawn,
    /// As one picture each.
    Pixels,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Switch {
    /// Hold and examine it.
    On,
    /// Show it at once.
    Off,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum KindWord {
    /// One client of the office (Mandant).
    Client,
    /// A team of colleagues.
    Team,
}

impl Settings {
    fn intake(&self) -> anyhow::Result<IntakeAsked> {
        /// Shorter holding times are pointed out.
        const SHORT: Duration = Duration::from_hours(1);
        let on = self.intake.map(|switch| switch == Switch::On);
        let hold = self.hold.map(|hold| hold.0);
        let everything = self.hold_what.map(|what| what == Held::All);
        if on == Some(false) && (hold.is_some() || everything.is_some()) {
            bail!("--hold and --hold-what belong to --intake on");
        }
        if hold.is_some_and(|hold| hold < Duration::from_secs(1)) {
            bail!("--hold must be at least 1s");
        }
        if hold.is_some_and(|hold| hold < SHORT) {
            output::note(
                "Warning: new signatures come about once a day. After so short a time an item mostly waits for them.",
            )?;
        }
        Ok(IntakeAsked {
            on,
            hold: hold.map(|hold| hold.as_secs()),
            everything,
            release_by: self.release_by,
            pdf: self.pdf.as_ref().map(word),
            pdf_pages: self.pdf_pages.as_ref().map(word),
        })
    }
}

/// The value of `--mail`.
fn mail(asked: Option<String>) -> Option<MailAsked> {
    Some(match asked?.as_str() {
        "off" => MailAsked::Off,
        name => MailAsked::Name(name.to_owned()),
    })
}

impl Space {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            SpaceCommand::Add { name, kind, settings, place, format } => {
                let kind = match kind {
                    KindWord::Client => "client",
                    KindWord::Team => "team",
                };
                let intake = settings.intake()?;
                let Settings { quota, history, version_days, trash_days, mail: asked, .. } = settings;
                let mail = mail(asked);
                let (kind, quota, history) =
                    (kind.to_owned(), quota.map(|size| size.0), history.map(|size| size.0));
                place.request(
                    Request::SpaceAdd { name, kind, quota, history, version_days, trash_days, intake, mail },
                    format,
                )
            }
            SpaceCommand::List { place, format } => place.request(Request::SpaceList, format),
            SpaceCommand::Set { name, settings, place, format } => {
                let intake = settings.intake()?;
                let Settings { quota, history, version_days, trash_days, mail: asked, .. } = settings;
                let mail = mail(asked);
                let (quota, history) = (quota.map(|size| size.0), history.map(|size| size.0));
                place.request(
                    Request::SpaceSet { name, quota, history, version_days, trash_days, intake, mail },
                    format,
                )
            }
            SpaceCommand::Rename { name, new_name, place, format } => {
                place.request(Request::SpaceRename { name, new_name }, format)
            }
        }
    }
}

/// List, restore and purge the deleted files of a space.
#[derive(Debug, Args)]
pub(super) struct Trash {
    #[command(subcommand)]
    command: TrashCommand,
}

#[derive(Debug, Subcommand)]
enum TrashCommand {
    /// List deleted files and folders, latest first.
    List {
        /// Name of the space.
        space: String,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Restore a deleted file or folder to its original path.
    Restore(OneItem),
    /// Remove a deleted file or folder permanently.
    Purge(OneItem),
}

#[derive(Debug, Args)]
struct OneItem {
    /// Name of the space.
    space: String,
    /// The number that `list` shows.
    id: i64,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

impl Trash {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            TrashCommand::List { space, place, format } => {
                place.request(Request::TrashList { space }, format)
            }
            TrashCommand::Restore(OneItem { space, id, place, format }) => {
                place.request(Request::TrashRestore { space, entry: id }, format)
            }
            TrashCommand::Purge(OneItem { space, id, place, format }) => {
                place.request(Request::TrashPurge { space, entry: id }, format)
            }
        }
    }
}

/// List and restore earlier versions of a file.
#[derive(Debug, Args)]
pub(super) struct Versions {
    #[command(subcommand)]
    command: VersionsCommand,
}

#[derive(Debug, Subcommand)]
enum VersionsCommand {
    /// List the versions of a file, newest first.
    List {
        /// Name of the space.
        space: String,
        /// Path inside the space, such as 2025/Bilanz.pdf.
        path: String,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
    /// Make an earlier version the current one; the present one is kept as an earlier version.
    Restore {
        /// Name of the space.
        space: String,
        /// Path inside the space.
        path: String,
        /// The number that `list` shows.
        version: i64,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        format: Format,
    },
}

impl Versions {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            VersionsCommand::List { space, path, place, format } => {
                place.request(Request::VersionList { space, path }, format)
            }
            VersionsCommand::Restore { space, path, version, place, format } => {
                place.request(Request::VersionRestore { space, path, version }, format)
            }
        }
    }
}
