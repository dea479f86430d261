//! Dynamic resource allocation (EX-62).

use super::Builtin;
use crate::cells::{Buf, Out};
use crate::column::{Args, Col, DELETED, age, text, with};
use crate::kind::Section;
use api::cell::ColumnType::Text;

pub(super) static KINDS: &[Builtin] = &[
    Builtin::new("deviceclasses.resource.k8s.io", "v1", "DeviceClass", Section::Config, "DeviceClasses", PLAIN)
        .cluster_scoped(),
    Builtin::new(
        "resourceclaimtemplates.resource.k8s.io",
        "v1",
        "ResourceClaimTemplate",
        Section::Config,
        "ResourceClaimTemplates",
        PLAIN,
    ),
    Builtin::new("resourceclaims.resource.k8s.io", "v1", "ResourceClaim", Section::Config, "ResourceClaims", CLAIMS),
    Builtin::new("resourceslices.resource.k8s.io", "v1", "ResourceSlice", Section::Config, "ResourceSlices", SLICES)
        .cluster_scoped(),
];

static PLAIN: &[Col] = &[age()];

static CLAIMS: &[Col] = &[
    with("state", "State", Text, &[DELETED, &["status", "allocation"], &["status", "reservedFor"]], state).width(20),
    age(),
];

fn state(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let mut text = Buf::default();
    let deleted = args.get(0).is_some();
    if deleted {
        text.join(",", "deleted");
    }
    if args.get(1).is_some() {
        text.join(",", "allocated");
        if args.get(2).is_some_and(|users| users.items().next().is_some()) {
            text.join(",", "reserved");
        }
    } else if !deleted {
        text.join(",", "pending");
    }
    out.text(text.as_str());
}

static SLICES: &[Col] = &[
    text("node", "Node", &["spec", "nodeName"]),
    text("driver", "Driver", &["spec", "driver"]),
    text("pool", "Pool", &["spec", "pool", "name"]),
    age(),
];
