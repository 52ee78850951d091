//! Servers that have to prove who they are.

use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpListener,
    path::PathBuf,
    sync::Arc,
    thread,
};

use rcgen::{CertificateParams, CertifiedKey, DnType, KeyPair, generate_simple_self_signed};
use rustls::{
    ServerConfig, ServerConnection, Stream,
    pki_types::{PrivateKeyDer, pem::PemObject},
};

use crate::program::{Program, Run};

/// A TLS server on this machine with a certificate for `name` that only those trust who were given it.
struct Server {
    url: String,
    certificate: String,
}

impl Server {
    fn with_certificate_for(name: &str) -> Self {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed([name.to_owned()]).unwrap();
        let key = PrivateKeyDer::from_pem_slice(signing_key.serialize_pem().as_bytes()).unwrap();
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key);
        let config = Arc::new(config.unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                // A client that does not trust the certificate breaks off, which ends this.
                let _ = answer(&mut Stream::new(&mut connection, &mut stream));
            }
        });
        Self { url, certificate: cert.pem() }
    }

    /// Lists profiles, trusting the authorities in `trusted` and nobody else.
    fn list(&self, trusted: &str) -> Run {
        let program = Program::for_server(&self.url);
        let file: PathBuf = program.folder().join("trusted.pem");
        fs::write(&file, trusted).unwrap();
        program.with("SSL_CERT_FILE", file.to_str().unwrap()).run(&["list"])
    }
}

/// An empty list, to any request.
fn answer(stream: &mut (impl Read + Write)) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    reader.get_mut().write_all(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]",
    )?;
    reader.get_mut().flush()
}

/// A certificate of another authority.
fn other_certificate() -> String {
    let mut parameters = CertificateParams::new(["example.org".to_owned()]).unwrap();
    parameters.distinguished_name.push(DnType::CommonName, "somebody else");
    parameters.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
}

#[test]
fn a_certificate_of_an_unknown_authority_names_the_host_and_what_to_do() {
    let run = Server::with_certificate_for("localhost").list(&other_certificate());
    assert_eq!(run.code, 8, "{}", run.err);
    for word in ["certificate of localhost", "nobody this machine trusts", "SSL_CERT_FILE"] {
        assert!(run.err.contains(word), "{word}: {}", run.err);
    }
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let server = Server::with_certificate_for("example.org");
    let run = server.list(&server.certificate);
    assert_eq!(run.code, 8, "{}", run.err);
    assert!(run.err.contains("for another name"), "{}", run.err);
}

#[test]
fn a_machine_without_authorities_trusts_nobody() {
    let run = Server::with_certificate_for("localhost").list("");
    assert_eq!(run.code, 8, "{}", run.err);
}

#[test]
fn an_authority_of_ones_own_can_be_named() {
    let server = Server::with_certificate_for("localhost");
    let run = server.list(&server.certificate);
    assert_eq!(run.code, 0, "{}", run.err);
}
