//! What was answered outlives the server.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::{
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    task::JoinSet,
};

use crate::place::{Place, Serving};

const ROUNDS: u64 = 20;
const WRITERS: usize = 16;
const STATUSES: &str = "/api/profile-status/";

/// Posts statuses, each with a text of its own, and tells of every answer, until the server is gone.
async fn post_for_ever(url: String, token: String, writer: String, acknowledged: UnboundedSender<String>) {
    let client = Client::builder().no_proxy().build().unwrap();
    for number in 0.. {
        let text = format!("{writer}, status {number}");
        let post = client.post(format!("{url}{STATUSES}")).header("Authorization", format!("Token {token}"));
        match post.json(&json!({ "status_content": text })).send().await {
            Ok(answer) => {
                assert_eq!(answer.status(), StatusCode::CREATED, "{text}");
                acknowledged.send(text).unwrap();
            }
            // Killed.
            Err(_) => return,
        }
    }
}

/// Lets everybody write and kills the server as soon as that many answers have come; all that was acknowledged.
async fn write_until_killed(server: &mut Serving, token: &str, round: u64, moment: u64) -> Vec<String> {
    let (tell, mut told) = mpsc::unbounded_channel();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let name = format!("round {round}, writer {writer}");
        writers.spawn(post_for_ever(format!("http://{}", server.address), token.to_owned(), name, tell.clone()));
    }
    drop(tell);
    let mut acknowledged = Vec::new();
    for _ in 0..moment {
        acknowledged.push(next(&mut told).await);
    }
    server.kill();
    writers.join_all().await;
    // Answers that were on their way.
    while let Ok(text) = told.try_recv() {
        acknowledged.push(text);
    }
    acknowledged
}

async fn next(told: &mut UnboundedReceiver<String>) -> String {
    told.recv().await.expect("the writers write until the server is killed")
}

/// Every status that the server has, by its text; each once.
async fn statuses(server: &Serving) -> BTreeMap<String, Value> {
    let answer = reqwest::get(format!("http://{}{STATUSES}", server.address)).await.unwrap();
    let rows: Vec<Value> = answer.json().await.unwrap();
    let count = rows.len();
    let by_text = rows.into_iter().map(|row| (row["status_content"].as_str().unwrap().to_owned(), row));
    let by_text: BTreeMap<_, _> = by_text.collect();
    assert_eq!(by_text.len(), count, "no status is there twice");
    by_text
}

async fn log_in(server: &Serving) -> String {
    let form = json!({ "username": "ada", "password": "tulip-tango-9" });
    let login = Client::new().post(format!("http://{}/api/rest-auth/login/", server.address)).json(&form);
    let answer: Value = login.send().await.unwrap().json().await.unwrap();
    answer["key"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answered_write_is_there_after_a_kill() {
    let place = Place::new();
    let made = place.run_with("user create ada --email ada@example.org --password-stdin", "tulip-tango-9");
    assert_eq!(made.code, Some(0), "{made:?}");
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();

    let mut server = place.serve("--pagination none --log warn");
    let token = log_in(&server).await;
    let (mut kept, mut answers) = (BTreeMap::new(), 0);
    for round in 0..ROUNDS {
        // After the first answer, or anywhere in the groups that come later.
        let moment = u64::from(nanos).checked_div(round).map_or(1, |number| number % 400 + 1);
        let acknowledged = write_until_killed(&mut server, &token, round, moment).await;
        answers += acknowledged.len();

        // The server helps itself; every other time, the check comes first.
        if round % 2 == 0 {
            let check = place.run("check");
            assert_eq!(check.code, Some(0), "round {round}: {check:?}");
            assert!(check.out.contains("; it was not closed the last time\ncontents: sound\n"), "{check:?}");
        }
        server = place.serve("--pagination none --log warn");
        let there = statuses(&server).await;
        for text in &acknowledged {
            assert!(there.contains_key(text), "round {round}, killed after {moment} answers: {text:?} is gone");
        }
        for (text, row) in &kept {
            assert_eq!(there.get(text), Some(row), "round {round}: what was kept before is as it was");
        }
        // Nobody made anything up: beside what was acknowledged there is at most what each writer was waiting for.
        assert!(there.len() <= kept.len() + acknowledged.len() + WRITERS, "round {round}");
        kept = there;
    }
    server.kill();
    let check = place.run("check");
    assert_eq!((check.code, check.out.contains("contents: sound\n")), (Some(0), true), "{check:?}");
    println!("{answers} answers in {ROUNDS} rounds, {} statuses kept", kept.len());
}

#[test]
fn a_server_that_was_killed_looks_whether_all_fits_and_says_so() {
    let place = Place::new();
    place.serve("").kill();
    let mut server = place.serve("");
    let log = server.log_until("the database is sound");
    assert!(log.contains("WARN") && log.contains("the database was not closed the last time"), "{log}");
    server.signal("-TERM");
    assert!(server.ended().0.success());

    let server = place.serve("");
    server.signal("-TERM");
    let (status, log) = server.ended();
    assert!(status.success() && !log.contains("the database"), "it was closed: {log}");
}
