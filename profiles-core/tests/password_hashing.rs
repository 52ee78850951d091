//! What is hashed is recognised, what Django hashed is too, and nothing else.

use std::{error::Error, sync::Arc};

use profiles_core::{
    env::SystemEntropy,
    model::PasswordHash,
    password::{Argon2Config, Argon2Pool, PasswordHasher, Verdict},
};

type Outcome = Result<(), Box<dyn Error>>;

fn pool(config: Argon2Config) -> Argon2Pool {
    Argon2Pool::new(config, Arc::new(SystemEntropy))
}

#[tokio::test]
async fn a_hash_recognises_its_password_and_no_other() -> Outcome {
    let pool = pool(Argon2Config::default());
    for password in ["correct horse", "", " spaces ", "pässwörd 🎉", "nul\0in it", &"long".repeat(1000)] {
        let hash = pool.hash(password.into()).await?;
        assert_eq!(pool.verify(password.into(), Some(hash.clone())).await?, Verdict::Right, "{password:?}");
        for other in [format!("{password} "), format!("x{password}"), "Correct horse".to_owned()] {
            assert_eq!(pool.verify(other.into(), Some(hash.clone())).await?, Verdict::Wrong, "{password:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_hash_is_a_phc_string_with_a_salt_of_its_own() -> Outcome {
    let pool = pool(Argon2Config::new(12 * 1024, 3)?);
    let (one, other) = (pool.hash("same".into()).await?, pool.hash("same".into()).await?);
    let rest = one.as_encoded().strip_prefix("$argon2id$v=19$m=12288,t=3,p=1$").ok_or("other parameters")?;
    let (salt, tag) = rest.split_once('$').ok_or("no tag")?;
    // 16 and 32 bytes in Base64 without padding.
    assert_eq!((salt.len(), tag.len()), (22, 43));
    assert_ne!(one, other);
    Ok(())
}

#[tokio::test]
async fn a_hash_with_other_parameters_is_right_but_outdated() -> Outcome {
    let (old, new) = (pool(Argon2Config::new(7 * 1024, 5)?), pool(Argon2Config::default()));
    let hash = old.hash("correct horse".into()).await?;
    assert_eq!(old.verify("correct horse".into(), Some(hash.clone())).await?, Verdict::Right);
    assert_eq!(new.verify("correct horse".into(), Some(hash.clone())).await?, Verdict::RightButOutdated);
    assert_eq!(new.verify("other horse".into(), Some(hash)).await?, Verdict::Wrong);
    // And the other way round: it needs more memory than the thread usually has.
    let hash = new.hash("correct horse".into()).await?;
    assert_eq!(old.verify("correct horse".into(), Some(hash)).await?, Verdict::RightButOutdated);
    assert_eq!(old.verify("correct horse".into(), None).await?, Verdict::Wrong);
    Ok(())
}

/// `vectors/password_hashes.json` was written by Django 5.2: `vectors/password_hashes.py` says how.
#[tokio::test]
async fn what_django_hashed_is_right_but_outdated() -> Outcome {
    let pool = pool(Argon2Config::default());
    let hashes: Vec<(String, String)> = serde_json::from_str(include_str!("vectors/password_hashes.json"))?;
    assert_eq!(hashes.len(), 8);
    for (password, encoded) in hashes {
        let right = pool.verify(password.as_str().into(), Some(PasswordHash::from_encoded(&*encoded))).await?;
        assert_eq!(right, Verdict::RightButOutdated, "{encoded}");
        let wrong = pool.verify(format!("{password}!").into(), Some(PasswordHash::from_encoded(&*encoded))).await?;
        assert_eq!(wrong, Verdict::Wrong, "{encoded}");
    }
    Ok(())
}

#[tokio::test]
async fn one_changed_character_of_a_hash_makes_it_wrong() -> Outcome {
    let pool = Argon2Pool::fast_for_tests(Arc::new(SystemEntropy));
    let hash = pool.hash("correct horse".into()).await?;
    let encoded = hash.as_encoded();
    for (at, _) in encoded.char_indices() {
        let (before, after) = encoded.split_at(at);
        for letter in ['0', 'A', '$', '=', 'é'] {
            let changed = format!("{before}{letter}{}", after.get(1..).unwrap_or_default());
            if changed != encoded {
                let verdict = pool.verify("correct horse".into(), Some(PasswordHash::from_encoded(&*changed))).await?;
                assert_eq!(verdict, Verdict::Wrong, "{changed}");
            }
        }
        assert_eq!(
            pool.verify("correct horse".into(), Some(PasswordHash::from_encoded(before))).await?,
            Verdict::Wrong,
            "{before}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn nothing_matches_a_hash_that_cannot_be_read_or_would_cost_too_much() -> Outcome {
    let pool = pool(Argon2Config::default());
    for encoded in [
        "",
        "!",
        "!kS7XmUQ2pUZ8zZ4l1RCbNdGQ7zcG9nWxMJsxFHaK",
        "correct horse",
        "md5$salt$b1946ac92492d2347c6235b4d2611184",
        "pbkdf2_sha256$1000000$salt$",
        "pbkdf2_sha256$4294967295$salt$7q+1Hz7XVDkbTQbsxoiR9mI+WqE8j4MzZNRgdbtJEaM=",
        "argon2$argon2id$v=19$m=4194304,t=100,p=8$Zml4ZWRTYWx0$e5Sudpdw11q5Lr0Dxbi4XIA/bnyQDsUSYu6i97A9sZk",
    ] {
        for password in ["", "correct horse"] {
            assert_eq!(
                pool.verify(password.into(), Some(PasswordHash::from_encoded(encoded))).await?,
                Verdict::Wrong,
                "{encoded}"
            );
        }
    }
    Ok(())
}
