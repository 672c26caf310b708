//! Certificates that a test makes for itself.

use std::path::{Path, PathBuf};

use rcgen::generate_simple_self_signed;

/// A certificate for 127.0.0.1, which is its own authority, and its key.
pub(crate) struct Certificate {
    pub(crate) pem: String,
    pub(crate) key: String,
}

impl Certificate {
    /// One that nobody had before.
    pub(crate) fn new() -> Self {
        let made = generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        Self { pem: made.cert.pem(), key: made.signing_key.serialize_pem() }
    }

    /// Writes both into `directory`; returns the certificate's path and the key's.
    pub(crate) fn write(&self, directory: &Path) -> (PathBuf, PathBuf) {
        let (certificate, key) = (directory.join("certificate.pem"), directory.join("key.pem"));
        std::fs::write(&certificate, &self.pem).expect("a file");
        std::fs::write(&key, &self.key).expect("a file");
        (certificate, key)
    }

    /// What a client trusts that trusts this one alone.
    pub(crate) fn root(&self) -> reqwest::Certificate {
        reqwest::Certificate::from_pem(self.pem.as_bytes()).expect("a certificate")
    }
}
