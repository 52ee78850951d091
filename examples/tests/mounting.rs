//! The API mounted in another application, over a real socket: it works there, and everything that it says about
//! where things are carries the prefix.
#![cfg_attr(test, allow(clippy::indexing_slicing, clippy::allow_attributes, reason = "a test fails by panicking"))]

use std::{
    error::Error,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use reqwest::{Client, Method, RequestBuilder, Response, redirect::Policy};
use serde_json::{Value, json};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// The running example; it ends with the test.
struct Host {
    process: Child,
    client: Client,
    url: String,
}

impl Drop for Host {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Host {
    fn start() -> Outcome<Self> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_mount")).stdout(Stdio::piped()).spawn()?;
        let stdout = process.stdout.take().ok_or("no pipe")?;
        let client = Client::builder().redirect(Policy::none()).no_proxy().build()?;
        let mut host = Self { process, client, url: String::new() };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.strip_prefix("listening on socket://").and_then(|rest| rest.split(';').next());
        host.url = format!("http://{}", address.ok_or(line.as_str())?);
        Ok(host)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    async fn get(&self, path: &str) -> Outcome<Response> {
        Ok(self.request(Method::GET, path).send().await?)
    }

    async fn json(&self, path: &str) -> Outcome<Value> {
        Ok(self.get(path).await?.error_for_status()?.json().await?)
    }

    /// Registers an account; answers its key.
    async fn register(&self, name: &str) -> Outcome<String> {
        let password = "tulip-tango-9";
        let email = format!("{name}@example.org");
        let form = json!({ "username": name, "email": email, "password1": password, "password2": password });
        let answer = self.request(Method::POST, "/accounts/api/rest-auth/registration/").json(&form).send().await?;
        assert_eq!(answer.status(), 201);
        let answer: Value = answer.json().await?;
        Ok(answer["key"].as_str().ok_or("no key")?.to_owned())
    }
}

#[tokio::test]
async fn the_host_knows_who_registered_at_the_mounted_routes() -> Outcome {
    let host = Host::start()?;
    let key = host.register("ada").await?;
    assert_eq!(host.get("/").await?.text().await?, "Hello, stranger!");
    let authorised = host.request(Method::GET, "/").header("Authorization", format!("Token {key}"));
    assert_eq!(authorised.send().await?.text().await?, "Hello, ada!");
    // Where it is not mounted, it is not.
    assert_eq!(host.get("/api/profiles/").await?.status(), 404);
    assert_eq!(host.get("/accounts/").await?.status(), 404);
    assert_eq!(host.get("/accounts").await?.status(), 404);
    Ok(())
}

#[tokio::test]
async fn links_and_redirects_carry_the_prefix() -> Outcome {
    let host = Host::start()?;
    let key = host.register("ada").await?;
    let base = format!("{}/accounts", host.url);
    let root = json!({
        "profiles": format!("{base}/api/profiles/"), "profile-status": format!("{base}/api/profile-status/"),
    });
    assert_eq!(host.json("/accounts/api/").await?, root);

    for text in ["one", "two", "three"] {
        let post = host.request(Method::POST, "/accounts/api/profile-status/");
        let post = post.header("Authorization", format!("Token {key}")).json(&json!({ "status_content": text }));
        assert_eq!(post.send().await?.status(), 201);
    }
    let page = host.json("/accounts/api/profile-status/?page=2&page_size=1&username=ada").await?;
    assert_eq!(page["next"], format!("{base}/api/profile-status/?page=3&page_size=1&username=ada"));
    assert_eq!(page["previous"], format!("{base}/api/profile-status/?page_size=1&username=ada"));
    // The links lead where they say.
    let next = page["next"].as_str().and_then(|url| url.strip_prefix(&host.url)).ok_or("no next")?;
    assert_eq!(host.json(next).await?["results"][0]["status_content"], "three");

    let moved = host.get("/accounts/api/profile-status/1?format=json").await?;
    assert_eq!(moved.status(), 301);
    assert_eq!(moved.headers()["location"], "/accounts/api/profile-status/1/?format=json");
    Ok(())
}

#[tokio::test]
async fn the_document_says_where_the_api_is() -> Outcome {
    let host = Host::start()?;
    let document = host.json("/accounts/openapi.json").await?;
    assert_eq!(document["servers"], json!([{ "url": "/accounts" }]));
    assert!(document["paths"]["/api/profile-status/"]["post"].is_object());

    let page = host.get("/accounts/docs").await?;
    assert_eq!(page.status(), 200);
    let policy = page.headers()["content-security-policy"].to_str()?.to_owned();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    // Swagger UI has the same document inside, or "Try it out" would ask the wrong path.
    assert!(page.text().await?.contains(r#""url":"/accounts""#));
    Ok(())
}
