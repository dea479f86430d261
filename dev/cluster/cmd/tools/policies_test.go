package main

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

func podAt(namespace, app, address string) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: app, Labels: map[string]string{"app": app}}}
	pod.Spec.Containers = []corev1.Container{{Ports: []corev1.ContainerPort{{Name: "web", ContainerPort: 8080, Protocol: corev1.ProtocolTCP}}}}
	pod.Status.PodIP = address
	return pod
}

func TestRulesSayWhatPoliciesSay(t *testing.T) {
	app := func(name string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}
	}
	named, from, udp := intstr.FromString("web"), intstr.FromInt32(1000), corev1.ProtocolUDP
	policy := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "one", Name: "p"}}
	policy.Spec.PodSelector = *app("a")
	policy.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}
	policy.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{{
		From:  []networkingv1.NetworkPolicyPeer{{PodSelector: app("b")}},
		Ports: []networkingv1.NetworkPolicyPort{{Port: &named}, {Port: &from, EndPort: ptr.To[int32](2000), Protocol: &udp}},
	}}
	policy.Spec.Egress = []networkingv1.NetworkPolicyEgressRule{
		{To: []networkingv1.NetworkPolicyPeer{
			{IPBlock: &networkingv1.IPBlock{CIDR: "0.0.0.0/0", Except: []string{"10.0.0.0/8"}}},
			{IPBlock: &networkingv1.IPBlock{CIDR: "::/0"}},
		}},
		{To: []networkingv1.NetworkPolicyPeer{{PodSelector: app("b"), NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"team": "x"}}}},
			Ports: []networkingv1.NetworkPolicyPort{{Port: &named}}},
	}
	n := network{
		pods:       []*corev1.Pod{podAt("one", "a", "10.0.0.1"), podAt("one", "b", "10.0.0.2"), podAt("two", "b", "10.0.0.3")},
		namespaces: map[string]labels.Set{"one": {}, "two": {"team": "x"}},
		policies:   []*networkingv1.NetworkPolicy{policy},
	}
	rules, err := n.rules()
	if err != nil {
		t.Fatal(err)
	}
	for _, expected := range []string{
		"chain from_10_0_0_1 {\n    ip daddr 10.0.0.1 return\n    ip daddr != 10.0.0.0/8 return\n    ip daddr 10.0.0.3 tcp dport 8080 return\n    drop\n",
		"chain to_10_0_0_1 {\n    ip saddr 10.0.0.1 return\n    ip saddr { 10.0.0.2 } tcp dport 8080 return\n    ip saddr { 10.0.0.2 } udp dport 1000-2000 return\n    drop\n",
		"ip saddr vmap { 10.0.0.1 : jump from_10_0_0_1 }\n    ip daddr vmap { 10.0.0.1 : jump to_10_0_0_1 }\n",
	} {
		if !strings.Contains(rules, expected) {
			t.Errorf("%q is not in\n%s", expected, rules)
		}
	}
	if strings.Contains(rules, "10_0_0_2 {") || strings.Contains(rules, "10_0_0_3 {") {
		t.Errorf("a pod that no policy selects has a chain:\n%s", rules)
	}
	n.pods[0].Status.PodIP = "fd00::1"
	if _, err := n.rules(); err == nil {
		t.Error("an address of the other family is not taken in silence")
	}
}
