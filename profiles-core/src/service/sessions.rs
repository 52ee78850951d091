//! One's own logins: seeing them, and ending them.

use crate::{
    Core, Error, Kind, Result,
    model::{Account, AccountId, AuditEvent, Token, TokenId, TokenKind},
    permissions::{Action, Actor, Denied, Object},
    store::{EndTokens, Which},
};

impl Core {
    /// The actor's own logins and personal tokens, oldest first. [`Actor::token`] says which of them it is known by.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub async fn sessions(&self, actor: Actor) -> Result<Vec<Token>> {
        let account = self.own_keys(actor, Action::Read)?;
        Ok(self.store.tokens_of(account, self.clock.now()).await?)
    }

    /// Ends one of the actor's own logins, or a personal token.
    ///
    /// # Errors
    /// [`Error::Denied`]; [`Error::Missing`] if they have none of that number.
    pub async fn end_session(&self, actor: Actor, id: TokenId) -> Result<()> {
        self.end_one(actor, Which::One(id)).await
    }

    /// Ends all of the actor's own logins but the one it is known by; answers how many. Personal tokens go on.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub async fn end_other_sessions(&self, actor: Actor) -> Result<usize> {
        let account = self.own_keys(actor, Action::Delete)?;
        self.end_tokens(actor, account, Which::OtherLogins(actor.token())).await
    }

    pub(super) async fn end_one(&self, actor: Actor, which: Which) -> Result<()> {
        let account = self.own_keys(actor, Action::Delete)?;
        match self.end_tokens(actor, account, which).await? {
            0 => Err(Error::Missing(Kind::Token)),
            _ => Ok(()),
        }
    }

    async fn end_tokens(&self, actor: Actor, account: AccountId, which: Which) -> Result<usize> {
        let audit = Some(self.done(AuditEvent::TokenRevocation, actor, account));
        Ok(self.store.end_tokens(EndTokens { account, which, audit, at: self.clock.now() }).await?)
    }

    /// The actor's account, if it may do this to what it could be taken over by.
    pub(super) fn own_keys(&self, actor: Actor, action: Action) -> Result<AccountId> {
        let account = actor.account().ok_or(Denied::Unauthenticated)?;
        self.authorise(actor, action, Object::Keys { owner: account })?;
        Ok(account)
    }

    /// The actor's account, if the login by which it is known has not ended since the request began, however slowly its
    /// body came.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub(super) async fn still_known(&self, actor: Actor, account: AccountId) -> Result<Account> {
        let found = self.store.account(account).await?.filter(|account| account.is_active);
        let found = found.ok_or(Denied::Unauthenticated)?;
        if let Some(id) = actor.token() {
            let tokens = self.store.tokens_of(account, self.clock.now()).await?;
            tokens.iter().find(|token| token.id == id).ok_or(Denied::Unauthenticated)?;
        }
        Ok(found)
    }

    /// The actor's own personal tokens, oldest first.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub async fn personal_tokens(&self, actor: Actor) -> Result<Vec<Token>> {
        let mut tokens = self.sessions(actor).await?;
        tokens.retain(|token| token.kind == TokenKind::Personal);
        Ok(tokens)
    }

    /// Ends one of the actor's own personal tokens.
    ///
    /// # Errors
    /// [`Error::Denied`]; [`Error::Missing`] if they have none of that number.
    pub async fn revoke_personal_token(&self, actor: Actor, id: TokenId) -> Result<()> {
        self.end_one(actor, Which::Personal(id)).await
    }
}
