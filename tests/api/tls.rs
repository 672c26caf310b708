//! HTTPS by the gateway itself: who is answered, by which certificate, and who is let go.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::{Method, Version, tls};
use serde_json::json;

use crate::support::{Certificate, Client, Serving, Which, polygraph, run, scratch, variables};

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a gateway without demo data needs to serve HTTPS by this certificate.
fn environment(certificate: &Certificate, directory: &Path) -> Vec<(&'static str, String)> {
    let (chain, key) = certificate.write(directory);
    let mut env = variables(Which::Embedded, directory, "polygraph");
    env.push(("POLYGRAPH_DEMO_DATA", "false".to_owned()));
    env.push(("POLYGRAPH_TLS_CERTIFICATE", chain.display().to_string()));
    env.push(("POLYGRAPH_TLS_KEY", key.display().to_string()));
    env
}

/// The version of HTTP that a client was answered in.
async fn version(client: &Client) -> Version {
    let answer = client.request(Method::GET, "/livez").send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    answer.version()
}

async fn assert_refused(client: &Client) {
    client.request(Method::GET, "/livez").send().await.expect_err("it does not trust the certificate");
}

/// Waits until the gateway has logged `what` so many times.
fn await_log(serving: &Serving, what: &str, times: usize) {
    let began = Instant::now();
    while serving.log().matches(what).count() < times {
        assert!(began.elapsed() < PATIENCE, "not in the log: {what}\n{}", serving.log());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn it_speaks_http_2_and_1_over_tls_1_3_and_1_2() {
    let directory = scratch();
    let certificate = Certificate::new();
    let mut env = environment(&certificate, directory.path());
    env.push(("POLYGRAPH_HSTS_MAX_AGE", "1h".to_owned()));
    env.push(("POLYGRAPH_DEMO_DATA", "true".to_owned()));
    let serving = Serving::start(&env, directory.path());
    let client = |builder| Client::encrypted(serving.address, &certificate, builder);

    let newest = client(reqwest::Client::builder().min_tls_version(tls::Version::TLS_1_3));
    assert_eq!(run(version(&newest)), Version::HTTP_2);
    let older = client(reqwest::Client::builder().max_tls_version(tls::Version::TLS_1_2));
    assert_eq!(run(version(&older)), Version::HTTP_2);
    let oldest = client(reqwest::Client::builder().http1_only());
    assert_eq!(run(version(&oldest)), Version::HTTP_11);
    let answer = run(newest.ask("{ users { totalCount } }"));
    assert_eq!(answer.headers["strict-transport-security"], "max-age=3600");
    assert_eq!(answer.data(), json!({ "users": { "totalCount": 100 } }));
    run(assert_refused(&Client::encrypted(serving.address, &Certificate::new(), reqwest::Client::builder())));

    let address = serving.address;
    let (status, said) = serving.terminate();
    assert_eq!(status.code(), Some(0));
    assert!(said.contains(&format!("GraphiQL        https://{address}/")), "{said}");
    let curl =
        format!("curl --cacert '{}' https://{address}/graphql", directory.path().join("certificate.pem").display());
    assert!(said.contains(&curl) && !said.contains("http://"), "{said}");
}

#[test]
fn a_certificate_is_renewed_for_new_connections_while_open_ones_go_on() {
    let directory = scratch();
    let (old, new) = (Certificate::new(), Certificate::new());
    let serving = Serving::start(&environment(&old, directory.path()), directory.path());
    let trusting = |certificate| Client::encrypted(serving.address, certificate, reqwest::Client::builder());
    let open = trusting(&old);
    run(version(&open));

    new.write(directory.path());
    serving.signal("-HUP");
    await_log(&serving, "new connections get the certificate as it is now", 1);
    run(version(&trusting(&new)));
    run(assert_refused(&trusting(&old)));
    // It does not trust the new one, so it can only have the connection that it had.
    run(version(&open));

    let (chain, key) = (directory.path().join("certificate.pem"), directory.path().join("key.pem"));
    let broken: [(&str, &dyn Fn()); 4] = [
        ("holds no certificate in PEM", &|| std::fs::write(&chain, "-----BEGIN CERTIFICATE-----\nno").expect("a file")),
        ("is not that of the certificate", &|| std::fs::write(&chain, &old.pem).expect("a file")),
        ("holds no private key", &|| std::fs::write(&key, "").expect("a file")),
        ("can't be read", &|| std::fs::remove_file(&chain).expect("it was there")),
    ];
    for (number, (sentence, break_it)) in broken.into_iter().enumerate() {
        break_it();
        serving.signal("-HUP");
        await_log(&serving, "the one in use stays", number + 1);
        assert!(serving.log().contains(sentence), "{sentence}: {}", serving.log());
        run(version(&trusting(&new)));
    }

    old.write(directory.path());
    serving.signal("-HUP");
    await_log(&serving, "new connections get the certificate as it is now", 2);
    run(version(&trusting(&old)));
    run(version(&open));
    assert!(!serving.log().contains("PRIVATE KEY"), "{}", serving.log());
    assert_eq!(serving.terminate().0.code(), Some(0));
}

/// A connection on which `first` is sent and no more.
fn silent(address: SocketAddr, first: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.write_all(first).expect("sent");
    stream
}

/// All that comes until the connection is closed.
fn until_closed(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "it is closed"),
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn who_does_not_encrypt_is_let_go_and_holds_up_nobody() {
    let directory = scratch();
    let certificate = Certificate::new();
    let mut env = environment(&certificate, directory.path());
    env.push(("POLYGRAPH_HEADER_TIMEOUT", "1s".to_owned()));
    let serving = Serving::start(&env, directory.path());
    let client = Client::encrypted(serving.address, &certificate, reqwest::Client::builder());
    let mut strangers = [
        silent(serving.address, b""),
        // What TLS begins with: a record of 512 bytes, a handshake, of which little comes.
        silent(serving.address, b"\x16\x03\x01\x02\x00\x01"),
        silent(serving.address, b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n"),
        silent(serving.address, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ];
    for _ in 0..20 {
        run(client.ask("{ __typename }")).data();
    }
    for stream in &mut strangers {
        let answer = until_closed(stream);
        assert!(!answer.contains("HTTP"), "{answer}");
    }
    // One that has encrypted, and asks nothing, is let go as well: the client has to connect anew.
    run(version(&client));
    assert_eq!(serving.terminate().0.code(), Some(0));
}

#[test]
fn a_handshake_counts_as_a_connection() {
    let directory = scratch();
    let certificate = Certificate::new();
    let mut env = environment(&certificate, directory.path());
    env.push(("POLYGRAPH_HEADER_TIMEOUT", "1s".to_owned()));
    env.push(("POLYGRAPH_MAX_CONNECTIONS", "1".to_owned()));
    let serving = Serving::start(&env, directory.path());
    let mut first = silent(serving.address, b"");
    run(version(&Client::encrypted(serving.address, &certificate, reqwest::Client::builder())));
    first.set_nonblocking(true).expect("a setting");
    // The second was answered only since the first had been let go.
    assert_eq!(first.read(&mut [0]).expect("it is closed"), 0);
}

#[test]
fn a_handshake_is_not_waited_for_at_the_end() {
    let directory = scratch();
    let certificate = Certificate::new();
    let mut env = environment(&certificate, directory.path());
    env.push(("POLYGRAPH_HEADER_TIMEOUT", "1h".to_owned()));
    let serving = Serving::start(&env, directory.path());
    let mut stranger = silent(serving.address, b"");
    // Connections are taken in their order, so the stranger's was.
    run(version(&Client::encrypted(serving.address, &certificate, reqwest::Client::builder())));
    serving.signal("-TERM");
    assert_eq!(until_closed(&mut stranger), "");
    let log = directory.path().join("serve.log");
    assert_eq!(serving.terminate().0.code(), Some(0));
    let log = std::fs::read_to_string(log).expect("its log");
    assert!(!log.contains("not finished in time"), "{log}");
}

#[test]
fn what_cant_be_used_is_told_at_the_start() {
    let directory = scratch();
    let (one, other) = (Certificate::new(), Certificate::new());
    let env = environment(&one, directory.path());
    let (chain, key) = one.write(directory.path());
    let fits = polygraph(&["config"], &env, directory.path());
    assert!(fits.out.contains("key.pem") && !fits.out.contains("PRIVATE KEY"), "{fits:?}");
    let cases: [(&str, &dyn Fn()); 4] = [
        ("is not that of the certificate", &|| std::fs::write(&key, &other.key).expect("a file")),
        ("holds no private key in PEM", &|| std::fs::write(&key, &one.pem).expect("a file")),
        ("holds no certificate in PEM", &|| std::fs::write(&chain, &one.key).expect("a file")),
        ("can't be read", &|| std::fs::remove_file(&chain).expect("it was there")),
    ];
    for (sentence, break_it) in cases {
        break_it();
        let refused = polygraph(&["serve", "--listen", "127.0.0.1:0"], &env, directory.path());
        assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""), "{refused:?}");
        assert!(refused.err.contains("tls_certificate") && refused.err.contains(sentence), "{refused:?}");
        for (_, private) in [&one, &other].map(|certificate| certificate.key.split_at(40)) {
            assert!(!refused.err.contains(private), "{refused:?}");
        }
    }
}

#[test]
fn the_doctor_looks_at_certificate_and_key() {
    let directory = scratch();
    let certificate = Certificate::new();
    let env = environment(&certificate, directory.path());
    let serving = Serving::start(&env, directory.path());
    let well = polygraph(&["doctor"], &env, directory.path());
    assert_eq!(well.code, Some(0), "{well:?}");
    assert!(well.out.contains("https   certificate and key fit each other"), "{well:?}");
    std::fs::write(directory.path().join("key.pem"), Certificate::new().key).expect("a file");
    let ill = polygraph(&["doctor"], &env, directory.path());
    assert_eq!(ill.code, Some(1), "{ill:?}");
    assert!(ill.out.contains("is not that of the certificate") && ill.err.contains("https"), "{ill:?}");
    assert_eq!(serving.terminate().0.code(), Some(0));
}
