//! Tokens and sessions.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::origin::OriginRecord;
use crate::{
    model::{AccountId, Digest, Lifetime, Scopes, Timestamp, Token, TokenId, TokenKind, TokenName},
    store::{NewToken, TokenRow},
};

#[derive(Clone, Copy, Serialize, Deserialize)]
enum TokenKindRecord {
    Api,
    Session,
    Personal,
}

/// In [`super::super::keys::Space::Token`].
#[derive(Serialize, Deserialize)]
pub(in crate::store::sled) struct TokenRecord {
    id: u64,
    account: u64,
    kind: TokenKindRecord,
    name: Option<TokenName>,
    scopes: Scopes,
    created_at: i64,
    last_used_at: Option<i64>,
    ends_at: Option<i64>,
    /// Microseconds that it may lie unused.
    idle: Option<u64>,
    origin: OriginRecord,
}

impl TokenRecord {
    pub(in crate::store::sled) fn new(id: TokenId, account: AccountId, token: &NewToken, at: Timestamp) -> Self {
        let NewToken { kind, lifetime, name, scopes, origin, .. } = token;
        Self {
            id: id.get(),
            account: account.get(),
            kind: match kind {
                TokenKind::Api => TokenKindRecord::Api,
                TokenKind::Session => TokenKindRecord::Session,
                TokenKind::Personal => TokenKindRecord::Personal,
            },
            name: name.clone(),
            scopes: *scopes,
            created_at: at.as_micros(),
            last_used_at: None,
            ends_at: lifetime.ends_at.map(Timestamp::as_micros),
            // More than there are moments is as good as all of them.
            idle: lifetime.idle.map(|idle| u64::try_from(idle.as_micros()).unwrap_or(u64::MAX)),
            origin: OriginRecord::of(origin),
        }
    }

    pub(in crate::store::sled) fn from_row(row: &TokenRow) -> Self {
        let last_used_at = row.last_used_at.map(Timestamp::as_micros);
        Self { last_used_at, ..Self::new(row.id, row.account, &row.to_new(), row.created_at) }
    }

    pub(in crate::store::sled) fn into_row(self, digest: Digest) -> TokenRow {
        TokenRow {
            digest,
            id: self.id(),
            account: self.account(),
            kind: self.kind(),
            lifetime: self.lifetime(),
            name: self.name,
            scopes: self.scopes,
            origin: self.origin.into_origin(),
            created_at: Timestamp::from_micros(self.created_at),
            last_used_at: self.last_used_at.map(Timestamp::from_micros),
        }
    }

    pub(in crate::store::sled) fn id(&self) -> TokenId {
        TokenId::new(self.id)
    }

    pub(in crate::store::sled) fn account(&self) -> AccountId {
        AccountId::new(self.account)
    }

    pub(in crate::store::sled) fn kind(&self) -> TokenKind {
        match self.kind {
            TokenKindRecord::Api => TokenKind::Api,
            TokenKindRecord::Session => TokenKind::Session,
            TokenKindRecord::Personal => TokenKind::Personal,
        }
    }

    pub(in crate::store::sled) fn scopes(&self) -> Scopes {
        self.scopes
    }

    /// When it was last seen or made.
    pub(in crate::store::sled) fn seen_at(&self) -> Timestamp {
        Timestamp::from_micros(self.last_used_at.unwrap_or(self.created_at))
    }

    /// It was used then.
    pub(in crate::store::sled) fn note_use(&mut self, at: Timestamp) {
        self.last_used_at = Some(at.as_micros());
    }

    fn lifetime(&self) -> Lifetime {
        let ends_at = self.ends_at.map(Timestamp::from_micros);
        Lifetime { ends_at, idle: self.idle.map(Duration::from_micros) }
    }

    pub(in crate::store::sled) fn expires_at(&self) -> Option<Timestamp> {
        self.lifetime().expires_at(self.seen_at())
    }

    pub(in crate::store::sled) fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at().is_some_and(|end| end <= now)
    }

    pub(in crate::store::sled) fn into_token(self) -> Token {
        Token {
            id: self.id(),
            account: self.account(),
            kind: self.kind(),
            expires_at: self.expires_at(),
            name: self.name,
            scopes: self.scopes,
            created_at: Timestamp::from_micros(self.created_at),
            last_used_at: self.last_used_at.map(Timestamp::from_micros),
            origin: self.origin.into_origin(),
        }
    }
}
