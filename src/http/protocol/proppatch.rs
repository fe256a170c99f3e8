//! The body of a PROPPATCH request (RFC 4918 9.2), and which of its changes are allowed.

use super::dates::parse_any;
use super::multistatus::ChangeStatus;
use super::properties::LiveProperty;
use super::{RequestError, xml};
use crate::model::{PropertyName, Timestamp};

/// Most changes in one PROPPATCH.
pub const MAX_CHANGES: usize = 512;
/// Bytes of all values of one PROPPATCH, including the namespaces and languages in scope.
pub const MAX_VALUE_BYTES: usize = 256 * 1024;

/// One `set` or `remove` of one property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyChange {
    /// Name of the property.
    pub name: PropertyName,
    /// Set or remove.
    pub action: ChangeAction,
}

/// A change of one property's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeAction {
    /// Sets a value.
    Set {
        /// The whole property element as a self-contained fragment; stored and sent back unchanged.
        xml: String,
        /// Its text content, trimmed.
        text: String,
    },
    /// Removes the property.
    Remove,
}

/// Parses the changes in the order in which they must be made. Errors: 400, 413.
pub fn parse(body: &[u8]) -> Result<Vec<PropertyChange>, RequestError> {
    let root = xml::parse(body)?;
    if !root.is_dav("propertyupdate") {
        return Err(RequestError::Body("is no DAV: propertyupdate"));
    }
    let mut changes = Vec::new();
    let mut bytes = 0;
    for instruction in root.elements() {
        let is_set = instruction.is_dav("set");
        if !is_set && !instruction.is_dav("remove") {
            continue;
        }
        let properties =
            instruction.elements().filter(|element| element.is_dav("prop")).flat_map(xml::Element::elements);
        for property in properties {
            let action = if is_set {
                ChangeAction::Set { xml: property.to_fragment(), text: property.text() }
            } else {
                ChangeAction::Remove
            };
            if let ChangeAction::Set { xml, .. } = &action {
                bytes += xml.len();
            }
            if changes.len() >= MAX_CHANGES || bytes > MAX_VALUE_BYTES {
                return Err(RequestError::Body("changes too much at once"));
            }
            changes.push(PropertyChange { name: property.name(), action });
        }
    }
    if changes.is_empty() {
        return Err(RequestError::Body("changes no property"));
    }
    Ok(changes)
}

/// Changes that are all allowed, to be made in one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct PatchPlan {
    /// The new modification time, if the request sets one.
    pub modified: Option<Timestamp>,
    /// Changes of dead properties, in order: the fragment to store, or `None` to remove it.
    pub dead: Vec<(PropertyName, Option<String>)>,
    /// Every property of the request, for the answer.
    pub names: Vec<PropertyName>,
}

/// Decides about all changes together: either all can be made, or none is (RFC 4918 9.2.1). `Err` holds the outcome
/// of every property.
pub fn plan(changes: Vec<PropertyChange>) -> Result<PatchPlan, Vec<(PropertyName, ChangeStatus)>> {
    let effects: Vec<Result<Effect, ChangeStatus>> = changes.iter().map(effect).collect();
    if effects.iter().any(Result::is_err) {
        let status = |effect: Result<Effect, ChangeStatus>| match effect {
            Ok(_) => ChangeStatus::FailedDependency,
            Err(status) => status,
        };
        return Err(changes
            .into_iter()
            .zip(effects)
            .map(|(change, effect)| (change.name, status(effect)))
            .collect());
    }
    let mut plan = PatchPlan::default();
    for (change, effect) in changes.into_iter().zip(effects.into_iter().flatten()) {
        plan.modified = effect.modified.or(plan.modified);
        if !plan.names.contains(&change.name) {
            plan.names.push(change.name.clone());
        }
        if effect.is_stored {
            let value = match change.action {
                ChangeAction::Set { xml, .. } => Some(xml),
                ChangeAction::Remove => None,
            };
            plan.dead.push((change.name, value));
        }
    }
    Ok(plan)
}

/// Effect of an allowed change.
struct Effect {
    modified: Option<Timestamp>,
    is_stored: bool,
}

fn effect(change: &PropertyChange) -> Result<Effect, ChangeStatus> {
    const STORED: Effect = Effect { modified: None, is_stored: true };
    let name = &change.name;
    let text = match &change.action {
        ChangeAction::Set { text, .. } => Some(text.as_str()),
        ChangeAction::Remove => None,
    };
    match (name.namespace.as_str(), name.local.as_str()) {
        // rclone and Cyberduck set `lastmodified`; it is the same time under another name.
        ("DAV:", "lastmodified" | "getlastmodified") => {
            let text = text.ok_or(ChangeStatus::Protected)?;
            let modified = parse_any(text).ok_or(ChangeStatus::BadValue)?;
            Ok(Effect { modified: Some(modified), is_stored: false })
        }
        // Explorer reports a failed copy unless every change succeeds, so a date that cannot be parsed is stored
        // anyway.
        ("urn:schemas-microsoft-com:", "Win32LastModifiedTime") => {
            Ok(Effect { modified: text.and_then(parse_any), ..STORED })
        }
        // Nextcloud's properties are computed; a value set by a client would look like the server's own.
        ("http://owncloud.org/ns" | "http://nextcloud.org/ns", _) => Err(ChangeStatus::Protected),
        _ if LiveProperty::find(name).is_some() => Err(ChangeStatus::Protected),
        _ => Ok(STORED),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(name: PropertyName, xml: &str, text: &str) -> PropertyChange {
        PropertyChange { name, action: ChangeAction::Set { xml: xml.to_owned(), text: text.to_owned() } }
    }

    fn update(inside: &str) -> String {
        format!(
            r#"<D:propertyupdate xmlns:D="DAV:" xmlns:Z="urn:schemas-microsoft-com:">{inside}</D:propertyupdate>"#
        )
    }

    fn planned(inside: &str) -> Result<PatchPlan, Vec<(PropertyName, ChangeStatus)>> {
        plan(parse(update(inside).as_bytes()).unwrap())
    }

    #[test]
    fn changes_keep_their_order_and_values() {
        let body = update(
            "<D:set><D:prop><a>1</a><b xml:lang='de'>x<i/>y</b></D:prop></D:set>\
             <D:remove><D:prop><a/></D:prop></D:remove>\
             <D:unknown/><D:set><D:prop><a>2</a></D:prop></D:set>",
        );
        assert_eq!(
            parse(body.as_bytes()),
            Ok(vec![
                set(PropertyName::new("", "a"), "<a>1</a>", "1"),
                set(PropertyName::new("", "b"), "<b xml:lang=\"de\">x<i/>y</b>", "xy"),
                PropertyChange { name: PropertyName::new("", "a"), action: ChangeAction::Remove },
                set(PropertyName::new("", "a"), "<a>2</a>", "2"),
            ])
        );
    }

    #[test]
    fn bodies_without_a_change_are_refused() {
        for body in [
            "",
            "<a/>",
            "<propertyupdate/>",
            &update(""),
            &update("<D:set/>"),
            &update("<D:set><D:prop/></D:set>"),
            &update("<D:set><a/></D:set>"),
        ] {
            assert!(parse(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn far_declarations_cannot_multiply_into_a_flood() {
        let inside = format!(
            "<D:set xmlns:x='{}'><D:prop>{}</D:prop></D:set>",
            "u".repeat(1_000),
            "<x:a/>".repeat(400)
        );
        assert_eq!(parse(update(&inside).as_bytes()), Err(RequestError::Body("changes too much at once")));
        let many = "<a/>".repeat(MAX_CHANGES + 1);
        let inside = format!("<D:remove><D:prop>{many}</D:prop></D:remove>");
        assert!(parse(update(&inside).as_bytes()).is_err());
    }

    #[test]
    fn times_of_explorer_and_rclone_become_the_modification_time() {
        let explorer = planned(
            "<D:set><D:prop><Z:Win32CreationTime>Sun, 13 Sep 2020 12:00:00 GMT</Z:Win32CreationTime>\
             <Z:Win32LastModifiedTime>Sun, 13 Sep 2020 12:26:40 GMT</Z:Win32LastModifiedTime>\
             <Z:Win32FileAttributes>00000020</Z:Win32FileAttributes></D:prop></D:set>",
        )
        .unwrap();
        assert_eq!(explorer.modified, Some(Timestamp::from_secs(1_600_000_000)));
        assert_eq!(explorer.dead.len(), 3);
        assert_eq!(explorer.names.len(), 3);
        let unreadable = "<Z:Win32LastModifiedTime>?</Z:Win32LastModifiedTime>";
        let odd = planned(&format!("<D:set><D:prop>{unreadable}</D:prop></D:set>")).unwrap();
        assert_eq!((odd.modified, odd.dead.len()), (None, 1));

        let rclone =
            planned("<D:set><D:prop><D:lastmodified>1600000000</D:lastmodified></D:prop></D:set>").unwrap();
        assert_eq!(rclone.modified, Some(Timestamp::from_secs(1_600_000_000)));
        assert!(rclone.dead.is_empty());
    }

    #[test]
    fn one_refused_change_refuses_all() {
        let outcome = planned(
            "<D:set><D:prop><a/><D:getetag>x</D:getetag><D:lastmodified>soon</D:lastmodified>\
             <id xmlns='http://owncloud.org/ns'>1</id></D:prop></D:set>\
             <D:remove><D:prop><D:getlastmodified/></D:prop></D:remove>",
        )
        .unwrap_err();
        let statuses: Vec<ChangeStatus> = outcome.iter().map(|(_, status)| *status).collect();
        assert_eq!(
            statuses,
            [
                ChangeStatus::FailedDependency,
                ChangeStatus::Protected,
                ChangeStatus::BadValue,
                ChangeStatus::Protected,
                ChangeStatus::Protected,
            ]
        );
    }

    #[test]
    fn apaches_executable_and_unknown_dav_names_are_dead_properties() {
        let plan = planned(
            "<D:set><D:prop><executable xmlns='http://apache.org/dav/props/'>T</executable>\
             <D:getcontentlanguage>de</D:getcontentlanguage></D:prop></D:set>",
        )
        .unwrap();
        assert_eq!(plan.dead.len(), 2);
    }

    proptest! {
        #[test]
        fn no_body_panics(body in "(<|</|/>|>|D:|propertyupdate|set|prop|remove| xmlns:D='DAV:'|x| ){0,40}") {
            if let Ok(changes) = parse(body.as_bytes()) {
                let _ = plan(changes);
            }
        }
    }
}
