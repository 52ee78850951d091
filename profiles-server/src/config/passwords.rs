//! Which passwords are good enough, and what hashing them costs.

use std::{num::NonZeroUsize, path::PathBuf, str::FromStr};

use profiles_core::password::CharacterClass;

use super::{
    choice::{choice, words},
    limit::Limit,
    setting::settings,
    value::as_written,
};

settings! {
    /// Which passwords are good enough, and what hashing them costs. More costly hashes make an attacker's work dearer,
    /// and every login with it; a new value takes effect on an account at its next login. The rules bind whoever chooses
    /// a password from then on.
    pub struct Passwords {
        /// Rules for new passwords: "django" for those of Django, "nist" for those of NIST SP 800-63B where a password is
        /// the only factor (15 characters; no common password, and no word of the account or the site in it; digits
        /// alone will do). The other settings change and add to either.
        "password_policy" => policy: PolicyPreset = PolicyPreset::Django;
        /// Characters that a password has at least; unless set, 8 by the rules of Django and 15 by those of NIST.
        "password_min_length" => min_length: Option<u32> = None, Some(1)..=Some(128);
        /// Kinds of characters that must be in a password: "lower", "upper", "digit", "symbol"; separated by commas in a
        /// flag or variable.
        "password_classes" => classes: Vec<CharacterClass> = Vec::new();
        /// Least strength by zxcvbn's estimate, from 1 (more than a thousand guesses) to 4 (more than ten billion), or
        /// "off".
        "password_score" => score: Limit = Limit::Off, Limit::Off..=Limit::At(4);
        /// File with passwords to refuse beside the common ones: UTF-8, one a line, at most 64 MB.
        "password_blocklist" => blocklist: Option<PathBuf> = None;
        /// Words of the site to refuse in passwords, beside its name and address, and then those of the account too,
        /// which "nist" does by itself; separated by commas in a flag or variable.
        "password_words" => words: Vec<ContextWord> = Vec::new();
        /// Memory of one Argon2id hash in KiB.
        "argon2_memory_kib" => argon2_memory_kib: u32 = 19_456, 7_168..=262_144;
        /// Passes of Argon2id over its memory.
        "argon2_iterations" => argon2_iterations: u32 = 2, 1..=64;
        /// Threads that hash passwords; unless set, one for each core, and not more than four.
        "hashing_threads" => hashing_threads: Option<NonZeroUsize> = None;
    }
}

choice! {
    /// Whose rules for new passwords to begin with.
    pub enum PolicyPreset {
        /// Django's four default validators.
        Django = "django",
        /// NIST's, for a password that is the only factor.
        Nist = "nist",
    }
}

words!(CharacterClass { Lower = "lower", Upper = "upper", Digit = "digit", Symbol = "symbol", });

/// A word that is refused in passwords: four letters or digits or more, on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextWord(String);

impl ContextWord {
    const MIN_LETTERS: usize = 4;
    const MAX_LETTERS: usize = 100;

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ContextWord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // What holds a shorter one would be most of the good passwords too.
        let has_word = text.split(|c: char| !c.is_alphanumeric()).any(|run| run.chars().count() >= Self::MIN_LETTERS);
        let is_long = text.chars().count() > Self::MAX_LETTERS;
        if !has_word || is_long || text.chars().any(char::is_control) {
            return Err(format!(
                "must hold words of {} to {} letters or digits, not {text:?}",
                Self::MIN_LETTERS,
                Self::MAX_LETTERS
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

as_written!(ContextWord);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_long_enough_to_be_one() {
        for good in ["acme", "Zwölf", "Acme Ltd", "山田太郎", "1815"] {
            assert!(good.parse::<ContextWord>().is_ok(), "{good}");
        }
        for bad in ["", "ada", "a.b.c.d", "acme\nltd", "x".repeat(101).as_str()] {
            assert!(bad.parse::<ContextWord>().is_err(), "{bad}");
        }
    }
}
