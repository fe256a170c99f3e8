//! A content in sealed memory, for engines that take a file descriptor.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

use super::ScanError;

/// Most bytes of a content that is scanned in one piece; they lie in memory. clamd's own default for `MaxFileSize`.
pub const MOST_SAMPLE_BYTES: u64 = 100 << 20;

/// A content that no process can change or enlarge any more, this one included. It lies in memory, has no name on any
/// disk, and is gone with the last descriptor.
#[derive(Debug)]
pub struct Sample {
    memory: OwnedFd,
    len: u64,
}

/// Takes in a content. An error of kind `FileTooLarge` says that it exceeds the bound.
#[derive(Debug)]
pub struct SampleWriter {
    memory: OwnedFd,
    len: u64,
    most: u64,
}

impl Sample {
    /// Begins a sample of up to [`MOST_SAMPLE_BYTES`].
    pub fn begin() -> Result<SampleWriter, ScanError> {
        Self::begin_within(MOST_SAMPLE_BYTES)
    }

    /// Begins a sample of up to `most` bytes.
    pub fn begin_within(most: u64) -> Result<SampleWriter, ScanError> {
        let memory = memfd_create("sample", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)
            .map_err(|error| ScanError::NoMemory(error.into()))?;
        Ok(SampleWriter { memory, len: 0, most })
    }

    /// A sample of these bytes.
    pub fn of(content: &[u8]) -> Result<Self, ScanError> {
        let mut sample = Self::begin()?;
        sample.write_all(content).map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => ScanError::TooLarge,
            _ => ScanError::NoMemory(error),
        })?;
        sample.seal()
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether it has no byte.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Reads it from the beginning.
    pub fn reader(&self) -> impl Read {
        SampleReader { sample: self, offset: 0 }
    }

    /// Fills `buffer` from `offset` on and returns the number of bytes; fewer than asked for at the end only.
    pub(super) fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        Ok(rustix::io::retry_on_intr(|| rustix::io::pread(&self.memory, &mut *buffer, offset))?)
    }
}

impl AsFd for Sample {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.memory.as_fd()
    }
}

struct SampleReader<'a> {
    sample: &'a Sample,
    offset: u64,
}

impl Read for SampleReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.sample.read_at(buffer, self.offset)?;
        self.offset += len as u64;
        Ok(len)
    }
}

impl SampleWriter {
    /// Ends the content.
    pub fn seal(self) -> Result<Sample, ScanError> {
        let Self { memory, len, .. } = self;
        fcntl_add_seals(&memory, SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL)
            .map_err(|error| ScanError::NoMemory(error.into()))?;
        Ok(Sample { memory, len })
    }
}

impl Write for SampleWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.len + bytes.len() as u64 > self.most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let written = rustix::io::retry_on_intr(|| rustix::io::write(&self.memory, bytes))?;
        self.len += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn a_sealed_sample_cannot_change() {
        let sample = Sample::of(b"content").unwrap();
        assert_eq!(rustix::io::write(&sample, b"more"), Err(Errno::PERM));
        assert_eq!(rustix::io::pwrite(&sample, b"C", 0), Err(Errno::PERM));
        assert_eq!(rustix::fs::ftruncate(&sample, 0), Err(Errno::PERM));
        assert_eq!(fcntl_add_seals(&sample, SealFlags::FUTURE_WRITE), Err(Errno::PERM));
        let mut buffer = [0; 9];
        assert_eq!(sample.read_at(&mut buffer, 0).unwrap(), 7);
        assert_eq!((&buffer[..7], sample.len()), (&b"content"[..], 7));
    }

    #[test]
    fn a_sample_has_a_bound() {
        for (bound, len, fits) in [(0, 0, true), (0, 1, false), (10, 10, true), (10, 11, false)] {
            let mut sample = Sample::begin_within(bound).unwrap();
            let outcome = sample.write_all(&vec![7; len]).map_err(|error| error.kind());
            assert_eq!(
                outcome,
                if fits { Ok(()) } else { Err(io::ErrorKind::FileTooLarge) },
                "{bound} {len}"
            );
        }
        let mut sample = Sample::begin_within(10).unwrap();
        sample.write_all(b"six...").unwrap();
        assert!(sample.write_all(b"five.").is_err());
        assert!(Sample::of(b"").unwrap().is_empty());
    }
}
