//! What people do not do, and what browsers are told.

use std::time::Duration;

use profiles_core::{model::Limit, testkit::Failure};
use reqwest::{Method, StatusCode};

use super::site::{NEW_PASSWORD, Site};
use crate::app::Result;

const CONFIRM: &str = "/api/rest-auth/registration/account-confirm-email";

#[tokio::test]
async fn every_page_has_the_headers_that_a_page_with_a_key_needs() -> Result {
    let site = Site::start().await?;
    site.register("ada", "ada@example.org").await?;
    let confirm = site.link().await?;
    let reset = site.reset_link("ada@example.org").await?;
    let delete = site.show(site.request(Method::DELETE, &confirm).send().await?).await?;
    let json = site.request(Method::GET, &confirm).header("Accept", "application/json").send().await?;
    let json = site.show(json).await?;
    assert_eq!((delete.status, json.status), (StatusCode::METHOD_NOT_ALLOWED, StatusCode::OK));
    let pages = [
        site.get(&confirm).await?,
        site.get(&reset).await?,
        site.get(&format!("{CONFIRM}/x/")).await?,
        site.choose(&reset, "", "").await?,
        site.press(&confirm).await?,
        site.choose(&reset, NEW_PASSWORD, NEW_PASSWORD).await?,
        delete,
        json,
    ];
    for page in pages {
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("allow", "GET, HEAD, POST"),
            ("vary", "Accept"),
        ] {
            assert_eq!(page.header(name), value, "{name} of {}", page.heading());
        }
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        let end = "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        assert!(policy.ends_with(end), "{policy}");
        assert!(page.headers.get("set-cookie").is_none());
        assert_eq!(page.html.matches("<h1>").count(), 1);
    }
    Ok(())
}

#[tokio::test]
async fn other_methods_are_refused_and_change_nothing() -> Result {
    let site = Site::start().await?;
    site.register("ada", "ada@example.org").await?;
    let link = site.link().await?;
    for method in ["PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"] {
        let answer = site.request(Method::from_bytes(method.as_bytes())?, &link).send().await?;
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(answer.headers()["allow"], "GET, HEAD, POST");
    }
    assert!(!site.account("ada").await?.email_verified);
    Ok(())
}

#[tokio::test]
async fn broken_keys_are_a_clear_page() -> Result {
    let site = Site::start().await?;
    site.register("ada", "ada@example.org").await?;
    let link = site.link().await?;
    let (cut, long) = (link.get(..link.len() - 5).ok_or("short")?.to_owned(), "k".repeat(10_240));
    let upper = link.rsplit_once('/').map(|(link, _)| link).and_then(|link| link.rsplit_once('/'));
    let upper = upper.map(|(path, key)| format!("{path}/{}/", key.to_uppercase())).ok_or("no key")?;
    for path in [
        cut,
        upper,
        format!("{CONFIRM}/{long}/"),
        format!("{CONFIRM}/%00/"),
        format!("{CONFIRM}/%FF%FE/"),
        format!("{CONFIRM}/%F0%9F%94%91/"),
        format!("{CONFIRM}/a/b/c"),
        format!("{CONFIRM}//"),
        format!("{CONFIRM}/"),
        CONFIRM.to_owned(),
    ] {
        for shown in [site.get(&path).await?, site.press(&path).await?] {
            let got = (shown.status, shown.heading());
            assert_eq!(got, (StatusCode::NOT_FOUND, "This link does not work"), "{path}");
        }
    }
    assert_eq!(site.get(&link).await?.status, StatusCode::OK);
    Ok(())
}

#[tokio::test]
async fn markup_in_names_stays_text() -> Result {
    let hostile = "<i>\"'&";
    let site = Site::start_with("", |wire| hostile.clone_into(&mut wire.site_name), |_| {}).await?;
    site.register("ada", "\"<script>alert(1)</script>\"@example.org").await?;
    let link = site.link().await?;
    for shown in [site.get(&link).await?, site.press(&link).await?] {
        assert_eq!(shown.status, StatusCode::OK);
        assert!(shown.html.contains("&lt;i&gt;&quot;&#x27;&amp;"), "{}", shown.html);
        assert!(shown.html.contains("&lt;script&gt;alert(1)"), "{}", shown.html);
        assert!(!shown.html.contains("<script") && !shown.html.contains("<i>"), "{}", shown.html);
    }
    Ok(())
}

#[tokio::test]
async fn bodies_are_bounded_and_must_be_forms() -> Result {
    let site = Site::start_with("", |wire| wire.max_body_bytes = 1000, |_| {}).await?;
    site.register("ada", "ada@example.org").await?;
    let confirm = site.link().await?;
    let reset = site.reset_link("ada@example.org").await?;
    let json = r#"{"new_password1": "walrus-waltz-31", "new_password2": "walrus-waltz-31"}"#;
    for link in [&confirm, &reset] {
        for (content_type, body, status) in [
            ("application/x-www-form-urlencoded", "a".repeat(1001), StatusCode::PAYLOAD_TOO_LARGE),
            ("application/json", json.to_owned(), StatusCode::UNSUPPORTED_MEDIA_TYPE),
            ("text/plain", "a".to_owned(), StatusCode::UNSUPPORTED_MEDIA_TYPE),
            ("multipart/form-data", "a".to_owned(), StatusCode::BAD_REQUEST),
        ] {
            let request = site.request(Method::POST, link).header("Content-Type", content_type).body(body);
            let shown = site.show(request.send().await?).await?;
            assert_eq!(shown.status, status, "{content_type}");
            assert!(shown.html.contains("Nothing was changed."), "{}", shown.html);
            assert!(!shown.html.contains("walrus"), "{}", shown.html);
        }
    }
    assert!(!site.account("ada").await?.email_verified);
    assert!(!site.can_log_in("ada", NEW_PASSWORD).await);
    Ok(())
}

#[tokio::test]
async fn what_is_mounted_below_a_path_has_them_too() -> Result {
    let site = Site::start_with("/x/accounts", |_| {}, |_| {}).await?;
    site.register("ada", "ada@example.org").await?;
    let link = site.link().await?;
    let shown = site.get(&link).await?;
    assert_eq!(shown.heading(), "Confirm your address");
    assert!(shown.html.contains("<form method=\"post\">"), "it goes back to where it came from: {}", shown.html);
    assert_eq!(site.press(&link).await?.heading(), "Your address is confirmed");
    let link = site.reset_link("ada@example.org").await?;
    assert_eq!(site.choose(&link, NEW_PASSWORD, NEW_PASSWORD).await?.heading(), "Your password is changed");
    Ok(())
}

#[tokio::test]
async fn who_tries_keys_is_told_to_wait() -> Result {
    let limit = Some(Limit::steady(1, Duration::from_mins(10)));
    let site = Site::start_with("", |_| {}, |core| core.throttles.passwords_per_client = limit).await?;
    let guess = format!("{CONFIRM}/{}/", "k".repeat(32));
    assert_eq!(site.press(&guess).await?.status, StatusCode::NOT_FOUND);
    let shown = site.press(&guess).await?;
    assert_eq!((shown.status, shown.heading()), (StatusCode::TOO_MANY_REQUESTS, "Too many tries"));
    assert_eq!(shown.header("retry-after"), "600");
    assert!(shown.html.contains("Try again in 10 minutes."), "{}", shown.html);
    Ok(())
}

#[tokio::test]
async fn who_is_too_early_is_told_when_to_come_back() -> Result {
    let site = Site::start().await?;
    site.register("ada", "ada@example.org").await?;
    let link = site.link().await?;
    for (failure, heading) in [(Failure::Busy, "Busy just now"), (Failure::Unavailable, "It did not work")] {
        site.store.fail_next_read(failure);
        let shown = site.get(&link).await?;
        assert_eq!((shown.status, shown.heading()), (StatusCode::SERVICE_UNAVAILABLE, heading));
        assert_eq!(shown.header("retry-after"), "1");
        site.store.fail_next_write(failure);
        let shown = site.press(&link).await?;
        assert_eq!((shown.status, shown.heading()), (StatusCode::SERVICE_UNAVAILABLE, heading));
    }
    assert_eq!(site.press(&link).await?.status, StatusCode::OK);
    Ok(())
}
