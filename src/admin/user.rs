//! Accounts: how people log in, what they may, and what ends with them.

use std::time::Duration;

use secrecy::ExposeSecret;

use super::error::AdminError;
use super::judge::Judged;
use super::reply::{
    AppPasswordShown, GrantShown, IssuedAppPassword, RemovalShown, Reply, SecondFactorShown, When,
};
use super::request::Secret;
use super::service::{Admin, word};
use crate::accounts::{self, UserName, UserRow};
use crate::library::Space;
use crate::model::{Right, SpaceGrant, Span, Stamp, Timestamp};

/// Name of this server in authenticator apps.
const ISSUER: &str = "Tresor";

impl Admin {
    pub(super) async fn add_app_password(
        &self,
        user: &str,
        (label, days): (&str, Option<u32>),
        by: Stamp,
    ) -> Result<Reply, AdminError> {
        let user = self.user(user).await?;
        let expires = days.map(|days| by.at.after(Duration::from_secs(u64::from(days) * 86_400)));
        let (id, token) = self.accounts.create_app_password(user.id, label, expires, by).await?;
        let password = token.reveal().expose_secret().to_owned();
        Ok(Reply::AppPassword(IssuedAppPassword { id: id.0, user: user.name, password }))
    }

    pub(super) async fn app_passwords(&self, user: &str) -> Result<Reply, AdminError> {
        let user = self.user(user).await?;
        let rows = self.accounts.app_passwords_of(user.id).await?.into_iter();
        Ok(Reply::AppPasswords(
            rows.map(|row| AppPasswordShown {
                id: row.id.0,
                label: row.label,
                created: When(row.created),
                last_used: row.last_used.map(When),
                expires: row.expires.map(When),
            })
            .collect(),
        ))
    }

    pub(super) async fn begin_second_factor(
        &self,
        user: &str,
        shown: Option<&Secret>,
        now: Timestamp,
    ) -> Result<Reply, AdminError> {
        let user = self.user(user).await?;
        let secret = self.accounts.begin_second_factor(user.id, shown.map(Secret::expose), now).await?;
        let uri = secret.uri(ISSUER, &UserName::parse(&user.name)?);
        Ok(Reply::SecondFactor(SecondFactorShown { uri: uri.to_string(), secret: secret.text().to_string() }))
    }

    pub(super) async fn grant(
        &self,
        (user, space): (&str, &str),
        right: &str,
        (release, hold): (bool, Option<u64>),
        by: Stamp,
    ) -> Result<Reply, AdminError> {
        let (user, space) = (self.user(user).await?, self.space(space).await?);
        let right = word("right", right, Right::from_word, Right::ALL)?;
        let hold = hold.map(|seconds| Duration::from_secs(seconds.max(1)));
        let grant = SpaceGrant { right, releases: release, hold };
        self.accounts.grant(user.id, space.id, grant, by).await?;
        Ok(Reply::Done(granted(&user, &space, grant)))
    }

    pub(super) async fn grants(
        &self,
        user: Option<String>,
        space: Option<String>,
    ) -> Result<Reply, AdminError> {
        let only_user = match user {
            Some(name) => Some(self.user(&name).await?.id),
            None => None,
        };
        let only_space = match space {
            Some(name) => Some(self.space(&name).await?.id),
            None => None,
        };
        let (users, spaces) = (self.accounts.users().await?, self.library.spaces().await?);
        let rows = self.accounts.grants().await?.into_iter().filter(|row| {
            only_user.is_none_or(|user| row.user == user) && only_space.is_none_or(|space| row.space == space)
        });
        let mut shown: Vec<_> = rows
            .filter_map(|row| {
                let user = users.iter().find(|user| user.id == row.user)?;
                let effective = accounts::decide(user.role, accounts::Standing::Enabled, Some(row.grant));
                Some(GrantShown {
                    user: user.name.clone(),
                    space: spaces.iter().find(|space| space.id == row.space)?.name.clone(),
                    right: effective.map_or(row.grant.right, |effective| effective.right).as_str().into(),
                    release: effective.is_some_and(|effective| effective.releases),
                    hold_seconds: effective.and_then(|effective| effective.hold).map(|time| time.as_secs()),
                })
            })
            .collect();
        shown.sort_by(|a, b| (&a.space, &a.user).cmp(&(&b.space, &b.user)));
        Ok(Reply::Grants(shown))
    }

    /// The links, devices, passkeys, grants and uploads that end when a user is removed.
    pub(super) async fn removal(&self, name: &str, judged: &Judged) -> Result<RemovalShown, AdminError> {
        let (user, spaces) = (self.user(name).await?, self.library.spaces().await?);
        let rights = judged.to_count_in(&spaces);
        let links = self.sharing.all_links(&rights).await?;
        let uploads = self.uploads_to(&rights).await?;
        Ok(RemovalShown {
            links: links.iter().filter(|shared| shared.link.creator == user.id).count(),
            app_passwords: self.accounts.app_passwords_of(user.id).await?.len(),
            passkeys: self.accounts.passkeys_of(user.id).await?.len(),
            grants: self.accounts.grants().await?.iter().filter(|grant| grant.user == user.id).count(),
            uploads: uploads.iter().filter(|upload| upload.user() == Some(user.id)).count(),
            name: user.name,
        })
    }
}

fn granted(user: &UserRow, space: &Space, grant: SpaceGrant) -> String {
    let effective = accounts::decide(user.role, accounts::Standing::Enabled, Some(grant));
    let SpaceGrant { right, releases, hold } = grant;
    let cut = match effective {
        Some(effective) if effective.right < right => {
            format!(", which for a {} means {}", user.role, effective.right)
        }
        _ => String::new(),
    };
    let more = match (releases, effective) {
        (true, Some(effective)) if effective.releases => ", and decide what is released".to_owned(),
        (true, _) => format!(", and decide nothing about held files, because a {} never does", user.role),
        (false, _) => String::new(),
    };
    let held = match hold {
        Some(time) => format!("; contents from this user are held for {}", Span(time)),
        None => String::new(),
    };
    format!("{} may {right} in {}{cut}{more}{held}", user.name, space.name)
}
