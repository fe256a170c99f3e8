//! The envelope of OCS answers: JSON or XML, with a status of its own besides HTTP's.

use std::borrow::Cow;

use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use crate::http::page::form;
use crate::http::protocol::xml::push_text;
use crate::net::ResponseBody;

/// Every client sends this with its requests. A page of another site cannot, because the browser asks the server
/// for permission first.
pub(super) const OCS_API_REQUEST: HeaderName = HeaderName::from_static("ocs-apirequest");

/// The version of the interface; the two differ only in their statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// 100 means success, and HTTP's status is 200 even for failures.
    V1,
    /// Both statuses are HTTP's.
    V2,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Json,
    Xml,
}

/// The format of one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Envelope {
    version: Version,
    format: Format,
}

/// Why an answer has no data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 997: authentication required.
    Unauthorised(&'static str),
    /// 998: this resource does not exist here.
    UnknownPath,
    /// Any other refusal; with the code of the error, if it comes from a room below.
    Status(StatusCode, Cow<'static, str>, Option<&'static str>),
}

/// Why a request failed.
#[derive(Debug)]
pub enum Fault {
    Refused(Refusal),
    /// Refused; try again after this number of seconds.
    Later(Cow<'static, str>, u32),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

#[cfg(test)]
impl Fault {
    /// The HTTP status of the second version.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Refused(Refusal::Status(status, ..)) => *status,
            Self::Refused(Refusal::Unauthorised(_)) => StatusCode::UNAUTHORIZED,
            Self::Refused(Refusal::UnknownPath) => StatusCode::NOT_FOUND,
            Self::Later(..) => StatusCode::TOO_MANY_REQUESTS,
        }
    }
}

pub(super) fn refusal(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Fault {
    Fault::Refused(Refusal::Status(status, message.into(), None))
}

/// A refusal because of an error with this code.
pub(super) fn coded(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Fault {
    Fault::Refused(Refusal::Status(status, message.into(), Some(code)))
}

impl Envelope {
    /// JSON for clients that ask for it in the query or accept it; else XML.
    pub(super) fn asked_for(version: Version, parts: &Parts) -> Self {
        let query = parts.uri.query().unwrap_or_default();
        let format = form::field(query.as_bytes(), "format");
        let accepts = parts.headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let format = match format.as_ref().map(|format| format.as_str()) {
            Some("json") => Format::Json,
            None if accepts.to_ascii_lowercase().contains("application/json") => Format::Json,
            _ => Format::Xml,
        };
        Self { version, format }
    }

    pub(super) fn success(self, data: &Value) -> Response<ResponseBody> {
        let code = match self.version {
            Version::V1 => 100,
            Version::V2 => 200,
        };
        self.wrap(StatusCode::OK, &json!({ "status": "ok", "statuscode": code, "message": "OK" }), data)
    }

    pub(super) fn refusal(self, refusal: Refusal) -> Response<ResponseBody> {
        let (status, number, message, code) = match refusal {
            Refusal::Unauthorised(message) => (StatusCode::UNAUTHORIZED, 997, Cow::Borrowed(message), None),
            Refusal::UnknownPath => {
                (StatusCode::NOT_FOUND, 998, Cow::Borrowed("This server has no such interface."), None)
            }
            Refusal::Status(status, message, code) => {
                let shown = match self.version {
                    // A client that must wait, or asks a failing server, must learn it from HTTP's status.
                    Version::V1 if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
                        status
                    }
                    Version::V1 => StatusCode::OK,
                    Version::V2 => status,
                };
                (shown, status.as_u16(), message, code)
            }
        };
        let mut meta = json!({ "status": "failure", "statuscode": number, "message": message });
        if let (Some(code), Some(members)) = (code, meta.as_object_mut()) {
            members.insert("code".to_owned(), code.into());
        }
        self.wrap(status, &meta, &json!([]))
    }

    fn wrap(self, status: StatusCode, meta: &Value, data: &Value) -> Response<ResponseBody> {
        let (media_type, body) = match self.format {
            Format::Json => {
                let whole = json!({ "ocs": { "meta": meta, "data": data } });
                ("application/json; charset=utf-8", whole.to_string())
            }
            Format::Xml => {
                let mut xml = "<?xml version=\"1.0\"?>\n<ocs>".to_owned();
                push_element(&mut xml, "meta", meta);
                push_element(&mut xml, "data", data);
                xml.push_str("</ocs>\n");
                ("application/xml; charset=utf-8", xml)
            }
        };
        let mut response = Response::new(ResponseBody::full(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// The server chooses the names; the texts may come from any user.
fn push_element(out: &mut String, name: &str, value: &Value) {
    out.push('<');
    out.push_str(name);
    out.push('>');
    match value {
        Value::Null | Value::Bool(false) => {}
        Value::Bool(true) => out.push('1'),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => push_text(out, text),
        Value::Array(items) => items.iter().for_each(|item| push_element(out, "element", item)),
        Value::Object(members) => members.iter().for_each(|(name, value)| push_element(out, name, value)),
    }
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

#[cfg(test)]
mod tests {
    use http::Request;
    use http_body_util::BodyExt;

    use super::*;

    fn asked(version: Version, uri: &str, accept: &str) -> Envelope {
        let request = Request::get(uri).header(ACCEPT, accept).body(()).unwrap();
        Envelope::asked_for(version, &request.into_parts().0)
    }

    async fn shown(response: Response<ResponseBody>) -> (u16, String) {
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[test]
    fn json_is_for_who_asks_and_xml_for_all_others() {
        for (uri, accept, expected) in [
            ("/x?format=json", "*/*", Format::Json),
            ("/x?a=b&format=json", "", Format::Json),
            ("/x", "application/json", Format::Json),
            ("/x", "text/html, Application/JSON;q=0.9", Format::Json),
            ("/x?format=xml", "application/json", Format::Xml),
            ("/x", "*/*", Format::Xml),
            ("/x?xformat=json", "", Format::Xml),
        ] {
            assert_eq!(asked(Version::V2, uri, accept).format, expected, "{uri} {accept}");
        }
    }

    #[tokio::test]
    async fn data_come_in_both_forms() {
        let data =
            json!({ "a": ["x", 1], "b": true, "c": false, "d": { "e-f": "<&>\u{0}" }, "g": null, "h": [] });
        let (status, json) = shown(asked(Version::V1, "/x?format=json", "").success(&data)).await;
        let parsed: Value = serde_json::from_str(&json).unwrap();
        assert_eq!((status, &parsed["ocs"]["data"]), (200, &data));
        assert_eq!(parsed["ocs"]["meta"], json!({ "status": "ok", "statuscode": 100, "message": "OK" }));

        let (_, xml) = shown(asked(Version::V2, "/x", "").success(&data)).await;
        assert_eq!(
            xml,
            "<?xml version=\"1.0\"?>\n<ocs><meta><message>OK</message><status>ok</status>\
             <statuscode>200</statuscode></meta><data><a><element>x</element><element>1</element></a><b>1</b>\
             <c></c><d><e-f>&lt;&amp;&gt;\u{fffd}</e-f></d><g></g><h></h></data></ocs>\n"
        );
    }

    #[tokio::test]
    async fn failures_have_the_statuses_that_clients_know() {
        let refused = || Refusal::Status(StatusCode::FORBIDDEN, "no".into(), Some("not-found"));
        let busy = || Refusal::Status(StatusCode::TOO_MANY_REQUESTS, "wait".into(), None);
        for (version, refusal, status, code) in [
            (Version::V1, Refusal::Unauthorised("log in"), 401, 997),
            (Version::V2, Refusal::Unauthorised("log in"), 401, 997),
            (Version::V1, Refusal::UnknownPath, 404, 998),
            (Version::V2, Refusal::UnknownPath, 404, 998),
            (Version::V1, refused(), 200, 403),
            (Version::V2, refused(), 403, 403),
            (Version::V1, busy(), 429, 429),
            (Version::V2, busy(), 429, 429),
        ] {
            let (got, body) = shown(asked(version, "/x?format=json", "").refusal(refusal.clone())).await;
            let body: Value = serde_json::from_str(&body).unwrap();
            let meta = &body["ocs"]["meta"];
            assert_eq!((got, meta["statuscode"].as_u64()), (status, Some(code)), "{version:?} {refusal:?}");
            assert_eq!((meta["status"].as_str(), &body["ocs"]["data"]), (Some("failure"), &json!([])));
            let has_code = matches!(refusal, Refusal::Status(.., Some(_)));
            assert_eq!(meta.get("code"), has_code.then_some(&json!("not-found")));
        }
    }
}
