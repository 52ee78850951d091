//! The audit trail.

use std::{net::IpAddr, sync::Arc};

use super::{register, trail};
use crate::{
    model::{
        AccountId, AuditActor, AuditEntry, AuditEvent, AuditId, AuditNote, AuditOutcome, KeyPurpose, Origin, ProfileId,
        Revision, Stamp, StatusId, TokenId,
    },
    store::{
        AccountChange, AuditFilter, ConfirmEmail, EndTokens, EraseAccount, IssueToken, LogIn, ProfileChange, Register,
        ResetPassword, Revoke, SendKeys, SetPassword, Store, Which,
    },
    testkit::{fixture, refusal},
};

const ADA: AccountId = AccountId::new(1);
const BOB: AccountId = AccountId::new(2);

/// Keeps lines about this at these seconds.
async fn note(store: &dyn Store, event: AuditEvent, seconds: &[u64]) {
    for second in seconds {
        store.note(fixture::note(event), fixture::after(*second)).await.unwrap();
    }
}

fn numbers(lines: &[AuditEntry]) -> Vec<u64> {
    lines.iter().map(|line| line.id.get()).collect()
}

async fn found(store: &dyn Store, filter: &AuditFilter) -> Vec<u64> {
    numbers(&store.audit(filter, None, usize::MAX).await.unwrap())
}

/// Lines are kept as they were noted, in that order, numbered from 1, whenever they are from.
pub async fn lines_are_kept_in_order(store: Arc<dyn Store>) {
    assert_eq!(trail(&*store).await, []);
    let origins = [
        Origin::default(),
        fixture::origin("192.0.2.1"),
        fixture::origin("2001:db8::1"),
        Origin::new(Some(IpAddr::from([127, 0, 0, 1])), None, None),
        Origin::new(None, Some("agent"), None),
        Origin::new(None, None, Some("request")),
        Origin::new(None, Some(""), Some("")),
    ];
    let actors = [AuditActor::Anonymous, AuditActor::Account(ADA), AuditActor::Operator];
    let mut expected = Vec::new();
    for (number, event) in (1..).zip(AuditEvent::ALL) {
        let index = usize::try_from(number).unwrap();
        let note = AuditNote {
            event: *event,
            outcome: AuditOutcome::ALL[index % AuditOutcome::ALL.len()],
            actor: actors[index % actors.len()],
            account: Some(AccountId::new(number)).filter(|_| number % 4 > 0),
            object: Some(u64::MAX - number).filter(|_| number % 5 > 0),
            origin: origins[index % origins.len()].clone(),
        };
        let at = fixture::after(100 - number);
        store.note(note.clone(), at).await.unwrap();
        expected.push(AuditEntry { id: AuditId::new(number), at, note });
    }
    assert_eq!(trail(&*store).await, expected);
}

/// The trail is read in parts, each after the line that was read last, whether that is still there or not.
pub async fn the_trail_is_read_in_parts(store: Arc<dyn Store>) {
    for second in 0..10 {
        let event = if second % 3 == 0 { AuditEvent::Logout } else { AuditEvent::Login };
        note(&*store, event, &[second]).await;
    }
    let logins = AuditFilter { event: Some(AuditEvent::Login), ..AuditFilter::default() };
    for (filter, all) in [(AuditFilter::default(), (1..=10).collect()), (logins, vec![2, 3, 5, 6, 8, 9])] {
        for limit in 0..=11 {
            for after in 0..=11_u64 {
                let start = (after > 0).then_some(AuditId::new(after));
                let part = store.audit(&filter, start, limit).await.unwrap();
                let expected: Vec<u64> = all.iter().copied().filter(|number| *number > after).take(limit).collect();
                assert_eq!(numbers(&part), expected, "{limit} after {after}");
            }
        }
        assert_eq!(store.audit(&filter, Some(AuditId::new(u64::MAX)), 5).await.unwrap(), []);
    }
}

/// A filter shows what fits everything it says: account, event, outcome and a time from a moment on and before another.
pub async fn the_trail_is_filtered(store: Arc<dyn Store>) {
    let lines = [
        (AuditEvent::Login, AuditOutcome::Done, AuditActor::Account(ADA), Some(ADA)),
        (AuditEvent::Login, AuditOutcome::Refused, AuditActor::Anonymous, Some(ADA)),
        (AuditEvent::Login, AuditOutcome::Refused, AuditActor::Anonymous, None),
        (AuditEvent::ProfileEdit, AuditOutcome::Done, AuditActor::Account(BOB), Some(ADA)),
        (AuditEvent::Login, AuditOutcome::Throttled, AuditActor::Anonymous, Some(BOB)),
        (AuditEvent::AccountChange, AuditOutcome::Done, AuditActor::Operator, Some(BOB)),
    ];
    for (second, (event, outcome, actor, account)) in (1..).zip(lines) {
        let note = AuditNote { event, outcome, actor, account, ..fixture::note(event) };
        store.note(note, fixture::after(second)).await.unwrap();
    }
    let all = AuditFilter::default;
    let (ada, bob) = (Some(ADA), Some(BOB));
    let (login, refused) = (Some(AuditEvent::Login), Some(AuditOutcome::Refused));
    let at = |second| Some(fixture::after(second));
    let cases = [
        (all(), vec![1, 2, 3, 4, 5, 6]),
        (AuditFilter { account: ada, ..all() }, vec![1, 2, 4]),
        (AuditFilter { account: bob, ..all() }, vec![4, 5, 6]),
        (AuditFilter { account: Some(AccountId::new(3)), ..all() }, vec![]),
        (AuditFilter { event: login, ..all() }, vec![1, 2, 3, 5]),
        (AuditFilter { event: Some(AuditEvent::Export), ..all() }, vec![]),
        (AuditFilter { outcome: refused, ..all() }, vec![2, 3]),
        (AuditFilter { since: at(3), ..all() }, vec![3, 4, 5, 6]),
        (AuditFilter { until: at(3), ..all() }, vec![1, 2]),
        (AuditFilter { since: at(2), until: at(5), ..all() }, vec![2, 3, 4]),
        (AuditFilter { since: at(5), until: at(2), ..all() }, vec![]),
        (AuditFilter { account: ada, event: login, ..all() }, vec![1, 2]),
        (AuditFilter { account: ada, event: login, outcome: refused, since: at(2), until: at(3) }, vec![2]),
        (AuditFilter { account: bob, event: login, outcome: refused, ..all() }, vec![]),
        (AuditFilter { account: bob, since: at(5), ..all() }, vec![5, 6]),
    ];
    for (filter, expected) in cases {
        assert_eq!(found(&*store, &filter).await, expected, "{filter:?}");
    }
}

/// The oldest lines are forgotten, no more than asked for and none from the moment on; no number is given again.
pub async fn the_oldest_lines_are_forgotten(store: Arc<dyn Store>) {
    register(&*store, "ada").await;
    for second in 1..=6 {
        let note = AuditNote { account: Some(ADA), ..fixture::note(AuditEvent::Login) };
        store.note(note, fixture::after(second)).await.unwrap();
    }
    let of_ada = AuditFilter { account: Some(ADA), ..AuditFilter::default() };
    let cases: [(u64, usize, usize, &[u64]); 6] = [
        (1, 10, 0, &[1, 2, 3, 4, 5, 6]),
        (5, 0, 0, &[1, 2, 3, 4, 5, 6]),
        (5, 3, 3, &[4, 5, 6]),
        (5, 3, 1, &[5, 6]),
        (5, 3, 0, &[5, 6]),
        (99, usize::MAX, 2, &[]),
    ];
    for (before, limit, forgotten, left) in cases {
        assert_eq!(store.forget_audit(fixture::after(before), limit).await.unwrap(), forgotten);
        for filter in [&AuditFilter::default(), &of_ada] {
            assert_eq!(found(&*store, filter).await, left);
            let rest: Vec<_> = left.iter().copied().filter(|number| *number > 4).collect();
            assert_eq!(numbers(&store.audit(filter, Some(AuditId::new(4)), 9).await.unwrap()), rest);
        }
    }
    note(&*store, AuditEvent::Logout, &[7]).await;
    assert_eq!(numbers(&trail(&*store).await), [7]);
}

/// A line with a number of its own for each write, so that it can be told which it is.
fn line(object: u64) -> AuditNote {
    AuditNote { object: Some(object), ..fixture::note(AuditEvent::AccountChange) }
}

fn stamp(object: u64) -> Stamp {
    Stamp { at: fixture::after(object), audit: Some(line(object)) }
}

/// Every write keeps its line with what it does, at its moment, as it was said.
pub async fn every_write_keeps_its_line(store: Arc<dyn Store>) {
    store.register(Register { audit: Some(line(1)), at: fixture::after(1), ..fixture::register("ada") }).await.unwrap();
    store.update_account(ADA, Revision::FIRST, AccountChange::default(), stamp(2)).await.unwrap();
    let tokens = vec![fixture::token("token")];
    let login = LogIn { audit: Some(line(3)), at: fixture::after(3), ..fixture::login(ADA, "ada", tokens) };
    let revision = store.log_in(login).await.unwrap().revision;
    store.revoke(&[fixture::digest("token")], stamp(4)).await.unwrap();
    let password = fixture::set_password(ADA, revision, "new", Revoke::Everything);
    store.set_password(SetPassword { audit: Some(line(5)), at: fixture::after(5), ..password }).await.unwrap();
    store.update_profile(ProfileId::new(1), Revision::FIRST, ProfileChange::default(), stamp(6)).await.unwrap();
    store.post_status(ADA, fixture::text("hello"), fixture::NOW).await.unwrap();
    store.update_status(StatusId::new(1), Revision::FIRST, None, stamp(7)).await.unwrap();
    store.delete_status(StatusId::new(1), stamp(8)).await.unwrap();
    let key = fixture::mail_key("confirm", "ada@example.org", 60);
    let audit = vec![line(9)];
    store.send_keys(SendKeys { audit, at: fixture::after(9), ..fixture::send(ADA, key) }).await.unwrap();
    let confirm = ConfirmEmail { audit: Some(line(10)), at: fixture::after(10), ..fixture::confirm("confirm") };
    store.confirm_email(confirm).await.unwrap();
    let key = fixture::key("reset", KeyPurpose::ResetPassword, "ada@example.org", 60);
    store.send_keys(fixture::send(ADA, key)).await.unwrap();
    let reset = ResetPassword { audit: Some(line(11)), at: fixture::after(11), ..fixture::reset(ADA, "reset", "new") };
    store.reset_password(reset).await.unwrap();
    let erase = EraseAccount { audit: Some(line(12)), at: fixture::after(12), ..fixture::erase(ADA, 10) };
    store.erase_account(erase).await.unwrap();
    // Only the registration can't know whose account it is about.
    let expected = (1..=12).map(|number| AuditEntry {
        id: AuditId::new(number),
        at: fixture::after(number),
        note: AuditNote { account: (number == 1).then_some(ADA), ..line(number) },
    });
    assert_eq!(trail(&*store).await, expected.collect::<Vec<_>>());
}

/// Lines about tokens get the numbers of those: one line for each that is made or ended, none if none is.
pub async fn lines_about_tokens_have_their_numbers(store: Arc<dyn Store>) {
    let tokens = vec![fixture::token("a"), fixture::session("b")];
    store.register(Register { tokens, ..fixture::register("ada") }).await.unwrap();
    let note = |event| Some(AuditNote { account: Some(ADA), ..fixture::note(event) });
    let (made, ended) = (note(AuditEvent::TokenCreation), note(AuditEvent::TokenRevocation));
    let command = IssueToken { audit: made.clone(), ..fixture::issue(ADA, fixture::personal("c")) };
    store.issue_token(command).await.unwrap();
    for which in [Which::Personal(TokenId::new(1)), Which::OtherLogins(None), Which::One(TokenId::new(3))] {
        let command = EndTokens { audit: ended.clone(), ..fixture::end_tokens(ADA, which) };
        store.end_tokens(command.clone()).await.unwrap();
        assert_eq!(store.end_tokens(command).await.unwrap(), 0);
    }
    let lines: Vec<_> = trail(&*store).await.into_iter().map(|line| line.note).collect();
    let about = |note: &Option<AuditNote>, number| AuditNote { object: Some(number), ..note.clone().unwrap() };
    assert_eq!(lines, [about(&made, 3), about(&ended, 1), about(&ended, 2), about(&ended, 3)]);
}

/// A write that is refused leaves no line; nor does revoking what is not there. Revoking several leaves one.
pub async fn a_refused_write_leaves_no_line(store: Arc<dyn Store>) {
    let tokens = vec![fixture::token("a"), fixture::token("b")];
    store.register(Register { tokens, ..fixture::register("ada") }).await.unwrap();
    let stale = Revision::new(9);
    refusal(store.register(Register { audit: Some(line(1)), ..fixture::register("ADA") }).await);
    refusal(store.update_account(ADA, stale, AccountChange::default(), stamp(2)).await);
    refusal(store.log_in(LogIn { audit: Some(line(3)), ..fixture::login(ADA, "wrong", vec![]) }).await);
    let password = fixture::set_password(ADA, stale, "new", Revoke::Everything);
    refusal(store.set_password(SetPassword { audit: Some(line(5)), ..password }).await);
    refusal(store.update_profile(ProfileId::new(1), stale, ProfileChange::default(), stamp(6)).await);
    refusal(store.update_status(StatusId::new(1), stale, None, stamp(7)).await);
    refusal(store.delete_status(StatusId::new(1), stamp(8)).await);
    refusal(store.confirm_email(ConfirmEmail { audit: Some(line(9)), ..fixture::confirm("key") }).await);
    refusal(store.reset_password(ResetPassword { audit: Some(line(10)), ..fixture::reset(ADA, "key", "new") }).await);
    let command = fixture::issue(ADA, fixture::personal("a"));
    refusal(store.issue_token(IssueToken { audit: Some(line(11)), ..command.clone() }).await);
    refusal(store.issue_token(IssueToken { audit: Some(line(12)), most: 0, ..command }).await);
    refusal(store.erase_account(EraseAccount { audit: Some(line(13)), ..fixture::erase(BOB, 1) }).await);
    store.revoke(&[fixture::digest("nobody's")], stamp(14)).await.unwrap();
    assert_eq!(trail(&*store).await, []);
    store.revoke(&[fixture::digest("a"), fixture::digest("nobody's"), fixture::digest("b")], stamp(15)).await.unwrap();
    assert_eq!(trail(&*store).await.len(), 1);
}
