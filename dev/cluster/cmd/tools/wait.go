package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// waitFor ends when a condition holds, and fails with the last reason when it does not in time.
func waitFor(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("wait", flag.ContinueOnError)
	var to connection
	to.flags(flags)
	timeout := flags.Duration("timeout", time.Minute, "how long")
	if err := flags.Parse(args); err != nil {
		return err
	}
	what, name := flags.Arg(0), flags.Arg(1)
	check, err := to.condition(what, name)
	if err != nil {
		return err
	}
	deadline := time.Now().Add(*timeout)
	for {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := check(attempt)
		cancel()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case time.Now().After(deadline):
			fmt.Fprintf(os.Stderr, "%s %s: not within %s\n", what, name, *timeout)
			return err
		}
		wait(ctx, 100*time.Millisecond)
	}
}

func (c *connection) condition(what, name string) (func(context.Context) error, error) {
	if what == "etcd" {
		client, err := c.etcd()
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context) error { _, err := client.Get(ctx, "ready"); return err }, nil
	}
	config, err := clientcmd.BuildConfigFromFlags("", c.kubeconfig)
	if err != nil {
		return nil, err
	}
	config.UserAgent = "devcluster-wait"
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	switch what {
	case "api":
		return func(ctx context.Context) error { return clients.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error() }, nil
	case "node":
		return func(ctx context.Context) error { return nodeReady(ctx, clients, name) }, nil
	case "deployment":
		return func(ctx context.Context) error { return deploymentAvailable(ctx, clients, name) }, nil
	case "account":
		return func(ctx context.Context) error {
			_, err := clients.CoreV1().ServiceAccounts(name).Get(ctx, "default", metav1.GetOptions{})
			return err
		}, nil
	default:
		return nil, fmt.Errorf("wait for etcd, api, node NAME, deployment NAMESPACE/NAME or account NAMESPACE, not %q", what)
	}
}

func nodeReady(ctx context.Context, clients kubernetes.Interface, name string) error {
	node, err := clients.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			if condition.Status == corev1.ConditionTrue {
				return nil
			}
			return fmt.Errorf("the node is not ready: %s", condition.Message)
		}
	}
	return fmt.Errorf("the node has no status yet")
}

func deploymentAvailable(ctx context.Context, clients kubernetes.Interface, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return err
	}
	deployment, err := clients.AppsV1().Deployments(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, condition := range deployment.Status.Conditions {
		if condition.Type == appsv1.DeploymentAvailable && condition.Status == corev1.ConditionTrue {
			return nil
		}
	}
	return fmt.Errorf("the deployment is not available")
}
