//! Transactions, to which the tables' functions belong.

use std::cell::{Cell, RefCell};
use std::ops::{ControlFlow, Deref};

use super::row::{Parameters, Row};
use super::sqlite::Connection;
use super::{CatalogError, DatabaseError};
use crate::model::{ContainerId, EntryId};

/// A consistent, read-only view of the catalogue.
pub struct ReadTx<'a> {
    connection: &'a Connection,
}

/// The one open write transaction; its reads see its own changes.
pub struct WriteTx<'a> {
    read: ReadTx<'a>,
    touched: RefCell<ChangeSet>,
    bound: RefCell<Vec<ContainerId>>,
    /// Whether its changes are recorded as an event, or need not be.
    is_accounted_for: Cell<bool>,
    changes_before: u64,
}

/// Effects of a transaction that other code keeps track of in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effects {
    /// Changes of files.
    pub touched: ChangeSet,
    /// Containers that get a row.
    pub bound: Vec<ContainerId>,
}

impl Effects {
    /// The effects of a transaction that does nothing.
    pub(super) fn none() -> Self {
        Self { touched: ChangeSet::Files(Vec::new()), bound: Vec::new() }
    }

    pub(super) fn extend(&mut self, more: Self) {
        self.touched.extend(more.touched);
        self.bound.extend(more.bound);
    }
}

/// Which facts about files (place, state, content) that were cached before become invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeSet {
    /// Only the content of these files, and the folders around them.
    Files(Vec<EntryId>),
    /// Unknown, so everything cached is invalid.
    Everything,
}

impl ChangeSet {
    pub(super) fn extend(&mut self, other: Self) {
        match (self, other) {
            (Self::Everything, _) => {}
            (all, Self::Everything) => *all = Self::Everything,
            (Self::Files(all), Self::Files(more)) => all.extend(more),
        }
    }
}

impl<'a> ReadTx<'a> {
    pub(super) fn new(connection: &'a Connection) -> Self {
        connection.forget_error();
        Self { connection }
    }

    pub(super) fn connection(&self) -> &'a Connection {
        self.connection
    }

    /// The error of the last statement that failed. The caller may have turned it into another one.
    pub(super) fn last_error(&self) -> Option<CatalogError> {
        self.connection.last_error()
    }

    /// The only row, or `None`.
    pub(super) fn one<T>(
        &self,
        sql: &str,
        params: impl Parameters,
        row: impl FnOnce(&Row<'_>) -> Result<T, DatabaseError>,
    ) -> Result<Option<T>, CatalogError> {
        self.connection.one(sql, params, row)
    }

    /// All rows, in the query's order.
    pub(super) fn all<T>(
        &self,
        sql: &str,
        params: impl Parameters,
        row: impl FnMut(&Row<'_>) -> Result<T, DatabaseError>,
    ) -> Result<Vec<T>, CatalogError> {
        self.connection.all(sql, params, row)
    }

    /// Passes one row after the other, in the query's order, until `row` stops.
    pub(super) fn each(
        &self,
        sql: &str,
        params: impl Parameters,
        row: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>, CatalogError>,
    ) -> Result<(), CatalogError> {
        self.connection.each(sql, params, row)
    }

    /// A named value of the whole instance.
    pub fn setting(&self, name: &str) -> Result<Option<String>, CatalogError> {
        self.one("SELECT value FROM settings WHERE name = ?1", [name], |row| row.get(0))
    }
}

impl<'a> WriteTx<'a> {
    pub(super) fn new(connection: &'a Connection) -> Self {
        let (touched, bound) = (RefCell::new(ChangeSet::Everything), RefCell::default());
        let changes_before = connection.changes();
        let is_accounted_for = Cell::new(false);
        Self { read: ReadTx::new(connection), touched, bound, is_accounted_for, changes_before }
    }

    /// Promises that of all existing files, this transaction changes only the content of `files`, and of those for which it
    /// was said before: none is moved, renamed or removed. Without it, readers discard everything they have cached.
    pub fn touches_only(&self, files: impl IntoIterator<Item = EntryId>) {
        match &mut *self.touched.borrow_mut() {
            ChangeSet::Files(known) => known.extend(files),
            touched @ ChangeSet::Everything => *touched = ChangeSet::Files(files.into_iter().collect()),
        }
    }

    /// Explains why the changes of this transaction are not an event: no person made them, or they are not visible
    /// yet, or they are recorded elsewhere. `reason` is for readers of the source.
    pub fn silent(&self, reason: &'static str) {
        debug_assert!(!reason.is_empty(), "a silence has a reason");
        self.account_for();
    }

    pub(super) fn account_for(&self) {
        self.is_accounted_for.set(true);
    }

    /// Fails if rows were changed and no event was recorded.
    pub(super) fn require_account(&self) -> Result<(), CatalogError> {
        let has_changed = self.read.connection.changes() != self.changes_before;
        if has_changed && !self.is_accounted_for.get() {
            return Err(CatalogError::Unrecorded);
        }
        Ok(())
    }

    /// Notes that a container has a row once this is committed.
    pub(super) fn binds(&self, container: ContainerId) {
        self.bound.borrow_mut().push(container);
    }

    pub(super) fn into_effects(self) -> Effects {
        Effects { touched: self.touched.into_inner(), bound: self.bound.into_inner() }
    }

    /// Runs a statement that changes rows; returns the number of rows affected.
    pub(super) fn execute(&self, sql: &str, params: impl Parameters) -> Result<usize, CatalogError> {
        self.read.connection.execute(sql, params)
    }

    pub(super) fn last_insert_id(&self) -> i64 {
        self.read.connection.last_insert_id()
    }

    /// Stores a named value, replacing an older one.
    pub fn set_setting(&self, name: &str, value: &str) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO settings (name, value) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [name, value],
        )
        .map(drop)
    }
}

impl<'a> Deref for WriteTx<'a> {
    type Target = ReadTx<'a>;

    fn deref(&self) -> &Self::Target {
        &self.read
    }
}
