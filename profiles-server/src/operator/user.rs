//! Accounts.

use profiles_core::{
    Core, Error, NewAccount,
    model::{Account, AccountId, Email, Password, Username, UsernameKey},
};
use serde::{Deserialize, Serialize};

use super::{OperatorError, Subject, parsed};

/// Accounts of an answer. With the longest names and addresses there are, each letter escaped, they still fit a line.
const PAGE: usize = 200;

/// What can be done to an account. A name is found in any case.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Command {
    /// Make an account; its address counts as verified.
    Create(Box<Create>),
    /// Allow an account to log in, or forbid it.
    SetActive { name: String, active: bool },
    /// Make an account staff, or no longer.
    SetStaff { name: String, staff: bool },
    /// Replace a password, and end every login with the old one.
    SetPassword {
        name: String,
        #[serde(with = "parsed::password")]
        password: Password,
    },
    /// Erase an account with all that is its own.
    Erase { name: String },
}

/// An account to be made.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Create {
    #[serde(with = "parsed::username")]
    pub(crate) username: Username,
    #[serde(with = "parsed::email")]
    pub(crate) email: Email,
    #[serde(with = "parsed::password")]
    pub(crate) password: Password,
    pub(crate) is_staff: bool,
}

/// The accounts after this one, by id: a page of them, which is empty when there are no more.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct List {
    pub(crate) after: Option<AccountId>,
}

/// What came of a command.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// The account was made.
    Made(Row),
    /// It may log in now, or not: `is_active` says.
    Active(Row),
    /// It is staff now, or not: `is_staff` says.
    Staff(Row),
    /// It has a new password.
    PasswordReplaced(Row),
    /// It is gone; this is what it was.
    Erased(Row),
}

/// An account as an operator sees it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) id: AccountId,
    pub(crate) username: String,
    pub(crate) email: String,
    pub(crate) is_staff: bool,
    pub(crate) is_active: bool,
    pub(crate) joined_at: String,
}

impl From<Account> for Row {
    fn from(account: Account) -> Self {
        Self {
            id: account.id,
            username: account.username.as_str().to_owned(),
            email: account.email.map(|email| email.as_str().to_owned()).unwrap_or_default(),
            is_staff: account.is_staff,
            is_active: account.is_active,
            joined_at: account.joined_at.to_string(),
        }
    }
}

impl From<Command> for super::Command {
    fn from(command: Command) -> Self {
        Self::User(command)
    }
}

impl Subject for Command {
    type Answer = Answer;

    fn change(&self) -> Option<&'static str> {
        match self {
            Self::Create(_) => Some("user create"),
            Self::SetActive { active: true, .. } => Some("user activate"),
            Self::SetActive { active: false, .. } => Some("user deactivate"),
            Self::SetStaff { staff: true, .. } => Some("user promote"),
            Self::SetStaff { staff: false, .. } => Some("user demote"),
            Self::SetPassword { .. } => Some("user set-password"),
            Self::Erase { .. } => Some("user erase"),
        }
    }

    async fn perform(self, core: &Core) -> Result<Answer, OperatorError> {
        Ok(match self {
            Self::Create(new) => {
                let Create { username, email, password, is_staff } = *new;
                Answer::Made(core.create_account(NewAccount { username, email, password, is_staff }).await?.into())
            }
            Self::SetActive { name, active } => {
                Answer::Active(named(&name, core.set_active(&UsernameKey::of(&name), active).await)?)
            }
            Self::SetStaff { name, staff } => {
                Answer::Staff(named(&name, core.set_staff(&UsernameKey::of(&name), staff).await)?)
            }
            Self::SetPassword { name, password } => {
                let changed = core.replace_password(&UsernameKey::of(&name), password).await;
                Answer::PasswordReplaced(named(&name, changed)?)
            }
            Self::Erase { name } => Answer::Erased(named(&name, core.erase_account(&UsernameKey::of(&name)).await)?),
        })
    }
}

impl From<List> for super::Command {
    fn from(list: List) -> Self {
        Self::UserList(list)
    }
}

impl Subject for List {
    type Answer = Vec<Row>;

    fn change(&self) -> Option<&'static str> {
        None
    }

    async fn perform(self, core: &Core) -> Result<Vec<Row>, OperatorError> {
        Ok(core.accounts(self.after, PAGE).await?.into_iter().map(Row::from).collect())
    }
}

fn named(name: &str, answer: Result<Account, Error>) -> Result<Row, OperatorError> {
    match answer {
        Err(Error::Missing(_)) => Err(OperatorError::NoAccount(name.to_owned())),
        other => Ok(other?.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::lines::LONGEST_LINE;

    #[test]
    fn a_command_comes_back_as_it_went_and_shows_no_password() {
        let create = Command::Create(Box::new(Create {
            username: Username::parse("Ada").unwrap(),
            email: Email::parse("ada@example.org").unwrap(),
            password: Password::parse("tulip-tango-9").unwrap(),
            is_staff: true,
        }));
        let shown = format!("{:?}", crate::operator::Command::from(create));
        assert!(shown.contains("Ada") && !shown.contains("tulip"), "{shown}");

        let text = r#"{"set_password":{"name":"ada","password":"tulip-tango-9"}}"#;
        let command: Command = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&command).unwrap(), text);
        let shown = format!("{command:?}");
        assert!(!shown.contains("tulip"), "{shown}");
    }

    #[test]
    fn what_comes_in_is_parsed_as_what_is_typed() {
        let create = |name: &str, email: &str, password: &str| {
            let text = serde_json::json!({ "create":
                { "username": name, "email": email, "password": password, "is_staff": false } });
            serde_json::from_value::<Command>(text)
        };
        assert!(create("ada", "ada@example.org", "x").is_ok());
        for (name, email, password) in
            [("two/words", "ada@example.org", "x"), ("ada", "nowhere", "x"), ("ada", "ada@example.org", "")]
        {
            assert!(create(name, email, password).is_err(), "{name} {email} {password:?}");
        }
    }

    #[test]
    fn the_longest_page_fits_a_line() {
        let row = |number| Row {
            id: AccountId::new(u64::MAX - number),
            username: "\u{1d400}".repeat(Username::MAX_CHARS),
            // An address in quotes can hold what JSON writes with six letters.
            email: "\u{1}".repeat(Email::MAX_CHARS),
            is_staff: false,
            is_active: false,
            joined_at: "2026-11-22T23:33:30.001483Z".to_owned(),
        };
        let page: Vec<Row> = (0..PAGE as u64).map(row).collect();
        // The rest is for what stands round it.
        assert!(serde_json::to_string(&page).unwrap().len() < LONGEST_LINE - 1000);
    }
}
