//! Values, parameters and rows of statements, independent of the database that runs them.

use super::DatabaseError;

/// A value of a column or a parameter. Texts and blobs are borrowed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Null,
    Integer(i64),
    /// For parameters only; above `i64::MAX` the statement fails.
    Unsigned(u64),
    Text(&'a str),
    Blob(&'a [u8]),
    /// A type that no column of the catalogue has.
    Other,
}

/// A type that can be one parameter of a statement.
pub(super) trait Parameter {
    fn value(&self) -> Value<'_>;
}

/// The parameters of a statement, `?1` first.
pub(super) trait Parameters {
    fn values(&self) -> impl Iterator<Item = Value<'_>>;
}

/// Parameters of several types.
macro_rules! params {
    ($($parameter:expr),* $(,)?) => {
        &[$(&$parameter as &dyn $crate::catalog::row::Parameter),*]
    };
}
pub(super) use params;

/// A type as which a column can be read.
pub(super) trait Column: Sized {
    /// `None` if the value has another type or range.
    fn from_value(value: Value<'_>) -> Option<Self>;
}

/// The columns of a row, as a database gives them.
pub(super) trait Columns {
    /// The value at `index`, from 0.
    fn value_at(&self, index: usize) -> Result<Value<'_>, DatabaseError>;
}

/// A row of a query's result.
pub(super) struct Row<'r>(&'r dyn Columns);

impl<'r> Row<'r> {
    pub(super) fn new(columns: &'r dyn Columns) -> Self {
        Self(columns)
    }

    /// The column at `index`, from 0.
    pub(super) fn get<T: Column>(&self, index: usize) -> Result<T, DatabaseError> {
        T::from_value(self.0.value_at(index)?).ok_or_else(|| DatabaseError::misfit(index))
    }
}

macro_rules! integers {
    ($($kind:ty),*) => {$(
        impl Parameter for $kind {
            fn value(&self) -> Value<'_> {
                Value::Integer((*self).into())
            }
        }
    )*};
}
integers!(i64, u32, u16, u8, bool);

impl Parameter for u64 {
    fn value(&self) -> Value<'_> {
        Value::Unsigned(*self)
    }
}

impl Parameter for usize {
    fn value(&self) -> Value<'_> {
        // No integer is wider on the program's targets.
        Value::Unsigned(*self as u64)
    }
}

impl Parameter for str {
    fn value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl Parameter for String {
    fn value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl Parameter for [u8] {
    fn value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

impl<const N: usize> Parameter for [u8; N] {
    fn value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

impl Parameter for Vec<u8> {
    fn value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

impl<T: Parameter + ?Sized> Parameter for &T {
    fn value(&self) -> Value<'_> {
        T::value(self)
    }
}

impl<T: Parameter> Parameter for Option<T> {
    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, T::value)
    }
}

impl Parameters for [(); 0] {
    fn values(&self) -> impl Iterator<Item = Value<'_>> {
        std::iter::empty()
    }
}

impl Parameters for &[&dyn Parameter] {
    fn values(&self) -> impl Iterator<Item = Value<'_>> {
        self.iter().map(|parameter| parameter.value())
    }
}

impl<const N: usize> Parameters for &[&dyn Parameter; N] {
    fn values(&self) -> impl Iterator<Item = Value<'_>> {
        self.iter().map(|parameter| parameter.value())
    }
}

macro_rules! arrays {
    ($($length:literal),*) => {$(
        impl<T: Parameter> Parameters for [T; $length] {
            fn values(&self) -> impl Iterator<Item = Value<'_>> {
                self.iter().map(Parameter::value)
            }
        }
    )*};
}
// Not 0, because the element type of `[]` would be ambiguous.
arrays!(1, 2, 3, 4, 5, 6);

impl Column for i64 {
    fn from_value(value: Value<'_>) -> Option<Self> {
        if let Value::Integer(number) = value { Some(number) } else { None }
    }
}

macro_rules! narrower {
    ($($kind:ty),*) => {$(
        impl Column for $kind {
            fn from_value(value: Value<'_>) -> Option<Self> {
                i64::from_value(value)?.try_into().ok()
            }
        }
    )*};
}
narrower!(u64, usize, u32, u16, u8);

impl Column for bool {
    fn from_value(value: Value<'_>) -> Option<Self> {
        i64::from_value(value).map(|number| number != 0)
    }
}

impl Column for String {
    fn from_value(value: Value<'_>) -> Option<Self> {
        if let Value::Text(text) = value { Some(text.to_owned()) } else { None }
    }
}

impl Column for Vec<u8> {
    fn from_value(value: Value<'_>) -> Option<Self> {
        if let Value::Blob(bytes) = value { Some(bytes.to_vec()) } else { None }
    }
}

impl<const N: usize> Column for [u8; N] {
    fn from_value(value: Value<'_>) -> Option<Self> {
        if let Value::Blob(bytes) = value { bytes.try_into().ok() } else { None }
    }
}

impl<T: Column> Column for Option<T> {
    fn from_value(value: Value<'_>) -> Option<Self> {
        if matches!(value, Value::Null) { Some(None) } else { T::from_value(value).map(Some) }
    }
}
