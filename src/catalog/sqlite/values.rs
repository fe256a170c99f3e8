//! Converts between the catalogue's values and SQLite's.

use rusqlite::types::{ToSqlOutput, ValueRef};

use super::error::database_error;
use crate::catalog::DatabaseError;
use crate::catalog::row::{Columns, Value};

impl Columns for rusqlite::Row<'_> {
    fn value_at(&self, index: usize) -> Result<Value<'_>, DatabaseError> {
        Ok(match self.get_ref(index).map_err(|error| database_error(&error))? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Integer(number),
            ValueRef::Text(text) => std::str::from_utf8(text).map_or(Value::Other, Value::Text),
            ValueRef::Blob(bytes) => Value::Blob(bytes),
            ValueRef::Real(_) => Value::Other,
        })
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match *self {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(number),
            Value::Unsigned(number) => number
                .try_into()
                .map(ValueRef::Integer)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?,
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
            Value::Other => return Err(rusqlite::Error::InvalidQuery),
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::CatalogError;
    use crate::catalog::row::{Column, Parameter};
    use crate::catalog::sqlite::Connection;

    /// A value after a round trip through the database.
    fn echo<T: Column>(value: impl Parameter) -> Result<Option<T>, CatalogError> {
        let connection = Connection::new(rusqlite::Connection::open_in_memory().unwrap());
        connection.one("SELECT ?1", [value], |row| row.get(0))
    }

    #[test]
    fn values_come_back_as_they_went() {
        assert_eq!(echo(i64::MIN).unwrap(), Some(i64::MIN));
        assert_eq!(echo(i64::MAX.unsigned_abs()).unwrap(), Some(i64::MAX.unsigned_abs()));
        assert_eq!(echo(true).unwrap(), Some(true));
        assert_eq!(echo("ß").unwrap(), Some("ß".to_owned()));
        assert_eq!(echo([0_u8, 255]).unwrap(), Some([0_u8, 255]));
        assert_eq!(echo(None::<&str>).unwrap(), Some(None::<String>));
    }

    /// A number that wrapped, or truncated bytes, would differ from the stored value.
    #[test]
    fn a_value_that_does_not_fit_is_an_error() {
        fn is_refused<T>(echoed: Result<T, CatalogError>) -> bool {
            matches!(echoed, Err(CatalogError::Database(error)) if error.code().is_none())
        }
        assert!(is_refused(echo::<u64>(u64::MAX)));
        assert!(is_refused(echo::<u64>(-1_i64)));
        assert!(is_refused(echo::<u8>(256_i64)));
        assert!(is_refused(echo::<i64>("1")));
        assert!(is_refused(echo::<String>([0x61_u8])));
        assert!(is_refused(echo::<[u8; 2]>([1_u8, 2, 3])));
        assert!(is_refused(echo::<i64>(None::<i64>)));
    }
}
