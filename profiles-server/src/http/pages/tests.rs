use std::time::Duration;

use data_encoding::BASE64;
use poem::http::StatusCode;
use profiles_core::Error;
use sha2::{Digest as _, Sha256};

use super::*;

const HOSTILE: &str = "<script>alert(\"&amp;'\")</script>";

/// Every page, in every form that it has, with hostile values.
fn every_page() -> Vec<Page> {
    let about = |template, changes| {
        Page::new(template).with("username", HOSTILE).with("email", HOSTILE).with("changes", changes)
    };
    let mut pages = vec![
        Page::new("confirm_email_dead.html"),
        Page::new("new_password_dead.html"),
        Page::new("email_taken.html").with("email", HOSTILE),
    ];
    for yes in [true, false] {
        pages.extend([about("confirm_email.html", yes), about("email_confirmed.html", yes)]);
        pages.push(Page::new("password_changed.html").with("everywhere", yes));
    }
    let errors = [
        ApiError::Core(Error::Busy),
        ApiError::Core(Error::Throttled { retry_after: Duration::from_secs(1) }),
        ApiError::Core(Error::Unavailable(HOSTILE.into())),
        ApiError::TooLarge(1),
        ApiError::MediaType(HOSTILE.to_owned()),
        ApiError::MethodNotAllowed(HOSTILE.to_owned()),
        ApiError::Internal,
    ];
    pages.extend(errors.iter().map(Page::failed));
    pages
}

#[test]
fn every_page_is_written_and_nothing_that_is_put_in_gets_out() {
    for site_name in [HOSTILE, ""] {
        let templates = Templates::new(site_name);
        for page in every_page() {
            let html = templates.render(&page).unwrap();
            assert!(!html.contains("<script") && !html.contains("alert(\""), "{html}");
            assert_eq!(html.matches("<h1>").count(), 1, "{html}");
            assert_eq!(html.matches("<main>").count(), 1, "{html}");
            assert_eq!(html.contains("<header>"), !site_name.is_empty(), "{html}");
            assert!(!html.contains("src=") && !html.contains("http"), "nothing comes from elsewhere: {html}");
        }
    }
}

#[test]
fn the_policy_allows_the_style_of_the_page_and_no_other() {
    let templates = Templates::new("Profiles");
    let html = templates.render(&Page::new("confirm_email_dead.html")).unwrap();
    let style = html.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let hash = BASE64.encode(&Sha256::digest(style.as_bytes()));
    assert_eq!(
        templates.policy(),
        format!(
            "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
    );
}

#[test]
fn a_failure_has_the_status_and_the_wait_of_the_api() {
    let page = |seconds| Page::failed(&ApiError::Core(Error::Throttled { retry_after: Duration::from_secs(seconds) }));
    let templates = Templates::new("Profiles");
    for (seconds, words) in [
        (1, "in 1 second."),
        (90, "in 90 seconds."),
        (91, "in 2 minutes."),
        (3_601, "in 61 minutes."),
        (9_000, "in 3 hours."),
    ] {
        let page = page(seconds);
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(page.retry_after, Some(HeaderValue::from(seconds)));
        let html = templates.render(&page).unwrap();
        assert!(html.contains(words), "{html}");
    }
    let busy = Page::failed(&ApiError::Core(Error::Busy));
    assert_eq!((busy.status, busy.retry_after), (StatusCode::SERVICE_UNAVAILABLE, Some(HeaderValue::from(1))));
}
