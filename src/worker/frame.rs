//! Messages on a pipe: a head in JSON and a body of bytes, both of a bounded length.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The two lengths that a frame starts with.
const PREFIX: usize = 8;

/// The least room for one read.
const READ_ROOM: usize = 64 << 10;

/// The most that one frame may hold, so that whoever sends one cannot exhaust whoever
/// reads it.
#[derive(Debug, Clone, Copy)]
pub(super) struct FrameLimits {
    /// Bytes of the head.
    pub(super) head: u64,
    /// Bytes of the body.
    pub(super) body: u64,
}

/// Why bytes are not a frame.
#[derive(Debug, thiserror::Error)]
pub(super) enum FrameError {
    /// It is longer than a frame may be.
    #[error("a message of {0} bytes")]
    TooLong(usize),
    /// The head is not a message.
    #[error("a message that cannot be read: {0}")]
    Malformed(#[from] serde_json::Error),
}

/// Writes a frame, whose body is in parts.
pub(super) fn write(to: &mut impl Write, head: &impl Serialize, body: &[&[u8]]) -> io::Result<()> {
    let head = serde_json::to_vec(head)?;
    let length = |length: usize| {
        let length = u32::try_from(length).map_err(|_| io::ErrorKind::FileTooLarge);
        length.map(u32::to_le_bytes)
    };
    to.write_all(&length(head.len())?)?;
    to.write_all(&length(body.iter().map(|part| part.len()).sum())?)?;
    to.write_all(&head)?;
    body.iter().try_for_each(|part| to.write_all(part))
}

/// The lengths of head and body, once both are there.
fn lengths(bytes: &[u8], limits: FrameLimits) -> Result<Option<(usize, usize)>, FrameError> {
    let Some((head, rest)) = bytes.split_first_chunk::<4>() else { return Ok(None) };
    let Some((body, _)) = rest.split_first_chunk::<4>() else { return Ok(None) };
    let (head, body) = (u32::from_le_bytes(*head) as usize, u32::from_le_bytes(*body) as usize);
    for (length, limit) in [(head, limits.head), (body, limits.body)] {
        if length as u64 > limit {
            return Err(FrameError::TooLong(length));
        }
    }
    Ok(Some((head, body)))
}

/// Bytes that arrive in pieces, taken frame by frame.
#[derive(Debug, Default)]
pub(super) struct FrameBuffer {
    bytes: Vec<u8>,
    /// Where the first frame that was not taken starts.
    start: usize,
    /// Where the bytes that have arrived end. Those after it are room.
    end: usize,
    /// The number of bytes before that of the last frame's body.
    body: usize,
    /// The length of the last frame.
    last: usize,
}

impl FrameBuffer {
    /// Adds bytes as they arrive, as many as one read brings. Returns how many.
    pub(super) fn fill(&mut self, from: &mut impl Read) -> io::Result<usize> {
        // What was taken makes room before more is allocated.
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            (self.start, self.body) = (0, 0);
        }
        if self.bytes.len() < self.end + READ_ROOM {
            self.bytes.resize(self.end + READ_ROOM, 0);
        }
        let count = from.read(&mut self.bytes[self.end..])?;
        self.end += count;
        Ok(count)
    }

    /// The head of the next whole frame.
    pub(super) fn take<T: DeserializeOwned>(
        &mut self,
        limits: FrameLimits,
    ) -> Result<Option<T>, FrameError> {
        let bytes = &self.bytes[self.start..self.end];
        let Some((head, body)) = lengths(bytes, limits)? else { return Ok(None) };
        let Some(frame) = bytes.get(PREFIX..PREFIX + head + body) else { return Ok(None) };
        let message = serde_json::from_slice(&frame[..head])?;
        self.body = body;
        self.last = PREFIX + frame.len();
        self.start += self.last;
        Ok(Some(message))
    }

    /// The length of the frame that was taken last.
    pub(super) fn size(&self) -> usize {
        self.last
    }

    /// The body of the frame that was taken last; empty once more bytes have arrived.
    pub(super) fn body(&self) -> &[u8] {
        &self.bytes[self.start - self.body..self.start]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: FrameLimits = FrameLimits { head: 64, body: 64 };

    fn taken(mut bytes: &[u8]) -> Result<Option<String>, FrameError> {
        let mut buffer = FrameBuffer::default();
        buffer.fill(&mut bytes).unwrap();
        buffer.take(LIMITS)
    }

    #[test]
    fn frames_come_out_as_they_went_in_however_they_are_cut() {
        let mut sent = Vec::new();
        for (head, body) in [("one", &b"body"[..]), ("", b""), ("three", &[0; 64])] {
            let (start, end) = body.split_at(body.len() / 2);
            write(&mut sent, &head, &[start, end]).unwrap();
        }
        for size in 1..sent.len() {
            let mut buffer = FrameBuffer::default();
            let mut received = Vec::new();
            for mut piece in sent.chunks(size) {
                buffer.fill(&mut piece).unwrap();
                while let Some(head) = buffer.take::<String>(LIMITS).unwrap() {
                    received.push((head, buffer.body().to_vec()));
                }
            }
            let heads: Vec<_> = received.iter().map(|(head, body)| (&**head, body.len())).collect();
            assert_eq!(heads, [("one", 4), ("", 0), ("three", 64)]);
        }
    }

    #[test]
    fn a_frame_that_is_too_long_is_refused_before_it_arrives() {
        for lengths in [[65_u32, 0], [0, 65], [u32::MAX, u32::MAX]] {
            let bytes = lengths.map(u32::to_le_bytes).concat();
            assert!(matches!(taken(&bytes), Err(FrameError::TooLong(_))));
        }
    }

    #[test]
    fn a_head_that_is_no_message_is_an_error() {
        let mut bytes = Vec::new();
        write(&mut bytes, &7, &[]).unwrap();
        assert!(matches!(taken(&bytes), Err(FrameError::Malformed(_))));
    }
}
