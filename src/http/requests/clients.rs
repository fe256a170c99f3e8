//! A list of recipients as people write or export it: name, mail address, language, folder, space.

use super::table::{TableRow, rows};
use crate::accounts::parse_address;
use crate::http::requests::table::TableError;
use crate::model::EntryPath;
use crate::sharing::{MAX_RECIPIENT_NAME, WantedRecipient};
use crate::text::AskingTexts;

/// A recipient, and where the files go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Client {
    /// The line of the list, from 1; 0 for the one in fields of its own.
    pub(super) line: usize,
    pub(super) recipient: WantedRecipient,
    /// Below the folder of the form; the root if the list names none.
    pub(super) folder: EntryPath,
    /// Name of the space; empty for that of the form.
    pub(super) space: String,
}

/// A fault of a line of a list, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LineFault {
    pub(super) line: usize,
    pub(super) why: String,
}

/// A column of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Name,
    Mail,
    Language,
    Folder,
    Space,
    Other,
}

/// The columns of a list without heads.
const USUAL: [Column; 5] = [Column::Name, Column::Mail, Column::Language, Column::Folder, Column::Space];

impl Column {
    fn of(head: &str) -> Self {
        match head.to_lowercase().as_str() {
            "name" | "mandant" | "client" => Self::Name,
            "mail" | "e-mail" | "email" | "e-mail-adresse" | "mailadresse" | "email address" => Self::Mail,
            "sprache" | "language" => Self::Language,
            "ordner" | "folder" => Self::Folder,
            "bereich" | "space" => Self::Space,
            _ => Self::Other,
        }
    }
}

/// The recipients of a list, and all of its faults.
pub(super) fn clients(texts: AskingTexts, text: &str) -> (Vec<Client>, Vec<LineFault>) {
    let rows = match rows(text) {
        Ok(rows) => rows,
        Err(TableError::Quote(line)) => {
            return (Vec::new(), vec![LineFault { line, why: texts.bad_quote().to_owned() }]);
        }
        Err(TableError::TooLong) => {
            let why = texts.too_many_lines(crate::sharing::MAX_TOGETHER);
            return (Vec::new(), vec![LineFault { line: 0, why }]);
        }
    };
    let heads = rows.first().and_then(heads);
    let skipped = usize::from(heads.is_some());
    let columns = heads.unwrap_or_else(|| USUAL.to_vec());
    let (mut clients, mut faults) = (Vec::new(), Vec::new());
    for row in rows.iter().skip(skipped) {
        match client(texts, &columns, row) {
            Ok(client) => clients.push(client),
            Err(why) => faults.push(LineFault { line: row.line, why }),
        }
    }
    (clients, faults)
}

/// The columns that a first row names, if it has heads.
fn heads(row: &TableRow) -> Option<Vec<Column>> {
    let columns: Vec<_> = row.cells.iter().map(|cell| Column::of(cell)).collect();
    columns.iter().any(|column| matches!(column, Column::Name | Column::Mail)).then_some(columns)
}

fn client(texts: AskingTexts, columns: &[Column], row: &TableRow) -> Result<Client, String> {
    let cell = |wanted: Column| {
        let at = columns.iter().position(|column| *column == wanted);
        at.and_then(|at| row.cells.get(at)).map(String::as_str).unwrap_or_default()
    };
    if row.cells.len() > columns.len() {
        return Err(texts.too_many_cells(columns.len()));
    }
    // As mail programs write it: `Erika Huber <erika@example.de>`.
    let (name, mail) = match cell(Column::Name).split_once('<') {
        Some((name, rest)) if cell(Column::Mail).is_empty() => (name.trim(), rest.trim_end_matches('>')),
        _ => (cell(Column::Name), cell(Column::Mail)),
    };
    // An address alone.
    let (name, mail) = if mail.is_empty() && name.contains('@') { ("", name) } else { (name, mail) };
    let recipient = recipient(texts, name, mail, cell(Column::Language))?;
    let folder = cell(Column::Folder).trim_matches('/');
    let folder = EntryPath::parse(folder).map_err(|_| texts.bad_folder_in_line(folder))?;
    Ok(Client { line: row.line, recipient, folder, space: cell(Column::Space).to_owned() })
}

/// A recipient of these words, or their fault.
pub(super) fn recipient(
    texts: AskingTexts,
    name: &str,
    mail: &str,
    language: &str,
) -> Result<WantedRecipient, String> {
    let (name, mail) = (name.trim(), mail.trim());
    if name.chars().count() > MAX_RECIPIENT_NAME || name.chars().any(char::is_control) {
        return Err(texts.bad_name(MAX_RECIPIENT_NAME));
    }
    let mail = parse_address(mail).map_err(|_| texts.bad_mail(mail))?;
    if name.is_empty() && mail.is_empty() {
        return Err(texts.nobody().to_owned());
    }
    let language = match language.trim().to_lowercase().as_str() {
        "" | "de" | "deutsch" | "german" => "de",
        "en" | "englisch" | "english" => "en",
        _ => return Err(texts.bad_language(language.trim())),
    };
    Ok(WantedRecipient { name: name.to_owned(), mail, language: language.to_owned(), account: String::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Language;

    fn read(text: &str) -> (Vec<Client>, Vec<LineFault>) {
        clients(AskingTexts(Language::English), text)
    }

    fn told(text: &str) -> Vec<String> {
        let (clients, faults) = read(text);
        assert_eq!(faults, [], "{text}");
        let told = clients.iter().map(|client| {
            let WantedRecipient { name, mail, language, account: _ } = &client.recipient;
            format!("{}|{name}|{mail}|{language}|{}|{}", client.line, client.folder, client.space)
        });
        told.collect()
    }

    #[test]
    fn a_list_is_read_with_heads_or_without() {
        for (text, expected) in [
            ("Erika;e@x.de", &["1|Erika|e@x.de|de|/|"][..]),
            ("Erika Huber <e@x.de>\nb@x.de", &["1|Erika Huber|e@x.de|de|/|", "2||b@x.de|de|/|"]),
            ("Erika", &["1|Erika||de|/|"]),
            ("Erika;e@x.de;EN;Huber/2025/;Team", &["1|Erika|e@x.de|en|/Huber/2025|Team"]),
            ("E-Mail;Nr.;Name;Ordner\ne@x.de;17;Erika;Huber\n", &["2|Erika|e@x.de|de|/Huber|"]),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
        assert_eq!(read(""), (vec![], vec![]));
    }

    #[test]
    fn each_fault_of_a_list_is_named_with_its_line() {
        let long = "x".repeat(MAX_RECIPIENT_NAME + 1);
        let text =
            format!("A;a@x.de\nB;b@\n\n{long};c@x.de\nD;d@x.de;fr\nE;e@x.de;de;..\n;;de\nF;f@x.de;de;;;6");
        let (clients, faults) = read(&text);
        assert_eq!(clients.len(), 1);
        assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [2, 4, 5, 6, 7, 8]);
        assert_eq!(read("A;\"a").1.iter().map(|fault| fault.line).collect::<Vec<_>>(), [1]);
        let name = "x".repeat(MAX_RECIPIENT_NAME);
        assert_eq!(read(&format!("{name};c@x.de")).1, []);
    }
}
