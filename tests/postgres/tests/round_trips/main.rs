//! How often a request waits for the database, over a connection that has asked the same before: counted on the way between
//! a server and a real PostgreSQL.

mod relay;

use std::{error::Error, sync::Arc};

use poem::listener::{Acceptor, Listener, TcpListener};
use profiles_core::{
    Core, Credentials, NewAccount,
    env::SystemEntropy,
    model::{Email, Password, StatusText, Username},
    password::Argon2Pool,
    permissions::Actor,
};
use profiles_postgres::{PostgresConfig, PostgresStore, migrate};
use profiles_server::Api;
use profiles_test_cluster::cluster;
use reqwest::{Client, Method, StatusCode, header};

use self::relay::Relay;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const PASSWORD: &str = "tulip-tango-92";

/// A server whose database is behind a [`Relay`], with one account that has posted one status.
struct Site {
    relay: Relay,
    url: String,
    client: Client,
    token: String,
    session: String,
}

impl Site {
    async fn start() -> Result<Self> {
        let database = cluster().database();
        migrate(&PostgresConfig::new(database.url.parse()?)).await?;
        let relay = Relay::start(cluster().port()).await?;
        let (there, here) = (format!(":{}/", cluster().port()), format!(":{}/", relay.address.port()));
        // Without asking for TLS, whose question has another form.
        let url = format!("{}?sslmode=disable", database.url.replace(&there, &here));
        let mut config = PostgresConfig::new(url.parse()?);
        // A statement is prepared once for each connection.
        config.max_connections = 1;
        let store = Arc::new(PostgresStore::open(config).await?);
        let hasher = Argon2Pool::fast_for_tests(Arc::new(SystemEntropy));
        let mut settings = profiles_core::Settings::default();
        settings.session_login = true;
        let core = Arc::new(Core::builder(store).hasher(Arc::new(hasher)).settings(settings).build()?);
        let new = NewAccount {
            username: Username::parse("ada").map_err(|_| "username")?,
            email: Email::parse("ada@example.org").map_err(|_| "email")?,
            password: Password::parse(PASSWORD).map_err(|_| "password")?,
            is_staff: false,
        };
        let account = core.create_account(new).await?;
        let text = StatusText::parse("hello").map_err(|_| "text")?;
        core.post_status(Actor::from(&account), text).await?;
        let (_, login) = core.log_in(Credentials::parse("ada", PASSWORD)).await?;
        let token = login.token.expose().to_owned();
        let session = login.session.ok_or("no session")?.expose().to_owned();

        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await?;
        let address = acceptor.local_addr().into_iter().find_map(|address| address.as_socket_addr().copied());
        let url = format!("http://{}", address.ok_or("no address")?);
        tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(Api::new(core).into_endpoint()));
        let client = Client::builder().no_proxy().build()?;
        Ok(Self { relay, url, client, token, session })
    }

    /// Round trips of a request that is answered so: the fewest of some, since tasks of the store ask too, now and then.
    async fn trips(&self, method: &Method, path: &str, (name, value): (&str, &str), answer: StatusCode) -> Result<u64> {
        let mut fewest = u64::MAX;
        for _ in 0..6 {
            let before = self.relay.trips();
            let request = self.client.request(method.clone(), format!("{}{path}", self.url)).header(name, value);
            assert_eq!(request.send().await?.status(), answer, "{method} {path}");
            fewest = fewest.min(self.relay.trips() - before);
        }
        Ok(fewest)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_is_read_with_who_asks_in_one_trip() -> Result {
    let site = Site::start().await?;
    let token = format!("Token {}", site.token);
    let by_token = (header::AUTHORIZATION.as_str(), token.as_str());
    let cookie = format!("sessionid={}", site.session);
    let by_session = (header::COOKIE.as_str(), cookie.as_str());
    for path in [
        "/api/profiles/1/",
        "/api/profiles/1/?search=ada",
        "/api/profiles/by-username/ADA/",
        "/api/profile-status/1/",
        "/api/rest-auth/user/",
    ] {
        for caller in [by_token, by_session] {
            for method in [Method::GET, Method::HEAD] {
                let trips = site.trips(&method, path, caller, StatusCode::OK).await?;
                assert_eq!(trips, 1, "{method} {path} by {}", caller.0);
            }
        }
    }
    let missing = site.trips(&Method::GET, "/api/profiles/7/", by_token, StatusCode::NOT_FOUND).await?;
    assert_eq!(missing, 1);
    let unknown = ("authorization", "Token 0123");
    assert_eq!(site.trips(&Method::GET, "/api/profiles/1/", unknown, StatusCode::UNAUTHORIZED).await?, 1);
    Ok(())
}

/// Who is anonymous costs as little, and what can be refused without the database costs nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_asked_that_nobody_needs() -> Result {
    let site = Site::start().await?;
    let token = format!("Token {}", site.token);
    let by_token = (header::AUTHORIZATION.as_str(), token.as_str());
    let anonymous = ("x-nobody", "");
    assert_eq!(site.trips(&Method::GET, "/api/profiles/1/", anonymous, StatusCode::OK).await?, 1);
    assert_eq!(site.trips(&Method::PUT, "/api/profiles/1/", anonymous, StatusCode::UNAUTHORIZED).await?, 0);
    assert_eq!(site.trips(&Method::GET, "/api/nothing/", by_token, StatusCode::NOT_FOUND).await?, 0);
    // Who asks, how many rows there are, and the page.
    assert_eq!(site.trips(&Method::GET, "/api/profile-status/", by_token, StatusCode::OK).await?, 3);
    Ok(())
}
