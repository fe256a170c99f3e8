//! Creates files as the owner of the data directory, even when root runs the command.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use rustix::process::{geteuid, getgid, getuid};
use rustix::thread::{
    CapabilitySets, Gid, Uid, capabilities, set_capabilities, set_thread_res_gid, set_thread_res_uid,
};

/// Makes root create files as the owner of `data` from now on: if root owned the database's log and its
/// index, key files or snapshots, the service could not start. Root keeps its capabilities, so it can still
/// read a passphrase's file, enter a folder that is closed to the owner, and open port 443.
///
/// On Linux, each thread has its own identity and new threads inherit it: call this before there are any
/// others. Does nothing for users other than root, or if the directory does not exist yet.
///
/// Errors: the system's, such as `PermissionDenied` in a container that may not change its identity.
pub fn act_as_owner(data: &Path) -> io::Result<()> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let owner = match fs::metadata(data) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    if (owner.uid(), owner.gid()) == (0, 0) {
        return Ok(());
    }
    set_thread_res_gid(None, Gid::from_raw(owner.gid()), None)?;
    set_thread_res_uid(None, Uid::from_raw(owner.uid()), None)?;
    // The change has switched off all of them, but they are still permitted.
    let CapabilitySets { permitted, inheritable, .. } = capabilities(None)?;
    Ok(set_capabilities(None, CapabilitySets { effective: permitted, permitted, inheritable })?)
}

/// Gives a file outside the data directory, such as the recovery key, to the user who runs the command.
pub(super) fn give_to_caller(path: &Path) -> io::Result<()> {
    chown(path, Some(getuid().as_raw()), Some(getgid().as_raw()))
}
