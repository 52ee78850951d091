//! Where accounts log in from.

use profiles_core::{
    model::{AccountId, Network, Timestamp},
    store::{Result, remember_place},
};
use sqlx::{postgres::PgRow, query};

use crate::{
    error::{Failure, corrupt},
    row::{get, number},
    store::Inner,
    write::Work,
};

const OF: &str = "select places::text as places from places where account = $1";

impl Inner {
    pub(crate) async fn places_of(&self, account: AccountId) -> Result<Vec<(Network, Timestamp)>> {
        let row = self.row(|| query(OF).bind(number(account.get()))).await?;
        Ok(row.as_ref().map(places).transpose()?.unwrap_or_default())
    }
}

pub(crate) fn places(row: &PgRow) -> Result<Vec<(Network, Timestamp)>> {
    let places = serde_json::from_str(get(row, "places")?);
    places.map_err(|error| corrupt(format!("places of an account: {error}")))
}

impl Work {
    /// Notes a place; answers whether it is new, while others were known.
    pub(crate) async fn is_new_place(
        &mut self,
        account: AccountId,
        place: Option<Network>,
        at: Timestamp,
    ) -> Result<bool, Failure> {
        let Some(place) = place else { return Ok(false) };
        let row = query(OF).bind(number(account.get())).fetch_optional(self.sql()).await?;
        let mut known = row.as_ref().map(places).transpose()?.unwrap_or_default();
        let is_new = remember_place(&mut known, place, at);
        let text = serde_json::to_string(&known).map_err(|error| corrupt(error.to_string()))?;
        query(
            "insert into places (account, places) values ($1, $2::json) \
             on conflict (account) do update set places = excluded.places",
        )
        .bind(number(account.get()))
        .bind(text)
        .execute(self.sql())
        .await?;
        Ok(is_new)
    }
}
