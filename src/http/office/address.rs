//! The addresses of the pages.

use crate::http::protocol::href::{decode, push_encoded};

/// The address of the list.
pub(super) const HERE: &str = "/office";

/// A page. Names are as in the address, so no account or space need have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    List,
    Details,
    Logo,
    State,
    Rights,
    Templates,
    /// The form of a new template.
    NewTemplate,
    Template(String),
    Person(String),
    /// A device of this person.
    Device(String, i64),
    Space(String),
}

impl Address {
    pub(super) fn of(path: &str) -> Option<Self> {
        let mut parts = path.strip_prefix(HERE)?.split('/').skip(1);
        let (kind, name) = (parts.next(), parts.next());
        match (kind, name, parts.next()) {
            (Some("people"), Some(name), Some("devices")) => {
                let id = parts.next()?.parse().ok()?;
                parts.next().is_none().then_some(Self::Device(decode(name).ok()?, id))
            }
            (None, ..) => Some(Self::List),
            (Some("details"), None, _) => Some(Self::Details),
            (Some("logo"), None, _) => Some(Self::Logo),
            (Some("state"), None, _) => Some(Self::State),
            (Some("rights"), None, _) => Some(Self::Rights),
            (Some("new-template"), None, _) => Some(Self::NewTemplate),
            (Some("templates"), None, _) => Some(Self::Templates),
            (Some("templates"), Some(name), None) => Some(Self::Template(decode(name).ok()?)),
            (Some("people"), Some(name), None) => Some(Self::Person(decode(name).ok()?)),
            (Some("spaces"), Some(name), None) => Some(Self::Space(decode(name).ok()?)),
            _ => None,
        }
    }

    pub(super) fn path(&self) -> String {
        let named = |kind: &str, name: &str| {
            let mut path = format!("{HERE}/{kind}/");
            push_encoded(&mut path, name);
            path
        };
        match self {
            Self::List => HERE.to_owned(),
            Self::Details => format!("{HERE}/details"),
            Self::Logo => format!("{HERE}/logo"),
            Self::State => format!("{HERE}/state"),
            Self::Rights => format!("{HERE}/rights"),
            Self::Templates => format!("{HERE}/templates"),
            Self::NewTemplate => format!("{HERE}/new-template"),
            Self::Template(name) => named("templates", name),
            Self::Person(name) => named("people", name),
            Self::Device(name, id) => format!("{}/devices/{id}", named("people", name)),
            Self::Space(name) => named("spaces", name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_page() {
        let named = [
            Address::Person("Jürgen K./2".into()),
            Address::Space("A & B?#".into()),
            Address::Template("lohn".into()),
            Address::Device("A/B".into(), 12),
        ];
        let plain = [
            Address::List,
            Address::Details,
            Address::Logo,
            Address::State,
            Address::Rights,
            Address::Templates,
            Address::NewTemplate,
        ];
        for address in plain.into_iter().chain(named) {
            assert_eq!(Address::of(&address.path()), Some(address));
        }
        for bad in [
            "/office/",
            "/office/people",
            "/office/people/a/b",
            "/office/people/%zz",
            "/office/people/a/devices/x",
            "/office/people/a/devices/1/2",
            "/office/x/y",
        ] {
            assert_eq!(Address::of(bad), None, "{bad}");
        }
    }
}
