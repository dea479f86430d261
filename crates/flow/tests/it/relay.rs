//! A UDP forwarder between a client and a server that loses, doubles and delays datagrams by a seed, and keeps what passes
//! in the order in which it passes.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::net::UdpSocket;

use crate::net::{Net, udp};

/// One datagram that passed.
#[derive(Clone, Debug)]
pub(crate) struct Passed {
    pub(crate) from_client: bool,
    pub(crate) ts_us: i64,
    pub(crate) bytes: Vec<u8>,
}

/// Of a hundred datagrams so many are lost, come twice, come late.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    pub(crate) seed: u64,
    pub(crate) lost: u64,
    pub(crate) twice: u64,
    pub(crate) late: u64,
}

/// The forwarder: ends with the test's runtime.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    passed: Arc<Mutex<Vec<Passed>>>,
}

impl Relay {
    pub(crate) async fn start(server: SocketAddr, weather: Weather) -> Relay {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (near, far) =
            (Arc::new(UdpSocket::bind(any).await.unwrap()), Arc::new(UdpSocket::bind(any).await.unwrap()));
        far.connect(server).await.unwrap();
        let address = near.local_addr().unwrap();
        let passed = Arc::new(Mutex::new(Vec::new()));
        let client = Arc::new(Mutex::new(None));
        for from_client in [true, false] {
            let (near, far, passed, client) = (near.clone(), far.clone(), passed.clone(), client.clone());
            tokio::spawn(async move {
                let mut dice = Dice(weather.seed * 2 + u64::from(from_client) + 1);
                let mut room = vec![0; 65_536];
                loop {
                    let len = if from_client {
                        let (len, from) = near.recv_from(&mut room).await.unwrap();
                        client.lock().unwrap().replace(from);
                        len
                    } else {
                        match far.recv(&mut room).await {
                            Ok(len) => len,
                            Err(_) => continue,
                        }
                    };
                    let lot = dice.roll();
                    let copies = match lot {
                        _ if lot < weather.lost => 0,
                        _ if lot < weather.lost + weather.twice => 2,
                        _ => 1,
                    };
                    for _ in 0..copies {
                        let wait = if dice.roll() < weather.late { dice.roll() / 5 } else { 0 };
                        let (near, far, passed, client) = (near.clone(), far.clone(), passed.clone(), client.clone());
                        let bytes = room[..len].to_vec();
                        let pass = async move {
                            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
                            let ts_us = now.as_micros() as i64;
                            let to = *client.lock().unwrap();
                            passed.lock().unwrap().push(Passed { from_client, ts_us, bytes: bytes.clone() });
                            let sent = if from_client {
                                far.send(&bytes).await
                            } else {
                                near.send_to(&bytes, to.unwrap()).await
                            };
                            drop(sent);
                        };
                        if wait == 0 {
                            pass.await;
                        } else {
                            tokio::spawn(async move {
                                tokio::time::sleep(Duration::from_millis(wait)).await;
                                pass.await;
                            });
                        }
                    }
                }
            });
        }
        Relay { address, passed }
    }

    /// What passed so far.
    pub(crate) fn passed(&self) -> Vec<Passed> {
        self.passed.lock().unwrap().clone()
    }
}

/// What passed as packets, between made-up addresses.
pub(crate) fn packets(passed: &[Passed]) -> Net {
    let ends = [(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 40_000), (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)), 443)];
    let mut net = Net::new();
    net.step_us = 0;
    for one in passed {
        net.now_us = one.ts_us;
        let (from, to) = if one.from_client { (ends[0], ends[1]) } else { (ends[1], ends[0]) };
        net.frame(&udp(from, to, &one.bytes));
    }
    net
}

/// Numbers below a hundred that look random.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % 100
    }
}
