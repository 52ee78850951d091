//! The policy against Django's own validators, and what holds for every policy and every password.
//!
//! `vectors/password_policy.json` was written by Django (5.2.19, Python 3.11): `vectors/password_policy.py` says how.

use std::{
    mem::discriminant,
    time::{Duration, Instant},
};

use profiles_core::password::{
    Blocklist, BlocklistError, CharacterClass, PasswordContext, PasswordPolicy, PolicyViolation, Strength,
};
use proptest::prelude::*;

/// Least length, password, owner, messages.
type Case = (usize, String, Option<[String; 4]>, Vec<String>);

#[test]
fn every_answer_is_djangos() -> Result<(), serde_json::Error> {
    let cases: Vec<Case> = serde_json::from_str(include_str!("vectors/password_policy.json"))?;
    assert!(cases.len() > 500, "{}", cases.len());
    for (min_length, password, owner, expected) in cases {
        let about = owner.as_ref().map(|[username, first_name, last_name, email]| PasswordContext {
            username,
            first_name,
            last_name,
            email,
        });
        let violations = PasswordPolicy::default().with_min_length(min_length).check(&password, about.as_ref());
        let messages: Vec<String> = violations.iter().map(ToString::to_string).collect();
        assert_eq!(messages, expected, "{password:?} of {owner:?}, at least {min_length}");
    }
    Ok(())
}

const ADA: PasswordContext<'_> = PasswordContext {
    username: "ada.lovelace",
    first_name: "Augusta Ada",
    last_name: "King",
    email: "ada@analytical-engine.example",
};

/// This policy with every rule that can be added to it.
fn strict(policy: PasswordPolicy) -> Result<PasswordPolicy, BlocklistError> {
    Ok(policy
        .with_blocklist(Blocklist::read("Tulip Tango Ninety-Two\n11111111111111111\n".as_bytes())?)
        .with_service_words(["The Society", "profiles.example"])
        .with_classes([CharacterClass::Symbol, CharacterClass::Upper, CharacterClass::Digit, CharacterClass::Lower])
        .with_strength(Strength::AboveTenBillion))
}

/// Texts of all kinds, most of them like passwords that people and attackers choose.
fn passwords() -> impl Strategy<Value = String> {
    const PIECES: &[&str] =
        &["password", "P@ssw0rd", "lovelace", "society", "1815", "12/10/1815", "qwerty", "\0", "é", "ẞ", "İ", "٣"];
    let like_people = proptest::collection::vec(proptest::sample::select(PIECES), 0..6);
    prop_oneof![
        any::<String>(),
        "[4@8({\\[<369&#!1/|0$5+7%2a-e]{0,100}",
        "(.){0,3}\\PC{0,200}",
        like_people.prop_map(|pieces| pieces.concat())
    ]
}

#[test]
fn every_refusal_says_what_to_do_and_comes_in_order() -> Result<(), BlocklistError> {
    let messages = |policy: &PasswordPolicy, password: &str| -> Vec<String> {
        policy.check(password, Some(&ADA)).iter().map(ToString::to_string).collect()
    };
    let common = "This password is too common.";
    let blocked = "This password is on this site's list of passwords that are easy to guess. Choose another one.";
    let lacking = "This password must also contain a lowercase letter, an uppercase letter and a punctuation mark, \
                   space or other symbol.";
    let policy = strict(PasswordPolicy::django())?;
    let refusals = messages(&policy.clone().with_blocklist(Blocklist::read("111111".as_bytes())?), "111111");
    let (guessable, rest) = refusals.split_last().ok_or(BlocklistError::NotAFile)?;
    let short = "This password is too short. It must contain at least 8 characters.";
    assert_eq!(rest, [short, common, "This password is entirely numeric.", blocked, lacking]);
    assert!(guessable.starts_with("This password is too easy to guess. This is a top-"), "{guessable}");
    assert!(guessable.contains("Add another word or two."), "{guessable}");
    assert_eq!(
        messages(&policy, "4-Lovelace"),
        [
            "The password is too similar to the username.",
            "This password contains \"lovelace\", which others may know of you or of this site. Leave that out.",
            "This password is too easy to guess. Add another word or two. Uncommon words are better. \
             Capitalization doesn't help very much.",
        ]
    );
    assert_eq!(messages(&policy, "Tulip tango 92 for tea"), [""; 0]);
    Ok(())
}

#[test]
fn the_second_preset_asks_for_length_and_for_nothing_known() {
    let policy = PasswordPolicy::nist().with_service_words(["Babbage & Sons"]);
    let refused = |password| policy.check(password, Some(&ADA));
    let faces = "\u{1f600}".repeat(15);
    // No rules of composition, and what merely has letters in common with a name is no word of it.
    for good in ["482 910 573 664 018", "481094726618305", "correct horse battery", "ecalevol.ada xyz", &faces] {
        assert_eq!(refused(good), [], "{good}");
    }
    assert_eq!(refused("tulip-tango-92"), [PolicyViolation::TooShort { min: 15 }]);
    let contains = |word: &str| PolicyViolation::ContainsWord { word: word.to_owned() };
    assert_eq!(refused("i love lovelace so"), [contains("lovelace")]);
    assert_eq!(refused("my AUGUSTA national"), [contains("augusta")]);
    assert_eq!(refused("an engine that could"), [contains("engine")]);
    assert_eq!(refused("babbage and lovelace"), [contains("babbage")]);
    assert_eq!(policy.check("i love lovelace so", None), []);
    let common = [PolicyViolation::TooCommon];
    assert_eq!(PasswordPolicy::nist().with_min_length(8).check("Password1", None), common);
}

#[test]
fn huge_passwords_are_judged_whole() -> Result<(), BlocklistError> {
    let policy = strict(PasswordPolicy::nist())?;
    let huge = format!("{}Z9 ", "Zwölf Boxkämpfer jagen Eva quer über den Sylter Deich; ".repeat(20_000));
    assert_eq!(policy.check(&huge, Some(&ADA)), []);
    // What is wrong at the far end is seen.
    let contains = PolicyViolation::ContainsWord { word: "lovelace".to_owned() };
    assert_eq!(policy.check(&format!("{huge}LoveLace"), Some(&ADA)), [contains]);
    let zeros = "\0".repeat(1 << 20);
    assert!(matches!(policy.check(&zeros, Some(&ADA)).as_slice(), [.., PolicyViolation::TooGuessable { .. }]));
    assert_eq!(PasswordPolicy::django().check(&zeros, Some(&ADA)), []);
    Ok(())
}

#[test]
fn no_password_makes_its_judge_work_for_long() {
    let policy = PasswordPolicy::django().with_strength(Strength::AboveTenBillion);
    let time = |password: &str| {
        let once = |_| {
            let start = Instant::now();
            policy.check(password, Some(&ADA));
            start.elapsed()
        };
        (0..5).map(once).min().unwrap_or(Duration::ZERO)
    };
    // What it loads at first is not meant.
    time("tulip-tango-92");
    let plain = time("gjdkwoxnvhqurtzbfpmycgjdkrwoxnvhquystzbfpmycghdkwoxnvrquestzbfpm");
    // Each of these symbols can be read as a letter, most of them in several ways: without a bound it is 200 times the
    // work.
    let symbols: String = "4@8({[<369&#!1/|0$5+7%2".chars().cycle().take(1000).collect();
    let ratio = time(&symbols).as_secs_f64() / plain.as_secs_f64();
    assert!(ratio < 20.0, "{ratio:.1} times the work of a plain password of the same length");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn an_added_rule_refuses_more_and_pardons_nothing(password in passwords()) {
        for policy in [PasswordPolicy::django(), PasswordPolicy::nist()] {
            let broken = policy.check(&password, Some(&ADA));
            let with_more = strict(policy)?.check(&password, Some(&ADA));
            let rules: Vec<_> = with_more.iter().map(discriminant).collect();
            let pardoned = broken.iter().find(|violation| !rules.contains(&discriminant(violation)));
            prop_assert!(pardoned.is_none(), "{pardoned:?}");
            prop_assert!(with_more.iter().all(|violation| violation.to_string().ends_with('.')), "{with_more:?}");
        }
    }

    #[test]
    fn by_default_nothing_is_refused_but_by_djangos_rules(password in passwords()) {
        use PolicyViolation::{EntirelyNumeric, TooCommon, TooShort, TooSimilar};
        let broken = PasswordPolicy::default().check(&password, Some(&ADA));
        let known = |violation: &PolicyViolation| {
            matches!(violation, TooSimilar { .. } | TooShort { min: 8 } | TooCommon | EntirelyNumeric)
        };
        prop_assert!(broken.iter().all(known), "{broken:?}");
    }

    #[test]
    fn a_listed_password_is_refused_in_any_case_and_its_neighbour_is_not(password in "\\PC{1,30}[a-z]") {
        let list = Blocklist::read(format!("first\n{password}\r\nlast").as_bytes())?;
        prop_assert!(list.contains(&password) && list.contains(&password.to_lowercase()));
        for other in [password.clone() + "x", password.repeat(2)] {
            prop_assert!(!list.contains(&other), "{other:?}");
        }
    }
}
