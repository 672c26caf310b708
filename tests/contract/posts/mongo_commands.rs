//! How many commands a call of MongoDB's adapter is: one, for as many keys as go into one.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use polygraph::domain::{LikeId, Page, PostFields};
use polygraph::ports::PostStore;
use polygraph::stores::mongo::MongoOptions;
use polygraph::stores::mongo::query::MAX_KEYS;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::many_keys::Crowd;
use super::{mongo_options, mongo_server, mongo_url};

/// What passes on its way to the server, by name, in order; what drivers ask of their own accord is left out.
#[derive(Clone, Default)]
struct Commands(Arc<Mutex<Vec<String>>>);

impl Commands {
    fn take(&self) -> Vec<String> {
        let mut commands = std::mem::take(&mut *self.0.lock().unwrap());
        commands.sort_unstable();
        commands
    }

    /// A tap before the server at `server`, `HOST:PORT`, that runs until the test's runtime ends.
    async fn tap(&self, server: String) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let commands = self.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(commands.clone().carry(client, server));
            }
        });
        address
    }

    /// Passes messages of the client on one by one, and the server's answers as they come.
    async fn carry(self, client: TcpStream, server: TcpStream) -> std::io::Result<()> {
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
        loop {
            let length = from_client.read_u32_le().await?;
            let mut message = length.to_le_bytes().to_vec();
            message.resize(length as usize, 0);
            from_client.read_exact(&mut message[4..]).await?;
            self.note(&message);
            to_server.write_all(&message).await?;
        }
    }

    /// A message is a header of 16 bytes, four of flags, the kind of its section, and a document whose first field is
    /// named like the command: after its length and the field's type. (MongoDB's manual, "Wire Protocol", `OP_MSG`.)
    fn note(&self, message: &[u8]) {
        const OP_MSG: u32 = 2013;
        let is_message = message[12..16] == OP_MSG.to_le_bytes() && message[20] == 0;
        let Some(name) = message.get(26..).filter(|_| is_message) else { return };
        let name = String::from_utf8_lossy(name.split(|&byte| byte == 0).next().unwrap_or_default()).into_owned();
        if ["find", "aggregate", "getMore"].contains(&name.as_str()) {
            self.0.lock().unwrap().push(name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_a_command_for_each_five_thousand_keys() {
    let options = mongo_options(mongo_url());
    let server = mongo_server(options.clone());
    server.migrate().await.unwrap();
    let crowd = Crowd::fill(&server.posts()).await;

    let mut url = Url::parse(&options.url).unwrap();
    let behind = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(27017));
    let commands = Commands::default();
    url.set_port(Some(commands.tap(behind).await.port())).unwrap();
    url.set_host(Some("127.0.0.1")).unwrap();
    // The members that a replica set names would be talked to directly, past the tap.
    let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    pairs.retain(|(name, _)| !["directConnection", "replicaSet"].contains(&name.as_str()));
    url.query_pairs_mut().clear().extend_pairs(&pairs).append_pair("directConnection", "true");
    let tapped: Arc<dyn PostStore> = Arc::new(mongo_server(MongoOptions { url: url.into(), ..options }).posts());

    let (page, fields) = (Page::first(3), PostFields::ALL);
    let likes: Vec<LikeId> = crowd.likes.iter().map(|like| like.id).collect();
    let (posts, authors, liked) = (&crowd.posts()[..], &crowd.authors[..], &crowd.liked_posts()[..]);
    tapped.posts_by_id(&posts[..1], fields).await.unwrap();
    // Connecting may have looked for what is there.
    commands.take();
    for (keys, times) in [(2, 1), (MAX_KEYS, 1), (MAX_KEYS + 2, 2)] {
        let commanded = |each: &[&str]| {
            let mut commands: Vec<String> = each.iter().flat_map(|&name| vec![name.to_owned(); times]).collect();
            commands.sort_unstable();
            commands
        };
        tapped.posts_by_id(&posts[..keys], fields).await.unwrap();
        assert_eq!(commands.take(), commanded(&["find"]), "posts of {keys} ids");
        tapped.likes_by_id(&likes[..keys]).await.unwrap();
        assert_eq!(commands.take(), commanded(&["find"]), "likes of {keys} ids");
        tapped.author_stats(&authors[..keys]).await.unwrap();
        assert_eq!(commands.take(), commanded(&["find"]), "counts of {keys} authors");
        tapped.liked_among(authors[0], &posts[..keys]).await.unwrap();
        assert_eq!(commands.take(), commanded(&["find"]), "which of {keys} posts somebody likes");
        tapped.likes_of_posts(&liked[..keys], &page).await.unwrap();
        assert_eq!(commands.take(), commanded(&["aggregate"]), "likes of {keys} posts");
        // Of users it is first read how many they have.
        tapped.likes_by_users(&authors[..keys], &page).await.unwrap();
        assert_eq!(commands.take(), commanded(&["aggregate", "find"]), "likes by {keys} users");
        tapped.posts_of_authors(&authors[..keys], &Page::first(3), fields).await.unwrap();
        assert_eq!(commands.take(), commanded(&["aggregate", "find"]), "posts of {keys} authors");
    }
}
