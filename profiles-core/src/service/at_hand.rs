//! A row that was read together with who asks for it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::store::{Found, Wanted};

/// The row that a request is about, until somebody looks for it: the first look takes it, and every later one reads anew.
/// So what a retry sees, or whoever looks again, is never older than their look.
#[derive(Clone, Default)]
pub(crate) struct AtHand(Option<Arc<Mutex<Option<Row>>>>);

struct Row {
    wanted: Wanted,
    found: Found,
}

impl AtHand {
    pub(super) fn new(wanted: Wanted, found: Found) -> Self {
        Self(Some(Arc::new(Mutex::new(Some(Row { wanted, found })))))
    }

    /// Takes it, if it is this one.
    pub(super) fn take(&self, wanted: &Wanted) -> Option<Found> {
        let mut row = self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        row.take_if(|row| row.wanted == *wanted).map(|row| row.found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ProfileId, StatusId};

    #[test]
    fn it_is_taken_once_and_by_nobody_who_looks_for_another() {
        let (wanted, other) = (Wanted::Status(StatusId::new(1)), Wanted::Profile(ProfileId::new(1)));
        let at_hand = AtHand::new(wanted.clone(), Found::Status(None));
        let clone = at_hand.clone();
        assert_eq!(at_hand.take(&other), None);
        assert_eq!(at_hand.take(&Wanted::Status(StatusId::new(2))), None);
        assert_eq!(clone.take(&wanted), Some(Found::Status(None)));
        assert_eq!(at_hand.take(&wanted), None, "a clone has taken it");
        assert_eq!(AtHand::default().take(&wanted), None);
    }
}
