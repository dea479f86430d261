package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// network is what rules are made of.
type network struct {
	// pods with an address of their own.
	pods       []*corev1.Pod
	namespaces map[string]labels.Set
	policies   []*networkingv1.NetworkPolicy
}

// rules writes the whole table. Each pod that a policy selects has a chain for what it may begin, one for what may be begun
// with it, or both: a rule that lets through returns, and at the end of the chain is a drop. What the node itself begins
// (kubelet) passes, as with every network; what pods begin with the node does not.
func (n network) rules() (string, error) {
	slices.SortFunc(n.pods, func(a, b *corev1.Pod) int { return strings.Compare(a.Status.PodIP, b.Status.PodIP) })
	slices.SortFunc(n.policies, func(a, b *networkingv1.NetworkPolicy) int {
		return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
	})
	var chains strings.Builder
	selected := map[networkingv1.PolicyType][]string{}
	for _, pod := range n.pods {
		address, err := netip.ParseAddr(pod.Status.PodIP)
		if err != nil || !address.Is4() {
			return "", fmt.Errorf("the address %q of %s/%s is not one of this cluster", pod.Status.PodIP, pod.Namespace, pod.Name)
		}
		for _, way := range ways {
			lines, isolated, err := n.of(pod, way)
			if err != nil {
				return "", err
			}
			if !isolated {
				continue
			}
			chain := way.chain + strings.ReplaceAll(address.String(), ".", "_")
			// nothing comes between a pod and itself
			own := fmt.Sprintf("ip %s %s return", way.peer, address)
			lines = append(append([]string{own}, lines...), "drop")
			fmt.Fprintf(&chains, "  chain %s {\n    %s\n  }\n", chain, strings.Join(lines, "\n    "))
			selected[way.policy] = append(selected[way.policy], fmt.Sprintf("%s : jump %s", address, chain))
		}
	}
	verdicts := func(way way) string {
		if all := selected[way.policy]; len(all) > 0 {
			return fmt.Sprintf("    ip %s vmap { %s }\n", way.own, strings.Join(all, ", "))
		}
		return ""
	}
	return fmt.Sprintf(table, chains.String(), verdicts(egress)+verdicts(ingress), verdicts(egress)), nil
}

// way is one direction.
type way struct {
	policy networkingv1.PolicyType
	// how its chains begin, and in which field of a packet the selected pod and its peer are.
	chain, own, peer string
}

var (
	ingress = way{networkingv1.PolicyTypeIngress, "to_", "daddr", "saddr"}
	egress  = way{networkingv1.PolicyTypeEgress, "from_", "saddr", "daddr"}
	ways    = []way{egress, ingress}
)

// of gives what lets through for a pod in one direction, and whether any policy selects it there.
func (n network) of(pod *corev1.Pod, way way) (lines []string, isolated bool, err error) {
	for _, policy := range n.policies {
		if policy.Namespace != pod.Namespace || !slices.Contains(policy.Spec.PolicyTypes, way.policy) {
			continue
		}
		its, err := matches(&policy.Spec.PodSelector, pod.Labels)
		if err != nil {
			return nil, false, fmt.Errorf("%s/%s: %w", policy.Namespace, policy.Name, err)
		}
		if !its {
			continue
		}
		isolated = true
		var rules []networkingv1.NetworkPolicyEgressRule
		if way == egress {
			rules = policy.Spec.Egress
		} else {
			for _, rule := range policy.Spec.Ingress {
				rules = append(rules, networkingv1.NetworkPolicyEgressRule{To: rule.From, Ports: rule.Ports})
			}
		}
		for _, rule := range rules {
			opened, err := n.opened(policy.Namespace, pod, rule.To, rule.Ports, way)
			if err != nil {
				return nil, false, fmt.Errorf("%s/%s: %w", policy.Namespace, policy.Name, err)
			}
			lines = append(lines, opened...)
		}
	}
	return lines, isolated, nil
}

// opened writes one rule of a policy: every peer with every port.
func (n network) opened(namespace string, own *corev1.Pod, peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort, way way) ([]string, error) {
	var lines []string
	add := func(where string, pods []*corev1.Pod) {
		if len(ports) == 0 {
			lines = append(lines, strings.TrimSpace(where+" return"))
		}
		for _, port := range ports {
			if port.Port == nil || port.Port.Type == intstr.Int {
				lines = append(lines, strings.TrimSpace(where+" "+number(port)+" return"))
				continue
			}
			// a name is that of a port of whoever is connected to
			if way == ingress {
				for _, named := range portsOf(own, port) {
					lines = append(lines, strings.TrimSpace(where+" "+number(named)+" return"))
				}
				continue
			}
			for _, pod := range pods {
				for _, named := range portsOf(pod, port) {
					lines = append(lines, fmt.Sprintf("ip %s %s %s return", way.peer, pod.Status.PodIP, number(named)))
				}
			}
		}
	}
	if len(peers) == 0 {
		add("", n.pods)
	}
	for _, peer := range peers {
		if peer.IPBlock != nil {
			where, err := block(peer.IPBlock, way)
			if err != nil {
				return nil, err
			}
			if where != nil {
				add(*where, nil)
			}
			continue
		}
		pods, err := n.meant(namespace, peer)
		if err != nil {
			return nil, err
		}
		addresses := make([]string, 0, len(pods))
		for _, pod := range pods {
			addresses = append(addresses, pod.Status.PodIP)
		}
		if len(addresses) > 0 {
			add(fmt.Sprintf("ip %s { %s }", way.peer, strings.Join(addresses, ", ")), pods)
		}
	}
	return lines, nil
}

// block matches a range of addresses; nothing where it is of the other family, of which the cluster has none.
func block(block *networkingv1.IPBlock, way way) (*string, error) {
	var words []string
	for i, text := range append([]string{block.CIDR}, block.Except...) {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, err
		}
		if !prefix.Addr().Is4() {
			return nil, nil
		}
		switch {
		case i > 0:
			words = append(words, fmt.Sprintf("ip %s != %s", way.peer, prefix.Masked()))
		case prefix.Bits() > 0:
			words = append(words, fmt.Sprintf("ip %s %s", way.peer, prefix.Masked()))
		}
	}
	where := strings.Join(words, " ")
	return &where, nil
}

// meant are the pods that a peer names by labels of theirs and of their namespaces.
func (n network) meant(namespace string, peer networkingv1.NetworkPolicyPeer) ([]*corev1.Pod, error) {
	var pods []*corev1.Pod
	for _, pod := range n.pods {
		here := pod.Namespace == namespace
		if peer.NamespaceSelector != nil {
			var err error
			if here, err = matches(peer.NamespaceSelector, n.namespaces[pod.Namespace]); err != nil {
				return nil, err
			}
		}
		if here && peer.PodSelector != nil {
			var err error
			if here, err = matches(peer.PodSelector, pod.Labels); err != nil {
				return nil, err
			}
		}
		if here {
			pods = append(pods, pod)
		}
	}
	return pods, nil
}

func matches(selector *metav1.LabelSelector, of map[string]string) (bool, error) {
	compiled, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return false, err
	}
	return compiled.Matches(labels.Set(of)), nil
}

// portsOf gives the ports of a pod that have a name, with their numbers.
func portsOf(pod *corev1.Pod, named networkingv1.NetworkPolicyPort) []networkingv1.NetworkPolicyPort {
	var found []networkingv1.NetworkPolicyPort
	for _, container := range pod.Spec.Containers {
		for _, port := range container.Ports {
			if port.Name == named.Port.StrVal && port.Protocol == protocol(named) {
				number, protocol := intstr.FromInt32(port.ContainerPort), port.Protocol
				found = append(found, networkingv1.NetworkPolicyPort{Port: &number, Protocol: &protocol})
			}
		}
	}
	return found
}

// number matches a port by its number, a range, or all of a protocol.
func number(port networkingv1.NetworkPolicyPort) string {
	protocol := strings.ToLower(string(protocol(port)))
	switch {
	case port.Port == nil:
		return "meta l4proto " + protocol
	case port.EndPort != nil:
		return fmt.Sprintf("%s dport %d-%d", protocol, port.Port.IntVal, *port.EndPort)
	default:
		return fmt.Sprintf("%s dport %d", protocol, port.Port.IntVal)
	}
}

func protocol(port networkingv1.NetworkPolicyPort) corev1.Protocol {
	if port.Protocol == nil {
		return corev1.ProtocolTCP
	}
	return *port.Protocol
}

// table takes the place of the one before. Pods have link-local addresses of IPv6, which the cluster does not use: they would
// lead around all rules.
const table = `add table ip policies
delete table ip policies
add table bridge policies
delete table bridge policies
table ip policies {
%s  chain forwarded {
    type filter hook forward priority filter - 10; policy accept;
    ct state established,related accept
%s  }
  chain to_node {
    type filter hook input priority filter - 10; policy accept;
    ct state established,related accept
%s  }
}
table bridge policies {
  chain forwarded {
    type filter hook forward priority 0; policy accept;
    ether type ip6 drop
  }
  chain to_node {
    type filter hook input priority 0; policy accept;
    ether type ip6 drop
  }
}
`
