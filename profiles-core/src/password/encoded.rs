//! How hashes are written down: our own form, and those that Django left in a database.
//!
//! | form | of whom |
//! |---|---|
//! | `$argon2id$v=19$m=..,t=..,p=..$salt$hash` | this program; the [PHC string format][phc] |
//! | `argon2$argon2id$v=19$m=..,t=..,p=..$salt$hash` (and `argon2i`, before Django 3.2) | Django's `Argon2PasswordHasher` |
//! | `pbkdf2_sha256$iterations$salt$hash` | Django's default |
//!
//! [phc]: https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md

use argon2::{
    Algorithm, Params, Version,
    password_hash::phc::{self, Output, ParamsString, Salt},
};
use data_encoding::BASE64;
use zeroize::Zeroizing;

use super::argon2_config::{MAX_MEMORY_KIB, MAX_WORK_KIB, work_kib};
use crate::model::PasswordHash;

/// Bytes of salt in a new hash: what RFC 9106 (section 3.1) and NIST SP 800-132 ask for.
pub(super) const SALT_LENGTH: usize = 16;
/// Bytes of the tag in a new hash.
pub(super) const TAG_LENGTH: usize = 32;
/// Iterations of PBKDF2 that an imported hash may ask for: about a second of work. Django 5.2 uses a tenth of it.
const MAX_PBKDF2_ITERATIONS: u32 = 10_000_000;

/// A hash whose form is understood, within the limits of what a login may cost.
pub(super) enum Encoded {
    Argon2(Argon2Hash),
    Pbkdf2Sha256(Pbkdf2Hash),
}

pub(super) struct Argon2Hash {
    pub(super) algorithm: Algorithm,
    pub(super) version: Version,
    pub(super) params: Params,
    pub(super) salt: Salt,
    pub(super) tag: Output,
    /// Whether it is written the way this program writes hashes.
    own_form: bool,
}

pub(super) struct Pbkdf2Hash {
    pub(super) iterations: u32,
    pub(super) salt: String,
    pub(super) tag: Zeroizing<[u8; 32]>,
}

/// Why no password will ever match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Django's mark for an account without a password: `!` and random letters.
    Unusable,
    /// A form that is not known, or not well-formed.
    Malformed,
    /// More memory or iterations than a login may cost.
    TooCostly,
}

impl Encoded {
    pub(super) fn parse(hash: &PasswordHash) -> Result<Self, Unreadable> {
        let text = hash.as_encoded();
        if text.starts_with('!') {
            Err(Unreadable::Unusable)
        } else if let Some(rest) = text.strip_prefix("pbkdf2_sha256$") {
            Pbkdf2Hash::parse(rest).map(Self::Pbkdf2Sha256)
        } else if let Some(phc) = text.strip_prefix("argon2").filter(|rest| rest.starts_with('$')) {
            Argon2Hash::parse(phc, false).map(Self::Argon2)
        } else {
            Argon2Hash::parse(text, true).map(Self::Argon2)
        }
    }

    pub(super) fn tag(&self) -> &[u8] {
        match self {
            Self::Argon2(hash) => hash.tag.as_bytes(),
            Self::Pbkdf2Sha256(hash) => hash.tag.as_slice(),
        }
    }

    /// Whether it was made as new hashes are made now.
    pub(super) fn is_current(&self, params: &Params) -> bool {
        match self {
            Self::Argon2(hash) => hash.is_current(params),
            Self::Pbkdf2Sha256(_) => false,
        }
    }
}

impl Argon2Hash {
    /// A hash as this program makes them.
    pub(super) fn new(params: &Params, salt: &[u8; SALT_LENGTH], tag: &[u8; TAG_LENGTH]) -> Result<Self, phc::Error> {
        Ok(Self {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            params: params.clone(),
            salt: Salt::new(salt)?,
            tag: Output::new(tag)?,
            own_form: true,
        })
    }

    pub(super) fn set_tag(&mut self, tag: &[u8]) -> Result<(), phc::Error> {
        self.tag = Output::new(tag)?;
        Ok(())
    }

    /// Its PHC string.
    pub(super) fn encode(&self) -> Result<PasswordHash, argon2::password_hash::Error> {
        let phc = phc::PasswordHash {
            algorithm: self.algorithm.ident(),
            version: Some(self.version.into()),
            params: ParamsString::try_from(&self.params)?,
            salt: Some(self.salt),
            hash: Some(self.tag),
        };
        Ok(PasswordHash::from_encoded(phc.to_string()))
    }

    fn is_current(&self, params: &Params) -> bool {
        let costs = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        self.own_form
            && self.algorithm == Algorithm::Argon2id
            && self.version == Version::V0x13
            && costs(&self.params) == costs(params)
            && self.salt.len() >= SALT_LENGTH
            && self.tag.len() == TAG_LENGTH
    }

    fn parse(text: &str, own_form: bool) -> Result<Self, Unreadable> {
        let phc = phc::PasswordHash::new(text).map_err(|_| Unreadable::Malformed)?;
        let algorithm = Algorithm::new(phc.algorithm).map_err(|_| Unreadable::Malformed)?;
        let version = phc.version.ok_or(Unreadable::Malformed)?;
        let version = Version::try_from(version).map_err(|_| Unreadable::Malformed)?;
        let params = Params::try_from(&phc).map_err(|_| Unreadable::Malformed)?;
        let (Some(salt), Some(tag)) = (phc.salt, phc.hash) else {
            return Err(Unreadable::Malformed);
        };
        if params.m_cost() > MAX_MEMORY_KIB || work_kib(&params) > MAX_WORK_KIB {
            return Err(Unreadable::TooCostly);
        }
        Ok(Self { algorithm, version, params, salt, tag, own_form })
    }
}

impl Pbkdf2Hash {
    /// Parses what follows the name. The same strictness as Django's, which encodes anew and compares the whole string:
    /// a number or Base64 text that could be written otherwise matches nothing.
    fn parse(text: &str) -> Result<Self, Unreadable> {
        let mut parts = text.splitn(3, '$');
        let (Some(number), Some(salt), Some(tag)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Unreadable::Malformed);
        };
        let tag = Zeroizing::new(BASE64.decode(tag.as_bytes()).map_err(|_| Unreadable::Malformed)?);
        // All 32 bytes, or a hash that was cut short would match by chance, and an empty one always.
        let tag = Zeroizing::new(tag.as_slice().try_into().map_err(|_| Unreadable::Malformed)?);
        if salt.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) || number.starts_with('0') {
            return Err(Unreadable::Malformed);
        }
        match number.parse() {
            Ok(iterations) if iterations <= MAX_PBKDF2_ITERATIONS => {
                Ok(Self { iterations, salt: salt.to_owned(), tag })
            }
            // Digits that are no number of 32 bits are too many of them, or none.
            Err(_) if number.is_empty() => Err(Unreadable::Malformed),
            _ => Err(Unreadable::TooCostly),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT_AND_TAG: &str = "c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const TAG: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    fn parse(text: impl Into<String>) -> Result<Encoded, Unreadable> {
        Encoded::parse(&PasswordHash::from_encoded(text))
    }

    fn refusal(text: impl Into<String>) -> Option<Unreadable> {
        parse(text).err()
    }

    #[test]
    fn what_is_encoded_is_parsed_as_current() {
        let params = Params::new(64, 3, 1, Some(TAG_LENGTH)).unwrap();
        let hash = Argon2Hash::new(&params, b"somesaltsomesalt", &[0; 32]).unwrap().encode().unwrap();
        assert_eq!(hash.as_encoded(), format!("$argon2id$v=19$m=64,t=3,p=1${SALT_AND_TAG}"));
        assert!(Encoded::parse(&hash).unwrap_or_else(|e| panic!("{e:?}")).is_current(&params));
    }

    #[test]
    fn any_difference_in_the_making_is_not_current() {
        let params = Params::new(64, 3, 1, Some(TAG_LENGTH)).unwrap();
        for other in [
            format!("$argon2id$v=19$m=128,t=3,p=1${SALT_AND_TAG}"),
            format!("$argon2id$v=19$m=64,t=2,p=1${SALT_AND_TAG}"),
            format!("$argon2id$v=19$m=64,t=3,p=2${SALT_AND_TAG}"),
            format!("$argon2id$v=16$m=64,t=3,p=1${SALT_AND_TAG}"),
            format!("$argon2i$v=19$m=64,t=3,p=1${SALT_AND_TAG}"),
            format!("argon2$argon2id$v=19$m=64,t=3,p=1${SALT_AND_TAG}"),
            "$argon2id$v=19$m=64,t=3,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
            "$argon2id$v=19$m=64,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
            format!("pbkdf2_sha256$1000000$salt${TAG}"),
        ] {
            let encoded = parse(other.clone()).unwrap_or_else(|e| panic!("{other}: {e:?}"));
            assert!(!encoded.is_current(&params), "{other}");
        }
    }

    #[test]
    fn what_costs_too_much_is_refused() {
        for costly in [
            format!("$argon2id$v=19$m=262145,t=1,p=1${SALT_AND_TAG}"),
            format!("argon2$argon2id$v=19$m=4294967295,t=4294967295,p=1${SALT_AND_TAG}"),
            format!("$argon2id$v=19$m=8,t=262145,p=1${SALT_AND_TAG}"),
            format!("pbkdf2_sha256$10000001$salt${TAG}"),
            format!("pbkdf2_sha256$99999999999999999999$salt${TAG}"),
        ] {
            assert_eq!(refusal(costly.clone()), Some(Unreadable::TooCostly), "{costly}");
        }
        assert_eq!(refusal(format!("$argon2id$v=19$m=262144,t=8,p=1${SALT_AND_TAG}")), None);
        assert_eq!(refusal(format!("pbkdf2_sha256$10000000$salt${TAG}")), None);
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for bad in [
            String::new(),
            "$".to_owned(),
            "plain".to_owned(),
            "md5$salt$hash".to_owned(),
            "pbkdf2_sha256".to_owned(),
            "pbkdf2_sha256$".to_owned(),
            "pbkdf2_sha256$1$salt".to_owned(),
            "pbkdf2_sha256$1$salt$".to_owned(),
            "pbkdf2_sha256$1$salt$AAAA".to_owned(),
            format!("pbkdf2_sha256$$salt${TAG}"),
            format!("pbkdf2_sha256$0$salt${TAG}"),
            format!("pbkdf2_sha256$01$salt${TAG}"),
            format!("pbkdf2_sha256$+1$salt${TAG}"),
            format!("pbkdf2_sha256$ 1$salt${TAG}"),
            format!("pbkdf2_sha256$1$${TAG}"),
            format!("pbkdf2_sha256$1$salt${}", TAG.trim_end_matches('=')),
            format!("pbkdf2_sha256$1$salt${}", TAG.replace("A=", "B=")),
            format!("pbkdf2_sha256$1$salt${TAG}\n"),
            format!("pbkdf2_sha1$1$salt${TAG}"),
            "argon2".to_owned(),
            "argon2$".to_owned(),
            "$argon2id$v=19$m=64,t=3,p=1$c29tZXNhbHRzb21lc2FsdA".to_owned(),
            "$argon2id$v=19$m=64,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$AAAA".to_owned(),
            format!("$argon2id$m=64,t=3,p=1${SALT_AND_TAG}"),
            format!("$argon2id$v=20$m=64,t=3,p=1${SALT_AND_TAG}"),
            format!("$argon2id$v=19$m=4,t=3,p=1${SALT_AND_TAG}"),
            format!("$argon2id$v=19$m=64,t=0,p=1${SALT_AND_TAG}"),
            format!("$argon2id$v=19$m=64,t=3,p=0${SALT_AND_TAG}"),
            format!("$argon2id$v=19$m=64,t=3,p=16777216${SALT_AND_TAG}"),
            format!("$argon2id$v=19$m=-64,t=3,p=1${SALT_AND_TAG}"),
            format!("$argon2x$v=19$m=64,t=3,p=1${SALT_AND_TAG}"),
            format!("x$argon2id$v=19$m=64,t=3,p=1${SALT_AND_TAG}"),
        ] {
            assert_eq!(refusal(bad.clone()), Some(Unreadable::Malformed), "{bad:?}");
        }
        assert_eq!(refusal("!gibberish"), Some(Unreadable::Unusable));
    }
}
