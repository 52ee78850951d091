//! How values are written: one byte that names the format, then postcard.

use serde::{Deserialize, Serialize};

use super::{engine::Bytes, place::Place};
use crate::store::{Inconsistency, Result, StoreError};

/// The format of every value today. postcard is positional: a field that is added, removed or moved makes another
/// format, and the old one goes on being read.
const FORMAT: u8 = 1;

/// Bytes at most in a value. sled puts values over about 128 KB in files of their own, which it neither syncs nor
/// always removes (sled#1202); no value of this store comes near.
pub(super) const MAX_VALUE: usize = 32 * 1024;

/// A value to write.
///
/// # Errors
/// `Unavailable` if it is over [`MAX_VALUE`].
pub(super) fn encode<T: Serialize>(value: &T) -> Result<Bytes> {
    let bytes = postcard::to_extend(value, vec![FORMAT]).map_err(StoreError::unavailable)?;
    if bytes.len() > MAX_VALUE {
        return Err(StoreError::unavailable(format!("a value of {} bytes is over the limit", bytes.len())));
    }
    Ok(bytes.into())
}

/// A value that was read; `key` is where. It may borrow from the bytes.
///
/// # Errors
/// `Corrupt` if it has another format, or anything is left over.
pub(super) fn decode<'a, T: Deserialize<'a>>(key: &[u8], value: &'a [u8]) -> Result<T> {
    decode_named(|| Place::describe(key), value)
}

/// The same, for many values whose keys nobody needs unless something is wrong: `name` says where the value lies.
pub(super) fn decode_named<'a, T: Deserialize<'a>>(name: impl FnOnce() -> String, value: &'a [u8]) -> Result<T> {
    let corrupt = |why: &str| StoreError::Corrupt(Inconsistency(format!("{} {why}", name())));
    match value.split_first() {
        Some((&FORMAT, rest)) => match postcard::take_from_bytes(rest) {
            Ok((decoded, [])) => Ok(decoded),
            Ok(_) => Err(corrupt("is longer than its record")),
            // Not the cause: it may quote what was read.
            Err(_) => Err(corrupt("can't be decoded")),
        },
        Some((format, _)) => Err(corrupt(&format!("has the unknown format {format}"))),
        None => Err(corrupt("is empty")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::AccountId, store::sled::keys};

    #[test]
    fn what_is_not_exactly_a_record_is_refused_by_name() {
        let key = keys::account(AccountId::new(7));
        let good = encode(&300_u64).unwrap();
        assert_eq!(decode::<u64>(&key, &good).unwrap(), 300);
        let longer = [&good[..], &[0]].concat();
        for (bad, why) in [
            (&b""[..], "account 7 is empty"),
            (&[9, 1], "account 7 has the unknown format 9"),
            (&good[..2], "account 7 can't be decoded"),
            (&longer, "account 7 is longer than its record"),
        ] {
            assert_eq!(decode::<u64>(&key, bad).unwrap_err().to_string(), format!("stored data is damaged: {why}"));
        }
    }

    #[test]
    fn a_value_over_the_limit_is_not_written() {
        // Format byte, three bytes of length, text.
        assert_eq!(encode(&"x".repeat(MAX_VALUE - 4)).unwrap().len(), MAX_VALUE);
        assert!(matches!(encode(&"x".repeat(MAX_VALUE - 3)), Err(StoreError::Unavailable(_))));
    }
}
