//! Trying again: a bounded number of times, with pauses cut at random, never past the deadline. Only for what may be repeated.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use super::deadline::Deadline;
use super::errors::ApiError;

const TRIES: u32 = 4;
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Tries until it succeeds, fails for good, or has failed four times. A `Retry-After` is for the pacing to keep, which every
/// try passes.
pub(crate) async fn retried<T, Attempt, Outcome>(
    base: Duration,
    deadline: Deadline,
    attempt: Attempt,
) -> Result<T, ApiError>
where
    Attempt: Fn() -> Outcome,
    Outcome: Future<Output = Result<T, ApiError>>,
{
    let mut tried = 1;
    let mut before = None;
    loop {
        let failure = match attempt().await {
            Err(ApiError::Retryable(failure)) if failure.is_transient() => failure,
            // Why there was a need to try again tells more than that there was no room to.
            Err(ApiError::Retryable(failure)) if !failure.was_tried() => return Err(before.unwrap_or(failure).into()),
            done => return done,
        };
        let pause = jittered(longest_pause(base, tried));
        if tried == TRIES || deadline.remaining().is_none_or(|left| left <= pause) {
            return Err(failure.into());
        }
        tokio::time::sleep(pause).await;
        tried += 1;
        before = Some(failure);
    }
}

/// Doubles with every try.
fn longest_pause(base: Duration, tried: u32) -> Duration {
    base.saturating_mul(1 << tried.min(TRIES)).min(LONGEST_PAUSE)
}

/// Between half and all of it, so that many functions do not return at once. `RandomState` is seeded by the system, which is
/// random enough and costs no crate.
fn jittered(longest: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish();
    let half = longest / 2;
    let spread_ns = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX).saturating_add(1);
    half + Duration::from_nanos(random % spread_ns)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{LONGEST_PAUSE, jittered, longest_pause, retried};
    use crate::api::deadline::Deadline;
    use crate::api::errors::{ApiError, PermanentError, RetryableError};

    const BASE: Duration = Duration::from_millis(100);

    fn transient() -> ApiError {
        RetryableError::NoConnection { operation: "testing" }.into()
    }

    /// How many tries it took, when every one fails.
    async fn tries(error: ApiError, deadline: Deadline) -> u32 {
        let tries = Cell::new(0);
        let attempt = async || {
            tries.set(tries.get() + 1);
            Err::<(), _>(error.clone())
        };
        assert_eq!(retried(BASE, deadline, attempt).await, Err(error.clone()));
        tries.get()
    }

    #[tokio::test(start_paused = true)]
    async fn tries_end() {
        let deadline = Deadline::after(Duration::from_mins(1));
        assert_eq!(tries(transient(), deadline).await, 4);
        assert_eq!(tries(PermanentError::NotAnId { operation: "testing" }.into(), deadline).await, 1);
        assert_eq!(tries(RetryableError::DeadlinePassed { operation: "testing" }.into(), deadline).await, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_reason_to_try_again_outlives_the_lack_of_room_to() {
        let no_room: ApiError = RetryableError::NoRoom { operation: "testing", opens_in: None }.into();
        let tries = Cell::new(0);
        let attempt = async || {
            tries.set(tries.get() + 1);
            Err::<(), _>(if tries.get() == 1 { transient() } else { no_room.clone() })
        };
        let deadline = Deadline::after(Duration::from_mins(1));
        assert_eq!(retried(BASE, deadline, attempt).await, Err(transient()));
        assert_eq!(retried(BASE, deadline, attempt).await, Err(no_room.clone()));
        assert_eq!(tries.get(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn no_try_begins_after_the_deadline() {
        let began = Instant::now();
        // The first pause is 100 to 200 ms, the second 200 to 400 ms.
        assert_eq!(tries(transient(), Deadline::after(Duration::from_millis(90))).await, 1);
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert_eq!(tries(transient(), Deadline::after(Duration::from_millis(250))).await, 2);
        assert!(began.elapsed() <= Duration::from_millis(250));
    }

    #[test]
    fn pauses_double_and_are_cut_at_random() {
        assert_eq!(longest_pause(BASE, 1), Duration::from_millis(200));
        assert_eq!(longest_pause(BASE, 3), Duration::from_millis(800));
        assert_eq!(longest_pause(Duration::MAX, 3), LONGEST_PAUSE);
        for _ in 0..100 {
            let pause = jittered(LONGEST_PAUSE);
            assert!(pause >= LONGEST_PAUSE / 2 && pause <= LONGEST_PAUSE);
        }
    }
}
