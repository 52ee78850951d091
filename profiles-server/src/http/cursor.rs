//! Cursors: places in a list, in the hands of clients.
//!
//! A cursor is one byte for its version, one for its kind, the key of the row beside it, and 128 bits of proof that this
//! server wrote it, for this path, filter and order; all of it as base64url without padding (RFC 4648). Nothing in it is
//! secret. Without the proof a client could start anywhere, which does no harm either; with it, a cursor that was taken
//! to another list is told apart from one of this list, instead of showing rows out of place.

use data_encoding::BASE64URL_NOPAD;
use profiles_core::mail::MailSecret;
use subtle::ConstantTimeEq;

use super::error::ApiError;

/// Of what a cursor is made. A cursor of another version is refused as a forged one is.
const VERSION: u8 = 1;
/// Bytes of proof.
const PROOF: usize = 16;
/// Characters at most: a name of 150 code points in lower case fits.
const LONGEST: usize = 4096;

/// Where a page is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Behind the row with this key.
    After(Vec<u8>),
    /// Before the row with this key.
    Before(Vec<u8>),
    /// At the end of the list.
    End,
}

/// The cursors of one list.
pub(crate) struct Cursors<'a> {
    secret: &'a MailSecret,
    path: &'a str,
    /// What the list shows and in which order.
    list: Vec<u8>,
}

impl<'a> Cursors<'a> {
    pub(crate) fn new(secret: &'a MailSecret, path: &'a str, list: Vec<u8>) -> Self {
        Self { secret, path, list }
    }

    /// The cursor for this place.
    pub(crate) fn write(&self, place: &Place) -> String {
        let (kind, key) = match place {
            Place::After(key) => (0, key.as_slice()),
            Place::Before(key) => (1, key.as_slice()),
            Place::End => (2, &[][..]),
        };
        let mut bytes = vec![VERSION, kind];
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(&self.proof(&bytes));
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// The place that a client asks for; `None` for the beginning.
    ///
    /// # Errors
    /// [`ApiError::InvalidCursor`].
    pub(crate) fn asked(&self, cursor: Option<&str>) -> Result<Option<Place>, ApiError> {
        let cursor = cursor.filter(|cursor| !cursor.is_empty());
        cursor.map(|cursor| self.read(cursor).ok_or(ApiError::InvalidCursor)).transpose()
    }

    /// The place of a cursor; `None` if it was not written here for this list.
    fn read(&self, cursor: &str) -> Option<Place> {
        if cursor.len() > LONGEST {
            return None;
        }
        let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).ok()?;
        let (said, proof) = bytes.split_last_chunk::<PROOF>()?;
        if !bool::from(self.proof(said).ct_eq(proof)) {
            return None;
        }
        match said.split_first_chunk()? {
            ([VERSION, 0], key) => Some(Place::After(key.to_vec())),
            ([VERSION, 1], key) => Some(Place::Before(key.to_vec())),
            ([VERSION, 2], []) => Some(Place::End),
            _ => None,
        }
    }

    fn proof(&self, said: &[u8]) -> [u8; PROOF] {
        let proof = self.secret.proof("list cursor", &[self.path.as_bytes(), &self.list, said]);
        proof.first_chunk().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_by_its_own_list_alone() {
        let (secret, other) = (MailSecret::from_bytes([1; 32]), MailSecret::from_bytes([2; 32]));
        let cursors = Cursors::new(&secret, "/api/profiles/", b"by id".to_vec());
        for place in [Place::After(vec![1, 2, 3]), Place::Before("\u{10ffff}".repeat(450).into()), Place::End] {
            let cursor = cursors.write(&place);
            assert!(cursor.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')), "{cursor}");
            assert_eq!(cursors.read(&cursor), Some(place));
            for (secret, path, list) in [
                (&other, "/api/profiles/", "by id"),
                (&secret, "/api/profile-status/", "by id"),
                (&secret, "/api/profiles/", "by name"),
            ] {
                assert_eq!(Cursors::new(secret, path, list.as_bytes().to_vec()).read(&cursor), None, "{path} {list}");
            }
        }
    }

    #[test]
    fn what_was_changed_cut_or_made_up_is_no_cursor() {
        let secret = MailSecret::from_bytes([1; 32]);
        let cursors = Cursors::new(&secret, "/", Vec::new());
        let cursor = cursors.write(&Place::After(vec![0, 0, 7]));
        for at in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(cursors.read(std::str::from_utf8(&changed).unwrap()), None, "character {at}");
            assert_eq!(cursors.read(&cursor[..at]), None, "the first {at} characters");
        }
        let long = "A".repeat(LONGEST + 1);
        for made_up in ["", "x", "cD0yMDI0", "%00", "é", "AAAA====", &format!("{cursor}="), &long] {
            assert_eq!(cursors.read(made_up), None, "{made_up:?}");
        }
    }
}
