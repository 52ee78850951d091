//! Registration: an account, its profile, its first login and a confirmation mail, in one step.

use super::Login;
use crate::{
    Core, Error, FieldError, FieldErrors, LoginBy, Result, Verification,
    env::random_text,
    fields::{Field, name},
    mail::{KeySeed, Mail},
    model::{
        AuditActor, AuditEvent, AuditOutcome, Email, KeyPurpose, Limit, NewRequest, Password, SecretKey, Timestamp,
        Username, is_word,
    },
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
    /// The wanted name; `None` if the form had no such field.
    pub username: Field<Option<Username>>,
    /// Their address; `None` if the form had no such field.
    pub email: Field<Option<Email>>,
    /// The wanted password.
    pub password1: Field<Password>,
    /// The same, typed again.
    pub password2: Field<Password>,
    /// The session that their browser comes with. If it is somebody else's, the new login takes its place.
    pub former: Option<SecretKey>,
}

impl Registration {
    /// From texts, as a form or a command line gives them; nothing is trimmed.
    pub fn parse(username: &str, email: &str, password1: &str, password2: &str) -> Self {
        Self {
            username: Username::parse(username).map(Some),
            email: Email::parse(email).map(Some),
            password1: Password::parse(password1),
            password2: Password::parse(password2),
            former: None,
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
    /// [`Error::Throttled`](crate::Error::Throttled).
    pub async fn register(&self, form: Registration) -> Result<RegistrationOutcome> {
        self.register_as(form, None).await
    }

    /// The same, remembered as this request.
    pub(super) async fn register_as(
        &self,
        form: Registration,
        request: Option<NewRequest>,
    ) -> Result<RegistrationOutcome> {
        let former = form.former.as_ref().map(SecretKey::digest);
        let accepted = self.accept(form).await;
        let tells_of_somebody = accepted.as_ref().is_err_and(tells_of_an_address);
        if accepted.is_ok() || tells_of_somebody {
            self.admit_client(AuditEvent::Registration, "register", self.settings.throttles.registrations).await?;
        }
        let Accepted { username, email, password } = accepted?;
        let password = self.hasher.hash(password.into_secret()).await?;
        let at = self.clock.now();
        let login = match self.settings.verification {
            Verification::Mandatory => None,
            // With a session even where logging in opens none, as in the original.
            Verification::Optional | Verification::None => Some(self.new_login(true)?),
        };
        let confirmation = self.first_confirmation(&username, email.as_ref(), at).await?;
        let (mail_key, mail) = confirmation.unzip();
        let registered = self
            .store
            .register(Register {
                username,
                email,
                email_verified: false,
                password,
                is_staff: false,
                tokens: login.as_ref().map(|login| self.to_keep(login, at)).unwrap_or_default(),
                former,
                place: self.place(),
                mail_key,
                outbox: mail.into_iter().collect(),
                request,
                audit: Some(self.line(AuditEvent::Registration, AuditOutcome::Done, AuditActor::Anonymous, None)),
                at,
            })
            .await?;
        Ok(RegistrationOutcome { registered, login })
    }

    /// The key and the mail that confirm the address of a new account; none so soon after another for the same address,
    /// as in the original: nobody should be sent mails by others who register with their address.
    async fn first_confirmation(
        &self,
        username: &Username,
        email: Option<&Email>,
        at: Timestamp,
    ) -> Result<Option<(NewMailKey, Mail)>> {
        let Some(to) = email.filter(|_| self.settings.verification != Verification::None) else { return Ok(None) };
        let pause = Limit::steady(1, self.settings.confirmation_pause);
        if !self.is_admitted(&["first confirmation", to.as_str()], Some(pause)).await? {
            return Ok(None);
        }
        let seed = KeySeed::generate(self.entropy.as_ref())?;
        let key = NewMailKey {
            digest: self.mail_secret.key(&seed).digest(),
            purpose: KeyPurpose::ConfirmEmail,
            email: to.clone(),
            expires_at: at.plus(self.settings.confirmation_age),
        };
        Ok(Some((key, Mail::ConfirmEmail { username: username.clone(), to: to.clone(), seed })))
    }

    /// Every check that needs no hashing, in the order in which the original tells of them.
    async fn accept(&self, form: Registration) -> Result<Accepted> {
        let mut errors = FieldErrors::new();
        let username = errors.check(name::USERNAME, form.username).flatten();
        if let Some(username) = &username
            && self.store.account_by_username(&username.key()).await?.is_some()
        {
            errors.add(name::USERNAME, FieldError::UsernameTaken);
        }
        let by_email = self.settings.login_by == LoginBy::Email;
        if username.is_none() && errors.get(name::USERNAME).is_empty() && !by_email {
            errors.add(name::USERNAME, FieldError::Required);
        }
        let email = errors.check(name::EMAIL, form.email);
        match &email {
            Some(Some(email)) if self.store.account_by_verified_email(email).await?.is_some() => {
                errors.add(name::EMAIL, FieldError::EmailTaken);
            }
            Some(None) if self.settings.needs_email() => errors.add(name::EMAIL, FieldError::Required),
            _ => {}
        }
        let password1 = errors.check(name::PASSWORD1, form.password1);
        if let Some(password) = &password1 {
            let violations = self.policy.judge(password, None).await?;
            errors.extend(name::PASSWORD1, violations.into_iter().map(FieldError::Password).collect());
        }
        let password2 = errors.check(name::PASSWORD2, form.password2);
        errors.into_result()?;
        let email = email.flatten();
        let username = match username {
            Some(username) => username,
            None => self.username_for(email.as_ref()).await?,
        };
        let (Some(password), Some(again)) = (password1, password2) else {
            // Each of them is there or has left an error behind.
            return Err(FieldErrors::of(name::NON_FIELD_ERRORS, FieldError::Required).into());
        };
        self.accept_pair(&username, email.as_ref(), &password, &again).await?;
        Ok(Accepted { username, email, password })
    }

    /// A name that is free, made of an address, as django-allauth does: for those who log in by it and need no name.
    async fn username_for(&self, email: Option<&Email>) -> Result<Username> {
        let local = email.and_then(|email| email.as_str().split('@').next()).unwrap_or_default();
        let base: String = local.chars().filter(|c| is_word(*c) || matches!(c, '.' | '+' | '-')).take(100).collect();
        let base = if base.is_empty() { "user".to_owned() } else { base };
        for digits in [0, 2, 4, 8, 16] {
            let name = format!("{base}{}", random_text(b"0123456789", digits, self.entropy.as_ref())?);
            let name = Username::parse(&name).map_err(|errors| FieldErrors::of_field(name::USERNAME, errors))?;
            if self.store.account_by_username(&name.key()).await?.is_none() {
                return Ok(name);
            }
        }
        Err(FieldErrors::of(name::USERNAME, FieldError::UsernameTaken).into())
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

/// Whether a refusal says that somebody has an address. That counts as a registration, or whole lists of addresses could be
/// asked for.
fn tells_of_an_address(error: &Error) -> bool {
    matches!(error, Error::Invalid(errors) if errors.get(name::EMAIL).contains(&FieldError::EmailTaken))
}
