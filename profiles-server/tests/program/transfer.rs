//! Everything, from one server to another.

use std::{fs, io::Write as _, os::unix::fs::PermissionsExt as _, process::Stdio};

use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::{
    place::{Place, Serving},
    postgres::{migrated, shared},
};

/// Links are the same wherever it runs.
const SETTINGS: &str = "--public-url http://profiles.test --page-size 100 --mail-transport file --mail-folder mails";
const PASSWORD: &str = "tulip-tango-9";
const UNMADE: &str = "profiles-server: there is no database in ./profiles-data: name its directory with --data-dir\n";

fn serve(place: &Place) -> Serving {
    fs::create_dir_all(place.path("mails")).unwrap();
    place.serve(SETTINGS)
}

/// Somebody who asks a server.
struct Asking<'a> {
    server: &'a Serving,
    client: Client,
}

impl<'a> Asking<'a> {
    fn new(server: &'a Serving) -> Self {
        Self { server, client: Client::builder().no_proxy().build().unwrap() }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address)
    }

    async fn get(&self, path: &str, header: (&str, &str)) -> (StatusCode, String) {
        let answer = self.client.get(self.url(path)).header(header.0, header.1).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    async fn send(&self, request: RequestBuilder, token: &str) -> Value {
        let answer = request.header("Authorization", format!("Token {token}")).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
        answer.json().await.unwrap_or_default()
    }

    /// Registers; the token and the session.
    async fn register(&self, name: &str) -> (String, String) {
        let form = json!({ "username": name, "email": format!("{}@example.org", name.len()),
                           "password1": PASSWORD, "password2": PASSWORD });
        let url = self.url("/api/rest-auth/registration/");
        let answer = self.client.post(url).json(&form).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        let cookies = answer.headers().get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
        let session =
            cookies.filter_map(|cookie| cookie.split(';').next()).find(|cookie| cookie.starts_with("sessionid="));
        let session = session.unwrap().to_owned();
        let answer: Value = answer.json().await.unwrap();
        (answer["key"].as_str().unwrap().to_owned(), session)
    }

    async fn post(&self, token: &str, text: &str) -> u64 {
        let request = self.client.post(self.url("/api/profile-status/")).json(&json!({ "status_content": text }));
        self.send(request, token).await["id"].as_u64().unwrap()
    }

    /// What a token may read, path by path.
    async fn everything(&self, token: &str) -> Vec<(String, StatusCode, String)> {
        let mut paths: Vec<String> = [
            "/api/profiles/",
            "/api/profile-status/",
            "/api/profile-status/?ordering=-id",
            "/api/rest-auth/user/",
            "/api/rest-auth/user/export/",
            "/api/rest-auth/sessions/",
            "/api/rest-auth/tokens/",
            "/api/profiles/?search=zo",
        ]
        .map(str::to_owned)
        .to_vec();
        paths.extend((1..=4).map(|id| format!("/api/profiles/{id}/")));
        paths.extend((1..=13).map(|id| format!("/api/profile-status/{id}/")));
        let mut found = Vec::new();
        for path in paths {
            let (status, body) = self.get(&path, ("Authorization", &format!("Token {token}"))).await;
            let body = if path.ends_with("/user/export/") { without_the_asking(&body) } else { body };
            found.push((path, status, body));
        }
        found
    }
}

/// What somebody holds about themselves, but for the traces of reading it.
fn without_the_asking(export: &str) -> String {
    let mut export: Value = serde_json::from_str(export).unwrap();
    export["exported_at"].take();
    export["audit"].as_array_mut().unwrap().retain(|line| line["event"] != "export");
    export.to_string()
}

/// Somebody with a picture, others without, statuses with gaps and changes.
async fn fill(asking: &Asking<'_>) -> Vec<(String, String)> {
    let mut logins = Vec::new();
    for name in ["ada", "Zoë.Ünï", "bobby77"] {
        logins.push(asking.register(name).await);
    }
    for number in 0..12 {
        let (token, _) = &logins[number % 3];
        asking.post(token, &format!("{number} ✓ \"и так далее\" 🎉\n")).await;
    }
    let (ada, bob) = (&logins[0].0, &logins[2].0);
    let edited =
        asking.client.put(asking.url("/api/profile-status/1/")).json(&json!({ "status_content": "written again" }));
    asking.send(edited, ada).await;
    for gone in [7, 12] {
        let token = &logins[(gone - 1) % 3].0;
        asking.send(asking.client.delete(asking.url(&format!("/api/profile-status/{gone}/"))), token).await;
    }
    let profile =
        asking.client.patch(asking.url("/api/profiles/3/")).json(&json!({ "bio": "línea\n👩‍👩‍👧", "city": "Łódź" }));
    asking.send(profile, bob).await;
    let token = asking.client.post(asking.url("/api/rest-auth/tokens/"));
    asking.send(token.json(&json!({ "name": "robot", "scopes": ["status:write"] })), ada).await;
    let head = b"--b\r\nContent-Disposition: form-data; name=\"avatar\"; filename=\"a.gif\"\r\n\r\n";
    let picture = b"GIF89a\x01\0\x01\0\x80\0\0\x07\x08\x09\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
    let body = [&head[..], picture, b"\r\n--b--\r\n"].concat();
    let picture =
        asking.client.put(asking.url("/api/avatar/")).header("Content-Type", "multipart/form-data; boundary=b");
    asking.send(picture.body(body), ada).await;
    logins
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_goes_on_elsewhere_with_every_row() {
    let (old, new) = (Place::new(), Place::new());
    let server = serve(&old);
    let asking = Asking::new(&server);
    let logins = fill(&asking).await;
    let ada = &logins[0].0;
    let before = asking.everything(ada).await;
    let shown: Value = serde_json::from_str(&before[8].2).unwrap();
    let link = shown["avatar"].as_str().unwrap().strip_prefix("http://profiles.test").unwrap().to_owned();
    let picture = asking.client.get(asking.url(&link)).send().await.unwrap().bytes().await.unwrap();

    // While the server runs.
    let ended = old.run(&format!("export --output all.export {SETTINGS}"));
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    assert!(ended.out.starts_with("exported 3 accounts, 10 statuses, 2 files of pictures and "), "{}", ended.out);
    assert!(ended.out.ends_with("to all.export; secret.key is not in it: keep that apart\n"), "{}", ended.out);
    assert_eq!(fs::metadata(old.path("all.export")).unwrap().permissions().mode() & 0o777, 0o600);
    let mut names: Vec<_> =
        fs::read_dir(old.path("profiles-data")).unwrap().map(|file| file.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["avatars", "control.sock", "secret.key", "store"], "nothing is left behind");

    fs::copy(old.path("all.export"), new.path("all.export")).unwrap();
    let ended = new.run("restore all.export");
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.out.starts_with("restored 3 accounts, 10 statuses, 2 files of pictures and "), "{}", ended.out);
    assert!(
        ended.err.contains("copy secret.key of the old data directory to ./profiles-data/secret.key"),
        "{}",
        ended.err
    );
    fs::copy(old.path("profiles-data/secret.key"), new.path("profiles-data/secret.key")).unwrap();
    let checked = new.run("check");
    assert_eq!((checked.code, checked.out.contains("contents: sound")), (Some(0), true), "{}", checked.out);

    let moved = serve(&new);
    let asking = Asking::new(&moved);
    let after = asking.everything(ada).await;
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after);
    }
    assert_eq!(asking.client.get(asking.url(&link)).send().await.unwrap().bytes().await.unwrap(), picture);
    for (token, session) in &logins {
        let by_token = asking.get("/api/rest-auth/user/", ("Authorization", &format!("Token {token}"))).await;
        let by_session = asking.get("/api/rest-auth/user/", ("Cookie", session)).await;
        assert_eq!(by_token.0, StatusCode::OK);
        assert_eq!(by_token, by_session);
    }
    let form = json!({ "username": "ada", "password": PASSWORD });
    let login = asking.client.post(asking.url("/api/rest-auth/login/")).json(&form).send().await.unwrap();
    assert_eq!(login.status(), StatusCode::OK);
    assert_eq!(asking.post(ada, "new").await, 13, "12 was given, and is gone");
    asking.register("newcomer").await;
    let (status, newest) = asking.get("/api/profiles/4/", ("Authorization", &format!("Token {ada}"))).await;
    assert!(status == StatusCode::OK && newest.contains("newcomer"), "{newest}");
}

/// From the embedded database into PostgreSQL, and from there into another embedded one.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_goes_on_over_postgresql_and_comes_back() {
    let (old, large, new) = (Place::new(), Place::new(), Place::new());
    let server = serve(&old);
    let asking = Asking::new(&server);
    let logins = fill(&asking).await;
    let ada = &logins[0].0;
    let before = asking.everything(ada).await;
    server.signal("-TERM");
    assert!(server.ended().0.success());
    let first = old.run("export");
    let key = fs::read_to_string(old.path("profiles-data/secret.key")).unwrap();

    let database = tokio::task::spawn_blocking(|| migrated(shared())).await.unwrap();
    let there = format!("--database {}", database.url);
    let ended = large.run_with(&format!("restore - {there}"), &first.out);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.out.contains("2 files of pictures") && ended.out.contains(" to PostgreSQL at "), "{}", ended.out);
    let again = large.run_with(&format!("restore - {there}"), &first.out);
    assert_eq!((again.code, again.err.contains("is not empty")), (Some(1), true), "{}", again.err);
    for place in [&large, &new] {
        place.write("profiles-data/secret.key", &key);
    }
    fs::create_dir_all(large.path("mails")).unwrap();
    let server = large.serve(&format!("{there} {SETTINGS}"));
    let asking = Asking::new(&server);
    for (before, after) in before.iter().zip(&asking.everything(ada).await) {
        assert_eq!(before, after);
    }
    assert_eq!(asking.post(ada, "over PostgreSQL").await, 13, "12 was given, and is gone");
    let before = asking.everything(ada).await;

    // While the server runs, which holds nobody up here.
    let second = large.run(&format!("export {there}"));
    assert_eq!(second.code, Some(0), "{}", second.err);
    let ended = new.run_with("restore -", &second.out);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let checked = new.run("check");
    assert!(checked.out.contains("contents: sound"), "{}", checked.out);
    let server = serve(&new);
    let asking = Asking::new(&server);
    for (before, after) in before.iter().zip(&asking.everything(ada).await) {
        assert_eq!(before, after);
    }
    assert_eq!(asking.post(ada, "and back").await, 14);
}

/// Rows are the same whoever writes them: a server that runs, or a program that has the database.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_the_same_with_and_without_a_server() {
    let place = Place::new();
    let server = serve(&place);
    fill(&Asking::new(&server)).await;
    // Until every mail is gone.
    while !place.run("mail list --json").out.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let running = place.run("export");
    assert_eq!(running.code, Some(0), "{}", running.err);
    assert!(running.err.starts_with("profiles-server: exported 3 accounts, "), "{}", running.err);
    server.signal("-TERM");
    assert!(server.ended().0.success());
    let stopped = place.run("export");
    let rows = |text: &str| {
        text.lines().skip(1).map(str::to_owned).filter(|line| !line.starts_with("{\"end\"")).collect::<Vec<_>>()
    };
    assert_eq!(rows(&running.out), rows(&stopped.out));
    let again = Place::new();
    let ended = again.run_with("restore -", &stopped.out);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(rows(&again.run("export").out), rows(&stopped.out));
}

fn refused(place: &Place, arguments: &str, told: &str) {
    let ended = place.run(arguments);
    assert_eq!((ended.code, ended.out.as_str(), ended.err.as_str()), (Some(1), "", told), "{arguments}");
}

#[test]
fn what_can_not_be_exported_is_told_in_one_line() {
    let place = Place::new();
    refused(&place, "export --output a", UNMADE);
    assert!(!place.path("a").exists() && !place.path("profiles-data").exists());
    place.run("generate --profiles 2 --statuses 3");
    place.write("taken", "precious");
    let told = "profiles-server: taken is there already: choose another name, or replace it with --force\n";
    refused(&place, "export --output taken", told);
    assert_eq!(fs::read_to_string(place.path("taken")).unwrap(), "precious");
    refused(
        &place,
        "export --output profiles-data",
        "profiles-server: profiles-data is there already, and is no ordinary file\n",
    );
    refused(
        &place,
        "export --output nowhere/a",
        "profiles-server: nowhere/a can't be written: No such file or directory (os error 2)\n",
    );
    let ended = place.run("export --output taken --force");
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(fs::read_to_string(place.path("taken")).unwrap().starts_with("{\"format\":\"profiles-server export\","));
    assert_eq!(fs::read_dir(place.path("")).unwrap().count(), 2, "nothing unfinished is left");
}

#[test]
fn what_can_not_be_restored_is_told_in_one_line_and_nothing_of_it_is_kept() {
    let place = Place::new();
    place.run("generate --profiles 2 --statuses 3");
    let good = place.run("export").out;
    place.write("good", &good);
    let not_empty = "profiles-server: the database in ./profiles-data is not empty: restore into another, named by \
                     --data-dir or --database\n";
    refused(&place, "restore good", not_empty);
    assert_eq!(place.run("export").out.lines().nth(1), good.lines().nth(1));
    let server = place.serve("");
    let stop_first = "profiles-server: another profiles-server is using ./profiles-data; stop it first, or name another \
                      directory with --data-dir\n";
    refused(&place, "restore good", stop_first);
    drop(server);

    let other = Place::new();
    refused(
        &other,
        "restore nothing",
        "profiles-server: nothing can't be read: No such file or directory (os error 2)\n",
    );
    other.write("foreign", "{}\n");
    let foreign = "profiles-server: foreign is no export of profiles-server; one that was compressed has to be unpacked \
                   first\n";
    refused(&other, "restore foreign", foreign);
    other.write("newer", &good.replacen("\"version\":1", "\"version\":9", 1));
    let newer = "profiles-server: newer is an export of version 9, and this program knows version 1: use the version of \
                 profiles-server that wrote it\n";
    refused(&other, "restore newer", newer);
    assert!(!other.path("profiles-data").exists(), "nothing was made");
    let lines: Vec<&str> = good.split_inclusive('\n').collect();
    other.write("cut", &lines[..lines.len() - 1].concat());
    let cut = format!("profiles-server: cut is cut short: it ends after line {}, before its end\n", lines.len() - 1);
    refused(&other, "restore cut", &cut);
    other.write("changed", &good.replacen("\"is_staff\":false", "\"is_staff\":true", 1));
    let damaged = "is damaged: the checksum of all before it is another than in line";
    refused(&other, "restore changed", &format!("profiles-server: changed {damaged} {}\n", lines.len()));
    let twice = [&lines[..2], &lines[1..]].concat().concat();
    other.write("twice", &twice);
    let ended = other.run("restore twice");
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.starts_with("profiles-server: twice ") && ended.err.lines().count() == 1, "{}", ended.err);
    other.write("good", &good);
    let ended = other.run("restore good");
    assert_eq!(ended.code, Some(0), "{}", ended.err);
}

#[test]
fn a_database_that_was_restored_by_half_is_not_served() {
    let (old, new) = (Place::new(), Place::new());
    old.run("generate --profiles 20 --statuses 20000");
    let good = old.run("export").out;
    let mut child = new.command("restore -");
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // More than fits between the two: most of it is in the database when this returns.
    let mut input = child.stdin.take().unwrap();
    input.write_all(&good.as_bytes()[..good.len() - 10]).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let told = "profiles-server: the database in ./profiles-data/store holds a part of what was to be restored into it: \
                remove that directory, and restore again\n";
    for command in ["serve --bind 127.0.0.1:0", "user list", "export", "restore -"] {
        let ended = new.run_with(command, &good);
        assert_eq!((ended.code, ended.err.as_str()), (Some(1), told), "{command}");
    }
    fs::remove_dir_all(new.path("profiles-data/store")).unwrap();
    let ended = new.run_with("restore -", &good);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
}
