//! Why files wait in the watched folder, in words for `tresor status`.

use std::collections::BTreeMap;

use crate::library::LibraryError;

/// Why a file waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// It was written a moment ago, or is seen for the first time.
    Settling,
    /// Others go first.
    Turn,
    Temporary,
    /// A link, pipe, socket or device.
    Special,
    HardLink,
    TooDeep,
    TooMany,
    Name,
    /// A folder of the space differs only in capitals, or a file has a folder's name.
    FolderName,
    NoSpace,
    Quota,
    Locked,
    DiskFull,
    ReadOnly,
    /// The scanner for contents.
    ScannerDown,
    Busy,
    Unreadable,
    NotRemovable,
    Failed,
}

impl Reason {
    /// The words after the number of files.
    fn words(self) -> &'static str {
        match self {
            Self::Settling => "may still be written",
            Self::Turn => "wait for their turn",
            Self::Temporary => "with the name of a temporary file",
            Self::Special => "links, pipes or devices",
            Self::HardLink => "with a second name (hard link)",
            Self::TooDeep => "in folders nested too deeply",
            Self::TooMany => "beyond the number of folders that are looked at",
            Self::Name => "with a name that cannot be stored",
            Self::FolderName => {
                "in a folder whose name is taken in the space, in other capitals or by a file"
            }
            Self::NoSpace => "not in a folder with the name of a space",
            Self::Quota => "for spaces whose quota is used up",
            Self::Locked => "for a folder that is locked",
            Self::DiskFull => "too large for the disk",
            Self::ReadOnly => "while nothing can be stored",
            Self::ScannerDown => "while the scanner does not answer",
            Self::Busy => "while the server is busy",
            Self::Unreadable => "that the server may not read",
            Self::NotRemovable => "that the server may not remove",
            Self::Failed => "that could not be stored, see the log",
        }
    }

    /// Whether it ends by itself and for all files at once, so that waiting longer each time gains nothing.
    pub(super) fn is_general(self) -> bool {
        matches!(self, Self::DiskFull | Self::ReadOnly | Self::ScannerDown | Self::Busy)
    }

    /// Whether no other file can be stored either. One that the disk has no room for may just be larger than others.
    pub(super) fn stops_all(self) -> bool {
        self.is_general() && self != Self::DiskFull
    }

    /// Why a use case refused a file.
    pub(super) fn of(error: &LibraryError) -> Self {
        match error {
            LibraryError::OverQuota | LibraryError::HistoryFull => Self::Quota,
            LibraryError::DiskFull => Self::DiskFull,
            LibraryError::ReadOnly => Self::ReadOnly,
            LibraryError::Name(_) => Self::Name,
            LibraryError::NameTaken | LibraryError::ParentMissing | LibraryError::IsFolder => {
                Self::FolderName
            }
            LibraryError::Locked { .. } => Self::Locked,
            LibraryError::NoSuchSpace => Self::NoSpace,
            LibraryError::Busy | LibraryError::Closed | LibraryError::Interrupted => Self::Busy,
            // Another content came first.
            LibraryError::Exists | LibraryError::PreconditionFailed | LibraryError::Withheld => Self::Turn,
            _ => Self::Failed,
        }
    }
}

/// Numbers of waiting files by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts(BTreeMap<Reason, u64>);

impl Counts {
    pub(super) fn add(&mut self, reason: Reason) {
        *self.0.entry(reason).or_default() += 1;
    }

    pub(super) fn add_all(&mut self, other: &Self) {
        for (reason, count) in &other.0 {
            *self.0.entry(*reason).or_default() += count;
        }
    }

    /// `waiting: 3 (2 may still be written, 1 with a second name (hard link))`; `None` if none waits.
    pub(super) fn words(&self) -> Option<String> {
        let total: u64 = self.0.values().sum();
        let each: Vec<_> =
            self.0.iter().map(|(reason, count)| format!("{count} {}", reason.words())).collect();
        (total > 0).then(|| format!("waiting: {total} ({})", each.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_files_are_counted_by_reason() {
        let mut counts = Counts::default();
        assert_eq!(counts.words(), None);
        for reason in [Reason::NoSpace, Reason::Settling, Reason::NoSpace] {
            counts.add(reason);
        }
        counts.add_all(&counts.clone());
        let expected = "waiting: 6 (2 may still be written, 4 not in a folder with the name of a space)";
        assert_eq!(counts.words().as_deref(), Some(expected));
    }
}
