//! Which passwords are good enough.

mod blocklist;
mod character_class;
mod context_words;
mod judging;
mod strength;
mod violation;

use std::{collections::BTreeSet, sync::Arc};

use self::judging::Judges;
pub use self::{
    blocklist::{Blocklist, BlocklistError},
    character_class::CharacterClass,
    judging::JudgingError,
    strength::Strength,
    violation::PolicyViolation,
};
use super::{PasswordContext, common_passwords, similarity, text};

/// The rules for new passwords.
///
/// | Rule | [`django`](Self::django), the default | [`nist`](Self::nist) | Changed by |
/// |---|---|---|---|
/// | Not similar to the owner's username, names or address. Similar is what shares seven tenths of its letters with the value or with a word of it, in any order: `SequenceMatcher.quick_ratio() >= 0.7` | yes | no | |
/// | So many code points at least | 8 | 15 | [`with_min_length`](Self::with_min_length) |
/// | Not one of the 19,640 common passwords of Django's list | yes | yes | |
/// | Not digits alone, of whatever script | yes | no | |
/// | Not in a list of the operator's own | none | none | [`with_blocklist`](Self::with_blocklist) |
/// | No word of the owner's username, names and address in it, nor of the service | no | yes | [`with_service_words`](Self::with_service_words) |
/// | Characters of these kinds | none | none | [`with_classes`](Self::with_classes) |
/// | So many guesses at least, as zxcvbn estimates them | any | any | [`with_strength`](Self::with_strength) |
///
/// There is no upper limit, and no password is trimmed, cut or normalised.
///
/// The first preset's answers equal those of [Django's validators][django] for every password but the empty one; a table
/// made by Django itself is held against them in the tests. The second is what [NIST SP 800-63B-4][nist], 3.1.1.2, asks
/// of a password that is the only factor: length, lists of known passwords, words of the context, and no rules of
/// composition.
///
/// ```
/// use profiles_core::password::{PasswordContext, PasswordPolicy, PolicyViolation};
///
/// let policy = PasswordPolicy::default();
/// let ada = PasswordContext { username: "ada.lovelace", ..PasswordContext::default() };
/// assert_eq!(policy.check("difference engine", Some(&ada)), []);
/// assert_eq!(
///     policy.check("lovelace1", Some(&ada)),
///     [PolicyViolation::TooSimilar { attribute: "username" }],
/// );
/// assert_eq!(policy.with_min_length(24).check("difference engine", None), [PolicyViolation::TooShort { min: 24 }]);
///
/// let policy = PasswordPolicy::nist().with_service_words(["Analytical Society"]);
/// assert_eq!(policy.check("402 difference engines", Some(&ada)), []);
/// assert_eq!(
///     policy.check("my society password", Some(&ada)).first().map(ToString::to_string).as_deref(),
///     Some("This password contains \"society\", which others may know of you or of this site. Leave that out."),
/// );
/// ```
///
/// [django]: https://docs.djangoproject.com/en/5.2/topics/auth/passwords/#included-validators
/// [nist]: https://pages.nist.gov/800-63-4/sp800-63b.html
#[derive(Clone, Debug)]
pub struct PasswordPolicy {
    preset: Preset,
    min_length: usize,
    blocklist: Option<Arc<Blocklist>>,
    /// Words of the service, case folded; `None` if words are not looked at.
    words: Option<Arc<[String]>>,
    classes: BTreeSet<CharacterClass>,
    strength: Option<Strength>,
    judges: Arc<Judges>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Preset {
    Django,
    Nist,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self::django()
    }
}

impl PasswordPolicy {
    /// Code points at least by Django's rules, unless the operator says otherwise.
    pub const DEFAULT_MIN_LENGTH: usize = 8;
    /// Code points that NIST asks for where the password is the only factor.
    pub const NIST_MIN_LENGTH: usize = 15;

    /// Django's four default validators.
    pub fn django() -> Self {
        Self::of(Preset::Django, Self::DEFAULT_MIN_LENGTH, None)
    }

    /// What NIST asks for where a password is the only factor. Tell it the [words](Self::with_service_words) of the
    /// service too.
    pub fn nist() -> Self {
        Self::of(Preset::Nist, Self::NIST_MIN_LENGTH, Some(Arc::default()))
    }

    fn of(preset: Preset, min_length: usize, words: Option<Arc<[String]>>) -> Self {
        let judges = Arc::new(Judges::new());
        Self { preset, min_length, blocklist: None, words, classes: BTreeSet::new(), strength: None, judges }
    }

    /// The same rules with another least number of code points; 0 asks for nothing.
    #[must_use]
    pub fn with_min_length(self, code_points: usize) -> Self {
        Self { min_length: code_points, ..self }
    }

    /// The same rules, and nothing that is in this list.
    #[must_use]
    pub fn with_blocklist(self, list: Blocklist) -> Self {
        Self { blocklist: Some(Arc::new(list)), ..self }
    }

    /// The same rules, and no words of these texts (the service's name, say) in a password, nor words of its owner's
    /// username, names and address. A word is four letters or digits or more; case is ignored.
    #[must_use]
    pub fn with_service_words<T: AsRef<str>>(self, texts: impl IntoIterator<Item = T>) -> Self {
        let words = texts.into_iter().flat_map(|text| context_words::words(text.as_ref())).collect();
        Self { words: Some(words), ..self }
    }

    /// The same rules, and at least one character of each of these kinds.
    #[must_use]
    pub fn with_classes(self, classes: impl IntoIterator<Item = CharacterClass>) -> Self {
        Self { classes: classes.into_iter().collect(), ..self }
    }

    /// The same rules, and at least this strength.
    #[must_use]
    pub fn with_strength(self, least: Strength) -> Self {
        Self { strength: Some(least), ..self }
    }

    /// Every rule that the password breaks, in the order of [`PolicyViolation`]'s variants; none if it is good.
    ///
    /// What concerns its owner is only looked at if `about` is given. Similarity is told once, for the first attribute of
    /// username, first name, last name and e-mail address that the password resembles; so is the first word that it
    /// contains, those of the service before those of the owner.
    ///
    /// With a [strength](Self::with_strength) this can take some milliseconds: [`judge`](Self::judge) is for async code.
    pub fn check(&self, password: &str, about: Option<&PasswordContext<'_>>) -> Vec<PolicyViolation> {
        let is_django = self.preset == Preset::Django;
        let resembled = about.filter(|_| is_django).and_then(|about| similarity::resembled_attribute(password, about));
        let is_short = password.chars().take(self.min_length).count() < self.min_length;
        let is_numeric = is_django && !password.is_empty() && password.chars().all(text::is_digit);
        let is_blocked = self.blocklist.as_ref().is_some_and(|list| list.contains(password));
        let missing = self.missing_classes(password);
        [
            resembled.map(|attribute| PolicyViolation::TooSimilar { attribute }),
            is_short.then_some(PolicyViolation::TooShort { min: self.min_length }),
            common_passwords::is_common(password).then_some(PolicyViolation::TooCommon),
            is_numeric.then_some(PolicyViolation::EntirelyNumeric),
            is_blocked.then_some(PolicyViolation::Blocked),
            self.contained_word(password, about).map(|word| PolicyViolation::ContainsWord { word }),
            (!missing.is_empty()).then_some(PolicyViolation::LacksCharacters { missing }),
            self.advice(password, about).map(|advice| PolicyViolation::TooGuessable { advice }),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn contained_word(&self, password: &str, about: Option<&PasswordContext<'_>>) -> Option<String> {
        let of_service = self.words.as_deref()?;
        let of_account = about.map(context_words::of_account).unwrap_or_default();
        context_words::contained(password, of_service.iter().chain(&of_account)).map(str::to_owned)
    }

    fn missing_classes(&self, password: &str) -> Vec<CharacterClass> {
        let is_missing = |class: &CharacterClass| !password.chars().any(|c| class.holds(c));
        self.classes.iter().copied().filter(is_missing).collect()
    }

    fn advice(&self, password: &str, about: Option<&PasswordContext<'_>>) -> Option<String> {
        let least = self.strength?;
        let about = about.copied().unwrap_or_default();
        let words = context_words::of_account(&about);
        let values = [about.username, about.first_name, about.last_name, about.email];
        let of_service = self.words.as_deref().unwrap_or_default().iter();
        let known = values.into_iter().chain(of_service.chain(&words).map(String::as_str));
        let known: Vec<&str> = known.filter(|value| !value.is_empty()).collect();
        strength::advice(password, least, &known, self.classes.iter().copied())
    }
}
