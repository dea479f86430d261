//! Figures: a table for people, and one `ratio NAME VALUE` line each for programs.

/// Collects figures and prints them.
#[derive(Debug, Default)]
pub struct Figures(Vec<(String, String, String, bool)>);

impl Figures {
    /// A figure with its bar; `met` says whether the bar is met.
    pub fn add(&mut self, name: &str, measured: String, bar: &str, met: bool) {
        println!("ratio {name} {}", measured.split_whitespace().next().unwrap_or_default());
        self.0.push((name.to_owned(), measured, bar.to_owned(), met));
    }

    /// Prints the table.
    pub fn print(&self) {
        println!("\n{:<44} {:>24}   {:<28} met", "figure", "measured", "bar");
        for (name, measured, bar, met) in &self.0 {
            println!("{name:<44} {measured:>24}   {bar:<28} {}", if *met { "yes" } else { "NO" });
        }
    }
}

/// The middle value.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    percentile(values, 0.5)
}

/// The value that this part of all values does not exceed; 0 of none.
#[must_use]
pub fn percentile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = ((sorted.len() as f64 * part).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(at).copied().unwrap_or(0.0)
}
