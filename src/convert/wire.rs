//! Messages between the server and a unit of systemd about a job, over a connection of its own.
//!
//! ```text
//! server  > one line of JSON, the bytes of the input
//! unit    > "ready", when the job begins: from then on a failure is the document's and not the machine's
//! unit    > one line of JSON, the bytes of the output
//! ```
//! The server believes nothing of it: a job that has taken over its unit can answer whatever it likes, as it can write
//! whatever it likes to its output anywhere else.

use std::io::{self, BufRead, Read};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::job::Bounds;

/// The job.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) script: String,
    pub(super) arguments: Vec<String>,
    /// Bytes of the input.
    pub(super) input: u64,
    pub(super) bounds: AskedBounds,
}

/// The bounds of the job, at most those of units.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AskedBounds {
    wall_ms: u64,
    cpu_seconds: u64,
    memory: u64,
    disk: u64,
    output: u64,
    processes: u64,
}

/// The outcome of a job.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Answer {
    /// There is no job, because of the machine.
    Refused {
        reason: String,
    },
    Ended {
        exit: i32,
        /// Bytes of the output.
        output: u64,
    },
    TimedOut,
    /// The output became too large.
    TooLarge,
    /// The job could not be watched.
    Lost,
}

/// Most bytes of a line. LibreOffice's profile is the longest argument, with 3 KB.
pub(super) const MAX_LINE: u64 = 64 << 10;

/// The line that says that the job begins.
pub(super) const READY: &str = "ready\n";

/// A value as a line.
pub(super) fn line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

/// The text of the next line with its end, which a line that is too long or the last one of a broken connection lacks.
pub(super) fn next_line(source: &mut impl BufRead) -> io::Result<String> {
    let mut text = String::new();
    source.take(MAX_LINE).read_line(&mut text)?;
    Ok(text)
}

/// The value that a line says.
pub(super) fn value<T: DeserializeOwned>(line: &str) -> io::Result<T> {
    let line = line.strip_suffix('\n').ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(serde_json::from_str(line)?)
}

impl AskedBounds {
    pub(super) fn of(bounds: &Bounds) -> Self {
        Self {
            wall_ms: u64::try_from(bounds.wall.as_millis()).unwrap_or(u64::MAX),
            cpu_seconds: bounds.cpu.as_secs(),
            memory: bounds.memory,
            disk: bounds.disk,
            output: bounds.output,
            processes: bounds.processes,
        }
    }

    /// These, but nothing above `most`.
    pub(super) fn within(&self, most: &Bounds) -> Bounds {
        Bounds {
            wall: most.wall.min(Duration::from_millis(self.wall_ms)),
            cpu: most.cpu.min(Duration::from_secs(self.cpu_seconds)),
            memory: most.memory.min(self.memory),
            disk: most.disk.min(self.disk),
            output: most.output.min(self.output),
            processes: most.processes.min(self.processes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_not_whole_says_nothing() {
        let read = |bytes: &[u8]| {
            next_line(&mut &*bytes)
                .and_then(|line| value::<Answer>(&line))
                .map(|answer| format!("{answer:?}"))
        };
        assert_eq!(read(b"\"timed-out\"\nx").unwrap(), "TimedOut");
        assert_eq!(read(b"{\"ended\":{\"exit\":0,\"output\":3}}\n").unwrap(), "Ended { exit: 0, output: 3 }");
        for bad in
            [&b""[..], b"\"timed-out\"", b"\n", b"\"other\"\n", b"{\"ended\":{\"exit\":0}}\n", b"\xff\n"]
        {
            read(bad).unwrap_err();
        }
        let said = b"\"timed-out\"\n";
        let most = usize::try_from(MAX_LINE).unwrap();
        let long = [&vec![b' '; most + 1 - said.len()][..], said].concat();
        read(&long).unwrap_err();
        read(&long[1..]).unwrap();
    }

    #[test]
    fn nothing_above_what_units_allow_is_given() {
        let most = Bounds::default();
        let more = Bounds { wall: most.wall * 2, cpu: most.cpu * 2, memory: u64::MAX, output: 5, ..most };
        let given = AskedBounds::of(&more).within(&most);
        assert_eq!(
            (given.wall, given.cpu, given.memory, given.output),
            (most.wall, most.cpu, most.memory, 5)
        );
    }
}
