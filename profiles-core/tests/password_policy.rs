//! The policy against Django's own validators.
//!
//! `vectors/password_policy.json` was written by Django (5.2.19, Python 3.11): `vectors/password_policy.py` says how.

use profiles_core::password::{PasswordContext, PasswordPolicy};

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
