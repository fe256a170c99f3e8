//! A server whose catalogue can no longer be written.

use std::time::Duration;

use tresor::app::{Entrance, ServeError, serve};
use tresor::config::RawConfig;

use crate::support::office::{Office, Open};

/// Otherwise reads would go on while every change is refused, and no one would restart it.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_writer_has_ended_stops_so_that_a_restart_can_help() {
    let office = Office::with_instance();
    let Open { instance, directory, .. } = office.open().await;
    let raw =
        RawConfig { listen: Some(([127, 0, 0, 1], 0).into()), plain_http: true, ..RawConfig::default() };
    let config = raw.check(office.data()).unwrap();
    let entrance = Entrance::open(&config).unwrap();
    instance.close();
    let served = serve(config, entrance, directory, Some(instance), None, |_| {});
    let ended = tokio::time::timeout(Duration::from_mins(2), served).await.expect("it stops by itself");
    assert!(matches!(ended, Err(ServeError::WriterEnded)), "{ended:?}");
}
