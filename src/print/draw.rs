//! Writes the pages as a PDF, with krilla.

use std::num::NonZeroU16;

use krilla::action::LinkAction;
use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::color::luma;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::{Page, PageSettings};
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, Node, SpanTag, TableHeaderScope, Tag, TagGroup, TagKind,
    TagTree,
};
use krilla::text::{Font, GlyphId, KrillaGlyph};
use krilla::{Document as Pdf, SerializeSettings};

use super::face::{FONT, glyph};
use super::layout::{Branch, Kind, Laid, PAGE, Part, Piece, Shape};
use super::{Attached, Document, PrintError};
use crate::model::{Timestamp, Zone};

/// Width of the lines between rows, in points.
const RULE: f32 = 0.5;
/// Width of the line around strong letters, as a part of their size: the font has one weight.
const STRONG: f32 = 0.035;

/// Draws the pages of a document.
pub(super) fn draw(document: &Document, laid: Laid) -> Result<Vec<u8>, PrintError> {
    let font = Font::new(FONT.into(), 0).ok_or_else(|| PrintError("the font".to_owned()))?;
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A3_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| PrintError(format!("{error:?}")))?;
    let mut pdf = Pdf::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
    let settings = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or_else(|| PrintError("the page".to_owned()))?;
    let mut leaves = vec![None; laid.leaves];
    for pieces in &laid.pages {
        let mut page = pdf.start_page_with(settings.clone());
        let mut surface = page.surface();
        for piece in pieces {
            put(&mut surface, piece, &font, &mut leaves);
        }
        surface.finish();
        for piece in pieces {
            link(&mut page, piece, &mut leaves);
        }
        page.finish();
    }
    let mut outline = Outline::new();
    for (text, page, y) in laid.headings {
        outline.push_child(OutlineNode::new(text, XyzDestination::new(page, Point::from_xy(0.0, y))));
    }
    let dated = date(document.dated);
    pdf.set_outline(outline);
    pdf.set_tag_tree(TagTree::from(
        laid.tree.into_iter().map(|branch| group(branch, &leaves)).collect::<Vec<_>>(),
    ));
    pdf.set_metadata(
        Metadata::new()
            .title(document.title.clone())
            .language(document.language.to_owned())
            .creator("Tresor".to_owned())
            .creation_date(dated),
    );
    if let Some(Attached { name, about, text }) = &document.attached {
        let file = EmbeddedFile {
            path: (*name).to_owned(),
            mime_type: MimeType::new("text/plain"),
            description: Some(about.clone()),
            association_kind: AssociationKind::Source,
            data: text.clone().into_bytes().into(),
            modification_date: Some(dated),
            compress: Some(false),
            location: None,
        };
        pdf.embed_file(file).ok_or_else(|| PrintError("the attached file".to_owned()))?;
    }
    pdf.finish().map_err(|error| PrintError(format!("{error:?}")))
}

/// Draws a piece that is no link, and notes its leaf.
fn put(surface: &mut Surface<'_>, piece: &Piece, font: &Font, leaves: &mut [Option<Identifier>]) {
    let kind = match piece.shape {
        Shape::Link(..) => return,
        Shape::Text { .. } => ArtifactType::PaginationOther,
        Shape::Rule(_) | Shape::Code(..) => ArtifactType::Layout,
    };
    let tag = match (piece.leaf, &piece.shape) {
        (None, _) => ContentTag::Artifact(Artifact::with_kind(kind)),
        (Some(_), Shape::Text { .. }) => ContentTag::Span(SpanTag::empty()),
        (Some(_), _) => ContentTag::Other,
    };
    let identifier = surface.start_tagged(tag);
    if let Some(leaf) = piece.leaf.and_then(|leaf| leaves.get_mut(leaf)) {
        *leaf = Some(identifier);
    }
    let (x, y) = piece.at;
    match &piece.shape {
        Shape::Text { text, size, is_strong } => {
            let width = STRONG * size;
            let stroke = Stroke { paint: luma::Color::black().into(), width, ..Stroke::default() };
            surface.set_fill(Some(Fill::default()));
            surface.set_stroke(is_strong.then_some(stroke));
            surface.draw_glyphs(Point::from_xy(x, y), &glyphs(text), font.clone(), text, *size, false);
        }
        Shape::Rule(width) => rectangles(surface, [Rect::from_xywh(x, y, *width, RULE)].into_iter(), 160),
        Shape::Code(side, dark) => {
            let place = |at: u16| f32::from(at) * side;
            let dark = dark.iter();
            let dark =
                dark.map(|(column, row)| Rect::from_xywh(x + place(*column), y + place(*row), *side, *side));
            rectangles(surface, dark, 0);
        }
        Shape::Link(..) => {}
    }
    surface.end_tagged();
}

fn rectangles(surface: &mut Surface<'_>, rectangles: impl Iterator<Item = Option<Rect>>, lightness: u8) {
    let mut path = PathBuilder::new();
    rectangles.flatten().for_each(|rectangle| path.push_rect(rectangle));
    surface.set_stroke(None);
    surface.set_fill(Some(Fill { paint: luma::Color::new(lightness).into(), ..Fill::default() }));
    if let Some(path) = path.finish() {
        surface.draw_path(&path);
    }
}

fn glyphs(text: &str) -> Vec<KrillaGlyph> {
    let glyphs = text.char_indices().map(|(at, c)| {
        let (id, width) = glyph(c);
        KrillaGlyph::new(GlyphId::new(id), width, 0.0, 0.0, 0.0, at..at + c.len_utf8(), None)
    });
    glyphs.collect()
}

fn link(page: &mut Page<'_>, piece: &Piece, leaves: &mut [Option<Identifier>]) {
    let (Shape::Link(width, height, address), Some(leaf)) = (&piece.shape, piece.leaf) else { return };
    let Some(area) = Rect::from_xywh(piece.at.0, piece.at.1, *width, *height) else { return };
    let target = Target::Action(LinkAction::new(address.clone()).into());
    let link = Annotation::new_link(LinkAnnotation::new(area, target), Some(address.clone()));
    let identifier = page.add_tagged_annotation(link);
    if let Some(leaf) = leaves.get_mut(leaf) {
        *leaf = Some(identifier);
    }
}

fn group(branch: Branch, leaves: &[Option<Identifier>]) -> Node {
    let kind: TagKind = match branch.kind {
        Kind::Heading(level, title) => {
            Tag::Hn(NonZeroU16::new(level).unwrap_or(NonZeroU16::MIN), Some(title)).into()
        }
        Kind::Paragraph => Tag::P.into(),
        Kind::Table => Tag::Table.into(),
        Kind::Head => Tag::THead.into(),
        Kind::Body => Tag::TBody.into(),
        Kind::Row => Tag::TR.into(),
        Kind::ColumnHead => Tag::TH(TableHeaderScope::Column).into(),
        Kind::RowHead => Tag::TH(TableHeaderScope::Row).into(),
        Kind::Cell => Tag::TD.into(),
        Kind::Figure(about) => Tag::Figure(Some(about)).into(),
        Kind::Link => Tag::Link.into(),
    };
    let parts = branch.parts.into_iter().filter_map(|part| match part {
        Part::Leaf(leaf) => leaves.get(leaf).copied().flatten().map(Node::Leaf),
        Part::Branch(branch) => Some(group(branch, leaves)),
    });
    Node::Group(TagGroup::with_children(kind, parts.collect()))
}

fn date(time: Timestamp) -> DateTime {
    let local = Zone::utc().local(time);
    let small = |number: i8| u8::try_from(number).unwrap_or_default();
    DateTime::new(u16::try_from(local.year).unwrap_or_default())
        .month(small(local.month))
        .day(small(local.day))
        .hour(small(local.hour))
        .minute(small(local.minute))
        .second(0)
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}
