//! Pictures outlive the server, or were never shown.

use std::{
    fs::{self, File},
    path::Path,
    time::{Duration, Instant, SystemTime},
};

use reqwest::{Client, StatusCode};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::place::{AGES, Place, Serving};

const WRITERS: u8 = 4;
const ROUNDS: u8 = 6;

/// A picture of one colour, another for every number.
fn picture(round: u8, writer: u8, number: u8) -> Vec<u8> {
    let colour = [round, writer, number];
    [b"GIF89a\x01\0\x01\0\x80\0\0", &colour[..], b"\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"].concat()
}

/// Sets picture after picture until the server is gone; the link that was answered last.
async fn show_for_ever(url: String, token: String, round: u8, writer: u8) -> Option<String> {
    let client = Client::builder().no_proxy().build().unwrap();
    let mut link = None;
    for number in 0..=u8::MAX {
        let head = b"--b\r\nContent-Disposition: form-data; name=\"avatar\"; filename=\"a.gif\"\r\n\r\n";
        let body = [&head[..], &picture(round, writer, number), b"\r\n--b--\r\n"].concat();
        let put = client.put(format!("{url}/api/avatar/")).header("Authorization", format!("Token {token}"));
        let put = put.header("Content-Type", "multipart/form-data; boundary=b").body(body);
        // Killed, before the answer or in the middle of it.
        let Ok(answer) = put.send().await else { return link };
        let status = answer.status();
        let Ok(answer) = answer.json::<Value>().await else { return link };
        assert_eq!(status, StatusCode::OK, "{answer}");
        link = answer["avatar"].as_str().map(str::to_owned);
    }
    link
}

async fn log_in(server: &Serving, name: &str) -> String {
    let form = serde_json::json!({ "username": name, "password": "tulip-tango-9" });
    let login = Client::new().post(format!("http://{}/api/rest-auth/login/", server.address)).json(&form);
    let answer: Value = login.send().await.unwrap().json().await.unwrap();
    answer["key"].as_str().unwrap().to_owned()
}

/// The names of the files that profiles point at; each is there.
async fn shown(server: &Serving) -> Vec<String> {
    let answer = reqwest::get(format!("http://{}/api/profiles/", server.address)).await.unwrap();
    let rows: Vec<Value> = answer.json().await.unwrap();
    let mut names = Vec::new();
    for link in rows.iter().filter_map(|row| row["avatar"].as_str()) {
        let name = link.rsplit('/').next().unwrap();
        let file = reqwest::get(format!("http://{}/media/avatars/{name}", server.address)).await.unwrap();
        assert_eq!(file.status(), StatusCode::OK, "{name} is shown and not there");
        names.push(name.to_owned());
    }
    names
}

/// The files in a folder; makes each older than a sweep spares.
fn age(folder: &Path, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            age(&entry.path(), names);
        } else {
            let long_ago = SystemTime::now() - Duration::from_hours(2);
            File::options().append(true).open(entry.path()).unwrap().set_modified(long_ago).unwrap();
            names.push(entry.file_name().into_string().unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_leaves_no_profile_without_its_files_and_no_files_for_long() {
    let place = Place::new();
    for writer in 0..WRITERS {
        let command = format!("user create person{writer} --email person{writer}@example.org --password-stdin");
        assert_eq!(place.run_with(&command, "tulip-tango-9").code, Some(0));
    }
    let options = "--pagination none --log warn";
    let mut server = place.serve(options);
    let mut tokens = Vec::new();
    for writer in 0..WRITERS {
        tokens.push(log_in(&server, &format!("person{writer}")).await);
    }
    for round in 0..ROUNDS {
        let mut people = JoinSet::new();
        for writer in 0..WRITERS {
            let token = tokens[usize::from(writer)].clone();
            people.spawn(show_for_ever(format!("http://{}", server.address), token, round, writer));
        }
        // At another moment each time; there is nothing to wait for but that.
        tokio::time::sleep(Duration::from_millis(60 + 37 * u64::from(round))).await;
        server.kill();
        people.join_all().await;

        let mut there = Vec::new();
        age(&place.path("profiles-data/avatars"), &mut there);
        server = place.serve(options);
        let mut files: Vec<_> = shown(&server).await;
        files.extend(files.clone().iter().map(|name| name.replace("-large", "-small")));
        files.sort();
        files.dedup();
        assert!(files.iter().all(|name| there.contains(name)), "round {round}");
        // The sweep at the start takes all others away.
        let start = Instant::now();
        loop {
            let mut left = Vec::new();
            age(&place.path("profiles-data/avatars"), &mut left);
            left.sort();
            if left == files {
                break;
            }
            assert!(start.elapsed() < AGES, "round {round}: {left:?} are left, {files:?} are shown");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    server.kill();
    let check = place.run("check");
    assert_eq!((check.code, check.out.contains("contents: sound\n")), (Some(0), true), "{check:?}");
}
