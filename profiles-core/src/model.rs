//! Plain values. Each newtype is parsed once, at the edge, and is right from then on.

mod account;
mod digest;
mod email;
mod id;
mod password;
mod profile;
mod status;
mod text;
mod timestamp;
mod token;
mod username;

pub(crate) use self::username::is_word;
pub use self::{
    account::{Account, PasswordHash},
    digest::Digest,
    email::Email,
    id::{AccountId, OutboxId, ProfileId, Revision, StatusId},
    password::Password,
    profile::Profile,
    status::Status,
    text::{Bio, City, PersonName, StatusText},
    timestamp::Timestamp,
    token::{Principal, SecretKey, TokenKind},
    username::{Username, UsernameKey},
};
