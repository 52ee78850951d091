//! The words of the format, which never change.

use std::{collections::BTreeMap, sync::Arc};

use super::*;
use crate::{
    store::{MemoryStore, Store},
    testkit::transfer::{fill, records},
};

/// The first record of each kind, and one of each form that a kind may have.
const WORDS: &[&str] = &[
    r#"{"row":"account","account":{"id":1,"revision":2,"username":"Ada","email":"ada@example.org","email_verified":true,"first_name":"","last_name":"","password":"not-a-hash$Ada","is_staff":true,"is_active":true,"joined_at":1709208000000000,"last_login_at":1709208002000000},"places":[["203.0.113.0/24",1709208000000000],["2001:db8:1::/48",1709208002000000]]}"#,
    r#"{"row":"profile","id":1,"account":1,"revision":2,"avatar":"0000000000000000000000000000000000000000000000000000000000000000.jpg","bio":"<rtl>línea\n\"👩‍👩‍👧\" \\ <del>","city":"Łódź"}"#,
    r#"{"row":"status","id":1,"account":1,"revision":1,"text":"0 ✓ \"quoted\" \t и так далее 🎉","created_at":1709208000000000,"updated_at":1709208000000000}"#,
    r#"{"row":"request","key":"HEX","account":2,"fingerprint":"HEX","status":21,"expires_at":1709208300000000}"#,
    r#"{"row":"change","number":1,"at":1709208000000000,"kind":"created","status":1,"account":1}"#,
    r#"{"row":"numbers","account":6,"profile":6,"status":22,"status_at":1709208090000000,"token":5,"mail":5,"audit":3,"change":33}"#,
    r#"{"row":"erasure","account":7,"begun_at":-1}"#,
];

async fn filled() -> Vec<Record> {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    fill(&*store).await;
    records(&store).await
}

/// Without the digests, of which no two are the same, and with letters that can be seen.
fn without_digests(line: &str) -> String {
    let mut parts: Vec<String> = line.split('"').map(str::to_owned).collect();
    for part in &mut parts {
        if part.len() == 64 && part.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            "HEX".clone_into(part);
        }
    }
    parts.join("\"").replace('\u{202e}', "<rtl>").replace('\u{7f}', "<del>")
}

#[tokio::test]
async fn every_record_is_read_back_from_its_json() {
    for record in filled().await {
        let line = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&line).unwrap(), record, "{line}");
        assert!(!line.contains('\n'));
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["row"], record.kind_name());
    }
}

#[tokio::test]
async fn the_words_do_not_change() {
    let mut kinds = BTreeMap::new();
    let mut lines: Vec<String> = filled().await.iter().map(|row| serde_json::to_string(row).unwrap()).collect();
    lines.push(WORDS[6].to_owned());
    for line in &lines {
        let record: Record = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&record).unwrap(), *line);
        kinds.entry(record.kind()).or_insert_with(|| without_digests(line));
    }
    assert!(kinds.keys().copied().eq(0..Record::KINDS.len()), "one of every kind");
    for words in WORDS {
        let kind = serde_json::from_str::<serde_json::Value>(words).unwrap()["row"].as_str().unwrap().to_owned();
        let place = Record::KINDS.iter().position(|known| *known == kind).unwrap();
        assert_eq!(kinds[&place], without_digests(words));
    }
    let all = lines.join("\n");
    for words in [
        r#""kind":"session","lifetime":{"ends_at":1709217000000000,"idle":77000000},"name":null,"scopes":[],"origin":{"address":"203.0.113.7","agent":"testkit/1","request_id":"request-1"}"#,
        r#""kind":"personal","lifetime":{},"name":"ada personal","scopes":["read","status:write"],"origin":{}"#,
        r#""purpose":"confirm_email","email":"ada@example.org","expires_at":1709208060000000"#,
        r#""mail":{"confirm_email":{"username":"bob","to":"bob@example.org","seed":""#,
        r#""state":"waiting","attempts":1,"unsure":1,"due":1709208500000000,"problem":"450 später""#,
        r#""state":"held""#,
        r#""state":"dead""#,
        r#""count":3,"last":1709208000000000,"forgotten_at":1709208100000000,"told":true}"#,
        r#""note":{"event":"account-change","outcome":"done","actor":"operator","account":3,"object":9,"origin":{"address":"2001:db8::7""#,
        r#""actor":{"account":4},"#,
        r#""actor":"anonymous","#,
        r#""kind":"updated""#,
        r#""kind":"deleted""#,
    ] {
        assert!(all.contains(words), "{words}");
    }
}

#[test]
fn what_no_store_would_write_is_not_read() {
    let account = WORDS[0];
    let long = "x".repeat(151);
    for (from, to) in [
        (r#""Ada""#, r#""A da""#),
        (r#""Ada""#, &format!("\"{long}\"")),
        (r#""Ada""#, r#""""#),
        ("ada@example.org", "Ada@example.org"),
        ("ada@example.org", "ada@\\u0000example.org"),
        ("not-a-hash$Ada", "a\\u0000b"),
        ("203.0.113.0/24", "203.0.113.7/24"),
        (r#""id":1"#, r#""id":-1"#),
        (r#""id":1"#, r#""id":1.0"#),
        (r#""id":1"#, r#""id":18446744073709551616"#),
        (r#""id":1"#, r#""id":1,"id":1"#),
        (r#""id":1"#, r#""id":1,"more":1"#),
        (r#""id":1,"#, ""),
        (r#""places""#, r#""more":1,"places""#),
        (r#"{"row":"account","#, r#"{"row":"accounts","#),
        (r#"{"row":"account","#, "{"),
        (r#"{"row":"account","#, r#"{"row":"profile","#),
    ] {
        let line = account.replacen(from, to, 1);
        assert_ne!(line, account);
        let error = serde_json::from_str::<Record>(&line).expect_err(&line).to_string();
        assert!(!error.contains("ada@") && !error.contains("hash$"), "{error}");
    }
    assert!(serde_json::from_str::<Record>(account).is_ok());
    for line in ["", "null", "[]", "{}", "7", r#"{"row":"numbers"}"#, &"[".repeat(10_000)] {
        assert!(serde_json::from_str::<Record>(line).is_err(), "{line}");
    }
}
