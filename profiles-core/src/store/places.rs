//! Where an account has logged in from.

use crate::model::{Network, Timestamp};

/// Places of one account, each with when it was last seen; the one that was not seen for longest comes first.
pub(super) type Places = Vec<(Network, Timestamp)>;

/// The places of one account that are kept; of more, the one goes that was not seen for longest.
pub(super) const MOST: usize = 20;

/// Notes a place, by the one rule for every store; answers whether it is new, while others were known. Of more than 20 places
/// of an account the one goes that was not seen for longest, which stands first.
pub fn remember(places: &mut Vec<(Network, Timestamp)>, place: Network, at: Timestamp) -> bool {
    let known = places.iter().any(|(known, _)| *known == place);
    let new = !known && !places.is_empty();
    places.retain(|(known, _)| *known != place);
    if places.len() >= MOST {
        places.remove(0);
    }
    places.push((place, at));
    new
}
