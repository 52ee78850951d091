//! `/api/profiles/`

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{As, Result, TestApp};

const PATH: &str = "/api/profiles/1/";

#[tokio::test]
async fn are_edited_by_their_owner_and_by_staff() -> Result {
    let mut app = TestApp::start().await?;
    let (ada, bob, staff) = (app.register("ada").await?, app.register("bob").await?, app.staff().await?);
    app.note(As::Token(&ada), "PUT", PATH, r#"{"bio": "Maker of things", "city": "Turin", "user": "x"}"#).await?;
    app.note(As::Token(&ada), "PUT", PATH, "{}").await?;
    app.note(As::Token(&ada), "PATCH", PATH, r#"{"city": ""}"#).await?;
    app.note(As::Token(&staff), "PATCH", PATH, r#"{"bio": "moderated"}"#).await?;
    app.note(As::Token(&bob), "PUT", PATH, r#"{"bio": "hacked"}"#).await?;
    app.note(As::Token(&bob), "PUT", PATH, "{").await?;
    app.note(As::Anonymous, "PUT", PATH, "{").await?;
    app.note(As::Anonymous, "PUT", "/api/profiles/99/", "{}").await?;
    app.note(As::Token(&bob), "PUT", "/api/profiles/99/", "{}").await?;
    app.note(As::Token(&bob), "POST", PATH, "{}").await?;
    app.note(As::Token(&ada), "DELETE", PATH, "").await?;
    app.note(As::Anonymous, "GET", PATH, "").await?;
    app.note(As::Anonymous, "HEAD", PATH, "").await?;
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}

#[tokio::test]
async fn fields_are_trimmed_counted_and_told() -> Result {
    let mut app = TestApp::start().await?;
    let key = app.register("ada").await?;
    for body in [
        json!({ "bio": "\n a\nb \n", "city": "\u{a0}x\u{2003}" }),
        json!({ "bio": "😀".repeat(240), "city": "é".repeat(30) }),
        json!({ "bio": "x".repeat(241), "city": "y".repeat(31) }),
        json!({ "bio": null, "city": true }),
        json!({ "bio": 1.5, "city": 12 }),
        json!({ "bio": "a\u{0}b", "city": ["a"] }),
        json!({ "bio": "a\u{2028}b\u{7f}<b>&/", "city": "\u{200b}x\u{feff}" }),
    ] {
        app.note(As::Token(&key), "PATCH", PATH, &body.to_string()).await?;
    }
    app.note(As::Token(&key), "PATCH", PATH, r#"{"bio": "\udfff"}"#).await?;
    insta::assert_snapshot!(app.transcript());
    Ok(())
}

#[tokio::test]
async fn a_search_hides_single_profiles_too() -> Result {
    let mut app = TestApp::start().await?;
    let (ada, bob) = (app.register("ada").await?, app.register("bob").await?);
    for search in ["AD", "nobody", "ada%20nobody", "%00"] {
        let path = format!("{PATH}?search={search}");
        app.note(As::Anonymous, "GET", &path, "").await?;
        app.note(As::Token(&ada), "PUT", &path, r#"{"city": "Turin"}"#).await?;
        app.note(As::Token(&bob), "PATCH", &path, "{").await?;
        app.note(As::Token(&ada), "OPTIONS", &path, "").await?;
    }
    insta::assert_snapshot!(app.transcript());
    Ok(())
}

#[tokio::test]
async fn options_describes_the_form_to_those_who_may_send_it() -> Result {
    let mut app = TestApp::start().await?;
    let (ada, bob) = (app.register("ada").await?, app.register("bob").await?);
    app.note(As::Token(&ada), "OPTIONS", PATH, "").await?;
    app.note(As::Token(&bob), "OPTIONS", PATH, "").await?;
    app.note(As::Anonymous, "OPTIONS", "/api/profiles/", "").await?;
    insta::assert_snapshot!(app.transcript());
    Ok(())
}

#[tokio::test]
async fn search_looks_into_names_and_cities() -> Result {
    let app = TestApp::start().await?;
    for (name, city) in [("ada", "Zürich West"), ("bob", "Turin"), ("turing", "London")] {
        let key = app.register(name).await?;
        let id = app.core.store().account_by_username(&profiles_core::model::UsernameKey::of(name)).await?;
        let path = format!("/api/profiles/{}/", id.ok_or("no account")?.id);
        let request = app.request(Method::PATCH, &path).header("Authorization", format!("Token {key}"));
        request.json(&json!({ "city": city })).send().await?.error_for_status()?;
    }
    for (search, expected) in [
        ("TURIN", vec!["bob", "turing"]),
        ("tur lon", vec!["turing"]),
        ("z%C3%BCR", vec!["ada"]),
        ("%22h+w%22", vec!["ada"]),
        ("%22", vec!["ada", "bob", "turing"]),
        ("ada+%27", vec!["ada"]),
        ("%25_", vec![]),
        ("", vec!["ada", "bob", "turing"]),
        ("nowhere", vec![]),
    ] {
        let page: Value =
            app.request(Method::GET, &format!("/api/profiles/?search={search}")).send().await?.json().await?;
        let found: Vec<&str> =
            page["results"].as_array().into_iter().flatten().filter_map(|row| row["user"].as_str()).collect();
        assert_eq!(found, expected, "{search}");
        assert_eq!(page["count"], expected.len());
    }
    let refused = app.request(Method::GET, "/api/profiles/?search=a%00").send().await?;
    assert_eq!(
        (refused.status().as_u16(), refused.text().await?.as_str()),
        (400, r#"["Null characters are not allowed."]"#)
    );
    Ok(())
}
