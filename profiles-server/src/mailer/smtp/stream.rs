//! A connection that is read a line at a time.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// Bytes that a server may say in all: a hundred times what any does.
const MOST: usize = 1024 * 1024;

/// Gives out no more than a line at once, though more has come.
///
/// lettre reads into a buffer, and keeps what is in it when the connection is upgraded by STARTTLS. Whoever sits on the
/// way could send their own answers behind the server's "go ahead", and they would be taken for what the server says
/// under TLS: that it has a mail, for one. Here they are still in the socket when TLS begins, and break it.
#[derive(Debug)]
pub(super) struct Lines {
    stream: TcpStream,
    left: usize,
}

impl Lines {
    pub(super) fn of(stream: TcpStream) -> Self {
        Self { stream, left: MOST }
    }
}

impl AsyncRead for Lines {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.left == 0 {
            return Poll::Ready(Err(io::Error::other("the server says too much")));
        }
        let mut bytes = [0; 1024];
        let room = into.remaining().min(self.left).min(bytes.len());
        let mut seen = ReadBuf::new(bytes.get_mut(..room).unwrap_or_default());
        ready!(self.stream.poll_peek(context, &mut seen))?;
        let line = seen.filled().iter().position(|byte| *byte == b'\n').map_or(seen.filled().len(), |end| end + 1);
        // What was seen is there, so this waits for nothing; at the end of the stream it takes nothing.
        let mut line = into.take(line.max(1).min(room));
        let read = {
            let before = line.filled().len();
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut line))?;
            line.filled().len() - before
        };
        self.left = self.left.saturating_sub(read);
        into.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Lines {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl AsyncTokioStream for Lines {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// A server that says this and closes, and what is read from it, read by read.
    async fn read(said: Vec<u8>, size: usize) -> Vec<io::Result<Vec<u8>>> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        let saying = tokio::spawn(async move {
            let _ = server.write_all(&said).await;
        });
        let mut lines = Lines::of(stream);
        let mut all = Vec::new();
        loop {
            let mut bytes = vec![0; size];
            let read = lines.read(&mut bytes).await;
            let end = !matches!(read, Ok(1..));
            all.push(read.map(|read| bytes[..read].to_vec()));
            if end {
                saying.abort();
                return all;
            }
        }
    }

    #[tokio::test]
    async fn what_comes_at_once_is_read_a_line_at_a_time() {
        let all = read(b"220 go ahead\r\n250 forged\r\n\nrest".to_vec(), 8192).await;
        let all: Vec<_> = all.into_iter().map(|read| String::from_utf8(read.unwrap()).unwrap()).collect();
        assert_eq!(all, ["220 go ahead\r\n", "250 forged\r\n", "\n", "rest", ""]);
        let all = read(b"abcdef\ng".to_vec(), 4).await;
        let all: Vec<_> = all.into_iter().map(|read| String::from_utf8(read.unwrap()).unwrap()).collect();
        assert_eq!(all, ["abcd", "ef\n", "g", ""]);
    }

    #[tokio::test]
    async fn a_server_that_never_ends_its_line_is_cut_off() {
        let all = read(vec![b'x'; 2 * MOST], 8192).await;
        let (last, before) = all.split_last().unwrap();
        assert_eq!(before.iter().map(|read| read.as_ref().unwrap().len()).sum::<usize>(), MOST);
        assert_eq!(last.as_ref().unwrap_err().to_string(), "the server says too much");
    }
}
