//! Photos in HEIC, as phones take them and few browsers show them: libheif decodes one in the sandbox, and a smaller picture is
//! made here of its pixels.

use std::fs::File;
use std::time::Duration;

use super::encode::encoded;
use super::error::ConvertError;
use super::job::{Bounds, CPU_SPENT};
use super::memory;
use super::page::{MAX_VIEWED, PagePicture, painting};
use super::ppm::Picture;
use super::sandbox::Sandbox;

/// Most bytes of a decoded photo: 50 million pixels, each with a byte for its light and half of one for its colour.
const MAX_DECODED: u64 = 75 << 20;

/// Longest time in which a photo is decoded; a person waits for it.
const MAX_DECODING: Duration = Duration::from_secs(30);

/// Decodes the photo on the standard input into Y4M. Of several pictures in one file, it is the first.
const DECODE: &str = r"
cat >photo.heic
heif-convert photo.heic photo.y4m >/dev/null 2>&1
exit=$?
for file in photo.y4m photo-1.y4m; do [ -s $file ] && exec cat $file; done
[ $exit -gt 128 ] && exit $exit
exit 2
";

/// The photo as a picture whose longer side has at most `longest` pixels.
pub(super) fn photo(sandbox: &Sandbox, photo: &File, longest: u32) -> Result<PagePicture, ConvertError> {
    let bounds = painting(sandbox.bounds());
    let bounds = Bounds {
        wall: sandbox.bounds().wall.min(MAX_DECODING),
        output: sandbox.bounds().output.min(MAX_DECODED),
        disk: sandbox.bounds().disk.min(MAX_VIEWED + MAX_DECODED),
        ..bounds
    };
    let ended = sandbox.run_within(&bounds, DECODE, &[], photo)?;
    match ended.exit {
        0 => {
            let decoded = memory::bytes(&ended.output)?;
            let planes = Planes::of(&decoded).ok_or(ConvertError::Unreadable)?;
            let (width, height, pixels) = planes.within(longest);
            let (format, bytes) = encoded(&Picture { width, height, pixels: &pixels })?;
            Ok(PagePicture { bytes, format, width, height, pages: 1 })
        }
        CPU_SPENT => Err(ConvertError::TimedOut),
        exit if exit > 128 => Err(ConvertError::Crashed { exit }),
        _ => Err(ConvertError::Unreadable),
    }
}

/// A decoded photo: a byte for the light of each pixel, and two for the colour of each four.
struct Planes<'a> {
    light: Plane<'a>,
    blue: Plane<'a>,
    red: Plane<'a>,
}

#[derive(Clone, Copy)]
struct Plane<'a> {
    width: usize,
    height: usize,
    bytes: &'a [u8],
}

/// Longest side of a photo in pixels.
const MAX_PHOTO_SIDE: usize = 30_000;

impl<'a> Planes<'a> {
    /// The only picture of a Y4M file.
    fn of(file: &'a [u8]) -> Option<Self> {
        let (head, rest) = line(file)?;
        let mut words = head.strip_prefix("YUV4MPEG2 ")?.split(' ');
        let size = |word: Option<&str>, letter| -> Option<usize> {
            let size = word?.strip_prefix(letter)?.parse().ok()?;
            (1..=MAX_PHOTO_SIDE).contains(&size).then_some(size)
        };
        let (width, height) = (size(words.next(), 'W')?, size(words.next(), 'H')?);
        // Without a word about colours they have half of the width and height.
        if words.any(|word| word.starts_with('C') && !word.starts_with("C420")) {
            return None;
        }
        let (frame, rest) = line(rest)?;
        frame.starts_with("FRAME").then_some(())?;
        let (light, rest) = Plane::first_of(rest, width, height)?;
        let (blue, rest) = Plane::first_of(rest, width.div_ceil(2), height.div_ceil(2))?;
        let (red, _) = Plane::first_of(rest, width.div_ceil(2), height.div_ceil(2))?;
        Some(Self { light, blue, red })
    }

    /// Width, height and pixels of the picture, with three bytes each, no side longer than `longest`.
    fn within(&self, longest: u32) -> (u32, u32, Vec<u8>) {
        let (width, height) = (self.light.width, self.light.height);
        let longer = width.max(height);
        let most = usize::try_from(longest).unwrap_or(usize::MAX).clamp(1, longer);
        let scaled = |side: usize| (side * most / longer).max(1);
        let (wide, high) = (scaled(width), scaled(height));
        let mut pixels = Vec::with_capacity(wide * high * 3);
        for y in 0..high {
            for x in 0..wide {
                let mean = |plane: &Plane<'_>| i32::from(plane.mean((x, wide), (y, high)));
                let (light, blue, red) = (mean(&self.light), mean(&self.blue) - 128, mean(&self.red) - 128);
                // JFIF, "Conversion to and from RGB", in 65,536ths.
                let shade = |colour: i32| u8::try_from((light + (colour >> 16)).clamp(0, 255)).unwrap_or(0);
                pixels.push(shade(91_881 * red));
                pixels.push(shade(-22_554 * blue - 46_802 * red));
                pixels.push(shade(116_130 * blue));
            }
        }
        let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
        (side(wide), side(high), pixels)
    }
}

impl<'a> Plane<'a> {
    fn first_of(bytes: &'a [u8], width: usize, height: usize) -> Option<(Self, &'a [u8])> {
        let (bytes, rest) = bytes.split_at_checked(width.checked_mul(height)?)?;
        Some((Self { width, height, bytes }, rest))
    }

    /// The mean of the pixels in the place `x` of `wide` and `y` of `high`.
    fn mean(&self, (x, wide): (usize, usize), (y, high): (usize, usize)) -> u8 {
        let range = |at: usize, of: usize, all: usize| {
            let start = at * all / of;
            start..((at + 1) * all / of).max(start + 1)
        };
        let (columns, mut sum, mut count) = (range(x, wide, self.width), 0_usize, 0_usize);
        for row in range(y, high, self.height) {
            let row = row * self.width;
            let bytes = self.bytes.get(row + columns.start..row + columns.end).unwrap_or_default();
            sum += bytes.iter().map(|byte| usize::from(*byte)).sum::<usize>();
            count += bytes.len();
        }
        u8::try_from(sum / count.max(1)).unwrap_or(u8::MAX)
    }
}

/// A line of a head, which is short, and the bytes after it.
fn line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().take(200).position(|byte| *byte == b'\n')?;
    let (line, rest) = bytes.split_at_checked(end)?;
    Some((std::str::from_utf8(line).ok()?, rest.strip_prefix(b"\n")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A photo in which the left half is red and the right half blue.
    fn y4m(width: usize, height: usize, more: &str) -> Vec<u8> {
        let mut file = format!("YUV4MPEG2 W{width} H{height} F30:1{more}\nFRAME\n").into_bytes();
        let mut plane = |width: usize, height: usize, left: u8, right: u8| {
            for _ in 0..height {
                file.extend((0..width).map(|x| if x < width / 2 { left } else { right }));
            }
        };
        plane(width, height, 76, 29);
        plane(width.div_ceil(2), height.div_ceil(2), 85, 255);
        plane(width.div_ceil(2), height.div_ceil(2), 255, 107);
        file
    }

    #[test]
    fn a_photo_is_scaled_and_keeps_its_colours() {
        for (size, longest, expected) in [
            ((8, 4), 4, (4, 2)),
            ((8, 4), 100, (8, 4)),
            ((4, 8), 2, (1, 2)),
            ((30_000, 2), 100, (100, 1)),
            ((8, 4), 0, (1, 1)),
        ] {
            let file = y4m(size.0, size.1, "");
            let (width, height, pixels) = Planes::of(&file).unwrap().within(longest);
            assert_eq!((width, height), expected, "{size:?}");
            assert_eq!(pixels.len(), usize::try_from(width * height * 3).unwrap());
            if width > 1 {
                let last = pixels.len() - 3;
                let near = |found: &[u8], wanted: [u8; 3]| {
                    assert!(found.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) < 4), "{found:?}");
                };
                near(&pixels[..3], [254, 0, 0]);
                near(&pixels[last..], [0, 0, 254]);
            }
        }
    }

    #[test]
    fn only_whole_photos_are_read() {
        assert!(Planes::of(&y4m(3, 3, " C420jpeg")).is_some());
        let whole = y4m(4, 4, "");
        assert!(Planes::of(&whole).is_some() && Planes::of(&whole[..whole.len() - 1]).is_none());
        for head in ["", "YUV4MPEG2 W0 H4 F30:1", "YUV4MPEG2 W30001 H1 F30:1", "YUV4MPEG2 H4 W4", "P6"] {
            assert!(Planes::of(format!("{head}\nFRAME\nabcdefghijkl").as_bytes()).is_none(), "{head}");
        }
        assert!(Planes::of(&y4m(4, 4, " C444")).is_none());
    }
}
