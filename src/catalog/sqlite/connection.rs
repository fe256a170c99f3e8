//! One open connection: statements and transactions with the catalogue's own values and errors.

use std::cell::Cell;
use std::ops::ControlFlow;

use rusqlite::{Transaction, ffi, params_from_iter};

use super::checkpoint::{checkpoint, copy_long_log};
use crate::catalog::row::{Parameters, Row};
use crate::catalog::{CatalogError, DatabaseError};

/// An open database. One thread at a time uses it.
pub(in crate::catalog) struct Connection {
    pub(super) raw: rusqlite::Connection,
    /// The last error of a statement since [`Self::forget_error`].
    last_error: Cell<Option<ffi::Error>>,
}

/// A consistent view of the database, from its first read until it is dropped.
pub(in crate::catalog) struct Snapshot<'a> {
    _transaction: Transaction<'a>,
}

/// Statements. Each is parsed once and kept for the next time.
#[expect(clippy::needless_pass_by_value, reason = "a caller writes `[id]` rather than `&[id]`")]
impl Connection {
    pub(super) fn new(raw: rusqlite::Connection) -> Self {
        Self { raw, last_error: Cell::new(None) }
    }

    /// The first row, or `None`.
    pub(in crate::catalog) fn one<T>(
        &self,
        sql: &str,
        params: impl Parameters,
        row: impl FnOnce(&Row<'_>) -> Result<T, DatabaseError>,
    ) -> Result<Option<T>, CatalogError> {
        let mut statement = self.noted(self.raw.prepare_cached(sql))?;
        let mut rows = self.noted(statement.query(params_from_iter(params.values())))?;
        let found = self.noted(rows.next())?;
        Ok(found.map(|found| row(&Row::new(found))).transpose()?)
    }

    /// All rows, in the query's order.
    pub(in crate::catalog) fn all<T>(
        &self,
        sql: &str,
        params: impl Parameters,
        mut row: impl FnMut(&Row<'_>) -> Result<T, DatabaseError>,
    ) -> Result<Vec<T>, CatalogError> {
        let mut all = Vec::new();
        self.each(sql, params, |found| {
            all.push(row(found)?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// Hands over one row after the other, in the query's order, until `row` breaks off.
    pub(in crate::catalog) fn each(
        &self,
        sql: &str,
        params: impl Parameters,
        mut row: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>, CatalogError>,
    ) -> Result<(), CatalogError> {
        let mut statement = self.noted(self.raw.prepare_cached(sql))?;
        let mut rows = self.noted(statement.query(params_from_iter(params.values())))?;
        while let Some(found) = self.noted(rows.next())? {
            if row(&Row::new(found))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Runs a changing statement; returns the number of rows that it changed.
    pub(in crate::catalog) fn execute(
        &self,
        sql: &str,
        params: impl Parameters,
    ) -> Result<usize, CatalogError> {
        let mut statement = self.noted(self.raw.prepare_cached(sql))?;
        self.noted(statement.execute(params_from_iter(params.values())))
    }

    /// The id that the last insert gave.
    pub(in crate::catalog) fn last_insert_id(&self) -> i64 {
        self.raw.last_insert_rowid()
    }

    /// Rows changed since the connection was opened, whether that was committed or undone.
    pub(in crate::catalog) fn changes(&self) -> u64 {
        self.raw.total_changes()
    }
}

/// Transactions: one that reads, or one that writes with savepoints of a job each.
impl Connection {
    /// Begins to read.
    pub(in crate::catalog) fn snapshot(&self) -> Result<Snapshot<'_>, CatalogError> {
        Ok(Snapshot { _transaction: self.raw.unchecked_transaction()? })
    }

    /// Begins to write.
    pub(in crate::catalog) fn begin(&self) -> Result<(), CatalogError> {
        self.run("BEGIN IMMEDIATE")
    }

    /// Makes what was written durable.
    pub(in crate::catalog) fn commit(&self) -> Result<(), CatalogError> {
        self.run("COMMIT")
    }

    /// Undoes what was written since [`Self::begin`].
    pub(in crate::catalog) fn roll_back(&self) -> Result<(), CatalogError> {
        self.run("ROLLBACK")
    }

    /// Marks the state that [`Self::roll_back_job`] returns to.
    pub(in crate::catalog) fn begin_job(&self) -> Result<(), CatalogError> {
        self.run("SAVEPOINT job")
    }

    /// Undoes what was written since [`Self::begin_job`].
    pub(in crate::catalog) fn roll_back_job(&self) -> Result<(), CatalogError> {
        self.run("ROLLBACK TO job")
    }

    /// Forgets the mark; what was written since then becomes part of the transaction.
    pub(in crate::catalog) fn end_job(&self) -> Result<(), CatalogError> {
        self.run("RELEASE job")
    }

    /// Whether a transaction is open. SQLite ends one by itself when the disk is full or fails.
    pub(in crate::catalog) fn is_in_transaction(&self) -> bool {
        !self.raw.is_autocommit()
    }

    /// A statement of the transaction itself, parsed once.
    fn run(&self, sql: &str) -> Result<(), CatalogError> {
        self.raw.prepare_cached(sql)?.execute([])?;
        Ok(())
    }
}

/// The log in front of the database.
impl Connection {
    /// Copies the log into the database once it is long, as far as readers allow.
    pub(in crate::catalog) fn copy_long_log(&self) -> Result<(), CatalogError> {
        copy_long_log(&self.raw)
    }

    /// Copies all of the log into the database and empties it.
    pub(in crate::catalog) fn fold_log(&self) -> Result<(), CatalogError> {
        checkpoint(&self.raw, "TRUNCATE")
    }
}

/// Failures.
impl Connection {
    /// The failure of the last statement that failed since [`Self::forget_error`]: the caller may have made another
    /// error of it, or none.
    pub(in crate::catalog) fn last_error(&self) -> Option<CatalogError> {
        let error = self.last_error.get()?;
        Some(rusqlite::Error::SqliteFailure(error, None).into())
    }

    /// Begins to watch for failures anew.
    pub(in crate::catalog) fn forget_error(&self) {
        self.last_error.set(None);
    }

    pub(super) fn noted<T>(&self, outcome: rusqlite::Result<T>) -> Result<T, CatalogError> {
        outcome.map_err(|error| {
            self.last_error.set(error.sqlite_error().copied().or(self.last_error.get()));
            error.into()
        })
    }

    /// Records a damaged page that was found without a failing statement: SQLCipher reads nothing further through
    /// this connection.
    pub(super) fn note_damaged_page(&self) {
        self.last_error.set(Some(ffi::Error::new(ffi::SQLITE_CORRUPT)));
    }
}

#[cfg(test)]
impl Connection {
    /// Runs statements that stand in one text.
    pub(in crate::catalog) fn run_all(&self, sql: &str) {
        self.raw.execute_batch(sql).unwrap();
    }

    /// Steps that SQLite has made for a statement, which is still in the cache.
    pub(in crate::catalog) fn steps_of(&self, sql: &str) -> i32 {
        self.raw.prepare_cached(sql).unwrap().get_status(rusqlite::StatementStatus::VmStep)
    }
}
