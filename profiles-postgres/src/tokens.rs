//! Tokens and sessions.

use std::{collections::BTreeSet, time::Duration};

use async_trait::async_trait;
use profiles_core::{
    event::EventKind,
    model::{
        Account, AccountId, AuditNote, Digest, KeyPurpose, Lifetime, Network, Origin, Principal, Scope, Stamp,
        Timestamp, Token, TokenId, TokenKind, TokenName,
    },
    store::{EndTokens, IssueToken, LogIn, NewToken, Result, StoreError, Tokens, Unique},
};
use sqlx::{postgres::PgRow, query};

use crate::{
    PostgresStore,
    error::{Failure, corrupt},
    row::{get, get_digest, get_moment, get_moment_if_any, get_number, get_text_if_any, number},
    write::{Command, Work},
};

#[async_trait]
impl Tokens for PostgresStore {
    async fn log_in(&self, command: LogIn) -> Result<Account> {
        self.write(command).await
    }

    async fn principal(&self, digest: &Digest, now: Timestamp) -> Result<Option<Principal>> {
        self.inner.principal(digest, now).await
    }

    async fn tokens_of(&self, account: AccountId, now: Timestamp) -> Result<Vec<Token>> {
        let statement = || {
            query("select * from tokens where account = $1 and (expires_at is null or expires_at > $2) order by id")
                .bind(number(account.get()))
                .bind(now.as_micros())
        };
        self.inner.rows(statement).await?.iter().map(token).collect()
    }

    async fn places_of(&self, account: AccountId) -> Result<Vec<(Network, Timestamp)>> {
        self.inner.places_of(account).await
    }

    async fn issue_token(&self, command: IssueToken) -> Result<Token> {
        self.write(command).await
    }

    async fn revoke(&self, digests: &[Digest], stamp: Stamp) -> Result<()> {
        self.write(RevokeTokens { digests: digests.to_vec(), stamp }).await
    }

    async fn end_tokens(&self, command: EndTokens) -> Result<usize> {
        self.write(command).await
    }

    async fn touch(&self, used: &[(Digest, Timestamp)]) -> Result<()> {
        self.write(Touch(used.to_vec())).await
    }
}

pub(crate) fn token(row: &PgRow) -> Result<Token> {
    Ok(Token {
        id: TokenId::new(get_number(row, "id")?),
        account: AccountId::new(get_number(row, "account")?),
        kind: kind_of(get(row, "kind")?)?,
        name: get_text_if_any(row, "name", TokenName::parse)?,
        scopes: scopes(row)?,
        created_at: get_moment(row, "created_at")?,
        last_used_at: get_moment_if_any(row, "last_used_at")?,
        expires_at: get_moment_if_any(row, "expires_at")?,
        origin: origin(row)?,
    })
}

/// Where something was done, in the three columns that tell it.
pub(crate) fn origin(row: &PgRow) -> Result<Origin> {
    let address: Option<&str> = get(row, "address")?;
    let address = address.map(str::parse).transpose().map_err(|_| corrupt("an address is none"))?;
    Ok(Origin::new(address, get(row, "agent")?, get(row, "request_id")?))
}

pub(crate) fn scopes<Scopes: FromIterator<Scope>>(row: &PgRow) -> Result<Scopes> {
    let words: Vec<String> = get(row, "scopes")?;
    words.iter().map(|word| Scope::parse(word).map_err(|_| corrupt(format!("{word} is no scope")))).collect()
}

pub(crate) fn kind_number(kind: TokenKind) -> i16 {
    match kind {
        TokenKind::Api => 0,
        TokenKind::Session => 1,
        TokenKind::Personal => 2,
    }
}

pub(crate) fn kind_of(number: i16) -> Result<TokenKind> {
    match number {
        0 => Ok(TokenKind::Api),
        1 => Ok(TokenKind::Session),
        2 => Ok(TokenKind::Personal),
        other => Err(corrupt(format!("{other} is no kind of token"))),
    }
}

/// As much as the database counts to.
fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[async_trait]
impl Command for LogIn {
    type Answer = Account;

    async fn run(&self, work: &mut Work) -> Result<Account, Failure> {
        let mut account = work.account(self.account).await?;
        if self.checked != account.password || !account.is_active {
            return Err(StoreError::Stale.into());
        }
        work.check_tokens_are_new(&self.tokens).await?;
        account.last_login_at = Some(self.at);
        account.password = self.rehashed.clone().unwrap_or(account.password);
        work.put_account(&mut account).await?;
        work.end_former(self.former, account.id, self.at).await?;
        work.keep_tokens(account.id, &self.tokens, self.at).await?;
        work.end_oldest_logins(account.id, self.most, self.at).await?;
        work.end_keys(account.id, KeyPurpose::ends_with_login).await?;
        let is_new_place = work.is_new_place(account.id, self.place, self.at).await?;
        work.forgive(&self.forgive).await?;
        work.note(self.at, self.audit.as_ref()).await?;
        work.tell(self.at, EventKind::LoggedIn { account: account.id });
        if is_new_place {
            work.put_mails(account.id, self.if_new_place.as_slice(), self.at).await?;
        }
        Ok(account)
    }
}

#[async_trait]
impl Command for IssueToken {
    type Answer = Token;

    async fn run(&self, work: &mut Work) -> Result<Token, Failure> {
        work.account(self.account).await?;
        let row = query(
            "select count(*) as alike from tokens \
             where account = $1 and kind = $2 and (expires_at is null or expires_at > $3)",
        )
        .bind(number(self.account.get()))
        .bind(kind_number(self.token.kind))
        .bind(self.at.as_micros())
        .fetch_one(work.sql())
        .await?;
        if get_number(&row, "alike")? >= self.most as u64 {
            return Err(StoreError::Full.into());
        }
        work.check_tokens_are_new(std::slice::from_ref(&self.token)).await?;
        work.keep_tokens(self.account, std::slice::from_ref(&self.token), self.at).await?;
        let row = query("select * from tokens where digest = $1")
            .bind(self.token.digest.as_bytes().as_slice())
            .fetch_one(work.sql())
            .await?;
        let token = token(&row)?;
        work.note(self.at, about(self.audit.as_ref(), token.id).as_ref()).await?;
        Ok(token)
    }
}

struct RevokeTokens {
    digests: Vec<Digest>,
    stamp: Stamp,
}

#[async_trait]
impl Command for RevokeTokens {
    type Answer = ();

    async fn run(&self, work: &mut Work) -> Result<(), Failure> {
        let mut ended = 0;
        for digest in &self.digests {
            ended += usize::from(work.end_token(digest, self.stamp.at).await?);
        }
        let note = self.stamp.audit.as_ref().filter(|_| ended > 0);
        work.note(self.stamp.at, note).await
    }
}

#[async_trait]
impl Command for EndTokens {
    type Answer = usize;

    async fn run(&self, work: &mut Work) -> Result<usize, Failure> {
        // Held, so that two who end tokens of one account do not wait for each other's.
        match work.account(self.account).await {
            Ok(_) => {}
            Err(Failure::Refused(StoreError::Missing)) => return Ok(0),
            Err(failure) => return Err(failure),
        }
        let mut ended = 0;
        for (digest, id, kind) in work.tokens_of(self.account).await? {
            if self.which.matches(id, kind) && work.end_token(&digest, self.at).await? {
                work.note(self.at, about(self.audit.as_ref(), id).as_ref()).await?;
                ended += 1;
            }
        }
        Ok(ended)
    }
}

/// The line about this token.
fn about(note: Option<&AuditNote>, token: TokenId) -> Option<AuditNote> {
    note.map(|note| AuditNote { object: Some(token.get()), ..note.clone() })
}

struct Touch(Vec<(Digest, Timestamp)>);

#[async_trait]
impl Command for Touch {
    type Answer = ();

    async fn run(&self, work: &mut Work) -> Result<(), Failure> {
        let mut left = self.0.as_slice();
        while !left.is_empty() {
            // As many as name each token once: one use may live on from the one before it.
            let mut seen = BTreeSet::new();
            let many = left.iter().take_while(|(digest, _)| seen.insert(*digest)).count();
            let (now, later) = left.split_at(many);
            left = later;
            work.touch(now).await?;
        }
        Ok(())
    }
}

impl Work {
    async fn touch(&mut self, used: &[(Digest, Timestamp)]) -> Result<(), Failure> {
        let digests: Vec<&[u8]> = used.iter().map(|(digest, _)| digest.as_bytes().as_slice()).collect();
        let moments: Vec<i64> = used.iter().map(|(_, at)| at.as_micros()).collect();
        query(
            "with used as (select t.digest, u.at from unnest($1::bytea[], $2::bigint[]) as u (digest, at) \
                           join tokens t on t.digest = u.digest for no key update of t skip locked) \
             update tokens t set last_used_at = used.at, \
                 expires_at = least(t.ends_at, \
                     case when used.at > 0 and t.idle > 9223372036854775807 - used.at then 9223372036854775807 \
                          else used.at + t.idle end) \
             from used where t.digest = used.digest and used.at > coalesce(t.last_used_at, t.created_at) \
                 and (t.expires_at is null or t.expires_at > used.at)",
        )
        .bind(&digests)
        .bind(&moments)
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// Refuses secrets that are there already, or that stand in the list twice.
    pub(crate) async fn check_tokens_are_new(&mut self, tokens: &[NewToken]) -> Result<(), Failure> {
        let digests: BTreeSet<&[u8]> = tokens.iter().map(|token| token.digest.as_bytes().as_slice()).collect();
        let twice = digests.len() < tokens.len();
        let digests: Vec<&[u8]> = digests.into_iter().collect();
        let row = query("select exists (select from tokens where digest = any($1)) as known")
            .bind(&digests)
            .fetch_one(self.sql())
            .await?;
        if twice || get(&row, "known")? { Err(StoreError::Taken(Unique::Secret).into()) } else { Ok(()) }
    }

    /// Keeps tokens that were checked to be new.
    pub(crate) async fn keep_tokens(
        &mut self,
        account: AccountId,
        tokens: &[NewToken],
        at: Timestamp,
    ) -> Result<(), Failure> {
        for NewToken { digest, kind, lifetime, name, scopes, origin } in tokens {
            let Lifetime { ends_at, idle } = *lifetime;
            let scopes: Vec<&str> = scopes.iter().map(Scope::as_str).collect();
            query(
                "insert into tokens (digest, id, account, kind, ends_at, idle, expires_at, name, scopes, address, agent, \
                 request_id, created_at) \
                 values ($1, nextval('token_ids'), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            )
            .bind(digest.as_bytes().as_slice())
            .bind(number(account.get()))
            .bind(kind_number(*kind))
            .bind(ends_at.map(Timestamp::as_micros))
            .bind(idle.map(micros))
            .bind(lifetime.expires_at(at).map(Timestamp::as_micros))
            .bind(name.as_ref().map(TokenName::as_str))
            .bind(&scopes)
            .bind(origin.address().map(|address| address.to_string()))
            .bind(origin.agent())
            .bind(origin.request_id())
            .bind(at.as_micros())
            .execute(self.sql())
            .await?;
        }
        Ok(())
    }

    /// The tokens of an account, expired ones too, by number.
    async fn tokens_of(&mut self, account: AccountId) -> Result<Vec<(Digest, TokenId, TokenKind)>, Failure> {
        let rows = query("select digest, id, kind from tokens where account = $1 order by id")
            .bind(number(account.get()))
            .fetch_all(self.sql())
            .await?;
        let tokens = rows.iter().map(|row| {
            Ok((get_digest(row, "digest")?, TokenId::new(get_number(row, "id")?), kind_of(get(row, "kind")?)?))
        });
        Ok(tokens.collect::<Result<_>>()?)
    }

    /// Removes tokens of an account, and tells of none of them.
    pub(crate) async fn drop_tokens(
        &mut self,
        account: AccountId,
        ends: impl Fn(TokenId, TokenKind) -> bool + Send,
    ) -> Result<(), Failure> {
        let tokens = self.tokens_of(account).await?;
        let ended: Vec<&[u8]> = tokens
            .iter()
            .filter(|(_, id, kind)| ends(*id, *kind))
            .map(|(digest, ..)| digest.as_bytes().as_slice())
            .collect();
        query("delete from tokens where digest = any($1)").bind(&ended).execute(self.sql()).await?;
        Ok(())
    }

    /// Ends a token, if it is there and is not over anyway; answers whether it did.
    pub(crate) async fn end_token(&mut self, digest: &Digest, at: Timestamp) -> Result<bool, Failure> {
        let row = query(
            "delete from tokens where digest = $1 and (expires_at is null or expires_at > $2) returning account, kind",
        )
        .bind(digest.as_bytes().as_slice())
        .bind(at.as_micros())
        .fetch_optional(self.sql())
        .await?;
        let Some(row) = row else { return Ok(false) };
        let (account, kind) = (AccountId::new(get_number(&row, "account")?), kind_of(get(&row, "kind")?)?);
        self.tell(at, EventKind::LoggedOut { account, kind });
        Ok(true)
    }

    /// Removes this session of this account, and tells nobody; answers whether it was there.
    pub(crate) async fn take_session(
        &mut self,
        digest: &Digest,
        account: AccountId,
        at: Timestamp,
    ) -> Result<bool, Failure> {
        let taken = query(
            "delete from tokens where digest = $1 and account = $2 and kind = $3 \
             and (expires_at is null or expires_at > $4)",
        )
        .bind(digest.as_bytes().as_slice())
        .bind(number(account.get()))
        .bind(kind_number(TokenKind::Session))
        .bind(at.as_micros())
        .execute(self.sql())
        .await?;
        Ok(taken.rows_affected() > 0)
    }

    /// Ends this session if it is another account's.
    pub(crate) async fn end_former(
        &mut self,
        former: Option<Digest>,
        account: AccountId,
        at: Timestamp,
    ) -> Result<(), Failure> {
        let Some(former) = former else { return Ok(()) };
        let owner = query("select account from tokens where digest = $1")
            .bind(former.as_bytes().as_slice())
            .fetch_optional(self.sql())
            .await?;
        let Some(owner) = owner else { return Ok(()) };
        if get_number(&owner, "account")? != account.get() {
            self.end_token(&former, at).await?;
        }
        Ok(())
    }

    /// Ends those logins that were not used for longest, until there are no more than `most`.
    async fn end_oldest_logins(&mut self, account: AccountId, most: usize, at: Timestamp) -> Result<(), Failure> {
        let rows = query(
            "select digest from tokens where account = $1 and kind <> $2 and (expires_at is null or expires_at > $3) \
             order by coalesce(last_used_at, created_at), id",
        )
        .bind(number(account.get()))
        .bind(kind_number(TokenKind::Personal))
        .bind(at.as_micros())
        .fetch_all(self.sql())
        .await?;
        for row in rows.iter().take(rows.len().saturating_sub(most)) {
            self.end_token(&get_digest(row, "digest")?, at).await?;
        }
        Ok(())
    }
}
