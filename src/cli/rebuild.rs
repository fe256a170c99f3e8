//! Rebuilds the catalogue.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::{FINDINGS, Format, KeySource, admin, output, secret};
use crate::accounts::UserName;
use crate::app::{self, DataDirectory, FirstAdministrator, RebuildBase, RebuildFrom, Rebuilt};
use crate::model::{SetAsideReason, SpaceId, Timestamp, layout};
use crate::recovery::{Progress, RebuildReport, SetAside, Watcher};
use crate::vault::disk::UnindexedMember;

/// Findings of one kind that are printed; JSON has all.
const SHOWN: usize = 20;

/// Recreate a catalogue that is lost, damaged or too old. Stop the server first.
///
/// Starts from the newest sound snapshot, or from nothing if there is none, and then adds each stored file
/// that is not in it. Stored files alone restore contents, earlier versions included, with the path and space
/// that they had when they were written, also of deleted files that were not removed permanently. They do not
/// restore users, rights, links, empty folders, renames and copies inside a space. The old catalogue is kept
/// in catalog/ under another name. If the command is interrupted, run it again.
///
/// Exit code 0: everything was restored. 1: nothing was changed. 3: rebuilt, but some stored files or keys of
/// spaces are damaged or missing; they are listed and kept, and `tresor verify` continues to name them.
#[derive(Debug, Args)]
pub(super) struct Rebuild {
    /// Data directory of the instance.
    #[arg(long, value_name = "DIR", env = "TRESOR_DATA", default_value = "./data")]
    data: PathBuf,
    #[command(flatten)]
    key: KeySource,
    /// File with the offline recovery key, if passphrase and key file are lost.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["passphrase_file", "key_file"])]
    recovery_file: Option<PathBuf>,
    /// The base to start from.
    #[arg(long, value_name = "START", default_value = "best")]
    from: Start,
    /// Login name of the administrator to create if none is restored.
    #[arg(long, value_name = "NAME")]
    admin: Option<String>,
    /// File with that administrator's password.
    #[arg(long, value_name = "FILE", requires = "admin")]
    admin_password_file: Option<PathBuf>,
    #[command(flatten)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Start {
    /// The present catalogue if it is sound but too old, else the newest sound snapshot, else nothing.
    Best,
    /// The present catalogue.
    Catalogue,
    /// The newest sound snapshot, even if the present catalogue is sound.
    Snapshot,
    /// Stored files alone.
    Containers,
}

impl From<Start> for RebuildFrom {
    fn from(start: Start) -> Self {
        match start {
            Start::Best => Self::Best,
            Start::Catalogue => Self::Catalogue,
            Start::Snapshot => Self::Snapshot,
            Start::Containers => Self::Containers,
        }
    }
}

impl Rebuild {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let directory = DataDirectory::open_incomplete(&self.data)?;
        let Some(unlock) = self.key.unlock_or_recover(self.recovery_file.as_deref())? else {
            bail!(
                "there is no terminal to ask for the passphrase; give --passphrase-file, --key-file or --recovery-file"
            );
        };
        let administrator = self.administrator()?;
        // Draws nothing without a terminal.
        let bar = ProgressBar::no_length();
        bar.set_style(ProgressStyle::with_template("{msg}").expect("a valid template"));
        let shown = bar.clone();
        let watcher: Watcher = Arc::new(move |progress| shown.set_message(said(progress)));
        let outcome = admin::runtime()?.block_on(app::rebuild(
            &directory,
            &unlock,
            self.from.into(),
            administrator,
            Timestamp::now(),
            watcher,
        ));
        bar.finish_and_clear();
        let rebuilt = outcome?;
        if self.format.json {
            output::line(&serde_json::to_string_pretty(&Shown::from(&rebuilt))?)?;
        } else {
            print(&rebuilt)?;
        }
        Ok(if rebuilt.report.is_complete() { ExitCode::SUCCESS } else { ExitCode::from(FINDINGS) })
    }

    fn administrator(&self) -> anyhow::Result<Option<FirstAdministrator>> {
        let Some(name) = &self.admin else { return Ok(None) };
        let name = UserName::parse(name)?;
        let password = secret::new_password(self.admin_password_file.as_deref(), "administrator password")?;
        FirstAdministrator::check(&name, &password)?;
        Ok(Some(FirstAdministrator { name, password }))
    }
}

fn said(progress: Progress) -> String {
    match progress {
        Progress::Looked(count) => format!("{count} stored files found"),
        Progress::Read { done, of } => format!("{done} of {of} unknown files read"),
        Progress::Placed { done, of } => format!("{done} of {of} files in the catalogue"),
    }
}

fn print(rebuilt: &Rebuilt) -> anyhow::Result<()> {
    let Rebuilt { base, unsound, report, administrator, kept } = rebuilt;
    for (name, reason) in unsound {
        output::line(&format!("Snapshot {:06} was passed over: {reason}.", name.number))?;
    }
    output::line(&match base {
        RebuildBase::Catalogue => "The catalogue was brought up to date with the stored files.".into(),
        RebuildBase::Snapshot(name) => format!(
            "The catalogue was rebuilt from snapshot {:06} of {} and the stored files.",
            name.number, name.made
        ),
        RebuildBase::Containers => "The catalogue was rebuilt from the stored files alone.".into(),
    })?;
    output::line(&format!(
        "{} containers on disk; {} were not in it: {} spaces, {} files and {} versions came back, {} files have a newer content.",
        report.containers,
        report.added,
        report.new_spaces,
        report.new_files,
        report.new_versions,
        report.renewed_files
    ))?;
    let name = |space: &SpaceId| report.names.get(space).cloned().unwrap_or_else(|| space.to_string());
    let keyless =
        report.without_key.iter().map(|space| format!("{}: {}", name(space), layout::space_key(*space)));
    section(
        "No file of these spaces opens: their key files are missing or damaged. Restore them from a backup:",
        keyless,
    )?;
    let nameless = report.without_note.iter().map(|space| format!("{} (id {space})", name(space)));
    section(
        "Of these spaces only the files came back; name, kind, quota and days are those of a new team space \
         (tresor space rename, tresor space set):",
        nameless,
    )?;
    let displaced = report
        .displaced
        .iter()
        .map(|file| format!("{}:{} is now {}", name(&file.space), file.path, file.name));
    section("Two files had the same path; the older one has another name:", displaced)?;
    print_losses(report, name)?;
    match (base, administrator) {
        (RebuildBase::Containers, Some(name)) => output::line(&format!(
            "Users, rights and links could not come back. {0} is the only user and has no rights yet: tresor grant {0} SPACE manage",
            output::safe(name)
        ))?,
        (_, Some(name)) => {
            output::line(&format!(
                "{} was made, as no other administrator could log in.",
                output::safe(name)
            ))?;
        }
        (RebuildBase::Snapshot(_), None) => {
            output::line(
                "Users, passwords, rights and links are those of the snapshot: check what changed since.",
            )?;
        }
        _ => {}
    }
    if let Some(kept) = kept {
        output::line(&format!(
            "The old catalogue is kept as {}; remove it when all is well.",
            kept.display()
        ))?;
    }
    Ok(())
}

/// Prints the losses that no list shows, with advice.
fn print_losses(report: &RebuildReport, name: impl Fn(&SpaceId) -> String) -> anyhow::Result<()> {
    let (uploads, set_aside): (Vec<_>, Vec<_>) =
        report.set_aside.iter().partition(|aside| aside.reason == SetAsideReason::Unfinished);
    let shown = |aside: &SetAside| {
        format!("{} in {}: {}", aside.container, layout::space(aside.space), aside.reason.as_str())
    };
    section(
        "Kept, but part of no file; once they are repaired, `tresor rebuild --from catalogue` brings them in:",
        set_aside.into_iter().map(shown),
    )?;
    if !uploads.is_empty() {
        output::line(&format!(
            "{} containers are parts of uploads that had not come to their end: they must be sent anew, and what \
             there is of them is removed after a week.",
            uploads.len()
        ))?;
    }
    let missing = report.missing.iter().map(|file| match file.paths.as_slice() {
        [] => format!("{} of {} (earlier or deleted contents only)", file.container, name(&file.space)),
        paths => format!("{}: {}:{}", file.container, name(&file.space), paths.join(", ")),
    });
    section("Not on disk; restore spaces/ from a backup:", missing)?;
    let strays = report.unindexed.iter().map(|stray| {
        format!("{}: {} bytes from byte {} on", pack_file(stray), stray.lengths.start(), stray.offset)
    });
    section(
        "In these packs lies something that is no file as it is, perhaps damaged ones; bring the packs back from a \
         backup and rebuild again:",
        strays,
    )?;
    section(
        "These were not put there by Tresor; if one has the name of a pack or a container, bring that back from a \
         backup and rebuild again:",
        report.foreign.iter().cloned(),
    )
}

fn pack_file(stray: &UnindexedMember) -> String {
    layout::pack(stray.space, stray.pack)
}

fn section(title: &str, items: impl ExactSizeIterator<Item = String>) -> anyhow::Result<()> {
    let count = items.len();
    if count == 0 {
        return Ok(());
    }
    output::line(title)?;
    for item in items.take(SHOWN) {
        output::line(&format!("  {}", output::safe(&item)))?;
    }
    if count > SHOWN {
        output::line(&format!("  and {} more; --json lists all", count - SHOWN))?;
    }
    Ok(())
}

/// The report for scripts.
#[derive(Serialize)]
struct Shown<'a> {
    /// `catalogue`, `snapshot` or `containers`.
    base: &'static str,
    snapshot: Option<u32>,
    unsound_snapshots: Vec<Unsound<'a>>,
    containers: u64,
    added: u64,
    new_spaces: u64,
    new_files: u64,
    new_versions: u64,
    renewed_files: u64,
    displaced: Vec<Displaced<'a>>,
    set_aside: Vec<AsideShown>,
    missing: Vec<Missing<'a>>,
    strays: Vec<StrayBytes>,
    strangers: &'a [String],
    /// Ids of spaces.
    without_key: Vec<String>,
    /// Ids of spaces.
    without_note: Vec<String>,
    administrator: Option<&'a str>,
    kept_catalogue: Option<String>,
}

#[derive(Serialize)]
struct Unsound<'a> {
    number: u32,
    reason: &'a str,
}

#[derive(Serialize)]
struct Displaced<'a> {
    space: String,
    path: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct AsideShown {
    space: String,
    container: String,
    reason: &'static str,
}

#[derive(Serialize)]
struct StrayBytes {
    pack: String,
    offset: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct Missing<'a> {
    space: String,
    container: String,
    paths: &'a [String],
}

impl<'a> From<&'a Rebuilt> for Shown<'a> {
    fn from(rebuilt: &'a Rebuilt) -> Self {
        let Rebuilt { base, unsound, report, administrator, kept } = rebuilt;
        let (base, snapshot) = match base {
            RebuildBase::Catalogue => ("catalogue", None),
            RebuildBase::Snapshot(name) => ("snapshot", Some(name.number)),
            RebuildBase::Containers => ("containers", None),
        };
        Self {
            base,
            snapshot,
            unsound_snapshots: unsound
                .iter()
                .map(|(name, reason)| Unsound { number: name.number, reason })
                .collect(),
            containers: report.containers,
            added: report.added,
            new_spaces: report.new_spaces,
            new_files: report.new_files,
            new_versions: report.new_versions,
            renewed_files: report.renewed_files,
            displaced: report
                .displaced
                .iter()
                .map(|file| Displaced { space: file.space.to_string(), path: &file.path, name: &file.name })
                .collect(),
            set_aside: report
                .set_aside
                .iter()
                .map(|file| AsideShown {
                    space: file.space.to_string(),
                    container: file.container.to_string(),
                    reason: file.reason.as_str(),
                })
                .collect(),
            missing: report
                .missing
                .iter()
                .map(|file| Missing {
                    space: file.space.to_string(),
                    container: file.container.to_string(),
                    paths: &file.paths,
                })
                .collect(),
            strays: report
                .unindexed
                .iter()
                .map(|stray| StrayBytes {
                    pack: pack_file(stray),
                    offset: stray.offset,
                    bytes: *stray.lengths.start(),
                })
                .collect(),
            strangers: &report.foreign,
            without_key: report.without_key.iter().map(ToString::to_string).collect(),
            without_note: report.without_note.iter().map(ToString::to_string).collect(),
            administrator: administrator.as_deref(),
            kept_catalogue: kept.as_ref().map(|path| path.display().to_string()),
        }
    }
}
