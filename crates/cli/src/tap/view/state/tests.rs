#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::super::frame;
use super::super::text::Tone;
use super::*;

fn key(state: &mut State, code: KeyCode) -> Asked {
    state.key(KeyEvent::new(code, KeyModifiers::NONE))
}

fn typed(state: &mut State, text: &str) {
    for char in text.chars() {
        key(state, KeyCode::Char(char));
    }
}

fn state(count: u32) -> State {
    let mut state = State::new("-n shop".to_owned());
    state.pods.joined(0, "shop/front-1", 0.1);
    state.pods.step(0, Tone::Good, "capturing", 1.2);
    for n in 0..count {
        let status = if n % 10 == 0 { 503 } else { 200 };
        let line = format!(
            r#"{{"pod":"shop/front-1","kind":"http","ts":{n}000000,"src":{{"ip":"10.0.0.1","port":5}},"dst":{{"ip":"10.0.0.2","port":80,"name":"shop/cart"}},"method":"GET","host":"cart","path":"/n/{n}","status":{status},"wait_us":1500,"total_us":2500}}"#
        );
        state.rows.push(line.as_bytes());
        state.records += 1;
    }
    state
}

fn screen(state: &mut State) -> Vec<String> {
    frame::lines(state, 120, 20).iter().map(|line| line.text()).collect()
}

#[test]
fn a_frame_has_pods_records_and_counters_and_exactly_the_height() {
    let mut state = state(50);
    let lines = screen(&mut state);
    assert_eq!(lines.len(), 20);
    assert!(lines[0].contains("-n shop") && lines[1].contains("shop/front-1") && lines[1].contains("capturing"));
    assert!(lines[2].contains("SOURCE") && lines[2].contains("STATUS"), "{lines:#?}");
    assert!(lines[18].contains("/n/49") && lines[18].contains("→ shop/cart:80") && lines[18].contains("2.5 ms"));
    assert!(lines[19].contains("1/1 pods") && lines[19].contains("50 records") && lines[19].contains("0 lost"));
    for (width, height) in [(1, 1), (3, 2), (20, 3), (40, 5), (79, 24), (300, 80)] {
        assert_eq!(frame::lines(&mut state, width, height).len(), height, "{width} x {height}");
    }
}

#[test]
fn losses_and_gaps_are_rows_and_counted() {
    let mut state = state(2);
    state.lost = 7;
    state.rows.push(br#"{"kind":"loss","ts":5000000,"packets":7,"cause":"credit (packets)"}"#);
    state.rows.push(br#"{"kind":"gap","ts":5000001,"side":"server","len":1448,"cause":"loss"}"#);
    let lines = screen(&mut state).join("\n");
    assert!(lines.contains("7 credit (packets)") && lines.contains("server 1448 loss") && lines.contains("7 lost"));
}

#[test]
fn an_expression_is_typed_told_what_is_wrong_with_it_and_put_in_force() {
    let mut state = state(50);
    key(&mut state, KeyCode::Char('/'));
    typed(&mut state, "status >");
    key(&mut state, KeyCode::Enter);
    let lines = screen(&mut state);
    let (at, asked) = lines.iter().enumerate().find(|(_, line)| line.starts_with("where ")).unwrap();
    assert!(asked.contains("status >▏") && lines[at + 1].trim_start().starts_with('^'), "{lines:#?}");
    assert_eq!(lines[at + 1].find('^'), Some("where status >".len()), "{lines:#?}");
    typed(&mut state, "= 500");
    key(&mut state, KeyCode::Enter);
    let lines = screen(&mut state);
    assert!(lines[0].contains("where status >= 500") && lines[19].contains("(5 shown)"), "{lines:#?}");
    assert!(lines.iter().any(|line| line.contains("/n/40")) && !lines.iter().any(|line| line.contains("/n/41")));
}

#[test]
fn a_record_is_opened_in_full_and_what_comes_does_not_move_it() {
    let mut state = state(50);
    key(&mut state, KeyCode::Up);
    key(&mut state, KeyCode::Enter);
    state.rows.push(br#"{"kind":"http","path":"/later"}"#);
    let lines = screen(&mut state).join("\n");
    assert!(lines.contains("path  /n/48") && !lines.contains("/later"), "{lines}");
    key(&mut state, KeyCode::Char('['));
    assert!(screen(&mut state).join("\n").contains("path  /n/47"));
    key(&mut state, KeyCode::Esc);
    assert!(matches!(state.mode, Mode::List) && !state.rows.follows());
    key(&mut state, KeyCode::Char('G'));
    assert!(screen(&mut state)[18].contains("/later"));
}

#[test]
fn q_and_control_c_end_and_neither_while_text_is_typed_but_control_c() {
    let mut state = state(1);
    assert_eq!(key(&mut state, KeyCode::Char('q')), Asked::End);
    key(&mut state, KeyCode::Char('/'));
    assert_eq!(key(&mut state, KeyCode::Char('q')), Asked::Nothing);
    assert_eq!(state.key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)), Asked::End);
    key(&mut state, KeyCode::Esc);
    key(&mut state, KeyCode::Char(' '));
    assert!(screen(&mut state)[0].contains("paused, 0 new"));
}
