//! Random commands about tokens, mailed keys, tries and the trail.

use std::time::Duration;

use proptest::{
    collection::vec,
    option,
    prelude::{Just, Strategy},
    prop_oneof,
    sample::select,
};

use super::{COUNTED, address, limit, login_address, number, secret, while_};
use crate::{
    model::{
        AccountId, AuditActor, AuditEvent, AuditId, AuditNote, AuditOutcome, KeyPurpose, Scope, TokenId, TokenKind,
    },
    store::{AuditFilter, Forgive, Revoke, Which},
    testkit::{
        fixture,
        model::{Command, Key, Renewal, Token},
    },
};

/// Writes.
pub(super) fn credentials() -> impl Strategy<Value = Command> {
    prop_oneof![
        2 => vec(secret(), 0..4).prop_map(|secrets| Command::Revoke { secrets }),
        3 => (account(), token(Just(TokenKind::Personal)), 0..5_usize)
            .prop_map(|(account, token, most)| Command::IssueToken { account, token, most }),
        2 => (account(), which()).prop_map(|(account, which)| Command::EndTokens { account, which }),
        3 => vec((secret(), while_()), 0..4).prop_map(|used| Command::Touch { used }),
        4 => (vec(key(), 1..3), tries()).prop_map(|(keys, forgive)| Command::SendKeys { keys, forgive }),
        3 => key_secret().prop_map(|secret| Command::ConfirmEmail { secret }),
        3 => (option::weighted(0.2, account()), key_secret(), revoke()).prop_map(|(account, secret, revoke)| Command::ResetPassword {
            account,
            secret,
            password: "reset".to_owned(),
            revoke,
        }),
        4 => vec(select(&COUNTED[..]), 1..3).prop_map(|mut names| {
            names.dedup();
            Command::Attempt { names }
        }),
        1 => tries().prop_map(|tries| Command::Forgive { tries }),
        1 => note().prop_map(|note| Command::Note { note }),
        1 => (while_(), limit()).prop_map(|(age, limit)| Command::ForgetAudit { age, limit }),
    ]
}

/// Reads.
pub(super) fn reads() -> impl Strategy<Value = Command> {
    prop_oneof![
        account().prop_map(|account| Command::TokensOf { account }),
        key_secret().prop_map(|secret| Command::MailKey { secret }),
        (address(), limit()).prop_map(|(email, limit)| Command::AccountsByEmail { email, limit }),
        (filter(), option::of(number().prop_map(AuditId::new)), limit())
            .prop_map(|(filter, after, limit)| Command::Audit { filter, after, limit }),
    ]
}

fn account() -> impl Strategy<Value = AccountId> {
    number().prop_map(AccountId::new)
}

/// Tokens of a login, and now and then a personal one.
pub(super) fn tokens() -> impl Strategy<Value = Vec<Token>> {
    let kind = prop_oneof![4 => Just(TokenKind::Api), 4 => Just(TokenKind::Session), 1 => Just(TokenKind::Personal)];
    vec(token(kind), 0..3)
}

fn token(kind: impl Strategy<Value = TokenKind>) -> impl Strategy<Value = Token> {
    let scopes = vec(select(&Scope::ALL[..]), 0..3).prop_map(|scopes| scopes.into_iter().collect());
    let ends = (option::of(while_()), option::weighted(0.4, while_()));
    (secret(), kind, scopes, option::of(login_address()), ends)
        .prop_map(|(secret, kind, scopes, address, (lasts, idle))| Token { secret, kind, scopes, address, lasts, idle })
}

/// A session that goes on under another secret.
pub(super) fn renewal() -> impl Strategy<Value = Renewal> {
    (secret(), token(Just(TokenKind::Session))).prop_map(|(former, session)| Renewal { former, session })
}

/// A session that another one takes the place of.
pub(super) fn former() -> impl Strategy<Value = Option<String>> {
    option::weighted(0.2, secret())
}

fn which() -> impl Strategy<Value = Which> {
    prop_oneof![
        token_number().prop_map(Which::One),
        token_number().prop_map(Which::Personal),
        option::of(token_number()).prop_map(Which::OtherLogins),
    ]
}

pub(super) fn revoke() -> impl Strategy<Value = Revoke> {
    prop_oneof![
        Just(Revoke::Everything),
        Just(Revoke::Sessions),
        token_number().prop_map(Revoke::EverythingBut),
        token_number().prop_map(Revoke::SessionsBut),
    ]
}

fn token_number() -> impl Strategy<Value = TokenId> {
    (0..12_u64).prop_map(TokenId::new)
}

fn key() -> impl Strategy<Value = Key> {
    let account = prop_oneof![4 => (1..4_u64).prop_map(AccountId::new), 1 => account()];
    let lasts = prop_oneof![1 => while_(), 3 => Just(Duration::from_hours(1))];
    let email = option::weighted(0.3, address());
    // Most of those that reset end with a login before anybody uses them.
    let purpose = prop_oneof![3 => Just(KeyPurpose::ResetPassword), 2 => select(&KeyPurpose::ALL[..])];
    (account, key_secret(), purpose, email, lasts, 0..4_u64)
        .prop_map(|(account, secret, purpose, email, lasts, mail)| Key { account, secret, purpose, email, lasts, mail })
}

/// The first of them are also those of registrations.
fn key_secret() -> impl Strategy<Value = String> {
    (0..4_u8).prop_map(|number| format!("k{number}"))
}

pub(super) fn tries() -> impl Strategy<Value = Vec<Forgive>> {
    let key = || select(&COUNTED[..]).prop_map(fixture::throttle);
    vec(prop_oneof![key().prop_map(Forgive::All), key().prop_map(Forgive::One)], 0..3)
}

fn note() -> impl Strategy<Value = AuditNote> {
    let actor =
        prop_oneof![Just(AuditActor::Anonymous), Just(AuditActor::Operator), account().prop_map(AuditActor::Account)];
    (event(), outcome(), actor, option::of(account()), option::of(number())).prop_map(
        |(event, outcome, actor, account, object)| AuditNote {
            outcome,
            actor,
            account,
            object,
            ..fixture::note(event)
        },
    )
}

fn filter() -> impl Strategy<Value = AuditFilter> {
    let moment = || option::weighted(0.3, (0..60_u64).prop_map(|minutes| fixture::after(minutes * 60)));
    let (event, outcome) = (option::weighted(0.3, event()), option::weighted(0.3, outcome()));
    (option::of(account()), event, outcome, moment(), moment())
        .prop_map(|(account, event, outcome, since, until)| AuditFilter { account, event, outcome, since, until })
}

/// Mostly one that commands of the model leave.
fn event() -> impl Strategy<Value = AuditEvent> {
    prop_oneof![Just(AuditEvent::Login), Just(AuditEvent::PasswordResetRequest), select(AuditEvent::ALL)]
}

fn outcome() -> impl Strategy<Value = AuditOutcome> {
    select(AuditOutcome::ALL)
}
