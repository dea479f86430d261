package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// churn patches the statuses of seeded pods in etcd at a steady rate. Each write moves the restart count of the first
// container up by one and is made only when the pod is still as it was read.
func churn(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("churn", flag.ContinueOnError)
	var to connection
	to.flags(flags)
	rate := flags.Int("rate", 100, "changes a second")
	seconds := flags.Int("seconds", 10, "how long")
	pods := flags.Int("pods", 0, "how many pods were seeded")
	spread := flags.Int("spread", 10000, "touch only the first N seeded pods")
	journal := flags.String("journal", "", "file that gets one line for each change: namespace/name, restart count, nanoseconds since 1970")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *rate < 1 || *seconds < 1 || *pods < 1 {
		return fmt.Errorf("--rate, --seconds and --pods must be at least 1")
	}
	client, err := to.etcd()
	if err != nil {
		return err
	}
	defer client.Close()
	c := churner{client: client}
	if *journal != "" {
		file, err := os.Create(*journal)
		if err != nil {
			return err
		}
		defer file.Close()
		c.journal = bufio.NewWriter(file)
	}
	debug.SetGCPercent(800) // the pods in hand are live until the end
	total := *rate * *seconds
	lanes, err := c.read(ctx, min(*spread, *pods))
	if err != nil {
		return err
	}
	started := time.Now()
	c.run(ctx, lanes, min(*spread, *pods), *rate, total)
	wall := time.Since(started).Seconds()
	if c.journal != nil {
		if err := c.journal.Flush(); err != nil {
			return err
		}
	}
	done := c.done.Load()
	fmt.Printf("{\"asked_rate\":%d,\"attained_rate\":%.1f,\"changes\":%d,\"missed\":%d,\"seconds\":%.2f}\n",
		*rate, float64(done)/wall, done, c.missed.Load(), wall)
	if problem := c.problem.Load(); problem != nil {
		return *problem
	}
	return ctx.Err()
}

type churner struct {
	client  *clientv3.Client
	done    atomic.Int64
	missed  atomic.Int64
	problem atomic.Pointer[error]
	mutex   sync.Mutex
	journal *bufio.Writer
}

// workers is how many changes are under way at most.
const workers = 64

// read fetches the pods before the clock starts; worker w owns those whose number leaves w.
func (c *churner) read(ctx context.Context, spread int) ([]map[int]*version, error) {
	known := make([]map[int]*version, workers)
	for w := range known {
		known[w] = map[int]*version{}
	}
	const most = 100
	for from := 0; from < spread; from += most {
		var gets []clientv3.Op
		for i := from; i < min(from+most, spread); i++ {
			gets = append(gets, clientv3.OpGet(podKey(i)))
		}
		reply, err := c.client.Txn(ctx).Then(gets...).Commit()
		if err != nil {
			return nil, err
		}
		for offset, one := range reply.Responses {
			for _, kv := range one.GetResponseRange().Kvs {
				pod := &corev1.Pod{}
				if err := decode(kv.Value, pod); err != nil {
					return nil, err
				}
				i := from + offset
				known[i%workers][i] = &version{revision: kv.ModRevision, pod: pod}
			}
		}
	}
	return known, nil
}

// run gives pod i always to the same worker, so that changes of one pod keep their order.
func (c *churner) run(ctx context.Context, pods []map[int]*version, spread, rate, total int) {
	var running sync.WaitGroup
	lanes := make([]chan int, workers)
	for w := range lanes {
		lanes[w] = make(chan int, 4096)
		running.Add(1)
		go func() {
			defer running.Done()
			known := pods[w]
			for i := range lanes[w] {
				if err := c.change(ctx, i, known); err != nil && ctx.Err() == nil {
					c.missed.Add(1)
					c.problem.CompareAndSwap(nil, &err)
				}
			}
		}()
	}
	random := randomOf("churn", 0)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	started := time.Now()
	for sent := 0; sent < total && ctx.Err() == nil; <-tick.C {
		due := min(total, int(time.Since(started).Seconds()*float64(rate)))
		for ; sent < due; sent++ {
			i := random.IntN(spread)
			lanes[i%workers] <- i
		}
	}
	for _, lane := range lanes {
		close(lane)
	}
	running.Wait()
}

// version is a pod as it stood at a revision of etcd.
type version struct {
	revision int64
	pod      *corev1.Pod
}

func (c *churner) change(ctx context.Context, i int, known map[int]*version) error {
	key := podKey(i)
	for range 3 {
		at := known[i]
		if at == nil {
			got, err := c.client.Get(ctx, key)
			if err != nil {
				return err
			}
			if len(got.Kvs) == 0 {
				c.missed.Add(1) // deleted meanwhile: not an error
				return nil
			}
			at = &version{revision: got.Kvs[0].ModRevision, pod: &corev1.Pod{}}
			if err := decode(got.Kvs[0].Value, at.pod); err != nil {
				return err
			}
			known[i] = at
		}
		delete(known, i)
		if len(at.pod.Status.ContainerStatuses) == 0 {
			at.pod.Status.Message = fmt.Sprintf("waiting for capacity since %s", time.Now().UTC().Format(time.RFC3339))
		} else {
			bump(at.pod)
		}
		value, err := encode("v1", "Pod", at.pod)
		if err != nil {
			return err
		}
		reply, err := c.client.Txn(ctx).If(clientv3.Compare(clientv3.ModRevision(key), "=", at.revision)).
			Then(clientv3.OpPut(key, string(value))).Commit()
		if err != nil {
			return err
		}
		if !reply.Succeeded {
			continue
		}
		at.revision = reply.Header.Revision
		known[i] = at
		c.done.Add(1)
		return c.note(at.pod)
	}
	c.missed.Add(1)
	return nil
}

func bump(pod *corev1.Pod) {
	now := metav1.Now().Rfc3339Copy()
	first := &pod.Status.ContainerStatuses[0]
	first.RestartCount++
	if first.State.Running != nil {
		first.State.Running.StartedAt = now
	}
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == corev1.PodReady {
			pod.Status.Conditions[i].LastTransitionTime = now
		}
	}
}

func (c *churner) note(pod *corev1.Pod) error {
	if c.journal == nil || len(pod.Status.ContainerStatuses) == 0 {
		return nil
	}
	at := time.Now().UnixNano()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	_, err := fmt.Fprintf(c.journal, "%s/%s %d %d\n", pod.Namespace, pod.Name, pod.Status.ContainerStatuses[0].RestartCount, at)
	return err
}
