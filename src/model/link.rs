//! Terms of a link for people who hand in files through it.

use super::{LinkRight, Timestamp};

/// Longest list of endings of a link in bytes.
pub const MAX_LINK_TYPES: usize = 500;

/// The terms of a link for people who hand in files through it; by default none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkTerms {
    /// Number of hand-ins or downloads, after which it no longer opens; `None` for any number.
    pub uses: Option<u32>,
    /// A hand-in that is finished later is taken and marked as late.
    pub deadline: Option<Timestamp>,
    /// Most bytes of one hand-in.
    pub bytes: Option<u64>,
    /// Most files of one hand-in.
    pub files: Option<u32>,
    /// Endings of the names that it takes, in lower case and without the dot; empty for all.
    pub types: Vec<String>,
    /// Whether each hand-in gets a folder of its own.
    pub own_folder: bool,
    /// Whether the first person who opens it chooses its password.
    pub guest_chooses: bool,
    /// Whether it is the permanent link of a member of staff, for signatures of mails: everyone who hands in gives a
    /// name, and a limited number begin in an hour.
    pub is_box: bool,
    /// Mail address to which a code is sent that opens it, in place of a password.
    pub code_to: Option<String>,
}

impl LinkTerms {
    /// Parses a list of endings, such as `pdf, .JPG`.
    ///
    /// Errors: the ending that is invalid, or the whole list if it is too long.
    pub fn parse_types(list: &str) -> Result<Vec<String>, String> {
        let mut types = Vec::new();
        for word in list.split([',', ' ']).filter(|word| !word.is_empty()) {
            let ending = word.trim_start_matches('.').to_lowercase();
            if ending.is_empty() || !ending.chars().all(char::is_alphanumeric) {
                return Err(word.to_owned());
            }
            if !types.contains(&ending) {
                types.push(ending);
            }
        }
        if types.join(" ").len() > MAX_LINK_TYPES { Err(list.to_owned()) } else { Ok(types) }
    }

    /// Whether only the link's page can keep them, and no program that stores or fetches files by itself.
    pub fn need_page(&self) -> bool {
        *self != Self { guest_chooses: self.guest_chooses, ..Self::default() }
    }

    /// Whether a link of this right can keep them: most are about files that are handed in. Downloads are counted, too, changes
    /// are not.
    pub fn fit(&self, right: LinkRight) -> bool {
        let Self { uses, guest_chooses, code_to, .. } = self.clone();
        let for_all = Self { uses, guest_chooses, code_to, ..Self::default() };
        match right {
            LinkRight::Add => true,
            LinkRight::Read => *self == for_all,
            LinkRight::Edit => *self == Self { uses: None, ..for_all },
        }
    }

    /// Whether a link with the right `before` that has them may get another one: one that counts hand-ins does not begin to
    /// count downloads.
    pub fn fit_after(&self, before: LinkRight, right: LinkRight) -> bool {
        self.fit(right) && (self.uses.is_none() || before == right)
    }

    /// Whether it takes a file of this name.
    pub fn takes(&self, name: &str) -> bool {
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
        self.types.is_empty() || ending.is_some_and(|ending| self.types.contains(&ending))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_read_as_people_write_them() {
        assert_eq!(LinkTerms::parse_types("pdf, .JPG jpg").unwrap(), ["pdf", "jpg"]);
        assert_eq!(LinkTerms::parse_types("  ").unwrap(), [""; 0]);
        for bad in ["*.pdf", "a/b", ".", "p\u{0}f"] {
            assert!(LinkTerms::parse_types(bad).is_err(), "{bad:?}");
        }
        assert!(
            LinkTerms::parse_types(&"abcdefghi ".repeat(60).replace("abc", "x1")).is_ok(),
            "the same ending"
        );
        let long: Vec<_> = (0..100).map(|i| format!("ending{i}")).collect();
        assert!(LinkTerms::parse_types(&long.join(",")).is_err());
    }

    #[test]
    fn the_last_ending_counts() {
        let terms = LinkTerms { types: vec!["pdf".into(), "jpg".into()], ..LinkTerms::default() };
        for (name, is_taken) in
            [("a.pdf", true), ("A.PDF", true), ("a.pdf.exe", false), ("pdf", false), ("a.", false)]
        {
            assert_eq!(terms.takes(name), is_taken, "{name}");
        }
        assert!(LinkTerms::default().takes("anything"));
    }
}
