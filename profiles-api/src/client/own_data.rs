//! Taking one's own data away, and having it erased.

use std::{io::Write, time::Duration};

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};

use super::{Client, ClientError, answer::Answer, transport};
use crate::DeleteAccountRequest;

/// The longest export that is read, in bytes: some three million statuses.
pub const EXPORT_LIMIT: u64 = 1024 * 1024 * 1024;

/// How long an export may take as a whole. The client's own time limit holds for each of its pieces.
const EXPORT_TIMEOUT: Duration = Duration::from_hours(6);

impl Client {
    /// Writes everything that the server holds about the account that the token belongs to, one JSON object, byte by
    /// byte as the server sends it. Returns how many bytes there were.
    ///
    /// They are written as they come, so after an error there may be some already. An answer that is no object, ends
    /// before the object does, or is longer than [`EXPORT_LIMIT`] is an error.
    pub async fn export_account(&self, to: &mut impl Write) -> Result<u64, ClientError> {
        let request = self.request(Method::GET, "api/rest-auth/user/export/")?.timeout(EXPORT_TIMEOUT);
        let mut response = request.send().await.map_err(|error| transport::classify(&self.base, &error))?;
        if !response.status().is_success() {
            return Err(Answer::read(&self.base, response, super::ANSWER_LIMIT).await?.refusal());
        }
        let answer = Answer::head(&self.base, &response);
        answer.require_json()?;
        let mut object = Object::default();
        let mut written: u64 = 0;
        while let Some(chunk) = response.chunk().await.map_err(|error| transport::classify(&self.base, &error))? {
            written = written.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
            if written > EXPORT_LIMIT {
                return Err(answer.unexpected(format!("its answer is longer than {} MiB", EXPORT_LIMIT / 1024 / 1024)));
            }
            if !object.goes_on_with(&chunk) {
                return Err(answer.unexpected("its answer is no JSON object".to_owned()));
            }
            to.write_all(&chunk).map_err(|error| write_error(&error))?;
        }
        // A connection that is closed to end an answer looks the same when it breaks.
        if !object.is_whole() {
            return Err(answer.unexpected("its answer ends in the middle".to_owned()));
        }
        to.flush().map_err(|error| write_error(&error))?;
        Ok(written)
    }

    /// Erases the account that the token belongs to, with everything in it.
    pub async fn delete_account(&self, password: &SecretString) -> Result<(), ClientError> {
        let body = DeleteAccountRequest { password: password.expose_secret().to_owned() };
        self.exchange(self.request(Method::DELETE, "api/rest-auth/user/")?.json(&body)).await?;
        Ok(())
    }
}

fn write_error(error: &std::io::Error) -> ClientError {
    ClientError::Write { kind: error.kind(), reason: error.to_string() }
}

/// Follows an object through its text, without keeping it, to know whether it is whole. It counts brackets, and does not
/// otherwise check the JSON.
#[derive(Debug, Default)]
struct Object {
    depth: u64,
    place: Place,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Before,
    Inside,
    String,
    Escape,
    After,
}

impl Object {
    /// Reads on; `false` if this is no object, or no longer one.
    fn goes_on_with(&mut self, bytes: &[u8]) -> bool {
        bytes.iter().all(|byte| self.reads(*byte))
    }

    fn reads(&mut self, byte: u8) -> bool {
        self.place = match (self.place, byte) {
            (Place::Before, b'{') | (Place::Inside, b'{' | b'[') => {
                self.depth += 1;
                Place::Inside
            }
            (Place::Inside, b'}' | b']') => {
                self.depth -= 1;
                if self.depth == 0 { Place::After } else { Place::Inside }
            }
            (Place::Inside, b'"') => Place::String,
            (Place::String, b'"') | (Place::Inside, _) => Place::Inside,
            (Place::String, b'\\') => Place::Escape,
            (Place::String | Place::Escape, _) => Place::String,
            (Place::Before | Place::After, byte) => return byte.is_ascii_whitespace(),
        };
        true
    }

    fn is_whole(&self) -> bool {
        self.place == Place::After
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is made of a text in pieces of this many bytes: whether it was an object so far, and whether a whole one.
    fn read(text: &str, piece: usize) -> (bool, bool) {
        let mut object = Object::default();
        let sound = text.as_bytes().chunks(piece).all(|bytes| object.goes_on_with(bytes));
        (sound, object.is_whole())
    }

    #[test]
    fn an_object_is_known_to_be_whole_however_it_is_cut() {
        let whole = r#" {"a":[{"b":"}]\"\\"},{}],"c":"\\","d":7} "#;
        for piece in [1, 2, 3, whole.len()] {
            assert_eq!(read(whole, piece), (true, true));
            for end in 0..whole.len() - 1 {
                assert_eq!(read(&whole[..end], piece), (true, false), "{}", &whole[..end]);
            }
        }
    }

    #[test]
    fn what_is_no_object_is_noticed_at_once() {
        for text in ["[", "null", "\"{}\"", "<h1>", "{}{", "{} x"] {
            assert!(!read(text, 1).0, "{text}");
        }
    }
}
