//! What goes wrong in AWS, when told to.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// One way for a request to fail, before it has any effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AwsFault {
    /// Status 500, `InternalServerError`.
    Unavailable,
    /// Status 400, `ThrottlingException`.
    Throttled,
}

#[derive(Debug)]
struct Planned {
    target: String,
    times: usize,
    fault: AwsFault,
}

/// When all functions are killed, counted in their requests from now on, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrashPoint {
    /// When this request arrives: it takes no effect.
    Before(usize),
    /// When this request has taken effect: it is never answered.
    After(usize),
}

/// The faults to come.
#[derive(Debug, Default)]
pub struct AwsFaults {
    planned: Mutex<Vec<Planned>>,
    crash: Mutex<Option<(CrashPoint, usize)>>,
}

impl AwsFaults {
    /// Lets the next requests fail whose `X-Amz-Target` ends with `target`, for instance
    /// `UpdateItem` or `AmazonSQS.SendMessageBatch`.
    pub fn fail(&self, target: &str, times: usize, fault: AwsFault) {
        lock(&self.planned).push(Planned { target: target.to_owned(), times, fault });
    }

    /// Plans one crash, in place of any other planned before.
    pub fn crash(&self, point: CrashPoint) {
        *lock(&self.crash) = Some((point, 0));
    }

    /// Calls off a crash; whether there was one to come.
    pub fn cancel_crash(&self) -> bool {
        lock(&self.crash).take().is_some()
    }

    pub(crate) fn take(&self, target: &str) -> Option<AwsFault> {
        let mut planned = lock(&self.planned);
        let index = planned.iter().position(|planned| target.ends_with(&planned.target))?;
        let found = &mut planned[index];
        let fault = found.fault;
        found.times = found.times.saturating_sub(1);
        if found.times == 0 {
            planned.remove(index);
        }
        Some(fault)
    }

    /// Counts one request; what must be killed around it, if anything.
    pub(crate) fn crash_around_next(&self) -> Option<CrashPoint> {
        let mut crash = lock(&self.crash);
        let (point, seen) = crash.as_mut()?;
        *seen += 1;
        let (CrashPoint::Before(request) | CrashPoint::After(request)) = *point;
        if *seen < request {
            return None;
        }
        crash.take().map(|(point, _)| point)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_hit_their_target_as_often_as_planned() {
        let faults = AwsFaults::default();
        faults.fail("UpdateItem", 2, AwsFault::Throttled);
        let update = "DynamoDB_20120810.UpdateItem";
        assert_eq!(faults.take("DynamoDB_20120810.GetItem"), None);
        assert_eq!(faults.take(update), Some(AwsFault::Throttled));
        assert_eq!(faults.take(update), Some(AwsFault::Throttled));
        assert_eq!(faults.take(update), None);
    }

    #[test]
    fn a_crash_comes_once() {
        let faults = AwsFaults::default();
        assert_eq!(faults.crash_around_next(), None);
        faults.crash(CrashPoint::After(2));
        assert_eq!(faults.crash_around_next(), None);
        assert_eq!(faults.crash_around_next(), Some(CrashPoint::After(2)));
        assert_eq!(faults.crash_around_next(), None);
        assert!(!faults.cancel_crash());
    }
}
