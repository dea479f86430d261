//! Where the lines of a runner go.

/// Takes the lines of a runner.
pub(super) trait Shows: Send {
    fn line(&mut self, line: &str);
}

/// Each is printed as it comes.
pub(super) struct AtOnce;

impl Shows for AtOnce {
    fn line(&mut self, line: &str) {
        println!("{line}");
    }
}

/// Those of one test program are printed together: other runners print too.
#[derive(Default)]
pub(super) struct Block(String);

impl Shows for Block {
    fn line(&mut self, line: &str) {
        self.say(line);
        if line.starts_with("test result: ") {
            self.print();
        }
    }
}

impl Block {
    /// A line of whoever starts the runner.
    pub(super) fn say(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn print(&mut self) {
        print!("{}", self.0);
        self.0.clear();
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        self.print();
    }
}
