//! The command line: one file per group of commands. Each command is a request to the instance, sent to the
//! running server or, without one, executed here.

mod account;
mod admin;
mod ask;
mod content;
mod doctor;
mod history;
mod hold;
mod init;
mod link;
mod lock;
mod log;
mod notices;
mod office;
mod output;
mod passphrase;
mod rebuild;
mod receipt;
mod recovery_key;
mod scan;
mod second_factor;
mod secret;
mod serve;
mod shell;
mod snapshot;
mod space;
mod unlock;
mod upload;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

/// The program's exit codes; docs/commands.md has the same text.
const EXIT_CODES: &str = "\
Exit codes:
  0  Done; no fault was found
  1  Refused or failed; standard error says why and what helps
  2  Wrong usage; nothing was read or changed
  3  Damage or a fault found by verify, rebuild or doctor";

/// [`EXIT_CODES`]: the command finished and found a fault.
const FINDINGS: u8 = 3;

/// Encrypted file exchange for offices bound to secrecy.
///
/// Tresor serves files over WebDAV. On disk every file is a standard age container, and all names are in an encrypted
/// catalogue: disk, snapshots and backups reveal no content and no names without the office's key. Someone who controls
/// the running machine could read them.
#[derive(Debug, Parser)]
#[command(
    name = "tresor",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = EXIT_CODES
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Location of the instance, and the key to open it if no server runs.
#[derive(Debug, Args)]
struct Place {
    /// Data directory of the instance.
    #[arg(long, value_name = "DIR", env = "TRESOR_DATA", default_value = "./data")]
    data: PathBuf,
    #[command(flatten)]
    key: KeySource,
}

/// The key that opens an instance. Without any of these a command prompts on the terminal.
#[derive(Debug, Args)]
struct KeySource {
    /// File with the passphrase. Not needed while the server runs; under systemd the credential `passphrase` is used.
    #[arg(long, value_name = "FILE", env = "TRESOR_PASSPHRASE_FILE", conflicts_with = "key_file")]
    passphrase_file: Option<PathBuf>,
    /// File with an age identity (age-keygen), instead of a passphrase.
    #[arg(long, value_name = "FILE", env = "TRESOR_KEY_FILE")]
    key_file: Option<PathBuf>,
}

/// Output format of a command.
#[derive(Clone, Copy, Debug, Args)]
struct Format {
    /// Print JSON for scripts instead of a table. Times are RFC 3339 in UTC.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Init),
    Serve(serve::Serve),
    Unlock(unlock::Unlock),
    Status(admin::Status),
    Office(office::Office),
    User(account::User),
    Space(space::Space),
    Grant(account::Grant),
    Revoke(account::Revoke),
    Grants(account::Grants),
    Trash(space::Trash),
    Versions(space::Versions),
    History(history::History),
    Hold(hold::Hold),
    Notices(notices::Notices),
    Upload(upload::Upload),
    Link(link::Link),
    #[command(name = "request")]
    Requests(ask::Requests),
    #[command(name = "template")]
    Templates(ask::Templates),
    #[command(name = "receipt")]
    Receipts(receipt::Receipts),
    Lock(lock::Lock),
    Verify(verify::Verify),
    Scan(scan::Scan),
    Snapshot(snapshot::Snapshot),
    Rebuild(rebuild::Rebuild),
    ChangePassphrase(passphrase::ChangePassphrase),
    ChangeRecoveryKey(recovery_key::ChangeRecoveryKey),
    Doctor(doctor::Doctor),
    CheckConfig(serve::CheckConfig),
    Completions(shell::Completions),
    Man(shell::Man),
}

/// Does one task with a content on the standard input if this process was started for that: looks into it for the server, or
/// converts it in a unit of systemd. Returns the exit code. It must come first in `main`.
pub fn run_if_child() -> Option<ExitCode> {
    crate::inspect::run_if_asked().or_else(crate::convert::serve_if_asked)
}

impl Cli {
    /// The command of this process. Exits if there is none, or for --help.
    pub fn of_process() -> Self {
        let mut commands = Self::command();
        commands.build();
        let matches = with_whole_usage(commands).get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// Runs the command. Errors are printed as one sentence with its causes.
    pub fn run(self) -> ExitCode {
        let outcome = match self.command {
            Command::Init(command) => command.run(),
            Command::Serve(command) => command.run(),
            Command::Unlock(command) => command.run(),
            Command::Status(command) => command.run(),
            Command::Office(command) => command.run(),
            Command::User(command) => command.run(),
            Command::Space(command) => command.run(),
            Command::Grant(command) => command.run(),
            Command::Revoke(command) => command.run(),
            Command::Grants(command) => command.run(),
            Command::Trash(command) => command.run(),
            Command::Versions(command) => command.run(),
            Command::History(command) => command.run(),
            Command::Hold(command) => command.run(),
            Command::Notices(command) => command.run(),
            Command::Upload(command) => command.run(),
            Command::Link(command) => command.run(),
            Command::Requests(command) => command.run(),
            Command::Templates(command) => command.run(),
            Command::Receipts(command) => command.run(),
            Command::Lock(command) => command.run(),
            Command::Verify(command) => return exit_code(command.run()),
            Command::Scan(command) => command.run(),
            Command::Snapshot(command) => command.run(),
            Command::Rebuild(command) => return exit_code(command.run()),
            Command::ChangePassphrase(command) => command.run(),
            Command::ChangeRecoveryKey(command) => command.run(),
            Command::Doctor(command) => return exit_code(command.run()),
            Command::CheckConfig(command) => command.run(),
            Command::Completions(command) => command.run(),
            Command::Man(command) => command.run(),
        };
        exit_code(outcome.map(|()| ExitCode::SUCCESS))
    }
}

/// Shows the same usage with an error as with `--help`. By default clap lists the given arguments, including
/// those from the environment (`TRESOR_DATA`), and a setting with a default looks as if it were required.
fn with_whole_usage(mut command: clap::Command) -> clap::Command {
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim().to_owned();
    command.override_usage(usage).mut_subcommands(with_whole_usage)
}

fn exit_code(outcome: anyhow::Result<ExitCode>) -> ExitCode {
    outcome.unwrap_or_else(|error| {
        output::error(&error);
        ExitCode::FAILURE
    })
}
