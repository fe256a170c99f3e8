//! Finds fragments in the targets of HTTP/2 requests, which h2 drops.
//!
//! A target has no fragment (RFC 9113 8.3.1), but the parser under h2 cuts one off and continues with the rest, so
//! that DELETE of `/a/#b` would delete `/a/`, and the request shows no trace of it. So this reader walks over the
//! same bytes: frames (RFC 9113 4.1), header blocks (RFC 7541 6), and in them the values of `:path`. It turns a `#`
//! there into a `>`, which has the same length in both codings and which no parser accepts in a target: h2 then
//! resets that stream alone, as it does for every malformed request (RFC 9113 8.1.1).
//!
//! It decodes no more than it needs: it skips strings other than paths, and of the dynamic table it keeps only
//! which entries are paths.

/// The connection preface (RFC 9113 3.4), which h2 compares.
const PREFACE_LEN: usize = 24;
const FRAME_HEAD_LEN: usize = 9;

const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;
/// Bytes that `PRIORITY` puts before the header block: a stream and a weight.
const PRIORITY_LEN: usize = 5;

/// A header block that h2 cannot read either: the bytes after it have no known meaning, so the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

/// The reader; each HTTP/2 connection has one.
#[derive(Debug)]
pub struct HeaderBlocks {
    place: Place,
    block: Block,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    /// Bytes to skip before the next frame's head.
    Skip(usize),
    /// The bytes of a frame's head so far, and their number.
    Head([u8; FRAME_HEAD_LEN], usize),
    /// Before the length of the padding.
    PadLength(Frame),
    /// Bytes to skip before a header block.
    Before(usize, Frame),
    /// In a header block.
    Block(Frame),
}

/// The part of a frame that is still to come.
#[derive(Clone, Copy, Debug)]
struct Frame {
    flags: u8,
    /// Remaining bytes of the header block.
    block: usize,
    /// Bytes of padding after it.
    padding: usize,
}

impl Default for HeaderBlocks {
    fn default() -> Self {
        Self { place: Place::Skip(PREFACE_LEN), block: Block::default() }
    }
}

impl HeaderBlocks {
    /// Takes the next bytes of the connection, and makes targets with a fragment invalid.
    pub fn observe(&mut self, bytes: &mut [u8]) -> Result<(), Unreadable> {
        let mut rest = bytes;
        loop {
            self.place = self.place.settled(&mut self.block)?;
            let taken = match self.place {
                Place::Skip(left) => {
                    let here = left.min(rest.len());
                    self.place = Place::Skip(left - here);
                    here
                }
                Place::Before(left, frame) => {
                    let here = left.min(rest.len());
                    self.place = Place::Before(left - here, frame);
                    here
                }
                Place::Block(frame) => {
                    let here = frame.block.min(rest.len());
                    self.block.observe(rest.split_at_mut(here).0)?;
                    self.place = Place::Block(Frame { block: frame.block - here, ..frame });
                    here
                }
                Place::Head(mut head, have) => {
                    let here = (FRAME_HEAD_LEN - have).min(rest.len());
                    for (slot, byte) in head.iter_mut().skip(have).zip(rest.iter()) {
                        *slot = *byte;
                    }
                    self.place = Place::Head(head, have + here);
                    here
                }
                Place::PadLength(frame) => match rest.first() {
                    Some(&padding) => {
                        self.place = frame.after_padding(usize::from(padding));
                        1
                    }
                    None => 0,
                },
            };
            if taken == 0 && rest.is_empty() {
                return Ok(());
            }
            rest = rest.split_at_mut(taken).1;
        }
    }
}

impl Place {
    /// The next state, if this one is complete.
    fn settled(self, block: &mut Block) -> Result<Self, Unreadable> {
        match self {
            Self::Skip(0) => Ok(Self::Head([0; FRAME_HEAD_LEN], 0)),
            Self::Head([a, b, c, kind, flags, ..], FRAME_HEAD_LEN) => {
                let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
                // A CONTINUATION has neither padding nor priority.
                Ok(match kind {
                    HEADERS => Frame { flags, block: length, padding: 0 }.begin(),
                    CONTINUATION => Self::Block(Frame { flags, block: length, padding: 0 }),
                    _ => Self::Skip(length),
                })
            }
            Self::Before(0, frame) => Ok(Self::Block(frame)),
            Self::Block(Frame { flags, block: 0, padding }) => {
                if flags & END_HEADERS != 0 {
                    block.end()?;
                }
                Ok(Self::Skip(padding))
            }
            other => Ok(other),
        }
    }
}

impl Frame {
    fn begin(self) -> Place {
        if self.flags & PADDED == 0 { self.after_padding_length(0) } else { Place::PadLength(self) }
    }

    fn after_padding(self, padding: usize) -> Place {
        Self { block: self.block.saturating_sub(1), ..self }.after_padding_length(padding)
    }

    fn after_padding_length(self, padding: usize) -> Place {
        let before = if self.flags & PRIORITY == 0 { 0 } else { PRIORITY_LEN };
        // More padding than there is room for is an error that h2 finds.
        let block = self.block.saturating_sub(before).saturating_sub(padding);
        Place::Before(before, Self { flags: self.flags, block, padding })
    }
}

/// The reader's position in a header block, and its state that lasts from one block to the next.
#[derive(Debug, Default)]
struct Block {
    state: State,
    /// The field that is being read.
    field: Field,
    /// Whether the latest entries of the dynamic table are paths, the last one in the lowest bit. It has 4,096 bytes,
    /// as we ask for no other size, and an entry takes 32 bytes at least (RFC 7541 4.1).
    paths: u128,
}

#[derive(Clone, Copy, Debug, Default)]
struct Field {
    is_path: bool,
    /// It enters the dynamic table.
    is_kept: bool,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    /// Before a field or a new size of the table.
    #[default]
    Start,
    Integer(Purpose, Integer),
    /// Before the length of a string.
    Length(Part),
    Name(Name),
    Value {
        left: u32,
        coding: Coding,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Name,
    Value,
}

/// Purpose of an integer.
#[derive(Clone, Copy, Debug)]
enum Purpose {
    /// A whole field from a table, or the table's size.
    Skipped,
    NameIndex,
    StringLength {
        part: Part,
        is_packed: bool,
    },
}

/// An integer of more than one byte (RFC 7541 5.1).
#[derive(Clone, Copy, Debug)]
struct Integer {
    value: u32,
    shift: u32,
}

/// h2 rejects integers that are longer.
const LAST_SHIFT: u32 = 21;

/// A name while it is compared with `:path`.
#[derive(Clone, Copy, Debug)]
struct Name {
    left: u32,
    is_packed: bool,
    /// Number of leading bytes equal to `:path` so far; `None` after a byte that differs.
    same: Option<usize>,
}

/// `:path`, plain and Huffman-coded: 29 bits, padded with 3.
const PATH: [u8; 5] = *b":path";
const PACKED_PATH: [u8; 4] = [0xb9, 0x58, 0xd3, 0x3f];
const FILLED_UP: u8 = 0b111;

/// Indexes of the static entries named `:path` (RFC 7541 appendix A), and of the last static entry.
const STATIC_PATHS: std::ops::RangeInclusive<u32> = 4..=5;
const STATIC_LEN: u32 = 61;

#[derive(Clone, Copy, Debug)]
enum Coding {
    /// Not a path; skipped.
    Passed,
    Plain,
    Packed(Code),
}

impl Block {
    fn observe(&mut self, bytes: &mut [u8]) -> Result<(), Unreadable> {
        for byte in bytes {
            self.state = match self.state {
                State::Start => self.start(*byte),
                State::Integer(purpose, integer) => match integer.with(*byte)? {
                    (integer, true) => State::Integer(purpose, integer),
                    (integer, false) => self.counted(purpose, integer.value),
                },
                State::Length(part) => {
                    let purpose = Purpose::StringLength { part, is_packed: *byte & 0x80 != 0 };
                    self.prefix(purpose, *byte, 0x7f)
                }
                State::Name(name) => self.name(name.with(*byte)),
                State::Value { left, coding } => self.value(left - 1, coding.spoil(byte)),
            };
        }
        Ok(())
    }

    /// Fails if the block ends within a field.
    fn end(&self) -> Result<(), Unreadable> {
        if matches!(self.state, State::Start) { Ok(()) } else { Err(Unreadable) }
    }

    /// The first byte of a field or a new size.
    fn start(&mut self, byte: u8) -> State {
        let (purpose, mask) = match byte {
            0x80.. => (Purpose::Skipped, 0x7f),
            0x40.. => (Purpose::NameIndex, 0x3f),
            0x20.. => (Purpose::Skipped, 0x1f),
            _ => (Purpose::NameIndex, 0x0f),
        };
        self.field.is_kept = byte & 0xc0 == 0x40;
        self.prefix(purpose, byte, mask)
    }

    /// The first byte of an integer, of which the bits of `mask` belong to it.
    fn prefix(&mut self, purpose: Purpose, byte: u8, mask: u8) -> State {
        let value = u32::from(byte & mask);
        if byte & mask == mask {
            return State::Integer(purpose, Integer { value, shift: 0 });
        }
        self.counted(purpose, value)
    }

    /// An integer is complete.
    fn counted(&mut self, purpose: Purpose, value: u32) -> State {
        match purpose {
            Purpose::Skipped => State::Start,
            Purpose::NameIndex if value == 0 => State::Length(Part::Name),
            Purpose::NameIndex => {
                self.field.is_path = STATIC_PATHS.contains(&value)
                    || value
                        .checked_sub(STATIC_LEN + 1)
                        .is_some_and(|age| self.paths.checked_shr(age).is_some_and(|paths| paths & 1 == 1));
                State::Length(Part::Value)
            }
            Purpose::StringLength { part: Part::Name, is_packed } => {
                self.name(Name { left: value, is_packed, same: Some(0) })
            }
            Purpose::StringLength { part: Part::Value, is_packed } => {
                let coding = match (self.field.is_path, is_packed) {
                    (false, _) => Coding::Passed,
                    (true, false) => Coding::Plain,
                    (true, true) => Coding::Packed(Code::default()),
                };
                self.value(value, coding)
            }
        }
    }

    fn name(&mut self, name: Name) -> State {
        if name.left > 0 {
            return State::Name(name);
        }
        let whole = if name.is_packed { PACKED_PATH.len() } else { PATH.len() };
        self.field.is_path = name.same >= Some(whole);
        State::Length(Part::Value)
    }

    fn value(&mut self, left: u32, coding: Coding) -> State {
        if left > 0 {
            return State::Value { left, coding };
        }
        if self.field.is_kept {
            self.paths = self.paths << 1 | u128::from(self.field.is_path);
        }
        State::Start
    }
}

impl Integer {
    /// Adds the next byte; also says whether more follow.
    fn with(self, byte: u8) -> Result<(Self, bool), Unreadable> {
        if self.shift > LAST_SHIFT {
            return Err(Unreadable);
        }
        let value = self.value + (u32::from(byte & 0x7f) << self.shift);
        Ok((Self { value, shift: self.shift + 7 }, byte & 0x80 != 0))
    }
}

impl Name {
    fn with(self, byte: u8) -> Self {
        let path = if self.is_packed { &PACKED_PATH[..] } else { &PATH[..] };
        let same = self.same.filter(|same| match path.get(*same) {
            // h2 may or may not check the padding bits; this reader ignores them.
            Some(wanted) if self.is_packed && same + 1 == path.len() => {
                wanted | FILLED_UP == byte | FILLED_UP
            }
            Some(wanted) => *wanted == byte,
            // h2 rejects any longer name with this prefix.
            None => true,
        });
        Self { left: self.left - 1, same: same.map(|same| same + 1), ..self }
    }
}

impl Coding {
    /// Continues over a byte of a path and turns every `#` into a `>`.
    fn spoil(self, byte: &mut u8) -> Self {
        match self {
            Self::Plain if *byte == b'#' => *byte = b'>',
            Self::Plain | Self::Passed => {}
            Self::Packed(code) => return Self::Packed(code.spoil(byte)),
        }
        self
    }
}

/// A symbol of the Huffman code (RFC 7541 appendix B) as its bits arrive. The code is canonical: codes of the same
/// length are consecutive, so the number of symbols of each length is enough to find where a symbol ends.
#[derive(Clone, Copy, Debug, Default)]
struct Code {
    bits: u32,
    length: usize,
    /// The first code of this length.
    first: u32,
}

/// Number of symbols with a code of each length from 0 to 30 bits, including the end-of-string symbol.
const SYMBOLS: [u32; 31] =
    [0, 0, 0, 0, 0, 10, 26, 32, 6, 0, 5, 3, 2, 6, 2, 3, 0, 0, 0, 3, 8, 13, 26, 29, 12, 4, 15, 19, 29, 0, 4];
/// The code of `#`. That of `>` is the next one.
const HASH: (u32, usize) = (0xffa, 12);

impl Code {
    fn spoil(mut self, byte: &mut u8) -> Self {
        let read = *byte;
        for bit in (0..8).rev() {
            self.bits = self.bits << 1 | u32::from(read >> bit & 1);
            self.length += 1;
            if (self.bits, self.length) == HASH {
                *byte |= 1 << bit;
            }
            match SYMBOLS.get(self.length) {
                Some(symbols) if self.bits.wrapping_sub(self.first) >= *symbols => {
                    self.first = (self.first + symbols) << 1;
                }
                // The end of a symbol, or of an invalid code of full length.
                _ => self = Self::default(),
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A string as it appears in a header block, with the codes of appendix B for the few letters used here.
    fn packed(text: &str) -> Vec<u8> {
        let mut bits = String::new();
        for letter in text.chars() {
            bits.push_str(match letter {
                '/' => "011000",
                'a' => "00011",
                'b' => "100011",
                '#' => "111111111010",
                '>' => "111111111011",
                '?' => "1111111100",
                'ü' => concat!("1111111111111110001", "1111111111111111010010"),
                _ => panic!("no code for {letter}"),
            });
        }
        while !bits.len().is_multiple_of(8) {
            bits.push('1');
        }
        let bytes = bits.as_bytes().chunks(8);
        let byte = |eight: &[u8]| u8::from_str_radix(std::str::from_utf8(eight).unwrap(), 2).unwrap();
        string(0x80, &bytes.map(byte).collect::<Vec<_>>())
    }

    fn plain(text: &str) -> Vec<u8> {
        string(0, text.as_bytes())
    }

    fn string(flag: u8, bytes: &[u8]) -> Vec<u8> {
        let mut string = match u8::try_from(bytes.len()).unwrap() {
            length @ ..0x7f => vec![flag | length],
            length => vec![flag | 0x7f, length - 0x7f],
        };
        string.extend(bytes);
        string
    }

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, 1], payload].concat()
    }

    fn connection(frames: &[Vec<u8>]) -> Vec<u8> {
        [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frames.concat()].concat()
    }

    /// The bytes after the reader has passed over them, in one piece and byte by byte; both must agree.
    fn observed(bytes: &[u8]) -> Result<Vec<u8>, Unreadable> {
        let mut whole = bytes.to_vec();
        let verdict = HeaderBlocks::default().observe(&mut whole);
        let mut single = bytes.to_vec();
        let mut reader = HeaderBlocks::default();
        let piecewise = single.chunks_mut(1).try_for_each(|byte| reader.observe(byte));
        assert_eq!((verdict, &whole), (piecewise, &single));
        verdict.map(|()| whole)
    }

    /// DELETE of `/a/#b` deleted `/a/`.
    #[test]
    fn every_form_of_a_fragment_is_spoiled() {
        let spoil = |text: &str| text.replace('#', ">");
        for path in ["/a/#b", "#", "/a?b#a", "/#/#", "/ü/#", "/ab"] {
            for (name, coding) in [
                (vec![0x04], plain as fn(&str) -> Vec<u8>),
                (vec![0x04], packed),
                (vec![0x45], packed),
                (vec![0x14], packed),
                ([vec![0x00], plain(":path")].concat(), packed),
                ([vec![0x40], string(0x80, &PACKED_PATH)].concat(), plain),
                // Wrong padding; this must hold whether or not h2 minds it.
                ([vec![0x00], string(0x80, &[0xb9, 0x58, 0xd3, 0x38])].concat(), packed),
            ] {
                let block = |path: &str| [vec![0x82], name.clone(), coding(path), vec![0x87]].concat();
                let sent = connection(&[frame(HEADERS, END_HEADERS, &block(path))]);
                let left = connection(&[frame(HEADERS, END_HEADERS, &block(&spoil(path)))]);
                assert_eq!(observed(&sent), Ok(left), "{path} {name:x?}");
            }
        }
    }

    #[test]
    fn frames_are_told_apart() {
        let block = |path: &str| [vec![0x82, 0x3f, 0xe1, 0x1f, 0x04], plain(path), vec![0xff, 0x00]].concat();
        let frames = |path: &str| {
            let block = block(path);
            let (one, two) = block.split_at(9);
            let padded = [vec![3, 0, 0, 0, 0, 16], block.clone(), b"#\x04#".to_vec()].concat();
            connection(&[
                frame(0, 0, b"\x04\x05/a/#b"),
                frame(HEADERS, END_HEADERS | PADDED | PRIORITY, &padded),
                frame(HEADERS, 0, one),
                frame(CONTINUATION, END_HEADERS, two),
            ])
        };
        assert_eq!(observed(&frames("/a/#b")), Ok(frames("/a/>b")));
        let long = "b".repeat(200);
        assert_eq!(observed(&frames(&format!("/{long}#"))), Ok(frames(&format!("/{long}>"))));
    }

    #[test]
    fn names_from_the_dynamic_table_count_and_other_values_stay() {
        let fields = |path: &str| {
            [
                // x-a: #, indexed; :path, indexed with a literal name; x-a again, then the path by its index.
                [vec![0x40], plain("x-a"), plain("#")].concat(),
                [vec![0x40], plain(":path"), plain("/a")].concat(),
                [vec![0x0f, 48], packed("#")].concat(),
                [vec![0x0f, 47], packed(path)].concat(),
                [vec![0x00], plain("x:path"), plain("/#")].concat(),
            ]
            .concat()
        };
        let sent = connection(&[frame(HEADERS, END_HEADERS, &fields("/a/#b"))]);
        let left = connection(&[frame(HEADERS, END_HEADERS, &fields("/a/>b"))]);
        assert_eq!(observed(&sent), Ok(left));
    }

    #[test]
    fn blocks_that_end_within_a_field_are_unreadable() {
        for block in [&[0x04][..], &[0x04, 5, b'/'], &[0x0f], &[0x0f, 0xff, 0xff, 0xff, 0xff, 0xff]] {
            assert_eq!(observed(&connection(&[frame(HEADERS, END_HEADERS, block)])), Err(Unreadable));
        }
    }
}
