//! Makes the body of a request a source of content.

use bytes::Bytes;

use crate::library::Source;
use crate::net::{BodyError, RequestBody};

impl Source for &mut RequestBody {
    type Error = BodyError;

    async fn next(&mut self, _durable: u64) -> Option<Result<Bytes, BodyError>> {
        RequestBody::next(self).await
    }
}
