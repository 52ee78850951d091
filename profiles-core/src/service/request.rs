//! Requests that are done once, however often they come.

use std::time::Duration;

use super::registration::{Registration, RegistrationOutcome};
use crate::{
    Core, Error, FieldError, Kind, Result,
    fields::name,
    model::{Digest, KeptRequest, NewRequest, RequestKey, Status, StatusText, ThrottleKey},
    permissions::{Action, Actor, Denied, Object},
    store::{Posted, Registered},
};

/// How long a request is remembered.
const REMEMBERED: Duration = Duration::from_hours(24);

impl Core {
    /// Posts a status as [`Core::post_status`] does, unless the same was asked for with this key within a day: then it is
    /// the status that was posted then, as it is now.
    ///
    /// # Errors
    /// As [`Core::post_status`]; [`Error::KeyReused`] if something else was asked for; [`Error::Missing`] if the status was
    /// deleted since.
    pub async fn post_status_once(&self, actor: Actor, text: StatusText, key: &RequestKey) -> Result<Status> {
        let account = actor.account().ok_or(Denied::Unauthenticated)?;
        self.authorise(actor, Action::Create, Object::Status { owner: account })?;
        let request = self.named(&["status", &account.to_string(), key.as_str()], &["status", text.as_str()]);
        let posted = self.store.post_status_once(account, text, request, self.clock.now()).await;
        match posted.map_err(Error::from_store(Kind::Account))? {
            Posted::Now(status) => Ok(status),
            Posted::Before(KeptRequest { fingerprint, status: Some(status), .. })
                if fingerprint == request.fingerprint =>
            {
                self.store.status(status).await?.ok_or(Error::Missing(Kind::Status))
            }
            Posted::Before(_) => Err(Error::KeyReused),
        }
    }

    /// Registers as [`Core::register`] does, unless the same client has done so with this key within a day: then it is a
    /// new login of the account that was made then, for the same password.
    ///
    /// What is remembered is the name and the address; a hash of the password beside them would be easier to guess than
    /// the account's own. So the password is proven as at a login, and wrong ones count as there.
    ///
    /// # Errors
    /// As [`Core::register`]; [`Error::KeyReused`] if something else was asked for; [`Error::UnderWay`] while the first such
    /// request is being done.
    pub async fn register_once(&self, form: Registration, key: &RequestKey) -> Result<RegistrationOutcome> {
        let username = form.username.as_ref().ok().and_then(Option::as_ref).map_or("", |name| name.as_str());
        let email = form.email.as_ref().ok().and_then(Option::as_ref).map_or("", |email| email.as_str());
        let client = self.client().unwrap_or_default();
        let request = self.named(&["registration", &client, key.as_str()], &["registration", username, email]);
        let pass = self.gate.try_enter(ThrottleKey::from_digest(request.key)).ok_or(Error::UnderWay)?;
        let outcome = match self.store.request(&request.key, self.clock.now()).await? {
            None => self.register_as(form, Some(request)).await,
            Some(kept) if kept.fingerprint == request.fingerprint && kept.status.is_none() => {
                self.registered_before(form, kept).await
            }
            Some(_) => Err(Error::KeyReused),
        };
        drop(pass);
        outcome
    }

    /// What a registration that was done before has come to.
    async fn registered_before(&self, form: Registration, kept: KeptRequest) -> Result<RegistrationOutcome> {
        let (Ok(password), Ok(again)) = (form.password1, form.password2) else { return Err(Error::KeyReused) };
        if password.expose() != again.expose() {
            return Err(Error::KeyReused);
        }
        let missing = || Error::Missing(Kind::Account);
        let account = self.store.account(kept.account).await?.ok_or_else(missing)?;
        let profile = self.store.profile_of(kept.account).await?.ok_or_else(missing)?;
        let login = match self.log_in_again(&account, &password, form.former).await {
            Ok(login) => Some(login),
            Err(Error::Invalid(errors))
                if errors.get(name::NON_FIELD_ERRORS).contains(&FieldError::EmailUnverified) =>
            {
                None
            }
            Err(Error::Invalid(_)) => return Err(Error::KeyReused),
            Err(other) => return Err(other),
        };
        Ok(RegistrationOutcome { registered: Registered { account, profile }, login })
    }

    /// A request by its key and by what it asks for, each made of parts that are not run together.
    fn named(&self, key: &[&str], asked: &[&str]) -> NewRequest {
        let digest = |parts: &[&str]| {
            let parts: Vec<String> = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
            Digest::of(&parts.concat())
        };
        NewRequest { key: digest(key), fingerprint: digest(asked), expires_at: self.clock.now().plus(REMEMBERED) }
    }
}
