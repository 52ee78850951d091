//! A way to the database that counts how often a client waits for it.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf},
};

/// Hands on both ways between clients and the database that listens at a port of this machine.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    trips: Arc<AtomicU64>,
}

impl Relay {
    pub(crate) async fn start(database: u16) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let trips = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&trips);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(hand_on(client, database, Arc::clone(&counted)));
            }
        });
        Ok(Self { address, trips })
    }

    /// Round trips until now, of all connections.
    pub(crate) fn trips(&self) -> u64 {
        self.trips.load(Ordering::SeqCst)
    }
}

async fn hand_on(client: TcpStream, database: u16, trips: Arc<AtomicU64>) -> io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", database)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
    // The first message has no type.
    let mut message = Vec::new();
    read_message(&mut from_client, &mut message).await?;
    to_server.write_all(&message).await?;
    loop {
        message.clear();
        let kind = from_client.read_u8().await?;
        message.push(kind);
        read_message(&mut from_client, &mut message).await?;
        // Query, Sync and Flush: what a client sends before it waits.
        if matches!(kind, b'Q' | b'S' | b'H') {
            trips.fetch_add(1, Ordering::SeqCst);
        }
        to_server.write_all(&message).await?;
    }
}

/// Adds a message without its type: its length, which counts itself, and its text.
async fn read_message(from: &mut OwnedReadHalf, message: &mut Vec<u8>) -> io::Result<()> {
    let length = from.read_u32().await?;
    message.extend(length.to_be_bytes());
    let rest = u64::from(length).saturating_sub(4);
    from.take(rest).read_to_end(message).await?;
    Ok(())
}
