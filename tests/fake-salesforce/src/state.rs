//! All that the fake knows, behind one lock.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    faults::Faults,
    options::{ObjectSchema, Options, TokenPolicy},
    references::Parents,
    request_log::Call,
    store::Store,
};

pub(crate) struct State {
    pub(crate) token_policy: TokenPolicy,
    pub(crate) tokens: HashSet<String>,
    pub(crate) tokens_issued: u64,
    pub(crate) objects: Vec<ObjectSchema>,
    pub(crate) parents: Parents,
    pub(crate) store: Store,
    pub(crate) faults: Faults,
    pub(crate) calls: Vec<Call>,
    pub(crate) api_requests: u64,
    pub(crate) daily_api_requests: u64,
}

#[derive(Clone)]
pub(crate) struct Shared {
    state: Arc<Mutex<State>>,
    /// Where the fake is: its `instance_url`.
    pub(crate) url: Arc<str>,
}

impl Shared {
    pub(crate) fn new(options: Options, url: &str) -> Self {
        let state = State {
            token_policy: options.token_policy,
            tokens: HashSet::new(),
            tokens_issued: 0,
            objects: options.objects,
            parents: Parents::new(options.parents, options.accept_any_parent),
            store: Store::default(),
            faults: Faults::default(),
            calls: Vec::new(),
            api_requests: 0,
            daily_api_requests: options.daily_api_requests,
        };
        Self { state: Arc::new(Mutex::new(state)), url: url.into() }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
