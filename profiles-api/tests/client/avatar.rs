//! Sending a picture.

use std::sync::{Arc, Mutex};

use profiles_api::Client;

use crate::{
    canned::{Canned, json},
    token,
};

#[tokio::test]
async fn a_picture_is_sent_in_pieces_and_told_of_as_it_goes() {
    let server = Canned::serve(|_, _| json("200 OK", r#"{"avatar":"https://a.example/media/me.jpg"}"#));
    let client = Client::new(&server.url(), Some(&token())).unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let hear = Arc::clone(&told);
    let image = "x".repeat(40_000);
    let sent = client.set_avatar("me.png", image.clone().into_bytes(), move |bytes| hear.lock().unwrap().push(bytes));
    assert_eq!(sent.await.unwrap().avatar.as_deref(), Some("https://a.example/media/me.jpg"));
    assert_eq!(*told.lock().unwrap(), [16_384, 32_768, 40_000]);
    let (line, body, with_token) = server.only_request();
    assert_eq!((line.as_str(), with_token), ("put /api/avatar/", true));
    assert!(body.contains(r#"name="avatar"; filename="me.png""#) && body.contains(&image), "{}", &body[..200]);
}

#[tokio::test]
async fn no_picture_is_null() {
    let server = Canned::serve(|_, _| json("200 OK", r#"{"avatar":null}"#));
    let client = Client::new(&server.url(), Some(&token())).unwrap();
    assert_eq!(client.clear_avatar().await.unwrap().avatar, None);
    assert_eq!(server.only_request(), ("put /api/avatar/".to_owned(), r#"{"avatar":null}"#.to_owned(), true));
}
