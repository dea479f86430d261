//! A console that is killed while a shell is made, joined, sized or left.

use super::{Place, one, opened, place, says};
use e2e::signal;
use e2e::workspaces::{operator, until};

#[test]
fn wf_13g_a_console_killed_within_the_making_joining_sizing_or_leaving_of_a_shell_leaves_one_shell_at_most_and_never_two()
 {
    let shared = place();
    let mut place = one(&shared);
    let there = |place: &Place| place.states().into_iter().filter(|(_, state)| state != "STOPPED").collect::<Vec<_>>();
    let killed = |place: &mut Place| {
        signal(place.console.pid(), "KILL");
        place.console = operator();
        until("the new console knows the workspace", 60, || place.ask("shells", "", &[]).status == 200);
    };
    let back = |place: &Place, shell: &str| {
        let mut again = place.terminal(&format!("&shell={shell}&take=true"));
        assert_eq!(opened(&mut again), shell);
        again
    };
    let before = there(&place).len();
    // Asked for and not answered yet: there is none, or one that can be come back to.
    let asked = place.terminal("");
    killed(&mut place);
    drop(asked);
    until("what was begun is left or gone", 60, || there(&place).iter().all(|(_, state)| state == "DETACHED"));
    let made = there(&place);
    assert!(made.len() <= before + 1, "{made:?}");
    for (shell, _) in made.iter().skip(before) {
        let mut left = back(&place, shell);
        left.type_in("exit\r");
        left.until("its end", |one| one.said.iter().any(|one| one["is"] == "exit"));
    }
    let mut first = place.terminal("");
    let shell = opened(&mut first);
    says(&mut first, 11);
    for (step, number) in [("joined", 21), ("sized", 31), ("left", 41)] {
        let mut socket = back(&place, &shell);
        match step {
            "sized" => socket.send(2, &[0, 91, 0, 32]),
            "left" => drop(std::mem::replace(&mut socket, back(&place, &shell))),
            _ => {}
        }
        killed(&mut place);
        until("the shell is left", 60, || there(&place).contains(&(shell.clone(), "DETACHED".to_owned())));
        assert_eq!(there(&place).len(), before + 1, "{step}: {:?}", there(&place));
        let mut again = back(&place, &shell);
        again.until("the screen of before", |one| one.screen().contains("12-is-there"));
        says(&mut again, number);
    }
    let mut last = back(&place, &shell);
    last.type_in("exit 0\r");
    last.until("its end", |one| one.said.iter().any(|one| one["is"] == "exit"));
}
