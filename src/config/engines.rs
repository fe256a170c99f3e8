//! `[[intake.engines]]`: scanners besides ClamAV's daemon.
//!
//! An error is the rest of a sentence that begins with `[intake]`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{ByteSize, Span};
use crate::scan::{
    CLAMD, Command, CommandSettings, Duty, Engine, Icap, IcapAddress, IcapSettings, MOST_SAMPLE_BYTES,
    Member, SCAN_WAIT,
};

/// Most scanners besides ClamAV's daemon. They are asked one after the other.
const MOST_ENGINES: usize = 8;
/// Longest name of a scanner, in characters.
const LONGEST_NAME: usize = 32;
/// Shortest and longest time for one content.
const TIMEOUTS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(10));

/// A scanner: a program, or an ICAP server.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RawEngine {
    /// Its name in verdicts and certificates.
    pub name: String,
    /// The program with its arguments. It reads the content from standard input, or from the path that replaces `{}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// Exit codes for a content in which nothing was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clean: Option<Vec<i32>>,
    /// Exit codes for a finding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub infected: Option<Vec<i32>>,
    /// Exit codes for a content that was not looked at as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<Vec<i32>>,
    /// The texts before and behind the name of a finding, in a line of the output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub virus: Option<(String, String)>,
    /// The program, with its arguments, that prints which signatures there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signatures: Option<Vec<String>>,
    /// The folder whose files are the signatures that the program reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub databases: Option<PathBuf>,
    /// An ICAP server and its service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icap: Option<IcapAddress>,
    /// Whether nothing is clean that it did not call clean.
    #[serde(default = "required")]
    pub required: bool,
    /// Time for one content.
    #[serde(default = "timeout")]
    pub timeout: Span,
    /// Largest content that it takes.
    #[serde(default = "max_size")]
    pub max_size: ByteSize,
}

fn required() -> bool {
    true
}

fn timeout() -> Span {
    Span(SCAN_WAIT)
}

fn max_size() -> ByteSize {
    ByteSize(MOST_SAMPLE_BYTES)
}

/// A scanner besides ClamAV's daemon.
#[derive(Clone, Debug)]
pub struct FurtherEngine {
    /// Whether its word is needed.
    pub duty: Duty,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Command(CommandSettings),
    Icap(IcapSettings),
}

impl FurtherEngine {
    /// The engine as a member of a panel.
    pub fn member(&self) -> Member {
        let engine: Arc<dyn Engine> = match &self.kind {
            Kind::Command(settings) => Arc::new(Command::new(settings.clone())),
            Kind::Icap(settings) => Arc::new(Icap::new(settings.clone())),
        };
        Member { engine, duty: self.duty, absent: None }
    }
}

/// Checks all of them together.
pub(super) fn checked(raw: Vec<RawEngine>) -> Result<Vec<FurtherEngine>, &'static str> {
    if raw.len() > MOST_ENGINES {
        return Err("engines must be at most 8");
    }
    let names: BTreeSet<&str> = raw.iter().map(|engine| engine.name.as_str()).collect();
    if names.len() < raw.len() {
        return Err("engines must have different names");
    }
    raw.into_iter().map(RawEngine::check).collect()
}

impl RawEngine {
    fn check(self) -> Result<FurtherEngine, &'static str> {
        if !is_name(&self.name) {
            return Err(
                "the name of an engine must have 1 to 32 letters, digits and hyphens, and not be 'clamd'",
            );
        }
        let (shortest, longest) = TIMEOUTS;
        if !(shortest..=longest).contains(&self.timeout.0) {
            return Err("the timeout of an engine must lie between 1s and 10m");
        }
        if self.max_size.0 == 0 || self.max_size.0 > MOST_SAMPLE_BYTES {
            return Err("the max_size of an engine must lie between 1 and 100MiB");
        }
        let duty = if self.required { Duty::Required } else { Duty::Optional };
        let kind = match (self.command.is_some(), self.icap.clone()) {
            (true, None) => Kind::Command(self.command()?),
            (false, Some(address)) => Kind::Icap(self.icap(address)?),
            _ => return Err("an engine has either command or icap"),
        };
        Ok(FurtherEngine { duty, kind })
    }

    fn command(self) -> Result<CommandSettings, &'static str> {
        let is_program =
            |words: &Vec<String>| words.first().is_some_and(|first| Path::new(first).is_absolute());
        let command = self.command.filter(is_program).ok_or(
            "the command of an engine must be a list that begins with the absolute path of a program",
        )?;
        if self.signatures.as_ref().is_some_and(|words| !is_program(words)) {
            return Err(
                "the signatures of an engine must be a list that begins with the absolute path of a program",
            );
        }
        if self.databases.as_ref().is_some_and(|folder| !folder.is_absolute()) {
            return Err("the databases of an engine must be an absolute path");
        }
        let clean = self.clean.unwrap_or_else(|| vec![0]);
        let infected = self.infected.unwrap_or_else(|| vec![1]);
        let partial = self.partial.unwrap_or_default();
        let codes = || clean.iter().chain(&infected).chain(&partial);
        if clean.is_empty() || infected.is_empty() || codes().any(|code| !(0..=255).contains(code)) {
            return Err(
                "clean and infected of an engine must each have an exit code, and all lie between 0 and 255",
            );
        }
        if codes().collect::<BTreeSet<_>>().len() < codes().count() {
            return Err("an exit code of an engine must stand in one of clean, infected and partial only");
        }
        if self.virus.as_ref().is_some_and(|(before, behind)| before.is_empty() && behind.is_empty()) {
            return Err("virus of an engine must name a text before or behind the name of a finding");
        }
        Ok(CommandSettings {
            name: self.name,
            command,
            clean,
            infected,
            partial,
            virus: self.virus,
            signatures: self.signatures,
            databases: self.databases,
            timeout: self.timeout.0,
            max_size: self.max_size.0,
        })
    }

    fn icap(self, address: IcapAddress) -> Result<IcapSettings, &'static str> {
        let is_commands = self.clean.is_some()
            || self.infected.is_some()
            || self.partial.is_some()
            || self.virus.is_some()
            || self.signatures.is_some()
            || self.databases.is_some();
        if is_commands {
            return Err(
                "clean, infected, partial, virus, signatures and databases belong to the command of an engine",
            );
        }
        let (timeout, max_size) = (self.timeout.0, self.max_size.0);
        Ok(IcapSettings { name: self.name, address, timeout, max_size })
    }
}

fn is_name(name: &str) -> bool {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(is_fine) && name != CLAMD
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<Vec<FurtherEngine>, String> {
        #[derive(Deserialize)]
        struct Engines {
            engines: Vec<RawEngine>,
        }
        let raw: Engines = toml::from_str(text).map_err(|error| error.to_string())?;
        checked(raw.engines).map_err(str::to_owned)
    }

    #[test]
    fn engines_that_are_right_are_taken() {
        let engines = check(
            "[[engines]]\nname = 'eset'\ncommand = ['/opt/scan', '{}']\ninfected = [1, 50]\npartial = [10]\n\
             virus = ['threat=\"', '\"']\nsignatures = ['/opt/scan', '-v']\ndatabases = '/var/eset'\n\
             timeout = '2m'\nmax_size = '10MiB'\nrequired = false\n\
             [[engines]]\nname = 'Other-2'\nicap = 'icap://127.0.0.1/avscan'\n",
        )
        .unwrap();
        assert_eq!(
            engines.iter().map(|engine| engine.duty).collect::<Vec<_>>(),
            [Duty::Optional, Duty::Required]
        );
        let members: Vec<Member> = engines.iter().map(FurtherEngine::member).collect();
        assert_eq!((members[0].engine.name(), members[0].engine.place()), ("eset", "/opt/scan".into()));
        let Kind::Command(settings) = &engines[0].kind else { panic!("{engines:?}") };
        assert_eq!((settings.timeout, settings.max_size), (Duration::from_mins(2), 10 << 20));
        assert_eq!((&settings.clean[..], &settings.infected[..]), (&[0][..], &[1, 50][..]));
        assert_eq!(members[1].engine.place(), "icap://127.0.0.1:1344/avscan");
    }

    #[test]
    fn engines_that_are_wrong_are_refused_by_name() {
        let long = format!("[[engines]]\nname = '{}'\ncommand = ['/a']", "a".repeat(33));
        let many = ["a", "b", "c", "d", "e", "f", "g", "h", "i"]
            .map(|name| format!("[[engines]]\nname = '{name}'\ncommand = ['/a']\n"))
            .concat();
        for (text, word) in [
            ("[[engines]]\ncommand = ['/a']", "name"),
            ("[[engines]]\nname = ''\ncommand = ['/a']", "name"),
            ("[[engines]]\nname = 'a b'\ncommand = ['/a']", "name"),
            ("[[engines]]\nname = 'a=b'\ncommand = ['/a']", "name"),
            ("[[engines]]\nname = 'clamd'\ncommand = ['/a']", "clamd"),
            (&long, "name"),
            (&many, "at most 8"),
            ("[[engines]]\nname = 'a'", "either command or icap"),
            ("[[engines]]\nname = 'a'\ncommand = ['/a']\nicap = 'icap://a/b'", "either command or icap"),
            ("[[engines]]\nname = 'a'\ncommand = []", "command"),
            ("[[engines]]\nname = 'a'\ncommand = ['scan']", "absolute path"),
            ("[[engines]]\nname = 'a'\ncommand = ['/a']\nsignatures = ['scan']", "signatures"),
            ("[[engines]]\nname = 'a'\ncommand = ['/a']\ndatabases = 'x'", "databases"),
            ("[[engines]]\nname = 'a'\ncommand = ['/a']\nclean = []", "exit code"),
            ("[[engines]]\nname = 'a'\ncommand = ['/a']\ninfected = [256]", "exit code"),
            ("[[engines]]\nname = 'a'\ncommand = ['/a']\ninfected = [0]", "one of clean"),
            ("[[engines]]\nname = 'a'\ncommand = ['/a']\npartial = [1]", "one of clean"),
            ("[[engines]]\nname = 'a'\ncommand = ['/a']\nvirus = ['', '']", "virus"),
            ("[[engines]]\nname = 'a'\ncommand = ['/a']\ntimeout = '0s'", "timeout"),
            ("[[engines]]\nname = 'a'\ncommand = ['/a']\ntimeout = '11m'", "timeout"),
            ("[[engines]]\nname = 'a'\ncommand = ['/a']\nmax_size = 0", "max_size"),
            ("[[engines]]\nname = 'a'\ncommand = ['/a']\nmax_size = '101MiB'", "max_size"),
            ("[[engines]]\nname = 'a'\ncommand = ['/a']\nshell = true", "shell"),
            ("[[engines]]\nname = 'a'\nicap = 'http://a/b'", "icap"),
            ("[[engines]]\nname = 'a'\nicap = 'icap://a/b'\nclean = [0]", "belong to the command"),
            (
                "[[engines]]\nname = 'a'\ncommand = ['/a']\n[[engines]]\nname = 'a'\ncommand = ['/b']",
                "different names",
            ),
        ] {
            let refused = check(text).unwrap_err();
            assert!(refused.contains(word), "{text}: {refused}");
        }
    }
}
