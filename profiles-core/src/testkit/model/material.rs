//! What commands are made of.

use std::time::Duration;

use crate::{
    mail::MailProblem,
    model::{
        AccountId, AuditActor, AuditEvent, AuditNote, Email, KeyPurpose, Lifetime, Origin, Revision, Scopes, Timestamp,
        TokenKind, Username,
    },
    store::{Forgive, KeyToSend, LogIn, MailOutcome, NewMailKey, NewToken, Register, RenewSession, Result, Store},
    testkit::fixture,
};

/// The line that the trail gets with a write.
pub(super) fn line(event: AuditEvent, account: AccountId) -> AuditNote {
    let actor = AuditActor::Account(account);
    AuditNote { actor, account: Some(account), origin: fixture::origin("192.0.2.1"), ..fixture::note(event) }
}

/// A [`Register`] whose password is the name.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The name.
    pub username: Username,
    /// The address.
    pub email: Option<Email>,
    /// Whether it is known to be theirs.
    pub email_verified: bool,
    /// May moderate.
    pub is_staff: bool,
    /// Tokens to start with.
    pub tokens: Vec<Token>,
    /// A mailed key's secret, and how long it is good for.
    pub mail_key: Option<(String, Duration)>,
    /// Numbers of mails, as [`fixture::mail`] makes them.
    pub outbox: Vec<u64>,
    /// The secret of a session of somebody else.
    pub former: Option<String>,
    /// Where it comes from.
    pub address: Option<&'static str>,
}

impl Registration {
    pub(super) fn at(&self, now: Timestamp) -> Register {
        let proven = || self.email.clone().unwrap_or_else(|| fixture::email("elsewhere@example.org"));
        let mail_key = self.mail_key.as_ref().map(|(secret, lasts)| NewMailKey {
            digest: fixture::digest(secret),
            purpose: KeyPurpose::ConfirmEmail,
            email: proven(),
            expires_at: now.plus(*lasts),
        });
        Register {
            username: self.username.clone(),
            email: self.email.clone(),
            email_verified: self.email_verified,
            password: fixture::password(self.username.as_str()),
            is_staff: self.is_staff,
            tokens: self.tokens.iter().map(|token| token.at(now)).collect(),
            mail_key,
            outbox: self.outbox.iter().map(|number| fixture::mail("reader", *number)).collect(),
            former: self.former.as_deref().map(fixture::digest),
            place: self.address.map(fixture::place),
            request: None,
            audit: Some(fixture::note(AuditEvent::Registration)),
            at: now,
        }
    }
}

/// A [`RenewSession`].
#[derive(Clone, Debug)]
pub struct Renewal {
    /// The secret of the session that ends.
    pub former: String,
    /// The one that takes its place.
    pub session: Token,
}

impl Renewal {
    pub(super) fn at(&self, now: Timestamp) -> RenewSession {
        RenewSession { former: fixture::digest(&self.former), session: self.session.at(now) }
    }
}

/// A [`LogIn`].
#[derive(Clone, Debug)]
pub struct Login {
    /// Who.
    pub account: AccountId,
    /// With what.
    pub checked: Checked,
    /// The password of a hash to replace the old one.
    pub rehashed: Option<String>,
    /// Tokens to keep.
    pub tokens: Vec<Token>,
    /// How many logins to keep at most.
    pub most: usize,
    /// The secret of a session of somebody else.
    pub former: Option<String>,
    /// Where it comes from. A mail with number 9 tells of a new place.
    pub address: Option<&'static str>,
    /// Tries to forgive.
    pub forgive: Vec<Forgive>,
}

impl Login {
    pub(super) async fn at(&self, now: Timestamp, store: &dyn Store) -> Result<LogIn> {
        let found = match self.checked {
            Checked::Current => store.account(self.account).await?,
            Checked::Wrong => None,
        };
        Ok(LogIn {
            account: self.account,
            checked: found.map_or_else(|| fixture::password("nobody's"), |account| account.password),
            rehashed: self.rehashed.as_deref().map(fixture::password),
            tokens: self.tokens.iter().map(|token| token.at(now)).collect(),
            most: self.most,
            former: self.former.as_deref().map(fixture::digest),
            place: self.address.map(fixture::place),
            if_new_place: Some(fixture::mail("reader", 9)),
            forgive: self.forgive.clone(),
            audit: Some(line(AuditEvent::Login, self.account)),
            at: now,
        })
    }
}

/// A token to keep.
#[derive(Clone, Debug)]
pub struct Token {
    /// What its digest is of.
    pub secret: String,
    /// Token, session or personal token.
    pub kind: TokenKind,
    /// What it may do.
    pub scopes: Scopes,
    /// Where it is made.
    pub address: Option<&'static str>,
    /// How long it is good for; `None` for ever.
    pub lasts: Option<Duration>,
    /// How long it may lie unused; `None` for ever.
    pub idle: Option<Duration>,
}

impl Token {
    pub(super) fn at(&self, now: Timestamp) -> NewToken {
        let ends_at = self.lasts.map(|lasts| now.plus(lasts));
        let lifetime = Lifetime { ends_at, idle: self.idle };
        let origin = self.address.map_or_else(Origin::default, fixture::origin);
        let name = Some(fixture::token_name(&self.secret)).filter(|_| self.kind == TokenKind::Personal);
        NewToken { digest: fixture::digest(&self.secret), kind: self.kind, lifetime, name, scopes: self.scopes, origin }
    }
}

/// A key to send.
#[derive(Clone, Debug)]
pub struct Key {
    /// For whose account.
    pub account: AccountId,
    /// What its digest is of.
    pub secret: String,
    /// What it is good for.
    pub purpose: KeyPurpose,
    /// Where it is sent; `None` for the address that the account has.
    pub email: Option<Email>,
    /// How long it is good for.
    pub lasts: Duration,
    /// The mail's number.
    pub mail: u64,
}

impl Key {
    pub(super) async fn at(&self, now: Timestamp, store: &dyn Store) -> Result<KeyToSend> {
        let found = if self.email.is_none() { store.account(self.account).await? } else { None };
        let known = self.email.clone().or_else(|| found.and_then(|account| account.email));
        let key = NewMailKey {
            digest: fixture::digest(&self.secret),
            purpose: self.purpose,
            email: known.unwrap_or_else(|| fixture::email("elsewhere@example.org")),
            expires_at: now.plus(self.lasts),
        };
        Ok(KeyToSend { account: self.account, key, mail: fixture::mail("reader", self.mail) })
    }
}

/// The revision that an update expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The one that the row has; the first if there is no row.
    Current,
    /// This one.
    Exactly(u64),
}

impl Expected {
    /// `found` is the revision of the row.
    pub(super) fn or(self, found: Option<Revision>) -> Revision {
        match self {
            Self::Current => found.unwrap_or(Revision::FIRST),
            Self::Exactly(number) => Revision::new(number),
        }
    }
}

/// The attempt that finishes a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailAttempt {
    /// The last one.
    Current,
    /// This one.
    Exactly(u32),
}

/// A [`MailOutcome`], by what the present moment makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the outcome, by the same names")]
pub enum Outcome {
    /// [`MailOutcome::Sent`].
    Sent,
    /// [`MailOutcome::Later`], so long after the present moment.
    Later { by: Duration, unsure: bool },
    /// [`MailOutcome::Dead`].
    Dead,
}

impl Outcome {
    pub(super) fn at(self, now: Timestamp) -> MailOutcome {
        match self {
            Self::Sent => MailOutcome::Sent,
            Self::Later { by, unsure } => {
                MailOutcome::Later { at: now.plus(by), why: MailProblem::new("busy"), unsure }
            }
            Self::Dead => MailOutcome::Dead { why: MailProblem::new("refused") },
        }
    }
}

/// The hash that a login was checked against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// The one that the account has.
    Current,
    /// One that no account has.
    Wrong,
}
