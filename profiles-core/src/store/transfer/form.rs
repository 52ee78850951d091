//! How the model's types are written in an export: a second writing of their fields, so that a change there does not
//! change the files unseen.

use std::{net::IpAddr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::word;
use crate::{
    mail::{KeySeed, Mail, MailProblem},
    model::{
        Account, AccountId, AuditActor, AuditEntry, AuditEvent, AuditId, AuditNote, AuditOutcome, Change, ChangeId,
        ChangeKind, Email, Lifetime, Origin, OutboxId, PasswordHash, PersonName, Revision, StatusId, Timestamp,
        Username,
    },
    store::{MailState, OutboxEntry},
};

#[derive(Serialize, Deserialize)]
#[serde(remote = "Account", deny_unknown_fields)]
pub(super) struct AccountForm {
    id: AccountId,
    revision: Revision,
    #[serde(with = "word")]
    username: Username,
    #[serde(with = "word::optional")]
    email: Option<Email>,
    email_verified: bool,
    #[serde(with = "word")]
    first_name: PersonName,
    #[serde(with = "word")]
    last_name: PersonName,
    #[serde(with = "word")]
    password: PasswordHash,
    is_staff: bool,
    is_active: bool,
    joined_at: Timestamp,
    last_login_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "OutboxEntry", deny_unknown_fields)]
pub(super) struct MailForm {
    id: OutboxId,
    account: AccountId,
    #[serde(with = "LetterForm")]
    mail: Mail,
    #[serde(with = "word")]
    state: MailState,
    attempts: u32,
    unsure: u32,
    due: Timestamp,
    #[serde(with = "word::optional")]
    problem: Option<MailProblem>,
    queued_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Mail", rename_all = "snake_case", deny_unknown_fields)]
enum LetterForm {
    ConfirmEmail {
        #[serde(with = "word")]
        username: Username,
        #[serde(with = "word")]
        to: Email,
        #[serde(with = "word")]
        seed: KeySeed,
    },
    ResetPassword {
        #[serde(with = "word")]
        username: Username,
        #[serde(with = "word")]
        to: Email,
        account: AccountId,
        #[serde(with = "word")]
        seed: KeySeed,
    },
    ConfirmNewEmail {
        #[serde(with = "word")]
        username: Username,
        #[serde(with = "word")]
        to: Email,
        #[serde(with = "word")]
        seed: KeySeed,
    },
    PasswordChanged {
        #[serde(with = "word")]
        username: Username,
        #[serde(with = "word")]
        to: Email,
        at: Timestamp,
    },
    EmailChanged {
        #[serde(with = "word")]
        username: Username,
        #[serde(with = "word")]
        to: Email,
        at: Timestamp,
    },
    NewLogin {
        #[serde(with = "word")]
        username: Username,
        #[serde(with = "word")]
        to: Email,
        at: Timestamp,
        #[serde(with = "word")]
        address: String,
        #[serde(with = "word")]
        agent: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AuditEntry", deny_unknown_fields)]
pub(super) struct AuditForm {
    id: AuditId,
    at: Timestamp,
    #[serde(with = "NoteForm")]
    note: AuditNote,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AuditNote", deny_unknown_fields)]
struct NoteForm {
    #[serde(with = "word")]
    event: AuditEvent,
    #[serde(with = "word")]
    outcome: AuditOutcome,
    #[serde(with = "ActorForm")]
    actor: AuditActor,
    account: Option<AccountId>,
    object: Option<u64>,
    #[serde(with = "OriginForm")]
    origin: Origin,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AuditActor", rename_all = "snake_case")]
enum ActorForm {
    Anonymous,
    Account(AccountId),
    Operator,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Change", deny_unknown_fields)]
pub(super) struct ChangeForm {
    number: ChangeId,
    at: Timestamp,
    #[serde(with = "word")]
    kind: ChangeKind,
    status: StatusId,
    account: AccountId,
}

/// `{}` for what came from nowhere.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OriginForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl OriginForm {
    pub(super) fn serialize<S: Serializer>(origin: &Origin, serializer: S) -> Result<S::Ok, S::Error> {
        let (agent, request_id) = (origin.agent().map(str::to_owned), origin.request_id().map(str::to_owned));
        Serialize::serialize(&Self { address: origin.address(), agent, request_id }, serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Origin, D::Error> {
        let Self { address, agent, request_id } = Deserialize::deserialize(deserializer)?;
        Ok(Origin::new(address, agent.as_deref(), request_id.as_deref()))
    }
}

/// `{}` for ever; how long it may lie unused is in microseconds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LifetimeForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ends_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    idle: Option<u64>,
}

impl LifetimeForm {
    pub(super) fn serialize<S: Serializer>(lifetime: &Lifetime, serializer: S) -> Result<S::Ok, S::Error> {
        // More than there are moments is as good as all of them.
        let idle = lifetime.idle.map(|idle| u64::try_from(idle.as_micros()).unwrap_or(u64::MAX));
        Serialize::serialize(&Self { ends_at: lifetime.ends_at, idle }, serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Lifetime, D::Error> {
        let Self { ends_at, idle } = Deserialize::deserialize(deserializer)?;
        Ok(Lifetime { ends_at, idle: idle.map(Duration::from_micros) })
    }
}
