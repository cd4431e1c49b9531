//! With a clock, which stands still but for waiting.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::{Deadline, NoPermit, Pacer, Pacing};
use crate::api::pacer::RateLimitHeaders;
use crate::api::settings::Pace;
use crate::api::transport::Answer;

const SECOND: Duration = Duration::from_secs(1);

fn pacing(requests_per_minute: u32) -> Pacing {
    Pacing::new(Pacer::new(requests_per_minute, 0, Pace::AsTheyCome))
}

fn answer(status: u16, retry_after: Option<u64>, rate_limit: Option<(u32, u32, u64)>) -> Answer {
    Answer {
        status,
        body: None,
        retry_after: retry_after.map(Duration::from_secs),
        rate_limit: rate_limit.map(|(count, allowed, reset)| RateLimitHeaders {
            count,
            allowed,
            reset: Duration::from_secs(reset),
        }),
        correlation_id: None,
        asked_at: Timestamp::UNIX_EPOCH,
    }
}

async fn waited(pacing: &Pacing) -> Duration {
    let began = Instant::now();
    assert!(pacing.permit(Deadline::after(Duration::from_hours(2))).await.is_ok());
    began.elapsed()
}

#[tokio::test(start_paused = true)]
async fn callers_wait_their_turn() {
    let pacing = pacing(3);
    let waits = futures::future::join_all((0..10).map(|_| waited(&pacing))).await;
    let minutes: Vec<u64> = waits.iter().map(|wait| wait.as_secs() / 60).collect();
    assert_eq!(minutes, [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_permit_that_would_come_too_late() {
    let pacing = pacing(1);
    let permit = pacing.permit(Deadline::after(SECOND)).await.ok();
    let began = Instant::now();
    let refused = pacing.permit(Deadline::after(SECOND * 60)).await.err();
    assert_eq!(refused, Some(NoPermit { opens_in: Some(SECOND * 60) }));
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert!(pacing.permit(Deadline::after(SECOND * 61)).await.is_ok());
    drop(permit);
}

#[tokio::test(start_paused = true)]
async fn who_queues_behind_a_long_wait_gives_up_at_the_deadline() {
    let pacing = pacing(1);
    assert_eq!(waited(&pacing).await, Duration::ZERO);
    let began = Instant::now();
    let refusal = async |limit| (pacing.permit(Deadline::after(limit)).await.err(), began.elapsed());
    let (first, second, third) = tokio::join!(waited(&pacing), refusal(SECOND * 61), refusal(SECOND));
    assert_eq!(first, SECOND * 60);
    assert_eq!(second, (Some(NoPermit { opens_in: Some(SECOND * 60) }), SECOND * 60));
    assert_eq!(third, (Some(NoPermit { opens_in: Some(SECOND * 60) }), Duration::ZERO));

    // All wait for what then comes later.
    let began = Instant::now();
    let refusal = async |limit| (pacing.permit(Deadline::after(limit)).await.err(), began.elapsed());
    let (first, second, ()) = tokio::join!(waited(&pacing), refusal(SECOND * 61), async {
        tokio::time::sleep(SECOND).await;
        pacing.learn(&answer(503, Some(99), None));
    });
    assert_eq!((first, second), (SECOND * 100, (Some(NoPermit { opens_in: None }), SECOND * 61)));
}

#[tokio::test(start_paused = true)]
async fn retry_after_closes_the_gate_for_everyone() {
    for (answer, pause) in [
        (answer(429, Some(7), Some((301, 300, 60))), 60),
        (answer(429, Some(70), Some((301, 300, 60))), 70),
        (answer(429, None, Some((10, 300, 40))), 40),
        (answer(429, None, None), 10),
        (answer(503, Some(5), None), 5),
        (answer(503, None, None), 0),
        (answer(202, Some(5), None), 0),
        (answer(429, Some(1_000_000_000), None), 3_600),
    ] {
        let pacing = pacing(300);
        pacing.learn(&answer);
        assert_eq!(waited(&pacing).await, SECOND * pause, "{}", answer.status);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_open_the_gate_sooner() {
    let pacing = pacing(300);
    let permit = pacing.permit(Deadline::after(SECOND)).await.ok();
    // The request under way may be in this count or not, so it is taken as not.
    pacing.learn(&answer(200, None, Some((299, 300, 50))));
    let (wait, ()) = tokio::join!(waited(&pacing), async {
        tokio::time::sleep(SECOND * 2).await;
        drop(permit);
    });
    assert_eq!(wait, SECOND * 2);
}
