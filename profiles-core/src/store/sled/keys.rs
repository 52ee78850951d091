//! Where each thing lies: one tree, divided into spaces by the first byte of the key.
//!
//! Numbers are big-endian, so that the order of keys is the order of ids and of moments. What a key is made of is
//! known here and nowhere else.

use std::ops::{Range, RangeInclusive};

use super::search::Gram;
use crate::{
    model::{
        AccountId, AuditId, AvatarId, ChangeId, Digest, Email, OutboxId, ProfileId, StatusId, ThrottleKey, Timestamp,
        TokenKind, UsernameKey,
    },
    store::query::Way,
};

/// The spaces. The numbers are on disk: one that is given up is never given to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Space {
    /// [`Meta`] -> a number.
    Meta = 0,
    /// Account -> its record.
    Account = 1,
    /// Canonical username -> account.
    Username = 2,
    /// Verified address -> account.
    VerifiedEmail = 3,
    /// Address, NUL, account -> nothing. Finds every account with an address, verified or not.
    Email = 4,
    /// Profile -> its record.
    Profile = 5,
    /// Account -> profile.
    ProfileOfAccount = 6,
    /// Status -> its record.
    Status = 7,
    /// Account, status -> nothing.
    StatusOfAccount = 8,
    /// Account -> how many statuses it has.
    StatusCount = 9,
    /// Digest -> token record.
    Token = 10,
    /// Account, digest -> nothing.
    TokenOfAccount = 11,
    /// Digest -> mail key record.
    MailKey = 12,
    /// Outbox id -> outbox record.
    Outbox = 13,
    /// Moment, [`Expiring`], digest -> nothing.
    Expiry = 14,
    /// Moment, outbox id -> whether it is the end of a lease. Every mail is here but dead letters.
    OutboxDue = 15,
    /// Account, outbox id -> nothing.
    OutboxOfAccount = 16,
    /// Account, digest -> nothing.
    MailKeyOfAccount = 17,
    /// Digest of what is counted -> throttle record.
    Throttle = 18,
    /// Account -> the places that it logged in from.
    Places = 19,
    /// Audit id -> audit record.
    Audit = 20,
    /// Account, audit id -> nothing. Finds the lines about an account, and those about what it did.
    AuditOfAccount = 21,
    /// Account that is being erased -> the moment at which that began.
    Erasing = 22,
    /// Level, block -> how many statuses there are in each part of it. See [`super::rank`].
    StatusRank = 23,
    /// The same for profiles.
    ProfileRank = 24,
    /// [`SearchPart`], what that says -> a piece of the search index. See [`super::search`].
    Search = 25,
    /// Digest of a picture, profile that shows it -> nothing.
    AvatarUse = 26,
    /// Change -> its record. The log has no gaps: what is forgotten is forgotten from its beginning.
    Change = 27,
    /// 0, digest -> request record; 1, account, moment, digest -> nothing. The second finds those of an account that end
    /// first.
    Request = 28,
}

impl Space {
    /// All of them, each at the place of its number.
    pub(super) const ALL: [Self; 29] = [
        Self::Meta,
        Self::Account,
        Self::Username,
        Self::VerifiedEmail,
        Self::Email,
        Self::Profile,
        Self::ProfileOfAccount,
        Self::Status,
        Self::StatusOfAccount,
        Self::StatusCount,
        Self::Token,
        Self::TokenOfAccount,
        Self::MailKey,
        Self::Outbox,
        Self::Expiry,
        Self::OutboxDue,
        Self::OutboxOfAccount,
        Self::MailKeyOfAccount,
        Self::Throttle,
        Self::Places,
        Self::Audit,
        Self::AuditOfAccount,
        Self::Erasing,
        Self::StatusRank,
        Self::ProfileRank,
        Self::Search,
        Self::AvatarUse,
        Self::Change,
        Self::Request,
    ];

    /// The space that a key lies in.
    pub(super) fn of(key: &[u8]) -> Option<Self> {
        let first = *key.first()?;
        Self::ALL.get(usize::from(first)).copied()
    }

    /// The whole space.
    pub(super) fn range(self) -> Range<Vec<u8>> {
        prefix(self.key(&[]))
    }

    fn key(self, parts: &[&[u8]]) -> Vec<u8> {
        let mut key = Vec::with_capacity(1 + parts.iter().map(|part| part.len()).sum::<usize>());
        key.push(self as u8);
        for part in parts {
            key.extend_from_slice(part);
        }
        key
    }

    fn numbered(self, number: u64) -> Vec<u8> {
        self.key(&[&number.to_be_bytes()])
    }
}

/// All spaces.
pub(super) fn everything() -> Range<Vec<u8>> {
    vec![0]..vec![u8::MAX]
}

/// Bytes that the block of pairs at this key may have, unless it has one pair alone. A block is written whole for each
/// change in it: so one of statuses, that come one behind the other and are then left alone, may be larger, and one of
/// postings, of which each registration changes some fourteen that are nowhere near each other, is smaller. Accounts come one
/// behind the other too, but a list reads one for each row, and their pages should not throw each other out of the cache.
///
/// A leaf of sled's tree that was filled from one end on has eight blocks, and counts in its cache as the next power of two.
/// So eight are a little less than that, with their keys.
pub(super) fn room(place: &[u8]) -> usize {
    match place {
        [space, ..] if *space == Space::Status as u8 => 4040,
        [space, part, ..] if *space == Space::Search as u8 && *part == SearchPart::Texts as u8 => 4040,
        [space, ..] if *space == Space::Search as u8 => 512,
        _ => 2024,
    }
}

/// What the store notes about itself, and its counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meta {
    /// The version of all that is laid down in this module and in [`super::record`].
    Format,
    /// How many groups of writes there have been. See [`super::marker`].
    Commits,
    /// The highest id given to an account; ids are never given twice.
    LastAccount,
    /// The same for profiles.
    LastProfile,
    /// The same for statuses.
    LastStatus,
    /// The same for mails.
    LastOutbox,
    /// The same for tokens.
    LastToken,
    /// The same for lines of the audit trail.
    LastAudit,
    /// The same for changes.
    LastChange,
    /// How many lines of the log of changes were forgotten: the number of the last of them.
    ForgottenChanges,
    /// When the last status was posted, as [`moment_number`]: no later one is from before then.
    LastStatusAt,
    /// How many profiles there are.
    Profiles,
    /// How many statuses there are.
    Statuses,
    /// That rows of another store are being taken, and not all of them are there yet. See [`super::transfer`].
    Importing,
}

impl Meta {
    /// All of them.
    pub(super) const ALL: [Self; 14] = [
        Self::Format,
        Self::Commits,
        Self::LastAccount,
        Self::LastProfile,
        Self::LastStatus,
        Self::LastOutbox,
        Self::LastToken,
        Self::LastAudit,
        Self::LastChange,
        Self::ForgottenChanges,
        Self::LastStatusAt,
        Self::Profiles,
        Self::Statuses,
        Self::Importing,
    ];

    /// Its key.
    pub(super) fn key(self) -> Vec<u8> {
        Space::Meta.key(&[self.name().as_bytes()])
    }

    /// Its name on disk.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Commits => "commits",
            Self::LastAccount => "last-account",
            Self::LastProfile => "last-profile",
            Self::LastStatus => "last-status",
            Self::LastOutbox => "last-outbox",
            Self::LastToken => "last-token",
            Self::LastAudit => "last-audit",
            Self::LastChange => "last-change",
            Self::ForgottenChanges => "forgotten-changes",
            Self::LastStatusAt => "last-status-at",
            Self::Profiles => "profiles",
            Self::Statuses => "statuses",
            Self::Importing => "importing",
        }
    }
}

/// What the expiry index points at. The numbers are on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Expiring {
    /// A token of [`TokenKind::Api`].
    ApiToken = 0,
    /// A token of [`TokenKind::Session`].
    Session = 1,
    /// A mail key.
    MailKey = 2,
    /// A count of tries.
    Throttle = 3,
    /// A token of [`TokenKind::Personal`].
    PersonalToken = 4,
    /// A request that is done once.
    Request = 28,
}

impl Expiring {
    /// All of them.
    pub(super) const ALL: [Self; 6] =
        [Self::ApiToken, Self::Session, Self::MailKey, Self::Throttle, Self::PersonalToken, Self::Request];
}

impl From<TokenKind> for Expiring {
    fn from(kind: TokenKind) -> Self {
        match kind {
            TokenKind::Api => Self::ApiToken,
            TokenKind::Session => Self::Session,
            TokenKind::Personal => Self::PersonalToken,
        }
    }
}

/// What lies in [`Space::Search`]. The numbers are on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum SearchPart {
    /// Profile -> the texts of those from this one up to the next that texts lie at.
    Texts = 0,
    /// Gram, chunk of profiles -> those that contain it.
    Postings = 1,
}

/// A prefix's whole range of keys.
fn prefix(from: Vec<u8>) -> Range<Vec<u8>> {
    let mut to = from.clone();
    // Every prefix begins with a space, and no space is 255, so there always is a next one.
    while let Some(last) = to.pop() {
        if let Some(next) = last.checked_add(1) {
            to.push(next);
            break;
        }
    }
    from..to
}

/// The part of a range behind this key.
fn behind(key: Vec<u8>, range: Range<Vec<u8>>) -> Range<Vec<u8>> {
    behind_key(key)..range.end
}

/// The first key behind this one.
fn behind_key(mut key: Vec<u8>) -> Vec<u8> {
    key.push(0);
    key
}

pub(super) fn account(id: AccountId) -> Vec<u8> {
    Space::Account.numbered(id.get())
}

pub(super) fn accounts_after(after: Option<AccountId>) -> Range<Vec<u8>> {
    let all = Space::Account.range();
    after.map_or(all.clone(), |id| behind(account(id), all))
}

pub(super) fn username(key: &UsernameKey) -> Vec<u8> {
    Space::Username.key(&[key.as_str().as_bytes()])
}

/// All names, or those on one side of this one.
pub(super) fn usernames(beyond: Option<(&UsernameKey, Way)>) -> Range<Vec<u8>> {
    let all = Space::Username.range();
    match beyond {
        None => all,
        Some((key, Way::Up)) => behind(username(key), all),
        Some((key, Way::Down)) => all.start..username(key),
    }
}

pub(super) fn verified_email(email: &Email) -> Vec<u8> {
    Space::VerifiedEmail.key(&[email.as_str().as_bytes()])
}

/// An address holds no NUL ([`Email::parse`]), so one is never the beginning of another.
pub(super) fn email(email: &Email, account: AccountId) -> Vec<u8> {
    Space::Email.key(&[email.as_str().as_bytes(), &[0], &account.get().to_be_bytes()])
}

/// Every account with this address.
pub(super) fn accounts_with_email(email: &Email) -> Range<Vec<u8>> {
    prefix(Space::Email.key(&[email.as_str().as_bytes(), &[0]]))
}

pub(super) fn profile(id: ProfileId) -> Vec<u8> {
    Space::Profile.numbered(id.get())
}

/// Profiles with these ids.
pub(super) fn profiles(ids: Range<u64>) -> Range<Vec<u8>> {
    Space::Profile.numbered(ids.start)..Space::Profile.numbered(ids.end)
}

pub(super) fn profile_of(account: AccountId) -> Vec<u8> {
    Space::ProfileOfAccount.numbered(account.get())
}

pub(super) fn status(id: StatusId) -> Vec<u8> {
    Space::Status.numbered(id.get())
}

/// Statuses with these ids.
pub(super) fn statuses(ids: Range<u64>) -> Range<Vec<u8>> {
    Space::Status.numbered(ids.start)..Space::Status.numbered(ids.end)
}

pub(super) fn status_of(account: AccountId, id: StatusId) -> Vec<u8> {
    Space::StatusOfAccount.key(&[&account.get().to_be_bytes(), &id.get().to_be_bytes()])
}

/// The entries of an account's statuses with these ids.
pub(super) fn statuses_of(account: AccountId, ids: Range<u64>) -> Range<Vec<u8>> {
    status_of(account, StatusId::new(ids.start))..status_of(account, StatusId::new(ids.end))
}

pub(super) fn status_count(account: AccountId) -> Vec<u8> {
    Space::StatusCount.numbered(account.get())
}

pub(super) fn token(digest: &Digest) -> Vec<u8> {
    Space::Token.key(&[digest.as_bytes()])
}

pub(super) fn token_of(account: AccountId, digest: &Digest) -> Vec<u8> {
    Space::TokenOfAccount.key(&[&account.get().to_be_bytes(), digest.as_bytes()])
}

pub(super) fn tokens_of(account: AccountId) -> Range<Vec<u8>> {
    prefix(Space::TokenOfAccount.numbered(account.get()))
}

pub(super) fn mail_key(digest: &Digest) -> Vec<u8> {
    Space::MailKey.key(&[digest.as_bytes()])
}

pub(super) fn mail_key_of(account: AccountId, digest: &Digest) -> Vec<u8> {
    Space::MailKeyOfAccount.key(&[&account.get().to_be_bytes(), digest.as_bytes()])
}

pub(super) fn mail_keys_of(account: AccountId) -> Range<Vec<u8>> {
    prefix(Space::MailKeyOfAccount.numbered(account.get()))
}

pub(super) fn throttle(key: &ThrottleKey) -> Vec<u8> {
    Space::Throttle.key(&[key.digest().as_bytes()])
}

pub(super) fn places(account: AccountId) -> Vec<u8> {
    Space::Places.numbered(account.get())
}

pub(super) fn audit(id: AuditId) -> Vec<u8> {
    Space::Audit.numbered(id.get())
}

pub(super) fn audit_after(after: Option<AuditId>) -> Range<Vec<u8>> {
    let all = Space::Audit.range();
    after.map_or(all.clone(), |id| behind(audit(id), all))
}

pub(super) fn audit_of(account: AccountId, id: AuditId) -> Vec<u8> {
    Space::AuditOfAccount.key(&[&account.get().to_be_bytes(), &id.get().to_be_bytes()])
}

pub(super) fn audit_of_after(account: AccountId, after: Option<AuditId>) -> Range<Vec<u8>> {
    let all = prefix(Space::AuditOfAccount.numbered(account.get()));
    after.map_or(all.clone(), |id| behind(audit_of(account, id), all))
}

pub(super) fn avatar_use(avatar: AvatarId, profile: ProfileId) -> Vec<u8> {
    Space::AvatarUse.key(&[&avatar.digest, &profile.get().to_be_bytes()])
}

/// Every profile that shows this picture.
pub(super) fn uses_of(avatar: AvatarId) -> Range<Vec<u8>> {
    prefix(Space::AvatarUse.key(&[&avatar.digest]))
}

pub(super) fn request(key: &Digest) -> Vec<u8> {
    Space::Request.key(&[&[0], key.as_bytes()])
}

pub(super) fn request_of(account: AccountId, expires_at: Timestamp, key: &Digest) -> Vec<u8> {
    Space::Request.key(&[&[1], &account.get().to_be_bytes(), &moment(expires_at), key.as_bytes()])
}

pub(super) fn requests_of(account: AccountId) -> Range<Vec<u8>> {
    prefix(Space::Request.key(&[&[1], &account.get().to_be_bytes()]))
}

pub(super) fn change(number: ChangeId) -> Vec<u8> {
    Space::Change.numbered(number.get())
}

pub(super) fn changes_after(after: ChangeId) -> Range<Vec<u8>> {
    behind(change(after), Space::Change.range())
}

pub(super) fn erasing(account: AccountId) -> Vec<u8> {
    Space::Erasing.numbered(account.get())
}

pub(super) fn rank(space: Space, level: u8, block: u64) -> Vec<u8> {
    space.key(&[&[level], &block.to_be_bytes()])
}

/// The nodes of a level for these blocks.
pub(super) fn ranks(space: Space, level: u8, blocks: Range<u64>) -> Range<Vec<u8>> {
    rank(space, level, blocks.start)..rank(space, level, blocks.end)
}

pub(super) fn search_texts(at: ProfileId) -> Vec<u8> {
    Space::Search.key(&[&[SearchPart::Texts as u8], &at.get().to_be_bytes()])
}

/// The profile that texts lie at, if this is such a key.
pub(super) fn profile_of_texts(key: &[u8]) -> Option<ProfileId> {
    let ([space, part], rest) = key.split_first_chunk()?;
    let fits = *space == Space::Search as u8 && *part == SearchPart::Texts as u8;
    rest.try_into().ok().filter(|_| fits).map(u64::from_be_bytes).map(ProfileId::new)
}

/// All texts.
pub(super) fn all_search_texts() -> Range<Vec<u8>> {
    prefix(Space::Search.key(&[&[SearchPart::Texts as u8]]))
}

/// The texts that lie at these profiles.
pub(super) fn search_texts_in(ids: RangeInclusive<ProfileId>) -> Range<Vec<u8>> {
    search_texts(*ids.start())..behind_key(search_texts(*ids.end()))
}

/// Three code points in UTF-8 are never the beginning of three others, so nothing stands behind them.
pub(super) fn postings(gram: Gram, chunk: u64) -> Vec<u8> {
    Space::Search.key(&[&[SearchPart::Postings as u8], gram.to_string().as_bytes(), &chunk.to_be_bytes()])
}

/// The postings of a gram in these chunks.
pub(super) fn postings_in(gram: Gram, chunks: RangeInclusive<u64>) -> Range<Vec<u8>> {
    postings(gram, *chunks.start())..behind_key(postings(gram, *chunks.end()))
}

/// The whole search index behind this key.
pub(super) fn search_behind(key: Option<Vec<u8>>) -> Range<Vec<u8>> {
    let all = Space::Search.range();
    key.map_or(all.clone(), |key| behind(key, all))
}

pub(super) fn outbox(id: OutboxId) -> Vec<u8> {
    Space::Outbox.numbered(id.get())
}

pub(super) fn expiry(at: Timestamp, what: Expiring, digest: &Digest) -> Vec<u8> {
    Space::Expiry.key(&[&moment(at), &[what as u8], digest.as_bytes()])
}

/// All that expires at `now` or did before.
pub(super) fn expired(now: Timestamp) -> Range<Vec<u8>> {
    until(Space::Expiry, now)
}

/// All of a space of moments that lies at `now` or before.
fn until(space: Space, now: Timestamp) -> Range<Vec<u8>> {
    let Range { start, end } = space.range();
    match now.as_micros().checked_add(1) {
        Some(next) => start..space.key(&[&moment(Timestamp::from_micros(next))]),
        None => start..end,
    }
}

pub(super) fn outbox_after(after: Option<OutboxId>) -> Range<Vec<u8>> {
    let all = Space::Outbox.range();
    after.map_or(all.clone(), |id| behind(outbox(id), all))
}

pub(super) fn outbox_due(at: Timestamp, id: OutboxId) -> Vec<u8> {
    Space::OutboxDue.key(&[&moment(at), &id.get().to_be_bytes()])
}

/// All mails that are due at `now`, or whose lease has ended by then.
pub(super) fn due(now: Timestamp) -> Range<Vec<u8>> {
    until(Space::OutboxDue, now)
}

pub(super) fn outbox_of(account: AccountId, id: OutboxId) -> Vec<u8> {
    Space::OutboxOfAccount.key(&[&account.get().to_be_bytes(), &id.get().to_be_bytes()])
}

pub(super) fn mails_of(account: AccountId) -> Range<Vec<u8>> {
    prefix(Space::OutboxOfAccount.numbered(account.get()))
}

/// With the sign turned over, so that moments before 1970 sort before those after.
fn moment(at: Timestamp) -> [u8; 8] {
    moment_number(at).to_be_bytes()
}

/// A moment as a number that grows with it, from 0.
pub(super) fn moment_number(at: Timestamp) -> u64 {
    (at.as_micros() ^ i64::MIN).cast_unsigned()
}

/// The moment with this number.
pub(super) fn moment_of(number: u64) -> Timestamp {
    Timestamp::from_micros(number.cast_signed() ^ i64::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_sort_as_they_follow_each_other() {
        let digest = Digest::from_bytes([7; 32]);
        let moments = [i64::MIN, -1, 0, 1, 1_700_000_000_000_000, i64::MAX].map(Timestamp::from_micros);
        let keys = moments.map(|at| expiry(at, Expiring::Session, &digest));
        assert!(keys.is_sorted());
        for (at, key) in moments.into_iter().zip(&keys) {
            assert!(expired(at).contains(key), "expires at that very moment");
            assert!(at.as_micros() == i64::MIN || !expired(Timestamp::from_micros(at.as_micros() - 1)).contains(key));
        }
    }

    #[test]
    fn ranges_hold_their_own_and_nothing_else() {
        let (one, two) = (AccountId::new(u64::MAX - 1), AccountId::new(u64::MAX));
        let (first, last) = (StatusId::new(1), StatusId::new(u64::MAX));
        assert!(statuses_of(one, 0..u64::MAX).contains(&status_of(one, first)));
        assert!(!statuses_of(one, 0..u64::MAX).contains(&status_of(two, first)));
        assert!(!statuses_of(one, 0..u64::MAX).contains(&status_of(one, last)), "no row has that number");
        assert!(!statuses_of(two, 2..9).contains(&status_of(two, first)));
        assert!(statuses_of(two, 2..9).contains(&status_of(two, StatusId::new(2))));
        let (ada, adam) = (UsernameKey::of("ada"), UsernameKey::of("adam"));
        assert!(usernames(Some((&ada, Way::Up))).contains(&username(&adam)));
        assert!(!usernames(Some((&ada, Way::Up))).contains(&username(&ada)));
        assert!(usernames(Some((&adam, Way::Down))).contains(&username(&ada)));
        assert!(!usernames(Some((&adam, Way::Down))).contains(&username(&adam)));
        assert!(!ranks(Space::StatusRank, 1, 0..u64::MAX).contains(&rank(Space::StatusRank, 2, 0)));
        assert!(!Space::StatusOfAccount.range().contains(&status_count(AccountId::new(0))));
        let (short, long) = (Email::parse("a@example.org").unwrap(), Email::parse("a@example.organic").unwrap());
        assert!(accounts_with_email(&short).contains(&email(&short, two)));
        assert!(!accounts_with_email(&short).contains(&email(&long, one)));
        assert!(audit_of_after(two, Some(AuditId::new(1))).contains(&audit_of(two, AuditId::new(2))));
        assert!(!audit_of_after(two, Some(AuditId::new(1))).contains(&audit_of(two, AuditId::new(1))));
    }

    #[test]
    fn the_postings_of_one_gram_hold_no_others() {
        let gram = |text: &str| Gram::all(text).next().unwrap();
        for text in ["ada", "жан", "a\0b", "\0\0\0", "𐐨𐐨𐐨"] {
            let range = postings_in(gram(text), 5..=9);
            assert!(range.contains(&postings(gram(text), 5)) && range.contains(&postings(gram(text), 9)));
            assert!(!range.contains(&postings(gram(text), 4)) && !range.contains(&postings(gram(text), 10)));
            for other in ["adb", "adж", "ad\0", "\0\0\u{1}", "жао", "𐐨𐐨𐐩"] {
                assert!(!range.contains(&postings(gram(other), 7)), "{text:?} {other:?}");
            }
        }
        assert!(!search_texts_in(ProfileId::new(0)..=ProfileId::new(u64::MAX)).contains(&postings(gram("\0\0\0"), 0)));
    }

    #[test]
    fn every_space_is_known_by_its_number_and_others_are_not() {
        for space in Space::ALL {
            assert_eq!(Space::of(&space.key(&[])), Some(space));
        }
        assert_eq!(Space::ALL.len(), (0..=u8::MAX).filter(|number| Space::of(&[*number]).is_some()).count());
    }
}
