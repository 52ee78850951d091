//! Asking for a mail does not tell by its time whether there is somebody to send it to. Alone in its file, because other
//! tests would disturb the measurement.

use std::{
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};

use profiles_core::{
    Core, Settings, Throttles,
    model::{AuditActor, AuditEvent, AuditNote, AuditOutcome, Email, Origin},
    store::{
        Accounts as _, Store,
        sled::{SledConfig, SledStore},
    },
    testkit::fixture,
};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Requests of each kind in one measurement.
const ROUNDS: usize = 101;
/// Measurements until one has to do: whatever else the machine does can spoil one.
const ATTEMPTS: usize = 5;

#[derive(Clone, Copy, Debug)]
enum Request {
    Reset,
    Resend,
}

async fn service(directory: &std::path::Path) -> Outcome<Core> {
    let store = SledStore::open(SledConfig::new(directory.join("store")))?;
    for round in 0..ROUNDS {
        store.register(fixture::register(&format!("known-{round}"))).await?;
    }
    let mut settings = Settings::default();
    // The mails that one client may ask for would end long before the measurement does.
    settings.throttles = Throttles { mails_per_client: None, ..Throttles::default() };
    Ok(Core::builder(Arc::new(store) as Arc<dyn Store>).settings(settings).build()?)
}

async fn ask(core: &Core, request: Request, name: &str) -> Outcome {
    let email = Email::parse(&format!("{name}@example.org"));
    match request {
        Request::Reset => core.request_password_reset(email).await?,
        Request::Resend => core.resend_confirmation(email.map(Some)).await?,
    }
    Ok(())
}

/// A write more, as a service that forgets itself would do it for somebody whom it knows.
async fn write(core: &Core) -> Outcome {
    let note = AuditNote {
        event: AuditEvent::Login,
        outcome: AuditOutcome::Done,
        actor: AuditActor::Anonymous,
        account: None,
        object: None,
        origin: Origin::default(),
    };
    Ok(core.store().note(note, core.now()).await?)
}

/// How much longer a request takes for a known address than for an unknown one: the median over the rounds, in each of
/// which both are asked for, in turns.
async fn ratio(request: Request, telltale: bool) -> Outcome<f64> {
    let directory = tempfile::tempdir()?;
    let core = service(directory.path()).await?;
    let mut ratios = Vec::new();
    for round in 0..ROUNDS {
        let (mut unknown, mut known) = (Duration::ZERO, Duration::ZERO);
        for is_known in [round % 2 == 0, round % 2 == 1] {
            let name = if is_known { format!("known-{round}") } else { format!("unknown-{round}") };
            let start = Instant::now();
            ask(&core, request, &name).await?;
            if telltale && is_known {
                write(&core).await?;
            }
            *(if is_known { &mut known } else { &mut unknown }) = start.elapsed();
        }
        ratios.push(known.as_secs_f64() / unknown.as_secs_f64());
    }
    let mails = core.store().mails(None, 2 * ROUNDS).await?;
    assert_eq!(mails.len(), ROUNDS, "every known address and no other gets a mail");
    ratios.sort_unstable_by(f64::total_cmp);
    Ok(ratios.get(ROUNDS / 2).copied().ok_or("no rounds")?)
}

#[tokio::test(flavor = "multi_thread")]
async fn how_long_it_takes_does_not_tell_whether_there_is_an_account() -> Outcome {
    // Both wait for the disk twice. A key and a mail are more to write than a line that says that nobody was there, which
    // shows as a fifth on a fast disk; one wait more is a half.
    let same = 0.75..1.35;
    for request in [Request::Reset, Request::Resend] {
        let mut ratios = Vec::new();
        for _ in 0..ATTEMPTS {
            ratios.push(ratio(request, false).await?);
            if ratios.last().is_some_and(|ratio| same.contains(ratio)) {
                break;
            }
        }
        assert!(ratios.last().is_some_and(|ratio| same.contains(ratio)), "{request:?}: {ratios:?}");

        // The measure is one: it finds a single write more.
        let mut told = Vec::new();
        for _ in 0..ATTEMPTS {
            told.push(ratio(request, true).await?);
            if told.last().is_some_and(|ratio| !same.contains(ratio)) {
                break;
            }
        }
        assert!(told.last().is_some_and(|ratio| !same.contains(ratio)), "{request:?} is not told apart: {told:?}");
    }
    Ok(())
}
