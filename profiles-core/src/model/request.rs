//! Requests that their client gave a name, so that the same again does nothing twice.

use super::{AccountId, Digest, StatusId, Timestamp};

/// What a client calls a request: 1 to 255 printable ASCII characters. Best is something random.
///
/// ```
/// use profiles_core::model::RequestKey;
///
/// assert!(RequestKey::parse("8e03978e-40d5-43dd-bc93-6894a57f9324").is_some());
/// assert!(RequestKey::parse("").is_none() && RequestKey::parse(&"x".repeat(256)).is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestKey(String);

impl RequestKey {
    /// From a text; `None` if it is empty, too long, or has other characters.
    pub fn parse(text: &str) -> Option<Self> {
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        (printable && (1..=255).contains(&text.len())).then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A request to remember together with what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewRequest {
    /// Of its key, and of whose key it is: two clients may choose the same.
    pub key: Digest,
    /// Of what is asked for, to tell another request with the same key. Nothing secret goes into it.
    pub fingerprint: Digest,
    /// From then on it is as if it were not there.
    pub expires_at: Timestamp,
}

/// A request that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptRequest {
    /// By whom, or whom it made.
    pub account: AccountId,
    /// Of what was asked for.
    pub fingerprint: Digest,
    /// The status that it posted; `None` if it registered the account. The status may be gone.
    pub status: Option<StatusId>,
}

impl KeptRequest {
    /// Requests of an account that a store remembers; of more, those go that end first.
    pub const MOST: usize = 256;
}
