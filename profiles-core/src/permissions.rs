//! Who may do what to what: the one place that decides.

use crate::model::{Account, AccountId, Principal, Scope, Scopes, TokenId, TokenKind};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody we know.
    Anonymous,
    /// An account.
    Account {
        /// Which.
        id: AccountId,
        /// May moderate.
        is_staff: bool,
        /// By what it is known, which says how much of its rights it may use.
        proof: Proof,
    },
}

/// By what an account is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// By the word of the program that this is embedded in.
    Program,
    /// By a token or a session of a login.
    Login(TokenId),
    /// By a personal token, with its scopes.
    Personal(TokenId, Scopes),
}

impl Actor {
    /// The account, if it is one.
    pub fn account(self) -> Option<AccountId> {
        match self {
            Self::Anonymous => None,
            Self::Account { id, .. } => Some(id),
        }
    }

    /// The token or session that it is known by, if it is one.
    pub fn token(self) -> Option<TokenId> {
        match self {
            Self::Account { proof: Proof::Login(token) | Proof::Personal(token, _), .. } => Some(token),
            Self::Anonymous | Self::Account { proof: Proof::Program, .. } => None,
        }
    }
}

impl From<&Principal> for Actor {
    fn from(principal: &Principal) -> Self {
        let proof = match principal.kind {
            TokenKind::Api | TokenKind::Session => Proof::Login(principal.token),
            TokenKind::Personal => Proof::Personal(principal.token, principal.scopes),
        };
        Self::Account { id: principal.account, is_staff: principal.is_staff, proof }
    }
}

/// By the word of the program: with all rights of the account.
impl From<&Account> for Actor {
    fn from(account: &Account) -> Self {
        Self::Account { id: account.id, is_staff: account.is_staff, proof: Proof::Program }
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Look at it.
    Read,
    /// Make one.
    Create,
    /// Change it.
    Update,
    /// Remove it.
    Delete,
}

/// What it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    /// The list of profiles, or of statuses.
    List,
    /// A profile. None is made or removed but with its account.
    Profile {
        /// Whose.
        owner: AccountId,
    },
    /// A status.
    Status {
        /// Whose.
        owner: AccountId,
    },
    /// An account's own details.
    Account {
        /// Whose.
        owner: AccountId,
    },
    /// What an account is taken over by: its password, address, logins and tokens, its export, and the account itself.
    Keys {
        /// Whose.
        owner: AccountId,
    },
}

/// Who may read profiles and statuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reads {
    /// Everyone.
    #[default]
    Open,
    /// Logged-in accounts only.
    Authenticated,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Nobody we know asks: logging in may help.
    #[error("Authentication credentials were not provided.")]
    Unauthenticated,
    /// We know who asks, and they may not.
    #[error("You do not have permission to perform this action.")]
    Forbidden,
    /// Their account may, but not by this personal token.
    #[error("This token does not have the scope {0}.")]
    OutOfScope(Scope),
    /// Their account may, but only by a login.
    #[error("This can't be done with a personal token. Log in instead.")]
    LoginRequired,
}

/// Decides whether `actor` may do `action` to `object`.
///
/// | object | read | create | update | delete |
/// |---|---|---|---|---|
/// | list | everyone, or accounts ([`Reads`]) | – | – | – |
/// | profile | as the list | – | owner, staff | – |
/// | status | as the list | owner | owner, staff | owner, staff |
/// | account | owner | – | owner | – |
/// | keys | owner | owner | owner | owner |
///
/// A personal token needs the scope for it besides: `profile:write` and `status:write` to write those, `account:read` to
/// read the account, and nothing for what else is read. It never writes the account, and never touches its keys.
///
/// ```
/// use profiles_core::{model::{AccountId, Scopes, TokenId}, permissions::*};
///
/// let (ada, bob) = (AccountId::new(1), AccountId::new(2));
/// let actor = Actor::Account { id: bob, is_staff: false, proof: Proof::Login(TokenId::new(1)) };
/// assert_eq!(decide(Reads::Open, actor, Action::Update, Object::Status { owner: ada }), Err(Denied::Forbidden));
/// assert_eq!(decide(Reads::Open, Actor::Anonymous, Action::Read, Object::Status { owner: ada }), Ok(()));
/// ```
///
/// # Errors
/// [`Denied::Unauthenticated`] for every refusal of somebody anonymous; [`Denied::Forbidden`] if the account may not;
/// [`Denied::OutOfScope`] or [`Denied::LoginRequired`] if only the token may not.
pub fn decide(reads: Reads, actor: Actor, action: Action, object: Object) -> Result<(), Denied> {
    let Actor::Account { id, is_staff, proof } = actor else {
        let private = matches!(object, Object::Account { .. } | Object::Keys { .. });
        let open = reads == Reads::Open && action == Action::Read && !private;
        return if open { Ok(()) } else { Err(Denied::Unauthenticated) };
    };
    let allowed = match (action, object) {
        (Action::Read, Object::List | Object::Profile { .. } | Object::Status { .. }) => true,
        (_, Object::Keys { owner })
        | (Action::Read | Action::Update, Object::Account { owner })
        | (Action::Create, Object::Status { owner }) => owner == id,
        (Action::Update, Object::Profile { owner } | Object::Status { owner })
        | (Action::Delete, Object::Status { owner }) => is_staff || owner == id,
        (Action::Create | Action::Delete, _) | (Action::Update, Object::List) => false,
    };
    match proof {
        _ if !allowed => Err(Denied::Forbidden),
        Proof::Program | Proof::Login(_) => Ok(()),
        Proof::Personal(_, scopes) => match scope_for(action, object) {
            Some(scope) if scopes.allows(scope) => Ok(()),
            Some(scope) => Err(Denied::OutOfScope(scope)),
            None => Err(Denied::LoginRequired),
        },
    }
}

/// What a personal token needs for this; `None` for what none may.
fn scope_for(action: Action, object: Object) -> Option<Scope> {
    match (action, object) {
        (Action::Read, Object::List | Object::Profile { .. } | Object::Status { .. }) => Some(Scope::Read),
        (Action::Read, Object::Account { .. }) => Some(Scope::AccountRead),
        (_, Object::Profile { .. }) => Some(Scope::ProfileWrite),
        (_, Object::Status { .. }) => Some(Scope::StatusWrite),
        (_, Object::Account { .. } | Object::Keys { .. } | Object::List) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: AccountId = AccountId::new(1);
    const BOB: AccountId = AccountId::new(2);

    /// Every actor, action, object and reading policy, against a table written out by hand: the objects are Ada's.
    #[test]
    fn the_table_is_what_it_says() {
        use Action::{Create, Delete, Read, Update};
        let actors = [
            ("anonymous", Actor::Anonymous),
            ("owner", Actor::Account { id: ADA, is_staff: false, proof: Proof::Program }),
            ("other", Actor::Account { id: BOB, is_staff: false, proof: Proof::Login(TokenId::new(1)) }),
            ("staff", Actor::Account { id: BOB, is_staff: true, proof: Proof::Login(TokenId::new(2)) }),
        ];
        let list = Object::List;
        let profile = Object::Profile { owner: ADA };
        let status = Object::Status { owner: ADA };
        let account = Object::Account { owner: ADA };
        let keys = Object::Keys { owner: ADA };
        // Who may, of: anonymous (open reads), anonymous (authenticated reads), owner, other, staff.
        let table = [
            (Read, list, "yes no yes yes yes"),
            (Create, list, "no no no no no"),
            (Update, list, "no no no no no"),
            (Delete, list, "no no no no no"),
            (Read, profile, "yes no yes yes yes"),
            (Create, profile, "no no no no no"),
            (Update, profile, "no no yes no yes"),
            (Delete, profile, "no no no no no"),
            (Read, status, "yes no yes yes yes"),
            (Create, status, "no no yes no no"),
            (Update, status, "no no yes no yes"),
            (Delete, status, "no no yes no yes"),
            (Read, account, "no no yes no no"),
            (Create, account, "no no no no no"),
            (Update, account, "no no yes no no"),
            (Delete, account, "no no no no no"),
            (Read, keys, "no no yes no no"),
            (Create, keys, "no no yes no no"),
            (Update, keys, "no no yes no no"),
            (Delete, keys, "no no yes no no"),
        ];
        for (action, object, row) in table {
            let expected: Vec<bool> = row.split(' ').map(|word| word == "yes").collect();
            for reads in [Reads::Open, Reads::Authenticated] {
                for (at, (name, actor)) in actors.into_iter().enumerate() {
                    let column = if at == 0 { usize::from(reads == Reads::Authenticated) } else { at + 1 };
                    let answer = decide(reads, actor, action, object);
                    assert_eq!(answer.is_ok(), expected[column], "{reads:?} {name} {action:?} {object:?}");
                    if let Err(denied) = answer {
                        let anonymous = actor == Actor::Anonymous;
                        assert_eq!(denied == Denied::Unauthenticated, anonymous, "{name} {action:?} {object:?}");
                    }
                }
            }
        }
    }

    /// A personal token never may more than its account, and of that only what its scopes say.
    #[test]
    fn a_personal_token_is_bound_by_its_scopes() {
        use Action::{Create, Delete, Read, Update};
        let (profile, status) = (Object::Profile { owner: ADA }, Object::Status { owner: ADA });
        let (account, keys) = (Object::Account { owner: ADA }, Object::Keys { owner: ADA });
        let by = |scopes: &[Scope]| Actor::Account {
            id: ADA,
            is_staff: false,
            proof: Proof::Personal(TokenId::new(1), scopes.iter().copied().collect()),
        };
        let table = [
            (Read, Object::List, Ok(Scope::Read)),
            (Read, status, Ok(Scope::Read)),
            (Read, account, Ok(Scope::AccountRead)),
            (Update, profile, Ok(Scope::ProfileWrite)),
            (Create, status, Ok(Scope::StatusWrite)),
            (Update, status, Ok(Scope::StatusWrite)),
            (Delete, status, Ok(Scope::StatusWrite)),
            (Update, account, Err(Denied::LoginRequired)),
            (Read, keys, Err(Denied::LoginRequired)),
            (Delete, keys, Err(Denied::LoginRequired)),
        ];
        for (action, object, needs) in table {
            for scope in Scope::ALL {
                let answer = decide(Reads::Open, by(&[scope]), action, object);
                let expected = needs.and_then(|needed| match needed {
                    Scope::Read => Ok(()),
                    needed if needed == scope => Ok(()),
                    needed => Err(Denied::OutOfScope(needed)),
                });
                assert_eq!(answer, expected, "{action:?} {object:?} with {scope}");
            }
            assert_eq!(decide(Reads::Open, by(&Scope::ALL), action, object), needs.map(|_| ()));
        }
        let others = Object::Status { owner: BOB };
        assert_eq!(decide(Reads::Open, by(&Scope::ALL), Update, others), Err(Denied::Forbidden));
    }
}
