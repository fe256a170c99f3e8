//! Pixels as files that browsers show. Text and lines are small as PNG and stay sharp; a scan is a fifth of that as JPEG.

use std::io::Write as _;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::error::ConvertError;
use super::ppm::Picture;

/// The kind of file that a picture of a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageFormat {
    /// PNG (RFC 2083), without loss.
    Png,
    /// JPEG (ITU-T T.81), for pictures with many shades.
    Jpeg,
}

impl PageFormat {
    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }
}

/// Most bytes of a page as PNG: what would be larger has many shades, and becomes JPEG before all of it is packed in vain.
const MAX_PNG: usize = 512 << 10;

/// Quality of JPEG, of 100: small letters of a scan stay clear.
const QUALITY: u8 = 80;

/// A picture as a file.
pub(super) fn encoded(picture: &Picture<'_>) -> Result<(PageFormat, Vec<u8>), ConvertError> {
    let pixels = Pixels::of(picture);
    Ok(match png(picture, &pixels)? {
        Some(png) => (PageFormat::Png, png),
        None => (PageFormat::Jpeg, jpeg(picture, &pixels)?),
    })
}

/// The bytes of a picture: one for each pixel if it has no colour, else three.
enum Pixels<'a> {
    Grey(Vec<u8>),
    Colours(&'a [u8]),
}

impl<'a> Pixels<'a> {
    fn of(picture: &Picture<'a>) -> Self {
        let (triples, _) = picture.pixels.as_chunks::<3>();
        match triples.iter().all(|[red, green, blue]| red == green && green == blue) {
            true => Self::Grey(triples.iter().map(|[grey, ..]| *grey).collect()),
            false => Self::Colours(picture.pixels),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Grey(bytes) => bytes,
            Self::Colours(bytes) => bytes,
        }
    }

    /// Bytes of a pixel.
    fn depth(&self) -> u32 {
        if matches!(self, Self::Grey(_)) { 1 } else { 3 }
    }
}

/// A PNG with the chunks that each must have, 8 bits for each value (RFC 2083, 4.1); `None` above [`MAX_PNG`].
fn png(picture: &Picture<'_>, pixels: &Pixels<'_>) -> Result<Option<Vec<u8>>, ConvertError> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let kind = if pixels.depth() == 1 { 0 } else { 2 };
    let size = [picture.width.to_be_bytes(), picture.height.to_be_bytes()].concat();
    chunk(&mut file, *b"IHDR", &[&size[..], &[8, kind, 0, 0, 0]].concat());
    let row = usize::try_from(picture.width * pixels.depth()).unwrap_or(usize::MAX);
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::new(4));
    let mut above: &[u8] = &[];
    let mut line = Vec::with_capacity(row);
    for row in pixels.bytes().chunks(row.max(1)) {
        // The differences from the row above, filter 2: most rows of a page are like it.
        let differences = row.iter().zip(above.iter().chain(std::iter::repeat(&0)));
        line.clear();
        line.extend(differences.map(|(byte, above)| byte.wrapping_sub(*above)));
        packed.write_all(&[2])?;
        packed.write_all(&line)?;
        above = row;
        if packed.get_ref().len() > MAX_PNG {
            return Ok(None);
        }
    }
    chunk(&mut file, *b"IDAT", &packed.finish()?);
    chunk(&mut file, *b"IEND", &[]);
    Ok(Some(file))
}

/// Adds a chunk: length, name, data, and a checksum of name and data.
fn chunk(file: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    let mut sum = Crc::new();
    sum.update(&name);
    sum.update(data);
    file.extend(u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    file.extend(name);
    file.extend(data);
    file.extend(sum.sum().to_be_bytes());
}

fn jpeg(picture: &Picture<'_>, pixels: &Pixels<'_>) -> Result<Vec<u8>, ConvertError> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, QUALITY);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    let side = |side: u32| u16::try_from(side).unwrap_or(u16::MAX);
    let colours = if pixels.depth() == 1 { ColorType::Luma } else { ColorType::Rgb };
    encoder
        .encode(pixels.bytes(), side(picture.width), side(picture.height), colours)
        .map_err(std::io::Error::other)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::ZlibDecoder;

    use super::*;

    /// The rows of a PNG, without their filters.
    fn rows(png: &[u8], row: usize) -> Vec<Vec<u8>> {
        let at = png.windows(4).position(|name| name == b"IDAT").unwrap();
        let length = u32::from_be_bytes(png[at - 4..at].try_into().unwrap()) as usize;
        let mut bytes = Vec::new();
        ZlibDecoder::new(&png[at + 4..at + 4 + length]).read_to_end(&mut bytes).unwrap();
        let mut rows: Vec<Vec<u8>> = Vec::new();
        for line in bytes.chunks(row + 1) {
            assert_eq!(line[0], 2);
            let above = rows.last().cloned().unwrap_or_else(|| vec![0; row]);
            rows.push(line[1..].iter().zip(above).map(|(byte, above)| byte.wrapping_add(above)).collect());
        }
        rows
    }

    #[test]
    fn pixels_stay_as_they_are_in_png() {
        let colours: Vec<u8> = (0..2 * 3 * 3).map(|byte| byte * 13).collect();
        let picture = Picture { width: 2, height: 3, pixels: &colours };
        let (format, png) = encoded(&picture).unwrap();
        assert_eq!(format, PageFormat::Png);
        assert_eq!(rows(&png, 6).concat(), colours);
        assert_eq!(png[24..26], [8, 2]);
        let grey = [7, 7, 7, 255, 255, 255, 0, 0, 0];
        let (_, png) = encoded(&Picture { width: 1, height: 3, pixels: &grey }).unwrap();
        assert_eq!(rows(&png, 1).concat(), [7, 255, 0]);
        assert_eq!(png[24..26], [8, 0]);
        assert!(png.ends_with(b"IEND\xae\x42\x60\x82"), "{png:?}");
    }

    #[test]
    fn many_shades_become_jpeg() {
        let mut seed = 1_u32;
        let mut noise = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed.to_be_bytes()[0]
        };
        let pixels: Vec<u8> = (0..600 * 600 * 3).map(|_| noise()).collect();
        let (format, jpeg) = encoded(&Picture { width: 600, height: 600, pixels: &pixels }).unwrap();
        assert_eq!(format, PageFormat::Jpeg);
        assert!(jpeg.starts_with(b"\xff\xd8\xff") && jpeg.ends_with(b"\xff\xd9"));
        assert!(jpeg.len() < pixels.len() / 2, "{}", jpeg.len());
    }
}
