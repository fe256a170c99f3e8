//! Writes files and names so that they survive a power cut, and lists directories.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::Overwrite;
use crate::model::{ContainerId, layout};

/// Writes a file anywhere, atomically and durably, with mode 0600. Meant for files outside the data directory, such
/// as the recovery identity of a first start.
pub fn write_durably(target: &Path, bytes: &[u8], overwrite: Overwrite) -> io::Result<()> {
    let temp = parent(target)?.join(format!(".{}", random_part()));
    write_via(&temp, target, bytes, overwrite)
}

/// Gives a file another name on the same file system, durably: its bytes first, then the name. Replaces a file of
/// that name. For anything but a file, such as a pipe, there are no bytes to flush.
pub fn move_durably(from: &Path, to: &Path) -> io::Result<()> {
    match open_file(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        opened => opened?.sync_all()?,
    }
    rename(from, to)?;
    sync_dir(parent(to)?)
}

/// Removes a temporary file or folder on drop, unless it was renamed to its final name.
pub(super) struct Leftover(pub(super) Option<PathBuf>);

impl Leftover {
    pub(super) fn path(&self) -> &Path {
        self.0.as_deref().unwrap_or(Path::new(""))
    }

    pub(super) fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Leftover {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // Anything that cannot be removed now is swept at the next start.
            let _ = fs::remove_file(path).or_else(|_| fs::remove_dir_all(path));
        }
    }
}

pub(super) fn write_via(temp: &Path, target: &Path, bytes: &[u8], overwrite: Overwrite) -> io::Result<()> {
    let mut file = new_file(temp)?;
    let leftover = Leftover(Some(temp.to_owned()));
    file.write_all(bytes)?;
    file.sync_all()?;
    match overwrite {
        Overwrite::Replace => {
            rename(temp, target)?;
            leftover.keep();
        }
        // A link fails if the name is taken; checking first would leave a gap for another process.
        Overwrite::Forbid => {
            fs::hard_link(temp, target)?;
            drop(leftover);
        }
    }
    sync_dir(parent(target)?)
}

/// Opens a file that only this program creates. `None` if anything else has its name, even a link to a file. It
/// never waits for the other end of a pipe, and never writes to files of other users.
pub fn open_own(options: &mut OpenOptions, path: &Path) -> io::Result<Option<File>> {
    open_regular(options, path, OFlags::NOFOLLOW)
}

/// Opens a file for reading; it may be a link. Anything but a file counts as missing.
pub(super) fn open_file(path: &Path) -> io::Result<File> {
    open_linked(OpenOptions::new().read(true), path)
}

/// Like [`open_file`], for other uses than reading.
pub(super) fn open_linked(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    open_regular(options, path, OFlags::empty())?.ok_or(io::ErrorKind::NotFound.into())
}

fn open_regular(options: &mut OpenOptions, path: &Path, flags: OFlags) -> io::Result<Option<File>> {
    // Opening a pipe waits for its other end.
    let flags = i32::try_from((flags | OFlags::NONBLOCK).bits()).unwrap_or_default();
    let file = match options.custom_flags(flags).open(path) {
        Ok(file) => file,
        // These errors mean a socket, or a pipe without a reader; a link that is not followed; a folder opened for
        // writing. For a regular file they are real errors.
        Err(error)
            if [Errno::NXIO, Errno::LOOP, Errno::ISDIR].iter().any(|errno| is(&error, *errno))
                && !fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file()) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    Ok(file.metadata()?.is_file().then_some(file))
}

fn is(error: &io::Error, errno: Errno) -> bool {
    error.raw_os_error() == Some(errno.raw_os_error())
}

pub(super) fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

pub(super) fn make_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

/// Creates missing directories and makes their entries durable.
pub(super) fn make_dirs(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = parent(path)?;
    make_dirs(parent)?;
    match make_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    sync_dir(parent)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that renames, after the fsync and before the directory's"
)]
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

pub(super) fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

pub(super) fn parent(path: &Path) -> io::Result<&Path> {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Ok(Path::new(".")),
        Some(parent) => Ok(parent),
        None => Err(io::ErrorKind::InvalidInput.into()),
    }
}

fn random_part() -> String {
    format!("{}{}", ContainerId::random(), layout::PART)
}

pub(super) fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

pub(super) fn entries(dir: &Path) -> io::Result<impl Iterator<Item = io::Result<fs::DirEntry>>> {
    match fs::read_dir(dir) {
        Ok(entries) => Ok(Some(entries).into_iter().flatten()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None.into_iter().flatten()),
        Err(error) => Err(error),
    }
}

/// The entries whose name is a `T` followed by `suffix`.
pub(super) fn parsed_entries<T: std::str::FromStr>(
    dir: &Path,
    suffix: &str,
) -> io::Result<Vec<(PathBuf, T)>> {
    let mut parsed = Vec::new();
    for entry in entries(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let stem = name.to_str().and_then(|name| name.strip_suffix(suffix));
        if let Some(value) = stem.and_then(|stem| stem.parse().ok()) {
            parsed.push((entry.path(), value));
        }
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    /// A pipe blocked the call that opened it forever; the error for a socket was unclear.
    #[test]
    fn nothing_but_a_regular_file_is_opened() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        new_file(&path("file")).unwrap();
        make_dir(&path("folder")).unwrap();
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, path("pipe"), rustix::fs::FileType::Fifo, mode, 0).unwrap();
        let _socket = UnixListener::bind(path("socket")).unwrap();
        for (link, to) in [("link", "file"), ("nowhere", "none"), ("round", "round"), ("to pipe", "pipe")] {
            symlink(path(to), path(link)).unwrap();
        }
        let reading = || OpenOptions::new().read(true).clone();
        let writing = || OpenOptions::new().create(true).write(true).truncate(false).clone();
        for mut options in [reading(), writing()] {
            assert!(open_own(&mut options, &path("file")).unwrap().is_some());
            for other in ["folder", "pipe", "socket", "link", "nowhere", "round", "to pipe"] {
                assert!(open_own(&mut options, &path(other)).unwrap().is_none(), "{other}");
            }
        }
        assert!(!path("none").exists(), "nothing is made behind a link");
        let missing = open_own(&mut reading(), &path("none")).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);

        for file in ["file", "link"] {
            open_file(&path(file)).unwrap();
        }
        for other in ["none", "folder", "pipe", "socket", "nowhere", "round", "to pipe"] {
            assert_eq!(open_file(&path(other)).unwrap_err().kind(), io::ErrorKind::NotFound, "{other}");
        }
    }
}
