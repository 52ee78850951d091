//! The examples that end by themselves, run as anybody would run them.

use std::{error::Error, process::Command};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Runs a program to its end; what it printed.
fn run(program: &mut Command) -> Outcome<String> {
    let output = program.output()?;
    assert!(output.status.success(), "{program:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

#[test]
fn an_embedded_core_registers_posts_tells_and_remembers() -> Outcome {
    let folder = tempfile::tempdir()?;
    let embed = || run(Command::new(env!("CARGO_BIN_EXE_embed")).arg(folder.path()));
    // Events come from a thread of their own, so they may stand anywhere between the other lines.
    let events =
        |printed: &str| printed.lines().filter(|line| line.starts_with("event ")).collect::<Vec<_>>().join("\n");

    let first = embed()?;
    assert!(first.contains("registered ada\n"), "{first}");
    assert!(first.contains("status 1 by ada: Hello from a program of my own!\n"), "{first}");
    let told = events(&first);
    assert!(told.contains("event 1: AccountRegistered"), "{told}");
    assert!(told.contains("event 2: MailQueued"), "{told}");
    assert!(told.contains("event 3: LoggedIn"), "{told}");
    assert!(told.contains("event 4: StatusPosted"), "{told}");

    let second = embed()?;
    assert!(second.contains("not registered: username: A user with that username already exists.\n"), "{second}");
    assert!(second.contains("status 2 by ada: "), "{second}");
    assert!(!events(&second).contains("AccountRegistered"), "{second}");
    Ok(())
}

#[test]
fn a_custom_store_is_used_for_every_write() -> Outcome {
    let printed = run(&mut Command::new(env!("CARGO_BIN_EXE_custom_store")))?;
    let refused = "not registered: username: A user with that username already exists.";
    assert_eq!(printed, format!("attempt: done\nregister: done\n{refused}\n2 writes were done\n"));
    Ok(())
}

#[test]
fn a_custom_mailer_gets_the_confirmation_mail() -> Outcome {
    let printed = run(&mut Command::new(env!("CARGO_BIN_EXE_custom_mailer")))?;
    let headers = "from Example <accounts@example.org>\nto ada@example.org\nabout [Example] ";
    assert!(printed.starts_with(headers), "{printed}");
    let link = "https://example.org/accounts/api/rest-auth/registration/account-confirm-email/";
    let key = printed.split(link).nth(1).and_then(|rest| rest.split('/').next()).ok_or("no link")?;
    assert_eq!(key.len(), 32);
    Ok(())
}
