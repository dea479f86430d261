#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::{Pace, Rate, Urgency};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn ex_08b_a_hundred_at_once_and_then_fifty_a_second() {
    let pace = Pace::new(Rate::default());
    let began = Instant::now();
    for _ in 0..100 {
        pace.turn(Urgency::Wanted).await;
    }
    assert_eq!(began.elapsed(), Duration::ZERO, "the burst waits for nothing");
    for _ in 0..50 {
        pace.turn(Urgency::Wanted).await;
    }
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(990) && took < Duration::from_millis(1100), "{took:?}");
    tokio::time::sleep(Duration::from_secs(60)).await;
    let rested = Instant::now();
    for _ in 0..101 {
        pace.turn(Urgency::Wanted).await;
    }
    assert!(rested.elapsed() >= Duration::from_millis(15), "a rest saves up one burst and no more");
}

#[tokio::test(start_paused = true)]
async fn ex_08b_many_at_once_are_served_in_turn() {
    let pace = Arc::new(Pace::new(Rate { qps: 10.0, burst: 1.0 }));
    let began = Instant::now();
    let turns: Vec<_> = (0..11)
        .map(|_| {
            let pace = pace.clone();
            tokio::spawn(async move { pace.turn(Urgency::Wanted).await })
        })
        .collect();
    for turn in turns {
        turn.await.unwrap();
    }
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(990) && took < Duration::from_millis(1100), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn exf_06a_the_background_leaves_half_of_the_burst_and_stands_back_while_the_server_rests() {
    let pace = Arc::new(Pace::new(Rate { qps: 10.0, burst: 10.0 }));
    let began = Instant::now();
    for _ in 0..5 {
        pace.turn(Urgency::Background).await;
    }
    assert_eq!(began.elapsed(), Duration::ZERO);
    let behind = pace.clone();
    let later = tokio::spawn(async move {
        behind.turn(Urgency::Background).await;
        Instant::now()
    });
    tokio::task::yield_now().await;
    for _ in 0..5 {
        pace.turn(Urgency::Wanted).await;
    }
    assert_eq!(began.elapsed(), Duration::ZERO, "what is wanted takes the other half");
    let waited = later.await.unwrap() - began;
    assert!(waited >= Duration::from_millis(600), "{waited:?}");

    tokio::time::sleep(Duration::from_secs(10)).await;
    pace.rest(Duration::from_secs(7));
    pace.rest(Duration::from_secs(2));
    let asked = Instant::now();
    pace.turn(Urgency::Wanted).await;
    assert_eq!(asked.elapsed(), Duration::ZERO, "what is wanted keeps to its own answer");
    pace.turn(Urgency::Background).await;
    assert!(asked.elapsed() >= Duration::from_secs(7), "{:?}", asked.elapsed());
}
