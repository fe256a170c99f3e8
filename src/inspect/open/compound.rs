//! Compound files, of which single streams are read and written over.

use std::io::{Cursor, Read, Write};

use cfb::CompoundFile;

use super::Fault;

/// A compound file whose streams can be read, and written in their places.
pub(super) struct Compound {
    file: CompoundFile<Cursor<Vec<u8>>>,
    length: u64,
}

impl Compound {
    /// Fails for bytes that are no compound file.
    pub(super) fn of(content: &[u8]) -> Result<Self, Fault> {
        let file = CompoundFile::open(Cursor::new(content.to_vec())).map_err(|_| Fault::NotRead)?;
        Ok(Self { file, length: content.len() as u64 })
    }

    /// Whether the outermost folder has a stream of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.file.is_stream(format!("/{name}"))
    }

    /// Whether there is a folder of this name in it.
    pub(super) fn has_folder(&self, name: &str) -> bool {
        self.file.is_storage(format!("/{name}"))
    }

    /// A stream of the outermost folder.
    pub(super) fn read(&mut self, name: &str) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        let stream = self.file.open_stream(format!("/{name}")).map_err(|_| Fault::NotRead)?;
        // None is longer than the file.
        stream.take(self.length).read_to_end(&mut bytes).map_err(|_| Fault::NotRead)?;
        Ok(bytes)
    }

    /// Writes over a stream; its length stays.
    pub(super) fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), Fault> {
        let written = self.file.open_stream(format!("/{name}")).and_then(|mut stream| {
            stream.write_all(bytes)?;
            stream.flush()
        });
        written.map_err(|_| Fault::NotRead)
    }

    /// Removes a stream, if there is one.
    pub(super) fn remove(&mut self, name: &str) -> Result<(), Fault> {
        match self.has(name) {
            true => self.file.remove_stream(format!("/{name}")).map_err(|_| Fault::NotRead),
            false => Ok(()),
        }
    }

    /// The whole file.
    pub(super) fn into_bytes(mut self) -> Result<Vec<u8>, Fault> {
        self.file.flush().map_err(|_| Fault::NotRead)?;
        Ok(self.file.into_inner().into_inner())
    }
}
