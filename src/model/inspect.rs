//! The findings of a look into a content: its kind, its labels, and why not all of it could be looked at.

use super::words::words;

words! {
    /// The kind of a content, in the groups that a policy decides about. A later one is judged more strictly: where a
    /// name and a content disagree, the later of both counts.
    #[derive(PartialOrd, Ord)]
    ContentKind {
        /// Plain text, also CSV and XML.
        Text = "text",
        /// A picture.
        Image = "image",
        /// Sound or film.
        AudioVideo = "audio-video",
        /// Another format that no program executes, such as a font.
        Other = "other",
        /// None of the known formats.
        Unknown = "unknown",
        /// PDF.
        Pdf = "pdf",
        /// A mail or a mailbox with mails.
        Mail = "mail",
        /// Files in a file: zip, 7z, rar, tar, cab, or one compressed file.
        Archive = "archive",
        /// A document of an office program: text, spreadsheet, slides, drawing, database.
        Office = "office",
        /// HTML or SVG, which run scripts in browsers.
        Web = "web",
        /// A notebook of OneNote, which carries files that are started by a click.
        OneNote = "onenote",
        /// An image of a disk, which hides from Windows that its files come from outside.
        DiskImage = "disk-image",
        /// A script, a shortcut, settings: files that the system interprets on a double click.
        Script = "script",
        /// A program, a library or an installer.
        Program = "program",
    }
}

words! {
    /// A fact about a content that a policy decides about or people should know, of the content itself or of any of its
    /// members.
    #[derive(PartialOrd, Ord)]
    Label {
        /// It has VBA, Basic or other macros.
        Macros = "macros",
        /// It has Excel 4 macros.
        XlmMacros = "xlm-macros",
        /// A field or a formula asks another program for data and can start it.
        Dde = "dde",
        /// It has embedded OLE objects.
        OleObject = "ole-object",
        /// It has ActiveX controls.
        ActiveX = "activex",
        /// It loads its template from elsewhere.
        ExternalTemplate = "external-template",
        /// It shows an OLE object that lies elsewhere.
        ExternalObject = "external-object",
        /// It loads pictures, frames, data or parts from elsewhere; ordinary hyperlinks do not count.
        ExternalContent = "external-content",
        /// A part is encrypted.
        Encrypted = "encrypted",
        /// It is encrypted with the password that office programs try by themselves, and was opened with it.
        StandardPassword = "standard-password",
        /// It is encrypted, and was opened with a password that a person gave.
        PasswordGiven = "password-given",
        /// A PDF with JavaScript.
        JavaScript = "javascript",
        /// A PDF that starts programs or opens other files, or slides that do.
        Launch = "launch",
        /// A PDF with files in it, other than electronic invoices.
        EmbeddedFile = "embedded-file",
        /// A PDF with an electronic invoice in it, as XML, and with no other file.
        EInvoice = "e-invoice",
        /// A PDF with a form of the XFA kind.
        Xfa = "xfa",
        /// A PDF that acts when it or a page is opened or closed.
        OpenAction = "open-action",
        /// A PDF with sound, film, or models in three dimensions.
        RichMedia = "rich-media",
        /// The name says another kind than the content.
        NameMismatch = "name-mismatch",
        /// It is two formats at once.
        Polyglot = "polyglot",
        /// The name of a member leaves its folder, or hides its ending.
        DeceptiveName = "deceptive-name",
        /// A member is a document of an office program.
        ContainsOffice = "contains-office",
        /// A member is a program.
        ContainsProgram = "contains-program",
        /// A member is a script or a shortcut.
        ContainsScript = "contains-script",
        /// A member is an image of a disk.
        ContainsDiskImage = "contains-disk-image",
        /// A member is a notebook of OneNote.
        ContainsOneNote = "contains-onenote",
        /// A member is HTML or SVG.
        ContainsWeb = "contains-web",
    }
}

words! {
    /// Why not all of a content could be looked at. Of several, the last in this order is named.
    #[derive(PartialOrd, Ord)]
    Obstacle {
        /// A part is encrypted.
        Encrypted = "encrypted",
        /// A part has a format, or a compression, that is not read here.
        UnreadableFormat = "unreadable-format",
        /// A part is not as its format demands.
        Damaged = "damaged",
        /// Two programs could read it differently.
        Ambiguous = "ambiguous",
        /// Archives in archives, too deep.
        NestedTooDeep = "nested-too-deep",
        /// It has too many members.
        TooManyMembers = "too-many-members",
        /// It grows too much when it is expanded, in relation to its length.
        Ratio = "ratio",
        /// It is too large when it is expanded.
        TooLargeExpanded = "too-large-expanded",
        /// The process that looked into it did not finish: it took too long or too much memory, or was ended.
        NotFinished = "not-finished",
    }
}

impl ContentKind {
    /// The label of a content with a member of this kind.
    pub fn as_member(self) -> Option<Label> {
        Some(match self {
            Self::Office => Label::ContainsOffice,
            Self::Program => Label::ContainsProgram,
            Self::Script => Label::ContainsScript,
            Self::DiskImage => Label::ContainsDiskImage,
            Self::OneNote => Label::ContainsOneNote,
            Self::Web => Label::ContainsWeb,
            _ => return None,
        })
    }
}
