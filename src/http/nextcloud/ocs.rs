//! Nextcloud's Open Collaboration Services: capabilities, users, device passwords, links, searches.

use http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Response, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::envelope::{Envelope, Fault, OCS_API_REQUEST, Refusal, Version, coded, refusal};
use super::{Answer, capabilities, no_host, search, shares};
use crate::accounts::{AccountsError, Principal, login_name};
use crate::http::auth::{CHALLENGE, LoginRefused, authenticate};
use crate::http::context::RequestContext;
use crate::library::JointUsage;
use crate::net::{RequestBody, ResponseBody};

/// Clients take this number for "no quota".
const UNLIMITED: i64 = -3;

/// Target of an OCS path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Resource {
    Capabilities,
    /// The authenticated user.
    User,
    /// The user of this id.
    UserNamed(String),
    /// Entries in the menu of the web interface.
    Apps,
    NewAppPassword,
    OwnAppPassword,
    /// A resource of the share API.
    Shares(shares::Resource),
    /// A search.
    Search(search::Resource),
}

impl From<LoginRefused> for Fault {
    fn from(refused: LoginRefused) -> Self {
        match refused {
            LoginRefused::Unauthorised(text) => Refusal::Unauthorised(text).into(),
            LoginRefused::Later(text, retry_after) => Self::Later(text.into(), retry_after),
            LoginRefused::Failed(text) => refusal(StatusCode::INTERNAL_SERVER_ERROR, text),
        }
    }
}

impl RequestContext<'_> {
    pub(super) async fn ocs(&self, version: Version, path: &str, body: &mut RequestBody) -> Answer {
        let envelope = Envelope::asked_for(version, self.parts);
        let Some(resource) = resource(&self.parts.method, path) else {
            return (envelope.refusal(Refusal::UnknownPath), None);
        };
        let Some(origin) = self.origin() else { return (no_host(), None) };
        if resource == Resource::Capabilities && !self.parts.headers.contains_key(AUTHORIZATION) {
            return (envelope.success(&capabilities::for_anybody(&origin)), None);
        }
        let principal = match authenticate(*self).await {
            Ok(principal) => principal,
            Err(error) => return (refused(envelope, error.into()), None),
        };
        let response = match self.data(&resource, &principal, &origin, body).await {
            Ok(data) => envelope.success(&data),
            Err(fault) => refused(envelope, fault),
        };
        (response, Some(principal.user))
    }

    async fn data(
        &self,
        resource: &Resource,
        principal: &Principal,
        origin: &str,
        body: &mut RequestBody,
    ) -> Result<Value, Fault> {
        match resource {
            Resource::Capabilities => Ok(capabilities::for_users(origin)),
            Resource::User => self.user(principal).await,
            Resource::UserNamed(name) => {
                let is_own = login_name(name).is_ok_and(|name| name.key() == principal.name.key());
                // The names of other users are not disclosed.
                if is_own {
                    self.user(principal).await
                } else {
                    Err(refusal(StatusCode::NOT_FOUND, "No such user."))
                }
            }
            Resource::Apps => Ok(json!([])),
            Resource::NewAppPassword => self.new_app_password(principal).await,
            Resource::OwnAppPassword => self.end_app_password(principal).await,
            Resource::Shares(resource) => self.shares(*resource, principal, origin, body).await,
            Resource::Search(resource) => self.cloud_search(*resource, principal, origin).await,
        }
    }

    async fn user(&self, principal: &Principal) -> Result<Value, Fault> {
        let rights =
            self.services.accounts.spaces_of(principal).await.map_err(|error| self.broken(&error))?;
        let usage = self.services.library.joint_usage(&rights).await.map_err(|error| self.broken(&error))?;
        let name = principal.name.as_str();
        Ok(json!({
            "id": name,
            "enabled": true,
            "display-name": name,
            "displayname": name,
            "email": "",
            "groups": [],
            "quota": quota(&usage),
        }))
    }

    /// For clients with the account's own password: they store this one in its place.
    async fn new_app_password(&self, principal: &Principal) -> Result<Value, Fault> {
        if !self.parts.headers.contains_key(OCS_API_REQUEST) {
            // A browser with stored credentials would follow a link on any page to here.
            return Err(refusal(StatusCode::PRECONDITION_FAILED, "Send the header OCS-APIRequest."));
        }
        if principal.via_app_password.is_some() {
            return Err(refusal(StatusCode::FORBIDDEN, "This is a device's password already."));
        }
        let (label, by) = (self.device_label(), principal.stamp(self.info.received));
        match self.services.accounts.create_app_password(principal.user, &label, None, by).await {
            Ok((_, token)) => Ok(json!({ "apppassword": token.reveal().expose_secret() })),
            Err(error @ AccountsError::TooManyAppPasswords) => Err(coded(
                StatusCode::FORBIDDEN,
                error.code(),
                "Too many devices; have one revoked that is no longer used.",
            )),
            Err(error) => Err(self.broken(&error)),
        }
    }

    /// Clients send this when an account is removed from a device.
    async fn end_app_password(&self, principal: &Principal) -> Result<Value, Fault> {
        let Some(id) = principal.via_app_password else {
            return Err(refusal(StatusCode::FORBIDDEN, "This is no device's password."));
        };
        let by = principal.stamp(self.info.received);
        match self.services.accounts.revoke_app_password(principal.user, id, by).await {
            // Another request has ended it already, which is fine.
            Ok(()) | Err(AccountsError::UnknownAppPassword) => Ok(json!([])),
            Err(error) => Err(self.broken(&error)),
        }
    }

    pub(super) fn broken(&self, error: &(dyn std::error::Error + 'static)) -> Fault {
        tracing::error!(request_id = %self.info.request_id, error, "request of a Nextcloud client failed");
        refusal(StatusCode::INTERNAL_SERVER_ERROR, "The server could not answer.")
    }
}

fn resource(method: &Method, path: &str) -> Option<Resource> {
    let path = path.trim_end_matches('/');
    if let Some(path) = path.strip_prefix("apps/files_sharing/api/v1/") {
        return shares::resource(method, path).map(Resource::Shares);
    }
    if *method == Method::DELETE {
        return (path == "core/apppassword").then_some(Resource::OwnAppPassword);
    }
    if !matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    if let Some(path) = path.strip_prefix("search/") {
        return search::resource(path).map(Resource::Search);
    }
    match path {
        "cloud/capabilities" => Some(Resource::Capabilities),
        "cloud/user" => Some(Resource::User),
        "core/navigation/apps" => Some(Resource::Apps),
        // A HEAD must not create a password.
        "core/getapppassword" => (*method == Method::GET).then_some(Resource::NewAppPassword),
        _ => {
            let name = path.strip_prefix("cloud/users/").filter(|name| !name.contains('/'))?;
            let name = percent_encoding::percent_decode_str(name).decode_utf8().ok()?;
            Some(Resource::UserNamed(name.into_owned()))
        }
    }
}

fn refused(envelope: Envelope, fault: Fault) -> Response<ResponseBody> {
    match fault {
        Fault::Refused(refusal) => {
            let mut response = envelope.refusal(refusal);
            if response.status() == StatusCode::UNAUTHORIZED {
                response.headers_mut().insert(WWW_AUTHENTICATE, CHALLENGE);
            }
            response
        }
        Fault::Later(message, retry_after) => {
            let mut response =
                envelope.refusal(Refusal::Status(StatusCode::TOO_MANY_REQUESTS, message, None));
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(retry_after));
            response
        }
    }
}

/// Totals of all of the user's spaces. `relative` is a percentage with two decimals.
fn quota(usage: &JointUsage) -> Value {
    let (used, free) = (usage.used.0, usage.available.0);
    let total = used.saturating_add(free);
    let hundredths = u128::from(used) * 10_000 / u128::from(total.max(1));
    let relative = f64::from(u32::try_from(hundredths).unwrap_or(10_000)) / 100.0;
    let quota = usage.quota.and_then(|quota| i64::try_from(quota.0).ok()).unwrap_or(UNLIMITED);
    json!({ "free": free, "used": used, "total": total, "relative": relative, "quota": quota })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ByteSize;

    #[test]
    fn paths_and_methods_decide_together() {
        let get = |path: &str| resource(&Method::GET, path);
        assert_eq!(get("cloud/capabilities"), Some(Resource::Capabilities));
        assert_eq!(get("cloud/users/J%C3%BCrgen"), Some(Resource::UserNamed("Jürgen".into())));
        assert_eq!(get("core/getapppassword/"), Some(Resource::NewAppPassword));
        assert_eq!(resource(&Method::HEAD, "core/getapppassword"), None);
        assert_eq!(resource(&Method::DELETE, "core/apppassword"), Some(Resource::OwnAppPassword));
        for path in ["core/apppassword", "cloud/users/a/groups", "cloud/users/%FF", "apps/notifications", ""]
        {
            assert_eq!(get(path), None, "{path}");
        }
        assert_eq!(resource(&Method::POST, "cloud/user"), None);
    }

    #[test]
    fn quotas_add_up_to_what_clients_show() {
        let usage = |used, available, quota: Option<u64>| JointUsage {
            used: ByteSize(used),
            available: ByteSize(available),
            quota: quota.map(ByteSize),
        };
        assert_eq!(
            quota(&usage(25, 75, None)),
            json!({ "free": 75, "used": 25, "total": 100, "relative": 25.0, "quota": -3 })
        );
        assert_eq!(quota(&usage(1, 2, Some(3)))["relative"], json!(33.33));
        assert_eq!(quota(&usage(1, 2, Some(3)))["quota"], json!(3));
        assert_eq!(quota(&usage(0, 0, Some(0)))["relative"], json!(0.0));
        assert_eq!(quota(&usage(u64::MAX, u64::MAX, None))["relative"], json!(100.0));
    }
}
