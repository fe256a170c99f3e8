//! The holding area in pages, as people read it.

use super::shown::{Hold, MAX_REQUESTS, Standing, path, show, show_part, standing};
use super::{Intake, IntakeError};
use crate::catalog::{HoldRow, ReadTx};
use crate::model::{Access, HoldId, HoldState, SpaceId};

/// Most items that are looked at for one page: a search for a rare name then ends with a page that is not full, and the
/// next one goes on.
const MAX_LOOKED_AT: usize = 2_000;
/// Items that are read at once.
const STEP: usize = 200;

/// The choice of items for a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HoldsAsked {
    /// Items in these states.
    pub states: HoldStates,
    /// Only items of this space.
    pub space: Option<SpaceId>,
    /// Only items with this in their path, in any capitals.
    pub name: Option<String>,
    /// Only items before this one.
    pub before: Option<HoldId>,
}

/// States of items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HoldStates {
    /// All that have not ended.
    #[default]
    Open,
    /// All for which a person asks and has no answer yet.
    Asked,
    /// This one.
    One(HoldState),
    /// All.
    All,
}

/// A page of items, latest first.
#[derive(Clone, Debug)]
pub struct HoldPage {
    /// Its items.
    pub holds: Vec<Hold>,
    /// The item before which the next page begins; `None` if this is the last one.
    pub next: Option<HoldId>,
    /// The spaces whose items may be shown.
    pub spaces: Vec<SpaceId>,
    /// Whether the person decides about the items of any of them.
    pub decides: bool,
}

impl HoldStates {
    fn contain(self, state: HoldState) -> bool {
        match self {
            Self::Open | Self::Asked => !state.has_ended(),
            Self::One(one) => one == state,
            Self::All => true,
        }
    }

    fn with_ended(self) -> bool {
        match self {
            Self::Open | Self::Asked => false,
            Self::One(state) => state.has_ended(),
            Self::All => true,
        }
    }
}

impl HoldsAsked {
    fn fits(&self, tx: &ReadTx<'_>, row: &HoldRow) -> Result<bool, IntakeError> {
        if !self.states.contain(row.state) || self.space.is_some_and(|space| space != row.space) {
            return Ok(false);
        }
        if self.states == HoldStates::Asked
            && !tx.hold_requests(row.id, MAX_REQUESTS)?.iter().any(|request| request.declined.is_none())
        {
            return Ok(false);
        }
        match &self.name {
            Some(name) => Ok(path(tx, row)?.to_lowercase().contains(&name.to_lowercase())),
            None => Ok(true),
        }
    }
}

impl Intake {
    /// A page of up to `limit` items that exist for a person with these accesses. A page may hold fewer, even none, and still have a
    /// next one.
    pub async fn page(
        &self,
        accesses: Vec<Access>,
        asked: HoldsAsked,
        limit: usize,
    ) -> Result<HoldPage, IntakeError> {
        let spaces: Vec<_> = accesses.iter().map(Access::space).collect();
        let decides = accesses.iter().any(Access::may_release);
        let page = move |holds, next| HoldPage { holds, next, spaces, decides };
        self.catalog()
            .read(move |tx| {
                let (mut holds, mut before, mut looked_at) = (Vec::<Hold>::new(), asked.before, 0);
                while looked_at < MAX_LOOKED_AT {
                    let step = tx.holds(before, asked.states.with_ended(), STEP)?;
                    let Some(last) = step.last() else { return Ok(page(holds, None)) };
                    (before, looked_at) = (Some(last.id), looked_at + step.len());
                    for row in &step {
                        let Some(standing) = standing(tx, &accesses, row)? else { continue };
                        if !asked.fits(tx, row)? {
                            continue;
                        }
                        if holds.len() == limit {
                            let next = holds.last().map(|hold| hold.id);
                            return Ok(page(holds, next));
                        }
                        holds.push(match standing {
                            Standing::Decides => show(tx, row)?,
                            Standing::Sent | Standing::Reads => show_part(tx, &accesses, row, standing)?,
                        });
                    }
                }
                Ok(page(holds, before))
            })
            .await
    }
}
