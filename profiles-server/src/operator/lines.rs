//! Lines of a bounded length.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

/// Bytes of a line at most, its end included.
pub(super) const LONGEST_LINE: usize = 1 << 20;

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line, without its end.
    Whole(Vec<u8>),
    /// The beginning of a line that is too long.
    TooLong,
    /// The other side has nothing more to say; what it left unfinished does not count.
    End,
}

/// Reads a line. Holds no more of it than [`LONGEST_LINE`].
pub(super) async fn read_line<R: AsyncBufRead + Unpin>(from: &mut R) -> io::Result<Line> {
    let mut line = Vec::new();
    from.take(LONGEST_LINE as u64).read_until(b'\n', &mut line).await?;
    Ok(match line.pop() {
        Some(b'\n') => Line::Whole(line),
        Some(_) if line.len() + 1 == LONGEST_LINE => Line::TooLong,
        _ => Line::End,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_has_an_end_and_a_limit() {
        let longest = vec![b'x'; LONGEST_LINE - 1];
        let mut text = [&b"one\n\n"[..], &longest, b"\nrest"].concat();
        let mut from = text.as_slice();
        assert_eq!(read_line(&mut from).await.unwrap(), Line::Whole(b"one".to_vec()));
        assert_eq!(read_line(&mut from).await.unwrap(), Line::Whole(Vec::new()));
        assert_eq!(read_line(&mut from).await.unwrap(), Line::Whole(longest));
        assert_eq!(read_line(&mut from).await.unwrap(), Line::End, "it was not finished");
        assert_eq!(read_line(&mut from).await.unwrap(), Line::End);

        text = vec![b'x'; LONGEST_LINE];
        text.push(b'\n');
        assert_eq!(read_line(&mut text.as_slice()).await.unwrap(), Line::TooLong);
    }
}
