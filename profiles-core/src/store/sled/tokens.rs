//! Tokens and sessions.

use async_trait::async_trait;

use super::{
    SledStore,
    engine::View,
    keys::{self, Meta},
    place::Place,
    record::{PlacesRecord, TokenRecord},
    rows::{Rows as _, corrupt},
    transaction::Transaction,
};
use crate::{
    event::EventKind,
    model::{
        Account, AccountId, AuditNote, Digest, KeyPurpose, Network, Principal, Stamp, Timestamp, Token, TokenId,
        TokenKind,
    },
    store::{EndTokens, IssueToken, LogIn, NewToken, Recognition, Result, StoreError, Tokens, Unique, places},
};

/// A look-up is no journey here: it takes microseconds.
impl Recognition for SledStore {}

#[async_trait]
impl Tokens for SledStore {
    async fn log_in(&self, command: LogIn) -> Result<Account> {
        self.write(move |transaction| transaction.log_in(command)).await
    }

    async fn principal(&self, digest: &Digest, now: Timestamp) -> Result<Option<Principal>> {
        let key = keys::token(digest);
        self.read(move |view| {
            let token: Option<TokenRecord> = view.read(&key)?;
            let Some(token) = token.filter(|token| !token.is_over(now)) else { return Ok(None) };
            let Some(account) = view.owner(&key, token.account())? else { return Ok(None) };
            let profile = view.profile_id(account.id)?;
            Ok(profile.map(|profile| Principal {
                token: token.id(),
                account: account.id,
                profile,
                username: account.username,
                is_staff: account.is_staff,
                is_active: account.is_active,
                kind: token.kind(),
                scopes: token.scopes(),
                expires_at: token.expires_at(),
                seen_at: token.seen_at(),
            }))
        })
        .await
    }

    async fn tokens_of(&self, account: AccountId, now: Timestamp) -> Result<Vec<Token>> {
        self.scan(move |view| {
            let mut tokens = Vec::new();
            for digest in listed(view, account)? {
                // One that has ended since the index was read is none.
                let token: Option<TokenRecord> = view.read(&keys::token(&digest))?;
                tokens.extend(token.filter(|token| !token.is_over(now)).map(TokenRecord::into_token));
            }
            tokens.sort_by_key(|token| token.id);
            Ok(tokens)
        })
        .await
    }

    async fn places_of(&self, account: AccountId) -> Result<Vec<(Network, Timestamp)>> {
        self.read(move |view| {
            let record: Option<PlacesRecord> = view.read(&keys::places(account))?;
            Ok(record.unwrap_or_default().into_places())
        })
        .await
    }

    async fn issue_token(&self, command: IssueToken) -> Result<Token> {
        self.write(move |transaction| {
            let IssueToken { account, token, most, audit, at } = command;
            transaction.living(account)?;
            let own = transaction.tokens_of(account)?;
            let alike = own.iter().filter(|(_, other)| other.kind() == token.kind && !other.is_over(at));
            if alike.count() >= most {
                return Err(StoreError::Full);
            }
            let token = transaction.put_token(account, &token, at)?.into_token();
            transaction.note(at, about(audit.as_ref(), token.id))?;
            Ok(token)
        })
        .await
    }

    async fn revoke(&self, digests: &[Digest], stamp: Stamp) -> Result<()> {
        let digests = digests.to_vec();
        self.write(move |transaction| {
            let mut ended = 0;
            for digest in digests {
                let token: Option<TokenRecord> = transaction.read(&keys::token(&digest))?;
                if let Some(token) = token {
                    ended += usize::from(transaction.end_token(&digest, &token, stamp.at));
                }
            }
            transaction.note(stamp.at, stamp.audit.filter(|_| ended > 0))
        })
        .await
    }

    async fn end_tokens(&self, command: EndTokens) -> Result<usize> {
        self.write(move |transaction| {
            let EndTokens { account, which, audit, at } = command;
            let mut chosen = transaction.tokens_of(account)?;
            chosen.retain(|(_, token)| which.matches(token.id(), token.kind()));
            chosen.sort_unstable_by_key(|(_, token)| token.id());
            let mut ended = 0;
            for (digest, token) in &chosen {
                if transaction.end_token(digest, token, at) {
                    transaction.note(at, about(audit.as_ref(), token.id()))?;
                    ended += 1;
                }
            }
            Ok(ended)
        })
        .await
    }

    async fn touch(&self, used: &[(Digest, Timestamp)]) -> Result<()> {
        let used = used.to_vec();
        self.write(move |transaction| used.iter().try_for_each(|(digest, at)| transaction.touch(digest, *at))).await
    }
}

/// The line about this token.
fn about(note: Option<&AuditNote>, token: TokenId) -> Option<AuditNote> {
    note.map(|note| AuditNote { object: Some(token.get()), ..note.clone() })
}

/// The tokens that an account has, by the index.
fn listed(view: &dyn View, account: AccountId) -> Result<Vec<Digest>> {
    let mut digests = Vec::new();
    for pair in view.scan(keys::tokens_of(account)) {
        let (key, _) = pair?;
        let Some(Place::TokenOfAccount(_, digest)) = Place::parse(&key) else {
            return Err(corrupt(Place::describe(&key)));
        };
        digests.push(digest);
    }
    Ok(digests)
}

impl Transaction<'_> {
    fn log_in(&mut self, command: LogIn) -> Result<Account> {
        let mut account = self.living(command.account)?;
        if account.password != command.checked || !account.is_active {
            return Err(StoreError::Stale);
        }
        account.password = command.rehashed.unwrap_or(account.password);
        account.last_login_at = Some(command.at);
        self.put_next(&mut account)?;
        self.put_tokens(account.id, &command.tokens, command.at)?;
        self.end_former(command.former, account.id, command.at)?;
        self.end_oldest_logins(account.id, command.most, command.at)?;
        self.end_keys(account.id, KeyPurpose::ends_with_login)?;
        let is_new_place = self.is_new_place(account.id, command.place, command.at)?;
        self.forgive(&command.forgive)?;
        self.note(command.at, command.audit)?;
        self.tell(command.at, EventKind::LoggedIn { account: account.id });
        if is_new_place {
            self.put_mails(account.id, command.if_new_place.into_iter().collect(), command.at)?;
        }
        Ok(account)
    }

    /// Keeps new tokens of an account.
    pub(super) fn put_tokens(&mut self, account: AccountId, tokens: &[NewToken], at: Timestamp) -> Result<()> {
        tokens.iter().try_for_each(|token| self.put_token(account, token, at).map(drop))
    }

    pub(super) fn check_token_is_new(&self, digest: &Digest) -> Result<()> {
        if self.has(&keys::token(digest))? { Err(StoreError::Taken(Unique::Secret)) } else { Ok(()) }
    }

    fn put_token(&mut self, account: AccountId, token: &NewToken, at: Timestamp) -> Result<TokenRecord> {
        let digest = &token.digest;
        self.check_token_is_new(digest)?;
        let id = TokenId::new(self.next(Meta::LastToken)?);
        let record = TokenRecord::new(id, account, token, at);
        self.put(keys::token(digest), &record)?;
        self.mark(keys::token_of(account, digest))?;
        if let Some(at) = record.expires_at() {
            self.mark(keys::expiry(at, token.kind.into(), digest))?;
        }
        Ok(record)
    }

    /// Removes a token with its index entries.
    pub(super) fn remove_token(&mut self, digest: &Digest, token: &TokenRecord) {
        self.remove(keys::token(digest));
        self.remove(keys::token_of(token.account(), digest));
        if let Some(at) = token.expires_at() {
            self.remove(keys::expiry(at, token.kind().into(), digest));
        }
    }

    /// Removes a token that is not over anyway, and tells of it; answers whether it did.
    fn end_token(&mut self, digest: &Digest, token: &TokenRecord, at: Timestamp) -> bool {
        if token.is_over(at) {
            return false;
        }
        self.remove_token(digest, token);
        self.tell(at, EventKind::LoggedOut { account: token.account(), kind: token.kind() });
        true
    }

    /// Removes this session of this account, and tells nobody; answers whether it was there.
    pub(super) fn take_session(&mut self, digest: &Digest, account: AccountId, at: Timestamp) -> Result<bool> {
        let token: Option<TokenRecord> = self.read(&keys::token(digest))?;
        let is_one = |token: &TokenRecord| token.account() == account && token.kind() == TokenKind::Session;
        let Some(token) = token.filter(|token| is_one(token) && !token.is_over(at)) else { return Ok(false) };
        self.remove_token(digest, &token);
        Ok(true)
    }

    /// Ends this session if it is another account's.
    pub(super) fn end_former(&mut self, former: Option<Digest>, account: AccountId, at: Timestamp) -> Result<()> {
        let Some(former) = former else { return Ok(()) };
        let token: Option<TokenRecord> = self.read(&keys::token(&former))?;
        if let Some(token) = token.filter(|token| token.account() != account) {
            self.end_token(&former, &token, at);
        }
        Ok(())
    }

    /// Ends those logins that were not used for longest, until there are no more than `most`.
    fn end_oldest_logins(&mut self, account: AccountId, most: usize, at: Timestamp) -> Result<()> {
        let mut logins = self.tokens_of(account)?;
        logins.retain(|(_, token)| token.kind() != TokenKind::Personal && !token.is_over(at));
        logins.sort_unstable_by_key(|(_, token)| (token.seen_at(), token.id()));
        let beyond = logins.len().saturating_sub(most);
        for (digest, token) in logins.iter().take(beyond) {
            self.end_token(digest, token, at);
        }
        Ok(())
    }

    /// Notes that a token was used then, unless it is known to have been used later, or was over by then.
    fn touch(&mut self, digest: &Digest, at: Timestamp) -> Result<()> {
        let key = keys::token(digest);
        let token: Option<TokenRecord> = self.read(&key)?;
        let Some(mut token) = token.filter(|token| at > token.seen_at() && !token.is_over(at)) else { return Ok(()) };
        let before = token.expires_at();
        token.note_use(at);
        let after = token.expires_at();
        if before != after {
            let kind = token.kind().into();
            if let Some(before) = before {
                self.remove(keys::expiry(before, kind, digest));
            }
            if let Some(after) = after {
                self.mark(keys::expiry(after, kind, digest))?;
            }
        }
        self.put(key, &token)
    }

    /// The tokens of an account.
    pub(super) fn tokens_of(&self, account: AccountId) -> Result<Vec<(Digest, TokenRecord)>> {
        let with_record = |digest| {
            let token = self.read(&keys::token(&digest))?;
            let missing = || corrupt(format!("{} names none", Place::describe(&keys::token_of(account, &digest))));
            Ok((digest, token.ok_or_else(missing)?))
        };
        listed(self, account)?.into_iter().map(with_record).collect()
    }

    /// Notes a place; answers whether it is new, while others were known.
    pub(super) fn is_new_place(&mut self, account: AccountId, place: Option<Network>, at: Timestamp) -> Result<bool> {
        let Some(place) = place else { return Ok(false) };
        let key = keys::places(account);
        let record: Option<PlacesRecord> = self.read(&key)?;
        let mut known = record.unwrap_or_default().into_places();
        let new = places::remember(&mut known, place, at);
        self.put(key, &PlacesRecord::of(known))?;
        Ok(new)
    }
}
