package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/utils/ptr"
)

// simulate plays the kubelets of the fake nodes: it renews their leases, lets pods that are bound to them run, and
// confirms the deletion of such pods. Leases go straight to etcd, all else through the API server.
func simulate(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("simulate", flag.ContinueOnError)
	var to connection
	to.flags(flags)
	nodes := flags.Int("nodes", 0, "how many fake nodes there are")
	every := flags.Duration("every", 15*time.Second, "how often leases are renewed")
	if err := flags.Parse(args); err != nil {
		return err
	}
	client, err := to.etcd()
	if err != nil {
		return err
	}
	defer client.Close()
	config, err := clientcmd.BuildConfigFromFlags("", to.kubeconfig)
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 200, 400
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.UserAgent = "devcluster-simulate"
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	s := simulator{etcd: client, clients: clients, fleet: fleet{nodes: *nodes}, work: make(chan podRef, 65536)}
	for range 8 {
		go s.work1(ctx)
	}
	go s.watch(ctx)
	for ctx.Err() == nil {
		if err := s.renew(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "leases:", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(*every):
		}
	}
	return nil
}

type podRef struct{ namespace, name string }

type simulator struct {
	etcd    *clientv3.Client
	clients kubernetes.Interface
	fleet   fleet
	work    chan podRef
}

// renew writes a lease only where there is one, so that a deleted node stays deleted.
func (s *simulator) renew(ctx context.Context) error {
	const most = 60
	now := time.Now()
	for from := 0; from < s.fleet.nodes; from += most {
		var operations []clientv3.Op
		for i := from; i < min(from+most, s.fleet.nodes); i++ {
			value, err := encode("coordination.k8s.io/v1", "Lease", s.fleet.lease(i, now))
			if err != nil {
				return err
			}
			there := clientv3.Compare(clientv3.CreateRevision(leaseKey(i)), ">", 0)
			operations = append(operations, clientv3.OpTxn([]clientv3.Cmp{there}, []clientv3.Op{clientv3.OpPut(leaseKey(i), string(value))}, nil))
		}
		if _, err := s.etcd.Txn(ctx).Then(operations...).Commit(); err != nil {
			return err
		}
	}
	return nil
}

// watch reads the changes of pods from etcd and looks only at the few fields that matter, which costs far less than a
// second informer over all pods would.
func (s *simulator) watch(ctx context.Context) {
	for ctx.Err() == nil {
		current, err := s.etcd.Get(ctx, "/registry/health", clientv3.WithCountOnly())
		if err != nil {
			wait(ctx, time.Second)
			continue
		}
		s.pending(ctx)
		watching, stop := context.WithCancel(ctx)
		for reply := range s.etcd.Watch(watching, "/registry/pods/", clientv3.WithPrefix(), clientv3.WithRev(current.Header.Revision+1)) {
			if reply.Err() != nil {
				break
			}
			for _, event := range reply.Events {
				if event.Type != clientv3.EventTypePut {
					continue
				}
				if pod := scan(event.Kv.Value); pod.needsWork() {
					s.work <- podRef{namespace: pod.namespace, name: pod.name}
				}
			}
		}
		stop()
		wait(ctx, 100*time.Millisecond)
	}
}

// pending looks once at the pods that wait already.
func (s *simulator) pending(ctx context.Context) {
	list, err := s.clients.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "status.phase=Pending"})
	if err != nil {
		return // the API server is not up yet; it has no pods of its own to simulate then
	}
	for i := range list.Items {
		if list.Items[i].Status.StartTime == nil && list.Items[i].Spec.NodeName != "" {
			s.work <- podRef{namespace: list.Items[i].Namespace, name: list.Items[i].Name}
		}
	}
}

func (s *simulator) work1(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case ref := <-s.work:
			if err := s.settle(ctx, ref); err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) && ctx.Err() == nil {
				fmt.Fprintf(os.Stderr, "%s/%s: %v\n", ref.namespace, ref.name, err)
			}
		}
	}
}

// settle does for one pod what its kubelet would do next.
func (s *simulator) settle(ctx context.Context, ref podRef) error {
	pods := s.clients.CoreV1().Pods(ref.namespace)
	pod, err := pods.Get(ctx, ref.name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	node, fake := s.fleet.indexOf(pod.Spec.NodeName)
	if !fake {
		return nil
	}
	if pod.DeletionTimestamp != nil {
		return pods.Delete(ctx, ref.name, metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0), Preconditions: metav1.NewUIDPreconditions(string(pod.UID))})
	}
	if pod.Status.StartTime != nil {
		return nil
	}
	pod.Status = runningStatus(pod, node)
	_, err = pods.UpdateStatus(ctx, pod, metav1.UpdateOptions{})
	return err
}

func runningStatus(pod *corev1.Pod, node int) corev1.PodStatus {
	hash := randomOf(string(pod.UID), 0)
	address := fmt.Sprintf("100.%d.%d.%d", 96+hash.IntN(32), hash.IntN(256), 1+hash.IntN(254))
	now := metav1.Now()
	status := corev1.PodStatus{
		Phase: corev1.PodRunning, QOSClass: pod.Status.QOSClass, StartTime: &now,
		HostIP: nodeAddress(node), HostIPs: []corev1.HostIP{{IP: nodeAddress(node)}}, PodIP: address, PodIPs: []corev1.PodIP{{IP: address}},
	}
	for _, kind := range []corev1.PodConditionType{"PodReadyToStartContainers", corev1.PodInitialized, corev1.PodReady, corev1.ContainersReady, corev1.PodScheduled} {
		status.Conditions = append(status.Conditions, corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: now})
	}
	for _, container := range pod.Spec.InitContainers {
		status.InitContainerStatuses = append(status.InitContainerStatuses, corev1.ContainerStatus{
			Name: container.Name, Image: container.Image, ImageID: container.Image, Ready: true,
			State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "Completed", StartedAt: now, FinishedAt: now}},
		})
	}
	for _, container := range pod.Spec.Containers {
		status.ContainerStatuses = append(status.ContainerStatuses, corev1.ContainerStatus{
			Name: container.Name, Image: container.Image, ImageID: container.Image, Ready: true, Started: ptr.To(true),
			ContainerID: fmt.Sprintf("containerd://%016x", hash.Uint64()), State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
		})
	}
	return status
}

func (f fleet) indexOf(node string) (int, bool) {
	var i int
	if _, err := fmt.Sscanf(node, "sim-%d", &i); err != nil || i < 0 || i >= f.nodes || nodeName(i) != node {
		return 0, false
	}
	return i, true
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
