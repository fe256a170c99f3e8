//! Completion scripts and manual pages.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, CommandFactory};

use super::Cli;

/// Print the completion script for a shell.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell.
    shell: clap_complete::Shell,
}

impl Completions {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "tresor", &mut script);
        Ok(std::io::stdout().write_all(&script)?)
    }
}

/// Write manual pages, one per command.
#[derive(Debug, Args)]
pub(super) struct Man {
    /// Folder for the pages, such as /usr/local/share/man/man1.
    folder: PathBuf,
}

impl Man {
    pub(super) fn run(self) -> anyhow::Result<()> {
        clap_mangen::generate_to(Cli::command(), &self.folder)
            .with_context(|| format!("cannot write manual pages to {}", self.folder.display()))
    }
}
