//! `generate`, `reindex` and `compact`.

use crate::place::Place;

#[test]
fn an_empty_database_is_filled_and_its_indexes_are_made_anew() {
    let place = Place::new();
    let made = place.run("generate --profiles 30 --statuses 500 --seed 5");
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(made.out.starts_with("made 30 profiles and 500 statuses in "), "{made:?}");
    assert!(made.out.ends_with("; every password is generated-tulip-9\n"), "{made:?}");
    assert!(place.run("check").out.contains("contents: sound\n"));

    let again = place.run("generate --profiles 1");
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.err.contains("the database is not empty"), "{again:?}");

    let made = place.run("reindex");
    assert_eq!(made.code, Some(0), "{made:?}");
    let lines: Vec<&str> = made.out.lines().collect();
    assert!(lines.contains(&"places of statuses: made from 500 rows"), "{made:?}");
    assert!(lines.contains(&"places of profiles: made from 30 rows"), "{made:?}");
    assert_eq!(lines.last(), Some(&"contents: sound"));

    let written = place.run("compact");
    assert_eq!(written.code, Some(0), "{written:?}");
    assert!(written.out.starts_with("the database in ./profiles-data had "), "{written:?}");
    assert!(place.run("check").out.contains("contents: sound\n"));

    let server = place.serve("--page-size 7");
    let answer = server.ask("GET", "/api/profile-status/?page=last", "");
    assert!(answer.contains("\"count\":500"), "{answer}");
    for command in ["reindex", "compact"] {
        let refused = place.run(command);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.err.contains("another profiles-server is using"), "{refused:?}");
    }
    server.signal("-TERM");
    assert!(server.ended().0.success());
}

#[test]
fn where_there_is_no_database_none_is_made_to_be_written_anew() {
    let place = Place::new();
    let nothing = place.run("compact");
    assert_eq!((nothing.code, nothing.out.as_str()), (Some(0), "nothing to do: no database in ./profiles-data yet\n"));
    assert!(!place.path("profiles-data").exists());
}
