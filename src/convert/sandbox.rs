//! Where jobs run, so that they can reach nothing else: in bubblewrap, or each in a unit of systemd.

use std::fs::File;

use super::bubblewrap::Bubblewrap;
use super::error::ConvertError;
use super::job::{Bounds, Ended};
use super::unit::Unit;

/// Runs jobs, each in a sandbox of its own.
#[derive(Debug)]
pub(super) struct Sandbox {
    way: Way,
    bounds: Bounds,
}

/// The way in which the sandbox is made.
#[derive(Debug)]
pub(super) enum Way {
    /// The server itself, out of namespaces.
    Bubblewrap(Bubblewrap),
    /// systemd, for a server that may make no namespaces.
    Unit(Unit),
}

impl Sandbox {
    pub(super) fn new(way: Way, bounds: Bounds) -> Self {
        Self { way, bounds }
    }

    /// Runs `script` with `args` as `$1` and so on, `input` as its standard input and a folder in memory as its own.
    pub(super) fn run(&self, script: &str, args: &[&str], input: &File) -> Result<Ended, ConvertError> {
        self.run_within(&self.bounds, script, args, input)
    }

    /// The same within other bounds.
    pub(super) fn run_within(
        &self,
        bounds: &Bounds,
        script: &str,
        args: &[&str],
        input: &File,
    ) -> Result<Ended, ConvertError> {
        match &self.way {
            Way::Bubblewrap(bubblewrap) => bubblewrap.run(bounds, script, args, input),
            Way::Unit(unit) => unit.run(bounds, script, args, input),
        }
    }

    /// The bounds of a job by default.
    pub(super) fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Whether this process makes namespaces.
    pub(super) fn needs_namespaces(&self) -> bool {
        matches!(self.way, Way::Bubblewrap(_))
    }

    /// The tool that makes the sandbox, in a word or two.
    pub(super) fn name(&self) -> &'static str {
        match self.way {
            Way::Bubblewrap(_) => "bubblewrap",
            Way::Unit(_) => "a unit of systemd",
        }
    }
}
