//! An RSA key pair for tests, and the public half of another. Generated for this repository; they open nothing.

/// The private key, PKCS#8.
pub const PRIVATE_KEY: &str = include_str!("../keys/test-only-private-key.pem");
/// The same private key, PKCS#1.
pub const PRIVATE_KEY_PKCS1: &str = include_str!("../keys/test-only-private-key-pkcs1.pem");
/// Its public key.
pub const PUBLIC_KEY: &str = include_str!("../keys/test-only-public-key.pem");
/// A public key that does not match.
pub const OTHER_PUBLIC_KEY: &str = include_str!("../keys/test-only-other-public-key.pem");
