//! What the tables' functions hang on.

use std::cell::{Cell, RefCell};
use std::ops::{ControlFlow, Deref};

use super::row::{Parameters, Row};
use super::sqlite::Connection;
use super::{CatalogError, DatabaseError};
use crate::model::{ContainerId, EntryId};

/// A consistent view of the catalogue. Reads only.
pub struct ReadTx<'a> {
    connection: &'a Connection,
}

/// The one open write transaction; reads see what it has written so far.
pub struct WriteTx<'a> {
    read: ReadTx<'a>,
    touched: RefCell<ChangeSet>,
    bound: RefCell<Vec<ContainerId>>,
    /// Whether what it changes is recorded, or is known not to need it.
    is_accounted_for: Cell<bool>,
    changes_before: u64,
}

/// What a transaction does that others keep track of in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effects {
    /// What it changes of files.
    pub touched: ChangeSet,
    /// The containers that it gives a row.
    pub bound: Vec<ContainerId>,
}

impl Effects {
    /// Of a transaction that does nothing.
    pub(super) fn none() -> Self {
        Self { touched: ChangeSet::Files(Vec::new()), bound: Vec::new() }
    }

    pub(super) fn extend(&mut self, more: Self) {
        self.touched.extend(more.touched);
        self.bound.extend(more.bound);
    }
}

/// What a transaction changes of what somebody may remember of an earlier one about files: their place,
/// their state, their content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeSet {
    /// Nothing but what these files hold, and the folders around them.
    Files(Vec<EntryId>),
    /// Nobody said; forget all.
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

    /// What the last statement that failed failed of. The room that ran it may have made another error of it.
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

    /// Hands over one row after the other, in the query's order, until `row` breaks off.
    pub(super) fn each(
        &self,
        sql: &str,
        params: impl Parameters,
        row: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>, CatalogError>,
    ) -> Result<(), CatalogError> {
        self.connection.each(sql, params, row)
    }

    /// A value kept under a name for the whole instance.
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

    /// Promises that of all there was before, this transaction changes no more about files than what
    /// `files` hold: none is moved, renamed or removed. Without it readers forget all they remember.
    pub fn touches_only(&self, files: impl IntoIterator<Item = EntryId>) {
        *self.touched.borrow_mut() = ChangeSet::Files(files.into_iter().collect());
    }

    /// Says why the changes of this transaction are no event: they are nothing that a person did, or nothing that
    /// anybody can see yet, or they are recorded elsewhere. `reason` is for the reader of the source.
    pub fn silent(&self, reason: &'static str) {
        debug_assert!(!reason.is_empty(), "a silence has a reason");
        self.account_for();
    }

    pub(super) fn account_for(&self) {
        self.is_accounted_for.set(true);
    }

    /// Fails if rows were changed and nothing was recorded about it.
    pub(super) fn require_account(&self) -> Result<(), CatalogError> {
        let has_changed = self.read.connection.changes() != self.changes_before;
        if has_changed && !self.is_accounted_for.get() {
            return Err(CatalogError::Unrecorded);
        }
        Ok(())
    }

    /// Notes that a container has a row from the commit on.
    pub(super) fn binds(&self, container: ContainerId) {
        self.bound.borrow_mut().push(container);
    }

    pub(super) fn into_effects(self) -> Effects {
        Effects { touched: self.touched.into_inner(), bound: self.bound.into_inner() }
    }

    /// Runs a changing statement; returns the number of rows it touched.
    pub(super) fn execute(&self, sql: &str, params: impl Parameters) -> Result<usize, CatalogError> {
        self.read.connection.execute(sql, params)
    }

    pub(super) fn last_insert_id(&self) -> i64 {
        self.read.connection.last_insert_id()
    }

    /// Keeps a value under a name, in place of an older one.
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
