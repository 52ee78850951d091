//! Pages, and lists without them.

use futures_util::future::join_all;
use profiles_core::{
    model::{AccountId, StatusText},
    permissions::{Actor, Proof},
};
use profiles_server::http::{Pagination, Settings};
use reqwest::Method;
use serde_json::Value;

use crate::app::{As, Result, TestApp};

const PATH: &str = "/api/profile-status/";

fn settings(pagination: Pagination) -> Settings {
    let mut settings = Settings::default();
    settings.pagination = pagination;
    settings
}

#[tokio::test]
async fn pages_lead_to_each_other() -> Result {
    let three = settings(Pagination::PageNumber { size: 3, max_size: Some(5) });
    let mut app = TestApp::start_with(three, |_| {}).await?;
    let key = app.register("ada").await?;
    for number in 1..=7 {
        app.post_status(&key, &format!("s{number}")).await?;
    }
    let (mut next, mut seen) = (Some(format!("{}{PATH}?username=ada", app.url)), Vec::new());
    while let Some(url) = next {
        let page: Value = app.request(Method::GET, url.trim_start_matches(&app.url)).send().await?.json().await?;
        let texts = page["results"].as_array().into_iter().flatten();
        seen.push(texts.filter_map(|row| row["status_content"].as_str().map(ToOwned::to_owned)).collect::<Vec<_>>());
        next = page["next"].as_str().map(ToOwned::to_owned);
    }
    assert_eq!(seen, [vec!["s1", "s2", "s3"], vec!["s4", "s5", "s6"], vec!["s7"]]);
    for query in [
        "page=2&username=ada",
        "page=last",
        "page=0",
        "page=-1",
        "page=4",
        "page=1.0",
        "page=",
        "page=9999999999999999999999",
        "page_size=2&page=4",
        "page_size=1000000000&page=2",
        "page_size=0",
        "username=nobody",
    ] {
        app.note(As::Anonymous, "GET", &format!("{PATH}?{query}"), "").await?;
    }
    app.note(As::Anonymous, "GET", "/api/profile-status.json?page=2", "").await?;
    insta::assert_snapshot!(app.transcript());
    Ok(())
}

#[tokio::test]
async fn without_pages_the_whole_list_is_one_array() -> Result {
    let app = TestApp::start_with(settings(Pagination::None), |_| {}).await?;
    let empty = app.request(Method::GET, PATH).send().await?;
    assert_eq!(empty.headers().get("content-type").ok_or("no type")?, "application/json");
    assert_eq!(empty.text().await?, "[]");
    app.register("ada").await?;
    // More than are read at a time, so that the answer is streamed.
    let actor = Actor::Account { id: AccountId::new(1), is_staff: false, proof: Proof::Program };
    let text = StatusText::parse("one of many").map_err(|_| "text")?;
    for _ in 0..3 {
        join_all((0..400).map(|_| app.core.post_status(actor, text.clone())))
            .await
            .into_iter()
            .collect::<std::result::Result<Vec<_>, _>>()?;
    }
    app.core.post_status(actor, text).await?;
    let rows: Vec<Value> = app.request(Method::GET, PATH).send().await?.json().await?;
    let ids: Vec<u64> = rows.iter().filter_map(|row| row["id"].as_u64()).collect();
    assert_eq!(ids, (1..=1201).collect::<Vec<_>>());
    Ok(())
}
