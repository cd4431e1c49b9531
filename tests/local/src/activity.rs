//! Whether anything is still going on: what `POST /drain-queues` waits for.

use tokio::sync::watch;

/// Counts what is under way: messages that someone will read, and invocations.
#[derive(Debug, Clone, Default)]
pub struct Activity {
    count: watch::Sender<usize>,
}

impl Activity {
    /// Something begins; it is over when the answer is dropped.
    #[must_use]
    pub fn begin(&self) -> Busy {
        self.count.send_modify(|count| *count += 1);
        Busy { count: self.count.clone() }
    }

    /// How many things are under way.
    pub fn count(&self) -> usize {
        *self.count.borrow()
    }

    /// Waits until nothing is under way.
    pub async fn idle(&self) {
        // It fails only once every sender is gone, and this is one.
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }
}

/// Something that is under way.
#[derive(Debug)]
pub struct Busy {
    count: watch::Sender<usize>,
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.count.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn idle_comes_when_the_last_one_is_dropped() {
        let activity = Activity::default();
        let (first, second) = (activity.begin(), activity.begin());
        let waiting = tokio::spawn({
            let activity = activity.clone();
            async move { activity.idle().await }
        });
        drop(first);
        assert_eq!(activity.count(), 1);
        assert!(!waiting.is_finished());
        drop(second);
        waiting.await.expect("it ends");
    }
}
