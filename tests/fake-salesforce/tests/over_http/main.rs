//! The fake over HTTP, as any client sees it.

mod faults;
mod support;
mod tokens;
mod upserts;
