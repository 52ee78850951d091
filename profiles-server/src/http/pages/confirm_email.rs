//! Confirming an address: one's own, or the one that it is to be changed to.

use poem::http::StatusCode;
use profiles_core::{
    Core, Error, Kind,
    model::{Account, KeyPurpose, PendingKey},
    store::EmailConfirmation,
};

use super::page::Page;
use crate::http::error::ApiError;

/// Says whose account and which address it is about, and asks.
pub(super) async fn ask(core: &Core, key: &str) -> Result<Page, ApiError> {
    match core.email_key(key).await {
        Ok((pending, account)) => Ok(about(Page::new("confirm_email.html"), &pending, &account)),
        Err(error) => dead(error),
    }
}

/// Confirms it.
pub(super) async fn confirm(core: &Core, key: &str) -> Result<Page, ApiError> {
    match core.confirm_email(key).await {
        Ok((pending, EmailConfirmation::Confirmed(account))) => {
            Ok(about(Page::new("email_confirmed.html"), &pending, &account))
        }
        Ok((pending, EmailConfirmation::TakenByAnother)) => {
            Ok(Page::new("email_taken.html").status(StatusCode::CONFLICT).with("email", pending.email.as_str()))
        }
        Err(error) => dead(error),
    }
}

fn about(page: Page, pending: &PendingKey, account: &Account) -> Page {
    page.with("username", account.username.as_str())
        .with("email", pending.email.as_str())
        .with("changes", pending.purpose == KeyPurpose::ChangeEmail)
}

fn dead(error: Error) -> Result<Page, ApiError> {
    match error {
        Error::Missing(Kind::Key) => Ok(Page::new("confirm_email_dead.html").status(StatusCode::NOT_FOUND)),
        other => Err(other.into()),
    }
}
