//! Secrets known by their shape.

use proptest::prelude::*;

use super::{header, text};

#[test]
fn cap_n_15_card_numbers_pass_luhn() {
    for card in [
        "4111111111111111",
        "5500000000000004",
        "340000000000009",
        "30000000000004",
        "6011000000000004",
        "2223000048400011",
    ] {
        assert_eq!(text(&format!("pay {card}.")), format!("pay <card:{card}>."), "{card}");
    }
    assert_eq!(text("4111 1111 1111 1111"), "<card:4111 1111 1111 1111>");
    assert_eq!(text("x=5500-0000-0000-0004;"), "x=<card:5500-0000-0000-0004>;");
    assert_eq!(text("a 4111111111111111 - b"), "a <card:4111111111111111> - b");
    assert_eq!(header("X-Note", "card 4111111111111111"), "card <card:4111111111111111>");
}

#[test]
fn cap_n_15_other_numbers_stay() {
    for number in ["4111111111111112", "1234567890123", "411111111111", "41111111111111111111111", "1700000000000000"] {
        assert_eq!(text(number), number);
    }
    // Two numbers beside each other are each looked at alone.
    assert_eq!(text("17  4111111111111111"), "17  <card:4111111111111111>");
}

#[test]
fn cap_n_15_web_tokens() {
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
    assert_eq!(text(&format!("got {token}, ok")), format!("got <jwt:{token}>, ok"));
    assert_eq!(header("X-Forwarded-User", token), format!("<jwt:{token}>"));
    // Cut off before its dot, it is a secret all the same.
    assert_eq!(text(&token[..24]), "<jwt:eyJhbGciOiJIUzI1NiJ9.eyJ>");
    assert_eq!(text("eyJhbGciOiJIUzI1NiJ9abcd"), "<jwt:eyJhbGciOiJIUzI1NiJ9abcd>");
    for other in ["eyJ short", "keyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln", "eyJhbGciOiJIUzI1NiJ9abcd is a word"] {
        assert_eq!(text(other), other);
    }
}

#[test]
fn cap_n_15_a_card_number_is_found_wherever_it_stands() {
    // Digits, blanks and hyphens of other things stand before it, at every distance.
    let other = "at 10:00, room 5-b; 7 or 8x; -- 1, 22 of 300: ".repeat(2);
    for card in ["4000000000006", "4111111111111111", "4111 1111 1111 1111", "4-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1"] {
        for len in 0..other.len() {
            let before = format!("{}:", &other[..len]);
            assert_eq!(text(&format!("{before}{card}")), format!("{before}<card:{card}>"));
            assert_eq!(text(&format!("{before}{card}, 5")), format!("{before}<card:{card}>, 5"));
        }
    }
}

proptest! {
    /// A number gets its check digit: then it is a card in any text.
    #[test]
    fn every_card_is_found(head in "[2-6][0-9]{11,17}", before in "[a-z ]{0,20}", after in "[a-z]{0,20}") {
        let digits: Vec<u32> = head.chars().filter_map(|one| one.to_digit(10)).collect();
        let sum: u32 = digits.iter().rev().enumerate().map(|(at, digit)| match (at % 2, digit * 2) {
            (0, twice) if twice > 9 => twice - 9,
            (0, twice) => twice,
            _ => *digit,
        }).sum();
        let card = format!("{head}{}", (10 - sum % 10) % 10);
        let whole = format!("{before}:{card}:{after}");
        prop_assert_eq!(text(&whole), format!("{before}:<card:{card}>:{after}"));
    }
}
