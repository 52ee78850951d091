//! Keys that are mailed.

use serde::{Deserialize, Serialize};

use crate::{
    model::{AccountId, Email, KeyPurpose, PendingKey, Timestamp},
    store::NewMailKey,
};

#[derive(Clone, Copy, Serialize, Deserialize)]
enum KeyPurposeRecord {
    ConfirmEmail,
    ResetPassword,
    ChangeEmail,
}

/// In [`super::super::keys::Space::MailKey`].
#[derive(Serialize, Deserialize)]
pub(in crate::store::sled) struct MailKeyRecord {
    account: u64,
    purpose: KeyPurposeRecord,
    email: Email,
    expires_at: i64,
}

impl MailKeyRecord {
    pub(in crate::store::sled) fn new(account: AccountId, key: NewMailKey) -> Self {
        let purpose = match key.purpose {
            KeyPurpose::ConfirmEmail => KeyPurposeRecord::ConfirmEmail,
            KeyPurpose::ResetPassword => KeyPurposeRecord::ResetPassword,
            KeyPurpose::ChangeEmail => KeyPurposeRecord::ChangeEmail,
        };
        Self { account: account.get(), purpose, email: key.email, expires_at: key.expires_at.as_micros() }
    }

    pub(in crate::store::sled) fn account(&self) -> AccountId {
        AccountId::new(self.account)
    }

    pub(in crate::store::sled) fn purpose(&self) -> KeyPurpose {
        match self.purpose {
            KeyPurposeRecord::ConfirmEmail => KeyPurpose::ConfirmEmail,
            KeyPurposeRecord::ResetPassword => KeyPurpose::ResetPassword,
            KeyPurposeRecord::ChangeEmail => KeyPurpose::ChangeEmail,
        }
    }

    pub(in crate::store::sled) fn expires_at(&self) -> Timestamp {
        Timestamp::from_micros(self.expires_at)
    }

    pub(in crate::store::sled) fn into_pending(self) -> PendingKey {
        PendingKey {
            account: self.account(),
            purpose: self.purpose(),
            expires_at: self.expires_at(),
            email: self.email,
        }
    }
}
