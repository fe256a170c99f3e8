//! One open connection: statements and transactions with the catalogue's own values and errors.

use std::cell::Cell;
use std::ops::ControlFlow;

use rusqlite::{Transaction, ffi, params_from_iter};

use super::checkpoint::{checkpoint, copy_long_log};
use crate::catalog::row::{Parameters, Row};
use crate::catalog::{CatalogError, DatabaseError};

/// An open database, used by one thread at a time.
pub(in crate::catalog) struct Connection {
    pub(super) raw: rusqlite::Connection,
    /// The last error of a statement since [`Self::forget_error`].
    last_error: Cell<Option<ffi::Error>>,
}

/// A consistent view of the database, from its first read until it is dropped.
pub(in crate::catalog) struct Snapshot<'a> {
    _transaction: Transaction<'a>,
}

/// Statements; each is parsed once and cached.
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

    /// Passes one row after the other, in the query's order, until `row` stops.
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

    /// Runs a statement that changes rows; returns the number of rows affected.
    pub(in crate::catalog) fn execute(
        &self,
        sql: &str,
        params: impl Parameters,
    ) -> Result<usize, CatalogError> {
        let mut statement = self.noted(self.raw.prepare_cached(sql))?;
        self.noted(statement.execute(params_from_iter(params.values())))
    }

    /// The id of the row inserted last.
    pub(in crate::catalog) fn last_insert_id(&self) -> i64 {
        self.raw.last_insert_rowid()
    }

    /// Number of rows changed since the connection was opened, committed or not.
    pub(in crate::catalog) fn changes(&self) -> u64 {
        self.raw.total_changes()
    }
}

/// Transactions: one for reading, or one for writing with a savepoint for each job.
impl Connection {
    /// Begins a read transaction.
    pub(in crate::catalog) fn snapshot(&self) -> Result<Snapshot<'_>, CatalogError> {
        Ok(Snapshot { _transaction: self.raw.unchecked_transaction()? })
    }

    /// Begins a write transaction.
    pub(in crate::catalog) fn begin(&self) -> Result<(), CatalogError> {
        self.run("BEGIN IMMEDIATE")
    }

    /// Commits the transaction and makes it durable.
    pub(in crate::catalog) fn commit(&self) -> Result<(), CatalogError> {
        self.run("COMMIT")
    }

    /// Undoes all changes since [`Self::begin`].
    pub(in crate::catalog) fn roll_back(&self) -> Result<(), CatalogError> {
        self.run("ROLLBACK")
    }

    /// Sets the savepoint of [`Self::roll_back_job`].
    pub(in crate::catalog) fn begin_job(&self) -> Result<(), CatalogError> {
        self.run("SAVEPOINT job")
    }

    /// Undoes all changes since [`Self::begin_job`].
    pub(in crate::catalog) fn roll_back_job(&self) -> Result<(), CatalogError> {
        self.run("ROLLBACK TO job")
    }

    /// Releases the savepoint; the changes since then become part of the transaction.
    pub(in crate::catalog) fn end_job(&self) -> Result<(), CatalogError> {
        self.run("RELEASE job")
    }

    /// Whether a transaction is open. SQLite ends one itself when the disk is full or fails.
    pub(in crate::catalog) fn is_in_transaction(&self) -> bool {
        !self.raw.is_autocommit()
    }

    /// A statement of the transaction itself, parsed once.
    fn run(&self, sql: &str) -> Result<(), CatalogError> {
        self.raw.prepare_cached(sql)?.execute([])?;
        Ok(())
    }
}

/// The write-ahead log.
impl Connection {
    /// Copies the log into the database if it is long, as far as readers allow.
    pub(in crate::catalog) fn copy_long_log(&self) -> Result<(), CatalogError> {
        copy_long_log(&self.raw)
    }

    /// Copies the whole log into the database and empties it.
    pub(in crate::catalog) fn fold_log(&self) -> Result<(), CatalogError> {
        checkpoint(&self.raw, "TRUNCATE")
    }
}

/// Errors of statements.
impl Connection {
    /// The error of the last statement that failed since [`Self::forget_error`]; the caller may have turned it into
    /// another error, or ignored it.
    pub(in crate::catalog) fn last_error(&self) -> Option<CatalogError> {
        let error = self.last_error.get()?;
        Some(rusqlite::Error::SqliteFailure(error, None).into())
    }

    /// Forgets earlier errors.
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
    /// Runs all statements in a text.
    pub(in crate::catalog) fn run_all(&self, sql: &str) {
        self.raw.execute_batch(sql).unwrap();
    }

    /// Steps that SQLite has made for a cached statement.
    pub(in crate::catalog) fn steps_of(&self, sql: &str) -> i32 {
        self.raw.prepare_cached(sql).unwrap().get_status(rusqlite::StatementStatus::VmStep)
    }
}
