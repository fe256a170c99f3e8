//! A document that can be printed, as a part of a page.

use maud::{Markup, html};

use super::{facts, qr};
use crate::print::{Block, Cell, Document, Table};

/// The blocks after the title.
pub(in crate::http) fn blocks(document: &Document) -> Markup {
    html! {
        @for block in &document.blocks {
            @match block {
                Block::Heading(text) => h2 { (text) },
                Block::Text(text) => p { (text) },
                Block::Facts(known) => {
                    @let known: Vec<_> = known.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                    (facts(&known))
                },
                Block::Table(rows) => (table(rows)),
                Block::Address { address, about } => {
                    p { a href=(address) { (address) } }
                    div.paper role="img" aria-label=(about) { (qr::picture(address)) }
                },
            }
        }
    }
}

fn table(table: &Table) -> Markup {
    html! {
        table.sheet {
            thead { tr { @for head in &table.heads { th scope="col" { (head) } } } }
            tbody {
                @for row in &table.rows {
                    tr { @for (number, text) in row.iter().enumerate() {
                        @if number == 0 { th scope="row" { (cell(text)) } } @else { td { (cell(text)) } }
                    } }
                }
            }
        }
    }
}

fn cell(cell: &Cell) -> Markup {
    html! {
        (cell.text)
        @for note in &cell.notes { small { (note) } }
    }
}
