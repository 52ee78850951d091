use profiles_core::model::Timestamp;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::*;
use crate::{config::OneLine, mailer::Draft};

/// How a server behaves when it is told what begins with this.
#[derive(Clone, Copy)]
enum Turn {
    /// Answers.
    Say(&'static str),
    /// Closes the connection.
    Leave,
    /// Says nothing for ever.
    Sulk,
}

/// A mail server that agrees to everything, but for what it is told to do at one command: `GREETING`, `EHLO`, `MAIL`,
/// ..., `TEXT` when it has the whole text.
struct Server {
    port: u32,
    heard: JoinHandle<Vec<String>>,
}

impl Server {
    async fn start(at: &'static str, turn: Turn) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port().into();
        let heard = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            talk(stream, at, turn).await
        });
        Self { port, heard }
    }

    fn settings(&self) -> config::Mail {
        config::Mail {
            smtp_host: Some("127.0.0.1".parse().unwrap()),
            smtp_port: Some(self.port),
            smtp_tls: SmtpTls::None,
            smtp_timeout: Duration::from_secs(1),
            ..config::Mail::default()
        }
    }

    /// Sends it a mail; what came of it, and what the server heard.
    async fn send(self, message: &Message) -> (Result<(), MailerError>, Vec<String>) {
        let sent = Smtp::new(&self.settings()).unwrap().send(message).await;
        (sent, self.heard.await.unwrap())
    }
}

/// Lines from the client, until it goes. Within a text they are one, up to its final dot.
async fn talk(stream: TcpStream, at: &str, turn: Turn) -> Vec<String> {
    let mut stream = BufReader::new(stream);
    let mut heard = Vec::new();
    let mut told = "GREETING".to_owned();
    loop {
        let usual = match &*told {
            "GREETING" => "220 hello\r\n",
            "EHLO" => "250-hello\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n",
            "DATA" => "354 go on\r\n",
            "QUIT" => "221 bye\r\n",
            "AUTH" => "235 welcome\r\n",
            _ => "250 yes\r\n",
        };
        let answer = match turn {
            Turn::Say(answer) if told == at => answer,
            Turn::Leave if told == at => return heard,
            Turn::Sulk if told == at => "",
            _ => usual,
        };
        if stream.get_mut().write_all(answer.as_bytes()).await.is_err() {
            return heard;
        }
        let is_text = told == "DATA" && answer.starts_with("354");
        let mut line = String::new();
        while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
            if !is_text || line.ends_with("\r\n.\r\n") {
                break;
            }
        }
        if line.is_empty() {
            return heard;
        }
        told = if is_text { "TEXT".to_owned() } else { line.get(..4).unwrap_or_default().to_owned() };
        heard.push(line);
    }
}

fn message(to: &str, text: &str) -> Message {
    let draft = Draft {
        from: "Profiles <profiles@bücher.example>".parse().unwrap(),
        to: to.parse().unwrap(),
        subject: "x".into(),
        text: text.into(),
        html: None,
    };
    Message::new(draft, Timestamp::from_micros(0), "1.ab").unwrap()
}

fn ada() -> Message {
    message("ada@example.org", "hello")
}

/// One word for an outcome.
fn kind(sent: &Result<(), MailerError>) -> &'static str {
    match sent {
        Ok(()) => "sent",
        Err(MailerError::Refused(_)) => "refused",
        Err(MailerError::Unavailable(_)) => "later",
        Err(MailerError::Unsure(_)) => "unsure",
    }
}

#[tokio::test]
async fn a_mail_goes_out_as_it_is() {
    let server = Server::start("", Turn::Leave).await;
    let (sent, heard) = server.send(&message("\"a b>c\"@bücher.example", "one\n.two\n..\né")).await;
    assert_eq!(kind(&sent), "sent");
    assert_eq!(heard[0], "EHLO xn--bcher-kva.example\r\n");
    assert_eq!(heard[1], "MAIL FROM:<profiles@xn--bcher-kva.example> BODY=8BITMIME\r\n");
    assert_eq!(heard[2], "RCPT TO:<\"a b>c\"@xn--bcher-kva.example>\r\n");
    assert_eq!(heard[3], "DATA\r\n");
    assert!(heard[4].contains("\r\nMessage-ID: <1.ab@xn--bcher-kva.example>\r\n"), "{}", heard[4]);
    assert!(heard[4].ends_with("\r\n\r\none\r\n..two\r\n...\r\né\r\n.\r\n"), "{}", heard[4]);
    assert_eq!(heard[5..], ["QUIT\r\n"]);
}

#[tokio::test]
async fn what_is_wrong_before_the_text_is_known_not_to_have_sent_it() {
    use Turn::{Leave, Say, Sulk};
    for (at, turn, outcome) in [
        ("GREETING", Say("554 go away\r\n"), "later"),
        ("GREETING", Say("nonsense\r\n"), "later"),
        ("GREETING", Leave, "later"),
        ("GREETING", Sulk, "later"),
        ("EHLO", Say("502 what?\r\n"), "later"),
        ("MAIL", Say("451 later\r\n"), "later"),
        ("MAIL", Say("530 who are you?\r\n"), "later"),
        ("MAIL", Say("552 too long\r\n"), "refused"),
        ("RCPT", Say("450 busy\r\n"), "later"),
        ("RCPT", Say("550 no such user\r\n"), "refused"),
        ("RCPT", Leave, "later"),
        ("RCPT", Sulk, "later"),
        ("DATA", Say("451 later\r\n"), "later"),
        ("DATA", Say("554 no\r\n"), "refused"),
        ("DATA", Leave, "later"),
        ("DATA", Sulk, "later"),
    ] {
        let (sent, heard) = Server::start(at, turn).await.send(&ada()).await;
        assert_eq!(kind(&sent), outcome, "at {at}: {sent:?}");
        assert!(!heard.iter().any(|line| line.contains("hello")), "at {at}: {heard:?}");
    }
}

#[tokio::test]
async fn an_answer_to_the_text_is_believed_and_silence_leaves_it_open() {
    use Turn::{Leave, Say, Sulk};
    for (at, turn, outcome) in [
        ("TEXT", Say("451 disk full\r\n"), "later"),
        ("TEXT", Say("554 spam\r\n"), "refused"),
        ("TEXT", Leave, "unsure"),
        ("TEXT", Sulk, "unsure"),
        ("TEXT", Say("nonsense\r\n"), "unsure"),
        ("TEXT", Say("250 ye"), "unsure"),
        // It has the mail; how it says goodbye does not matter.
        ("QUIT", Leave, "sent"),
        ("QUIT", Sulk, "sent"),
        ("QUIT", Say("500 what?\r\n"), "sent"),
    ] {
        let (sent, _) = Server::start(at, turn).await.send(&ada()).await;
        assert_eq!(kind(&sent), outcome, "at {at}: {sent:?}");
    }
}

#[tokio::test]
async fn without_starttls_nothing_is_said() {
    let server = Server::start("", Turn::Leave).await;
    let settings = config::Mail { smtp_tls: SmtpTls::StartTls, ..login(server.settings()) };
    let sent = Smtp::new(&settings).unwrap().send(&ada()).await;
    assert_eq!(kind(&sent), "later");
    assert!(sent.unwrap_err().to_string().contains("STARTTLS"));
    let heard = server.heard.await.unwrap();
    assert!(heard.iter().all(|line| line.starts_with("EHLO") || line.starts_with("QUIT")), "{heard:?}");
}

fn login(settings: config::Mail) -> config::Mail {
    config::Mail {
        smtp_username: Some(OneLine::lossy("ada")),
        smtp_password: Some("hunter2".parse().unwrap()),
        ..settings
    }
}

#[tokio::test]
async fn a_wrong_password_is_the_operators_to_mend_and_no_mail_is_lost_by_it() {
    let server = Server::start("AUTH", Turn::Say("535 wrong\r\n")).await;
    let smtp = Smtp::new(&login(server.settings())).unwrap();
    assert!(!format!("{smtp:?}").contains("hunter2"));
    let sent = smtp.send(&ada()).await;
    assert_eq!(kind(&sent), "later");
    let told = sent.unwrap_err().to_string();
    assert!(told.contains("535") && !told.contains("hunter2"), "{told}");
    drop(smtp);

    let server = Server::start("", Turn::Leave).await;
    let sent = Smtp::new(&login(server.settings())).unwrap().send(&ada()).await;
    assert_eq!(kind(&sent), "sent");
    let heard = server.heard.await.unwrap();
    assert!(heard[1].starts_with("AUTH PLAIN "), "{heard:?}");
}

#[tokio::test]
async fn nobody_there_is_told() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port().into();
    let heard = tokio::spawn(async { Vec::new() });
    let (sent, _) = Server { port, heard }.send(&ada()).await;
    assert_eq!(kind(&sent), "later");
}

#[test]
fn an_authority_that_is_none_is_told_by_the_name_of_its_setting() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let settings = |smtp_tls| config::Mail {
        smtp_host: Some("mail.example".parse().unwrap()),
        smtp_ca_file: Some(path.clone()),
        smtp_tls,
        ..config::Mail::default()
    };
    let error = Smtp::new(&settings(SmtpTls::Tls)).unwrap_err().to_string();
    assert!(error.starts_with("smtp_ca_file ") && error.contains("No such file"), "{error}");
    fs::write(&path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    let error = Smtp::new(&settings(SmtpTls::StartTls)).unwrap_err().to_string();
    assert!(error.starts_with("smtp_ca_file or smtp_host ") && !error.contains('\n'), "{error}");
    fs::write(&path, "no certificate at all").unwrap();
    let error = Smtp::new(&settings(SmtpTls::StartTls)).unwrap_err().to_string();
    assert!(error.starts_with("smtp_ca_file ") && error.ends_with("holds no certificate in PEM form"), "{error}");
}
