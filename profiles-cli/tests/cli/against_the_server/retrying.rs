//! Answers that are lost on their way.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
};

use crate::{
    program::Program,
    server::{PASSWORD, Server, register},
};

/// A way to the server on which the first answer is lost; its address.
fn losing(server: &Server) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = server.url.trim_start_matches("http://").to_owned();
    thread::spawn(move || {
        for (number, connection) in listener.incoming().enumerate() {
            let (mut client, mut server) = (connection.unwrap(), TcpStream::connect(&server).unwrap());
            let (mut requests, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || std::io::copy(&mut requests, &mut to_server));
            let mut answer = [0; 16 * 1024];
            // The server has done what was asked for once it begins to answer.
            let count = server.read(&mut answer).unwrap();
            if number == 0 {
                client.shutdown(std::net::Shutdown::Both).unwrap();
            } else {
                client.write_all(&answer[..count]).unwrap();
                thread::spawn(move || std::io::copy(&mut server, &mut client));
            }
        }
    });
    format!("http://{address}")
}

#[test]
fn a_post_whose_answer_is_lost_is_sent_again_and_makes_one_row() {
    let server = Server::start();
    server.user("ada").run(&["status", "list"]);
    let program = Program::for_server(&server.url);
    let arguments = ["login", "--username", "ada", "--password-stdin"];
    program.run_with_input(&arguments, &format!("{PASSWORD}\n")).done();
    let token = std::fs::read_to_string(program.token_file()).unwrap();
    let lost = Program::for_server(&losing(&server)).with("PROFILES_TOKEN", token.trim());
    assert_eq!(lost.run(&["--json", "status", "post", "hello"]).json()["id"], 1);
    assert_eq!(program.run(&["--json", "status", "list"]).json().as_array().unwrap().len(), 1);
    server.verify();
}

#[test]
fn a_registration_whose_answer_is_lost_is_sent_again_and_logs_in() {
    let server = Server::start();
    let program = Program::for_server(&losing(&server));
    register(&program, "ada").done();
    assert_eq!(program.run(&["--json", "whoami"]).json()["username"], "ada");
    assert_eq!(program.run(&["--json", "list"]).json().as_array().unwrap().len(), 1);
    server.verify();
}
