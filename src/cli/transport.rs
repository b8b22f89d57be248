//! Where bytes come from: the network, or image layouts in its place. Each object is asked for once, whoever asks.

use std::path::PathBuf;
use std::sync::Arc;

use crate::model::Limits;
use crate::registry::Transport;
use crate::registry::cache::{Cached, Store};
use crate::registry::http::{Http, HttpError, HttpSettings};
use crate::registry::layout::{Layout, LayoutError};
use crate::registry::once::Once;

/// Registries, with the credentials, proxies and certificates of the environment; blobs are kept in `store`, and `kept`
/// bytes of them in memory.
pub(super) fn network(
    settings: HttpSettings,
    store: Option<Store>,
    kept: u64,
) -> Result<Arc<dyn Transport>, HttpError> {
    let limits = settings.limits.clone();
    let http: Arc<dyn Transport> = Arc::new(Http::from_env(settings)?);
    let transport = match store {
        Some(store) => Arc::new(Cached::new(http, store)),
        None => http,
    };
    Ok(once(transport, &limits, kept))
}

/// `--layout`: nothing else is asked.
pub(super) fn layouts(
    folders: &[PathBuf],
    limits: &Limits,
    kept: u64,
) -> Result<Arc<dyn Transport>, LayoutError> {
    Ok(once(Arc::new(Layout::from_dirs(folders, limits)?), limits, kept))
}

fn once(transport: Arc<dyn Transport>, limits: &Limits, kept: u64) -> Arc<dyn Transport> {
    Arc::new(Once::new(transport, limits.manifest_bytes, kept))
}
