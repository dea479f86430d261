package main

import (
	"bytes"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestTheSameNumberGivesTheSamePod(t *testing.T) {
	f := fleet{nodes: 100}
	for _, i := range []int{0, 1, 499, 500, 149999} {
		one, err := encode("v1", "Pod", f.pod(i))
		if err != nil {
			t.Fatal(err)
		}
		two, err := encode("v1", "Pod", f.pod(i))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one, two) {
			t.Errorf("pod %d differs from itself", i)
		}
	}
}

func TestPodsHaveNamesOfTheirOwnAndAreOfTheSizeTheyShouldBe(t *testing.T) {
	f, seen, size := fleet{nodes: 1000}, map[string]bool{}, 0
	states := map[corev1.PodPhase]int{}
	const pods = 5000
	for i := range pods {
		pod := f.pod(i)
		if key := podKey(i); seen[key] || key != "/registry/pods/"+pod.Namespace+"/"+pod.Name {
			t.Fatalf("pod %d has the key %s", i, key)
		}
		seen[podKey(i)] = true
		states[pod.Status.Phase]++
		value, err := encode("v1", "Pod", pod)
		if err != nil {
			t.Fatal(err)
		}
		size += len(value)
	}
	if mean := size / pods; mean < 5200 || mean > 5600 {
		t.Errorf("a pod is %d bytes on average, not about 5400", mean)
	}
	if states[corev1.PodPending] == 0 || states[corev1.PodRunning] < pods*9/10 {
		t.Errorf("phases: %v", states)
	}
}

func TestScanSeesWhatDecodingSees(t *testing.T) {
	f, now := fleet{nodes: 10}, metav1.Now()
	for i := range 200 {
		pod := f.pod(i)
		if i%3 == 0 {
			pod.DeletionTimestamp = &now
		}
		value, err := encode("v1", "Pod", pod)
		if err != nil {
			t.Fatal(err)
		}
		got := scan(value)
		want := seen{namespace: pod.Namespace, name: pod.Name, node: pod.Spec.NodeName, deleting: pod.DeletionTimestamp != nil, started: pod.Status.StartTime != nil}
		if got != want {
			t.Errorf("pod %d: %+v, not %+v", i, got, want)
		}
		for end := range value { // a damaged value must not end the program
			scan(value[:end])
		}
	}
}
