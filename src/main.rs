//! The `tresor` program: reads the command line, runs the command, returns its exit code.

use std::process::ExitCode;

use rustix::fs::Mode;
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit, umask,
};

fn main() -> ExitCode {
    // A process for one content gives up everything first, or was given nothing.
    if let Some(ended) = tresor::cli::run_if_child() {
        return ended;
    }
    // Files are created for this user alone, and no core file or debugger shows the keys.
    umask(Mode::RWXG | Mode::RWXO);
    // Fails only on kernels without the call; the rest of the program does not depend on it.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    raise_descriptor_limit();
    tresor::cli::Cli::of_process().run()
}

/// Connections and open containers each take a descriptor; the usual soft limit of 1,024 is a default
/// for programs that still use `select`.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    // Refused only where an administrator wants it lower; then connections are refused sooner.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}
