//! QR codes as pictures of a page.

use maud::{Markup, html};
use qrcode::{Color, QrCode};

/// Width of the quiet zone around a QR code in modules (ISO/IEC 18004 7.3.8).
const QUIET: usize = 4;

/// A picture of an address for cameras; nothing if the address is too long for one.
pub(in crate::http) fn picture(address: &str) -> Markup {
    let Ok(code) = QrCode::new(address) else { return html! {} };
    let (side, dark) = (code.width(), code.to_colors());
    let dark = dark.iter().enumerate().filter(|(_, color)| **color == Color::Dark);
    let path = dark.fold(String::new(), |path, (at, _)| {
        path + &format!("M{} {}h1v1h-1z", at % side + QUIET, at / side + QUIET)
    });
    let whole = side + 2 * QUIET;
    html! {
        svg.qr viewBox={ "0 0 " (whole) " " (whole) } role="img" aria-hidden="true" shape-rendering="crispEdges" {
            path.light d={ "M0 0h" (whole) "v" (whole) "h-" (whole) "z" } {}
            path.dark d=(path) {}
        }
    }
}
