//! Prints mails instead of sending them: for development, and where something else reads them.

use std::{
    fmt,
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;

use super::{Mailer, MailerError, Message};

/// Prints every message and a line of 79 dashes, as Django's console backend does.
#[derive(Clone)]
pub struct Console {
    out: Arc<Mutex<dyn Write + Send>>,
}

impl Console {
    /// To standard output.
    pub fn stdout() -> Self {
        Self::to(io::stdout())
    }

    /// To anything.
    pub fn to(out: impl Write + Send + 'static) -> Self {
        Self { out: Arc::new(Mutex::new(out)) }
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Console(..)")
    }
}

#[async_trait]
impl Mailer for Console {
    async fn send(&self, message: &Message) -> Result<(), MailerError> {
        let printed = format!("{}\n{}\n", message.to_text(), "-".repeat(79));
        let out = Arc::clone(&self.out);
        // Whoever reads the other end of a pipe may be slow, and must not stop a worker of the runtime.
        let print = tokio::task::spawn_blocking(move || {
            let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
            // One write, so that nothing else gets between the lines.
            out.write_all(printed.as_bytes())?;
            out.flush()
        });
        match print.await {
            Ok(printed) => printed.map_err(|error| MailerError::Unavailable(error.into())),
            Err(error) => Err(MailerError::Unavailable(error.into())),
        }
    }
}
