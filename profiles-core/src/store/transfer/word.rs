//! Values that are written as one text, and checked when they are read: what a file says may be anything.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    mail::{KeySeed, MailProblem},
    model::{
        AuditEvent, AuditOutcome, AvatarFile, AvatarId, AvatarSize, Bio, ChangeKind, City, Digest, Email, KeyPurpose,
        Network, PasswordHash, PersonName, Scope, Scopes, StatusText, ThrottleKey, Timestamp, TokenKind, TokenName,
        Username,
    },
    store::MailState,
};

/// A value that is one text.
pub(super) trait Word: Sized {
    /// What it is, for the error if it is none.
    const WHAT: &'static str;

    /// Its text.
    fn write(&self) -> String;

    /// Reads it; `None` if the text is not exactly what [`Word::write`] writes for some value.
    fn read(text: &str) -> Option<Self>;
}

pub(super) fn serialize<W: Word, S: Serializer>(word: &W, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&word.write())
}

pub(super) fn deserialize<'de, W: Word, D: Deserializer<'de>>(deserializer: D) -> Result<W, D::Error> {
    read(&String::deserialize(deserializer)?)
}

/// The error does not repeat the text, which may be somebody's address.
fn read<W: Word, E: serde::de::Error>(text: &str) -> Result<W, E> {
    W::read(text).ok_or_else(|| E::custom(format_args!("a text that is not {}", W::WHAT)))
}

/// A value that may be missing.
pub(super) mod optional {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Word, read};

    #[expect(clippy::ref_option, reason = "serde calls it so")]
    pub(in super::super) fn serialize<W: Word, S: Serializer>(
        word: &Option<W>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        word.as_ref().map(Word::write).serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, W: Word, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<W>, D::Error> {
        Option::<String>::deserialize(deserializer)?.map(|text| read(&text)).transpose()
    }
}

/// A list of values, each with a moment.
pub(super) mod dated {
    use super::{Deserialize, Deserializer, Serializer, Timestamp, Word, read};

    pub(in super::super) fn serialize<W: Word, S: Serializer>(
        words: &[(W, Timestamp)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(words.iter().map(|(word, at)| (word.write(), at)))
    }

    pub(in super::super) fn deserialize<'de, W: Word, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<(W, Timestamp)>, D::Error> {
        let pairs = Vec::<(String, Timestamp)>::deserialize(deserializer)?;
        pairs.into_iter().map(|(text, at)| Ok((read(&text)?, at))).collect()
    }
}

/// A list of scopes, by their names on the wire.
pub(super) mod scopes {
    use super::{Deserialize, Deserializer, Scope, Scopes, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(in super::super) fn serialize<S: Serializer>(scopes: &Scopes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(scopes.iter().map(Scope::as_str))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Scopes, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.iter().map(|text| super::read::<Scope, D::Error>(text)).collect()
    }
}

/// Texts that somebody typed, by the one rule for each.
macro_rules! texts {
    ($($type:ident: $what:literal,)*) => {
        $(
            impl Word for $type {
                const WHAT: &'static str = $what;

                fn write(&self) -> String {
                    self.as_str().to_owned()
                }

                fn read(text: &str) -> Option<Self> {
                    Self::parse(text).ok().filter(|parsed| parsed.as_str() == text)
                }
            }
        )*
    };
}

texts! {
    Username: "a username",
    Email: "an address",
    PersonName: "a name",
    Bio: "a biography",
    City: "a city",
    StatusText: "a status",
    TokenName: "the name of a token",
    Scope: "a scope",
}

/// Enums, by a word for each value.
macro_rules! words {
    ($($type:ident: $what:literal { $($variant:ident = $word:literal,)* })*) => {
        $(
            impl Word for $type {
                const WHAT: &'static str = $what;

                fn write(&self) -> String {
                    match self { $(Self::$variant => $word,)* }.to_owned()
                }

                fn read(text: &str) -> Option<Self> {
                    match text { $($word => Some(Self::$variant),)* _ => None }
                }
            }
        )*
    };
}

words! {
    TokenKind: "a kind of token" { Api = "api", Session = "session", Personal = "personal", }
    KeyPurpose: "what a key is for" {
        ConfirmEmail = "confirm_email",
        ResetPassword = "reset_password",
        ChangeEmail = "change_email",
    }
    MailState: "how it stands with a mail" { Waiting = "waiting", Held = "held", Dead = "dead", }
    ChangeKind: "a kind of change" { Created = "created", Updated = "updated", Deleted = "deleted", }
}

/// Enums that have their words already.
macro_rules! worded {
    ($($type:ident: $what:literal,)*) => {
        $(
            impl Word for $type {
                const WHAT: &'static str = $what;

                fn write(&self) -> String {
                    self.as_str().to_owned()
                }

                fn read(text: &str) -> Option<Self> {
                    Self::parse(text)
                }
            }
        )*
    };
}

worded! {
    AuditEvent: "something that the audit trail tells of",
    AuditOutcome: "an outcome",
}

impl Word for Digest {
    const WHAT: &'static str = "a digest";

    fn write(&self) -> String {
        HEXLOWER.encode(self.as_bytes())
    }

    fn read(text: &str) -> Option<Self> {
        bytes(text).map(Self::from_bytes)
    }
}

/// So many bytes as hex.
fn bytes<const LENGTH: usize>(text: &str) -> Option<[u8; LENGTH]> {
    HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

impl Word for ThrottleKey {
    const WHAT: &'static str = "a digest";

    fn write(&self) -> String {
        self.digest().write()
    }

    fn read(text: &str) -> Option<Self> {
        Digest::read(text).map(Self::from_digest)
    }
}

impl Word for KeySeed {
    const WHAT: &'static str = "a seed";

    fn write(&self) -> String {
        HEXLOWER.encode(self.as_bytes())
    }

    fn read(text: &str) -> Option<Self> {
        bytes(text).map(Self::from_bytes)
    }
}

/// As the beginning and the end of the names of its files.
impl Word for AvatarId {
    const WHAT: &'static str = "a picture";

    fn write(&self) -> String {
        format!("{}.{}", HEXLOWER.encode(&self.digest), self.format.extension())
    }

    fn read(text: &str) -> Option<Self> {
        let (digest, extension) = text.split_once('.')?;
        let file: AvatarFile = format!("{digest}-{}.{extension}", AvatarSize::Large.name()).parse().ok()?;
        Some(file.avatar)
    }
}

impl Word for Network {
    const WHAT: &'static str = "a network";

    fn write(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

impl Word for MailProblem {
    const WHAT: &'static str = "a problem in one line";

    fn write(&self) -> String {
        self.as_str().to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        Some(Self::new(text)).filter(|problem| problem.as_str() == text)
    }
}

/// Bytes at most in a text that no other rule bounds; several times what anything here writes.
const MAX_BYTES: usize = 4096;

/// Any short text but one with a NUL in it, which no other text has and some databases can't keep.
impl Word for String {
    const WHAT: &'static str = "a short text without NUL";

    fn write(&self) -> String {
        self.clone()
    }

    fn read(text: &str) -> Option<Self> {
        (text.len() <= MAX_BYTES && !text.contains('\0')).then(|| text.to_owned())
    }
}

impl Word for PasswordHash {
    const WHAT: &'static str = "the hash of a password";

    fn write(&self) -> String {
        self.as_encoded().to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        String::read(text).map(Self::from_encoded)
    }
}
