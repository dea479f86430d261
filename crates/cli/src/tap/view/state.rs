//! What the view shows, and what keys make of it. Knows no terminal.

use super::entry::Entry;
use super::pods::Pods;
use super::rows::Rows;
use capture::line::Choice;
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// What is in front.
pub(super) enum Mode {
    /// The list.
    List,
    /// The list, while an expression is typed.
    Ask(Entry),
    /// One record, from this line of it on.
    Detail(Box<[u8]>, usize),
}

/// What a key asks of the tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tap) enum Asked {
    /// Nothing.
    Nothing,
    /// To end.
    End,
    /// To draw everything anew.
    Redraw,
}

/// The whole of it.
pub(super) struct State {
    pub(super) pods: Pods,
    pub(super) rows: Rows,
    pub(super) mode: Mode,
    /// What was said last that is about no pod.
    pub(super) note: Option<String>,
    /// The expression in force.
    pub(super) chosen: String,
    /// What the tap is of.
    pub(super) title: String,
    /// Lost packets and records, as they were reported.
    pub(super) lost: u64,
    /// Records that came.
    pub(super) records: u64,
    /// Rows of the list, when it was drawn last.
    pub(super) page: usize,
}

impl State {
    pub(super) fn new(title: String) -> Self {
        Self {
            pods: Pods::default(),
            rows: Rows::default(),
            mode: Mode::List,
            note: None,
            chosen: String::new(),
            title,
            lost: 0,
            records: 0,
            page: 1,
        }
    }

    /// A key.
    pub(super) fn key(&mut self, key: KeyEvent) -> Asked {
        if key.kind == KeyEventKind::Release {
            return Asked::Nothing;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match (key.code, control) {
            (KeyCode::Char('c'), true) => return Asked::End,
            (KeyCode::Char('l'), true) => return Asked::Redraw,
            _ => {}
        }
        match &mut self.mode {
            Mode::Ask(_) => self.typed(key.code, control),
            Mode::Detail(..) => return self.in_detail(key.code),
            Mode::List => return self.in_list(key.code),
        }
        Asked::Nothing
    }

    fn in_list(&mut self, code: KeyCode) -> Asked {
        let page = isize::try_from(self.page).unwrap_or(1).max(1);
        match code {
            KeyCode::Char('q') => return Asked::End,
            KeyCode::Char(' ') => self.rows.pause(),
            KeyCode::Char('/') => self.mode = Mode::Ask(Entry::of(&self.chosen)),
            KeyCode::Up | KeyCode::Char('k') => self.rows.go(-1),
            KeyCode::Down | KeyCode::Char('j') => self.rows.go(1),
            KeyCode::PageUp => self.rows.go(-page),
            KeyCode::PageDown => self.rows.go(page),
            KeyCode::Home | KeyCode::Char('g') => self.rows.go(isize::MIN),
            KeyCode::End | KeyCode::Char('G') => self.rows.follow(),
            KeyCode::Enter => self.open(0),
            _ => {}
        }
        Asked::Nothing
    }

    fn in_detail(&mut self, code: KeyCode) -> Asked {
        let Mode::Detail(_, top) = &mut self.mode else { return Asked::Nothing };
        let page = self.page.max(1);
        match code {
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q') => self.mode = Mode::List,
            KeyCode::Up | KeyCode::Char('k') => *top = top.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => *top = top.saturating_add(1),
            KeyCode::PageUp => *top = top.saturating_sub(page),
            KeyCode::PageDown | KeyCode::Char(' ') => *top = top.saturating_add(page),
            KeyCode::Home | KeyCode::Char('g') => *top = 0,
            KeyCode::End | KeyCode::Char('G') => *top = usize::MAX,
            KeyCode::Char('[') => self.open(-1),
            KeyCode::Char(']') => self.open(1),
            _ => {}
        }
        Asked::Nothing
    }

    /// Opens the chosen record, or one that stands so many further down. It stays chosen then: what comes does not move it.
    fn open(&mut self, by: isize) {
        self.rows.hold();
        if by != 0 {
            self.rows.go(by);
            self.rows.hold();
        }
        if let Some(record) = self.rows.chosen() {
            self.mode = Mode::Detail(record.into(), 0);
        }
    }

    fn typed(&mut self, code: KeyCode, control: bool) {
        let Mode::Ask(entry) = &mut self.mode else { return };
        match code {
            KeyCode::Esc => self.mode = Mode::List,
            KeyCode::Enter => {
                let text = entry.text();
                match Choice::of(&text) {
                    Ok(choice) => {
                        self.rows.choose(choice);
                        text.trim().clone_into(&mut self.chosen);
                        self.mode = Mode::List;
                    }
                    Err(error) => entry.wrong = Some((error.message, error.at)),
                }
            }
            KeyCode::Char('u') if control => entry.clear(),
            KeyCode::Char(char) if !control => entry.put(char),
            KeyCode::Backspace => entry.rub(),
            KeyCode::Left => entry.go(-1),
            KeyCode::Right => entry.go(1),
            KeyCode::Home => entry.go(isize::MIN),
            KeyCode::End => entry.go(isize::MAX),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
