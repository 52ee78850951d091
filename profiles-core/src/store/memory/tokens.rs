//! Tokens and sessions.

use async_trait::async_trait;

use super::MemoryStore;
use crate::{
    event::EventKind,
    model::{Account, Digest, Principal, Timestamp},
    store::{LogIn, Result, StoreError, Tokens},
};

#[async_trait]
impl Tokens for MemoryStore {
    async fn log_in(&self, command: LogIn) -> Result<Account> {
        let mut state = self.state()?;
        let account = state.accounts.get(&command.account).ok_or(StoreError::Missing)?;
        if command.checked != account.password || !account.is_active {
            return Err(StoreError::Stale);
        }
        state.check_tokens_are_new(&command.tokens)?;
        let account = state.accounts.get_mut(&command.account).ok_or(StoreError::Missing)?;
        account.last_login_at = Some(command.at);
        account.password = command.rehashed.unwrap_or_else(|| account.password.clone());
        account.revision = account.revision.next();
        let account = account.clone();
        state.keep_tokens(account.id, command.tokens);
        state.events.publish(command.at, EventKind::LoggedIn { account: account.id });
        Ok(account)
    }

    async fn principal(&self, digest: &Digest, now: Timestamp) -> Result<Option<Principal>> {
        let state = self.state()?;
        let Some(token) = state.tokens.get(digest) else { return Ok(None) };
        if token.row.expires_at.is_some_and(|end| end <= now) {
            return Ok(None);
        }
        let profile = state.profile_id_of(token.account)?;
        Ok(state.accounts.get(&token.account).map(|account| Principal {
            account: account.id,
            profile,
            username: account.username.clone(),
            is_staff: account.is_staff,
            is_active: account.is_active,
            kind: token.row.kind,
            expires_at: token.row.expires_at,
        }))
    }

    async fn revoke(&self, digests: &[Digest], at: Timestamp) -> Result<()> {
        let mut state = self.state()?;
        for digest in digests {
            if let Some(token) = state.tokens.remove(digest) {
                state.events.publish(at, EventKind::LoggedOut { account: token.account, kind: token.row.kind });
            }
        }
        Ok(())
    }
}
