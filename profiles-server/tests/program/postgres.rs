//! The program over PostgreSQL.

mod bad;
mod commands;
mod outage;
mod secret;
mod several;
mod tls;

use std::path::Path;

use profiles_test_cluster::{Cluster, Database, cluster};

use crate::place::{Place, Serving};

const REGISTRATION: &str = "/api/rest-auth/registration/";
const STATUSES: &str = "/api/profile-status/";

/// An empty database that is up to date.
fn migrated(cluster: &Cluster) -> Database {
    let database = cluster.database();
    let migrated = Place::new().run(&format!("migrate --database {}", database.url));
    assert_eq!(migrated.code, Some(0), "{migrated:?}");
    database
}

/// Another place with the secret of this one.
fn beside(place: &Place) -> Place {
    let other = Place::new();
    let key = std::fs::read_to_string(place.path("profiles-data/secret.key")).unwrap();
    other.write("profiles-data/secret.key", &key);
    other
}

/// Registers somebody; answers their key.
fn register(server: &Serving, name: &str) -> String {
    let form = format!(
        r#"{{"username":"{name}","email":"{name}@example.org","password1":"tulip-tango-92","password2":"tulip-tango-92"}}"#
    );
    let answer = server.ask("POST", REGISTRATION, &form);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    answer.split_once(r#""key":""#).unwrap().1.split('"').next().unwrap().to_owned()
}

/// Posts a status with these lines in the head; the whole answer.
fn post(server: &Serving, key: &str, head: &str, text: &str) -> String {
    let head = format!("Authorization: Token {key}\r\n{head}");
    server.send(&head, "POST", STATUSES, &format!(r#"{{"status_content":"{text}"}}"#))
}

/// What is in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

/// The shared cluster.
fn shared() -> &'static Cluster {
    cluster()
}
