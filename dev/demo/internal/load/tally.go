package load

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"demo/internal/run"
)

// tally counts visits since the last report.
type tally struct {
	lock     sync.Mutex
	ok       int
	failed   int
	dropped  int
	messages int
	took     []time.Duration
	// lastOK is when a visit last succeeded; it outlives reports.
	lastOK time.Time
}

func (t *tally) count(what string, took time.Duration, err error) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if err != nil {
		t.failed++
		run.Log().Warn("visit failed", "visit", what, "error", err.Error())
		return
	}
	t.ok++
	t.took = append(t.took, took)
	t.lastOK = time.Now()
}

func (t *tally) drop() {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.dropped++
}

func (t *tally) message() {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.messages++
}

// log writes the counts of the time since the last line and starts anew.
func (t *tally) log() {
	t.lock.Lock()
	defer t.lock.Unlock()
	slices.Sort(t.took)
	run.Log().Info("visits", "ok", t.ok, "failed", t.failed, "dropped", t.dropped, "websocket_messages", t.messages,
		"p50_ms", milliseconds(t.took, 50), "p99_ms", milliseconds(t.took, 99))
	t.ok, t.failed, t.dropped, t.messages, t.took = 0, 0, 0, 0, t.took[:0]
}

// healthy is the readiness check: the shop answered lately.
func (t *tally) healthy(context.Context) error {
	t.lock.Lock()
	defer t.lock.Unlock()
	if time.Since(t.lastOK) > 15*time.Second {
		return errors.New("no visit succeeded in the last 15 s")
	}
	return nil
}

// milliseconds is a percentile of sorted durations; 0 when there are none.
func milliseconds(sorted []time.Duration, percent int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	at := sorted[(len(sorted)-1)*percent/100]
	return float64(at.Microseconds()) / 1000
}

// notConflict lets pass that a cart was empty.
func notConflict(err error) error {
	var refused *run.StatusError
	if errors.As(err, &refused) && refused.Status == http.StatusConflict {
		return nil
	}
	return err
}
