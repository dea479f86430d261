package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// informer is the peer of the benchmarks: what a program of the usual kind, a client-go shared informer over protobuf,
// spends on holding every object.
func informer(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("informer", flag.ContinueOnError)
	kubeconfig := flags.String("kubeconfig", os.Getenv("KUBECONFIG"), "kubeconfig of the cluster")
	all := flags.Bool("all", false, "hold every core kind, not only pods")
	watch := flags.Duration("watch", 0, "count the changes for this long after the first sync")
	if err := flags.Parse(args); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return err
	}
	config.QPS, config.Burst = -1, -1
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.UserAgent = "devcluster-informer"
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	startCPU, started := cpu(), time.Now()
	factory := informers.NewSharedInformerFactory(clients, 0)
	held := []cache.SharedIndexInformer{factory.Core().V1().Pods().Informer()}
	if *all {
		core, apps := factory.Core().V1(), factory.Apps().V1()
		held = append(held, core.Nodes().Informer(), core.Namespaces().Informer(), core.Services().Informer(), core.ConfigMaps().Informer(),
			core.Events().Informer(), core.PersistentVolumeClaims().Informer(), core.PersistentVolumes().Informer(), core.ServiceAccounts().Informer(),
			apps.Deployments().Informer(), apps.ReplicaSets().Informer(), apps.StatefulSets().Informer(), apps.DaemonSets().Informer(),
			factory.Batch().V1().Jobs().Informer(), factory.Batch().V1().CronJobs().Informer(),
			factory.Discovery().V1().EndpointSlices().Informer(), factory.Networking().V1().Ingresses().Informer())
	}
	changes := 0
	if _, err := held[0].AddEventHandler(cache.ResourceEventHandlerFuncs{UpdateFunc: func(_, after any) {
		if _, ok := after.(*corev1.Pod); ok {
			changes++
		}
	}}); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	for _, one := range held {
		if !cache.WaitForCacheSync(ctx.Done(), one.HasSynced) {
			return fmt.Errorf("stopped before the first sync")
		}
	}
	wall, used := time.Since(started), cpu()-startCPU
	objects := 0
	for _, one := range held {
		objects += len(one.GetStore().ListKeys())
	}
	peak := memory("VmHWM")
	runtime.GC()
	debug.FreeOSMemory()
	report := map[string]any{
		"objects": objects, "cpu_ms": used.Milliseconds(), "wall_ms": wall.Milliseconds(),
		"rss_kb": memory("VmRSS"), "peak_rss_kb": peak,
	}
	if *watch > 0 {
		before, from := cpu(), time.Now()
		select {
		case <-ctx.Done():
		case <-time.After(*watch):
		}
		report["changes"], report["watch_ms"], report["watch_cpu_ms"] = changes, time.Since(from).Milliseconds(), (cpu() - before).Milliseconds()
	}
	return json.NewEncoder(os.Stdout).Encode(report)
}

// cpu is the processor time of this process so far.
func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// memory reads one figure in kB from the process's own status.
func memory(field string) int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, found := strings.CutPrefix(line, field+":"); found {
			value, _ := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
			return value
		}
	}
	return 0
}
