//! Paths in an archive that every system can unpack: the names that Windows refuses are changed, long paths are cut, and no
//! two differ in capitals only.

use std::collections::{HashMap, HashSet};

use unicode_normalization::UnicodeNormalization;

/// Longest path in an archive in UTF-16 units, as Windows counts: with its target folder it stays below 260.
pub(super) const LONGEST_PATH: usize = 200;
/// Longest path of a folder in an archive in UTF-16 units; one below it lies at the top under a short name.
const LONGEST_FOLDER: usize = 120;
/// Longest ending of a name in UTF-16 units that is kept when the name is cut.
const LONGEST_ENDING: usize = 16;
/// Longest number behind a name in UTF-16 units, with its brackets.
const LONGEST_MARK: usize = 9;
/// Names that Windows keeps for devices, also with an ending.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// A file or folder of a tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a> {
    /// Number of its folder, which comes earlier in the list; `None` at the top.
    pub(super) parent: Option<usize>,
    pub(super) name: &'a str,
    pub(super) is_folder: bool,
}

/// The paths of all nodes, one behind the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Paths {
    text: String,
    ends: Vec<usize>,
}

impl Paths {
    /// With room for this many paths.
    pub(super) fn with_capacity(count: usize) -> Self {
        Self { text: String::new(), ends: Vec::with_capacity(count) }
    }

    /// The path of a node.
    pub(super) fn get(&self, number: usize) -> &str {
        let start = number.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(number).copied().unwrap_or(start);
        self.text.get(start..end).unwrap_or_default()
    }

    /// Adds the path of the next node.
    pub(super) fn push(&mut self, path: &str) {
        self.text.push_str(path);
        self.ends.push(self.text.len());
    }
}

/// The paths in the archive of `count` nodes, in their order; those of folders end with a slash. Members of a folder stand
/// beside each other, behind their folder. `reserved` is taken at the top.
pub(super) fn paths<'a>(count: usize, node: impl Fn(usize) -> Node<'a>, reserved: Option<&str>) -> Paths {
    let mut paths = Paths::with_capacity(count);
    let mut top = Taken::default();
    if let Some(name) = reserved {
        top.take(name);
    }
    let (mut far, mut next) = (0, 0);
    while next < count {
        let parent = node(next).parent;
        let members = next..(next..count).find(|number| node(*number).parent != parent).unwrap_or(count);
        next = members.end;
        let prefix = parent.map(|parent| paths.get(parent).to_owned()).unwrap_or_default();
        let mut own = Taken::default();
        let taken = if parent.is_none() { &mut top } else { &mut own };
        // Names that can stay have precedence.
        let mut found: Vec<Option<String>> = Vec::with_capacity(members.len());
        for one in members.clone().map(&node) {
            let fits = units(&prefix) + units(one.name) <= room(&one);
            let stays = fits && cleaned(one.name) == one.name && taken.take(one.name);
            found.push(stays.then(|| path(&prefix, one.name, one.is_folder)));
        }
        for (one, found) in members.map(&node).zip(found) {
            paths.push(&found.unwrap_or_else(|| {
                let left = room(&one).saturating_sub(units(&prefix));
                if one.is_folder && left < LONGEST_ENDING {
                    far += 1;
                    path("", &format!("~{far}"), true)
                } else {
                    path(&prefix, &taken.free(&cleaned(one.name), left), one.is_folder)
                }
            }));
        }
    }
    paths.text.shrink_to_fit();
    paths
}

fn path(prefix: &str, name: &str, is_folder: bool) -> String {
    format!("{prefix}{name}{}", if is_folder { "/" } else { "" })
}

/// Longest path of a node, without the slash behind a folder.
fn room(node: &Node<'_>) -> usize {
    if node.is_folder { LONGEST_FOLDER } else { LONGEST_PATH }
}

/// The names of one folder.
#[derive(Default)]
struct Taken {
    names: HashSet<String>,
    /// The number from which on a name is free, for names that were taken: thousands may become alike.
    numbers: HashMap<String, u32>,
}

impl Taken {
    /// Takes a name, unless it or one that differs in capitals only is taken.
    fn take(&mut self, name: &str) -> bool {
        // Names such as those of folders that moved to the top are never taken by others.
        let is_number = name.strip_prefix('~').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
        !is_number && self.names.insert(name.nfc().flat_map(char::to_lowercase).collect())
    }

    /// A free name of at most `most` UTF-16 units that is like this one.
    fn free(&mut self, name: &str, most: usize) -> String {
        let (stem, ending) = split(name);
        let sure = cut(stem, most.saturating_sub(units(ending) + LONGEST_MARK));
        let alike = format!("{sure}{ending}").to_lowercase();
        let mut number = self.numbers.get(&alike).copied().unwrap_or(1);
        loop {
            let mark = if number == 1 { String::new() } else { format!(" ({number})") };
            let left = most.saturating_sub(units(&mark) + units(ending));
            let stem = cut(stem, left);
            let found = format!("{}{mark}{ending}", stem.trim_end_matches([' ', '.']));
            // A name that was cut to nothing, or to a device's.
            let found = if cleaned(&found) == found { found } else { format!("_{mark}{ending}") };
            number += 1;
            if self.take(&found) {
                self.numbers.insert(alike, number);
                return found;
            }
        }
    }
}

/// The part of a name before its ending, and the ending with its dot; a long one counts as none.
fn split(name: &str) -> (&str, &str) {
    let at = name.rfind('.').filter(|at| *at > 0);
    let parts = at.and_then(|at| name.split_at_checked(at));
    parts.filter(|(_, ending)| units(ending) <= LONGEST_ENDING).unwrap_or((name, ""))
}

/// The name as Windows takes it.
fn cleaned(name: &str) -> String {
    let replaced = |c: char| match c {
        '<' | '>' | ':' | '"' | '|' | '?' | '*' | '\\' | '/' => '_',
        c if c.is_control() => '_',
        c => c,
    };
    let name: String = name.chars().map(replaced).collect();
    let name = name.trim_end_matches(['.', ' ']);
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let numbered = |device| {
        let rest = stem.strip_prefix(device).map(|rest: &str| rest.chars().collect::<Vec<_>>());
        matches!(rest.as_deref(), Some(['0'..='9' | '¹' | '²' | '³']))
    };
    let is_device = DEVICES.contains(&stem.as_str()) || numbered("com") || numbered("lpt");
    if is_device || name.is_empty() { format!("_{name}") } else { name.to_owned() }
}

/// The longest beginning of a text that has at most `most` UTF-16 units.
fn cut(text: &str, most: usize) -> &str {
    let mut left = most;
    let end = text.char_indices().find(|(_, c)| match left.checked_sub(c.len_utf16()) {
        Some(rest) => {
            left = rest;
            false
        }
        None => true,
    });
    end.and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn paths(nodes: &[Node<'_>], reserved: Option<&str>) -> Vec<String> {
        let paths = super::paths(nodes.len(), |number| nodes[number], reserved);
        (0..nodes.len()).map(|number| paths.get(number).to_owned()).collect()
    }

    fn file(parent: Option<usize>, name: &str) -> Node<'_> {
        Node { parent, name, is_folder: false }
    }

    fn folder(parent: Option<usize>, name: &str) -> Node<'_> {
        Node { parent, name, is_folder: true }
    }

    #[test]
    fn names_that_windows_refuses_are_changed_and_others_stay() {
        for (name, expected) in [
            ("Beleg 1.pdf", "Beleg 1.pdf"),
            ("a<b>c:d\"e|f?g*h\\i", "a_b_c_d_e_f_g_h_i"),
            ("Ende. . ", "Ende"),
            ("...", "_"),
            (" ", "_"),
            ("con", "_con"),
            ("Con.txt", "_Con.txt"),
            ("nul .tar.gz", "_nul .tar.gz"),
            ("com1", "_com1"),
            ("LPT².x", "_LPT².x"),
            ("com10", "com10"),
            ("console", "console"),
            ("tab\there", "tab_here"),
            (".profile", ".profile"),
            ("Müller 📎.pdf", "Müller 📎.pdf"),
        ] {
            assert_eq!(paths(&[file(None, name)], Some("Notes.txt")), [expected], "{name:?}");
        }
    }

    #[test]
    fn names_that_differ_in_capitals_get_a_number_and_right_ones_stay() {
        let nodes = [
            file(None, "a:b.txt"),
            file(None, "A.txt"),
            file(None, "a.txt"),
            file(None, "a_b.txt"),
            file(None, "notes.TXT"),
            folder(None, "X"),
            folder(None, "x"),
            file(Some(6), "a.txt"),
            file(None, "~7"),
        ];
        let expected = [
            "a_b (2).txt",
            "A.txt",
            "a (2).txt",
            "a_b.txt",
            "notes (2).TXT",
            "X/",
            "x (2)/",
            "x (2)/a.txt",
            "~7 (2)",
        ];
        assert_eq!(paths(&nodes, Some("Notes.txt")), expected);
    }

    #[test]
    fn long_paths_are_cut_and_keep_their_ending() {
        let long = format!("{}.pdf", "ä".repeat(250));
        let found =
            paths(&[file(None, &long), file(None, &long.replace(".pdf", "b.pdf"))], Some("Notes.txt"));
        assert_eq!(found, [format!("{}.pdf", "ä".repeat(196)), format!("{} (2).pdf", "ä".repeat(192))]);
    }

    /// The nodes in the order of a tree: members of a folder beside each other.
    fn beside<'a>(nodes: &[Node<'a>]) -> Vec<Node<'a>> {
        let (mut ordered, mut folders) = (Vec::new(), std::collections::VecDeque::from([(None, None)]));
        while let Some((folder, parent)) = folders.pop_front() {
            for (number, node) in nodes.iter().enumerate().filter(|(_, node)| node.parent == folder) {
                if node.is_folder {
                    folders.push_back((Some(number), Some(ordered.len())));
                }
                ordered.push(Node { parent, ..*node });
            }
        }
        ordered
    }

    proptest! {
        #[test]
        fn every_tree_gets_paths_that_can_be_unpacked(
            tree in prop::collection::vec((any::<prop::sample::Index>(), "[a-cA-C.: ~1-2]{1,3}|[x]{60,90}", any::<bool>()), 1..60),
        ) {
            let mut nodes: Vec<Node<'_>> = Vec::new();
            for (parent, name, is_folder) in &tree {
                // At the top, or in one of the folders so far.
                let folders: Vec<_> = (0..nodes.len()).filter(|at| nodes[*at].is_folder).collect();
                let parent = folders.get(parent.index(folders.len() + 1)).copied();
                nodes.push(Node { parent, name, is_folder: *is_folder });
            }
            let nodes = beside(&nodes);
            let paths = paths(&nodes, Some("Notes.txt"));
            let mut seen: HashSet<String> = HashSet::new();
            for (node, path) in nodes.iter().zip(&paths) {
                prop_assert!(units(path) <= LONGEST_PATH, "{path}");
                prop_assert!(seen.insert(path.trim_end_matches('/').to_lowercase()), "{path} twice");
                prop_assert_eq!(path.ends_with('/'), node.is_folder);
                for name in path.trim_end_matches('/').split('/') {
                    prop_assert_eq!(cleaned(name), name);
                }
                if let Some(parent) = node.parent {
                    prop_assert!(path.starts_with(&paths[parent]) || path.starts_with('~'), "{path}");
                }
            }
        }
    }
}
