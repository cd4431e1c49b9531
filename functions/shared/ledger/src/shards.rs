//! Over which partitions a sparse index is spread.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Over how many partitions an index is spread: one takes 1,000 writes a second.
pub(crate) const SHARDS: u64 = 4;

/// The shard of a key. Every reader looks into all shards: nothing is lost if another version of the hasher chooses another
/// one.
pub(crate) fn shard_of(index: &str, key: &str) -> String {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    shard_name(index, hasher.finish() % SHARDS)
}

pub(crate) fn shard_name(index: &str, shard: u64) -> String {
    format!("{index}-{shard}")
}
