//! What a program must not reach for by itself: the time, and randomness.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::model::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The present moment, UTC.
    fn now(&self) -> Timestamp;
}

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let micros = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
        Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }
}

/// The source of randomness failed; nothing secret can be made.
#[derive(Debug, thiserror::Error)]
#[error("the system's source of randomness failed: {0}")]
pub struct EntropyError(pub String);

/// Unpredictable bytes, for salts, tokens and session ids.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` with values that nobody can guess.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

/// A text of `length` characters of `alphabet`, each equally likely.
///
/// ```
/// use profiles_core::env::{SystemEntropy, random_text};
///
/// let pin = random_text(b"0123456789", 4, &SystemEntropy)?;
/// assert!(pin.len() == 4 && pin.parse::<u16>().is_ok());
/// # Ok::<(), profiles_core::env::EntropyError>(())
/// ```
pub fn random_text<const N: usize>(
    alphabet: &[u8; N],
    length: usize,
    entropy: &dyn Entropy,
) -> Result<String, EntropyError> {
    const { assert!(0 < N && N <= 256, "a byte chooses a character") };
    // The largest multiple of N that a byte can hold: those from it on are thrown away, or some characters would be
    // likelier.
    let fair = 256 - 256 % N;
    let mut text = String::with_capacity(length);
    let mut bytes = [0; 64];
    while text.len() < length {
        entropy.fill(&mut bytes)?;
        let numbers = bytes.iter().map(|byte| usize::from(*byte)).filter(|number| *number < fair);
        let characters = numbers.filter_map(|number| alphabet.get(number % N));
        text.extend(characters.map(|character| char::from(*character)).take(length - text.len()));
    }
    Ok(text)
}

/// The operating system's generator (`getrandom(2)` on Linux).
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(bytes).map_err(|error| EntropyError(error.to_string()))
    }
}
