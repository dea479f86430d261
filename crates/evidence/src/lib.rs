//! The journal and timeline model: entries, anchors, links, hash chains.
