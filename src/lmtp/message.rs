//! The bytes of one mail, from DATA to the line with a dot (RFC 5321, section 4.5.2).

use std::io;

use bytes::Bytes;
use smtp_proto::request::receiver::DataReceiver;

use super::wire::Wire;
use crate::library::Source;

/// Times the allowed length after which a mail that is too long is not even read to its end.
const MAX_EXCESS: u64 = 4;

/// A mail that arrives.
pub(super) struct Message<'a> {
    wire: &'a mut Wire,
    receiver: DataReceiver,
    /// Bytes that are decoded and not handed out yet: the last one may belong to the end.
    decoded: Vec<u8>,
    length: u64,
    most: u64,
    is_whole: bool,
}

/// Why the rest of a mail does not arrive.
#[derive(Debug, thiserror::Error)]
pub(super) enum MessageError {
    #[error("the mail is too long")]
    TooLong,
    #[error("the connection ended before the mail did")]
    Broken(#[from] io::Error),
}

impl<'a> Message<'a> {
    /// The mail that follows; `most` is its greatest length in bytes.
    pub(super) fn new(wire: &'a mut Wire, most: u64) -> Self {
        let mut receiver = DataReceiver::new();
        // A dot in the first line counts as well.
        receiver.ingest(&mut b"\r\n".iter(), &mut Vec::new());
        Self { wire, receiver, decoded: Vec::new(), length: 0, most, is_whole: false }
    }

    /// Reads on until something is decoded, or the mail is whole.
    async fn advance(&mut self) -> io::Result<()> {
        while !self.is_whole && self.decoded.len() < 2 {
            if self.wire.arrived().is_empty() && !self.wire.fill().await? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let arrived = self.wire.arrived();
            let mut rest = arrived.iter();
            self.is_whole = self.receiver.ingest(&mut rest, &mut self.decoded);
            let taken = arrived.len() - rest.len();
            self.wire.take(taken);
        }
        Ok(())
    }

    /// The next bytes; none after the last.
    async fn piece(&mut self) -> io::Result<Vec<u8>> {
        self.advance().await?;
        // The end takes back a byte that it turns out to need.
        let ready = if self.is_whole { self.decoded.len() } else { self.decoded.len() - 1 };
        let rest = self.decoded.split_off(ready);
        let piece = std::mem::replace(&mut self.decoded, rest);
        self.length += piece.len() as u64;
        Ok(piece)
    }

    /// Reads the rest of the mail, so that the next command can follow.
    pub(super) async fn skip_rest(&mut self) -> io::Result<()> {
        while !self.piece().await?.is_empty() {
            if self.length > self.most.saturating_mul(MAX_EXCESS) {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
        }
        Ok(())
    }
}

impl Source for Message<'_> {
    type Error = MessageError;

    async fn next(&mut self, _durable: u64) -> Option<Result<Bytes, MessageError>> {
        match self.piece().await {
            Ok(piece) if piece.is_empty() => None,
            Ok(_) if self.length > self.most => Some(Err(MessageError::TooLong)),
            Ok(piece) => Some(Ok(piece.into())),
            Err(error) => Some(Err(error.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    /// The mail that these pieces carry, and the bytes after it.
    async fn received(pieces: &[&[u8]]) -> (Vec<u8>, Vec<u8>) {
        let (mut client, server) = tokio::io::duplex(1);
        let sent = pieces.concat();
        let writing = tokio::spawn(async move {
            client.write_all(&sent).await.unwrap();
        });
        let mut wire = Wire::new(Box::new(server));
        let mut message = Message::new(&mut wire, 1_000);
        let mut mail = Vec::new();
        while let Some(piece) = message.next(0).await {
            mail.extend_from_slice(&piece.unwrap());
        }
        while wire.fill().await.unwrap() {}
        writing.await.unwrap();
        (mail, wire.arrived().to_vec())
    }

    #[tokio::test]
    async fn a_mail_ends_with_a_line_that_is_a_dot_and_nothing_else() {
        for (sent, mail, rest) in [
            (&b"A: b\r\n\r\ntext\r\n.\r\nQUIT\r\n"[..], &b"A: b\r\n\r\ntext\r\n"[..], &b"QUIT\r\n"[..]),
            (b".\r\nQUIT\r\n", b"", b"QUIT\r\n"),
            (b"\r\n.\r\n", b"\r\n", b""),
            (b"..\r\n...\r\n.a\r\n.\r\n", b".\r\n..\r\na\r\n", b""),
            // Other servers take some of these for the end, and the bytes after it for commands (SMTP smuggling).
            (b"a\n.\nb\r\n.\r\n", b"a\n.\nb\r\n", b""),
            (b"a\n.\r\nb\r\n.\r\n", b"a\n.\r\nb\r\n", b""),
            (b"a\r\n.\nb\r\n.\r\n", b"a\r\n\nb\r\n", b""),
            (b"a\r.\rb\r\n.\r\n", b"a\r.\rb\r\n", b""),
            (b"a\r\n.\rb\r\n.\r\n", b"a\r\n\rb\r\n", b""),
            (b"\0\xff\r\n.\r\n", b"\0\xff\r\n", b""),
        ] {
            assert_eq!(received(&[sent]).await, (mail.to_vec(), rest.to_vec()), "{sent:?}");
        }
    }

    #[tokio::test]
    async fn a_mail_that_is_too_long_is_read_to_its_end_within_reason() {
        for (length, outcome) in [(11, Ok(())), (40, Ok(())), (100_000, Err(io::ErrorKind::FileTooLarge))] {
            let (mut client, server) = tokio::io::duplex(1 << 20);
            client.write_all(&vec![b'a'; length]).await.unwrap();
            client.write_all(b"\r\n.\r\n").await.unwrap();
            let mut wire = Wire::new(Box::new(server));
            let mut message = Message::new(&mut wire, 10);
            let error = loop {
                match message.next(0).await {
                    Some(Ok(_)) => {}
                    end => break end,
                }
            };
            assert!(matches!(error, Some(Err(MessageError::TooLong))), "{length}");
            assert_eq!(message.skip_rest().await.map_err(|error| error.kind()), outcome, "{length}");
        }
    }
}
