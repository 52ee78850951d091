//! Reading all rows.

use tokio::sync::mpsc::Sender;

use crate::{
    model::Timestamp,
    store::{
        AccountRow, ErasureRow, MailKeyRow, Numbers, Record, RequestRow, Result, TallyRow,
        sled::{
            accounts::account_row,
            audit::entry,
            codec,
            engine::{Pair, View},
            keys::{self, Meta, Space},
            place::Place,
            record::{
                ChangeRecord, MailKeyRecord, OutboxRecord, PlacesRecord, ProfileRecord, RequestRecord, StatusRecord,
                ThrottleRecord, TokenRecord,
            },
            rows::{Rows as _, corrupt},
        },
        transfer::{AT_ONCE, nobody_takes},
    },
};

/// The spaces that hold rows, in the order of [`Record::KINDS`]. All others follow from them.
const ROWS: [Space; 11] = [
    Space::Account,
    Space::Profile,
    Space::Status,
    Space::Token,
    Space::MailKey,
    Space::Request,
    Space::Outbox,
    Space::Throttle,
    Space::Audit,
    Space::Change,
    Space::Erasing,
];

/// Sends everything. Nobody may write meanwhile.
pub(super) fn export(view: &dyn View, to: &Sender<Vec<Record>>) -> Result<()> {
    let mut records = Vec::with_capacity(AT_ONCE);
    for space in ROWS {
        for pair in view.scan(space.range()) {
            records.extend(record(view, &pair?)?);
            if records.len() >= AT_ONCE {
                let full = std::mem::replace(&mut records, Vec::with_capacity(AT_ONCE));
                to.blocking_send(full).map_err(|_| nobody_takes())?;
            }
        }
    }
    records.push(Record::Numbers(numbers(view)?));
    to.blocking_send(records).map_err(|_| nobody_takes())
}

/// The record of this pair; `None` for an entry of an index that lies among them.
fn record(view: &dyn View, (key, value): &Pair) -> Result<Option<Record>> {
    Ok(Some(match Place::parse(key).ok_or_else(|| corrupt(Place::describe(key)))? {
        Place::Account(id) => {
            let places: Option<PlacesRecord> = view.read(&keys::places(id))?;
            let places = places.unwrap_or_default().into_places();
            Record::Account(AccountRow { account: account_row(key, value)?, places })
        }
        Place::Profile(id) => Record::Profile(codec::decode::<ProfileRecord>(key, value)?.into_row(id)),
        Place::Status(id) => Record::Status(codec::decode::<StatusRecord>(key, value)?.into_row(id)),
        Place::Token(digest) => Record::Token(codec::decode::<TokenRecord>(key, value)?.into_row(digest)),
        Place::MailKey(digest) => {
            let pending = codec::decode::<MailKeyRecord>(key, value)?.into_pending();
            Record::MailKey(MailKeyRow {
                digest,
                account: pending.account,
                purpose: pending.purpose,
                email: pending.email,
                expires_at: pending.expires_at,
            })
        }
        Place::Request(request) => {
            let record: RequestRecord = codec::decode(key, value)?;
            let expires_at = record.expires_at();
            let kept = record.into_kept();
            let (account, fingerprint, status) = (kept.account, kept.fingerprint, kept.status);
            Record::Request(RequestRow { key: request, account, fingerprint, status, expires_at })
        }
        Place::RequestOfAccount(..) => return Ok(None),
        Place::Outbox(id) => Record::Mail(codec::decode::<OutboxRecord>(key, value)?.into_entry(id)),
        Place::Throttle(throttle) => {
            let record: ThrottleRecord = codec::decode(key, value)?;
            let (tally, forgotten_at) = (record.tally(), record.forgotten_at());
            let (count, last, told) = (tally.count, tally.last, record.told);
            Record::Tally(TallyRow { key: throttle, count, last, forgotten_at, told })
        }
        Place::Audit(id) => Record::Audit(entry(id, codec::decode(key, value)?)?),
        Place::Change(number) => Record::Change(codec::decode::<ChangeRecord>(key, value)?.into_change(number)),
        Place::Erasing(account) => {
            let begun_at = Timestamp::from_micros(codec::decode(key, value)?);
            Record::Erasure(ErasureRow { account, begun_at })
        }
        _ => return Err(corrupt(Place::describe(key))),
    }))
}

fn numbers(view: &dyn View) -> Result<Numbers> {
    let last = |meta: Meta| view.count(&meta.key());
    let status_at: Option<u64> = view.read(&Meta::LastStatusAt.key())?;
    Ok(Numbers {
        account: last(Meta::LastAccount)?,
        profile: last(Meta::LastProfile)?,
        status: last(Meta::LastStatus)?,
        status_at: status_at.map(keys::moment_of),
        token: last(Meta::LastToken)?,
        mail: last(Meta::LastOutbox)?,
        audit: last(Meta::LastAudit)?,
        change: last(Meta::LastChange)?,
    })
}
