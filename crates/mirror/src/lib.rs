//! Feeds, live tables and relations of the clusters in use.
