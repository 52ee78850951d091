//! A server that answers each request as a test wants it, and remembers what was asked.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use crate::program::Program;

/// A token as it is kept after a login.
pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef01234567";

/// The server. It runs until the test ends.
pub(crate) struct Canned {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Method and path, such as `GET /api/`.
    pub(crate) line: String,
    pub(crate) body: String,
    pub(crate) with_token: bool,
}

impl Canned {
    /// Answers by method and path, such as `GET /api/`.
    pub(crate) fn serve(answer: impl Fn(&str) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = read(&stream);
                let answer = answer(&request.line);
                remembered.lock().unwrap().push(request);
                // A client that has read enough goes away, which is its right.
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { url, requests }
    }

    /// Answers everything with this.
    pub(crate) fn with(status: &'static str, body: impl Into<String>) -> Self {
        let body = body.into();
        Self::serve(move |_| json(status, &body))
    }

    /// The program of somebody who is logged in.
    pub(crate) fn user(&self) -> Program {
        let program = Program::for_server(&self.url);
        std::fs::create_dir(program.folder().join("tokens")).unwrap();
        std::fs::write(program.token_file(), TOKEN).unwrap();
        program
    }

    /// What was asked so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Method and path, and the body, of the last request.
    pub(crate) fn last(&self) -> (String, String) {
        self.requests().pop().map(|request| (request.line, request.body)).unwrap()
    }
}

fn read(stream: &TcpStream) -> Request {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while reader.read_line(&mut head).unwrap() > 2 {}
    let line = head.lines().next().unwrap().strip_suffix(" HTTP/1.1").unwrap().to_owned();
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Request { line, body: String::from_utf8(body).unwrap(), with_token: head.contains("authorization: token ") }
}

/// An answer of the API.
pub(crate) fn json(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
