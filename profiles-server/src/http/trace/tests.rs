use poem::{EndpointExt, Route, endpoint::make_sync, test::TestClient};

use super::*;
use crate::{http::client_address::tests::request, logging::captured::Log};

fn client() -> TestClient<impl Endpoint> {
    let echo = make_sync(|request| {
        tracing::info!("inside");
        request.data::<RequestId>().map(|id| id.as_str().to_owned()).unwrap_or_default()
    });
    let routes = Route::new().at("/echo", echo).at("/never", poem::endpoint::make(|_| std::future::pending::<()>()));
    TestClient::new(routes.with(Trace::default()))
}

fn id(answer: &poem::test::TestResponse) -> String {
    answer.0.headers().get(REQUEST_ID).unwrap().to_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_answer_has_a_name_of_its_own() {
    let client = client();
    let (one, two) = (client.get("/echo").send().await, client.get("/nowhere").send().await);
    assert_ne!(id(&one), id(&two));
    let named = id(&one);
    one.assert_text(named).await;
}

#[tokio::test]
async fn a_sane_name_is_kept_and_another_replaced() {
    let client = client();
    let longest = "a".repeat(64);
    for sane in ["7d1e-4.A_z", longest.as_str()] {
        assert_eq!(id(&client.get("/echo").header(REQUEST_ID, sane).send().await), sane);
    }
    let too_long = "a".repeat(65);
    for insane in ["", "a b", "a\"b", "<script>", "é", too_long.as_str()] {
        assert_ne!(id(&client.get("/echo").header(REQUEST_ID, insane).send().await), insane);
    }
}

#[tokio::test]
async fn one_line_says_what_happened_and_no_secret() {
    let log = Log::default();
    let guard = log.start();
    let key = "k".repeat(32);
    let client = client();
    client.get("/echo?token=hunter2").header("authorization", "Token hunter2").header(REQUEST_ID, "r1").send().await;
    client.post(format!("/confirm/{key}/")).body("password=hunter2").send().await;
    client.get(format!("/api/rest-auth/password/reset/confirm/ya/{key}/")).send().await;
    client.get(format!("/api/rest-auth/registration/account-confirm-email%2F{key}")).send().await;
    drop(guard);
    let lines = log.lines();
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert_eq!(lines[0]["span"]["request_id"], "r1", "what happens inside is told apart by the name too");
    let line = &lines[1];
    assert_eq!((&line["method"], &line["path"], &line["status"]), (&"GET".into(), &"/echo".into(), &200.into()));
    assert_eq!(line["request_id"], "r1");
    assert!(line["duration_us"].is_u64());
    assert_eq!((&lines[2]["path"], &lines[2]["status"]), (&"/confirm/(long)/".into(), &404.into()));
    assert_eq!(lines[3]["path"], "/api/rest-auth/password/reset/confirm/ya/(long)/", "the account is no secret");
    let text = format!("{lines:?}");
    assert!(!text.contains("hunter2") && !text.contains(&key), "{text}");
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_a_line() {
    let log = Log::default();
    let guard = log.start();
    let client = client();
    let waiting = client.get("/never").send();
    assert!(tokio::time::timeout(std::time::Duration::from_millis(20), waiting).await.is_err());
    drop(guard);
    let lines = log.lines();
    assert_eq!((lines.len(), &lines[0]["path"]), (1, &"/never".into()));
    assert!(lines[0].get("status").is_none(), "{lines:?}");
}

#[tokio::test]
async fn the_address_of_the_client_is_told_and_that_of_the_proxy() {
    let log = Log::default();
    let guard = log.start();
    let trace = Trace::default().trusted_proxies(["10.0.0.0/8".parse().unwrap()]);
    let echo = make_sync(|_| ()).with(trace);
    for (peer, forwarded) in
        [("10.0.0.1:81", "198.51.100.1, 203.0.113.9"), ("203.0.113.9:82", "198.51.100.1"), ("10.0.0.1:83", "unknown")]
    {
        echo.get_response(request(peer, &[forwarded.as_bytes()])).await;
    }
    drop(guard);
    let lines = log.lines();
    let told: Vec<_> = lines.iter().map(|line| (line["remote"].as_str(), line["peer"].as_str())).collect();
    let expected =
        [(Some("203.0.113.9"), Some("10.0.0.1:81")), (Some("203.0.113.9:82"), None), (Some("10.0.0.1:83"), None)];
    assert_eq!(told, expected);
}
