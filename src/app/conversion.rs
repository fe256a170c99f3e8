//! The converter that the configuration wants.

use crate::config::Conversion;
use crate::convert::{ConvertError, Converter, Settings};

/// The converter of this machine; `None` if the configuration wants none.
///
/// Errors: a program is missing. Whether the others work, [`Converter::probe`] finds out.
pub fn converter_of(wanted: &Conversion) -> Result<Option<Converter>, ConvertError> {
    let settings = match wanted {
        Conversion::Off => return Ok(None),
        Conversion::Auto => Settings::of_this_machine(),
        Conversion::Unit(socket) => Settings { unit: Some(socket.clone()), ..Settings::default() },
    };
    Converter::new(&settings).map(Some)
}
