//! The holding area: contents that are withheld until they were examined, and the verdicts of scanners.

use super::row::{Row, params};
use super::spaces::{holding, release_by};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{
    ContentKind, EntryId, HoldDecision, HoldId, HoldReason, HoldScope, HoldState, Label, Look, Obstacle,
    ReleaseBy, SpaceId, Timestamp, UserId, VerdictKind, VersionId,
};

/// A content that is, or was, held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRow {
    /// Id of the hold.
    pub id: HoldId,
    /// The content.
    pub version: VersionId,
    /// Its space.
    pub space: SpaceId,
    /// State of the hold.
    pub state: HoldState,
    /// When the content was committed.
    pub arrived: Timestamp,
    /// The certain time before which it is not released by itself.
    pub due: Timestamp,
    /// The certain time at which the server continues; `None` if it waits for a person, or has ended.
    pub next: Option<Timestamp>,
    /// Why it is not released yet.
    pub reason: Option<HoldReason>,
    /// Whether a person released it although a scanner objected.
    pub overridden: bool,
    /// Identity of the signatures of the first scan that found nothing.
    pub first_signatures: Option<String>,
    /// The findings of the look into it; `None` before the first.
    pub look: Option<Look>,
    /// The contents that its space holds now.
    pub scope: HoldScope,
    /// Number of persons who must decide to release a held content of its space now.
    pub release_by: ReleaseBy,
}

/// The values of a hold that change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldUpdate<'a> {
    /// State of the hold.
    pub state: HoldState,
    /// When the server continues.
    pub next: Option<Timestamp>,
    /// Why it is not released yet.
    pub reason: Option<HoldReason>,
    /// Whether a person released it although a scanner objected.
    pub overridden: bool,
    /// Identity of the signatures of the first scan that found nothing.
    pub first_signatures: Option<&'a str>,
}

/// The result of one scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictRow {
    /// When the scan ended.
    pub at: Timestamp,
    /// Name of the scanner.
    pub engine: String,
    /// Whether nothing is clean that this scanner did not call clean.
    pub is_required: bool,
    /// Identity of its signatures.
    pub signatures: String,
    /// When the newest of them were built.
    pub signatures_built: Option<Timestamp>,
    /// The result.
    pub result: VerdictKind,
    /// Name of the virus, why it could not be scanned, or how a clean one was.
    pub detail: Option<String>,
    /// When the scanner last passed its test with these signatures, if it was tested with them.
    pub tested: Option<Timestamp>,
}

/// The first of two decisions to release a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApprovalRow {
    /// The user who decided; `None` for the owner at the command line.
    pub user: Option<UserId>,
    /// The decision.
    pub decision: HoldDecision,
    /// The person to whom alone it hands the content out; `None` if it releases it to everyone.
    pub to: Option<UserId>,
    /// State of the hold then.
    pub state: HoldState,
    /// Why it was not released then.
    pub objection: Option<HoldReason>,
    /// When it was decided.
    pub at: Timestamp,
    /// The certain time from which it counts no more.
    pub lapses: Timestamp,
}

/// The PDF of a held document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenditionRow {
    /// Whether it is still to be made.
    pub is_pending: bool,
    /// Its name beside the document, once it is certain that there will be one.
    pub name: Option<String>,
    /// Its entry, once it is stored and while it exists.
    pub entry: Option<EntryId>,
    /// Code of the error because of which there is none.
    pub fault: Option<String>,
}

const COLUMNS: &str =
    "holds.id, holds.version_id, entries.space_id, holds.state, arrived_at, due_at, next_at, reason,
     overridden, first_signatures, holds.kind, labels, obstacle, hold_ms, spaces.holds, release_by";
/// Holds with their files.
const HOLDS: &str =
    "holds JOIN versions ON versions.id = holds.version_id JOIN entries ON entries.id = versions.entry_id
     JOIN spaces ON spaces.id = entries.space_id";

/// Most holds at each end of a queue among which the spaces take turns: the time for that does not grow with what waits, and
/// what came last to a space that has nothing else waiting is among them.
const MOST_LOOKED_AT: usize = 1_000;

/// First scans of a space before one of its second scans: people wait for a first scan, and a space that always receives
/// more than is scanned must release, too.
const FIRST_SCANS: i64 = 3;

fn hold_row(row: &Row<'_>) -> Result<HoldRow, DatabaseError> {
    let state: String = row.get(3)?;
    let reason = row.get::<Option<String>>(7)?;
    Ok(HoldRow {
        id: HoldId(row.get(0)?),
        version: VersionId(row.get(1)?),
        space: SpaceId(row.get(2)?),
        // A state of a newer program is one that needs a person.
        state: HoldState::from_word(&state).unwrap_or(HoldState::NeedsDecision),
        arrived: Timestamp(row.get(4)?),
        due: Timestamp(row.get(5)?),
        next: row.get::<Option<i64>>(6)?.map(Timestamp),
        reason: reason.and_then(|word| HoldReason::from_word(&word)),
        overridden: row.get(8)?,
        first_signatures: row.get(9)?,
        look: look(row, 10)?,
        // A content in a space that holds nothing any more is held as strictly as possible.
        scope: holding(row, 13)?.map_or(HoldScope::All, |hold| hold.scope),
        release_by: release_by(row, 15)?,
    })
}

/// The columns `kind`, `labels` and `obstacle`. A word of a newer program is read as strictly as possible.
fn look(row: &Row<'_>, column: usize) -> Result<Option<Look>, DatabaseError> {
    let Some(kind) = row.get::<Option<String>>(column)? else { return Ok(None) };
    let labels = row.get::<Option<String>>(column + 1)?.unwrap_or_default();
    let obstacle = row.get::<Option<String>>(column + 2)?;
    let known = ContentKind::from_word(&kind);
    let obstacle = obstacle.map(|word| Obstacle::from_word(&word).unwrap_or(Obstacle::NotFinished));
    Ok(Some(Look {
        kind: known.unwrap_or(ContentKind::Program),
        labels: labels.split_whitespace().filter_map(Label::from_word).collect(),
        obstacle,
    }))
}

impl ReadTx<'_> {
    /// The hold of this id.
    pub fn hold(&self, id: HoldId) -> Result<Option<HoldRow>, CatalogError> {
        self.one(&format!("SELECT {COLUMNS} FROM {HOLDS} WHERE holds.id = ?1"), [id.0], hold_row)
    }

    /// Up to `limit` holds that the server continues at this certain time, one of each space in turn. Of a space three
    /// that were never scanned, for which people wait, come before one that was; of either kind those that are due for
    /// longest. Of a long queue it looks at both ends only.
    pub fn holds_due(&self, certain: Timestamp, limit: usize) -> Result<Vec<HoldRow>, CatalogError> {
        self.all(
            &format!(
                "SELECT {COLUMNS} FROM {HOLDS} JOIN
                     (SELECT id, row_number() OVER (PARTITION BY space_id ORDER BY place, was_scanned) AS turn FROM
                         (SELECT holds.id AS id, entries.space_id AS space_id, holds.state <> ?4 AS was_scanned,
                              row_number() OVER
                                  (PARTITION BY entries.space_id, holds.state <> ?4 ORDER BY next_at, holds.id)
                                  * CASE WHEN holds.state = ?4 THEN 1 ELSE ?5 END AS place
                          FROM {HOLDS} WHERE holds.id IN (
                              SELECT id FROM
                                  (SELECT id FROM holds WHERE next_at <= ?1 ORDER BY next_at, id LIMIT ?3) AS longest
                              UNION SELECT id FROM
                                  (SELECT id FROM holds WHERE next_at <= ?1 ORDER BY next_at DESC, id DESC LIMIT ?3)
                                      AS latest)) AS placed) AS turns
                     ON turns.id = holds.id
                 ORDER BY turns.turn, next_at, holds.id LIMIT ?2"
            ),
            params![certain.0, limit, MOST_LOOKED_AT, HoldState::Arrived.as_str(), FIRST_SCANS],
            hold_row,
        )
    }

    /// Up to `limit` of the latest holds before `before`, latest first; those that have ended only if `all`.
    pub fn holds(
        &self,
        before: Option<HoldId>,
        all: bool,
        limit: usize,
    ) -> Result<Vec<HoldRow>, CatalogError> {
        let sql = match all {
            true => format!("SELECT {COLUMNS} FROM {HOLDS} WHERE holds.id < ?1 ORDER BY holds.id DESC LIMIT ?2"),
            // As in the index `holds_open`.
            false => format!(
                "SELECT {COLUMNS} FROM {HOLDS} WHERE holds.id < ?1 AND holds.state NOT IN ('released', 'withdrawn')
                 ORDER BY holds.id DESC LIMIT ?2"
            ),
        };
        self.all(&sql, params![before.map_or(i64::MAX, |id| id.0), limit], hold_row)
    }

    /// Up to `limit` holds whose PDF is still to be made: one of each space in turn, beginning with the space after
    /// `last`; of a space the oldest first. Of a long
    /// queue it looks at both ends only.
    pub fn holds_to_render(&self, last: SpaceId, limit: usize) -> Result<Vec<HoldRow>, CatalogError> {
        self.all(
            &format!(
                "SELECT {COLUMNS} FROM {HOLDS} WHERE holds.id IN (
                     SELECT hold_id FROM
                         (SELECT hold_id FROM renditions WHERE is_pending = 1 ORDER BY hold_id LIMIT ?3) AS oldest
                     UNION SELECT hold_id FROM
                         (SELECT hold_id FROM renditions WHERE is_pending = 1 ORDER BY hold_id DESC LIMIT ?3) AS latest)
                 ORDER BY row_number() OVER (PARTITION BY entries.space_id ORDER BY holds.id),
                     entries.space_id <= ?1, entries.space_id
                 LIMIT ?2"
            ),
            params![last.0, limit, MOST_LOOKED_AT],
            hold_row,
        )
    }

    /// How many documents become PDFs before that of a hold whose own is still to be made, as spaces take turns: those of its
    /// space that came before, and as many of each other space and one more. `None` if it does not wait. Of a long queue it
    /// looks at the beginning only.
    pub fn holds_to_render_before(&self, hold: HoldId) -> Result<Option<usize>, CatalogError> {
        let sql = format!(
            "WITH queue AS (
                 SELECT entries.space_id, holds.id FROM {HOLDS} WHERE holds.id IN
                     (SELECT hold_id FROM renditions WHERE is_pending = 1 ORDER BY hold_id LIMIT ?2)),
             own AS (SELECT space_id FROM queue WHERE id = ?1)
             SELECT count(*), sum(CASE WHEN queue.id < ?1 THEN 1 ELSE 0 END)
             FROM queue, own GROUP BY queue.space_id, own.space_id ORDER BY queue.space_id <> own.space_id"
        );
        let counts = self
            .all(&sql, params![hold.0, MOST_LOOKED_AT], |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)))?;
        let Some((_, earlier)) = counts.first().copied() else { return Ok(None) };
        let others: i64 = counts.iter().skip(1).map(|(count, _)| (*count).min(earlier + 1)).sum();
        Ok(usize::try_from(earlier + others).ok())
    }

    /// The first of two decisions to release a content, also one that does not count any more.
    pub fn approval(&self, hold: HoldId) -> Result<Option<ApprovalRow>, CatalogError> {
        let sql = "SELECT user_id, decision, state, objection, at, lapses_at, to_id FROM approvals WHERE hold_id = ?1";
        let found = self.one(sql, [hold.0], |row| {
            let (decision, state): (String, String) = (row.get(1)?, row.get(2)?);
            let words = HoldDecision::from_word(&decision).zip(HoldState::from_word(&state));
            let (user, objection) = (row.get::<Option<i64>>(0)?, row.get::<Option<String>>(3)?);
            let (at, lapses) = (Timestamp(row.get(4)?), Timestamp(row.get(5)?));
            let to = row.get::<Option<i64>>(6)?.map(UserId);
            Ok(words.map(|(decision, state)| ApprovalRow {
                user: user.map(UserId),
                decision,
                to,
                state,
                objection: objection.and_then(|word| HoldReason::from_word(&word)),
                at,
                lapses,
            }))
        });
        Ok(found?.flatten())
    }

    /// The PDF of a held document; `None` before its first scan.
    pub fn rendition(&self, hold: HoldId) -> Result<Option<RenditionRow>, CatalogError> {
        let sql = "SELECT is_pending, name, entry_id, fault FROM renditions WHERE hold_id = ?1";
        self.one(sql, [hold.0], |row| {
            Ok(RenditionRow {
                is_pending: row.get(0)?,
                name: row.get(1)?,
                entry: row.get::<Option<i64>>(2)?.map(EntryId),
                fault: row.get(3)?,
            })
        })
    }

    /// Number of holds that need a person's decision.
    pub fn holds_undecided(&self) -> Result<u64, CatalogError> {
        // As in the index `holds_open`, and then in the rows.
        let sql = "SELECT count(*) FROM holds WHERE state NOT IN ('released', 'withdrawn') AND state = ?1";
        Ok(self.one(sql, [HoldState::NeedsDecision.as_str()], |row| row.get(0))?.unwrap_or_default())
    }

    /// Number of held files directly in a folder, up to `most`. For folders in which few or no other files are.
    pub fn held_in(&self, folder: EntryId, most: usize) -> Result<usize, CatalogError> {
        let sql = "SELECT count(*) FROM
                       (SELECT holds.id FROM entries JOIN holds ON holds.version_id = entries.version_id
                        WHERE parent_id = ?1 AND holds.state NOT IN ('released', 'withdrawn') LIMIT ?2) AS held";
        Ok(self.one(sql, params![folder.0, most], |row| row.get(0))?.unwrap_or_default())
    }

    /// The verdicts about a content, in the order of the scans.
    pub fn verdicts(&self, hold: HoldId) -> Result<Vec<VerdictRow>, CatalogError> {
        self.all(
            "SELECT at, engine, signatures, signatures_at, result, detail, tested_at, is_required FROM verdicts
             WHERE hold_id = ?1 ORDER BY id",
            [hold.0],
            |row| {
                let result: String = row.get(4)?;
                Ok(VerdictRow {
                    at: Timestamp(row.get(0)?),
                    engine: row.get(1)?,
                    signatures: row.get(2)?,
                    signatures_built: row.get::<Option<i64>>(3)?.map(Timestamp),
                    // The strictest reading of a newer program's word.
                    result: VerdictKind::from_word(&result).unwrap_or(VerdictKind::NotFullyScannable),
                    detail: row.get(5)?,
                    tested: row.get::<Option<i64>>(6)?.map(Timestamp),
                    is_required: row.get(7)?,
                })
            },
        )
    }

    /// The hold of a content.
    pub fn hold_on(&self, version: VersionId) -> Result<Option<HoldRow>, CatalogError> {
        self.one(&format!("SELECT {COLUMNS} FROM {HOLDS} WHERE holds.version_id = ?1"), [version.0], hold_row)
    }

    /// Number of contents in which scanners found this virus since `since`.
    pub fn infections(&self, virus: &str, since: Timestamp) -> Result<u64, CatalogError> {
        let sql = "SELECT count(DISTINCT hold_id) FROM verdicts
             WHERE result = 'infected' AND at >= ?1 AND detail = ?2";
        Ok(self.one(sql, params![since.0, virus], |row| row.get(0))?.unwrap_or_default())
    }

    /// Number of holds in doubt because one signature found something in many contents at once.
    pub fn holds_in_doubt(&self) -> Result<u64, CatalogError> {
        // As in the index `holds_open`, and then in the rows.
        let sql = "SELECT count(*) FROM holds WHERE state NOT IN ('released', 'withdrawn') AND reason = ?1";
        Ok(self.one(sql, [HoldReason::MassHit.as_str()], |row| row.get(0))?.unwrap_or_default())
    }
}

impl WriteTx<'_> {
    /// Holds a content that arrives in a space with a holding time.
    pub fn insert_hold(
        &self,
        version: VersionId,
        arrived: Timestamp,
        due: Timestamp,
        first_scan: Timestamp,
    ) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO holds (version_id, state, arrived_at, due_at, next_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![version.0, HoldState::Arrived.as_str(), arrived.0, due.0, first_scan.0],
        )
        .map(drop)
    }

    /// Holds a content that was stored before without a hold, in this state and until a person decides.
    pub fn insert_found(
        &self,
        version: VersionId,
        arrived: Timestamp,
        state: HoldState,
        reason: HoldReason,
    ) -> Result<HoldId, CatalogError> {
        self.execute(
            "INSERT INTO holds (version_id, state, arrived_at, due_at, reason) VALUES (?1, ?2, ?3, ?3, ?4)",
            params![version.0, state.as_str(), arrived.0, reason.as_str()],
        )?;
        Ok(HoldId(self.last_insert_id()))
    }

    /// Holds the copy of a content as the original is held, from its first scan on.
    pub(super) fn copy_hold(&self, source: VersionId, copy: VersionId) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO holds (version_id, state, arrived_at, due_at, next_at, reason, kind, labels, obstacle)
             SELECT ?2, CASE WHEN next_at IS NULL THEN state ELSE ?3 END, arrived_at, due_at,
                 CASE WHEN next_at IS NOT NULL THEN arrived_at END, reason, kind, labels, obstacle
             FROM holds WHERE version_id = ?1",
            params![source.0, copy.0, HoldState::Arrived.as_str()],
        )
        .map(drop)
    }

    /// Changes a hold.
    pub fn update_hold(&self, id: HoldId, update: &HoldUpdate<'_>) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE holds SET state = ?2, next_at = ?3, reason = ?4, overridden = ?5, first_signatures = ?6
             WHERE id = ?1",
            params![
                id.0,
                update.state.as_str(),
                update.next.map(|at| at.0),
                update.reason.map(HoldReason::as_str),
                update.overridden,
                update.first_signatures
            ],
        )
        .map(drop)
    }

    /// Stores the first of two decisions, in place of an earlier one.
    pub fn put_approval(&self, hold: HoldId, row: &ApprovalRow) -> Result<(), CatalogError> {
        self.delete_approval(hold)?;
        self.execute(
            "INSERT INTO approvals (hold_id, user_id, decision, state, objection, at, lapses_at, to_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                hold.0,
                row.user.map(|user| user.0),
                row.decision.as_str(),
                row.state.as_str(),
                row.objection.map(HoldReason::as_str),
                row.at.0,
                row.lapses.0,
                row.to.map(|user| user.0)
            ],
        )
        .map(drop)
    }

    /// Removes first decisions of two that this user made, or that hand a content out to this user.
    pub fn delete_approvals_of(&self, user: UserId) -> Result<(), CatalogError> {
        self.execute("DELETE FROM approvals WHERE user_id = ?1 OR to_id = ?1", [user.0]).map(drop)
    }

    /// Removes the first of two decisions, if there is one.
    pub fn delete_approval(&self, hold: HoldId) -> Result<(), CatalogError> {
        self.execute("DELETE FROM approvals WHERE hold_id = ?1", [hold.0]).map(drop)
    }

    /// Notes the findings of a look into a held content.
    pub fn set_look(&self, id: HoldId, look: &Look) -> Result<(), CatalogError> {
        let labels: Vec<_> = look.labels.iter().map(|label| label.as_str()).collect();
        let obstacle = look.obstacle.map(Obstacle::as_str);
        self.execute(
            "UPDATE holds SET kind = ?2, labels = ?3, obstacle = ?4 WHERE id = ?1",
            params![id.0, look.kind.as_str(), labels.join(" "), obstacle],
        )
        .map(drop)
    }

    /// Queues the PDF of a held document, unless that was done before.
    pub fn queue_rendition(&self, hold: HoldId) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO renditions (hold_id, is_pending) VALUES (?1, 1) ON CONFLICT (hold_id) DO NOTHING",
            [hold.0],
        )
        .map(drop)
    }

    /// Queues the PDF of a held document also if it could not be made before.
    pub fn queue_rendition_again(&self, hold: HoldId) -> Result<(), CatalogError> {
        self.queue_rendition(hold)?;
        self.execute(
            "UPDATE renditions SET is_pending = 1, fault = NULL WHERE hold_id = ?1 AND entry_id IS NULL",
            [hold.0],
        )
        .map(drop)
    }

    /// Changes the row of a held document's PDF.
    pub fn update_rendition(&self, hold: HoldId, row: &RenditionRow) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE renditions SET is_pending = ?2, name = ?3, entry_id = ?4, fault = ?5 WHERE hold_id = ?1",
            params![hold.0, row.is_pending, row.name, row.entry.map(|id| id.0), row.fault],
        )
        .map(drop)
    }

    /// Adds the result of a scan.
    pub fn insert_verdict(&self, hold: HoldId, verdict: &VerdictRow) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO verdicts (hold_id, at, engine, signatures, signatures_at, result, detail, tested_at,
                 is_required)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                hold.0,
                verdict.at.0,
                verdict.engine,
                verdict.signatures,
                verdict.signatures_built.map(|at| at.0),
                verdict.result.as_str(),
                verdict.detail,
                verdict.tested.map(|at| at.0),
                verdict.is_required
            ],
        )
        .map(drop)
    }
}
