//! Any scanner with a program for the command line.
//!
//! Its standard input is the content: sealed memory, from the beginning. `{}` in an argument becomes the path at which a
//! program that wants a file opens the same bytes; nothing is written to a disk. It gets no environment but a search path, no
//! shell, and a process group of its own, which is killed when it has ended or its time is over. **Its exit code alone is
//! the verdict**; of its output, only a name for its finding is taken.
//!
//! ClamAV's `clamscan` ends with 0 or 1, Sophos' `savscan` with 0 or 3, ESET's `scan` with 0, 1, 50 and 10 for
//! contents that it could not scan: so the meaning of codes is configured, and every other code is an error.

use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use data_encoding::HEXLOWER;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::retry_on_intr;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use sha2::{Digest, Sha256};

use super::signatures::{Databases, MOST_VERSION, Newest, SignatureIdentity, Signatures};
use super::{Engine, MOST_NAME, Report, SCAN_WAIT, Sample, ScanError, Verdict, cleaned};

/// Most bytes that a scanner's program may print about one content.
const MOST_OUTPUT: u64 = 256 << 10;
/// Longest time of the program that names the signatures.
const VERSION_WAIT: Duration = Duration::from_secs(20);
/// Time for which what that program said is believed: it may load all signatures to say it.
const VERSION_FOR: Duration = Duration::from_mins(1);
/// Most scans of one content, if the signatures change during each.
const MOST_ATTEMPTS: u32 = 3;
/// The text that stands for the path of the content in an argument.
const PLACE: &str = "{}";
/// The path of standard input, which is the content.
const STDIN: &str = "/proc/self/fd/0";
/// Where programs are found that are called without a path.
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A scanner's program and the meaning of its exit codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandSettings {
    /// The engine's name.
    pub name: String,
    /// The program with its arguments; at least the program.
    pub command: Vec<String>,
    /// Exit codes for a content in which nothing was found.
    pub clean: Vec<i32>,
    /// Exit codes for a finding.
    pub infected: Vec<i32>,
    /// Exit codes for a content that was not looked at as a whole.
    pub partial: Vec<i32>,
    /// The texts before and behind the name of a finding, in a line of the output.
    pub virus: Option<(String, String)>,
    /// The program, with its arguments, that prints which signatures there are.
    pub signatures: Option<Vec<String>>,
    /// The folder whose files are the signatures. The program must read them each time.
    pub databases: Option<PathBuf>,
    /// Time for one content.
    pub timeout: Duration,
    /// Largest content in bytes.
    pub max_size: u64,
}

impl CommandSettings {
    /// A program with these arguments that ends with 0 for a clean content and 1 for a finding.
    pub fn new(name: &str, command: Vec<String>) -> Self {
        Self {
            name: name.to_owned(),
            command,
            clean: vec![0],
            infected: vec![1],
            partial: Vec::new(),
            virus: None,
            signatures: None,
            databases: None,
            timeout: SCAN_WAIT,
            max_size: super::MOST_SAMPLE_BYTES,
        }
    }
}

/// An engine that is a program.
#[derive(Debug)]
pub struct Command {
    settings: CommandSettings,
    /// The last output of the program for the signatures, and its time.
    said: Mutex<Option<(Instant, String)>>,
}

/// How a program ended, and its output.
struct Ended {
    status: ExitStatus,
    output: Vec<u8>,
}

impl Command {
    /// The engine with these settings.
    pub fn new(settings: CommandSettings) -> Self {
        Self { settings, said: Mutex::new(None) }
    }

    /// One scan; `None` if the signatures changed meanwhile.
    fn attempt(&self, sample: &Sample, until: Instant) -> Result<Option<Report>, ScanError> {
        let before = self.signatures()?;
        let content = std::fs::File::open(format!("/proc/self/fd/{}", sample.as_fd().as_raw_fd()));
        let content = content.map_err(ScanError::NoMemory)?;
        let left = until.saturating_duration_since(Instant::now());
        let ended = run(&self.settings.command, content.into(), left)?;
        let verdict = self.judge(&ended)?;
        let after = self.signatures()?;
        Ok((before == after).then_some(Report { verdict, signatures: after }))
    }

    fn judge(&self, ended: &Ended) -> Result<Verdict, ScanError> {
        let Some(code) = ended.status.code() else {
            let signal = ended.status.signal().unwrap_or_default();
            return Err(ScanError::Refused(format!("it was ended by signal {signal}")));
        };
        let CommandSettings { clean, infected, partial, .. } = &self.settings;
        if infected.contains(&code) {
            return Ok(Verdict::of_name(&self.virus(&ended.output)));
        }
        if partial.contains(&code) {
            return Ok(Verdict::NotFullyScannable { reason: format!("exit code {code}") });
        }
        match clean.contains(&code) {
            true => Ok(Verdict::Clean),
            false => Err(ScanError::Refused(format!("exit code {code}"))),
        }
    }

    /// The name of a finding.
    fn virus(&self, output: &[u8]) -> String {
        let output = String::from_utf8_lossy(output);
        let name = self.settings.virus.as_ref().and_then(|(before, behind)| {
            output.lines().find_map(|line| {
                let (_, rest) = line.split_once(before.as_str())?;
                let name = if behind.is_empty() { rest } else { rest.split_once(behind.as_str())?.0 };
                Some(cleaned(name, MOST_NAME)).filter(|name| !name.is_empty())
            })
        });
        name.unwrap_or_else(|| format!("found by {}", self.settings.name))
    }

    /// The program's words about its signatures, at most [`VERSION_FOR`] old.
    fn version(&self) -> Result<String, ScanError> {
        let Some(command) = &self.settings.signatures else { return Ok(String::new()) };
        let mut said = self.said.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((at, text)) = said.as_ref()
            && at.elapsed() < VERSION_FOR
        {
            return Ok(text.clone());
        }
        *said = None;
        let Ended { status, output } = run(command, Stdio::null(), VERSION_WAIT)?;
        if !status.success() || output.is_empty() {
            return Err(ScanError::Refused(format!("{status}, asked for its signatures")));
        }
        let text = String::from_utf8_lossy(&output).into_owned();
        *said = Some((Instant::now(), text.clone()));
        Ok(text)
    }
}

impl Engine for Command {
    fn name(&self) -> &str {
        &self.settings.name
    }

    fn place(&self) -> String {
        self.settings.command.first().cloned().unwrap_or_default()
    }

    fn scan(&self, sample: &Sample) -> Result<Report, ScanError> {
        if sample.len() > self.settings.max_size {
            return Err(ScanError::TooLarge);
        }
        let until = Instant::now() + self.settings.timeout;
        for _ in 0..MOST_ATTEMPTS {
            if let Some(report) = self.attempt(sample, until)? {
                return Ok(report);
            }
        }
        Err(ScanError::Reloading)
    }

    /// A folder that cannot be read makes their age unknown.
    fn signatures(&self) -> Result<Signatures, ScanError> {
        let said = self.version()?;
        let databases = self.settings.databases.as_ref().and_then(|folder| Databases::read_all(folder).ok());
        let first = said.lines().map(|line| cleaned(line, MOST_VERSION)).find(|line| !line.is_empty());
        let version = first.unwrap_or_else(|| self.settings.name.clone());
        let digest = match &databases {
            Some(databases) => databases.digest(&said),
            None if self.settings.signatures.is_none() => String::new(),
            None => HEXLOWER.encode(&Sha256::digest(&said)).chars().take(32).collect(),
        };
        let identity = if digest.is_empty() { digest } else { format!("{version} {digest}") };
        let newest =
            databases.and_then(|databases| databases.changed()).map_or(Newest::Unknown, Newest::Built);
        Ok(Signatures { version, identity: SignatureIdentity::kept(identity), newest })
    }

    fn largest(&self) -> Option<u64> {
        Some(self.settings.max_size)
    }
}

/// Runs a program until it ends, for this time at most.
///
/// Errors: it cannot be started, it takes too long, it prints too much.
fn run(words: &[String], input: Stdio, longest: Duration) -> Result<Ended, ScanError> {
    let until = Instant::now() + longest;
    let (program, arguments) =
        words.split_first().map_or(("", words), |(first, rest)| (first.as_str(), rest));
    let mut command = std::process::Command::new(program);
    command.args(arguments.iter().map(|argument| argument.replace(PLACE, STDIN)));
    command.env_clear().env("PATH", SEARCH_PATH).env("LC_ALL", "C.UTF-8").current_dir("/").process_group(0);
    command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::null());
    let not_started = |source| ScanError::NotStarted { program: program.to_owned(), source };
    let mut group = Group::start(command).map_err(not_started)?;
    let mut output = Vec::new();
    group.wait(until, &mut output).map_err(|error| match error.kind() {
        ErrorKind::TimedOut => ScanError::TimedOut,
        ErrorKind::FileTooLarge => ScanError::NotUnderstood("it prints without end".to_owned()),
        _ => ScanError::BrokenOff(error),
    })?;
    let status = group.end().map_err(ScanError::BrokenOff)?;
    Ok(Ended { status, output })
}

/// A program and all that it starts in its process group; dropped, all of it is killed. A program that leaves its group, as
/// daemons do, is not in it.
struct Group {
    child: Child,
    pipe: ChildStdout,
    has_ended: bool,
}

impl Group {
    fn start(mut command: std::process::Command) -> io::Result<Self> {
        let mut child = command.spawn()?;
        let pipe = child.stdout.take().expect("the pipe was asked for");
        let group = Self { child, pipe, has_ended: false };
        // Processes that it leaves behind may hold the pipe open for ever.
        fcntl_setfl(&group.pipe, fcntl_getfl(&group.pipe)? | OFlags::NONBLOCK)?;
        Ok(group)
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }

    /// Kills the rest of the group, and returns how the program ended. Until it is waited for, no other group has its
    /// number.
    fn end(&mut self) -> io::Result<ExitStatus> {
        if !std::mem::replace(&mut self.has_ended, true)
            && let Some(group) = self.pid()
        {
            let _ = kill_process_group(group, Signal::KILL);
        }
        self.child.wait()
    }

    /// Waits for the program's own end, and takes in its output. An error of the kind `TimedOut` says that its time
    /// is over, `FileTooLarge` that it prints too much.
    fn wait(&mut self, until: Instant, output: &mut Vec<u8>) -> io::Result<()> {
        let pid = self.pid().ok_or(ErrorKind::NotFound)?;
        let process = pidfd_open(pid, PidfdFlags::empty())?;
        let mut is_open = true;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            let left = Timespec::try_from(left).expect("a time until then fits");
            let mut polled = vec![PollFd::new(&process, PollFlags::IN)];
            if is_open {
                polled.push(PollFd::new(&self.pipe, PollFlags::IN));
            }
            retry_on_intr(|| poll(&mut polled, Some(&left)))?;
            let has_ended = polled.first().is_some_and(|ready| !ready.revents().is_empty());
            is_open = is_open && take_in(&mut self.pipe, output)?;
            if has_ended {
                return Ok(());
            }
        }
    }
}

/// Takes in the bytes printed so far; `false` at the end.
fn take_in(pipe: &mut ChildStdout, output: &mut Vec<u8>) -> io::Result<bool> {
    let room = MOST_OUTPUT + 1 - output.len() as u64;
    let ended = match pipe.take(room).read_to_end(output) {
        Ok(_) => true,
        Err(error) if error.kind() == ErrorKind::WouldBlock => false,
        Err(error) => return Err(error),
    };
    match output.len() as u64 > MOST_OUTPUT {
        true => Err(ErrorKind::FileTooLarge.into()),
        false => Ok(!ended),
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // It fails only if nothing is left.
        let _ = self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine(settings: CommandSettings) -> Command {
        Command::new(settings)
    }

    fn shell(script: &str) -> CommandSettings {
        CommandSettings::new("test", ["/bin/sh", "-c", script].map(str::to_owned).to_vec())
    }

    fn said(settings: CommandSettings, content: &[u8]) -> String {
        match engine(settings).scan(&Sample::of(content).unwrap()) {
            Ok(report) => format!("{:?}", report.verdict),
            Err(error) => error.code().to_owned(),
        }
    }

    #[test]
    fn the_exit_code_alone_is_the_verdict() {
        let codes = |script: &str| CommandSettings {
            clean: vec![0, 7],
            infected: vec![1, 50],
            partial: vec![10],
            ..shell(script)
        };
        for (script, expected) in [
            ("exit 0", "Clean"),
            ("echo FOUND; exit 7", "Clean"),
            ("exit 1", r#"Infected { name: "found by test" }"#),
            ("exit 50", r#"Infected { name: "found by test" }"#),
            ("exit 10", r#"NotFullyScannable { reason: "exit code 10" }"#),
            ("echo OK; exit 2", "scanner-refused"),
            ("kill -9 $$", "scanner-refused"),
            ("exit 255", "scanner-refused"),
        ] {
            assert_eq!(said(codes(script), b"x"), expected, "{script}");
        }
        let absent = CommandSettings::new("test", vec!["/nowhere/scanner".to_owned()]);
        assert_eq!(said(absent, b"x"), "scanner-not-started");
    }

    #[test]
    fn the_content_is_standard_input_and_a_path() {
        let is_it = r#"test "$(cat)" = content"#;
        assert_eq!(said(shell(is_it), b"content"), "Clean");
        assert_eq!(said(shell(is_it), b"another"), r#"Infected { name: "found by test" }"#);
        let by_path = r#"test "$(cat "$0")" = content && test "$(cat)" = content"#;
        let settings = CommandSettings {
            command: ["/bin/sh", "-c", by_path, "{}"].map(str::to_owned).to_vec(),
            ..shell("")
        };
        assert_eq!(said(settings, b"content"), "Clean");
        // No variable but these, and neither can the content be changed.
        let sealed = "env | grep -v -e ^PATH= -e ^LC_ALL= -e ^PWD= -e ^SHLVL= -e ^_= -e ^OLDPWD= && exit 1; \
                      (echo more >> /proc/self/fd/0) 2>&1 && exit 1; exit 0";
        assert_eq!(said(shell(sealed), b"content"), "Clean");
    }

    #[test]
    fn a_finding_has_a_short_clean_name() {
        let named = |before: &str, behind: &str, output: &str| {
            let virus = Some((before.to_owned(), behind.to_owned()));
            let command = ["/bin/sh", "-c", "printf \"$0\"; exit 1", output].map(str::to_owned).to_vec();
            said(CommandSettings { command, virus, ..shell("") }, b"x")
        };
        let infected = |name: &str| format!("{:?}", Verdict::Infected { name: name.to_owned() });
        assert_eq!(named("stdin: ", " FOUND", "a line\\nstdin: Eicar-Test FOUND\\n"), infected("Eicar-Test"));
        assert_eq!(named(">>> Virus '", "'", ">>> Virus 'A\\033[31m  B' found in x"), infected("A[31m B"));
        assert_eq!(named("threat: ", "", "threat: A;B=C"), infected("ABC"));
        assert_eq!(named("threat: ", "", "threat:  \\n"), infected("found by test"));
        assert_eq!(named("threat: ", " FOUND", "threat: A"), infected("found by test"));
        let long = named("", "", &"A".repeat(1_000));
        assert_eq!(long, infected(&"A".repeat(MOST_NAME)));
        let encrypted = named("", " FOUND", "Heuristics.Encrypted.Zip FOUND");
        assert_eq!(encrypted, "Encrypted");
    }

    #[test]
    fn what_prints_too_much_or_is_too_large_has_no_verdict() {
        assert_eq!(said(shell("yes; exit 0"), b"x"), "scanner-not-understood");
        let most = format!("head -c {MOST_OUTPUT} /dev/zero; exit 0");
        assert_eq!(said(shell(&most), b"x"), "Clean");
        let more = format!("head -c {} /dev/zero; exit 0", MOST_OUTPUT + 1);
        assert_eq!(said(shell(&more), b"x"), "scanner-not-understood");
        for (size, expected) in [(3, "Clean"), (4, "too-large-to-scan")] {
            let settings = CommandSettings { max_size: 3, ..shell("exit 0") };
            assert_eq!(said(settings, &vec![0; size]), expected);
        }
    }

    /// Waits until no process has this word in its command line.
    fn is_gone(word: &str) -> bool {
        let is_running = || {
            let processes = std::fs::read_dir("/proc").unwrap().flatten();
            let mut lines =
                processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
            lines.any(|line| String::from_utf8_lossy(&line).contains(word))
        };
        let until = Instant::now() + Duration::from_secs(30);
        while Instant::now() < until {
            if !is_running() {
                return true;
            }
            std::thread::yield_now();
        }
        false
    }

    /// A time that no other program sleeps for.
    fn own_time(number: u32) -> String {
        format!("{}.{number}", 100_000_000 + std::process::id())
    }

    #[test]
    fn a_program_that_hangs_is_killed_with_all_that_it_started() {
        let time = own_time(1);
        let script = format!("sleep {time} & (sleep {time}; sleep {time}) & sleep {time}");
        let settings = CommandSettings { timeout: Duration::from_millis(300), ..shell(&script) };
        assert_eq!(said(settings, b"x"), "scanner-timed-out");
        assert!(is_gone(&time));
    }

    #[test]
    fn what_a_program_leaves_behind_ends_with_it() {
        let time = own_time(2);
        // It holds standard output open.
        let script = format!("sleep {time} & exit 0");
        assert_eq!(said(shell(&script), b"x"), "Clean");
        assert!(is_gone(&time));
    }

    #[test]
    fn signatures_are_known_by_a_program_a_folder_or_not_at_all() {
        let signatures = |settings| engine(settings).signatures().unwrap();
        let none = signatures(shell("exit 0"));
        assert_eq!((none.identity.as_str(), none.newest), ("", Newest::Unknown));

        let program = |script: &str| CommandSettings {
            signatures: Some(["/bin/sh", "-c", script].map(str::to_owned).to_vec()),
            ..shell("exit 0")
        };
        let (one, other) =
            (signatures(program("printf '\\n Scan  1;2\\nb'")), signatures(program("echo Scan 12")));
        assert_eq!((one.version.as_str(), one.newest), ("Scan 12", Newest::Unknown));
        assert_ne!(one.identity, other.identity);
        for script in ["exit 0", "echo Scan 1; exit 3"] {
            let error = engine(program(script)).signatures().unwrap_err();
            assert_eq!(error.code(), "scanner-refused", "{script}");
        }

        let folder = tempfile::tempdir().unwrap();
        let with_folder =
            || CommandSettings { databases: Some(folder.path().to_owned()), ..program("echo Scan 12") };
        assert_eq!(signatures(with_folder()).newest, Newest::Unknown);
        let _first = tempfile::NamedTempFile::new_in(folder.path()).unwrap();
        let dated = signatures(with_folder());
        assert!(matches!(dated.newest, Newest::Built(_)), "{dated:?}");
        let _second = tempfile::NamedTempFile::new_in(folder.path()).unwrap();
        assert_ne!(signatures(with_folder()).identity, dated.identity);
        let gone = CommandSettings { databases: Some("/nowhere".into()), ..program("echo Scan 12") };
        assert_eq!(signatures(gone).newest, Newest::Unknown);
    }

    #[test]
    fn signatures_that_change_during_every_scan_give_no_verdict() {
        let folder = tempfile::tempdir().unwrap();
        let script = format!("mktemp -p {} >&2; exit 0", folder.path().display());
        let settings = CommandSettings { databases: Some(folder.path().to_owned()), ..shell(&script) };
        assert_eq!(said(settings, b"x"), "scanner-reloading");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
