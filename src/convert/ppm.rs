//! Pictures as poppler paints them: PPM with a byte for each colour.

/// Longest side of a painted page in pixels.
pub(super) const MAX_SIDE: u32 = 4_000;

/// A picture: three bytes for each pixel, in rows from the top.
pub(super) struct Picture<'a> {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) pixels: &'a [u8],
}

impl<'a> Picture<'a> {
    /// The first of several pictures in PPM, and the others.
    pub(super) fn first_of(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (size, rest) = line(bytes.strip_prefix(b"P6\n")?)?;
        let (width, height) = size.split_once(' ')?;
        let (width, height): (u32, u32) = (width.parse().ok()?, height.parse().ok()?);
        let (most, rest) = line(rest)?;
        let fits = |side: u32| (1..=MAX_SIDE).contains(&side);
        if most != "255" || !fits(width) || !fits(height) {
            return None;
        }
        let length = usize::try_from(u64::from(width) * u64::from(height) * 3).ok()?;
        let (pixels, behind) = rest.split_at_checked(length)?;
        Some((Self { width, height, pixels }, behind))
    }
}

/// The first line of a header, which is short, and the bytes after it.
pub(super) fn line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().take(32).position(|byte| *byte == b'\n')?;
    let (line, rest) = bytes.split_at_checked(end)?;
    Some((std::str::from_utf8(line).ok()?, rest.strip_prefix(b"\n")?))
}
