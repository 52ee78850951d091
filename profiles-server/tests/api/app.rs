//! A server for one test, and callers of it.

use std::{error::Error, fmt::Write as _, sync::Arc};

use poem::listener::{Acceptor, Listener, TcpListener};
use profiles_core::{
    Core, NewAccount, Throttles,
    env::{Clock, SystemClock, SystemEntropy},
    mail::{KeySeed, Mail},
    model::{Email, Password, Username},
    password::Argon2Pool,
    testkit::ManualClock,
};
use profiles_server::{Api, http::Settings};
use reqwest::{Client, Method, Response, redirect::Policy};
use tempfile::TempDir;

use crate::backend::Backend;

pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// What every account of the tests has.
pub(crate) const PASSWORD: &str = "tulip-tango-92";

/// A running server with an empty database.
pub(crate) struct TestApp {
    pub(crate) core: Arc<Core>,
    pub(crate) url: String,
    /// From where requests seem to come, where the server trusts 127.0.0.1 to say so.
    pub(crate) forwarded_for: Option<&'static str>,
    client: Client,
    transcript: String,
    _directory: Option<TempDir>,
}

/// Who sends a request.
#[derive(Clone, Copy)]
pub(crate) enum As<'a> {
    Anonymous,
    Token(&'a str),
    /// The cookies, and the CSRF token that goes into the header.
    Session(&'a Cookies),
}

/// What a browser keeps after a login.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cookies {
    pub(crate) session: String,
    pub(crate) csrf: String,
}

impl TestApp {
    pub(crate) async fn start() -> Result<Self> {
        Self::start_with(Settings::default(), |_| {}).await
    }

    pub(crate) async fn start_with(
        settings: Settings,
        change: impl FnOnce(&mut profiles_core::Settings),
    ) -> Result<Self> {
        Self::start_over(settings, change, Arc::new(SystemClock)).await
    }

    /// A server whose time moves by hand.
    pub(crate) async fn start_timed(
        settings: Settings,
        change: impl FnOnce(&mut profiles_core::Settings),
    ) -> Result<(Self, Arc<ManualClock>)> {
        let clock = Arc::new(ManualClock::new());
        Ok((Self::start_over(settings, change, Arc::clone(&clock) as Arc<dyn Clock>).await?, clock))
    }

    async fn start_over(
        settings: Settings,
        change: impl FnOnce(&mut profiles_core::Settings),
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let Backend { store, avatars, directory } = Backend::open().await?;
        let hasher = Argon2Pool::fast_for_tests(Arc::new(SystemEntropy));
        let mut core_settings = profiles_core::Settings::default();
        // A test sends more from one address than any person; those about limits set their own.
        core_settings.throttles = Throttles::OFF;
        change(&mut core_settings);
        let core = Core::builder(store).avatars(avatars).hasher(Arc::new(hasher)).settings(core_settings);
        let core = Arc::new(core.clock(clock).build()?);
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await?;
        let address = acceptor.local_addr().into_iter().find_map(|address| address.as_socket_addr().copied());
        let address = address.ok_or("no address")?;
        let endpoint = Api::new(Arc::clone(&core)).settings(settings).into_endpoint();
        tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(endpoint));
        let client = Client::builder().redirect(Policy::none()).no_proxy().build()?;
        let (url, transcript) = (format!("http://{address}"), String::new());
        Ok(Self { core, url, forwarded_for: None, client, transcript, _directory: directory })
    }

    /// A client that says nothing by itself.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Registers an account; answers its key.
    pub(crate) async fn register(&self, username: &str) -> Result<String> {
        let email = format!("{username}@example.org");
        let body = serde_json::json!({
            "username": username, "email": email, "password1": PASSWORD, "password2": PASSWORD,
        });
        let answer = self.request(Method::POST, "/api/rest-auth/registration/").json(&body).send().await?;
        let answer: serde_json::Value = answer.error_for_status()?.json().await?;
        Ok(answer["key"].as_str().ok_or("no key")?.to_owned())
    }

    /// Makes a staff account; answers its key.
    pub(crate) async fn staff(&self) -> Result<String> {
        let new = NewAccount {
            username: Username::parse("moderator").map_err(|_| "username")?,
            email: Email::parse("moderator@example.org").map_err(|_| "email")?,
            password: Password::parse(PASSWORD).map_err(|_| "password")?,
            is_staff: true,
        };
        self.core.create_account(new).await?;
        let (_, login) = self.core.log_in(profiles_core::Credentials::parse("moderator", PASSWORD)).await?;
        Ok(login.token.expose().to_owned())
    }

    /// Logs in as a browser does.
    pub(crate) async fn session(&self, username: &str) -> Result<Cookies> {
        let body = serde_json::json!({ "username": username, "password": PASSWORD });
        let answer = self.request(Method::POST, "/api/rest-auth/login/").json(&body).send().await?;
        Ok(cookies(&answer))
    }

    pub(crate) async fn post_status(&self, key: &str, text: &str) -> Result<String> {
        let request =
            self.request(Method::POST, "/api/profile-status/").header("Authorization", format!("Token {key}"));
        let answer = request.json(&serde_json::json!({ "status_content": text })).send().await?;
        let row: serde_json::Value = answer.error_for_status()?.json().await?;
        Ok(format!("/api/profile-status/{}/", row["id"]))
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url)).header("Accept", "application/json");
        match self.forwarded_for {
            Some(address) => request.header("X-Forwarded-For", address),
            None => request,
        }
    }

    /// The status that this request is answered with.
    pub(crate) async fn status(&self, by: As<'_>, method: &str, path: &str, json: &str) -> Result<u16> {
        Ok(self.prepare(by, method, path, json)?.0.send().await?.status().as_u16())
    }

    /// The body of the answer to this request, which must be served.
    pub(crate) async fn ask(&self, by: As<'_>, method: &str, path: &str, json: &str) -> Result<serde_json::Value> {
        let answer = self.prepare(by, method, path, json)?.0.send().await?.error_for_status()?;
        let text = answer.text().await?;
        Ok(if text.is_empty() { serde_json::Value::Null } else { serde_json::from_str(&text)? })
    }

    /// The mails to this address that wait, oldest first; nobody sends them here.
    pub(crate) async fn mails(&self, to: &str) -> Result<Vec<Mail>> {
        let mails = self.core.store().mails(None, 10_000).await?;
        Ok(mails.into_iter().map(|entry| entry.mail).filter(|mail| mail.to().as_str() == to).collect())
    }

    /// The key in the last mail to this address that has one.
    pub(crate) async fn mailed_key(&self, to: &str) -> Result<String> {
        let mails = self.mails(to).await?;
        let seed = mails.iter().rev().find_map(seed).ok_or("no mail with a key")?;
        Ok(self.core.mail_secret().key(seed).expose().to_owned())
    }

    /// Sends a request with a JSON body (none if it is empty) and notes it and its answer.
    pub(crate) async fn note(&mut self, by: As<'_>, method: &str, path: &str, json: &str) -> Result<Response> {
        let (request, who) = self.prepare(by, method, path, json)?;
        let shown = if json.len() > 200 { format!("({} bytes)", json.len()) } else { json.to_owned() };
        self.note_request(&format!("{method} {path} {shown} by {who}"), request).await
    }

    fn prepare(
        &self,
        by: As<'_>,
        method: &str,
        path: &str,
        json: &str,
    ) -> Result<(reqwest::RequestBuilder, &'static str)> {
        let mut request = self.request(Method::from_bytes(method.as_bytes())?, path);
        if !json.is_empty() {
            request = request.header("Content-Type", "application/json").body(json.to_owned());
        }
        let who = match by {
            As::Anonymous => "anonymous",
            As::Token(key) => {
                request = request.header("Authorization", format!("Token {key}"));
                "token"
            }
            As::Session(cookies) => {
                let value = format!("sessionid={}; csrftoken={}", cookies.session, cookies.csrf);
                request = request.header("Cookie", value).header("X-CSRFToken", &cookies.csrf);
                "session"
            }
        };
        Ok((request, who))
    }

    /// Sends any request and notes it under this title.
    pub(crate) async fn note_request(&mut self, title: &str, request: reqwest::RequestBuilder) -> Result<Response> {
        let answer = request.send().await?;
        let status = answer.status();
        let _ = writeln!(self.transcript, "> {}", title.trim());
        let _ = writeln!(self.transcript, "{}", status.as_u16());
        for name in ["content-type", "allow", "vary", "www-authenticate", "location", "retry-after"] {
            if let Some(value) = answer.headers().get(name) {
                let _ = writeln!(self.transcript, "{name}: {}", value.to_str()?);
            }
        }
        for cookie in answer.headers().get_all("set-cookie") {
            let _ = writeln!(self.transcript, "set-cookie: {}", mask_cookie(cookie.to_str()?));
        }
        let headers = answer.headers().clone();
        let body = answer.bytes().await?;
        let _ = writeln!(self.transcript, "{}\n", String::from_utf8_lossy(&body));
        let mut response = poem::http::Response::builder().status(status.as_u16());
        for (name, value) in &headers {
            response = response.header(name.as_str(), value.as_bytes());
        }
        Ok(response.body(body)?.into())
    }

    /// Everything noted so far, with what changes from run to run masked.
    pub(crate) fn transcript(&self) -> String {
        mask(&self.transcript.replace(&self.url, "<base>"))
    }

    /// Fails if anything in the store does not fit.
    pub(crate) async fn verify(&self) -> Result {
        let damage = self.core.store().verify().await?;
        if damage.is_empty() { Ok(()) } else { Err(format!("{damage:?}").into()) }
    }
}

pub(crate) fn cookies(answer: &Response) -> Cookies {
    let value = |name: &str| {
        let all = answer.headers().get_all("set-cookie").into_iter().filter_map(|value| value.to_str().ok());
        let mut pairs = all.filter_map(|cookie| cookie.split(';').next()?.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    Cookies { session: value("sessionid"), csrf: value("csrftoken") }
}

fn seed(mail: &Mail) -> Option<&KeySeed> {
    match mail {
        Mail::ConfirmEmail { seed, .. } | Mail::ResetPassword { seed, .. } | Mail::ConfirmNewEmail { seed, .. } => {
            Some(seed)
        }
        Mail::PasswordChanged { .. } | Mail::EmailChanged { .. } | Mail::NewLogin { .. } => None,
    }
}

fn mask_cookie(cookie: &str) -> String {
    let mut parts = cookie.split("; ").map(|part| match part.split_once('=') {
        Some((name @ ("sessionid" | "csrftoken"), value)) if value != "\"\"" => format!("{name}=<{}>", value.len()),
        Some(("expires", date)) if !date.contains("1970") => "expires=<date>".to_owned(),
        _ => part.to_owned(),
    });
    parts.by_ref().collect::<Vec<_>>().join("; ")
}

/// Masks keys (40 hexadecimal digits, those of personal tokens, those that are mailed), and times.
fn mask(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive('"') {
        let word = piece.trim_end_matches('"');
        let is_key = word.len() == 40 && word.bytes().all(|b| b.is_ascii_hexdigit());
        let is_personal = word.len() == 44 && word.starts_with("pat_");
        // As it was mailed, or as a test has spoilt it.
        let trimmed = word.trim().trim_end_matches("\\n");
        let is_mailed = matches!(trimmed.len(), 31 | 32)
            && trimmed.bytes().all(|b| matches!(b, b'a'..=b'z' | b'A'..=b'Z' | b'2'..=b'7'));
        let is_time = word.len() == 27 && word.ends_with('Z') && word.contains('T');
        let masked = if is_key {
            "<key>"
        } else if is_personal {
            "<personal key>"
        } else if is_mailed {
            "<mailed key>"
        } else if is_time {
            "<time>"
        } else {
            word
        };
        out.push_str(masked);
        out.push_str(piece.strip_prefix(word).unwrap_or_default());
    }
    out
}
