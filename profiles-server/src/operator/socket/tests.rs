use std::{fs, os::unix::fs::PermissionsExt};

use profiles_core::{
    model::AccountId,
    store::{Accounts, MemoryStore},
    testkit::fixture,
};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::*;
use crate::{
    config::Storage,
    operator::{remote::Remote, user},
};

/// With a place for a database.
fn storage(directory: &TempDir) -> Storage {
    let storage = Storage { data_dir: directory.path().to_owned(), ..Storage::default() };
    fs::create_dir(storage.store_dir()).unwrap();
    storage
}

/// A socket with so many accounts behind it.
struct Listening {
    directory: TempDir,
    storage: Storage,
    stop: watch::Sender<bool>,
    running: JoinHandle<()>,
}

impl Listening {
    async fn with_accounts(accounts: usize) -> Self {
        let store = MemoryStore::new();
        for number in 0..accounts {
            store.register(fixture::register(&format!("user{number}"))).await.unwrap();
        }
        let core = Arc::new(Core::builder(Arc::new(store)).build().unwrap());
        let directory = tempfile::tempdir().unwrap();
        let storage = storage(&directory);
        let socket = ControlSocket::bind(directory.path().join("s"), &storage).await.unwrap();
        let stop = watch::Sender::new(false);
        let running = tokio::spawn(socket.run(core, stop.subscribe()));
        Self { directory, storage, stop, running }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("s")
    }

    async fn remote(&self) -> Remote {
        Remote::find(self.path(), &self.storage).await.unwrap().unwrap()
    }
}

async fn page(remote: &Remote, after: Option<AccountId>) -> Vec<user::Row> {
    remote.ask(user::List { after }).await.unwrap()
}

#[tokio::test]
async fn a_long_list_comes_in_pages() {
    let listening = Listening::with_accounts(450).await;
    let remote = listening.remote().await;
    let (mut ids, mut pages) = (Vec::new(), 0);
    loop {
        let page = page(&remote, ids.last().copied()).await;
        if page.is_empty() {
            break;
        }
        ids.extend(page.iter().map(|row| row.id));
        pages += 1;
    }
    assert_eq!(ids, (1..=450).map(AccountId::new).collect::<Vec<_>>());
    assert_eq!(pages, 3);
}

#[tokio::test]
async fn more_than_may_be_connected_wait_for_their_turn() {
    let listening = Listening::with_accounts(1).await;
    let mut idle = Vec::new();
    for _ in 0..CONNECTIONS {
        idle.push(UnixStream::connect(listening.path()).await.unwrap());
    }
    let remote = listening.remote().await;
    let asked = page(&remote, None);
    tokio::pin!(asked);
    assert!(timeout(Duration::from_millis(100), &mut asked).await.is_err(), "there is a place too many");
    drop(idle.pop());
    assert_eq!(asked.await.len(), 1);
}

#[tokio::test]
async fn it_ends_although_somebody_is_connected_and_leaves_nothing() {
    let listening = Listening::with_accounts(0).await;
    let _idle = UnixStream::connect(listening.path()).await.unwrap();
    listening.stop.send_replace(true);
    timeout(PATIENCE / 2, listening.running).await.unwrap().unwrap();
    assert_eq!(fs::read_dir(listening.directory.path()).unwrap().count(), 1, "the database alone");
}

#[tokio::test]
async fn only_a_socket_that_nobody_listens_on_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let (path, storage) = (directory.path().join("s"), storage(&directory));
    let bind = || ControlSocket::bind(path.clone(), &storage);
    let first = bind().await.unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(matches!(bind().await, Err(SocketError::InUse(_))));
    drop(first);
    assert!(!path.exists());

    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "as a crash leaves it");
    let second = bind().await.unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(&path, "dear ada").unwrap();
    drop(second);
    assert!(matches!(bind().await, Err(SocketError::Occupied(_))));
    assert_eq!(fs::read_to_string(&path).unwrap(), "dear ada");
}
