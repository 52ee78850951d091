//! Values to try things with. Those that parse text panic if it does not parse.

use std::time::Duration;

use super::SeededEntropy;
use crate::{
    mail::{KeySeed, Mail},
    model::{Bio, City, Digest, Email, PasswordHash, PersonName, StatusText, Timestamp, TokenKind, Username},
    store::{NewMailKey, NewToken, Register},
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

/// An API token that never expires.
pub fn token(secret: &str) -> NewToken {
    NewToken { digest: digest(secret), kind: TokenKind::Api, expires_at: None }
}

/// A session that never expires.
pub fn session(secret: &str) -> NewToken {
    NewToken { kind: TokenKind::Session, ..token(secret) }
}

/// An API token that ends so many seconds after [`NOW`].
pub fn token_until(secret: &str, seconds: u64) -> NewToken {
    NewToken { expires_at: Some(after(seconds)), ..token(secret) }
}

/// A key that was mailed to `address`, and ends so many seconds after [`NOW`].
pub fn mail_key(secret: &str, address: &str, seconds: u64) -> NewMailKey {
    NewMailKey { digest: digest(secret), email: email(address), expires_at: after(seconds) }
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
        mail_key: None,
        outbox: Vec::new(),
        at: NOW,
    }
}
