//! The doors that are measured beside each other, all before the same upstream: the product's, nginx, haproxy, and Go's.

use super::door::Ready;
use super::served::{Served, free_port};
use anyhow::{Context, Result};
use bench::build::output;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One of them, and how it is asked.
pub(crate) struct Front {
    pub(crate) name: &'static str,
    pub(crate) served: Served,
    pub(crate) port: u16,
    /// Each a `Host` and a `Cookie`; those of peers mean nothing.
    pub(crate) logins: Vec<(String, String)>,
}

/// All of them.
pub(crate) struct Fronts {
    folder: tempfile::TempDir,
    upstream: Served,
}

impl Fronts {
    /// Starts the upstream.
    pub(crate) fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let upstream = Served::own(&["serve-upstream", "0"], &folder.path().join("upstream.log"))?;
        Ok(Self { folder, upstream })
    }

    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The upstream's own port.
    pub(crate) fn direct(&self) -> Result<u16> {
        self.upstream.said.parse().context("a port")
    }

    /// The product's door.
    pub(crate) fn ours(&self, logins: usize) -> Result<Front> {
        let words = ["serve-door", &self.upstream.said, &logins.to_string()];
        let served = Served::own(&words, &self.log("access.log"))?;
        let Ready { port, logins } = serde_json::from_str(&served.said)?;
        Ok(Front { name: "ours", served, port, logins })
    }

    pub(crate) fn nginx(&self) -> Result<Front> {
        let port = free_port()?;
        let config = NGINX
            .replace("FOLDER", &self.folder.path().display().to_string())
            .replace("PORT", &port.to_string())
            .replace("UPSTREAM", &self.upstream.said);
        let file = self.written("nginx.conf", &config)?;
        let mut command = Command::new("nginx");
        command.arg("-c").arg(file).arg("-p").arg(self.folder.path());
        self.peer("nginx", &mut command, port)
    }

    pub(crate) fn haproxy(&self) -> Result<Front> {
        let port = free_port()?;
        let config = HAPROXY.replace("PORT", &port.to_string()).replace("UPSTREAM", &self.upstream.said);
        let file = self.written("haproxy.cfg", &config)?;
        self.peer("haproxy", Command::new("haproxy").arg("-db").arg("-f").arg(file), port)
    }

    pub(crate) fn go(&self) -> Result<Front> {
        let port = free_port()?;
        let module = self.log("goproxy");
        std::fs::create_dir_all(&module)?;
        std::fs::write(module.join("main.go"), include_str!("../../../peers/goproxy/main.go"))?;
        std::fs::write(module.join("go.mod"), "module peer\n\ngo 1.24\n")?;
        output(Command::new("go").current_dir(&module).args(["build", "-o", "peer", "."]))?;
        let mut command = Command::new(module.join("peer"));
        command.args([format!("127.0.0.1:{port}"), format!("http://127.0.0.1:{}", self.upstream.said)]);
        self.peer("go", &mut command, port)
    }

    fn peer(&self, name: &'static str, command: &mut Command, port: u16) -> Result<Front> {
        let served = Served::listens(command, port, &self.log(&format!("{name}.log")))?;
        let logins = vec![("app.localhost".to_owned(), "qdapp=none".to_owned())];
        Ok(Front { name, served, port, logins })
    }

    fn written(&self, name: &str, text: &str) -> Result<PathBuf> {
        let file: &Path = &self.log(name);
        std::fs::write(file, text)?;
        Ok(file.to_owned())
    }
}

const NGINX: &str = "daemon off;
master_process off;
error_log FOLDER/nginx-error.log;
pid FOLDER/nginx.pid;
worker_rlimit_nofile 65536;
events { worker_connections 32768; }
http {
  access_log FOLDER/nginx-access.log;
  client_body_temp_path FOLDER/nginx-body;
  proxy_temp_path FOLDER/nginx-proxy;
  fastcgi_temp_path FOLDER/nginx-fastcgi;
  uwsgi_temp_path FOLDER/nginx-uwsgi;
  scgi_temp_path FOLDER/nginx-scgi;
  keepalive_requests 100000000;
  upstream app { server 127.0.0.1:UPSTREAM; keepalive 256; keepalive_requests 100000000; }
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  server {
    listen 127.0.0.1:PORT backlog=8192;
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_buffering off;
      proxy_read_timeout 3600s;
    }
  }
}
";

const HAPROXY: &str = "global
  maxconn 9000
  nbthread 1
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout tunnel 1h
frontend app
  bind 127.0.0.1:PORT backlog 8192
  option forwardfor
  default_backend app
backend app
  http-reuse always
  server app 127.0.0.1:UPSTREAM
";
