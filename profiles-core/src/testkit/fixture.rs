//! Values to try things with. Those that parse text panic if it does not parse.

use std::time::Duration;

use super::SeededEntropy;
use crate::{
    mail::{KeySeed, Mail},
    model::{
        AccountId, AuditActor, AuditEvent, AuditNote, AuditOutcome, AvatarFormat, AvatarId, Bio, City, Digest, Email,
        KeyPurpose, Lifetime, Limit, Network, NewRequest, Origin, PasswordHash, PersonName, Revision, Scopes,
        StatusText, ThrottleKey, Timestamp, TokenId, TokenKind, TokenName, Username,
    },
    store::{
        Attempt, ConfirmEmail, EndTokens, EraseAccount, IssueToken, KeyToSend, LogIn, NewMailKey, NewToken, Register,
        ResetPassword, Revoke, SendKeys, SetPassword, Which,
    },
};

/// 2024-02-29 12:00:00 UTC: when tests take place.
pub const NOW: Timestamp = Timestamp::from_micros(1_709_208_000_000_000);

/// So many seconds after [`NOW`].
pub fn after(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

/// A username.
pub fn username(text: &str) -> Username {
    Username::parse(text).expect("a username")
}

/// An address.
pub fn email(text: &str) -> Email {
    Email::parse(text).expect("an address")
}

/// A given or family name.
pub fn person_name(text: &str) -> PersonName {
    PersonName::parse(text).expect("a name")
}

/// A biography.
pub fn bio(text: &str) -> Bio {
    Bio::parse(text).expect("a biography")
}

/// A city.
pub fn city(text: &str) -> City {
    City::parse(text).expect("a city")
}

/// A picture that has this number; nobody made it, and it has no files.
pub fn avatar(number: u8) -> AvatarId {
    AvatarId { digest: [number; 32], format: AvatarFormat::Jpeg }
}

/// The text of a status.
pub fn text(text: &str) -> StatusText {
    StatusText::parse(text).expect("a text")
}

/// What stands for the hash of this password; no hasher made it, and none verifies it.
pub fn password(password: &str) -> PasswordHash {
    PasswordHash::from_encoded(format!("not-a-hash${password}"))
}

/// The digest of a secret that has this name.
pub fn digest(secret: &str) -> Digest {
    Digest::of(secret)
}

/// What its owner calls a token.
pub fn token_name(text: &str) -> TokenName {
    TokenName::parse(text).expect("a token's name")
}

/// A place of logins: that of this address.
pub fn place(address: &str) -> Network {
    Network::of_place(address.parse().expect("an address"))
}

/// A request from this address, by a client and with a name in the log.
pub fn origin(address: &str) -> Origin {
    Origin::new(Some(address.parse().expect("an address")), Some("testkit/1"), Some("request-1"))
}

/// An API token that never expires.
pub fn token(secret: &str) -> NewToken {
    NewToken {
        digest: digest(secret),
        kind: TokenKind::Api,
        lifetime: Lifetime::default(),
        name: None,
        scopes: Scopes::default(),
        origin: Origin::default(),
    }
}

/// A session that never expires.
pub fn session(secret: &str) -> NewToken {
    NewToken { kind: TokenKind::Session, ..token(secret) }
}

/// A personal token that never expires, named as its secret.
pub fn personal(secret: &str) -> NewToken {
    NewToken { kind: TokenKind::Personal, name: Some(token_name(secret)), ..token(secret) }
}

/// An API token that ends so many seconds after [`NOW`].
pub fn token_until(secret: &str, seconds: u64) -> NewToken {
    NewToken { lifetime: Lifetime::until(Some(after(seconds))), ..token(secret) }
}

/// A session that ends so many seconds after [`NOW`].
pub fn session_until(secret: &str, seconds: u64) -> NewToken {
    NewToken { kind: TokenKind::Session, ..token_until(secret, seconds) }
}

/// A session that ends if it is not used for so many seconds.
pub fn idle_session(secret: &str, seconds: u64) -> NewToken {
    NewToken { lifetime: Lifetime { ends_at: None, idle: Some(Duration::from_secs(seconds)) }, ..session(secret) }
}

/// A key that was mailed to `address` to confirm it, and ends so many seconds after [`NOW`].
pub fn mail_key(secret: &str, address: &str, seconds: u64) -> NewMailKey {
    key(secret, KeyPurpose::ConfirmEmail, address, seconds)
}

/// A key for this purpose that was mailed to `address`, and ends so many seconds after [`NOW`].
pub fn key(secret: &str, purpose: KeyPurpose, address: &str, seconds: u64) -> NewMailKey {
    NewMailKey { digest: digest(secret), purpose, email: email(address), expires_at: after(seconds) }
}

/// A mail to `name@example.org`; `number` makes its seed, so that two mails can be told apart.
pub fn mail(name: &str, number: u64) -> Mail {
    Mail::ConfirmEmail {
        username: username(name),
        to: email(&format!("{name}@example.org")),
        seed: KeySeed::generate(&SeededEntropy::new(number)).expect("seeded entropy does not fail"),
    }
}

/// Registers `name` at [`NOW`], with the unverified address `name@example.org` (none if the name's letters do not do in an
/// address) and the password of that name; no tokens, keys or mails.
pub fn register(name: &str) -> Register {
    Register {
        username: username(name),
        email: Email::parse(&format!("{name}@example.org")).ok(),
        email_verified: false,
        password: password(name),
        is_staff: false,
        tokens: Vec::new(),
        former: None,
        place: None,
        mail_key: None,
        outbox: Vec::new(),
        request: None,
        audit: None,
        at: NOW,
    }
}

/// A request with this key for this, remembered for so many seconds from [`NOW`].
pub fn request(key: &str, asked: &str, seconds: u64) -> NewRequest {
    NewRequest { key: digest(key), fingerprint: digest(asked), expires_at: after(seconds) }
}

/// A login at [`NOW`] with the password that [`register`] gives to `name`; nothing ends with it.
pub fn login(account: AccountId, name: &str, tokens: Vec<NewToken>) -> LogIn {
    LogIn {
        account,
        checked: password(name),
        rehashed: None,
        tokens,
        most: usize::MAX,
        former: None,
        place: None,
        if_new_place: None,
        forgive: Vec::new(),
        audit: None,
        at: NOW,
    }
}

/// Sets the password `new` at [`NOW`]; no mails.
pub fn set_password(account: AccountId, expected: Revision, new: &str, revoke: Revoke) -> SetPassword {
    SetPassword {
        account,
        expected,
        password: password(new),
        revoke,
        renew: None,
        outbox: Vec::new(),
        forgive: Vec::new(),
        audit: None,
        at: NOW,
    }
}

/// Keeps a personal token at [`NOW`], however many there are.
pub fn issue(account: AccountId, token: NewToken) -> IssueToken {
    IssueToken { account, token, most: usize::MAX, audit: None, at: NOW }
}

/// Ends one token at [`NOW`].
pub fn end_one(account: AccountId, token: TokenId) -> EndTokens {
    end_tokens(account, Which::One(token))
}

/// Ends tokens at [`NOW`].
pub fn end_tokens(account: AccountId, which: Which) -> EndTokens {
    EndTokens { account, which, audit: None, at: NOW }
}

/// Sends a key at [`NOW`], in [`mail`] number 1 to `reader`.
pub fn send(account: AccountId, key: NewMailKey) -> SendKeys {
    let mail = mail("reader", 1);
    SendKeys { keys: vec![KeyToSend { account, key, mail }], audit: Vec::new(), forgive: Vec::new(), at: NOW }
}

/// Confirms an address by this key at [`NOW`]; no mails.
pub fn confirm(secret: &str) -> ConfirmEmail {
    ConfirmEmail { digest: digest(secret), outbox: Vec::new(), audit: None, at: NOW }
}

/// Sets the password `new` by this key at [`NOW`]; all tokens end, no mails.
pub fn reset(account: AccountId, secret: &str, new: &str) -> ResetPassword {
    ResetPassword {
        digest: digest(secret),
        account,
        password: password(new),
        revoke: Revoke::Everything,
        outbox: Vec::new(),
        audit: None,
        at: NOW,
    }
}

/// What counts tries of this name.
pub fn throttle(name: &str) -> ThrottleKey {
    ThrottleKey::of(&[name])
}

/// Three tries are free; then waits of 10, 20, and no more than 40 seconds; forgotten after 100.
pub fn limit() -> Limit {
    Limit::new(3, Duration::from_secs(10), Duration::from_secs(40), Duration::from_secs(100))
}

/// A try at [`NOW`] that all of these count, each within [`limit`].
pub fn attempt(names: &[&str]) -> Attempt {
    Attempt { limits: names.iter().map(|name| (throttle(name), limit())).collect(), audit: None, at: NOW }
}

/// Erases an account at [`NOW`], with no more than so many statuses at a time.
pub fn erase(account: AccountId, limit: usize) -> EraseAccount {
    EraseAccount { account, limit, audit: None, at: NOW }
}

/// A line for the trail: nobody known did this, to nobody, from nowhere.
pub fn note(event: AuditEvent) -> AuditNote {
    AuditNote {
        event,
        outcome: AuditOutcome::Done,
        actor: AuditActor::Anonymous,
        account: None,
        object: None,
        origin: Origin::default(),
    }
}
