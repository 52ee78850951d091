//! An address that leads to one database today and to another tomorrow, or to several in turns.

use std::net::SocketAddr;

use profiles_test_cluster::Cluster;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

pub(crate) struct Switch {
    address: SocketAddr,
    ports: watch::Sender<Vec<u16>>,
}

impl Switch {
    pub(crate) async fn to(clusters: &[&Cluster]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let ports = watch::Sender::new(ports_of(clusters));
        let turns = ports.subscribe();
        tokio::spawn(async move {
            let mut turn = 0;
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(hand_on(client, turns.clone(), turn));
                turn += 1;
            }
        });
        Self { address, ports }
    }

    /// Whoever connects from now on comes there; connections of before are cut.
    pub(crate) fn turn_to(&self, clusters: &[&Cluster]) {
        self.ports.send_replace(ports_of(clusters));
    }

    /// This address of a database in the place of its own.
    pub(crate) fn url(&self, cluster: &Cluster, database: &str) -> String {
        cluster.url(database).replace(&format!(":{}/", cluster.port()), &format!(":{}/", self.address.port()))
    }
}

fn ports_of(clusters: &[&Cluster]) -> Vec<u16> {
    clusters.iter().map(|cluster| cluster.port()).collect()
}

async fn hand_on(mut client: TcpStream, mut ports: watch::Receiver<Vec<u16>>, turn: usize) {
    let port = {
        let ports = ports.borrow_and_update();
        ports.get(turn % ports.len()).copied().expect("a port")
    };
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        _ = ports.changed() => {}
    }
}
