//! Choosing a new password.

use minijinja::Value;
use poem::http::StatusCode;
use profiles_core::{
    Core, Error, FieldError, FieldErrors, PasswordReset,
    fields::name,
    model::{Account, Password},
};

use super::page::Page;
use crate::http::{error::ApiError, form::Form, routes::password};

const HINT: &str = "Long, and known to nobody else. A few unrelated words make a good one.";

/// Shows the form, if the link works.
pub(super) async fn ask(core: &Core, uid: &str, key: &str) -> Result<Page, ApiError> {
    show(core, uid, key, &FieldErrors::new()).await
}

/// Sets the password, or shows the form again with all that is wrong with it.
pub(super) async fn choose(core: &Core, uid: &str, key: &str, form: &Form) -> Result<Page, ApiError> {
    let reset = PasswordReset { uid: Ok(uid.to_owned()), token: Ok(key.to_owned()), new: password::new_password(form) };
    match core.reset_password(reset).await {
        Ok(()) => {
            let everywhere = core.settings().revoke_on_password_change;
            Ok(Page::new("password_changed.html").with("everywhere", everywhere))
        }
        Err(Error::Invalid(errors)) if is_about_link(&errors) => Ok(dead()),
        // Fields are looked at before the key, so it may yet be no good.
        Err(Error::Invalid(errors)) => show(core, uid, key, &errors).await,
        Err(other) => Err(other.into()),
    }
}

async fn show(core: &Core, uid: &str, key: &str, errors: &FieldErrors) -> Result<Page, ApiError> {
    match core.password_reset(uid, key).await {
        Ok(account) if account.is_active => Ok(form(&account, errors)),
        Ok(_) => Ok(dead()),
        Err(Error::Invalid(errors)) if is_about_link(&errors) => Ok(dead()),
        Err(other) => Err(other.into()),
    }
}

fn is_about_link(errors: &FieldErrors) -> bool {
    [name::UID, name::TOKEN].iter().any(|field| !errors.get(field).is_empty())
}

fn dead() -> Page {
    Page::new("new_password_dead.html").status(StatusCode::NOT_FOUND)
}

/// The form. Passwords are never put back into it.
fn form(account: &Account, errors: &FieldErrors) -> Page {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for (field, errors) in errors.iter() {
        for error in errors {
            // The core tells what the policy says under the second field, as Django does; it is the first that says it.
            let is_first = field == name::NEW_PASSWORD1 || matches!(error, FieldError::Password(_));
            if is_first { first.push(in_words(error, field)) } else { second.push(in_words(error, field)) }
        }
    }
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let field =
        |id, label, hint, errors| Value::from(vec![Value::from(id), Value::from(label), Value::from(hint), errors]);
    let fields = vec![
        field(name::NEW_PASSWORD1, "New password", HINT, Value::from(first)),
        field(name::NEW_PASSWORD2, "New password again", "", Value::from(second)),
    ];
    Page::new("new_password.html")
        .status(status)
        .with("username", account.username.as_str())
        .with("wrong", !errors.is_empty())
        .with("fields", fields)
}

/// The API's messages speak of fields to programs; here somebody reads them.
fn in_words(error: &FieldError, field: &str) -> String {
    match error {
        FieldError::Required | FieldError::Null | FieldError::Blank if field == name::NEW_PASSWORD1 => {
            "Enter a new password.".to_owned()
        }
        FieldError::Required | FieldError::Null | FieldError::Blank => "Enter the new password again.".to_owned(),
        FieldError::NewPasswordMismatch => "The two passwords are not the same. Enter both again.".to_owned(),
        FieldError::TooLong { .. } => format!("Use {} characters at most.", Password::MAX_NEW_CHARS),
        FieldError::NullCharacter => "Leave out the character U+0000, which no password can hold.".to_owned(),
        FieldError::NotText => "Send the password as text and not as a file.".to_owned(),
        other => other.to_string(),
    }
}
