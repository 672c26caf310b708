//! Each store is reached over TLS where its URL says so, and not at all where its certificate is not to be trusted.
//!
//! The servers of the tests speak plainly, so a proxy stands before each that encrypts as the store itself would.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::support::{Certificate, Serving, Which, authority, namespace, polygraph, run, scratch, variables};

/// The settings that say where a store is, its engine, and what its URL is to say for TLS with the authority in a file.
const STORES: [(&str, &str, &str); 4] = [
    ("DATABASE_URL", "postgresql", "sslmode=verify-full&sslrootcert="),
    ("MONGODB_URL", "mongodb", "tls=true&tlsCAFile="),
    ("ELASTICSEARCH_URL", "elasticsearch", ""),
    ("REDIS_URL", "redis", ""),
];

/// The URL of a plain server as one over TLS, at another address, trusting the authority in `file`.
fn encrypted(url: &str, address: &str, parameters: &str, file: &Path) -> String {
    let url = url.replacen(&authority(url), address, 1);
    let url = url.replacen("http://", "https://", 1).replacen("redis://", "rediss://", 1);
    match parameters {
        // The system's authorities count for these, and `SSL_CERT_FILE` names others.
        "" => url,
        _ => {
            let joint = if url.contains('?') { '&' } else { '?' };
            format!("{url}{joint}{parameters}{}", file.display())
        }
    }
}

/// A server that encrypts what another one says.
struct Proxy {
    address: String,
    /// How many connections were encrypted.
    shaken: Arc<AtomicUsize>,
}

impl Proxy {
    async fn before(server: String, certificate: &Certificate, asks_first: bool) -> Self {
        let chain = CertificateDer::from_pem_slice(certificate.pem.as_bytes()).expect("a certificate");
        let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).expect("a key");
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![chain], key);
        let acceptor = TlsAcceptor::from(Arc::new(config.expect("they fit")));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let shaken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&shaken);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (server, acceptor, counter) = (server.clone(), acceptor.clone(), Arc::clone(&counter));
                tokio::spawn(async move {
                    if asks_first {
                        // PostgreSQL's clients ask for TLS in a message of 8 bytes, and are told yes by one letter.
                        client.read_exact(&mut [0; 8]).await?;
                        client.write_all(b"S").await?;
                    }
                    let mut client = acceptor.accept(client).await?;
                    counter.fetch_add(1, Ordering::Relaxed);
                    copy_bidirectional(&mut client, &mut TcpStream::connect(server).await?).await
                });
            }
        });
        Self { address, shaken }
    }
}

#[test]
fn each_url_can_ask_for_tls_and_the_certificate_is_checked() {
    let directory = scratch();
    let (certificate, other) = (Certificate::new(), Certificate::new());
    let (file, _) = certificate.write(directory.path());
    let elsewhere = directory.path().join("other");
    std::fs::create_dir(&elsewhere).expect("a directory");
    let (other, _) = other.write(&elsewhere);
    let plain = variables(Which::Real, directory.path(), &namespace());
    let mut proxies = Vec::new();
    let mut trusting = plain.clone();
    let mut distrusting = plain.clone();
    for (variable, kind, parameters) in STORES {
        let at = plain.iter().position(|(name, _)| *name == variable).expect("a URL");
        let url = &plain[at].1;
        let proxy = run(Proxy::before(authority(url), &certificate, kind == "postgresql"));
        trusting[at].1 = encrypted(url, &proxy.address, parameters, &file);
        distrusting[at].1 = encrypted(url, &proxy.address, parameters, &other);
        proxies.push((kind, proxy));
    }
    trusting.push(("SSL_CERT_FILE", file.display().to_string()));
    distrusting.push(("SSL_CERT_FILE", other.display().to_string()));

    let migrated = polygraph(&["migrate"], &trusting, directory.path());
    assert_eq!(migrated.code, Some(0), "{migrated:?}");
    let well = polygraph(&["doctor"], &trusting, directory.path());
    assert_eq!(well.code, Some(0), "{well:?}");
    let mut before = Vec::new();
    for (kind, proxy) in &proxies {
        assert!(well.out.lines().any(|line| line.contains(kind) && line.contains(" up ")), "{kind}: {well:?}");
        before.push(proxy.shaken.load(Ordering::Relaxed));
        assert_ne!(before.last(), Some(&0), "{kind} was reached by its proxy");
    }

    let ill = polygraph(&["doctor"], &distrusting, directory.path());
    assert_eq!(ill.code, Some(1), "{ill:?}");
    for ((kind, proxy), before) in proxies.iter().zip(before) {
        assert!(ill.out.lines().any(|line| line.contains(kind) && line.contains(" DOWN ")), "{kind}: {ill:?}");
        assert_eq!(proxy.shaken.load(Ordering::Relaxed), before, "{kind}: nobody gave in");
    }
}

#[test]
fn a_server_without_tls_is_unavailable_to_those_who_insist() {
    let directory = scratch();
    let (file, _) = Certificate::new().write(directory.path());
    let mut env = variables(Which::Real, directory.path(), &namespace());
    for (variable, _, parameters) in STORES {
        let (_, url) = env.iter_mut().find(|(name, _)| *name == variable).expect("a URL");
        *url = encrypted(url, &authority(url), parameters, &file);
    }
    env.push(("SSL_CERT_FILE", file.display().to_string()));
    let doctor = polygraph(&["doctor"], &env, directory.path());
    assert_eq!(doctor.code, Some(1), "{doctor:?}");
    for (variable, kind, _) in STORES {
        let mut lines = doctor.out.lines().skip_while(|line| !(line.contains(kind) && line.contains(" DOWN ")));
        assert!(lines.next().is_some(), "{kind}: {doctor:?}");
        let next = lines.next().expect("what to do next");
        assert!(next.contains("make sure that it runs") && next.contains(variable), "{kind}: {doctor:?}");
    }
    let serving = Serving::start(&env, directory.path());
    let answer = run(serving.client.ask("{ users { totalCount } posts { totalCount } }"));
    assert_eq!(answer.partial(), json!({ "users": null, "posts": null }));
    let codes: Vec<_> = answer.errors().into_iter().map(|error| error.code).collect();
    assert_eq!(codes, ["STORE_UNAVAILABLE"; 2]);
}
