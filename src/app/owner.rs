//! Whose files a command makes: always the data directory's owner's, also when root runs the command.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use rustix::process::{geteuid, getgid, getuid};
use rustix::thread::{
    CapabilitySets, Gid, Uid, capabilities, set_capabilities, set_thread_res_gid, set_thread_res_uid,
};

/// Has root make files as the owner of `data` from now on: the database's log and its index, key files and snapshots
/// of root's own would keep the service from starting. Root keeps its capabilities, so it can still read a
/// passphrase's file, pass a folder that is closed to the owner, and open port 443.
///
/// Identities belong to threads on Linux and are handed on to new ones: call this before there are any others. Does
/// nothing for anyone but root, nor where there is no directory yet.
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
    // The change has switched all of them off; they are still permitted.
    let CapabilitySets { permitted, inheritable, .. } = capabilities(None)?;
    Ok(set_capabilities(None, CapabilitySets { effective: permitted, permitted, inheritable })?)
}

/// Gives a file that leaves the data directory, such as the recovery key, to the user who runs the command.
pub(super) fn give_to_caller(path: &Path) -> io::Result<()> {
    chown(path, Some(getuid().as_raw()), Some(getgid().as_raw()))
}
