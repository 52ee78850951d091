//! Writing statuses: what waits is written together, in one transaction of a few statements.
//!
//! Each write of a status moves numbers and counts that all share (the book), so no two transactions can write statuses at
//! once. Together they need not: while one transaction commits, the next gathers, so a commit is shared by all who wait for
//! it, as it is in the embedded store. A write that is refused is refused alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use async_trait::async_trait;
use profiles_core::{
    event::EventKind,
    model::{
        AccountId, ChangeKind, Digest, KeptRequest, NewRequest, ProfileId, Revision, Stamp, Status, StatusId,
        StatusText, Timestamp, Username,
    },
    store::{Posted, Result, StoreError},
};
use sqlx::query;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use crate::{
    accounts::check_revision,
    error::Failure,
    requests::to_kept,
    row::{get_digest, get_number, get_text, number},
    statuses::{StatusBook, Written, status, status_where},
    store::Inner,
    write::{Command, Work},
};

/// Writes that may wait; more are [`StoreError::Busy`].
const WAITING: usize = 1024;
/// Writes of one transaction.
const TOGETHER: usize = 256;

/// A write of a status.
#[derive(Clone, Debug)]
pub(crate) enum StatusWrite {
    Post { account: AccountId, text: StatusText, at: Timestamp, request: Option<NewRequest> },
    Update { id: StatusId, expected: Revision, text: Option<StatusText>, stamp: Stamp },
    Delete { id: StatusId, expected: Option<Revision>, stamp: Stamp },
}

/// What came of one.
#[derive(Debug)]
pub(crate) enum Answer {
    Written(Status),
    DoneBefore(KeptRequest),
    Deleted,
}

impl Answer {
    pub(crate) fn into_status(self) -> Result<Status> {
        match self {
            Self::Written(status) => Ok(status),
            Self::DoneBefore(_) | Self::Deleted => Err(StoreError::unavailable("the answer to another write")),
        }
    }

    pub(crate) fn into_posted(self) -> Result<Posted> {
        match self {
            Self::DoneBefore(kept) => Ok(Posted::Before(kept)),
            other => other.into_status().map(Posted::Now),
        }
    }
}

type Waiting = (StatusWrite, oneshot::Sender<Result<Answer>>);

/// The way into the queue. The task that empties it ends when this is dropped.
pub(crate) struct StatusQueue {
    waiting: mpsc::Sender<Waiting>,
    /// How long anybody waits, in the queue and for the database.
    patience: Duration,
}

impl StatusQueue {
    /// An empty one, and the task that works on it.
    pub(crate) fn start(inner: std::sync::Arc<Inner>) -> Self {
        let (waiting, receiver) = mpsc::channel(WAITING);
        let patience = inner.config.answer_within();
        tokio::spawn(work_off(inner, receiver));
        Self { waiting, patience }
    }

    /// Waits until it is written.
    pub(crate) async fn put(&self, write: StatusWrite) -> Result<Answer> {
        let (answer, answered) = oneshot::channel();
        self.waiting.try_send((write, answer)).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::unavailable("the store is closed"),
        })?;
        match timeout(self.patience, answered).await {
            Ok(answer) => answer.map_err(StoreError::unavailable)?,
            // It may be done yet.
            Err(_) => Err(StoreError::unavailable("the database takes too long")),
        }
    }
}

async fn work_off(inner: std::sync::Arc<Inner>, mut waiting: mpsc::Receiver<Waiting>) {
    let mut batch = Vec::with_capacity(TOGETHER);
    while waiting.recv_many(&mut batch, TOGETHER).await > 0 {
        let (writes, waiters): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
        let answers = inner.write(&Batch { writes }).await;
        match answers {
            Ok(answers) => {
                for (waiter, answer) in waiters.into_iter().zip(answers) {
                    // One who has gone away does not mind.
                    let _ = waiter.send(answer);
                }
            }
            Err(error) => {
                for waiter in waiters {
                    let _ = waiter.send(Err(again(&error)));
                }
            }
        }
    }
}

/// One error for several.
fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Busy => StoreError::Busy,
        StoreError::Corrupt(what) => StoreError::Corrupt(what.clone()),
        other => StoreError::unavailable(other.to_string()),
    }
}

struct Batch {
    writes: Vec<StatusWrite>,
}

#[async_trait]
impl Command for Batch {
    type Answer = Vec<Result<Answer>>;

    async fn run(&self, work: &mut Work) -> Result<Vec<Result<Answer>>, Failure> {
        let mut known = Known::read(&self.writes, work).await?;
        let book = work.status_book().await?;
        let mut page = Page { book, written: Written::default(), requests: Vec::new(), notes: Vec::new() };
        let mut answers = Vec::with_capacity(self.writes.len());
        for write in &self.writes {
            answers.push(page.write(write, &mut known, work));
        }
        let Page { mut written, requests, notes, .. } = page;
        if written.changes.is_empty() {
            return Ok(answers);
        }
        let updated = known.updated.iter().filter_map(|id| known.statuses.get(id));
        written.updated = updated.flatten().cloned().collect();
        work.write_statuses_in(book, written).await?;
        for (request, kept, at) in requests {
            if !work.keep_request(request, kept, at).await? {
                // Another server has done it since it was looked for.
                return Err(Failure::Overtaken);
            }
        }
        for Stamp { at, audit } in &notes {
            work.note(*at, audit.as_ref()).await?;
        }
        Ok(answers)
    }
}

/// What the writes of a batch are about, as it is now.
struct Known {
    owners: BTreeMap<AccountId, (ProfileId, Username)>,
    /// `None` once it is deleted.
    statuses: BTreeMap<StatusId, Option<Status>>,
    updated: BTreeSet<StatusId>,
    requests: BTreeMap<Digest, KeptRequest>,
}

impl Known {
    async fn read(writes: &[StatusWrite], work: &mut Work) -> Result<Self, Failure> {
        let mut known = Self {
            owners: BTreeMap::new(),
            statuses: BTreeMap::new(),
            updated: BTreeSet::new(),
            requests: BTreeMap::new(),
        };
        let (mut accounts, mut ids, mut requests) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        for write in writes {
            match write {
                StatusWrite::Post { account, at, request, .. } => {
                    accounts.insert(number(account.get()));
                    requests.extend(request.map(|request| (request.key, *at)));
                }
                StatusWrite::Update { id, .. } | StatusWrite::Delete { id, .. } => {
                    ids.insert(number(id.get()));
                }
            }
        }
        if !accounts.is_empty() {
            known.read_owners(&accounts.into_iter().collect::<Vec<_>>(), work).await?;
        }
        if !ids.is_empty() {
            known.read_statuses(&ids.into_iter().collect::<Vec<_>>(), work).await?;
        }
        if !requests.is_empty() {
            known.read_requests(&requests, work).await?;
        }
        Ok(known)
    }

    /// Accounts that are not being erased, and that nobody begins to erase before the transaction ends.
    async fn read_owners(&mut self, accounts: &[i64], work: &mut Work) -> Result<(), Failure> {
        let rows = query(
            "select id, profile, username from accounts where id = any($1) and erasing_since is null \
             order by id for share",
        )
        .bind(accounts)
        .fetch_all(work.sql())
        .await?;
        for row in &rows {
            let owner = (ProfileId::new(get_number(row, "profile")?), get_text(row, "username", Username::parse)?);
            self.owners.insert(AccountId::new(get_number(row, "id")?), owner);
        }
        Ok(())
    }

    async fn read_statuses(&mut self, ids: &[i64], work: &mut Work) -> Result<(), Failure> {
        let rows = query(status_where!("where s.id = any($1) order by s.id for update of s"))
            .bind(ids)
            .fetch_all(work.sql())
            .await?;
        for row in &rows {
            let status = status(row)?;
            self.statuses.insert(status.id, Some(status));
        }
        Ok(())
    }

    async fn read_requests(&mut self, requests: &[(Digest, Timestamp)], work: &mut Work) -> Result<(), Failure> {
        let keys: Vec<&[u8]> = requests.iter().map(|(key, _)| key.as_bytes().as_slice()).collect();
        let moments: Vec<i64> = requests.iter().map(|(_, at)| at.as_micros()).collect();
        let rows = query(
            "select r.* from unnest($1::bytea[], $2::bigint[]) as asked (key, at) \
             join requests r on r.key = asked.key and r.expires_at > asked.at",
        )
        .bind(&keys)
        .bind(&moments)
        .fetch_all(work.sql())
        .await?;
        for row in &rows {
            self.requests.insert(get_digest(row, "key")?, to_kept(row)?);
        }
        Ok(())
    }

    fn status(&mut self, id: StatusId) -> Result<&mut Status> {
        self.statuses.get_mut(&id).and_then(Option::as_mut).ok_or(StoreError::Missing)
    }
}

/// What a batch adds.
struct Page {
    book: StatusBook,
    written: Written,
    requests: Vec<(NewRequest, KeptRequest, Timestamp)>,
    notes: Vec<Stamp>,
}

impl Page {
    fn write(&mut self, write: &StatusWrite, known: &mut Known, work: &mut Work) -> Result<Answer> {
        match write {
            StatusWrite::Post { account, text, at, request } => {
                self.post(*account, text.clone(), *at, *request, known, work)
            }
            StatusWrite::Update { id, expected, text, stamp } => {
                let row = known.status(*id)?;
                check_revision(row.revision, *expected)?;
                row.text = text.clone().unwrap_or_else(|| row.text.clone());
                row.updated_at = stamp.at;
                row.revision = row.revision.next();
                let row = row.clone();
                known.updated.insert(*id);
                self.written.changes.push((stamp.at, ChangeKind::Updated, *id, row.account));
                self.notes.push(stamp.clone());
                work.tell(stamp.at, EventKind::StatusChanged { status: *id });
                Ok(Answer::Written(row))
            }
            StatusWrite::Delete { id, expected, stamp } => {
                let row = known.status(*id)?;
                check_revision(row.revision, expected.unwrap_or(row.revision))?;
                let account = row.account;
                known.statuses.insert(*id, None);
                self.written.deleted.push(*id);
                self.written.changes.push((stamp.at, ChangeKind::Deleted, *id, account));
                self.notes.push(stamp.clone());
                work.tell(stamp.at, EventKind::StatusDeleted { status: *id });
                Ok(Answer::Deleted)
            }
        }
    }

    fn post(
        &mut self,
        account: AccountId,
        text: StatusText,
        at: Timestamp,
        request: Option<NewRequest>,
        known: &mut Known,
        work: &mut Work,
    ) -> Result<Answer> {
        if let Some(kept) = request.and_then(|request| known.requests.get(&request.key)) {
            return Ok(Answer::DoneBefore(*kept));
        }
        let (profile, username) = known.owners.get(&account).cloned().ok_or(StoreError::Missing)?;
        let id = StatusId::new(self.book.last + 1);
        let posted_at = self.book.last_at.map_or(at, |last| last.max(at));
        (self.book.last, self.book.last_at) = (id.get(), Some(posted_at));
        if let Some(request) = request {
            let kept = KeptRequest { account, fingerprint: request.fingerprint, status: Some(id) };
            known.requests.insert(request.key, kept);
            self.requests.push((request, kept, at));
        }
        let revision = Revision::FIRST;
        let status =
            Status { id, account, profile, username, revision, text, created_at: posted_at, updated_at: posted_at };
        self.written.posted.push(status.clone());
        self.written.changes.push((at, ChangeKind::Created, id, account));
        work.tell(at, EventKind::StatusPosted { status: id, account });
        Ok(Answer::Written(status))
    }
}
