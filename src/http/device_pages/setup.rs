//! The values that a person enters on a device, for each program. None is secret.

use maud::{Markup, html};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::http::desk::Desk;
use crate::http::page::copied::value;
use crate::http::page::note;
use crate::text::DeviceTexts;

/// The address of the certificate that the server issued itself.
pub(in crate::http) const CERTIFICATE: &str = "/account/devices/certificate";

/// Characters of a user name that cannot stand in the address of a person (RFC 3986 3.2.1), or that a shell reads.
const IN_ADDRESS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'$')
    .add(b'%')
    .add(b'&')
    .add(b'\'')
    .add(b'(')
    .add(b')')
    .add(b'*')
    .add(b';')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'@')
    .add(b'[')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b'~');

/// A way to show the files: its name, and the steps.
struct Way {
    name: &'static str,
    about: &'static str,
    /// Values to copy, with a remark about each.
    values: Vec<(Option<&'static str>, String)>,
    after: Option<&'static str>,
}

/// The values for this person, at the address by which the browser reached the server.
pub(in crate::http) fn setup(desk: &Desk<'_>) -> Markup {
    let texts = DeviceTexts(desk.language);
    let (services, origin) = (desk.context.services, desk.origin());
    let own = services.health.own_certificate();
    html! {
        p { (texts.setup_about()) }
        @if !desk.context.info.secure { (note(texts.not_encrypted())) }
        section {
            h2 { (texts.for_all()) }
            (value(desk.language, texts.webdav_address(), &format!("{origin}/dav/")))
            (value(desk.language, texts.nextcloud_address(), &origin))
            (value(desk.language, texts.name(), desk.name()))
            @if let Some(fingerprint) = &own {
                p { (texts.own_certificate()) }
                p { code.fingerprint { (fingerprint) } }
                p { (texts.own_certificate_windows()) }
                p { a href=(CERTIFICATE) download { (texts.own_certificate_fetch()) } }
            }
        }
        @for way in ways(texts, &origin, desk.name()) {
            section {
                h2 { (way.name) }
                p { (way.about) }
                @for (about, line) in &way.values {
                    @if let Some(about) = about { p { (about) } }
                    (value(desk.language, if is_address(line) { texts.place() } else { texts.command() }, line))
                }
                @if let Some(after) = way.after { p.where { (after) } }
            }
        }
    }
}

fn ways(texts: DeviceTexts, origin: &str, user: &str) -> Vec<Way> {
    let (scheme, host) = origin.split_once("://").unwrap_or(("https", origin));
    let secure = if scheme == "https" { "s" } else { "" };
    let encoded = utf8_percent_encode(user, IN_ADDRESS).to_string();
    let simple = |name, about, line: String| Way { name, about, values: vec![(None, line)], after: None };
    let plain = |name, about| Way { name, about, values: Vec::new(), after: None };
    vec![
        plain("Finder (macOS)", texts.finder()),
        Way {
            name: "Explorer (Windows)",
            about: texts.explorer(),
            values: vec![
                (None, format!("net use * {origin}/dav/ * /user:\"{user}\" /persistent:yes")),
                (
                    Some(texts.explorer_large()),
                    r"reg add HKLM\SYSTEM\CurrentControlSet\Services\WebClient\Parameters /v FileSizeLimitInBytes /t REG_DWORD /d 0xffffffff /f".to_owned(),
                ),
            ],
            after: None,
        },
        plain("Nextcloud", texts.nextcloud()),
        simple("GNOME", texts.gnome(), format!("dav{secure}://{encoded}@{host}/dav/")),
        simple("Dolphin (KDE)", texts.dolphin(), format!("webdav{secure}://{encoded}@{host}/dav/")),
        Way {
            name: "davfs2 (Linux)",
            about: texts.davfs2(),
            values: vec![(None, format!("mount -t davfs {origin}/dav/ /mnt"))],
            after: Some(texts.davfs2_cache()),
        },
        Way {
            name: "rclone",
            about: texts.rclone(),
            values: vec![
                (
                    None,
                    format!(
                        "rclone config create office webdav url {origin}/remote.php/dav/files/{encoded} vendor nextcloud user {}",
                        quoted(user)
                    ),
                ),
                (None, "rclone config password office pass".to_owned()),
            ],
            after: None,
        },
    ]
}

/// Whether a line is an address, and no command.
fn is_address(line: &str) -> bool {
    !line.contains(' ')
}

/// A word for a POSIX shell (POSIX.1-2017, XCU 2.2.2).
fn quoted(word: &str) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "._-".contains(char);
    match word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Language;

    #[test]
    fn names_stay_one_word_in_commands_and_one_part_of_an_address() {
        assert_eq!(quoted("anna.k"), "anna.k");
        assert_eq!(quoted("Jürgen O'Neil; rm"), r"'Jürgen O'\''Neil; rm'");
        let ways = ways(DeviceTexts(Language::English), "https://files.example.org:8443", "Jürgen K. @x");
        let lines: Vec<_> = ways.iter().flat_map(|way| &way.values).map(|(_, line)| line.as_str()).collect();
        assert!(lines.contains(&"davs://J%C3%BCrgen%20K.%20%40x@files.example.org:8443/dav/"), "{lines:#?}");
        assert!(
            lines.contains(
                &"rclone config create office webdav url https://files.example.org:8443/remote.php/dav/files/\
                  J%C3%BCrgen%20K.%20%40x vendor nextcloud user 'Jürgen K. @x'"
            ),
            "{lines:#?}"
        );
    }
}
