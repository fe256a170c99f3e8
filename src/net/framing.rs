//! Where HTTP/1 messages begin and end. Reads the same bytes as hyper and refuses messages that two servers could
//! read in two ways (request smuggling, RFC 9112 6.1 and 11.2).
//!
//! hyper takes a request with both `Transfer-Encoding` and `Content-Length` as chunked, hides the length from us
//! whichever comes first, and folds two equal lengths into one; no extension of the request shows the headers as
//! they were sent. So this reader walks over the same bytes: head, body, next head. It is stricter than hyper
//! everywhere, so it can only refuse more; it cannot lose its position in a stream that hyper accepts. hyper itself
//! answers a fault in a head: the rest of the head is replaced by a line that no parser accepts, so hyper sends its
//! 400 after the answers that are still due, and closes.

/// Bytes that hyper gets in place of the rest of a refused head.
pub const POISON: &[u8] = b"\0\r\n\r\n";

/// Longest chunk-size line with its extensions, in bytes; hyper allows 16 KiB of extensions per body.
const MAX_CHUNK_LINE: usize = 1024;
/// Longest `Content-Length` or `Transfer-Encoding` line that is accepted, in bytes.
const MAX_FRAMING_LINE: usize = 256;

/// Result of [`Framing::observe`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All bytes may pass.
    Pass,
    /// The head is ambiguous; the bytes before this offset may pass, then [`POISON`].
    BadHead(usize),
    /// The chunked body is malformed; the bytes before this offset may pass, then an error.
    BadBody(usize),
}

/// The reader's position in the stream of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// Between two messages.
    Boundary,
    /// Part of a head has arrived.
    Head,
    /// Inside a body.
    Body,
}

/// The reader; each HTTP/1 connection has one.
#[derive(Debug, Default)]
pub struct Framing {
    state: State,
    /// Start of the current line, at most `MAX_FRAMING_LINE + 1` bytes.
    line: Vec<u8>,
    length: Option<u64>,
    chunked: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Before a request line; empty lines are skipped (RFC 9112 2.2).
    #[default]
    Start,
    Fields,
    Fixed(u64),
    ChunkSize(Option<u64>),
    /// In the rest of a chunk-size line; the chunk's size, and the line's length so far.
    ChunkExtension(u64, usize),
    /// The line feed that ends a chunk-size line.
    ChunkSizeEnd(u64),
    ChunkData(u64),
    ChunkDataCr,
    ChunkDataLf,
    /// Before a trailer line, or the empty one that ends the body.
    TrailerStart,
    Trailer,
    /// The line feed that ends a trailer line.
    TrailerEnd,
    /// The line feed that ends the body.
    BodyEnd,
    Refused,
}

impl Framing {
    /// Position of the reader after the bytes observed so far.
    pub fn position(&self) -> Position {
        match self.state {
            State::Start if self.line.is_empty() => Position::Boundary,
            State::Start | State::Fields => Position::Head,
            _ => Position::Body,
        }
    }

    /// Takes the next bytes of the connection.
    pub fn observe(&mut self, bytes: &[u8]) -> Verdict {
        let mut rest = bytes;
        while let Some((&byte, after)) = rest.split_first() {
            let offset = bytes.len() - rest.len();
            rest = match self.state {
                State::Fixed(left) | State::ChunkData(left) => self.skip_data(left, rest),
                State::Refused => return Verdict::BadBody(offset),
                // RFC 9112 3.2: a target has no fragment. hyper would cut it off and act on the rest, so
                // that DELETE of `/a/#b` would delete `/a/`.
                State::Start if byte == b'#' => {
                    self.state = State::Refused;
                    return Verdict::BadHead(offset + 1);
                }
                State::Start | State::Fields => {
                    if byte != b'\n' {
                        if self.line.len() <= MAX_FRAMING_LINE {
                            self.line.push(byte);
                        }
                    } else if self.end_line().is_none() {
                        self.state = State::Refused;
                        return Verdict::BadHead(offset + 1);
                    }
                    after
                }
                _ => {
                    let Some(state) = self.chunk_byte(byte) else {
                        self.state = State::Refused;
                        return Verdict::BadBody(offset);
                    };
                    self.state = state;
                    after
                }
            };
        }
        Verdict::Pass
    }

    /// Skips body bytes; returns the bytes after them.
    fn skip_data<'a>(&mut self, left: u64, bytes: &'a [u8]) -> &'a [u8] {
        let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let left = left - here as u64;
        self.state = match (self.state, left) {
            (State::Fixed(_), 0) => State::Start,
            (State::Fixed(_), _) => State::Fixed(left),
            (_, 0) => State::ChunkDataCr,
            _ => State::ChunkData(left),
        };
        bytes.split_at(here).1
    }

    /// One byte of chunk framing or trailers; `None` if it is malformed.
    fn chunk_byte(&self, byte: u8) -> Option<State> {
        match (self.state, byte) {
            (State::ChunkSize(size), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = u64::from(char::from(byte).to_digit(16)?);
                let size = size
                    .unwrap_or(0)
                    .checked_mul(16)?
                    .checked_add(digit)
                    // hyper keeps the two largest numbers for its own use.
                    .filter(|size| *size < u64::MAX - 1)?;
                Some(State::ChunkSize(Some(size)))
            }
            (State::ChunkSize(Some(size)), b';' | b' ' | b'\t') => Some(State::ChunkExtension(size, 0)),
            (State::ChunkSize(Some(size)) | State::ChunkExtension(size, _), b'\r') => {
                Some(State::ChunkSizeEnd(size))
            }
            (State::ChunkExtension(size, length), _) if byte != b'\n' => {
                (length < MAX_CHUNK_LINE).then_some(State::ChunkExtension(size, length + 1))
            }
            (State::ChunkSizeEnd(0) | State::TrailerEnd, b'\n') => Some(State::TrailerStart),
            (State::ChunkSizeEnd(size), b'\n') => Some(State::ChunkData(size)),
            (State::ChunkDataCr, b'\r') => Some(State::ChunkDataLf),
            (State::ChunkDataLf, b'\n') => Some(State::ChunkSize(None)),
            // Lines must end with CR and LF here: hyper takes a bare line feed for part of the trailer and would
            // continue a body that this reader considers finished.
            (State::TrailerStart, b'\r') => Some(State::BodyEnd),
            (State::Trailer, b'\r') => Some(State::TrailerEnd),
            (State::TrailerStart | State::Trailer, _) if byte != b'\n' => Some(State::Trailer),
            (State::BodyEnd, b'\n') => Some(State::Start),
            _ => None,
        }
    }

    /// A line of a head is complete; `None` if the head is ambiguous.
    fn end_line(&mut self) -> Option<()> {
        let line = std::mem::take(&mut self.line);
        let text = line.strip_suffix(b"\r").unwrap_or(&line);
        match self.state {
            State::Start if text.is_empty() => {}
            State::Start => self.state = State::Fields,
            _ if text.is_empty() => self.end_head(),
            _ => self.field(text)?,
        }
        // The next line reuses the allocation.
        self.line = line;
        self.line.clear();
        Some(())
    }

    fn field(&mut self, line: &[u8]) -> Option<()> {
        if matches!(line.first(), Some(b' ' | b'\t')) {
            return None; // obs-fold, RFC 9112 5.2
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            return Some(()); // hyper refuses it, or the line is longer than what we keep
        };
        let (name, value) = line.split_at(colon);
        let is_length = name.eq_ignore_ascii_case(b"content-length");
        let is_encoding = name.eq_ignore_ascii_case(b"transfer-encoding");
        if !is_length && !is_encoding {
            return Some(());
        }
        if line.len() > MAX_FRAMING_LINE || self.length.is_some() || self.chunked {
            return None;
        }
        let value = value.strip_prefix(b":")?.trim_ascii();
        if is_encoding {
            // A list such as `gzip, chunked` would need a decoder that we do not have.
            self.chunked = value.eq_ignore_ascii_case(b"chunked");
            return self.chunked.then_some(());
        }
        if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let length: u64 = std::str::from_utf8(value).ok()?.parse().ok()?;
        self.length = Some(length);
        (length < u64::MAX - 1).then_some(())
    }

    fn end_head(&mut self) {
        self.state = match (self.length.take(), std::mem::take(&mut self.chunked)) {
            (_, true) => State::ChunkSize(None),
            (Some(length @ 1..), false) => State::Fixed(length),
            _ => State::Start,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `bytes` in one piece and byte by byte; both must agree.
    fn verdict(bytes: &[u8]) -> (Verdict, Position) {
        let mut whole = Framing::default();
        let verdict = whole.observe(bytes);
        let mut single = Framing::default();
        let mut piecewise = Verdict::Pass;
        for (at, byte) in bytes.iter().enumerate() {
            piecewise = match single.observe(&[*byte]) {
                Verdict::Pass => continue,
                Verdict::BadHead(offset) => Verdict::BadHead(at + offset),
                Verdict::BadBody(offset) => Verdict::BadBody(at + offset),
            };
            break;
        }
        assert_eq!(verdict, piecewise, "{}", bytes.escape_ascii());
        (verdict, whole.position())
    }

    #[test]
    fn unambiguous_messages_pass_and_end_where_they_should() {
        for text in [
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\nHost: a\n\n",
            "PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n",
            "PUT / HTTP/1.1\r\ncontent-length:0\r\n\r\n",
            "PUT / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
            "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nDigest: x\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        ] {
            assert_eq!(verdict(text.as_bytes()), (Verdict::Pass, Position::Boundary), "{text:?}");
        }
        let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "y".repeat(5000));
        assert_eq!(verdict(long.as_bytes()), (Verdict::Pass, Position::Boundary));
    }

    #[test]
    fn a_target_with_a_fragment_is_refused() {
        let (verdict, _) = verdict(b"DELETE /a/#b HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(verdict, Verdict::BadHead(b"DELETE /a/#".len()));
    }

    #[test]
    fn ambiguous_heads_are_refused_at_the_offending_line() {
        for fields in [
            "Content-Length: 3\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nContent-Length: 3",
            "Content-Length: 3\r\nContent-Length: 3",
            "Content-Length: 3\r\nCONTENT-LENGTH: 4",
            "Content-Length: 3, 3",
            "Content-Length: +3",
            "Content-Length:",
            "Content-Length: 18446744073709551616",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: xchunked",
            "X: a\r\n folded",
            "X: a\r\n\tfolded",
        ] {
            let head = format!("PUT / HTTP/1.1\r\n{fields}\r\n");
            let text = format!("{head}\r\nabc");
            assert_eq!(verdict(text.as_bytes()).0, Verdict::BadHead(head.len()), "{fields:?}");
        }
        let padded = format!("PUT / HTTP/1.1\r\nContent-Length: {}3\r\n\r\n", " ".repeat(300));
        assert!(matches!(verdict(padded.as_bytes()).0, Verdict::BadHead(_)));
    }

    #[test]
    fn malformed_chunks_are_refused() {
        for body in [
            "10000000000000000\r\n",
            "FFFFFFFFFFFFFFFF\r\n",
            "\r\n",
            "-1\r\n",
            "3\nabc",
            "3\r\nabcd",
            "3\r\nabc\n",
            "3;a\nb\r\n",
            "g\r\n",
        ] {
            let text = format!("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
            assert!(matches!(verdict(text.as_bytes()).0, Verdict::BadBody(_)), "{body:?}");
        }
    }

    /// hyper skips an empty line that ends in LF alone and reads on in the trailers. This reader took it for the
    /// end of the body, so the head that followed was part of the trailer for hyper, and the next one, with both
    /// `Content-Length` and `Transfer-Encoding`, passed this reader as if it were a body.
    #[test]
    fn trailers_with_bare_line_feeds_are_refused() {
        for trailers in ["\n", "Digest: x\n\r\n", "Digest: x\r\n\n", "Digest: x\r\n\nPUT /b HTTP/1.1\r\n\r\n"]
        {
            let text = format!("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n{trailers}");
            assert!(matches!(verdict(text.as_bytes()).0, Verdict::BadBody(_)), "{trailers:?}");
        }
        let long = format!(
            "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: {}\r\n\r\n",
            "y".repeat(5000)
        );
        assert_eq!(verdict(long.as_bytes()), (Verdict::Pass, Position::Boundary));
    }

    #[test]
    fn positions_tell_heads_from_bodies() {
        let mut framing = Framing::default();
        assert_eq!(framing.position(), Position::Boundary);
        framing.observe(b"P");
        assert_eq!(framing.position(), Position::Head);
        framing.observe(b"UT / HTTP/1.1\r\nContent-Length: 2\r\n");
        assert_eq!(framing.position(), Position::Head);
        framing.observe(b"\r\na");
        assert_eq!(framing.position(), Position::Body);
        framing.observe(b"b");
        assert_eq!(framing.position(), Position::Boundary);
    }
}
