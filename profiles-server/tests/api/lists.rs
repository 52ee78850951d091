//! Orders, filters, cursors and links of lists.

use profiles_core::{
    model::{AccountId, StatusId, StatusText},
    permissions::{Actor, Proof},
};
use profiles_server::http::{Pagination, Settings};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::app::{Result, TestApp};

const STATUSES: &str = "/api/profile-status/";
const PROFILES: &str = "/api/profiles/";

fn cursors(size: usize) -> Settings {
    let mut settings = Settings::default();
    settings.pagination = Pagination::Cursor { size, max_size: Some(5) };
    settings
}

/// Everybody in turn posts a status, all of them so many times.
async fn post(app: &TestApp, accounts: u64, times: u64) -> Result {
    for number in 0..accounts * times {
        let actor =
            Actor::Account { id: AccountId::new(number % accounts + 1), is_staff: false, proof: Proof::Program };
        app.core.post_status(actor, StatusText::parse(&format!("s{number}")).map_err(|_| "text")?).await?;
    }
    Ok(())
}

async fn ask(app: &TestApp, path: &str) -> Result<Response> {
    Ok(app.request(Method::GET, path.trim_start_matches(&app.url)).send().await?)
}

async fn page(app: &TestApp, path: &str) -> Result<Value> {
    Ok(ask(app, path).await?.error_for_status()?.json().await?)
}

fn ids(page: &Value) -> Vec<u64> {
    let rows = page["results"].as_array().into_iter().flatten();
    rows.filter_map(|row| row["id"].as_u64()).collect()
}

fn link(response: &Response) -> Vec<(String, String)> {
    let header = response.headers().get("link").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let links = header.split(", ").filter_map(|link| {
        let (url, relation) = link.strip_prefix('<')?.split_once(">; rel=\"")?;
        Some((relation.trim_end_matches('"').to_owned(), url.to_owned()))
    });
    links.collect()
}

#[tokio::test]
async fn cursors_lead_through_the_list_and_back() -> Result {
    let app = TestApp::start_with(cursors(3), |_| {}).await?;
    app.register("ada").await?;
    post(&app, 1, 8).await?;
    let first = page(&app, STATUSES).await?;
    assert_eq!((ids(&first), &first["previous"]), (vec![1, 2, 3], &Value::Null));
    assert_eq!(first.as_object().ok_or("no object")?.keys().collect::<Vec<_>>(), ["next", "previous", "results"]);
    let second = page(&app, first["next"].as_str().ok_or("no next")?).await?;
    let third = page(&app, second["next"].as_str().ok_or("no next")?).await?;
    assert_eq!((ids(&second), ids(&third), &third["next"]), (vec![4, 5, 6], vec![7, 8], &Value::Null));
    let back = page(&app, third["previous"].as_str().ok_or("no previous")?).await?;
    assert_eq!(ids(&back), [4, 5, 6]);
    let back = page(&app, back["previous"].as_str().ok_or("no previous")?).await?;
    assert_eq!((ids(&back), &back["previous"]), (vec![1, 2, 3], &Value::Null));

    // What comes and goes moves nobody who is on the way.
    for gone in [3, 4, 7, 8] {
        app.core.store().delete_status(StatusId::new(gone), app.core.now().into()).await?;
    }
    assert_eq!(ids(&page(&app, first["next"].as_str().ok_or("no next")?).await?), [5, 6]);
    let emptied = page(&app, second["next"].as_str().ok_or("no next")?).await?;
    assert_eq!((ids(&emptied), &emptied["next"]), (vec![], &Value::Null));
    let end = page(&app, emptied["previous"].as_str().ok_or("no previous")?).await?;
    assert_eq!(ids(&end), [2, 5, 6]);
    post(&app, 1, 1).await?;
    assert_eq!(ids(&page(&app, second["next"].as_str().ok_or("no next")?).await?), [9]);
    // The size may change on the way.
    let next = first["next"].as_str().ok_or("no next")?;
    assert_eq!(ids(&page(&app, &format!("{next}&page_size=1")).await?), [5]);
    app.verify().await
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_alone() -> Result {
    let app = TestApp::start_with(cursors(1), |_| {}).await?;
    for name in ["ada", "bob", "cyd"] {
        app.register(name).await?;
    }
    post(&app, 3, 2).await?;
    let of = async |path: &str| -> Result<String> {
        let page = page(&app, path).await?;
        let next = page["next"].as_str().ok_or("no next")?.to_owned();
        Ok(next.split("cursor=").nth(1).and_then(|rest| rest.split('&').next()).ok_or("no cursor")?.to_owned())
    };
    let cursor = of(&format!("{STATUSES}?username=ada")).await?;
    assert_eq!(ask(&app, &format!("{STATUSES}?username=ada&cursor={cursor}")).await?.status(), StatusCode::OK);
    assert_eq!(ask(&app, &format!("{STATUSES}?username=ada&cursor=")).await?.status(), StatusCode::OK);
    let forged = format!("{}A", &cursor[..cursor.len() - 1]);
    let forged = if forged == cursor { format!("{}B", &cursor[..cursor.len() - 1]) } else { forged };
    for path in [
        format!("{STATUSES}?cursor={cursor}"),
        format!("{STATUSES}?username=bob&cursor={cursor}"),
        format!("{STATUSES}?username=ada&ordering=-id&cursor={cursor}"),
        format!("{STATUSES}?username=ada&profile=1&cursor={cursor}"),
        format!("{STATUSES}?username=ada&since=2020-01-01T00:00:00Z&cursor={cursor}"),
        format!("{PROFILES}?cursor={cursor}"),
        format!("{PROFILES}1/statuses/?cursor={cursor}"),
        format!("{STATUSES}?username=ada&cursor={forged}"),
        format!("{STATUSES}?username=ada&cursor={}", &cursor[..cursor.len() - 4]),
        format!("{STATUSES}?username=ada&cursor=cD0yMDI0LTAxLTAx"),
        format!("{STATUSES}?username=ada&cursor=%00"),
        format!("{STATUSES}?username=ada&cursor={}", "A".repeat(6000)),
    ] {
        let answer = ask(&app, &path).await?;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.text().await?, r#"{"detail":"Invalid cursor"}"#, "{path}");
    }
    // Another server's is forged too.
    let other = TestApp::start_with(cursors(1), |_| {}).await?;
    let path = format!("{STATUSES}?username=ada&cursor={cursor}");
    assert_eq!(ask(&other, &path).await?.status(), StatusCode::NOT_FOUND);
    Ok(())
}

#[tokio::test]
async fn lists_are_ordered_as_they_are_asked_for() -> Result {
    let app = TestApp::start_with(cursors(2), |_| {}).await?;
    for name in ["cyd", "Ada", "bob"] {
        app.register(name).await?;
    }
    post(&app, 3, 2).await?;
    for (path, expected) in [
        (format!("{STATUSES}?ordering=id"), vec![1, 2, 3, 4, 5, 6]),
        (format!("{STATUSES}?ordering=-id"), vec![6, 5, 4, 3, 2, 1]),
        (format!("{STATUSES}?ordering=-created_at&profile=3"), vec![6, 3]),
        (format!("{STATUSES}?ordering=-id&ordering=created_at&username=Ada"), vec![2, 5]),
        (format!("{STATUSES}?ordering=nothing"), vec![1, 2, 3, 4, 5, 6]),
        (format!("{PROFILES}1/statuses/?ordering=nothing,-id"), vec![4, 1]),
        (format!("{PROFILES}?ordering=-id"), vec![3, 2, 1]),
        (format!("{PROFILES}?ordering=username"), vec![2, 3, 1]),
        (format!("{PROFILES}?ordering=-username"), vec![1, 3, 2]),
        (format!("{PROFILES}?ordering=-username&search=d"), vec![1, 2]),
    ] {
        let (mut seen, mut next) = (Vec::new(), Some(path.clone()));
        while let Some(url) = next {
            let page = page(&app, &url).await?;
            seen.extend(ids(&page));
            next = page["next"].as_str().map(ToOwned::to_owned);
        }
        assert_eq!(seen, expected, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn statuses_are_filtered_by_profile_and_time() -> Result {
    let app = TestApp::start().await?;
    for name in ["ada", "bob"] {
        app.register(name).await?;
    }
    post(&app, 2, 3).await?;
    let all = page(&app, STATUSES).await?;
    let third = all["results"][2]["created_at"].as_str().ok_or("no moment")?.to_owned();
    for (query, expected) in [
        ("profile=2".to_owned(), vec![2, 4, 6]),
        ("profile=2&username=ada".to_owned(), vec![]),
        ("profile=9".to_owned(), vec![]),
        (format!("since={third}"), vec![3, 4, 5, 6]),
        (format!("until={third}"), vec![1, 2]),
        (format!("since={third}&until={third}"), vec![]),
        (format!("profile=1&since={third}"), vec![3, 5]),
        (format!("until={third}&ordering=-id"), vec![2, 1]),
        ("since=2000-01-01T00:00:00%2B01:00&until=2200-01-01T00:00:00Z&page_size=2&page=3".to_owned(), vec![5, 6]),
    ] {
        let page = page(&app, &format!("{STATUSES}?{query}")).await?;
        assert_eq!(ids(&page), expected, "{query}");
        if !query.contains("page=") {
            assert_eq!(page["count"], expected.len(), "{query}");
        }
    }
    assert_eq!(ids(&page(&app, &format!("{PROFILES}2/statuses/?since={third}")).await?), [4, 6]);
    assert_eq!(ids(&page(&app, &format!("{PROFILES}2/statuses.json?page_size=1&page=last")).await?), [6]);
    for (query, field) in [
        ("since=yesterday", "since"),
        ("until=2024-01-01", "until"),
        ("profile=ada", "profile"),
        ("profile=-1", "profile"),
        ("page_size=0", "page_size"),
        ("page_size=-1", "page_size"),
        ("page_size=1e9", "page_size"),
        ("page_size=1000000000", "page_size"),
        ("page_size=9999999999999999999999", "page_size"),
    ] {
        let answer = ask(&app, &format!("{STATUSES}?{query}")).await?;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{query}");
        let body: Value = answer.json().await?;
        assert!(body[field][0].is_string() && body.as_object().map_or(0, serde_json::Map::len) == 1, "{query}: {body}");
    }
    Ok(())
}

#[tokio::test]
async fn a_profile_is_found_by_name() -> Result {
    let app = TestApp::start().await?;
    let key = app.register("Ada.L+x").await?;
    app.register("bob").await?;
    let first = json!({"id": 1, "user": "Ada.L+x", "avatar": null, "bio": "", "city": ""});
    for path in ["by-username/Ada.L+x/", "by-username/ada.l%2BX/", "1/"] {
        assert_eq!(page(&app, &format!("{PROFILES}{path}")).await?, first, "{path}");
    }
    assert_eq!(page(&app, &format!("{PROFILES}by-username/BOB/")).await?["id"], 2);
    for path in ["by-username/nobody/", "by-username/a%FFb/", "by-username/%00/", "9/statuses/", "0/statuses/"] {
        let answer = ask(&app, &format!("{PROFILES}{path}")).await?;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.text().await?, r#"{"detail":"No Profile matches the given query."}"#, "{path}");
    }
    let moved = ask(&app, &format!("{PROFILES}by-username/ada")).await?;
    assert_eq!(moved.status(), StatusCode::MOVED_PERMANENTLY);
    let token = format!("Token {key}");
    let refused = app.request(Method::PUT, &format!("{PROFILES}by-username/ada/")).header("Authorization", token);
    assert_eq!(refused.send().await?.status(), StatusCode::METHOD_NOT_ALLOWED);
    Ok(())
}

#[tokio::test]
async fn every_style_names_the_pages_beside_it_in_a_header() -> Result {
    let mut settings = Settings::default();
    settings.pagination = Pagination::PageNumber { size: 2, max_size: None };
    let app = TestApp::start_with(settings, |_| {}).await?;
    app.register("ada").await?;
    post(&app, 1, 5).await?;
    let own = |query: &str| format!("{}{STATUSES}{query}", app.url);
    let links = link(&ask(&app, &own("?page=2&username=ada")).await?);
    let expected =
        [("first", own("?username=ada")), ("prev", own("?username=ada")), ("next", own("?page=3&username=ada"))];
    assert_eq!(links, expected.map(|(relation, url)| (relation.to_owned(), url)));
    let links = link(&ask(&app, &own("?page=last")).await?);
    assert_eq!(links, [("first".to_owned(), own("")), ("prev".to_owned(), own("?page=2"))]);

    let app = TestApp::start_with(cursors(2), |_| {}).await?;
    app.register("ada").await?;
    post(&app, 1, 3).await?;
    let own = |query: &str| format!("{}{STATUSES}{query}", app.url);
    let links = link(&ask(&app, &own("?ordering=-id")).await?);
    let [(first, address), (next, second)] = &links[..] else { return Err(format!("{links:?}").into()) };
    assert_eq!((first.as_str(), next.as_str(), address), ("first", "next", &own("?ordering=-id")));
    let answer = ask(&app, second).await?;
    let links = link(&answer);
    let body: Value = answer.json().await?;
    assert_eq!(
        (links[0].1.clone(), links[1].1.as_str()),
        (own("?ordering=-id"), body["previous"].as_str().unwrap_or_default())
    );

    let mut settings = Settings::default();
    settings.pagination = Pagination::None;
    let app = TestApp::start_with(settings, |_| {}).await?;
    let links = link(&ask(&app, &format!("{}{STATUSES}?username=ada", app.url)).await?);
    assert_eq!(links, [("first".to_owned(), format!("{}{STATUSES}?username=ada", app.url))]);
    Ok(())
}

#[tokio::test]
async fn what_the_original_ignores_can_be_ignored() -> Result {
    let mut settings = Settings::default();
    settings.pagination = Pagination::None;
    (settings.ordering, settings.status_filters, settings.links) = (false, false, false);
    let app = TestApp::start_with(settings, |_| {}).await?;
    for name in ["cyd", "ada"] {
        app.register(name).await?;
    }
    post(&app, 2, 2).await?;
    for (path, expected) in [
        (format!("{STATUSES}?ordering=-id&profile=x&since=x&until=2000-01-01T00:00:00Z"), vec![1, 2, 3, 4]),
        (format!("{STATUSES}?username=ada&page_size=0"), vec![2, 4]),
        (format!("{PROFILES}?ordering=username&cursor=x"), vec![1, 2]),
    ] {
        let answer = ask(&app, &path).await?;
        assert!(!answer.headers().contains_key("link"), "{path}");
        let rows: Vec<Value> = answer.error_for_status()?.json().await?;
        assert_eq!(rows.iter().filter_map(|row| row["id"].as_u64()).collect::<Vec<_>>(), expected, "{path}");
    }
    Ok(())
}
