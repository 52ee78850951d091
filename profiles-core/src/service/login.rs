//! Logging in, being recognised, logging out.

use super::ATTEMPTS;
use crate::{
    Core, Error, FieldError, FieldErrors, Result, Settings, Verification,
    fields::{Field, name},
    model::{Account, Digest, Email, Password, Principal, SecretKey, Timestamp, TokenKind, UsernameKey},
    password::Verdict,
    store::{LogIn, NewToken, StoreError},
};

/// What somebody who logs in has filled in.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Their username, as typed: any text, since an invalid one is merely nobody's.
    pub username: Field<Option<String>>,
    /// An address, which is checked and then not used, as in the original.
    pub email: Field<Option<Email>>,
    /// Their password.
    pub password: Field<Password>,
}

impl Credentials {
    /// From texts; nothing is trimmed.
    pub fn parse(username: &str, password: &str) -> Self {
        Self { username: Ok(Some(username.to_owned())), email: Ok(None), password: Password::parse(password) }
    }
}

/// The secrets that a login makes, shown once to the one who logged in.
#[derive(Clone, Debug)]
pub struct Login {
    /// For the `Authorization` header.
    pub token: SecretKey,
    /// For the session cookie, where sessions are used.
    pub session: Option<SecretKey>,
}

impl Login {
    /// What the store keeps of it.
    pub(crate) fn to_keep(&self, at: Timestamp, settings: &Settings) -> Vec<NewToken> {
        let make = |digest, kind, ends_at| NewToken {
            digest,
            kind,
            lifetime: crate::model::Lifetime::until(ends_at),
            name: None,
            scopes: crate::model::Scopes::default(),
            origin: crate::model::Origin::default(),
        };
        let token = make(self.token.digest(), TokenKind::Api, None);
        let session = self
            .session
            .as_ref()
            .map(|session| make(session.digest(), TokenKind::Session, Some(at.plus(settings.session_age))));
        std::iter::once(token).chain(session).collect()
    }
}

/// Who presented a token or a session id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// An account in good standing.
    Known(Principal),
    /// The token is good, but its account was deactivated.
    Inactive,
    /// No such token: never made, ended, or expired.
    Unknown,
}

impl Core {
    /// Logs in with a username (case ignored) and a password.
    ///
    /// Unknown account, wrong password and deactivated account have the same answer after the same work. A hash that is
    /// weaker than today's is replaced on the way.
    ///
    /// # Errors
    /// [`Error::Invalid`]: fields that do not parse; else, under `non_field_errors`, no username, wrong credentials, or
    /// (only after the right password) an address that must be verified first.
    pub async fn log_in(&self, credentials: Credentials) -> Result<(Account, Login)> {
        let mut errors = FieldErrors::new();
        let username = errors.check(name::USERNAME, credentials.username);
        errors.check(name::EMAIL, credentials.email);
        let password = errors.check(name::PASSWORD, credentials.password);
        errors.into_result()?;
        let (Some(username), Some(password)) = (username.flatten().filter(|text| !text.is_empty()), password) else {
            return Err(refused(FieldError::CredentialsRequired));
        };
        let key = UsernameKey::of(&username);
        for _ in 0..ATTEMPTS {
            let account = self.store.account_by_username(&key).await?;
            let (account, rehash) = self.check_password(account, &password).await?;
            let rehashed = if rehash { Some(self.hasher.hash(password.clone().into_secret()).await?) } else { None };
            let at = self.clock.now();
            let login = self.new_login()?;
            let tokens = login.to_keep(at, &self.settings);
            let command = LogIn {
                account: account.id,
                checked: account.password,
                rehashed,
                tokens,
                most: 200,
                former: None,
                place: None,
                if_new_place: None,
                forgive: Vec::new(),
                audit: None,
                at,
            };
            match self.store.log_in(command).await {
                Ok(account) => return Ok((account, login)),
                // The password or the account changed while it was being hashed: look again.
                Err(StoreError::Stale) => {}
                Err(StoreError::Missing) => return Err(refused(FieldError::WrongCredentials)),
                Err(other) => return Err(other.into()),
            }
        }
        Err(Error::Busy)
    }

    /// The account, if this is its password and it may log in; and whether its hash is outdated.
    async fn check_password(&self, account: Option<Account>, password: &Password) -> Result<(Account, bool)> {
        let hash = account.as_ref().map(|account| account.password.clone());
        let verdict = self.hasher.verify(password.clone().into_secret(), hash).await?;
        let account = account.filter(|account| account.is_active && verdict != Verdict::Wrong);
        let Some(account) = account else { return Err(refused(FieldError::WrongCredentials)) };
        if self.settings.verification == Verification::Mandatory && !account.email_verified {
            return Err(refused(FieldError::EmailUnverified));
        }
        Ok((account, verdict == Verdict::RightButOutdated))
    }

    /// New secrets for a login.
    pub(crate) fn new_login(&self) -> Result<Login> {
        let make = |kind| SecretKey::generate(kind, self.entropy.as_ref());
        let session = self.settings.session_login.then(|| make(TokenKind::Session)).transpose()?;
        Ok(Login { token: make(TokenKind::Api)?, session })
    }

    /// Recognises a token or a session id that a request presents. One look-up; nothing is written.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store fails.
    pub async fn authenticate(&self, presented: &SecretKey, kind: TokenKind) -> Result<Authentication> {
        let principal = self.store.principal(&presented.digest(), self.clock.now()).await?;
        Ok(match principal.filter(|principal| principal.kind == kind) {
            Some(principal) if principal.is_active => Authentication::Known(principal),
            Some(_) => Authentication::Inactive,
            None => Authentication::Unknown,
        })
    }

    /// Ends these tokens and sessions; other logins of the account go on.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Busy`] if the store fails; then they are still good.
    pub async fn log_out(&self, presented: &[SecretKey]) -> Result<()> {
        let digests: Vec<Digest> = presented.iter().map(SecretKey::digest).collect();
        if digests.is_empty() {
            return Ok(());
        }
        Ok(self.store.revoke(&digests, self.clock.now().into()).await?)
    }
}

fn refused(error: FieldError) -> Error {
    FieldErrors::of(name::NON_FIELD_ERRORS, error).into()
}
