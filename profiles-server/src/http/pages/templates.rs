//! How pages are written: templates that escape what is put into them, one style sheet inside each page, and nothing
//! from elsewhere.

use data_encoding::BASE64;
use minijinja::{Environment, Error, UndefinedBehavior, Value};
use poem::http::HeaderValue;
use sha2::{Digest as _, Sha256};

use super::page::Page;

const STYLE: &str = include_str!("templates/style.css");

const TEMPLATES: [(&str, &str); 9] = [
    ("layout.html", include_str!("templates/layout.html")),
    ("confirm_email.html", include_str!("templates/confirm_email.html")),
    ("confirm_email_dead.html", include_str!("templates/confirm_email_dead.html")),
    ("email_confirmed.html", include_str!("templates/email_confirmed.html")),
    ("email_taken.html", include_str!("templates/email_taken.html")),
    ("failed.html", include_str!("templates/failed.html")),
    ("new_password.html", include_str!("templates/new_password.html")),
    ("new_password_dead.html", include_str!("templates/new_password_dead.html")),
    ("password_changed.html", include_str!("templates/password_changed.html")),
];

/// The templates, for one site.
pub(super) struct Templates {
    environment: Environment<'static>,
    site_name: String,
    policy: HeaderValue,
}

impl Templates {
    pub(super) fn new(site_name: &str) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, source) in TEMPLATES {
            // They are part of the program: a test writes every page.
            if let Err(error) = environment.add_template(name, source) {
                tracing::error!(%error, "a template of a page can't be read");
            }
        }
        Self { environment, site_name: site_name.to_owned(), policy: policy() }
    }

    /// Writes a page.
    ///
    /// # Errors
    /// None that the tests would not see.
    pub(super) fn render(&self, page: &Page) -> Result<String, Error> {
        let fixed =
            [("site_name", Value::from(&*self.site_name)), ("style", Value::from_safe_string(STYLE.to_owned()))];
        let values = Value::from_pairs(fixed.into_iter().chain(page.values.iter().cloned()));
        self.environment.get_template(page.template)?.render(values)
    }

    /// What browsers may do with a page: show it in its own style, and send its form back.
    pub(super) fn policy(&self) -> HeaderValue {
        self.policy.clone()
    }
}

fn policy() -> HeaderValue {
    let hash = BASE64.encode(&Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    // Base64 is visible ASCII; without it pages would merely have no style.
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}
