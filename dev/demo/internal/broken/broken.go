// Package broken holds the programs that fail on purpose.
package broken

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"time"

	"demo/internal/run"
)

// OutOfMemory takes more and more memory until its limit ends it. Without a limit it stops by itself at 256 MiB.
func OutOfMemory(ctx context.Context, _ []string) error {
	const step, most = 4 << 20, 256 << 20
	var held [][]byte
	for len(held)*step < most {
		block := make([]byte, step)
		for at := 0; at < len(block); at += 4096 {
			block[at] = 1
		}
		held = append(held, block)
		run.Log().Info("memory taken", "mebibytes", len(held)*step>>20)
		if !run.Sleep(ctx, 100*time.Millisecond) {
			return nil
		}
	}
	return fmt.Errorf("took %d MiB and met no limit", most>>20)
}

// Crash ends with a failure soon after its start.
func Crash(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("crash", flag.ContinueOnError)
	after := flags.Duration("after", time.Second, "how long it lives")
	if err := flags.Parse(args); err != nil {
		return err
	}
	run.Log().Info("reading the configuration", "file", "/etc/demo/settings.toml")
	run.Sleep(ctx, *after)
	return errors.New("cannot start: setting \"tariff\" is missing in /etc/demo/settings.toml")
}

// NeverReady serves, but its readiness check fails for ever.
func NeverReady(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("probe-fail", flag.ContinueOnError)
	address := flags.String("listen", ":8080", "address of the HTTP service")
	if err := flags.Parse(args); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		run.WriteJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		run.WriteJSON(w, http.StatusServiceUnavailable, map[string]string{"error": "the ledger is not loaded"})
	})
	return run.Serve(ctx, *address, mux, nil)
}

// Idle does nothing until it is told to stop.
func Idle(ctx context.Context, _ []string) error {
	run.Log().Info("idle")
	<-ctx.Done()
	return nil
}
