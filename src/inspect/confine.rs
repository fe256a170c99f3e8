//! Takes everything from this process but memory, its standard input and the pipe for its answer.

use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, Scope};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, nice, set_dumpable_behavior, setrlimit, setsid,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

/// Most bytes of address space: the program, a content, and what it expands to.
const MAX_ADDRESS_SPACE: u64 = 512 << 20;

/// Most seconds of computing.
const MAX_CPU_SECONDS: u64 = 20;

/// Limits of the process, besides its memory and its time. A descriptor more than the three that it has, a file of any
/// length, a further process: it has no use for them.
const NOTHING_OF: [Resource; 4] = [Resource::Nofile, Resource::Fsize, Resource::Nproc, Resource::Core];

/// The newest Landlock that is asked for; of an older one in the kernel, as much as there is.
const LANDLOCK: ABI = ABI::V6;

/// System calls with any arguments.
const ALLOWED: [i64; 16] = [
    libc::SYS_read,
    libc::SYS_pread64,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_close,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_brk,
    libc::SYS_madvise,
    libc::SYS_futex,
    libc::SYS_getrandom,
    // Only where the machine cannot tell the time without it.
    libc::SYS_clock_gettime,
    libc::SYS_sigaltstack,
    libc::SYS_rt_sigreturn,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// Confines this process for good. Errors: something is missing on this machine, and nothing may be parsed.
pub(super) fn confine() -> Result<(), Box<dyn std::error::Error>> {
    // Fails only for the leader of a group, which a child of the server is not.
    let _ = setsid();
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    // Requests come first; systemd may have forbidden to say so.
    let _ = nice(5);
    // Kernels without Landlock, or with it switched off, leave the work to the two others.
    Ruleset::default()
        .handle_access(AccessFs::from_all(LANDLOCK))?
        .handle_access(AccessNet::from_all(LANDLOCK))?
        .scope(Scope::from_all(LANDLOCK))?
        .create()?
        .restrict_self()?;
    limit(Resource::As, MAX_ADDRESS_SPACE)?;
    limit(Resource::Cpu, MAX_CPU_SECONDS)?;
    for resource in NOTHING_OF {
        limit(resource, 0)?;
    }
    // It also forbids new rights by programs with more of them.
    seccompiler::apply_filter(&filter()?)?;
    Ok(())
}

/// A limit that the server itself is under cannot be raised.
fn limit(resource: Resource, wanted: u64) -> rustix::io::Result<()> {
    let most = wanted.min(getrlimit(resource).maximum.unwrap_or(u64::MAX));
    setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
}

/// Kills the process for any other system call.
fn filter() -> Result<BpfProgram, Box<dyn std::error::Error>> {
    let is = |argument, operator, value| {
        SeccompRule::new(vec![SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)?])
    };
    let no_code = || is(2, SeccompCmpOp::MaskedEq(PROT_EXEC), 0);
    let mut rules: std::collections::BTreeMap<_, _> = ALLOWED.iter().map(|call| (*call, vec![])).collect();
    rules.insert(libc::SYS_mmap, vec![no_code()?]);
    rules.insert(libc::SYS_mprotect, vec![no_code()?]);
    rules.insert(libc::SYS_write, vec![is(0, SeccompCmpOp::Eq, 1)?, is(0, SeccompCmpOp::Eq, 2)?]);
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::KillProcess,
        SeccompAction::Allow,
        std::env::consts::ARCH.try_into()?,
    )?;
    Ok(filter.try_into()?)
}

/// Memory that can be executed.
const PROT_EXEC: u64 = 4;
