#!/bin/sh
set -e
rustup component add clippy rustfmt
