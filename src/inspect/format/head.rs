//! The header of a mail: its names, and whether a program made it.

use mail_parser::{Header, HeaderName, MessageParser};

use super::encoded::{raw, text, unfolded};
use super::parameters::{pieces, unquoted};
use crate::inspect::MailHead;

/// Values of `Precedence` that programs set.
const PRECEDENCES: [&str; 4] = ["bulk", "junk", "list", "auto_reply"];

/// Reads the header of a mail, from its first bytes.
pub(in crate::inspect) fn read(mail: &[u8]) -> MailHead {
    let Some(message) = MessageParser::default().parse_headers(mail) else { return MailHead::default() };
    let headers = message.parts.first().map(|part| part.headers.as_slice()).unwrap_or_default();
    let first = |name: &HeaderName<'_>| {
        headers.iter().find(|header| header.name == *name).map(|header| raw(header, mail))
    };
    MailHead {
        subject: first(&HeaderName::Subject).and_then(shown),
        from: first(&HeaderName::From).and_then(sender),
        is_automatic: headers.iter().any(|header| is_automatic(header, mail)),
    }
}

/// A text for people; `None` if it is empty.
fn shown(raw: &[u8]) -> Option<String> {
    let text = text(raw);
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The first mailbox of a field: its name, or else its address.
fn sender(field: &[u8]) -> Option<String> {
    let field = unfolded(field);
    let mailbox = pieces(&field, b',').into_iter().find(|piece| !piece.trim_ascii().is_empty())?;
    match pieces(mailbox, b'<').as_slice() {
        [name, address, ..] => shown(&unquoted(name))
            .or_else(|| shown(address.split(|byte| *byte == b'>').next().unwrap_or_default())),
        _ => shown(mailbox),
    }
}

/// Whether a field says that a program made the mail (RFC 3834), or that it goes to many (RFC 2369, RFC 2919).
fn is_automatic(header: &Header<'_>, mail: &[u8]) -> bool {
    let value = String::from_utf8_lossy(&unfolded(raw(header, mail))).trim().to_lowercase();
    let word = value.split([';', ' ', '\t', '(']).next().unwrap_or_default();
    match header.name().to_lowercase().as_str() {
        "auto-submitted" => word != "no",
        "precedence" => PRECEDENCES.contains(&word),
        // A notice about a mail that could not be delivered, which has no sender.
        "return-path" => word == "<>",
        "content-type" => word == "multipart/report",
        name => name.starts_with("list-"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(lines: &str) -> (Option<String>, Option<String>, bool) {
        let head = read(format!("{lines}\r\n\r\nText\r\n").as_bytes());
        (head.subject, head.from, head.is_automatic)
    }

    #[test]
    fn a_mail_is_named_by_its_header() {
        for (lines, subject, from) in [
            ("Subject: Unterlagen\r\nFrom: a@example.org", Some("Unterlagen"), Some("a@example.org")),
            ("subject:=?utf-8?Q?K=C3=BCn?=\r\n =?utf-8?Q?digung?=", Some("Kündigung"), None),
            ("Subject: \r\nFrom: <a@example.org>", None, Some("a@example.org")),
            ("From: =?iso-8859-1?Q?J=FCrgen?= Meier <a@example.org>", None, Some("Jürgen Meier")),
            ("From: \"Meier, Hans\" <a@example.org>", None, Some("Meier, Hans")),
            ("From: \"Meier \\\"H\\\" <x>\" <a@example.org>", None, Some("Meier \"H\" <x>")),
            ("From: a@example.org (Hans), b@example.org", None, Some("a@example.org (Hans)")),
            ("From: , a@example.org", None, Some("a@example.org")),
            ("From: A <a@example.org>\r\nFrom: B <b@example.org>", None, Some("A")),
            ("To: a@example.org", None, None),
            ("", None, None),
        ] {
            let (subject, from) = (subject.map(str::to_owned), from.map(str::to_owned));
            assert_eq!(head(lines), (subject, from, false), "{lines}");
        }
        let latin = read(b"Subject: K\xfcndigung\nFrom: J\xfcrgen <a@example.org>\n\n");
        assert_eq!((latin.subject.as_deref(), latin.from.as_deref()), (Some("Kündigung"), Some("Jürgen")));
        assert_eq!(read(b""), MailHead::default());
    }

    #[test]
    fn mails_by_programs_are_known() {
        for (lines, is_so) in [
            ("Auto-Submitted: auto-replied", true),
            ("Auto-Submitted: auto-generated; owner-email=\"x\"", true),
            ("AUTO-SUBMITTED: (comment) no", true),
            ("Auto-Submitted: no", false),
            ("Auto-Submitted: No (by hand)", false),
            ("Precedence: bulk", true),
            ("Precedence: first-class", false),
            ("Return-Path: <>", true),
            ("Return-Path: <a@example.org>", false),
            ("Content-Type: multipart/report; report-type=delivery-status", true),
            ("Content-Type: multipart/mixed", false),
            ("List-Id: <news.example.org>", true),
            ("List: x", false),
        ] {
            assert_eq!(head(lines).2, is_so, "{lines}");
        }
    }
}
