//! New passwords, typed twice.

use crate::{
    Core, FieldError, FieldErrors, Result,
    fields::{Field, name},
    model::{Account, Email, Password},
    password::PasswordContext,
};

/// A new password as it is chosen for an account that there is.
#[derive(Clone, Debug)]
pub struct NewPassword {
    /// The new password.
    pub new_password1: Field<Password>,
    /// The same, typed again.
    pub new_password2: Field<Password>,
}

impl NewPassword {
    /// From texts; nothing is trimmed.
    pub fn parse(once: &str, again: &str) -> Self {
        Self { new_password1: Password::parse_new(once), new_password2: Password::parse_new(again) }
    }

    /// Both, if both parsed.
    pub(super) fn check(self, errors: &mut FieldErrors) -> Option<(Password, Password)> {
        let once = errors.check(name::NEW_PASSWORD1, self.new_password1);
        let again = errors.check(name::NEW_PASSWORD2, self.new_password2);
        once.zip(again)
    }
}

impl Core {
    /// The new password, if both are the same and the policy accepts it. Both are told under the second field, as Django's
    /// form does.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid).
    pub(super) async fn accept_new_password(&self, account: &Account, both: (Password, Password)) -> Result<Password> {
        let (password, again) = both;
        if password.expose() != again.expose() {
            return Err(FieldErrors::of(name::NEW_PASSWORD2, FieldError::NewPasswordMismatch).into());
        }
        let about = PasswordContext {
            username: account.username.as_str(),
            first_name: account.first_name.as_str(),
            last_name: account.last_name.as_str(),
            email: account.email.as_ref().map_or("", Email::as_str),
        };
        let violations = self.policy.judge(&password, Some(&about)).await?;
        let errors = violations.into_iter().map(FieldError::Password).collect();
        FieldErrors::of_field(name::NEW_PASSWORD2, errors).into_result()?;
        Ok(password)
    }
}
