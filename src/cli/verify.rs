//! Verifies the stored data step by step and shows the progress.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::Args;
use indicatif::{HumanDuration, ProgressBar, ProgressFinish, ProgressStyle};
use serde::Serialize;

use super::{FINDINGS, Format, Place, output};
use crate::admin::{FindingShown, Reply, Request, UnknownFileShown, UseShown, VerifyShown, When};
use crate::model::{ByteSize, Timestamp};
use crate::recovery::OLDER_CATALOGUE;

/// A lower rate makes no sense: a chunk could not be read within a second.
const SLOWEST: ByteSize = ByteSize(64 * 1024);
/// Time between two lines of progress without a terminal.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Check that all stored data are still as they were committed.
///
/// Compares the length, header and last chunk of each container with the catalogue, and checks the catalogue
/// itself, the key files and the newest snapshot. Reports contents that a rebuild had to leave out, a
/// catalogue that is older than the files, and foreign files among the containers. With --full it also
/// authenticates every byte, compares the SHA-256 of every content and reads all snapshots. The server
/// continues to serve files meanwhile.
///
/// Nothing is repaired or removed. Findings are printed and remembered (`tresor status` counts them), and the
/// server never sends damaged files. Known damage is always read in full, so a container that you restore
/// from a backup counts as whole after the next verification.
///
/// An interrupted verification continues when the command is run again. The exit code is 0 if nothing is
/// wrong, 3 if something is, and 1 if the verification failed.
#[derive(Debug, Args)]
#[command(after_long_help = JSON_HELP)]
pub(super) struct Verify {
    /// Read every byte instead of each container's header and end.
    #[arg(long)]
    full: bool,
    /// Highest read rate per second, such as 50MB.
    #[arg(long, value_name = "SIZE")]
    rate: Option<ByteSize>,
    /// Start from the beginning even if an earlier verification was interrupted.
    #[arg(long)]
    restart: bool,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

const JSON_HELP: &str = "\
With --json one object is printed at the end:
  mode                quick or full
  started, finished   begin and end
  resumed             whether it continued an interrupted verification
  containers, bytes   containers checked, bytes of content read; without --full only bytes of
                      containers that are known to be damaged
  clean               whether nothing is wrong
  findings            list of faults:
    kind              missing, wrong-length, foreign, wrong-key, unnamed, damaged-chunk,
                      unreadable, wrong-hash, incomplete, catalogue, key, note, mark,
                      snapshot or stranger
    space, container  ids
    file              the container's file, or the pack it lies in, below the data directory
    chunk             first damaged chunk of 64 KiB, from 0
    detail            the fault of the catalogue or another file, or the content that the
                      catalogue leaves out
    first_seen        when the fault was first found
    known_before      whether that was before this verification began
    uses              up to 100 affected contents: space and path by name, entry and version by
                      number, state current, earlier or trash
  unknown_files       up to 1,000 containers that the catalogue does not know: space,
                      container, file, bytes, age_seconds. No fault unless the catalogue is
                      older or damaged; they are swept after a day
  unknown_file_count  their number
Values that do not apply are null.";

/// The report for scripts.
#[derive(Serialize)]
struct Report {
    mode: String,
    started: When,
    finished: When,
    resumed: bool,
    containers: u64,
    bytes: u64,
    clean: bool,
    findings: Vec<FindingShown>,
    unknown_files: Vec<UnknownFileShown>,
    unknown_file_count: u64,
}

impl Verify {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        if self.rate.is_some_and(|rate| rate < SLOWEST) {
            bail!("--rate must be at least {SLOWEST} per second");
        }
        let session = self.place.session()?;
        let (full, restart, rate) = (self.full, self.restart, self.rate.map(|rate| rate.0));
        let mut step = shown(session.ask(Request::VerifyBegin { full, restart, rate })?)?;
        if step.resumed {
            let begun = step.started;
            output::note(&format!(
                "Continuing the verification begun {begun}; --restart starts from the beginning."
            ))?;
        }
        let mut progress = Progress::new(&step);
        let (mut findings, mut told) = (Vec::new(), HashSet::new());
        while step.stage != "done" {
            step = shown(session.ask(Request::VerifyStep { run: step.run })?)?;
            for finding in std::mem::take(&mut step.findings) {
                // Findings of readers during the verification may appear twice, and so may errors of a
                // damaged catalogue.
                let name = (finding.container.clone(), finding.kind.clone(), finding.detail.clone());
                if (finding.container.is_some() || finding.detail.is_some()) && !told.insert(name) {
                    continue;
                }
                if !self.format.json {
                    progress.bar.suspend(|| tell(&finding))?;
                }
                findings.push(finding);
            }
            progress.show(&step, findings.len());
        }
        progress.bar.finish_and_clear();
        session.close();
        let is_clean = findings.is_empty();
        if self.format.json {
            output::line(&serde_json::to_string_pretty(&Report {
                mode: step.mode,
                started: step.started,
                finished: When(Timestamp::now()),
                resumed: step.resumed,
                containers: step.containers,
                bytes: step.bytes,
                clean: is_clean,
                findings,
                unknown_files: step.unknown_files,
                unknown_file_count: step.unknown_file_count,
            })?)?;
        } else {
            sum_up(&step, &findings)?;
        }
        Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::from(FINDINGS) })
    }
}

fn shown(reply: Reply) -> anyhow::Result<VerifyShown> {
    match reply {
        Reply::Verify(step) => Ok(step),
        Reply::Refused { text, .. } => bail!(text),
        _ => bail!("the server is of another version than this program"),
    }
}

fn tell(finding: &FindingShown) -> anyhow::Result<()> {
    let what = match finding.kind.as_str() {
        "missing" => "there is no file",
        "wrong-length" => "the file has another length",
        "foreign" => "its header is damaged, or the file is another container or an older one",
        "unnamed" => "it is whole, but its pack does not tell its name any more",
        "wrong-key" => "it does not open with the space's key",
        "damaged-chunk" => "some of its bytes are not what was written",
        "unreadable" => "the disk does not give its bytes",
        "wrong-hash" => "its content is not the one that was committed",
        "incomplete" => "its containers do not make up the content",
        _ => "",
    };
    let kind = &finding.kind;
    let place = match (&finding.file, &finding.container) {
        (Some(file), Some(container)) => named(file, container),
        _ => output::safe(finding.detail.as_deref().unwrap_or(what)),
    };
    let known = finding.first_seen.filter(|_| finding.known_before);
    let known = known.map_or_else(String::new, |seen| format!(" (known since {seen})"));
    match (&finding.file, finding.chunk) {
        (None, _) => output::line(&format!("{kind}: {place}")),
        (Some(_), None) => output::line(&format!("{kind}: {what}: {place}{known}")),
        (Some(_), Some(chunk)) => output::line(&format!("{kind}: {what}, chunk {chunk}: {place}{known}")),
    }?;
    finding.uses.iter().try_for_each(tell_use)
}

/// Path of a file; for a pack, with the container's id.
fn named(file: &str, container: &str) -> String {
    if file.contains(container) { file.to_owned() } else { format!("{file}, container {container}") }
}

fn tell_use(used: &UseShown) -> anyhow::Result<()> {
    let state = match used.state.as_str() {
        "current" => String::new(),
        "trash" => format!(" (in the trash, version {})", used.version),
        state => format!(" ({state}, version {})", used.version),
    };
    output::line(&format!("    {}:{}{state}", output::safe(&used.space), output::safe(&used.path)))
}

fn sum_up(step: &VerifyShown, findings: &[FindingShown]) -> anyhow::Result<()> {
    for file in &step.unknown_files {
        output::line(&format!(
            "note: not in the catalogue: {}, {}, {} old",
            named(&file.file, &file.container),
            ByteSize(file.bytes),
            HumanDuration(Duration::from_secs(file.age_seconds)),
        ))?;
    }
    let unnamed = step.unknown_file_count.saturating_sub(step.unknown_files.len() as u64);
    if unnamed > 0 {
        output::line(&format!("note: {unnamed} more that are not in the catalogue"))?;
    }
    if step.unknown_file_count > 0 {
        output::line(match is_catalogue_to_blame(findings) {
            true => {
                "note: the catalogue is older or damaged, so these may be files that it does not know: stop the server \
                 and run `tresor rebuild`, which brings them in"
            }
            false => {
                "note: these are left by uploads that broke off or go on; nothing is lost, and a day old they are \
                 removed"
            }
        })?;
    }
    let looked = match step.mode.as_str() {
        "full" => format!("{} read", ByteSize(step.bytes)),
        _ if step.bytes > 0 => {
            format!("header and end of each, {} of damaged ones read", ByteSize(step.bytes))
        }
        _ => "header and end of each".to_owned(),
    };
    let verdict = match findings.len() {
        0 => "nothing is wrong".to_owned(),
        1 => "1 finding".to_owned(),
        count => format!("{count} findings"),
    };
    output::line(&format!("{} containers, {looked}: {verdict}", step.containers))?;
    closing(findings).into_iter().try_for_each(output::note)
}

/// Whether containers may be unknown because the catalogue lost their rows.
fn is_catalogue_to_blame(findings: &[FindingShown]) -> bool {
    findings.iter().any(|finding| matches!(finding.kind.as_str(), "catalogue" | "incomplete"))
}

/// Advice for the findings that do not contain any.
fn closing(findings: &[FindingShown]) -> Vec<&'static str> {
    let lacks_key = findings.iter().any(|finding| finding.kind == "key" && finding.space.is_some());
    // With the key these can be opened again.
    let is_about_key = |finding: &FindingShown| finding.kind == "wrong-key" && lacks_key;
    let is_damage = |finding: &FindingShown| {
        finding.container.is_some() && finding.kind != "incomplete" && !is_about_key(finding)
    };
    let says_nothing = |finding: &FindingShown| {
        let detail = finding.detail.as_deref().unwrap_or_default();
        matches!(finding.kind.as_str(), "catalogue" | "incomplete") && !detail.contains("tresor rebuild")
    };
    let mut advice = Vec::new();
    if findings.iter().any(is_damage) {
        advice.push(match findings.iter().any(|finding| finding.detail.as_deref() == Some(OLDER_CATALOGUE)) {
            true => {
                "What is damaged is not sent and stays where it is. What is missing may have been removed since the \
                 catalogue was as it is: rebuild it first, and verify again."
            }
            false => {
                "What is damaged is not sent and stays where it is. Stop the server, bring the files back from a \
                 backup and verify again."
            }
        });
    }
    if findings.iter().any(says_nothing) {
        advice.push(
            "The catalogue is not what was written. Stop the server, run `tresor rebuild` or bring catalog/ back from a \
             backup, and verify again.",
        );
    }
    advice
}

/// Shows the progress on standard error: a bar on a terminal, occasional lines elsewhere.
struct Progress {
    /// Draws nothing without a terminal.
    bar: ProgressBar,
    told: Instant,
}

impl Progress {
    fn new(step: &VerifyShown) -> Self {
        let style =
            ProgressStyle::with_template("[{bar:24}] {percent:>3} %  {msg}").expect("a valid template");
        let (done, total) = extent(step);
        let bar = ProgressBar::new(total).with_style(style.progress_chars("#-")).with_position(done);
        let bar = bar.with_finish(ProgressFinish::AndClear);
        // The work of an earlier run says nothing about the speed of this one.
        bar.reset_eta();
        Self { bar, told: Instant::now() }
    }

    fn show(&mut self, step: &VerifyShown, findings: usize) {
        let (done, total) = extent(step);
        self.bar.update(|state| {
            state.set_len(total);
            state.set_pos(done);
        });
        let mut text = match step.mode.as_str() {
            "full" => format!("{} of {}", ByteSize(step.bytes), ByteSize(step.total_bytes)),
            _ => format!("{} of {} containers", step.containers, step.total_containers),
        };
        let left = self.bar.eta();
        if !left.is_zero() && done < total {
            let _ = write!(text, ", about {} left", HumanDuration(left));
        }
        match findings {
            0 => {}
            1 => text.push_str(", 1 finding"),
            count => drop(write!(text, ", {count} findings")),
        }
        if self.bar.is_hidden() && self.told.elapsed() >= TELL_EVERY {
            self.told = Instant::now();
            // The verification continues without a reader.
            let _ =
                writeln!(std::io::stderr(), "{} % {text}", u128::from(done) * 100 / u128::from(total.max(1)));
        }
        self.bar.set_message(text);
    }
}

/// Work done so far, and total work.
fn extent(step: &VerifyShown) -> (u64, u64) {
    let (done, total) = match step.mode.as_str() {
        "full" => (step.bytes, step.total_bytes),
        _ => (step.containers, step.total_containers),
    };
    let total = total.max(done);
    if step.stage == "done" { (total, total) } else { (done, total) }
}
