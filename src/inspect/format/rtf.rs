//! RTF 1.9.1: objects, templates from elsewhere, and fields.

use super::field::Fields;
use super::{Member, ole};
use crate::inspect::notes::Notes;
use crate::model::{Label, Obstacle};

/// Control words and their labels.
const WORDS: [(&[u8], Label); 10] = [
    (b"object", Label::OleObject),
    (b"objemb", Label::OleObject),
    (b"objdata", Label::OleObject),
    (b"objupdate", Label::OleObject),
    (b"objocx", Label::ActiveX),
    (b"objlink", Label::ExternalObject),
    (b"objautlink", Label::ExternalObject),
    (b"objpub", Label::ExternalObject),
    (b"objsub", Label::ExternalObject),
    (b"subdocument", Label::ExternalContent),
];

/// Reads a document and returns the objects in it.
pub(in crate::inspect) fn read(content: &[u8], notes: &mut Notes) -> Vec<Member> {
    let mut state = State::default();
    let mut at = 0;
    while let Some(byte) = content.get(at) {
        at += 1;
        match byte {
            b'{' => state.depth += 1,
            b'}' => {
                state.depth = state.depth.saturating_sub(1);
                state.end_groups(notes);
            }
            b'\\' => at = state.control(content, at, notes),
            b'\r' | b'\n' | 0 => {}
            byte => state.text(&[*byte]),
        }
    }
    state.depth = 0;
    state.end_groups(notes);
    state.fields.finish(notes);
    state.members
}

/// Where the reader is.
#[derive(Default)]
struct State {
    depth: usize,
    /// The depth of the group with an object, and its digits so far.
    object: Option<(usize, Vec<u8>)>,
    /// The depth of a group with the place of a template, and the place so far.
    template: Option<(usize, Vec<u8>)>,
    /// The depths of the groups with instructions of fields.
    instructions: Vec<usize>,
    fields: Fields,
    members: Vec<Member>,
}

impl State {
    /// Reads a control word or symbol after its backslash, and returns the place after it.
    fn control(&mut self, content: &[u8], at: usize, notes: &mut Notes) -> usize {
        let rest = content.get(at..).unwrap_or_default();
        let word = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let Some(word) = rest.get(..word).filter(|word| !word.is_empty()) else {
            let hex = || u8::from_str_radix(str::from_utf8(rest.get(1..3)?).ok()?, 16).ok();
            if rest.first() == Some(&b'\'')
                && let Some(byte) = hex()
            {
                // In an object it is no digit; programs differ about what it does to the digits around it.
                notes.expect(self.object.is_none(), Obstacle::Ambiguous);
                self.text(&[byte]);
                return at + 3;
            }
            if let Some(symbol @ (b'\\' | b'{' | b'}')) = rest.first() {
                self.text(&[*symbol]);
            }
            return at + 1;
        };
        let mut next = at + word.len();
        let number: Vec<u8> = content
            .get(next..)
            .unwrap_or_default()
            .iter()
            .copied()
            .enumerate()
            .take_while(|(place, byte)| byte.is_ascii_digit() || *place == 0 && *byte == b'-')
            .map(|(_, byte)| byte)
            .collect();
        next += number.len();
        next += usize::from(content.get(next) == Some(&b' '));
        if let Some((_, label)) = WORDS.iter().find(|(known, _)| *known == word) {
            notes.label(*label);
        }
        match word {
            b"objdata" => {
                self.end_object(notes);
                self.object = Some((self.depth, Vec::new()));
            }
            b"template" => self.template = Some((self.depth, Vec::new())),
            b"fldinst" if self.instructions.len() < MAX_FIELDS => {
                self.fields.begin();
                self.instructions.push(self.depth);
            }
            // This many bytes follow that are no RTF.
            b"bin" => {
                let length =
                    str::from_utf8(&number).ok().and_then(|number| number.parse::<usize>().ok()).unwrap_or(0);
                let raw = content.get(next..).and_then(|rest| rest.get(..length));
                notes.expect(raw.is_some(), Obstacle::Ambiguous);
                if let Some((_, digits)) = &mut self.object {
                    digits.extend(
                        raw.unwrap_or_default().iter().flat_map(|byte| format!("{byte:02x}").into_bytes()),
                    );
                }
                next += raw.map_or(0, <[u8]>::len);
            }
            // Words in the middle of an object's digits hide them from simple readers.
            _ => notes.expect(
                self.object.as_ref().is_none_or(|(_, digits)| digits.is_empty()),
                Obstacle::Ambiguous,
            ),
        }
        next
    }

    fn text(&mut self, text: &[u8]) {
        if let Some((_, digits)) = &mut self.object {
            digits.extend(text.iter().filter(|byte| byte.is_ascii_hexdigit()));
        }
        if let Some((_, place)) = &mut self.template {
            place.extend_from_slice(text);
        }
        if !self.instructions.is_empty() {
            self.fields.text(&text.iter().map(|byte| char::from(*byte)).collect::<String>());
        }
    }

    /// Ends the parts of groups that have ended.
    fn end_groups(&mut self, notes: &mut Notes) {
        while self.instructions.last().is_some_and(|depth| *depth > self.depth) {
            self.instructions.pop();
            self.fields.end(notes);
        }
        if self.object.as_ref().is_some_and(|(depth, _)| *depth > self.depth) {
            self.end_object(notes);
        }
        if let Some((_, place)) = self.template.take_if(|(depth, _)| *depth > self.depth)
            && !place.trim_ascii().is_empty()
        {
            notes.label(Label::ExternalTemplate);
        }
    }

    fn end_object(&mut self, notes: &mut Notes) {
        let Some((_, digits)) = self.object.take() else { return };
        notes.expect(digits.len() % 2 == 0, Obstacle::Ambiguous);
        let (pairs, _) = digits.as_chunks::<2>();
        let byte = |pair: &[u8; 2]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
        let data: Vec<u8> = pairs.iter().filter_map(byte).collect();
        self.members.extend(ole::first_ole(&data, notes));
    }
}

/// Most fields inside each other that are told apart.
const MAX_FIELDS: usize = 64;
