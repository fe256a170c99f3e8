//! PROPPATCH.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};

use super::{Answer, DavRequest, Failure};
use crate::http::protocol::proppatch::{self, PatchPlan};
use crate::http::protocol::{multistatus, xml};
use crate::library::PropertyChange;
use crate::net::{RequestBody, ResponseBody};

impl DavRequest<'_> {
    pub(super) async fn proppatch(&self, body: &mut RequestBody) -> Answer {
        let target = self.entry_target(is_the_mount).await?;
        let change = self.change(&target)?;
        let body = body.collect(xml::MAX_BODY_BYTES).await?;
        let entry = self.services.library.find(&target.access, &target.path).await?;
        let href = self.mount.href(&target.place(), entry.is_folder());
        let plan = match proppatch::plan(proppatch::parse(&body)?) {
            Ok(plan) => plan,
            Err(outcome) => return Ok(answer(multistatus::proppatch_refused(&href, &outcome))),
        };
        let PatchPlan { modified, dead, names } = plan;
        let steps = modified.map(PropertyChange::Modified).into_iter();
        let steps = steps.chain(dead.into_iter().map(|(name, value)| match value {
            Some(xml) => PropertyChange::Set { name, xml },
            None => PropertyChange::Remove { name },
        }));
        self.services
            .library
            .change_properties(change, &target.path, steps.collect())
            .await
            .map_err(Failure::in_space(&target.space))?;
        Ok(answer(multistatus::proppatch_done(&href, &names)))
    }
}

fn is_the_mount() -> Failure {
    Failure::status(StatusCode::FORBIDDEN, "the list of spaces has no properties of its own")
}

fn answer(xml: String) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::full(xml));
    *response.status_mut() = StatusCode::MULTI_STATUS;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(multistatus::CONTENT_TYPE));
    response
}
