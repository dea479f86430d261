package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	fillNamespace = "many"
	fillKeys      = "/registry/configmaps/" + fillNamespace + "/"
)

// fill writes many small objects into a running cluster, straight into etcd: the longest table for the least memory. It
// changes nothing when there are as many already.
func fill(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("fill", flag.ContinueOnError)
	var to connection
	to.flags(flags)
	count := flags.Int("count", 100000, "how many ConfigMaps the namespace "+fillNamespace+" shall have")
	workers := flags.Int("workers", 8, "writers at the same time")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *count < 1 || *count > 200000 {
		return fmt.Errorf("1 to 200000 objects, not %d", *count)
	}
	client, err := to.etcd()
	if err != nil {
		return err
	}
	defer client.Close()
	there, err := client.Get(ctx, fillKeys, clientv3.WithPrefix(), clientv3.WithCountOnly())
	if err != nil {
		return err
	}
	// the controllers add one of their own to each namespace
	if there.Count >= int64(*count) {
		fmt.Printf("%d objects are there\n", there.Count)
		return nil
	}
	started := time.Now()
	err = write(ctx, client, *workers, func(put func(entry)) {
		put(func() (string, []byte, error) {
			return keyed("/registry/namespaces/"+fillNamespace, "v1", "Namespace", &corev1.Namespace{
				ObjectMeta: metav1.ObjectMeta{
					Name: fillNamespace, UID: uid("namespace/"+fillNamespace, 0), CreationTimestamp: before(0),
					Labels: map[string]string{corev1.LabelMetadataName: fillNamespace, simulatedLabel: "true"},
				},
				Spec:   corev1.NamespaceSpec{Finalizers: []corev1.FinalizerName{corev1.FinalizerKubernetes}},
				Status: corev1.NamespaceStatus{Phase: corev1.NamespaceActive},
			})
		})
		for i := range *count {
			put(func() (string, []byte, error) {
				object := filler(i)
				return keyed(fillKeys+object.Name, "v1", "ConfigMap", object)
			})
		}
	})
	if err != nil {
		return err
	}
	fmt.Printf("%d objects in %.1f s\n", *count, time.Since(started).Seconds())
	return nil
}

func filler(i int) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("item-%06d", i), Namespace: fillNamespace, UID: uid("configmap", i),
			CreationTimestamp: before(time.Duration(i) * time.Second), Labels: map[string]string{"team": teams[i%len(teams)]},
		},
		Data: map[string]string{"value": fmt.Sprint(i)},
	}
}
