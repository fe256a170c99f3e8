//! A metric that counts the reads of the catalogue.

use std::fmt;
use std::sync::{Arc, Weak};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;

use super::instance::Instance;
use crate::net::Metrics;

/// Adds the metric of an open instance to the registry. A request takes a small number of reads, whatever it
/// lists: a count that grows faster than the number of requests shows a repeated lookup.
pub(super) fn register(instance: &Arc<Instance>, metrics: &Metrics) {
    let reads = Reads(Arc::downgrade(instance));
    metrics.register(|registry| registry.register_collector(Box::new(reads)));
}

struct Reads(Weak<Instance>);

impl Collector for Reads {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(instance) = self.0.upgrade() else { return Ok(()) };
        let reads = ConstCounter::new(instance.library.catalog_reads());
        let help = "Reads of the catalogue, each from one snapshot";
        reads.encode(encoder.encode_descriptor("catalog_reads", help, None, reads.metric_type())?)
    }
}

impl fmt::Debug for Reads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reads")
    }
}
