//! The function itself: a request of the HTTP API in, a decision or a problem out.

use std::time::Duration;

use aws_config::SdkConfig;
use jiff::Timestamp;
use lambda_kit::http::{HttpRequest, HttpResponse};
use lambda_kit::runtime::Deadline;
use serde_json::json;
use uuid::Uuid;

use crate::decision::Resumption;
use crate::handshake::after;
use crate::problem::Problem;
use crate::request::ResumptionRequest;
use crate::run::{Rules, Run};
use crate::settings::Settings;
use crate::world::World;

/// The longest that a request waits for somebody else's answer, or for its own. API Gateway gives up after 30 s.
const LONGEST_WAIT: Duration = Duration::from_secs(22);
/// Kept at the end of an invocation for what an owner still has to write, and to answer.
const FINISHING_TIME: Duration = Duration::from_secs(6);

/// The function, ready to take requests.
pub struct SessionResumption {
    rules: Rules,
    world: World,
}

impl SessionResumption {
    /// Wires the function. Nothing is asked over the network yet.
    ///
    /// # Errors
    /// The trust store of the system can not be used.
    pub fn new(settings: Settings, config: &SdkConfig) -> Result<Self, reqwest::Error> {
        Ok(Self { rules: settings.rules.clone(), world: World::new(settings, config)? })
    }

    /// Answers a request.
    pub async fn handle(&self, request: HttpRequest, deadline: Deadline) -> HttpResponse {
        // Boxed: the futures within are large.
        let answer = Box::pin(self.answer(&request, deadline)).await;
        self.world.tell_rate_limit_use();
        match answer {
            Ok(resumption) => HttpResponse::json(200, "application/json", &json!(resumption)),
            Err(problem) => {
                metrics::counter!("RequestsRefused").increment(1);
                problem.response()
            }
        }
    }

    async fn answer(&self, request: &HttpRequest, deadline: Deadline) -> Result<Resumption, Problem> {
        let request = ResumptionRequest::read(request)?;
        let owner = Uuid::new_v4().to_string();
        let left = deadline.earlier_by(FINISHING_TIME).remaining().min(LONGEST_WAIT);
        let due = after(Timestamp::now(), left);
        Run::new(&self.world, &self.rules, &owner, due).answer(&request).await
    }
}
