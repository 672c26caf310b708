//! HTTP/1.1 as plainly as it goes: whoever asks should cost little beside those who answer.

use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::question::Question;
use crate::Failure;

/// The header by which the peers are told who asks. They have no sessions to look a token up in.
const VIEWER: &str = "x-viewer";

/// The longest that an answer of some kind is waited for. A new life of Polygraph's result cache takes seconds to begin.
const PATIENCE: Duration = Duration::from_secs(30);

/// Who asks where somebody must be signed in.
#[derive(Debug, Clone)]
pub(crate) struct Viewer {
    /// The token of a session, which Polygraph looks up.
    pub(crate) token: String,
    /// The user's id, which the others believe.
    pub(crate) id: String,
}

/// The headers of a request.
pub(crate) fn headers(question: &Question, viewer: &Viewer) -> Result<HeaderMap, Failure> {
    let mut headers = json_headers();
    if question.is_personal {
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {}", viewer.token))?);
        headers.insert(VIEWER, HeaderValue::from_str(&viewer.id)?);
    }
    Ok(headers)
}

/// The headers of a request that nobody in particular makes.
pub(crate) fn json_headers() -> HeaderMap {
    let json = HeaderValue::from_static("application/json");
    HeaderMap::from_iter([(CONTENT_TYPE, json.clone()), (ACCEPT, json)])
}

/// A connection that is kept.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
}

impl Connection {
    /// Connects to a server by its URL, which is no more than `http://ADDRESS`.
    pub(crate) async fn open(url: &str) -> Result<Self, Failure> {
        let address = url.strip_prefix("http://").ok_or_else(|| format!("{url} is not http://ADDRESS"))?;
        let stream = TcpStream::connect(address).await.map_err(|error| format!("{url}: {error}"))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // What goes wrong with the connection is told by the request that it goes wrong for.
        tokio::spawn(connection);
        Ok(Self { sender, host: HeaderValue::from_str(address)? })
    }

    /// Sends a body, and waits for the whole answer.
    ///
    /// # Errors
    /// Any status but 200 is one.
    pub(crate) async fn ask(&mut self, headers: &HeaderMap, body: &Bytes) -> Result<Bytes, Failure> {
        self.ask_whole(headers, body).await.map(Response::into_body)
    }

    /// Asks again and again until an answer's headers are such.
    ///
    /// # Errors
    /// When none is for a long time.
    pub(crate) async fn ask_until(
        &mut self,
        headers: &HeaderMap,
        body: &Bytes,
        are_such: fn(&HeaderMap) -> bool,
    ) -> Result<Bytes, Failure> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let answer = self.ask_whole(headers, body).await?;
            if are_such(answer.headers()) {
                return Ok(answer.into_body());
            }
        }
        Err(format!("no answer was as expected within {PATIENCE:?}").into())
    }

    /// The same as [`Self::ask`], with the answer's headers.
    pub(crate) async fn ask_whole(&mut self, headers: &HeaderMap, body: &Bytes) -> Result<Response<Bytes>, Failure> {
        let answer = self.ask_any(headers, body).await?;
        if answer.status() == StatusCode::OK {
            Ok(answer)
        } else {
            Err(format!("answered {}: {}", answer.status(), String::from_utf8_lossy(answer.body())).into())
        }
    }

    /// The same, whatever the answer's status is.
    pub(crate) async fn ask_any(&mut self, headers: &HeaderMap, body: &Bytes) -> Result<Response<Bytes>, Failure> {
        let mut request = Request::post("/graphql").body(Full::new(body.clone()))?;
        request.headers_mut().clone_from(headers);
        request.headers_mut().insert(HOST, self.host.clone());
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let (head, body) = response.into_parts();
        Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
    }
}
