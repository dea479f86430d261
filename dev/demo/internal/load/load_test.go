package load

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"demo/internal/run"
)

func TestVisitsAreBoundedWhenTheShopHangs(t *testing.T) {
	var under, most atomic.Int64
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		now := under.Add(1)
		for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
		}
		<-release
		under.Add(-1)
		run.WriteJSON(w, http.StatusOK, nil)
	}))
	defer server.Close()
	v := &visitor{target: server.URL, client: run.Client(nil), busy: make(chan struct{}, connections)}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go v.visit(ctx, time.Millisecond)
	deadline := time.Now().Add(5 * time.Second)
	for dropped := 0; dropped < 20; time.Sleep(time.Millisecond) {
		v.tally.lock.Lock()
		dropped = v.tally.dropped
		v.tally.lock.Unlock()
		if time.Now().After(deadline) {
			t.Fatal("no tick was dropped")
		}
	}
	cancel()
	close(release)
	if most.Load() > connections {
		t.Errorf("%d requests at once, more than %d", most.Load(), connections)
	}
}

func TestPercentiles(t *testing.T) {
	if got := milliseconds(nil, 99); got != 0 {
		t.Errorf("none: %v", got)
	}
	var sorted []time.Duration
	for n := range 101 {
		sorted = append(sorted, time.Duration(n)*time.Millisecond)
	}
	if got := milliseconds(sorted, 99); got != 99 {
		t.Errorf("p99: %v", got)
	}
}
