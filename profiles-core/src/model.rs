//! Plain values. Each newtype is parsed once, at the edge, and is right from then on.

mod account;
mod audit;
mod avatar;
mod change;
mod digest;
mod email;
mod id;
mod mail_key;
mod origin;
mod password;
mod profile;
mod request;
mod scope;
mod status;
mod text;
mod throttle;
mod timestamp;
mod token;
mod username;

pub(crate) use self::username::is_word;
pub use self::{
    account::{Account, PasswordHash},
    audit::{AuditActor, AuditEntry, AuditEvent, AuditNote, AuditOutcome, Stamp},
    avatar::{AvatarFile, AvatarFormat, AvatarId, AvatarSize, NoAvatarFile},
    change::{Change, ChangeKind},
    digest::Digest,
    email::Email,
    id::{AccountId, AuditId, ChangeId, OutboxId, ProfileId, Revision, StatusId, TokenId},
    mail_key::{KeyPurpose, PendingKey},
    origin::{Network, Origin},
    password::Password,
    profile::Profile,
    request::{KeptRequest, NewRequest, RequestKey},
    scope::{Scope, Scopes},
    status::Status,
    text::{Bio, City, PersonName, StatusText, TokenName},
    throttle::{Limit, Tally, ThrottleKey},
    timestamp::Timestamp,
    token::{Carrier, Lifetime, Principal, SecretKey, Token, TokenKind},
    username::{Username, UsernameKey},
};
