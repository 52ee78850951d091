//! Tokens and sessions.

use async_trait::async_trait;

use super::{SledStore, keys, record::TokenRecord, rows::Rows as _};
use crate::{
    event::EventKind,
    model::{Account, Digest, Principal, Timestamp},
    store::{LogIn, Result, StoreError, Tokens},
};

#[async_trait]
impl Tokens for SledStore {
    async fn log_in(&self, command: LogIn) -> Result<Account> {
        self.write(move |transaction| {
            let mut account = transaction.account(command.account)?.ok_or(StoreError::Missing)?;
            if account.password != command.checked || !account.is_active {
                return Err(StoreError::Stale);
            }
            account.password = command.rehashed.unwrap_or(account.password);
            account.last_login_at = Some(command.at);
            transaction.put_next(&mut account)?;
            transaction.put_tokens(account.id, &command.tokens)?;
            transaction.tell(command.at, EventKind::LoggedIn { account: account.id });
            Ok(account)
        })
        .await
    }

    async fn principal(&self, digest: &Digest, now: Timestamp) -> Result<Option<Principal>> {
        let key = keys::token(digest);
        self.read(move |view| {
            let token: Option<TokenRecord> = view.read(&key)?;
            let Some(token) = token.filter(|token| token.expires_at().is_none_or(|end| end > now)) else {
                return Ok(None);
            };
            let account = view.owner(token.account())?;
            Ok(Some(Principal {
                account: account.id,
                profile: view.profile_id(account.id)?,
                username: account.username,
                is_staff: account.is_staff,
                is_active: account.is_active,
                kind: token.kind(),
                expires_at: token.expires_at(),
            }))
        })
        .await
    }

    async fn revoke(&self, digests: &[Digest], at: Timestamp) -> Result<()> {
        let digests = digests.to_vec();
        self.write(move |transaction| {
            for digest in digests {
                let token: Option<TokenRecord> = transaction.read(&keys::token(&digest))?;
                if let Some(token) = token {
                    transaction.remove_token(&digest, token);
                    transaction.tell(at, EventKind::LoggedOut { account: token.account(), kind: token.kind() });
                }
            }
            Ok(())
        })
        .await
    }
}
