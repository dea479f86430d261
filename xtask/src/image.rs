//! Container images without a registry: one-layer archives in the docker-archive form that `ctr images import` reads.
