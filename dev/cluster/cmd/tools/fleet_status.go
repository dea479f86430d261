package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func podStatus(p *corev1.Pod, state podState, i, node int, random *rand.Rand) corev1.PodStatus {
	started := metav1.NewTime(p.CreationTimestamp.Add(2 * time.Second))
	ready := metav1.NewTime(started.Add(time.Duration(3+random.IntN(20)) * time.Second))
	status := corev1.PodStatus{QOSClass: corev1.PodQOSBurstable, ObservedGeneration: 1}
	if state == podUnscheduled {
		status.Phase = corev1.PodPending
		status.Conditions = []corev1.PodCondition{{
			Type: corev1.PodScheduled, Status: corev1.ConditionFalse, LastTransitionTime: started, Reason: "Unschedulable",
			Message: fmt.Sprintf("0/%d nodes are available: insufficient memory", max(node, 1)),
		}}
		return status
	}
	truth := corev1.ConditionTrue
	if state != podRuns {
		truth = corev1.ConditionFalse
	}
	status.Phase = corev1.PodRunning
	if state == podPulls {
		status.Phase = corev1.PodPending
	}
	status.StartTime, status.HostIP = &started, nodeAddress(node)
	status.HostIPs = []corev1.HostIP{{IP: status.HostIP}}
	status.PodIP = podAddress(i)
	status.PodIPs = []corev1.PodIP{{IP: status.PodIP}}
	for _, condition := range []struct {
		kind  corev1.PodConditionType
		value corev1.ConditionStatus
		at    metav1.Time
	}{
		{"PodReadyToStartContainers", corev1.ConditionTrue, started}, {corev1.PodInitialized, corev1.ConditionTrue, started},
		{corev1.PodReady, truth, ready}, {corev1.ContainersReady, truth, ready}, {corev1.PodScheduled, corev1.ConditionTrue, started},
	} {
		one := corev1.PodCondition{Type: condition.kind, Status: condition.value, LastTransitionTime: condition.at, ObservedGeneration: 1}
		if condition.value == corev1.ConditionFalse {
			one.Reason, one.Message = "ContainersNotReady", "containers with unready status: ["+p.Spec.Containers[0].Name+"]"
		}
		status.Conditions = append(status.Conditions, one)
	}
	for c, container := range p.Spec.Containers {
		status.ContainerStatuses = append(status.ContainerStatuses, containerStatus(container, c == 0, state, ready, random))
	}
	return status
}

func containerStatus(container corev1.Container, first bool, state podState, ready metav1.Time, random *rand.Rand) corev1.ContainerStatus {
	digest := strings.Repeat(fmt.Sprintf("%016x", random.Uint64()), 4)
	status := corev1.ContainerStatus{
		Name: container.Name, Image: container.Image, ImageID: container.Image + "@sha256:" + digest,
		ContainerID: "containerd://" + strings.Repeat(fmt.Sprintf("%016x", random.Uint64()), 4),
		Ready:       true, Started: ptr.To(true), State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: ready}},
		AllocatedResources: container.Resources.Requests, Resources: ptr.To(container.Resources),
	}
	if !first {
		return status
	}
	switch state {
	case podCrashes:
		status.Ready, status.Started, status.RestartCount = false, ptr.To(false), int32(3+random.IntN(300))
		status.State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{
			Reason: "CrashLoopBackOff", Message: "back-off 5m0s restarting failed container=" + container.Name}}
		ended := metav1.NewTime(epoch.Add(-time.Duration(random.IntN(290)) * time.Second))
		status.LastTerminationState = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
			ExitCode: 1, Reason: "Error", StartedAt: metav1.NewTime(ended.Add(-4 * time.Second)), FinishedAt: ended, ContainerID: status.ContainerID}}
	case podPulls:
		status.Ready, status.Started, status.ImageID, status.ContainerID = false, ptr.To(false), "", ""
		status.State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{
			Reason: "ImagePullBackOff", Message: "Back-off pulling image \"" + container.Image + "\""}}
	default:
		if random.IntN(8) == 0 {
			status.RestartCount = int32(1 + random.IntN(5))
		}
	}
	return status
}

func podAddress(i int) string { return fmt.Sprintf("100.%d.%d.%d", 64+i>>16&63, i>>8&255, i&255) }

func nodeAddress(i int) string { return fmt.Sprintf("198.18.%d.%d", i>>8&255, i&255) }

// podManagedFields names the fields that the two writers of a pod own, in the way that the API server tracks them.
func podManagedFields(p *corev1.Pod) []metav1.ManagedFieldsEntry {
	var spec strings.Builder
	spec.WriteString(`{"f:metadata":{"f:annotations":{".":{},"f:kubectl.kubernetes.io/restartedAt":{},"f:prometheus.io/port":{},"f:prometheus.io/scrape":{}},"f:generateName":{},"f:labels":{".":{},"f:app":{},"f:app.kubernetes.io/name":{},"f:app.kubernetes.io/version":{},"f:pod-template-hash":{},"f:team":{}},`)
	fmt.Fprintf(&spec, `"f:ownerReferences":{".":{},"k:{\"uid\":\"%s\"}":{}}},"f:spec":{"f:containers":{`, p.OwnerReferences[0].UID)
	for i, container := range p.Spec.Containers {
		if i > 0 {
			spec.WriteByte(',')
		}
		fmt.Fprintf(&spec, `"k:{\"name\":\"%s\"}":{".":{},"f:args":{},"f:env":{".":{}`, container.Name)
		for _, env := range container.Env {
			fmt.Fprintf(&spec, `,"k:{\"name\":\"%s\"}":{".":{},"f:name":{},"f:value":{}}`, env.Name)
		}
		spec.WriteString(`},"f:image":{},"f:imagePullPolicy":{},"f:name":{},"f:resources":{".":{},"f:limits":{".":{},"f:memory":{}},"f:requests":{".":{},"f:cpu":{},"f:memory":{}}},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}`)
	}
	spec.WriteString(`},"f:dnsPolicy":{},"f:nodeSelector":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"f:terminationGracePeriodSeconds":{},"f:tolerations":{},"f:volumes":{}}}`)
	status := `{"f:status":{"f:conditions":{"k:{\"type\":\"Ready\"}":{".":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}}},"f:containerStatuses":{},"f:hostIP":{},"f:phase":{},"f:podIP":{},"f:podIPs":{},"f:startTime":{}}}`
	at := p.CreationTimestamp
	return []metav1.ManagedFieldsEntry{
		{Manager: "kube-controller-manager", Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: "v1", Time: &at, FieldsType: "FieldsV1", FieldsV1: &metav1.FieldsV1{Raw: []byte(spec.String())}},
		{Manager: "kubelet", Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: "v1", Time: &at, FieldsType: "FieldsV1", FieldsV1: &metav1.FieldsV1{Raw: []byte(status)}, Subresource: "status"},
	}
}
