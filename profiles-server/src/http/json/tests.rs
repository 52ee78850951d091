//! Every message here was printed by CPython 3.11's `json.loads` for the same bytes.

use super::{Json, parse};

fn error(bytes: &[u8]) -> String {
    parse(bytes).unwrap_err().to_string()
}

#[test]
fn errors_are_cpythons() {
    for (body, message) in [
        (&b"   "[..], "Expecting value: line 1 column 4 (char 3)"),
        (b"", "Expecting value: line 1 column 1 (char 0)"),
        (b"{bad", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (b"{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (b"{'a': 1}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (br#"{"username": "a"#, "Unterminated string starting at: line 1 column 14 (char 13)"),
        (br#"{"username": "a",}"#, "Expecting property name enclosed in double quotes: line 1 column 18 (char 17)"),
        (br#"{"username": "a"} x"#, "Extra data: line 1 column 19 (char 18)"),
        (b"{\"username\": \"a\nb\"}", "Invalid control character at: line 1 column 16 (char 15)"),
        (b"\xef\xbb\xbf{}", "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)"),
        (br#"{"a" 1}"#, "Expecting ':' delimiter: line 1 column 6 (char 5)"),
        (br#"{"a": }"#, "Expecting value: line 1 column 7 (char 6)"),
        (br#"{"a": 1 "b": 2}"#, "Expecting ',' delimiter: line 1 column 9 (char 8)"),
        (b"[1,]", "Expecting value: line 1 column 4 (char 3)"),
        (b"[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)"),
        (b"{\n  \"a\": tru\n}", "Expecting value: line 2 column 8 (char 9)"),
        (br#""a\x""#, "Invalid \\escape: line 1 column 3 (char 2)"),
        (br#""\u12""#, "Invalid \\uXXXX escape: line 1 column 3 (char 2)"),
        (br#""\u12zz""#, "Invalid \\uXXXX escape: line 1 column 3 (char 2)"),
        (b"-", "Expecting value: line 1 column 1 (char 0)"),
        (b"01", "Extra data: line 1 column 2 (char 1)"),
        (b"1.", "Extra data: line 1 column 2 (char 1)"),
        (b"nul", "Expecting value: line 1 column 1 (char 0)"),
        (br#"{"username": NaN}"#, "Out of range float values are not JSON compliant: 'NaN'"),
        (br#"{"username": -Infinity}"#, "Out of range float values are not JSON compliant: '-Infinity'"),
        (b"{\"username\": \"\xff\xfe\"}", "'utf-8' codec can't decode byte 0xff in position 14: invalid start byte"),
        (b"\"\xe2\x28\xa1\"", "'utf-8' codec can't decode byte 0xe2 in position 1: invalid continuation byte"),
        (b"\"\xf0\x9f\x98\x28\"", "'utf-8' codec can't decode bytes in position 1-3: invalid continuation byte"),
    ] {
        assert_eq!(error(body), message, "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn depth_is_bounded_and_no_stack_runs_out() {
    assert!(parse(format!("{}{}", "[".repeat(100), "]".repeat(100)).as_bytes()).is_ok());
    assert_eq!(error("[".repeat(1_000_000).as_bytes()), "nested more than 100 levels deep");
    assert_eq!(error("{\"a\":".repeat(1_000_000).as_bytes()), "nested more than 100 levels deep");
}

#[test]
fn members_are_kept_in_order_and_nested_ones_are_not() {
    let Json::Object(members) = parse(br#" {"a": "x\u00e9\n", "b": {"c": 1}, "a": 2.50} "#).unwrap() else { panic!() };
    let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a", "b", "a"]);
    assert_eq!(members[1].1, Json::Object(Vec::new()));
    assert_eq!(members[2].1, Json::Number { text: "2.5".into(), is_float: true });
}

#[test]
fn surrogates_are_paired_or_noted() {
    let text = |body: &str| match parse(body.as_bytes()).unwrap() {
        Json::Text(text) => (text.text, text.surrogate),
        other => panic!("{other:?}"),
    };
    assert_eq!(text(r#""\ud83d\ude00""#), ("😀".into(), None));
    assert_eq!(text(r#""a\ud800b""#), ("a\u{fffd}b".into(), Some(0xd800)));
    assert_eq!(text(r#""\udfff\ud800""#), ("\u{fffd}\u{fffd}".into(), Some(0xdfff)));
    assert_eq!(text(r#""\ud800\u0041""#), ("\u{fffd}A".into(), Some(0xd800)));
}
