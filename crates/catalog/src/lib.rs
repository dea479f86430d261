//! Every kind: columns, status rules, relations, and the program that writes rows.
