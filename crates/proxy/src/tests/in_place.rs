//! Apps below a path of the console's origin: who is let in, what an app sees, and what it may say.

use super::*;

const CONSOLE: &str = "qd.localhost:5050";

impl Place {
    /// The key of another login to the same app, for a path of the console's.
    fn enter_in_place(&self, host: &str) -> String {
        let before = &self.login;
        let object = ObjectTarget {
            cluster: before.cluster.clone(),
            kind: "workspaces.quarterdeck.dev".to_owned(),
            namespace: before.key.namespace.clone(),
            name: before.key.name.clone(),
        };
        let action = WorkspaceProxy { object, port: 3000, app: String::new() };
        let permit = self.gate.composed.gate.permit(&before.principal, action, &Answers::default()).unwrap();
        let way = Box::new(Loopback(self.app.local_addr().unwrap().port()));
        let login = Arc::new(Login {
            principal: before.principal.clone(),
            meter: self.activity.meter(&before.cluster, &before.key),
            cluster: before.cluster.clone(),
            key: before.key.clone(),
            decision: permit.decision_id().to_string(),
            service: Service::Port(3000),
            face: Face { host: host.to_owned(), base: Some(String::new()), ..before.face.clone() },
            pool: Pool::new(way, self.door.0.taken.room(&before.cluster, &before.key)),
            held: Held::new(permit),
            end: CancellationToken::new(),
            requests: 0.into(),
            up: 0.into(),
            down: 0.into(),
            woken_ms: 0.into(),
            port: 3000.into(),
            secure: false.into(),
            said: Said::default(),
            opened: Instant::now(),
        });
        self.door.0.logins.enter_in_place(&login).unwrap().unwrap()
    }
}

/// A door that serves in place, and the path below which its app is.
async fn place() -> (Place, String) {
    let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let way = Box::new(Loopback(app.local_addr().unwrap().port()));
    let set = |config: &mut Config| config.in_place = true;
    let place = Place::set(set, app, way, Service::Port(3000));
    let key = place.enter_in_place(CONSOLE);
    (place, format!("/proxy/~{key}"))
}

async fn said(place: &Place, text: &str) -> String {
    let mut browser = place.come();
    browser.write_all(text.as_bytes()).await.unwrap();
    rest(&mut browser).await
}

fn asks(line: &str, fields: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: {CONSOLE}\r\nConnection: close\r\n{fields}\r\n")
}

#[tokio::test]
async fn wx_04c_the_key_of_the_path_lets_in_and_the_app_gets_nothing_of_the_consoles() {
    let (place, base) = place().await;
    let mut browser = place.come();
    let fields = "Cookie: qd_session_5050=s; __Host-qd=t; theme=dark\r\nAuthorization: Bearer token\r\nOrigin: null\r\n\
                  X-Quarterdeck-Token: t\r\nReferer: http://qd.localhost:5050/\r\nX-Forwarded-Prefix: /forged\r\n";
    browser.write_all(asks(&format!("GET {base}/a?b=c"), fields).as_bytes()).await.unwrap();
    let mut app = place.accept().await;
    let head = until(&mut app, "\r\n\r\n").await;
    assert!(head.starts_with("GET /a?b=c HTTP/1.1\r\nHost: qd.localhost:5050\r\n"), "{head}");
    assert!(
        head.contains("\r\nCookie: theme=dark\r\n") && head.contains("\r\nOrigin: http://qd.localhost:5050\r\n"),
        "{head}"
    );
    assert!(head.contains(&format!("\r\nX-Forwarded-Prefix: {base}\r\n")) && !head.contains("forged"), "{head}");
    assert!(!head.contains("Bearer") && !head.contains("Token") && !head.contains("Referer"), "{head}");
    app.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi").await.unwrap();
    let out = rest(&mut browser).await;
    assert!(out.starts_with("HTTP/1.1 200 OK\r\n") && out.ends_with("hi"), "{out}");
    assert!(out.contains("\r\nContent-Security-Policy: sandbox ") && !out.contains("allow-same-origin"), "{out}");
}

#[tokio::test]
async fn wx_04d_no_other_key_host_or_site_and_no_service_worker_reaches_an_app_in_place() {
    let (place, base) = place().await;
    let other = format!("/proxy/~{}", "0".repeat(64));
    for (line, fields, code) in [
        (format!("GET {other}/a"), "", "token_missing"),
        ("GET /proxy/~".to_owned(), "", "token_missing"),
        (format!("GET /proxy/~{}/a", place.cookie), "", "token_missing"),
        (format!("GET {base}/a"), "Origin: https://evil.example\r\n", "origin_not_allowed"),
        (format!("GET {base}/sw.js"), "Service-Worker: script\r\n", "origin_not_allowed"),
        (format!("GET {base}/a"), "Origin: null\r\nOrigin: null\r\n", "bad_request"),
        ("GET /api/v1/session".to_owned(), "", "host_not_allowed"),
    ] {
        let out = said(&place, &asks(&line, fields)).await;
        assert!(out.contains(&format!("\"{code}\"")), "{line} {fields}: {out}");
    }
    let elsewhere = asks(&format!("GET {base}/a"), "").replace(CONSOLE, "localhost:5050");
    assert!(said(&place, &elsewhere).await.contains("token_missing"));
    // the key is no cookie of a host, and no host has such paths
    let key = base.rsplit_once('~').unwrap().1;
    let stolen = place.request("GET /", "Connection: close\r\n").replace(&place.cookie, key);
    assert!(said(&place, &stolen).await.contains("token_missing"));
    place.quiet().await;
    // a page of the app may ask in any way; the app need not know
    let asked = "Origin: null\r\nAccess-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: x-a\r\n";
    let out = said(&place, &asks(&format!("OPTIONS {base}/a"), asked)).await;
    assert!(out.starts_with("HTTP/1.1 204 ") && out.contains("Access-Control-Allow-Methods: PUT\r\n"), "{out}");
    assert!(out.contains("Allow-Headers: x-a\r\n") && out.contains("Allow-Origin: null\r\n"), "{out}");
    place.quiet().await;
}

#[tokio::test]
async fn wx_04f_one_person_has_so_many_apps_in_place_and_the_first_ends_for_one_more() {
    let (place, first) = place().await;
    let keys: Vec<String> = (0..64).map(|_| place.enter_in_place(CONSOLE)).collect();
    assert!(said(&place, &asks(&format!("GET {first}/a"), "")).await.contains("token_missing"));
    let served = async {
        let mut app = place.accept().await;
        until(&mut app, "\r\n\r\n").await;
        app.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").await.unwrap();
    };
    let text = asks(&format!("GET /proxy/~{}/a", keys[0]), "");
    let (out, ()) = tokio::join!(said(&place, &text), served);
    assert!(out.starts_with("HTTP/1.1 204 "), "{out}");
}

#[tokio::test]
async fn wx_04e_places_that_do_not_serve_in_place_have_no_such_paths() {
    let place = Place::new().await;
    let key = place.enter_in_place(CONSOLE);
    let out = said(&place, &asks(&format!("GET /proxy/~{key}/a"), "")).await;
    assert!(out.contains("\"host_not_allowed\""), "{out}");
    place.quiet().await;
}
