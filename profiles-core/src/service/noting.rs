//! Noting when tokens are used, now and then.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{
    Core,
    model::{Digest, Principal, Timestamp, TokenKind},
};

/// How old what is known of a token's use may get before it is noted anew: so often a request costs a write.
const RESOLUTION: Duration = Duration::from_mins(5);

/// Tokens whose use is being noted, so that of many requests at once one does it.
#[derive(Clone, Default)]
pub(crate) struct Noting(Arc<Mutex<HashSet<Digest>>>);

/// How fine the moments of last use are for a token that ends after so long without use: fine enough not to matter.
fn resolution(idle: Option<Duration>) -> Duration {
    idle.map_or(RESOLUTION, |idle| RESOLUTION.min(idle / 10))
}

/// How long the store is told that a token may lie unused: longer by what its moments of last use may be off.
pub(crate) fn lenient(idle: Option<Duration>) -> Option<Duration> {
    idle.map(|idle| idle.saturating_add(resolution(Some(idle))))
}

impl Core {
    /// Notes that a token was used, if the last note of it is old. Failing is no reason to refuse the request.
    pub(crate) async fn note_use(&self, digest: Digest, principal: &Principal, now: Timestamp) {
        let idle = match principal.kind {
            TokenKind::Api => self.settings.token_idle,
            TokenKind::Session => self.settings.session_idle,
            TokenKind::Personal => None,
        };
        if principal.seen_at.plus(resolution(idle)) > now || !self.noting.begin(digest) {
            return;
        }
        if let Err(error) = self.store.touch(&[(digest, now)]).await {
            tracing::debug!(%error, "when a token was last used could not be noted");
        }
        self.noting.end(&digest);
    }
}

impl Noting {
    fn begin(&self, digest: Digest) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(digest)
    }

    fn end(&self, digest: &Digest) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(digest);
    }
}
