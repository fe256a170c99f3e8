//! LibreOffice: where it lies, how it is set up for a job, how it is called.

use std::path::{Path, PathBuf};

/// The LibreOffice of this machine.
#[derive(Debug)]
pub(super) struct LibreOffice {
    /// Its folder `program`.
    folder: PathBuf,
}

impl LibreOffice {
    /// The installation to which the program `soffice` belongs.
    pub(super) fn of_program(soffice: &Path) -> Option<Self> {
        let folder = soffice.canonicalize().ok()?.parent()?.to_owned();
        folder.join("soffice.bin").exists().then_some(Self { folder })
    }

    /// The folder to make readable, if it is not one of a distribution's packages.
    pub(super) fn own_folder(&self) -> Option<PathBuf> {
        self.folder.parent().filter(|root| !root.starts_with("/usr/lib")).map(Path::to_owned)
    }

    /// Version and build, read anew because an update may come at any time, such as `LibreOffice 7.4 40(Build:2)`.
    pub(super) fn version(&self) -> String {
        let product = self.value("bootstraprc", "ProductKey");
        [product.unwrap_or_else(|| "LibreOffice".to_owned()), self.build()].join(" ").trim_end().to_owned()
    }

    /// The arguments of [`CONVERT`] after extension and filter.
    pub(super) fn arguments(&self) -> [String; 3] {
        [self.folder.display().to_string(), profile(), self.build()]
    }

    fn build(&self) -> String {
        self.value("versionrc", "buildid").unwrap_or_default()
    }

    fn value(&self, file: &str, key: &str) -> Option<String> {
        let text = std::fs::read_to_string(self.folder.join(file)).ok()?;
        text.lines().find_map(|line| Some(line.strip_prefix(key)?.strip_prefix('=')?.trim().to_owned()))
    }
}

/// Converts the standard input to a PDF: extension, filter, LibreOffice's folder, profile, build.
///
/// `soffice.bin` is called directly: the program before it asks for `/proc`, and so does the search for its libraries.
/// A profile that was not used by this build before makes it start twice, hence the file `buildid`; should another
/// release do so nevertheless, it ends with 81 and is started again. It ends with 0 also when it could not load the
/// document.
pub(super) const CONVERT: &str = r#"
mkdir -p profile/user/extensions
printf %s "$4" >profile/user/registrymodifications.xcu
printf %s "$5" >profile/user/extensions/buildid
cat >"document.$1" || exit
export LD_LIBRARY_PATH="$3"
convert() {
    "$3/soffice.bin" --headless --norestore --nolockcheck --nodefault --nologo -env:UserInstallation=file://$PWD/profile \
        --infilter="$2" --convert-to pdf --outdir out "document.$1" </dev/null >&2
}
convert "$@"
exit=$?
if [ $exit = 81 ]; then
    convert "$@"
    exit=$?
fi
[ $exit = 0 ] || exit $exit
[ -s out/document.pdf ] || exit 90
exec cat out/document.pdf
"#;

/// Exit code of [`CONVERT`] if LibreOffice made nothing of the document.
pub(super) const NOTHING_MADE: i32 = 90;

/// Settings that differ from LibreOffice's own: group, name, value. Nothing runs, nothing is fetched, and comments and
/// hidden slides are part of the PDF, because a reader would see them in the document. Fields of forms are drawn.
const SETTINGS: [(&str, &str, &str); 13] = [
    ("Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Office.Common/Security/Scripting", "CheckDocumentEvents", "true"),
    ("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Office.Common/Security/Scripting", "ExecutePlugins", "false"),
    // In Writer 0 is never, in Calc 1 is.
    ("Office.Writer/Content/Update", "Link", "0"),
    ("Office.Calc/Content/Update", "Link", "1"),
    ("Office.Common/Filter/PDF/Export", "ExportNotes", "true"),
    ("Office.Common/Filter/PDF/Export", "ExportHiddenSlides", "true"),
    ("Office.Common/Filter/PDF/Export", "ExportFormFields", "false"),
    ("Office.Common/Filter/PDF/Export", "UseTaggedPDF", "true"),
    ("Setup/L10N", "ooLocale", "de"),
    ("Setup/L10N", "ooSetupSystemLocale", "de-DE"),
];

/// The profile: `registrymodifications.xcu`.
fn profile() -> String {
    let item = |(group, name, value): &(&str, &str, &str)| {
        format!(
            r#"<item oor:path="/org.openoffice.{group}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>"#
        )
    };
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">{}</oor:items>"#,
        SETTINGS.iter().map(item).collect::<String>()
    )
}
