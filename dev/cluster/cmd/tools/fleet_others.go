package main

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

func (f fleet) namespace(i int) *corev1.Namespace {
	name := namespaceName(i)
	return &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, UID: uid("namespace", i), CreationTimestamp: before(24 * time.Hour * time.Duration(100+i)),
			Labels: map[string]string{corev1.LabelMetadataName: name, "team": teams[i%len(teams)], "stage": stages[i/len(teams)%len(stages)], simulatedLabel: "true"},
		},
		Spec:   corev1.NamespaceSpec{Finalizers: []corev1.FinalizerName{corev1.FinalizerKubernetes}},
		Status: corev1.NamespaceStatus{Phase: corev1.NamespaceActive},
	}
}

func (f fleet) node(i int) *corev1.Node {
	random, name := randomOf("node", i), nodeName(i)
	cpus := []int64{16, 32, 64}[random.IntN(3)]
	size := corev1.ResourceList{
		corev1.ResourceCPU: *resource.NewQuantity(cpus, resource.DecimalSI), corev1.ResourceMemory: *resource.NewQuantity(cpus*4<<30, resource.BinarySI),
		corev1.ResourcePods: *resource.NewQuantity(250, resource.DecimalSI), corev1.ResourceEphemeralStorage: *resource.NewQuantity(400<<30, resource.BinarySI),
	}
	created := before(hours(random, 24*90))
	condition := func(kind corev1.NodeConditionType, status corev1.ConditionStatus, reason, message string) corev1.NodeCondition {
		return corev1.NodeCondition{Type: kind, Status: status, Reason: reason, Message: message, LastHeartbeatTime: created, LastTransitionTime: created}
	}
	n := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, UID: uid("node", i), CreationTimestamp: created,
			Labels: map[string]string{
				corev1.LabelHostname: name, corev1.LabelArchStable: "amd64", corev1.LabelOSStable: "linux",
				corev1.LabelTopologyZone: zones[i%len(zones)], corev1.LabelTopologyRegion: "region-1",
				corev1.LabelInstanceTypeStable: fmt.Sprintf("general-%d", cpus), "node-role.kubernetes.io/worker": "", simulatedLabel: "true",
			},
			Annotations: map[string]string{"node.alpha.kubernetes.io/ttl": "0"},
		},
		Status: corev1.NodeStatus{
			Capacity: size, Allocatable: size,
			Conditions: []corev1.NodeCondition{
				condition(corev1.NodeMemoryPressure, corev1.ConditionFalse, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
				condition(corev1.NodeDiskPressure, corev1.ConditionFalse, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
				condition(corev1.NodePIDPressure, corev1.ConditionFalse, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
				condition(corev1.NodeReady, corev1.ConditionTrue, "KubeletReady", "kubelet is posting ready status"),
			},
			Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: nodeAddress(i)}, {Type: corev1.NodeHostName, Address: name}},
			NodeInfo: corev1.NodeSystemInfo{
				MachineID: string(uid("machine", i)), SystemUUID: string(uid("system", i)), BootID: string(uid("boot", i)),
				KernelVersion: "6.12.0-sim", OSImage: "Simulated Linux", ContainerRuntimeVersion: "containerd://2.0.0",
				KubeletVersion: "v1.34.4", OperatingSystem: "linux", Architecture: "amd64",
			},
		},
	}
	if f.taint {
		n.Spec.Taints = []corev1.Taint{{Key: simulatedLabel, Effect: corev1.TaintEffectNoSchedule}}
	}
	return n
}

func (f fleet) lease(i int, now time.Time) *coordinationv1.Lease {
	name := nodeName(i)
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: corev1.NamespaceNodeLease, UID: uid("lease", i), CreationTimestamp: metav1.NewTime(epoch),
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: name, UID: uid("node", i)}},
		},
		Spec: coordinationv1.LeaseSpec{HolderIdentity: ptr.To(name), LeaseDurationSeconds: ptr.To[int32](40), RenewTime: ptr.To(metav1.NewMicroTime(now))},
	}
}

// workload makes the Deployment and the ReplicaSet of an app as their controllers would have left them.
func (f fleet) workload(i int, replicas int32) (*appsv1.Deployment, *appsv1.ReplicaSet) {
	a := appOf(i)
	created := before(24 * time.Hour * 61)
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: a.labels()}, Spec: a.podSpec()}
	selector := map[string]string{"app": a.name}
	share := intstr.FromString("25%")
	deployment := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{
			Name: a.name, Namespace: a.namespace, UID: uid("deployment", i), Generation: 1, CreationTimestamp: created, Labels: a.labels(),
			Annotations: map[string]string{"deployment.kubernetes.io/revision": "1"},
		},
		Spec: appsv1.DeploymentSpec{
			Replicas: ptr.To(replicas), Selector: &metav1.LabelSelector{MatchLabels: selector}, Template: template,
			Strategy:             appsv1.DeploymentStrategy{Type: appsv1.RollingUpdateDeploymentStrategyType, RollingUpdate: &appsv1.RollingUpdateDeployment{MaxSurge: &share, MaxUnavailable: &share}},
			RevisionHistoryLimit: ptr.To[int32](10), ProgressDeadlineSeconds: ptr.To[int32](600),
		},
		Status: appsv1.DeploymentStatus{
			ObservedGeneration: 1, Replicas: replicas, UpdatedReplicas: replicas,
			Conditions: []appsv1.DeploymentCondition{{
				Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue, Reason: "NewReplicaSetAvailable",
				Message: "ReplicaSet \"" + a.name + "-" + a.hash + "\" has successfully progressed.", LastUpdateTime: created, LastTransitionTime: created}},
		},
	}
	hashed := *template.DeepCopy()
	hashed.Labels["pod-template-hash"] = a.hash
	set := &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{
			Name: a.name + "-" + a.hash, Namespace: a.namespace, UID: uid("replicaset", i), Generation: 1, CreationTimestamp: created, Labels: a.podLabels(),
			Annotations:     map[string]string{"deployment.kubernetes.io/revision": "1", "deployment.kubernetes.io/desired-replicas": fmt.Sprint(replicas), "deployment.kubernetes.io/max-replicas": fmt.Sprint(replicas + (replicas+3)/4)},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: a.name, UID: deployment.UID, Controller: ptr.To(true), BlockOwnerDeletion: ptr.To(true)}},
		},
		Spec:   appsv1.ReplicaSetSpec{Replicas: ptr.To(replicas), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": a.name, "pod-template-hash": a.hash}}, Template: hashed},
		Status: appsv1.ReplicaSetStatus{ObservedGeneration: 1, Replicas: replicas, FullyLabeledReplicas: replicas},
	}
	return deployment, set
}
