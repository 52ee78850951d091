//! The order of records, and what each says about itself: checked in one place for every store.

use super::record::{Numbers, Record};
use crate::{
    model::AccountId,
    store::{Inconsistency, MailState, Result, StoreError, places},
};

/// The highest number that a file may say was given out: every database has room for it, and for those that follow.
const HIGHEST: u64 = 1 << 62;

/// Looks at records as they come, one after another, in memory that does not grow with their number.
///
/// Kinds come in the order of [`Record::KINDS`], which is one in which a row comes after those it refers to. Within a
/// kind, what has a number comes in the order of numbers, tokens, keys, requests and counts in the order of digests; so
/// nothing comes twice. What refers to other rows is for the store to check.
///
/// ```
/// use profiles_core::store::{Numbers, Order, Record};
///
/// let mut order = Order::default();
/// assert!(order.finish().is_err(), "the numbers are missing");
/// order.check(&Record::Numbers(Numbers::default()))?;
/// order.finish()?;
/// # Ok::<(), profiles_core::store::StoreError>(())
/// ```
#[derive(Debug, Default)]
pub struct Order {
    last: Option<(usize, Position)>,
    /// The highest numbers that were seen, and the moment of the last status.
    seen: Numbers,
    finished: bool,
}

/// Where a record stands among those of its kind.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Position {
    Number(u64),
    Digest([u8; 32]),
}

impl Order {
    /// Whether this record may come next.
    ///
    /// # Errors
    /// [`StoreError::Unfit`], which names it.
    pub fn check(&mut self, record: &Record) -> Result<()> {
        let place = (record.kind(), position(record));
        if self.finished {
            return Err(unfit(format!("{record} comes after the end")));
        }
        if self.last.as_ref().is_some_and(|last| *last >= place) {
            return Err(unfit(format!("{record} is not in its order, or comes twice")));
        }
        if let Position::Number(number) = place.1
            && !(1..=HIGHEST).contains(&number)
            && !matches!(record, Record::Numbers(_))
        {
            return Err(unfit(format!("{record} has a number that is never given")));
        }
        self.check_itself(record)?;
        self.last = Some(place);
        Ok(())
    }

    /// Whether all has come.
    ///
    /// # Errors
    /// [`StoreError::Unfit`].
    pub fn finish(&self) -> Result<()> {
        if self.finished { Ok(()) } else { Err(unfit("they end before their end".to_owned())) }
    }

    fn check_itself(&mut self, record: &Record) -> Result<()> {
        let wrong = |what: &str| Err(unfit(format!("{record} {what}")));
        match record {
            Record::Account(row) => {
                self.seen.account = row.account.id.get();
                if row.account.email_verified && row.account.email.is_none() {
                    return wrong("has verified an address and has none");
                }
                if row.places.len() > places::MOST {
                    return wrong("has more places than are kept");
                }
            }
            Record::Profile(row) => self.seen.profile = row.id.get(),
            Record::Status(row) => {
                if self.seen.status_at > Some(row.created_at) {
                    return wrong("was posted before the one before it");
                }
                self.seen.status = row.id.get();
                self.seen.status_at = Some(row.created_at);
            }
            Record::Token(row) => {
                if !(1..=HIGHEST).contains(&row.id.get()) {
                    return wrong("has a number that is never given");
                }
                self.seen.token = self.seen.token.max(row.id.get());
            }
            Record::Mail(row) => {
                self.seen.mail = row.id.get();
                if row.state == MailState::Held && row.attempts == 0 {
                    return wrong("is held, and was never leased");
                }
            }
            Record::Audit(row) => self.seen.audit = row.id.get(),
            Record::Change(row) => {
                if self.seen.change > 0 && row.number.get() != self.seen.change + 1 {
                    return wrong("does not follow the one before it");
                }
                self.seen.change = row.number.get();
            }
            Record::Numbers(numbers) => {
                self.check_numbers(numbers)?;
                self.finished = true;
            }
            Record::MailKey(_) | Record::Request(_) | Record::Tally(_) | Record::Erasure(_) => {}
        }
        Ok(())
    }

    /// Every number that was seen was given out.
    fn check_numbers(&self, given: &Numbers) -> Result<()> {
        let seen = &self.seen;
        for (what, given, seen) in [
            ("account", given.account, seen.account),
            ("profile", given.profile, seen.profile),
            ("status", given.status, seen.status),
            ("token", given.token, seen.token),
            ("mail", given.mail, seen.mail),
            ("line of the audit trail", given.audit, seen.audit),
            ("change", given.change, seen.change),
        ] {
            if seen > given {
                return Err(unfit(format!("there is a {what} {seen}, and the last number given out is {given}")));
            }
            if given > HIGHEST {
                return Err(unfit(format!("number {given} was never given to a {what}")));
            }
        }
        if seen.status_at > given.status_at {
            return Err(unfit("a status was posted after the last one".to_owned()));
        }
        if seen.change > 0 && seen.change != given.change {
            return Err(unfit("the log of changes ends before its end".to_owned()));
        }
        Ok(())
    }
}

fn position(record: &Record) -> Position {
    match record {
        Record::Account(row) => Position::Number(row.account.id.get()),
        Record::Profile(row) => Position::Number(row.id.get()),
        Record::Status(row) => Position::Number(row.id.get()),
        Record::Token(row) => Position::Digest(*row.digest.as_bytes()),
        Record::MailKey(row) => Position::Digest(*row.digest.as_bytes()),
        Record::Request(row) => Position::Digest(*row.key.as_bytes()),
        Record::Mail(row) => Position::Number(row.id.get()),
        Record::Tally(row) => Position::Digest(*row.key.digest().as_bytes()),
        Record::Audit(row) => Position::Number(row.id.get()),
        Record::Change(row) => Position::Number(row.number.get()),
        Record::Erasure(row) => Position::Number(row.account.get()),
        Record::Numbers(_) => Position::Number(0),
    }
}

/// Something that no store has sent.
pub(in crate::store) fn unfit(what: String) -> StoreError {
    StoreError::Unfit(Inconsistency(what))
}

/// A row of an account that has not come.
pub(in crate::store) fn no_account(record: &impl std::fmt::Display, account: AccountId) -> StoreError {
    unfit(format!("{record} belongs to account {account}, which is not there"))
}
