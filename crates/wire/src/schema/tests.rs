#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Cardinality, Message, Type, fields, kinds, messages};

#[test]
fn the_tables_are_sorted_and_whole() {
    assert!(kinds::KINDS.is_sorted_by(|a, b| (a.0, a.1) < (b.0, b.1)));
    for message in &messages::MESSAGES {
        assert!(message.fields().is_sorted_by(|a, b| a.number < b.number), "{}", message.name);
        assert_eq!(message.fields().len(), usize::from(message.len));
        for field in message.fields() {
            assert!(!matches!(field.ty, Type::Message) || field.message().is_some());
            assert!(!field.is_inline() || field.cardinality == Cardinality::One);
        }
    }
    assert_eq!(fields::FIELDS.len(), messages::MESSAGES.iter().map(|message| usize::from(message.len)).sum::<usize>());
}

#[test]
fn kinds_of_every_group_are_known() {
    for (api_version, kind) in [
        ("v1", "Pod"),
        ("v1", "Status"),
        ("apps/v1", "Deployment"),
        ("autoscaling/v2", "HorizontalPodAutoscaler"),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        ("apiregistration.k8s.io/v1", "APIService"),
        ("resource.k8s.io/v1", "ResourceSlice"),
        ("metrics.k8s.io/v1beta1", "PodMetrics"),
    ] {
        assert!(Message::of(api_version, kind).is_some(), "{api_version} {kind}");
    }
    assert!(Message::of("harbor.test/v1", "Berth").is_none());
    assert!(Message::kinds().count() > 80);
}

#[test]
fn paths_lead_through_lists_and_inlined_messages() {
    let pod = Message::of("v1", "Pod").unwrap();
    assert_eq!(pod.at(&["spec", "containers"]).unwrap().name(), "Container");
    assert_eq!(pod.at(&["spec", "volumes", "configMap"]).unwrap().name(), "ConfigMapVolumeSource");
    assert!(pod.at(&["spec", "nope"]).is_none());
}
