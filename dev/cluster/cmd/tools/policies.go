package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/workqueue"
)

// policies keeps the node's packet filter at what the NetworkPolicies of the cluster say. All rules are made anew when a
// policy, a pod or the labels of a namespace change, and take the place of those before in one step; where that fails those
// before stay. Like other networks it knows a pod from the moment at which the API server knows its address.
func policies(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("policies", flag.ContinueOnError)
	kubeconfig := flags.String("kubeconfig", "", "kubeconfig of the cluster")
	if err := flags.Parse(args); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return err
	}
	config.UserAgent = "devcluster-policies"
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(clients, 0)
	pods, namespaces := factory.Core().V1().Pods(), factory.Core().V1().Namespaces()
	all := factory.Networking().V1().NetworkPolicies()
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.NewTypedItemExponentialFailureRateLimiter[string](100*time.Millisecond, 30*time.Second))
	changed := func() { queue.AddAfter("rules", batch) }
	for _, informer := range []cache.SharedIndexInformer{pods.Informer(), namespaces.Informer(), all.Informer()} {
		handler := cache.ResourceEventHandlerFuncs{
			AddFunc: func(any) { changed() }, UpdateFunc: func(any, any) { changed() }, DeleteFunc: func(any) { changed() },
		}
		if _, err := informer.AddEventHandler(handler); err != nil {
			return err
		}
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	changed()
	go func() { <-ctx.Done(); queue.ShutDown() }()
	look := func() (network, error) {
		n := network{namespaces: map[string]labels.Set{}}
		spaces, err := namespaces.Lister().List(labels.Everything())
		if err != nil {
			return n, err
		}
		for _, space := range spaces {
			n.namespaces[space.Name] = space.Labels
		}
		running, err := pods.Lister().List(labels.Everything())
		if err != nil {
			return n, err
		}
		for _, pod := range running {
			if hasAddress(pod) {
				n.pods = append(n.pods, pod)
			}
		}
		n.policies, err = all.Lister().List(labels.Everything())
		return n, err
	}
	before := ""
	for {
		key, stop := queue.Get()
		if stop {
			return nil
		}
		n, err := look()
		if err == nil {
			var rules string
			if rules, err = n.rules(); err == nil && rules != before {
				if err = load(ctx, rules); err == nil {
					before = rules
				}
			}
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "the rules before stay:", err)
			queue.AddRateLimited(key)
		} else {
			queue.Forget(key)
		}
		queue.Done(key)
	}
}

// batch is how long changes are gathered.
const batch = 20 * time.Millisecond

// hasAddress says whether a pod is in the network with an address of its own, that of the node excepted.
func hasAddress(pod *corev1.Pod) bool {
	over := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
	return pod.Status.PodIP != "" && !pod.Spec.HostNetwork && !over
}

// load hands rules to the kernel, which takes all of them or none.
func load(ctx context.Context, rules string) error {
	command := exec.CommandContext(ctx, "nft", "--file", "-")
	command.Stdin = strings.NewReader(rules)
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, said)
	}
	return nil
}
