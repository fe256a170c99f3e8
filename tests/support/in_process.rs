//! The program in the test's own process: the same routes on the same data directory, with the use cases behind them
//! at hand.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::runtime::{Handle, Runtime};
use tokio::task::JoinHandle;
use tresor::app::{DataDirectory, Instance};
use tresor::convert::{Converter, Settings};
use tresor::http::{HealthState, Rooms, Router};
use tresor::inspect::Inspector;
use tresor::intake::IntakeSettings;
use tresor::net::{Limits, ListenError, Metrics, ProxyFaults, Server, Shutdown, ShutdownSwitch, bind, serve};

use super::TestServer;
use super::office::Open;

/// An instance that no process serves, opened here.
pub struct InProcess {
    pub router: Arc<Router>,
    pub instance: Instance,
    pub runtime: Runtime,
    // Closed after the instance.
    _directory: DataDirectory,
    /// Its data directory and, while this serves, its address.
    pub server: TestServer,
}

/// Answers requests until it is dropped.
pub struct Serving {
    runtime: Handle,
    running: Option<(ShutdownSwitch, JoinHandle<Result<(), ListenError>>)>,
}

impl InProcess {
    /// Opens the data directory of a server that has been stopped or never ran.
    pub fn open(server: TestServer) -> Self {
        let runtime = Runtime::new().unwrap();
        let Open { instance, directory, .. } = runtime.block_on(server.office.open());
        let router = Router::locked(HealthState::default());
        let converter = Converter::new(&Settings::default()).ok().map(Arc::new);
        let (inspector, settings) = (Inspector::of_this_program(), IntakeSettings::default());
        let rooms = Rooms {
            library: instance.library.clone(),
            uploads: instance.uploads.clone(),
            accounts: instance.accounts.clone(),
            sharing: instance.sharing.clone(),
            intake: instance.intake.clone().with(None, converter, inspector, settings),
            admin: instance.admin(),
        };
        router.open(rooms, Vec::new(), &Limits::default());
        Self { router, instance, runtime, _directory: directory, server }
    }

    /// Answers at a free port.
    pub fn serve(&self) -> (SocketAddr, Serving) {
        let server = Server {
            handler: Arc::clone(&self.router),
            limits: Arc::default(),
            trust: Arc::default(),
            hosts: Arc::default(),
            proxy_faults: ProxyFaults::default(),
            metrics: Metrics::new(),
        };
        let (stop, shutdown) = Shutdown::channel();
        let address = "127.0.0.1:0".parse().unwrap();
        let listener = self.runtime.block_on(async { bind(address, &server.limits).unwrap() });
        let address = listener.local_addr().unwrap();
        let task = self.runtime.spawn(serve(listener, None, server, shutdown));
        (address, Serving { runtime: self.runtime.handle().clone(), running: Some((stop, task)) })
    }

    /// Closes the instance, so that a process can serve it again.
    pub fn close(self) -> TestServer {
        self.instance.close();
        self.server
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let Some((stop, task)) = self.running.take() else { return };
        drop(stop);
        let ended = self.runtime.block_on(task);
        if !std::thread::panicking() {
            ended.unwrap().unwrap();
        }
    }
}
