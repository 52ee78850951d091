//! What the mails say: templates, each of which an operator may replace.

use std::{
    collections::BTreeMap,
    error::Error as _,
    fs, io,
    path::{Path, PathBuf},
};

use minijinja::{Environment, UndefinedBehavior, Value};
use profiles_core::mail::MailKind;

/// Ours: the words of django-allauth (MIT) where it has such a mail, since clients and people know them.
const BUILT_IN: [(&str, &str); 20] = [
    ("layout.html", include_str!("templates/layout.html")),
    ("button.html", include_str!("templates/button.html")),
    ("confirm_email.subject.txt", include_str!("templates/confirm_email.subject.txt")),
    ("confirm_email.txt", include_str!("templates/confirm_email.txt")),
    ("confirm_email.html", include_str!("templates/confirm_email.html")),
    ("reset_password.subject.txt", include_str!("templates/reset_password.subject.txt")),
    ("reset_password.txt", include_str!("templates/reset_password.txt")),
    ("reset_password.html", include_str!("templates/reset_password.html")),
    ("confirm_new_email.subject.txt", include_str!("templates/confirm_new_email.subject.txt")),
    ("confirm_new_email.txt", include_str!("templates/confirm_new_email.txt")),
    ("confirm_new_email.html", include_str!("templates/confirm_new_email.html")),
    ("password_changed.subject.txt", include_str!("templates/password_changed.subject.txt")),
    ("password_changed.txt", include_str!("templates/password_changed.txt")),
    ("password_changed.html", include_str!("templates/password_changed.html")),
    ("email_changed.subject.txt", include_str!("templates/email_changed.subject.txt")),
    ("email_changed.txt", include_str!("templates/email_changed.txt")),
    ("email_changed.html", include_str!("templates/email_changed.html")),
    ("new_login.subject.txt", include_str!("templates/new_login.subject.txt")),
    ("new_login.txt", include_str!("templates/new_login.txt")),
    ("new_login.html", include_str!("templates/new_login.html")),
];

/// Bytes of a template: more than anybody writes.
const LONGEST: u64 = 256 * 1024;

/// Why there are no templates. `Display` is one line that names the file, and the line in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// A file or the folder can't be read.
    #[error("can't read mail templates from {}: {error}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A template does not do.
    #[error("mail template {file}:{line}: {problem}")]
    Broken {
        /// Which: a path, or the name of one of ours.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
}

/// What a mail says: the values that its templates have.
#[derive(Clone, Debug)]
pub(super) struct Words {
    pub(super) kind: MailKind,
    pub(super) site_name: String,
    pub(super) username: String,
    pub(super) about: About,
}

/// What a mail is about.
#[derive(Clone, Debug)]
pub(super) enum About {
    /// Something to be done by a link.
    Link(String),
    /// Something that happened.
    Change { at: String },
    /// Somebody who came.
    Login { at: String, address: String, agent: String },
}

/// A mail in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// On one line.
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

/// The templates of all mails: `confirm_email.subject.txt`, `confirm_email.txt`, `confirm_email.html`, and so on for
/// each kind of mail.
pub struct Templates {
    environment: Environment<'static>,
    /// Where those that are not ours come from.
    files: BTreeMap<String, PathBuf>,
}

impl Templates {
    /// Ours.
    ///
    /// # Errors
    /// None: our own tests render all of them.
    pub fn built_in() -> Result<Self, TemplateError> {
        Self::of(BTreeMap::new())
    }

    /// Ours, but for those that this folder has, by their names. Other files in it that end in `.txt` or `.html` can be
    /// included and extended.
    ///
    /// # Errors
    /// A file can't be read, is no template, asks for a value that its mail does not have, or leaves out the link. Every
    /// template is tried here with sample values, so that a mail does not fail later.
    pub fn load(folder: &Path) -> Result<Self, TemplateError> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |error| TemplateError::Unreadable { path, error }
        };
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
            let path = entry.map_err(unreadable(folder))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let is_template = [".txt", ".html"].iter().any(|ending| name.ends_with(ending)) && !name.starts_with('.');
            if is_template {
                files.insert(name, path);
            }
        }
        Self::of(files)
    }

    fn of(files: BTreeMap<String, PathBuf>) -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        // A misspelt value is an error at the start and not an empty place in a mail.
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let mut templates = Self { environment, files };
        for (name, source) in BUILT_IN {
            if !templates.files.contains_key(name) {
                templates.add(name, source.to_owned())?;
            }
        }
        for (name, path) in templates.files.clone() {
            let source = read(&path).map_err(|error| TemplateError::Unreadable { path, error })?;
            templates.add(&name, source)?;
        }
        templates.try_all()?;
        Ok(templates)
    }

    fn add(&mut self, name: &str, source: String) -> Result<(), TemplateError> {
        let added = self.environment.add_template_owned(name.to_owned(), source);
        added.map_err(|error| self.broken(name, &error))
    }

    fn broken(&self, name: &str, error: &minijinja::Error) -> TemplateError {
        // An error in an included template is the cause of one in the template that includes it.
        let mut error = error;
        while let Some(cause) = error.source().and_then(|cause| cause.downcast_ref::<minijinja::Error>()) {
            error = cause;
        }
        let name = error.name().unwrap_or(name);
        let problem = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
        self.problem(name, error.line().unwrap_or(1), &problem)
    }

    fn problem(&self, name: &str, line: usize, problem: &str) -> TemplateError {
        let file = self.files.get(name).map_or_else(|| name.to_owned(), |path| path.display().to_string());
        TemplateError::Broken { file, line, problem: problem.split_whitespace().collect::<Vec<_>>().join(" ") }
    }

    /// Writes every mail once.
    fn try_all(&self) -> Result<(), TemplateError> {
        for kind in MailKind::ALL {
            for words in samples(kind) {
                let Written { subject, text, html } = self.write(&words)?;
                let name = |ending: &str| format!("{}.{ending}", kind.as_str());
                if subject.is_empty() {
                    return Err(self.problem(&name("subject.txt"), 1, "it says nothing"));
                }
                if let About::Link(link) = &words.about {
                    for (ending, written) in [("txt", text), ("html", html)] {
                        if !written.contains(link.as_str()) {
                            return Err(self.problem(&name(ending), 1, "it does not hold {{ link }}"));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Puts a mail into words.
    ///
    /// # Errors
    /// A template asks for what it can't have.
    pub(super) fn write(&self, words: &Words) -> Result<Written, TemplateError> {
        let name = |ending: &str| format!("{}.{ending}", words.kind.as_str());
        let subject = self.render(&name("subject.txt"), words.values(Form::Text, None))?;
        let subject = subject.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = self.render(&name("txt"), words.values(Form::Text, None))?;
        let html = self.render(&name("html"), words.values(Form::Html, Some(&subject)))?;
        Ok(Written { subject, text, html })
    }

    fn render(&self, name: &str, values: Value) -> Result<String, TemplateError> {
        let rendered = self.environment.get_template(name).and_then(|template| template.render(values));
        let rendered = rendered.map_err(|error| self.broken(name, &error))?;
        // A template that was written elsewhere may have other ends of lines.
        Ok(rendered.replace("\r\n", "\n").trim_end().to_owned())
    }
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Templates").field("files", &self.files).finish_non_exhaustive()
    }
}

/// What is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Html,
}

impl Words {
    fn values(&self, form: Form, title: Option<&str>) -> Value {
        let mut values = vec![("site_name", Value::from(&*self.site_name)), ("username", Value::from(&*self.username))];
        values.extend(title.map(|title| ("title", Value::from(title))));
        match &self.about {
            About::Link(link) => values.push(("link", link_value(link, form))),
            About::Change { at } => values.push(("at", Value::from(&**at))),
            About::Login { at, address, agent } => values.extend([
                ("at", Value::from(&**at)),
                ("address", Value::from(&**address)),
                ("agent", Value::from(&**agent)),
            ]),
        }
        Value::from_pairs(values)
    }
}

/// minijinja would write a slash as `&#x2f;`, which is right, and which filters of mail take for somebody who hides an
/// address. So the link is escaped here, as much as an attribute needs.
fn link_value(link: &str, form: Form) -> Value {
    if form == Form::Text {
        return Value::from(link);
    }
    let escaped = link.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    Value::from_safe_string(escaped.replace('\'', "&#39;"))
}

/// A mail of this kind, with all that it may have, and then with what it may lack.
fn samples(kind: MailKind) -> Vec<Words> {
    let at = || "22 November 2026, 22:43 UTC".to_owned();
    let about = match kind {
        MailKind::ConfirmEmail | MailKind::ResetPassword | MailKind::ConfirmNewEmail => {
            vec![About::Link("https://profiles.example/a/b/".to_owned())]
        }
        MailKind::PasswordChanged | MailKind::EmailChanged => vec![About::Change { at: at() }],
        MailKind::NewLogin => {
            let login = |address: &str, agent: &str| About::Login {
                at: at(),
                address: address.to_owned(),
                agent: agent.to_owned(),
            };
            vec![login("192.0.2.1", "curl/8"), login("", "")]
        }
    };
    let words = about.into_iter().map(|about| Words {
        kind,
        site_name: "example.com".to_owned(),
        username: "ada".to_owned(),
        about,
    });
    words.collect()
}

fn read(path: &Path) -> io::Result<String> {
    if fs::metadata(path)?.len() > LONGEST {
        return Err(io::Error::other("it is too long for a template"));
    }
    String::from_utf8(fs::read(path)?).map_err(|_| io::Error::other("it is not UTF-8 text"))
}

#[cfg(test)]
mod tests;
