//! `/api/rest-auth/registration/account-confirm-email/<key>/`

use std::time::Duration;

use reqwest::{Method, StatusCode};

use super::site::Site;
use crate::app::Result;

#[tokio::test]
async fn looking_changes_nothing_and_the_button_does() -> Result {
    let site = Site::start().await?;
    site.register("ada", "ada@example.org").await?;
    let (link, before) = (site.link().await?, site.trail().await?);
    for path in [link.as_str(), link.trim_end_matches('/')] {
        let shown = site.get(path).await?;
        assert_eq!((shown.status, shown.heading()), (StatusCode::OK, "Confirm your address"));
        assert!(shown.html.contains("<bdi>ada</bdi>") && shown.html.contains("<bdi>ada@example.org</bdi>"));
        let head = site.request(Method::HEAD, path).send().await?;
        assert_eq!(head.status(), StatusCode::OK);
        assert_eq!(head.headers()["content-length"], shown.html.len().to_string().as_str());
        assert_eq!(head.text().await?, "");
    }
    assert_eq!(site.trail().await?, before, "looking is not even noted");
    assert!(!site.account("ada").await?.email_verified);

    let done = site.press(&link).await?;
    assert_eq!((done.status, done.heading()), (StatusCode::OK, "Your address is confirmed"));
    assert!(done.html.contains("<bdi>ada@example.org</bdi>"));
    assert!(site.account("ada").await?.email_verified);
    assert_eq!(site.trail().await?, before + 1);
    site.verify().await
}

#[tokio::test]
async fn without_a_final_slash_the_button_works_too() -> Result {
    let site = Site::start().await?;
    site.register("ada", "ada@example.org").await?;
    let done = site.press(site.link().await?.trim_end_matches('/')).await?;
    assert_eq!(done.heading(), "Your address is confirmed");
    assert!(site.account("ada").await?.email_verified);
    Ok(())
}

#[tokio::test]
async fn a_link_works_once() -> Result {
    let site = Site::start().await?;
    site.register("ada", "ada@example.org").await?;
    let link = site.link().await?;
    site.press(&link).await?;
    for again in [site.get(&link).await?, site.press(&link).await?] {
        assert_eq!((again.status, again.heading()), (StatusCode::NOT_FOUND, "This link does not work"));
        assert!(again.html.contains("ask for a new mail"));
        assert!(!again.html.contains("ada"), "without a key that works nothing is told: {}", again.html);
    }
    Ok(())
}

#[tokio::test]
async fn a_link_ends_after_three_days() -> Result {
    let site = Site::start().await?;
    site.register("ada", "ada@example.org").await?;
    let link = site.link().await?;
    site.clock.advance(Duration::from_hours(72) - Duration::from_micros(1));
    assert_eq!(site.get(&link).await?.status, StatusCode::OK);
    site.clock.advance(Duration::from_micros(1));
    assert_eq!(site.get(&link).await?.status, StatusCode::NOT_FOUND);
    assert_eq!(site.press(&link).await?.status, StatusCode::NOT_FOUND);
    assert!(!site.account("ada").await?.email_verified);
    Ok(())
}

#[tokio::test]
async fn a_new_address_takes_the_place_of_the_old_one() -> Result {
    let site = Site::start().await?;
    let key = site.register("ada", "ada@example.org").await?;
    let link = site.change_link(&key, "countess@example.org").await?;
    let shown = site.get(&link).await?;
    assert_eq!(shown.heading(), "Confirm your new address");
    assert!(shown.html.contains("countess@example.org"));
    assert!(!shown.html.contains("ada@example.org"), "who reads this may not be ada");
    assert_eq!(site.account("ada").await?.email.ok_or("none")?.as_str(), "ada@example.org");
    let done = site.press(&link).await?;
    assert_eq!((done.status, done.heading()), (StatusCode::OK, "Your new address is confirmed"));
    let account = site.account("ada").await?;
    assert_eq!((account.email.ok_or("none")?.as_str(), account.email_verified), ("countess@example.org", true));
    site.verify().await
}

#[tokio::test]
async fn who_comes_second_is_told_that_the_address_is_taken() -> Result {
    let site = Site::start().await?;
    let ada = site.register("ada", "ada@example.org").await?;
    site.register("first", "shared@example.org").await?;
    let first = site.link().await?;
    site.clock.advance(Duration::from_hours(1));
    site.register("second", "shared@example.org").await?;
    let second = site.link().await?;
    let change = site.change_link(&ada, "shared@example.org").await?;
    assert!(first != second && second != change);
    assert_eq!(site.press(&first).await?.status, StatusCode::OK);
    for link in [second, change] {
        let taken = site.press(&link).await?;
        assert_eq!((taken.status, taken.heading()), (StatusCode::CONFLICT, "This address is taken"));
        assert!(taken.html.contains("shared@example.org") && !taken.html.contains("first</"), "{}", taken.html);
        assert_eq!(site.press(&link).await?.status, StatusCode::NOT_FOUND, "the link has done its work");
    }
    assert!(!site.account("second").await?.email_verified);
    assert_eq!(site.account("ada").await?.email.ok_or("none")?.as_str(), "ada@example.org");
    site.verify().await
}

#[tokio::test]
async fn a_key_for_a_new_password_confirms_no_address() -> Result {
    let site = Site::start().await?;
    site.register("ada", "ada@example.org").await?;
    let link = site.reset_link("ada@example.org").await?;
    let key = link.trim_end_matches('/').rsplit('/').next().ok_or("no key")?;
    let path = format!("/api/rest-auth/registration/account-confirm-email/{key}/");
    assert_eq!(site.get(&path).await?.status, StatusCode::NOT_FOUND);
    assert_eq!(site.press(&path).await?.status, StatusCode::NOT_FOUND);
    assert_eq!(site.get(&link).await?.status, StatusCode::OK, "and is not used up by that");
    Ok(())
}
