//! Pictures that were made lately, in memory only. The person's right is checked before a picture is looked for here.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use lru::LruCache;

use super::Unshowable;
use crate::convert::PagePicture;
use crate::model::VersionId;

/// Most bytes of pictures, and of PDFs that they are made of, that are kept in memory.
const MAX_SHELF: usize = 64 << 20;

/// Most bytes of an office document's PDF that is kept, so that its second page needs no LibreOffice.
pub(super) const MAX_KEPT_PDF: usize = 16 << 20;

/// Bytes for which an item counts besides its own.
const BESIDE: usize = 512;

/// Time for which a content that cannot be shown is not tried again. On a busy machine it may have been the machine.
const FAILURE_LASTS: Duration = Duration::from_mins(10);

/// A result that is kept for a version. A version never changes, and its number is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// The picture of a page.
    Page(VersionId, u32),
    /// The PDF of an office document.
    Pdf(VersionId),
}

/// The result for a key.
#[derive(Clone)]
pub(super) enum Item {
    Page(Arc<PagePicture>),
    Pdf(Bytes),
    Failed(Unshowable, Instant),
}

/// The items, latest used first.
pub(super) struct Shelf(Mutex<Kept>);

struct Kept {
    items: LruCache<Key, Item>,
    bytes: usize,
}

impl Default for Shelf {
    fn default() -> Self {
        Self(Mutex::new(Kept { items: LruCache::unbounded(), bytes: 0 }))
    }
}

impl Shelf {
    pub(super) fn find(&self, key: Key) -> Option<Item> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.items.get(&key)? {
            Item::Failed(_, at) if at.elapsed() >= FAILURE_LASTS => {
                kept.remove(key);
                None
            }
            item => Some(item.clone()),
        }
    }

    /// Keeps an item, and drops those that were not used for the longest time.
    pub(super) fn keep(&self, key: Key, item: Item) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(key);
        kept.bytes += item.size();
        kept.items.push(key, item);
        while kept.bytes > MAX_SHELF
            && let Some((_, oldest)) = kept.items.pop_lru()
        {
            kept.bytes -= oldest.size();
        }
    }
}

impl Kept {
    fn remove(&mut self, key: Key) {
        if let Some(old) = self.items.pop(&key) {
            self.bytes -= old.size();
        }
    }
}

impl Item {
    fn size(&self) -> usize {
        BESIDE
            + match self {
                Self::Page(picture) => picture.bytes.len(),
                Self::Pdf(pdf) => pdf.len(),
                Self::Failed(..) => 0,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shelf_stays_within_its_bound() {
        let shelf = Shelf::default();
        let key = |number| Key::Pdf(VersionId(number));
        for number in 0..10 {
            shelf.keep(key(number), Item::Pdf(vec![0; MAX_KEPT_PDF - BESIDE].into()));
            // The first is used again and again.
            assert!(shelf.find(key(0)).is_some(), "{number}");
        }
        let found: Vec<i64> = (0..10).filter(|number| shelf.find(key(*number)).is_some()).collect();
        assert_eq!(found, [0, 7, 8, 9]);
        for _ in 0..10 {
            shelf.keep(key(9), Item::Failed(Unshowable::Damaged, Instant::now()));
        }
        assert_eq!(shelf.0.lock().unwrap().bytes, 3 * MAX_KEPT_PDF + BESIDE);
        let long_ago = Instant::now().checked_sub(FAILURE_LASTS).unwrap();
        shelf.keep(key(9), Item::Failed(Unshowable::Damaged, long_ago));
        assert!(shelf.find(key(9)).is_none());
    }
}
