//! Where something was done, as tokens and lines of the audit trail keep it, and from where accounts logged in.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{
    model::{Network, Origin, Timestamp},
    store::places::Places,
};

/// Where a request came from. It stands in tokens and in lines of the audit trail.
#[derive(Serialize, Deserialize)]
pub(super) struct OriginRecord {
    address: Option<IpAddr>,
    agent: Option<String>,
    request_id: Option<String>,
}

impl OriginRecord {
    pub(super) fn of(origin: &Origin) -> Self {
        Self {
            address: origin.address(),
            agent: origin.agent().map(str::to_owned),
            request_id: origin.request_id().map(str::to_owned),
        }
    }

    pub(super) fn into_origin(self) -> Origin {
        Origin::new(self.address, self.agent.as_deref(), self.request_id.as_deref())
    }
}

/// In [`super::super::keys::Space::Places`]: each with the moment at which it was last seen.
#[derive(Default, Serialize, Deserialize)]
pub(in crate::store::sled) struct PlacesRecord(Vec<(Network, i64)>);

impl PlacesRecord {
    pub(in crate::store::sled) fn of(places: Places) -> Self {
        Self(places.into_iter().map(|(place, at)| (place, at.as_micros())).collect())
    }

    pub(in crate::store::sled) fn into_places(self) -> Places {
        self.0.into_iter().map(|(place, at)| (place, Timestamp::from_micros(at))).collect()
    }
}
