//! The HTTP door: console, REST, the socket, the embedded UI.
