//! How many guesses a password would take, by the estimate of [zxcvbn][paper].
//!
//! [paper]: https://www.usenix.org/conference/usenixsecurity16/technical-sessions/presentation/wheeler

use zeroize::Zeroizing;
use zxcvbn::feedback::{Feedback, Suggestion};

use super::CharacterClass;

/// How strong a password must be at least: zxcvbn's score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Score 1: more than 10^3 guesses.
    AboveThousand = 1,
    /// Score 2: more than 10^6 guesses, which throttled guessing does not reach.
    AboveMillion = 2,
    /// Score 3: more than 10^8 guesses.
    AboveHundredMillion = 3,
    /// Score 4: more than 10^10 guesses.
    AboveTenBillion = 4,
}

impl Strength {
    /// The strength with this score, from 1 to 4.
    pub fn from_score(score: u32) -> Option<Self> {
        [Self::AboveThousand, Self::AboveMillion, Self::AboveHundredMillion, Self::AboveTenBillion]
            .into_iter()
            .find(|strength| *strength as u32 == score)
    }
}

/// Code points that are looked at. The time goes with the square of the length, and no good password needs more to be
/// seen as one; a password that begins with so many weak ones counts as weak.
const MAX_LENGTH: usize = 64;
/// Ways to read a password's symbols as letters that are tried. The time goes with their number, which hostile
/// passwords bring to 576: half a second instead of some milliseconds.
const MAX_READINGS: usize = 8;
/// By letter (a, b, c, e, g, i, l, o, s, t, x, z), what zxcvbn reads as that letter.
const SYMBOLS_OF_LETTERS: [&str; 12] = ["4@", "8", "({[<", "3", "69", "1!|", "1|7", "0", "$5", "+7", "%", "2"];
/// Symbols that can stand for one another, as they are read as the same letter.
const INTERCHANGEABLE: [&str; 6] = ["4@", "({[<", "69", "1!|", "$5", "7+"];

/// What would make the password better; `None` if it is as strong as it must be. `known` is what an attacker tries first.
///
/// Advice to do without kinds of characters is kept back where they are `required`.
pub(super) fn advice(
    password: &str,
    least: Strength,
    known: &[&str],
    required: impl IntoIterator<Item = CharacterClass>,
) -> Option<String> {
    let estimate = zxcvbn::zxcvbn(&affordable(password), known);
    if u32::from(u8::from(estimate.score())) >= least as u32 {
        return None;
    }
    let has_required = required.into_iter().next().is_some();
    let advice = estimate.feedback().map(|feedback| sentences(feedback, has_required)).unwrap_or_default();
    // There is no feedback from score 3 on, and there can be nothing left of it.
    Some(if advice.is_empty() { Suggestion::AddAnotherWordOrTwo.to_string() } else { advice })
}

fn sentences(feedback: &Feedback, has_required: bool) -> String {
    let contradicts = |suggestion: &Suggestion| {
        has_required && matches!(suggestion, Suggestion::NoNeedForSymbolsDigitsOrUppercaseLetters)
    };
    let suggestions = feedback.suggestions().iter().filter(|suggestion| !contradicts(suggestion));
    let warning = feedback.warning().map(|warning| warning.to_string());
    warning.into_iter().chain(suggestions.map(ToString::to_string)).collect::<Vec<_>>().join(" ")
}

/// What of the password zxcvbn is asked about: a beginning, and of too many symbols that can be read as one letter only
/// one, which makes the password no stronger than it is.
fn affordable(password: &str) -> Zeroizing<String> {
    let end = password.char_indices().nth(MAX_LENGTH).map_or(password.len(), |(end, _)| end);
    let beginning = password.get(..end).unwrap_or(password);
    let readings = |symbols: &&str| symbols.chars().filter(|symbol| beginning.contains(*symbol)).count().max(1);
    let is_affordable = SYMBOLS_OF_LETTERS.iter().map(readings).product::<usize>() <= MAX_READINGS;
    let plainer = |c: char| {
        let alike = INTERCHANGEABLE.iter().find(|symbols| !is_affordable && symbols.contains(c));
        alike.and_then(|symbols| symbols.chars().next()).unwrap_or(c)
    };
    // All of these symbols are one byte long, so that nothing grows.
    let mut affordable = Zeroizing::new(String::with_capacity(beginning.len()));
    affordable.extend(beginning.chars().map(plainer));
    affordable
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(password: &str, score: u32, known: &[&str]) -> Option<String> {
        advice(password, Strength::from_score(score).unwrap(), known, [])
    }

    #[test]
    fn there_are_four_strengths() {
        assert_eq!(
            (0..6).filter_map(Strength::from_score).map(|strength| strength as u32).collect::<Vec<_>>(),
            [1, 2, 3, 4]
        );
    }

    #[test]
    fn advice_fits_the_password() {
        assert_eq!(told("tulip-tango-92", 4, &[]), None);
        let advice = told("password1", 1, &[]).unwrap();
        assert!(advice.contains("common password") && advice.contains("Add another word or two."), "{advice}");
        assert!(told("poiuytgbvcx", 3, &[]).unwrap().contains("keyboard pattern"));
        assert!(told("analytical-engine", 3, &[]).is_none());
        assert!(told("analytical-engine", 3, &["analytical-engine"]).is_some(), "it is known");
    }

    #[test]
    fn where_zxcvbn_has_nothing_to_say_there_is_advice_all_the_same() {
        // Score 3, for which there is no feedback.
        assert_eq!(told("tulip-tang", 3, &[]), None);
        assert_eq!(told("tulip-tang", 4, &[]).unwrap(), "Add another word or two. Uncommon words are better.");
    }

    #[test]
    fn advice_does_not_contradict_the_rules() {
        let needless = |required: &[CharacterClass]| {
            let advice = advice("", Strength::AboveThousand, &[], required.iter().copied()).unwrap();
            advice.contains("No need for symbols")
        };
        assert!(needless(&[]) && !needless(&[CharacterClass::Digit]));
    }

    #[test]
    fn what_is_asked_about_is_bounded() {
        assert_eq!(affordable(&"é".repeat(100_000)).as_str(), "é".repeat(64));
        assert_eq!(affordable("P@ssw0rd!1 {4}").as_str(), "P@ssw0rd!1 {4}");
        assert_eq!(affordable("4@8({[<369&#!1/|0$5+7%2").as_str(), "448((((366&#11/10$$777%2".replace("777", "77"));
    }
}
