//! A proxy between store and server that knows where a message of the protocol ends, and cuts the connection after
//! the n-th.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};

use store_testing::postgres::Database;

/// Who sent a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum From {
    Store,
    Server,
}

/// Listens on this machine for as long as its runtime lives.
pub struct Proxy {
    url: String,
    cuts: Arc<Mutex<Cuts>>,
}

#[derive(Default)]
struct Cuts {
    /// Messages until the next cut; 0 for none.
    left: u64,
    /// Whether every connection after that is cut after its first.
    gone: bool,
    /// Instead of being cut, connections fall silent.
    silent: bool,
    /// After which messages connections were cut, by sender and kind.
    places: BTreeSet<(From, String)>,
    made: u64,
}

impl Proxy {
    /// Starts a proxy to the server of a database.
    pub async fn start(database: &Database) -> Self {
        let options: PgConnectOptions = database.url().parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        // As whom, and with which password.
        let given = database.url();
        let (_, rest) = given.split_once("://").unwrap();
        let user = rest.split(['/', '?']).next().unwrap().rsplit_once('@');
        let user = user.map_or(options.get_username(), |(user, _)| user);
        let name = options.get_database().unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("postgres://{user}@127.0.0.1:{port}/{name}?sslmode=disable");
        let cuts = Arc::<Mutex<Cuts>>::default();
        tokio::spawn({
            let cuts = cuts.clone();
            async move {
                while let Ok((store, _)) = listener.accept().await {
                    tokio::spawn(serve(store, options.clone(), cuts.clone()));
                }
            }
        });
        Self { url, cuts }
    }

    /// Where the database is found through the proxy.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Cuts once, after the n-th message from now on, whoever sends it.
    pub fn cut_after(&self, messages: u64) {
        let mut cuts = self.cuts.lock().unwrap();
        (cuts.left, cuts.gone, cuts.silent) = (messages, false, false);
    }

    /// Cuts after the n-th message from now on, and lets nobody connect again, as if the server were gone.
    pub fn gone_after(&self, messages: u64) {
        let mut cuts = self.cuts.lock().unwrap();
        (cuts.left, cuts.gone, cuts.silent) = (messages, true, false);
    }

    /// After the n-th message from now on, keeps its connection open and swallows whatever comes; `for_all`, also on
    /// every other connection, after its first message.
    pub fn silent_after(&self, messages: u64, for_all: bool) {
        let mut cuts = self.cuts.lock().unwrap();
        (cuts.left, cuts.gone, cuts.silent) = (messages, for_all, true);
    }

    /// Whether the silence that was to come did come.
    pub fn is_silent(&self) -> bool {
        let cuts = self.cuts.lock().unwrap();
        cuts.silent && cuts.left == 0
    }

    /// Cuts no more. Answers whether the cut that was to come did come.
    pub fn calm(&self) -> bool {
        let mut cuts = self.cuts.lock().unwrap();
        cuts.gone = false;
        std::mem::take(&mut cuts.left) == 0
    }

    /// After which messages connections were cut, and how often in all.
    pub fn places(&self) -> (BTreeSet<(From, String)>, u64) {
        let cuts = self.cuts.lock().unwrap();
        (cuts.places.clone(), cuts.made)
    }
}

/// Both directions of one connection; both end with the first that does.
async fn serve(store: TcpStream, options: PgConnectOptions, cuts: Arc<Mutex<Cuts>>) {
    let (from_store, to_store) = store.into_split();
    match options.get_socket() {
        Some(folder) => {
            let path = folder.join(format!(".s.PGSQL.{}", options.get_port()));
            let (from_server, to_server) = UnixStream::connect(path).await.unwrap().into_split();
            both(from_store, to_store, from_server, to_server, &cuts).await;
        }
        None => {
            let server = TcpStream::connect((options.get_host(), options.get_port())).await.unwrap();
            let (from_server, to_server) = server.into_split();
            both(from_store, to_store, from_server, to_server, &cuts).await;
        }
    }
}

async fn both(
    mut from_store: impl AsyncRead + Unpin,
    mut to_store: impl AsyncWrite + Unpin,
    mut from_server: impl AsyncRead + Unpin,
    mut to_server: impl AsyncWrite + Unpin,
    cuts: &Mutex<Cuts>,
) {
    let end = tokio::select! {
        end = pass(From::Store, &mut from_store, &mut to_server, cuts) => end,
        end = pass(From::Server, &mut from_server, &mut to_store, cuts) => end,
    };
    if let Ok(End::Silence) = end {
        let _ = tokio::io::copy(&mut from_store, &mut tokio::io::sink()).await;
    }
}

/// How a connection ends.
enum End {
    Cut,
    /// It stays open, and nobody hears anything any more.
    Silence,
}

/// Passes messages on, one by one, until a connection ends or is cut.
async fn pass(
    from: From,
    source: &mut (impl AsyncRead + Unpin),
    target: &mut (impl AsyncWrite + Unpin),
    cuts: &Mutex<Cuts>,
) -> std::io::Result<End> {
    // Only the first message of the store does not begin with its kind.
    let mut kind = if from == From::Store { None } else { Some(source.read_u8().await?) };
    loop {
        let length = source.read_u32().await?;
        let mut message: Vec<u8> = kind.into_iter().chain(length.to_be_bytes()).collect();
        let head = message.len();
        message.resize(head + length as usize - 4, 0);
        source.read_exact(&mut message[head..]).await?;
        target.write_all(&message).await?;
        target.flush().await?;
        let kind_told = || match (kind, message.get(head..)) {
            (None, _) => "-".into(),
            // A statement of its own: which, tells its first word.
            (Some(b'Q'), Some(text)) => {
                let word = text.split(|byte| !byte.is_ascii_alphabetic()).next().unwrap_or_default();
                format!("Q {}", String::from_utf8_lossy(word))
            }
            (Some(kind), _) => char::from(kind).to_string(),
        };
        if let Some(end) = cuts.lock().unwrap().cut(from, kind_told) {
            return Ok(end);
        }
        kind = Some(source.read_u8().await?);
    }
}

impl Cuts {
    /// Counts a message; answers whether its connection ends here, and how.
    fn cut(&mut self, from: From, kind: impl FnOnce() -> String) -> Option<End> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        let now = self.left == 0;
        if now {
            self.left = u64::from(self.gone);
            self.places.insert((from, kind()));
            self.made += 1;
        }
        now.then_some(if self.silent { End::Silence } else { End::Cut })
    }
}
