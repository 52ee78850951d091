//! Tokens that somebody makes for a program.

use crate::{
    Core, Error, FieldError, FieldErrors, Kind, Result,
    fields::{Field, name},
    model::{AuditEvent, Lifetime, Scope, Scopes, SecretKey, Timestamp, Token, TokenKind, TokenName},
    permissions::{Action, Actor},
    store::{IssueToken, NewToken, StoreError},
};

/// Personal tokens that an account may have.
const MOST: usize = 50;

/// What somebody who makes a personal token has filled in.
#[derive(Clone, Debug)]
pub struct NewPersonalToken {
    /// What they call it.
    pub name: Field<TokenName>,
    /// What it may do; only read if nothing is said.
    pub scopes: Field<Option<Vec<Scope>>>,
    /// When it ends; never if nothing is said.
    pub expires_at: Field<Option<Timestamp>>,
}

impl Core {
    /// Makes a personal token for the actor. Its secret is shown here and never again.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use profiles_core::{Core, NewPersonalToken, Registration, permissions::Actor, store::MemoryStore};
    /// # use profiles_core::model::{Scope, TokenName};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let core = Core::builder(Arc::new(MemoryStore::new())).build()?;
    /// # let form = Registration::parse("ada", "ada@example.org", "tulip-tango-9", "tulip-tango-9");
    /// let ada = Actor::from(&core.register(form).await?.registered.account);
    /// let new = NewPersonalToken {
    ///     name: TokenName::parse("my robot"),
    ///     scopes: Ok(Some(vec![Scope::StatusWrite])),
    ///     expires_at: Ok(None),
    /// };
    /// let (token, secret) = core.create_personal_token(ada, new).await?;
    /// assert!(secret.expose().starts_with("pat_") && token.scopes.allows(Scope::StatusWrite));
    /// # Ok::<(), Box<dyn std::error::Error>>(()) })?; Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Denied`]; [`Error::Invalid`] with every field's errors: a moment that is over; under `non_field_errors`
    /// that they have as many as they may.
    pub async fn create_personal_token(&self, actor: Actor, new: NewPersonalToken) -> Result<(Token, SecretKey)> {
        let account = self.own_keys(actor, Action::Create)?;
        // It would outlive the login that made it.
        self.still_known(actor, account).await?;
        let at = self.clock.now();
        let mut errors = FieldErrors::new();
        let name = errors.check(name::NAME, new.name);
        let scopes = errors.check(name::SCOPES, new.scopes).flatten();
        let ends_at = errors.check(name::EXPIRES_AT, new.expires_at).flatten();
        if ends_at.is_some_and(|end| end <= at) {
            errors.add(name::EXPIRES_AT, FieldError::PastMoment);
        }
        errors.into_result()?;
        let secret = SecretKey::generate(TokenKind::Personal, self.entropy.as_ref())?;
        let token = NewToken {
            digest: secret.digest(),
            kind: TokenKind::Personal,
            lifetime: Lifetime::until(ends_at),
            name,
            scopes: scopes.map_or_else(|| Scopes::from_iter([Scope::Read]), Scopes::from_iter),
            origin: self.origin.clone(),
        };
        let audit = Some(self.done(AuditEvent::TokenCreation, actor, account));
        match self.store.issue_token(IssueToken { account, token, most: MOST, audit, at }).await {
            Ok(token) => Ok((token, secret)),
            Err(StoreError::Full) => {
                Err(FieldErrors::of(name::NON_FIELD_ERRORS, FieldError::TooManyTokens { max: MOST }).into())
            }
            Err(other) => Err(Error::from_store(Kind::Account)(other)),
        }
    }
}
