//! The head of a mail: where it ends, and the lines that servers added on the way.

/// Most bytes that are read to find the end of a head; what comes after them counts as text.
pub(super) const MAX_HEAD: usize = 64 << 10;

/// Fields that servers add to a mail on its way (RFC 5321, section 4.4; Postfix's `O` and `D`), in lower case. A mail that is
/// sent twice, because the answer to the first was lost, has others.
const TRACE: [&[u8]; 4] = [b"received", b"return-path", b"delivered-to", b"x-original-to"];

/// Length of the head, with the empty line after it; `None` if it has not arrived whole.
pub(super) fn end(bytes: &[u8]) -> Option<usize> {
    if bytes.starts_with(b"\r\n") {
        return Some(2);
    }
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// Whether the mail has a name of its own.
pub(super) fn has_message_id(head: &[u8]) -> bool {
    head.split(|byte| *byte == b'\n').any(|line| {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        name.trim_ascii_end().eq_ignore_ascii_case(b"message-id")
    })
}

/// The lines of a head that do not change on the way.
pub(super) fn without_trace(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut is_trace = false;
    head.split_inclusive(|byte| *byte == b'\n').filter(move |line| {
        // A line that begins with a blank continues the field above it.
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
            is_trace = TRACE.iter().any(|field| name.trim_ascii_end().eq_ignore_ascii_case(field));
        }
        !is_trace
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_ends_with_an_empty_line() {
        for (bytes, expected) in [
            (&b"A: b\r\n\r\ntext"[..], Some(8)),
            (b"\r\ntext", Some(2)),
            (b"A: b\r\n", None),
            (b"A: b\n\ntext", None),
            (b"", None),
        ] {
            assert_eq!(end(bytes), expected);
        }
    }

    #[test]
    fn what_servers_add_does_not_count() {
        let sent = b"Subject: a\r\n b\r\nX-Received-By: c\r\n\r\n";
        let head = b"Return-Path: <a@b>\r\nRECEIVED: from x\r\n\tby y\r\n for z\r\nSubject: a\r\n b\r\nReceived : q\r\nX-Received-By: c\r\n\r\n";
        let kept: Vec<u8> = without_trace(head).flatten().copied().collect();
        assert_eq!(kept, sent);
    }
}
