//! Volumes, claims, classes, CSI (EX-49 … EX-51, EX-59).

use super::Builtin;
use crate::cells::{Buf, Out, put};
use crate::column::{Args, Col, DELETED, Path, age, bool, count, created_at, text, with};
use crate::format::strings;
use crate::kind::Section;
use api::cell::ColumnType::{Status, Text};
use api::cell::Level;
use wire::Node;

pub(super) static KINDS: &[Builtin] = &[
    Builtin::new(
        "persistentvolumeclaims",
        "v1",
        "PersistentVolumeClaim",
        Section::Storage,
        "PersistentVolumeClaims",
        CLAIMS,
    )
    .short(&["pvc"]),
    Builtin::new("persistentvolumes", "v1", "PersistentVolume", Section::Storage, "PersistentVolumes", VOLUMES)
        .cluster_scoped()
        .short(&["pv"]),
    Builtin::new("storageclasses.storage.k8s.io", "v1", "StorageClass", Section::Storage, "StorageClasses", CLASSES)
        .cluster_scoped()
        .short(&["sc"]),
    Builtin::new(
        "volumeattachments.storage.k8s.io",
        "v1",
        "VolumeAttachment",
        Section::Storage,
        "VolumeAttachments",
        ATTACHMENTS,
    )
    .cluster_scoped(),
    Builtin::new(
        "volumeattributesclasses.storage.k8s.io",
        "v1",
        "VolumeAttributesClass",
        Section::Storage,
        "VolumeAttributesClasses",
        ATTRIBUTES,
    )
    .cluster_scoped()
    .short(&["vac"]),
    Builtin::new("csidrivers.storage.k8s.io", "v1", "CSIDriver", Section::Storage, "CSIDrivers", DRIVERS)
        .cluster_scoped(),
    Builtin::new("csinodes.storage.k8s.io", "v1", "CSINode", Section::Storage, "CSINodes", NODES).cluster_scoped(),
    Builtin::new(
        "csistoragecapacities.storage.k8s.io",
        "v1",
        "CSIStorageCapacity",
        Section::Storage,
        "CSIStorageCapacities",
        CAPACITIES,
    ),
];

const OLD_CLASS: Path = &["metadata", "annotations", "volume.beta.kubernetes.io/storage-class"];
const PHASE: &[Path] = &[&["status", "phase"], DELETED];

static CLAIMS: &[Col] = &[
    with("status", "Status", Status, PHASE, phase),
    text("volume", "Volume", &["spec", "volumeName"]).width(40),
    with("capacity", "Capacity", Text, &[&["spec", "volumeName"], &["status", "capacity", "storage"]], |args, out| {
        if args.text(0).is_empty() {
            return out.absent();
        }
        out.text(&args.get(1).and_then(Node::as_text).unwrap_or(std::borrow::Cow::Borrowed("0")));
    })
    .width(9),
    with("access_modes", "Access Modes", Text, &[&["status", "accessModes"], &["spec", "volumeName"]], |args, out| {
        if args.text(1).is_empty() { out.absent() } else { access_modes(args, out) }
    })
    .width(12),
    with("storage_class", "StorageClass", Text, &[OLD_CLASS, &["spec", "storageClassName"]], class),
    text("volume_attributes_class", "VolumeAttributesClass", &["spec", "volumeAttributesClassName"]).absent("<unset>"),
    age(),
    text("volume_mode", "VolumeMode", &["spec", "volumeMode"]).absent("<unset>").wide(),
];

static VOLUMES: &[Col] = &[
    with("capacity", "Capacity", Text, &[&["spec", "capacity", "storage"]], |args, out| {
        out.text(&args.get(0).and_then(Node::as_text).unwrap_or(std::borrow::Cow::Borrowed("0")));
    })
    .width(9),
    with("access_modes", "Access Modes", Text, &[&["spec", "accessModes"]], access_modes).width(12),
    text("reclaim_policy", "Reclaim Policy", &["spec", "persistentVolumeReclaimPolicy"]),
    with("status", "Status", Status, PHASE, phase),
    with("claim", "Claim", Text, &[&["spec", "claimRef"]], |args, out| {
        let Some(claim) = args.get(0) else { return out.absent() };
        let member = |name| claim.get(name).and_then(Node::as_str).unwrap_or_default();
        let mut text = Buf::default();
        put!(text, "{}/{}", member("namespace"), member("name"));
        out.text(text.as_str());
    })
    .width(32),
    with("storage_class", "StorageClass", Text, &[OLD_CLASS, &["spec", "storageClassName"]], class),
    text("volume_attributes_class", "VolumeAttributesClass", &["spec", "volumeAttributesClassName"]).absent("<unset>"),
    text("reason", "Reason", &["status", "reason"]),
    age(),
    text("volume_mode", "VolumeMode", &["spec", "volumeMode"]).absent("<unset>").wide(),
    text("driver", "Driver", &["spec", "csi", "driver"]).extra(),
];

/// A claim's or volume's phase, or that it is being deleted.
fn phase(args: &Args<'_, '_>, out: &mut Out<'_>) {
    if args.get(1).is_some() {
        return out.status("Terminating", Level::Info);
    }
    let phase = args.text(0);
    out.status(
        &phase,
        match &*phase {
            "Bound" | "Available" => Level::Ok,
            "Pending" => Level::Info,
            "Lost" | "Failed" => Level::Bad,
            _ => Level::Plain,
        },
    );
}

/// Access modes in their short form, in a fixed order, each once.
fn access_modes(args: &Args<'_, '_>, out: &mut Out<'_>) {
    const MODES: [(&str, &str); 4] =
        [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    let mut text = Buf::default();
    for (mode, short) in MODES {
        let mut own = args.get(0).map(Node::items).into_iter().flatten();
        if own.any(|item| item.as_str().as_deref() == Some(mode)) {
            text.join(",", short);
        }
    }
    out.text(text.as_str());
}

/// The class: an old annotation goes before the field.
fn class(args: &Args<'_, '_>, out: &mut Out<'_>) {
    out.text(&if args.get(0).is_some() { args.text(0) } else { args.text(1) });
}

static CLASSES: &[Col] = &[
    with(
        "name",
        "Name",
        Text,
        &[
            &["metadata", "name"],
            &["metadata", "annotations", "storageclass.kubernetes.io/is-default-class"],
            &["metadata", "annotations", "storageclass.beta.kubernetes.io/is-default-class"],
        ],
        |args, out| {
            let mut text = Buf::default();
            text.push(&args.text(0));
            if args.text(1) == "true" || args.text(2) == "true" {
                text.push(" (default)");
            }
            out.text(text.as_str());
        },
    )
    .width(32),
    text("provisioner", "Provisioner", &["provisioner"]).width(32),
    with("reclaim_policy", "ReclaimPolicy", Text, &[&["reclaimPolicy"]], |args, out| or(args, out, "Delete")),
    with("volume_binding_mode", "VolumeBindingMode", Text, &[&["volumeBindingMode"]], |args, out| {
        or(args, out, "Immediate")
    })
    .width(20),
    bool("allow_volume_expansion", "AllowVolumeExpansion", &["allowVolumeExpansion"], false),
    age(),
];

/// Text, or what the absent field means.
fn or(args: &Args<'_, '_>, out: &mut Out<'_>, default: &str) {
    out.text(&args.get(0).and_then(Node::as_str).unwrap_or(std::borrow::Cow::Borrowed(default)));
}

static ATTACHMENTS: &[Col] = &[
    text("attacher", "Attacher", &["spec", "attacher"]),
    text("pv", "PV", &["spec", "source", "persistentVolumeName"]).width(40),
    text("node", "Node", &["spec", "nodeName"]),
    bool("attached", "Attached", &["status", "attached"], false),
    age(),
];

static ATTRIBUTES: &[Col] = &[text("driver_name", "DriverName", &["driverName"]), age()];

static DRIVERS: &[Col] = &[
    bool("attach_required", "AttachRequired", &["spec", "attachRequired"], true),
    bool("pod_info_on_mount", "PodInfoOnMount", &["spec", "podInfoOnMount"], false),
    bool("storage_capacity", "StorageCapacity", &["spec", "storageCapacity"], false),
    with("token_requests", "TokenRequests", Text, &[&["spec", "tokenRequests"]], |args, out| {
        let mut text = Buf::default();
        crate::format::joined(args.get(0), "audience", ",", &mut text);
        out.text(text.as_str());
    })
    .absent("<unset>"),
    bool("requires_republish", "RequiresRepublish", &["spec", "requiresRepublish"], false),
    with("modes", "Modes", Text, &[&["spec", "volumeLifecycleModes"]], strings).none(),
    age(),
];

static NODES: &[Col] = &[count("drivers", "Drivers", &["spec", "drivers"]), age()];

// The server has no columns for this kind.
static CAPACITIES: &[Col] = &[
    created_at(),
    text("storage_class_name", "StorageClassName", &["storageClassName"]).extra(),
    text("capacity", "Capacity", &["capacity"]).absent("<unset>").extra(),
    age().extra(),
];
