//! Logging in, being recognised, logging out.

use super::{
    ATTEMPTS,
    at_hand::AtHand,
    noting::lenient,
    tries::{Target, Try},
};
use crate::{
    Core, Error, FieldError, FieldErrors, LoginBy, Result, Verification,
    fields::{Field, name},
    mail::Mail,
    model::{
        Account, AuditActor, AuditEvent, Carrier, Digest, Email, Lifetime, Network, Password, Principal, Scopes,
        SecretKey, Stamp, Timestamp, TokenKind, UsernameKey,
    },
    password::Verdict,
    permissions::Actor,
    store::{LogIn, NewToken, StoreError, Wanted},
};

/// Logins that an account keeps; of more, those end that were not used for longest. A script that logs in anew each time
/// and never logs out meets it, and ends none but its own old logins.
pub(super) const LOGINS: usize = 200;

/// What somebody who logs in has filled in.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Their username, as typed: any text, since an invalid one is merely nobody's.
    pub username: Field<Option<String>>,
    /// Their address; only looked at where people log in with it.
    pub email: Field<Option<Email>>,
    /// Their password.
    pub password: Field<Password>,
    /// The session that their browser comes with. If it is somebody else's, the login takes its place.
    pub former: Option<SecretKey>,
}

impl Credentials {
    /// From texts; nothing is trimmed.
    pub fn parse(username: &str, password: &str) -> Self {
        Self {
            username: Ok(Some(username.to_owned())),
            email: Ok(None),
            password: Password::parse(password),
            former: None,
        }
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

/// As whom somebody logs in.
enum Identity {
    Username(String),
    Email(Email),
    /// A text where a username goes, which may be an address.
    Either(String),
}

impl Identity {
    fn as_str(&self) -> &str {
        match self {
            Self::Username(text) | Self::Either(text) => text,
            Self::Email(email) => email.as_str(),
        }
    }
}

impl Core {
    /// Logs in with what [`Settings::login_by`](crate::Settings::login_by) says (case ignored) and a password.
    ///
    /// Unknown account, wrong password and deactivated account have the same answer after the same work. A hash that is
    /// weaker than today's is replaced on the way.
    ///
    /// # Errors
    /// [`Error::Invalid`]: fields that do not parse; else, under `non_field_errors`, no username or address, wrong
    /// credentials, or (only after the right password) an address that must be verified first. [`Error::Throttled`].
    pub async fn log_in(&self, credentials: Credentials) -> Result<(Account, Login)> {
        let mut errors = FieldErrors::new();
        let username = errors.check(name::USERNAME, credentials.username);
        let email = errors.check(name::EMAIL, credentials.email);
        let password = errors.check(name::PASSWORD, credentials.password);
        errors.into_result()?;
        let identity = self.identity(username.flatten().filter(|text| !text.is_empty()), email.flatten())?;
        let Some(password) = password else { return Err(refused(FieldError::CredentialsRequired)) };

        let found = self.find_login(&identity).await?;
        let target = Target::Named(identity.as_str(), found.as_ref().map(|account| account.id));
        let attempt = self.begin_try(AuditEvent::Login, Actor::Anonymous, target).await?;
        let outcome = self.log_in_as(&identity, found, &password, credentials.former, &attempt).await;
        match &outcome {
            Ok(_) | Err(Error::Invalid(_)) => {}
            // It says nothing about the password.
            Err(_) => self.undo_try(&attempt).await,
        }
        outcome
    }

    async fn log_in_as(
        &self,
        identity: &Identity,
        mut found: Option<Account>,
        password: &Password,
        former: Option<SecretKey>,
        attempt: &Try,
    ) -> Result<(Account, Login)> {
        for _ in 0..ATTEMPTS {
            let (account, rehash) = self.check_password(found, password, attempt).await?;
            let rehashed = if rehash { Some(self.hasher.hash(password.clone().into_secret()).await?) } else { None };
            let at = self.clock.now();
            let login = self.new_login(self.settings.session_login)?;
            let command = LogIn {
                account: account.id,
                rehashed,
                tokens: self.to_keep(&login, at),
                most: LOGINS,
                former: former.as_ref().map(SecretKey::digest),
                place: self.place(),
                if_new_place: self.new_login_notice(&account, at),
                forgive: attempt.forgiven(),
                audit: Some(self.done(AuditEvent::Login, AuditActor::Account(account.id), account.id)),
                checked: account.password,
                at,
            };
            match self.store.log_in(command).await {
                Ok(account) => return Ok((account, login)),
                // The password or the account changed while it was being hashed: look again.
                Err(StoreError::Stale) => found = self.find_login(identity).await?,
                Err(StoreError::Missing) => return Err(refused(FieldError::WrongCredentials)),
                Err(other) => return Err(other.into()),
            }
        }
        Err(Error::Busy)
    }

    /// Logs in to an account that is known, by its password.
    ///
    /// # Errors
    /// As [`Core::log_in`].
    pub(super) async fn log_in_again(
        &self,
        account: &Account,
        password: &Password,
        former: Option<SecretKey>,
    ) -> Result<Login> {
        let identity = Identity::Username(account.username.to_string());
        let target = Target::Named(identity.as_str(), Some(account.id));
        let attempt = self.begin_try(AuditEvent::Login, Actor::Anonymous, target).await?;
        let outcome = self.log_in_as(&identity, Some(account.clone()), password, former, &attempt).await;
        if !matches!(&outcome, Ok(_) | Err(Error::Invalid(_))) {
            self.undo_try(&attempt).await;
        }
        outcome.map(|(_, login)| login)
    }

    /// As whom, by what this deployment takes.
    fn identity(&self, username: Option<String>, email: Option<Email>) -> Result<Identity> {
        match self.settings.login_by {
            LoginBy::Username => {
                username.map(Identity::Username).ok_or_else(|| refused(FieldError::CredentialsRequired))
            }
            LoginBy::Email => email.map(Identity::Email).ok_or_else(|| refused(FieldError::EmailCredentialsRequired)),
            LoginBy::Either => match (email, username) {
                (Some(email), _) => Ok(Identity::Email(email)),
                (None, Some(username)) => Ok(Identity::Either(username)),
                (None, None) => Err(refused(FieldError::EitherCredentialsRequired)),
            },
        }
    }

    /// The account of this name or address. Of several with one address it is the one that has verified it, or else the
    /// oldest; the others log in by their names.
    async fn find_login(&self, identity: &Identity) -> Result<Option<Account>> {
        let named = async |text: &str| self.store.account_by_username(&UsernameKey::of(text)).await;
        Ok(match identity {
            Identity::Username(text) => named(text).await?,
            Identity::Email(email) => self.account_of(email).await?,
            Identity::Either(text) => {
                let by_email = match Email::parse(text) {
                    Ok(email) => self.account_of(&email).await?,
                    Err(_) => None,
                };
                if by_email.is_some() { by_email } else { named(text).await? }
            }
        })
    }

    async fn account_of(&self, email: &Email) -> Result<Option<Account>> {
        if let Some(account) = self.store.account_by_verified_email(email).await? {
            return Ok(Some(account));
        }
        Ok(self.store.accounts_by_email(email, 1).await?.into_iter().next())
    }

    /// The account, if this is its password and it may log in; and whether its hash is outdated.
    async fn check_password(
        &self,
        account: Option<Account>,
        password: &Password,
        attempt: &Try,
    ) -> Result<(Account, bool)> {
        let id = account.as_ref().map(|account| account.id);
        let hash = account.as_ref().map(|account| account.password.clone());
        let verdict = self.hasher.verify(password.clone().into_secret(), hash).await?;
        let account = account.filter(|account| account.is_active && verdict != Verdict::Wrong);
        let Some(account) = account else {
            self.note_refusal(AuditEvent::Login, AuditActor::Anonymous, id).await?;
            return Err(refused(FieldError::WrongCredentials));
        };
        if self.settings.verification == Verification::Mandatory && !account.email_verified {
            // The password was right: whoever confirms their address next must not have to wait.
            self.store.forgive(&attempt.forgiven()).await?;
            self.note_refusal(AuditEvent::Login, AuditActor::Anonymous, id).await?;
            return Err(refused(FieldError::EmailUnverified));
        }
        Ok((account, verdict == Verdict::RightButOutdated))
    }

    /// New secrets for a login, with or without those of a session.
    pub(super) fn new_login(&self, with_session: bool) -> Result<Login> {
        let make = |kind| SecretKey::generate(kind, self.entropy.as_ref());
        let session = with_session.then(|| make(TokenKind::Session)).transpose()?;
        Ok(Login { token: make(TokenKind::Api)?, session })
    }

    /// What the store keeps of a login.
    pub(super) fn to_keep(&self, login: &Login, at: Timestamp) -> Vec<NewToken> {
        let settings = &self.settings;
        let token =
            Lifetime { ends_at: settings.token_age.map(|age| at.plus(age)), idle: lenient(settings.token_idle) };
        let token = self.secret_to_keep(&login.token, TokenKind::Api, token);
        let session = login.session.as_ref().map(|key| self.session_to_keep(key, at));
        std::iter::once(token).chain(session).collect()
    }

    /// What the store keeps of a session.
    pub(super) fn session_to_keep(&self, key: &SecretKey, at: Timestamp) -> NewToken {
        let settings = &self.settings;
        let lifetime = Lifetime { ends_at: Some(at.plus(settings.session_age)), idle: lenient(settings.session_idle) };
        self.secret_to_keep(key, TokenKind::Session, lifetime)
    }

    fn secret_to_keep(&self, key: &SecretKey, kind: TokenKind, lifetime: Lifetime) -> NewToken {
        let (digest, origin) = (key.digest(), self.origin.clone());
        NewToken { digest, kind, lifetime, name: None, scopes: Scopes::default(), origin }
    }

    /// The part of the internet that the request comes from.
    pub(super) fn place(&self) -> Option<Network> {
        self.origin.address().map(Network::of_place)
    }

    fn new_login_notice(&self, account: &Account, at: Timestamp) -> Option<Mail> {
        let to = account.email.clone().filter(|_| self.settings.notices.new_login)?;
        Some(Mail::NewLogin {
            username: account.username.clone(),
            to,
            at,
            address: self.origin.address().map(|address| address.to_string()).unwrap_or_default(),
            agent: self.origin.agent().unwrap_or_default().to_owned(),
        })
    }

    /// Recognises a token or a session id that a request presents in this way. One look-up; that it was used is noted now
    /// and then.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store fails.
    pub async fn authenticate(&self, presented: &SecretKey, carrier: Carrier) -> Result<Authentication> {
        let (digest, now) = (presented.digest(), self.clock.now());
        let principal = self.store.principal(&digest, now).await?;
        Ok(self.recognise(principal, carrier, digest, now).await)
    }

    /// As [`Core::authenticate`], for a request that is about this row, which is read in the same look-up. Answers also the
    /// core to serve the request with: the first who looks for the row there gets it as it was read, and whoever looks
    /// again has it read anew.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store fails.
    pub async fn authenticate_for(
        &self,
        wanted: Wanted,
        presented: &SecretKey,
        carrier: Carrier,
    ) -> Result<(Authentication, Self)> {
        let (digest, now) = (presented.digest(), self.clock.now());
        let (principal, found) = self.store.principal_and(&digest, now, &wanted).await?.unzip();
        let authentication = self.recognise(principal, carrier, digest, now).await;
        let at_hand = match (&authentication, found) {
            (Authentication::Known(_), Some(found)) => AtHand::new(wanted, found),
            _ => AtHand::default(),
        };
        Ok((authentication, Self { at_hand, ..self.clone() }))
    }

    /// Who it is whose token was presented in this way.
    async fn recognise(
        &self,
        principal: Option<Principal>,
        carrier: Carrier,
        digest: Digest,
        now: Timestamp,
    ) -> Authentication {
        match principal.filter(|principal| principal.kind.carrier() == carrier) {
            Some(principal) if principal.is_active => {
                self.note_use(digest, &principal, now).await;
                Authentication::Known(principal)
            }
            Some(_) => Authentication::Inactive,
            None => Authentication::Unknown,
        }
    }

    /// Ends these tokens and sessions, which the actor presents; other logins of the account go on.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Busy`] if the store fails; then they are still good.
    pub async fn log_out(&self, actor: Actor, presented: &[SecretKey]) -> Result<()> {
        let digests: Vec<Digest> = presented.iter().map(SecretKey::digest).collect();
        if digests.is_empty() {
            return Ok(());
        }
        let audit = actor.account().map(|account| self.done(AuditEvent::Logout, actor, account));
        Ok(self.store.revoke(&digests, Stamp { at: self.clock.now(), audit }).await?)
    }
}

fn refused(error: FieldError) -> Error {
    FieldErrors::of(name::NON_FIELD_ERRORS, error).into()
}
