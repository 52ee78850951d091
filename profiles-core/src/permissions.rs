//! Who may do what to what: the one place that decides.

use crate::model::{AccountId, Principal};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody we know.
    Anonymous,
    /// A logged-in account.
    Account {
        /// Which.
        id: AccountId,
        /// May moderate.
        is_staff: bool,
    },
}

impl Actor {
    /// The account, if it is one.
    pub fn account(self) -> Option<AccountId> {
        match self {
            Self::Anonymous => None,
            Self::Account { id, .. } => Some(id),
        }
    }
}

impl From<&Principal> for Actor {
    fn from(principal: &Principal) -> Self {
        Self::Account { id: principal.account, is_staff: principal.is_staff }
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
}

/// Decides whether `actor` may do `action` to `object`.
///
/// | object | read | create | update | delete |
/// |---|---|---|---|---|
/// | list | everyone, or accounts ([`Reads`]) | – | – | – |
/// | profile | as the list | – | owner, staff | – |
/// | status | as the list | owner | owner, staff | owner, staff |
/// | account | owner | – | owner | – |
///
/// ```
/// use profiles_core::{model::AccountId, permissions::*};
///
/// let (ada, bob) = (AccountId::new(1), AccountId::new(2));
/// let actor = Actor::Account { id: bob, is_staff: false };
/// assert_eq!(decide(Reads::Open, actor, Action::Update, Object::Status { owner: ada }), Err(Denied::Forbidden));
/// assert_eq!(decide(Reads::Open, Actor::Anonymous, Action::Read, Object::Status { owner: ada }), Ok(()));
/// ```
///
/// # Errors
/// [`Denied::Unauthenticated`] for every refusal of somebody anonymous, else [`Denied::Forbidden`].
pub fn decide(reads: Reads, actor: Actor, action: Action, object: Object) -> Result<(), Denied> {
    let Actor::Account { id, is_staff } = actor else {
        let open = reads == Reads::Open && action == Action::Read && !matches!(object, Object::Account { .. });
        return if open { Ok(()) } else { Err(Denied::Unauthenticated) };
    };
    let allowed = match (action, object) {
        (Action::Read, Object::List | Object::Profile { .. } | Object::Status { .. }) => true,
        (Action::Read | Action::Update, Object::Account { owner }) | (Action::Create, Object::Status { owner }) => {
            owner == id
        }
        (Action::Update, Object::Profile { owner } | Object::Status { owner })
        | (Action::Delete, Object::Status { owner }) => is_staff || owner == id,
        (Action::Create | Action::Delete, _) | (Action::Update, Object::List) => false,
    };
    if allowed { Ok(()) } else { Err(Denied::Forbidden) }
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
            ("owner", Actor::Account { id: ADA, is_staff: false }),
            ("other", Actor::Account { id: BOB, is_staff: false }),
            ("staff", Actor::Account { id: BOB, is_staff: true }),
        ];
        let list = Object::List;
        let profile = Object::Profile { owner: ADA };
        let status = Object::Status { owner: ADA };
        let account = Object::Account { owner: ADA };
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
}
