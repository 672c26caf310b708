//! Clients that take their time: a connection is given up where its headers or its body do not come.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::support::{Serving, Which, run, scratch, variables};

const HEAD: &str = "POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n";

/// Sends `first` at once, then a byte of `rest` every 50 ms, until the connection is closed or something comes.
fn drip(address: SocketAddr, first: &str, rest: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout");
    stream.write_all(first.as_bytes()).expect("sent");
    let mut rest = rest.bytes().cycle();
    let mut answer = Vec::new();
    // 20 s: much longer than any limit here.
    let mut tries = 0..400;
    while tries.next().is_some() {
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => answer.extend_from_slice(&buffer[..length]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                // Where it was closed meanwhile, the next read says so.
                let _ = rest.next().map(|byte| stream.write_all(&[byte]));
            }
            Err(_) => break,
        }
    }
    assert!(!tries.is_empty(), "{first:?}… holds its connection for ever");
    // What HTTP/2 says first is not text.
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn slow_clients_lose_their_connections_and_hold_up_nobody() {
    let directory = scratch();
    let mut env = variables(Which::Embedded, directory.path(), "polygraph");
    env.push(("POLYGRAPH_DEMO_DATA", "false".to_owned()));
    env.push(("POLYGRAPH_HEADER_TIMEOUT", "1s".to_owned()));
    env.push(("POLYGRAPH_BODY_TIMEOUT", "1s".to_owned()));
    let serving = Serving::start(&env, directory.path());
    let address = serving.address;
    let slow_ones = [
        ("nothing at all", String::new(), "", ""),
        ("half of what HTTP/2 begins with", "PRI * HTTP/2.0\r\n".to_owned(), "", ""),
        ("what HTTP/2 begins with, and no more", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), "", ""),
        ("headers without an end", HEAD.to_owned(), "a: b\r\n", ""),
        ("a body that drips", format!("{HEAD}content-length: 100000\r\n\r\n{{\"query\":\""), " ", "408"),
        ("a body in chunks that drips", format!("{HEAD}transfer-encoding: chunked\r\n\r\n"), "1\r\n \r\n", "408"),
    ];
    let threads: Vec<_> = slow_ones
        .into_iter()
        .map(|(what, first, rest, status)| {
            std::thread::spawn(move || {
                let answer = drip(address, &first, rest);
                let found = answer.split(' ').nth(1).unwrap_or_default();
                let is_binary = first.starts_with("PRI");
                assert!(found == status || is_binary, "{what}: {answer}");
                if status == "408" {
                    assert!(answer.contains("TIMEOUT") && answer.contains("connection: close"), "{what}: {answer}");
                }
            })
        })
        .collect();
    for _ in 0..20 {
        run(serving.client.ask("{ __typename }")).data();
    }
    for thread in threads {
        thread.join().expect("a slow client is let go");
    }
    run(serving.client.ask("{ __typename }")).data();
    assert_eq!(serving.terminate().0.code(), Some(0), "and nothing of them is waited for");
}
