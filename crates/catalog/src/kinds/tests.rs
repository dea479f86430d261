#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::kinds;
use crate::{Act, Crd, Kind, PrinterColumn, Section, ServedResource, compile};
use std::sync::Arc;
use table::{RowBuf, Table};
use wire::{Budget, Format, object};

fn served(group: &str, version: &str, plural: &str, kind: &str, preferred: bool) -> ServedResource {
    ServedResource {
        group: group.to_owned(),
        version: version.to_owned(),
        preferred,
        kind: kind.to_owned(),
        plural: plural.to_owned(),
        namespaced: true,
        verbs: ["list", "watch", "delete"].map(str::to_owned).to_vec(),
        ..ServedResource::default()
    }
}

fn find<'k>(kinds: &'k [Arc<Kind>], id: &str) -> &'k Kind {
    kinds.iter().find(|kind| kind.id == id).unwrap()
}

#[test]
fn ex_21_every_listable_kind_appears_once() {
    let mut review = served("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", true);
    review.verbs = vec!["create".to_owned()];
    let kinds = kinds(
        &[
            served("autoscaling", "v1", "horizontalpodautoscalers", "HorizontalPodAutoscaler", true),
            served("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", false),
            served("harbor.test", "v1beta1", "berthMasters", "BerthMaster", false),
            served("harbor.test", "v1", "berthMasters", "BerthMaster", true),
            served("", "v1", "pods", "Pod", true),
            review,
        ],
        &[],
    );
    let ids: Vec<_> = kinds.iter().map(|kind| kind.id.as_str()).collect();
    assert_eq!(ids, ["pods", "horizontalpodautoscalers.autoscaling", "berthMasters.harbor.test"], "navigation order");
    assert_eq!(find(&kinds, "horizontalpodautoscalers.autoscaling").version, "v2", "the version of our columns");
    let custom = find(&kinds, "berthMasters.harbor.test");
    assert_eq!((custom.version.as_str(), custom.section, custom.format), ("v1", Section::Custom, Format::Json));
    assert_eq!(custom.title, "BerthMasters");
    let own = super::kinds(&[served("quarterdeck.dev", "v1alpha1", "workspaces", "Workspace", true)], &[]);
    assert_eq!(own[0].section, Section::Workspaces);
    assert_eq!(custom.acts, [Act::Delete]);
    assert_eq!(find(&kinds, "pods").format, Format::Protobuf);
}

#[test]
fn acts_follow_what_the_server_serves() {
    let mut scalable = served("harbor.test", "v1", "berths", "Berth", true);
    scalable.subresources = vec!["scale".to_owned()];
    let mut fixed = served("harbor.test", "v1", "piers", "Pier", true);
    fixed.verbs = vec!["list".to_owned()];
    let kinds = kinds(&[scalable, fixed, served("", "v1", "secrets", "Secret", true)], &[]);
    assert_eq!(find(&kinds, "berths.harbor.test").acts, [Act::Delete, Act::Scale]);
    assert!(find(&kinds, "piers.harbor.test").acts.is_empty());
    assert_eq!(find(&kinds, "secrets").acts, [Act::Delete, Act::Reveal]);
    assert!(find(&kinds, "secrets").is_secret());
}

#[test]
fn ex_64b_columns_come_from_the_definition() {
    let definition = r#"{"spec":{"group":"harbor.test","names":{"plural":"berths"},"versions":[
        {"name":"v1","additionalPrinterColumns":[{"name":"Ready","type":"string","jsonPath":".status.ready"},
        {"name":"Depth","type":"integer","jsonPath":".spec.depth","priority":1}]},{"name":"v2"}]}}"#;
    let crd = Crd::read(object(Format::Json, definition.as_bytes(), &Budget::default()).unwrap()).unwrap();
    assert_eq!(crd.columns("v1").unwrap().len(), 2);
    assert!(matches!(crd.columns("v1").unwrap(), [PrinterColumn { .. }, PrinterColumn { priority: 1, .. }]));
    for (version, titles) in [("v1", vec!["Ready", "Depth"]), ("v2", vec!["Age"])] {
        let kinds = kinds(&[served("harbor.test", version, "berths", "Berth", true)], std::slice::from_ref(&crd));
        let own: Vec<_> = kinds[0].columns.iter().map(|column| column.title.as_str()).collect();
        assert_eq!(own, titles);
    }
    let kinds = kinds(&[served("harbor.test", "v1", "berths", "Berth", true)], &[crd]);
    let program = compile(&kinds[0]);
    let mut row = RowBuf::new(program.schema());
    let berth = br#"{"metadata":{"name":"b","namespace":"ns","labels":{"a":"1"}},"spec":{"depth":7},"status":{"ready":{"x":[1]}}}"#;
    program.run(object(Format::Json, berth, &Budget::default()).unwrap(), &mut row).unwrap();
    let mut table = Table::new(program.schema().clone());
    table.apply(&row);
    let id = table.row("ns", "b").unwrap();
    assert_eq!(table.cell(id, 0), api::Cell::Text(r#"{"x":[1]}"#));
    assert_eq!(table.cell(id, 1), api::Cell::Int(7));
    assert_eq!(table.label(id, "a"), Some("1"));
}
