//! Tokens and sessions.

use async_trait::async_trait;

use super::{
    MemoryStore,
    state::{State, TokenRow},
};
use crate::{
    event::EventKind,
    model::{
        Account, AccountId, AuditNote, Digest, KeyPurpose, Network, Principal, Stamp, Timestamp, Token, TokenKind,
    },
    store::{EndTokens, IssueToken, LogIn, Recognition, Result, StoreError, Tokens},
};

/// As every store has it.
impl Recognition for MemoryStore {}

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
        state.end_former(command.former, account.id, command.at);
        state.keep_tokens(account.id, command.tokens, command.at);
        state.end_oldest_logins(account.id, command.most, command.at);
        state.end_keys(account.id, KeyPurpose::ends_with_login);
        let is_new_place = state.is_new_place(account.id, command.place, command.at);
        state.forgive(&command.forgive);
        state.note(command.at, command.audit);
        state.events.publish(command.at, EventKind::LoggedIn { account: account.id });
        if is_new_place {
            state.put_mails(account.id, command.if_new_place.into_iter().collect(), command.at);
        }
        Ok(account)
    }

    async fn principal(&self, digest: &Digest, now: Timestamp) -> Result<Option<Principal>> {
        let state = self.state()?;
        let Some(token) = state.tokens.get(digest).filter(|token| !token.is_over(now)) else { return Ok(None) };
        let profile = state.profile_id_of(token.account)?;
        Ok(state.accounts.get(&token.account).map(|account| Principal {
            token: token.id,
            account: account.id,
            profile,
            username: account.username.clone(),
            is_staff: account.is_staff,
            is_active: account.is_active,
            kind: token.row.kind,
            scopes: token.row.scopes,
            expires_at: token.expires_at(),
            seen_at: token.seen_at(),
        }))
    }

    async fn tokens_of(&self, account: AccountId, now: Timestamp) -> Result<Vec<Token>> {
        let state = self.state()?;
        let own = state.tokens.values().filter(|token| token.account == account && !token.is_over(now));
        let mut tokens: Vec<Token> = own.map(to_token).collect();
        tokens.sort_by_key(|token| token.id);
        Ok(tokens)
    }

    async fn places_of(&self, account: AccountId) -> Result<Vec<(Network, Timestamp)>> {
        Ok(self.state()?.places.get(&account).cloned().unwrap_or_default())
    }

    async fn issue_token(&self, command: IssueToken) -> Result<Token> {
        let mut state = self.state()?;
        if !state.accounts.contains_key(&command.account) {
            return Err(StoreError::Missing);
        }
        let kind = command.token.kind;
        let alike = state.tokens.values().filter(|token| token.account == command.account && token.row.kind == kind);
        if alike.filter(|token| !token.is_over(command.at)).count() >= command.most {
            return Err(StoreError::Full);
        }
        state.check_tokens_are_new(std::slice::from_ref(&command.token))?;
        let digest = command.token.digest;
        state.keep_tokens(command.account, vec![command.token], command.at);
        let token = state.tokens.get(&digest).map(to_token).ok_or(StoreError::Missing)?;
        state.note(command.at, about(command.audit.as_ref(), &token));
        Ok(token)
    }

    async fn revoke(&self, digests: &[Digest], stamp: Stamp) -> Result<()> {
        let mut state = self.state()?;
        let mut ended = 0;
        for digest in digests {
            ended += usize::from(state.end_token(digest, stamp.at).is_some());
        }
        state.note(stamp.at, stamp.audit.filter(|_| ended > 0));
        Ok(())
    }

    async fn end_tokens(&self, command: EndTokens) -> Result<usize> {
        let mut state = self.state()?;
        let own = state.tokens.iter().filter(|(_, token)| token.account == command.account);
        let chosen = own.filter(|(_, token)| command.which.matches(token.id, token.row.kind));
        let mut chosen: Vec<_> = chosen.map(|(digest, token)| (token.id, *digest)).collect();
        chosen.sort_unstable();
        let mut ended = 0;
        for (_, digest) in &chosen {
            if let Some(token) = state.end_token(digest, command.at) {
                state.note(command.at, about(command.audit.as_ref(), &to_token(&token)));
                ended += 1;
            }
        }
        Ok(ended)
    }

    async fn touch(&self, used: &[(Digest, Timestamp)]) -> Result<()> {
        let mut state = self.state()?;
        for (digest, at) in used {
            if let Some(token) =
                state.tokens.get_mut(digest).filter(|token| *at > token.seen_at() && !token.is_over(*at))
            {
                token.last_used_at = Some(*at);
            }
        }
        Ok(())
    }
}

/// The line about this token.
fn about(note: Option<&AuditNote>, token: &Token) -> Option<AuditNote> {
    note.map(|note| AuditNote { object: Some(token.id.get()), ..note.clone() })
}

fn to_token(token: &TokenRow) -> Token {
    Token {
        id: token.id,
        account: token.account,
        kind: token.row.kind,
        name: token.row.name.clone(),
        scopes: token.row.scopes,
        created_at: token.created_at,
        last_used_at: token.last_used_at,
        expires_at: token.expires_at(),
        origin: token.row.origin.clone(),
    }
}

impl State {
    /// Whether this is a session of this account.
    pub(super) fn has_session(&self, digest: &Digest, account: AccountId, at: Timestamp) -> bool {
        let is_one = |token: &TokenRow| token.account == account && token.row.kind == TokenKind::Session;
        self.tokens.get(digest).is_some_and(|token| is_one(token) && !token.is_over(at))
    }

    /// Ends those logins that were not used for longest, until there are no more than `most`.
    fn end_oldest_logins(&mut self, account: AccountId, most: usize, at: Timestamp) {
        let logins = self.tokens.iter().filter(|(_, token)| token.account == account);
        let logins = logins.filter(|(_, token)| token.row.kind != TokenKind::Personal && !token.is_over(at));
        let mut logins: Vec<_> = logins.map(|(digest, token)| (token.seen_at(), token.id, *digest)).collect();
        logins.sort_unstable();
        let beyond = logins.len().saturating_sub(most);
        for (_, _, digest) in logins.into_iter().take(beyond) {
            self.end_token(&digest, at);
        }
    }
}
