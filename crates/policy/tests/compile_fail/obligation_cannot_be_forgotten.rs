//! Where obligations are kept they are destructured without `..`: one that is not named does not compile, so that a
//! field added to the struct is an error at every place that must keep it.

use policy::Permit;
use policy::action::{SecretReveal, SecretRevealObligations};

fn reveal(permit: Permit<SecretReveal>) {
    let SecretRevealObligations {} = permit.obligations();
}

fn main() {}
