//! What a command works with: the server, the login, and where results go.

use std::{env, time::Duration};

use profiles_api::{Client, ClientError};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    args::Global,
    config::{self, Config, DEFAULT_URL},
    credentials::Credentials,
    exit::Exit,
    failure::{Failure, LOG_IN},
    output::Output,
};

/// A token that goes before the kept one.
const TOKEN_VARIABLE: &str = "PROFILES_TOKEN";

/// How a personal access token begins, which may do less than its owner.
const PERSONAL: &str = "pat_";

const NOT_IN_SCOPE: &str =
    "a personal access token may do only what its scopes allow; a login of your own shows them: profiles token list";

/// What a command works with.
pub(crate) struct Context<'a> {
    pub(crate) output: &'a Output,
    pub(crate) credentials: Credentials,
    /// Without a token.
    pub(crate) anonymous: Client,
}

/// Where a token came from, which decides what to do about a bad one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenSource {
    /// `PROFILES_TOKEN`.
    Environment,
    /// The config folder.
    Kept,
}

impl<'a> Context<'a> {
    /// Reads the settings. Nothing is sent yet.
    pub(crate) fn new(global: &Global, output: &'a Output) -> Result<Self, Failure> {
        let folder = config::folder();
        let given = global.url.as_deref().filter(|url| !url.is_empty()).map(str::to_owned);
        let url = match given {
            Some(url) => url,
            None => Config::read(folder.as_ref())?.url.unwrap_or_else(|| DEFAULT_URL.to_owned()),
        };
        let anonymous = Client::builder(&url)
            .timeout(Duration::from_secs(global.timeout))
            .user_agent(concat!("profiles-cli/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { output, credentials: Credentials::in_config(folder.as_ref()), anonymous })
    }

    /// The server's address, in the form in which its token is kept.
    pub(crate) fn server(&self) -> &str {
        self.anonymous.base_url().as_str()
    }

    /// The token for this server, if there is one.
    pub(crate) fn token(&self) -> Result<Option<(SecretString, TokenSource)>, Failure> {
        if let Some(token) = token_variable()? {
            return Ok(Some((token, TokenSource::Environment)));
        }
        Ok(self.credentials.load(self.server())?.map(|token| (token, TokenSource::Kept)))
    }

    /// Fails if there is no login, before anything is asked for that would be in vain.
    pub(crate) fn require_login(&self) -> Result<(), Failure> {
        self.token()?.map(drop).ok_or_else(|| Failure::not_logged_in(self.server()))
    }

    /// Runs an operation that needs a login.
    pub(crate) async fn logged_in<T>(
        &self,
        operation: impl AsyncFnOnce(&Client) -> Result<T, ClientError>,
    ) -> Result<T, Failure> {
        let Some((token, source)) = self.token()? else { return Err(Failure::not_logged_in(self.server())) };
        let client = self.anonymous.with_token(&token).map_err(|error| explain(error, Some(source)))?;
        operation(&client).await.map_err(|error| {
            let failure = explain(error, Some(source));
            let is_personal = token.expose_secret().starts_with(PERSONAL);
            if is_personal && failure.exit == Exit::Forbidden { failure.hint(NOT_IN_SCOPE) } else { failure }
        })
    }

    /// Runs an operation that works without a login on most servers, with one if there is one.
    pub(crate) async fn logged_in_or_not<T>(
        &self,
        operation: impl AsyncFnOnce(&Client) -> Result<T, ClientError>,
    ) -> Result<T, Failure> {
        match self.token()? {
            None => operation(&self.anonymous).await.map_err(|error| explain(error, None)),
            Some(_) => self.logged_in(operation).await,
        }
    }

    /// Keeps a token for this server in place of an earlier one, and tells people if it has no effect.
    pub(crate) fn keep(&self, token: &SecretString) -> Result<(), Failure> {
        self.credentials.store(self.server(), token)?;
        if env::var_os(TOKEN_VARIABLE).is_some_and(|token| !token.is_empty()) {
            self.output.note(&format!("note: {TOKEN_VARIABLE} is set, and goes before this login"));
        }
        Ok(())
    }

    /// Deletes the token that commands use, because it has become worthless. One in the environment is not ours to
    /// delete.
    pub(crate) fn forget(&self) -> Result<(), Failure> {
        match self.token()? {
            Some((_, TokenSource::Kept)) => self.credentials.forget(self.server()),
            Some((_, TokenSource::Environment)) => {
                self.output.note(&format!("note: the token in {TOKEN_VARIABLE} has ended; unset it"));
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// The failure, with the advice that fits the token that was used.
fn explain(error: ClientError, source: Option<TokenSource>) -> Failure {
    let failure = Failure::from(error);
    match (failure.exit, source) {
        (Exit::Unauthorized, Some(TokenSource::Environment)) => {
            failure.hint(format!("the token in {TOKEN_VARIABLE} is stale; unset it, or put a new one there"))
        }
        (Exit::Unauthorized, None) => {
            Failure { message: "the server answers only those who are logged in".to_owned(), ..failure.hint(LOG_IN) }
        }
        _ => failure,
    }
}

fn token_variable() -> Result<Option<SecretString>, Failure> {
    match env::var(TOKEN_VARIABLE) {
        Ok(token) if !token.is_empty() => Ok(Some(token.into())),
        Ok(_) | Err(env::VarError::NotPresent) => Ok(None),
        // The error itself would show the token.
        Err(env::VarError::NotUnicode(_)) => Err(Failure::usage(format!("{TOKEN_VARIABLE} is not UTF-8"))),
    }
}
