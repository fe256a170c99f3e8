//! The paths that files of a request get in its folder, by a scheme such as `{position} {item}/{original}`.

use crate::model::{EntryName, EntryPath};

/// The scheme of a request that has no other: a folder for each item, and the names that the person gave.
pub const DEFAULT_NAMING: &str = "{position} {item}/{original}";

/// Longest scheme in characters.
pub const MAX_NAMING: usize = 200;
/// Most parts of a scheme between slashes.
const MAX_PARTS: usize = 5;
/// Longest name that a scheme gives in bytes.
const MAX_NAME: usize = 180;
/// Place in the list and title of files that belong to no item.
const OTHER: (u32, &str) = (99, "Weitere Unterlagen");

/// A place in a scheme to fill in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Place of the item in the list, of two digits.
    Position,
    /// Title of the item.
    Item,
    /// The person whose document it is.
    Person,
    /// The client: name of the recipient, or the title of the request.
    Client,
    /// Title of the request.
    Title,
    /// The year of the request.
    Year,
    /// Running number of the file in its item, of two digits.
    Number,
    /// Name of the file as it was sent, without its ending.
    Original,
}

/// A part of a scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Place(Place),
}

/// A checked scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naming(Vec<Vec<Piece>>);

/// Why a scheme cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NamingError {
    /// It has a place that is not known, or a brace without its partner.
    #[error("'{{{0}}}' is no place of a naming scheme; there are {places}", places = Naming::PLACES.join(", "))]
    Place(String),
    /// It is empty or too long, or has an empty part.
    #[error(
        "a naming scheme has 1 to {MAX_PARTS} parts between slashes, none empty, and at most {MAX_NAMING} characters"
    )]
    Shape,
}

/// The parts of a path.
pub(super) struct Facts<'a> {
    /// Place and title of the item; `None` for anything else.
    pub(super) item: Option<(u32, &'a str)>,
    pub(super) person: &'a str,
    pub(super) client: &'a str,
    pub(super) title: &'a str,
    pub(super) year: u16,
    pub(super) number: u64,
    /// The path as it was sent.
    pub(super) sent: &'a EntryPath,
}

impl Place {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "position" => Self::Position,
            "item" => Self::Item,
            "person" => Self::Person,
            "client" => Self::Client,
            "title" => Self::Title,
            "year" => Self::Year,
            "number" => Self::Number,
            "original" => Self::Original,
            _ => return None,
        })
    }
}

impl Naming {
    /// The words of the places, each written in braces.
    pub const PLACES: [&'static str; 8] =
        ["position", "item", "person", "client", "title", "year", "number", "original"];

    /// Checks a scheme.
    pub fn parse(scheme: &str) -> Result<Self, NamingError> {
        let parts: Vec<_> = scheme.split('/').collect();
        let is_fit = scheme.chars().count() <= MAX_NAMING && parts.len() <= MAX_PARTS;
        if !is_fit || parts.iter().any(|part| part.trim().is_empty()) || scheme.chars().any(char::is_control)
        {
            return Err(NamingError::Shape);
        }
        parts.into_iter().map(pieces).collect::<Result<_, _>>().map(Self)
    }

    /// The folders and the name of a file. Folders that the person's device has stay above the name. No part is empty or
    /// leads elsewhere; nothing says that the name is free.
    pub(super) fn path(&self, facts: &Facts<'_>) -> Option<(Vec<EntryName>, EntryName)> {
        let (own, above) = facts.sent.names().split_last()?;
        let (stem, ending) = split_ending(own.as_str());
        let filled =
            |pieces: &[Piece]| pieces.iter().map(|piece| piece.fill(facts, stem)).collect::<String>();
        let (last, folders) = self.0.split_last()?;
        let name = format!("{}{ending}", filled(last).trim());
        let name = EntryName::nearest(&name, MAX_NAME).unwrap_or_else(|| own.clone());
        let folders = folders.iter().filter_map(|part| EntryName::nearest(&filled(part), MAX_NAME));
        Some((folders.chain(above.iter().cloned()).collect(), name))
    }
}

impl Piece {
    fn fill(&self, facts: &Facts<'_>, stem: &str) -> String {
        let (position, item) = facts.item.unwrap_or(OTHER);
        let plain = |text: &str| text.replace(['/', '\\'], "-");
        match self {
            Self::Text(text) => text.clone(),
            Self::Place(Place::Position) => format!("{position:02}"),
            Self::Place(Place::Item) => plain(item),
            Self::Place(Place::Person) => plain(facts.person),
            Self::Place(Place::Client) => {
                plain(if facts.client.is_empty() { facts.title } else { facts.client })
            }
            Self::Place(Place::Title) => plain(facts.title),
            Self::Place(Place::Year) => facts.year.to_string(),
            Self::Place(Place::Number) => format!("{:02}", facts.number),
            Self::Place(Place::Original) => stem.to_owned(),
        }
    }
}

fn pieces(part: &str) -> Result<Vec<Piece>, NamingError> {
    let mut pieces = Vec::new();
    let mut rest = part;
    while let Some((text, after)) = rest.split_once('{') {
        let (word, next) = after.split_once('}').ok_or_else(|| NamingError::Place(after.to_owned()))?;
        if !text.is_empty() {
            pieces.push(Piece::Text(text.to_owned()));
        }
        pieces.push(Piece::Place(Place::of(word).ok_or_else(|| NamingError::Place(word.to_owned()))?));
        rest = next;
    }
    if rest.contains('}') {
        return Err(NamingError::Place(rest.to_owned()));
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Ok(pieces)
}

/// A name without its ending, and the ending with its dot.
fn split_ending(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot) if dot > 0 => name.split_at(dot),
        _ => (name, ""),
    }
}

/// A text with each year that it names one higher: `Steuer 2025` becomes `Steuer 2026`.
pub fn next_year(text: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    for c in text.chars() {
        let belongs =
            |part: &String| part.ends_with(|last: char| last.is_ascii_digit() == c.is_ascii_digit());
        match parts.last_mut().filter(|part| belongs(part)) {
            Some(part) => part.push(c),
            None => parts.push(c.to_string()),
        }
    }
    let raised = parts.into_iter().map(|part| year_in(&part).map_or(part, |year| (year + 1).to_string()));
    raised.collect()
}

/// The year that a title names, such as 2025 in `Einkommensteuer 2025`.
pub(super) fn year_in(title: &str) -> Option<u16> {
    let numbers = title.split(|c: char| !c.is_ascii_digit()).filter(|digits| digits.len() == 4);
    numbers.filter_map(|digits| digits.parse().ok()).find(|year| (1950..2150).contains(year))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(scheme: &str, item: Option<(u32, &str)>, sent: &str) -> String {
        let sent = EntryPath::parse(sent).unwrap();
        let facts = Facts {
            item,
            person: "A",
            client: "Huber, Erika",
            title: "Einkommensteuer 2025",
            year: 2025,
            number: 3,
            sent: &sent,
        };
        let (folders, name) = Naming::parse(scheme).unwrap().path(&facts).unwrap();
        folders.iter().chain([&name]).map(EntryName::as_str).collect::<Vec<_>>().join("/")
    }

    #[test]
    fn a_file_is_named_as_the_scheme_says() {
        let wage = Some((1, "Lohnsteuerbescheinigung"));
        for (scheme, item, sent, expected) in [
            (DEFAULT_NAMING, wage, "scan 1.pdf", "01 Lohnsteuerbescheinigung/scan 1.pdf"),
            (DEFAULT_NAMING, None, "scan.pdf", "99 Weitere Unterlagen/scan.pdf"),
            (DEFAULT_NAMING, wage, "2025/Mai/a.pdf", "01 Lohnsteuerbescheinigung/2025/Mai/a.pdf"),
            ("{position}_{item}_{original}", wage, "a.b.pdf", "01_Lohnsteuerbescheinigung_a.b.pdf"),
            ("{year}/{client}_{number}", wage, "IMG 1.JPG", "2025/Huber, Erika_03.JPG"),
            ("{item} {person}/{title}", wage, "readme", "Lohnsteuerbescheinigung A/Einkommensteuer 2025"),
            // Titles are words for people, and no paths.
            ("{item}/{original}", Some((1, "Ein-/Ausgaben: \"alles\"")), "x", "Ein--Ausgaben_ _alles_/x"),
            ("{item}/{original}", Some((1, "..")), "x.pdf", "x.pdf"),
            ("{original}", Some((1, "CON")), "con.pdf", "_con.pdf"),
        ] {
            assert_eq!(path(scheme, item, sent), expected, "{scheme} {sent}");
        }
        let long = path("{item}", Some((1, &"ä".repeat(120))), "a.pdf");
        assert!(long.ends_with("ä.pdf") && long.len() <= MAX_NAME, "{long}");
    }

    #[test]
    fn a_scheme_that_cannot_be_kept_is_refused() {
        for bad in ["", "/", "a//b", "{item", "item}", "{Item}", "{}", "a/b/c/d/e/f", &"x".repeat(201)] {
            assert!(Naming::parse(bad).is_err(), "{bad}");
        }
        assert!(Naming::parse(&"x".repeat(200)).is_ok());
        assert!(Naming::PLACES.iter().all(|place| Naming::parse(&format!("{{{place}}}")).is_ok()));
    }

    #[test]
    fn what_is_asked_again_names_the_next_year() {
        for (text, next) in [
            ("Einkommensteuer 2025", "Einkommensteuer 2026"),
            ("2024/2025", "2025/2026"),
            ("Nr. 12345, Lohn 03.2026", "Nr. 12345, Lohn 03.2027"),
            ("Mandat", "Mandat"),
            ("", ""),
        ] {
            assert_eq!(next_year(text), next);
        }
    }

    #[test]
    fn the_year_is_the_one_in_the_title() {
        for (title, year) in [
            ("Einkommensteuer 2025", Some(2025)),
            ("2024/2025", Some(2024)),
            ("Nr. 12345", None),
            ("1234", None),
        ] {
            assert_eq!(year_in(title), year, "{title}");
        }
    }
}
