//! The rows, and how they are written as JSON.
//!
//! The names of fields and the words in them are the format of export files: they never change within a version of it.
//! Moments are microseconds since 1970, digests and seeds are hex. What was a hash or a digest in the store is one here:
//! no password, token or mailed key can be read from it.

use serde::{Deserialize, Serialize};

use super::{
    form::{AccountForm, AuditForm, ChangeForm, LifetimeForm, MailForm, OriginForm},
    word,
};
use crate::{
    model::{
        Account, AccountId, AuditEntry, AvatarId, Bio, Change, City, Digest, Email, KeptRequest, KeyPurpose, Lifetime,
        Network, NewRequest, Origin, ProfileId, Revision, Scopes, StatusId, StatusText, Tally, ThrottleKey, Timestamp,
        TokenId, TokenKind, TokenName,
    },
    store::{NewMailKey, NewToken, OutboxEntry},
};

/// One row of a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "row", rename_all = "snake_case")]
pub enum Record {
    /// Somebody who can log in, with where they did.
    Account(AccountRow),
    /// What an account shows of itself; each has exactly one.
    Profile(ProfileRow),
    /// What somebody posted.
    Status(StatusRow),
    /// A token or session.
    Token(TokenRow),
    /// A key that was mailed and not used yet.
    MailKey(MailKeyRow),
    /// A request that is remembered, so that the same again does nothing twice.
    Request(RequestRow),
    /// A mail in the outbox. One that is held stays so until its lease ends: whoever held it does not know this store.
    Mail(#[serde(with = "MailForm")] OutboxEntry),
    /// How often something was tried.
    Tally(TallyRow),
    /// A line of the audit trail. Accounts that it names may be gone.
    Audit(#[serde(with = "AuditForm")] AuditEntry),
    /// A line of the log of changes. What it names may be gone.
    Change(#[serde(with = "ChangeForm")] Change),
    /// An erasure that was begun. A store that erases in one step ends it when it takes this.
    Erasure(ErasureRow),
    /// The numbers that were given out; this is the last record.
    Numbers(Numbers),
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountRow {
    /// What is said of it.
    #[serde(with = "AccountForm")]
    pub account: Account,
    /// Where it logged in from, each with when it last did; the one that was not seen for longest comes first.
    #[serde(with = "word::dated")]
    pub places: Vec<(Network, Timestamp)>,
}

/// A profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileRow {
    /// Its number.
    pub id: ProfileId,
    /// Whose it is.
    pub account: AccountId,
    /// Counts the writes of this row.
    pub revision: Revision,
    /// Their picture: its digest and its format, as in the names of its files.
    #[serde(with = "word::optional")]
    pub avatar: Option<AvatarId>,
    /// What they say of themselves.
    #[serde(with = "word")]
    pub bio: Bio,
    /// Where they live.
    #[serde(with = "word")]
    pub city: City,
}

/// A status. It stands under the profile of its account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusRow {
    /// Its number.
    pub id: StatusId,
    /// Who posted it.
    pub account: AccountId,
    /// Counts the writes of this row.
    pub revision: Revision,
    /// What it says.
    #[serde(with = "word")]
    pub text: StatusText,
    /// When it was posted; it does not decrease with the numbers.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
}

/// A token or session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenRow {
    /// Of the secret.
    #[serde(with = "word")]
    pub digest: Digest,
    /// Its number.
    pub id: TokenId,
    /// Whose it is.
    pub account: AccountId,
    /// What it is for.
    #[serde(with = "word")]
    pub kind: TokenKind,
    /// When it ends.
    #[serde(with = "LifetimeForm")]
    pub lifetime: Lifetime,
    /// What its owner calls it; personal tokens only.
    #[serde(with = "word::optional")]
    pub name: Option<TokenName>,
    /// What it may do; personal tokens only.
    #[serde(with = "word::scopes")]
    pub scopes: Scopes,
    /// Where it was made.
    #[serde(with = "OriginForm")]
    pub origin: Origin,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, as far as was noted.
    pub last_used_at: Option<Timestamp>,
}

impl TokenRow {
    /// The part that whoever made it has said.
    pub fn to_new(&self) -> NewToken {
        NewToken {
            digest: self.digest,
            kind: self.kind,
            lifetime: self.lifetime,
            name: self.name.clone(),
            scopes: self.scopes,
            origin: self.origin.clone(),
        }
    }
}

/// A key that was mailed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailKeyRow {
    /// Of the key.
    #[serde(with = "word")]
    pub digest: Digest,
    /// Whose account it is for.
    pub account: AccountId,
    /// What it is good for.
    #[serde(with = "word")]
    pub purpose: KeyPurpose,
    /// The address that it was mailed to.
    #[serde(with = "word")]
    pub email: Email,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl MailKeyRow {
    /// The key without its account.
    pub fn to_new(&self) -> NewMailKey {
        let Self { digest, account: _, purpose, email, expires_at } = self.clone();
        NewMailKey { digest, purpose, email, expires_at }
    }
}

/// A request that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestRow {
    /// Of its key, and of whose key it is.
    #[serde(with = "word")]
    pub key: Digest,
    /// By whom, or whom it made.
    pub account: AccountId,
    /// Of what was asked for.
    #[serde(with = "word")]
    pub fingerprint: Digest,
    /// The status that it posted, if it posted one; that may be gone.
    pub status: Option<StatusId>,
    /// When it is forgotten.
    pub expires_at: Timestamp,
}

impl RequestRow {
    /// The request as it was to be remembered.
    pub fn to_new(&self) -> NewRequest {
        NewRequest { key: self.key, fingerprint: self.fingerprint, expires_at: self.expires_at }
    }

    /// What came of it.
    pub fn to_kept(&self) -> KeptRequest {
        KeptRequest { account: self.account, fingerprint: self.fingerprint, status: self.status }
    }
}

/// A count of tries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TallyRow {
    /// Of what is counted.
    #[serde(with = "word")]
    pub key: ThrottleKey,
    /// So often.
    pub count: u32,
    /// The last time.
    pub last: Timestamp,
    /// When it is forgotten.
    pub forgotten_at: Timestamp,
    /// Whether the audit trail has told of the present wait.
    pub told: bool,
}

impl TallyRow {
    /// The count.
    pub fn tally(&self) -> Tally {
        Tally { count: self.count, last: self.last }
    }
}

/// An erasure that was begun: the account has nothing left but its name, its profile and statuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErasureRow {
    /// Of which account. It is not active.
    pub account: AccountId,
    /// When.
    pub begun_at: Timestamp,
}

/// The numbers that were given out last; 0 before the first. A number is never given twice, even if its row is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numbers {
    /// Of accounts.
    pub account: u64,
    /// Of profiles.
    pub profile: u64,
    /// Of statuses.
    pub status: u64,
    /// When the status of that number was posted: no later one is from before then.
    pub status_at: Option<Timestamp>,
    /// Of tokens.
    pub token: u64,
    /// Of mails.
    pub mail: u64,
    /// Of lines of the audit trail.
    pub audit: u64,
    /// Of changes. If the log has any lines, the last of them has this number.
    pub change: u64,
}

impl Record {
    /// The kinds, in their order, as they are named in files.
    pub const KINDS: [&str; 12] = [
        "account", "profile", "status", "token", "mail_key", "request", "mail", "tally", "audit", "change", "erasure",
        "numbers",
    ];

    /// Which kind it is: its place among [`Record::KINDS`].
    pub fn kind(&self) -> usize {
        match self {
            Self::Account(_) => 0,
            Self::Profile(_) => 1,
            Self::Status(_) => 2,
            Self::Token(_) => 3,
            Self::MailKey(_) => 4,
            Self::Request(_) => 5,
            Self::Mail(_) => 6,
            Self::Tally(_) => 7,
            Self::Audit(_) => 8,
            Self::Change(_) => 9,
            Self::Erasure(_) => 10,
            Self::Numbers(_) => 11,
        }
    }

    /// The name of its kind.
    pub fn kind_name(&self) -> &'static str {
        Self::KINDS.get(self.kind()).copied().unwrap_or_default()
    }
}

/// In words, for an operator: no address and no digest.
impl std::fmt::Display for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Account(row) => write!(f, "account {}", row.account.id),
            Self::Profile(row) => write!(f, "profile {}", row.id),
            Self::Status(row) => write!(f, "status {}", row.id),
            Self::Token(row) => write!(f, "token {}", row.id),
            Self::MailKey(row) => write!(f, "a mail key of account {}", row.account),
            Self::Request(row) => write!(f, "a request of account {}", row.account),
            Self::Mail(row) => write!(f, "mail {}", row.id),
            Self::Tally(_) => f.write_str("a count of tries"),
            Self::Audit(row) => write!(f, "line {} of the audit trail", row.id),
            Self::Change(row) => write!(f, "change {}", row.number),
            Self::Erasure(row) => write!(f, "the erasure of account {}", row.account),
            Self::Numbers(_) => f.write_str("the numbers given out"),
        }
    }
}
