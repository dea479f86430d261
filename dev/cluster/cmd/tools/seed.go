package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// seed writes the fake population straight into etcd. It is meant to run before the controllers start, so that none of
// them sees half of it.
func seed(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("seed", flag.ContinueOnError)
	var to connection
	to.flags(flags)
	nodes := flags.Int("nodes", 0, "how many nodes the cluster shall have")
	pods := flags.Int("pods", 0, "how many pods the cluster shall have")
	taint := flags.Bool("taint", false, "keep other pods off the fake nodes")
	workers := flags.Int("workers", 8, "writers at the same time")
	measure := flags.Bool("measure", false, "write nothing; print the mean sizes of the objects")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *nodes < 0 || *nodes > 5000 || *pods < 0 || *pods > 150000 {
		return fmt.Errorf("up to 5000 nodes and 150000 pods, not %d and %d", *nodes, *pods)
	}
	if *pods > 0 && *nodes == 0 {
		return fmt.Errorf("fake pods need fake nodes to be on")
	}
	f := fleet{nodes: *nodes, taint: *taint}
	if *measure {
		return printSizes(f, *pods)
	}
	client, err := to.etcd()
	if err != nil {
		return err
	}
	defer client.Close()
	started := time.Now()
	if err := write(ctx, client, *workers, func(put func(entry)) { produce(f, *pods, put) }); err != nil {
		return err
	}
	fmt.Printf("%d nodes, %d pods in %.1f s\n", *nodes, *pods, time.Since(started).Seconds())
	return nil
}

// entry makes one key and its value.
type entry func() (key string, value []byte, err error)

// write puts every entry that produce hands out into etcd.
func write(ctx context.Context, client *clientv3.Client, workers int, produce func(put func(entry))) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	entries := make(chan entry, 1024)
	var running sync.WaitGroup
	for range workers {
		running.Add(1)
		go func() {
			defer running.Done()
			if err := writeBatches(ctx, client, entries); err != nil {
				cancel(err)
			}
		}()
	}
	produce(func(e entry) {
		select {
		case entries <- e:
		case <-ctx.Done():
		}
	})
	close(entries)
	running.Wait()
	return context.Cause(ctx)
}

// produce hands out every object, namespaces and owners before pods.
func produce(f fleet, pods int, put func(entry)) {
	now := time.Now()
	for i := range f.nodes {
		put(func() (string, []byte, error) {
			return keyed("/registry/minions/"+nodeName(i), "v1", "Node", f.node(i))
		})
		put(func() (string, []byte, error) {
			return keyed(leaseKey(i), "coordination.k8s.io/v1", "Lease", f.lease(i, now))
		})
	}
	if pods == 0 {
		return
	}
	for i := range fleetNamespaces {
		put(func() (string, []byte, error) {
			return keyed("/registry/namespaces/"+namespaceName(i), "v1", "Namespace", f.namespace(i))
		})
	}
	for i := range fleetApps {
		deployment, set := f.workload(i, int32((pods-i+fleetApps-1)/fleetApps))
		if *set.Spec.Replicas <= 0 {
			break
		}
		put(func() (string, []byte, error) {
			return keyed("/registry/deployments/"+deployment.Namespace+"/"+deployment.Name, "apps/v1", "Deployment", deployment)
		})
		put(func() (string, []byte, error) {
			return keyed("/registry/replicasets/"+set.Namespace+"/"+set.Name, "apps/v1", "ReplicaSet", set)
		})
	}
	for i := range pods {
		put(func() (string, []byte, error) { return keyed(podKey(i), "v1", "Pod", f.pod(i)) })
	}
}

func writeBatches(ctx context.Context, client *clientv3.Client, entries <-chan entry) error {
	const most = 100
	batch := make([]clientv3.Op, 0, most)
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		_, err := client.Txn(ctx).Then(batch...).Commit()
		batch = batch[:0]
		return err
	}
	for e := range entries {
		key, value, err := e()
		if err != nil {
			return err
		}
		batch = append(batch, clientv3.OpPut(key, string(value)))
		if len(batch) == most {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

func keyed(key, apiVersion, kind string, object stored) (string, []byte, error) {
	value, err := encode(apiVersion, kind, object)
	return key, value, err
}

func podKey(i int) string {
	a := appOf(i % fleetApps)
	return "/registry/pods/" + a.namespace + "/" + podName(a, i)
}

func leaseKey(i int) string { return "/registry/leases/kube-node-lease/" + nodeName(i) }

func printSizes(f fleet, pods int) error {
	protobuf, text := 0, 0
	for i := range pods {
		pod := f.pod(i)
		value, err := encode("v1", "Pod", pod)
		if err != nil {
			return err
		}
		asJSON, err := json.Marshal(pod)
		if err != nil {
			return err
		}
		protobuf, text = protobuf+len(value), text+len(asJSON)
	}
	fmt.Fprintf(os.Stdout, "{\"pods\":%d,\"protobuf_mean\":%d,\"json_mean\":%d}\n", pods, protobuf/max(pods, 1), text/max(pods, 1))
	return nil
}
