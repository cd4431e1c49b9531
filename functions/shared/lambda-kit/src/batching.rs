//! Splits what is to be sent into requests that keep to a service's limits.

use std::ops::Range;

/// How many entries a batch request of Amazon SQS or `EventBridge` holds at most.
pub(crate) const MAX_ENTRIES: usize = 10;

/// Consecutive ranges of at most [`MAX_ENTRIES`] entries and `max_bytes` each. An entry above `max_bytes` gets a range
/// of its own.
pub(crate) fn batches(sizes: &[usize], max_bytes: usize) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    let mut bytes = 0;
    for (index, &size) in sizes.iter().enumerate() {
        let full = index - start == MAX_ENTRIES || bytes + size > max_bytes;
        if full && index > start {
            ranges.push(start..index);
            start = index;
            bytes = 0;
        }
        bytes += size;
    }
    if start < sizes.len() {
        ranges.push(start..sizes.len());
    }
    ranges
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_oversized_entry_travels_alone() {
        assert_eq!(batches(&[1, 200, 1, 1], 100), [0..1, 1..2, 2..4]);
    }

    proptest! {
        #[test]
        fn every_entry_is_in_one_batch_within_the_limits(sizes in prop::collection::vec(0_usize..120, 0..60)) {
            let ranges = batches(&sizes, 100);
            let indices: Vec<usize> = ranges.iter().cloned().flatten().collect();
            prop_assert_eq!(indices, (0..sizes.len()).collect::<Vec<_>>());
            for range in ranges {
                prop_assert!(range.len() <= MAX_ENTRIES);
                prop_assert!(range.len() == 1 || sizes[range].iter().sum::<usize>() <= 100);
            }
        }
    }
}
