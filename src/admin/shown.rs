//! Conversions of users, spaces, uploads, links and snapshots for the owner.

use std::collections::HashMap;
use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER};
use secrecy::{ExposeSecret, SecretString};

use super::{
    AllowedShown, ApprovalShown, HandedOutShown, HoldRequestShown, HoldShown, LinkShown, LockShown,
    NoticeShown, OfficeAsked, OfficeShown, PasskeyShown, Reply, RescanShown, SessionShown, SnapshotShown,
    SpaceShown, UploadShown, UserShown, VerdictShown, When,
};
use crate::accounts::{ContactRow, OfficeChange, PasskeyRow, People, SignedInBrowser, UserRow};
use crate::intake::{Allowed, Approval, Hold, Rescan};
use crate::library::{LockHeld, Space};
use crate::model::{Actor, LockScope, Office, ReleaseBy, Timestamp, UserId};
use crate::notices::Notice;
use crate::recovery::Snapshot;
use crate::sharing::Shared;
use crate::text::Language;
use crate::uploads::Upload;

pub(super) fn office(office: &Office) -> OfficeShown {
    OfficeShown {
        name: office.name.clone(),
        contact: office.contact.clone(),
        phone: office.phone.clone(),
        mail: office.mail.clone(),
        web: office.web.clone(),
        zone: office.zone.to_string(),
        zone_is_own: office.own_zone.is_some(),
        imprint: office.imprint.clone(),
        privacy: office.privacy.clone(),
        privacy_version: office.privacy_version,
        accessibility: office.accessibility.clone(),
        logo_bytes: office.logo.as_ref().map_or(0, |logo| logo.bytes().len()),
        lock_seconds: office.lock_after.unwrap_or_default().as_secs(),
    }
}

pub(super) fn office_change(asked: OfficeAsked) -> OfficeChange {
    // A text that is not Base64 is refused as a file that is no logo.
    let logo = asked.logo.map(|text| BASE64.decode(text.as_bytes()).unwrap_or_else(|_| text.into_bytes()));
    OfficeChange {
        name: asked.name,
        contact: asked.contact,
        phone: asked.phone,
        mail: asked.mail,
        web: asked.web,
        imprint: asked.imprint,
        privacy: asked.privacy,
        accessibility: asked.accessibility,
        zone: asked.zone,
        lock_seconds: asked.lock_seconds,
        logo,
    }
}

pub(super) fn notice(notice: &Notice, spaces: &[Space]) -> NoticeShown {
    let row = &notice.row;
    let space = row.space.and_then(|id| spaces.iter().find(|space| space.id == id));
    NoticeShown {
        id: row.id.0,
        to: notice.to.clone(),
        topic: row.topic.as_str().to_owned(),
        space: space.map(|space| space.name.clone()),
        state: row.state.as_str().to_owned(),
        created: When(row.created),
        attempts: row.attempts,
        next: row.next.map(When),
        ended: row.ended.map(When),
        fault: row.fault.clone(),
    }
}

pub(super) fn user(row: &UserRow, people: &People) -> UserShown {
    let contact = people.known_contact(row.id).cloned().unwrap_or_else(|| ContactRow::unknown(row.id));
    UserShown {
        mail: contact.mail,
        language: contact.language,
        notices: contact.notices.as_str().to_owned(),
        substitute: contact.substitute.and_then(|(user, _)| people.name(user)),
        substitute_until: contact.substitute.map(|(_, until)| When(until)),
        name: row.name.clone(),
        role: row.role.as_str().into(),
        disabled: row.disabled.is_some(),
        has_password: row.has_password,
        second_factor: row.has_second_factor,
        created: When(row.created),
    }
}

pub(super) fn session(browser: SignedInBrowser) -> SessionShown {
    SessionShown {
        id: browser.id.0,
        browser: browser.browser,
        since: When(browser.since),
        last_used: When(browser.last_used),
        locked: browser.is_locked,
    }
}

pub(super) fn passkey(row: PasskeyRow) -> PasskeyShown {
    PasskeyShown {
        id: row.id.0,
        label: row.label,
        created: When(row.created),
        last_used: row.last_used.map(When),
    }
}

pub(super) fn space(space: &Space) -> SpaceShown {
    SpaceShown {
        id: space.id.to_string(),
        name: space.name.clone(),
        kind: space.kind.as_str().into(),
        used_bytes: space.used.0,
        quota_bytes: space.settings.quota.map(|size| size.0),
        history_bytes: space.history.0,
        history_limit_bytes: space.settings.history.or(space.settings.quota).map(|size| size.0),
        version_days: space.settings.version_days,
        trash_days: space.settings.trash_days,
        hold_seconds: space.settings.hold.map(|hold| hold.time.as_secs()),
        holds: space.settings.hold.map(|hold| hold.scope.as_str().to_owned()),
        release_by: if space.settings.release_by == ReleaseBy::Two { 2 } else { 1 },
        pdf: space.settings.pdf.after.as_str().to_owned(),
        pdf_pages: space.settings.pdf.pages.as_str().to_owned(),
        mail: space.settings.mail.as_ref().map(ToString::to_string),
    }
}

/// The first of two decisions, while it counts; `names` are those of all users.
fn approval(first: &Approval, names: &HashMap<UserId, String>) -> ApprovalShown {
    let user = first.user.and_then(|user| names.get(&user)).cloned();
    let actor = first.user.map_or(Actor::Owner, Actor::user);
    ApprovalShown {
        decision: first.decision.as_str().to_owned(),
        to: first.to.and_then(|user| names.get(&user).cloned()),
        who: Language::English.actor(&actor, user.as_deref(), None),
        user,
        at: When(first.at),
        until: When(first.lapses),
    }
}

pub(super) fn hold(
    hold: Hold,
    spaces: &[Space],
    names: &HashMap<UserId, String>,
    now: Timestamp,
) -> HoldShown {
    let space = spaces.iter().find(|space| space.id == hold.space);
    let verdicts = hold.verdicts.into_iter().map(|verdict| VerdictShown {
        engine: verdict.engine,
        required: verdict.is_required,
        signatures: verdict.signatures,
        signatures_built: verdict.signatures_built.map(When),
        result: verdict.result.as_str().to_owned(),
        detail: verdict.detail,
        at: When(verdict.at),
    });
    let name = |user: UserId| names.get(&user).cloned();
    let requests = hold.requests.into_iter().map(|request| HoldRequestShown {
        user: name(request.user),
        at: When(request.asked),
        reason: request.reason,
        declined: request.declined.map(|(at, _)| When(at)),
    });
    let handed_out = hold.handed_out.iter().map(|handed| HandedOutShown {
        user: name(handed.user),
        at: When(handed.at),
        overridden: handed.overridden,
    });
    let (look, overridden) = (hold.look, hold.overridden.then(|| "overridden".to_owned()));
    let labels = look.iter().flat_map(|look| &look.labels).map(|label| label.as_str().to_owned());
    HoldShown {
        id: hold.id.0,
        space: space.map(|space| space.name.clone()).unwrap_or_default(),
        path: hold.path,
        state: hold.state.as_str().to_owned(),
        since: When(hold.arrived),
        due: When(hold.due),
        reason: hold.reason.map(|reason| reason.as_str().to_owned()),
        kind: look.as_ref().map(|look| look.kind.as_str().to_owned()),
        labels: overridden.into_iter().chain(labels).collect(),
        obstacle: look.as_ref().and_then(|look| look.obstacle).map(|obstacle| obstacle.as_str().to_owned()),
        verdicts: verdicts.collect(),
        pdf: hold.pdf,
        pdf_fault: hold.pdf_fault,
        mail_from: hold.mail.as_ref().map(|mail| mail.sender.clone()),
        mail_fault: hold.mail.and_then(|mail| mail.fault),
        approval: hold
            .approval
            .filter(|first| now < first.lapses)
            .map(|first| Box::new(approval(&first, names))),
        requests: requests.collect(),
        handed_out: handed_out.collect(),
        fetched: Vec::new(),
    }
}

pub(super) fn allowed(row: &Allowed, spaces: &[Space], names: &HashMap<UserId, String>) -> AllowedShown {
    let space = spaces.iter().find(|space| space.id == row.space);
    AllowedShown {
        space: space.map(|space| space.name.clone()).unwrap_or_default(),
        sha256: HEXLOWER.encode(&row.sha256),
        path: row.path.clone(),
        reason: row.reason.clone(),
        user: row.user.and_then(|user| names.get(&user).cloned()),
        at: When(row.at),
        until: When(row.ends),
    }
}

pub(super) fn rescan(pass: &Rescan, now: Timestamp) -> RescanShown {
    let left = pass.total.saturating_sub(pass.seen);
    let expected = pass.ended.is_none() && pass.seen > 0;
    let expected = expected.then(|| {
        let spent = now.since(pass.begun).as_secs();
        now.after(Duration::from_secs(spent.saturating_mul(left) / pass.seen))
    });
    RescanShown {
        mode: pass.mode.as_str().to_owned(),
        signatures: pass.signatures.clone(),
        begun: When(pass.begun),
        ended: pass.ended.map(When),
        expected_end: expected.map(When),
        total: pass.total,
        seen: pass.seen,
        scanned: pass.scanned,
        unscanned: pass.unscanned,
        found: pass.found,
    }
}

pub(super) fn upload(upload: Upload, users: &[UserRow], spaces: &[Space]) -> UploadShown {
    let space = spaces.iter().find(|space| space.id == upload.space);
    UploadShown {
        id: upload.id.to_string(),
        user: users.iter().find(|user| upload.user() == Some(user.id)).map(|user| user.name.clone()),
        space: space.map(|space| space.name.clone()).unwrap_or_default(),
        protocol: upload.protocol,
        path: upload.path.map(|path| path.to_string()),
        received_bytes: upload.received,
        length_bytes: upload.length,
        expires: When(upload.expires),
    }
}

pub(super) fn link(shared: Shared, spaces: &[Space]) -> LinkShown {
    let Shared { link, path, creator_name, .. } = shared;
    let space = spaces.iter().find(|space| space.id == link.space);
    LinkShown {
        id: link.id.0,
        user: creator_name.as_str().to_owned(),
        space: space.map(|space| space.name.clone()).unwrap_or_default(),
        path: path.to_string(),
        right: link.right.as_str().to_owned(),
        has_password: link.has_password,
        label: link.label,
        created: When(link.created),
        expires: link.expires.map(When),
        opened: link.opened.map(When),
        url: None,
        fetched: link.fetched.map(When),
        uses: link.uses,
        most_uses: link.terms.uses,
        deadline: link.terms.deadline.map(When),
        is_box: link.terms.is_box,
        code_to: link.terms.code_to,
    }
}

pub(super) fn lock(held: LockHeld, users: &[UserRow], spaces: &[Space]) -> LockShown {
    let LockHeld { space, lock } = held;
    LockShown {
        token: lock.token.0,
        user: users.iter().find(|user| user.id == lock.user).map(|user| user.name.clone()),
        by_guest: lock.link.is_some(),
        space: spaces.iter().find(|one| one.id == space).map(|one| one.name.clone()).unwrap_or_default(),
        path: lock.root.to_string(),
        scope: match lock.scope {
            LockScope::Exclusive => "exclusive",
            LockScope::Shared => "shared",
        }
        .into(),
        deep: lock.is_deep,
        expires: When(lock.expires),
    }
}

pub(super) fn snapshot(snapshot: &Snapshot) -> SnapshotShown {
    SnapshotShown { number: snapshot.number, made: When(snapshot.made), bytes: snapshot.size.0 }
}

pub(super) fn codes(codes: &[SecretString]) -> Reply {
    Reply::RecoveryCodes(codes.iter().map(|code| code.expose_secret().to_owned()).collect())
}
