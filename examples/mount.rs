//! The whole API under `/accounts` of an application that has pages of its own, and knows who asks for them.
//!
//! `cargo run -p profiles-examples --bin mount [ADDRESS]`, by default any free port of 127.0.0.1.
#![forbid(unsafe_code)]

use std::{env, error::Error, sync::Arc};

use poem::{
    EndpointExt, Request, Route, Server, get, handler,
    http::header,
    listener::{Acceptor, Listener, TcpListener},
    web::Data,
};
use profiles_core::{
    Authentication, Core,
    model::{Carrier, SecretKey},
    store::MemoryStore,
};
use profiles_server::Api;

/// A page of the application itself. It shares the core with the API, and so recognises the API's tokens.
#[handler]
async fn hello(request: &Request, core: Data<&Arc<Core>>) -> poem::Result<String> {
    let presented = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(key) = presented.and_then(|value| value.strip_prefix("Token ")) else {
        return Ok("Hello, stranger!".to_owned());
    };
    let known = core.authenticate(&SecretKey::presented(key), Carrier::Header).await;
    match known.map_err(poem::error::ServiceUnavailable)? {
        Authentication::Known(principal) => Ok(format!("Hello, {}!", principal.username)),
        Authentication::Inactive | Authentication::Unknown => Ok("Hello, stranger!".to_owned()),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let core = Arc::new(Core::builder(Arc::new(MemoryStore::new())).build()?);

    // The API is an endpoint like any other. Its links, redirects and Swagger UI follow it to where it is mounted.
    let accounts = Api::new(Arc::clone(&core)).into_endpoint();
    let app = Route::new().at("/", get(hello.data(core))).nest("/accounts", accounts);

    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let acceptor = TcpListener::bind(address).into_acceptor().await?;
    for address in acceptor.local_addr() {
        println!("listening on {address}; Swagger UI is at /accounts/docs");
    }
    Server::new_with_acceptor(acceptor).run(app).await?;
    Ok(())
}
