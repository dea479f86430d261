#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::Transport;
use crate::record::http::Message;
use std::net::Ipv4Addr;

const START: i64 = 1_700_000_000_000_000;

fn end(ip: [u8; 4], port: u16) -> Endpoint {
    Endpoint { ip: IpAddr::V4(Ipv4Addr::from(ip)), port: Some(port) }
}

/// A connection from outside to the proxy of the pod 10.0.0.9.
fn outside(number: u8) -> Facts {
    let client = end([10, 1, 0, number], 40_000);
    Facts::new(FlowId(u128::from(number)), client, end([10, 0, 0, 9], 8443), Transport::Stream)
}

/// A connection of the proxy to the application.
fn beside(number: u8) -> Facts {
    let (client, server) = (end([127, 0, 0, 1], 50_000 + u16::from(number)), end([127, 0, 0, 1], 8080));
    Facts::new(FlowId(1_000 + u128::from(number)), client, server, Transport::Stream)
}

fn data(from: Side, len: u64, at_us: i64) -> Carried {
    Carried { from, len, may_be_handshake: false, first_us: START + at_us, last_us: START + at_us }
}

/// Asks for the connection behind a request of so many bytes at such a time, answered after a millisecond.
fn ask(mesh: &mut Mesh, facts: &mut Facts, at_us: i64, request: u64, answer: u64) -> Option<Outer> {
    let message = |len| Message { head_len: len, ..Message::default() };
    let http = HttpRecord {
        request: Some(message(request)),
        response: Some(message(answer)),
        req_us: Some(0),
        ttfb_us: Some(1_000),
        ..HttpRecord::default()
    };
    mesh.outer(facts, &Hints::default(), START + at_us, &http)
}

#[test]
fn cap_n_08a_a_request_that_came_by_tls_names_the_connection_and_who_asked() {
    let mut mesh = Mesh::new(1 << 20);
    let (mut tls, mut plain) = (outside(7), beside(0));
    mesh.carried(&mut tls, &data(Side::Client, 400, 0));
    let outer = ask(&mut mesh, &mut plain, 300, 700, 5_000).expect("it is linked");
    assert_eq!((outer.flow, outer.way, outer.peer), (tls.flow, Way::In, tls.client));
    assert_eq!((outer.proxy_us, outer.agreed), (300, Agreed::Request), "its answer is not outside yet");
    // The answer follows, and the next request.
    mesh.carried(&mut tls, &data(Side::Server, 5_200, 1_500));
    mesh.carried(&mut tls, &data(Side::Client, 400, 10_000));
    assert!(ask(&mut mesh, &mut plain, 10_200, 700, 90_000).is_some());
    mesh.carried(&mut tls, &data(Side::Server, 300, 11_500));
    mesh.finish(&mut tls.talk);
    assert_eq!((tls.talk.requests, tls.talk.answers), (2, 1), "the second answer has other bytes");
}

#[test]
fn cap_n_08b_a_request_that_leaves_by_tls_is_linked_when_its_answer_agrees_too() {
    let mut mesh = Mesh::new(1 << 20);
    let mut tls = Facts::new(FlowId(3), end([10, 0, 0, 9], 41_000), end([10, 0, 0, 5], 443), Transport::Stream);
    let mut plain = beside(0);
    mesh.carried(&mut tls, &data(Side::Client, 900, 200));
    mesh.carried(&mut tls, &data(Side::Server, 40_000, 800));
    assert!(ask(&mut mesh, &mut plain, 0, 800, 20_000).is_none(), "another answer");
    assert!(ask(&mut mesh, &mut plain, 0, 60_000, 40_100).is_none(), "another request");
    assert!(ask(&mut mesh, &mut plain, -400_000, 800, 40_100).is_none(), "long before");
    let outer = ask(&mut mesh, &mut plain, 0, 800, 40_100).expect("it is linked");
    assert_eq!((outer.flow, outer.way, outer.peer), (tls.flow, Way::Out, tls.server));
    assert_eq!((outer.proxy_us, outer.agreed), (200, Agreed::Both));
    assert!(ask(&mut mesh, &mut plain, 0, 800, 40_100).is_none(), "an exchange carries one request");
}

#[test]
fn cap_n_08c_where_several_agree_none_is_named_unless_one_has_the_very_bytes() {
    let mut mesh = Mesh::new(1 << 20);
    let (mut one, mut two) = (outside(1), outside(2));
    mesh.carried(&mut one, &data(Side::Client, 400, 0));
    mesh.carried(&mut two, &data(Side::Client, 500, 10));
    assert!(ask(&mut mesh, &mut beside(0), 300, 450, 100).is_none(), "two agree");
    let outer = ask(&mut mesh, &mut beside(0), 300, 500, 100).expect("one has its bytes");
    assert_eq!(outer.flow, two.flow);
    let outer = ask(&mut mesh, &mut beside(1), 400, 450, 100).expect("one alone is left");
    assert_eq!(outer.flow, one.flow);
}

#[test]
fn cap_n_08d_requests_of_one_connection_go_one_way() {
    let mut mesh = Mesh::new(1 << 20);
    let (mut tls, mut plain) = (outside(7), beside(0));
    mesh.carried(&mut tls, &data(Side::Client, 400, 0));
    assert!(ask(&mut mesh, &mut plain, 200, 450, 600).is_some());
    mesh.carried(&mut tls, &data(Side::Server, 600, 1_500));
    // The application asks elsewhere by TLS of its own while it answers, and all of that agrees with what it was asked.
    let mut own = Facts::new(FlowId(3), end([10, 0, 0, 9], 41_000), end([10, 0, 0, 5], 443), Transport::Stream);
    mesh.carried(&mut tls, &data(Side::Client, 400, 10_000));
    mesh.carried(&mut own, &data(Side::Client, 450, 10_300));
    mesh.carried(&mut own, &data(Side::Server, 600, 10_400));
    let outer = ask(&mut mesh, &mut plain, 10_200, 450, 600).expect("it is linked");
    assert_eq!((outer.way, outer.flow), (Way::In, tls.flow));
}

#[test]
fn cap_n_08g_the_pods_own_address_says_which_way_a_connection_leads() {
    let mut mesh = Mesh::new(1 << 20);
    let mut tls = Facts::new(FlowId(3), end([10, 0, 0, 9], 41_000), end([10, 0, 0, 5], 443), Transport::Stream);
    mesh.carried(&mut tls, &data(Side::Client, 400, 0));
    // By its times alone this could have come in by it. The proxy asks the application at the pod's address.
    let mut plain = beside(0);
    plain.server.ip = tls.client.ip;
    assert!(ask(&mut mesh, &mut plain, 200, 450, 600).is_none());
    assert!(ask(&mut Mesh { own: [None; OWN], ..mesh }, &mut beside(1), 200, 450, 600).is_some());
}

#[test]
fn cap_n_08j_what_the_application_asks_beside_it_did_not_come_from_outside() {
    let mut mesh = Mesh::new(1 << 20);
    let (mut tls, mut plain, mut helper) = (outside(7), beside(0), beside(1));
    mesh.carried(&mut tls, &data(Side::Client, 400, 0));
    mesh.beside(&mut plain, Side::Client, 450, START + 200);
    mesh.beside(&mut helper, Side::Client, 300, START + 300);
    mesh.beside(&mut helper, Side::Server, 300, START + 400);
    assert!(ask(&mut mesh, &mut helper, 300, 300, 300).is_none(), "who was asked before has not answered");
    mesh.beside(&mut plain, Side::Server, 900, START + 1_200);
    assert_eq!(ask(&mut mesh, &mut plain, 200, 450, 900).map(|outer| outer.flow), Some(tls.flow));
}

#[test]
fn cap_n_08m_of_a_connection_that_two_pods_saw_the_nearest_is_named() {
    let mut mesh = Mesh::new(1 << 20);
    let (mut far, mut near) = (outside(7), Facts { flow: FlowId(8), ..outside(7) });
    mesh.carried(&mut far, &data(Side::Client, 400, 0));
    mesh.carried(&mut near, &data(Side::Client, 400, 50));
    mesh.carried(&mut near, &data(Side::Server, 620, 1_400));
    mesh.carried(&mut far, &data(Side::Server, 620, 1_450));
    let outer = ask(&mut mesh, &mut beside(0), 200, 420, 600).expect("it is linked");
    assert_eq!((outer.flow, outer.agreed), (near.flow, Agreed::Both), "its answer is outside already");
}

#[test]
fn cap_n_08e_the_last_words_of_a_handshake_and_tickets_are_no_part_of_a_request() {
    let mut mesh = Mesh::new(1 << 20);
    let mut tls = outside(7);
    let sealed = |len, at_us| Carried { may_be_handshake: true, ..data(Side::Client, len, at_us) };
    // Certificate, proof, end, then the request in the same flight; the server's tickets overtake its answer.
    for len in [1_900, 500, 36, 300] {
        mesh.carried(&mut tls, &sealed(len, 0));
    }
    mesh.carried(&mut tls, &data(Side::Server, 480, 100));
    assert!(ask(&mut mesh, &mut beside(0), 300, 320, 2_000).is_some());
    // Windows and acknowledgements of HTTP/2 begin no exchange.
    mesh.carried(&mut tls, &data(Side::Server, 2_000, 1_400));
    mesh.carried(&mut tls, &data(Side::Client, 13, 1_500));
    mesh.carried(&mut tls, &data(Side::Client, 9, 1_500));
    assert_eq!(mesh.begun, 1);
}

#[test]
fn cap_n_08f_memory_is_bounded_and_what_is_overwritten_is_forgotten() {
    let mut mesh = Mesh::new(1 << 20);
    let mut tls: Vec<Facts> = (0..200).map(|number| outside(number as u8)).collect();
    let most = mesh.most;
    assert!(mesh.heap() == 0 && most * size_of::<Exchange>() <= (1 << 20) / PART + size_of::<Exchange>() * FEWEST);
    let mut held = None;
    for turn in 0..20 {
        for facts in &mut tls {
            mesh.carried(facts, &data(Side::Client, 400, turn * 1_000));
            mesh.carried(facts, &data(Side::Server, 400, turn * 1_000 + 1));
        }
        assert_eq!(*held.get_or_insert(mesh.heap()), mesh.heap(), "no event allocates");
    }
    assert_eq!((mesh.ring.len(), mesh.begun), (most, 4_000));
    assert!(ask(&mut mesh, &mut beside(0), 0, 400, 400).is_none());
    // Where no TLS is, nothing is kept, and what is not beside is asked about nothing.
    let mut none = Mesh::new(20 << 20);
    assert!(ask(&mut none, &mut beside(0), 0, 400, 400).is_none() && none.heap() == 0);
    assert!(none.most <= MOST);
    let mut elsewhere = outside(1);
    assert!(ask(&mut mesh, &mut elsewhere, 19_500, 400, 400).is_none());
}
