//! A terminal with the program on it, and somebody who types.

use std::{
    fs::File,
    io::{Read, Write},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::Duration,
};

use rustix::{
    fs::{Mode, OFlags},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

/// Longer than anything takes, even on a machine that is very busy.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running program, and the terminal it runs on.
pub(crate) struct Terminal {
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    seen: Vec<u8>,
    /// How much of it stood there when the last answer was typed.
    answered: usize,
    child: Child,
}

impl Terminal {
    /// Starts a command on a terminal of so many columns.
    pub(crate) fn start(command: &mut Command, columns: u16) -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let size = Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&keyboard, size).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap();
        let terminal = rustix::fs::open(name.as_c_str(), OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        let end = || terminal.try_clone().unwrap();
        let child = command.env("TERM", "xterm").stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        // The command keeps its ends open too, and the screen ends only with the last of them.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let keyboard = File::from(keyboard);
        let screen = watch(keyboard.try_clone().unwrap());
        Self { keyboard, screen, seen: Vec::new(), answered: 0, child }
    }

    /// Waits for this on the screen, and then types that.
    pub(crate) fn answer(&mut self, question: &str, keys: &str) {
        while !String::from_utf8_lossy(&self.seen[self.answered..]).contains(question) {
            assert!(self.watch_on(), "no {question:?}: {:?}", self.text());
        }
        self.answered = self.seen.len();
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits for the end. The exit code, and everything that was on the screen.
    pub(crate) fn finish(mut self) -> (i32, String) {
        while self.watch_on() {}
        let code = self.child.wait().unwrap().code().unwrap();
        (code, self.text())
    }

    /// Waits for the end. Everything that was sent to the screen, colour and all.
    pub(crate) fn finish_in_colour(mut self) -> String {
        while self.watch_on() {}
        self.child.wait().unwrap();
        String::from_utf8(self.seen).unwrap()
    }

    /// Everything that was on the screen, without colour.
    fn text(&self) -> String {
        anstream::adapter::strip_str(&String::from_utf8_lossy(&self.seen)).to_string().replace('\r', "")
    }

    /// Waits for more on the screen; `false` when there will be no more.
    fn watch_on(&mut self) -> bool {
        match self.screen.recv_timeout(PATIENCE) {
            Ok(bytes) => self.seen.extend_from_slice(&bytes),
            Err(RecvTimeoutError::Disconnected) => return false,
            Err(RecvTimeoutError::Timeout) => {
                let _ = self.child.kill();
                panic!("nothing happens any more: {:?}", self.text());
            }
        }
        true
    }
}

/// What appears on the screen, until nobody writes to it any more.
fn watch(mut screen: File) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        // A terminal that nobody has open fails to be read.
        while let Ok(count @ 1..) = screen.read(&mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}
