//! One secret for all servers of a database.

use std::fs;

use super::{beside, migrated, names, shared};
use crate::place::Place;

#[test]
fn a_server_with_another_secret_is_not_let_in() {
    let (first, database) = (Place::new(), migrated(shared()));
    let with = format!("--database {}", database.url);
    let server = first.serve(&with);
    let serve = format!("serve --bind 127.0.0.1:0 {with}");

    let without = Place::new();
    for command in [serve.as_str(), &format!("user list {with}"), &format!("check {with}")] {
        let ended = without.run(command);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        let told = "share a secret key, which is not here yet: copy secret.key from one of them to \
                    ./profiles-data/secret.key, or set secret_key to what is in it\n";
        assert!(ended.err.ends_with(told), "{ended:?}");
    }
    assert_eq!(names(&without.path(".")), Vec::<String>::new(), "none was made");

    let other = Place::new();
    other.write("profiles-data/secret.key", &"00".repeat(32));
    let ended = other.run(&serve);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains("share a secret key, which is not this server's: copy"), "{ended:?}");
    assert_eq!(fs::read_to_string(other.path("profiles-data/secret.key")).unwrap(), "00".repeat(32));

    let second = beside(&first).serve(&with);
    assert!(second.ask("GET", "/health/ready", "").starts_with("HTTP/1.1 200"));
    let key = fs::read_to_string(first.path("profiles-data/secret.key")).unwrap();
    let third = Place::new().serve(&format!("{with} --secret-key {}", key.trim()));
    assert!(third.ask("GET", "/health/ready", "").starts_with("HTTP/1.1 200"));
    drop(server);
}

#[test]
fn of_many_first_servers_one_makes_it() {
    let database = migrated(shared());
    let places: Vec<Place> = (0..4).map(|_| Place::new()).collect();
    let list = format!("user list --database {}", database.url);
    let ended: Vec<_> = std::thread::scope(|scope| {
        let all: Vec<_> = places.iter().map(|place| scope.spawn(|| place.run(&list))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let (mut made, mut refused) = (0, 0);
    for (place, ended) in places.iter().zip(ended) {
        let has_key = place.path("profiles-data/secret.key").exists();
        match ended.code {
            Some(0) => made += 1,
            _ => refused += usize::from(ended.err.contains("share a secret key")),
        }
        assert_eq!(has_key, ended.code == Some(0), "{ended:?}");
    }
    assert_eq!((made, refused), (1, 3));
}
