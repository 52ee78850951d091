//! Keys, taken apart again: for scans, for `verify`, and for words about them.

use super::{
    keys::{Expiring, Meta, SearchPart, Space, moment_of},
    search::{Gram, of_block, of_chunk},
};
use crate::model::{AccountId, AuditId, ChangeId, Digest, OutboxId, ProfileId, StatusId, ThrottleKey, Timestamp};

/// What a key says, taken apart again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Meta(Meta),
    Account(AccountId),
    Username(String),
    VerifiedEmail(String),
    Email(String, AccountId),
    Profile(ProfileId),
    ProfileOfAccount(AccountId),
    Status(StatusId),
    StatusOfAccount(AccountId, StatusId),
    StatusCount(AccountId),
    Token(Digest),
    TokenOfAccount(AccountId, Digest),
    MailKey(Digest),
    Outbox(OutboxId),
    Expiry(Timestamp, Expiring, Digest),
    OutboxDue(Timestamp, OutboxId),
    OutboxOfAccount(AccountId, OutboxId),
    MailKeyOfAccount(AccountId, Digest),
    Throttle(ThrottleKey),
    Places(AccountId),
    Audit(AuditId),
    AuditOfAccount(AccountId, AuditId),
    Erasing(AccountId),
    StatusRank(u8, u64),
    ProfileRank(u8, u64),
    SearchTexts(ProfileId),
    Postings(Gram, u64),
    AvatarUse([u8; 32], ProfileId),
    Change(ChangeId),
    Request(Digest),
    RequestOfAccount(AccountId, Timestamp, Digest),
}

impl Place {
    /// `None` if no key of this store looks so.
    pub(super) fn parse(key: &[u8]) -> Option<Self> {
        let (_, rest) = key.split_first()?;
        Some(match Space::of(key)? {
            Space::Meta => Self::Meta(Meta::ALL.into_iter().find(|meta| meta.name().as_bytes() == rest)?),
            Space::Account => Self::Account(AccountId::new(number(rest)?)),
            Space::Username => Self::Username(text(rest)?),
            Space::VerifiedEmail => Self::VerifiedEmail(text(rest)?),
            Space::Email => {
                let (address, account) = rest.split_last_chunk()?;
                let address = address.strip_suffix(&[0])?;
                Self::Email(text(address)?, AccountId::new(u64::from_be_bytes(*account)))
            }
            Space::Profile => Self::Profile(ProfileId::new(number(rest)?)),
            Space::ProfileOfAccount => Self::ProfileOfAccount(AccountId::new(number(rest)?)),
            Space::Status => Self::Status(StatusId::new(number(rest)?)),
            Space::StatusOfAccount => {
                let (account, status) = rest.split_first_chunk()?;
                Self::StatusOfAccount(AccountId::new(u64::from_be_bytes(*account)), StatusId::new(number(status)?))
            }
            Space::StatusCount => Self::StatusCount(AccountId::new(number(rest)?)),
            Space::Token => Self::Token(digest(rest)?),
            Space::TokenOfAccount => {
                let (account, token) = rest.split_first_chunk()?;
                Self::TokenOfAccount(AccountId::new(u64::from_be_bytes(*account)), digest(token)?)
            }
            Space::MailKey => Self::MailKey(digest(rest)?),
            Space::Outbox => Self::Outbox(OutboxId::new(number(rest)?)),
            Space::Expiry => {
                let (at, rest) = rest.split_first_chunk()?;
                let (what, token) = rest.split_first()?;
                let at = moment(*at);
                let what = Expiring::ALL.into_iter().find(|candidate| *candidate as u8 == *what)?;
                Self::Expiry(at, what, digest(token)?)
            }
            Space::OutboxDue => {
                let (at, id) = rest.split_first_chunk()?;
                Self::OutboxDue(moment(*at), OutboxId::new(number(id)?))
            }
            Space::OutboxOfAccount => {
                let (account, id) = rest.split_first_chunk()?;
                Self::OutboxOfAccount(AccountId::new(u64::from_be_bytes(*account)), OutboxId::new(number(id)?))
            }
            Space::MailKeyOfAccount => {
                let (account, key) = rest.split_first_chunk()?;
                Self::MailKeyOfAccount(AccountId::new(u64::from_be_bytes(*account)), digest(key)?)
            }
            Space::Throttle => Self::Throttle(ThrottleKey::from_digest(digest(rest)?)),
            Space::Places => Self::Places(AccountId::new(number(rest)?)),
            Space::Audit => Self::Audit(AuditId::new(number(rest)?)),
            Space::AuditOfAccount => {
                let (account, line) = rest.split_first_chunk()?;
                Self::AuditOfAccount(AccountId::new(u64::from_be_bytes(*account)), AuditId::new(number(line)?))
            }
            Space::Erasing => Self::Erasing(AccountId::new(number(rest)?)),
            Space::StatusRank => {
                let (level, block) = rest.split_first()?;
                Self::StatusRank(*level, number(block)?)
            }
            Space::ProfileRank => {
                let (level, block) = rest.split_first()?;
                Self::ProfileRank(*level, number(block)?)
            }
            Space::Search => {
                let (part, rest) = rest.split_first()?;
                if *part == SearchPart::Texts as u8 {
                    return number(rest).map(ProfileId::new).map(Self::SearchTexts);
                }
                let (gram, chunk) = rest.split_last_chunk().filter(|_| *part == SearchPart::Postings as u8)?;
                Self::Postings(Gram::parse(std::str::from_utf8(gram).ok()?)?, u64::from_be_bytes(*chunk))
            }
            Space::AvatarUse => {
                let (digest, profile) = rest.split_first_chunk()?;
                Self::AvatarUse(*digest, ProfileId::new(number(profile)?))
            }
            Space::Change => Self::Change(ChangeId::new(number(rest)?)),
            Space::Request => match rest.split_first()? {
                (0, key) => Self::Request(digest(key)?),
                (1, rest) => {
                    let (account, rest) = rest.split_first_chunk()?;
                    let (at, key) = rest.split_first_chunk()?;
                    Self::RequestOfAccount(AccountId::new(u64::from_be_bytes(*account)), moment(*at), digest(key)?)
                }
                _ => return None,
            },
        })
    }

    /// In words, for an operator: whose it is, but no address and no digest.
    pub(super) fn describe(key: &[u8]) -> String {
        match Self::parse(key) {
            None => format!("a key in space {}", key.first().copied().unwrap_or_default()),
            Some(Self::Meta(meta)) => format!("the note \"{}\"", meta.name()),
            Some(Self::Account(id)) => format!("account {id}"),
            Some(Self::Username(name)) => format!("the index entry of username {name:?}"),
            Some(Self::VerifiedEmail(_)) => "an index entry of a verified address".to_owned(),
            Some(Self::Email(_, account)) => format!("the address index entry of account {account}"),
            Some(Self::Profile(id)) => format!("profile {id}"),
            Some(Self::ProfileOfAccount(account)) => format!("the profile index entry of account {account}"),
            Some(Self::Status(id)) => format!("status {id}"),
            Some(Self::StatusOfAccount(account, id)) => format!("the index entry of status {id} of account {account}"),
            Some(Self::StatusCount(account)) => format!("the count of statuses of account {account}"),
            Some(Self::Token(_)) => "a token".to_owned(),
            Some(Self::TokenOfAccount(account, _)) => format!("an index entry of a token of account {account}"),
            Some(Self::MailKey(_)) => "a mail key".to_owned(),
            Some(Self::Outbox(id)) => format!("mail {id} of the outbox"),
            Some(Self::Expiry(at, ..)) => format!("an expiry index entry for {}", at.as_micros()),
            Some(Self::OutboxDue(at, id)) => format!("the entry of mail {id} for {}", at.as_micros()),
            Some(Self::OutboxOfAccount(account, id)) => format!("the index entry of mail {id} of account {account}"),
            Some(Self::MailKeyOfAccount(account, _)) => format!("an index entry of a mail key of account {account}"),
            Some(Self::Throttle(_)) => "a count of tries".to_owned(),
            Some(Self::Places(account)) => format!("the list of places of account {account}"),
            Some(Self::Audit(id)) => format!("line {id} of the audit trail"),
            Some(Self::AuditOfAccount(account, id)) => {
                format!("the index entry of line {id} of the audit trail for account {account}")
            }
            Some(Self::Erasing(account)) => format!("the mark of the erasure of account {account}"),
            Some(Self::StatusRank(level, block)) => format!("the count of statuses in block {block} of level {level}"),
            Some(Self::ProfileRank(level, block)) => format!("the count of profiles in block {block} of level {level}"),
            Some(Self::SearchTexts(at)) => format!("the search index's list of texts {}", of_block(at)),
            Some(Self::Postings(gram, chunk)) => {
                format!("the search index entry of {:?} {}", gram.to_string(), of_chunk(chunk))
            }
            Some(Self::AvatarUse(_, profile)) => format!("the index entry of a picture of profile {profile}"),
            Some(Self::Change(number)) => format!("change {number}"),
            Some(Self::Request(_)) => "a request".to_owned(),
            Some(Self::RequestOfAccount(account, ..)) => format!("an index entry of a request of account {account}"),
        }
    }
}

fn moment(bytes: [u8; 8]) -> Timestamp {
    moment_of(u64::from_be_bytes(bytes))
}

fn number(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes)
}

fn text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

fn digest(bytes: &[u8]) -> Option<Digest> {
    bytes.try_into().ok().map(Digest::from_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{AvatarFormat, AvatarId, Email, UsernameKey},
        store::sled::keys::*,
    };

    #[test]
    fn every_key_says_what_it_was_made_of() {
        let digest = Digest::from_bytes([0xff; 32]);
        let address = Email::parse("ada@example.org").unwrap();
        let (ada, post) = (AccountId::new(u64::MAX), StatusId::new(258));
        let gram = Gram::parse("жa\0").unwrap();
        let picture = AvatarId { digest: [7; 32], format: AvatarFormat::Png };
        for (key, place) in [
            (Meta::Commits.key(), Place::Meta(Meta::Commits)),
            (account(ada), Place::Account(ada)),
            (username(&UsernameKey::of("ЖAda")), Place::Username("жada".to_owned())),
            (verified_email(&address), Place::VerifiedEmail("ada@example.org".to_owned())),
            (email(&address, ada), Place::Email("ada@example.org".to_owned(), ada)),
            (profile(ProfileId::new(1)), Place::Profile(ProfileId::new(1))),
            (profile_of(ada), Place::ProfileOfAccount(ada)),
            (status(post), Place::Status(post)),
            (status_of(ada, post), Place::StatusOfAccount(ada, post)),
            (status_count(ada), Place::StatusCount(ada)),
            (token(&digest), Place::Token(digest)),
            (token_of(ada, &digest), Place::TokenOfAccount(ada, digest)),
            (mail_key(&digest), Place::MailKey(digest)),
            (outbox(OutboxId::new(3)), Place::Outbox(OutboxId::new(3))),
            (
                expiry(Timestamp::from_micros(-1), Expiring::MailKey, &digest),
                Place::Expiry(Timestamp::from_micros(-1), Expiring::MailKey, digest),
            ),
            (
                outbox_due(Timestamp::from_micros(-1), OutboxId::new(3)),
                Place::OutboxDue(Timestamp::from_micros(-1), OutboxId::new(3)),
            ),
            (outbox_of(ada, OutboxId::new(3)), Place::OutboxOfAccount(ada, OutboxId::new(3))),
            (mail_key_of(ada, &digest), Place::MailKeyOfAccount(ada, digest)),
            (throttle(&ThrottleKey::from_digest(digest)), Place::Throttle(ThrottleKey::from_digest(digest))),
            (places(ada), Place::Places(ada)),
            (audit(AuditId::new(4)), Place::Audit(AuditId::new(4))),
            (audit_of(ada, AuditId::new(4)), Place::AuditOfAccount(ada, AuditId::new(4))),
            (erasing(ada), Place::Erasing(ada)),
            (rank(Space::StatusRank, 2, 259), Place::StatusRank(2, 259)),
            (rank(Space::ProfileRank, 5, 0), Place::ProfileRank(5, 0)),
            (search_texts(ProfileId::new(9)), Place::SearchTexts(ProfileId::new(9))),
            (postings(gram, 258), Place::Postings(gram, 258)),
            (avatar_use(picture, ProfileId::new(1)), Place::AvatarUse([7; 32], ProfileId::new(1))),
            (request(&digest), Place::Request(digest)),
            (
                request_of(ada, Timestamp::from_micros(-1), &digest),
                Place::RequestOfAccount(ada, Timestamp::from_micros(-1), digest),
            ),
            (change(ChangeId::new(5)), Place::Change(ChangeId::new(5))),
        ] {
            assert_eq!(Place::parse(&key), Some(place));
            // With a byte less or more it is another key (a shorter name, say), or none.
            assert_ne!(Place::parse(&key[..key.len() - 1]), Place::parse(&key));
            assert_ne!(Place::parse(&[&key[..], &[0]].concat()), Place::parse(&key));
        }
    }

    #[test]
    fn descriptions_name_no_address_and_no_digest() {
        let address = Email::parse("ada@example.org").unwrap();
        let digest = Digest::from_bytes([0xab; 32]);
        let account = AccountId::new(3);
        for key in [
            email(&address, account),
            verified_email(&address),
            token(&digest),
            token_of(account, &digest),
            mail_key(&digest),
            expiry(Timestamp::from_micros(5), Expiring::MailKey, &digest),
            mail_key_of(account, &digest),
            throttle(&ThrottleKey::from_digest(digest)),
        ] {
            let text = Place::describe(&key);
            assert!(!text.contains("ada") && !text.contains("ab, ab") && !text.contains("171"), "{text}");
        }
        assert_eq!(Place::describe(&[200, 1]), "a key in space 200");
    }
}
