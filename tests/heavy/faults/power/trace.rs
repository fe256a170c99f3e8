//! A log of strace as a list of calls on files below one directory.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

/// One call that succeeded.
#[derive(Debug)]
pub struct Call {
    /// The line where it began; its effects may be there from now on.
    pub begun: usize,
    /// The line where it ended.
    pub ended: usize,
    pub action: Action,
}

/// Paths are relative to the recorded directory; its own is empty.
#[derive(Debug)]
pub enum Action {
    /// Makes the file if there is none; empties it if asked to.
    Open {
        path: PathBuf,
        create: bool,
        truncate: bool,
    },
    Write {
        path: PathBuf,
        offset: Offset,
        bytes: Vec<u8>,
    },
    Truncate {
        path: PathBuf,
        len: u64,
    },
    /// Zeros in place of earlier bytes; the file may become longer.
    Zero {
        path: PathBuf,
        offset: u64,
        len: u64,
        keeps_size: bool,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Link {
        from: PathBuf,
        to: PathBuf,
    },
    Unlink {
        path: PathBuf,
    },
    MakeDirectory {
        path: PathBuf,
    },
    /// fsync or fdatasync.
    Sync {
        path: PathBuf,
    },
}

#[derive(Clone, Copy, Debug)]
pub enum Offset {
    At(u64),
    End,
}

#[derive(Debug)]
pub struct Trace {
    pub calls: Vec<Call>,
    /// Seconds since 1970 of each line.
    times: Vec<f64>,
}

impl Trace {
    pub fn parse(text: &str, root: &Path) -> Self {
        let mut reader = Reader { root: root.canonicalize().unwrap(), positions: HashMap::new() };
        let mut unfinished: HashMap<&str, (usize, &str)> = HashMap::new();
        let (mut calls, mut times) = (Vec::new(), Vec::new());
        for (number, line) in text.lines().enumerate() {
            let (thread, rest) = line.split_once(' ').unwrap();
            let (time, rest) = rest.trim_start().split_once(' ').unwrap();
            times.push(time.parse().unwrap());
            if let Some(start) = rest.strip_suffix(" <unfinished ...>") {
                unfinished.insert(thread, (number, start));
                continue;
            }
            let (begun, whole) = match rest.strip_prefix("<... ") {
                None => (number, rest.to_owned()),
                Some(end) => {
                    let Some((number, start)) = unfinished.remove(thread) else { continue };
                    (number, format!("{start}{}", end.split_once(" resumed>").unwrap().1))
                }
            };
            if let Some(action) = reader.action(&whole) {
                calls.push(Call { begun, ended: number, action });
            }
        }
        calls.sort_by_key(|call| call.begun);
        Self { calls, times }
    }

    pub fn lines(&self) -> usize {
        self.times.len()
    }

    /// When this line was written; for the one behind the last, the end of time.
    pub fn time_of(&self, line: usize) -> f64 {
        self.times.get(line).copied().unwrap_or(f64::INFINITY)
    }
}

struct Reader {
    root: PathBuf,
    /// Where `write` goes on, by descriptor; `None` for files opened for appending.
    positions: HashMap<String, Option<u64>>,
}

impl Reader {
    fn action(&mut self, line: &str) -> Option<Action> {
        let (call, rest) = line.split_once('(')?;
        let close = rest.rfind(") = ")?;
        let (arguments, result) = (arguments(&rest[..close]), rest[close + 4..].trim());
        if result.starts_with('-') || result.starts_with('?') {
            return None;
        }
        let argument = |at: usize| arguments.get(at).copied().unwrap_or_default();
        let number = |at: usize| parse_number(argument(at));
        Some(match call {
            "openat" | "creat" => {
                let flags = argument(2);
                let path = self.path_of(argument(0), argument(1))?;
                let is_append = flags.contains("O_APPEND");
                let descriptor = result.split('<').next().unwrap().to_owned();
                self.positions.insert(descriptor, (!is_append).then_some(0));
                let (create, truncate) = (flags.contains("O_CREAT"), flags.contains("O_TRUNC"));
                if !create && !truncate {
                    return None;
                }
                Action::Open { path, create, truncate }
            }
            "write" | "writev" => {
                let path = self.open_path(argument(0))?;
                let bytes = all_bytes(argument(1), parse_number(result));
                let descriptor = argument(0).split('<').next().unwrap();
                let offset = match self.positions.get_mut(descriptor) {
                    Some(Some(position)) => {
                        let at = *position;
                        *position += bytes.len() as u64;
                        Offset::At(at)
                    }
                    Some(None) => Offset::End,
                    None => panic!("a descriptor of unknown position: {}", &line[..line.len().min(200)]),
                };
                Action::Write { path, offset, bytes }
            }
            "pwrite64" | "pwritev" | "pwritev2" => {
                let path = self.open_path(argument(0))?;
                let bytes = all_bytes(argument(1), parse_number(result));
                let offset = if call == "pwritev2" { argument(3) } else { arguments.last().unwrap() };
                Action::Write { path, offset: Offset::At(parse_number(offset)), bytes }
            }
            "lseek" => {
                self.open_path(argument(0))?;
                let descriptor = argument(0).split('<').next().unwrap();
                self.positions.insert(descriptor.to_owned(), Some(parse_number(result)));
                return None;
            }
            "fsync" | "fdatasync" => Action::Sync { path: self.open_path(argument(0))? },
            "ftruncate" => Action::Truncate { path: self.open_path(argument(0))?, len: number(1) },
            "fallocate" => {
                let path = self.open_path(argument(0))?;
                let (mode, offset, len) = (argument(1), number(2), number(3));
                let keeps_size = mode.contains("KEEP_SIZE");
                match mode.contains("PUNCH_HOLE") || mode.contains("ZERO_RANGE") {
                    true => Action::Zero { path, offset, len, keeps_size },
                    // Allocates; the added bytes are zero.
                    false if keeps_size => return None,
                    false => Action::Zero { path, offset: offset + len, len: 0, keeps_size },
                }
            }
            "rename" => Action::Rename { from: self.named(argument(0))?, to: self.named(argument(1))? },
            "renameat" | "renameat2" => Action::Rename {
                from: self.path_of(argument(0), argument(1))?,
                to: self.path_of(argument(2), argument(3))?,
            },
            "link" => Action::Link { from: self.named(argument(0))?, to: self.named(argument(1))? },
            "linkat" => Action::Link {
                from: self.path_of(argument(0), argument(1))?,
                to: self.path_of(argument(2), argument(3))?,
            },
            "unlink" | "rmdir" => Action::Unlink { path: self.named(argument(0))? },
            "unlinkat" => Action::Unlink { path: self.path_of(argument(0), argument(1))? },
            "mkdir" => Action::MakeDirectory { path: self.named(argument(0))? },
            "mkdirat" => Action::MakeDirectory { path: self.path_of(argument(0), argument(1))? },
            "sync_file_range" => return None,
            // A change that uses another call has to add it here.
            _ => {
                self.open_path(argument(0)).or_else(|| self.named(argument(0)))?;
                panic!("a call that is not known: {call}");
            }
        })
    }

    /// The path of `33<\x2f…>`.
    fn open_path(&self, descriptor: &str) -> Option<PathBuf> {
        let (_, path) = descriptor.split_once('<')?;
        let path = String::from_utf8(unescape(path.strip_suffix('>')?)).ok()?;
        // A file without a name does not matter after a power cut.
        if path.ends_with(" (deleted)") {
            return None;
        }
        self.below(Path::new(&path))
    }

    /// The path of a quoted name, which is absolute.
    fn named(&self, quoted: &str) -> Option<PathBuf> {
        let path = PathBuf::from(String::from_utf8(quoted_bytes(quoted)?).ok()?);
        assert!(path.is_absolute(), "the server was given absolute paths: {}", path.display());
        self.below(&path)
    }

    fn path_of(&self, directory: &str, quoted: &str) -> Option<PathBuf> {
        let name = PathBuf::from(String::from_utf8(quoted_bytes(quoted)?).ok()?);
        if name.is_absolute() {
            return self.below(&name);
        }
        let (_, path) = directory.split_once('<')?;
        let directory = PathBuf::from(String::from_utf8(unescape(path.strip_suffix('>')?)).ok()?);
        self.below(&directory.join(name))
    }

    fn below(&self, path: &Path) -> Option<PathBuf> {
        let path = path.strip_prefix(&self.root).ok()?;
        let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
        assert!(is_plain, "{}", path.display());
        Some(path.to_owned())
    }
}

/// Splits at commas outside of quotes and brackets.
fn arguments(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut is_quoted, mut start) = (Vec::new(), 0, false, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            b'[' | b'{' | b'<' => depth += 1,
            b']' | b'}' | b'>' => depth -= 1,
            b',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts
}

fn parse_number(text: &str) -> u64 {
    let text = text.split([' ', '<']).next().unwrap();
    text.strip_prefix("0x")
        .map_or_else(|| text.parse(), |hex| u64::from_str_radix(hex, 16))
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The bytes of a string, or of all strings in a list of buffers, as far as they were written.
fn all_bytes(text: &str, written: u64) -> Vec<u8> {
    assert!(!text.contains("\"..."), "strace cut a string short");
    let mut bytes: Vec<u8> = text.split('"').skip(1).step_by(2).flat_map(unescape).collect();
    bytes.truncate(usize::try_from(written).unwrap());
    assert_eq!(bytes.len() as u64, written, "bytes are missing in the log");
    bytes
}

fn quoted_bytes(text: &str) -> Option<Vec<u8>> {
    Some(unescape(text.strip_prefix('"')?.strip_suffix('"')?))
}

/// `\x2f\x41`; other characters stand for themselves.
fn unescape(text: &str) -> Vec<u8> {
    let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16).unwrap()).unwrap();
    let (bytes, mut out, mut at) = (text.as_bytes(), Vec::with_capacity(text.len() / 4), 0);
    while at < bytes.len() {
        if bytes[at] == b'\\' && bytes[at + 1] == b'x' {
            out.push(digit(bytes[at + 2]) << 4 | digit(bytes[at + 3]));
            at += 4;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    out
}
