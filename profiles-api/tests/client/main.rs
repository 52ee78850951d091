//! The client against a server of canned answers: lists in either form, where a token may go, and the life of an
//! account.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::allow_attributes,
        reason = "a test fails by panicking"
    )
)]

mod account;
mod avatar;
mod canned;

use profiles_api::{
    Client, ClientError, Profile,
    client::{ANSWER_LIMIT, Identity, Registered, Registration},
};

use self::canned::{Canned, json};

fn row(id: u64) -> String {
    format!(r#"{{"id":{id},"user":"user{id}","avatar":null,"bio":"","city":""}}"#)
}

fn page(next: Option<&str>, ids: &[u64]) -> String {
    let rows: Vec<_> = ids.iter().map(|id| row(*id)).collect();
    let next = next.map_or("null".to_owned(), |next| format!("\"{next}\""));
    json("200 OK", &format!(r#"{{"count":4,"next":{next},"previous":null,"results":[{}]}}"#, rows.join(",")))
}

fn ids(profiles: &[Profile]) -> Vec<u64> {
    profiles.iter().map(|profile| profile.id).collect()
}

fn token() -> secrecy::SecretString {
    "0123456789abcdef0123456789abcdef01234567".into()
}

#[tokio::test]
async fn a_list_is_the_same_whole_or_in_pages() {
    let whole = Canned::serve(|_, _| json("200 OK", &format!("[{},{},{}]", row(1), row(2), row(3))));
    let client = Client::new(&whole.url(), None).unwrap();
    let all = client.profiles(None).unwrap().take(usize::MAX).await.unwrap();
    assert_eq!(ids(&all), [1, 2, 3]);

    let paged = Canned::serve(|head, address| {
        if head.contains("page=2") {
            page(None, &[3])
        } else {
            page(Some(&format!("http://{address}/under/api/profiles/?page=2")), &[1, 2])
        }
    });
    let client = Client::new(&format!("{}/under", paged.url()), None).unwrap();
    let all = client.profiles(Some("a b&c")).unwrap().take(usize::MAX).await.unwrap();
    assert_eq!(ids(&all), [1, 2, 3]);
    assert!(
        paged.heads()[0].starts_with("get /under/api/profiles/?search=a+b%26c&page_size=100 http/1.1"),
        "{:?}",
        paged.heads()
    );

    let two = client.profiles(None).unwrap().take(2).await.unwrap();
    assert_eq!(ids(&two), [1, 2]);
    assert_eq!(paged.heads().len(), 3, "what is not needed is not fetched");
    assert!(paged.heads()[2].contains("?page_size=2 "), "nor asked for: {:?}", paged.heads());
}

#[tokio::test]
async fn a_token_goes_to_no_other_server_and_a_list_has_an_end() {
    let stranger = Canned::serve(|_, _| page(None, &[9]));
    let elsewhere = format!("{}/api/profiles/?page=2", stranger.url());
    let canned = Canned::serve(move |head, address| {
        if head.contains("/api/profiles/") {
            page(Some(&elsewhere), &[1])
        } else if head.contains("/api/profile-status/") {
            json(
                "200 OK",
                &format!(r#"{{"count":1,"next":"http://{address}/api/profile-status/","previous":null,"results":[]}}"#),
            )
        } else {
            format!("HTTP/1.1 302 Found\r\nLocation: {elsewhere}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
    });
    let client = Client::new(&canned.url(), Some(&token())).unwrap();
    assert!(matches!(client.profiles(None).unwrap().take(9).await, Err(ClientError::Unexpected { .. })));
    assert!(matches!(client.statuses(None).unwrap().take(9).await, Err(ClientError::Unexpected { .. })));
    assert!(matches!(client.logout().await, Err(ClientError::Unexpected { reason, .. }) if reason.contains("302")));
    assert!(stranger.heads().is_empty());
}

#[tokio::test]
async fn each_request_says_who_sends_it_but_a_login_needs_no_token() {
    let canned = Canned::serve(|head, _| match head.split(' ').nth(1).unwrap() {
        "/api/rest-auth/login/" => json("200 OK", r#"{"key":"abc"}"#),
        "/api/rest-auth/registration/" => json("201 Created", r#"{"detail":"Verification e-mail sent."}"#),
        _ => json("200 OK", &row(1)),
    });
    let client = Client::new(&canned.url(), Some(&token())).unwrap();
    client.profile(1).await.unwrap();
    client.login(&Identity::Username("ada".into()), &"pw".into()).await.unwrap();
    let registration = Registration { username: "ada".into(), email: None, password: "pw".into() };
    let registered = client.register(&registration).await.unwrap();
    assert!(matches!(registered, Registered::Pending(detail) if detail == "Verification e-mail sent."));

    let heads = canned.heads();
    assert!(heads[0].contains("authorization: token 0123456789abcdef"), "{}", heads[0]);
    assert!(heads.iter().all(|head| head.contains("accept: application/json")));
    assert!(heads.iter().all(|head| head.contains(concat!("user-agent: profiles-api/", env!("CARGO_PKG_VERSION")))));
    assert!(!heads[1].contains("authorization") && !heads[2].contains("authorization"), "{heads:?}");
}

#[tokio::test]
async fn an_answer_without_end_is_given_up() {
    let canned = Canned::serve(|_, _| json("200 OK", &" ".repeat(ANSWER_LIMIT + 1)));
    let error = Client::new(&canned.url(), None).unwrap().profile(1).await.unwrap_err();
    assert!(matches!(&error, ClientError::Unexpected { reason, .. } if reason.contains("1 MiB")), "{error}");
}

#[tokio::test]
async fn a_list_that_comes_whole_may_be_long() {
    let canned = Canned::serve(|_, _| {
        let row = row(1);
        json("200 OK", &format!("[{row}{}]", format!(",{row}").repeat(9 * ANSWER_LIMIT / row.len())))
    });
    let client = Client::new(&canned.url(), None).unwrap();
    assert_eq!(ids(&client.profiles(None).unwrap().take(2).await.unwrap()), [1, 1]);
}

#[tokio::test]
async fn a_name_is_found_among_others_that_hold_it() {
    let canned = Canned::serve(|_, _| {
        json(
            "200 OK",
            r#"[{"id":1,"user":"adam","avatar":null,"bio":"","city":""},{"id":2,"user":"Ada","avatar":null,"bio":"","city":""}]"#,
        )
    });
    let client = Client::new(&canned.url(), None).unwrap();
    assert_eq!(client.profile_by_username("ada").await.unwrap().id, 2);
    assert!(matches!(client.profile_by_username("ad").await, Err(ClientError::NotFound { .. })));
    assert!(matches!(client.profile_by_username("").await, Err(ClientError::NotFound { .. })));
}
