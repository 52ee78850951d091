//! Whether the server is alive, and whether it can serve.

use std::{sync::Arc, time::Duration};

use poem::{Response, Route, endpoint::make, get, http::StatusCode};
use profiles_core::store::Store;

/// How long the store has to say that it is ready; a probe would give up on us soon after.
const PATIENCE: Duration = Duration::from_secs(2);

/// `/live`: 200 as long as anything answers. `/ready`: 200 if reads and writes would be served, else 503.
pub fn routes(store: Arc<dyn Store>) -> Route {
    let live = make(|_| async { answer(StatusCode::OK) });
    let ready = make(move |_| {
        let store = Arc::clone(&store);
        async move {
            match tokio::time::timeout(PATIENCE, store.ready()).await {
                Ok(Ok(())) => answer(StatusCode::OK),
                Ok(Err(error)) => {
                    tracing::warn!(%error, "not ready");
                    answer(StatusCode::SERVICE_UNAVAILABLE)
                }
                Err(_) => {
                    tracing::warn!("not ready: the store has not answered in {PATIENCE:?}");
                    answer(StatusCode::SERVICE_UNAVAILABLE)
                }
            }
        }
    });
    Route::new().at("/live", get(live)).at("/ready", get(ready))
}

fn answer(status: StatusCode) -> Response {
    let body = if status.is_success() { r#"{"status":"ok"}"# } else { r#"{"status":"unavailable"}"# };
    // An answer from a cache would say how it was, not how it is.
    Response::builder().status(status).content_type("application/json").header("cache-control", "no-store").body(body)
}

#[cfg(test)]
mod tests {
    use poem::test::TestClient;
    use profiles_core::store::{Maintenance, MemoryStore};

    use super::*;

    #[tokio::test]
    async fn it_is_ready_until_the_store_is_closed_and_alive_beyond() {
        let store = Arc::new(MemoryStore::new());
        let client = TestClient::new(routes(Arc::clone(&store) as Arc<dyn Store>));
        let answer = client.get("/ready").send().await;
        answer.assert_status_is_ok();
        answer.assert_text(r#"{"status":"ok"}"#).await;
        client.head("/live").send().await.assert_status_is_ok();

        store.close().await.unwrap();
        let answer = client.get("/ready").send().await;
        answer.assert_status(StatusCode::SERVICE_UNAVAILABLE);
        answer.assert_text(r#"{"status":"unavailable"}"#).await;
        client.get("/live").send().await.assert_status_is_ok();
    }
}
