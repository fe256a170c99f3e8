//! The layout of the pages, and their reading order.

use qrcode::{Color, QrCode};

use super::face::{lines, width};
use super::{Block, Cell, Document, Table};

/// Width and height of a page: A4, in points.
pub(super) const PAGE: (f32, f32) = (595.276, 841.89);
/// White space at the left and right of a page, in points.
const MARGIN: f32 = 56.0;
/// The first line of a page, and the last one, from the top, in points.
const TOP: f32 = 56.0;
const BOTTOM: f32 = 780.0;
/// Where the words below a page stand, from the top, in points.
const FOOT: f32 = 806.0;
/// Sizes of the font, in points.
const TITLE: f32 = 17.0;
const HEADING: f32 = 12.5;
const BODY: f32 = 9.5;
const SMALL: f32 = 7.5;
/// Height of a line as a multiple of the font's size.
const LEADING: f32 = 1.36;
/// Width of the names of facts, in points: a SHA-256 beside them fits on one line.
const NAMES: f32 = 130.0;
/// Space between columns, in points.
const GAP: f32 = 8.0;
/// Side of a QR code, in points.
const CODE: f32 = 72.0;

/// A document as pages.
#[derive(Debug, Default)]
pub(super) struct Laid {
    pub(super) pages: Vec<Vec<Piece>>,
    /// How it reads.
    pub(super) tree: Vec<Branch>,
    /// The headings, with page and height.
    pub(super) headings: Vec<(String, usize, f32)>,
    /// Number of the leaves of the tree.
    pub(super) leaves: usize,
}

/// Something on a page. Without a leaf it is an ornament that is not read.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// Left end; of a text, of its baseline.
    pub(super) at: (f32, f32),
    pub(super) shape: Shape,
    pub(super) leaf: Option<usize>,
}

#[derive(Clone, Debug)]
pub(super) enum Shape {
    Text {
        text: String,
        size: f32,
        is_strong: bool,
    },
    /// A line of this width.
    Rule(f32),
    /// A QR code: the side of a module, and the dark ones by column and row.
    Code(f32, Vec<(u16, u16)>),
    /// An area of this width and height that opens an address.
    Link(f32, f32, String),
}

/// A part of the tree that readers follow.
#[derive(Debug)]
pub(super) struct Branch {
    pub(super) kind: Kind,
    pub(super) parts: Vec<Part>,
}

#[derive(Debug)]
pub(super) enum Part {
    Leaf(usize),
    Branch(Branch),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Heading(u16, String),
    Paragraph,
    Table,
    Head,
    Body,
    Row,
    ColumnHead,
    RowHead,
    Cell,
    Figure(String),
    Link,
}

impl Branch {
    fn new(kind: Kind) -> Self {
        Self { kind, parts: Vec::new() }
    }

    fn of(kind: Kind, parts: Vec<Branch>) -> Self {
        Self { kind, parts: parts.into_iter().map(Part::Branch).collect() }
    }
}

/// Where the next line goes.
struct Pen {
    laid: Laid,
    y: f32,
}

/// Lines of one size.
struct Lines {
    texts: Vec<String>,
    size: f32,
    is_strong: bool,
}

impl Lines {
    fn new(text: &str, size: f32, most: f32) -> Self {
        Self { texts: lines(text, size, most), size, is_strong: false }
    }

    fn strong(self) -> Self {
        Self { is_strong: true, ..self }
    }

    #[expect(clippy::cast_precision_loss, reason = "a paragraph has few lines")]
    fn height(&self) -> f32 {
        self.texts.len() as f32 * self.size * LEADING
    }
}

/// Lays a document out.
pub(super) fn lay_out(document: &Document) -> Laid {
    let mut pen = Pen { laid: Laid::default(), y: TOP };
    pen.laid.pages.push(Vec::new());
    pen.heading(1, &document.title, TITLE);
    for block in &document.blocks {
        match block {
            Block::Heading(text) => pen.heading(2, text, HEADING),
            Block::Text(text) => pen.paragraph(text),
            Block::Facts(facts) => pen.facts(facts),
            Block::Table(table) => pen.table(table),
            Block::Address { address, about } => pen.address(address, about),
        }
    }
    pen.feet(document);
    pen.laid
}

/// From the left to the right margin.
fn whole() -> f32 {
    PAGE.0 - 2.0 * MARGIN
}

impl Pen {
    fn page(&self) -> usize {
        self.laid.pages.len() - 1
    }

    fn put(&mut self, at: (f32, f32), shape: Shape, leaf: Option<usize>) {
        if let Some(page) = self.laid.pages.last_mut() {
            page.push(Piece { at, shape, leaf });
        }
    }

    fn leaf(&mut self) -> usize {
        self.laid.leaves += 1;
        self.laid.leaves - 1
    }

    /// Begins a page unless this height is left.
    fn need(&mut self, height: f32) -> bool {
        let is_full = self.y + height > BOTTOM && self.y > TOP;
        if is_full {
            self.laid.pages.push(Vec::new());
            self.y = TOP;
        }
        is_full
    }

    /// Draws lines below each other; the leaves if they are read.
    fn lines_at(&mut self, at: (f32, f32), lines: &Lines, is_read: bool) -> Vec<Part> {
        let (x, mut y) = at;
        let mut leaves = Vec::new();
        for text in &lines.texts {
            let leaf = is_read.then(|| self.leaf());
            let shape = Shape::Text { text: text.clone(), size: lines.size, is_strong: lines.is_strong };
            self.put((x, y + lines.size), shape, leaf);
            leaves.extend(leaf.map(Part::Leaf));
            y += lines.size * LEADING;
        }
        leaves
    }

    fn heading(&mut self, level: u16, text: &str, size: f32) {
        let lines = Lines::new(text, size, whole()).strong();
        if self.y > TOP {
            self.y += size;
        }
        // Not alone at the end of a page.
        self.need(lines.height() + 5.0 * BODY * LEADING);
        self.laid.headings.push((lines.texts.concat(), self.page(), self.y));
        let parts = self.lines_at((MARGIN, self.y), &lines, true);
        self.laid.tree.push(Branch { kind: Kind::Heading(level, text.to_owned()), parts });
        self.y += lines.height() + size * 0.4;
    }

    fn paragraph(&mut self, text: &str) {
        let lines = Lines::new(text, BODY, whole());
        self.need(lines.height());
        let parts = self.lines_at((MARGIN, self.y), &lines, true);
        self.laid.tree.push(Branch { kind: Kind::Paragraph, parts });
        self.y += lines.height() + BODY * 0.6;
    }

    /// Names and values, read as a table whose rows have heads.
    fn facts(&mut self, facts: &[(String, String)]) {
        let mut rows = Vec::new();
        for (name, value) in facts {
            let name = Lines::new(name, BODY, NAMES - GAP);
            let value = Lines::new(value, BODY, whole() - NAMES);
            let height = name.height().max(value.height());
            self.need(height);
            let head = self.lines_at((MARGIN, self.y), &name, true);
            let cell = self.lines_at((MARGIN + NAMES, self.y), &value, true);
            let head = Branch { kind: Kind::RowHead, parts: head };
            let cell = Branch { kind: Kind::Cell, parts: cell };
            rows.push(Branch::of(Kind::Row, vec![head, cell]));
            self.y += height + BODY * 0.25;
        }
        self.laid.tree.push(Branch::of(Kind::Table, vec![Branch::of(Kind::Body, rows)]));
        self.y += BODY * 0.6;
    }

    fn table(&mut self, table: &Table) {
        let columns = columns(&table.widths);
        let head: Vec<_> = table
            .heads
            .iter()
            .zip(&columns)
            .map(|(text, (_, wide))| Lines::new(text, SMALL, *wide).strong())
            .collect();
        let mut head_row = Branch::new(Kind::Row);
        for (number, (lines, (x, _))) in head.iter().zip(&columns).enumerate() {
            if number == 0 {
                self.need(head_height(&head) + 4.0 * BODY * LEADING);
            }
            let parts = self.lines_at((*x, self.y), lines, true);
            head_row.parts.push(Part::Branch(Branch { kind: Kind::ColumnHead, parts }));
        }
        self.below_head(&head);
        let rows = table.rows.iter().map(|row| self.row(row, &columns, &head)).collect();
        let head = Branch::of(Kind::Head, vec![head_row]);
        self.laid.tree.push(Branch::of(Kind::Table, vec![head, Branch::of(Kind::Body, rows)]));
        self.y += BODY * 0.6;
    }

    fn below_head(&mut self, head: &[Lines]) {
        self.y += head_height(head) + 1.5;
        self.rule();
    }

    fn rule(&mut self) {
        self.put((MARGIN, self.y), Shape::Rule(whole()), None);
        self.y += 2.5;
    }

    /// A row, which stands on one page; on a new page below a copy of the head, which is not read again.
    fn row(&mut self, row: &[Cell], columns: &[(f32, f32)], head: &[Lines]) -> Branch {
        let texts = |cell: &Cell, wide: f32| -> Vec<Lines> {
            let notes = cell.notes.iter().map(|note| Lines::new(note, SMALL, wide));
            std::iter::once(Lines::new(&cell.text, BODY, wide)).chain(notes).collect()
        };
        let cells: Vec<_> =
            row.iter().zip(columns).map(|(cell, (x, wide))| (*x, texts(cell, *wide))).collect();
        let height = cells.iter().map(|(_, texts)| texts.iter().map(Lines::height).sum()).fold(0.0, f32::max);
        if self.need(height + 4.0) {
            for (lines, (x, _)) in head.iter().zip(columns) {
                self.lines_at((*x, self.y), lines, false);
            }
            self.below_head(head);
        }
        let mut branch = Branch::new(Kind::Row);
        for (number, (x, texts)) in cells.iter().enumerate() {
            let mut cell = Branch::new(if number == 0 { Kind::RowHead } else { Kind::Cell });
            let mut y = self.y;
            for lines in texts {
                let parts = self.lines_at((*x, y), lines, true);
                if !parts.is_empty() {
                    cell.parts.push(Part::Branch(Branch { kind: Kind::Paragraph, parts }));
                }
                y += lines.height();
            }
            branch.parts.push(Part::Branch(cell));
        }
        self.y += height + 1.5;
        self.rule();
        branch
    }

    fn address(&mut self, address: &str, about: &str) {
        let lines = Lines::new(address, BODY, whole());
        let code = QrCode::new(address).ok();
        self.need(lines.height() + BODY + if code.is_some() { CODE } else { 0.0 });
        let top = self.y;
        let mut parts = self.lines_at((MARGIN, top), &lines, true);
        let wide = lines.texts.iter().map(|line| width(line, BODY)).fold(0.0, f32::max);
        let leaf = self.leaf();
        self.put((MARGIN, top), Shape::Link(wide, lines.height(), address.to_owned()), Some(leaf));
        parts.push(Part::Leaf(leaf));
        let link = Branch { kind: Kind::Link, parts };
        self.laid.tree.push(Branch::of(Kind::Paragraph, vec![link]));
        self.y += lines.height() + BODY;
        let Some(code) = code else { return };
        let side = code.width();
        let dark = code.to_colors();
        let dark = dark.iter().enumerate().filter(|(_, color)| **color == Color::Dark);
        let dark =
            dark.filter_map(|(at, _)| Some((u16::try_from(at % side).ok()?, u16::try_from(at / side).ok()?)));
        let module = CODE / f32::from(u16::try_from(side).unwrap_or(u16::MAX));
        let (leaf, shape) = (self.leaf(), Shape::Code(module, dark.collect()));
        self.put((MARGIN, self.y), shape, Some(leaf));
        let figure = Branch { kind: Kind::Figure(about.to_owned()), parts: vec![Part::Leaf(leaf)] };
        self.laid.tree.push(figure);
        self.y += CODE + BODY;
    }

    /// The numbers of the pages.
    fn feet(&mut self, document: &Document) {
        let pages = self.laid.pages.len();
        for (at, page) in self.laid.pages.iter_mut().enumerate() {
            let text = (document.foot)(at + 1, pages);
            let x = PAGE.0 - MARGIN - width(&text, SMALL);
            let shape = Shape::Text { text, size: SMALL, is_strong: false };
            page.push(Piece { at: (x, FOOT), shape, leaf: None });
        }
    }
}

/// Left end and width of each column.
fn columns(widths: &[u16]) -> Vec<(f32, f32)> {
    let sum: f32 = widths.iter().map(|wide| f32::from(*wide)).sum();
    let mut x = MARGIN;
    let column = |wide: &u16| {
        let wide = whole() * f32::from(*wide) / sum;
        x += wide;
        (x - wide, wide - GAP)
    };
    widths.iter().map(column).collect()
}

fn head_height(head: &[Lines]) -> f32 {
    head.iter().map(Lines::height).fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::super::tests::long;
    use super::*;

    /// All pieces stand within the margins, no row on two pages, and each page of a table begins with its head.
    #[test]
    fn rows_stay_whole_and_each_page_repeats_the_head() {
        let laid = lay_out(&long(300));
        assert!(laid.pages.len() > 10, "{}", laid.pages.len());
        for (number, page) in laid.pages.iter().enumerate() {
            let texts = page.iter().filter_map(|piece| match &piece.shape {
                Shape::Text { text, size, .. } => Some((text.trim_end(), piece.at, *size)),
                _ => None,
            });
            for (text, at, size) in texts.clone() {
                assert!(at.0 >= MARGIN && at.0 + width(text, size) <= PAGE.0 - MARGIN + 0.1, "{text}");
                assert!(at.1 <= FOOT, "{text} {at:?}");
            }
            let names = texts.clone().filter(|(text, ..)| text.starts_with("Ordner/")).count();
            let digests = texts.clone().filter(|(text, ..)| text.starts_with("sha")).count();
            assert_eq!(names, digests, "page {number}");
            assert_eq!(texts.filter(|(text, ..)| *text == "Datei").count(), usize::from(names > 0));
        }
    }
}
