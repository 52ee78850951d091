//! Which passwords are good enough.

use super::{PasswordContext, PolicyViolation, common_passwords, similarity, text};

/// The rules for new passwords: Django's four default validators, with their messages.
///
/// - Not similar to the owner's username, names or address. Similar is what shares seven tenths of its letters with the
///   value or with a word of it, in any order: `SequenceMatcher.quick_ratio() >= 0.7`.
/// - At least [`DEFAULT_MIN_LENGTH`](Self::DEFAULT_MIN_LENGTH) code points, or as many as
///   [`with_min_length`](Self::with_min_length) says.
/// - Not one of the 19,640 common passwords of Django's list.
/// - Not digits alone, of whatever script.
///
/// There is no upper limit and no rule about kinds of characters: length and a list of known passwords are what NIST
/// asks for, and it forbids composition rules (SP 800-63B-4, 3.1.1.2). For a password that is the only factor it asks
/// for 15 characters; 8 is what Django's clients expect.
///
/// The answers equal those of [Django's validators][django] for every password but the empty one; a table made by Django
/// itself is held against them in the tests.
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
/// ```
///
/// [django]: https://docs.djangoproject.com/en/5.2/topics/auth/passwords/#included-validators
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    min_length: usize,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { min_length: Self::DEFAULT_MIN_LENGTH }
    }
}

impl PasswordPolicy {
    /// Code points at least, unless the operator says otherwise.
    pub const DEFAULT_MIN_LENGTH: usize = 8;

    /// The same rules with another least number of code points; 0 asks for nothing.
    #[must_use]
    pub fn with_min_length(mut self, code_points: usize) -> Self {
        self.min_length = code_points;
        self
    }

    /// Every rule that the password breaks, in the order of [`PolicyViolation`]'s variants; none if it is good.
    ///
    /// Similarity is only looked at if `about` is given, and told once: for the first attribute of username, first name,
    /// last name and e-mail address that the password resembles.
    pub fn check(&self, password: &str, about: Option<&PasswordContext<'_>>) -> Vec<PolicyViolation> {
        let attribute = about.and_then(|about| similarity::resembled_attribute(password, about));
        let too_short = password.chars().take(self.min_length).count() < self.min_length;
        let numeric = !password.is_empty() && password.chars().all(text::is_digit);
        [
            attribute.map(|attribute| PolicyViolation::TooSimilar { attribute }),
            too_short.then_some(PolicyViolation::TooShort { min: self.min_length }),
            common_passwords::is_common(password).then_some(PolicyViolation::TooCommon),
            numeric.then_some(PolicyViolation::EntirelyNumeric),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
