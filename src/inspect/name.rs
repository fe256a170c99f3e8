//! The claim of a name about its content. It makes a judgement stricter and never milder.

use super::Inspection;
use super::notes::Notes;
use crate::model::{ContentKind, Label, Obstacle};

/// Endings by kind; several formats of one kind need no distinction here.
const ENDINGS: &[(ContentKind, &str)] = &[
    (
        ContentKind::Program,
        "exe com scr pif cpl dll sys drv ocx msi msp mst msix msixbundle appx appxbundle jar class apk deb rpm pkg dmg \
         elf so dylib gadget xll wll air efi msu",
    ),
    (
        ContentKind::Script,
        "appcontent-ms asp aspx asx bas cnt diagcfg diagpack dqy fileloc fxp grp hpj inetloc ins isp its ksh mad maf mag mam maq \
         mar mas mau mav maw mcf mobileconfig msh msh1 msh1xml msh2 msh2xml mshxml odc ops osd pcd plg prf prg printerexport \
         psdm1 pyo shb shs terminal tool udl vbp vsmacros vsw wax webpnp wvx xnk js jse mjs vbs vbe vb ps1 ps1xml ps2 psc1 psd1 psm1 bat cmd btm sh bash zsh csh fish command hta wsf wsc wsh ws sct \
         lnk url scf reg inf job desktop webloc jnlp py pyc pyw pyz rb pl php lua ahk au3 chm hlp settingcontent-ms \
         library-ms search-ms searchconnector-ms theme themepack deskthemepack appref-ms application msc xsl xslt xbap \
         diagcab rdp website iqy oqy rqy applescript scpt",
    ),
    (ContentKind::DiskImage, "iso img ima udf vhd vhdx vmdk vdi qcow qcow2 wim esd toast cdr nrg"),
    (ContentKind::OneNote, "one onetoc2 onepkg"),
    (ContentKind::Web, "html htm xhtml xht shtml svg svgz mht mhtml swf"),
    (
        ContentKind::Office,
        "doc dot docx docm dotx dotm docb wbk wiz xls xlt xlsx xlsm xlsb xltx xltm xla xlam xlw xlm ppt pps pot ppa pptx pptm \
         ppsx ppsm potx potm ppam sldx sldm pub vsd vsdx vsdm vss vst vstx mpp mda mdb mdt mdw mdz accdb accde accda mde ade adp odt ott ods \
         ots odp otp odg otg odf odb odm fodt fods fodp fodg sxw stw sxc stc sxi sti sxd sxg sxm rtf wri wps wpd wks hwp hwpx pages numbers slk xps \
         oxps dif thmx",
    ),
    (
        ContentKind::Archive,
        "zip zipx 7z rar r00 tar gz tgz bz2 tbz tbz2 xz txz zst lz lzma lz4 z cab arj ace lzh lha cpio uue uu xxe hqx bhx sit",
    ),
    (ContentKind::Mail, "eml msg mbox mbx pst ost emlx tnef p7m"),
    (ContentKind::Pdf, "pdf"),
    (ContentKind::Image, "png jpg jpeg jpe jfif gif tif tiff bmp webp heic heif avif ico psd jp2 emf wmf"),
    (
        ContentKind::AudioVideo,
        "mp3 mp4 m4a m4v mov avi mkv webm wav ogg oga ogv opus flac wma wmv aac amr mpg mpeg 3gp",
    ),
    (ContentKind::Text, "txt csv tsv log json md yaml yml"),
];

/// Characters that turn the direction of reading or are not seen: `exe.pdf` is shown for `fdp.exe`.
const HIDDEN: [char; 15] = [
    '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}',
    '\u{2069}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{feff}',
];

/// The kind that a name claims; `None` if it claims none.
pub(super) fn claimed(name: &str) -> Option<ContentKind> {
    let ending = ending(name)?;
    let claims =
        |(_, endings): &&(ContentKind, &str)| endings.split_ascii_whitespace().any(|one| one == ending);
    ENDINGS.iter().find(claims).map(|(kind, _)| *kind)
}

/// The ending of a file's name as Windows sees it, in lower case: without dots and blanks at the end and without a stream
/// of the file.
fn ending(name: &str) -> Option<String> {
    let file = name.rsplit(['/', '\\']).next()?.split(':').next()?;
    let file: String = file.chars().filter(|character| !HIDDEN.contains(character)).collect();
    let (_, ending) = file.trim_end_matches(['.', ' ', '\u{a0}']).rsplit_once('.')?;
    Some(ending.to_lowercase())
}

/// Whether a path leads out of the folder into which an archive is unpacked.
pub(super) fn leaves_its_folder(path: &str) -> bool {
    path.starts_with(['/', '\\'])
        || path.split(['/', '\\']).any(|part| part == "..")
        || path.get(1..2) == Some(":")
}

/// Takes in the name of the whole content.
pub(super) fn make_stricter(found: &mut Inspection, name: &str) {
    let mut notes = Notes::new(0);
    found.kind = stricter(found.kind, name, &mut notes);
    // One compressed file has the name before the last ending.
    if let Some((file, "gz" | "bz2" | "xz" | "z" | "zst" | "lzma")) = name.to_lowercase().rsplit_once('.')
        && let Some(label) = claimed(file).and_then(ContentKind::as_member)
    {
        notes.label(label);
    }
    found.labels.append(&mut notes.labels);
    found.obstacle = found.obstacle.max(notes.obstacle);
}

/// The stricter of the kind that was found and the one that the name claims.
pub(super) fn stricter(found: ContentKind, name: &str, notes: &mut Notes) -> ContentKind {
    if name.contains(HIDDEN) {
        notes.label(Label::DeceptiveName);
    }
    let Some(claimed) = claimed(name) else { return found };
    if !agree(claimed, found) {
        notes.label(Label::NameMismatch);
        // The program of that ending may read things in it that were not looked for.
        notes.expect(claimed < found, Obstacle::Ambiguous);
    }
    claimed.max(found)
}

/// Whether a content of one kind may have a name of the other.
fn agree(claimed: ContentKind, found: ContentKind) -> bool {
    use ContentKind::{Archive, DiskImage, Mail, Office, OneNote, Program, Script, Text, Web};
    claimed == found
        || matches!(
            (claimed, found),
            // Scripts, pages and shortcuts are texts, or HTML with another name.
            (Script | Web, Text) | (Script, Web | Office) | (Web, Mail | Script)
            // jar, apk, deb and dmg are named for what they start.
            | (Program, Archive | DiskImage) | (OneNote, Archive)
            // Signed and encrypted mails are DER.
            | (Mail, ContentKind::Unknown)
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ending_has_one_kind() {
        let mut seen = std::collections::BTreeMap::new();
        for (kind, endings) in ENDINGS {
            for ending in endings.split_ascii_whitespace() {
                assert!(ending.to_lowercase() == ending && seen.insert(ending, kind).is_none(), "{ending}");
            }
        }
    }

    #[test]
    fn names_claim_what_windows_makes_of_them() {
        for (name, kind) in [
            ("a.pdf", Some(ContentKind::Pdf)),
            ("Rechnung.pdf.EXE", Some(ContentKind::Program)),
            ("Rechnung.pdf.js ", Some(ContentKind::Script)),
            ("a.exe...", Some(ContentKind::Program)),
            ("a.exe::$DATA", Some(ContentKind::Program)),
            ("ordner.exe/brief", None),
            ("ordner\\brief.docx", Some(ContentKind::Office)),
            ("a\u{202e}fdp.exe", Some(ContentKind::Program)),
            ("a.ex\u{200b}e", Some(ContentKind::Program)),
            ("a", None),
            ("a.", None),
            ("", None),
            ("a.unbekannt", None),
        ] {
            assert_eq!(claimed(name), kind, "{name}");
        }
    }

    #[test]
    fn a_name_makes_a_kind_stricter_only() {
        use ContentKind::{Archive, Image, Office, Pdf, Program, Script, Text};
        for (found, name, kind, labels, obstacle) in [
            (Text, "a.txt", Text, &[][..], None),
            (Text, "a.js", Script, &[], None),
            (Text, "a.exe", Program, &[Label::NameMismatch], Some(Obstacle::Ambiguous)),
            (Text, "a.docx", Office, &[Label::NameMismatch], Some(Obstacle::Ambiguous)),
            (Program, "a.txt", Program, &[Label::NameMismatch], None),
            (Program, "a", Program, &[], None),
            (Office, "a.zip", Office, &[Label::NameMismatch], None),
            (Archive, "a.docx", Office, &[Label::NameMismatch], Some(Obstacle::Ambiguous)),
            (Image, "a.pdf", Pdf, &[Label::NameMismatch], Some(Obstacle::Ambiguous)),
            (Pdf, "a\u{202e}.pdf", Pdf, &[Label::DeceptiveName], None),
        ] {
            let mut notes = Notes::new(0);
            assert_eq!(stricter(found, name, &mut notes), kind, "{name}");
            assert_eq!(notes.labels.iter().copied().collect::<Vec<_>>(), labels, "{name}");
            assert_eq!(notes.obstacle, obstacle, "{name}");
        }
    }
}
