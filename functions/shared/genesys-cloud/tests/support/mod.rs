//! The fixtures: one whole `EventBridge` event for each topic.

use std::fs;
use std::path::Path;

use genesys_cloud::detail_event::Topic;
use serde_json::Value;

/// The `EventBridge` event in `fixtures/` for this topic.
pub(crate) fn envelope(topic: Topic) -> Value {
    let suffix = topic.as_detail_type().rsplit_once("}.").unwrap().1;
    let file = format!("{}.json", suffix.replace('.', "-"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(file);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The `detail` of that event.
pub(crate) fn detail(topic: Topic) -> Value {
    envelope(topic)["detail"].take()
}
