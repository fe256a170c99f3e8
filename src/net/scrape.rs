//! The metrics listener, reachable from this machine only.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use tokio::net::TcpListener;

use super::handler::{Handler, ListenError, RequestInfo, Server};
use super::listener::serve;
use super::metrics::Metrics;
use super::request_body::RequestBody;
use super::request_log::Route;
use super::response_body::ResponseBody;
use super::watch::Shutdown;

/// Answers `GET /metrics` without authentication until shutdown.
///
/// Errors: [`ListenError::NotLoopback`] if the address can be reached from other machines.
pub async fn serve_metrics(
    listener: TcpListener,
    metrics: Metrics,
    shutdown: Shutdown,
) -> Result<(), ListenError> {
    let address = listener.local_addr().map_err(ListenError::Address)?;
    if !address.ip().to_canonical().is_loopback() {
        return Err(ListenError::NotLoopback(address));
    }
    // Metrics of this listener would only count scrapes.
    let server = Server::new(Scrape(metrics));
    serve(listener, None, server, shutdown).await
}

struct Scrape(Metrics);

impl Handler for Scrape {
    async fn handle(&self, request: Request<RequestBody>, _info: RequestInfo) -> Response<ResponseBody> {
        let mut response = Response::new(ResponseBody::empty());
        response.extensions_mut().insert(Route::quiet("metrics"));
        if request.uri().path() != "/metrics" {
            *response.status_mut() = StatusCode::NOT_FOUND;
        } else if request.method() != Method::GET {
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        } else {
            *response.body_mut() = ResponseBody::full(self.0.encode());
            response.headers_mut().insert(
                CONTENT_TYPE,
                HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8"),
            );
        }
        response
    }
}
