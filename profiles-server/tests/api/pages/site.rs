//! A server below some path of another application, whose time moves by hand, and the links that it mails.

use std::sync::Arc;

use poem::{
    EndpointExt, Route,
    listener::{Acceptor, Listener, TcpListener},
};
use profiles_core::{
    Core, Credentials, Throttles,
    env::SystemEntropy,
    mail::Mail,
    model::{Account, Email, Username},
    password::Argon2Pool,
    store::{AuditFilter, Store},
    testkit::{FailingStore, ManualClock},
};
use profiles_server::{Api, http::Settings};
use reqwest::{Client, Method, Response, StatusCode, header::HeaderMap, redirect::Policy};
use tempfile::TempDir;

use crate::{
    app::{PASSWORD, Result},
    backend::Backend,
};

pub(super) const NEW_PASSWORD: &str = "walrus-waltz-31";

pub(super) struct Site {
    pub(super) core: Arc<Core>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) store: Arc<FailingStore>,
    /// Where the API is.
    pub(super) url: String,
    client: Client,
    _directory: Option<TempDir>,
}

/// What a browser gets.
pub(super) struct Shown {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) html: String,
}

impl Shown {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Its heading.
    pub(super) fn heading(&self) -> &str {
        let between = self.html.split_once("<h1>").and_then(|(_, rest)| rest.split_once("</h1>"));
        between.map(|(heading, _)| heading).unwrap_or_default()
    }
}

impl Site {
    pub(super) async fn start() -> Result<Self> {
        Self::start_with("", |_| {}, |_| {}).await
    }

    /// Below `mount`, with other settings of the wire and of the core.
    pub(super) async fn start_with(
        mount: &str,
        wire: impl FnOnce(&mut Settings),
        change: impl FnOnce(&mut profiles_core::Settings),
    ) -> Result<Self> {
        let Backend { store, avatars, directory } = Backend::open().await?;
        let store = Arc::new(FailingStore::new(store));
        let clock = Arc::new(ManualClock::new());
        let hasher = Argon2Pool::fast_for_tests(Arc::new(SystemEntropy));
        let (mut settings, mut core_settings) = (Settings::default(), profiles_core::Settings::default());
        wire(&mut settings);
        core_settings.throttles = Throttles::OFF;
        change(&mut core_settings);
        let core = Core::builder(Arc::clone(&store) as Arc<dyn Store>).avatars(avatars).hasher(Arc::new(hasher));
        let core = Arc::new(core.settings(core_settings).clock(Arc::clone(&clock) as _).build()?);
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await?;
        let address = acceptor.local_addr().into_iter().find_map(|address| address.as_socket_addr().copied());
        let address = address.ok_or("no address")?;
        let api = Api::new(Arc::clone(&core)).settings(settings).into_endpoint();
        // poem's router would refuse what is not UTF-8 before the API sees it.
        let endpoint = if mount.is_empty() { api } else { Route::new().nest(mount, api).map_to_response().boxed() };
        tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(endpoint));
        let client = Client::builder().redirect(Policy::none()).no_proxy().build()?;
        Ok(Self { core, clock, store, url: format!("http://{address}{mount}"), client, _directory: directory })
    }

    /// Registers an account; answers its key.
    pub(super) async fn register(&self, username: &str, email: &str) -> Result<String> {
        let form = [("username", username), ("email", email), ("password1", PASSWORD), ("password2", PASSWORD)];
        let answer = self.request(Method::POST, "/api/rest-auth/registration/").form(&form).send().await?;
        let answer: serde_json::Value = answer.error_for_status()?.json().await?;
        Ok(answer["key"].as_str().ok_or("no key")?.to_owned())
    }

    pub(super) async fn account(&self, username: &str) -> Result<Account> {
        let name = Username::parse(username).map_err(|_| "name")?;
        Ok(self.core.account_named(&name.key()).await?)
    }

    pub(super) async fn can_log_in(&self, username: &str, password: &str) -> bool {
        self.core.log_in(Credentials::parse(username, password)).await.is_ok()
    }

    /// The path of the link in the last mail that has one.
    pub(super) async fn link(&self) -> Result<String> {
        let secret = self.core.mail_secret();
        let mails = self.core.store().mails(None, 1000).await?;
        let link = mails.iter().rev().find_map(|entry| match &entry.mail {
            Mail::ConfirmEmail { seed, .. } | Mail::ConfirmNewEmail { seed, .. } => {
                let key = secret.key(seed);
                Some(format!("/api/rest-auth/registration/account-confirm-email/{}/", key.expose()))
            }
            Mail::ResetPassword { account, seed, .. } => {
                let (uid, key) = (account.to_base36(), secret.key(seed));
                Some(format!("/api/rest-auth/password/reset/confirm/{uid}/{}/", key.expose()))
            }
            _ => None,
        });
        Ok(link.ok_or("no mail with a link")?)
    }

    /// The link to choose a new password for the account with this address.
    pub(super) async fn reset_link(&self, email: &str) -> Result<String> {
        self.core.request_password_reset(Email::parse(email)).await?;
        self.link().await
    }

    /// The link to confirm that the address of a login's account changes to this one.
    pub(super) async fn change_link(&self, key: &str, email: &str) -> Result<String> {
        let form = [("email", email), ("password", PASSWORD)];
        let request = self.request(Method::POST, "/api/rest-auth/email/change/").form(&form);
        request.header("Authorization", format!("Token {key}")).send().await?.error_for_status()?;
        self.link().await
    }

    pub(super) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    pub(super) async fn show(&self, answer: Response) -> Result<Shown> {
        Ok(Shown { status: answer.status(), headers: answer.headers().clone(), html: answer.text().await? })
    }

    pub(super) async fn get(&self, path: &str) -> Result<Shown> {
        self.show(self.request(Method::GET, path).send().await?).await
    }

    /// Presses the only button of a page.
    pub(super) async fn press(&self, path: &str) -> Result<Shown> {
        let form: [(&str, &str); 0] = [];
        self.show(self.request(Method::POST, path).form(&form).send().await?).await
    }

    /// Fills in both passwords, and sends them.
    pub(super) async fn choose(&self, path: &str, once: &str, again: &str) -> Result<Shown> {
        let form = [("username", "whoever"), ("new_password1", once), ("new_password2", again)];
        self.show(self.request(Method::POST, path).form(&form).send().await?).await
    }

    /// How much was ever done here.
    pub(super) async fn trail(&self) -> Result<usize> {
        Ok(self.core.audit(&AuditFilter::default(), None, 1000).await?.len())
    }

    /// Fails if anything in the store does not fit.
    pub(super) async fn verify(&self) -> Result {
        let damage = self.core.store().verify().await?;
        if damage.is_empty() { Ok(()) } else { Err(format!("{damage:?}").into()) }
    }
}
