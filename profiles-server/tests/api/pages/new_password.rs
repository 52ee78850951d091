//! `/api/rest-auth/password/reset/confirm/<uid>/<token>/`

use std::time::Duration;

use reqwest::{Method, StatusCode};

use super::site::{NEW_PASSWORD, Site};
use crate::app::{PASSWORD, Result};

#[tokio::test]
async fn looking_changes_nothing_and_a_password_is_chosen_once() -> Result {
    let site = Site::start().await?;
    let key = site.register("ada", "ada@example.org").await?;
    let (link, before) = (site.reset_link("ada@example.org").await?, site.trail().await?);
    for path in [link.as_str(), link.trim_end_matches('/')] {
        let shown = site.get(path).await?;
        assert_eq!((shown.status, shown.heading()), (StatusCode::OK, "Choose a new password"));
        assert!(shown.html.contains(r#"value="ada" autocomplete="username""#), "{}", shown.html);
        assert_eq!(shown.html.matches(r#"autocomplete="new-password""#).count(), 2);
        assert!(!shown.html.contains("aria-invalid") && !shown.html.contains("alert"), "nothing is wrong yet");
        assert_eq!(site.request(Method::HEAD, path).send().await?.status(), StatusCode::OK);
    }
    assert_eq!(site.trail().await?, before);

    let done = site.choose(&link, NEW_PASSWORD, NEW_PASSWORD).await?;
    assert_eq!((done.status, done.heading()), (StatusCode::OK, "Your password is changed"));
    assert!(done.html.contains("You are logged out everywhere."));
    let user = site.request(Method::GET, "/api/rest-auth/user/").header("Authorization", format!("Token {key}"));
    assert_eq!(user.send().await?.status(), StatusCode::UNAUTHORIZED, "and so it is");
    for again in [site.get(&link).await?, site.choose(&link, NEW_PASSWORD, NEW_PASSWORD).await?] {
        assert_eq!((again.status, again.heading()), (StatusCode::NOT_FOUND, "This link does not work"));
        assert!(again.html.contains("ask for a new mail") && !again.html.contains("ada"), "{}", again.html);
    }
    assert!(site.can_log_in("ada", NEW_PASSWORD).await && !site.can_log_in("ada", PASSWORD).await);
    site.verify().await
}

#[tokio::test]
async fn where_tokens_go_on_the_page_does_not_say_that_they_end() -> Result {
    let site = Site::start_with("", |_| {}, |core| core.revoke_on_password_change = false).await?;
    let key = site.register("ada", "ada@example.org").await?;
    let done = site.choose(&site.reset_link("ada@example.org").await?, NEW_PASSWORD, NEW_PASSWORD).await?;
    assert!(done.html.contains("Apps stay logged in.") && !done.html.contains("everywhere"), "{}", done.html);
    let user = site.request(Method::GET, "/api/rest-auth/user/").header("Authorization", format!("Token {key}"));
    assert_eq!(user.send().await?.status(), StatusCode::OK);
    Ok(())
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_beside_its_field_and_nothing_is_put_back() -> Result {
    let site = Site::start().await?;
    site.register("ada", "ada@example.org").await?;
    let link = site.reset_link("ada@example.org").await?;
    let long = "x".repeat(129);
    for (once, again, first, second) in [
        ("", "", vec!["Enter a new password."], vec!["Enter the new password again."]),
        (" \t", NEW_PASSWORD, vec!["Enter a new password."], vec![]),
        (NEW_PASSWORD, PASSWORD, vec![], vec!["The two passwords are not the same. Enter both again."]),
        (&long, &long, vec!["Use 128 characters at most."], vec!["Use 128 characters at most."]),
        (
            "12345",
            "12345",
            vec![
                "This password is too short. It must contain at least 8 characters.",
                "This password is too common.",
                "This password is entirely numeric.",
            ],
            vec![],
        ),
        ("ada@example", "ada@example", vec!["The password is too similar to the email address."], vec![]),
    ] {
        let shown = site.choose(&link, once, again).await?;
        assert_eq!((shown.status, shown.heading()), (StatusCode::BAD_REQUEST, "Choose a new password"), "{once}");
        assert!(shown.html.contains("<title>Error: Choose a new password"), "{}", shown.html);
        assert!(shown.html.contains(r#"role="alert" tabindex="-1" autofocus"#));
        for (id, errors) in [("new_password1", &first), ("new_password2", &second)] {
            for error in errors {
                let linked = format!(r##"<a href="#{id}">{error}</a>"##);
                assert!(shown.html.contains(&linked), "{linked} in {}", shown.html);
            }
            assert_eq!(shown.html.matches(&format!("href=\"#{id}\"")).count(), errors.len(), "{}", shown.html);
            assert_eq!(shown.html.contains(&format!("id=\"{id}_errors\"")), !errors.is_empty());
            assert_eq!(shown.html.contains(&format!("{id}_errors\" aria-invalid=\"true\"")), !errors.is_empty());
        }
        assert!(once.len() < 5 || !shown.html.contains(&format!("{once}\"")), "{}", shown.html);
        assert!(!shown.html.contains(NEW_PASSWORD) && !shown.html.contains(&long));
    }
    assert!(site.can_log_in("ada", PASSWORD).await);
    Ok(())
}

#[tokio::test]
async fn passwords_are_trimmed_as_the_api_trims_them_and_forms_may_come_in_parts() -> Result {
    let site = Site::start().await?;
    site.register("ada", "ada@example.org").await?;
    let link = site.reset_link("ada@example.org").await?;
    let form = multipart_form(&format!(" {NEW_PASSWORD}\n"), &format!("{NEW_PASSWORD}\u{3000}"));
    let done = site.show(form.apply(site.request(Method::POST, &link)).send().await?).await?;
    assert_eq!(done.heading(), "Your password is changed", "{}", done.html);
    assert!(site.can_log_in("ada", NEW_PASSWORD).await);
    Ok(())
}

struct Parts(String);

fn multipart_form(once: &str, again: &str) -> Parts {
    let part = |name: &str, value: &str| {
        format!("--border\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    Parts(format!("{}{}--border--\r\n", part("new_password1", once), part("new_password2", again)))
}

impl Parts {
    fn apply(self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        request.header("Content-Type", "multipart/form-data; boundary=border").body(self.0)
    }
}

#[tokio::test]
async fn a_link_ends_after_three_days_and_after_a_login() -> Result {
    let site = Site::start().await?;
    site.register("ada", "ada@example.org").await?;
    let link = site.reset_link("ada@example.org").await?;
    site.clock.advance(Duration::from_hours(72));
    assert_eq!(site.get(&link).await?.status, StatusCode::NOT_FOUND);
    assert_eq!(site.choose(&link, NEW_PASSWORD, NEW_PASSWORD).await?.status, StatusCode::NOT_FOUND);
    let link = site.reset_link("ada@example.org").await?;
    assert_eq!(site.get(&link).await?.status, StatusCode::OK);
    assert!(site.can_log_in("ada", PASSWORD).await);
    assert_eq!(site.get(&link).await?.status, StatusCode::NOT_FOUND);
    Ok(())
}

#[tokio::test]
async fn who_may_not_log_in_gets_no_form() -> Result {
    let site = Site::start().await?;
    site.register("ada", "ada@example.org").await?;
    let link = site.reset_link("ada@example.org").await?;
    let ada = site.account("ada").await?;
    site.core.set_active(&ada.username.key(), false).await?;
    assert_eq!(site.get(&link).await?.status, StatusCode::NOT_FOUND);
    assert_eq!(site.choose(&link, NEW_PASSWORD, NEW_PASSWORD).await?.status, StatusCode::NOT_FOUND);
    Ok(())
}

#[tokio::test]
async fn without_a_key_that_works_nothing_is_told_of_an_account() -> Result {
    let site = Site::start().await?;
    site.register("ada", "ada@example.org").await?;
    let link = site.reset_link("ada@example.org").await?;
    let (cut, long) = (link.get(..link.len() - 5).ok_or("short")?, "a".repeat(10_240));
    let other = link.replace("/confirm/1/", "/confirm/2/");
    let base = "/api/rest-auth/password/reset/confirm";
    let of_nobody = site.get(&format!("{base}/zzzz/{}/", "a".repeat(32))).await?;
    for path in [cut.to_owned(), other, format!("{base}/1/{long}/"), format!("{base}/1/"), format!("{base}/1/%00/")] {
        let bad = [site.get(&path).await?, site.choose(&path, "", "").await?, site.choose(&path, "1", "1").await?];
        for shown in bad {
            assert_eq!(shown.status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(shown.html, of_nobody.html, "{path}");
        }
    }
    assert_eq!(site.get(&link).await?.status, StatusCode::OK);
    Ok(())
}

#[tokio::test]
async fn the_operation_beside_it_is_still_there() -> Result {
    let site = Site::start().await?;
    let answer = site.request(Method::POST, "/api/rest-auth/password/reset/confirm/").json(&[(); 0]).send().await?;
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    Ok(())
}
