//! Errors of conversion.

use crate::model::ByteSize;

/// Why there is no PDF of a document.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// A program is missing on this machine.
    #[error("{program} is missing (Debian package {package})")]
    ProgramMissing {
        /// Name of the program.
        program: &'static str,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// There is no sandbox: the machine forbids user namespaces, bubblewrap is too old, or the units of systemd that stand for it
    /// cannot be reached or do not start.
    #[error("the machine refuses the sandbox of the converter: {reason}")]
    SandboxRefused {
        /// Bubblewrap's message.
        reason: String,
    },
    /// The content is not of the kind that its name says, nor of another office format.
    #[error("this is not an office document")]
    NotOffice,
    /// LibreOffice cannot read the document.
    #[error("the document is damaged or of an unknown version")]
    Unreadable,
    /// The document opens with a password only.
    #[error("the document is protected with a password")]
    Encrypted,
    /// The document is too large to be converted.
    #[error("the document is larger than {limit}")]
    TooLarge {
        /// Largest document that is converted.
        limit: ByteSize,
    },
    /// The PDF became too large.
    #[error("the PDF would be larger than {limit}")]
    PdfTooLarge {
        /// Largest PDF that is kept.
        limit: ByteSize,
    },
    /// The PDF has too many pages.
    #[error("the PDF would have {pages} pages; the limit is {limit}")]
    TooManyPages {
        /// Number of its pages.
        pages: u64,
        /// Most pages that a PDF may have.
        limit: u64,
    },
    /// The PDF has no page with this number.
    #[error("the PDF has {pages} pages")]
    NoSuchPage {
        /// Number of its pages.
        pages: u32,
    },
    /// The conversion took longer than it may.
    #[error("the conversion took longer than it may")]
    TimedOut,
    /// LibreOffice ended by a fault or at a limit of memory or processes.
    #[error("the converter ended with code {exit}")]
    Crashed {
        /// Exit code of the job; 128 and more is a signal.
        exit: i32,
    },
    /// What LibreOffice made is not a PDF, or is one that can act by itself.
    #[error("the PDF was refused: {found}")]
    PdfRefused {
        /// The parts found in it.
        found: String,
    },
    /// The document cannot be read, or the job cannot be started or watched.
    #[error("the conversion cannot be carried out")]
    Io(#[from] std::io::Error),
}

impl ConvertError {
    /// Stable name of the error for programs: see docs/errors.md.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ProgramMissing { .. } => "converter-missing",
            Self::SandboxRefused { .. } => "sandbox-refused",
            Self::NotOffice => "not-an-office-document",
            Self::Unreadable => "document-unreadable",
            Self::Encrypted => "document-encrypted",
            Self::TooLarge { .. } => "document-too-large",
            Self::PdfTooLarge { .. } => "pdf-too-large",
            Self::TooManyPages { .. } => "too-many-pages",
            Self::NoSuchPage { .. } => "no-such-page",
            Self::TimedOut => "conversion-timed-out",
            Self::Crashed { .. } => "converter-crashed",
            Self::PdfRefused { .. } => "pdf-refused",
            Self::Io(_) => "conversion-failed",
        }
    }

    /// Whether the machine is the cause and not the document, so that the same document may succeed later.
    pub fn is_of_the_machine(&self) -> bool {
        matches!(self, Self::ProgramMissing { .. } | Self::SandboxRefused { .. } | Self::Io(_))
    }
}

impl From<rustix::io::Errno> for ConvertError {
    fn from(errno: rustix::io::Errno) -> Self {
        Self::Io(errno.into())
    }
}
