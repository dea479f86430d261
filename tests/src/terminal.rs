//! A terminal with a program in it: what is typed goes in, what comes out is a screen and the bytes that made it.

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::termios::{Termios, tcgetattr};
use std::io::{Read, Write};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A program in a terminal of its own.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    seen: Arc<Mutex<(vt100::Parser, Vec<u8>)>>,
    before: Termios,
}

impl Terminal {
    /// Starts a command in a terminal of this size.
    ///
    /// # Panics
    /// When there is no terminal for it.
    #[must_use]
    pub fn start(command: &Command, lines: u16, columns: u16) -> Self {
        let pty = native_pty_system().openpty(size(lines, columns)).expect("a terminal");
        let mut inner = CommandBuilder::new(command.get_program());
        inner.args(command.get_args());
        inner.env_clear();
        inner.env("TERM", "xterm-256color");
        for (name, value) in command.get_envs() {
            inner.env(name, value.unwrap_or_default());
        }
        let before = modes(pty.master.as_ref());
        let child = pty.slave.spawn_command(inner).expect("it starts");
        let parser = vt100::Parser::new(lines.try_into().expect("lines"), columns.try_into().expect("columns"), 0);
        let seen = Arc::new(Mutex::new((parser, Vec::new())));
        let (mut reader, to) = (pty.master.try_clone_reader().expect("its output"), seen.clone());
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                let mut seen = to.lock().unwrap_or_else(PoisonError::into_inner);
                seen.0.process(&buffer[..count]);
                seen.1.extend_from_slice(&buffer[..count]);
            }
        });
        let writer = pty.master.take_writer().expect("its input");
        Self { master: pty.master, child, writer, seen, before }
    }

    /// What stands on the screen.
    #[must_use]
    pub fn screen(&self) -> String {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).0.screen().contents()
    }

    /// Every byte that came.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    /// Types.
    ///
    /// # Panics
    /// When the program is gone.
    pub fn write(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).and_then(|()| self.writer.flush()).expect("it reads");
    }

    /// Gives the terminal another size.
    ///
    /// # Panics
    /// When it does not take it.
    pub fn resize(&self, lines: u16, columns: u16) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.0.screen_mut().set_size(lines.try_into().expect("lines"), columns.try_into().expect("columns"));
        self.master.resize(size(lines, columns)).expect("a size");
    }

    /// Waits until the screen is so.
    ///
    /// # Panics
    /// When it is not within a minute.
    pub fn wait(&self, what: &str, so: impl Fn(&str) -> bool) {
        let until = Instant::now() + Duration::from_secs(60);
        while !so(&self.screen()) {
            assert!(Instant::now() < until, "not {what}:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// The process.
    ///
    /// # Panics
    /// When it has none any more.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    /// Waits for its end and looks at the terminal that it leaves: modes as before, the plain screen, the cursor.
    ///
    /// # Panics
    /// When it does not end, or leaves the terminal otherwise than it was.
    pub fn ended(&mut self) -> ExitStatus {
        let until = Instant::now() + Duration::from_secs(45);
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("its end") {
                break status;
            }
            assert!(Instant::now() < until, "it does not end:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(30));
        };
        // What it wrote last is on its way.
        self.wait("the plain screen", |_| {
            let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            !seen.0.screen().alternate_screen() && !seen.0.screen().hide_cursor()
        });
        let after = modes(self.master.as_ref());
        let all = |modes: &Termios| (modes.local_modes, modes.input_modes, modes.output_modes, modes.control_modes);
        assert_eq!(all(&after), all(&self.before), "{}", self.screen());
        status
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn size(rows: u16, cols: u16) -> PtySize {
    PtySize { rows, cols, ..PtySize::default() }
}

fn modes(master: &dyn MasterPty) -> Termios {
    let name = master.tty_name().expect("its name");
    let tty = std::fs::File::open(name).expect("the terminal opens");
    tcgetattr(&tty).expect("its modes")
}
