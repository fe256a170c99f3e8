//! Ranges of bytes.

/// Bytes `start .. end` of a content, `end` excluded; never inverted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteRange {
    start: u64,
    end: u64,
}

impl ByteRange {
    /// `None` if `end` is before `start`.
    pub fn new(start: u64, end: u64) -> Option<Self> {
        (start <= end).then_some(Self { start, end })
    }

    /// The whole content of `size` bytes.
    pub fn whole(size: u64) -> Self {
        Self { start: 0, end: size }
    }

    /// Offset of the first byte.
    pub fn start(self) -> u64 {
        self.start
    }

    /// Offset after the last byte.
    pub fn end(self) -> u64 {
        self.end
    }

    /// Number of bytes.
    pub fn len(self) -> u64 {
        self.end - self.start
    }

    /// Whether it contains no bytes.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}
