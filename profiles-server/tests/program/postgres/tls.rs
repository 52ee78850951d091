//! A way to the database that nobody can listen to.

use profiles_test_cluster::Cluster;

use crate::place::Place;

/// A cluster with a certificate for 127.0.0.1 by an authority of our own; the authority's is `ca.pem` in the place.
fn with_tls(place: &Place) -> Cluster {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    place.write("ca.pem", &authority.self_signed(&authority_key).unwrap().pem());
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let own = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let cluster = Cluster::start();
    for (setting, name, text) in
        [("ssl_cert_file", "server.crt", own.pem()), ("ssl_key_file", "server.key", key.serialize_pem())]
    {
        cluster.set(setting, &cluster.file(name, &text).display().to_string());
    }
    cluster.set("ssl", "on");
    cluster.stop();
    cluster.resume();
    cluster
}

#[test]
fn a_certificate_is_asked_for_and_looked_at() {
    let place = Place::new();
    let cluster = with_tls(&place);
    let database = cluster.database();
    let migrate = |parameters: &str| place.run(&format!("migrate --database {}?{parameters}", database.url));
    for good in ["sslmode=require", "sslmode=verify-ca&sslrootcert=ca.pem", "sslmode=verify-full&sslrootcert=ca.pem"] {
        let migrated = migrate(good);
        assert_eq!(migrated.code, Some(0), "{good}: {migrated:?}");
    }
    for (bad, told) in [
        ("sslmode=verify-full", "certificate"),
        ("sslmode=verify-full&sslrootcert=nowhere.pem", "nowhere.pem"),
        ("sslmode=always", "must be like postgres://"),
    ] {
        let refused = migrate(bad);
        assert_eq!((refused.code, refused.err.lines().count()), (Some(1), 1), "{bad}: {refused:?}");
        assert!(refused.err.contains(told) && !refused.err.contains("hunter2"), "{bad}: {refused:?}");
    }
    // The name in the certificate is another.
    let elsewhere = database.url.replace("127.0.0.1", "localhost");
    let refused = place.run(&format!("migrate --database {elsewhere}?sslmode=verify-full&sslrootcert=ca.pem"));
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("certificate"), "{refused:?}");

    let server = place.serve(&format!("--database {}?sslmode=verify-full&sslrootcert=ca.pem", database.url));
    assert!(server.ask("GET", "/health/ready", "").starts_with("HTTP/1.1 200"));
    let encrypted = "select bool_and(ssl) from pg_stat_ssl join pg_stat_activity using (pid) \
                     where application_name = 'profiles-server'";
    assert_eq!(cluster.sql("postgres", encrypted), "t\n");
}

#[test]
fn a_database_without_it_is_not_used_where_it_is_asked_for() {
    let (place, database) = (Place::new(), super::shared().database());
    let refused = place.run(&format!("migrate --database {}?sslmode=require", database.url));
    assert_eq!((refused.code, refused.err.lines().count()), (Some(1), 1), "{refused:?}");
    assert!(refused.err.contains("TLS"), "{refused:?}");
}
