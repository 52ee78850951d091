//! Registration: an account, its profile, its first login and a confirmation mail, in one step.

use super::Login;
use crate::{
    Core, FieldError, FieldErrors, Result, Verification,
    fields::{Field, name},
    mail::{KeySeed, Mail},
    model::{Email, Password, Username},
    password::PasswordContext,
    store::{NewMailKey, Register, Registered},
};

/// What somebody who registers has filled in. A field that did not parse says why, and is told with the others.
///
/// ```
/// use profiles_core::{Registration, FieldError};
///
/// let form = Registration::parse("ada", "ada@example.org", "tulip-tango-9", "tulip-tango-9");
/// assert!(form.username.is_ok());
/// let form = Registration::parse("two words", "", "", "");
/// assert_eq!(form.username.unwrap_err(), [FieldError::InvalidUsername]);
/// ```
#[derive(Clone, Debug)]
pub struct Registration {
    /// The wanted name.
    pub username: Field<Username>,
    /// Their address; `None` if the form had no such field.
    pub email: Field<Option<Email>>,
    /// The wanted password.
    pub password1: Field<Password>,
    /// The same, typed again.
    pub password2: Field<Password>,
}

impl Registration {
    /// From texts, as a form or a command line gives them; nothing is trimmed.
    pub fn parse(username: &str, email: &str, password1: &str, password2: &str) -> Self {
        Self {
            username: Username::parse(username),
            email: Email::parse(email).map(Some),
            password1: Password::parse(password1),
            password2: Password::parse(password2),
        }
    }
}

/// The outcome of a registration.
#[derive(Debug)]
pub struct RegistrationOutcome {
    /// The new account and its profile.
    pub registered: Registered,
    /// Its first login; `None` where the address must be confirmed first.
    pub login: Option<Login>,
}

struct Accepted {
    username: Username,
    email: Option<Email>,
    password: Password,
}

impl Core {
    /// Registers an account: profile, first token and session, and confirmation mail come with it, or nothing does.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) with every field's errors: name or verified address taken, a password
    /// that breaks the policy. Under `non_field_errors`: the two passwords differ, or resemble the name or the address.
    pub async fn register(&self, form: Registration) -> Result<RegistrationOutcome> {
        let Accepted { username, email, password } = self.accept(form).await?;
        let at = self.clock.now();
        let login = match self.settings.verification {
            Verification::Mandatory => None,
            Verification::Optional | Verification::None => Some(self.new_login()?),
        };
        let to_confirm = email.clone().filter(|_| self.settings.verification != Verification::None);
        let seeded =
            to_confirm.map(|to| KeySeed::generate(self.entropy.as_ref()).map(|seed| (to, seed))).transpose()?;
        let mail_key = seeded.as_ref().map(|(to, seed)| NewMailKey {
            digest: self.mail_secret.key(seed).digest(),
            email: to.clone(),
            expires_at: at.plus(self.settings.confirmation_age),
        });
        let confirm = |(to, seed)| Mail::ConfirmEmail { username: username.clone(), to, seed };
        let registered = self
            .store
            .register(Register {
                outbox: seeded.map(confirm).into_iter().collect(),
                username: username.clone(),
                email,
                email_verified: false,
                password: self.hasher.hash(password.into_secret()).await?,
                is_staff: false,
                tokens: login.as_ref().map(|login| login.to_keep(at, &self.settings)).unwrap_or_default(),
                mail_key,
                at,
            })
            .await?;
        Ok(RegistrationOutcome { registered, login })
    }

    /// Every check that needs no hashing, in the order in which the original tells of them.
    async fn accept(&self, form: Registration) -> Result<Accepted> {
        let mut errors = FieldErrors::new();
        let username = errors.check(name::USERNAME, form.username);
        if let Some(username) = &username
            && self.store.account_by_username(&username.key()).await?.is_some()
        {
            errors.add(name::USERNAME, FieldError::UsernameTaken);
        }
        let email = errors.check(name::EMAIL, form.email);
        match &email {
            Some(Some(email)) if self.store.account_by_verified_email(email).await?.is_some() => {
                errors.add(name::EMAIL, FieldError::EmailTaken);
            }
            Some(None) if self.settings.email_required => errors.add(name::EMAIL, FieldError::Required),
            _ => {}
        }
        let password1 = errors.check(name::PASSWORD1, form.password1);
        if let Some(password) = &password1 {
            let violations = self.policy.judge(password, None).await?;
            errors.extend(name::PASSWORD1, violations.into_iter().map(FieldError::Password).collect());
        }
        let password2 = errors.check(name::PASSWORD2, form.password2);
        errors.into_result()?;
        let (Some(username), Some(email), Some(password), Some(again)) = (username, email, password1, password2) else {
            // Each of them is there or has left an error behind.
            return Err(FieldErrors::of(name::NON_FIELD_ERRORS, FieldError::Required).into());
        };
        self.accept_pair(&username, email.as_ref(), &password, &again).await?;
        Ok(Accepted { username, email, password })
    }

    /// What is looked at only when every field is good by itself.
    async fn accept_pair(
        &self,
        username: &Username,
        email: Option<&Email>,
        password: &Password,
        again: &Password,
    ) -> Result<()> {
        if password.expose() != again.expose() {
            return Err(FieldErrors::of(name::NON_FIELD_ERRORS, FieldError::PasswordMismatch).into());
        }
        let about = PasswordContext {
            username: username.as_str(),
            email: email.map_or("", Email::as_str),
            ..PasswordContext::default()
        };
        let violations = self.policy.judge(password, Some(&about)).await?;
        let mut errors = FieldErrors::new();
        errors.extend(name::NON_FIELD_ERRORS, violations.into_iter().map(FieldError::Password).collect());
        Ok(errors.into_result()?)
    }
}
