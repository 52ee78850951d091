//! Counting what may not be tried too often.

use std::sync::Arc;

use super::trail;
use crate::{
    model::{AuditEvent, AuditNote, AuditOutcome},
    store::{Admission, Attempt, Forgive, Store},
    testkit::fixture,
};

/// Tries at this second what all of these count.
async fn attempt(store: &dyn Store, names: &[&str], seconds: u64) -> Admission {
    store.attempt(Attempt { at: fixture::after(seconds), ..fixture::attempt(names) }).await.unwrap()
}

fn refused(seconds: u64) -> Admission {
    Admission::Refused { until: fixture::after(seconds) }
}

/// Uses up the three free tries at [`fixture::NOW`].
async fn use_up(store: &dyn Store, names: &[&str]) {
    for _ in 0..3 {
        assert_eq!(attempt(store, names, 0).await, Admission::Granted);
    }
}

/// After the free tries each has to wait, longer each time up to the longest wait. Each wait ends at its moment, and who
/// tries during it makes it no longer.
pub async fn waits_grow_and_end(store: Arc<dyn Store>) {
    use_up(&*store, &["a"]).await;
    for (from, until) in [(0, 10), (10, 30), (30, 70), (70, 110), (110, 150)] {
        for second in [from, from + 1, until - 1] {
            assert_eq!(attempt(&*store, &["a"], second).await, refused(until), "at {second}");
        }
        assert_eq!(attempt(&*store, &["a"], until).await, Admission::Granted);
    }
}

/// What is counted under different keys does not disturb each other.
pub async fn keys_are_counted_apart(store: Arc<dyn Store>) {
    use_up(&*store, &["a"]).await;
    use_up(&*store, &["b"]).await;
    assert_eq!(attempt(&*store, &["a"], 0).await, refused(10));
    assert_eq!(attempt(&*store, &["c"], 0).await, Admission::Granted);
    assert_eq!(attempt(&*store, &[], 0).await, Admission::Granted, "what nothing counts is never refused");
}

/// A try that several keys count is granted if all of them allow it. If it is refused, none counts it, and it has to wait
/// for the last of them.
pub async fn a_try_is_counted_by_all_keys_or_by_none(store: Arc<dyn Store>) {
    use_up(&*store, &["a"]).await;
    for _ in 0..5 {
        assert_eq!(attempt(&*store, &["b", "a"], 0).await, refused(10));
    }
    use_up(&*store, &["b"]).await;
    assert_eq!(attempt(&*store, &["b"], 5).await, refused(10), "three tries were free: the refused ones did not count");
    assert_eq!(attempt(&*store, &["a"], 10).await, Admission::Granted);
    for names in [["a", "b"], ["b", "a"]] {
        assert_eq!(attempt(&*store, &names, 10).await, refused(30), "a has to wait longer than b");
    }
    assert_eq!(attempt(&*store, &["b", "a"], 30).await, Admission::Granted);
    assert_eq!(attempt(&*store, &["b"], 30).await, refused(50));
    assert_eq!(attempt(&*store, &["a"], 30).await, refused(70));
}

/// The trail tells of each wait once, when the first try of it is refused, and not of what is granted.
pub async fn each_wait_is_told_once(store: Arc<dyn Store>) {
    let note = || {
        let note = fixture::note(AuditEvent::Login);
        Some(AuditNote { outcome: AuditOutcome::Throttled, ..note })
    };
    let attempt = async |names: &[&str], seconds| {
        let command = Attempt { at: fixture::after(seconds), audit: note(), ..fixture::attempt(names) };
        store.attempt(command).await.unwrap()
    };
    let told = async || trail(&*store).await.into_iter().map(|line| line.at).collect::<Vec<_>>();
    for second in [0, 0, 0] {
        assert_eq!(attempt(&["a"], second).await, Admission::Granted);
    }
    assert_eq!(told().await, []);
    for second in [1, 2, 9] {
        assert_eq!(attempt(&["a"], second).await, refused(10));
        assert_eq!(told().await, [fixture::after(1)]);
    }
    assert_eq!(attempt(&["a"], 10).await, Admission::Granted);
    for second in [11, 29] {
        attempt(&["a", "b"], second).await;
        assert_eq!(told().await, [fixture::after(1), fixture::after(11)]);
    }
    let line = trail(&*store).await.remove(0);
    assert_eq!(Some(line.note), note());
}

/// A refusal without a line to tell is still a refusal, and the trail stays as it is.
pub async fn a_refusal_need_not_be_told(store: Arc<dyn Store>) {
    use_up(&*store, &["a"]).await;
    assert_eq!(attempt(&*store, &["a"], 0).await, refused(10));
    assert_eq!(trail(&*store).await, []);
}

/// Tries that turned out right are forgiven: all that a key counts, or one of them; what is not there is passed over.
pub async fn tries_are_forgiven(store: Arc<dyn Store>) {
    use_up(&*store, &["a"]).await;
    use_up(&*store, &["b"]).await;
    let (a, b, nobody) = (fixture::throttle("a"), fixture::throttle("b"), fixture::throttle("nobody"));
    store.forgive(&[]).await.unwrap();
    store.forgive(&[Forgive::All(nobody), Forgive::One(nobody), Forgive::All(a), Forgive::One(b)]).await.unwrap();
    use_up(&*store, &["a"]).await;
    assert_eq!(attempt(&*store, &["a"], 0).await, refused(10));
    assert_eq!(attempt(&*store, &["b"], 0).await, Admission::Granted);
    assert_eq!(attempt(&*store, &["b"], 0).await, refused(10));

    // No more can be forgiven than was tried.
    store.forgive(&[Forgive::One(b); 9]).await.unwrap();
    use_up(&*store, &["b"]).await;
    assert_eq!(attempt(&*store, &["b"], 0).await, refused(10));
    use_up(&*store, &["nobody"]).await;
    assert_eq!(attempt(&*store, &["nobody"], 0).await, refused(10));
}

/// After a time without any try all is forgotten, swept or not.
pub async fn tries_are_forgotten(store: Arc<dyn Store>) {
    for sweeps in [false, true] {
        let start = if sweeps { 1000 } else { 0 };
        for _ in 0..3 {
            assert_eq!(attempt(&*store, &["a"], start).await, Admission::Granted);
        }
        assert_eq!(attempt(&*store, &["a"], start + 10).await, Admission::Granted);
        // 10 seconds and a hundred.
        if sweeps {
            assert_eq!(store.sweep(fixture::after(start + 109), 10).await.unwrap(), 0);
            assert_eq!(attempt(&*store, &["a"], start + 29).await, refused(start + 30), "no sweep forgets a wait");
            assert_eq!(store.sweep(fixture::after(start + 110), 10).await.unwrap(), 1);
            assert_eq!(store.sweep(fixture::after(start + 110), 10).await.unwrap(), 0);
        }
        for _ in 0..3 {
            assert_eq!(attempt(&*store, &["a"], start + 110).await, Admission::Granted);
        }
        assert_eq!(attempt(&*store, &["a"], start + 110).await, refused(start + 120));
    }
}
