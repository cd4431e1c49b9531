//! The AWS clients against a small HTTP server that speaks AWS' JSON protocol, partial failures included.

mod dead_letters;
mod documents;
mod outcomes;
mod secrets;
mod support;
