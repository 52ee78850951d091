//! What the control socket speaks: one JSON object a line, a request and then its answer.
//!
//! ```text
//! {"version":1,"data":{"device":1,"inode":2},"command":{"user":{"set_active":{"name":"ada","active":false}}}}
//! {"version":1,"answer":{"active":{"id":1,"username":"ada",..}}}
//! ```
//!
//! Where there is no answer there is an `error`, a line of text. Either side looks at `version` first, so that two
//! programs of different versions tell each other so, whatever else has changed.

use profiles_core::Core;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Command, OperatorError, data::DataId, lines::LONGEST_LINE};

/// Counts the ways in which the protocol has changed so that an older program can't follow. A command more is no such
/// change: a server that does not know it says so.
const VERSION: u32 = 1;

/// As much of a line as every version has.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct Request {
    version: u32,
    data: DataId,
    command: Command,
}

#[derive(Serialize, Deserialize)]
struct Reply {
    version: u32,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Answer(Value),
    Error(String),
}

/// A command as a line, with its end. It may hold a password.
pub(super) fn request(data: DataId, command: Command) -> Result<Vec<u8>, OperatorError> {
    line(&Request { version: VERSION, data, command })
        .ok_or_else(|| OperatorError::Refused("this is too much for one command".to_owned()))
}

/// Does what a line asks for; the line to answer with. What is wrong with a line is told without repeating any of it.
pub(super) async fn perform(core: &Core, data: DataId, request: &[u8]) -> Vec<u8> {
    match read(data, request) {
        Ok(command) => {
            let change = command.change();
            let outcome = command.perform(core).await;
            if let Some(command) = change {
                let done = outcome.is_ok();
                tracing::info!(command, done, "an operator's command came through the control socket");
            }
            match outcome {
                Ok(answer) => reply(Outcome::Answer(answer)),
                Err(error) => refusal(error.to_string()),
            }
        }
        Err(why) => refusal(why),
    }
}

fn read(data: DataId, request: &[u8]) -> Result<Command, String> {
    let Ok(Versioned { version }) = serde_json::from_slice(request) else {
        return Err("a request is a JSON object on a line, with a version and a command".to_owned());
    };
    if version != VERSION {
        return Err(other_version(VERSION, version));
    }
    match serde_json::from_slice::<Request>(request) {
        Ok(request) if request.data == data => Ok(request.command),
        Ok(_) => {
            Err("the server that listens on this control socket has other data: give each server a control_socket \
                      of its own"
                .to_owned())
        }
        Err(_) => Err("the running server does not understand this command: use the same version of profiles-server, \
                       or stop the server first"
            .to_owned()),
    }
}

/// The line that tells why there is no answer.
pub(super) fn refusal(why: String) -> Vec<u8> {
    reply(Outcome::Error(why))
}

fn reply(outcome: Outcome) -> Vec<u8> {
    line(&Reply { version: VERSION, outcome })
        .unwrap_or_else(|| format!("{{\"version\":{VERSION},\"error\":\"the answer is too long\"}}\n").into_bytes())
}

/// Reads a reply.
pub(super) fn answer<A: DeserializeOwned>(reply: &[u8]) -> Result<A, OperatorError> {
    let nonsense = || OperatorError::Refused("the running server's answer makes no sense".to_owned());
    let Versioned { version } = serde_json::from_slice(reply).map_err(|_| nonsense())?;
    if version != VERSION {
        return Err(OperatorError::Refused(other_version(version, VERSION)));
    }
    match serde_json::from_slice::<Reply>(reply).map_err(|_| nonsense())?.outcome {
        Outcome::Answer(answer) => serde_json::from_value(answer).map_err(|_| nonsense()),
        Outcome::Error(why) => Err(OperatorError::Refused(why)),
    }
}

fn other_version(server: u32, program: u32) -> String {
    format!(
        "the running server speaks version {server} of the control protocol, and this program version {program}: use \
         the same version of profiles-server, or stop the server first"
    )
}

fn line(value: &impl Serialize) -> Option<Vec<u8>> {
    let mut line = serde_json::to_vec(value).ok()?;
    line.push(b'\n');
    (line.len() <= LONGEST_LINE).then_some(line)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use profiles_core::store::MemoryStore;

    use super::*;
    use crate::{logging::captured::Log, operator::user};

    const DATA: DataId = DataId::numbered(7);

    async fn told(request: &str) -> String {
        let core = Core::builder(Arc::new(MemoryStore::new())).build().unwrap();
        answer::<user::Answer>(&perform(&core, DATA, request.as_bytes()).await).unwrap_err().to_string()
    }

    #[tokio::test]
    async fn another_version_is_told_by_either_side() {
        let told = told(r#"{"version":2,"command":["something","new"]}"#).await;
        let expected = "the running server speaks version 1 of the control protocol, and this program version 2: use \
                        the same version of profiles-server, or stop the server first";
        assert_eq!(told, expected);
        let error = answer::<user::Answer>(br#"{"version":3,"outcome":[]}"#).unwrap_err().to_string();
        assert!(error.contains("server speaks version 3 of") && error.contains("program version 1:"), "{error}");
    }

    #[tokio::test]
    async fn what_makes_no_sense_is_told_and_not_repeated() {
        let log = Log::default();
        let guard = log.start();
        for request in ["", "hunter2", "{}", "[]", "\u{feff}", r#"{"version":"hunter2"}"#, r#"{"version":1"#] {
            let told = told(request).await;
            assert_eq!(told, "a request is a JSON object on a line, with a version and a command", "{request}");
        }
        for command in [
            r#"{"mend":{"everything":true}}"#,
            r#"{"user":{"set_password":{"name":"ada","password":{"hunter2":2}}}}"#,
            r#"{"user":{"set_password":{"name":"ada","password":"hunter2\u0000"}}}"#,
        ] {
            let told = told(&format!(r#"{{"version":1,"data":{{"device":1,"inode":7}},"command":{command}}}"#)).await;
            assert!(told.starts_with("the running server does not understand this command"), "{told}");
            assert!(!told.contains("hunter2"), "{told}");
        }
        let command = r#"{"user":{"set_password":{"name":"ada","password":"hunter2"}}}"#;
        let request = |inode| format!(r#"{{"version":1,"data":{{"device":1,"inode":{inode}}},"command":{command}}}"#);
        assert_eq!(told(&request(7)).await, "there is no account \"ada\"");
        assert!(told(&request(8)).await.contains("this control socket has other data"));
        drop(guard);
        let lines = log.lines();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!((&lines[0]["command"], &lines[0]["done"]), (&"user set-password".into(), &false.into()));
        assert!(!format!("{lines:?}").contains("hunter2"), "{lines:?}");
    }

    #[test]
    fn nothing_is_longer_than_a_line() {
        let long = user::Command::SetActive { name: "x".repeat(LONGEST_LINE), active: true };
        assert_eq!(request(DATA, long.into()).unwrap_err().to_string(), "this is too much for one command");
        let reply = refusal("x".repeat(LONGEST_LINE));
        assert_eq!(answer::<user::Answer>(&reply).unwrap_err().to_string(), "the answer is too long");
    }
}
