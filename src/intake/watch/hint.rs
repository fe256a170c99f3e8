//! Notifications of the system that something arrived. They only wake the listing earlier: where they are missing, as
//! on network file systems, get lost or overflow, nothing else changes.

use std::path::Path;
use std::sync::Arc;

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

/// Notifications for a folder and all below it, until dropped.
pub(super) struct Hint {
    /// Device and inode of the folder.
    pub(super) of: (u64, u64),
    /// `None` if the system gives none.
    _watcher: Option<RecommendedWatcher>,
}

impl Hint {
    /// Notifies `wake` whenever a file arrives below `folder`.
    pub(super) fn new(folder: &Path, of: (u64, u64), wake: &Arc<Notify>) -> Self {
        let wake = Arc::clone(wake);
        let told = move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| is_arrival(event.kind)) {
                wake.notify_one();
            }
        };
        let begin = || {
            let mut watcher = RecommendedWatcher::new(told, Config::default().with_follow_symlinks(false))?;
            watcher.watch(folder, RecursiveMode::Recursive)?;
            Ok::<_, notify::Error>(watcher)
        };
        let watcher = begin();
        if watcher.is_err() {
            tracing::info!("no notifications for the watched folder: what arrives is found by listing it");
        }
        Self { of, _watcher: watcher.ok() }
    }
}

/// Whether a file may have arrived. Opening and removing files is what the server itself does.
fn is_arrival(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Create(_)
            | EventKind::Modify(ModifyKind::Name(_))
            | EventKind::Access(AccessKind::Close(AccessMode::Write))
            | EventKind::Other
    )
}
