//! A mail as a document in one XML file (flat ODF) that can be printed: who wrote it, to whom, when, the names of its files
//! and its text. In German, as its reader's office writes. Only the child makes it.

use mail_parser::{Header, HeaderName, Message, MessageParser, MimeHeaders};

use super::encoded::{raw, text};

/// Most bytes of text that are shown.
const MAX_TEXT: usize = 256 << 10;
/// Most lines of text that are shown: some fifty pages.
const MAX_LINES: usize = 2_500;
/// Most files whose names are shown.
const MAX_FILES: usize = 100;
/// Most bytes of one line above the text.
const MAX_FIELD: usize = 2_000;
/// Longest document in bytes.
pub(in crate::inspect) const MAX_LETTER: u64 = 4 << 20;

const BEGIN: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"
 office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text>"#;
const END: &str = "</office:text></office:body></office:document>";

/// The fields that are shown, with the names that a German program gives them.
const FIELDS: [(HeaderName<'_>, &str); 5] = [
    (HeaderName::From, "Von"),
    (HeaderName::To, "An"),
    (HeaderName::Cc, "Kopie"),
    (HeaderName::Date, "Datum"),
    (HeaderName::Subject, "Betreff"),
];

/// The document; `None` if this is no mail.
pub(in crate::inspect) fn letter(mail: &[u8]) -> Option<String> {
    let message = MessageParser::default().parse(mail)?;
    let mut page = Page(BEGIN.to_owned());
    let headers = message.parts.first().map(|part| part.headers.as_slice()).unwrap_or_default();
    for (name, shown) in FIELDS {
        let first = headers.iter().find(|header: &&Header<'_>| header.name == name);
        let value = first.map(|header| text(raw(header, mail))).unwrap_or_default();
        if !value.trim().is_empty() {
            page.field(shown, &value);
        }
    }
    let files: Vec<_> =
        message.attachments().filter_map(MimeHeaders::attachment_name).take(MAX_FILES).collect();
    if !files.is_empty() {
        page.field("Anlagen", &files.join(", "));
    }
    page.line("");
    page.text(&message);
    page.0.push_str(END);
    Some(page.0)
}

struct Page(String);

impl Page {
    fn field(&mut self, name: &str, value: &str) {
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        let end = value.floor_char_boundary(MAX_FIELD);
        self.line(&format!("{name}: {}", value.get(..end).unwrap_or_default()));
    }

    fn text(&mut self, message: &Message<'_>) {
        let (mut bytes, mut lines) = (0, 0);
        for number in 0..message.text_body_count() {
            let Some(body) = message.body_text(number) else { continue };
            for line in body.lines() {
                (bytes, lines) = (bytes + line.len(), lines + 1);
                if bytes > MAX_TEXT || lines > MAX_LINES {
                    return self.line("[…] Der Rest steht nur in der E-Mail selbst.");
                }
                self.line(line);
            }
        }
    }

    /// A paragraph. Characters that XML cannot have are left out.
    fn line(&mut self, text: &str) {
        self.0.push_str("<text:p>");
        for c in text.trim_end().chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '\t' => self.0.push_str("<text:tab/>"),
                // Several of them would be one.
                ' ' if self.0.ends_with(' ') => self.0.push('\u{a0}'),
                '\u{fffe}' | '\u{ffff}' => {}
                c if c.is_control() => {}
                c => self.0.push(c),
            }
        }
        self.0.push_str("</text:p>\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The paragraphs of a mail's document, without the marks around them.
    fn lines(mail: &str) -> Vec<String> {
        let document = letter(mail.as_bytes()).unwrap();
        let body = document.strip_prefix(BEGIN).unwrap().strip_suffix(END).unwrap();
        body.lines().map(|line| line.replace("<text:p>", "").replace("</text:p>", "")).collect()
    }

    #[test]
    fn a_mail_is_shown_as_it_was_written() {
        let mail = "From: =?utf-8?Q?J=C3=BCrgen?= <j@example.org>\r\nTo: a@example.org\r\nSubject: A & <b>\r\n\
                    Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n1 < 2  &c.\r\n\tx\x01\r\n\
                    --b\r\nContent-Type: application/pdf; name=\"a<.pdf\"\r\n\r\nx\r\n--b--\r\n";
        assert_eq!(
            lines(mail),
            [
                "Von: Jürgen &lt;j@example.org&gt;",
                "An: a@example.org",
                "Betreff: A &amp; &lt;b&gt;",
                "Anlagen: a&lt;.pdf",
                "",
                "1 &lt; 2 \u{a0}&amp;c.",
                "<text:tab/>x",
            ]
        );
    }

    #[test]
    fn a_page_is_shown_as_text() {
        let mail =
            "Subject: a\r\nContent-Type: text/html\r\n\r\n<p>Guten <b>Tag</b></p><script>no()</script>\r\n";
        assert_eq!(lines(mail), ["Betreff: a", "", "Guten Tag"]);
    }

    #[test]
    fn a_long_mail_is_cut_and_says_so() {
        let many = lines(&format!("Subject: a\r\n\r\n{}", "x\r\n".repeat(MAX_LINES + 1)));
        assert_eq!(many.len(), MAX_LINES + 3);
        assert!(many.last().unwrap().contains("Der Rest steht nur in der E-Mail"));
        // The most that a character of a text can become.
        let wide = format!("Subject: a\r\n\r\n{}", "\t".repeat(MAX_TEXT).replace("\t\t\t\t", "\t\t\tx"));
        assert!((letter(wide.as_bytes()).unwrap().len() as u64) < MAX_LETTER);
    }
}
