//! A look into contents, in a process of its own: its findings, and its end when the content fights back.

mod confined;
mod corpora;
mod documents;
mod formats;
mod hostile;
mod mails;
mod opened;
pub(crate) mod packed;
pub(crate) mod rar;

use std::collections::BTreeSet;
use std::os::fd::AsFd;

use tresor::inspect::{Inspection, Inspector};
use tresor::model::{ContentKind, Obstacle};
use tresor::scan::Sample;

/// Looks into some bytes with a name.
fn look(name: &str, content: &[u8]) -> Inspection {
    look_by(&Inspector::new(env!("CARGO_BIN_EXE_tresor")), name, content)
}

fn look_by(inspector: &Inspector, name: &str, content: &[u8]) -> Inspection {
    inspector.inspect(Sample::of(content).unwrap().as_fd(), name).unwrap()
}

/// The required findings of a look: the words of the kind, of the obstacle or `-`, and of all labels.
#[track_caller]
fn check(name: &str, content: &[u8], expected: &str) {
    let found = look(name, content);
    assert_eq!(in_words(&found), expected, "{name}: {found:?}");
}

fn in_words(found: &Inspection) -> String {
    let obstacle = found.obstacle.map_or("-", Obstacle::as_str);
    let labels = found.labels.iter().map(|label| label.as_str());
    [found.kind.as_str(), obstacle].into_iter().chain(labels).collect::<Vec<_>>().join(" ")
}

/// Whether a policy could let a content pass without a second thought.
fn is_harmless(found: &Inspection) -> bool {
    use ContentKind::{Archive, AudioVideo, Image, Mail, Other, Pdf, Text};
    found.obstacle.is_none()
        && found.labels == BTreeSet::new()
        && matches!(found.kind, Text | Image | AudioVideo | Other | Pdf | Mail | Archive)
}
