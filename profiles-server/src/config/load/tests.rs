use super::*;
use crate::config::{Limit, Pagination};

/// Loads from a file with this text, these variables and these flags.
fn load(file: Option<&str>, environment: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Result<Loaded, String> {
    let directory = tempfile::tempdir().unwrap();
    if let Some(text) = file {
        std::fs::write(directory.path().join("profiles.toml"), text).unwrap();
    }
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let sources = Sources {
        directory: directory.path().to_owned(),
        file: None,
        environment: environment.iter().map(owned).collect(),
        flags: flags.iter().map(|(key, value)| (*key, (*value).to_owned())).collect(),
    };
    Config::load(&sources).map_err(|error| error.to_string())
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let file = "page_size = 1\nmax_page_size = 50\nsite_name = \"a\"";
    let environment = [("PROFILES_PAGE_SIZE", "2"), ("PROFILES_MAX_PAGE_SIZE", "51"), ("PROFILES_SITE_NAME", "")];
    let loaded = load(Some(file), &environment, &[("page_size", "3")]).unwrap();
    assert_eq!(loaded.config.api.page_size, 3);
    assert_eq!(loaded.config.api.max_page_size, Limit::At(51));
    assert_eq!(loaded.config.mail.site_name.as_str(), "a", "a variable set to nothing says nothing");
    assert_eq!(loaded.origins["page_size"].to_string(), "--page-size");
    assert_eq!(loaded.origins["max_page_size"].to_string(), "PROFILES_MAX_PAGE_SIZE");
    assert_eq!(loaded.origins["site_name"].to_string(), "profiles.toml:3");
    assert!(!loaded.origins.contains_key("bind"));
}

#[test]
fn what_is_set_stays_under_compat_wherever_compat_is_said() {
    let loaded = load(Some("compat = \"dj-rest-auth\""), &[], &[]).unwrap();
    assert_eq!((loaded.config.api.pagination, loaded.config.api.max_page_size), (Pagination::None, Limit::Off));
    assert_eq!(loaded.origins["pagination"], Origin::Compat);
    let loaded = load(Some("pagination = \"page-number\""), &[], &[("compat", "dj-rest-auth")]).unwrap();
    assert_eq!(loaded.config.api.pagination, Pagination::PageNumber);
    assert_eq!(loaded.config.api.max_page_size, Limit::Off);
    let loaded = load(Some("compat = \"dj-rest-auth\""), &[("PROFILES_COMPAT", "none")], &[]).unwrap();
    assert_eq!(loaded.config.api.pagination, Pagination::PageNumber);
}

#[test]
fn every_error_is_one_line_that_says_where_and_what() {
    let cases: &[(&str, &str)] = &[
        ("\npage_sise = 3", "profiles.toml:2: there is no setting \"page_sise\"; did you mean \"page_size\"?"),
        ("[server]\nbind = 3", "profiles.toml:1: there is no setting \"server\""),
        ("bind = 3", "profiles.toml:1: bind must be a string in quotes"),
        ("\n\npage_size = \"3\"", "profiles.toml:3: page_size must be a whole number"),
        ("page_size = -1", "profiles.toml:1: page_size must not be -1"),
        ("page_size = 0", "profiles.toml:1: page_size must be between 1 and 10000"),
        ("max_page_size = 0", "profiles.toml:1: max_page_size must be a whole number from 1, or \"off\""),
        ("session_login = \"yes\"", "profiles.toml:1: session_login must be true or false, without quotes"),
        ("throttle = true", "profiles.toml:1: throttle must be a word in quotes"),
        ("throttle = \"of\"", "profiles.toml:1: throttle must be on or off, not \"of\""),
        (
            "pagination = \"cursors\"",
            "profiles.toml:1: pagination must be page-number or cursor or none, not \"cursors\"",
        ),
        ("secret_key = \"hunter2\"", "profiles.toml:1: secret_key must be 64 hex digits"),
        (
            "mail_from = \"a@b\\nBcc: c@d\"",
            "profiles.toml:1: mail_from must be an address, like profiles@example.org, not \"a@b\\nBcc: c@d\"",
        ),
        ("site_name = \"a\\nb\"", "profiles.toml:1: site_name must be a single line of at most 50 characters"),
        ("password_policy = \"owasp\"", "profiles.toml:1: password_policy must be django or nist, not \"owasp\""),
        ("password_min_length = 0", "profiles.toml:1: password_min_length must be between 1 and 128"),
        ("password_score = 5", "profiles.toml:1: password_score must be between \"off\" and 4"),
        (
            "password_classes = [\"lower\", \"emoji\"]",
            "profiles.toml:1: password_classes must be lower or upper or digit or symbol, not \"emoji\"",
        ),
        (
            "password_words = [\"ada\"]",
            "profiles.toml:1: password_words must hold words of 4 to 100 letters or digits, not \"ada\"",
        ),
        ("password_blocklist = \"\"", "profiles.toml:1: password_blocklist must be a path"),
        (
            "trusted_proxies = [\"10.0.0.0/8\", \"proxy\"]",
            "profiles.toml:1: trusted_proxies must hold addresses and networks, like 10.0.0.0/8 or ::1, not \"proxy\"",
        ),
        ("trusted_origins = \"a\"", "profiles.toml:1: trusted_origins must be a list: [\"...\", \"...\"]"),
        (
            "log = \"info,[\"",
            "profiles.toml:1: log must be a level, or levels by module like warn,profiles_server=debug, \
             not \"info,[\"",
        ),
        ("page_size = 200", "the configuration does not do: page_size (200) is more than max_page_size (100)"),
    ];
    for (file, error) in cases {
        assert_eq!(load(Some(file), &[], &[]).unwrap_err(), *error, "{file}");
    }
    for broken in ["bind = ", "bind", "= 3", "bind = \"a", "bind = \"a:1\"\nbind = \"a:2\""] {
        let error = load(Some(broken), &[], &[]).unwrap_err();
        assert!(error.starts_with("profiles.toml:") && !error.contains('\n'), "{error}");
    }
    let error = load(None, &[("PROFILES_PAGE_SIZE", "ten")], &[]).unwrap_err();
    assert_eq!(error, "PROFILES_PAGE_SIZE: page_size must be a whole number, not \"ten\"");
    let error = load(None, &[], &[("bind", "8000")]).unwrap_err();
    assert_eq!(error, "--bind: bind must be an address and a port, like 127.0.0.1:8000, not \"8000\"");
}

#[test]
fn a_misspelt_variable_is_told_and_what_others_set_is_not() {
    let environment = ["PROFILES_DATADIR", "PROFILES_URL", "PROFILES_PORT_8000_TCP", "PROFILES_CONFIG"];
    let loaded = load(None, &environment.map(|name| (name, "")), &[]).unwrap();
    assert_eq!(loaded.warnings, ["PROFILES_DATADIR is not a setting; did you mean \"PROFILES_DATA_DIR\"?"]);
}

#[test]
fn a_file_that_was_named_must_be_there_and_be_readable() {
    let directory = tempfile::tempdir().unwrap();
    let sources = |file: &str| Sources {
        directory: directory.path().to_owned(),
        environment: vec![("PROFILES_CONFIG".to_owned(), file.to_owned())],
        ..Sources::default()
    };
    let error = Config::load(&sources("other.toml")).unwrap_err().to_string();
    assert!(error.starts_with("can't read other.toml: No such file"), "{error}");
    std::fs::write(directory.path().join("latin1.toml"), b"site_name = \"caf\xe9\"").unwrap();
    let error = Config::load(&sources("latin1.toml")).unwrap_err().to_string();
    assert_eq!(error, "can't read latin1.toml: it is not UTF-8 text");
    let error = Config::load(&sources(".")).unwrap_err().to_string();
    assert!(error.starts_with("can't read .: Is a directory"), "{error}");
}

#[test]
fn what_config_prints_gives_the_same_configuration() {
    let file = "trusted_origins = [\"https://app.example\"]\nmail_subject_prefix = \"\"\nanonymous = 403\n\
                trusted_proxies = [\"::1\", \"10.0.0.0/8\"]\nmax_page_size = \"off\"\npassword_policy = \"nist\"\n\
                password_classes = [\"lower\", \"digit\"]\npassword_min_length = 20\n\
                password_blocklist = \"own list.txt\"\ndata_dir = \"/srv/pro files/\\u00e9\"";
    let key = "00ff".repeat(16);
    let loaded =
        load(Some(file), &[("PROFILES_SECRET_KEY", &key)], &[("hashing_threads", "3"), ("password_score", "4")])
            .unwrap();
    let printed = loaded.to_toml();
    assert!(printed.contains("anonymous = \"403\" # profiles.toml:3\n"), "{printed}");
    assert!(printed.contains("bind = \"127.0.0.1:8000\" # default\n"), "{printed}");
    assert!(printed.contains("hashing_threads = 3 # --hashing-threads\n"), "{printed}");
    assert!(printed.contains("password_score = 4 # --password-score\n"), "{printed}");
    assert!(printed.contains("password_classes = [\"lower\", \"digit\"] # profiles.toml:"), "{printed}");
    assert!(printed.contains("# secret_key = (hidden) # PROFILES_SECRET_KEY\n"), "{printed}");
    assert!(!printed.contains("00ff"), "{printed}");
    let again = load(Some(&printed), &[("PROFILES_SECRET_KEY", &key)], &[]).unwrap();
    assert_eq!(format!("{:?}", again.config), format!("{:?}", loaded.config));
}
