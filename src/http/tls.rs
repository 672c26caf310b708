//! TLS towards clients: a certificate and its key, read from files, and read again when they have changed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{Error as RustlsError, InconsistentKeys, ServerConfig};

use crate::config::TlsFiles;

/// What connections are encrypted with. Those that are open keep what they began with.
#[derive(Debug)]
pub struct Tls {
    files: TlsFiles,
    current: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// When a file can't be read or is not what it should be, or the key is not the certificate's.
    pub async fn open(files: TlsFiles) -> Result<Self, TlsError> {
        let current = RwLock::new(read(&files).await?);
        Ok(Self { files, current })
    }

    /// Reads certificate and key again, for the connections that are made from now on.
    ///
    /// # Errors
    /// As [`Tls::open`]; what was in use stays in use.
    pub async fn reload(&self) -> Result<(), TlsError> {
        let read = read(&self.files).await?;
        // Nothing panics while it is locked.
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }

    /// What the next connection is encrypted with.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Why a certificate and its key can't be used. Nothing of what the files hold is told.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read.
    #[error("{0} can't be read")]
    Unreadable(PathBuf, #[source] io::Error),
    /// The file of the certificate is something else.
    #[error("{0} holds no certificate in PEM: it should begin with -----BEGIN CERTIFICATE-----")]
    NoCertificate(PathBuf),
    /// The file of the key is something else.
    #[error("{0} holds no private key in PEM that is without a passphrase")]
    NoKey(PathBuf),
    /// They are not of each other.
    #[error("the key in {key} is not that of the certificate in {certificate}, or of the first where it holds several")]
    Mismatch {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// They are of a kind that is not supported.
    #[error("{certificate} and {key} can't be used")]
    Unfit {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What the library says.
        #[source]
        why: RustlsError,
    },
}

async fn read(files: &TlsFiles) -> Result<Arc<ServerConfig>, TlsError> {
    let TlsFiles { certificate, key } = files;
    let chain = contents(certificate).await?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&chain).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    let chain = chain.ok_or_else(|| TlsError::NoCertificate(certificate.clone()))?;
    let private = PrivateKeyDer::from_pem_slice(&contents(key).await?).map_err(|_| TlsError::NoKey(key.clone()))?;
    let (certificate, key) = (certificate.clone(), key.clone());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private));
    let mut config = config.map_err(|why| match why {
        RustlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::Mismatch { certificate, key },
        why => TlsError::Unfit { certificate, key, why },
    })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

async fn contents(path: &Path) -> Result<Vec<u8>, TlsError> {
    tokio::fs::read(path).await.map_err(|error| TlsError::Unreadable(path.to_owned(), error))
}
