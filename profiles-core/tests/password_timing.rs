//! How long a failed login takes does not tell whether there is such an account. Alone in its file, because other tests
//! would disturb the measurement.

use std::{
    error::Error,
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use profiles_core::{
    env::SystemEntropy,
    model::PasswordHash,
    password::{Argon2Config, Argon2Pool, PasswordHasher, Verdict},
};

fn median(mut times: Vec<Duration>) -> Option<f64> {
    times.sort_unstable();
    times.get(times.len() / 2).map(Duration::as_secs_f64)
}

#[tokio::test]
async fn a_missing_or_unusable_hash_takes_as_long_as_a_wrong_password() -> Result<(), Box<dyn Error>> {
    let pool = Argon2Pool::new(Argon2Config::default().with_threads(NonZeroUsize::MIN), Arc::new(SystemEntropy));
    let wrong = Some(pool.hash("the right password".into()).await?);
    let unusable = Some(PasswordHash::from_encoded("!kS7XmUQ2pUZ8zZ4l1RCbNdGQ7zcG9nWxMJsxFHaK"));
    let too_costly = Some(PasswordHash::from_encoded(format!("pbkdf2_sha256$4294967295$salt${}=", "A".repeat(43))));
    let hashes = [wrong, None, unusable, too_costly];
    let mut times = [const { Vec::new() }; 4];
    // Interleaved, so that whatever else the machine does hits all of them alike.
    for _ in 0..15 {
        for (hash, times) in hashes.iter().zip(&mut times) {
            let start = Instant::now();
            let verdict = pool.verify("another password".into(), hash.clone()).await?;
            times.push(start.elapsed());
            assert_eq!(verdict, Verdict::Wrong);
        }
    }
    let [wrong, rest @ ..] = times.map(median);
    for (name, time) in ["missing", "unusable", "too costly"].into_iter().zip(rest) {
        let ratio = time.zip(wrong).map(|(time, wrong)| time / wrong).ok_or("no times")?;
        // Without the work for nothing it is below 0.01; noise stays far inside these bounds.
        assert!((0.5..2.0).contains(&ratio), "{name}: {ratio:.2} of the time of a wrong password");
    }
    Ok(())
}
