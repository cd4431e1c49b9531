//! An item held by a transaction for the moment, which the SDK does not take for a reason to try again.

use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::config::interceptors::InterceptorContext;
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;

/// Has the SDK try an update again that came while a transaction held the item, within its usual attempts.
pub(crate) fn tried_again_while_held() -> Builder {
    Builder::new().retry_classifier(HeldByTransaction)
}

#[derive(Debug)]
struct HeldByTransaction;

impl ClassifyRetry for HeldByTransaction {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let held = context
            .output_or_error()
            .and_then(Result::err)
            .and_then(|error| error.as_operation_error())
            .and_then(|error| error.downcast_ref::<UpdateItemError>())
            .is_some_and(UpdateItemError::is_transaction_conflict_exception);
        if held { RetryAction::server_error() } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "held by a transaction"
    }
}
