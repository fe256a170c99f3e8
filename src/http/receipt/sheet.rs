//! A receipt as a document of facts and tables, in the reader's words.

use std::sync::Arc;

use crate::http::context::RequestContext;
use crate::http::refusal::Refusal;
use crate::model::{Office, Shown, Timestamp, Zone};
use crate::print::{self, Attached, Block, Cell, Document, Table};
use crate::sharing::{DownloadReceipt, Receipt, Signed};
use crate::text::{BrowseTexts, HandInTexts, Language, OfficeTexts, ReceiptTexts};

/// Name of the signed text in a PDF.
const ATTACHED: &str = "receipt.txt";
/// Path of the page that checks receipts.
pub(in crate::http) const CHECK: &str = "/check";

/// The parts of a document besides the receipt.
pub(in crate::http) struct Sheet {
    language: Language,
    zone: Zone,
    /// Names the person to ask; `None` if only the signed text is shown.
    office: Option<Arc<Office>>,
    /// Address of the page that checks receipts; empty if it is not known.
    check: String,
}

impl Sheet {
    /// For a reader of a receipt.
    pub(in crate::http) async fn of(context: RequestContext<'_>, language: Language) -> Self {
        let (zone, office) = (context.zone().await, context.services.accounts.office().await.ok());
        let check = context.origin().map(|origin| format!("{origin}{CHECK}")).unwrap_or_default();
        Self { language, zone, office, check }
    }

    /// Only the signed text.
    pub(in crate::http) fn signed_only(self) -> Self {
        Self { office: None, check: String::new(), ..self }
    }

    /// The document of a receipt with at most this number of rows.
    pub(in crate::http) fn document(&self, signed: &Signed, most: usize) -> Document {
        let texts = ReceiptTexts(self.language);
        let (title, dated, mut blocks, key) = match signed {
            Signed::HandIn(receipt) => {
                (texts.title(receipt.number), &receipt.finished, self.hand_in(receipt, most), &receipt.key)
            }
            Signed::Download(receipt) => (
                texts.download_title(receipt.number),
                &receipt.completed,
                self.download(receipt, most),
                &receipt.key,
            ),
        };
        blocks.push(Block::Text(texts.zone(self.zone.name())));
        if !self.check.is_empty() {
            blocks.push(Block::Heading(texts.check_title().to_owned()));
            blocks.push(Block::Text(texts.check_about().to_owned()));
            let address = self.check.clone();
            blocks.push(Block::Address { about: texts.code(&address), address });
        }
        // NAME+ID+KEY; the name holds no plus, the key may.
        let id = key.splitn(3, '+').take(2).collect::<Vec<_>>().join("+");
        blocks.push(Block::Facts(known(&[
            (texts.fingerprint(), Some(Shown(&id).to_string())),
            (texts.key(), Some(Shown(key).to_string())),
        ])));
        let foot = match self.language {
            Language::German => |page, pages| ReceiptTexts(Language::German).page(page, pages),
            Language::English => |page, pages| ReceiptTexts(Language::English).page(page, pages),
        };
        let dated = dated.parse().unwrap_or(Timestamp(0));
        Document { language: self.language.tag(), title, dated, blocks, attached: None, foot }
    }

    /// The document with the signed text, for a PDF.
    pub(in crate::http) fn with_note(&self, mut document: Document, note: String) -> Document {
        let texts = ReceiptTexts(self.language);
        document.blocks.push(Block::Text(texts.attached(ATTACHED)));
        if !document.blocks.iter().all(is_printable) {
            document.blocks.push(Block::Text(texts.replaced().to_owned()));
        }
        let about = texts.attached_file().to_owned();
        document.attached = Some(Attached { name: ATTACHED, about, text: note });
        document
    }

    fn hand_in(&self, receipt: &Receipt, most: usize) -> Vec<Block> {
        let (texts, words) = (ReceiptTexts(self.language), HandInTexts(self.language));
        let bytes = receipt.files.iter().map(|file| file.size).fold(0, u64::saturating_add);
        let mut facts = known(&[
            (texts.office(), receipt.office.as_deref().map(shown)),
            (words.asked_by(), receipt.asked_by.as_deref().map(shown)),
        ]);
        facts.extend(self.person());
        facts.extend(known(&[
            (texts.folder(), Some(shown(&receipt.folder)).filter(|folder| !folder.is_empty())),
            (texts.handed_in_by(), receipt.handed_in_by.as_deref().map(shown)),
            (words.deadline(), receipt.deadline.as_deref().map(|end| self.last_day(end))),
            (texts.begun(), Some(self.both(&receipt.begun))),
            (words.finished_at(), Some(self.both(&receipt.finished))),
            (words.count(), Some(self.language.files(receipt.files.len(), bytes))),
        ]));
        let mut blocks = vec![Block::Facts(facts)];
        if receipt.late {
            blocks.push(Block::Text(words.late().to_owned()));
        }
        if !receipt.complete {
            blocks.push(Block::Text(texts.left_open().to_owned()));
        }
        blocks.push(Block::Heading(texts.files_title().to_owned()));
        let files = receipt.files.iter().map(|file| {
            let item = file.item.iter().map(|item| texts.for_item(&shown(item)));
            let late =
                file.item_until.iter().filter(|_| file.late).map(|end| texts.late_item(&self.last_day(end)));
            let notes = item.chain(late).chain(file.sha256.iter().map(|digest| shown(digest))).collect();
            let name = Cell { text: shown(&file.path), notes };
            vec![name, self.language.size(file.size).into(), self.moment(&file.arrived).into()]
        });
        if receipt.files.is_empty() {
            blocks.push(Block::Text(texts.no_files().to_owned()));
        } else {
            let heads = [texts.file(), BrowseTexts(self.language).size(), words.sent_title()];
            self.table(&mut blocks, (&heads, &[62, 13, 25]), files, most);
        }
        if !receipt.refused.is_empty() {
            let rows = receipt.refused.iter().map(|file| {
                let why = Refusal::of_word(&file.reason).sentence(self.language).to_owned();
                vec![Cell { text: shown(&file.path), notes: vec![why] }, self.moment(&file.at).into()]
            });
            blocks.push(Block::Heading(texts.refused_title().to_owned()));
            let heads = [texts.refused_file(), texts.tried()];
            let left = most.saturating_sub(receipt.files.len());
            self.table(&mut blocks, (&heads, &[75, 25]), rows, left);
        }
        blocks
    }

    fn download(&self, receipt: &DownloadReceipt, most: usize) -> Vec<Block> {
        let texts = ReceiptTexts(self.language);
        let mut facts = known(&[
            (texts.office(), receipt.office.as_deref().map(shown)),
            (texts.made_by(), receipt.made_by.as_deref().map(shown)),
        ]);
        facts.extend(self.person());
        facts.extend(known(&[
            (texts.recipient(), receipt.recipient.as_deref().map(shown)),
            (texts.path(), Some(shown(&receipt.path))),
            (BrowseTexts(self.language).size(), Some(self.language.size(receipt.size))),
            (texts.digest(), receipt.sha256.as_deref().map(shown)),
            (texts.started(), Some(self.both(&receipt.begun))),
            (texts.completed(), Some(self.both(&receipt.completed))),
        ]));
        let mut blocks = vec![Block::Facts(facts), Block::Text(texts.sent_about().to_owned())];
        if let Some(count) = receipt.file_count.filter(|_| receipt.files.is_empty()) {
            blocks.push(Block::Text(texts.archive_unnamed(count)));
        }
        if !receipt.files.is_empty() {
            let rows = receipt.files.iter().map(|file| {
                let notes = file.sha256.iter().map(|digest| shown(digest)).collect();
                vec![Cell { text: shown(&file.path), notes }, self.language.size(file.size).into()]
            });
            blocks.push(Block::Heading(texts.archive_title().to_owned()));
            let heads = [texts.archived_file(), BrowseTexts(self.language).size()];
            self.table(&mut blocks, (&heads, &[84, 16]), rows, most);
        }
        blocks
    }

    /// The person to ask.
    fn person(&self) -> Vec<(String, String)> {
        let Some(office) = &self.office else { return Vec::new() };
        let some = |text: &str| Some(shown(text)).filter(|text| !text.is_empty());
        known(&[
            (ReceiptTexts(self.language).contact(), some(&office.contact)),
            (OfficeTexts(self.language).phone(), some(&office.phone)),
            (OfficeTexts(self.language).mail(), some(&office.mail)),
        ])
    }

    /// A table with at most this number of rows, and a sentence about the others.
    fn table(
        &self,
        blocks: &mut Vec<Block>,
        (heads, widths): (&[&str], &[u16]),
        rows: impl ExactSizeIterator<Item = Vec<Cell>>,
        most: usize,
    ) {
        let left_out = rows.len().saturating_sub(most);
        let heads = heads.iter().map(|head| (*head).to_owned()).collect();
        let rows: Vec<_> = rows.take(most).collect();
        if !rows.is_empty() {
            blocks.push(Block::Table(Table { heads, widths: widths.to_vec(), rows }));
        }
        if left_out > 0 {
            blocks.push(Block::Text(ReceiptTexts(self.language).more_rows(left_out)));
        }
    }

    /// A time of the signed text as the office's clocks show it; a text that is no time stays as it is.
    fn moment(&self, time: &str) -> String {
        let moment = time.parse().map(|time| self.language.moment(&self.zone, time));
        moment.unwrap_or_else(|_| shown(time))
    }

    /// The same, and in UTC.
    fn both(&self, time: &str) -> String {
        ReceiptTexts(self.language).utc(&self.moment(time), &shown(time))
    }

    /// The last day before an end.
    fn last_day(&self, end: &str) -> String {
        let day = end.parse().map(|end| self.language.day(self.zone.last_day(end)));
        day.unwrap_or_else(|_| shown(end))
    }
}

/// Those facts that there are.
fn known(facts: &[(&str, Option<String>)]) -> Vec<(String, String)> {
    let known = facts.iter().filter_map(|(name, value)| Some(((*name).to_owned(), value.clone()?)));
    known.collect()
}

/// A name of others, which cannot look like another text.
fn shown(text: &str) -> String {
    Shown(text).to_string()
}

fn is_printable(block: &Block) -> bool {
    match block {
        Block::Heading(text) | Block::Text(text) => print::is_printable(text),
        Block::Facts(facts) => facts.iter().all(|(_, value)| print::is_printable(value)),
        Block::Table(table) => table.rows.iter().flatten().all(|cell| {
            print::is_printable(&cell.text) && cell.notes.iter().all(|note| print::is_printable(note))
        }),
        Block::Address { .. } => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sharing::{FetchedFile, ReceiptFile};

    fn sheet() -> Sheet {
        Sheet { language: Language::German, zone: Zone::utc(), office: None, check: String::new() }
    }

    fn receipt(files: usize) -> Receipt {
        let file = ReceiptFile {
            path: "a.txt".to_owned(),
            size: 1,
            sha256: None,
            arrived: "no time".to_owned(),
            item: None,
            item_until: None,
            late: false,
        };
        Receipt {
            form: String::new(),
            number: 7,
            office: None,
            asked_by: None,
            folder: String::new(),
            handed_in_by: None,
            begun: "2026-11-30T12:00:00Z".to_owned(),
            finished: "2026-11-30T12:00:00Z".to_owned(),
            deadline: None,
            late: true,
            complete: false,
            files: vec![file; files],
            refused: Vec::new(),
            key: "name+id+a+b".to_owned(),
        }
    }

    fn texts(document: &Document) -> Vec<&str> {
        document
            .blocks
            .iter()
            .filter_map(|block| if let Block::Text(text) = block { Some(text.as_str()) } else { None })
            .collect()
    }

    fn rows(document: &Document) -> usize {
        let rows = |block: &Block| if let Block::Table(table) = block { table.rows.len() } else { 0 };
        document.blocks.iter().map(rows).sum()
    }

    #[test]
    fn what_is_left_out_and_what_was_late_is_said() {
        let words = ReceiptTexts(Language::German);
        for (files, most, left_out) in [(0, 3, 0), (3, 3, 0), (5, 3, 2), (5, usize::MAX, 0)] {
            let document = sheet().document(&Signed::HandIn(receipt(files)), most);
            assert_eq!(rows(&document), files - left_out);
            let texts = texts(&document);
            assert_eq!(texts.contains(&words.more_rows(left_out).as_str()), left_out > 0, "{texts:?}");
            assert_eq!(texts.contains(&words.no_files()), files == 0, "{texts:?}");
            assert!(
                texts.contains(&words.left_open()) && texts.contains(&HandInTexts(Language::German).late())
            );
        }
    }

    #[test]
    fn a_file_that_came_after_the_day_of_its_item_says_so() {
        let mut receipt = receipt(2);
        receipt.files[1].item_until = Some("2026-12-01T00:00:00Z".to_owned());
        let notes = |receipt: &Receipt| {
            let document = sheet().document(&Signed::HandIn(receipt.clone()), 9);
            let rows = document.blocks.into_iter().filter_map(|block| match block {
                Block::Table(table) => Some(table.rows),
                _ => None,
            });
            rows.flatten().map(|row| row[0].notes.join(" ")).collect::<Vec<_>>()
        };
        assert_eq!(notes(&receipt), ["", ""], "in time");
        receipt.files[1].late = true;
        let [first, second] = notes(&receipt).try_into().unwrap();
        assert!(first.is_empty() && second.contains("bis zum 30.11.2026"), "{second}");
    }

    #[test]
    fn an_archive_names_its_files_or_says_that_it_does_not() {
        let file = FetchedFile { path: "a".to_owned(), size: 1, sha256: None };
        for (files, is_named) in [(vec![file; 2], true), (Vec::new(), false)] {
            let receipt = DownloadReceipt {
                form: String::new(),
                number: 7,
                office: None,
                made_by: None,
                link: 1,
                recipient: None,
                path: "/a".to_owned(),
                size: 1,
                sha256: None,
                file_count: Some(2),
                files,
                begun: String::new(),
                completed: String::new(),
                key: String::new(),
            };
            let document = sheet().document(&Signed::Download(receipt), 9);
            assert_eq!(rows(&document), if is_named { 2 } else { 0 });
            let unnamed = ReceiptTexts(Language::German).archive_unnamed(2);
            assert_eq!(texts(&document).contains(&unnamed.as_str()), !is_named);
        }
    }
}
