// Command demo is every workload program of the demo in one static binary, so that there is one build and one image:
// the first argument names the program, the rest are its flags.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"demo/internal/broken"
	"demo/internal/cart"
	"demo/internal/catalog"
	"demo/internal/certs"
	"demo/internal/front"
	"demo/internal/jobs"
	"demo/internal/load"
	"demo/internal/lookup"
	"demo/internal/orders"
	"demo/internal/pay"
	"demo/internal/run"
	"demo/internal/sidecar"
	"demo/internal/store"
)

// A program runs until its work is done or its context ends; arguments are those after its name.
type program func(ctx context.Context, args []string) error

var programs = map[string]program{
	"agent":      jobs.Agent,
	"batch":      jobs.Batch,
	"cart":       cart.Main,
	"catalog":    catalog.Main,
	"certs":      certs.Main,
	"crash":      broken.Crash,
	"front":      front.Main,
	"idle":       broken.Idle,
	"load":       load.Main,
	"lookup":     lookup.Main,
	"oom":        broken.OutOfMemory,
	"orders":     orders.Main,
	"pay":        pay.Main,
	"probe-fail": broken.NeverReady,
	"sidecar":    sidecar.Main,
	"store":      store.Main,
	"wait":       run.Wait,
	"worker":     jobs.Worker,
}

func main() {
	if len(os.Args) < 2 || programs[os.Args[1]] == nil {
		fmt.Fprintf(os.Stderr, "usage: demo PROGRAM [flags]\nprograms: %s\n", strings.Join(names(), " "))
		os.Exit(2)
	}
	name := os.Args[1]
	run.StartLog(name)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	err := programs[name](ctx, os.Args[2:])
	if err != nil && !(errors.Is(err, context.Canceled) && ctx.Err() != nil) {
		run.Log().Error("stopped", "error", err.Error())
		os.Exit(1)
	}
	if ctx.Err() != nil {
		run.Log().Info("stopped on a signal")
	}
}

func names() []string {
	list := make([]string, 0, len(programs))
	for name := range programs {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}
