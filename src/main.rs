//! The `tresor` program: reads the command line, runs the command, returns its exit code.

use std::process::ExitCode;

use clap::Parser;
use rustix::fs::Mode;
use rustix::process::{DumpableBehavior, set_dumpable_behavior, umask};

fn main() -> ExitCode {
    // Whatever is written is for this user alone, and no core file or debugger shows its keys.
    umask(Mode::RWXG | Mode::RWXO);
    // Fails only on kernels without the call; the rest of the program does not depend on it.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    tresor::cli::Cli::parse().run()
}
